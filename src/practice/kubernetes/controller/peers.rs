//! NetworkPeers: one a region, online while the region's platform runs.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::super::kinds::NETWORK_PEERS;
use super::super::object::{map_at, name, stamp};
use super::super::store::{Key, State};
use super::super::{READY_POD_NAMESPACE, ready_pods};
use super::Moment;

/// A peer counts as offline this long after its owner stopped.
const GRACE: Duration = Duration::from_mins(2);

/// What is known of the regions' platforms.
#[derive(Debug, Default)]
pub(in super::super) struct Peers {
    own_region: String,
    /// By region; told from outside, but for the own one.
    ready: BTreeMap<String, bool>,
    /// Since when the platform of a region has stopped, while its peer is still online.
    stopped: BTreeMap<String, Moment>,
}

impl Peers {
    /// The peers of a region's cluster; the others' platforms run.
    pub(in super::super) fn new(own_region: &str) -> Self {
        Self { own_region: own_region.to_owned(), ..Self::default() }
    }

    /// Notes whether another region's platform runs. One that is told not to
    /// run from the first has stopped when the scenario began to fail.
    pub(in super::super) fn set_ready(&mut self, region: &str, ready: bool, failing_since: Moment) {
        let first = self.ready.insert(region.to_owned(), ready).is_none();
        if first && !ready {
            self.stopped.insert(region.to_owned(), failing_since);
        }
    }

    pub(super) fn next_due(&self) -> Option<Duration> {
        self.stopped.values().map(|since| since.world + GRACE).min()
    }

    pub(super) fn reconcile(&mut self, state: &mut State, now: Moment) {
        self.ready.insert(self.own_region.clone(), ready_pods(state, READY_POD_NAMESPACE) > 0);
        for peer in state.collect(&NETWORK_PEERS, None) {
            let region = name(&peer).to_owned();
            let online = peer.pointer("/status/online") == Some(&true.into());
            let ready = self.ready.get(&region).copied().unwrap_or(true);
            let since = match (ready, online) {
                (true, _) | (false, false) => {
                    self.stopped.remove(&region);
                    now
                }
                (false, true) => *self.stopped.entry(region.clone()).or_insert(now),
            };
            let goes_offline = !ready && online && now.world >= since.world + GRACE;
            if (ready && !online) || goes_offline {
                self.stopped.remove(&region);
                let key = Key::of(&NETWORK_PEERS, &peer);
                state.put(&key, turned(&peer, &region, ready, since));
            }
        }
    }
}

/// The peer online or, without the field, offline; `lastSeen` stands still while online.
fn turned(peer: &Value, region: &str, online: bool, since: Moment) -> Value {
    let mut peer = peer.clone();
    let status = map_at(&mut peer, &["status"]);
    if online {
        status.insert("online".to_owned(), true.into());
        status.insert("homeDerpRegion".to_owned(), region.into());
    } else {
        status.shift_remove("online");
    }
    status.insert("lastSeen".to_owned(), stamp(since.wall).into());
    peer
}
