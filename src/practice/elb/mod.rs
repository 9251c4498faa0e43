//! Elastic Load Balancing: query protocol, API version 2015-12-01
//! (`domain.md`, section 4). One load balancer a region, with one target group.

mod shapes;
mod targets;

use std::sync::Arc;

use axum::http::StatusCode;

use self::targets::{PORT, Target};
use super::{
    aws::{AwsError, AwsRequest},
    query_protocol::Parameters,
    region::Region,
    sts::CALLER_ARN,
    xml::Element,
};

const NAMESPACE: &str = "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/";

/// The account's load balancers.
pub(super) struct Elb {
    regions: Arc<[Arc<Region>]>,
}

impl Elb {
    /// The load balancers of these regions.
    pub(super) fn new(regions: &Arc<[Arc<Region>]>) -> Self {
        Self { regions: Arc::clone(regions) }
    }

    /// Answers a request of a known caller to the service in a region.
    pub(super) fn answer(
        &self,
        request: &AwsRequest,
        region: &str,
        request_id: &str,
    ) -> Result<Element, AwsError> {
        let parameters = Parameters::of(request);
        let here = self.regions.iter().find(|known| known.place.region == region).map(AsRef::as_ref);
        let (response, result, children) = match parameters.action() {
            "DescribeLoadBalancers" => {
                let found = load_balancers(&parameters, here)?;
                let members = found.into_iter().map(shapes::load_balancer);
                (
                    "DescribeLoadBalancersResponse",
                    "DescribeLoadBalancersResult",
                    Element::parent("LoadBalancers", members),
                )
            }
            "DescribeTargetGroups" => {
                let found = target_groups(&parameters, here)?;
                let members = found.into_iter().map(shapes::target_group);
                (
                    "DescribeTargetGroupsResponse",
                    "DescribeTargetGroupsResult",
                    Element::parent("TargetGroups", members),
                )
            }
            "DescribeTargetHealth" => {
                let members = target_health(&parameters, here)?.into_iter().map(shapes::target_health);
                (
                    "DescribeTargetHealthResponse",
                    "DescribeTargetHealthResult",
                    Element::parent("TargetHealthDescriptions", members),
                )
            }
            "DescribeListeners" => {
                let members = listeners(&parameters, here)?.into_iter().map(shapes::listener);
                (
                    "DescribeListenersResponse",
                    "DescribeListenersResult",
                    Element::parent("Listeners", members),
                )
            }
            "DescribeTags" => {
                let members = tags(&parameters, here)?;
                ("DescribeTagsResponse", "DescribeTagsResult", Element::parent("TagDescriptions", members))
            }
            action => return Err(denied(action)),
        };
        let metadata = Element::parent("ResponseMetadata", [Element::text("RequestId", request_id)]);
        Ok(Element::parent(response, [Element::parent(result, [children]), metadata]).in_namespace(NAMESPACE))
    }
}

fn denied(action: &str) -> AwsError {
    let message = format!(
        "User: {CALLER_ARN} is not authorized to perform: elasticloadbalancing:{action} because no \
         identity-based policy allows the elasticloadbalancing:{action} action"
    );
    AwsError::new(StatusCode::FORBIDDEN, "AccessDenied", message)
}

fn not_found(code: &'static str, message: impl Into<String>) -> AwsError {
    AwsError::new(StatusCode::BAD_REQUEST, code, message)
}

/// The region's one resource if the ids are none or its own; each other one is an error.
fn only<'a>(
    here: Option<&'a Region>,
    ids: &[&str],
    own: impl Fn(&Region) -> String,
    error: &AwsError,
) -> Result<Option<&'a Region>, AwsError> {
    let foreign = ids.iter().any(|id| here.is_none_or(|region| own(region) != *id));
    if foreign { Err(error.clone()) } else { Ok(here) }
}

fn load_balancers<'a>(
    parameters: &Parameters,
    here: Option<&'a Region>,
) -> Result<Option<&'a Region>, AwsError> {
    let arns = parameters.list("LoadBalancerArns.member");
    let message = format!("Load balancers '[{}]' not found", arns.join(", "));
    let by_arn = not_found("LoadBalancerNotFound", message);
    only(here, &arns, |region| region.place.load_balancer_arn(), &by_arn)?;
    let names = parameters.list("Names.member");
    let message = format!("Load balancers '[{}]' not found", names.join(", "));
    let by_name = not_found("LoadBalancerNotFound", message);
    only(here, &names, |region| region.place.load_balancer_name(), &by_name)
}

