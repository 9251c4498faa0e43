//! What a card says of its environment: the words for what step 1 makes of the
//! health checks.

use jiff::Timestamp;

use crate::app::model::Card;
use crate::design::Tone;
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::Question;
use crate::runbook::steps::confirm::{self, Outcome};

/// A card's state in words.
#[derive(Debug, PartialEq)]
pub(super) struct CardState {
    /// The chip's tone.
    pub tone: Tone,
    /// The chip's words.
    pub word: String,
    /// A line a region.
    pub regions: Vec<RegionLine>,
    /// The region to recover, where it is known.
    pub recover: Option<String>,
    /// Does a region fail, so that this comes before anything else?
    pub fails: bool,
    /// Why something could not be checked, each with what to do; a reason that
    /// regions share is told once.
    pub reasons: Vec<(String, String)>,
    /// When the oldest answer came, UTC.
    pub observed_at: Option<Timestamp>,
}

/// A region's line.
#[derive(Debug, PartialEq)]
pub(super) struct RegionLine {
    pub tone: Tone,
    pub name: String,
    pub found: String,
}

impl CardState {
    /// The state of a card as it is now.
    pub fn of(card: &Card) -> Self {
        let Card { profile, readings, .. } = card;
        let recognised = confirm::recognised(profile, readings);
        let outcome = confirm::outcome(profile, readings, recognised.unwrap_or(RegionIndex(0)));
        let regions: Vec<RegionLine> = profile.indices().map(|region| line(card, region)).collect();
        let crossed =
            |region: &RegionIndex| confirm::watches_other_region(profile, readings, *region).is_some();
        let crossed = profile.indices().any(|region| crossed(&region));
        let (tone, word) = if crossed {
            (Tone::Warn, "Health checks mixed up".to_owned())
        } else {
            chip(outcome.as_ref(), &regions)
        };
        let latest = |region| readings.latest(Question::HealthCheck(region));
        Self {
            tone,
            word,
            fails: regions.iter().any(|line| line.tone == Tone::Fail),
            recover: recognised.filter(|_| !crossed).map(|region| profile.region(region).name.clone()),
            reasons: reasons(card),
            observed_at: profile.indices().filter_map(|region| Some(latest(region)?.observed_at)).min(),
            regions,
        }
    }
}

fn chip(outcome: Option<&Outcome>, regions: &[RegionLine]) -> (Tone, String) {
    let failing = regions.iter().filter(|line| line.tone == Tone::Fail).count();
    let noted = regions.iter().any(|line| line.tone == Tone::Warn);
    let (tone, word) = match outcome {
        None => (Tone::Busy, "Checking"),
        Some(Outcome::AllFailing) => (Tone::Fail, "All regions failing"),
        Some(Outcome::FailoverActive | Outcome::OtherRegionFailing(_)) if failing == 1 => {
            (Tone::Fail, "1 region failing")
        }
        Some(Outcome::FailoverActive | Outcome::OtherRegionFailing(_)) => {
            return (Tone::Fail, format!("{failing} regions failing"));
        }
        Some(Outcome::NothingFailing) if noted => (Tone::Warn, "None failing"),
        Some(Outcome::NothingFailing) => (Tone::Pass, "All healthy"),
        Some(Outcome::CouldNotCheck(_)) => (Tone::Unknown, "Could not check"),
    };
    (tone, word.to_owned())
}

fn line(card: &Card, region: RegionIndex) -> RegionLine {
    let name = card.profile.region(region).name.clone();
    if let Some((owner, _)) = confirm::watches_other_region(&card.profile, &card.readings, region) {
        let owner = &card.profile.region(owner).name;
        return RegionLine { tone: Tone::Warn, name, found: format!("watches {owner}'s host") };
    }
    let (tone, found) = match card.readings.health_check(region).map(|answer| answer.map(confirm::health)) {
        None => (Tone::Busy, "checking".to_owned()),
        Some(Err(_) | Ok(Err(_))) => (Tone::Unknown, "could not check".to_owned()),
        Some(Ok(Ok(health))) => {
            let count = format!("{} of {} checkers", health.succeed, health.total);
            match (health.healthy, health.disabled, health.inverted) {
                (_, true, _) => (Tone::Warn, "disabled: always counts as healthy".to_owned()),
                (true, _, true) => (Tone::Warn, format!("{count}, inverted")),
                (false, _, true) => (Tone::Fail, format!("{count}, inverted")),
                (true, ..) => (Tone::Pass, count),
                (false, ..) => (Tone::Fail, count),
            }
        }
    };
    RegionLine { tone, name, found }
}

fn reasons(card: &Card) -> Vec<(String, String)> {
    let mut reasons = Vec::new();
    for region in card.profile.indices() {
        let why = match card.readings.health_check(region) {
            Some(Err(why)) => why.clone(),
            Some(Ok(facts)) => match confirm::health(facts) {
                Err(why) => why,
                Ok(_) => continue,
            },
            None => continue,
        };
        let reason = (why.message, why.remedy);
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    reasons
}
