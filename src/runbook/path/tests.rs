use super::*;
use crate::runbook::fact::{Node, PeeringSide, Route, RouteTable, SecurityGroup, Subnet};

const PORT: u16 = 3306;

fn route(destination: &str, target: &str, state: &str) -> Route {
    Route { destination: destination.to_owned(), target: target.to_owned(), state: state.to_owned() }
}

fn table(id: &str, main: bool, subnets: &[&str], routes: Vec<Route>) -> RouteTable {
    let subnets = subnets.iter().map(|subnet| (*subnet).to_owned()).collect();
    RouteTable { id: id.to_owned(), main, subnets, routes, has_prefix_lists: false }
}

fn side(vpc: &str, cidr: &str) -> PeeringSide {
    PeeringSide { vpc_id: vpc.to_owned(), region: "us-east-1".to_owned(), cidrs: vec![cidr.to_owned()] }
}

fn peered(id: &str, status: &str) -> Peering {
    Peering {
        id: id.to_owned(),
        status: status.to_owned(),
        message: String::new(),
        requester: side("vpc-c", "10.0.0.0/16"),
        accepter: side("vpc-d", "10.1.0.0/16"),
    }
}

fn rule(protocol: &str, ports: Option<(u16, u16)>, cidr: &str) -> Rule {
    Rule {
        protocol: protocol.to_owned(),
        from_port: ports.map(|ports| ports.0),
        to_port: ports.map(|ports| ports.1),
        cidrs: vec![cidr.to_owned()],
        prefix_lists: Vec::new(),
        groups: Vec::new(),
    }
}

fn local(cidr: &str) -> Route {
    route(cidr, "local", "active")
}

/// Everything open: a private table with the nodes, and the main one with the rest.
fn open() -> PathFacts {
    let subnet =
        |id: &str, cidr: &str| Subnet { id: id.to_owned(), cidr: cidr.to_owned(), zone: String::new() };
    let there = || route("10.1.0.0/16", "pcx-1", "active");
    PathFacts {
        cluster_vpc: "vpc-c".to_owned(),
        cluster_cidrs: vec!["10.0.0.0/16".to_owned()],
        cluster_subnets: vec![subnet("subnet-a", "10.0.0.0/20"), subnet("subnet-b", "10.0.16.0/20")],
        cluster_routes: vec![
            table(
                "rtb-main",
                true,
                &[],
                vec![local("10.0.0.0/16"), route("0.0.0.0/0", "igw-1", "active"), there()],
            ),
            table(
                "rtb-private",
                false,
                &["subnet-a"],
                vec![local("10.0.0.0/16"), route("0.0.0.0/0", "nat-1", "active"), there()],
            ),
        ],
        peerings: vec![peered("pcx-1", "active")],
        database_vpc: Some("vpc-d".to_owned()),
        database_vpc_is_guess: false,
        database_region: Some("us-east-1".to_owned()),
        database_cidrs: Some(Ok(vec!["10.1.0.0/16".to_owned()])),
        database_routes: Some(Ok(vec![table(
            "rtb-db",
            true,
            &[],
            vec![local("10.1.0.0/16"), route("10.0.0.0/16", "pcx-1", "active")],
        )])),
        security_group: Some(Ok(SecurityGroup {
            id: "sg-1".to_owned(),
            name: "database".to_owned(),
            ingress: vec![rule("tcp", Some((3306, 3306)), "10.0.0.0/16")],
        })),
    }
}

fn nodes(ips: &[&str]) -> NodesFacts {
    let node = |ip: &&str| Node { internal_ips: vec![(*ip).to_owned()], ..Node::default() };
    NodesFacts { nodes: ips.iter().map(node).collect() }
}

/// The verdicts of the four hops with nodes in both subnets.
fn verdicts(facts: &PathFacts) -> [Verdict; 4] {
    let nodes = nodes(&["10.0.0.5", "10.0.16.5"]);
    let hops = hops(facts, Some(&nodes), PORT);
    [0, 1, 2, 3].map(|index| hops[index].finding.verdict)
}

