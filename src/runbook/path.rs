//! The way from a region's cluster to the database, hop by hop (`domain.md`, section 5): peering,
//! routes there and back, the database's port. Pure; the facts are [`PathFacts`].

use super::cidr::Cidr;
use super::fact::{NodesFacts, PathFacts, Peering, Rule};
use super::verdict::{Finding, Verdict, Why, WhyKind};

use self::routes::{leads_elsewhere, routes_back, routes_there};

mod routes;

/// One hop, in the order in which a connection passes them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum HopKind {
    /// The peering connection between the two VPCs.
    Peering,
    /// Routes from the nodes to the database.
    RoutesThere,
    /// Routes from the database back to the nodes.
    RoutesBack,
    /// The database's security group.
    Port,
}

impl HopKind {
    /// In a word or two, for a list in a sentence.
    pub fn word(self) -> &'static str {
        match self {
            Self::Peering => "peering",
            Self::RoutesThere => "routes to the database",
            Self::RoutesBack => "routes back",
            Self::Port => "database port",
        }
    }
}

/// A hop, judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hop {
    /// Which.
    pub kind: HopKind,
    /// The judgement.
    pub finding: Finding,
    /// The broken hop in a few words, for the picture; empty where it is not broken.
    pub label: String,
    /// It is broken, and only because the peering connection is.
    pub follows_peering: bool,
    /// What was looked at, a line each.
    pub details: Vec<String>,
}

/// Peering states that are over for good.
const OVER: [&str; 5] = ["deleted", "rejected", "failed", "expired", "deleting"];

/// Every hop, in order.
pub fn hops(facts: &PathFacts, nodes: Option<&NodesFacts>, port: u16) -> Vec<Hop> {
    let Some(database_vpc) = &facts.database_vpc else { return unknown_vpc(facts) };
    let way = Way::of(facts, database_vpc);
    vec![
        peering(facts, &way),
        routes_there(facts, nodes, &way),
        routes_back(facts, &way),
        database_port(facts, port),
    ]
}

/// The first hop that is broken.
pub fn first_broken(hops: &[Hop]) -> Option<&Hop> {
    hops.iter().find(|hop| hop.finding.verdict == Verdict::Fail)
}

/// Between which VPCs, and by which peering connection.
struct Way<'a> {
    same_vpc: bool,
    /// The connection that works; else the last one that there was.
    peering: Option<&'a Peering>,
    /// The database's ranges.
    database: Vec<Cidr>,
    cluster: Vec<Cidr>,
}

impl<'a> Way<'a> {
    fn of(facts: &'a PathFacts, database_vpc: &str) -> Self {
        let between = |peering: &&Peering| peering.other_side(&facts.cluster_vpc).vpc_id == database_vpc;
        let mut between: Vec<&Peering> = facts.peerings.iter().filter(between).collect();
        between.sort_by_key(|peering| match peering.status.as_str() {
            "active" => 0,
            status if OVER.contains(&status) => 2,
            _ => 1,
        });
        let peering = between.first().copied();
        let told = peering.map_or(&[][..], |peering| &peering.other_side(&facts.cluster_vpc).cidrs);
        let database = match &facts.database_cidrs {
            Some(Ok(cidrs)) if !cidrs.is_empty() => cidrs.as_slice(),
            _ => told,
        };
        let parse = |cidrs: &[String]| cidrs.iter().filter_map(|cidr| Cidr::parse(cidr)).collect();
        Self {
            same_vpc: facts.cluster_vpc == database_vpc,
            peering,
            database: parse(database),
            cluster: parse(&facts.cluster_cidrs),
        }
    }
}

fn hop(kind: HopKind, finding: Finding, label: &str, details: Vec<String>) -> Hop {
    let broken = finding.verdict == Verdict::Fail;
    let label = if broken { label.to_owned() } else { String::new() };
    Hop { kind, finding, label, follows_peering: false, details }
}

fn unknown_vpc(facts: &PathFacts) -> Vec<Hop> {
    let what = match facts.peerings.len() {
        0 => "the cluster's VPC has no peering, and the environment names no database VPC".to_owned(),
        count => format!("the cluster's VPC has {count} peerings: which one leads to the database?"),
    };
    let why = Why::new(WhyKind::Configuration, what).remedy("Choose the database's VPC in the variables");
    let of = |(kind, expected): (HopKind, &str)| hop(kind, Finding::unknown(&why, expected), "", Vec::new());
    [
        (HopKind::Peering, "active"),
        (HopKind::RoutesThere, "every node's table leads to the database"),
        (HopKind::RoutesBack, "every table leads back"),
        (HopKind::Port, "open for the cluster"),
    ]
    .map(of)
    .into()
}

