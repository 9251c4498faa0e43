//! Text for people: plain lines, nothing that needs a colour.

use crate::runbook::cause::Assessment;
use crate::runbook::check::Check;
use crate::runbook::profile::Profile;

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
