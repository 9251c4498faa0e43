//! The pod's row: STATUS, READY and RESTARTS as kubectl users know them.

use jiff::Timestamp;
use serde_json::Value;

use super::super::object::{self, items, name, number, parse_stamp, text};
use super::age::{age, human};
use super::{Layout, column, wide};

pub(super) const PODS: Layout = Layout {
    columns: &[
        column("Name"),
        column("Ready"),
        column("Status"),
        column("Restarts"),
        column("Age"),
        wide("IP"),
        wide("Node"),
        wide("Nominated Node"),
        wide("Readiness Gates"),
    ],
    cells,
};

fn cells(pod: &Value, now: Timestamp) -> Vec<Value> {
    let or_none =
        |pointer: &str| Value::from(Some(text(pod, pointer)).filter(|it| !it.is_empty()).unwrap_or("<none>"));
    let statuses = items(pod, "/status/containerStatuses");
    let ready = statuses.iter().filter(|status| status["ready"] == true).count();
    vec![
        name(pod).into(),
        format!("{ready}/{}", items(pod, "/spec/containers").len()).into(),
        status(pod).into(),
        restarts(statuses, now).into(),
        age(pod, now),
        or_none("/status/podIP"),
        or_none("/spec/nodeName"),
        "<none>".into(),
        "<none>".into(),
    ]
}

/// The word for the pod's state: the first container's trouble, else the phase.
pub(super) fn status(pod: &Value) -> String {
    if object::terminating(pod) {
        return "Terminating".to_owned();
    }
    let mut word = match text(pod, "/status/reason") {
        "" => text(pod, "/status/phase"),
        reason => reason,
    };
    for status in items(pod, "/status/containerStatuses").iter().rev() {
        for trouble in ["/state/waiting/reason", "/state/terminated/reason"] {
            if !text(status, trouble).is_empty() {
                word = text(status, trouble);
            }
        }
    }
    word.to_owned()
}

fn restarts(statuses: &[Value], now: Timestamp) -> String {
    let total: i64 = statuses.iter().map(|status| number(status, "/restartCount")).sum();
    let last = statuses
        .iter()
        .filter_map(|status| parse_stamp(text(status, "/lastState/terminated/finishedAt")))
        .max();
    match last {
        Some(last) if total > 0 => {
            format!("{total} ({} ago)", human(now.duration_since(last).as_secs().max(0)))
        }
        _ => total.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_row_says_what_is_wrong() {
        let crashing = json!({
            "metadata": {"name": "loft-1", "creationTimestamp": "2026-01-01T00:00:00Z"},
            "spec": {"containers": [{"name": "manager"}]},
            "status": {"phase": "Running", "containerStatuses": [{
                "ready": false, "restartCount": 5,
                "state": {"waiting": {"reason": "CrashLoopBackOff"}},
                "lastState": {"terminated": {"finishedAt": "2026-01-01T00:09:30Z"}},
            }]},
        });
        let now = "2026-01-01T00:10:00Z".parse().unwrap();
        assert_eq!(
            cells(&crashing, now)[..5],
            ["loft-1", "0/1", "CrashLoopBackOff", "5 (30s ago)", "10m"].map(Value::from)
        );
        let mut leaving = crashing;
        leaving["metadata"]["deletionTimestamp"] = json!("2026-01-01T00:09:59Z");
        assert_eq!(status(&leaving), "Terminating");
    }
}
