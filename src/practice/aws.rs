//! All AWS APIs on one port, told apart by the credential scope that each
//! request is signed for.
//!
//! Of a signature only the access key is looked at: it keeps apart the clients
//! of this world and those that came with other credentials. (The tokens of the
//! clusters are looked at more closely: see `eks_tokens`.)

use std::sync::Arc;

use axum::{
    Json,
    body::{Body, to_bytes},
    extract::State,
    http::{HeaderValue, Method, Request, StatusCode, header, request::Parts},
    response::{IntoResponse, Response},
};
use jiff::Timestamp;
use serde_json::json;

use super::{
    account::AccountNow,
    ec2::Ec2,
    eks::Eks,
    elb::Elb,
    listeners,
    query_protocol::{Parameters, only_asks},
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

/// An error, in whichever form its service tells it.
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
}

/// A service: what it calls errors, and how it tells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Service {
    Route53,
    Sts,
    Elb,
    Ec2,
    Eks,
    /// One that the world does not have.
    Other,
}

impl Service {
    /// By its name in credential scopes.
    fn of(name: &str) -> Self {
        match name {
            "route53" => Self::Route53,
            "sts" => Self::Sts,
            "elasticloadbalancing" => Self::Elb,
            "ec2" => Self::Ec2,
            "eks" => Self::Eks,
            _ => Self::Other,
        }
    }

    /// The access key is none of this account's.
    fn unknown_key(self) -> AwsError {
        let invalid = "The security token included in the request is invalid.";
        match self {
            Self::Ec2 => {
                let message = "AWS was not able to validate the provided access credentials";
                AwsError::new(StatusCode::UNAUTHORIZED, "AuthFailure", message)
            }
            Self::Eks => AwsError::new(StatusCode::FORBIDDEN, "UnrecognizedClientException", invalid),
            _ => AwsError::new(StatusCode::FORBIDDEN, "InvalidClientTokenId", invalid),
        }
    }

    /// The credentials have expired.
    fn expired(self) -> AwsError {
        let code = if self == Self::Eks { "ExpiredTokenException" } else { "ExpiredToken" };
        AwsError::new(StatusCode::FORBIDDEN, code, "The security token included in the request is expired")
    }

    fn error_response(self, error: &AwsError, request_id: &str) -> Response {
        let (code, message) = (Element::text("Code", error.code), Element::text("Message", &error.message));
        match self {
            Self::Eks => {
                let body = Json(json!({ "message": error.message }));
                (error.status, [("x-amzn-errortype", error.code)], body).into_response()
            }
            Self::Ec2 => {
                let errors = Element::parent("Errors", [Element::parent("Error", [code, message])]);
                Element::parent("Response", [errors, Element::text("RequestID", request_id)])
                    .response(error.status)
            }
            _ => {
                let error_element =
                    Element::parent("Error", [Element::text("Type", "Sender"), code, message]);
                Element::parent("ErrorResponse", [error_element, Element::text("RequestId", request_id)])
                    .response(error.status)
            }
        }
    }

