//! The operations: what each lists, by which id, and its filters.
//! Source of names: the API reference of each `Describe…` action.

use super::shapes;
use crate::practice::{
    network::{Network, Vpc},
    xml::Element,
};

/// An operation that lists things.
pub(super) struct Operation {
    /// `Action`.
    pub(super) action: &'static str,
    /// The root of its answer.
    pub(super) response: &'static str,
    /// The element with the items.
    pub(super) set: &'static str,
    /// How items are asked for by id.
    pub(super) id: Id,
    /// Filters by name, with the path of what they look at.
    pub(super) filters: &'static [(&'static str, &'static str)],
    /// The items of a region.
    pub(super) items: fn(&Network, &str) -> Vec<Element>,
}

/// How items are asked for by id.
pub(super) struct Id {
    /// The parameter's name, `.N` after it.
    pub(super) parameter: &'static str,
    /// Where an item has its id.
    pub(super) path: &'static str,
    /// The error for an id that there is not.
    pub(super) not_found: &'static str,
    /// What the error's message calls it.
    pub(super) noun: &'static str,
}

/// All operations that the responder's role is allowed.
pub(super) const OPERATIONS: [Operation; 6] =
    [VPCS, SUBNETS, ROUTE_TABLES, PEERINGS, SECURITY_GROUPS, NETWORK_ACLS];

