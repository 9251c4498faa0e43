//! Kubernetes: reading both regions' clusters, changing the failed one's.
//!
//! [`Reader`] has no method that changes anything; [`Writer`] has the two changes of step 3 and
//! carries the preconditions of the plan with each; [`DryRun`] asks what would come of them, and of an apply.
//!
//! Caveats: kube's own retries are off (they last up to 1,000 s); its handling of exec plugins
//! is not used (it runs them three times, without a time limit, on the caller's thread). EKS tokens are
//! made in process where that is known to give the same.

mod access;
mod answer;
mod connection;
mod dry_run;
mod eks;
mod exec;
mod facts;
mod logs;
mod pinned;
mod private;
mod reader;
mod review;
mod watch;
mod writer;

pub use access::{ClusterAccess, contexts};
pub use connection::plugin_limit;
pub use dry_run::{Answer, DryRun};
pub use eks::{EksName, eks_name};
pub use pinned::Pinned;
pub use private::PrivateKubeconfig;
pub use reader::Reader;
pub use writer::Writer;

#[cfg(test)]
mod tests;
