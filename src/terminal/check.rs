//! `failback check`: read everything once, say what is true. Changes nothing.

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::cause::{self, Assessment};
use crate::runbook::check::{self, Check};
use crate::runbook::profile::{Profile, RegionIndex};
use crate::runbook::question::{Question, Readings};
use crate::runbook::step::Step;
use crate::runbook::steps::{self, confirm};

use super::cli::CheckArgs;
use super::out::{self, say};
use super::{Stop, interrupted, json, subject, words};

/// Something failed.
const FAILED: u8 = 1;
/// Nothing failed, but something could not be checked.
const UNKNOWN: u8 = 2;

pub(super) async fn run(args: CheckArgs) -> Result<u8, Stop> {
    let interrupted = interrupted::tell().await;
    let subject = subject::open(&args.subject).await?;
    let wanted: Vec<Step> = args.step.map_or(vec![Step::Confirm, Step::Diagnose], |step| vec![step.into()]);
    let profile = subject.profile();
    let mut readings = Readings::default();
    // Everything at once: which region failed need not be known to ask.
    subject.session.observe_all(&questions(profile, subject.failed, &wanted), &mut readings).await;
    let failed = subject.failed.or_else(|| confirm::recognised(profile, &readings));
    let case = |failed| Case { profile, failed, readings: &readings, now: Timestamp::now() };
    let mut checks = checks(profile, failed, &wanted, case);
    let causes = match failed {
        Some(failed) if wanted.contains(&Step::Diagnose) => cause::rank(&case(failed)),
        _ => Vec::new(),
    };
    let outcome = confirm::outcome(profile, &readings, failed.unwrap_or(RegionIndex(0)));
    let outcome = outcome.ok_or_else(|| Stop::failed("the health checks were not answered"))?;
    let failed_name = failed.map(|failed| profile.region(failed).name.as_str());
    if args.json {
        let report = json::Report {
            environment: &profile.name,
            failed_region: failed_name,
            outcome: outcome.id(),
            interrupted: interrupted.iter().map(json::interrupted).collect(),
            checks: checks.iter().filter_map(|check| json::check(profile, check)).collect(),
            causes: causes.iter().map(json::cause).collect(),
        };
        let text = serde_json::to_string_pretty(&report).map_err(|error| Stop::failed(error.to_string()))?;
        out::json(&text);
    } else {
        say!("{}", outcome.sentence(profile, failed_name));
        check::by_importance(&mut checks);
        print_people(profile, &checks, &causes);
    }
    Ok(code(&checks))
}

/// What to ask. The health checks belong to each step: the outcome is made of them.
fn questions(profile: &Profile, failed: Option<RegionIndex>, wanted: &[Step]) -> Vec<Question> {
    let regions: Vec<RegionIndex> = failed.map_or_else(|| profile.indices().collect(), |failed| vec![failed]);
    let mut questions: Vec<Question> = profile.indices().map(Question::HealthCheck).collect();
    for step in wanted {
        questions.extend(regions.iter().flat_map(|region| steps::questions(profile, *region, *step)));
    }
    questions.sort_unstable();
    questions.dedup();
    questions
}

/// The checks of the steps; where no region is known to have failed, each region's own.
fn checks<'a>(
    profile: &Profile,
    failed: Option<RegionIndex>,
    wanted: &[Step],
    case: impl Fn(RegionIndex) -> Case<'a>,
) -> Vec<Check> {
    let mut checks = Vec::new();
    for step in wanted {
        match failed {
            Some(failed) => checks.extend(steps::checks(&case(failed), *step)),
            None => {
                for region in profile.indices() {
                    let of_region = |check: &Check| match check.region {
                        Some(of) => of == region,
                        None => region.0 == 0,
                    };
                    checks.extend(steps::checks(&case(region), *step).into_iter().filter(of_region));
                }
            }
        }
    }
    checks
}

fn print_people(profile: &Profile, checks: &[Check], causes: &[Assessment]) {
    say!("");
    for check in checks {
        for line in words::check(profile, check) {
            say!("{line}");
        }
    }
    if !causes.is_empty() {
        say!("");
        say!("Most likely cause out of {} looked at:", cause::COUNT);
        for (index, cause) in causes.iter().enumerate() {
            for line in words::cause(index + 1, cause) {
                say!("{line}");
            }
        }
    }
}

fn code(checks: &[Check]) -> u8 {
    let tally = check::tally(checks);
    if tally.fail > 0 {
        FAILED
    } else if tally.unknown + tally.waiting > 0 {
        UNKNOWN
    } else {
        0
    }
}
