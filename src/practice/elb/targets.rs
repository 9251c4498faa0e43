//! The targets of a target group: the pods' addresses, and how the load
//! balancer finds them.

use crate::practice::{
    kubernetes::{Endpoint, EndpointStage},
    plight::Targets,
};

/// The port that the pods serve on.
pub(super) const PORT: u16 = 8443;

/// A registered target (`TargetHealthDescription`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// `Target.Id`: a pod's address.
    pub(super) id: String,
    /// `TargetHealth.State`
    pub(super) state: &'static str,
    /// `TargetHealth.Reason` and its description.
    pub(super) reason: Option<(&'static str, &'static str)>,
}

impl Target {
    /// What was asked for and is not registered.
    pub(super) fn unused(id: String) -> Self {
        let reason = ("Target.NotRegistered", "Target is not registered to the target group");
        Self { id, state: "unused", reason: Some(reason) }
    }
}

/// The targets that these pods are, sorted by address. Without a ready pod
/// the Service has no endpoint, and nothing is registered; one that ends is
/// still drained.
pub(super) fn of(plight: Targets, pods: &[Endpoint]) -> Vec<Target> {
    let any_ready = pods.iter().any(|pod| pod.stage == EndpointStage::Ready);
    let target = |pod: &Endpoint| {
        let (state, reason) = state(plight, pod.stage, any_ready)?;
        Some(Target { id: pod.address.clone(), state, reason })
    };
    pods.iter().filter_map(target).collect()
}

type State = (&'static str, Option<(&'static str, &'static str)>);

fn state(plight: Targets, stage: EndpointStage, any_ready: bool) -> Option<State> {
    let draining = ("Target.DeregistrationInProgress", "Target deregistration is in progress");
    let registering = ("Elb.RegistrationInProgress", "Target registration is in progress");
    match (plight, stage) {
        (Targets::Unregistered, _) | (_, EndpointStage::Failing) => None,
        (_, EndpointStage::Ending) => Some(("draining", Some(draining))),
        (_, EndpointStage::Starting) => any_ready.then_some(("initial", Some(registering))),
        (Targets::FollowPods, EndpointStage::Ready) => Some(("healthy", None)),
        (Targets::Unhealthy, EndpointStage::Ready) => {
            Some(("unhealthy", Some(("Target.Timeout", "Request timed out"))))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use EndpointStage::{Ending, Failing, Ready, Starting};

    #[test]
    fn targets_follow_the_pods() {
        let cases: [(Targets, &[EndpointStage], &[&str]); 10] = [
            (Targets::FollowPods, &[Ready, Ready], &["healthy", "healthy"]),
            (Targets::FollowPods, &[Ready, Starting], &["healthy", "initial"]),
            (Targets::FollowPods, &[Ready, Failing], &["healthy"]),
            (Targets::FollowPods, &[Starting, Failing], &[]),
            (Targets::FollowPods, &[Ending, Starting], &["draining"]),
            (Targets::FollowPods, &[], &[]),
            (Targets::Unhealthy, &[Ready, Starting, Failing], &["unhealthy", "initial"]),
            (Targets::Unhealthy, &[], &[]),
            (Targets::Unregistered, &[Ready, Starting, Ending], &[]),
            (Targets::Unregistered, &[], &[]),
        ];
        for (plight, stages, expected) in cases {
            let pods: Vec<Endpoint> = stages
                .iter()
                .map(|stage| Endpoint { address: "10.0.12.4".to_owned(), node: String::new(), stage: *stage })
                .collect();
            let states: Vec<&str> = of(plight, &pods).iter().map(|target| target.state).collect();
            assert_eq!(states, expected, "{plight:?} {stages:?}");
        }
    }
}
