//! Errors of AWS APIs to reasons.

use std::error::Error;
use std::fmt::Debug;
use std::time::Duration;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::keychain::NoCredentials;
use crate::clients::failure::{kind_of_status, of_connection, words};
use crate::clients::sign_in;
use crate::runbook::verdict::{Side, Why, WhyKind};

/// Who was asked for what, as messages tell it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    /// The API: `Route 53`.
    pub(crate) peer: &'a str,
    /// The IAM permission that the request needs: `route53:GetHealthCheck`.
    pub(crate) action: &'a str,
    /// The profile whose credentials are used.
    pub(crate) profile: Option<&'a str>,
}

impl Asked<'_> {
    /// Why a request of the SDK failed.
    pub(crate) fn failed<E>(&self, error: &SdkError<E, HttpResponse>) -> Why
    where
        E: Error + ProvideErrorMetadata + Debug + Send + Sync + 'static,
    {
        let peer = self.peer;
        match error {
            SdkError::ServiceError(service) => {
                let status = service.raw().status().as_u16();
                let said = service.err();
                self.refused(status, said.code(), said.message().unwrap_or_default())
            }
            SdkError::ResponseError(response) if response.raw().status().is_success() => {
                let why = of_connection(peer, error);
                let message = format!("The answer of {peer} cannot be understood: {}", innermost(error));
                // A connection that broke in the middle is told as such; anything else was no sensible answer.
                if innermost_is_io(error) { why } else { Why::new(WhyKind::Garbage, message) }
            }
            SdkError::ResponseError(response) => self.refused(response.raw().status().as_u16(), None, ""),
            SdkError::TimeoutError(_) => Why::new(WhyKind::Timeout, format!("No answer from {peer} in time")),
            other => self.before_an_answer(other),
        }
    }

    /// Credentials that could not be had, a setting that makes no request, or a connection that failed.
    fn before_an_answer(&self, error: &(dyn Error + 'static)) -> Why {
        if let Some(why) = no_credentials_in(error) {
            return why;
        }
        if chain_text(error).contains("failed to construct request") {
            let message = format!("{} cannot be asked: {}", self.peer, innermost(error));
            return Why::new(WhyKind::Configuration, message);
        }
        of_connection(self.peer, error)
    }

    /// What an answer other than success means: the API's error code and its words. AWS never refuses without
    /// a code, so such an answer says nothing of our credentials and permissions.
    pub(crate) fn refused(&self, status: u16, code: Option<&str>, said: &str) -> Why {
        let Self { peer, action, profile } = self;
        let code = code.unwrap_or_default();
        if code.is_empty() && matches!(status, 401 | 403 | 404 | 407) {
            let message = format!("{peer} refused (status {status}), and not in the words of AWS");
            return Why::new(WhyKind::Garbage, message).remedy(
                "Something in between may have answered, such as a proxy: check the network of this machine",
            );
        }
        let told = match (code, words(said)) {
            ("", said) if said.is_empty() => format!("status {status}"),
            ("", said) => format!("status {status}: {said}"),
            (code, said) if said.is_empty() => code.to_owned(),
            (code, said) => format!("{code}: {said}"),
        };
        match kind_of_code(code) {
            Some(WhyKind::Throttled) => {
                Why::new(WhyKind::Throttled, format!("{peer} refuses: too many requests ({told})"))
            }
            Some(WhyKind::Forbidden) => {
                Why::new(WhyKind::Forbidden, format!("{peer} does not permit {action} ({told})"))
                    .remedy(format!("Ask for the IAM permission {action}"))
            }
            Some(WhyKind::NotFound) if code == "NoSuchHealthCheck" => {
                Why::new(WhyKind::NotFound, format!("There is no such health check ({told})"))
                    .remedy("Check the health check's ID, and that the AWS profile is of its account")
            }
            Some(WhyKind::NotFound) => {
                Why::new(WhyKind::NotFound, format!("{peer} knows no such thing ({told})"))
                    .remedy("Check the IDs in the environment, and that the AWS profile is of their account")
            }
            Some(WhyKind::Configuration) => {
                Why::new(WhyKind::Configuration, format!("{peer} cannot answer that ({told})"))
                    .remedy("Check the names and IDs in the environment's variables")
            }
            _ => {
                let message = format!("{peer} refused ({told})");
                sign_in::why(message, &format!("{code} {said}"), *profile, kind_of_status(status))
            }
        }
    }
}

