//! Our own HTTPS request to a host: the fallback evidence where Route 53 does not answer
//! (`domain.md`, T12), and the check of step 5.
//!
//! Unlike Route 53's checkers it validates the certificate.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::HOST;
use reqwest::{Certificate, Client, Url};

use super::failure::{of_connection, words};
use super::{install_tls_provider, within};
use crate::runbook::fact::ProbeFacts;
use crate::runbook::verdict::{Why, WhyKind};

/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// `GET https://HOST/PATH`: the status it answers with, whatever that is. Redirects are not followed and
/// the body is not read: it tells nothing more.
///
/// Connects to `address` under the host's name where one is given, as `curl --resolve` does, and trusts
/// the authorities in `ca_pem` alone where one is given.
///
/// # Errors
/// No connection, no trusted TLS, no HTTP, or no answer within the deadline; a host or a PEM file that
/// cannot be used.
pub async fn probe(
    host: &str,
    path: &str,
    address: Option<SocketAddr>,
    ca_pem: Option<&Path>,
    deadline: Duration,
) -> Result<ProbeFacts, Why> {
    let url = url(host, path, address)?;
    within(deadline, url.as_str(), async {
        let client = client(host.to_owned(), address, ca_pem.map(Path::to_owned), deadline).await?;
        let mut request = client.get(url.clone());
        if address.is_some() {
            // Without the port of the address: what the load balancer would see.
            request = request.header(HOST, host);
        }
        let response = request.send().await.map_err(|error| of_connection(url.as_str(), &error))?;
        Ok(ProbeFacts { url: url.to_string(), status: response.status().as_u16() })
    })
    .await
}

fn url(host: &str, path: &str, address: Option<SocketAddr>) -> Result<Url, Why> {
    let refused = |problem: &str| {
        let message = format!("`{host}` is no host name that can be asked: {}", words(problem));
        Why::new(WhyKind::Configuration, message)
    };
    let port = address.map_or(443, |address| address.port());
    let url = Url::parse(&format!("https://{host}:{port}/{}", path.trim_start_matches('/')))
        .map_err(|error| refused(&error.to_string()))?;
    // A `/`, `@` or `?` in the host would make it another URL than the one that is meant.
    if url.host_str().is_some_and(|parsed| parsed.eq_ignore_ascii_case(host)) {
        Ok(url)
    } else {
        Err(refused("it is more than a name"))
    }
}

async fn client(
    host: String,
    address: Option<SocketAddr>,
    ca_pem: Option<PathBuf>,
    deadline: Duration,
) -> Result<Client, Why> {
    install_tls_provider();
    // Reads the PEM file or the system's trust store.
    let building = tokio::task::spawn_blocking(move || {
        let mut builder = Client::builder()
            .connect_timeout(deadline.min(CONNECT_LIMIT))
            .redirect(reqwest::redirect::Policy::none())
            .user_agent(concat!("failback/", env!("CARGO_PKG_VERSION")));
        if let Some(address) = address {
            builder = builder.resolve(&host, address).no_proxy();
        }
        if let Some(path) = &ca_pem {
            builder = builder.tls_certs_only(authorities(path)?);
        }
        builder.build().map_err(|error| {
            let why = of_connection("the host", &error);
            Why::new(WhyKind::Configuration, format!("No HTTPS client could be made: {}", why.message))
        })
    });
    building.await.map_err(|error| {
        Why::new(WhyKind::Configuration, format!("No HTTPS client could be made: {error}"))
    })?
}

fn authorities(path: &Path) -> Result<Vec<Certificate>, Why> {
    let unusable = |problem: String| {
        Why::new(WhyKind::Configuration, format!("{} cannot be used: {problem}", path.display()))
    };
    let pem = std::fs::read(path).map_err(|error| unusable(error.to_string()))?;
    let authorities = Certificate::from_pem_bundle(&pem).map_err(|error| unusable(error.to_string()))?;
    if authorities.is_empty() { Err(unusable("it holds no certificate".to_owned())) } else { Ok(authorities) }
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
