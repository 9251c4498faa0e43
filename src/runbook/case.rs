//! What every judgement is made of: a profile, the failed region, the readings.

use jiff::Timestamp;

use super::profile::{Profile, Region, RegionIndex};
use super::question::Readings;

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
