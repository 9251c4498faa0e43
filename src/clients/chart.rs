//! Can the platform's chart be had: from its repository, or from an archive on this machine
//! (`domain.md`, T17).

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::time::Duration;

use flate2::read::GzDecoder;
use reqwest::{Client, Response, Url};
use serde::Deserialize;

use super::failure::{of_connection, words};
use super::{USER_AGENT, install_tls_provider, within};
use crate::runbook::fact::ChartFacts;
use crate::runbook::profile::Chart;
use crate::runbook::verdict::{Why, WhyKind};

/// The longest archive that is looked through, in bytes, unpacked.
const MAX_ARCHIVE_BYTES: u64 = 64 * 1024 * 1024;
/// The longest `Chart.yaml` that is read, in bytes.
const MAX_YAML_BYTES: u64 = 256 * 1024;
/// How much of a repository's index is read at most, in bytes, to see that it is one.
const INDEX_START_BYTES: usize = 16 * 1024;

/// Looks for the chart. Of a repository's index, which is large, only the beginning is read.
///
/// # Errors
/// The archive cannot be read or is no chart; the repository gives no answer, or one that is no index, or cannot
/// be asked like this (OCI registries want a login of Helm's own).
pub async fn find(chart: &Chart, deadline: Duration) -> Result<ChartFacts, Why> {
    match &chart.file {
        Some(file) => {
            let file = file.clone();
            let reading = tokio::task::spawn_blocking(move || archive(&file));
            within(deadline, "the chart archive", async {
                reading.await.map_err(|error| Why::new(WhyKind::Configuration, error.to_string()))?
            })
            .await
        }
        None => repository(&chart.repository, deadline).await,
    }
}

async fn repository(repository: &str, deadline: Duration) -> Result<ChartFacts, Why> {
    if repository.starts_with("oci://") {
        let why = Why::new(WhyKind::NotAsked, "an OCI registry is asked by Helm itself");
        return Err(why.remedy("Run `helm show chart` with its address to see whether it can be reached"));
    }
    let text = format!("{}/index.yaml", repository.trim_end_matches('/'));
    let url = Url::parse(&text).map_err(|error| {
        Why::new(
            WhyKind::Configuration,
            format!("the chart repository is no URL: {}", words(&error.to_string())),
        )
    })?;
    let peer = shown(&url);
    within(deadline, &peer, async {
        install_tls_provider();
        // Reads the system's trust store.
        let building = tokio::task::spawn_blocking(|| Client::builder().user_agent(USER_AGENT).build());
        let unusable = |error: &dyn std::fmt::Display| {
            Why::new(WhyKind::Configuration, format!("No HTTPS client could be made: {error}"))
        };
        let client = building.await.map_err(|error| unusable(&error))?.map_err(|error| unusable(&error))?;
        let answer = client.get(url.clone()).send().await;
        let answer = answer.map_err(|error| of_connection(&peer, &error))?;
        let status = answer.status();
        if status.is_success() && !is_index(&peer, answer).await? {
            let why =
                Why::new(WhyKind::Garbage, format!("{peer} answers, and with something else than an index"));
            return Err(why.remedy(
                "A proxy may have answered: open the address in a browser, or choose a chart archive (.tgz)",
            ));
        }
        Ok(ChartFacts::Repository { url: peer.clone(), status: status.as_u16() })
    })
    .await
}

/// Does the answer begin as an index does: with its `apiVersion` or its `entries`?
async fn is_index(peer: &str, mut answer: Response) -> Result<bool, Why> {
    let mut start = Vec::new();
    while start.len() < INDEX_START_BYTES
        && let Some(part) = answer.chunk().await.map_err(|error| of_connection(peer, &error))?
    {
        start.extend_from_slice(&part);
        // Helm writes the keys in the order of the alphabet; others may begin with a comment.
        let text = String::from_utf8_lossy(&start);
        let is_key = |line: &str| line.starts_with("apiVersion:") || line.starts_with("entries:");
        if text.lines().any(is_key) || text.trim_start().starts_with("{\"apiVersion\"") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The URL without whatever might be a secret in it.
fn shown(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    let port = url.port().map_or(String::new(), |port| format!(":{port}"));
    format!("{}://{host}{port}{}", url.scheme(), url.path())
}

#[derive(Deserialize)]
struct ChartYaml {
    name: String,
    version: String,
}

/// `Chart.yaml` at the top of the archive's only folder.
fn archive(path: &Path) -> Result<ChartFacts, Why> {
    let wrong = |problem: String| {
        Why::new(WhyKind::Configuration, format!("{} {problem}", path.display()))
            .remedy("Choose a chart archive as `helm pull` makes it (.tgz)")
    };
    let file = File::open(path).map_err(|error| wrong(format!("cannot be read: {error}")))?;
    let mut archive = tar::Archive::new(GzDecoder::new(file).take(MAX_ARCHIVE_BYTES));
    let entries = archive.entries().map_err(|error| wrong(format!("is no chart archive: {error}")))?;
    for entry in entries {
        let entry = entry.map_err(|error| wrong(format!("is no chart archive: {error}")))?;
        let is_chart = entry.path().is_ok_and(|inside| {
            inside.file_name().is_some_and(|name| name == "Chart.yaml") && inside.components().count() == 2
        });
        if !is_chart {
            continue;
        }
        let mut text = String::new();
        let read = entry.take(MAX_YAML_BYTES).read_to_string(&mut text);
        read.map_err(|error| wrong(format!("has an unreadable Chart.yaml: {error}")))?;
        let chart: ChartYaml = serde_saphyr::from_str(&text)
            .map_err(|_| wrong("has a Chart.yaml without name and version".to_owned()))?;
        return Ok(ChartFacts::Archive { name: chart.name, version: chart.version });
    }
    Err(wrong("holds no Chart.yaml".to_owned()))
}

#[cfg(test)]
#[path = "chart_tests.rs"]
mod tests;
