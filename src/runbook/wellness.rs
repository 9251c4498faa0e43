//! Is a region well, by what it shows itself: its pods, its load balancer's targets, its host? Health checks
//! may watch another region, be disabled or never fail; these three belong to the region.

use super::fact::PodsFacts;
use super::pod::{self, PodState};
use super::profile::{Profile, RegionIndex};
use super::question::Readings;
use super::targets;

/// What speaks for a region and what against it, in phrases. What could not be read is in neither.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Wellness {
    /// Signs that it serves.
    pub good: Vec<String>,
    /// Signs that it does not.
    pub bad: Vec<String>,
}

impl Wellness {
    /// Does it serve: nothing against it, and more than one sign for it?
    pub fn is_well(&self) -> bool {
        self.bad.is_empty() && self.good.len() >= 2
    }

    /// Is anything of it broken?
    pub fn is_ill(&self) -> bool {
        !self.bad.is_empty()
    }
}

/// Looks at a region's pods, targets and host.
pub fn of(profile: &Profile, readings: &Readings, region: RegionIndex) -> Wellness {
    let mut wellness = Wellness::default();
    if let Some(Ok(facts)) = readings.pods(region) {
        let ready = ready(facts);
        if ready >= profile.replicas as usize {
            wellness.good.push(format!("{ready} pods are ready"));
        } else if ready == 0 {
            wellness.bad.push("no pod is ready".to_owned());
        }
    }
    if let Some(Ok(facts)) = readings.targets(region) {
        let targets::Count { all, healthy, .. } = targets::count(facts);
        if healthy == 0 {
            wellness.bad.push("no target of its load balancer is healthy".to_owned());
        } else if healthy == all {
            wellness.good.push("all targets of its load balancer are healthy".to_owned());
        }
    }
    if let Some(Ok(facts)) = readings.probe(region) {
        let signs = if facts.is_well() { &mut wellness.good } else { &mut wellness.bad };
        signs.push(format!("its host answers {}", facts.status));
    }
    wellness
}

fn ready(facts: &PodsFacts) -> usize {
    facts.pods.iter().filter(|pod| pod::state(pod) == PodState::Ready).count()
}
