//! What the health of a load balancer's targets means (`domain.md`, section 4).

use std::collections::BTreeMap;

use super::fact::{FoundBy, Target, TargetsFacts};
use super::verdict::Finding;

/// How many targets there are, and how many of them are healthy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Count {
    /// All that are registered and not on their way out.
    pub all: usize,
    /// `healthy`.
    pub healthy: usize,
    /// `initial`: registered a moment ago.
    pub starting: usize,
}

/// Counts the targets of all groups.
pub fn count(facts: &TargetsFacts) -> Count {
    let mut count = Count::default();
    for target in targets(facts) {
        count.all += 1;
        match target.state.as_str() {
            "healthy" => count.healthy += 1,
            "initial" => count.starting += 1,
            _ => {}
        }
    }
    count
}

/// Targets that count: those that are draining are on their way out.
fn targets(facts: &TargetsFacts) -> impl Iterator<Item = &Target> {
    let stays = |target: &&Target| !matches!(target.state.as_str(), "draining" | "unhealthy.draining");
    facts.groups.iter().flat_map(|group| &group.targets).filter(stays)
}

/// The most frequent reason among the targets that are not healthy.
pub fn common_reason(facts: &TargetsFacts) -> Option<&str> {
    let mut counts = BTreeMap::<&str, usize>::new();
    for reason in targets(facts).filter_map(|target| target.reason.as_deref()) {
        *counts.entry(reason).or_default() += 1;
    }
    counts
        .into_iter()
        .max_by_key(|(reason, count)| (*count, std::cmp::Reverse(*reason)))
        .map(|(reason, _)| reason)
}

/// What a reason means, in plain words.
pub fn meaning(reason: &str) -> &'static str {
    match reason {
        "Target.ResponseCodeMismatch" => "the platform answers, and /healthz is not 200",
        "Target.Timeout" | "Target.FailedHealthChecks" => {
            "the load balancer does not get through: a security group, a network ACL, or nothing listens"
        }
        "Target.NotRegistered" => "no ready pod is registered, or the controller is broken",
        "Elb.RegistrationInProgress" | "Elb.InitialHealthChecking" => "just registered: wait a minute",
        "Elb.InternalError" => "the load balancer itself has an error",
        "Target.NotInUse" => "the group is used by no listener, or its zone is off",
        "Target.InvalidState" => "the instance is stopped or gone",
        "Target.IpUnusable" => "its address belongs to a load balancer",
        "Target.DeregistrationInProgress" => "on its way out",
        "Target.HealthCheckDisabled" => "its health check is off",
        _ => "see the load balancer's documentation",
    }
}

/// Judges the targets.
pub fn judge(facts: &TargetsFacts) -> Finding {
    let expected = "all healthy";
    if let FoundBy::Nothing(name) = &facts.found_by {
        let found = match name {
            Some(name) => format!("no load balancer is called {name}"),
            None => "no target group and no load balancer was found".to_owned(),
        };
        return Finding::fail(
            found,
            expected,
            "The controller has not made one: look at the Ingress' events",
        );
    }
    let Count { all, healthy, starting } = count(facts);
    if all == 0 {
        return Finding::fail("none is registered", expected, "No pod is ready, or the controller is broken");
    }
    let reason = common_reason(facts);
    let found = match reason {
        Some(reason) if healthy < all => format!("{healthy} of {all} healthy, {reason}"),
        _ => format!("{healthy} of {all} healthy"),
    };
    if healthy == all {
        Finding::pass(found, expected)
    } else if healthy > 0 || starting == all {
        Finding::warn(found, expected, reason.map_or("Some targets get no requests", meaning))
    } else {
        Finding::fail(found, expected, reason.map_or("Look at each target's reason", meaning))
    }
}

/// Each target in a line.
pub fn lines(facts: &TargetsFacts) -> Vec<String> {
    let mut lines = Vec::new();
    for group in &facts.groups {
        lines.push(format!("{} {}", group.name, group.arn));
        lines.extend(group.targets.iter().map(|target| {
            let port = target.port.map_or(String::new(), |port| format!(":{port}"));
            let reason = target.reason.as_deref().unwrap_or_default();
            let said = target.description.as_deref().unwrap_or_default();
            format!("  {}{port} {} {reason} {said}", target.id, target.state).trim_end().to_owned()
        }));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::TargetGroup;
    use crate::runbook::verdict::Verdict;

    fn facts(targets: &[(&str, Option<&str>)]) -> TargetsFacts {
        let of = |(state, reason): &(&str, Option<&str>)| Target {
            state: (*state).to_owned(),
            reason: reason.map(str::to_owned),
            ..Target::default()
        };
        let group = TargetGroup { targets: targets.iter().map(of).collect(), ..TargetGroup::default() };
        TargetsFacts { found_by: FoundBy::Binding, groups: vec![group] }
    }

    #[test]
    fn targets_are_judged_by_their_states() {
        let timeout = Some("Target.Timeout");
        let initial = Some("Elb.RegistrationInProgress");
        for (targets, verdict) in [
            (&[("healthy", None), ("healthy", None)] as &[_], Verdict::Pass),
            (&[("healthy", None), ("unhealthy", timeout)], Verdict::Warn),
            (&[("unhealthy", timeout), ("unhealthy", timeout)], Verdict::Fail),
            (&[("initial", initial), ("initial", initial)], Verdict::Warn),
            (&[("healthy", None), ("draining", None)], Verdict::Pass),
            (&[("draining", None)], Verdict::Fail),
            (&[], Verdict::Fail),
        ] {
            assert_eq!(judge(&facts(targets)).verdict, verdict, "{targets:?}");
        }
        let none = TargetsFacts { found_by: FoundBy::Nothing(None), groups: Vec::new() };
        assert_eq!(judge(&none).verdict, Verdict::Fail);
        assert!(judge(&facts(&[("unhealthy", timeout)])).found.contains("Target.Timeout"));
    }
}
