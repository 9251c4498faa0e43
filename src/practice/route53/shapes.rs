//! The documents of Route 53's answers, elements in the order of its schema.

use crate::practice::{
    checkers::{CHECKER_REGIONS, FAILURE_THRESHOLD, HealthCheck, INTERVAL, Observation},
    plight::CheckSetting,
    xml::Element,
};

const NAMESPACE: &str = "https://route53.amazonaws.com/doc/2013-04-01/";

pub(super) fn get_health_check(check: &HealthCheck) -> Element {
    Element::parent("GetHealthCheckResponse", [health_check(check)]).in_namespace(NAMESPACE)
}

pub(super) fn list(
    page: &[&HealthCheck],
    marker: &str,
    next: Option<&HealthCheck>,
    max_items: usize,
) -> Element {
    let mut children = vec![
        Element::parent("HealthChecks", page.iter().map(|check| health_check(check))),
        Element::text("Marker", marker),
        Element::text("IsTruncated", next.is_some()),
    ];
    children.extend(next.map(|check| Element::text("NextMarker", &check.id)));
    children.push(Element::text("MaxItems", max_items));
    Element::parent("ListHealthChecksResponse", children).in_namespace(NAMESPACE)
}

/// The answer of both operations that give observations.
pub(super) fn observations(response: &'static str, observations: Vec<Observation>) -> Element {
    let observation = |seen: Observation| {
        let report = [Element::text("Status", seen.status), Element::text("CheckedTime", seen.checked_at)];
        Element::parent(
            "HealthCheckObservation",
            [
                Element::text("Region", seen.region),
                Element::text("IPAddress", seen.address),
                Element::parent("StatusReport", report),
            ],
        )
    };
    let list = Element::parent("HealthCheckObservations", observations.into_iter().map(observation));
    Element::parent(response, [list]).in_namespace(NAMESPACE)
}

pub(super) fn tags_of_one(check: &HealthCheck) -> Element {
    Element::parent("ListTagsForResourceResponse", [tag_set(check)]).in_namespace(NAMESPACE)
}

pub(super) fn tags_of_many(checks: &[&HealthCheck]) -> Element {
    let sets = Element::parent("ResourceTagSets", checks.iter().map(|check| tag_set(check)));
    Element::parent("ListTagsForResourcesResponse", [sets]).in_namespace(NAMESPACE)
}

fn health_check(check: &HealthCheck) -> Element {
    let regions = CHECKER_REGIONS.map(|region| Element::text("Region", region));
    let config = Element::parent(
        "HealthCheckConfig",
        [
            Element::text("Port", 443),
            Element::text("Type", "HTTPS"),
            Element::text("ResourcePath", "/healthz"),
            Element::text("FullyQualifiedDomainName", check.host()),
            Element::text("RequestInterval", INTERVAL.as_secs()),
            Element::text("FailureThreshold", FAILURE_THRESHOLD),
            Element::text("MeasureLatency", false),
            Element::text("Inverted", check.setting() == CheckSetting::Inverted),
            Element::text("Disabled", check.setting() == CheckSetting::Disabled),
            Element::text("EnableSNI", true),
            Element::parent("Regions", regions),
        ],
    );
    Element::parent(
        "HealthCheck",
        [
            Element::text("Id", &check.id),
            Element::text("CallerReference", name(check)),
            config,
            Element::text("HealthCheckVersion", 1),
        ],
    )
}

fn tag_set(check: &HealthCheck) -> Element {
    let tag = Element::parent("Tag", [Element::text("Key", "Name"), Element::text("Value", name(check))]);
    Element::parent(
        "ResourceTagSet",
        [
            Element::text("ResourceType", "healthcheck"),
            Element::text("ResourceId", &check.id),
            Element::parent("Tags", [tag]),
        ],
    )
}

fn name(check: &HealthCheck) -> String {
    format!("platform-multi-region-{}", check.place.region)
}
