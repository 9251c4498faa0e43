//! Helm: its version, and the admin password that a release was installed with.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use super::{ToolFiles, ask as ask_tool, find};
use crate::clients::process::{Environment, Invocation, capture};
use crate::clients::secret::Secret;
use crate::runbook::command::quote;
use crate::runbook::fact::HelmFacts;
use crate::runbook::verdict::{Why, WhyKind};

/// How long reading a release's values may take.
const VALUES_LIMIT: Duration = Duration::from_secs(30);

/// Where Helm is and which version, or what to install.
pub(super) async fn ask(search_path: &[PathBuf]) -> Result<HelmFacts, String> {
    let path = find("helm", search_path).ok_or(
        "helm is not installed: Helm 4 re-applies the values file (https://helm.sh/docs/intro/install)",
    )?;
    let version = ask_tool(&path, &["version", "--template", "{{.Version}}"], search_path).await?;
    match super::version(&version) {
        Some(version) => Ok(HelmFacts { path, version }),
        None => Err(format!("{} tells no version: is it helm?", path.display())),
    }
}

/// The value `admin.password` that a release was installed with (`domain.md`, T5); `None` where
/// it has none. Helm gets the kubeconfig and the variables of the program that the password is for.
///
/// # Errors
/// Helm could not be run, the release or its values not be read.
pub async fn helm_admin_password(
    helm: &Path,
    files: &ToolFiles,
    context: &str,
    namespace: &str,
    release: &str,
    env: Environment,
) -> Result<Option<Secret>, Why> {
    let args = ["get", "values", release, "--namespace", namespace, "--kube-context", context, "-o", "json"];
    let mut invocation = Invocation::new(helm, args, env, VALUES_LIMIT);
    invocation.args.extend(["--kubeconfig".into(), files.kubeconfig().into()]);
    let captured = capture(invocation).await?;
    if captured.exit_code != Some(0) {
        let last = captured.stderr.last().map_or("no message", String::as_str);
        let message = format!("helm could not read the values of release {release}: {last}");
        let (release, namespace, context) = (quote(release), quote(namespace), quote(context));
        return Err(Why::new(WhyKind::Tool, message).remedy(format!(
            "Run `helm get values {release} --namespace {namespace} --kube-context {context}` in a terminal"
        )));
    }
    admin_password(&captured.stdout)
        .map_err(|_| Why::new(WhyKind::Garbage, format!("helm's values of release {release} are no JSON")))
}

/// A release without values prints `null`.
fn admin_password(values: &[u8]) -> serde_json::Result<Option<Secret>> {
    let values: Value = serde_json::from_slice(values)?;
    Ok(match values.pointer("/admin/password") {
        Some(Value::String(password)) if !password.is_empty() => Some(Secret::new(password)),
        // `--set admin.password=1234` makes it a number.
        Some(Value::Number(number)) => Some(Secret::new(number.to_string())),
        _ => None,
    })
}

/// Does a password get through `--set admin.password=…`, which is how the vCluster CLI hands it to Helm? There a
/// comma begins the next setting, a brace or bracket a list, a backslash an escape; `null` takes the setting away.
pub fn survives_set(password: &Secret) -> bool {
    let password = password.expose();
    let is_word = matches!(password, "null" | "true" | "false");
    !is_word && !password.contains([',', '\\', '{', '}', '[', ']', '\n', '\r', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_found_or_absent() {
        let password = |values: &str| admin_password(values.as_bytes()).ok();
        assert_eq!(password(r#"{"admin":{"password":"hunter22"}}"#), Some(Some(Secret::new("hunter22"))));
        assert_eq!(password(r#"{"admin":{"create":true}}"#), Some(None));
        assert_eq!(password(r#"{"admin":{"password":12345678}}"#), Some(Some(Secret::new("12345678"))));
        assert_eq!(password("null"), Some(None));
        assert_eq!(password("Error: release: not found"), None);
    }
}
