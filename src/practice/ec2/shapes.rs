//! The items of EC2's answers, elements in the order of its schema.

use crate::practice::{
    network::{Peering, Route, RouteTable, RouteTarget, Rule, SecurityGroup, Side, Subnet, Vpc},
    places::{ACCOUNT, resource_id},
    xml::Element,
};

/// Addresses that AWS keeps of each subnet.
const RESERVED_ADDRESSES: u32 = 5;

pub(super) fn vpc(vpc: &Vpc) -> Element {
    let association = Element::parent(
        "item",
        [
            Element::text("associationId", resource_id("vpc-cidr-assoc", &vpc.name)),
            Element::text("cidrBlock", &vpc.cidr),
            Element::parent("cidrBlockState", [Element::text("state", "associated")]),
        ],
    );
    item([
        Element::text("vpcId", &vpc.id),
        Element::text("ownerId", ACCOUNT),
        Element::text("state", "available"),
        Element::text("cidrBlock", &vpc.cidr),
        Element::parent("cidrBlockAssociationSet", [association]),
        Element::text("dhcpOptionsId", resource_id("dopt", vpc.region)),
        tags(&vpc.name),
        Element::text("instanceTenancy", "default"),
        Element::text("isDefault", false),
    ])
}

pub(super) fn subnet(vpc: &Vpc, subnet: &Subnet) -> Element {
    let bits: u32 = subnet.cidr.split_once('/').and_then(|(_, bits)| bits.parse().ok()).unwrap_or(32);
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:subnet/{}", vpc.region, subnet.id);
    item([
        Element::text("subnetId", &subnet.id),
        Element::text("subnetArn", arn),
        Element::text("state", "available"),
        Element::text("ownerId", ACCOUNT),
        Element::text("vpcId", &vpc.id),
        Element::text("cidrBlock", &subnet.cidr),
        Element::parent("ipv6CidrBlockAssociationSet", []),
        Element::text("availableIpAddressCount", (1_u32 << (32 - bits)).saturating_sub(RESERVED_ADDRESSES)),
        Element::text("availabilityZone", &subnet.zone),
        Element::text("defaultForAz", false),
        Element::text("mapPublicIpOnLaunch", subnet.public),
        tags(&subnet.name),
    ])
}

pub(super) fn route_table(vpc: &Vpc, table: &RouteTable) -> Element {
    let association = |subnet: Option<&String>| {
        let label = format!("{} {}", table.name, subnet.map_or("main", String::as_str));
        let mut children = vec![
            Element::text("routeTableAssociationId", resource_id("rtbassoc", &label)),
            Element::text("routeTableId", &table.id),
        ];
        children.extend(subnet.map(|subnet| Element::text("subnetId", subnet)));
        children.push(Element::text("main", subnet.is_none()));
        children.push(Element::parent("associationState", [Element::text("state", "associated")]));
        Element::parent("item", children)
    };
    let main = table.main.then(|| association(None));
    let associations = main.into_iter().chain(table.subnets.iter().map(|subnet| association(Some(subnet))));
    item([
        Element::text("routeTableId", &table.id),
        Element::text("vpcId", &vpc.id),
        Element::text("ownerId", ACCOUNT),
        Element::parent("routeSet", table.routes.iter().map(route)),
        Element::parent("associationSet", associations),
        Element::parent("propagatingVgwSet", []),
        tags(&table.name),
    ])
}

fn route(route: &Route) -> Element {
    let (field, target, origin) = match &route.target {
        RouteTarget::Local => ("gatewayId", "local", "CreateRouteTable"),
        RouteTarget::InternetGateway(id) => ("gatewayId", id.as_str(), "CreateRoute"),
        RouteTarget::NatGateway(id) => ("natGatewayId", id.as_str(), "CreateRoute"),
        RouteTarget::Peering(id) => ("vpcPeeringConnectionId", id.as_str(), "CreateRoute"),
    };
    item([
        Element::text("destinationCidrBlock", &route.destination),
        Element::text(field, target),
        Element::text("state", if route.blackhole { "blackhole" } else { "active" }),
        Element::text("origin", origin),
    ])
}

