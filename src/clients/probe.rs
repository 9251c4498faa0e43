//! Our own HTTPS request to a host: the fallback evidence where Route 53 does not answer
//! (`domain.md`, T12), and the check of step 5.
//!
//! Unlike Route 53's checkers it validates the certificate.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;

use reqwest::header::HOST;
use reqwest::{Certificate, Client, Url};

use super::failure::{of_connection, words};
use super::{USER_AGENT, install_tls_provider, within};
use crate::runbook::fact::ProbeFacts;
use crate::runbook::verdict::{Why, WhyKind};

/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// The longest answer of `/version` that is read, in bytes.
const MAX_VERSION_BYTES: usize = 64 * 1024;

/// What a host answers at `/healthz`, `/derp/probe` and `/version`, and what its name resolves to, all
/// asked at once. Redirects are not followed, and of bodies only the version's is read.
///
/// Connects to `address` under the host's name where one is given, as `curl --resolve` does, and trusts
/// the authorities in `ca_pem` alone where one is given.
///
/// # Errors
/// Those of `/healthz`: no connection, no trusted TLS, no HTTP, or no answer within the deadline; a host
/// or a PEM file that cannot be used. What the others lack is told inside the facts.
pub async fn probe(
    host: &str,
    address: Option<SocketAddr>,
    ca_pem: Option<&Path>,
    deadline: Duration,
) -> Result<ProbeFacts, Why> {
    let url = url(host, "/healthz", address)?;
    within(deadline, url.as_str(), async {
        let client = client(host.to_owned(), address, ca_pem.map(Path::to_owned), deadline).await?;
        let asked = Host { name: host, address, client: &client };
        // Each with a deadline of its own, a moment shorter, so that a slow one costs only itself.
        let patience = deadline.mul_f64(0.9);
        let (health, derp, version, addresses) = tokio::join!(
            asked.get("/healthz"),
            told(patience, async { asked.get("/derp/probe").await.map(|answer| answer.status().as_u16()) }),
            told(patience, asked.version()),
            told(patience, addresses(host, address)),
        );
        let status = health?.status().as_u16();
        Ok(ProbeFacts {
            url: url.to_string(),
            status,
            addresses: addresses.ok().flatten(),
            derp_status: derp,
            version,
        })
    })
    .await
}

/// A part of the answer; its absence is told in words.
async fn told<T>(patience: Duration, asked: impl Future<Output = Result<T, Why>>) -> Result<T, String> {
    match tokio::time::timeout(patience, asked).await {
        Ok(answer) => answer.map_err(|why| why.message),
        Err(_) => Err("no answer in time".to_owned()),
    }
}

struct Host<'a> {
    name: &'a str,
    address: Option<SocketAddr>,
    client: &'a Client,
}

impl Host<'_> {
    async fn get(&self, path: &str) -> Result<reqwest::Response, Why> {
        let url = url(self.name, path, self.address)?;
        let mut request = self.client.get(url.clone());
        if self.address.is_some() {
            // Without the port of the address: what the load balancer would see.
            request = request.header(HOST, self.name);
        }
        request.send().await.map_err(|error| of_connection(url.as_str(), &error))
    }

    async fn version(&self) -> Result<String, Why> {
        let mut answer = self.get("/version").await?;
        let status = answer.status();
        if !status.is_success() {
            return Err(Why::new(WhyKind::Garbage, format!("status {}", status.as_u16())));
        }
        let mut body = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|error| of_connection(self.name, &error))? {
            if body.len() + part.len() > MAX_VERSION_BYTES {
                return Err(Why::new(WhyKind::Garbage, "too long an answer"));
            }
            body.extend_from_slice(&part);
        }
        let told: Option<serde_json::Value> = serde_json::from_slice(&body).ok();
        let version = told.as_ref().and_then(|told| told.get("version")?.as_str());
        version.map(words).ok_or_else(|| Why::new(WhyKind::Garbage, "the answer names no version"))
    }
}

/// What the name resolves to; `None` where the address is given beside it.
async fn addresses(host: &str, given: Option<SocketAddr>) -> Result<Option<Vec<IpAddr>>, Why> {
    if given.is_some() {
        return Ok(None);
    }
    let found = tokio::net::lookup_host((host, 443)).await;
    let found = found.map_err(|error| Why::new(WhyKind::Dns, error.to_string()))?;
    let mut addresses: Vec<IpAddr> = found.map(|address| address.ip()).collect();
    addresses.sort_unstable();
    addresses.dedup();
    Ok(Some(addresses))
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
            .user_agent(USER_AGENT);
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
