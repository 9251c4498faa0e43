//! Questions to AWS about a region: EKS, targets, the path to the database; and whose credentials are used.

use std::time::Instant;

use crate::clients::ec2::PathQuery;
use crate::engine::session::Session;
use crate::runbook::fact::{EksFacts, IdentityFacts, IngressFacts, PathFacts, PeeringSide, TargetsFacts};
use crate::runbook::profile::RegionIndex;
use crate::runbook::verdict::{Why, WhyKind};

/// Where STS is asked when no context tells an AWS region.
const ANY_REGION: &str = "us-east-1";

impl Session {
    /// Asked in the AWS region of each of the environment's: any answer will do.
    pub(super) async fn observe_identity(&self) -> Result<IdentityFacts, Why> {
        let mut regions = Vec::new();
        for region in self.profile().indices() {
            // A context that tells none is another question's finding.
            if let Ok(eks) = self.eks_name(region).await
                && !regions.contains(&eks.region)
            {
                regions.push(eks.region);
            }
        }
        if regions.is_empty() {
            regions.push(ANY_REGION.to_owned());
        }
        self.sts().await?.identity(&regions).await
    }

    /// The cluster as EKS knows it; questions that ask in the same moment share the answer.
    pub(super) async fn observe_eks(&self, region: RegionIndex) -> Result<EksFacts, Why> {
        let asking = async {
            let name = self.eks_name(region).await?;
            self.eks().await?.cluster(&name.region, &name.name).await
        };
        match self.eks_answers(region) {
            Some(shared) => shared.get(Box::pin(asking)).await,
            None => asking.await,
        }
    }

    /// The targets behind the region's load balancer, found by the bindings of the platform's Service, else by
    /// the DNS name that its Ingress tells.
    pub(super) async fn observe_targets(&self, region: RegionIndex) -> Result<TargetsFacts, Why> {
        let name = self.eks_name(region).await?;
        let profile = self.profile();
        let reader = self.reader(region).await?;
        let (arns, ingress) = tokio::join!(
            reader.target_group_arns(&profile.namespace, &profile.deployment),
            reader.ingress(&profile.namespace, &profile.ingress),
        );
        let arns = arns?;
        // The Ingress is only needed where no binding tells.
        let dns = match ingress {
            Ok(IngressFacts::Found { addresses, .. }) => addresses.into_iter().next(),
            Err(why) if arns.is_empty() => return Err(why),
            Ok(IngressFacts::Missing) | Err(_) => None,
        };
        self.elb().await?.targets(&name.region, &arns, dns.as_deref()).await
    }

    /// The path from the region's cluster to the database: EKS tells the VPC, EC2 the rest.
    pub(super) async fn observe_path(&self, region: RegionIndex) -> Result<PathFacts, Why> {
        let start = Instant::now();
        let database = &self.profile().database;
        let query = PathQuery {
            region: self.eks_name(region).await?.region,
            cluster_vpc: self.cluster_vpc(region).await?,
            database_vpc: database.vpc_id.clone(),
            security_group: database.security_group_id.clone(),
        };
        let ec2 = self.ec2().await?;
        // What is left, so that a slow answer is told by EC2's own words.
        ec2.path(&query, self.call_deadline().saturating_sub(start.elapsed())).await
    }

    /// The VPCs that a region's cluster is peered with: what the database's VPC is chosen from in the form.
    ///
    /// # Errors
    /// EKS or EC2 could not be asked.
    pub async fn peered_vpcs(&self, region: RegionIndex) -> Result<Vec<PeeringSide>, Why> {
        let name = self.eks_name(region).await?;
        let vpc = self.cluster_vpc(region).await?;
        self.ec2().await?.peered_vpcs(&name.region, &vpc).await
    }

    async fn cluster_vpc(&self, region: RegionIndex) -> Result<String, Why> {
        match self.observe_eks(region).await? {
            EksFacts::Found(cluster) => cluster.vpc_id.ok_or_else(|| {
                Why::new(WhyKind::Garbage, "EKS tells no VPC of the cluster, so its path cannot be looked at")
            }),
            EksFacts::Missing => Err(Why::new(
                WhyKind::NotFound,
                "EKS knows no such cluster, so that the path from it cannot be looked at",
            )),
        }
    }
}
