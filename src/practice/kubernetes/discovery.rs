//! What the server is and can: `/version`, `/api`, `/apis` and the resource lists.

use serde_json::{Value, json};

use super::kinds::{self, Resource};

/// The version the server gives itself; the vCluster CLI wants a semantic one.
pub(super) const GIT_VERSION: &str = "v1.36.2-eks-4f1b2d8";

/// The document at a discovery path, where it is one.
pub(super) fn document(path: &str) -> Option<Value> {
    match path.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["version"] => Some(version()),
        ["api"] => Some(json!({
            "kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [],
        })),
        ["apis"] => {
            let groups: Vec<Value> = kinds::group_versions()
                .into_iter()
                .filter(|(group, _)| !group.is_empty())
                .map(|(group, version)| self::group(group, version))
                .collect();
            Some(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}))
        }
        ["api", version] => resource_list("", version),
        ["apis", group] => {
            let (group, version) = kinds::group_versions().into_iter().find(|(name, _)| *name == group)?;
            let mut found = self::group(group, version);
            found["kind"] = "APIGroup".into();
            found["apiVersion"] = "v1".into();
            Some(found)
        }
        ["apis", group, version] => resource_list(group, version),
        _ => None,
    }
}

fn version() -> Value {
    json!({
        "major": "1", "minor": "36", "gitVersion": GIT_VERSION, "gitCommit": "practice",
        "gitTreeState": "clean", "buildDate": "2026-06-10T00:00:00Z", "goVersion": "go1.26.3",
        "compiler": "gc", "platform": "linux/amd64",
    })
}

fn group(group: &str, version: &str) -> Value {
    let version = json!({"groupVersion": kinds::group_version(group, version), "version": version});
    json!({"name": group, "versions": [version.clone()], "preferredVersion": version})
}

fn resource_list(group: &str, version: &str) -> Option<Value> {
    let mut listed = Vec::new();
    for resource in kinds::ALL.iter().filter(|known| known.group == group && known.version == version) {
        listed.push(entry(resource));
        for subresource in subresources(resource) {
            listed.push(subresource);
        }
    }
    let group_version = kinds::group_version(group, version);
    let list = json!({
        "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed,
    });
    (!listed.is_empty()).then_some(list)
}

fn entry(resource: &Resource) -> Value {
    let mut entry = json!({
        "name": resource.plural, "singularName": resource.singular, "namespaced": resource.namespaced,
        "kind": resource.kind, "verbs": resource.verbs(),
    });
    if !resource.short_names.is_empty() {
        entry["shortNames"] = json!(resource.short_names);
    }
    if resource.in_all {
        entry["categories"] = json!(["all"]);
    }
    entry
}

fn subresources(resource: &Resource) -> Vec<Value> {
    let named = |name: &str, kind: &str, verbs: &[&str]| {
        json!({
            "name": format!("{}/{name}", resource.plural), "singularName": "",
            "namespaced": resource.namespaced, "kind": kind, "verbs": verbs,
        })
    };
    let mut found = Vec::new();
    if resource.status {
        found.push(named("status", resource.kind, &["get", "patch", "update"]));
    }
    if resource.scale {
        let mut scale = named("scale", "Scale", &["get", "patch", "update"]);
        scale["group"] = "autoscaling".into();
        scale["version"] = "v1".into();
        found.push(scale);
    }
    if *resource == kinds::PODS {
        found.push(named("log", "Pod", &["get"]));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_groups_resources_and_subresources() {
        let apps = document("/apis/apps/v1").unwrap();
        let names: Vec<&str> =
            apps["resources"].as_array().unwrap().iter().filter_map(|entry| entry["name"].as_str()).collect();
        assert_eq!(
            names,
            [
                "deployments",
                "deployments/status",
                "deployments/scale",
                "replicasets",
                "replicasets/status",
                "replicasets/scale"
            ]
        );
        assert_eq!(document("/apis/storage.loft.sh").unwrap()["kind"], "APIGroup");
        assert_eq!(document("/apis/batch/v1"), None);
        assert_eq!(document("/api/v1/pods"), None);
    }
}
