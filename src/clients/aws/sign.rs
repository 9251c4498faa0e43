//! Signatures (SigV4) for what no SDK crate asks: EC2's queries, and the URL inside an EKS token.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    SignableBody, SignableRequest, SignatureLocation, SigningParams, SigningSettings, sign,
};
use aws_sigv4::sign::v4;
use http::{Method, Request, Uri};

use crate::clients::failure::words;
use crate::runbook::verdict::{Why, WhyKind};

/// Whose signature, for which service in which region, from when.
pub(crate) struct Scope<'a> {
    pub(crate) credentials: &'a Credentials,
    /// The name in the credential scope: `ec2`.
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) now: SystemTime,
}

/// The request with the headers that sign it.
pub(crate) fn signed(request: Request<Vec<u8>>, scope: &Scope<'_>) -> Result<Request<Vec<u8>>, Why> {
    apply(request, scope, SigningSettings::default())
}

/// A URL whose query carries the signature, for GET with these headers, valid so long.
///
/// # Errors
/// An endpoint that is no URL.
pub(crate) fn presigned(
    url: &str,
    headers: &[(&'static str, &str)],
    lasts: Duration,
    scope: &Scope<'_>,
) -> Result<String, Why> {
    let mut request = get(url)?;
    for (name, value) in headers {
        let value = http::HeaderValue::from_str(value).map_err(|error| unsigned(&error))?;
        request.headers_mut().insert(*name, value);
    }
    let mut settings = SigningSettings::default();
    settings.signature_location = SignatureLocation::QueryParams;
    settings.expires_in = Some(lasts);
    Ok(apply(request, scope, settings)?.uri().to_string())
}

fn get(url: &str) -> Result<Request<Vec<u8>>, Why> {
    let mut request = Request::new(Vec::new());
    *request.method_mut() = Method::GET;
    *request.uri_mut() = uri(url)?;
    Ok(request)
}

/// A URL with a host: the signature covers it, and without one the signing would end the program.
pub(crate) fn uri(url: &str) -> Result<Uri, Why> {
    let parsed: Uri = url.parse().map_err(|_| no_url(url))?;
    let is_http = matches!(parsed.scheme_str(), Some("http" | "https"));
    if is_http && parsed.host().is_some_and(|host| !host.is_empty()) { Ok(parsed) } else { Err(no_url(url)) }
}

fn no_url(url: &str) -> Why {
    let message = format!("The AWS endpoint `{}` is no http:// or https:// URL", words(url));
    Why::new(WhyKind::Configuration, message)
        .remedy("Correct AWS_ENDPOINT_URL or endpoint_url in the AWS config, then check again")
}

fn apply(
    mut request: Request<Vec<u8>>,
    scope: &Scope<'_>,
    settings: SigningSettings,
) -> Result<Request<Vec<u8>>, Why> {
    let identity = scope.credentials.clone().into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(scope.region)
        .name(scope.service)
        .time(scope.now)
        .settings(settings)
        .build()
        .map_err(|error| unsigned(&error))?;
    let mut headers = Vec::new();
    for (name, value) in request.headers() {
        headers.push((name.as_str(), value.to_str().map_err(|error| unsigned(&error))?));
    }
    let signable = SignableRequest::new(
        request.method().as_str(),
        request.uri().to_string(),
        headers.into_iter(),
        SignableBody::Bytes(request.body()),
    )
    .map_err(|error| unsigned(&error))?;
    let (instructions, _) =
        sign(signable, &SigningParams::from(params)).map_err(|error| unsigned(&error))?.into_parts();
    instructions.apply_to_request_http1x(&mut request);
    Ok(request)
}

/// Never quotes the error: it could carry the keys.
fn unsigned(_: &dyn std::error::Error) -> Why {
    Why::new(WhyKind::Configuration, "The request to AWS cannot be signed with these credentials")
        .remedy("Check the keys in the AWS credentials file for stray characters, then check again")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_without_a_host_is_refused_before_it_is_signed_for() {
        for bad in ["", "/", "127.0.0.1:5000", "ftp://x/", "http://"] {
            assert_eq!(uri(bad).unwrap_err().kind, WhyKind::Configuration, "{bad}");
        }
        assert!(uri("http://127.0.0.1:5000").is_ok());
    }

    #[test]
    fn keys_that_cannot_be_sent_are_refused_without_being_quoted() {
        let credentials = Credentials::new("AKID", "hunter22", Some("to\nken".to_owned()), None, "test");
        let now = SystemTime::UNIX_EPOCH;
        let scope = Scope { credentials: &credentials, service: "ec2", region: "us-east-1", now };
        let mut request = get("https://ec2.us-east-1.amazonaws.com/").unwrap();
        *request.method_mut() = Method::POST;
        let why = signed(request, &scope).unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration);
        assert!(!why.message.contains("hunter22") && !why.message.contains("ken"), "{}", why.message);
    }
}
