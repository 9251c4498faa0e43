//! Errors of the SDK to reasons.

use std::error::Error;
use std::fmt::Debug;

use aws_sdk_route53::config::http::HttpResponse;
use aws_sdk_route53::error::{ProvideErrorMetadata, SdkError};

use super::PEER;
use crate::clients::failure::{kind_of_status, of_connection, words};
use crate::clients::sign_in;
use crate::runbook::verdict::{Why, WhyKind};

/// Why a request failed; `action` is the IAM permission that it needs.
pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, action: &str, profile: Option<&str>) -> Why
where
    E: Error + ProvideErrorMetadata + Debug + Send + Sync + 'static,
{
    match error {
        SdkError::ServiceError(service) => {
            let status = service.raw().status().as_u16();
            let said = service.err();
            of_answer(status, said.code(), said.message().unwrap_or_default(), action, profile)
        }
        SdkError::ResponseError(response) if response.raw().status().is_success() => {
            let why = of_connection(PEER, error);
            let message = format!("The answer of {PEER} cannot be understood: {}", innermost(error));
            // A connection that broke in the middle is told as such; anything else was no sensible answer.
            if innermost_is_io(error) { why } else { Why::new(WhyKind::Garbage, message) }
        }
        SdkError::ResponseError(response) => {
            of_answer(response.raw().status().as_u16(), None, "", action, profile)
        }
        SdkError::TimeoutError(_) => Why::new(WhyKind::Timeout, format!("No answer from {PEER} in time")),
        other => before_an_answer(other, profile),
    }
}

/// Credentials that could not be had, a setting that makes no request, or a connection that failed.
pub(super) fn before_an_answer(error: &(dyn Error + 'static), profile: Option<&str>) -> Why {
    let chain = chain_text(error);
    let innermost = innermost(error);
    if let Some((kind, remedy)) = sign_in::recognise(&chain, profile) {
        return Why::new(kind, format!("No AWS credentials: {innermost}")).remedy(remedy);
    }
    if chain.contains("credentials") || chain.contains("identity") {
        let message = format!("No AWS credentials: {innermost}");
        return Why::new(WhyKind::Unauthenticated, message).remedy(sign_in::configure(profile));
    }
    if chain.contains("failed to construct request") {
        return Why::new(WhyKind::Configuration, format!("{PEER} cannot be asked: {innermost}"));
    }
    of_connection(PEER, error)
}

/// What an answer other than success means.
fn of_answer(status: u16, code: Option<&str>, said: &str, action: &str, profile: Option<&str>) -> Why {
    let code = code.unwrap_or_default();
    let told = match (code, words(said)) {
        ("", said) if said.is_empty() => format!("status {status}"),
        ("", said) => format!("status {status}: {said}"),
        (code, said) if said.is_empty() => code.to_owned(),
        (code, said) => format!("{code}: {said}"),
    };
    match code {
        "Throttling" | "ThrottlingException" | "TooManyRequestsException" => {
            Why::new(WhyKind::Throttled, format!("{PEER} refuses: too many requests ({told})"))
        }
        "AccessDenied" | "AccessDeniedException" => {
            Why::new(WhyKind::Forbidden, format!("{PEER} does not permit {action} ({told})"))
                .remedy(format!("Ask for the IAM permission {action}"))
        }
        "NoSuchHealthCheck" => Why::new(WhyKind::NotFound, format!("There is no such health check ({told})"))
            .remedy("Check the health check's ID, and that the AWS profile is of its account"),
        "InvalidInput" => Why::new(WhyKind::Configuration, format!("{PEER} cannot answer that ({told})"))
            .remedy("Check the health check's ID in the environment's variables"),
        _ => {
            let message = format!("{PEER} refused ({told})");
            sign_in::why(message, &format!("{code} {said}"), profile, kind_of_status(status))
        }
    }
}

fn chain_text(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(link) = next {
        text.push_str(": ");
        text.push_str(&link.to_string());
        next = link.source();
    }
    text
}

fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut link = error;
    while let Some(source) = link.source() {
        link = source;
    }
    words(&link.to_string())
}

fn innermost_is_io(error: &(dyn Error + 'static)) -> bool {
    let mut next = Some(error);
    while let Some(link) = next {
        if link.is::<std::io::Error>() || link.is::<hyper::Error>() {
            return true;
        }
        next = link.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_by_their_code() {
        let action = "route53:GetHealthCheckStatus";
        let table = [
            (400, Some("Throttling"), "Rate exceeded", WhyKind::Throttled, "wait"),
            (403, Some("AccessDenied"), "User: x is not authorized", WhyKind::Forbidden, action),
            (404, Some("NoSuchHealthCheck"), "", WhyKind::NotFound, "health check's ID"),
            (403, Some("ExpiredToken"), "", WhyKind::Unauthenticated, "aws sso login --profile prod"),
            (403, Some("InvalidClientTokenId"), "", WhyKind::Unauthenticated, "aws configure --profile prod"),
            (400, Some("InvalidInput"), "CALCULATED", WhyKind::Configuration, "ID"),
            (503, None, "", WhyKind::Server, "again"),
            (403, None, "", WhyKind::Forbidden, "permission"),
        ];
        for (status, code, said, kind, remedy) in table {
            let why = of_answer(status, code, said, action, Some("prod"));
            assert_eq!(why.kind, kind, "{code:?}");
            assert!(why.remedy.contains(remedy), "{code:?}: {}", why.remedy);
            assert!(why.message.contains(said), "{}", why.message);
        }
    }
}
