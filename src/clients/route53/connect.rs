//! The SDK's client: which credentials, which endpoint, how answers are read.

use std::time::Duration;

use aws_config::identity::IdentityCache;
use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_sdk_route53::Client;
use aws_sdk_route53::config::ProvideCredentials as _;
use aws_sdk_route53::config::interceptors::BeforeDeserializationInterceptorContextMut;
use aws_sdk_route53::config::{ConfigBag, Intercept, RuntimeComponents, SharedHttpClient};
use aws_sdk_route53::error::BoxError;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_types::body::SdkBody;
use aws_types::service_config::ServiceConfigKey;
use http_body_util::Limited;

use super::failure::before_an_answer;
use crate::clients::{MAX_ANSWER_BYTES, install_tls_provider, within};
use crate::runbook::profile::AwsSettings;
use crate::runbook::verdict::{Why, WhyKind};

/// Route 53 is a global service, signed for in this region.
const REGION: Region = Region::from_static("us-east-1");
/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// A client for these settings.
pub(super) async fn client(
    aws: &AwsSettings,
    endpoint: Option<&str>,
    deadline: Duration,
) -> Result<Client, Why> {
    install_tls_provider();
    for file in aws.config_file.iter().chain(&aws.credentials_file) {
        tokio::fs::metadata(file).await.map_err(|error| {
            Why::new(WhyKind::Configuration, format!("{} cannot be read: {error}", file.display()))
        })?;
    }
    // Reads the system's trust store.
    let http = tokio::task::spawn_blocking(|| {
        aws_smithy_http_client::Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https()
    });
    let http = http.await.map_err(|error| {
        Why::new(WhyKind::Configuration, format!("No HTTPS client could be made: {error}"))
    })?;
    let files = profile_files(aws);
    let timeouts = TimeoutConfig::builder().connect_timeout(deadline.min(CONNECT_LIMIT)).build();
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http.clone())
        .region(REGION)
        .profile_files(files.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        .identity_cache(IdentityCache::lazy().load_timeout(deadline).build());
    if let Some(profile) = &aws.profile {
        let provider = named_profile(profile, files, http);
        // Asked once before all: of questions at the same time the SDK tells only the first one why.
        within(deadline, "the profile's sign-in", async {
            let signed_in = provider.provide_credentials().await;
            signed_in.map(drop).map_err(|error| before_an_answer(&error, Some(profile)))
        })
        .await?;
        loader = loader.profile_name(profile).credentials_provider(provider);
    }
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let shared = loader.load().await;
    let mut config = aws_sdk_route53::config::Builder::from(&shared).interceptor(LimitAnswers);
    if endpoint.is_none()
        && let Some(configured) = configured_endpoint(&shared)
    {
        config = config.endpoint_url(configured);
    }
    Ok(Client::from_conf(config.build()))
}

/// The endpoint of the environment variables or the profile. The SDK looks for `route-53` in a profile's
/// services section, where the documented name, which the `aws` program follows, is `route_53`.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/ss-endpoints-table.html>
fn configured_endpoint(shared: &SdkConfig) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id("route_53").env("AWS_ENDPOINT_URL");
    let key = key.profile("endpoint_url").build().ok()?;
    shared.service_config()?.load_config(key)
}

/// The profile's provider alone: the SDK's default chain would try exported keys first, which may be
/// another account's.
fn named_profile(
    profile: &str,
    files: EnvConfigFiles,
    http: SharedHttpClient,
) -> ProfileFileCredentialsProvider {
    let config = ProviderConfig::without_region().with_region(Some(REGION)).with_http_client(http);
    ProfileFileCredentialsProvider::builder()
        .configure(&config)
        .profile_name(profile)
        .profile_files(files)
        .build()
}

fn profile_files(aws: &AwsSettings) -> EnvConfigFiles {
    let mut files = EnvConfigFiles::builder();
    files = match &aws.config_file {
        Some(path) => files.with_file(EnvConfigFileKind::Config, path),
        None => files.include_default_config_file(true),
    };
    files = match &aws.credentials_file {
        Some(path) => files.with_file(EnvConfigFileKind::Credentials, path),
        None => files.include_default_credentials_file(true),
    };
    files.build()
}

/// Ends an answer that is longer than any of Route 53's, before it fills the memory.
#[derive(Debug)]
struct LimitAnswers;

impl Intercept for LimitAnswers {
    fn name(&self) -> &'static str {
        "LimitAnswers"
    }

    fn modify_before_deserialization(
        &self,
        context: &mut BeforeDeserializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        let body = context.response_mut().body_mut();
        let unlimited = std::mem::replace(body, SdkBody::taken());
        *body = SdkBody::from_body_1_x(Limited::new(unlimited, MAX_ANSWER_BYTES));
        Ok(())
    }
}