use Verdict::{Fail, Pass, Unknown};

/// A name, what is changed, and the verdicts of peering, routes there, routes back and port.
type Row<'a> = (&'a str, &'a dyn Fn(&mut PathFacts), [Verdict; 4]);

#[test]
fn each_hop_is_judged_by_itself() {
    let there = |facts: &mut PathFacts, table: usize, target: &str, state: &str| {
        facts.cluster_routes[table].routes[2] = route("10.1.0.0/16", target, state);
    };
    let group = |facts: &mut PathFacts, rules: Vec<Rule>| {
        facts.security_group =
            Some(Ok(SecurityGroup { id: "sg-1".to_owned(), name: String::new(), ingress: rules }));
    };
    let table: [Row; 28] = [
        ("open", &|_| (), [Pass, Pass, Pass, Pass]),
        ("pending", &|f| f.peerings[0].status = "pending-acceptance".to_owned(), [Fail, Pass, Pass, Pass]),
        (
            "deleted, its routes black holes",
            &|f| {
                f.peerings[0].status = "deleted".to_owned();
                there(f, 0, "pcx-1", "blackhole");
                there(f, 1, "pcx-1", "blackhole");
            },
            [Fail, Fail, Pass, Pass],
        ),
        (
            "an old one beside the new",
            &|f| f.peerings.insert(0, peered("pcx-0", "deleted")),
            [Pass, Pass, Pass, Pass],
        ),
        (
            "to another VPC only",
            &|f| f.peerings[0].accepter.vpc_id = "vpc-x".to_owned(),
            [Fail, Fail, Fail, Pass],
        ),
        ("no peering at all", &|f| f.peerings.clear(), [Fail, Fail, Fail, Pass]),
        (
            "no route in the nodes' table: the default leads to a NAT gateway",
            &|f| _ = f.cluster_routes[1].routes.remove(2),
            [Pass, Fail, Pass, Pass],
        ),
        (
            "no route in the main table, which serves the other subnet",
            &|f| _ = f.cluster_routes[0].routes.remove(2),
            [Pass, Fail, Pass, Pass],
        ),
        (
            "a table without nodes may lack it",
            &|f| f.cluster_routes.push(table("rtb-other", false, &["subnet-z"], vec![local("10.0.0.0/16")])),
            [Pass, Pass, Pass, Pass],
        ),
        ("to another peering", &|f| there(f, 1, "pcx-9", "active"), [Pass, Fail, Pass, Pass]),
        (
            "a wider route is enough",
            &|f| f.cluster_routes[1].routes[2] = route("10.0.0.0/8", "pcx-1", "active"),
            [Pass, Pass, Pass, Pass],
        ),
        (
            "a longer prefix takes a part elsewhere",
            &|f| f.cluster_routes[1].routes.push(route("10.1.2.0/24", "tgw-1", "active")),
            [Pass, Unknown, Pass, Pass],
        ),
        (
            "a transit gateway instead of a peering",
            &|f| {
                f.peerings.clear();
                there(f, 0, "tgw-1", "active");
                there(f, 1, "tgw-1", "active");
            },
            [Unknown, Unknown, Fail, Pass],
        ),
        (
            "no way back",
            &|f| f.database_routes = Some(Ok(vec![table("rtb-db", true, &[], vec![local("10.1.0.0/16")])])),
            [Pass, Pass, Fail, Pass],
        ),
        (
            "the other side is another account's",
            &|f| f.database_routes = Some(Err("not permitted".to_owned())),
            [Pass, Pass, Unknown, Pass],
        ),
        ("no rule", &|f| group(f, Vec::new()), [Pass, Pass, Pass, Fail]),
        (
            "another range",
            &|f| group(f, vec![rule("tcp", Some((3306, 3306)), "10.2.0.0/16")]),
            [Pass, Pass, Pass, Fail],
        ),
        (
            "a part of the range",
            &|f| group(f, vec![rule("tcp", Some((3306, 3306)), "10.0.0.0/24")]),
            [Pass, Pass, Pass, Unknown],
        ),
        (
            "by number and range of ports",
            &|f| group(f, vec![rule("6", Some((3000, 4000)), "10.0.0.0/8")]),
            [Pass, Pass, Pass, Pass],
        ),
        ("everything", &|f| group(f, vec![rule("-1", None, "0.0.0.0/0")]), [Pass, Pass, Pass, Pass]),
        (
            "a prefix list, which is not looked into",
            &|f| {
                let ports = Some((3306, 3306));
                let list = Rule {
                    cidrs: Vec::new(),
                    prefix_lists: vec!["pl-1".to_owned()],
                    ..rule("tcp", ports, "")
                };
                group(f, vec![list]);
            },
            [Pass, Pass, Pass, Unknown],
        ),
        (
            "the nodes' subnets alone",
            &|f| {
                let ports = Some((3306, 3306));
                group(f, vec![rule("tcp", ports, "10.0.0.0/20"), rule("tcp", ports, "10.0.16.0/20")]);
            },
            [Pass, Pass, Pass, Pass],
        ),
        (
            "made anew, with routes to the old connection",
            &|f| {
                f.peerings.push(peered("pcx-2", "active"));
                f.peerings[0].status = "deleted".to_owned();
                there(f, 0, "pcx-1", "blackhole");
                there(f, 1, "pcx-1", "blackhole");
            },
            [Pass, Fail, Fail, Pass],
        ),
        (
            "an old peering, and a transit gateway in its place",
            &|f| {
                f.peerings[0].status = "deleted".to_owned();
                there(f, 0, "tgw-1", "active");
                there(f, 1, "tgw-1", "active");
            },
            [Unknown, Unknown, Pass, Pass],
        ),
        (
            "UDP",
            &|f| group(f, vec![rule("udp", Some((3306, 3306)), "10.0.0.0/16")]),
            [Pass, Pass, Pass, Fail],
        ),
        (
            "no table of the database's VPC",
            &|f| f.database_routes = Some(Ok(Vec::new())),
            [Pass, Pass, Unknown, Pass],
        ),
        (
            "no range of the cluster",
            &|f| {
                f.cluster_cidrs = Vec::new();
                f.cluster_subnets.iter_mut().for_each(|subnet| subnet.cidr = String::new());
            },
            [Pass, Pass, Unknown, Unknown],
        ),
        ("not named", &|f| f.security_group = None, [Pass, Pass, Pass, Unknown]),
    ];
    for (name, change, expected) in table {
        let mut facts = open();
        change(&mut facts);
        assert_eq!(verdicts(&facts), expected, "{name}");
    }
}

