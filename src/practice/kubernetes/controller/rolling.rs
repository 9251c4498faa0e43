//! The arithmetic of a rolling update, free of objects.
//! Source: `pkg/controller/deployment/rolling.go` and `util/deployment_util.go`.

use serde_json::Value;

/// How far a rollout may stray from the wanted count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    /// Pods above the wanted count.
    pub(super) surge: i64,
    /// Pods below it that may be out of service.
    pub(super) unavailable: i64,
}

/// Resolves the strategy's two numbers or percentages for a count.
pub(super) fn bounds(strategy: &Value, replicas: i64) -> Bounds {
    let resolve = |field: &str, round_up: bool| match strategy.pointer(&format!("/rollingUpdate/{field}")) {
        Some(Value::Number(count)) => count.as_i64().unwrap_or_default(),
        Some(Value::String(percent)) => {
            let share = percent.trim_end_matches('%').parse().unwrap_or(0) * replicas;
            if round_up { (share + 99) / 100 } else { share / 100 }
        }
        _ => 0,
    };
    let (surge, unavailable) = (resolve("maxSurge", true), resolve("maxUnavailable", false));
    // both at zero would never move
    Bounds { surge, unavailable: if surge == 0 && unavailable == 0 { 1 } else { unavailable } }
}

/// One ReplicaSet's counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// `spec.replicas`
    pub(super) wanted: i64,
    /// `status.availableReplicas`
    pub(super) available: i64,
}

/// What the new set's count should become.
pub(super) fn new_count(replicas: i64, bounds: Bounds, new: Counts, old: &[Counts]) -> i64 {
    if new.wanted >= replicas {
        return replicas;
    }
    let total = new.wanted + old.iter().map(|set| set.wanted).sum::<i64>();
    let room = (replicas + bounds.surge - total).max(0);
    new.wanted + room.min(replicas - new.wanted)
}

/// What the old sets' counts should become, oldest first: first the pods that
/// are out of service anyway, then as many as the new ones make up for.
pub(super) fn old_counts(replicas: i64, bounds: Bounds, new: Counts, old: &[Counts]) -> Vec<i64> {
    let least = replicas - bounds.unavailable;
    let total = new.wanted + old.iter().map(|set| set.wanted).sum::<i64>();
    let mut room = (total - least - (new.wanted - new.available).max(0)).max(0);
    let mut counts: Vec<i64> = old.iter().map(|set| set.wanted).collect();
    for (count, set) in counts.iter_mut().zip(old) {
        let broken = (set.wanted - set.available).clamp(0, room);
        *count -= broken;
        room -= broken;
    }
    let available = new.available + old.iter().map(|set| set.available.min(set.wanted)).sum::<i64>();
    let mut room = (available - least).max(0);
    for count in &mut counts {
        let taken = room.min(*count);
        *count -= taken;
        room -= taken;
    }
    counts
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn counts(wanted: i64, available: i64) -> Counts {
        Counts { wanted, available }
    }

    #[test]
    fn percentages_round_in_the_safe_direction() {
        let quarter = json!({"rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}});
        for (replicas, surge, unavailable) in [(1, 1, 0), (3, 1, 0), (4, 1, 1), (10, 3, 2)] {
            assert_eq!(bounds(&quarter, replicas), Bounds { surge, unavailable });
        }
        let stuck = json!({"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}});
        assert_eq!(bounds(&stuck, 3).unavailable, 1);
    }

    #[test]
    fn never_fewer_than_the_least_and_never_more_than_the_most() {
        let bounds = Bounds { surge: 1, unavailable: 0 };
        for (what, new, old, grown, shrunk) in [
            ("begins with one above", counts(0, 0), counts(3, 3), 1, 3),
            ("waits for the new one", counts(1, 0), counts(3, 3), 1, 3),
            ("one for one", counts(1, 1), counts(3, 3), 1, 2),
            ("fills the gap", counts(1, 1), counts(2, 2), 2, 2),
            ("ends with the new alone", counts(3, 3), counts(1, 1), 3, 0),
            ("broken old ones wait for the new one too", counts(1, 0), counts(3, 0), 1, 3),
            ("broken old ones go first", counts(1, 1), counts(3, 0), 1, 2),
        ] {
            assert_eq!(new_count(3, bounds, new, &[old]), grown, "{what}");
            assert_eq!(old_counts(3, bounds, new, &[old]), [shrunk], "{what}");
        }
    }
}
