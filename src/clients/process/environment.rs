//! The variables that a program gets.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fmt;

/// What marks whatever this program starts, and what that starts in turn, however it detaches itself.
pub const MARKER: &str = "FAILBACK_CHILD";

/// What `helm`, `vcluster`, and what they start in turn (`kubectl`, credential plugins), may have of this process's
/// variables. Everything else stays away from them: what leads to another cluster, user or namespace
/// (`KUBECONFIG`, `HELM_KUBE…`, `KUBERNETES_SERVICE_HOST`), what stores or renders elsewhere (`HELM_DRIVER`),
/// and what the vCluster CLI puts into a release (`LICENSE_TOKEN`).
///
/// Read in: Helm's `pkg/cli/environment.go`, `pkg/helmpath` and `pkg/cmd`; client-go's `clientcmd` and
/// `rest/config.go`; vCluster's `pkg/cli/start` and `pkg/platform/clihelper`.
const FOR_TOOLS: [&str; 44] = [
    // where programs, settings and temporary files are
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "TMPDIR",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_CACHE_HOME",
    "XDG_RUNTIME_DIR",
    // the same on Windows, where no program starts without SystemRoot
    "SYSTEMROOT",
    "SYSTEMDRIVE",
    "WINDIR",
    "COMSPEC",
    "PATHEXT",
    "USERPROFILE",
    "USERNAME",
    "HOMEDRIVE",
    "HOMEPATH",
    "APPDATA",
    "LOCALAPPDATA",
    "PROGRAMDATA",
    "TEMP",
    "TMP",
    // language and time
    "LANG",
    "LANGUAGE",
    "TZ",
    // the way to the network
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "ALL_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
    "all_proxy",
    // whom to trust; the last two are the `aws` program's and NixOS's
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "NIX_SSL_CERT_FILE",
    // sign-ins of chart registries and the desktop's keyring, which some of them and aws-vault are kept in
    "DOCKER_CONFIG",
    "HELM_REGISTRY_CONFIG",
    "DBUS_SESSION_BUS_ADDRESS",
    // Helm's own folders: repositories of other kinds (s3://, gs://) need a plugin that is installed there
    "HELM_CONFIG_HOME",
    "HELM_DATA_HOME",
    "HELM_PLUGINS",
];

/// The same by how they begin: credentials of AWS, which the cluster's plugin takes, and the language.
const PREFIXES_FOR_TOOLS: [&str; 2] = ["AWS_", "LC_"];

/// The variables of a program: never more than stand in here.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Environment(BTreeMap<OsString, OsString>);

impl Environment {
    /// All that this process has: for programs that only answer a question (a version, a token, a PATH).
    pub fn inherited() -> Self {
        Self::of(std::env::vars_os(), |name| name != MARKER)
    }

    /// For programs that change a cluster, and for what they start: this process's own variables as far as
    /// they are on a list.
    pub fn for_tools() -> Self {
        Self::of(std::env::vars_os(), is_for_tools)
    }

    fn of(variables: impl Iterator<Item = (OsString, OsString)>, keep: impl Fn(&str) -> bool) -> Self {
        Self(variables.filter(|(name, _)| keep(&name.to_string_lossy())).collect())
    }

    /// Sets a variable.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let name = name.into();
        self.remove(&name);
        self.0.insert(name, value.into());
    }

    /// Takes a variable out.
    pub fn remove(&mut self, name: impl AsRef<OsStr>) {
        let name = name.as_ref();
        if cfg!(windows) {
            // `Path` is `PATH` there.
            self.0.retain(|other, _| !other.eq_ignore_ascii_case(name));
        } else {
            self.0.remove(name);
        }
    }

    /// A variable's value.
    pub fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(OsStr::new(name)).map(OsString::as_os_str)
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        self.0.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()))
    }
}

impl<N: Into<OsString>, V: Into<OsString>> Extend<(N, V)> for Environment {
    fn extend<I: IntoIterator<Item = (N, V)>>(&mut self, variables: I) {
        for (name, value) in variables {
            self.set(name, value);
        }
    }
}

/// Names alone: values may be credentials.
impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn is_for_tools(name: &str) -> bool {
    let begins = |prefix: &str| name.get(..prefix.len()).is_some_and(|begin| same_name(begin, prefix));
    FOR_TOOLS.into_iter().any(|listed| same_name(name, listed)) || PREFIXES_FOR_TOOLS.into_iter().any(begins)
}

/// `Path` is `PATH` on Windows.
fn same_name(one: &str, other: &str) -> bool {
    if cfg!(windows) { one.eq_ignore_ascii_case(other) } else { one == other }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tools_get_what_is_on_the_list_alone() {
        for (name, given) in [
            ("PATH", true),
            ("LC_ALL", true),
            ("AWS_SSO_SESSION", true),
            ("HELM_REGISTRY_CONFIG", true),
            ("https_proxy", true),
            ("KUBECONFIG", false),
            ("KUBECACHEDIR", false),
            ("KUBERNETES_SERVICE_HOST", false),
            ("KUBERNETES_MASTER", false),
            ("POD_NAMESPACE", false),
            ("HELM_KUBEAPISERVER", false),
            ("HELM_KUBETOKEN", false),
            ("HELM_DRIVER", false),
            ("HELM_NAMESPACE", false),
            ("HELM_POST_RENDERER", false),
            ("HELM_DEBUG", false),
            ("LICENSE_TOKEN", false),
            ("LOFT_TIMEOUT", false),
            ("VCLUSTER_SKIP_VERSION_CHECK", false),
            ("LD_PRELOAD", false),
            (MARKER, false),
            ("XAWS_PROFILE", false),
        ] {
            assert_eq!(is_for_tools(name), given, "{name}");
        }
    }

    #[test]
    fn values_are_not_printed() {
        let mut environment = Environment::default();
        environment.extend([("TOKEN", "hunter22")]);
        assert_eq!(environment.get("TOKEN"), Some(OsStr::new("hunter22")));
        assert_eq!(format!("{environment:?}"), r#"{"TOKEN"}"#);
        environment.remove("TOKEN");
        assert_eq!(environment, Environment::default());
    }
}
