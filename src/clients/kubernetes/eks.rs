//! EKS in a kubeconfig: which cluster an entry means, and its tokens, made in process where the plugin is
//! `aws eks get-token` (`domain.md`, section 6).
//!
//! The `aws` program takes about a second for what is one signature here.

use std::fmt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use kube::config::{ExecConfig, Kubeconfig};

use super::access::{ClusterAccess, read_off_thread};
use super::exec::Credential;
use crate::clients::aws::AwsProfiles;
use crate::clients::aws::sign::{Scope, presigned};
use crate::clients::secret::Secret;
use crate::clients::sts;
use crate::runbook::profile::ClusterArn;
use crate::runbook::verdict::{Why, WhyKind};

/// How long the URL inside a token may be used to ask STS.
const URL_LASTS: Duration = Duration::from_secs(60);
/// How long a cluster takes the token: the `aws` program's own figure, of EKS's 15 minutes.
const TOKEN_LASTS: Duration = Duration::from_mins(14);

/// A cluster as EKS knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EksName {
    /// Its AWS region.
    pub region: String,
    /// Its name.
    pub name: String,
}

impl fmt::Display for EksName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in {}", self.name, self.region)
    }
}

impl EksName {
    fn of_arn(text: &str) -> Option<Self> {
        ClusterArn::parse(text).map(|arn| Self { region: arn.region, name: arn.cluster })
    }
}

/// Which EKS cluster a context means: its own name as an ARN, else its cluster's or user's, else what the
/// user's credential plugin is told (`--region`, `--cluster-name`).
///
/// # Errors
/// The kubeconfig cannot be read, or none of them names one.
pub async fn eks_name(access: &ClusterAccess) -> Result<EksName, Why> {
    if let Some(name) = EksName::of_arn(&access.context) {
        return Ok(name);
    }
    let kubeconfig = read_off_thread(access).await?;
    named_in(&kubeconfig, &access.context).ok_or_else(|| {
        let message = format!(
            "The context {} names no EKS cluster: neither it nor its kubeconfig entries are an ARN",
            access.context
        );
        Why::new(WhyKind::Configuration, message)
            .remedy("Run `aws eks update-kubeconfig` for the cluster, and choose the context that it adds")
    })
}

fn named_in(kubeconfig: &Kubeconfig, context: &str) -> Option<EksName> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let user = context.user.as_deref();
    EksName::of_arn(&context.cluster).or_else(|| EksName::of_arn(user?)).or_else(|| {
        let named = kubeconfig.auth_infos.iter().find(|named| Some(named.name.as_str()) == user)?;
        let arguments = Arguments::of(named.auth_info.as_ref()?.exec.as_ref()?);
        Some(EksName { region: arguments.region?, name: arguments.cluster? })
    })
}

/// What a plugin is told.
#[derive(Debug, Default)]
struct Arguments {
    words: Vec<String>,
    region: Option<String>,
    cluster: Option<String>,
    profile: Option<String>,
    /// Anything that is not known here.
    has_more: bool,
}

impl Arguments {
    fn of(exec: &ExecConfig) -> Self {
        let mut found = Self::default();
        let mut args = exec.args.iter().flatten();
        while let Some(arg) = args.next() {
            if !arg.starts_with('-') {
                found.words.push(arg.clone());
                continue;
            }
            let (flag, value) = match arg.split_once('=') {
                Some((flag, value)) => (flag, Some(value.to_owned())),
                None => (arg.as_str(), args.next().cloned()),
            };
            match (flag, value) {
                ("--region", Some(value)) => found.region = Some(value),
                ("--cluster-name", Some(value)) => found.cluster = Some(value),
                ("--profile", Some(value)) => found.profile = Some(value),
                ("--output", Some(value)) if value == "json" => {}
                _ => found.has_more = true,
            }
        }
        found
    }
}

/// A plugin that is `aws eks get-token`, done in process.
#[derive(Debug, Clone)]
pub(super) struct EksToken {
    cluster: EksName,
    /// The profile that the plugin names; else the environment's.
    profile: Option<String>,
    aws: AwsProfiles,
}

impl EksToken {
    /// `None` for any other plugin, and for one with flags or variables that are not known here: those are
    /// run.
    pub(super) fn of(exec: &ExecConfig, aws: &AwsProfiles) -> Option<Self> {
        let command = Path::new(exec.command.as_deref()?);
        let is_aws = command.file_stem().is_some_and(|stem| stem == "aws")
            && (command.is_absolute() || command.components().count() == 1);
        let arguments = Arguments::of(exec);
        if !is_aws || arguments.has_more || arguments.words != ["eks", "get-token"] {
            return None;
        }
        let mut profile = None;
        for variable in exec.env.iter().flatten() {
            match (variable.get("name")?.as_str(), variable.get("value")?.as_str()) {
                ("AWS_PROFILE", name) => profile = Some(name.to_owned()),
                // What is done here anyway.
                ("AWS_STS_REGIONAL_ENDPOINTS", "regional") => {}
                _ => return None,
            }
        }
        let cluster = EksName { region: arguments.region?, name: arguments.cluster? };
        let profile = arguments.profile.or(profile).filter(|profile| !profile.is_empty());
        Some(Self { cluster, profile, aws: aws.clone() })
    }

    /// A new token. `is_refused` has the credentials asked for anew: the cluster refused the token that was
    /// made with the ones before.
    ///
    /// # Errors
    /// The AWS sign-in, with the command that helps.
    pub(super) async fn credential(&self, is_refused: bool) -> Result<Credential, Why> {
        let aws = match &self.profile {
            Some(profile) => self.aws.named(profile).await?,
            None => self.aws.own().await?,
        };
        if is_refused {
            aws.forget_credentials();
        }
        let credentials = aws.credentials().await?;
        let EksName { region, name } = &self.cluster;
        let endpoint = aws.regional_endpoint(sts::SERVICE, region)?;
        let now = SystemTime::now();
        let scope = Scope { credentials: &credentials, service: sts::SERVICE.id, region, now };
        let token = token(&endpoint, name, &scope)?;
        let lasts_until = now + TOKEN_LASTS;
        let expires_at = credentials.expiry().map_or(lasts_until, |expiry| expiry.min(lasts_until));
        Ok(Credential {
            token: Some(token),
            client_certificate: None,
            expires_at: Timestamp::try_from(expires_at).ok(),
        })
    }
}

/// A presigned `GetCallerIdentity` that is good for one cluster.
fn token(endpoint: &str, cluster: &str, scope: &Scope<'_>) -> Result<Secret, Why> {
    let endpoint = endpoint.trim_end_matches('/');
    let url = format!("{endpoint}/?Action=GetCallerIdentity&Version=2011-06-15");
    let url = presigned(&url, &[("x-k8s-aws-id", cluster)], URL_LASTS, scope)?;
    Ok(Secret::new(format!("k8s-aws-v1.{}", URL_SAFE_NO_PAD.encode(url))))
}

#[cfg(test)]
#[path = "eks_tests.rs"]
mod tests;
