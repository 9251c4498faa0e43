//! The routes of the way to the database: there from every table that serves nodes, and back.

use super::{Hop, HopKind, Mend, Way, hop};
use crate::runbook::cidr::Cidr;
use crate::runbook::fact::{NodesFacts, PathFacts, Route, RouteTable, Subnet};
use crate::runbook::verdict::{Finding, Verdict, Why, WhyKind};

/// A hop of routes.
fn route_hop(
    kind: HopKind,
    finding: Finding,
    wrong: &[WrongRoute],
    label: &str,
    details: Vec<String>,
) -> Hop {
    let broken = finding.verdict == Verdict::Fail;
    let follows_peering = broken && wrong.iter().all(|wrong| wrong.of_peering);
    let mend =
        wrong.iter().find(|wrong| !wrong.is_partial).filter(|_| broken).and_then(|wrong| wrong.mend.clone());
    Hop { follows_peering, mend, ..hop(kind, finding, label, details) }
}

/// Targets of routes that lead to another network than by a peering.
const GATEWAYS: [&str; 5] = ["tgw-", "vgw-", "eni-", "i-", "arn:"];

/// Does some table lead to the database by a gateway that is no peering? Where the database's range is not
/// known, does any lead to such a gateway at all?
pub(super) fn leads_elsewhere(facts: &PathFacts, way: &Way) -> bool {
    let by_gateway = |route: &Route| GATEWAYS.iter().any(|gateway| route.target.starts_with(gateway));
    facts.cluster_routes.iter().any(|table| {
        let best = |range: &Cidr| best_route(table, *range).is_some_and(|(_, route)| by_gateway(route));
        if way.database.is_empty() {
            table.routes.iter().any(by_gateway)
        } else {
            way.database.iter().any(best)
        }
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
fn wrong_route(table: &RouteTable, ranges: &[Cidr], way: &Way, back: bool) -> Option<WrongRoute> {
    let leads = |route: &Route| {
        let there = if way.same_vpc {
            route.target == "local"
        } else {
            way.peering.is_some_and(|p| p.id == route.target)
        };
        there && route.state != "blackhole"
    };
    let inside = |range: Cidr| {
        let part = move |route: &&Route| {
            Cidr::parse(&route.destination).is_some_and(|part| range.contains(part) && part != range)
        };
        table.routes.iter().filter(part)
    };
    for range in ranges {
        let best = best_route(table, *range);
        if best.is_some_and(|(_, route)| leads(route)) {
            // A longer prefix inside the range may take the very part elsewhere that the other end is in.
            if let Some(route) = inside(*range).find(|route| !leads(route)) {
                let what = format!(
                    "{} leads {} of it to {} ({})",
                    table.id, route.destination, route.target, route.state
                );
                return Some(WrongRoute { is_partial: true, ..WrongRoute::new(what) });
            }
            continue;
        }
        let what = match best {
            None => format!("{} has no route to {range}", table.id),
            Some((_, route)) if route.state == "blackhole" => {
                format!("{} leads {range} into a black hole ({})", table.id, route.target)
            }
            Some((_, route)) => {
                format!("{} leads {range} to {} ({})", table.id, route.target, route.destination)
            }
        };
        let working = way.peering.filter(|peering| peering.status == "active");
        let black_hole = best.is_some_and(|(_, route)| route.state == "blackhole");
        return Some(WrongRoute {
            what,
            of_peering: black_hole && working.is_none(),
            is_partial: inside(*range).any(leads) || table.has_prefix_lists,
            mend: working.map(|peering| Mend::Route {
                table: table.id.clone(),
                range: range.to_string(),
                peering: peering.id.clone(),
                exists: best.is_some_and(|(destination, _)| destination == *range),
                back,
            }),
        });
    }
    None
}

struct WrongRoute {
    what: String,
    /// The route is there, and its peering connection is gone.
    of_peering: bool,
    /// Only a part of the range is known to be led elsewhere, or by a list that is not looked into.
    is_partial: bool,
    mend: Option<Mend>,
}

impl WrongRoute {
    fn new(what: String) -> Self {
        Self { what, of_peering: false, is_partial: false, mend: None }
    }
}

/// The subnets that host nodes; empty where the nodes are not known.
pub(super) fn node_subnets<'a>(facts: &'a PathFacts, nodes: Option<&NodesFacts>) -> Vec<&'a Subnet> {
    let ips: Vec<Cidr> = nodes
        .iter()
        .flat_map(|facts| &facts.nodes)
        .flat_map(|node| &node.internal_ips)
        .filter_map(|ip| Cidr::parse(ip))
        .collect();
    let hosts_nodes =
        |cidr: &str| Cidr::parse(cidr).is_some_and(|subnet| ips.iter().any(|ip| subnet.contains(*ip)));
    facts.cluster_subnets.iter().filter(|subnet| hosts_nodes(&subnet.cidr)).collect()
}

/// The tables that serve the nodes' subnets, and whether the nodes were known.
fn node_tables<'a>(facts: &'a PathFacts, nodes: Option<&NodesFacts>) -> (Vec<&'a RouteTable>, bool) {
    let with_nodes = node_subnets(facts, nodes);
    let known = !with_nodes.is_empty();
    let subnets = if known { with_nodes } else { facts.cluster_subnets.iter().collect() };
    let serves = |table: &RouteTable, subnet: &Subnet| table.subnets.contains(&subnet.id);
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

pub(super) fn routes_there(facts: &PathFacts, nodes: Option<&NodesFacts>, way: &Way) -> Hop {
    let expected = HopKind::RoutesThere.expected();
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
        tables.iter().filter_map(|table| wrong_route(table, &way.database, way, false)).collect();
    let finding = judge_routes(&wrong, tables.len(), ("to the database", expected), |first| {
        (!known).then(|| {
            let what = format!("the nodes could not be read; {first}, which may serve none of them");
            Why::new(WhyKind::NotAsked, what).remedy("Read the nodes first, or compare the tables yourself")
        })
    });
    let active = way.peering.is_some_and(|peering| peering.status == "active");
    let finding = if !active && !way.same_vpc && leads_elsewhere(facts, way) {
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
    if wrong.iter().all(|wrong| wrong.is_partial) {
        let why = Why::new(
            WhyKind::NotAsked,
            format!("{}: only a part of the range is known to be affected", first.what),
        )
        .remedy("Compare with the database's own address");
        return Finding::unknown(&why, expected);
    }
    let first = wrong.iter().find(|wrong| !wrong.is_partial).unwrap_or(first);
    let more = if wrong.len() > 1 { format!(", and {} more tables", wrong.len() - 1) } else { String::new() };
    let remedy = if wrong.iter().all(|wrong| wrong.of_peering) {
        "The route is there, its peering connection is not: mend the peering first"
    } else {
        "Add the route to the peering connection in that table"
    };
    Finding::fail(format!("{}{more}", first.what), expected, remedy)
}

pub(super) fn routes_back(facts: &PathFacts, way: &Way) -> Hop {
    let expected = HopKind::RoutesBack.expected();
    let tables = match &facts.database_routes {
        Some(Ok(tables)) => tables,
        Some(Err(message)) => {
            let why = Why::new(WhyKind::NotAsked, message.clone());
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
    if way.cluster.is_empty() || tables.is_empty() {
        let what = if tables.is_empty() {
            "no route table of the database's VPC was found"
        } else {
            "the cluster VPC's range is not known"
        };
        let why = Why::new(WhyKind::Garbage, what).remedy("Check the database's VPC in the variables");
        return hop(HopKind::RoutesBack, Finding::unknown(&why, expected), "", details);
    }
    let wrong: Vec<WrongRoute> =
        tables.iter().filter_map(|table| wrong_route(table, &way.cluster, way, true)).collect();
    // Which of the tables serves the database is not known: one that leads back may be it.
    let finding = judge_routes(&wrong, tables.len(), ("back", expected), |first| {
        (wrong.len() < tables.len()).then(|| {
            let what = format!("{first}; whether that table serves the database is not known");
            Why::new(WhyKind::NotAsked, what).remedy("Look up the database's subnets, and their tables")
        })
    });
    route_hop(HopKind::RoutesBack, finding, &wrong, "no route back", details)
}
