//! The names of the practice world: the runbook's two regions and what they share.

use std::net::Ipv4Addr;

use super::random::fingerprint;

/// The host that Route 53 points at the regions that are well.
pub(super) const SHARED_HOST: &str = "multi-region.example.com";
/// The AWS account of the runbook's ARNs.
pub(super) const ACCOUNT: &str = "123456789012";
/// The platform's version in both regions, and the chart's.
pub(super) const PLATFORM_VERSION: &str = "4.11.2";
/// Replicas of the platform in each region.
pub(super) const REPLICAS: u32 = 3;
/// The database both regions write to.
const DATABASE_HOST: &str = "platform-multi-region.cluster-cx4kpractice.us-east-1.rds.amazonaws.com";

/// A region's names.
#[derive(Debug)]
pub(super) struct Place {
    /// AWS's name of the region.
    pub region: &'static str,
    /// The region's own host name.
    pub host: &'static str,
    /// What the host's name resolves to for Route 53's checkers (RFC 5737).
    pub load_balancer: Ipv4Addr,
    /// The first two numbers of the addresses in the cluster's VPC, a /16.
    pub network: [u8; 2],
}

/// The two regions, in the order in which the runbook names them.
pub(super) static PLACES: [Place; 2] = [
    Place {
        region: "us-east-1",
        host: "us.multi-region.example.com",
        load_balancer: Ipv4Addr::new(203, 0, 113, 10),
        network: [10, 0],
    },
    Place {
        region: "eu-west-1",
        host: "eu.multi-region.example.com",
        load_balancer: Ipv4Addr::new(198, 51, 100, 20),
        network: [10, 2],
    },
];

/// An id of EC2's form, `vpc-` and 17 hexadecimal digits; the same in every world.
pub(super) fn resource_id(kind: &str, label: &str) -> String {
    format!("{kind}-0{:016x}", fingerprint(&format!("{kind} {label}")))
}

impl Place {
    /// The name of the region's EKS cluster.
    pub(super) fn cluster_name(&self) -> String {
        format!("platform-multi-region-{}", self.region)
    }

    /// The ARN of the region's EKS cluster, which is its kubeconfig context too.
    pub(super) fn cluster_arn(&self) -> String {
        format!("arn:aws:eks:{}:{ACCOUNT}:cluster/{}", self.region, self.cluster_name())
    }

    /// The load balancer's name, as the AWS load balancer controller makes it.
    pub(super) fn load_balancer_name(&self) -> String {
        format!("k8s-vcluster-loft-{:010x}", fingerprint(self.host) & 0xff_ffff_ffff)
    }

    /// The load balancer's DNS name, which is the Ingress' hostname too.
    pub(super) fn load_balancer_dns(&self) -> String {
        let number = fingerprint(self.host) % 1_900_000_000;
        format!("{}-{number}.{}.elb.amazonaws.com", self.load_balancer_name(), self.region)
    }

    /// The load balancer's ARN.
    pub(super) fn load_balancer_arn(&self) -> String {
        let (name, id) = (self.load_balancer_name(), fingerprint(&self.load_balancer_name()));
        format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:loadbalancer/app/{name}/{id:016x}", self.region)
    }

    /// The name of the target group behind it.
    pub(super) fn target_group_name(&self) -> String {
        let hash = fingerprint(&format!("{} targets", self.host)) & 0xff_ffff_ffff;
        format!("k8s-vcluster-loft-{hash:010x}")
    }

    /// The target group's ARN.
    pub(super) fn target_group_arn(&self) -> String {
        let (name, id) = (self.target_group_name(), fingerprint(&self.target_group_name()));
        format!("arn:aws:elasticloadbalancing:{}:{ACCOUNT}:targetgroup/{name}/{id:016x}", self.region)
    }

    /// The values file that the platform was installed with. Between regions
    /// only `multiRegion` differs.
    pub(super) fn values_yaml(&self) -> String {
        let Self { region, host, .. } = self;
        format!(
            "replicaCount: {REPLICAS}\n\
             resources:\n\
             \x20 limits:\n\
             \x20   memory: 512Mi\n\
             config:\n\
             \x20 loftHost: {SHARED_HOST}\n\
             \x20 database:\n\
             \x20   enabled: true\n\
             \x20   dataSource: \"mysql://kine@tcp({DATABASE_HOST}:3306)/kine\"\n\
             multiRegion:\n\
             \x20 enabled: true\n\
             \x20 host: {host}\n\
             \x20 region: {region}\n\
             ingress:\n\
             \x20 enabled: true\n\
             \x20 host: {SHARED_HOST}\n"
        )
    }
}
