//! The resource types that the API serves.

/// One resource type, as discovery lists it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resource {
    /// API group, empty for the core.
    pub(super) group: &'static str,
    /// API version.
    pub(super) version: &'static str,
    /// Kind of its objects.
    pub(super) kind: &'static str,
    /// Name in paths.
    pub(super) plural: &'static str,
    /// Name for one, as kubectl accepts it.
    pub(super) singular: &'static str,
    /// Short names that kubectl accepts.
    pub(super) short_names: &'static [&'static str],
    /// Whether its objects live in namespaces.
    pub(super) namespaced: bool,
    /// Whether there is a `status` subresource, which alone writes the status.
    pub(super) status: bool,
    /// Whether there is a `scale` subresource.
    pub(super) scale: bool,
    /// Whether `metadata.generation` counts changes of what is wanted.
    pub(super) generation: bool,
    /// Whether `kubectl get all` means it too.
    pub(super) in_all: bool,
    /// What may be done with it.
    pub(super) access: Access,
    /// Where its objects are kept: two groups can show the same objects.
    pub(super) storage: &'static str,
}

/// What may be done with a resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Access {
    /// Read and written.
    Full,
    /// Read alone.
    ReadOnly,
    /// A question answered at once and never kept (access reviews).
    Question,
}

impl Resource {
    const fn new(
        group: &'static str,
        version: &'static str,
        kind: &'static str,
        plural: &'static str,
        singular: &'static str,
    ) -> Self {
        Self {
            group,
            version,
            kind,
            plural,
            singular,
            short_names: &[],
            namespaced: true,
            status: false,
            scale: false,
            generation: false,
            in_all: false,
            access: Access::Full,
            storage: plural,
        }
    }

    const fn short(self, short_names: &'static [&'static str]) -> Self {
        Self { short_names, ..self }
    }

    const fn cluster_scoped(self) -> Self {
        Self { namespaced: false, ..self }
    }

    const fn with_status(self) -> Self {
        Self { status: true, ..self }
    }

    const fn with_scale(self) -> Self {
        Self { scale: true, ..self }
    }

    const fn with_generation(self) -> Self {
        Self { generation: true, ..self }
    }

    const fn in_all(self) -> Self {
        Self { in_all: true, ..self }
    }

    const fn read_only(self) -> Self {
        Self { access: Access::ReadOnly, ..self }
    }

    const fn question(self) -> Self {
        Self { access: Access::Question, namespaced: false, ..self }
    }

    /// `group/version`, or the version alone for the core.
    pub(super) fn api_version(&self) -> String {
        group_version(self.group, self.version)
    }

    /// `deployments.apps`, as error messages name it.
    pub(super) fn qualified(&self) -> String {
        if self.group.is_empty() { self.plural.to_owned() } else { format!("{}.{}", self.plural, self.group) }
    }

    /// Whether the type is Kubernetes' own, so that its lists have known keys.
    pub(super) fn built_in(&self) -> bool {
        self.group != NETWORK_PEERS.group && self.group != TARGET_GROUP_BINDINGS.group
    }

    /// Verbs that discovery names.
    pub(super) fn verbs(&self) -> &'static [&'static str] {
        match self.access {
            Access::Full => {
                &["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"]
            }
            Access::ReadOnly => &["get", "list", "watch"],
            Access::Question => &["create"],
        }
    }
}

/// `group/version`, or the version alone for the core.
pub(super) fn group_version(group: &str, version: &str) -> String {
    if group.is_empty() { version.to_owned() } else { format!("{group}/{version}") }
}

const AUTHENTICATION: &str = "authentication.k8s.io";
const AUTHORIZATION: &str = "authorization.k8s.io";
const RBAC: &str = "rbac.authorization.k8s.io";
const NETWORKING: &str = "networking.k8s.io";

pub(super) const CONFIG_MAPS: Resource =
    Resource::new("", "v1", "ConfigMap", "configmaps", "configmap").short(&["cm"]);
pub(super) const EVENTS: Resource = Resource::new("", "v1", "Event", "events", "event").short(&["ev"]);
pub(super) const NAMESPACES: Resource = Resource::new("", "v1", "Namespace", "namespaces", "namespace")
    .short(&["ns"])
    .cluster_scoped()
    .with_status();
pub(super) const NODES: Resource =
    Resource::new("", "v1", "Node", "nodes", "node").short(&["no"]).cluster_scoped().with_status();
pub(super) const PODS: Resource =
    Resource::new("", "v1", "Pod", "pods", "pod").short(&["po"]).with_status().in_all();
pub(super) const SECRETS: Resource = Resource::new("", "v1", "Secret", "secrets", "secret");
pub(super) const SERVICE_ACCOUNTS: Resource =
    Resource::new("", "v1", "ServiceAccount", "serviceaccounts", "serviceaccount").short(&["sa"]);
