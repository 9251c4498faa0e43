//! Answers of the API: bodies with a limit, statuses to reasons.

use http::Response;
use http_body_util::{BodyExt, Limited};
use kube::client::Body;
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::clients::failure::{kind_of_status, of_connection, words};
use crate::clients::{MAX_ANSWER_BYTES, sign_in};
use crate::runbook::verdict::{Why, WhyKind};

/// A call that gave no facts.
#[derive(Debug)]
pub(super) struct Failure {
    /// The HTTP status, where there was an answer.
    pub(super) code: Option<u16>,
    /// The API itself said so: the body was a `Status`.
    pub(super) by_api: bool,
    pub(super) why: Why,
}

impl Failure {
    /// The API itself says that the thing does not exist; a 404 of something in between does not count.
    pub(super) fn is_missing(&self) -> bool {
        self.code == Some(404) && self.by_api
    }
}

impl From<Why> for Failure {
    fn from(why: Why) -> Self {
        Self { code: None, by_api: false, why }
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
    let body = collect(server, response.into_body()).await.unwrap_or_default();
    Err(refused(server, status.as_u16(), &body))
}

/// A whole body.
pub(super) async fn collect(server: &str, body: Body) -> Result<Vec<u8>, Failure> {
    match Limited::new(body, MAX_ANSWER_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes().to_vec()),
        Err(error) => Err(of_connection(server, error.as_ref()).into()),
    }
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
}

pub(super) fn refused(server: &str, code: u16, body: &[u8]) -> Failure {
    let status = serde_json::from_slice::<Status>(body).ok().filter(|status| status.kind == "Status");
    let said = match &status {
        Some(status) if !status.message.is_empty() => words(&status.message),
        _ => plain_text(body),
    };
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
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
    Failure { code: Some(code), by_api: status.is_some(), why }
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
        assert!(failure.by_api && failure.why.kind == WhyKind::Forbidden);
        assert!(failure.why.message.ends_with(r#"(403): pods is forbidden: User "x" cannot list"#));

        let page = b"<html><h1>502</h1>\n<p>Bad gateway</p></html>";
        let failure = refused("https://api", 502, page);
        assert!(!failure.by_api);
        assert_eq!(failure.why.message, "https://api answered with status 502: 502 Bad gateway");
        assert_eq!(refused("https://api", 503, b"").why.kind, WhyKind::Server);
    }

    #[test]
    fn only_the_apis_own_404_means_missing() {
        let status = br#"{"kind":"Status","message":"deployments.apps \"loft\" not found"}"#;
        assert!(refused("https://api", 404, status).is_missing());
        assert!(!refused("https://api", 404, b"404 page not found").is_missing());
        assert!(!refused("https://api", 403, status).is_missing());
    }
}
