//! The SDK's configuration: which credentials, which files, how answers are read.

use std::time::Duration;

use aws_config::profile::ProfileFileCredentialsProvider;
use aws_config::provider_config::ProviderConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_runtime::env_config::file::{EnvConfigFileKind, EnvConfigFiles};
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::box_error::BoxError;
use aws_smithy_runtime_api::client::http::SharedHttpClient;
use aws_smithy_runtime_api::client::interceptors::Intercept;
use aws_smithy_runtime_api::client::interceptors::context::BeforeDeserializationInterceptorContextMut;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use aws_smithy_types::config_bag::ConfigBag;
use http_body_util::Limited;

use super::keychain::{Keychain, MakeProvider};
use crate::clients::{MAX_ANSWER_BYTES, install_tls_provider};
use crate::runbook::profile::AwsSettings;
use crate::runbook::verdict::{Why, WhyKind};

/// Global services are signed for in this region; the others are given theirs.
const REGION: Region = Region::from_static("us-east-1");
/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The configuration for these settings, and its credentials. Asks nobody.
pub(super) async fn load(
    aws: &AwsSettings,
    endpoint: Option<&str>,
    deadline: Duration,
) -> Result<(SdkConfig, Keychain), Why> {
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
    let timeouts = TimeoutConfig::builder().connect_timeout(deadline.min(CONNECT_LIMIT)).build();
    let mut loader = loader(aws, http.clone())
        .retry_config(RetryConfig::disabled())
        .timeout_config(timeouts)
        // Replaced below; given here so that the SDK makes none of its own.
        .credentials_provider(Credentials::new("", "", None, None, "none"));
    if let Some(endpoint) = endpoint {
        loader = loader.endpoint_url(endpoint);
    }
    let config = Box::pin(loader.load()).await;
    let settings = aws.clone();
    let provider: MakeProvider = Box::new(move || {
        let (settings, http) = (settings.clone(), http.clone());
        Box::pin(async move { provider(&settings, http).await })
    });
    // A moment less than a call, so that a slow sign-in is told as such and not as a silent service.
    let keychain = Keychain::new(provider, aws.profile.clone(), deadline * 9 / 10);
    Ok((keychain.put_into(&config), keychain))
}

fn loader(aws: &AwsSettings, http: SharedHttpClient) -> aws_config::ConfigLoader {
    let loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(http)
        .region(REGION)
        .profile_files(profile_files(aws));
    match &aws.profile {
        Some(profile) => loader.profile_name(profile),
        None => loader,
    }
}

/// The provider of a named profile, else the SDK's default chain.
async fn provider(aws: &AwsSettings, http: SharedHttpClient) -> Option<SharedCredentialsProvider> {
    match &aws.profile {
        Some(profile) => {
            Some(SharedCredentialsProvider::new(named_profile(profile, profile_files(aws), http)))
        }
        None => Box::pin(loader(aws, http).load()).await.credentials_provider(),
    }
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

/// Ends an answer that is longer than any that makes sense, before it fills the memory.
#[derive(Debug)]
pub(crate) struct LimitAnswers;

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