const VPCS: Operation = Operation {
    action: "DescribeVpcs",
    response: "DescribeVpcsResponse",
    set: "vpcSet",
    id: Id { parameter: "VpcId", path: "vpcId", not_found: "InvalidVpcID.NotFound", noun: "vpc ID" },
    filters: &[
        ("cidr", "cidrBlock"),
        ("cidr-block-association.association-id", "cidrBlockAssociationSet/item/associationId"),
        ("cidr-block-association.cidr-block", "cidrBlockAssociationSet/item/cidrBlock"),
        ("cidr-block-association.state", "cidrBlockAssociationSet/item/cidrBlockState/state"),
        ("is-default", "isDefault"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("vpc-id", "vpcId"),
    ],
    items: |network, region| vpcs(network, region).map(shapes::vpc).collect(),
};

const SUBNETS: Operation = Operation {
    action: "DescribeSubnets",
    response: "DescribeSubnetsResponse",
    set: "subnetSet",
    id: Id {
        parameter: "SubnetId",
        path: "subnetId",
        not_found: "InvalidSubnetID.NotFound",
        noun: "subnet ID",
    },
    filters: &[
        ("availability-zone", "availabilityZone"),
        ("availabilityZone", "availabilityZone"),
        ("cidr", "cidrBlock"),
        ("cidr-block", "cidrBlock"),
        ("cidrBlock", "cidrBlock"),
        ("default-for-az", "defaultForAz"),
        ("map-public-ip-on-launch", "mapPublicIpOnLaunch"),
        ("owner-id", "ownerId"),
        ("state", "state"),
        ("subnet-arn", "subnetArn"),
        ("subnet-id", "subnetId"),
        ("vpc-id", "vpcId"),
    ],
    items: |network, region| {
        let of = |vpc: &Vpc| vpc.subnets.iter().map(|one| shapes::subnet(vpc, one)).collect::<Vec<_>>();
        vpcs(network, region).flat_map(of).collect()
    },
};

const ROUTE_TABLES: Operation = Operation {
    action: "DescribeRouteTables",
    response: "DescribeRouteTablesResponse",
    set: "routeTableSet",
    id: Id {
        parameter: "RouteTableId",
        path: "routeTableId",
        not_found: "InvalidRouteTableID.NotFound",
        noun: "routeTable ID",
    },
    filters: &[
        ("association.main", "associationSet/item/main"),
        ("association.route-table-association-id", "associationSet/item/routeTableAssociationId"),
        ("association.route-table-id", "associationSet/item/routeTableId"),
        ("association.subnet-id", "associationSet/item/subnetId"),
        ("owner-id", "ownerId"),
        ("route-table-id", "routeTableId"),
        ("route.destination-cidr-block", "routeSet/item/destinationCidrBlock"),
        ("route.gateway-id", "routeSet/item/gatewayId"),
        ("route.nat-gateway-id", "routeSet/item/natGatewayId"),
        ("route.origin", "routeSet/item/origin"),
        ("route.state", "routeSet/item/state"),
        ("route.vpc-peering-connection-id", "routeSet/item/vpcPeeringConnectionId"),
        ("vpc-id", "vpcId"),
    ],
    items: |network, region| {
        let of = |vpc: &Vpc| vpc.tables.iter().map(|one| shapes::route_table(vpc, one)).collect::<Vec<_>>();
        vpcs(network, region).flat_map(of).collect()
    },
};

const PEERINGS: Operation = Operation {
    action: "DescribeVpcPeeringConnections",
    response: "DescribeVpcPeeringConnectionsResponse",
    set: "vpcPeeringConnectionSet",
    id: Id {
        parameter: "VpcPeeringConnectionId",
        path: "vpcPeeringConnectionId",
        not_found: "InvalidVpcPeeringConnectionID.NotFound",
        noun: "vpcPeeringConnection ID",
    },
    filters: &[
        ("accepter-vpc-info.cidr-block", "accepterVpcInfo/cidrBlock"),
        ("accepter-vpc-info.owner-id", "accepterVpcInfo/ownerId"),
        ("accepter-vpc-info.vpc-id", "accepterVpcInfo/vpcId"),
        ("expiration-time", "expirationTime"),
        ("requester-vpc-info.cidr-block", "requesterVpcInfo/cidrBlock"),
        ("requester-vpc-info.owner-id", "requesterVpcInfo/ownerId"),
        ("requester-vpc-info.vpc-id", "requesterVpcInfo/vpcId"),
        ("status-code", "status/code"),
        ("status-message", "status/message"),
        ("vpc-peering-connection-id", "vpcPeeringConnectionId"),
    ],
    // One between regions is visible from either.
    items: |network, region| {
        let touches = |side: &crate::practice::network::Side| side.region == region;
        let seen = network.peerings.iter().filter(|one| touches(&one.requester) || touches(&one.accepter));
        seen.map(shapes::peering).collect()
    },
};

const SECURITY_GROUPS: Operation = Operation {
    action: "DescribeSecurityGroups",
    response: "DescribeSecurityGroupsResponse",
    set: "securityGroupInfo",
    id: Id {
        parameter: "GroupId",
        path: "groupId",
        not_found: "InvalidGroup.NotFound",
        noun: "security group",
    },
    filters: &[
        ("description", "groupDescription"),
        ("group-id", "groupId"),
        ("group-name", "groupName"),
        ("ip-permission.cidr", "ipPermissions/item/ipRanges/item/cidrIp"),
        ("ip-permission.from-port", "ipPermissions/item/fromPort"),
        ("ip-permission.group-id", "ipPermissions/item/groups/item/groupId"),
        ("ip-permission.protocol", "ipPermissions/item/ipProtocol"),
        ("ip-permission.to-port", "ipPermissions/item/toPort"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    items: |network, region| {
        let of =
            |vpc: &Vpc| vpc.groups.iter().map(|one| shapes::security_group(vpc, one)).collect::<Vec<_>>();
        vpcs(network, region).flat_map(of).collect()
    },
};

const NETWORK_ACLS: Operation = Operation {
    action: "DescribeNetworkAcls",
    response: "DescribeNetworkAclsResponse",
    set: "networkAclSet",
    id: Id {
        parameter: "NetworkAclId",
        path: "networkAclId",
        not_found: "InvalidNetworkAclID.NotFound",
        noun: "networkAcl ID",
    },
    filters: &[
        ("association.association-id", "associationSet/item/networkAclAssociationId"),
        ("association.network-acl-id", "associationSet/item/networkAclId"),
        ("association.subnet-id", "associationSet/item/subnetId"),
        ("default", "default"),
        ("entry.cidr", "entrySet/item/cidrBlock"),
        ("entry.protocol", "entrySet/item/protocol"),
        ("entry.rule-action", "entrySet/item/ruleAction"),
        ("entry.egress", "entrySet/item/egress"),
        ("entry.rule-number", "entrySet/item/ruleNumber"),
        ("network-acl-id", "networkAclId"),
        ("owner-id", "ownerId"),
        ("vpc-id", "vpcId"),
    ],
    items: |network, region| vpcs(network, region).map(shapes::network_acl).collect(),
};

fn vpcs<'a>(network: &'a Network, region: &str) -> impl Iterator<Item = &'a Vpc> {
    network.vpcs.iter().filter(move |vpc| vpc.region == region)
}
