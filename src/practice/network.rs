//! The account's network: a VPC for each cluster, one for the database, and
//! the peering connections between them (`domain.md`, section 5).
//!
//! | VPC | range | region |
//! |---|---|---|
//! | cluster us | 10.0.0.0/16 | us-east-1 |
//! | database | 10.1.0.0/16 | us-east-1 |
//! | cluster eu | 10.2.0.0/16 | eu-west-1 |

use super::{
    places::{Place, resource_id},
    plight::Network as Plight,
};

/// The database's region.
pub(super) const DATABASE_REGION: &str = "us-east-1";
const DATABASE_CIDR: &str = "10.1.0.0/16";
const DATABASE_PORT: u16 = 3306;
/// Three availability zones a region.
const ZONES: [char; 3] = ['a', 'b', 'c'];
/// Third number of the private subnets, one a zone, /19: here are the nodes.
const PRIVATE_AT: [u8; 3] = [0, 32, 64];
/// Third number of the public subnets, one a zone, /20.
const PUBLIC_AT: [u8; 3] = [96, 112, 128];

/// All of it, at one moment.
pub(super) struct Network {
    pub vpcs: Vec<Vpc>,
    pub peerings: Vec<Peering>,
}

/// A VPC with what is in it.
pub(super) struct Vpc {
    pub region: &'static str,
    pub name: String,
    pub id: String,
    pub cidr: String,
    pub subnets: Vec<Subnet>,
    pub tables: Vec<RouteTable>,
    pub groups: Vec<SecurityGroup>,
}

/// A subnet.
pub(super) struct Subnet {
    pub id: String,
    pub name: String,
    pub cidr: String,
    pub zone: String,
    pub public: bool,
}

/// A route table.
pub(super) struct RouteTable {
    pub id: String,
    pub name: String,
    /// It serves the subnets that no other table is associated with.
    pub main: bool,
    /// The subnets that are associated with it.
    pub subnets: Vec<String>,
    pub routes: Vec<Route>,
}

/// A route.
pub(super) struct Route {
    pub destination: String,
    pub target: RouteTarget,
    /// What it leads to is gone.
    pub blackhole: bool,
}

/// Where a route leads.
pub(super) enum RouteTarget {
    Local,
    InternetGateway(String),
    NatGateway(String),
    Peering(String),
}

/// A peering connection.
pub(super) struct Peering {
    pub id: String,
    pub name: String,
    /// Else it was deleted.
    pub active: bool,
    pub requester: Side,
    pub accepter: Side,
}

/// One side of a peering connection.
pub(super) struct Side {
    pub region: &'static str,
    pub vpc_id: String,
    pub cidr: String,
}

/// A security group. All of them let everything out.
pub(super) struct SecurityGroup {
    pub id: String,
    pub name: String,
    pub description: String,
    pub ingress: Vec<Rule>,
}

