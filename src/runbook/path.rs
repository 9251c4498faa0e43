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
    /// Every hop, in order.
    pub const ALL: [Self; 4] = [Self::Peering, Self::RoutesThere, Self::RoutesBack, Self::Port];

    /// What is normal.
    pub fn expected(self) -> &'static str {
        match self {
            Self::Peering => "active",
            Self::RoutesThere => "every node's table leads to the database",
            Self::RoutesBack => "every table leads back",
            Self::Port => "open for the cluster",
        }
    }

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
    /// What would mend it, where it is broken.
    pub mend: Option<Mend>,
    /// What was looked at, a line each.
    pub details: Vec<String>,
}

/// What would mend a broken hop. Somebody else's to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// The peering connection waits to be accepted, in this AWS region.
    Accept {
        /// `vpcPeeringConnectionId`.
        peering: String,
        /// AWS region of the accepting side.
        region: String,
    },
    /// The peering connection has to be made anew.
    Make,
    /// A route has to lead to the peering connection.
    Route {
        /// `routeTableId`.
        table: String,
        /// The range.
        range: String,
        /// `vpcPeeringConnectionId`.
        peering: String,
        /// There is a route to this very range, which leads elsewhere.
        exists: bool,
        /// The table is the database's.
        back: bool,
    },
    /// The port has to be opened for this range.
    Open {
        /// The range.
        range: String,
    },
}

/// Peering states that are over for good.
const OVER: [&str; 5] = ["deleted", "rejected", "failed", "expired", "deleting"];

/// Every hop, in order.
pub fn hops(facts: &PathFacts, nodes: Option<&NodesFacts>, port: u16) -> Vec<Hop> {
    let Some(database_vpc) = &facts.database_vpc else { return unknown_vpc(facts) };
    let way = Way::of(facts, database_vpc, nodes);
    vec![
        peering(facts, &way),
        routes_there(facts, nodes, &way),
        routes_back(facts, &way),
        database_port(facts, port, &way),
    ]
}

/// The first hop that is broken.
pub fn first_broken(hops: &[Hop]) -> Option<&Hop> {
    hops.iter().find(|hop| hop.finding.verdict == Verdict::Fail)
}

/// Between which VPCs, and by which peering connection.
struct Way<'a> {
    same_vpc: bool,
    /// The connection that works; else one that may yet, else one that is over.
    peering: Option<&'a Peering>,
    /// The database's ranges.
    database: Vec<Cidr>,
    /// Where the nodes are: their subnets, else the whole VPC.
    cluster: Vec<Cidr>,
}

impl<'a> Way<'a> {
    fn of(facts: &'a PathFacts, database_vpc: &str, nodes: Option<&NodesFacts>) -> Self {
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
            cluster: match routes::node_subnets(facts, nodes) {
                subnets if subnets.is_empty() => parse(&facts.cluster_cidrs),
                subnets => subnets.iter().filter_map(|subnet| Cidr::parse(&subnet.cidr)).collect(),
            },
        }
    }
}

fn hop(kind: HopKind, finding: Finding, label: &str, details: Vec<String>) -> Hop {
    let broken = finding.verdict == Verdict::Fail;
    let label = if broken { label.to_owned() } else { String::new() };
    Hop { kind, finding, label, follows_peering: false, mend: None, details }
}

fn unknown_vpc(facts: &PathFacts) -> Vec<Hop> {
    let what = match facts.peerings.len() {
        0 => "the cluster's VPC has no peering, and the environment names no database VPC".to_owned(),
        count => format!("the cluster's VPC has {count} peerings: which one leads to the database?"),
    };
    let why = Why::new(WhyKind::Configuration, what).remedy("Choose the database's VPC in the variables");
    HopKind::ALL.map(|kind| hop(kind, Finding::unknown(&why, kind.expected()), "", Vec::new())).into()
}

