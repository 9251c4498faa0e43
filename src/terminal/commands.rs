//! `failback commands`: the runbook's commands, corrected, filled in and quoted.

use jiff::Timestamp;

use crate::runbook::case::Case;
use crate::runbook::command;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Readings};
use crate::runbook::steps::confirm;
use crate::runbook::version::same;

use super::cli::SubjectArgs;
use super::out::say;
use super::{Stop, subject};

pub(super) async fn run(args: SubjectArgs) -> Result<u8, Stop> {
    let subject = subject::open(&args).await?;
    let profile = subject.profile();
    // Which region failed, and which version is right, are read; the commands do without.
    let mut readings = Readings::default();
    let questions: Vec<_> = profile
        .indices()
        .flat_map(|region| [Question::HealthCheck(region), Question::Deployment(region)])
        .collect();
    subject.session.observe_all(&questions, &mut readings).await;
    let recognised = confirm::recognised(profile, &readings);
    let failed = subject.failed.or(recognised).unwrap_or(RegionIndex(0));
    let case = Case { profile, failed, readings: &readings, now: Timestamp::now() };
    // A tag that is no plain version is put into no command and no comment, where a shell may run it.
    let read = case.healthy_version().ok().filter(|(version, _)| command::is_plain_version(version));
    let version = profile.chart.version.as_deref().or(read.as_ref().map(|(version, _)| version.as_str()));
    say!("# Recover from Regional Failover: {}, failed region {}", profile.name, case.failed_region().name);
    if subject.failed.or(recognised).is_none() {
        say!("# No region is known to have failed: these are for the first one. --failed REGION chooses");
    }
    match (version, &read) {
        (None, _) => {
            say!(
                "# Which version the healthy region runs could not be read, or its image has no plain version as its tag"
            );
            say!("# Replace VERSION-OF-THE-HEALTHY-REGION");
        }
        (Some(set), Some((runs, name))) if !same(set, runs) => {
            say!("# Careful: the environment sets version {set}, but {name} runs {runs}");
        }
        _ => {}
    }
    for (heading, commands) in command::runbook(profile, failed, version) {
        say!("");
        say!("# {heading}");
        for command in commands {
            if let Some(why) = command.refused() {
                say!("# No command: {why}");
                continue;
            }
            for difference in &command.differs {
                say!("# differs from the runbook: {difference}");
            }
            say!("{}", command.shell());
        }
    }
    Ok(0)
}
