//! What EKS and Elastic Load Balancing say of a region.

/// A cluster as EKS knows it (`eks:DescribeCluster`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EksFacts {
    /// EKS answered that there is no such cluster (`ResourceNotFoundException`).
    Missing,
    /// There is one.
    Found(EksCluster),
}

/// The fields of an EKS cluster that judgements need.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EksCluster {
    /// `status`: `CREATING`, `ACTIVE`, `DELETING`, `FAILED`, `UPDATING` or `PENDING`.
    pub status: String,
    /// `version`, for example `1.36`.
    pub version: Option<String>,
    /// `health.issues`, in the API's order.
    pub issues: Vec<HealthIssue>,
    /// `resourcesVpcConfig.vpcId`.
    pub vpc_id: Option<String>,
    /// `resourcesVpcConfig.endpointPublicAccess`.
    pub public_endpoint: bool,
    /// `resourcesVpcConfig.endpointPrivateAccess`.
    pub private_endpoint: bool,
}

/// One of `health.issues`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HealthIssue {
    /// `code`, for example `VpcNotFound`.
    pub code: String,
    /// `message`.
    pub message: String,
}

/// The target groups behind a region's load balancer, and the health of their targets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetsFacts {
    /// How the groups were found.
    pub found_by: FoundBy,
    /// One entry a target group, sorted by name; empty where the load balancer has none.
    pub groups: Vec<TargetGroup>,
}

/// How target groups were found (`domain.md`, section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundBy {
    /// By the TargetGroupBindings of the platform's Service.
    Binding,
    /// By the load balancer that the Ingress names; its DNS name.
    LoadBalancer(String),
    /// No binding, and no load balancer of that DNS name exists; the name, where the Ingress has one.
    Nothing(Option<String>),
}

/// One target group.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TargetGroup {
    /// `TargetGroupName`, or the last part of the ARN.
    pub name: String,
    /// `TargetGroupArn`.
    pub arn: String,
    /// `DescribeTargetHealth`, sorted by id and port.
    pub targets: Vec<Target>,
}

/// One target (`TargetHealthDescription`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Target {
    /// `Target.Id`: an address or an instance.
    pub id: String,
    /// `Target.Port`.
    pub port: Option<u16>,
    /// `TargetHealth.State`: `initial`, `healthy`, `unhealthy`, `unhealthy.draining`, `unused`,
    /// `draining` or `unavailable`.
    pub state: String,
    /// `TargetHealth.Reason`, for example `Target.Timeout`.
    pub reason: Option<String>,
    /// `TargetHealth.Description`.
    pub description: Option<String>,
}
