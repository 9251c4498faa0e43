//! "Somebody repaired it": the cluster as whoever it belongs to leaves it.

use serde_json::json;

use super::controller::{Controllers, Moment};
use super::kinds::DEPLOYMENTS;
use super::object::number;
use super::patch::Format;
use super::store::{Key, State};
use super::write::Writer;
use super::{ClusterSetup, PLATFORM, READY_POD_NAMESPACE, seed};

/// Heals a crash loop, a Deployment without pods, one that is gone, and a missing TargetGroupBinding.
pub(super) fn carry_out(setup: &ClusterSetup, controllers: &mut Controllers, state: &mut State, now: Moment) {
    controllers.kubelet.mend(now);
    seed::target_groups::bind(setup, state, now.wall);
    let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
    match state.get(&key).map(|deployment| number(deployment, "/spec/replicas")) {
        None => seed::apply_release(setup, state, now.wall),
        Some(0) => {
            let writer = Writer {
                resource: &DEPLOYMENTS,
                subresource: "scale",
                manager: "kubectl",
                dry_run: false,
                now: now.wall,
            };
            let wanted = json!({"spec": {"replicas": setup.replicas}});
            if let Err(refusal) = writer.patch(state, &key, &wanted, Format::Merge) {
                tracing::warn!(?refusal, "the practice world could not be repaired");
            }
        }
        Some(_) => {}
    }
}
