//! The AWS load balancer controller's side of the Ingress: its events. The
//! address in the status stays, whatever becomes of reconciling (`domain.md`,
//! section 4).

use std::time::Duration;

use super::super::kinds::INGRESSES;
use super::super::store::{Key, State};
use super::super::{PLATFORM, READY_POD_NAMESPACE};
use super::Moment;
use super::events::{self, Event};

/// Between two attempts.
const RETRY: Duration = Duration::from_secs(80);

/// Whether reconciling fails, and when it is tried again.
#[derive(Debug, Default)]
pub(in super::super) struct LoadBalancer {
    next_try: Option<Duration>,
    denied: String,
}

impl LoadBalancer {
    /// From now on the controller may not register targets.
    pub(in super::super) fn deny(&mut self, region: &str, now: Moment) {
        let account = crate::practice::places::ACCOUNT;
        self.denied = format!(
            "Failed deploy model due to operation error Elastic Load Balancing v2: RegisterTargets, https \
             response error StatusCode: 403, RequestID: 5d0f3c1e-8a77-4c52-9d0b-6f1f7c0e2b44, api error \
             AccessDenied: User: arn:aws:sts::{account}:assumed-role/aws-load-balancer-controller/\
             1764000000000000000 is not authorized to perform: elasticloadbalancing:RegisterTargets on \
             resource: arn:aws:elasticloadbalancing:{region}:{account}:targetgroup/k8s-vcluster-loft/* because \
             no identity-based policy allows the elasticloadbalancing:RegisterTargets action"
        );
        self.next_try = Some(now.world);
    }

    /// It may again: the next attempt succeeds.
    pub(in super::super) fn allow(&mut self, state: &mut State, now: Moment) {
        if self.next_try.take().is_some() {
            tell(state, false, "SuccessfullyReconciled", "Successfully reconciled", now);
        }
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.next_try
    }

    pub(super) fn reconcile(&mut self, state: &mut State, now: Moment) {
        if self.next_try.is_some_and(|due| due <= now.world) {
            tell(state, true, "FailedDeployModel", &self.denied, now);
            self.next_try = Some(now.world + RETRY);
        }
    }
}

fn tell(state: &mut State, warning: bool, reason: &str, message: &str, now: Moment) {
    let key = Key::new(&INGRESSES, READY_POD_NAMESPACE, PLATFORM);
    let Some(ingress) = state.get(&key).cloned() else { return };
    events::record(state, &ingress, Event { warning, reason, message, component: "ingress" }, now);
}