pub(super) fn peering(peering: &Peering) -> Element {
    let (code, message) = if peering.active {
        ("active", "Active".to_owned())
    } else {
        ("deleted", format!("Deleted by {ACCOUNT}"))
    };
    item([
        Element::text("vpcPeeringConnectionId", &peering.id),
        side("requesterVpcInfo", &peering.requester, peering.active),
        side("accepterVpcInfo", &peering.accepter, peering.active),
        Element::parent("status", [Element::text("code", code), Element::text("message", message)]),
        tags(&peering.name),
    ])
}

/// The ranges are gone with the connection.
fn side(name: &'static str, side: &Side, active: bool) -> Element {
    let mut children = vec![Element::text("ownerId", ACCOUNT), Element::text("vpcId", &side.vpc_id)];
    if active {
        children.push(Element::text("cidrBlock", &side.cidr));
        children.push(Element::parent("cidrBlockSet", [item([Element::text("cidrBlock", &side.cidr)])]));
        children.push(Element::parent(
            "peeringOptions",
            ["allowEgressFromLocalClassicLinkToRemoteVpc", "allowEgressFromLocalVpcToRemoteClassicLink"]
                .map(|option| Element::text(option, false))
                .into_iter()
                .chain([Element::text("allowDnsResolutionFromRemoteVpc", true)]),
        ));
    }
    children.push(Element::text("region", side.region));
    Element::parent(name, children)
}

pub(super) fn security_group(vpc: &Vpc, group: &SecurityGroup) -> Element {
    let everything = Rule { tcp_port: None, ranges: vec![("0.0.0.0/0".to_owned(), "")], groups: Vec::new() };
    let arn = format!("arn:aws:ec2:{}:{ACCOUNT}:security-group/{}", vpc.region, group.id);
    item([
        Element::text("ownerId", ACCOUNT),
        Element::text("groupId", &group.id),
        Element::text("groupName", &group.name),
        Element::text("groupDescription", &group.description),
        Element::text("vpcId", &vpc.id),
        Element::text("securityGroupArn", arn),
        Element::parent("ipPermissions", group.ingress.iter().map(rule)),
        Element::parent("ipPermissionsEgress", [rule(&everything)]),
        tags(&group.name),
    ])
}

fn rule(rule: &Rule) -> Element {
    let mut children = vec![Element::text("ipProtocol", if rule.tcp_port.is_some() { "tcp" } else { "-1" })];
    if let Some(port) = rule.tcp_port {
        children.push(Element::text("fromPort", port));
        children.push(Element::text("toPort", port));
    }
    let group = |id: &String| item([Element::text("userId", ACCOUNT), Element::text("groupId", id)]);
    let range = |(cidr, description): &(String, &str)| {
        let description = (!description.is_empty()).then(|| Element::text("description", description));
        Element::parent("item", [Element::text("cidrIp", cidr)].into_iter().chain(description))
    };
    children.push(Element::parent("groups", rule.groups.iter().map(group)));
    children.push(Element::parent("ipRanges", rule.ranges.iter().map(range)));
    children.push(Element::parent("ipv6Ranges", []));
    children.push(Element::parent("prefixListIds", []));
    Element::parent("item", children)
}

/// The VPC's default network ACL, which lets everything pass.
pub(super) fn network_acl(vpc: &Vpc) -> Element {
    let id = resource_id("acl", &vpc.name);
    let entry = |number: u32, action: &str, egress: bool| {
        item([
            Element::text("ruleNumber", number),
            Element::text("protocol", "-1"),
            Element::text("ruleAction", action),
            Element::text("egress", egress),
            Element::text("cidrBlock", "0.0.0.0/0"),
        ])
    };
    let association = |subnet: &Subnet| {
        item([
            Element::text("networkAclAssociationId", resource_id("aclassoc", &subnet.name)),
            Element::text("networkAclId", &id),
            Element::text("subnetId", &subnet.id),
        ])
    };
    let entries = [true, false]
        .into_iter()
        .flat_map(|egress| [entry(100, "allow", egress), entry(32_767, "deny", egress)]);
    item([
        Element::text("networkAclId", &id),
        Element::text("vpcId", &vpc.id),
        Element::text("ownerId", ACCOUNT),
        Element::text("default", true),
        Element::parent("entrySet", entries),
        Element::parent("associationSet", vpc.subnets.iter().map(association)),
        Element::parent("tagSet", []),
    ])
}

fn item(children: impl IntoIterator<Item = Element>) -> Element {
    Element::parent("item", children)
}

fn tags(name: &str) -> Element {
    Element::parent("tagSet", [item([Element::text("key", "Name"), Element::text("value", name)])])
}
