//! The files that one run of `helm` or `vcluster` gets, and what leads it to them.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use crate::clients::kubernetes::PrivateKubeconfig;
use crate::clients::private_folder::PrivateFolder;
use crate::clients::process::Environment;
use crate::clients::secret::Secret;
use crate::clients::within;
use crate::runbook::verdict::{Why, WhyKind};

/// How long writing them may take.
const LIMIT: Duration = Duration::from_secs(10);

/// A private folder with the confirmed cluster's kubeconfig, the planned values file, and Helm's downloads.
/// Dropped, all of it is removed.
#[derive(Debug)]
pub struct ToolFiles {
    folder: PrivateFolder,
    kubeconfig: PathBuf,
    values: Option<PathBuf>,
}

impl ToolFiles {
    /// Writes them, off the async threads and within a limit.
    ///
    /// # Errors
    /// There is no place for them.
    pub async fn write(kubeconfig: PrivateKubeconfig, values: Option<Secret>) -> Result<Self, Why> {
        let writing = tokio::task::spawn_blocking(move || {
            let folder = PrivateFolder::create()?;
            let kubeconfig = kubeconfig.write(&folder)?;
            // A plain name: to Helm a comma parts two files, and a percent sign begins an escape.
            let values =
                values.map(|text| folder.write("values.yaml", text.expose().as_bytes())).transpose()?;
            Ok(Self { folder, kubeconfig, values })
        });
        within(LIMIT, "the disk of the tool's private files", async {
            let ended = |error: tokio::task::JoinError| Why::new(WhyKind::Configuration, error.to_string());
            writing.await.map_err(ended)?
        })
        .await
    }

    /// Removes them, off the async threads and within a limit.
    pub async fn remove(self) {
        let removing = tokio::task::spawn_blocking(move || drop(self));
        if !matches!(tokio::time::timeout(LIMIT, removing).await, Ok(Ok(()))) {
            tracing::warn!("the tool's private files are not removed yet");
        }
    }

    /// Where the kubeconfig is.
    pub fn kubeconfig(&self) -> &std::path::Path {
        &self.kubeconfig
    }

    /// The arguments of a plan's command, these files in the place of the user's own.
    pub fn args(&self, argv: &[String]) -> Vec<OsString> {
        let mut args: Vec<OsString> = Vec::new();
        let mut names_kubeconfig = false;
        let mut given = argv.iter().skip(1);
        while let Some(arg) = given.next() {
            let own = match arg.as_str() {
                "-f" | "--values" => self.values.as_ref(),
                "--kubeconfig" => {
                    names_kubeconfig = true;
                    Some(&self.kubeconfig)
                }
                _ => None,
            };
            args.push(arg.into());
            if let Some(own) = own
                && given.next().is_some()
            {
                args.push(own.into());
            }
        }
        // The vCluster CLI has no such flag: it goes by the variable.
        if !names_kubeconfig && argv.first().is_some_and(|program| program == "helm") {
            args.extend(["--kubeconfig".into(), OsString::from(&self.kubeconfig)]);
        }
        args
    }

    /// Sets what leads a program, and what it starts in turn, to these files.
    pub fn lead(&self, env: &mut Environment) {
        env.set("KUBECONFIG", &self.kubeconfig);
        // Downloaded anew for each run: an old index would hide a new version. No cache of another run's, nor one
        // that is left behind.
        let cache = self.folder.path().join("cache");
        for (name, folder) in [
            ("HELM_CACHE_HOME", "helm"),
            ("HELM_REPOSITORY_CACHE", "helm/repository"),
            ("HELM_CONTENT_CACHE", "helm/content"),
            ("KUBECACHEDIR", "kube"),
        ] {
            env.set(name, cache.join(folder));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn files() -> ToolFiles {
        let config = "contexts: [{name: us, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: https://us}}]";
        let config = kube::config::Kubeconfig::from_yaml(config).unwrap();
        let kubeconfig = PrivateKubeconfig::of(&config, "us").unwrap();
        ToolFiles::write(kubeconfig, Some(Secret::new("a: 1\n"))).await.unwrap()
    }

    fn words(line: &str) -> Vec<String> {
        line.split(' ').map(str::to_owned).collect()
    }

    #[tokio::test]
    async fn the_users_own_files_are_replaced_in_the_arguments() {
        let files = files().await;
        let folder = files.folder.path().to_owned();
        let (config, values) = (folder.join("kubeconfig"), folder.join("values.yaml"));
        assert_eq!(std::fs::read_to_string(&values).unwrap(), "a: 1\n");
        let (config, values) = (config.display(), values.display());
        for (given, expected) in [
            (
                "helm upgrade loft c -f a,b.yaml --x",
                format!("upgrade loft c -f {values} --x --kubeconfig {config}"),
            ),
            ("helm upgrade --kubeconfig /k -f v", format!("upgrade --kubeconfig {config} -f {values}")),
            ("vcluster platform start --values v --x", format!("platform start --values {values} --x")),
            ("vcluster platform start --values", "platform start --values".to_owned()),
        ] {
            let args: Vec<String> =
                files.args(&words(given)).into_iter().map(|arg| arg.into_string().unwrap()).collect();
            assert_eq!(args.join(" "), expected);
        }
        let mut env = Environment::default();
        env.extend([("KUBECONFIG", "/theirs"), ("HELM_CACHE_HOME", "/theirs")]);
        files.lead(&mut env);
        assert_eq!(env.get("KUBECONFIG"), Some(files.kubeconfig().as_os_str()));
        for (_, value) in env.iter() {
            assert!(std::path::Path::new(value).starts_with(&folder), "{}", value.display());
        }
        drop(files);
        assert!(!folder.exists());
    }
}
