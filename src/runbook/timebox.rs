//! How long each step usually takes, and when it is time to call for help.
//!
//! Nobody is stopped: past it the screen says so and names whom to call, because at three in the morning nobody
//! looks at the clock. The times are of a person who does this for the first time.

use std::time::Duration;

use jiff::Timestamp;

use super::step::Step;

/// However fast a practice world's time passes: nobody reads faster for it.
pub const LEAST: Duration = Duration::from_secs(30);

/// How long a step usually takes; `deadline` is how long the Deployment gives its rollout without any progress.
/// `None` for what is no step.
///
/// - *Confirm*: every question is answered within seconds, and a health check turns within 30 s. The rest is one
///   sentence to read, and a choice.
/// - *Diagnose*: as quick to ask. The rest is evidence and logs to read, and somebody to be asked.
/// - *Restore*: a plan to read and a name to type; the slowest action, a re-apply, takes some 3 minutes.
/// - *Rollout*: Kubernetes itself gives up where nothing moves for the progress deadline.
/// - *Verify*: 30 s until the health check turns, up to 60 s for cached DNS answers, three looks 10 s apart; twice
///   as much and a little more.
pub fn usual(step: Step, deadline: Duration) -> Option<Duration> {
    match step {
        Step::Preflight => None,
        Step::Confirm | Step::Verify => Some(Duration::from_mins(5)),
        Step::Diagnose | Step::Restore => Some(Duration::from_mins(10)),
        Step::Rollout => Some(deadline),
    }
}

/// How long a step has been the one to do, where that is longer than usual. A clock that was set back tells
/// nothing.
pub fn over(since: Timestamp, usual: Duration, now: Timestamp) -> Option<Duration> {
    let gone = Duration::try_from(now.duration_since(since)).ok()?;
    (gone > usual).then_some(gone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_step_has_a_usual_time_and_the_rollouts_is_the_deployments_own() {
        let deadline = Duration::from_secs(420);
        assert!(Step::ALL.iter().all(|step| usual(*step, deadline) >= Some(LEAST)));
        assert_eq!(usual(Step::Rollout, deadline), Some(deadline));
        assert_eq!(usual(Step::Preflight, deadline), None);
    }

    #[test]
    fn a_step_is_over_its_time_only_past_it_and_never_by_a_clock_that_was_set_back() {
        let since = Timestamp::from_second(1_000_000).unwrap();
        let after =
            |secs: i64| over(since, Duration::from_mins(5), since + jiff::SignedDuration::from_secs(secs));
        assert_eq!(after(300), None);
        assert_eq!(after(301), Some(Duration::from_secs(301)));
        assert_eq!(after(-40_000), None);
    }
}
