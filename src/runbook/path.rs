//! The way from a region's cluster to the database, hop by hop (`domain.md`, section 5): peering,
//! routes there and back, the database's port. Pure; the facts are [`PathFacts`].

use super::cidr::Cidr;
use super::fact::{NodesFacts, PathFacts, Peering, Route, RouteTable, Rule};
use super::verdict::{Finding, Verdict, Why, WhyKind};

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

/// A hop of routes.
fn route_hop(
    kind: HopKind,
    finding: Finding,
    wrong: &[WrongRoute],
    label: &str,
    details: Vec<String>,
) -> Hop {
    let follows = finding.verdict == Verdict::Fail && wrong.iter().all(|wrong| wrong.of_peering);
    Hop { follows_peering: follows, ..hop(kind, finding, label, details) }
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

/// Does some table lead to the database by a gateway that is no peering?
fn leads_elsewhere(facts: &PathFacts, way: &Way) -> bool {
    let by_gateway = |target: &str| target.starts_with("tgw-") || target.starts_with("vgw-");
    facts.cluster_routes.iter().any(|table| {
        let best =
            |range: &Cidr| best_route(table, *range).is_some_and(|(_, route)| by_gateway(&route.target));
        way.database.iter().any(best)
    })
}

/// The route with the longest prefix that contains the whole range.
fn best_route(table: &RouteTable, range: Cidr) -> Option<(Cidr, &Route)> {
    let parsed = table.routes.iter().filter_map(|route| Some((Cidr::parse(&route.destination)?, route)));
    parsed
        .filter(|(destination, _)| destination.contains(range))
        .max_by_key(|(destination, _)| destination.prefix)
}

/// What is wrong with a table's way to these ranges; `None` where nothing is.
fn wrong_route(table: &RouteTable, ranges: &[Cidr], way: &Way) -> Option<WrongRoute> {
    let leads = |route: &Route| {
        if way.same_vpc { route.target == "local" } else { way.peering.is_some_and(|p| p.id == route.target) }
    };
    for range in ranges {
        match best_route(table, *range) {
            None => {
                return Some(WrongRoute {
                    what: format!("{} has no route to {range}", table.id),
                    of_peering: false,
                });
            }
            Some((_, route)) if route.state == "blackhole" => {
                let of_peering = way.peering.is_none() || leads(route) || route.target.starts_with("pcx-");
                let what = format!("{} leads {range} into a black hole ({})", table.id, route.target);
                return Some(WrongRoute { what, of_peering });
            }
            Some((_, route)) if !leads(route) => {
                let what = format!("{} leads {range} to {} ({})", table.id, route.target, route.destination);
                return Some(WrongRoute { what, of_peering: false });
            }
            Some(_) => {}
        }
        // A longer prefix inside the range takes a part of it elsewhere.
        let inside = table.routes.iter().find(|route| {
            let part = Cidr::parse(&route.destination);
            part.is_some_and(|part| range.contains(part) && part != *range)
                && (!leads(route) || route.state == "blackhole")
        });
        if let Some(route) = inside {
            let what = format!(
                "{} leads {} of it to {} ({})",
                table.id, route.destination, route.target, route.state
            );
            return Some(WrongRoute { what, of_peering: false });
        }
    }
    None
}

struct WrongRoute {
    what: String,
    /// The route is there, and its peering connection is gone.
    of_peering: bool,
}

/// The tables that serve the nodes' subnets, and whether the nodes were known.
fn node_tables<'a>(facts: &'a PathFacts, nodes: Option<&NodesFacts>) -> (Vec<&'a RouteTable>, bool) {
    let ips: Vec<Cidr> = nodes
        .iter()
        .flat_map(|facts| &facts.nodes)
        .flat_map(|node| &node.internal_ips)
        .filter_map(|ip| Cidr::parse(ip))
        .collect();
    let hosts_nodes =
        |cidr: &str| Cidr::parse(cidr).is_some_and(|subnet| ips.iter().any(|ip| subnet.contains(*ip)));
    let with_nodes: Vec<&str> = facts
        .cluster_subnets
        .iter()
        .filter(|subnet| hosts_nodes(&subnet.cidr))
        .map(|subnet| subnet.id.as_str())
        .collect();
    let known = !with_nodes.is_empty();
    let subnets: Vec<&str> = if known {
        with_nodes
    } else {
        facts.cluster_subnets.iter().map(|subnet| subnet.id.as_str()).collect()
    };
    let serves = |table: &RouteTable, subnet: &str| table.subnets.iter().any(|id| id == subnet);
    let implicit =
        subnets.iter().any(|subnet| !facts.cluster_routes.iter().any(|table| serves(table, subnet)));
    let tables = facts
        .cluster_routes
        .iter()
        .filter(|table| subnets.iter().any(|subnet| serves(table, subnet)) || (table.main && implicit))
        .collect();
    (tables, known)
}

