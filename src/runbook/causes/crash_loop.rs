//! The pods crash again and again, and no known signature says why (`domain.md`, section 8).

use jiff::SignedDuration;

use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fact::Container;
use crate::runbook::fits;
use crate::runbook::log_signature::{self, Signature};
use crate::runbook::pod::{crash_loops, out_of_memory};

/// A crash speaks of the present for this long: longer than the longest wait between two, and the time that a
/// pod tries its database.
const LATELY: SignedDuration = SignedDuration::from_mins(15);

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = &case.failed_region().name;
    let headline = format!("The platform's pods in {region} crash again and again");
    let mut cause = Assessment::new("crash-loop", "Crash loop", headline);
    cause.advice = Some(Advice::Restart);
    cause.fits = fits::CRASH_LOOP;
    cause.explains = Explains::These(&["targets-unhealthy"]);
    let (pods, logs) = (case.readings.pods(case.failed), case.readings.logs(case.failed));
    cause.needs("Pods", pods);
    cause.needs("Logs", logs);
    let Some(Ok(facts)) = pods else { return cause };
    let looping: Vec<_> = facts
        .active()
        .filter(|pod| pod.containers.iter().any(|container| crashes_now(case, container)))
        .collect();
    if looping.is_empty() {
        cause.denies("No pod restarts again and again");
        return cause;
    }
    let restarts: i32 = looping.iter().map(|pod| pod.restarts()).sum();
    let (count, all) = (looping.len(), facts.active().count());
    cause.says(format!("{count} of {all} pods crash again and again, {restarts} restarts so far"));
    let mut explained = false;
    if looping.iter().any(|pod| pod.containers.iter().any(out_of_memory)) {
        explained = true;
        cause.denies("They were killed for want of memory, which a restart does not give them");
    }
    if let Some(Ok(facts)) = logs {
        let hits = log_signature::hits(facts, case.database_port(case.failed));
        let of = |panic: bool| {
            let mut of = hits.iter().filter(|hit| (hit.signature == Signature::Panic) == panic);
            of.next().map(|first| (first.quote(), 1 + of.count()))
        };
        // one line for all pods: they mostly say the same
        if let Some((line, count)) = of(true) {
            cause.says(format!("{count} of {} pods end with {line}", facts.logs.len()));
        }
        if let Some((line, _)) = of(false) {
            explained = true;
            cause.denies(format!("The database is the cause, the crash its effect: {line}"));
        }
        if !explained {
            cause.says("No log line names the database or another known cause");
        }
    }
    cause.guidance = vec![
        Guidance::text(
            "Read the log: does it name something that a restart cannot mend? If not, restart the platform in step 3",
        ),
        Guidance::with(
            "Read the log of before the last restart in a terminal",
            command::previous_logs(case.profile, case.failed_region()),
        ),
        Guidance::text(
            "If the new pods crash too, the version or the values are broken: re-apply the values file",
        ),
    ];
    let up = case.platform_up() == Some(true);
    if up {
        cause.denies("Enough pods are ready all the same");
    }
    cause.strength = if explained || up { Strength::Possible } else { Strength::Likely };
    cause
}

/// Does a container crash again and again, and did it lately? One restart of long ago is none of it.
fn crashes_now(case: &Case, container: &Container) -> bool {
    let ended = container.terminated.as_ref().or(container.last_terminated.as_ref());
    let waits = container.waiting_reason.as_deref() == Some("CrashLoopBackOff");
    crash_loops(container) && (waits || case.is_recent(ended.and_then(|end| end.finished_at), LATELY))
}