/// What may come in.
pub(super) struct Rule {
    /// All protocols and ports where `None`.
    pub tcp_port: Option<u16>,
    /// Ranges, each with its description.
    pub ranges: Vec<(String, &'static str)>,
    /// Security groups.
    pub groups: Vec<String>,
}

impl Network {
    /// The network with what is wrong on each region's way to the database.
    pub(super) fn of(ways: &[(&'static Place, Plight)]) -> Self {
        let mut vpcs: Vec<Vpc> = ways.iter().map(|(place, plight)| cluster_vpc(place, *plight)).collect();
        vpcs.push(database_vpc(ways));
        Self { vpcs, peerings: ways.iter().map(|(place, plight)| peering(place, *plight)).collect() }
    }
}

/// The VPC of a region's cluster.
pub(super) fn cluster_vpc_id(place: &Place) -> String {
    resource_id("vpc", place.region)
}

/// The database's VPC.
pub(super) fn database_vpc_id() -> String {
    resource_id("vpc", "database")
}

/// The security group that guards the database.
pub(super) fn database_group_id() -> String {
    resource_id("sg", "database")
}

/// The group of a region's cluster, in which its nodes are.
pub(super) fn cluster_group_id(place: &Place) -> String {
    resource_id("sg", &place.cluster_name())
}

/// The group of a region's load balancer.
pub(super) fn load_balancer_group_id(place: &Place) -> String {
    resource_id("sg", &place.load_balancer_name())
}

/// The subnets of a region's load balancer, public ones.
pub(super) fn public_subnets(place: &Place) -> Vec<Subnet> {
    cluster_subnets(place).into_iter().filter(|subnet| subnet.public).collect()
}

/// All subnets of a region's cluster.
pub(super) fn cluster_subnets(place: &Place) -> Vec<Subnet> {
    let [first, second] = place.network;
    let subnet = |kind: &str, zone: char, third: u8, bits: u8| {
        let name = format!("{}-{kind}-{zone}", place.cluster_name());
        Subnet {
            id: resource_id("subnet", &name),
            cidr: format!("{first}.{second}.{third}.0/{bits}"),
            zone: format!("{}{zone}", place.region),
            public: kind == "public",
            name,
        }
    };
    let private = ZONES.into_iter().zip(PRIVATE_AT).map(|(zone, third)| subnet("private", zone, third, 19));
    let public = ZONES.into_iter().zip(PUBLIC_AT).map(|(zone, third)| subnet("public", zone, third, 20));
    private.chain(public).collect()
}

fn cluster_cidr(place: &Place) -> String {
    let [first, second] = place.network;
    format!("{first}.{second}.0.0/16")
}

fn peering_id(place: &Place) -> String {
    resource_id("pcx", place.region)
}

fn cluster_vpc(place: &'static Place, plight: Plight) -> Vpc {
    let cidr = cluster_cidr(place);
    Vpc {
        region: place.region,
        name: place.cluster_name(),
        id: cluster_vpc_id(place),
        subnets: cluster_subnets(place),
        tables: cluster_tables(place, plight),
        groups: cluster_groups(place),
        cidr,
    }
}

/// A public table, one for each of the zones a and b, and the main one, which
/// serves zone c without being named by its subnet.
fn cluster_tables(place: &Place, plight: Plight) -> Vec<RouteTable> {
    let subnets = cluster_subnets(place);
    let ids = |kind: &str| -> Vec<String> {
        subnets.iter().filter(|subnet| subnet.name.contains(kind)).map(|subnet| subnet.id.clone()).collect()
    };
    let name = place.cluster_name();
    let table = |kind: &str, subnets: Vec<String>| {
        let to_the_internet = if kind == "public" {
            RouteTarget::InternetGateway(resource_id("igw", &name))
        } else {
            RouteTarget::NatGateway(resource_id("nat", &format!("{name}-{kind}")))
        };
        let mut routes = vec![
            Route { destination: cluster_cidr(place), target: RouteTarget::Local, blackhole: false },
            Route { destination: "0.0.0.0/0".to_owned(), target: to_the_internet, blackhole: false },
        ];
        if !(plight == Plight::RouteMissing && kind == "private-b") {
            routes.push(peering_route(place, DATABASE_CIDR.to_owned(), plight));
        }
        let name = format!("{name}-{kind}");
        RouteTable { id: resource_id("rtb", &name), name, main: kind == "main", subnets, routes }
    };
    vec![
        table("main", Vec::new()),
        table("public", ids("public")),
        table("private-a", ids("private-a")),
        table("private-b", ids("private-b")),
    ]
}

fn peering_route(place: &Place, destination: String, plight: Plight) -> Route {
    let blackhole = plight == Plight::PeeringInactive;
    Route { destination, target: RouteTarget::Peering(peering_id(place)), blackhole }
}

fn cluster_groups(place: &Place) -> Vec<SecurityGroup> {
    let anywhere = |port| Rule {
        tcp_port: Some(port),
        ranges: vec![("0.0.0.0/0".to_owned(), "anybody")],
        groups: Vec::new(),
    };
    let from = |groups: Vec<String>| Rule { tcp_port: None, ranges: Vec::new(), groups };
    let cluster = cluster_group_id(place);
    let default = resource_id("sg", &format!("{}-default", place.region));
    let load_balancer = load_balancer_group_id(place);
    vec![
        SecurityGroup {
            name: format!("eks-cluster-sg-{}", place.cluster_name()),
            description: "EKS created security group applied to ENI that is attached to EKS Control Plane \
                          master nodes, as well as any managed workloads."
                .to_owned(),
            ingress: vec![from(vec![cluster.clone(), load_balancer.clone()])],
            id: cluster,
        },
        SecurityGroup {
            id: load_balancer,
            name: place.load_balancer_name(),
            description: "[k8s] Managed SecurityGroup for LoadBalancer".to_owned(),
            ingress: vec![anywhere(443), anywhere(80)],
        },
        SecurityGroup {
            name: "default".to_owned(),
            description: "default VPC security group".to_owned(),
            ingress: vec![from(vec![default.clone()])],
            id: default,
        },
    ]
}

/// The database's VPC. Its main table serves the zones a and b, one of its own zone c.
fn database_vpc(ways: &[(&'static Place, Plight)]) -> Vpc {
    let subnets: Vec<Subnet> = (0_u8..)
        .zip(ZONES)
        .map(|(third, zone)| {
            let name = format!("platform-database-{zone}");
            Subnet {
                id: resource_id("subnet", &name),
                cidr: format!("10.1.{third}.0/24"),
                zone: format!("{DATABASE_REGION}{zone}"),
                public: false,
                name,
            }
        })
        .collect();
    let table = |kind: &str, subnets: Vec<String>| {
        let mut routes = vec![Route {
            destination: DATABASE_CIDR.to_owned(),
            target: RouteTarget::Local,
            blackhole: false,
        }];
        routes.extend(ways.iter().map(|(place, plight)| peering_route(place, cluster_cidr(place), *plight)));
        let name = format!("platform-database-{kind}");
        RouteTable { id: resource_id("rtb", &name), name, main: kind == "main", subnets, routes }
    };
    let last = subnets.last().map(|subnet| subnet.id.clone()).into_iter().collect();
    Vpc {
        region: DATABASE_REGION,
        name: "platform-database".to_owned(),
        id: database_vpc_id(),
        cidr: DATABASE_CIDR.to_owned(),
        tables: vec![table("main", Vec::new()), table("c", last)],
        subnets,
        groups: vec![database_group(ways)],
    }
}

fn database_group(ways: &[(&'static Place, Plight)]) -> SecurityGroup {
    let open = ways.iter().filter(|(_, plight)| *plight != Plight::PortClosed);
    let mysql = Rule {
        tcp_port: Some(DATABASE_PORT),
        ranges: open.map(|(place, _)| (cluster_cidr(place), "platform's cluster")).collect(),
        groups: Vec::new(),
    };
    let bastion = Rule {
        tcp_port: Some(22),
        ranges: vec![("10.1.250.0/24".to_owned(), "bastion hosts")],
        groups: Vec::new(),
    };
    let ingress = [mysql, bastion].into_iter().filter(|rule| !rule.ranges.is_empty()).collect();
    SecurityGroup {
        id: database_group_id(),
        name: "platform-database".to_owned(),
        description: "Who may connect to the platform's database".to_owned(),
        ingress,
    }
}

fn peering(place: &'static Place, plight: Plight) -> Peering {
    Peering {
        id: peering_id(place),
        name: format!("{}-to-database", place.cluster_name()),
        active: plight != Plight::PeeringInactive,
        requester: Side { region: place.region, vpc_id: cluster_vpc_id(place), cidr: cluster_cidr(place) },
        accepter: Side { region: DATABASE_REGION, vpc_id: database_vpc_id(), cidr: DATABASE_CIDR.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::places::PLACES;

    /// `(tables without a route to the database, blackholes, active peerings, ranges that 3306 is open for)`
    fn summary(us: Plight) -> (Vec<String>, usize, usize, Vec<String>) {
        let network = Network::of(&[(&PLACES[0], us), (&PLACES[1], Plight::Open)]);
        let clusters = network.vpcs.iter().filter(|vpc| vpc.id != database_vpc_id());
        let without = clusters
            .flat_map(|vpc| &vpc.tables)
            .filter(|table| table.routes.iter().all(|route| route.destination != DATABASE_CIDR))
            .map(|table| table.name.clone())
            .collect();
        let tables = network.vpcs.iter().flat_map(|vpc| &vpc.tables);
        let blackholes = tables.flat_map(|table| &table.routes).filter(|route| route.blackhole).count();
        let active = network.peerings.iter().filter(|peering| peering.active).count();
        let groups = network.vpcs.iter().flat_map(|vpc| &vpc.groups);
        let open = groups
            .flat_map(|group| &group.ingress)
            .filter(|rule| rule.tcp_port == Some(DATABASE_PORT))
            .flat_map(|rule| rule.ranges.iter().map(|(cidr, _)| cidr.clone()))
            .collect();
        (without, blackholes, active, open)
    }

    #[test]
    fn each_plight_breaks_one_thing_on_the_way() {
        let both = || vec!["10.0.0.0/16".to_owned(), "10.2.0.0/16".to_owned()];
        let missing = "platform-multi-region-us-east-1-private-b".to_owned();
        let cases = [
            (Plight::Open, (vec![], 0, 2, both())),
            // Four tables of the cluster, two of the database.
            (Plight::PeeringInactive, (vec![], 6, 1, both())),
            (Plight::RouteMissing, (vec![missing], 0, 2, both())),
            (Plight::PortClosed, (vec![], 0, 2, vec!["10.2.0.0/16".to_owned()])),
        ];
        for (plight, expected) in cases {
            assert_eq!(summary(plight), expected, "{plight:?}");
        }
    }

    #[test]
    fn ids_are_distinct_and_of_their_form() {
        let network = Network::of(&PLACES.each_ref().map(|place| (place, Plight::Open)));
        let mut ids: Vec<String> = network.peerings.iter().map(|peering| peering.id.clone()).collect();
        for vpc in &network.vpcs {
            ids.push(vpc.id.clone());
            ids.extend(vpc.subnets.iter().map(|subnet| subnet.id.clone()));
            ids.extend(vpc.tables.iter().map(|table| table.id.clone()));
            ids.extend(vpc.groups.iter().map(|group| group.id.clone()));
        }
        for id in &ids {
            let (_, digits) = id.split_once('-').unwrap();
            assert!(digits.len() == 17 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{id}");
        }
        let count = ids.len();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }
}
