//! What a pod's status means, in a person's words (`domain.md`, section 3).

use super::fact::{Container, Pod};

/// Waiting reasons that are failures.
pub const FAILING_REASONS: [&str; 8] = [
    "CrashLoopBackOff",
    "ImagePullBackOff",
    "ErrImagePull",
    "ErrImageNeverPull",
    "InvalidImageName",
    "CreateContainerConfigError",
    "CreateContainerError",
    "RunContainerError",
];

/// The state of a pod as a responder needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PodState {
    /// Serving.
    Ready,
    /// On its way.
    Starting(String),
    /// Going away.
    Ending,
    /// A leftover: it ended for good, and whatever replaces it is another pod. The way it ended.
    Over(String),
    /// Broken, with the reason.
    Failing(String),
}

impl PodState {
    /// What stands behind the pod's name.
    pub fn text(&self) -> String {
        match self {
            Self::Ready => "serving".to_owned(),
            Self::Ending => "terminating".to_owned(),
            Self::Over(how) => format!("a leftover: {how}"),
            Self::Starting(text) | Self::Failing(text) => text.clone(),
        }
    }
}

/// Judges one pod.
pub fn state(pod: &Pod) -> PodState {
    // A finalizer can keep one that ended and was deleted: what it was counts, not that it waits.
    if pod.is_over() {
        return PodState::Over(over_text(pod));
    }
    if pod.deleted_at.is_some() {
        return PodState::Ending;
    }
    if let Some(container) = pod.containers.iter().find(|container| failing_reason(container).is_some()) {
        return PodState::Failing(failing_text(container));
    }
    if let Some(message) = &pod.unscheduled {
        return PodState::Failing(format!("cannot be scheduled: {message}"));
    }
    if pod.ready {
        return PodState::Ready;
    }
    if let Some(container) = pod.containers.iter().find(|container| container.terminated.is_some()) {
        return PodState::Failing(failing_text(container));
    }
    if pod.containers.iter().any(|container| container.running) {
        return PodState::Starting("runs, waits for its readiness probe".to_owned());
    }
    let waiting = pod.containers.iter().find_map(|container| container.waiting_reason.clone());
    PodState::Starting(waiting.unwrap_or_else(|| pod.phase.to_lowercase()))
}

/// The reason that a container cannot run, where it is one of the failing ones.
pub fn failing_reason(container: &Container) -> Option<&str> {
    let reason = container.waiting_reason.as_deref()?;
    FAILING_REASONS.contains(&reason).then_some(reason)
}

/// Was the container's last end for want of memory?
pub fn out_of_memory(container: &Container) -> bool {
    let ends = [&container.terminated, &container.last_terminated];
    ends.into_iter().flatten().any(|end| end.reason == "OOMKilled")
}

/// Does the container crash again and again?
pub fn crash_loops(container: &Container) -> bool {
    container.waiting_reason.as_deref() == Some("CrashLoopBackOff")
        || (container.restarts > 0
            && !container.ready
            && (container.terminated.is_some() || container.last_terminated.is_some()))
}

fn over_text(pod: &Pod) -> String {
    let fallback = if pod.phase == "Succeeded" { "completed" } else { "failed" };
    pod.reason.clone().unwrap_or_else(|| fallback.to_owned())
}

fn failing_text(container: &Container) -> String {
    let reason = failing_reason(container).unwrap_or("ended");
    let mut text = match container.restarts {
        0 => reason.to_owned(),
        restarts => format!("{reason}, {restarts} restarts"),
    };
    if let Some(end) = container.terminated.as_ref().or(container.last_terminated.as_ref()) {
        text.push_str(&format!(", last exit {} ({})", end.exit_code, end.reason));
    } else if let Some(message) = &container.waiting_message {
        text.push_str(&format!(": {message}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::Terminated;

    fn pod(change: impl FnOnce(&mut Pod, &mut Container)) -> Pod {
        let mut pod = Pod { phase: "Running".to_owned(), ..Pod::default() };
        let mut container = Container { name: "manager".to_owned(), ..Container::default() };
        change(&mut pod, &mut container);
        pod.containers.push(container);
        pod
    }

    #[test]
    fn states() {
        let ready = pod(|pod, container| {
            pod.ready = true;
            container.running = true;
        });
        assert_eq!(state(&ready), PodState::Ready);
        let starting = pod(|_, container| container.running = true);
        assert!(matches!(state(&starting), PodState::Starting(text) if text.contains("readiness")));
        let crash = pod(|_, container| {
            container.waiting_reason = Some("CrashLoopBackOff".to_owned());
            container.restarts = 7;
            container.last_terminated =
                Some(Terminated { reason: "Error".to_owned(), exit_code: 2, finished_at: None });
        });
        assert_eq!(
            state(&crash),
            PodState::Failing("CrashLoopBackOff, 7 restarts, last exit 2 (Error)".to_owned())
        );
        assert!(crash_loops(&crash.containers[0]));
        let creating = pod(|pod, container| {
            pod.phase = "Pending".to_owned();
            container.waiting_reason = Some("ContainerCreating".to_owned());
        });
        assert_eq!(state(&creating), PodState::Starting("ContainerCreating".to_owned()));
        let ending = pod(|pod, _| pod.deleted_at = Some(jiff::Timestamp::UNIX_EPOCH));
        assert_eq!(state(&ending), PodState::Ending);
        let evicted = pod(|pod, _| {
            pod.phase = "Failed".to_owned();
            pod.reason = Some("Evicted".to_owned());
        });
        assert_eq!(state(&evicted), PodState::Over("Evicted".to_owned()));
        let crashed_for_good = Pod { phase: "Failed".to_owned(), ..crash };
        assert_eq!(state(&crashed_for_good), PodState::Over("failed".to_owned()));
        let succeeded = pod(|pod, container| {
            // The kubelet takes the condition away; a node that is lost does not get to it.
            (pod.phase, pod.ready) = ("Succeeded".to_owned(), true);
            container.terminated =
                Some(Terminated { reason: "Completed".to_owned(), ..Terminated::default() });
        });
        assert_eq!(state(&succeeded), PodState::Over("completed".to_owned()));
        let pending = pod(|pod, _| {
            pod.phase = "Pending".to_owned();
            pod.unscheduled = Some("0/3 nodes are available".to_owned());
        });
        assert!(matches!(state(&pending), PodState::Failing(text) if text.contains("0/3 nodes")));
    }
}