fn peering(facts: &PathFacts, way: &Way) -> Hop {
    let expected = HopKind::Peering.expected();
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
    let active = way.peering.is_some_and(|peering| peering.status == "active");
    if !active && leads_elsewhere(facts, way) {
        let what = "there is no active peering, but routes lead to a gateway, which is not looked at";
        let why = Why::new(WhyKind::NotAsked, what).remedy("Look at the transit gateway or VPN yourself");
        return hop(HopKind::Peering, Finding::unknown(&why, expected), "", details);
    }
    let Some(peering) = way.peering else {
        let remedy = "Without it no packet gets there: it has to be made, with routes on both sides";
        let finding = Finding::fail("there is none to the database's VPC", expected, remedy);
        return Hop { mend: Some(Mend::Make), ..hop(HopKind::Peering, finding, "no peering", details) };
    };
    if active {
        let finding = Finding::pass(format!("{} active", peering.id), expected);
        return hop(HopKind::Peering, finding, "", details);
    }
    let said = if peering.message.is_empty() { "" } else { &format!(": {}", peering.message) };
    let (remedy, mend) = match peering.status.as_str() {
        "pending-acceptance" => (
            "Somebody with rights in the database's account has to accept it",
            Some(Mend::Accept { peering: peering.id.clone(), region: peering.accepter.region.clone() }),
        ),
        "provisioning" | "initiating-request" => ("It is being made: check again in a minute", None),
        _ => ("It has to be made anew, with routes on both sides", Some(Mend::Make)),
    };
    let finding = Finding::fail(format!("{} {}{said}", peering.id, peering.status), expected, remedy);
    let label = format!("peering is {}", peering.status);
    Hop { mend, ..hop(HopKind::Peering, finding, &label, details) }
}

fn database_port(facts: &PathFacts, port: u16, way: &Way) -> Hop {
    let expected = HopKind::Port.expected();
    let unknown = |why: &Why| Finding::unknown(why, expected);
    let group = match &facts.security_group {
        Some(Ok(group)) => group,
        Some(Err(message)) => {
            let why = Why::new(WhyKind::NotAsked, message.clone());
            return hop(HopKind::Port, unknown(&why), "", Vec::new());
        }
        None => {
            let why = Why::new(WhyKind::Configuration, "the environment names no database security group")
                .remedy("Choose it in the variables; then its rules are looked at");
            return hop(HopKind::Port, unknown(&why), "", Vec::new());
        }
    };
    let details: Vec<String> = group.ingress.iter().map(rule_line).collect();
    let rules = || group.ingress.iter().filter(|rule| covers(rule, port));
    let open: Vec<Cidr> = rules().flat_map(|rule| &rule.cidrs).filter_map(|cidr| Cidr::parse(cidr)).collect();
    let is_open = |range: &Cidr| open.iter().any(|open| open.contains(*range));
    let all = facts.cluster_cidrs.join(", ");
    if way.cluster.is_empty() {
        let why = Why::new(WhyKind::Garbage, "the cluster VPC's range is not known");
        return hop(HopKind::Port, unknown(&why), "", details);
    }
    if way.cluster.iter().all(is_open) {
        let finding = Finding::pass(format!("{} opens {port} for the nodes of {all}", group.id), expected);
        return hop(HopKind::Port, finding, "", details);
    }
    // What is open for a part, for a group or for a list may be open for the nodes.
    let partly = way.cluster.iter().any(|range| open.iter().any(|open| open.overlaps(*range)));
    let unseen = if partly {
        Some("opens it for a part of the nodes' range")
    } else if rules().any(|rule| !rule.groups.is_empty()) {
        Some("opens it for a group, whose members are not looked at")
    } else if rules().any(|rule| !rule.prefix_lists.is_empty()) {
        Some("opens it for a prefix list, which is not looked into")
    } else {
        None
    };
    if let Some(unseen) = unseen {
        let why = Why::new(WhyKind::NotAsked, format!("{} {unseen}", group.id))
            .remedy("Look whether the nodes' addresses are among them");
        return hop(HopKind::Port, unknown(&why), "", details);
    }
    let range = facts.cluster_cidrs.first().map_or("the cluster's range", String::as_str).to_owned();
    let remedy = format!("Add a rule for TCP {port} from {range} to {}", group.id);
    let finding =
        Finding::fail(format!("{} has no rule for {port} from {range}", group.id), expected, remedy);
    Hop {
        mend: Some(Mend::Open { range }),
        ..hop(HopKind::Port, finding, &format!("port {port} is closed"), details)
    }
}

fn rule_line(rule: &Rule) -> String {
    let ports = match (rule.from_port, rule.to_port) {
        (Some(from), Some(to)) if from == to => from.to_string(),
        (Some(from), Some(to)) => format!("{from}-{to}"),
        _ => "all ports".to_owned(),
    };
    let from: Vec<&str> =
        rule.cidrs.iter().chain(&rule.groups).chain(&rule.prefix_lists).map(String::as_str).collect();
    format!("{} {ports} from {}", rule.protocol, from.join(", "))
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
