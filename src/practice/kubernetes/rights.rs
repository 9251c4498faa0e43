//! What the responder may do, as rules of RBAC: what requests are held to, and
//! what the access reviews tell.

use serde_json::{Value, json};

/// Who the responder is, as EKS names an assumed role.
pub(super) const USER: &str = "arn:aws:sts::123456789012:assumed-role/practice/responder";

/// A request as RBAC sees it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    /// `get`, `list`, `create`, …
    pub(super) verb: &'a str,
    /// The API group, empty for the core.
    pub(super) group: &'a str,
    /// The resource's plural.
    pub(super) resource: &'a str,
    /// `log`, `scale`, or empty.
    pub(super) subresource: &'a str,
}

impl Asked<'_> {
    /// `pods/log`, as rules and messages name it.
    pub(super) fn path(&self) -> String {
        if self.subresource.is_empty() {
            self.resource.to_owned()
        } else {
            format!("{}/{}", self.resource, self.subresource)
        }
    }
}

/// One rule; `*` is everything.
#[derive(Debug, Clone, Copy)]
struct Rule {
    verbs: &'static [&'static str],
    groups: &'static [&'static str],
    resources: &'static [&'static str],
}

/// A rule for paths that are no resources.
#[derive(Debug, Clone, Copy)]
struct PathRule {
    verbs: &'static [&'static str],
    paths: &'static [&'static str],
}

const ALL: &[&str] = &["*"];

/// `cluster-admin`.
const ADMIN: &[Rule] = &[Rule { verbs: ALL, groups: ALL, resources: ALL }];

/// What is left of it in the scenario without permissions.
const NODE_READER: &[Rule] = &[
    Rule { verbs: &["get", "list", "watch"], groups: &[""], resources: &["nodes", "namespaces", "events"] },
    Rule { verbs: &["get", "list", "watch"], groups: &["events.k8s.io"], resources: &["events"] },
];

/// `system:basic-user`, which everybody has.
const BASIC_USER: &[Rule] = &[
    Rule { verbs: &["create"], groups: &["authentication.k8s.io"], resources: &["selfsubjectreviews"] },
    Rule {
        verbs: &["create"],
        groups: &["authorization.k8s.io"],
        resources: &["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
    },
];

const ADMIN_PATHS: &[PathRule] = &[PathRule { verbs: ALL, paths: ALL }];

/// `system:discovery` and `system:public-info-viewer`, which everybody has.
const BASIC_PATHS: &[PathRule] = &[
    PathRule {
        verbs: &["get"],
        paths: &[
            "/api",
            "/api/*",
            "/apis",
            "/apis/*",
            "/healthz",
            "/livez",
            "/openapi",
            "/openapi/*",
            "/readyz",
            "/version",
            "/version/",
        ],
    },
    PathRule { verbs: &["get"], paths: &["/healthz", "/livez", "/readyz", "/version", "/version/"] },
];

/// The responder's rights in a cluster, the same in all namespaces.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    restricted: bool,
}

impl Rights {
    /// Everything, or next to nothing.
    pub(super) fn of(restricted: bool) -> Self {
        Self { restricted }
    }

    fn rules(self) -> impl Iterator<Item = &'static Rule> {
        let own = if self.restricted { NODE_READER } else { ADMIN };
        own.iter().chain(BASIC_USER)
    }

    fn path_rules(self) -> impl Iterator<Item = &'static PathRule> {
        let own = if self.restricted { &[] } else { ADMIN_PATHS };
        own.iter().chain(BASIC_PATHS)
    }

    /// Whether a request for a resource is allowed.
    pub(super) fn allow(self, asked: &Asked<'_>) -> bool {
        self.rules().any(|rule| {
            covers(rule.verbs, asked.verb)
                && covers(rule.groups, asked.group)
                && covers(rule.resources, &asked.path())
        })
    }

    /// Whether a request for a path that is no resource is allowed.
    pub(super) fn allow_path(self, verb: &str, path: &str) -> bool {
        self.path_rules()
            .any(|rule| covers(rule.verbs, verb) && rule.paths.iter().any(|it| reaches(it, path)))
    }

    /// The responder's groups.
    pub(super) fn groups(self) -> [&'static str; 2] {
        [if self.restricted { "practice:node-readers" } else { "system:masters" }, "system:authenticated"]
    }

    /// Why it is allowed, in RBAC's words.
    pub(super) fn reason(self) -> String {
        let [group, _] = self.groups();
        let role = if self.restricted { "node-reader" } else { "cluster-admin" };
        format!(
            "RBAC: allowed by ClusterRoleBinding \"{role}\" of ClusterRole \"{role}\" to Group \"{group}\""
        )
    }

    /// `status` of a SelfSubjectRulesReview.
    pub(super) fn listed(self) -> Value {
        let resources: Vec<Value> = self
            .rules()
            .map(|rule| json!({"verbs": rule.verbs, "apiGroups": rule.groups, "resources": rule.resources}))
            .collect();
        let paths: Vec<Value> = self
            .path_rules()
            .map(|rule| json!({"verbs": rule.verbs, "nonResourceURLs": rule.paths}))
            .collect();
        json!({"resourceRules": resources, "nonResourceRules": paths, "incomplete": false})
    }
}

fn covers(granted: &[&str], asked: &str) -> bool {
    granted.iter().any(|it| *it == "*" || *it == asked)
}

fn reaches(granted: &str, path: &str) -> bool {
    granted.strip_suffix('*').map_or(granted == path, |prefix| path.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_decide_by_verb_group_resource_and_subresource() {
        for (verb, group, resource, subresource, restricted) in [
            ("list", "", "nodes", "", true),
            ("list", "", "events", "", true),
            ("list", "events.k8s.io", "events", "", true),
            ("create", "authorization.k8s.io", "selfsubjectaccessreviews", "", true),
            ("delete", "", "nodes", "", false),
            ("list", "", "pods", "", false),
            ("get", "", "pods", "log", false),
            ("get", "", "nodes", "proxy", false),
            ("get", "apps", "deployments", "", false),
            ("patch", "apps", "deployments", "scale", false),
            ("list", "apps", "nodes", "", false),
        ] {
            let asked = Asked { verb, group, resource, subresource };
            assert_eq!(Rights::of(true).allow(&asked), restricted, "{asked:?}");
            assert!(Rights::of(false).allow(&asked), "{asked:?}");
        }
        for (path, restricted) in [("/version", true), ("/apis/apps", true), ("/metrics", false)] {
            assert_eq!(Rights::of(true).allow_path("get", path), restricted, "{path}");
            assert!(Rights::of(false).allow_path("get", path), "{path}");
        }
    }
}
