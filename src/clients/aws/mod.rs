//! What the clients of all AWS services share: credentials, endpoints, limits, and how errors are told.
//!
//! [`Aws`] is one profile's settings and credentials, from which a client for any AWS region is made.
//! [`AwsProfiles`] keeps one for each profile that is needed: the environment's, and those that credential
//! plugins of the kubeconfig name.
//!
//! Caveats: the SDK's retries are off, its identity cache too (see `keychain`); proxies of the
//! environment variables are used by the EC2 client alone.

mod config;
mod endpoint;
pub(crate) mod failure;
mod keychain;
pub(crate) mod sign;

use std::collections::BTreeMap;
use std::fmt;
use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

pub(crate) use config::LimitAnswers;

use self::failure::Asked;
use self::keychain::Keychain;
use super::once::Once;
use crate::runbook::profile::AwsSettings;
use crate::runbook::verdict::{Why, WhyKind};

/// Exported keys that win over a named profile in the `aws` program.
pub(crate) const EXPORTED_KEYS: [&str; 3] =
    ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];

/// An AWS API, as messages and settings name it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Service {
    /// As messages name it: `Route 53`.
    pub(crate) name: &'static str,
    /// The name in endpoint settings: `AWS_ENDPOINT_URL_ROUTE_53`, `route_53` in a profile's services section.
    ///
    /// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
    pub(crate) id: &'static str,
}

/// One profile's settings and credentials. Cheap to clone.
#[derive(Clone)]
pub struct Aws(Arc<Shared>);

struct Shared {
    config: SdkConfig,
    keychain: Keychain,
    settings: AwsSettings,
    /// Overrides every other setting of it.
    endpoint: Option<String>,
    deadline: Duration,
}

impl Aws {
    /// Reads the AWS configuration, and has a named profile sign in. Otherwise credentials are asked for
    /// with the first request.
    ///
    /// `endpoint` overrides every other setting of it. `deadline` is for each later call.
    ///
    /// # Errors
    /// A named file that cannot be read; a named profile that does not exist or cannot sign in.
    pub async fn connect(
        settings: &AwsSettings,
        endpoint: Option<&str>,
        deadline: Duration,
    ) -> Result<Self, Why> {
        let connecting = Box::pin(config::load(settings, endpoint, deadline));
        let profile = settings.profile.as_deref();
        let (config, keychain) = match tokio::time::timeout(deadline, connecting).await {
            Ok(loaded) => loaded?,
            Err(_) => return Err(failure::slow_sign_in(profile, deadline)),
        };
        let aws = Self(Arc::new(Shared {
            config,
            keychain,
            settings: settings.clone(),
            endpoint: endpoint.map(str::to_owned),
            deadline,
        }));
        if settings.profile.is_some() {
            aws.credentials().await?;
        }
        Ok(aws)
    }

    /// What the SDK's clients are made of; each adds the region, the endpoint and [`LimitAnswers`].
    pub(crate) fn config(&self) -> &SdkConfig {
        &self.0.config
    }

    /// Whose credentials these are, as the environment says it.
    pub(crate) fn settings(&self) -> &AwsSettings {
        &self.0.settings
    }

    /// How long a call may take.
    pub(crate) fn deadline(&self) -> Duration {
        self.0.deadline
    }

    /// Where a service is, if settings say so: the overriding endpoint, `AWS_ENDPOINT_URL_<SERVICE>`,
    /// `AWS_ENDPOINT_URL`, or `endpoint_url` of the profile or its services section.
    pub(crate) fn endpoint(&self, service: Service) -> Option<String> {
        self.0.endpoint.clone().or_else(|| endpoint::configured(&self.0.config, service))
    }

    /// Where a service is in a region.
    ///
    /// # Errors
    /// A region's name that cannot be one.
    pub(crate) fn regional_endpoint(&self, service: Service, region: &str) -> Result<String, Why> {
        self.endpoint(service).map_or_else(|| endpoint::regional(service, region), Ok)
    }

    /// The credentials, asked for anew where they are about to expire.
    ///
    /// # Errors
    /// A sign-in that is missing or expired, with the command that helps; or no answer within the deadline.
    pub(crate) async fn credentials(&self) -> Result<Credentials, Why> {
        self.0.keychain.credentials().await
    }

