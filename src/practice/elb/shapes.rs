//! The members of the service's answers, elements in the order of its schema.

use super::{PORT, Target};
use crate::practice::{
    network::{cluster_vpc_id, load_balancer_group_id, public_subnets},
    places::{ACCOUNT, Place, resource_id},
    region::Region,
    xml::Element,
};

/// When load balancer and target group were made.
const CREATED: &str = "2026-01-12T09:30:00.000Z";

pub(super) fn load_balancer(region: &Region) -> Element {
    let place = region.place;
    let zone = |subnet: &crate::practice::network::Subnet| {
        member([
            Element::text("ZoneName", &subnet.zone),
            Element::text("SubnetId", &subnet.id),
            Element::parent("LoadBalancerAddresses", []),
        ])
    };
    let group = Element::text("member", load_balancer_group_id(place));
    member([
        Element::text("LoadBalancerArn", place.load_balancer_arn()),
        Element::text("DNSName", place.load_balancer_dns()),
        Element::text("CanonicalHostedZoneId", "Z35SXDOTRQ7X7K"),
        Element::text("CreatedTime", CREATED),
        Element::text("LoadBalancerName", place.load_balancer_name()),
        Element::text("Scheme", "internet-facing"),
        Element::text("VpcId", cluster_vpc_id(place)),
        Element::parent("State", [Element::text("Code", "active")]),
        Element::text("Type", "application"),
        Element::parent("AvailabilityZones", public_subnets(place).iter().map(zone)),
        Element::parent("SecurityGroups", [group]),
        Element::text("IpAddressType", "ipv4"),
    ])
}

pub(super) fn target_group(region: &Region) -> Element {
    let place = region.place;
    let of = Element::text("member", place.load_balancer_arn());
    member([
        Element::text("TargetGroupArn", place.target_group_arn()),
        Element::text("TargetGroupName", place.target_group_name()),
        Element::text("Protocol", "HTTPS"),
        Element::text("Port", PORT),
        Element::text("VpcId", cluster_vpc_id(place)),
        Element::text("HealthCheckProtocol", "HTTPS"),
        Element::text("HealthCheckPort", "traffic-port"),
        Element::text("HealthCheckEnabled", true),
        Element::text("HealthCheckIntervalSeconds", 15),
        Element::text("HealthCheckTimeoutSeconds", 5),
        Element::text("HealthyThresholdCount", 2),
        Element::text("UnhealthyThresholdCount", 2),
        Element::text("HealthCheckPath", "/healthz"),
        Element::parent("Matcher", [Element::text("HttpCode", "200")]),
        Element::parent("LoadBalancerArns", [of]),
        Element::text("TargetType", "ip"),
        Element::text("ProtocolVersion", "HTTP1"),
        Element::text("IpAddressType", "ipv4"),
    ])
}

pub(super) fn target_health(target: Target) -> Element {
    let mut health = vec![Element::text("State", target.state)];
    if let Some((reason, description)) = target.reason {
        health.push(Element::text("Reason", reason));
        health.push(Element::text("Description", description));
    }
    member([
        Element::parent("Target", [Element::text("Id", target.id), Element::text("Port", PORT)]),
        Element::text("HealthCheckPort", PORT),
        Element::parent("TargetHealth", health),
    ])
}

/// The ARN of the load balancer's only listener.
pub(super) fn listener_arn(place: &Place) -> String {
    let of = place.load_balancer_arn().replacen(":loadbalancer/", ":listener/", 1);
    let id = resource_id("", &of);
    format!("{of}/{}", &id[id.len() - 16..])
}

pub(super) fn listener(region: &Region) -> Element {
    let place = region.place;
    let certificate = resource_id("certificate", place.host);
    let arn = format!("arn:aws:acm:{}:{ACCOUNT}:certificate/{certificate}", place.region);
    let forward = member([
        Element::text("Type", "forward"),
        Element::text("TargetGroupArn", place.target_group_arn()),
        Element::text("Order", 1),
    ]);
    member([
        Element::text("ListenerArn", listener_arn(place)),
        Element::text("LoadBalancerArn", place.load_balancer_arn()),
        Element::text("Port", 443),
        Element::text("Protocol", "HTTPS"),
        Element::parent("Certificates", [member([Element::text("CertificateArn", arn)])]),
        Element::text("SslPolicy", "ELBSecurityPolicy-TLS13-1-2-2021-06"),
        Element::parent("DefaultActions", [forward]),
    ])
}

/// What the load balancer controller marks its own with.
pub(super) fn tags(place: &Place, arn: &str) -> Element {
    let tag = |key: &str, value: &str| member([Element::text("Key", key), Element::text("Value", value)]);
    let tags = [
        tag("elbv2.k8s.aws/cluster", &place.cluster_name()),
        tag("ingress.k8s.aws/stack", "vcluster-platform/loft"),
    ];
    member([Element::text("ResourceArn", arn), Element::parent("Tags", tags)])
}

fn member(children: impl IntoIterator<Item = Element>) -> Element {
    Element::parent("member", children)
}
