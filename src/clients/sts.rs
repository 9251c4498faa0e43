//! STS: whose credentials are used.

use aws_sdk_sts::Client;
use aws_sdk_sts::config::{Builder, Region};
use futures::future::select_ok;
use jiff::Timestamp;

use super::aws::{Aws, LimitAnswers, Service};
use super::within;
use crate::runbook::fact::IdentityFacts;
use crate::runbook::verdict::{Why, WhyKind};

/// STS, as settings name it.
pub(crate) const SERVICE: Service = Service { name: "STS", id: "sts" };

/// The STS API.
#[derive(Clone)]
pub struct Sts {
    aws: Aws,
}

impl Sts {
    /// A client with these credentials.
    pub fn new(aws: &Aws) -> Self {
        Self { aws: aws.clone() }
    }

    /// Whose the credentials are (`GetCallerIdentity`, which needs no permission).
    ///
    /// Asked in each of these AWS regions at once: one of them may be the one that failed, and the first
    /// answer is as good as any.
    ///
    /// # Errors
    /// Where none answers, that of one of them.
    pub async fn identity(&self, regions: &[String]) -> Result<IdentityFacts, Why> {
        let asked = regions.iter().map(|region| Box::pin(self.identity_in(region)));
        let asked: Vec<_> = asked.collect();
        if asked.is_empty() {
            return Err(Why::new(WhyKind::Configuration, "No AWS region to ask STS in"));
        }
        match select_ok(asked).await {
            Ok((facts, _)) => Ok(facts),
            Err(why) => Err(why),
        }
    }

    async fn identity_in(&self, region: &str) -> Result<IdentityFacts, Why> {
        within(self.aws.deadline(), SERVICE.name, async {
            let expires_at = self.aws.credentials().await?.expiry();
            let mut config = Builder::from(self.aws.config())
                .region(Region::new(region.to_owned()))
                .interceptor(LimitAnswers);
            config.set_endpoint_url(self.aws.endpoint(SERVICE));
            let client = Client::from_conf(config.build());
            let action = "sts:GetCallerIdentity";
            let answer = self.aws.ask(SERVICE, action, client.get_caller_identity().send()).await?;
            let (Some(account), Some(arn)) = (answer.account, answer.arn) else {
                return Err(Why::new(WhyKind::Garbage, "The answer of STS names no account or no ARN"));
            };
            let expires_at = expires_at.and_then(|at| Timestamp::try_from(at).ok());
            Ok(IdentityFacts { account, arn, expires_at })
        })
        .await
    }
}
