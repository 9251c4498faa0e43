//! The way from a region's cluster to the database, as EC2 describes it (`domain.md`, section 5).
//! Plain data; [`crate::runbook::path`] judges it.

/// What EC2 says of both ends and of what lies between.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PathFacts {
    /// The cluster's VPC.
    pub cluster_vpc: String,
    /// Its IPv4 ranges (`cidrBlockAssociationSet`, associated ones), sorted.
    pub cluster_cidrs: Vec<String>,
    /// The subnets of the cluster's VPC, sorted by id.
    pub cluster_subnets: Vec<Subnet>,
    /// The route tables of the cluster's VPC, sorted by id.
    pub cluster_routes: Vec<RouteTable>,
    /// Every peering connection of the cluster's VPC, whatever its status, sorted by id.
    pub peerings: Vec<Peering>,
    /// The database's VPC: the environment's, else the other side of the only peering; `None` where
    /// neither tells.
    pub database_vpc: Option<String>,
    /// The environment names no VPC of the database: the one above is the only one that the cluster's is peered
    /// with.
    pub database_vpc_is_guess: bool,
    /// The AWS region of the database's VPC.
    pub database_region: Option<String>,
    /// Its IPv4 ranges; `None` where its VPC is not known, else why they could not be read.
    pub database_cidrs: Option<Result<Vec<String>, String>>,
    /// The route tables of the database's VPC; likewise.
    pub database_routes: Option<Result<Vec<RouteTable>, String>>,
    /// The database's security group; `None` where the environment names none, else why it could
    /// not be read.
    pub security_group: Option<Result<SecurityGroup, String>>,
}

/// A subnet (`DescribeSubnets`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Subnet {
    /// `subnetId`.
    pub id: String,
    /// `cidrBlock`.
    pub cidr: String,
    /// `availabilityZone`.
    pub zone: String,
}

/// A route table (`DescribeRouteTables`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RouteTable {
    /// `routeTableId`.
    pub id: String,
    /// An association says `main`: it serves the subnets that no other table is associated with.
    pub main: bool,
    /// `associationSet[].subnetId`, sorted.
    pub subnets: Vec<String>,
    /// `routeSet`, in the API's order.
    pub routes: Vec<Route>,
    /// It has routes to prefix lists, which are not looked into.
    pub has_prefix_lists: bool,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Route {
    /// `destinationCidrBlock`; routes to IPv6 ranges and prefix lists are left out.
    pub destination: String,
    /// Where it leads: `vpcPeeringConnectionId`, `gatewayId`, `natGatewayId`, `transitGatewayId`,
    /// `networkInterfaceId`, whichever is given.
    pub target: String,
    /// `state`: `active` or `blackhole`.
    pub state: String,
}

/// A peering connection (`DescribeVpcPeeringConnections`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Peering {
    /// `vpcPeeringConnectionId`.
    pub id: String,
    /// `status.code`: `active`, `pending-acceptance`, `deleted`, …
    pub status: String,
    /// `status.message`.
    pub message: String,
    /// `requesterVpcInfo`.
    pub requester: PeeringSide,
    /// `accepterVpcInfo`.
    pub accepter: PeeringSide,
}

impl Peering {
    /// The side that is not this VPC.
    pub fn other_side(&self, vpc: &str) -> &PeeringSide {
        if self.requester.vpc_id == vpc { &self.accepter } else { &self.requester }
    }
}

/// One side of a peering connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct PeeringSide {
    /// `vpcId`.
    pub vpc_id: String,
    /// `region`.
    pub region: String,
    /// `cidrBlockSet`, else `cidrBlock`; empty once the connection is gone.
    pub cidrs: Vec<String>,
}

/// A security group (`DescribeSecurityGroups`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SecurityGroup {
    /// `groupId`.
    pub id: String,
    /// `groupName`.
    pub name: String,
    /// `ipPermissions`: what may come in.
    pub ingress: Vec<Rule>,
}

/// One ingress rule.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rule {
    /// `ipProtocol`: `tcp`, `6`, `-1` for all, …
    pub protocol: String,
    /// `fromPort`; absent for all ports.
    pub from_port: Option<u16>,
    /// `toPort`; absent for all ports.
    pub to_port: Option<u16>,
    /// `ipRanges[].cidrIp`.
    pub cidrs: Vec<String>,
    /// `prefixListIds[].prefixListId`: ranges that are not looked into.
    pub prefix_lists: Vec<String>,
    /// `groups[].groupId`: rules by group, which tell nothing of another VPC's range.
    pub groups: Vec<String>,
}