#[test]
fn a_database_in_the_clusters_own_vpc_needs_no_peering() {
    let mut facts = open();
    facts.database_vpc = Some("vpc-c".to_owned());
    facts.database_cidrs = Some(Ok(vec!["10.0.0.0/16".to_owned()]));
    facts.peerings.clear();
    assert_eq!(verdicts(&facts), [Pass, Pass, Pass, Pass]);
}

#[test]
fn without_the_databases_vpc_nothing_is_said() {
    let mut facts = open();
    facts.database_vpc = None;
    assert_eq!(verdicts(&facts), [Unknown; 4]);
}

#[test]
fn routes_that_only_lack_their_peering_say_so() {
    let mut facts = open();
    facts.peerings[0].status = "deleted".to_owned();
    for table in &mut facts.cluster_routes {
        table.routes[2].state = "blackhole".to_owned();
    }
    let nodes = nodes(&["10.0.0.5"]);
    let hops = hops(&facts, Some(&nodes), PORT);
    assert!(hops[1].follows_peering);
    assert_eq!(first_broken(&hops).unwrap().label, "peering is deleted");
}

#[test]
fn where_the_nodes_are_not_known_a_missing_route_is_no_verdict() {
    let mut facts = open();
    facts.cluster_routes[1].routes.remove(2);
    assert_eq!(hops(&facts, None, PORT)[1].finding.verdict, Unknown);
    assert_eq!(hops(&open(), None, PORT)[1].finding.verdict, Pass);
}
