//! The controllers: what makes a cluster move. One pass looks at the whole
//! state and does what is due; the store's bell and the next due moment start
//! the next pass. Nothing here waits or reads a clock, so the same rules make
//! the world's past (see `seed`) and its present.

use std::time::Duration;

use jiff::Timestamp;

use self::deployments::Deployments;
use self::kubelet::Kubelet;
use self::load_balancer::LoadBalancer;
use self::nodes::Nodes;
use self::peers::Peers;
use super::store::State;

mod conditions;
mod deployments;
mod events;
mod garbage;
mod images;
mod kubelet;
mod load_balancer;
mod nodes;
mod peers;
mod pod_status;
mod replica_sets;
mod rolling;
mod scheduler;
mod trouble;

pub(super) use self::events::{Event, record};
pub(super) use self::images::{NEVER_PUBLISHED, missing as missing_image};
pub(super) use self::replica_sets::HASH_LABEL;
pub(super) use self::trouble::{CONTAINER, Database, Fault, Spell, Spells};

/// A moment: on the world's clock, which the time factor speeds up, and on the
/// wall, which timestamps are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since the beginning of the cluster's history, durations of the world.
    pub(super) world: Duration,
    /// Now.
    pub(super) wall: Timestamp,
}

/// The controllers and what they remember.
#[derive(Debug, Default)]
pub(super) struct Controllers {
    pub(super) kubelet: Kubelet,
    pub(super) nodes: Nodes,
    pub(super) load_balancer: LoadBalancer,
    pub(super) peers: Peers,
    deployments: Deployments,
}

/// The NetworkPeer side of a region's cluster.
pub(super) fn peers_of(region: &str) -> Peers {
    Peers::new(region)
}

/// More passes than any chain of owners is long.
const PASSES: usize = 16;

impl Controllers {
    /// Does everything that is due, and says when something will be again.
    pub(super) fn reconcile(&mut self, state: &mut State, now: Moment) -> Option<Duration> {
        for _ in 0..PASSES {
            let before = state.revision();
            garbage::collect(state, now);
            self.deployments.reconcile(state, now);
            replica_sets::reconcile(state, now);
            self.nodes.reconcile(state, now);
            self.kubelet.reconcile(state, &self.nodes, now);
            self.load_balancer.reconcile(state, now);
            self.peers.reconcile(state, now);
            if state.revision() == before {
                break;
            }
        }
        let due = [
            self.kubelet.next_due(),
            self.nodes.next_due(now),
            self.load_balancer.next_due(),
            self.peers.next_due(),
            self.deployments.next_due(now),
        ];
        due.into_iter().flatten().min()
    }
}

#[cfg(test)]
mod tests;
