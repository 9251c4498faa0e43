//! A request's query and where its path leads.

use std::collections::BTreeMap;

use axum::http::Uri;

use super::kinds::{self, Resource};
use super::status::Refusal;

/// The parameters of a query; of repeated ones the last counts.
#[derive(Debug, Clone, Default)]
pub(super) struct Query(BTreeMap<String, String>);

impl Query {
    /// Reads the query of a request.
    pub(super) fn of(uri: &Uri) -> Result<Self, Refusal> {
        axum::extract::Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map(|pairs| Self(pairs.0.into_iter().collect()))
            .map_err(|error| Refusal::bad_request(error.to_string()))
    }

    /// A parameter, empty where it is missing.
    pub(super) fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// Whether a parameter says yes.
    pub(super) fn flag(&self, name: &str) -> bool {
        matches!(self.get(name), "true" | "1" | "True")
    }

    /// A parameter as a number, where it is given.
    pub(super) fn number(&self, name: &str) -> Result<Option<i64>, Refusal> {
        match self.get(name) {
            "" => Ok(None),
            given => given
                .parse()
                .map(Some)
                .map_err(|_| Refusal::bad_request(format!("{name} is no number: {given}"))),
        }
    }

    /// Whether the write is only tried.
    pub(super) fn dry_run(&self) -> bool {
        self.get("dryRun") == "All"
    }
}

/// Where a path leads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Target {
    /// The type.
    pub(super) resource: &'static Resource,
    /// The namespace, where the path names one.
    pub(super) namespace: Option<String>,
    /// The object, where the path names one.
    pub(super) name: Option<String>,
    /// What of the object, empty for itself.
    pub(super) subresource: String,
}

impl Target {
    /// Reads `/api/v1/…` and `/apis/GROUP/VERSION/…`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let steps: Vec<&str> = path.trim_matches('/').split('/').collect();
        let (group, version, rest) = match &steps[..] {
            ["api", version, rest @ ..] => ("", *version, rest),
            ["apis", group, version, rest @ ..] => (*group, *version, rest),
            _ => return None,
        };
        let (namespace, rest) = match rest {
            // `namespaces/NAME/status` is the namespace's own
            ["namespaces", _, "status" | "finalize"] => (None, rest),
            ["namespaces", namespace, plural, rest_of_path @ ..] => {
                let resource = kinds::find(group, version, plural).filter(|resource| resource.namespaced)?;
                return Self::within(resource, Some((*namespace).to_owned()), rest_of_path);
            }
            _ => (None, rest),
        };
        let (plural, rest) = rest.split_first()?;
        Self::within(kinds::find(group, version, plural)?, namespace, rest)
    }

    fn within(resource: &'static Resource, namespace: Option<String>, rest: &[&str]) -> Option<Self> {
        let (name, subresource) = match rest {
            [] => (None, ""),
            [name] => (Some(*name), ""),
            [name, subresource] => (Some(*name), *subresource),
            _ => return None,
        };
        Some(Self { resource, namespace, name: name.map(str::to_owned), subresource: subresource.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_objects() {
        for (path, expected) in [
            ("/api/v1/pods", Some(("pods", None, None, ""))),
            ("/api/v1/namespaces/a/pods/p/log", Some(("pods", Some("a"), Some("p"), "log"))),
            ("/api/v1/namespaces/a", Some(("namespaces", None, Some("a"), ""))),
            ("/api/v1/namespaces/a/status", Some(("namespaces", None, Some("a"), "status"))),
            (
                "/apis/apps/v1/namespaces/a/deployments/d/scale",
                Some(("deployments", Some("a"), Some("d"), "scale")),
            ),
            ("/apis/storage.loft.sh/v1/networkpeers", Some(("networkpeers", None, None, ""))),
            ("/apis/storage.loft.sh/v1/namespaces/a/networkpeers", None),
            ("/apis/batch/v1/jobs", None),
            ("/metrics", None),
        ] {
            let target = Target::of(path);
            let seen = target.as_ref().map(|target| {
                (
                    target.resource.plural,
                    target.namespace.as_deref(),
                    target.name.as_deref(),
                    target.subresource.as_str(),
                )
            });
            assert_eq!(seen, expected, "{path}");
        }
    }
}