    /// Whether a request would change something, were it allowed to.
    fn changes(self, request: &AwsRequest) -> bool {
        match self {
            Self::Route53 => Route53::changes(request),
            Self::Eks => request.method != Method::GET,
            Self::Elb | Self::Ec2 => !only_asks(Parameters::of(request).action()),
            Self::Sts | Self::Other => false,
        }
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
    pub account: AccountNow,
    pub route53: Route53,
    pub elb: Elb,
    pub ec2: Ec2,
    pub eks: Eks,
    pub requests: Requests,
    /// Names requests (`x-amzn-requestid`).
    pub request_ids: std::sync::Mutex<Random>,
}

/// Answers any request to an AWS API.
pub(super) async fn handle(State(aws): State<Arc<Aws>>, request: Request<Body>) -> Response {
    let request_id = aws.request_ids.lock().unwrap_or_else(std::sync::PoisonError::into_inner).uuid();
    let (parts, body) = request.into_parts();
    let authorization = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let scope = Scope::of(authorization, parts.uri.query().unwrap_or_default());
    let service = scope.as_ref().map_or(Service::Other, |scope| Service::of(&scope.service));
    if service == Service::Route53 && aws.account.route53_out_of_reach() {
        return listeners::cut();
    }
    let mut response = match aws.answer(&parts, body, scope, service, &request_id).await {
        Ok(response) => response,
        Err(error) => service.error_response(&error, &request_id),
    };
    if let Ok(value) = HeaderValue::from_str(&request_id) {
        response.headers_mut().insert("x-amzn-requestid", value);
    }
    response
}

impl Aws {
    async fn answer(
        &self,
        parts: &Parts,
        body: Body,
        scope: Option<Scope>,
        service: Service,
        request_id: &str,
    ) -> Result<Response, AwsError> {
        let scope = self.authenticate(scope, service)?;
        let body = to_bytes(body, BODY_LIMIT).await.map_err(|error| {
            AwsError::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestEntityTooLarge", error.to_string())
        })?;
        let request = AwsRequest {
            method: parts.method.clone(),
            path: parts.uri.path().to_owned(),
            query: parts.uri.query().unwrap_or_default().to_owned(),
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        let answer = self.ask(&request, &scope, service, request_id);
        if service.changes(&request) {
            self.record(parts, &scope, answer.as_ref().err());
        }
        answer
    }

    fn ask(
        &self,
        request: &AwsRequest,
        scope: &Scope,
        service: Service,
        request_id: &str,
    ) -> Result<Response, AwsError> {
        let region = scope.region.as_str();
        let document = match service {
            Service::Route53 => self.route53.answer(request)?,
            Service::Sts => sts::answer(request, &self.access_key_id, request_id)?,
            Service::Elb => self.elb.answer(request, region, request_id)?,
            Service::Ec2 => self.ec2.answer(request, region, request_id)?,
            Service::Eks => return Ok(Json(self.eks.answer(request, region)?).into_response()),
            Service::Other => {
                let message = format!("The practice world has no service {}.", scope.service);
                return Err(AwsError::new(StatusCode::BAD_REQUEST, "InvalidAction", message));
            }
        };
        Ok(document.response(StatusCode::OK))
    }

    fn authenticate(&self, scope: Option<Scope>, service: Service) -> Result<Scope, AwsError> {
        let scope = scope.ok_or_else(|| {
            AwsError::new(
                StatusCode::FORBIDDEN,
                "MissingAuthenticationToken",
                "Request is missing Authentication Token",
            )
        })?;
        if scope.access_key_id != self.access_key_id {
            Err(service.unknown_key())
        } else if self.account.expired() {
            Err(service.expired())
        } else {
            Ok(scope)
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

    #[tokio::test]
    async fn each_service_tells_errors_in_its_own_form() {
        let xml = |code: &str| {
            format!(
                "<?xml version=\"1.0\"?>\n<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>\
                 <Message>The security token included in the request is expired</Message></Error>\
                 <RequestId>id</RequestId></ErrorResponse>"
            )
        };
        let ec2 = "<?xml version=\"1.0\"?>\n<Response><Errors><Error><Code>ExpiredToken</Code>\
                   <Message>The security token included in the request is expired</Message></Error></Errors>\
                   <RequestID>id</RequestID></Response>"
            .to_owned();
        let eks = r#"{"message":"The security token included in the request is expired"}"#.to_owned();
        let cases = [
            ("route53", None, xml("ExpiredToken")),
            ("sts", None, xml("ExpiredToken")),
            ("elasticloadbalancing", None, xml("ExpiredToken")),
            ("ec2", None, ec2),
            ("eks", Some("ExpiredTokenException"), eks),
        ];
        for (name, header, expected) in cases {
            let service = Service::of(name);
            let response = service.error_response(&service.expired(), "id");
            assert_eq!(response.status(), StatusCode::FORBIDDEN, "{name}");
            let code = response.headers().get("x-amzn-errortype").map(|value| value.to_str().unwrap());
            assert_eq!(code, header, "{name}");
            let body = to_bytes(response.into_body(), BODY_LIMIT).await.unwrap();
            assert_eq!(String::from_utf8_lossy(&body), expected, "{name}");
        }
    }

    #[test]
    fn what_would_change_something_is_known_by_its_name_or_method() {
        let query = |body: &str| (Method::POST, "/".to_owned(), body.to_owned());
        let rest = |method: Method, path: &str| (method, path.to_owned(), String::new());
        let cases = [
            ("ec2", query("Action=DescribeVpcs"), false),
            ("ec2", query("Action=DescribeInstances"), false),
            ("ec2", query("Action=GetConsoleOutput"), false),
            ("ec2", query("Action=DeleteVpc"), true),
            ("ec2", query("Action=AuthorizeSecurityGroupIngress"), true),
            ("ec2", query(""), true),
            ("elasticloadbalancing", query("Action=DescribeTargetHealth"), false),
            ("elasticloadbalancing", query("Action=DeregisterTargets"), true),
            ("eks", rest(Method::GET, "/clusters"), false),
            ("eks", rest(Method::DELETE, "/clusters/a"), true),
            ("route53", rest(Method::DELETE, "/2013-04-01/healthcheck/a"), true),
            ("sts", query("Action=AssumeRole"), false),
        ];
        for (service, (method, path, body), expected) in cases {
            let request = AwsRequest { method, path, query: String::new(), body };
            assert_eq!(Service::of(service).changes(&request), expected, "{service} {}", request.body);
        }
    }

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