fn route_lines(tables: &[&RouteTable]) -> Vec<String> {
    let of = |table: &&RouteTable| {
        let main = if table.main { " (main)" } else { "" };
        let routes: Vec<String> = table
            .routes
            .iter()
            .map(|route| format!("{} → {} {}", route.destination, route.target, route.state))
            .collect();
        format!("{}{main} for {}: {}", table.id, table.subnets.join(", "), routes.join("; "))
    };
    tables.iter().map(of).collect()
}

fn routes_there(facts: &PathFacts, nodes: Option<&NodesFacts>, way: &Way) -> Hop {
    let expected = "every node's table leads to the database";
    let (tables, known) = node_tables(facts, nodes);
    let details = route_lines(&tables);
    if way.database.is_empty() || tables.is_empty() {
        let what = if tables.is_empty() {
            "no route table of the nodes' subnets was found"
        } else {
            "the database VPC's range is not known"
        };
        let why = Why::new(WhyKind::Garbage, what).remedy("Check the database's VPC in the variables");
        return hop(HopKind::RoutesThere, Finding::unknown(&why, expected), "", details);
    }
    let wrong: Vec<WrongRoute> =
        tables.iter().filter_map(|table| wrong_route(table, &way.database, way)).collect();
    let finding = judge_routes(&wrong, tables.len(), ("to the database", expected), |first| {
        (!known).then(|| {
            let what = format!("the nodes could not be read; {first}, which may serve none of them");
            Why::new(WhyKind::NotAsked, what).remedy("Read the nodes first, or compare the tables yourself")
        })
    });
    let finding = if way.peering.is_none() && !way.same_vpc && leads_elsewhere(facts, way) {
        let what = "routes lead to a gateway that is no peering, which is not looked at";
        let why = Why::new(WhyKind::NotAsked, what).remedy("Look at the transit gateway or VPN yourself");
        Finding::unknown(&why, expected)
    } else {
        finding
    };
    route_hop(HopKind::RoutesThere, finding, &wrong, "a route is missing", details)
}

fn judge_routes(
    wrong: &[WrongRoute],
    count: usize,
    (direction, expected): (&str, &str),
    unsure: impl FnOnce(&str) -> Option<Why>,
) -> Finding {
    let Some(first) = wrong.first() else {
        return Finding::pass(format!("all {count} tables lead {direction}"), expected);
    };
    if let Some(why) = unsure(&first.what) {
        return Finding::unknown(&why, expected);
    }
    let more = if wrong.len() > 1 { format!(", and {} more tables", wrong.len() - 1) } else { String::new() };
    let remedy = if wrong.iter().all(|wrong| wrong.of_peering) {
        "The route is there, its peering connection is not: mend the peering first"
    } else {
        "Add the route to the peering connection in that table"
    };
    Finding::fail(format!("{}{more}", first.what), expected, remedy)
}

fn routes_back(facts: &PathFacts, way: &Way) -> Hop {
    let expected = "every table leads back";
    let tables = match &facts.database_routes {
        Some(Ok(tables)) => tables,
        Some(Err(message)) => {
            let why = Why::new(WhyKind::Forbidden, message.clone());
            return hop(HopKind::RoutesBack, Finding::unknown(&why, expected), "", Vec::new());
        }
        None => {
            let why = Why::new(WhyKind::NotAsked, "the database's side was not read");
            return hop(HopKind::RoutesBack, Finding::unknown(&why, expected), "", Vec::new());
        }
    };
    let all: Vec<&RouteTable> = tables.iter().collect();
    let details = route_lines(&all);
    if way.same_vpc {
        return hop(HopKind::RoutesBack, Finding::pass("within one VPC", expected), "", details);
    }
    let wrong: Vec<WrongRoute> =
        tables.iter().filter_map(|table| wrong_route(table, &way.cluster, way)).collect();
    // Which of the tables serves the database is not known: one that leads back may be it.
    let finding = judge_routes(&wrong, tables.len(), ("back", expected), |first| {
        (wrong.len() < tables.len()).then(|| {
            let what = format!("{first}; whether that table serves the database is not known");
            Why::new(WhyKind::NotAsked, what).remedy("Look up the database's subnets, and their tables")
        })
    });
    route_hop(HopKind::RoutesBack, finding, &wrong, "no route back", details)
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
