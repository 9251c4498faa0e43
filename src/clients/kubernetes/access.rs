//! The kubeconfig: which contexts there are, and how to reach one.

use std::path::{Path, PathBuf};
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use kube::Config;
use kube::config::{ExecConfig, KubeConfigOptions, Kubeconfig, KubeconfigError};
use sha2::{Digest, Sha256};

use crate::clients::aws::AwsProfiles;
use crate::clients::failure::words;
use crate::clients::{MAX_ANSWER_BYTES, USER_AGENT, is_loopback, within};
use crate::runbook::fact::ClusterAddress;
use crate::runbook::verdict::{Why, WhyKind};

/// How long a connection may take to come to be.
const CONNECT_LIMIT: Duration = Duration::from_secs(10);

/// How to reach a cluster.
#[derive(Debug, Clone)]
pub struct ClusterAccess {
    /// The kubeconfig; else `KUBECONFIG`, else `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The context's name.
    pub context: String,
    /// Variables for credential plugins: `AWS_PROFILE`, `AWS_CONFIG_FILE`, …
    pub exec_env: Vec<(String, String)>,
    /// The environment's AWS credentials, to make EKS tokens of; without them the plugin is run.
    pub aws: Option<AwsProfiles>,
    /// How long each call may take.
    pub deadline: Duration,
}

/// The names of the contexts, sorted. Reads files on the caller's thread.
///
/// # Errors
/// A file cannot be read or is no kubeconfig.
pub fn contexts(kubeconfig: Option<&Path>) -> Result<Vec<String>, Why> {
    let mut names: Vec<String> = read(kubeconfig)?.contexts.into_iter().map(|context| context.name).collect();
    names.sort_unstable();
    names.dedup();
    Ok(names)
}

fn read(kubeconfig: Option<&Path>) -> Result<Kubeconfig, Why> {
    match kubeconfig {
        Some(path) => Kubeconfig::read_from(path),
        None => Kubeconfig::read(),
    }
    .map_err(|error| unreadable(kubeconfig, &error))
}

fn unreadable(kubeconfig: Option<&Path>, error: &KubeconfigError) -> Why {
    let file = kubeconfig.map_or_else(|| "the kubeconfig".to_owned(), |path| path.display().to_string());
    let message = match error {
        KubeconfigError::LoadContext(name) => format!("There is no context {name} in {file}"),
        // The parser's words quote the file, which may hold tokens.
        KubeconfigError::Parse(error) => {
            let place = error.location().map_or_else(String::new, |at| format!(", line {}", at.line()));
            format!("{file} is no kubeconfig: its YAML cannot be read{place}")
        }
        KubeconfigError::ReadConfig(error, path) => {
            format!("{} cannot be read: {error}", path.display())
        }
        other => format!("{file} cannot be used: {}", words(&other.to_string())),
    };
    Why::new(WhyKind::Configuration, message)
}

/// A context, ready to connect to: its plugin taken out of the configuration that kube sees.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) exec: Option<ExecConfig>,
    /// The API's address as messages name it.
    pub(super) server: String,
}

/// Reads the kubeconfig off the async threads and within the deadline.
pub(super) async fn read_off_thread(access: &ClusterAccess) -> Result<Kubeconfig, Why> {
    let path = access.kubeconfig.clone();
    let shown = path.as_ref().map_or_else(|| "the kubeconfig".to_owned(), |path| path.display().to_string());
    let reading = tokio::task::spawn_blocking(move || {
        if let Some(path) = &path {
            refuse_large(path)?;
        }
        read(path.as_deref())
    });
    // A pipe or a network file system can hang: the thread is left to it.
    within(access.deadline, &shown, async {
        reading.await.map_err(|error| {
            Why::new(WhyKind::Configuration, format!("Reading the kubeconfig ended early: {error}"))
        })?
    })
    .await
}

/// A kubeconfig takes some thousand bytes; a file that would fill the memory is another one.
fn refuse_large(path: &Path) -> Result<(), Why> {
    // A file that is not there is told by who reads it.
    if std::fs::metadata(path).is_ok_and(|found| found.len() > MAX_ANSWER_BYTES as u64) {
        let message = format!("{} is too large to be a kubeconfig", path.display());
        return Err(Why::new(WhyKind::Configuration, message));
    }
    Ok(())
}