    /// Has the credentials asked for anew, with the files read again, the next time they are needed: the
    /// other end refused them.
    pub(crate) fn forget_credentials(&self) {
        self.0.keychain.forget();
    }

    /// Awaits a request of the SDK; errors become reasons. `action` is the IAM permission that it needs.
    pub(crate) fn ask<O, E>(
        &self,
        service: Service,
        action: &str,
        request: impl Future<Output = Result<O, SdkError<E, HttpResponse>>>,
    ) -> impl Future<Output = Result<O, Why>>
    where
        E: std::error::Error + ProvideErrorMetadata + fmt::Debug + Send + Sync + 'static,
    {
        // Boxed: the SDK's requests are large futures, and several of them are joined in one.
        let request = Box::pin(request);
        async move { request.await.map_err(|error| self.why(&error, service, action)) }
    }

    /// Why a request of the SDK failed.
    pub(crate) fn why<E>(&self, error: &SdkError<E, HttpResponse>, service: Service, action: &str) -> Why
    where
        E: std::error::Error + ProvideErrorMetadata + fmt::Debug + Send + Sync + 'static,
    {
        self.noted(self.asked(service, action).failed(error))
    }

    /// Why an answer other than success was given, of a service that is asked without the SDK.
    pub(crate) fn refused(
        &self,
        service: Service,
        action: &str,
        status: u16,
        code: Option<&str>,
        said: &str,
    ) -> Why {
        self.noted(self.asked(service, action).refused(status, code, said))
    }

    fn asked<'a>(&'a self, service: Service, action: &'a str) -> Asked<'a> {
        Asked { peer: service.name, action, profile: self.0.settings.profile.as_deref() }
    }

    fn noted(&self, why: Why) -> Why {
        if why.kind == WhyKind::Unauthenticated {
            self.forget_credentials();
        }
        why
    }
}

/// One [`Aws`] a profile, each made once, on the first question that needs it. Cheap to clone.
#[derive(Clone)]
pub struct AwsProfiles {
    settings: AwsSettings,
    endpoint: Option<String>,
    deadline: Duration,
    made: Arc<Mutex<BTreeMap<Option<String>, OnceMade>>>,
}

type OnceMade = Arc<Once<Aws>>;

impl fmt::Debug for AwsProfiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsProfiles").field("settings", &self.settings).finish_non_exhaustive()
    }
}

impl AwsProfiles {
    /// The environment's settings; nothing is read yet. See [`Aws::connect`].
    pub fn new(settings: AwsSettings, endpoint: Option<String>, deadline: Duration) -> Self {
        Self { settings, endpoint, deadline, made: Arc::default() }
    }

    /// The environment's own credentials.
    ///
    /// # Errors
    /// Those of [`Aws::connect`].
    pub async fn own(&self) -> Result<Aws, Why> {
        self.of(self.settings.profile.clone()).await
    }

    /// Those of a named profile.
    ///
    /// # Errors
    /// Those of [`Aws::connect`].
    pub async fn named(&self, profile: &str) -> Result<Aws, Why> {
        self.of(Some(profile.to_owned())).await
    }

    /// The sign-in that is going on, if one is, as the reason of a question that could not wait for it.
    pub fn slow_sign_in(&self, waited: Duration) -> Option<Why> {
        let made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let signs_in = |once: &OnceMade| {
            once.is_making() || matches!(once.peek(), Some(Ok(aws)) if aws.0.keychain.is_asking())
        };
        let (profile, _) = made.iter().find(|(_, once)| signs_in(once))?;
        Some(failure::slow_sign_in(profile.as_deref(), waited))
    }

    async fn of(&self, profile: Option<String>) -> Result<Aws, Why> {
        let once = {
            // Nothing in there can panic halfway, so a poisoned lock still holds a sound map.
            let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(made.entry(profile.clone()).or_default())
        };
        let settings = AwsSettings { profile, ..self.settings.clone() };
        once.get(Box::pin(Aws::connect(&settings, self.endpoint.as_deref(), self.deadline))).await
    }
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