fn peering(facts: &PathFacts, way: &Way) -> Hop {
    let expected = "active";
    let line = |peering: &Peering| {
        let other = peering.other_side(&facts.cluster_vpc);
        format!(
            "{} to {} in {}: {} {}",
            peering.id, other.vpc_id, other.region, peering.status, peering.message
        )
    };
    let details = facts.peerings.iter().map(line).collect();
    if way.same_vpc {
        let finding = Finding::pass("not needed: the database is in the cluster's VPC", expected);
        return hop(HopKind::Peering, finding, "", details);
    }
    let (finding, label) = match way.peering {
        Some(peering) if peering.status == "active" => {
            (Finding::pass(format!("{} active", peering.id), expected), String::new())
        }
        Some(peering) => {
            let said = if peering.message.is_empty() { "" } else { &format!(": {}", peering.message) };
            let remedy = match peering.status.as_str() {
                "pending-acceptance" => "Somebody with rights in the database's account has to accept it",
                "provisioning" | "initiating-request" => "It is being made: check again in a minute",
                _ => "It has to be made anew, with routes on both sides",
            };
            let found = format!("{} {}{said}", peering.id, peering.status);
            (Finding::fail(found, expected, remedy), format!("peering is {}", peering.status))
        }
        None if leads_elsewhere(facts, way) => {
            let what = "there is no peering, but routes lead to a gateway, which is not looked at";
            let why = Why::new(WhyKind::NotAsked, what).remedy("Look at the transit gateway or VPN yourself");
            (Finding::unknown(&why, expected), String::new())
        }
        None => {
            let remedy = "Without it no packet gets there: it has to be made, with routes on both sides";
            (Finding::fail("there is none to the database's VPC", expected, remedy), "no peering".to_owned())
        }
    };
    hop(HopKind::Peering, finding, &label, details)
}

fn database_port(facts: &PathFacts, port: u16) -> Hop {
    let expected = "open for the cluster";
    let group = match &facts.security_group {
        Some(Ok(group)) => group,
        Some(Err(message)) => {
            let why = Why::new(WhyKind::Forbidden, message.clone());
            return hop(HopKind::Port, Finding::unknown(&why, expected), "", Vec::new());
        }
        None => {
            let why = Why::new(WhyKind::Configuration, "the environment names no database security group")
                .remedy("Choose it in the variables; then its rules are looked at");
            return hop(HopKind::Port, Finding::unknown(&why, expected), "", Vec::new());
        }
    };
    let line = |rule: &Rule| {
        let ports = match (rule.from_port, rule.to_port) {
            (Some(from), Some(to)) if from == to => from.to_string(),
            (Some(from), Some(to)) => format!("{from}-{to}"),
            _ => "all ports".to_owned(),
        };
        let from: Vec<&str> = rule.cidrs.iter().chain(&rule.groups).map(String::as_str).collect();
        format!("{} {ports} from {}", rule.protocol, from.join(", "))
    };
    let details: Vec<String> = group.ingress.iter().map(line).collect();
    let closed: Vec<&String> = facts
        .cluster_cidrs
        .iter()
        .filter(|range| !group.ingress.iter().any(|rule| opens(rule, port, range)))
        .collect();
    let by_group = group.ingress.iter().any(|rule| covers(rule, port) && !rule.groups.is_empty());
    let finding = match closed.first() {
        None if facts.cluster_cidrs.is_empty() => {
            let why = Why::new(WhyKind::Garbage, "the cluster VPC's range is not known");
            Finding::unknown(&why, expected)
        }
        None => Finding::pass(
            format!("{} opens {port} for {}", group.id, facts.cluster_cidrs.join(", ")),
            expected,
        ),
        Some(range) if by_group => {
            let what = format!("{} has no rule for {port} from {range}, but one by group", group.id);
            let why = Why::new(WhyKind::NotAsked, what).remedy("Look whether the nodes are in that group");
            Finding::unknown(&why, expected)
        }
        Some(range) => {
            let remedy = format!("Add a rule for TCP {port} from {range} to {}", group.id);
            Finding::fail(format!("{} has no rule for {port} from {range}", group.id), expected, remedy)
        }
    };
    hop(HopKind::Port, finding, &format!("port {port} is closed"), details)
}

fn covers(rule: &Rule, port: u16) -> bool {
    let protocol = matches!(rule.protocol.as_str(), "tcp" | "6" | "-1");
    let from = rule.from_port.is_none_or(|from| from <= port);
    protocol && (rule.protocol == "-1" || (from && rule.to_port.is_none_or(|to| port <= to)))
}

/// Does a rule let TCP connections to this port in from all of a range?
pub fn opens(rule: &Rule, port: u16, range: &str) -> bool {
    let Some(range) = Cidr::parse(range) else { return false };
    covers(rule, port)
        && rule.cidrs.iter().filter_map(|cidr| Cidr::parse(cidr)).any(|cidr| cidr.contains(range))
}

#[cfg(test)]
mod tests;
