//! Step 5, verify: is the restored region serving again, and are all of them?

mod open;

use std::time::Duration;

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{Peer, PeersFacts};
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Why, WhyKind};

use super::{confirm, diagnose};

pub use self::open::{Accepted, Blind, Open, reasons_against};

/// How many looks in a row every check has to pass.
pub const LOOKS: u32 = 3;

/// How far apart the looks are: the health check's own interval.
pub const LOOK_INTERVAL: Duration = Duration::from_secs(10);

/// How long a health check takes to turn: interval 10 s, threshold 3.
pub const HEALTH_CHECK_TURNS: Duration = Duration::from_secs(30);

/// How long clients may keep a cached DNS answer: the alias record's TTL.
pub const DNS_EXPIRES: Duration = Duration::from_secs(60);

/// What step 5 asks.
pub fn questions(profile: &Profile, failed: RegionIndex) -> Vec<Question> {
    let mut questions = confirm::questions(profile);
    if profile.shared_host.is_some() {
        questions.push(Question::SharedProbe);
    }
    questions.extend(profile.indices().flat_map(|region| {
        [Question::Pods(region), Question::Deployment(region), Question::Targets(region)]
    }));
    questions.push(Question::Peers(failed));
    questions
}

/// Step 5's checks.
pub fn checks(case: &Case) -> Vec<Check> {
    let regions = || std::iter::once(case.failed).chain(case.profile.others(case.failed));
    let mut checks: Vec<Check> =
        regions().map(|region| confirm::health_check(case, region, Step::Verify)).collect();
    checks.extend(regions().filter_map(|region| confirm::probe(case, region, Step::Verify)));
    checks.extend(shared_probe(case));
    checks.extend(regions().map(|region| diagnose::targets(case, region, Step::Verify)));
    checks.extend(regions().map(|region| diagnose::pods(case, region, Step::Verify)));
    checks.push(diagnose::versions(case, Step::Verify));
    checks.push(network_peers(case));
    checks
}

fn shared_probe(case: &Case) -> Option<Check> {
    let host = case.profile.shared_host.as_deref()?;
    // Where to connect for a name that only the practice world knows: at its failed region.
    let region = case.failed_region();
    let command = command::probe(host, region.probe_address.as_deref(), region.probe_ca.as_deref());
    let check = Check::new(
        case,
        Step::Verify,
        "shared-probe",
        "Shared host".to_owned(),
        Question::SharedProbe,
        command,
    );
    Some(check.judged(case.readings.shared_probe(), "200", |facts| {
        (confirm::judge_serving(facts), confirm::probe_lines(facts))
    }))
}

fn network_peers(case: &Case) -> Check {
    let command = command::get_network_peers(case.profile, case.failed_region());
    let question = Question::Peers(case.failed);
    let check =
        Check::new(case, Step::Verify, "network-peers", "Network peers".to_owned(), question, command);
    let names: Vec<&str> = case.profile.regions.iter().map(|region| region.name.as_str()).collect();
    check.judged(case.readings.peers(case.failed), "one online for each region", |facts| {
        let line = |peer: &Peer| {
            let home = peer.home_derp_region.as_deref().unwrap_or("-");
            format!("{}  {}  home {home}", peer.name, if peer.online { "online" } else { "offline" })
        };
        let lines = match facts {
            PeersFacts::Found(peers) => peers.iter().map(line).collect(),
            PeersFacts::NoSuchType => Vec::new(),
        };
        (judge_peers(facts, &names), lines)
    })
}

