//! Credentials: asked for once for all clients, kept until they are about to expire or are refused.
//!
//! Why not the SDK's identity cache: of questions at the same time it tells only the first one why there are
//! no credentials, and it never reads the files again.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime};

use aws_config::SdkConfig;
use aws_credential_types::Credentials;
use aws_credential_types::provider::error::CredentialsError;
use aws_credential_types::provider::future::ProvideCredentials as Providing;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use futures::future::BoxFuture;
use tokio::sync::Mutex;

use super::failure::{no_credentials, slow_sign_in};
use crate::runbook::verdict::Why;

/// Credentials are asked for anew this long before they expire.
const RENEW_BEFORE: Duration = Duration::from_mins(2);

/// Makes the provider, so that files are read again each time.
pub(super) type MakeProvider =
    Box<dyn Fn() -> BoxFuture<'static, Option<SharedCredentialsProvider>> + Send + Sync>;

/// One profile's credentials. Cheap to clone.
#[derive(Clone)]
pub(super) struct Keychain(Arc<Inner>);

struct Inner {
    provider: MakeProvider,
    profile: Option<String>,
    deadline: Duration,
    is_refused: AtomicBool,
    /// The latest answer, and when it came.
    kept: Mutex<Option<(Instant, Result<Credentials, Why>)>>,
}

/// A reason on its way through the SDK's errors, to come out as it went in.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub(super) struct NoCredentials(pub(super) Why);

impl Keychain {
    pub(super) fn new(provider: MakeProvider, profile: Option<String>, deadline: Duration) -> Self {
        let is_refused = AtomicBool::new(false);
        Self(Arc::new(Inner { provider, profile, deadline, is_refused, kept: Mutex::new(None) }))
    }

    /// The SDK's configuration with this as the only source of credentials.
    pub(super) fn put_into(&self, config: &SdkConfig) -> SdkConfig {
        config
            .to_builder()
            .credentials_provider(SharedCredentialsProvider::new(self.clone()))
            .identity_cache(aws_config::identity::IdentityCache::no_cache())
            .build()
    }

    /// The other end refused them.
    pub(super) fn forget(&self) {
        self.0.is_refused.store(true, Ordering::Relaxed);
    }

    /// Are the credentials being asked for?
    pub(super) fn is_asking(&self) -> bool {
        self.0.kept.try_lock().is_err()
    }

    /// The credentials. Those who wait while there are none get the same reason.
    pub(super) async fn credentials(&self) -> Result<Credentials, Why> {
        let asked_at = Instant::now();
        let inner = &self.0;
        let mut kept = inner.kept.lock().await;
        // At once: what is asked below may be given up halfway.
        if inner.is_refused.swap(false, Ordering::Relaxed) {
            *kept = None;
        }
        match &*kept {
            Some((_, Ok(credentials))) if !is_about_to_expire(credentials) => {
                return Ok(credentials.clone());
            }
            Some((failed_at, Err(why))) if *failed_at >= asked_at => return Err(why.clone()),
            _ => {}
        }
        let asking = async {
            let provided = match (inner.provider)().await {
                Some(provider) => provider.provide_credentials().await,
                None => Err(CredentialsError::not_loaded("no credentials")),
            };
            provided.map_err(|error| no_credentials(&error, inner.profile.as_deref()))
        };
        let answer = match tokio::time::timeout(inner.deadline, Box::pin(asking)).await {
            Ok(answer) => answer,
            Err(_) => Err(slow_sign_in(inner.profile.as_deref(), inner.deadline)),
        };
        *kept = Some((Instant::now(), answer.clone()));
        answer
    }
}

fn is_about_to_expire(credentials: &Credentials) -> bool {
    credentials.expiry().is_some_and(|at| at <= SystemTime::now() + RENEW_BEFORE)
}

impl std::fmt::Debug for Keychain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keychain")
    }
}

impl ProvideCredentials for Keychain {
    fn provide_credentials<'a>(&'a self) -> Providing<'a>
    where
        Self: 'a,
    {
        Providing::new(async {
            self.credentials().await.map_err(|why| CredentialsError::provider_error(NoCredentials(why)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicUsize;

    use super::*;
    use crate::runbook::verdict::{Side, WhyKind};

    /// A keychain whose provider counts, and gives credentials that last so long.
    fn keychain(lasts: Option<Duration>) -> (Keychain, Arc<AtomicUsize>) {
        let asked = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&asked);
        let provider: MakeProvider = Box::new(move || {
            let number = count.fetch_add(1, Ordering::Relaxed);
            let expiry = lasts.map(|lasts| SystemTime::now() + lasts);
            let credentials = Credentials::new(format!("KEY{number}"), "secret", None, expiry, "test");
            Box::pin(async move { Some(SharedCredentialsProvider::new(credentials)) })
        });
        (Keychain::new(provider, None, Duration::from_secs(30)), asked)
    }

    #[tokio::test]
    async fn credentials_are_asked_for_once_and_again_when_refused_or_about_to_expire() {
        let (keys, asked) = keychain(Some(Duration::from_hours(1)));
        let both = tokio::join!(keys.credentials(), keys.credentials());
        assert!(both.0.is_ok() && both.1.is_ok());
        assert_eq!(asked.load(Ordering::Relaxed), 1, "those who ask together share");
        keys.forget();
        assert_eq!(keys.credentials().await.unwrap().access_key_id(), "KEY1");
        assert_eq!(keys.credentials().await.unwrap().access_key_id(), "KEY1");

        let (keys, _) = keychain(Some(Duration::from_secs(30)));
        assert_eq!(keys.credentials().await.unwrap().access_key_id(), "KEY0");
        assert_eq!(keys.credentials().await.unwrap().access_key_id(), "KEY1", "the first expires soon");
    }

    #[tokio::test]
    async fn a_sign_in_that_does_not_end_is_our_side() {
        let hangs: MakeProvider = Box::new(|| Box::pin(std::future::pending()));
        let keys = Keychain::new(hangs, Some("prod".to_owned()), Duration::from_millis(20));
        let why = keys.credentials().await.unwrap_err();
        assert_eq!((why.kind, why.side), (WhyKind::Timeout, Side::Ours), "{}", why.message);
        assert!(why.message.contains("sign-in of profile prod"), "{}", why.message);
        assert!(why.remedy.contains("--profile prod"), "{}", why.remedy);
    }
}
