//! Elastic Load Balancing: the health of the targets behind a region's load balancer.

use aws_sdk_elasticloadbalancingv2::Client;
use aws_sdk_elasticloadbalancingv2::config::{Builder, Region};
use aws_sdk_elasticloadbalancingv2::types::TargetHealthDescription;
use futures::future::try_join_all;

use super::aws::{Aws, LimitAnswers, Service};
use super::failure::words;
use super::within;
use crate::runbook::fact::{FoundBy, Target, TargetGroup, TargetsFacts};
use crate::runbook::verdict::{Why, WhyKind};

const SERVICE: Service = Service { name: "Elastic Load Balancing", id: "elastic_load_balancing_v2" };
/// The largest page of each list.
const PAGE: i32 = 400;
/// Pages that are read at most.
const MAX_PAGES: usize = 25;
/// Target groups that are asked for at most; an ALB has up to 100.
const MAX_GROUPS: usize = 100;

/// The Elastic Load Balancing API.
#[derive(Clone)]
pub struct Elb {
    aws: Aws,
}

impl Elb {
    /// A client with these credentials.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// The target groups of these ARNs, from the TargetGroupBindings of the platform's Service; without any,
    /// those of the load balancer with this DNS name, from the Ingress (`domain.md`, section 4). The health
    /// of all groups is asked at once.
    ///
    /// # Errors
    /// Any of the groups could not be asked, or a binding names one that does not exist.
    pub async fn targets(
        &self,
        region: &str,
        arns: &[String],
        load_balancer_dns: Option<&str>,
    ) -> Result<TargetsFacts, Why> {
        let mut config =
            Builder::from(self.aws.config()).region(Region::new(region.to_owned())).interceptor(LimitAnswers);
        config.set_endpoint_url(self.aws.endpoint(SERVICE));
        let asked = InRegion { aws: &self.aws, client: Client::from_conf(config.build()) };
        within(self.aws.deadline(), SERVICE.name, asked.targets(arns, load_balancer_dns)).await
    }
}

struct InRegion<'a> {
    aws: &'a Aws,
    client: Client,
}

