//! One reading of a kubeconfig, held fast: what was compared with a plan is what is written to, whatever
//! happens to the file meanwhile.

use kube::config::Kubeconfig;

use super::access::{ClusterAccess, Target, read_off_thread, target};
use crate::runbook::fact::ClusterAddress;
use crate::runbook::verdict::Why;

/// A context of a kubeconfig as it was read once.
pub struct Pinned {
    pub(super) target: Target,
    kubeconfig: Kubeconfig,
    context: String,
}

impl Pinned {
    /// Reads the kubeconfig; asks nobody anything.
    ///
    /// # Errors
    /// The file, or a context that is not in it.
    pub async fn read(access: &ClusterAccess) -> Result<Self, Why> {
        let kubeconfig = read_off_thread(access).await?;
        let target = target(kubeconfig.clone(), access).await?;
        Ok(Self { target, kubeconfig, context: access.context.clone() })
    }

    /// How the cluster is reached.
    pub fn address(&self) -> ClusterAddress {
        self.target.address()
    }

    /// The whole kubeconfig as it was read. It may hold secrets.
    pub fn kubeconfig(&self) -> &Kubeconfig {
        &self.kubeconfig
    }

    pub(super) fn into_target(self) -> Target {
        self.target
    }

    /// The context's name.
    pub fn context(&self) -> &str {
        &self.context
    }
}
