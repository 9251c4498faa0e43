//! Credential plugins (`user.exec` of a kubeconfig; EKS: `aws eks get-token`): run once, with a
//! time limit, standard input closed.
//!
//! <https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins>

use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use kube::config::ExecConfig;
use serde::Deserialize;
use serde_json::json;

use crate::clients::aws::EXPORTED_KEYS;
use crate::clients::failure::words;
use crate::clients::process::{Environment, Invocation, capture};
use crate::clients::secret::Secret;
use crate::clients::{sign_in, tools};
use crate::runbook::verdict::{Why, WhyKind};

/// How long a plugin may take.
pub(super) const PLUGIN_LIMIT: Duration = Duration::from_secs(15);
/// The version that a plugin is spoken to in where the kubeconfig names none.
const API_VERSION: &str = "client.authentication.k8s.io/v1beta1";

/// A plugin as the kubeconfig describes it.
#[derive(Debug, Clone)]
pub(super) struct Plugin {
    config: ExecConfig,
    env: Vec<(String, String)>,
}

/// What a plugin gives.
#[derive(Debug)]
pub(super) struct Credential {
    pub(super) token: Option<Secret>,
    /// Certificate and key, PEM.
    pub(super) client_certificate: Option<(String, Secret)>,
    pub(super) expires_at: Option<Timestamp>,
}

impl Plugin {
    /// The kubeconfig's plugin; `env` is for it where the kubeconfig does not set the same variable.
    pub(super) fn new(config: ExecConfig, env: &[(String, String)]) -> Self {
        let own = config.env.iter().flatten();
        let own = own.filter_map(|pair| Some((pair.get("name")?.clone(), pair.get("value")?.clone())));
        let own: Vec<(String, String)> = own.collect();
        let is_given = |name: &str| own.iter().all(|(taken, _)| taken != name);
        let mut env: Vec<_> = env.iter().filter(|(name, _)| is_given(name)).cloned().collect();
        env.extend(own);
        Self { config, env }
    }

    /// Runs the plugin.
    pub(super) async fn run(&self) -> Result<Credential, Why> {
        let command = self.config.command.as_deref().unwrap_or_default();
        let folders = tools::search_path().await;
        let program = self.program(command, &folders)?;
        let args = self.config.args.iter().flatten();
        let mut env = Environment::inherited();
        if let Ok(path) = std::env::join_paths(&folders) {
            env.set("PATH", path);
        }
        if self.profile().is_some() {
            for name in EXPORTED_KEYS {
                env.remove(name);
            }
        }
        env.extend(self.env.iter().cloned());
        env.set("KUBERNETES_EXEC_INFO", self.info());
        let captured = capture(Invocation::new(&program, args, env, PLUGIN_LIMIT)).await?;
        if captured.exit_code != Some(0) {
            return Err(self.failed(command, captured.exit_code, &captured.stderr));
        }
        parse(&captured.stdout).map_err(|problem| {
            Why::new(WhyKind::Tool, format!("The credential plugin {command} gave no credential: {problem}"))
                .remedy("Run the plugin in a terminal, then check again")
        })
    }

    fn program(&self, command: &str, folders: &[PathBuf]) -> Result<PathBuf, Why> {
        let path = Path::new(command);
        let found = if path.is_absolute() {
            Some(path.to_owned())
        } else {
            (path.components().count() == 1).then(|| tools::find(command, folders)).flatten()
        };
        found.ok_or_else(|| {
            let message = format!("The credential plugin `{command}` of the kubeconfig is not installed");
            let why = Why::new(WhyKind::Tool, message);
            match &self.config.install_hint {
                Some(hint) => why.remedy(words(hint)),
                None => why,
            }
        })
    }

    /// The AWS profile that the plugin is run with.
    fn profile(&self) -> Option<&str> {
        let args: Vec<&str> = self.config.args.iter().flatten().map(String::as_str).collect();
        let by_arg = args.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1]);
        let by_env = self.env.iter().rev().find(|(name, _)| name == "AWS_PROFILE");
        by_arg.or(by_env.map(|(_, value)| value.as_str())).filter(|profile| !profile.is_empty())
    }

    fn info(&self) -> String {
        let version = self.config.api_version.as_deref().unwrap_or(API_VERSION);
        let mut spec = json!({ "interactive": false });
        if self.config.provide_cluster_info
            && let Some(cluster) = &self.config.cluster
            && let Ok(cluster) = serde_json::to_value(cluster)
        {
            spec["cluster"] = cluster;
        }
        json!({ "apiVersion": version, "kind": "ExecCredential", "spec": spec }).to_string()
    }

    fn failed(&self, command: &str, exit_code: Option<i32>, stderr: &[String]) -> Why {
        let last = stderr.iter().rev().find(|line| !line.trim().is_empty());
        let last = last.map_or_else(|| "it said nothing".to_owned(), |line| words(line));
        let code = exit_code.map_or_else(|| "a signal".to_owned(), |code| format!("exit code {code}"));
        let message = format!("The credential plugin {command} ended with {code}: {last}");
        // 253 is the aws program's code for a missing configuration or missing credentials.
        if exit_code == Some(253) && sign_in::recognise(&last, None).is_none() {
            return Why::new(WhyKind::Unauthenticated, message).remedy(sign_in::configure(self.profile()));
        }
        let why = sign_in::why(message, &last, self.profile(), WhyKind::Tool);
        if why.kind == WhyKind::Tool {
            why.remedy("Run the plugin in a terminal, then check again")
        } else {
            why
        }
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ExecCredential {
    api_version: String,
    kind: String,
    status: Option<Status>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    token: Option<String>,
    client_certificate_data: Option<String>,
    client_key_data: Option<String>,
    expiration_timestamp: Option<String>,
}

/// Never quotes what the plugin printed: it may be a token.
fn parse(stdout: &[u8]) -> Result<Credential, String> {
    let credential: ExecCredential = serde_json::from_slice(stdout)
        .map_err(|error| format!("not the JSON of an ExecCredential (line {})", error.line()))?;
    let version = credential.api_version.strip_prefix("client.authentication.k8s.io/");
    if credential.kind != "ExecCredential" || !matches!(version, Some("v1" | "v1beta1")) {
        return Err("not an ExecCredential of version v1 or v1beta1".to_owned());
    }
    let status = credential.status.ok_or("its status is missing")?;
    let token = status.token.filter(|token| !token.is_empty()).map(Secret::new);
    let client_certificate = status.client_certificate_data.zip(status.client_key_data.map(Secret::new));
    if token.is_none() && client_certificate.is_none() {
        return Err("neither a token nor a certificate with its key".to_owned());
    }
    let expires_at = status
        .expiration_timestamp
        .map(|at| at.parse().map_err(|_| "its expirationTimestamp is no time".to_owned()))
        .transpose()?;
    Ok(Credential { token, client_certificate, expires_at })
}

#[cfg(test)]
#[path = "exec_tests.rs"]
mod tests;