impl InRegion<'_> {
    async fn targets(&self, arns: &[String], dns: Option<&str>) -> Result<TargetsFacts, Why> {
        let (found_by, named) = if !arns.is_empty() {
            (FoundBy::Binding, arns.iter().map(|arn| (name_of(arn).to_owned(), arn.clone())).collect())
        } else if let Some(dns) = dns {
            match self.load_balancer(dns).await? {
                Some(arn) => (FoundBy::LoadBalancer(dns.to_owned()), self.groups_of(&arn).await?),
                None => (FoundBy::Nothing(Some(dns.to_owned())), Vec::new()),
            }
        } else {
            (FoundBy::Nothing(None), Vec::new())
        };
        if named.len() > MAX_GROUPS {
            return Err(Why::new(WhyKind::Garbage, "More target groups than are read"));
        }
        let asked = named.into_iter().map(|(name, arn)| self.group(name, arn));
        let mut groups = try_join_all(asked).await?;
        groups.sort_unstable_by(|a, b| (&a.name, &a.arn).cmp(&(&b.name, &b.arn)));
        groups.dedup_by(|a, b| a.arn == b.arn);
        Ok(TargetsFacts { found_by, groups })
    }

    /// The ARN of the load balancer with this DNS name.
    async fn load_balancer(&self, dns: &str) -> Result<Option<String>, Why> {
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let request = self.client.describe_load_balancers().page_size(PAGE).set_marker(marker);
            let action = "elasticloadbalancing:DescribeLoadBalancers";
            let page = self.aws.ask(SERVICE, action, request.send()).await?;
            let found =
                page.load_balancers.unwrap_or_default().into_iter().find(|balancer| {
                    balancer.dns_name.as_deref().is_some_and(|name| is_same_name(name, dns))
                });
            if let Some(balancer) = found {
                return Ok(balancer.load_balancer_arn);
            }
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(None);
            }
        }
        Err(too_many())
    }

    /// Name and ARN of each target group behind a load balancer.
    async fn groups_of(&self, load_balancer_arn: &str) -> Result<Vec<(String, String)>, Why> {
        let mut groups = Vec::new();
        let mut marker: Option<String> = None;
        for _ in 0..MAX_PAGES {
            let request = self.client.describe_target_groups().load_balancer_arn(load_balancer_arn);
            let request = request.page_size(PAGE).set_marker(marker);
            let action = "elasticloadbalancing:DescribeTargetGroups";
            let page = self.aws.ask(SERVICE, action, request.send()).await?;
            groups.extend(page.target_groups.unwrap_or_default().into_iter().filter_map(|group| {
                let arn = group.target_group_arn?;
                Some((group.target_group_name.unwrap_or_else(|| name_of(&arn).to_owned()), arn))
            }));
            marker = page.next_marker.filter(|marker| !marker.is_empty());
            if marker.is_none() {
                return Ok(groups);
            }
        }
        Err(too_many())
    }

    async fn group(&self, name: String, arn: String) -> Result<TargetGroup, Why> {
        let request = self.client.describe_target_health().target_group_arn(&arn).send();
        let answer =
            self.aws.ask(SERVICE, "elasticloadbalancing:DescribeTargetHealth", request).await.map_err(
                |why| match why.kind {
                    WhyKind::NotFound => Why { message: format!("{}: {name}", why.message), ..why }.remedy(
                        "The target group is gone: look at the load balancer controller's events and logs",
                    ),
                    _ => why,
                },
            )?;
        let mut targets: Vec<Target> =
            answer.target_health_descriptions.unwrap_or_default().into_iter().map(target_of).collect();
        targets.sort_unstable_by(|a, b| (&a.id, a.port).cmp(&(&b.id, b.port)));
        Ok(TargetGroup { name, arn, targets })
    }
}

fn target_of(found: TargetHealthDescription) -> Target {
    let (target, health) = (found.target, found.target_health);
    let port = target.as_ref().and_then(|target| target.port);
    let health = health.as_ref();
    Target {
        id: target.and_then(|target| target.id).unwrap_or_default(),
        port: port.and_then(|port| u16::try_from(port).ok()),
        state: health
            .and_then(|health| health.state.as_ref())
            .map_or_else(String::new, |state| state.as_str().to_owned()),
        reason: health.and_then(|health| health.reason.as_ref()).map(|reason| reason.as_str().to_owned()),
        description: health.and_then(|health| health.description.as_deref()).map(words),
    }
}

/// `NAME` of `arn:aws:elasticloadbalancing:REGION:ACCOUNT:targetgroup/NAME/ID`.
fn name_of(arn: &str) -> &str {
    let mut parts = arn.rsplit(':').next().unwrap_or(arn).split('/').skip(1);
    parts.next().unwrap_or(arn)
}

/// DNS names say the same in any case, with or without the dot at the end; `dualstack.` is an alias that
/// each load balancer answers to.
fn is_same_name(a: &str, b: &str) -> bool {
    let bare = |name: &str| {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        name.strip_prefix("dualstack.").map(str::to_owned).unwrap_or(name)
    };
    bare(a) == bare(b)
}

fn too_many() -> Why {
    Why::new(WhyKind::Garbage, format!("{} lists more than is read", SERVICE.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_from_arns_and_compared_as_dns_does() {
        let arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/k8s-loft/0123456789abcdef";
        assert_eq!(name_of(arn), "k8s-loft");
        assert_eq!(name_of("odd"), "odd");
        assert!(is_same_name("Loft-1.us-east-1.elb.amazonaws.com", "loft-1.us-east-1.elb.amazonaws.com."));
        assert!(is_same_name("loft-1.elb.amazonaws.com", "dualstack.loft-1.elb.amazonaws.com"));
        assert!(!is_same_name("loft-1.elb.amazonaws.com", "loft-2.elb.amazonaws.com"));
    }
}
