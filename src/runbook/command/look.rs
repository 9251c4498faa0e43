//! Commands that only look, beyond the runbook's own: what the checks of step 2 ask by API.

use std::path::Path;

use super::value::Kind;
use super::{Command, DEPLOYMENT, INGRESS, aws, health_check, helm, kubectl, selected};
use crate::runbook::profile::{ClusterArn, Profile, Region};

/// The AWS region of a region's cluster: its ARN's, else the region's own name.
pub fn aws_region(region: &Region) -> String {
    ClusterArn::parse(&region.context).map_or_else(|| region.name.clone(), |arn| arn.region)
}

/// Whose credentials the AWS calls are made with.
pub fn caller_identity(profile: &Profile) -> Command {
    aws(&profile.aws).args(["sts", "get-caller-identity"])
}

/// What EKS says of a cluster. `None` where the context is an alias that names no cluster.
pub fn describe_cluster(profile: &Profile, region: &Region) -> Option<Command> {
    let arn = ClusterArn::parse(&region.context)?;
    let command = in_region(aws(&profile.aws).args(["eks", "describe-cluster"]), &arn.region);
    let command = command.arg("--name").value(Kind::Id, "The name of the cluster", &arn.cluster);
    Some(command.args(["--query", "cluster.{status:status,health:health.issues}"]))
}

/// The clusters that there are in a region's AWS region.
pub fn list_clusters(profile: &Profile, region: &Region) -> Command {
    in_region(aws(&profile.aws).args(["eks", "list-clusters"]), &aws_region(region))
}

fn in_region(command: Command, aws_region: &str) -> Command {
    command.arg("--region").value(Kind::Id, "The name of the AWS region", aws_region)
}

/// The health of a target group's targets, as the runbook's "ALB unhealthy" asks for it.
pub fn target_health(profile: &Profile, region: &Region, arn: Option<&str>) -> Command {
    in_region(aws(&profile.aws).args(["elbv2", "describe-target-health"]), &aws_region(region))
        .arg("--target-group-arn")
        .value(Kind::Id, "The ARN of the target group", arn.unwrap_or("TARGET-GROUP-ARN"))
}

/// The target groups that the platform's Service is bound to.
pub fn target_group_bindings(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region)
        .args(["get", "targetgroupbindings"])
        .namespace("-n", profile)
        .args(["-o", "wide"])
}

/// The peering connections of a VPC, whatever their status: a filter would hide the broken one.
pub fn peerings(profile: &Profile, region: &Region, vpc: &str) -> Command {
    let mut command = ec2(profile, &aws_region(region), "describe-vpc-peering-connections");
    let vpc = command.given(Kind::Id, VPC, vpc);
    command
        .arg("--query")
        .arg(format!(
            "VpcPeeringConnections[?RequesterVpcInfo.VpcId=='{vpc}' || AccepterVpcInfo.VpcId=='{vpc}']\
             .{{id:VpcPeeringConnectionId,status:Status.Code,from:RequesterVpcInfo.VpcId,to:AccepterVpcInfo.VpcId}}"
        ))
}

/// The route tables of a VPC.
pub fn route_tables(profile: &Profile, aws_region: &str, vpc: &str) -> Command {
    let mut command = ec2(profile, aws_region, "describe-route-tables");
    let vpc = command.given(Kind::Id, VPC, vpc);
    command.arg("--filters").arg(format!("Name=vpc-id,Values={vpc}"))
}

pub(super) const VPC: &str = "The ID of the VPC";
pub(super) const GROUP: &str = "The ID of the security group";

/// A security group's rules.
pub fn security_group(profile: &Profile, aws_region: &str, group: &str) -> Command {
    ec2(profile, aws_region, "describe-security-groups").arg("--group-ids").value(Kind::Id, GROUP, group)
}

/// What happened to the Ingress.
pub fn describe_ingress(profile: &Profile, region: &Region) -> Command {
    let command = kubectl(profile, region).args(["describe", "ingress"]).namespace("-n", profile);
    command.value(Kind::Name, INGRESS, &profile.ingress)
}

/// Why pods are as they are.
pub fn describe_pods(profile: &Profile, region: &Region) -> Command {
    selected(kubectl(profile, region).args(["describe", "pods"]), profile)
}

/// Why nodes are as they are.
pub fn describe_nodes(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["describe", "nodes"])
}

/// What we may do in the platform's namespace.
pub fn can_i(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["auth", "can-i", "--list"]).namespace("-n", profile)
}

/// The records of the platform's Helm release, without their data.
pub fn release_records(profile: &Profile, region: &Region) -> Command {
    let mut command = kubectl(profile, region).args(["get", "secrets"]).namespace("-n", profile);
    let release = command.given(Kind::Name, "The name of the release", &profile.deployment);
    command.arg("-l").arg(format!("owner=helm,name={release}")).args(["-L", "version,status"])
}

/// The revisions of the platform's Helm release.
pub fn helm_history(profile: &Profile, region: &Region) -> Command {
    helm(profile, region, "history", None)
}

/// The image that a region's Deployment wants.
pub fn deployment_image(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region)
        .args(["get", "deployment"])
        .namespace("-n", profile)
        .value(Kind::Name, DEPLOYMENT, &profile.deployment)
        .args(["-o", "jsonpath={.spec.template.spec.containers[*].image}"])
}

/// What a health check watches, and how.
pub fn get_health_check(profile: &Profile, region: &Region) -> Command {
    health_check(aws(&profile.aws).args(["route53", "get-health-check"]), region)
        .args(["--query", "HealthCheck.HealthCheckConfig"])
}

/// Is the chart repository in reach?
pub fn chart_index(repository: &str) -> Command {
    let mut command = Command::new(["curl", "-sSI"]);
    let repository = command.given(Kind::Url, "The repository of the chart", repository);
    command.arg(format!("{}/index.yaml", repository.trim_end_matches('/')))
}

/// What a chart archive is.
pub fn show_chart(archive: &Path) -> Command {
    Command::new(["helm", "show", "chart"]).path("The path of the chart archive", archive)
}

/// A values file's own text.
pub fn show_values(file: &str) -> Command {
    Command::new(["grep", "-nE", "region:|host:|loftHost:|replicaCount:"])
        .path("The path of the values file", Path::new(file))
}

pub(super) fn ec2(profile: &Profile, aws_region: &str, what: &str) -> Command {
    in_region(aws(&profile.aws).args(["ec2", what]), aws_region)
}
