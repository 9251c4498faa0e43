//! EKS: what AWS says of a cluster, whether or not its own API can be reached.

use aws_sdk_eks::Client;
use aws_sdk_eks::config::{Builder, Region};
use aws_sdk_eks::operation::describe_cluster::DescribeClusterError;
use aws_sdk_eks::types::{Cluster, ClusterIssue};

use super::aws::{Aws, LimitAnswers, Service};
use super::failure::words;
use super::within;
use crate::runbook::fact::{EksCluster, EksFacts, HealthIssue};
use crate::runbook::verdict::{Why, WhyKind};

const SERVICE: Service = Service { name: "EKS", id: "eks" };

/// The EKS API.
#[derive(Clone)]
pub struct Eks {
    aws: Aws,
}

impl Eks {
    /// A client with these credentials.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// A cluster's status, health issues, VPC and endpoints (`DescribeCluster`).
    ///
    /// # Errors
    /// Anything but an answer about the cluster; `ResourceNotFoundException` is [`EksFacts::Missing`].
    pub async fn cluster(&self, region: &str, name: &str) -> Result<EksFacts, Why> {
        within(self.aws.deadline(), SERVICE.name, async {
            let mut config = Builder::from(self.aws.config())
                .region(Region::new(region.to_owned()))
                .interceptor(LimitAnswers);
            config.set_endpoint_url(self.aws.endpoint(SERVICE));
            let client = Client::from_conf(config.build());
            match Box::pin(client.describe_cluster().name(name).send()).await {
                Ok(answer) => match answer.cluster {
                    Some(cluster) if cluster.status.is_some() => Ok(EksFacts::Found(facts_of(cluster))),
                    _ => Err(Why::new(WhyKind::Garbage, "The answer of EKS holds no cluster and no status")),
                },
                Err(error) if is_missing(error.as_service_error()) => Ok(EksFacts::Missing),
                Err(error) => Err(self.aws.why(&error, SERVICE, "eks:DescribeCluster")),
            }
        })
        .await
    }
}

fn is_missing(said: Option<&DescribeClusterError>) -> bool {
    said.is_some_and(DescribeClusterError::is_resource_not_found_exception)
}

fn facts_of(cluster: Cluster) -> EksCluster {
    let vpc = cluster.resources_vpc_config;
    let issues = cluster.health.and_then(|health| health.issues).unwrap_or_default();
    EksCluster {
        status: cluster.status.map_or_else(String::new, |status| status.as_str().to_owned()),
        version: cluster.version,
        issues: issues.into_iter().map(issue_of).collect(),
        public_endpoint: vpc.as_ref().is_some_and(|vpc| vpc.endpoint_public_access),
        private_endpoint: vpc.as_ref().is_some_and(|vpc| vpc.endpoint_private_access),
        vpc_id: vpc.and_then(|vpc| vpc.vpc_id).filter(|id| !id.is_empty()),
    }
}

fn issue_of(issue: ClusterIssue) -> HealthIssue {
    HealthIssue {
        code: issue.code.map_or_else(String::new, |code| code.as_str().to_owned()),
        message: words(&issue.message.unwrap_or_default()),
    }
}
