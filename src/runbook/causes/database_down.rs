//! Database errors in more than this region: the database is the fault, not the region. Stop
//! (`domain.md`, sections 7 and 8).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Advice, Assessment, Explains, Guidance, Strength};
use crate::runbook::fits;

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let mut cause = Assessment::new(
        "database-down",
        "Database down",
        "Stop: the database is broken, not a region: every region has database errors",
    );
    cause.advice = Some(Advice::Stop);
    cause.explains = Explains::All;
    cause.fits = fits::DATABASE_DOWN;
    let mut with = 0;
    let (mut without, mut unread) = (0, 0);
    for region in case.profile.indices() {
        let name = &case.profile.region(region).name;
        match case.database_hits(region) {
            Some(Ok(_)) if case.logs_read(region) == 0 => {
                unread += 1;
                cause.not_checked.push(format!("Logs of {name}: there is none to read"));
            }
            Some(Ok(hits)) => {
                if let Some((first, trouble)) = hits.first() {
                    with += 1;
                    cause.says(format!("{name}: {}, {}", trouble.phrase(), first.quote()));
                } else {
                    without += 1;
                    cause.denies(format!("{name} has no database error in its logs"));
                }
            }
            answer => {
                unread += 1;
                cause.needs(&format!("Logs of {name}"), answer);
            }
        }
    }
    // One region that gets on well with the database rules it out, and so does a single witness.
    cause.strength = match (with, without, unread) {
        (2.., 0, 0) => Strength::Certain,
        (2.., 0, _) => Strength::Likely,
        _ => Strength::RuledOut,
    };
    cause.guidance = vec![evidence::stop(case, "the database's owners")];
    cause.guidance.extend([
        Guidance::text(
            "What follows is the database restore runbook: it scales the platform to zero in every region first",
        ),
        Guidance::text(
            "Look at the database itself: is it running, is it failing over, did its password change?",
        ),
        Guidance::text("Do not restart here: pods cannot start without their database"),
    ]);
    cause
}
