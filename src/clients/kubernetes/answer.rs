//! Answers of the API: bodies with a limit, statuses to reasons.

use http::Response;
use http_body_util::{BodyExt, Limited};
use hyper::body::Body as _;
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::clients::failure::{kind_of_status, of_connection, words};
use crate::clients::sign_in;
use crate::runbook::verdict::{Why, WhyKind};

/// The longest refusal that is read, in bytes.
const MAX_REFUSAL_BYTES: usize = 256 * 1024;

/// A call that gave no facts.
#[derive(Debug)]
pub(super) struct Failure {
    /// The HTTP status, where there was an answer.
    pub(super) code: Option<u16>,
    /// What the API itself said is not there.
    pub(super) missing: Option<Missing>,
    pub(super) why: Why,
}

/// What a 404 is about. One of something in between is about neither.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Missing {
    /// The object: a `Status` that names it.
    Object,
    /// The resource type, or the path: the API's plain text, or a `Status` that names no object.
    Type,
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self { code: None, missing: None, why }
    }
}

impl From<Failure> for Why {
    fn from(failure: Failure) -> Self {
        failure.why
    }
}

/// The answer itself, or the reason that a status other than 2xx tells.
pub(super) async fn accepted(server: &str, response: Response<Body>) -> Result<Response<Body>, Failure> {
    let status = response.status();
    if status.is_success() {
        return Ok(response);
    }
    // The status alone already tells the reason: a body that cannot be read only adds no words.
    let body = collect(server, response.into_body(), MAX_REFUSAL_BYTES).await.unwrap_or_default();
    Err(refused(server, status.as_u16(), &body))
}

/// A whole body of at most so many bytes.
pub(super) async fn collect(server: &str, body: Body, max_bytes: usize) -> Result<Vec<u8>, Failure> {
    // An answer that says how long it is need not be read to see that it is too long.
    if body.size_hint().lower() > max_bytes as u64 {
        return Err(Why::new(WhyKind::Garbage, format!("Too long an answer from {server}")).into());
    }
    let mut body = Limited::new(body, max_bytes);
    let mut whole = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| of_connection(server, error.as_ref()))?;
        if let Some(bytes) = frame.data_ref() {
            whole.extend_from_slice(bytes);
        }
    }
    Ok(whole)
}

/// A body as JSON of the expected kind.
pub(super) fn parse<T: DeserializeOwned>(server: &str, body: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(body).map_err(|error| {
        let message =
            format!("The answer of {server} is not what Kubernetes answers: {}", words(&error.to_string()));
        Why::new(WhyKind::Garbage, message).into()
    })
}

#[derive(Deserialize)]
struct Status {
    kind: String,
    #[serde(default)]
    message: String,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    #[serde(default)]
    name: String,
}

/// What the API answers where it knows no such path: a text, no `Status`.
const UNKNOWN_PATH: &str = "404 page not found";

fn missing(code: u16, status: Option<&Status>, said: &str) -> Option<Missing> {
    match status {
        _ if code != 404 => None,
        Some(Status { details: Some(details), .. }) if !details.name.is_empty() => Some(Missing::Object),
        Some(_) => Some(Missing::Type),
        None => (said == UNKNOWN_PATH).then_some(Missing::Type),
    }
}

/// Why the API did not do as it was asked, by the status and the body of its answer.
pub(super) fn refused(server: &str, code: u16, body: &[u8]) -> Failure {
    let status = serde_json::from_slice::<Status>(body).ok().filter(|status| status.kind == "Status");
    let said = match &status {
        Some(status) if !status.message.is_empty() => words(&status.message),
        _ => plain_text(body),
    };
    let missing = missing(code, status.as_ref(), &said);
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    // Kubernetes gives its reasons in its own form; other words say nothing of our permissions or its objects.
    if matches!(code, 403 | 404) && status.is_none() && missing.is_none() {
        let message = format!("{server} answered with status {code}, and not as Kubernetes does{said}");
        let why = Why::new(WhyKind::Server, message).remedy(
            "Something in between may have answered, such as a proxy: check the VPN and the network of this machine",
        );
        return Failure { code: Some(code), missing, why };
    }
    let message = match code {
        401 => format!("{server} does not accept this sign-in (401){said}"),
        403 => format!("{server} does not permit this (403){said}"),
        404 => format!("{server} has no such thing (404){said}"),
        429 => format!("{server} refuses: too many requests (429){said}"),
        code => format!("{server} answered with status {code}{said}"),
    };
    let mut why = Why::new(kind_of_status(code), message);
    if code == 401 {
        why = why.remedy(format!(
            "The cluster knows no access entry for this sign-in, or: {}",
            sign_in::sso_login(None)
        ));
    }
    Failure { code: Some(code), missing, why }
}

/// The words of a body that is no `Status`, such as a proxy's page, without its tags.
fn plain_text(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(&body[..body.len().min(16 * 1024)]).into_owned();
    let mut plain = String::with_capacity(text.len());
    let mut in_tag = false;
    for character in text.chars() {
        match character {
            '<' => in_tag = true,
            '>' => {
                in_tag = false;
                plain.push(' ');
            }
            character if !in_tag && !character.is_control() => plain.push(character),
            _ => {}
        }
    }
    words(&plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_are_told_in_the_apis_words() {
        let status = br#"{"kind":"Status","message":"pods is forbidden: User \"x\" cannot list","code":403}"#;
        let failure = refused("https://api", 403, status);
        assert_eq!((failure.missing, failure.why.kind), (None, WhyKind::Forbidden));
        assert!(failure.why.message.ends_with(r#"(403): pods is forbidden: User "x" cannot list"#));

        let page = b"<html><h1>502</h1>\n<p>Bad gateway</p></html>";
        let failure = refused("https://api", 502, page);
        assert_eq!(failure.why.message, "https://api answered with status 502: 502 Bad gateway");
        assert_eq!(refused("https://api", 503, b"").why.kind, WhyKind::Server);
    }

    #[test]
    fn only_the_apis_own_404_means_missing() {
        let object = br#"{"kind":"Status","details":{"name":"loft","kind":"deployments"}}"#;
        let nothing = br#"{"kind":"Status","message":"the server could not find the requested resource"}"#;
        for (code, body, missing, kind) in [
            (404, &object[..], Some(Missing::Object), WhyKind::NotFound),
            (404, nothing, Some(Missing::Type), WhyKind::NotFound),
            (404, b"404 page not found\n", Some(Missing::Type), WhyKind::NotFound),
            (404, b"<html>Not found</html>", None, WhyKind::Server),
            (404, b"", None, WhyKind::Server),
            (403, object, None, WhyKind::Forbidden),
            (403, b"blocked by policy", None, WhyKind::Server),
        ] {
            let failure = refused("https://api", code, body);
            assert_eq!((failure.missing, failure.why.kind), (missing, kind), "{}", failure.why.message);
        }
    }
}