/// Judges the NetworkPeers: at least one online for each region. Peers whose
/// region cannot be told by name or home count as a number (`domain.md`, T13).
pub fn judge_peers(facts: &PeersFacts, regions: &[&str]) -> Finding {
    let expected = "one online for each region";
    let PeersFacts::Found(peers) = facts else {
        let message = "the cluster does not know the type networkpeers.storage.loft.sh";
        let remedy = "In multi-region mode the peers may live only inside the platform: look there, then accept this with a reason";
        return Finding::unknown(&Why::new(WhyKind::NotFound, message).remedy(remedy), expected);
    };
    let online = peers.iter().filter(|peer| peer.online).count();
    let found = format!("{online} of {} online", peers.len());
    let of = |peer: &Peer, region: &str| {
        peer.name.contains(region)
            || peer.home_derp_region.as_deref().is_some_and(|home| home.contains(region))
    };
    let told: Vec<&str> =
        regions.iter().copied().filter(|region| peers.iter().any(|peer| of(peer, region))).collect();
    if told.len() == regions.len() {
        let lost: Vec<&str> = regions
            .iter()
            .copied()
            .filter(|region| !peers.iter().any(|peer| peer.online && of(peer, region)))
            .collect();
        if lost.is_empty() {
            return Finding::pass(found, expected);
        }
        let remedy = "A peer goes online within a minute or two of its region";
        return Finding::fail(format!("{found}; none of {}", lost.join(", ")), expected, remedy);
    }
    if online >= regions.len() {
        Finding::pass(found, expected)
    } else {
        Finding::fail(found, expected, "A peer goes online within a minute or two of its region")
    }
}

/// The looks of step 5: how many in a row every check has passed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Looks {
    /// Passed in a row.
    pub passed: u32,
    /// When the last one was counted.
    pub last_at: Option<Timestamp>,
    /// When the restored region's health check was first seen healthy.
    pub healthy_since: Option<Timestamp>,
}

impl Looks {
    /// Counts a look, at most one an interval. A warning counts as passed where a person acknowledged it, and
    /// what could not be checked where a person accepted that with a reason.
    pub fn count(&mut self, case: &Case, accepted: &[Accepted], interval: Duration) {
        let checks = checks(case);
        match confirm::is_healthy(case.profile, case.readings, case.failed) {
            Some(true) => _ = self.healthy_since.get_or_insert(case.now),
            Some(false) => self.healthy_since = None,
            None => {}
        }
        let open = Open::of(case, &checks, accepted);
        if open.waiting > 0 {
            return;
        }
        if !open.is_clear() {
            (self.passed, self.last_at) = (0, None);
            return;
        }
        // A look counts only if every check was read anew since the last one.
        let fresh = self
            .last_at
            .is_none_or(|last| checks.iter().all(|check| check.observed_at.is_some_and(|at| at > last)));
        let due = self.last_at.is_none_or(|last| case.now.duration_since(last).unsigned_abs() >= interval);
        if self.passed < LOOKS && fresh && due {
            self.passed += 1;
            self.last_at = Some(case.now);
        }
    }

    /// Has the region recovered?
    pub fn recovered(&self) -> bool {
        self.passed >= LOOKS
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::verdict::Verdict;

    fn peer(name: &str, home: Option<&str>, online: bool) -> Peer {
        Peer { name: name.to_owned(), online, home_derp_region: home.map(str::to_owned), last_seen: None }
    }

    #[test]
    fn peers_need_one_online_for_each_region() {
        let regions = ["us-east-1", "eu-west-1"];
        for (peers, verdict) in [
            (vec![peer("us-east-1", None, true), peer("eu-west-1", None, true)], Verdict::Pass),
            (vec![peer("us-east-1", None, false), peer("eu-west-1", None, true)], Verdict::Fail),
            (vec![peer("a", Some("us-east-1"), true), peer("b", Some("eu-west-1"), true)], Verdict::Pass),
            // An old pod's peer is still listed, offline: one online is enough.
            (
                vec![
                    peer("us-east-1-a", None, false),
                    peer("us-east-1-b", None, true),
                    peer("eu-west-1", None, true),
                ],
                Verdict::Pass,
            ),
            (vec![peer("a", None, true), peer("b", None, true)], Verdict::Pass),
            (vec![peer("a", None, true), peer("b", None, false)], Verdict::Fail),
            (vec![], Verdict::Fail),
        ] {
            let finding = judge_peers(&PeersFacts::Found(peers.clone()), &regions);
            assert_eq!(finding.verdict, verdict, "{peers:?}");
        }
        assert_eq!(judge_peers(&PeersFacts::NoSuchType, &regions).verdict, Verdict::Unknown);
    }
}
