//! Route 53's health checks: REST with XML, API version 2013-04-01.
//!
//! Reading operations only, as the responder's role is allowed them
//! (`domain.md`, section 2).

mod shapes;
mod throttle;

use std::{sync::Arc, time::Instant};

use axum::http::{Method, StatusCode};

use self::throttle::{Limited, Throttle};
use super::{
    aws::{AwsError, AwsRequest, parameter},
    checkers::HealthCheck,
    region::Region,
    sts::CALLER_ARN,
    xml::{Element, texts_of},
};

const PREFIX: &str = "/2013-04-01/";
/// The page size where a client names none, and the largest.
const MAX_ITEMS: usize = 100;

/// The account's Route 53.
pub(super) struct Route53 {
    /// Sorted by the health checks' ids, as they are listed.
    regions: Vec<Arc<Region>>,
    throttle: Throttle,
}

/// What a request asks for.
#[derive(Debug, PartialEq, Eq)]
enum Operation<'a> {
    GetHealthCheck(&'a str),
    GetHealthCheckStatus(&'a str),
    GetHealthCheckLastFailureReason(&'a str),
    ListHealthChecks,
    ListTagsForResource(&'a str),
    ListTagsForResources,
}

impl<'a> Operation<'a> {
    fn of(method: &Method, path: &'a str) -> Option<Self> {
        let parts: Vec<&str> = path.strip_prefix(PREFIX)?.split('/').collect();
        match (method.as_str(), &parts[..]) {
            ("GET", ["healthcheck"]) => Some(Self::ListHealthChecks),
            ("GET", ["healthcheck", id]) => Some(Self::GetHealthCheck(id)),
            ("GET", ["healthcheck", id, "status"]) => Some(Self::GetHealthCheckStatus(id)),
            ("GET", ["healthcheck", id, "lastfailurereason"]) => {
                Some(Self::GetHealthCheckLastFailureReason(id))
            }
            ("GET", ["tags", "healthcheck", id]) => Some(Self::ListTagsForResource(id)),
            ("POST", ["tags", "healthcheck"]) => Some(Self::ListTagsForResources),
            _ => None,
        }
    }

    fn limited(&self) -> Option<Limited> {
        match self {
            Self::GetHealthCheckStatus(_) => Some(Limited::Status),
            Self::GetHealthCheckLastFailureReason(_) => Some(Limited::LastFailureReason),
            _ => None,
        }
    }
}

impl Route53 {
    /// The health checks of these regions, throttled at the world's speed.
    pub(super) fn new(regions: &[Arc<Region>], speed: f64) -> Self {
        let mut regions = regions.to_vec();
        regions.sort_by(|one, other| one.health_check.id.cmp(&other.health_check.id));
        Self { regions, throttle: Throttle::new(speed, Instant::now()) }
    }

    /// Whether a request would change something, were it allowed to.
    pub(super) fn changes(request: &AwsRequest) -> bool {
        request.method != Method::GET && Operation::of(&request.method, &request.path).is_none()
    }

    /// Answers a request of a known caller.
    pub(super) fn answer(&self, request: &AwsRequest) -> Result<Element, AwsError> {
        let operation = Operation::of(&request.method, &request.path);
        if !self.throttle.allows(operation.as_ref().and_then(Operation::limited), Instant::now()) {
            return Err(AwsError::new(StatusCode::BAD_REQUEST, "Throttling", "Rate exceeded"));
        }
        let operation = operation.ok_or_else(|| {
            let message = format!("User: {CALLER_ARN} is not authorized to perform this operation");
            AwsError::new(StatusCode::FORBIDDEN, "AccessDenied", message)
        })?;
        match operation {
            Operation::GetHealthCheck(id) => self.find(id).map(shapes::get_health_check),
            Operation::GetHealthCheckStatus(id) => {
                let check = self.find(id)?;
                Ok(shapes::observations("GetHealthCheckStatusResponse", check.observations()))
            }
            Operation::GetHealthCheckLastFailureReason(id) => {
                let check = self.find(id)?;
                Ok(shapes::observations("GetHealthCheckLastFailureReasonResponse", check.last_failures()))
            }
            Operation::ListHealthChecks => self.list(&request.query),
            Operation::ListTagsForResource(id) => self.find(id).map(shapes::tags_of_one),
            Operation::ListTagsForResources => self.tags_of(&request.body),
        }
    }

    fn checks(&self) -> impl Iterator<Item = &HealthCheck> {
        self.regions.iter().map(|region| &region.health_check)
    }

    fn find(&self, id: &str) -> Result<&HealthCheck, AwsError> {
        self.checks().find(|check| check.id == id).ok_or_else(|| {
            let message = format!("A health check with id {id} does not exist.");
            AwsError::new(StatusCode::NOT_FOUND, "NoSuchHealthCheck", message)
        })
    }

    fn list(&self, query: &str) -> Result<Element, AwsError> {
        let max_items = match parameter(query, "maxitems") {
            None => MAX_ITEMS,
            Some(text) => match text.parse() {
                Ok(number @ 1..=MAX_ITEMS) => number,
                _ => return Err(invalid(format!("maxitems must be a number from 1 to {MAX_ITEMS}"))),
            },
        };
        let marker = parameter(query, "marker").unwrap_or_default();
        let mut checks = self.checks().skip_while(|check| !marker.is_empty() && check.id != marker);
        let page: Vec<&HealthCheck> = checks.by_ref().take(max_items).collect();
        if page.is_empty() {
            return Err(invalid(format!("no health check {marker} to begin with")));
        }
        Ok(shapes::list(&page, &marker, checks.next(), max_items))
    }

    fn tags_of(&self, body: &str) -> Result<Element, AwsError> {
        let ids = texts_of(body, "ResourceId").filter(|ids| (1..=10).contains(&ids.len()));
        let ids = ids.ok_or_else(|| invalid("1 to 10 ResourceId elements are expected".to_owned()))?;
        let checks = ids.iter().map(|id| self.find(id)).collect::<Result<Vec<_>, _>>()?;
        Ok(shapes::tags_of_many(&checks))
    }
}

fn invalid(message: String) -> AwsError {
    AwsError::new(StatusCode::BAD_REQUEST, "InvalidInput", message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_name_operations() {
        let cases = [
            ("GET", "/2013-04-01/healthcheck", Some(Operation::ListHealthChecks)),
            ("GET", "/2013-04-01/healthcheck/a", Some(Operation::GetHealthCheck("a"))),
            ("GET", "/2013-04-01/healthcheck/a/status", Some(Operation::GetHealthCheckStatus("a"))),
            (
                "GET",
                "/2013-04-01/healthcheck/a/lastfailurereason",
                Some(Operation::GetHealthCheckLastFailureReason("a")),
            ),
            ("GET", "/2013-04-01/tags/healthcheck/a", Some(Operation::ListTagsForResource("a"))),
            ("POST", "/2013-04-01/tags/healthcheck", Some(Operation::ListTagsForResources)),
            ("POST", "/2013-04-01/healthcheck/a", None),
            ("DELETE", "/2013-04-01/healthcheck/a", None),
            ("GET", "/2012-12-12/healthcheck", None),
            ("GET", "/", None),
        ];
        for (method, path, expected) in cases {
            let request = AwsRequest {
                method: method.parse().unwrap(),
                path: path.into(),
                query: String::new(),
                body: String::new(),
            };
            assert_eq!(Operation::of(&request.method, path), expected, "{method} {path}");
            let changes = method != "GET" && expected.is_none();
            assert_eq!(Route53::changes(&request), changes, "{method} {path}");
        }
    }
}
