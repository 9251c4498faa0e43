//! One reading of a kubeconfig, held fast: what was compared with a plan is what is written to, whatever
//! happens to the file meanwhile.

use kube::config::Kubeconfig;

use super::access::{ClusterAccess, Target, read_off_thread, target};
use super::private::PrivateKubeconfig;
use crate::clients::within;
use crate::runbook::fact::ClusterAddress;
use crate::runbook::verdict::{Why, WhyKind};

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

    /// The context alone, with all that it needs, as a tool gets it: it leads where this one leads.
    ///
    /// # Errors
    /// A file that the kubeconfig names cannot be read, or is another one than a moment ago.
    pub async fn private(&self, access: &ClusterAccess) -> Result<PrivateKubeconfig, Why> {
        let (kubeconfig, context) = (self.kubeconfig.clone(), self.context.clone());
        let taking = tokio::task::spawn_blocking(move || PrivateKubeconfig::of(&kubeconfig, &context));
        let private = within(access.deadline, "the kubeconfig's certificates", async {
            let ended = |error: tokio::task::JoinError| Why::new(WhyKind::Configuration, error.to_string());
            taking.await.map_err(ended)?
        })
        .await?;
        if target(private.kubeconfig().clone(), access).await?.address() != self.address() {
            let message = "A file that the kubeconfig names was changed in this moment";
            return Err(
                Why::new(WhyKind::Configuration, message).remedy("Look at it, then make the plan again")
            );
        }
        Ok(private)
    }

    pub(super) fn into_target(self) -> Target {
        self.target
    }

    /// The context's name.
    pub fn context(&self) -> &str {
        &self.context
    }
}
