use axum::http::Method;

use super::*;
use crate::practice::plight::{Plight, Targets};
use crate::practice::region::tests::region;

fn elb(targets: Targets) -> Elb {
    Elb { regions: Arc::new([Arc::new(region(Plight { targets, ..Plight::WELL }))]) }
}

/// The document that a query gives in a region, or the error's code.
fn ask(elb: &Elb, region: &str, body: &str) -> Result<String, &'static str> {
    let request =
        AwsRequest { method: Method::POST, path: "/".into(), query: String::new(), body: body.into() };
    elb.answer(&request, region, "id").map(|answer| answer.document()).map_err(|error| error.code)
}

#[test]
fn a_region_has_one_of_each() {
    let elb = elb(Targets::FollowPods);
    let place = elb.regions[0].place;
    let (balancer, group) = (place.load_balancer_arn(), place.target_group_arn());
    let listener = shapes::listener_arn(place);
    let (name, group_name) = (place.load_balancer_name(), place.target_group_name());
    let cases = [
        ("DescribeLoadBalancers".to_owned(), "<DNSName>", 1),
        (format!("DescribeLoadBalancers&LoadBalancerArns.member.1={balancer}"), "<DNSName>", 1),
        (format!("DescribeLoadBalancers&Names.member.1={name}"), "<DNSName>", 1),
        ("DescribeTargetGroups".to_owned(), "<TargetGroupName>", 1),
        (format!("DescribeTargetGroups&LoadBalancerArn={balancer}"), "<TargetGroupName>", 1),
        (format!("DescribeTargetGroups&TargetGroupArns.member.1={group}"), "<TargetGroupName>", 1),
        (format!("DescribeTargetGroups&Names.member.1={group_name}"), "<TargetGroupName>", 1),
        (format!("DescribeTargetHealth&TargetGroupArn={group}"), "<State>healthy</State>", 3),
        (format!("DescribeListeners&LoadBalancerArn={balancer}"), "<SslPolicy>", 1),
        (format!("DescribeListeners&ListenerArns.member.1={listener}"), "<SslPolicy>", 1),
        (
            format!("DescribeTags&ResourceArns.member.1={group}&ResourceArns.member.2={listener}"),
            "<Value>vcluster-platform/loft</Value>",
            2,
        ),
    ];
    for (query, shown, count) in cases {
        let document = ask(&elb, "us-east-1", &format!("Action={query}")).unwrap();
        assert_eq!(document.matches(shown).count(), count, "{query}: {document}");
    }
    for action in ["DescribeLoadBalancers", "DescribeTargetGroups"] {
        let elsewhere = ask(&elb, "us-west-2", &format!("Action={action}")).unwrap();
        assert!(!elsewhere.contains("<member>"), "{action}: {elsewhere}");
    }
}

#[test]
fn what_is_not_there_is_an_error_of_its_code() {
    let elb = elb(Targets::FollowPods);
    let group = elb.regions[0].place.target_group_arn();
    let balancer = elb.regions[0].place.load_balancer_arn();
    let cases = [
        ("us-east-1", "DescribeLoadBalancers&Names.member.1=other".to_owned(), "LoadBalancerNotFound"),
        ("us-east-1", "DescribeLoadBalancers&LoadBalancerArns.member.1=a".to_owned(), "LoadBalancerNotFound"),
        ("eu-west-1", format!("DescribeTargetGroups&LoadBalancerArn={balancer}"), "LoadBalancerNotFound"),
        ("us-east-1", "DescribeTargetGroups&Names.member.1=other".to_owned(), "TargetGroupNotFound"),
        ("eu-west-1", format!("DescribeTargetHealth&TargetGroupArn={group}"), "TargetGroupNotFound"),
        ("us-east-1", "DescribeTargetHealth".to_owned(), "ValidationError"),
        ("us-east-1", "DescribeListeners".to_owned(), "ValidationError"),
        ("us-east-1", "DescribeListeners&ListenerArns.member.1=a".to_owned(), "ListenerNotFound"),
        ("eu-west-1", format!("DescribeTags&ResourceArns.member.1={group}"), "TargetGroupNotFound"),
        ("us-east-1", "DescribeTags&ResourceArns.member.1=a".to_owned(), "LoadBalancerNotFound"),
        ("us-east-1", "DescribeRules".to_owned(), "AccessDenied"),
        ("us-east-1", "DeregisterTargets".to_owned(), "AccessDenied"),
    ];
    for (region, query, code) in cases {
        assert_eq!(ask(&elb, region, &format!("Action={query}")), Err(code), "{query}");
    }
}

#[test]
fn targets_that_are_asked_for_are_told_even_where_they_are_not_registered() {
    let elb = elb(Targets::Unhealthy);
    let region = &elb.regions[0];
    let pod = region.cluster.endpoints()[0].address.clone();
    let query = format!(
        "Action=DescribeTargetHealth&TargetGroupArn={}&Targets.member.1.Id={pod}&Targets.member.2.Id=10.0.0.9",
        region.place.target_group_arn()
    );
    let document = ask(&elb, "us-east-1", &query).unwrap();
    for (shown, count) in [("<State>unhealthy</State>", 1), ("<Reason>Target.NotRegistered</Reason>", 1)] {
        assert_eq!(document.matches(shown).count(), count, "{document}");
    }
}
