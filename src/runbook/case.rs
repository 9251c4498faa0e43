//! What every judgement is made of: a profile, the failed region, the readings.

use jiff::{SignedDuration, Timestamp};

use super::fact::{Deployment, DeploymentFacts};
use super::log_signature::{self, Hit, Trouble};
use super::path::{self, Hop};
use super::pod::{self, PodState};
use super::profile::{ClusterArn, Profile, Region, RegionIndex};
use super::question::Readings;
use super::steps::confirm::shows_healthy;
use super::verdict::Why;
use super::version;

/// A log line speaks of the present for this long: longer than the five minutes that a pod tries, and the five
/// that it then waits.
const TROUBLE_LASTS: SignedDuration = SignedDuration::from_mins(15);

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

    /// The first other region whose health check passes and is not disabled; it tells which version is right.
    pub fn healthy_region(&self) -> Option<RegionIndex> {
        self.profile
            .others(self.failed)
            .find(|region| shows_healthy(self.profile, self.readings, *region) == Some(true))
    }

    /// The way from a region's cluster to the database, hop by hop.
    pub fn hops(&self, region: RegionIndex) -> Option<Result<Vec<Hop>, &'a Why>> {
        let nodes = self.readings.nodes(region).and_then(Result::ok);
        let judge = |facts| path::hops(facts, nodes, self.database_port(region));
        Some(self.readings.path(region)?.map(judge))
    }

    /// What a region's logs say of the database now, by pod. A line of long ago, and what a pod wrote that is
    /// ready by now, is no trouble any more.
    pub fn database_hits(&self, region: RegionIndex) -> Option<Result<Vec<(Hit<'a>, Trouble)>, &'a Why>> {
        let port = self.database_port(region);
        let pods = self.readings.pods(region).and_then(Result::ok);
        let is_ready = |name: &str| {
            pods.is_some_and(|facts| {
                facts.pods.iter().any(|pod| pod.name == name && pod::state(pod) == PodState::Ready)
            })
        };
        let judge = |facts| {
            let mut hits = log_signature::database_hits(facts, port);
            hits.retain(|(hit, _)| self.is_recent(hit.line.at, TROUBLE_LASTS) && !is_ready(&hit.log.pod));
            hits
        };
        Some(self.readings.logs(region)?.map(judge))
    }

    /// How many of a region's logs could be read.
    pub fn logs_read(&self, region: RegionIndex) -> usize {
        let facts = self.readings.logs(region).and_then(Result::ok);
        facts.map_or(0, |facts| facts.logs.iter().filter(|log| log.current.is_ok()).count())
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

    /// The chart version that another region was installed from, with the region's name (`domain.md`, T2 and
    /// T3). Regions whose health check passes are asked first.
    ///
    /// # Errors
    /// None tells, or two healthy ones tell different versions: why, in a clause.
    pub fn healthy_version(&self) -> Result<(String, &'a str), String> {
        let name = |region| self.profile.region(region).name.as_str();
        let chart = &self.profile.chart.name;
        let mut unsure = None;
        let mut told: Vec<(String, RegionIndex)> = Vec::new();
        for (region, deployment) in self.version_witnesses() {
            match version::installed(deployment, chart) {
                Ok(version) => told.push((version, region)),
                Err(why) => unsure = unsure.or_else(|| Some(format!("of {} {why}", name(region)))),
            }
        }
        let Some((version, region)) = told.first().cloned() else {
            return Err(unsure.unwrap_or_else(|| "no other region's Deployment could be read".to_owned()));
        };
        let healthy = |other: RegionIndex| shows_healthy(self.profile, self.readings, other) == Some(true);
        let differs = |(other, at): &&(String, RegionIndex)| healthy(*at) && !version::same(other, &version);
        match told.iter().find(differs).filter(|_| healthy(region)) {
            Some((other, at)) => {
                Err(format!("{} runs {version}, and {} runs {other}", name(region), name(*at)))
            }
            None => Ok((version, name(region))),
        }
    }

    /// The version that another region's pods are of, with the region's name, as [`version::wanted`] has it:
    /// for comparing, not for installing.
    pub fn healthy_wanted(&self) -> Option<(String, &'a str)> {
        let chart = &self.profile.chart.name;
        let mut witnesses = self.version_witnesses().into_iter();
        witnesses.find_map(|(region, deployment)| {
            Some((version::wanted(deployment, chart)?, self.profile.region(region).name.as_str()))
        })
    }

    /// Why that version may not be the right one: its region is not known to be healthy, or is in the middle
    /// of a rollout.
    pub fn version_doubt(&self) -> Option<String> {
        let chart = &self.profile.chart.name;
        let mut witnesses = self.version_witnesses().into_iter();
        let (region, deployment) = witnesses.find(|(_, it)| version::installed(it, chart).is_ok())?;
        let name = &self.profile.region(region).name;
        if self.healthy_region() != Some(region) {
            return Some(format!("{name}, which it is read from, is not known to be healthy"));
        }
        let wanted = deployment.replicas_wanted;
        let settled = deployment.observed_generation >= deployment.generation
            && deployment.updated >= wanted
            && deployment.available >= wanted;
        (!settled).then(|| format!("{name}, which it is read from, is in the middle of a rollout"))
    }

    /// The other regions' Deployments, those of regions whose health check passes first.
    fn version_witnesses(&self) -> Vec<(RegionIndex, &'a Deployment)> {
        let mut others: Vec<RegionIndex> = self.profile.others(self.failed).collect();
        others.sort_by_key(|other| shows_healthy(self.profile, self.readings, *other) != Some(true));
        let found = |region| match self.readings.deployment(region)?.ok()? {
            DeploymentFacts::Found(deployment) => Some((region, &**deployment)),
            DeploymentFacts::Missing => None,
        };
        others.into_iter().filter_map(found).collect()
    }

    /// The account of a region's cluster, where our AWS credentials are known to be another account's: then
    /// what AWS does not find there says nothing.
    pub fn foreign_account(&self, region: RegionIndex) -> Option<String> {
        let arn = ClusterArn::parse(&self.profile.region(region).context)?;
        let identity = self.readings.identity()?.ok()?;
        (identity.account != arn.account).then_some(arn.account)
    }

    /// The database's port: the values file's, else the environment's.
    pub fn database_port(&self, region: RegionIndex) -> u16 {
        let values = self.readings.values(region).and_then(Result::ok);
        values.and_then(|values| values.database_port).unwrap_or(self.profile.database.port)
    }

    /// Did this happen within the last minutes, or is its time not known?
    pub fn is_recent(&self, at: Option<Timestamp>, within: SignedDuration) -> bool {
        at.is_none_or(|at| self.now.duration_since(at) <= within)
    }
}
