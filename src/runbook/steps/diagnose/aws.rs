//! The checks that AWS answers: EKS, the load balancer's targets, the way to the database.

use super::title;
use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command::{self, Command};
use crate::runbook::fact::{EksFacts, FoundBy, PathFacts, TargetsFacts};
use crate::runbook::path::{Hop, HopKind};
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::targets;
use crate::runbook::verdict::{Finding, Why, WhyKind};

/// What EKS says of the cluster.
pub(super) fn eks(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let command = command::describe_cluster(case.profile, target)
        .unwrap_or_else(|| command::list_clusters(case.profile, target));
    let check =
        Check::new(case, Step::Diagnose, "eks", title(case, region, "EKS"), Question::Eks(region), command);
    check.judged(case.readings.eks(region), "ACTIVE", |facts| match (facts, case.foreign_account(region)) {
        (EksFacts::Missing, Some(account)) => (Finding::unknown(&foreign(&account), "ACTIVE"), Vec::new()),
        _ => (judge_eks(facts), eks_lines(facts)),
    })
}

/// AWS was asked with another account's credentials: what it does not find there says nothing.
fn foreign(account: &str) -> Why {
    Why::new(WhyKind::Configuration, format!("your AWS credentials are not of account {account}"))
        .remedy("Choose the AWS profile of the cluster's account in the variables")
}

/// Judges a cluster's status and its health issues.
pub fn judge_eks(facts: &EksFacts) -> Finding {
    let expected = "ACTIVE";
    let EksFacts::Found(cluster) = facts else {
        let remedy =
            "Check the account, the AWS region and the name; a replacement cluster has another context";
        return Finding::fail("EKS knows no such cluster", expected, remedy);
    };
    match (cluster.status.as_str(), cluster.issues.first()) {
        ("ACTIVE", None) => Finding::pass("ACTIVE", expected),
        ("ACTIVE", Some(issue)) => {
            Finding::warn(format!("ACTIVE, with {}", issue.code), expected, issue.message.clone())
        }
        ("UPDATING", _) => Finding::warn(
            "UPDATING",
            expected,
            "Its API may be away for moments: check again in a few minutes",
        ),
        (status, issue) => {
            let found = issue.map_or(status.to_owned(), |issue| format!("{status}: {}", issue.code));
            Finding::fail(
                found,
                expected,
                "Follow the AWS documentation to restore it, or create a replacement",
            )
        }
    }
}

fn eks_lines(facts: &EksFacts) -> Vec<String> {
    let EksFacts::Found(cluster) = facts else { return Vec::new() };
    let yes = |is: bool| if is { "yes" } else { "no" };
    let mut lines = vec![
        format!("Kubernetes {}", cluster.version.as_deref().unwrap_or("-")),
        format!("VPC {}", cluster.vpc_id.as_deref().unwrap_or("-")),
        format!(
            "endpoint public {}, private {}",
            yes(cluster.public_endpoint),
            yes(cluster.private_endpoint)
        ),
    ];
    lines.extend(cluster.issues.iter().map(|issue| format!("{}: {}", issue.code, issue.message)));
    lines
}

/// The load balancer's targets, in step 2 and in step 5.
pub fn targets(case: &Case, region: RegionIndex, step: Step) -> Check {
    let target = case.profile.region(region);
    let arn = match case.readings.targets(region) {
        Some(Ok(TargetsFacts { groups, .. })) => groups.first().map(|group| group.arn.as_str()),
        _ => None,
    };
    let command = match arn {
        Some(_) => command::target_health(case.profile, target, arn),
        None => command::target_group_bindings(case.profile, target),
    };
    let title = match step {
        Step::Verify => format!("Targets {}", target.name),
        _ => title(case, region, "Targets"),
    };
    let check = Check::new(case, step, "targets", title, Question::Targets(region), command);
    check.judged(case.readings.targets(region), "all healthy", |facts| {
        match (&facts.found_by, case.foreign_account(region)) {
            (FoundBy::Nothing(_), Some(account)) => {
                (Finding::unknown(&foreign(&account), "all healthy"), Vec::new())
            }
            _ => (targets::judge(facts), targets::lines(facts)),
        }
    })
}

/// The way to the database, one check a hop.
pub(super) fn path(case: &Case, region: RegionIndex) -> Vec<Check> {
    let hops = case.hops(region);
    // Without a group in the environment there is nothing to look at: the causes say so.
    let has_group = case.profile.database.security_group_id.is_some();
    HopKind::ALL
        .into_iter()
        .filter(|kind| *kind != HopKind::Port || has_group)
        .map(|kind| one_hop(case, region, kind, hops.as_ref()))
        .collect()
}

fn one_hop(case: &Case, region: RegionIndex, kind: HopKind, hops: Option<&Result<Vec<Hop>, &Why>>) -> Check {
    let (id, name) = match kind {
        HopKind::Peering => ("peering", "Peering"),
        HopKind::RoutesThere => ("routes", "Routes"),
        HopKind::RoutesBack => ("routes-back", "Routes back"),
        HopKind::Port => ("database-port", "Database port"),
    };
    let facts = case.readings.path(region).and_then(Result::ok);
    let command = hop_command(case, region, kind, facts);
    let check =
        Check::new(case, Step::Diagnose, id, title(case, region, name), Question::Path(region), command);
    let hop = hops.map(|hops| match hops {
        Ok(hops) => hops.iter().find(|hop| hop.kind == kind).ok_or(None),
        Err(why) => Err(Some(*why)),
    });
    let missing = Why::new(WhyKind::Garbage, "not judged");
    let answer = hop.map(|hop| hop.map_err(|why| why.unwrap_or(&missing)));
    check.judged(answer, kind.expected(), |hop| (hop.finding.clone(), hop.details.clone()))
}

fn hop_command(case: &Case, region: RegionIndex, kind: HopKind, facts: Option<&PathFacts>) -> Command {
    let target = case.profile.region(region);
    let here = command::aws_region(target);
    let vpc = facts.map_or("CLUSTER-VPC", |facts| facts.cluster_vpc.as_str());
    let there = facts.and_then(|facts| facts.database_region.clone()).unwrap_or_else(|| here.clone());
    let set = &case.profile.database;
    match kind {
        HopKind::Peering => command::peerings(case.profile, target, vpc),
        HopKind::RoutesThere => command::route_tables(case.profile, &here, vpc),
        HopKind::RoutesBack => {
            let found = facts.and_then(|facts| facts.database_vpc.as_deref()).or(set.vpc_id.as_deref());
            command::route_tables(case.profile, &there, found.unwrap_or("DATABASE-VPC"))
        }
        HopKind::Port => {
            let group = set.security_group_id.as_deref().unwrap_or("DATABASE-SECURITY-GROUP");
            command::security_group(case.profile, &there, group)
        }
    }
}
