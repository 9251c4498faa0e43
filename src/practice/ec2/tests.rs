use super::operations::{OPERATIONS, Operation};
use super::*;
use crate::practice::network::{cluster_vpc_id, database_vpc_id};
use crate::practice::places::PLACES;
use crate::practice::plight::Network as Plight;

fn network(us: Plight) -> Network {
    Network::of(&[(&PLACES[0], us), (&PLACES[1], Plight::Open)])
}

fn operation(action: &str) -> &'static Operation {
    static ALL: [Operation; 6] = OPERATIONS;
    ALL.iter().find(|operation| operation.action == action).unwrap()
}

/// The ids that a query gives in a region, or the error's code.
fn ids(us: Plight, region: &str, query: &str) -> Result<Vec<String>, &'static str> {
    let parameters = Parameters::parse(query);
    let operation = operation(parameters.action());
    let items = (operation.items)(&network(us), region);
    let (page, _) = select(operation, &parameters, items).map_err(|error| error.code)?;
    Ok(page.iter().flat_map(|item| item.texts_at(operation.id.path)).map(str::to_owned).collect())
}

#[test]
fn every_operation_lists_what_its_region_has() {
    let cases = [
        ("DescribeVpcs", 2, 1),
        ("DescribeSubnets", 9, 6),
        ("DescribeRouteTables", 6, 4),
        // One of them leads to another region.
        ("DescribeVpcPeeringConnections", 2, 1),
        ("DescribeSecurityGroups", 4, 3),
        ("DescribeNetworkAcls", 2, 1),
    ];
    for (action, us, eu) in cases {
        for (region, expected) in [("us-east-1", us), ("eu-west-1", eu), ("us-west-2", 0)] {
            let found = ids(Plight::Open, region, &format!("Action={action}")).unwrap();
            assert_eq!(found.len(), expected, "{action} in {region}");
        }
    }
}

#[test]
fn each_filter_is_about_something_that_an_item_can_have() {
    // What no item of this network has: a time of expiry once it is accepted.
    let empty = ["expiration-time"];
    for operation in &OPERATIONS {
        let items = (operation.items)(&network(Plight::Open), "us-east-1");
        for (name, path) in operation.filters {
            let some = items.iter().any(|item| !item.texts_at(path).is_empty());
            assert_eq!(some, !empty.contains(name), "{} {name}", operation.action);
        }
    }
}

#[test]
fn filters_narrow_as_the_real_ones() {
    let vpc = cluster_vpc_id(&PLACES[0]);
    let database = database_vpc_id();
    let one = |name: &str, value: &str| format!("&Filter.1.Name={name}&Filter.1.Value.1={value}");
    let cases = [
        ("DescribeVpcs", one("vpc-id", &vpc), 1),
        ("DescribeVpcs", one("cidr", "10.1.0.0/16"), 1),
        ("DescribeVpcs", one("cidr", "10.*"), 2),
        ("DescribeVpcs", one("cidr", "10.?.0.0/16"), 2),
        ("DescribeVpcs", one("cidr", "10.0"), 0),
        ("DescribeVpcs", one("tag:Name", "platform-database"), 1),
        ("DescribeVpcs", one("tag:Name", "Name"), 0),
        ("DescribeVpcs", one("tag-key", "Name"), 2),
        ("DescribeVpcs", format!("&VpcId.1={vpc}&VpcId.2={database}"), 2),
        ("DescribeVpcs", format!("&VpcId.1={vpc}{}", one("cidr", "10.1.0.0/16")), 0),
        ("DescribeSubnets", one("vpc-id", &vpc), 6),
        ("DescribeSubnets", format!("{}&Filter.1.Value.2={database}", one("vpc-id", &vpc)), 9),
        (
            "DescribeSubnets",
            format!("{}&Filter.2.Name=availability-zone&Filter.2.Value.1=us-east-1a", one("vpc-id", &vpc)),
            2,
        ),
        ("DescribeRouteTables", one("association.main", "true"), 2),
        ("DescribeRouteTables", one("route.state", "blackhole"), 0),
        ("DescribeVpcPeeringConnections", one("requester-vpc-info.vpc-id", &vpc), 1),
        ("DescribeVpcPeeringConnections", one("accepter-vpc-info.vpc-id", &database), 2),
        ("DescribeVpcPeeringConnections", one("status-code", "active"), 2),
        ("DescribeVpcPeeringConnections", one("status-code", "deleted"), 0),
        ("DescribeSecurityGroups", one("ip-permission.from-port", "3306"), 1),
        ("DescribeNetworkAcls", one("default", "true"), 2),
    ];
    for (action, rest, expected) in cases {
        let found = ids(Plight::Open, "us-east-1", &format!("Action={action}{rest}")).unwrap();
        assert_eq!(found.len(), expected, "{action}{rest}");
    }
}