/// The kinds of the error codes that name one, of all services that are asked.
///
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>
fn kind_of_code(code: &str) -> Option<WhyKind> {
    match code {
        "Throttling" | "ThrottlingException" | "TooManyRequestsException" | "RequestLimitExceeded" => {
            Some(WhyKind::Throttled)
        }
        "AccessDenied" | "AccessDeniedException" | "UnauthorizedOperation" => Some(WhyKind::Forbidden),
        "NoSuchHealthCheck"
        | "ResourceNotFoundException"
        | "LoadBalancerNotFound"
        | "TargetGroupNotFound" => Some(WhyKind::NotFound),
        "InvalidInput" | "InvalidParameterException" | "InvalidParameterValue" | "ValidationError" => {
            Some(WhyKind::Configuration)
        }
        // EC2: `InvalidVpcID.NotFound`, `InvalidGroupId.Malformed`.
        code if code.ends_with(".NotFound") => Some(WhyKind::NotFound),
        code if code.ends_with(".Malformed") => Some(WhyKind::Configuration),
        _ => None,
    }
}

/// Why a provider gave no credentials.
pub(super) fn no_credentials(error: &(dyn Error + 'static), profile: Option<&str>) -> Why {
    let message = format!("No AWS credentials: {}", innermost(error));
    match sign_in::recognise(&chain_text(error), profile) {
        Some((kind, remedy)) => Why::new(kind, message).remedy(remedy),
        None => Why::new(WhyKind::Unauthenticated, message).remedy(sign_in::configure(profile)),
    }
}

/// A sign-in that did not end in time: our side, whichever service was to be asked.
pub(super) fn slow_sign_in(profile: Option<&str>, waited: Duration) -> Why {
    let of = profile.map_or_else(String::new, |profile| format!(" of profile {profile}"));
    let argument = sign_in::argument(profile);
    let mut why = Why::new(WhyKind::Timeout, format!("The AWS sign-in{of} did not end within {waited:?}"));
    why.side = Side::Ours;
    why.remedy(format!(
        "Run `aws sts get-caller-identity{argument}` in a terminal to see what it waits for, then check again"
    ))
}

/// The keychain's reason, as it went into the SDK.
fn no_credentials_in(error: &(dyn Error + 'static)) -> Option<Why> {
    let mut next = Some(error);
    while let Some(link) = next {
        if let Some(NoCredentials(why)) = link.downcast_ref() {
            return Some(why.clone());
        }
        next = link.source();
    }
    None
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
            (503, Some("RequestLimitExceeded"), "Request limit", WhyKind::Throttled, "wait"),
            (403, Some("UnauthorizedOperation"), "You are not authorized", WhyKind::Forbidden, action),
            (401, Some("AuthFailure"), "", WhyKind::Unauthenticated, "aws configure --profile prod"),
            (400, Some("InvalidVpcID.NotFound"), "", WhyKind::NotFound, "IDs"),
            (400, Some("InvalidGroupId.Malformed"), "", WhyKind::Configuration, "IDs"),
            (503, None, "", WhyKind::Server, "again"),
            (403, None, "", WhyKind::Garbage, "proxy"),
            (401, None, "", WhyKind::Garbage, "proxy"),
        ];
        for (status, code, said, kind, remedy) in table {
            let asked = Asked { peer: "EC2", action, profile: Some("prod") };
            let why = asked.refused(status, code, said);
            assert_eq!(why.kind, kind, "{code:?}");
            assert!(why.remedy.contains(remedy), "{code:?}: {}", why.remedy);
            assert!(why.message.contains(said), "{}", why.message);
        }
    }
}
