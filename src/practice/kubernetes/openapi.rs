//! As much OpenAPI v3 as kubectl and helm ask for: which kinds take
//! `fieldValidation` and `dryRun` in a PATCH. With none they refuse to apply.

use serde_json::{Map, Value, json};

use super::discovery::GIT_VERSION;
use super::kinds::{self, Resource};

/// The document at an OpenAPI path, where it is one.
pub(super) fn document(path: &str) -> Option<Value> {
    let rest = path.strip_prefix("/openapi/v3")?;
    if rest.trim_matches('/').is_empty() {
        return Some(index());
    }
    let (group, version) = match rest.trim_matches('/').split('/').collect::<Vec<_>>()[..] {
        ["api", version] => ("", version),
        ["apis", group, version] => (group, version),
        _ => return None,
    };
    let mut paths = Map::new();
    for resource in kinds::ALL.iter().filter(|known| known.group == group && known.version == version) {
        paths.insert(object_path(resource), json!({"patch": patch_operation(resource)}));
    }
    (!paths.is_empty()).then(|| {
        json!({
            "openapi": "3.0.0",
            "info": {"title": "Kubernetes", "version": GIT_VERSION},
            "paths": paths,
            "components": {"schemas": {}},
        })
    })
}

/// Where a group's version begins in paths.
fn root(group: &str, version: &str) -> String {
    if group.is_empty() { format!("api/{version}") } else { format!("apis/{group}/{version}") }
}

fn index() -> Value {
    let mut paths = Map::new();
    for (group, version) in kinds::group_versions() {
        let root = root(group, version);
        let address = format!("/openapi/v3/{root}?hash={GIT_VERSION}");
        paths.insert(root, json!({"serverRelativeURL": address}));
    }
    json!({"paths": paths})
}

fn object_path(resource: &Resource) -> String {
    let home = if resource.namespaced { "namespaces/{namespace}/" } else { "" };
    format!("/{}/{home}{}/{{name}}", root(resource.group, resource.version), resource.plural)
}

fn patch_operation(resource: &Resource) -> Value {
    let parameter = |name: &str, kind: &str| json!({"name": name, "in": "query", "schema": {"type": kind, "uniqueItems": true}});
    json!({
        "x-kubernetes-action": "patch",
        "x-kubernetes-group-version-kind":
            {"group": resource.group, "version": resource.version, "kind": resource.kind},
        "parameters": [
            parameter("dryRun", "string"),
            parameter("fieldManager", "string"),
            parameter("fieldValidation", "string"),
            parameter("force", "boolean"),
        ],
        "responses": {"200": {"description": "OK"}},
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_takes_field_validation() {
        let index = index();
        for root in index["paths"].as_object().unwrap().keys() {
            let document = document(&format!("/openapi/v3/{root}")).unwrap();
            for operation in document["paths"].as_object().unwrap().values() {
                assert_eq!(operation["patch"]["parameters"][2]["name"], "fieldValidation", "{root}");
            }
        }
        assert_eq!(document("/openapi/v3/apis/batch/v1"), None);
        assert_eq!(document("/openapi/v2"), None);
    }
}