fn target_groups<'a>(
    parameters: &Parameters,
    here: Option<&'a Region>,
) -> Result<Option<&'a Region>, AwsError> {
    let of: Vec<&str> = parameters.text("LoadBalancerArn").into_iter().collect();
    let unknown = not_found("LoadBalancerNotFound", "One or more load balancers not found");
    only(here, &of, |region| region.place.load_balancer_arn(), &unknown)?;
    let unknown = not_found("TargetGroupNotFound", "One or more target groups not found");
    let arns = parameters.list("TargetGroupArns.member");
    only(here, &arns, |region| region.place.target_group_arn(), &unknown)?;
    let names = parameters.list("Names.member");
    only(here, &names, |region| region.place.target_group_name(), &unknown)
}

/// The targets asked for, else all; one that is not registered is unused.
fn target_health(parameters: &Parameters, here: Option<&Region>) -> Result<Vec<Target>, AwsError> {
    let Some(arn) = parameters.text("TargetGroupArn") else {
        let message = "1 validation error detected: Value at 'targetGroupArn' failed to satisfy constraint: \
                       Member must not be null";
        return Err(AwsError::new(StatusCode::BAD_REQUEST, "ValidationError", message));
    };
    let region = here
        .filter(|region| region.place.target_group_arn() == arn)
        .ok_or_else(|| not_found("TargetGroupNotFound", format!("Target groups '{arn}' not found")))?;
    let registered = targets::of(region.targets(), &region.cluster.endpoints());
    let asked: Vec<String> = (1..)
        .map_while(|number| parameters.text(&format!("Targets.member.{number}.Id")))
        .map(str::to_owned)
        .collect();
    if asked.is_empty() {
        return Ok(registered);
    }
    let one = |id: String| {
        registered.iter().find(|target| target.id == id).cloned().unwrap_or_else(|| Target::unused(id))
    };
    Ok(asked.into_iter().map(one).collect())
}

fn listeners<'a>(parameters: &Parameters, here: Option<&'a Region>) -> Result<Option<&'a Region>, AwsError> {
    let of: Vec<&str> = parameters.text("LoadBalancerArn").into_iter().collect();
    let arns = parameters.list("ListenerArns.member");
    if of.is_empty() && arns.is_empty() {
        let message = "You must specify either listener ARNs or a load balancer ARN";
        return Err(AwsError::new(StatusCode::BAD_REQUEST, "ValidationError", message));
    }
    let unknown = not_found("LoadBalancerNotFound", "One or more load balancers not found");
    only(here, &of, |region| region.place.load_balancer_arn(), &unknown)?;
    let unknown = not_found("ListenerNotFound", "One or more listeners not found");
    only(here, &arns, |region| shapes::listener_arn(region.place), &unknown)
}

fn tags(parameters: &Parameters, here: Option<&Region>) -> Result<Vec<Element>, AwsError> {
    let of = |arn: &&str| {
        let region = here.ok_or_else(|| unknown_resource(arn))?;
        let place = region.place;
        let known = [place.load_balancer_arn(), place.target_group_arn(), shapes::listener_arn(place)];
        if known.iter().any(|known| known == arn) {
            Ok(shapes::tags(place, arn))
        } else {
            Err(unknown_resource(arn))
        }
    };
    parameters.list("ResourceArns.member").iter().map(of).collect()
}

fn unknown_resource(arn: &str) -> AwsError {
    let (code, noun) = match arn.split(':').nth(5) {
        Some(resource) if resource.starts_with("targetgroup/") => ("TargetGroupNotFound", "Target groups"),
        Some(resource) if resource.starts_with("listener/") => ("ListenerNotFound", "Listeners"),
        _ => ("LoadBalancerNotFound", "Load balancers"),
    };
    not_found(code, format!("{noun} '[{arn}]' not found"))
}

#[cfg(test)]
mod tests;
