//! What every judgement is made of: a profile, the failed region, the readings.

use jiff::Timestamp;

use super::log_signature::{self, Hit, Trouble};
use super::path::{self, Hop};
use super::pod::{self, PodState};
use super::profile::{Profile, Region, RegionIndex};
use super::question::Readings;
use super::verdict::Why;

/// One failed region of one environment, and what has been read so far.
#[derive(Debug, Clone, Copy)]
pub struct Case<'a> {
    /// The environment.
    pub profile: &'a Profile,
    /// The region that is being restored.
    pub failed: RegionIndex,
    /// All answers so far.
    pub readings: &'a Readings,
    /// The time of the judgement, UTC.
    pub now: Timestamp,
}

impl<'a> Case<'a> {
    /// The failed region.
    pub fn failed_region(&self) -> &'a Region {
        self.profile.region(self.failed)
    }

    /// The first other region whose health check passes; it tells which version is right.
    pub fn healthy_region(&self) -> Option<RegionIndex> {
        self.profile.others(self.failed).find(|region| {
            matches!(self.readings.health_check(*region), Some(Ok(facts))
                if super::steps::confirm::health(facts).is_ok_and(|health| health.healthy))
        })
    }

    /// Another region whose context leads to the same cluster as this one's, by the address where both
    /// answered. What is done to one of them is done to the other.
    pub fn same_cluster(&self, region: RegionIndex) -> Option<RegionIndex> {
        let server = |region| match self.readings.cluster(region) {
            Some(Ok(facts)) if !facts.server.is_empty() => Some(facts.server.as_str()),
            _ => None,
        };
        let here = server(region)?;
        self.profile.others(region).find(|other| server(*other) == Some(here))
    }

    /// The way from a region's cluster to the database, hop by hop.
    pub fn hops(&self, region: RegionIndex) -> Option<Result<Vec<Hop>, &'a Why>> {
        let nodes = self.readings.nodes(region).and_then(Result::ok);
        let judge = |facts| path::hops(facts, nodes, self.profile.database.port);
        Some(self.readings.path(region)?.map(judge))
    }

    /// What a region's logs say of the database, by pod.
    pub fn database_hits(&self, region: RegionIndex) -> Option<Result<Vec<(Hit<'a>, Trouble)>, &'a Why>> {
        let judge = |facts| log_signature::database_hits(facts, self.profile.database.port);
        Some(self.readings.logs(region)?.map(judge))
    }

    /// How many of a region's pods are ready.
    pub fn ready_pods(&self, region: RegionIndex) -> Option<usize> {
        let facts = self.readings.pods(region)?.ok()?;
        Some(facts.pods.iter().filter(|pod| pod::state(pod) == PodState::Ready).count())
    }

    /// Are as many of the failed region's pods ready as it should have? `None` where they could not be read.
    pub fn platform_up(&self) -> Option<bool> {
        self.ready_pods(self.failed).map(|ready| ready >= self.profile.replicas as usize)
    }

    /// The platform version that another region runs: the tag of its Deployment's
    /// image, with the region's name (`domain.md`, T2 and T3). The region whose
    /// health check passes is asked first.
    pub fn healthy_version(&self) -> Option<(&'a str, &'a str)> {
        let first = self.healthy_region();
        first.into_iter().chain(self.profile.others(self.failed)).find_map(|region| {
            let super::fact::DeploymentFacts::Found(deployment) = self.readings.deployment(region)?.ok()?
            else {
                return None;
            };
            Some((deployment.image_tag()?, self.profile.region(region).name.as_str()))
        })
    }
}
