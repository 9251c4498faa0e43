//! AWS sign-ins that are missing or expired, recognised by the words of the `aws` program and of
//! the SDK (`domain.md`, section 6): our side, never the region's.

use crate::plain::is_plain;
use crate::runbook::command::quote;
use crate::runbook::verdict::{Why, WhyKind};

/// The command that signs in again.
pub(crate) fn sso_login(profile: Option<&str>) -> String {
    format!("Run `aws sso login{}`, then check again", argument(profile))
}

/// ` --profile NAME` for a command in a sentence; nothing where the name is none to paste into a shell.
pub(crate) fn argument(profile: Option<&str>) -> String {
    let plain =
        profile.filter(|profile| is_plain(profile) && !profile.starts_with('-') && !profile.is_empty());
    plain.map_or_else(String::new, |profile| format!(" --profile {}", quote(profile)))
}

/// The command that sets credentials up.
pub(crate) fn configure(profile: Option<&str>) -> String {
    match profile {
        Some(_) => format!("Run `aws configure{}`, then check again", argument(profile)),
        None => "Run `aws configure`, or name a profile in the environment, then check again".to_owned(),
    }
}

/// Kind and remedy, where the words are known.
pub(crate) fn recognise(words: &str, profile: Option<&str>) -> Option<(WhyKind, String)> {
    let words = words.to_ascii_lowercase();
    let says = |parts: &[&str]| parts.iter().any(|part| words.contains(part));
    if says(&["config profile (", "missing profile", "was not defined"]) {
        let remedy = "Correct the profile's name in the environment or in the AWS config";
        return Some((WhyKind::Configuration, remedy.to_owned()));
    }
    if says(&["aws sso login", "sso session", "sso token", "token for", "token has expired"])
        || says(&["expiredtoken", "requestexpired", "token included in the request is expired"])
        || (says(&["sso"]) && says(&["expired", "refresh", "unauthorized"]))
    {
        return Some((WhyKind::Unauthenticated, sso_login(profile)));
    }
    if says(&[
        "unable to locate credentials",
        "no credentials",
        "no providers in chain provided credentials",
        "unrecognizedclient",
        "invalidclienttokenid",
        "authfailure",
        "signaturedoesnotmatch",
        "credentials were not",
        "did not contain credential",
    ]) {
        return Some((WhyKind::Unauthenticated, configure(profile)));
    }
    None
}

/// The same as a reason.
pub(crate) fn why(message: String, words: &str, profile: Option<&str>, otherwise: WhyKind) -> Why {
    match recognise(words, profile) {
        Some((kind, remedy)) => Why::new(kind, message).remedy(remedy),
        None => Why::new(otherwise, message),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_aws_tell_what_to_do() {
        let login = "Run `aws sso login --profile prod`, then check again";
        let setup = "Run `aws configure --profile prod`, then check again";
        for (words, expected) in [
            ("The SSO session associated with this profile has expired or is otherwise invalid.", login),
            ("Error loading SSO Token: Token for prod does not exist", login),
            ("Error when retrieving token from sso: Token has expired and refresh failed", login),
            ("failed to load the cached SSO token", login),
            ("ExpiredToken: The security token included in the request is expired", login),
            ("Unable to locate credentials. You can configure credentials by running", setup),
            ("InvalidClientTokenId: The security token included in the request is invalid.", setup),
        ] {
            let found = recognise(words, Some("prod"));
            assert_eq!(found, Some((WhyKind::Unauthenticated, expected.to_owned())), "{words}");
        }
        let missing = recognise("The config profile (prod) could not be found", Some("prod"));
        assert_eq!(missing.unwrap().0, WhyKind::Configuration);
        assert_eq!(recognise("Could not connect to the endpoint URL", Some("prod")), None);
        assert!(recognise("Unable to locate credentials", None).unwrap().1.contains("`aws configure`"));
    }
}
