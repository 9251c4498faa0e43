//! What the program may have to do in a cluster: the README's table of permissions, as data.

/// One thing to be permitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// `get`, `list`, …
    pub verb: &'static str,
    /// API group; empty for the core one.
    pub group: &'static str,
    /// Resource, plural.
    pub resource: &'static str,
    /// Subresource; empty for none.
    pub subresource: &'static str,
    /// In the platform's namespace; else cluster-wide.
    pub namespaced: bool,
    /// It changes something: needed only in the region that is restored.
    pub changes: bool,
}

impl Need {
    /// The resource as kubectl writes it: `deployments.apps`, `pods/log`.
    pub fn name(&self) -> String {
        let group = if self.group.is_empty() { String::new() } else { format!(".{}", self.group) };
        let sub = if self.subresource.is_empty() { String::new() } else { format!("/{}", self.subresource) };
        format!("{}{group}{sub}", self.resource)
    }
}

const fn read(verb: &'static str, group: &'static str, resource: &'static str) -> Need {
    Need { verb, group, resource, subresource: "", namespaced: true, changes: false }
}

const fn change(verb: &'static str, group: &'static str, resource: &'static str) -> Need {
    Need { changes: true, ..read(verb, group, resource) }
}

/// Everything, in the order of the steps.
pub const NEEDS: [Need; 23] = [
    read("get", "apps", "deployments"),
    read("list", "apps", "deployments"),
    read("watch", "apps", "deployments"),
    read("list", "apps", "replicasets"),
    read("watch", "apps", "replicasets"),
    read("list", "", "pods"),
    read("watch", "", "pods"),
    Need { subresource: "log", ..read("get", "", "pods") },
    // Helm's records of the release, for their labels
    read("list", "", "secrets"),
    read("get", "networking.k8s.io", "ingresses"),
    read("list", "", "events"),
    read("list", "elbv2.k8s.aws", "targetgroupbindings"),
    Need { namespaced: false, ..read("list", "", "nodes") },
    // which cluster it is, by the uid of kube-system
    Need { namespaced: false, ..read("get", "", "namespaces") },
    Need { namespaced: false, ..read("list", "storage.loft.sh", "networkpeers") },
    change("patch", "apps", "deployments"),
    change("get", "", "secrets"),
    change("create", "", "secrets"),
    change("update", "", "secrets"),
    // Helm keeps ten release records and deletes older ones
    change("delete", "", "secrets"),
    change("create", "apps", "deployments"),
    change("patch", "networking.k8s.io", "ingresses"),
    change("patch", "", "services"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resources_are_named_as_kubectl_does() {
        let names: Vec<String> = NEEDS.iter().map(Need::name).collect();
        for name in ["deployments.apps", "pods/log", "nodes", "networkpeers.storage.loft.sh"] {
            assert!(names.iter().any(|known| known == name), "{name}");
        }
    }
}
