//! Commands that only look, beyond the runbook's own: what the checks of step 2 ask by API.

use super::{Command, aws, helm, kubectl};
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
    let command =
        aws(&profile.aws).args(["eks", "describe-cluster", "--region", &arn.region, "--name", &arn.cluster]);
    Some(command.args(["--query", "cluster.{status:status,health:health.issues}"]))
}

/// The clusters that there are in a region's AWS region.
pub fn list_clusters(profile: &Profile, region: &Region) -> Command {
    aws(&profile.aws).args(["eks", "list-clusters", "--region", &aws_region(region)])
}

/// The health of a target group's targets, as the runbook's "ALB unhealthy" asks for it.
pub fn target_health(profile: &Profile, region: &Region, arn: Option<&str>) -> Command {
    aws(&profile.aws)
        .args(["elbv2", "describe-target-health", "--region", &aws_region(region), "--target-group-arn"])
        .arg(arn.unwrap_or("TARGET-GROUP-ARN"))
}

/// The target groups that the platform's Service is bound to.
pub fn target_group_bindings(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "targetgroupbindings", "-n", &profile.namespace, "-o", "wide"])
}

/// The peering connections of a VPC, whatever their status: a filter would hide the broken one.
pub fn peerings(profile: &Profile, region: &Region, vpc: &str) -> Command {
    ec2(profile, &aws_region(region), "describe-vpc-peering-connections")
        .arg("--query")
        .arg(format!(
            "VpcPeeringConnections[?RequesterVpcInfo.VpcId=='{vpc}' || AccepterVpcInfo.VpcId=='{vpc}']\
             .{{id:VpcPeeringConnectionId,status:Status.Code,from:RequesterVpcInfo.VpcId,to:AccepterVpcInfo.VpcId}}"
        ))
}

/// The route tables of a VPC.
pub fn route_tables(profile: &Profile, aws_region: &str, vpc: &str) -> Command {
    ec2(profile, aws_region, "describe-route-tables")
        .arg("--filters")
        .arg(format!("Name=vpc-id,Values={vpc}"))
}

/// A security group's rules.
pub fn security_group(profile: &Profile, aws_region: &str, group: &str) -> Command {
    ec2(profile, aws_region, "describe-security-groups").args(["--group-ids", group])
}

/// What happened to the Ingress.
pub fn describe_ingress(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["describe", "ingress", "-n", &profile.namespace, &profile.ingress])
}

/// Why pods are as they are.
pub fn describe_pods(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["describe", "pods", "-n", &profile.namespace, "-l", &profile.selector])
}

/// Why nodes are as they are.
pub fn describe_nodes(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["describe", "nodes"])
}

/// What we may do in the platform's namespace.
pub fn can_i(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["auth", "can-i", "--list", "-n", &profile.namespace])
}

/// The records of the platform's Helm release, without their data.
pub fn release_records(profile: &Profile, region: &Region) -> Command {
    let labels = format!("owner=helm,name={}", profile.deployment);
    kubectl(profile, region)
        .args(["get", "secrets", "-n", &profile.namespace, "-l", &labels])
        .args(["-L", "version,status"])
}

/// The revisions of the platform's Helm release.
pub fn helm_history(profile: &Profile, region: &Region) -> Command {
    helm(profile, region, ["history", &profile.deployment])
}

/// The image that a region's Deployment wants.
pub fn deployment_image(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args([
        "get",
        "deployment",
        "-n",
        &profile.namespace,
        &profile.deployment,
        "-o",
        "jsonpath={.spec.template.spec.containers[*].image}",
    ])
}

/// What a health check watches, and how.
pub fn get_health_check(profile: &Profile, region: &Region) -> Command {
    aws(&profile.aws)
        .args(["route53", "get-health-check", "--health-check-id", &region.health_check_id])
        .args(["--query", "HealthCheck.HealthCheckConfig"])
}

/// Is the chart repository in reach?
pub fn chart_index(repository: &str) -> Command {
    let url = format!("{}/index.yaml", repository.trim_end_matches('/'));
    Command::new(["curl", "-sSI"]).arg(url)
}

/// What a chart archive is.
pub fn show_chart(archive: &std::path::Path) -> Command {
    Command::new(["helm", "show", "chart"]).arg(archive.display().to_string())
}

/// A values file's own text.
pub fn show_values(file: &str) -> Command {
    Command::new(["grep", "-nE", "region:|host:|loftHost:|replicaCount:"]).arg(file)
}

pub(super) fn ec2(profile: &Profile, aws_region: &str, what: &str) -> Command {
    aws(&profile.aws).args(["ec2", what, "--region", aws_region])
}
