//! All AWS APIs on one port, told apart by the credential scope that each
//! request is signed for.
//!
//! Of a signature only the access key is looked at: it keeps apart the clients
//! of this world and those that came with other credentials.

use std::sync::Arc;

use axum::{
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderValue, Method, Request, StatusCode, header, request::Parts},
    response::Response,
};
use jiff::Timestamp;

use super::{
    random::Random,
    requests::{ChangingRequest, Requests},
    route53::Route53,
    sts,
    xml::Element,
};

/// No request of a reading client is near it.
const BODY_LIMIT: usize = 64 * 1024;

/// An access key of the practice account.
#[derive(Debug, Clone)]
pub(super) struct AccessKey {
    /// Its public half.
    pub id: String,
    /// What clients sign with.
    pub secret: String,
}

impl AccessKey {
    /// A key of this world alone.
    pub(super) fn new(random: &mut Random) -> Self {
        let id = format!("AKIAPRACTICE{}", &random.hex(1)[..8].to_uppercase());
        Self { id, secret: random.hex(3)[..40].to_owned() }
    }
}

/// A request as the services see it.
pub(super) struct AwsRequest {
    pub method: Method,
    pub path: String,
    pub query: String,
    pub body: String,
}

/// An error in the XML that Route 53 and the query protocol share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AwsError {
    pub status: StatusCode,
    pub code: &'static str,
    pub message: String,
}

impl AwsError {
    /// A fault of the sender's.
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    fn response(&self, request_id: &str) -> Response {
        let error = Element::parent(
            "Error",
            [
                Element::text("Type", "Sender"),
                Element::text("Code", self.code),
                Element::text("Message", &self.message),
            ],
        );
        Element::parent("ErrorResponse", [error, Element::text("RequestId", request_id)])
            .response(self.status)
    }
}

/// What a request is signed for.
#[derive(Debug, PartialEq, Eq)]
struct Scope {
    access_key_id: String,
    region: String,
    service: String,
}

impl Scope {
    /// From the Authorization header, or from a presigned URL's query.
    fn of(authorization: Option<&str>, query: &str) -> Option<Self> {
        let signed = authorization.and_then(|value| {
            let parameters = value.strip_prefix("AWS4-HMAC-SHA256")?;
            parameters.split(',').find_map(|one| one.trim().strip_prefix("Credential=")).map(str::to_owned)
        });
        let credential = signed.or_else(|| parameter(query, "X-Amz-Credential"))?;
        match credential.split('/').collect::<Vec<_>>()[..] {
            [access_key_id, _date, region, service, "aws4_request"] => Some(Self {
                access_key_id: access_key_id.to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
            }),
            _ => None,
        }
    }
}

/// A parameter of a query or of a form's body, decoded.
pub(super) fn parameter(query: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(query.as_bytes())
        .find_map(|(key, value)| (key == name).then(|| value.into_owned()))
}

/// The AWS side of the world.
pub(super) struct Aws {
    pub access_key_id: String,
    pub route53: Route53,
    pub requests: Requests,
    /// Names requests (`x-amzn-requestid`).
    pub request_ids: std::sync::Mutex<Random>,
}

/// Answers any request to an AWS API.
pub(super) async fn handle(State(aws): State<Arc<Aws>>, request: Request<Body>) -> Response {
    let request_id = aws.request_ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner).uuid();
    let (parts, body) = request.into_parts();
    let mut response = match aws.answer(&parts, body, &request_id).await {
        Ok(element) => element.response(StatusCode::OK),
        Err(error) => error.response(&request_id),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

impl Aws {
    async fn answer(&self, parts: &Parts, body: Body, request_id: &str) -> Result<Element, AwsError> {
        let query = parts.uri.query().unwrap_or_default();
        let scope = self.authenticate(parts, query)?;
        let body = to_bytes(body, BODY_LIMIT).await.map_err(|error| {
            AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", error.to_string())
        })?;
        let request = AwsRequest {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: query.to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        match scope.service.as_str() {
            "route53" => {
                let answer = self.route53.answer(&request);
                if Route53::changes(&request) {
                    self.record(parts, &scope, answer.as_ref().err());
                }
                answer
            }
            "sts" => sts::answer(&request, &self.access_key_id, request_id),
            service => Err(AwsError::new(
                StatusCode::BAD_REQUEST,
                "InvalidAction",
                format!("The practice world has no service {service}."),
            )),
        }
    }

    fn authenticate(&self, parts: &Parts, query: &str) -> Result<Scope, AwsError> {
        let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let scope = Scope::of(authorization, query).ok_or_else(|| {
            AwsError::new(
                StatusCode::FORBIDDEN,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
        })?;
        if scope.access_key_id == self.access_key_id {
            Ok(scope)
        } else {
            Err(AwsError::new(
                StatusCode::FORBIDDEN,
                "InvalidClientTokenId",
                "The security token included in the request is invalid.",
            ))
        }
    }

    fn record(&self, parts: &Parts, scope: &Scope, error: Option<&AwsError>) {
        let user_agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
        self.requests.record(ChangingRequest {
            at: Timestamp::now(),
            region: scope.region.clone(),
            method: parts.method.to_string(),
            path: parts.uri.to_string(),
            user_agent: user_agent.unwrap_or_default().to_owned(),
            status: error.map_or(StatusCode::OK, |error| error.status).as_u16(),
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_names_key_region_and_service() {
        let header = "AWS4-HMAC-SHA256 Credential=AKID/20250102/us-east-1/route53/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=00";
        let presigned =
            "Action=GetCallerIdentity&X-Amz-Credential=AKID%2F20250102%2Feu-west-1%2Fsts%2Faws4_request";
        let cases = [
            (Some(header), "", Some(("us-east-1", "route53"))),
            (Some(header), presigned, Some(("us-east-1", "route53"))),
            (None, presigned, Some(("eu-west-1", "sts"))),
            (Some("Bearer AKID"), "", None),
            (Some("AWS4-HMAC-SHA256 Credential=AKID/20250102/us-east-1/route53, Signature=00"), "", None),
            (None, "", None),
        ];
        for (authorization, query, expected) in cases {
            let expected = expected.map(|(region, service)| Scope {
                access_key_id: "AKID".to_owned(),
                region: region.to_owned(),
                service: service.to_owned(),
            });
            assert_eq!(Scope::of(authorization, query), expected, "{authorization:?} {query}");
        }
    }
}
