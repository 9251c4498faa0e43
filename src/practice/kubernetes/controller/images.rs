//! The image registry, and what becomes of a pod whose image it does not have.

use serde_json::Value;

use super::super::object::{items, text};
use super::super::store::State;
use super::Moment;
use super::events::{self, Event};

/// The platform's image, without its tag.
const PLATFORM: &str = "ghcr.io/loft-sh/vcluster-platform";

/// The tags of the platform's image, the versions of its charts.
const TAGS: [&str; 3] = ["4.8.0", "4.11.2", "4.12.0"];

/// A version of the platform that was never published.
pub(in super::super) const NEVER_PUBLISHED: &str = "ghcr.io/loft-sh/vcluster-platform:4.11.9";

/// The first of a pod's (or template's) images that the registry does not have.
pub(in super::super) fn missing(pod: &Value) -> Option<&str> {
    items(pod, "/spec/containers").iter().map(|container| text(container, "/image")).find(|image| !has(image))
}

fn has(image: &str) -> bool {
    match image.rsplit_once(':') {
        Some((PLATFORM, tag)) => TAGS.contains(&tag),
        None if image == PLATFORM => false,
        _ => true,
    }
}

/// What containerd says of it.
pub(super) fn not_found(image: &str) -> String {
    format!(
        "rpc error: code = NotFound desc = failed to pull and unpack image \"{image}\": failed to resolve \
         reference \"{image}\": {image}: not found"
    )
}

/// Events of an attempt that failed.
pub(super) fn tell_failed(state: &mut State, pod: &Value, image: &str, now: Moment) {
    let pulling = format!("Pulling image \"{image}\"");
    let failed = format!("Failed to pull image \"{image}\": {}", not_found(image));
    tell(state, pod, false, "Pulling", &pulling, now);
    tell(state, pod, true, "Failed", &failed, now);
    tell(state, pod, true, "Failed", "Error: ErrImagePull", now);
}

/// Events of the wait for the next attempt.
pub(super) fn tell_back_off(state: &mut State, pod: &Value, image: &str, now: Moment) {
    let message = format!("Back-off pulling image \"{image}\"");
    tell(state, pod, false, "BackOff", &message, now);
    tell(state, pod, true, "Failed", "Error: ImagePullBackOff", now);
}

fn tell(state: &mut State, pod: &Value, warning: bool, reason: &str, message: &str, now: Moment) {
    events::record(state, pod, Event { warning, reason, message, component: "kubelet" }, now);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registry_has_the_platforms_versions_and_whatever_else_is_asked_for() {
        for (image, found) in [
            ("ghcr.io/loft-sh/vcluster-platform:4.11.2", true),
            ("ghcr.io/loft-sh/vcluster-platform:4.11.9", false),
            ("ghcr.io/loft-sh/vcluster-platform", false),
            ("nginx", true),
            ("registry:5000/other:4.11.9", true),
        ] {
            assert_eq!(has(image), found, "{image}");
        }
    }
}
