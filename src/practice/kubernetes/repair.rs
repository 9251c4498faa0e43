//! "Somebody repaired it": the cluster as whoever it belongs to leaves it.

use serde_json::{Value, json};

use super::controller::{CONTAINER, Controllers, Fault, Moment, missing_image};
use super::kinds::{DEPLOYMENTS, PODS};
use super::object::{number, text};
use super::patch::Format;
use super::store::{Key, State};
use super::write::Writer;
use super::{ClusterSetup, Condition, PLATFORM, READY_POD_NAMESPACE, seed};

/// Heals what is broken. A Deployment without pods or that is gone, and a missing TargetGroupBinding, come
/// back in every condition.
pub(super) fn carry_out(setup: &ClusterSetup, controllers: &mut Controllers, state: &mut State, now: Moment) {
    let had_database = controllers.kubelet.troubles.database.is_none();
    mend_surroundings(setup.condition, controllers, state, now);
    seed::target_groups::bind(setup, state, now.wall);
    let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
    let template = state.get(&key).and_then(|deployment| deployment.pointer("/spec/template")).cloned();
    if let Some(template) = template {
        match setup.condition {
            Condition::OutOfMemory | Condition::VersionSkew | Condition::InterruptedUpgrade => {
                mend_template(setup, controllers, state, &template, now);
            }
            Condition::ImagePull => mend_image(setup, state, &template, now),
            // The image is the responder's to mend, unless others come back for it.
            Condition::DatabaseTimeoutAndImagePull if had_database => {
                mend_image(setup, state, &template, now);
            }
            _ => {}
        }
    }
    match state.get(&key).map(|deployment| number(deployment, "/spec/replicas")) {
        None => seed::release(setup, &setup.platform_version, state, now.wall),
        Some(0) => patch(state, "scale", "kubectl", &json!({"spec": {"replicas": setup.replicas}}), now),
        Some(_) => {}
    }
}

/// What stands around the platform: the database, nodes, the load balancer, room.
fn mend_surroundings(condition: Condition, controllers: &mut Controllers, state: &mut State, now: Moment) {
    match condition {
        Condition::CrashLoop => controllers.kubelet.mend(now),
        Condition::DatabaseTimeout
        | Condition::DatabaseDenied
        | Condition::DatabaseRefused
        | Condition::DatabaseTimeoutAndImagePull => controllers.kubelet.mend_database(now),
        Condition::NodesNotReady => controllers.nodes.revive(state, now),
        Condition::IngressNotReconciled => controllers.load_balancer.allow(state, now),
        Condition::Unschedulable => {
            for pod in state.collect(&PODS, Some(seed::BATCH_NAMESPACE)) {
                state.remove(&Key::of(&PODS, &pod));
            }
        }
        Condition::Healthy
        | Condition::ScaledToZero
        | Condition::DeploymentMissing
        | Condition::OutOfMemory
        | Condition::ImagePull
        | Condition::VersionSkew
        | Condition::InterruptedUpgrade
        | Condition::PermissionMissing => {}
    }
}

/// Heals a template whose pods cannot run, unless that was done already.
fn mend_template(
    setup: &ClusterSetup,
    controllers: &Controllers,
    state: &mut State,
    template: &Value,
    now: Moment,
) {
    match controllers.kubelet.troubles.fault_of(template) {
        Some(Fault::OutOfMemory) => {
            edit_container(state, &json!({"resources": {"limits": {"memory": "2Gi"}}}), now);
        }
        Some(Fault::OtherVersion) => seed::release(setup, &setup.platform_version, state, now.wall),
        Some(Fault::Panic | Fault::Database(_)) | None => {}
    }
}

fn mend_image(setup: &ClusterSetup, state: &mut State, template: &Value, now: Moment) {
    if missing_image(template).is_some() {
        let image = format!("{}:{}", image_name(template), setup.platform_version);
        edit_container(state, &json!({"image": image}), now);
    }
}

fn image_name(template: &Value) -> &str {
    let image = text(template, "/spec/containers/0/image");
    image.rsplit_once(':').map_or(image, |(name, _)| name)
}

fn edit_container(state: &mut State, change: &Value, now: Moment) {
    let mut container = change.clone();
    container["name"] = CONTAINER.into();
    let edit = json!({"spec": {"template": {"spec": {"containers": [container]}}}});
    patch(state, "", "kubectl-edit", &edit, now);
}

fn patch(state: &mut State, subresource: &str, manager: &str, patch: &Value, now: Moment) {
    let key = Key::new(&DEPLOYMENTS, READY_POD_NAMESPACE, PLATFORM);
    let writer = Writer { resource: &DEPLOYMENTS, subresource, manager, dry_run: false, now: now.wall };
    if let Err(refusal) = writer.patch(state, &key, patch, Format::Strategic) {
        tracing::warn!(?refusal, "the practice world could not be repaired");
    }
}