pub(super) const SERVICES: Resource =
    Resource::new("", "v1", "Service", "services", "service").short(&["svc"]).with_status().in_all();
pub(super) const DEPLOYMENTS: Resource =
    Resource::new("apps", "v1", "Deployment", "deployments", "deployment")
        .short(&["deploy"])
        .in_all()
        .with_status()
        .with_scale()
        .with_generation();
pub(super) const REPLICA_SETS: Resource =
    Resource::new("apps", "v1", "ReplicaSet", "replicasets", "replicaset")
        .short(&["rs"])
        .in_all()
        .with_status()
        .with_scale()
        .with_generation();
pub(super) const INGRESSES: Resource = Resource::new(NETWORKING, "v1", "Ingress", "ingresses", "ingress")
    .short(&["ing"])
    .with_status()
    .with_generation();
pub(super) const INGRESS_CLASSES: Resource =
    Resource::new(NETWORKING, "v1", "IngressClass", "ingressclasses", "ingressclass")
        .cluster_scoped()
        .with_generation();
pub(super) const CLUSTER_ROLES: Resource =
    Resource::new(RBAC, "v1", "ClusterRole", "clusterroles", "clusterrole").cluster_scoped();
pub(super) const CRDS: Resource = Resource::new(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    "customresourcedefinition",
)
.short(&["crd", "crds"])
.cluster_scoped()
.with_status()
.with_generation();
pub(super) const NETWORK_PEERS: Resource =
    Resource::new("storage.loft.sh", "v1", "NetworkPeer", "networkpeers", "networkpeer")
        .cluster_scoped()
        .with_status()
        .with_generation();
pub(super) const TARGET_GROUP_BINDINGS: Resource = Resource::new(
    "elbv2.k8s.aws",
    "v1beta1",
    "TargetGroupBinding",
    "targetgroupbindings",
    "targetgroupbinding",
)
.with_status()
.with_generation();
pub(super) const ACCESS_REVIEWS: Resource = Resource::new(
    AUTHORIZATION,
    "v1",
    "SelfSubjectAccessReview",
    "selfsubjectaccessreviews",
    "selfsubjectaccessreview",
)
.question();
pub(super) const RULES_REVIEWS: Resource = Resource::new(
    AUTHORIZATION,
    "v1",
    "SelfSubjectRulesReview",
    "selfsubjectrulesreviews",
    "selfsubjectrulesreview",
)
.question();
pub(super) const SELF_REVIEWS: Resource =
    Resource::new(AUTHENTICATION, "v1", "SelfSubjectReview", "selfsubjectreviews", "selfsubjectreview")
        .question();

/// Every resource type, in the order of discovery.
pub(super) const ALL: &[Resource] = &[
    CONFIG_MAPS,
    EVENTS,
    NAMESPACES,
    NODES,
    PODS,
    SECRETS,
    SERVICE_ACCOUNTS,
    SERVICES,
    DEPLOYMENTS,
    REPLICA_SETS,
    // the same events as the core's, in the newer words
    Resource::new("events.k8s.io", "v1", "Event", "events", "event").short(&["ev"]).read_only(),
    SELF_REVIEWS,
    ACCESS_REVIEWS,
    RULES_REVIEWS,
    INGRESSES,
    INGRESS_CLASSES,
    Resource::new(RBAC, "v1", "Role", "roles", "role"),
    Resource::new(RBAC, "v1", "RoleBinding", "rolebindings", "rolebinding"),
    CLUSTER_ROLES,
    Resource::new(RBAC, "v1", "ClusterRoleBinding", "clusterrolebindings", "clusterrolebinding")
        .cluster_scoped(),
    Resource::new("coordination.k8s.io", "v1", "Lease", "leases", "lease"),
    CRDS,
    NETWORK_PEERS,
    TARGET_GROUP_BINDINGS,
];

/// Finds a type by where paths name it.
pub(super) fn find(group: &str, version: &str, plural: &str) -> Option<&'static Resource> {
    ALL.iter()
        .find(|resource| resource.group == group && resource.version == version && resource.plural == plural)
}

/// Finds a type by what objects call themselves.
pub(super) fn find_kind(api_version: &str, kind: &str) -> Option<&'static Resource> {
    ALL.iter().find(|resource| resource.kind == kind && resource.api_version() == api_version)
}

/// The groups and their versions, the core first.
pub(super) fn group_versions() -> Vec<(&'static str, &'static str)> {
    let mut found = Vec::new();
    for resource in ALL {
        if !found.contains(&(resource.group, resource.version)) {
            found.push((resource.group, resource.version));
        }
    }
    found
}
