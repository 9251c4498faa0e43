//! Elements of EC2's answers to facts.

use super::xml::Node;
use crate::clients::failure::words;
use crate::runbook::fact::{Peering, PeeringSide, Route, RouteTable, Rule, SecurityGroup, Subnet};

/// Where a route may lead, in the order that is looked at: of an instance's route the interface is told too.
const TARGETS: [&str; 10] = [
    "vpcPeeringConnectionId",
    "transitGatewayId",
    "natGatewayId",
    "gatewayId",
    "localGatewayId",
    "carrierGatewayId",
    "coreNetworkArn",
    "egressOnlyInternetGatewayId",
    "instanceId",
    "networkInterfaceId",
];

/// `cidrBlockAssociationSet` of a VPC, the associated ones; `cidrBlock` where there is none. Sorted.
pub(super) fn cidrs(vpc: &Node) -> Vec<String> {
    let mut cidrs: Vec<String> = vpc
        .items("cidrBlockAssociationSet")
        .filter(|item| {
            item.child("cidrBlockState").is_none_or(|state| state.text_of("state") == "associated")
        })
        .map(|item| item.text_of("cidrBlock").to_owned())
        .collect();
    if cidrs.is_empty() {
        cidrs.push(vpc.text_of("cidrBlock").to_owned());
    }
    cidrs.retain(|cidr| !cidr.is_empty());
    cidrs.sort_unstable();
    cidrs.dedup();
    cidrs
}

pub(super) fn subnet(subnet: &Node) -> Subnet {
    Subnet {
        id: subnet.text_of("subnetId").to_owned(),
        cidr: subnet.text_of("cidrBlock").to_owned(),
        zone: subnet.text_of("availabilityZone").to_owned(),
    }
}

pub(super) fn route_table(table: &Node) -> RouteTable {
    let text = |item: &Node, name: &str| item.text_of(name).to_owned();
    let mut subnets: Vec<String> = table
        .items("associationSet")
        .map(|item| text(item, "subnetId"))
        .filter(|subnet| !subnet.is_empty())
        .collect();
    subnets.sort_unstable();
    RouteTable {
        id: text(table, "routeTableId"),
        main: table.items("associationSet").any(|item| item.text_of("main") == "true"),
        subnets,
        routes: table.items("routeSet").filter_map(route).collect(),
        has_prefix_lists: table
            .items("routeSet")
            .any(|route| !route.text_of("destinationPrefixListId").is_empty()),
    }
}

/// `None` for routes to IPv6 ranges and prefix lists.
fn route(route: &Node) -> Option<Route> {
    let destination = route.text_of("destinationCidrBlock");
    if destination.is_empty() {
        return None;
    }
    let target = TARGETS.iter().map(|name| route.text_of(name)).find(|target| !target.is_empty());
    Some(Route {
        destination: destination.to_owned(),
        target: target.unwrap_or_default().to_owned(),
        state: route.text_of("state").to_owned(),
    })
}

pub(super) fn peering(peering: &Node) -> Peering {
    let status = peering.child("status");
    let side = |name| peering.child(name).map(peering_side).unwrap_or_default();
    Peering {
        id: peering.text_of("vpcPeeringConnectionId").to_owned(),
        status: status.map_or("", |status| status.text_of("code")).to_owned(),
        message: words(status.map_or("", |status| status.text_of("message"))),
        requester: side("requesterVpcInfo"),
        accepter: side("accepterVpcInfo"),
    }
}

fn peering_side(side: &Node) -> PeeringSide {
    let mut cidrs: Vec<String> =
        side.items("cidrBlockSet").map(|item| item.text_of("cidrBlock").to_owned()).collect();
    if cidrs.is_empty() {
        cidrs.push(side.text_of("cidrBlock").to_owned());
    }
    cidrs.retain(|cidr| !cidr.is_empty());
    cidrs.sort_unstable();
    PeeringSide { vpc_id: side.text_of("vpcId").to_owned(), region: side.text_of("region").to_owned(), cidrs }
}

pub(super) fn security_group(group: &Node) -> SecurityGroup {
    SecurityGroup {
        id: group.text_of("groupId").to_owned(),
        name: words(group.text_of("groupName")),
        ingress: group.items("ipPermissions").map(rule).collect(),
    }
}

fn rule(rule: &Node) -> Rule {
    let port = |name| rule.text_of(name).parse().ok();
    let texts = |list: &str, name: &str| {
        let texts = rule.items(list).map(|item| item.text_of(name).to_owned());
        texts.filter(|text| !text.is_empty()).collect()
    };
    Rule {
        protocol: rule.text_of("ipProtocol").to_owned(),
        from_port: port("fromPort"),
        to_port: port("toPort"),
        cidrs: texts("ipRanges", "cidrIp"),
        prefix_lists: texts("prefixListIds", "prefixListId"),
        groups: texts("groups", "groupId"),
    }
}
