//! The kubeconfig that a tool gets: the confirmed cluster, user and context alone, as they were read.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use kube::config::{AuthInfo, Cluster, Kubeconfig};

use crate::clients::private_folder::PrivateFolder;
use crate::runbook::verdict::{Why, WhyKind};

/// The longest certificate or key that is read, in bytes.
const PEM_MAX: u64 = 1024 * 1024;

/// One context of a kubeconfig and what it needs, held as it was read.
///
/// Certificates and keys that stand in files are taken in, so that a file that is swapped later is not obeyed. A
/// token's file is left where it is, because such tokens are renewed there: it can change who asks, never
/// whom. Relative paths mean the same as in the original. Nothing else of the kubeconfig comes along.
#[derive(Clone)]
pub struct PrivateKubeconfig(Kubeconfig);

impl PrivateKubeconfig {
    /// Takes a context out of a kubeconfig that was read. Blocks on the disk where certificates are files.
    ///
    /// # Errors
    /// There is no such context, its cluster or user is missing, or a file that it names cannot be read.
    pub fn of(kubeconfig: &Kubeconfig, context: &str) -> Result<Self, Why> {
        let missing = |what: &str, name: &str| {
            Why::new(WhyKind::Configuration, format!("The kubeconfig has no {what} {name}"))
        };
        let mut named = kubeconfig
            .contexts
            .iter()
            .find(|named| named.name == context)
            .cloned()
            .ok_or_else(|| missing("context", context))?;
        named.other.clear();
        let of = named.context.as_ref().ok_or_else(|| missing("cluster for context", context))?;
        let mut cluster = kubeconfig
            .clusters
            .iter()
            .find(|named| named.name == of.cluster)
            .cloned()
            .ok_or_else(|| missing("cluster", &of.cluster))?;
        if let Some(cluster) = &mut cluster.cluster {
            pin_cluster(cluster)?;
        }
        let mut users = Vec::new();
        if let Some(user) = of.user.as_deref().filter(|user| !user.is_empty()) {
            let found = kubeconfig.auth_infos.iter().find(|named| named.name == user);
            let mut user = found.cloned().ok_or_else(|| missing("user", user))?;
            if let Some(user) = &mut user.auth_info {
                pin_user(user)?;
            }
            users.push(user);
        }
        Ok(Self(Kubeconfig {
            clusters: vec![cluster],
            auth_infos: users,
            contexts: vec![named],
            // For a program that is called without a context: kubectl, by the vCluster CLI.
            current_context: Some(context.to_owned()),
            kind: Some("Config".to_owned()),
            api_version: Some("v1".to_owned()),
            ..Kubeconfig::default()
        }))
    }

    /// What stands in it.
    pub(super) fn kubeconfig(&self) -> &Kubeconfig {
        &self.0
    }

    /// Writes it into a folder, readable by the user alone; its path. Blocks on the disk.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn write(&self, folder: &PrivateFolder) -> Result<PathBuf, Why> {
        // JSON is YAML, and has one way to quote.
        let text = serde_json::to_vec_pretty(&self.0)
            .map_err(|_| Why::new(WhyKind::Configuration, "The kubeconfig cannot be written for the tool"))?;
        folder.write("kubeconfig", &text)
    }
}

impl std::fmt::Debug for PrivateKubeconfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let context = self.0.current_context.as_deref().unwrap_or_default();
        f.debug_tuple("PrivateKubeconfig").field(&context).finish()
    }
}

fn pin_cluster(cluster: &mut Cluster) -> Result<(), Why> {
    let file = cluster.certificate_authority.take();
    if cluster.certificate_authority_data.as_deref().is_none_or(str::is_empty) {
        cluster.certificate_authority_data = pem(file.as_deref())?;
    }
    Ok(())
}

fn pin_user(user: &mut AuthInfo) -> Result<(), Why> {
    let file = user.client_certificate.take();
    if user.client_certificate_data.as_deref().is_none_or(str::is_empty) {
        user.client_certificate_data = pem(file.as_deref())?;
    }
    let file = user.client_key.take();
    if user.client_key_data.is_none() {
        user.client_key_data = pem(file.as_deref())?.map(Into::into);
    }
    if user.token.is_some() {
        // The token is what this program signs in with; client-go would go over to the file.
        user.token_file = None;
    }
    absolute(&mut user.token_file);
    if let Some(exec) = &mut user.exec
        && exec.command.as_ref().is_some_and(|command| command.contains(['/', std::path::MAIN_SEPARATOR]))
    {
        absolute(&mut exec.command);
    }
    Ok(())
}

/// What is left relative is relative to the working directory: of a kubeconfig that was named so.
fn absolute(path: &mut Option<String>) {
    if let Some(path) = path
        && let Ok(whole) = std::path::absolute(&path)
        && let Some(whole) = whole.to_str()
    {
        whole.clone_into(path);
    }
}

/// A file's content as kubeconfigs have it.
fn pem(file: Option<&str>) -> Result<Option<String>, Why> {
    let Some(file) = file.filter(|file| !file.is_empty()) else { return Ok(None) };
    let path = Path::new(file);
    let unreadable = |error: &dyn std::fmt::Display| {
        Why::new(
            WhyKind::Configuration,
            format!("{file}, which the kubeconfig names, cannot be read: {error}"),
        )
    };
    // Asked before opening: opening a pipe waits for its other end.
    if !std::fs::metadata(path).map_err(|error| unreadable(&error))?.is_file() {
        return Err(unreadable(&"it is no regular file"));
    }
    let mut bytes = Vec::new();
    let opened = File::open(path).map_err(|error| unreadable(&error))?;
    opened.take(PEM_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(&error))?;
    if bytes.len() as u64 > PEM_MAX {
        return Err(unreadable(&"it is larger than 1 MiB"));
    }
    Ok(Some(base64::engine::general_purpose::STANDARD.encode(bytes)))
}

#[cfg(test)]
#[path = "private_tests.rs"]
mod tests;