#[test]
fn a_deleted_peering_shows_only_without_a_filter_for_active_ones() {
    let active = "Action=DescribeVpcPeeringConnections&Filter.1.Name=status-code&Filter.1.Value.1=active";
    assert_eq!(ids(Plight::PeeringInactive, "us-east-1", active).unwrap().len(), 1);
    let all = "Action=DescribeVpcPeeringConnections";
    assert_eq!(ids(Plight::PeeringInactive, "us-east-1", all).unwrap().len(), 2);
    let blackholes = "Action=DescribeRouteTables&Filter.1.Name=route.state&Filter.1.Value.1=blackhole";
    assert_eq!(ids(Plight::PeeringInactive, "us-east-1", blackholes).unwrap().len(), 6);
    assert!(ids(Plight::PeeringInactive, "eu-west-1", blackholes).unwrap().is_empty());
}

#[test]
fn what_ec2_refuses_is_refused_by_its_codes() {
    let eu_vpc = cluster_vpc_id(&PLACES[1]);
    let cases = [
        ("Action=DescribeVpcs&Filter.1.Name=colour&Filter.1.Value.1=red".to_owned(), "InvalidParameterValue"),
        (
            "Action=DescribeVpcs&Filter.1.Name=requester-vpc-info.vpc-id&Filter.1.Value.1=a".to_owned(),
            "InvalidParameterValue",
        ),
        // Of another region.
        (format!("Action=DescribeVpcs&VpcId.1={eu_vpc}"), "InvalidVpcID.NotFound"),
        ("Action=DescribeSubnets&SubnetId.1=subnet-0".to_owned(), "InvalidSubnetID.NotFound"),
        ("Action=DescribeRouteTables&RouteTableId.1=rtb-0".to_owned(), "InvalidRouteTableID.NotFound"),
        (
            "Action=DescribeVpcPeeringConnections&VpcPeeringConnectionId.1=pcx-0".to_owned(),
            "InvalidVpcPeeringConnectionID.NotFound",
        ),
        ("Action=DescribeSecurityGroups&GroupId.1=sg-0".to_owned(), "InvalidGroup.NotFound"),
        ("Action=DescribeNetworkAcls&NetworkAclId.1=acl-0".to_owned(), "InvalidNetworkAclID.NotFound"),
        ("Action=DescribeVpcs&Colour=red".to_owned(), "UnknownParameter"),
        ("Action=DescribeVpcs&DryRun=true".to_owned(), "DryRunOperation"),
        ("Action=DescribeVpcs&MaxResults=1".to_owned(), "InvalidParameterValue"),
        ("Action=DescribeVpcs&NextToken=a".to_owned(), "InvalidParameterValue"),
    ];
    for (query, expected) in cases {
        assert_eq!(ids(Plight::Open, "us-east-1", &query), Err(expected), "{query}");
    }
}

#[test]
fn pages_follow_each_other() {
    let all = ids(Plight::Open, "us-east-1", "Action=DescribeSubnets").unwrap();
    let mut found = Vec::new();
    let mut token = String::new();
    for _ in 0..3 {
        let query = format!("Action=DescribeSubnets&MaxResults=5&NextToken={token}");
        found.extend(ids(Plight::Open, "us-east-1", &query).unwrap());
        let items = (operation("DescribeSubnets").items)(&network(Plight::Open), "us-east-1");
        let Some(next) = select(operation("DescribeSubnets"), &Parameters::parse(&query), items).unwrap().1
        else {
            break;
        };
        token = next;
    }
    assert_eq!(found, all);
}
