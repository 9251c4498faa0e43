//! Text for people: plain lines, nothing that needs a colour.

use crate::runbook::cause::Assessment;
use crate::runbook::check::Check;
use crate::runbook::profile::Profile;
use crate::runbook::steps::confirm::Outcome;

/// A check in a line: verdict, title, found, normal, age; what to do about it in a second one.
pub(super) fn check(profile: &Profile, check: &Check) -> Vec<String> {
    let Some(finding) = &check.finding else { return vec![format!("  ...      {}", check.title)] };
    let region = check.region.map_or("", |region| profile.region(region).name.as_str());
    let took = check.took.map_or(String::new(), |took| format!("  [{} ms]", took.as_millis()));
    let title =
        if check.title.contains(region) { check.title.clone() } else { format!("{} {region}", check.title) };
    let word = finding.verdict.word();
    let mut lines =
        vec![format!("  {word:<8} {title:<28} {} (normal: {}){took}", finding.found, finding.expected)];
    if !finding.remedy.is_empty() {
        lines.push(format!("           {}", finding.remedy));
    }
    lines
}

/// A cause with its evidence, a line each.
pub(super) fn cause(number: usize, cause: &Assessment) -> Vec<String> {
    let mut lines = vec![format!("{number}. {} ({})", cause.title, cause.id)];
    for (word, evidence) in
        [("for", &cause.evidence_for), ("against", &cause.evidence_against), ("unknown", &cause.not_checked)]
    {
        lines.extend(evidence.iter().map(|text| format!("   {word:<8} {text}")));
    }
    for step in &cause.guidance {
        lines.push(format!("   do       {}", step.text));
        lines.extend(step.command.iter().map(|command| format!("            {}", command.shell())));
    }
    lines
}

/// What step 1 comes to, in a sentence.
pub(super) fn outcome(profile: &Profile, outcome: &Outcome, failed: Option<&str>) -> String {
    let failed = failed.unwrap_or("no region");
    match outcome {
        Outcome::FailoverActive => {
            format!("Failover is active: {failed} is out, another region carries the traffic")
        }
        Outcome::NothingFailing => "No health check fails: there is nothing to restore".to_owned(),
        Outcome::AllFailing => {
            let call = profile.escalation.as_deref().map_or(String::new(), |call| format!(": {call}"));
            format!(
                "Every health check fails. Stop: this runbook assumes a healthy region. Call for help{call}"
            )
        }
        Outcome::OtherRegionFailing(other) => {
            format!("{failed} is healthy; {} is the one that fails", profile.region(*other).name)
        }
        Outcome::CouldNotCheck(reasons) => {
            format!("It could not be checked which region failed: {}", reasons.join("; "))
        }
    }
}