/// A context of a kubeconfig that was just read.
pub(super) async fn target(kubeconfig: Kubeconfig, access: &ClusterAccess) -> Result<Target, Why> {
    let proxy = proxy_of(&kubeconfig, &access.context);
    let options = KubeConfigOptions { context: Some(access.context.clone()), ..KubeConfigOptions::default() };
    let mut config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .map_err(|error| unreadable(access.kubeconfig.as_deref(), &error))?;
    config.default_retry = false;
    config.connect_timeout = Some(access.deadline.min(CONNECT_LIMIT));
    // Calls have deadlines of their own, and this one would also cut streams.
    config.read_timeout = None;
    // So that the cluster's audit log says which program asked.
    config.headers.push((http::header::USER_AGENT, http::HeaderValue::from_static(USER_AGENT)));
    if proxy.is_none() {
        config.proxy_url = proxy_of_environment(&config.cluster_url);
    }
    let exec = config.auth_info.exec.take();
    let server = server_name(&config.cluster_url);
    Ok(Target { config, exec, server })
}

impl Target {
    /// How the cluster is reached, to tell it from another one.
    pub(super) fn address(&self) -> ClusterAddress {
        let config = &self.config;
        let authority = config.root_cert.as_ref().filter(|certificates| !certificates.is_empty());
        ClusterAddress {
            server: server_in_full(&config.cluster_url),
            tls_server_name: config.tls_server_name.clone().filter(|name| !name.is_empty()),
            proxy: config.proxy_url.as_ref().map(server_name),
            authority: authority.map(|certificates| fingerprint(certificates)),
            insecure: config.accept_invalid_certs,
        }
    }
}

/// SHA-256 of certificates, whatever their order.
fn fingerprint(certificates: &[Vec<u8>]) -> String {
    let mut sorted: Vec<&Vec<u8>> = certificates.iter().collect();
    sorted.sort_unstable();
    let mut hash = Sha256::new();
    for certificate in sorted {
        hash.update(certificate);
    }
    crate::clients::hexadecimal(&hash.finalize())
}

/// `proxy-url` of the context's cluster.
fn proxy_of(kubeconfig: &Kubeconfig, context: &str) -> Option<String> {
    let context = kubeconfig.contexts.iter().find(|named| named.name == context)?.context.as_ref()?;
    let cluster = kubeconfig.clusters.iter().find(|named| named.name == context.cluster)?;
    cluster.cluster.as_ref()?.proxy_url.clone().filter(|url| !url.is_empty())
}

/// `HTTPS_PROXY` and `NO_PROXY` as kubectl understands them: never for loopback. kube itself
/// compares `NO_PROXY` to the proxy's own name.
fn proxy_of_environment(server: &http::Uri) -> Option<http::Uri> {
    if is_loopback(server.host()?) {
        return None;
    }
    Matcher::from_env().intercept(server).map(|proxy| proxy.uri().clone())
}

/// Scheme, host and port: nothing that could carry a secret.
fn server_name(url: &http::Uri) -> String {
    let scheme = url.scheme_str().unwrap_or("https");
    let host = url.host().unwrap_or_default();
    url.port_u16().map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}"))
}

/// The same with the path, where one host serves many clusters; one way of writing it for each address.
fn server_in_full(url: &http::Uri) -> String {
    let server = server_name(url).to_ascii_lowercase();
    let usual = if server.starts_with("http://") { ":80" } else { ":443" };
    let server = server.strip_suffix(usual).unwrap_or(&server);
    format!("{server}{}", url.path().trim_end_matches('/'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contexts_are_sorted_and_errors_name_the_file_without_quoting_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config");
        std::fs::write(&path, "contexts:\n- name: us\n- name: eu\n").unwrap();
        assert_eq!(contexts(Some(&path)).unwrap(), ["eu", "us"]);

        std::fs::write(&path, "users:\n- name: [x\n  token: hunter22\n").unwrap();
        let why = contexts(Some(&path)).unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration);
        assert!(why.message.contains("config") && !why.message.contains("hunter22"), "{}", why.message);

        let why = contexts(Some(&folder.path().join("missing"))).unwrap_err();
        assert!(why.message.contains("missing cannot be read"), "{}", why.message);
    }

    #[test]
    fn servers_are_named_without_user_and_path() {
        for (url, name) in [
            ("https://127.0.0.1:6443/clusters/a", "https://127.0.0.1:6443"),
            ("https://user:pass@api.example.com", "https://api.example.com"),
        ] {
            assert_eq!(server_name(&url.parse().unwrap()), name);
        }
    }

    #[test]
    fn one_address_is_written_in_one_way() {
        for (url, expected) in [
            ("https://ABC.gr7.us-east-1.eks.amazonaws.com", "https://abc.gr7.us-east-1.eks.amazonaws.com"),
            (
                "https://abc.gr7.us-east-1.eks.amazonaws.com:443/",
                "https://abc.gr7.us-east-1.eks.amazonaws.com",
            ),
            ("https://127.0.0.1:6443", "https://127.0.0.1:6443"),
            ("https://user:pass@rancher.example.com/k8s/A?x=1", "https://rancher.example.com/k8s/A"),
        ] {
            assert_eq!(server_in_full(&url.parse().unwrap()), expected);
        }
    }
}
