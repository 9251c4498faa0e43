//! Commands of repairs that are somebody else's to run: this program shows them and never runs them.

use super::look::{GROUP, VPC, ec2};
use super::value::Kind;
use super::{Command, aws, kubectl};
use crate::runbook::profile::{Profile, Region};

const RANGE: &str = "The range of addresses";
const PEERING: &str = "The ID of the peering connection";
const CONNECTION: &str = "--vpc-peering-connection-id";

/// Signs in again.
pub fn sso_login(profile: &Profile) -> Command {
    aws(&profile.aws).args(["sso", "login"])
}

/// Makes Helm forget a revision of the platform's release, and leaves the objects that it made.
pub fn forget_release(profile: &Profile, region: &Region, revision: u32) -> Command {
    let mut command = kubectl(profile, region).args(["delete", "secret"]).namespace("-n", profile);
    let release = command.given(Kind::Name, "The name of the release", &profile.deployment);
    command.arg(format!("sh.helm.release.v1.{release}.v{revision}"))
}

/// Opens a port of a security group for a range.
pub fn open_port(profile: &Profile, aws_region: &str, group: &str, port: u16, range: &str) -> Command {
    ec2(profile, aws_region, "authorize-security-group-ingress")
        .arg("--group-id")
        .value(Kind::Id, GROUP, group)
        .args(["--protocol", "tcp", "--port", &port.to_string(), "--cidr"])
        .value(Kind::Address, RANGE, range)
}

/// Makes a table lead a range to a peering connection: adds the route, or replaces the one that exists.
pub fn set_route(
    profile: &Profile,
    aws_region: &str,
    (table, range, peering): (&str, &str, &str),
    exists: bool,
) -> Command {
    ec2(profile, aws_region, if exists { "replace-route" } else { "create-route" })
        .arg("--route-table-id")
        .value(Kind::Id, "The ID of the route table", table)
        .arg("--destination-cidr-block")
        .value(Kind::Address, RANGE, range)
        .arg(CONNECTION)
        .value(Kind::Id, PEERING, peering)
}

/// Accepts a peering connection that waits for it.
pub fn accept_peering(profile: &Profile, aws_region: &str, peering: &str) -> Command {
    ec2(profile, aws_region, "accept-vpc-peering-connection").arg(CONNECTION).value(
        Kind::Id,
        PEERING,
        peering,
    )
}

/// Asks for a peering connection.
pub fn create_peering(
    profile: &Profile,
    aws_region: &str,
    vpc: &str,
    peer_vpc: &str,
    peer_region: &str,
) -> Command {
    ec2(profile, aws_region, "create-vpc-peering-connection")
        .arg("--vpc-id")
        .value(Kind::Id, VPC, vpc)
        .arg("--peer-vpc-id")
        .value(Kind::Id, VPC, peer_vpc)
        .arg("--peer-region")
        .value(Kind::Id, "The name of the AWS region", peer_region)
}
