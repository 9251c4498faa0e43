//! Commands of repairs that are somebody else's to run: this program shows them and never runs them.

use super::look::ec2;
use super::{Command, aws, kubectl};
use crate::runbook::profile::{Profile, Region};

/// Signs in again.
pub fn sso_login(profile: &Profile) -> Command {
    aws(&profile.aws).args(["sso", "login"])
}

/// Makes Helm forget a revision of the platform's release, and leaves the objects that it made.
pub fn forget_release(profile: &Profile, region: &Region, revision: u32) -> Command {
    let record = format!("sh.helm.release.v1.{}.v{revision}", profile.deployment);
    kubectl(profile, region).args(["delete", "secret", "-n", &profile.namespace, &record])
}

/// Opens a port of a security group for a range.
pub fn open_port(profile: &Profile, aws_region: &str, group: &str, port: u16, range: &str) -> Command {
    ec2(profile, aws_region, "authorize-security-group-ingress").args([
        "--group-id",
        group,
        "--protocol",
        "tcp",
        "--port",
        &port.to_string(),
        "--cidr",
        range,
    ])
}

/// Makes a table lead a range to a peering connection: adds the route, or replaces the one that exists.
pub fn set_route(
    profile: &Profile,
    aws_region: &str,
    (table, range, peering): (&str, &str, &str),
    exists: bool,
) -> Command {
    ec2(profile, aws_region, if exists { "replace-route" } else { "create-route" })
        .args(["--route-table-id", table, "--destination-cidr-block", range])
        .args(["--vpc-peering-connection-id", peering])
}

/// Accepts a peering connection that waits for it.
pub fn accept_peering(profile: &Profile, aws_region: &str, peering: &str) -> Command {
    ec2(profile, aws_region, "accept-vpc-peering-connection").args(["--vpc-peering-connection-id", peering])
}

/// Asks for a peering connection.
pub fn create_peering(
    profile: &Profile,
    aws_region: &str,
    vpc: &str,
    peer_vpc: &str,
    peer_region: &str,
) -> Command {
    ec2(profile, aws_region, "create-vpc-peering-connection").args([
        "--vpc-id",
        vpc,
        "--peer-vpc-id",
        peer_vpc,
        "--peer-region",
        peer_region,
    ])
}
