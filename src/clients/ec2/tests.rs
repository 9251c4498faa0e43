//! Rounds, pages and what is missing on the database's side, against answers written by hand.

use super::*;
use crate::clients::aws::testing::aws;
use crate::clients::test_server::{Behaviour, TestServer};

const LONG: Duration = Duration::from_secs(30);

fn answer(action: &str, inner: &str) -> String {
    format!("<{action}Response xmlns=\"http://ec2.amazonaws.com/doc/2016-11-15/\">{inner}</{action}Response>")
}

/// The parameters of a request's body.
fn parameter(request: &str, name: &str) -> String {
    let body = request.split_once("\r\n\r\n").unwrap().1;
    let found = form_urlencoded::parse(body.as_bytes()).find(|(key, _)| key == name);
    found.map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn is_in(request: &str, region: &str) -> bool {
    request.contains(&format!("/{region}/ec2/aws4_request"))
}

/// us-east-1 with the cluster's VPC, peered with one in eu-west-1.
fn cluster_side(request: &str) -> (u16, String) {
    let action = parameter(request, "Action");
    let inner = match (action.as_str(), parameter(request, "Filter.1.Name").as_str()) {
        ("DescribeVpcs", _) => {
            "<vpcSet><item><vpcId>vpc-1</vpcId><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockAssociationSet>\
             <item><cidrBlock>10.1.0.0/16</cidrBlock><cidrBlockState><state>associated</state></cidrBlockState></item>\
             <item><cidrBlock>10.3.0.0/16</cidrBlock><cidrBlockState><state>disassociated</state></cidrBlockState>\
             </item></cidrBlockAssociationSet></item></vpcSet>"
        }
        ("DescribeRouteTables", _) => {
            "<routeTableSet><item><routeTableId>rtb-1</routeTableId><routeSet>\
             <item><destinationCidrBlock>10.9.0.0/16</destinationCidrBlock>\
             <vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId><state>blackhole</state></item>\
             <item><destinationPrefixListId>pl-1</destinationPrefixListId><gatewayId>vpce-1</gatewayId></item>\
             <item><destinationIpv6CidrBlock>::/0</destinationIpv6CidrBlock><gatewayId>igw-1</gatewayId></item>\
             </routeSet></item></routeTableSet>"
        }
        ("DescribeVpcPeeringConnections", "accepter-vpc-info.vpc-id") => {
            "<vpcPeeringConnectionSet><item><vpcPeeringConnectionId>pcx-1</vpcPeeringConnectionId>\
             <requesterVpcInfo><vpcId>vpc-9</vpcId><region>eu-west-1</region></requesterVpcInfo>\
             <accepterVpcInfo><vpcId>vpc-1</vpcId><region>us-east-1</region>\
             <cidrBlockSet><item><cidrBlock>10.1.0.0/16</cidrBlock></item></cidrBlockSet></accepterVpcInfo>\
             <status><code>failed</code><message>Failed due to incorrect VPC-ID</message></status>\
             </item></vpcPeeringConnectionSet>"
        }
        // Two pages of subnets.
        ("DescribeSubnets", _) if parameter(request, "NextToken").is_empty() => {
            "<subnetSet><item><subnetId>subnet-2</subnetId></item></subnetSet><nextToken>more+of/it=</nextToken>"
        }
        ("DescribeSubnets", _) => {
            assert_eq!(parameter(request, "NextToken"), "more+of/it=");
            "<subnetSet><item><subnetId>subnet-1</subnetId></item></subnetSet><nextToken/>"
        }
        _ => "",
    };
    (200, answer(&action, inner))
}

fn with_a_forbidden_database(request: &str) -> (u16, String) {
    if is_in(request, "us-east-1") {
        return cluster_side(request);
    }
    let error = "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized\
                 </Message></Error></Errors></Response>";
    (403, error.to_owned())
}

fn with_a_silent_database(request: &str) -> Option<(u16, String)> {
    is_in(request, "us-east-1").then(|| cluster_side(request))
}

fn for_ever(request: &str) -> (u16, String) {
    let action = parameter(request, "Action");
    (200, answer(&action, "<vpcPeeringConnectionSet/><nextToken>again</nextToken>"))
}

async fn path(behaviour: Behaviour, deadline: Duration) -> (Result<PathFacts, Why>, Vec<String>) {
    let server = TestServer::start(behaviour).await;
    let aws = aws(&format!("http://{}", server.address), LONG).await;
    let query = PathQuery {
        region: "us-east-1".to_owned(),
        cluster_vpc: "vpc-1".to_owned(),
        database_vpc: None,
        security_group: Some("sg-9".to_owned()),
    };
    let facts = Ec2::connect(&aws).await.unwrap().path(&query, deadline).await;
    (facts, server.requests())
}

#[tokio::test]
async fn what_is_not_permitted_on_the_databases_side_is_told_beside_what_is_known() {
    let (facts, requests) =
        path(Behaviour::By(|request| Some(with_a_forbidden_database(request))), LONG).await;
    let facts = facts.unwrap();
    assert_eq!(facts.cluster_cidrs, ["10.1.0.0/16"], "no longer associated ranges are left out");
    let subnets: Vec<_> = facts.cluster_subnets.iter().map(|subnet| subnet.id.as_str()).collect();
    assert_eq!(subnets, ["subnet-1", "subnet-2"], "of both pages, sorted");
    let routes = &facts.cluster_routes[0].routes;
    assert_eq!(routes.len(), 1, "IPv4 alone: {routes:?}");
    assert_eq!((routes[0].target.as_str(), routes[0].state.as_str()), ("pcx-1", "blackhole"));
    assert_eq!(facts.peerings.len(), 1, "the broken one is seen");
    assert_eq!(facts.peerings[0].message, "Failed due to incorrect VPC-ID");
    assert_eq!(
        (facts.database_vpc.as_deref(), facts.database_region.as_deref()),
        (Some("vpc-9"), Some("eu-west-1"))
    );
    for (told, action) in [
        (facts.database_cidrs.unwrap().unwrap_err(), "ec2:DescribeVpcs"),
        (facts.database_routes.unwrap().unwrap_err(), "ec2:DescribeRouteTables"),
        (facts.security_group.unwrap().unwrap_err(), "ec2:DescribeSecurityGroups"),
    ] {
        assert!(told.contains(action) && told.contains("You are not authorized"), "{told}");
    }
    assert!(requests.iter().all(|request| request.contains("Version=2016-11-15")));
}

#[tokio::test]
async fn a_second_round_without_an_answer_leaves_the_first_ones() {
    let (facts, _) = path(Behaviour::By(with_a_silent_database), Duration::from_secs(2)).await;
    let facts = facts.unwrap();
    assert_eq!(facts.cluster_cidrs, ["10.1.0.0/16"]);
    assert_eq!(facts.database_cidrs, Some(Err("no answer in time".to_owned())));
    assert_eq!(facts.security_group, Some(Err("no answer in time".to_owned())));
}

#[tokio::test]
async fn pages_without_an_end_are_not_read_for_ever() {
    let (facts, requests) = path(Behaviour::By(|request| Some(for_ever(request))), LONG).await;
    let why = facts.unwrap_err();
    assert_eq!(why.kind, WhyKind::Garbage, "{}", why.message);
    assert!(requests.len() <= 7 * 20, "{}", requests.len());
}

#[test]
fn the_databases_vpc_is_the_other_side_of_the_only_peering() {
    let peering = |id: &str, vpc: &str, status: &str| Peering {
        id: id.to_owned(),
        status: status.to_owned(),
        requester: PeeringSide { vpc_id: "vpc-1".to_owned(), ..PeeringSide::default() },
        accepter: PeeringSide {
            vpc_id: vpc.to_owned(),
            region: if vpc == "vpc-here" { String::new() } else { "eu-west-1".to_owned() },
            cidrs: Vec::new(),
        },
        ..Peering::default()
    };
    let query = |database: Option<&str>| PathQuery {
        region: "us-east-1".to_owned(),
        cluster_vpc: "vpc-1".to_owned(),
        database_vpc: database.map(str::to_owned),
        security_group: None,
    };
    let (active, deleted) = (peering("a", "vpc-9", "active"), peering("b", "vpc-8", "deleted"));
    let (pending, again) = (peering("c", "vpc-7", "pending-acceptance"), peering("d", "vpc-9", "deleted"));
    let found = |vpc: &str, region: Option<&str>| Some((vpc.to_owned(), region.map(str::to_owned)));
    for (database, peerings, expected) in [
        (None, vec![], None),
        (None, vec![active.clone()], found("vpc-9", Some("eu-west-1"))),
        // The broken one may be the database's.
        (None, vec![active.clone(), deleted.clone()], None),
        (None, vec![deleted.clone()], found("vpc-8", Some("eu-west-1"))),
        (None, vec![active.clone(), pending.clone()], None),
        (None, vec![active.clone(), again], found("vpc-9", Some("eu-west-1"))),
        (None, vec![peering("e", "vpc-here", "active")], found("vpc-here", Some("us-east-1"))),
        (Some("vpc-7"), vec![active.clone(), pending], found("vpc-7", Some("eu-west-1"))),
        (Some("vpc-5"), vec![active, deleted], found("vpc-5", None)),
    ] {
        assert_eq!(database_of(&query(database), &peerings), expected, "{database:?} {peerings:?}");
    }
}
