//! Commands of repairs that are somebody else's to run: this program shows them and never runs them.

use super::look::ec2;
use super::{Command, aws};
use crate::runbook::profile::Profile;

/// Signs in again.
pub fn sso_login(profile: &Profile) -> Command {
    aws(&profile.aws).args(["sso", "login"])
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
