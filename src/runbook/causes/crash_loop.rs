//! The pods crash again and again, and no known signature says why (`domain.md`, section 8).

use crate::runbook::action::ActionKind;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Fit, Strength, unread};
use crate::runbook::log_signature::{self, Signature};
use crate::runbook::pod::{crash_loops, out_of_memory};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let mut evidence_for = Vec::new();
    let mut evidence_against = Vec::new();
    let mut explained = false;
    let pods = case.readings.pods(case.failed);
    if let Some(Ok(facts)) = pods {
        let looping: Vec<_> = facts
            .pods
            .iter()
            .filter(|pod| pod.deleted_at.is_none() && pod.containers.iter().any(crash_loops))
            .collect();
        if looping.is_empty() {
            evidence_against.push("No pod restarts again and again".to_owned());
        } else {
            let restarts: i32 = looping.iter().map(|pod| pod.restarts()).sum();
            let (count, all) = (looping.len(), facts.pods.len());
            evidence_for
                .push(format!("{count} of {all} pods crash again and again, {restarts} restarts so far"));
        }
        if looping.iter().any(|pod| pod.containers.iter().any(out_of_memory)) {
            explained = true;
            evidence_against
                .push("They were killed for want of memory, which a restart does not give them".to_owned());
        }
    }
    let loops = !evidence_for.is_empty();
    let logs = case.readings.logs(case.failed);
    if let (true, Some(Ok(facts))) = (loops, logs) {
        for hit in log_signature::hits(facts) {
            let which = if hit.previous { "before its last restart" } else { "now" };
            let line = format!("{} {which}: {}", hit.log.pod, hit.line.text);
            match hit.signature {
                Signature::Panic => evidence_for.push(line),
                Signature::Database => {
                    explained = true;
                    evidence_against
                        .push(format!("{line} (the database is the cause, the crash its effect)"));
                }
            }
        }
        if !explained {
            evidence_for.push("No log line names the database or another known cause".to_owned());
        }
    }
    let strength = match (loops, explained) {
        (false, _) => Strength::RuledOut,
        (true, true) => Strength::Possible,
        (true, false) => Strength::Likely,
    };
    Assessment {
        id: "crash-loop",
        title: "Crash loop".to_owned(),
        headline: format!("The platform's pods in {region} crash again and again"),
        strength,
        evidence_for,
        evidence_against,
        not_checked: [unread("Pods", pods), unread("Logs", logs)].into_iter().flatten().collect(),
        advice: Some(Advice::Restart),
        guidance: Vec::new(),
        fit,
    }
}

fn fit(action: ActionKind) -> Fit {
    match action {
        ActionKind::Restart => Fit::Fits("Fits the cause; read the logs first"),
        ActionKind::ReapplyHelm => Fit::Also("Also starts new pods, changes more"),
        ActionKind::ReapplyVcluster => Fit::Also("Also starts new pods; may change the admin password"),
        ActionKind::Scale => Fit::CannotHelp("Cannot help: more pods would crash too"),
    }
}
