//! The notes at a region's fields.

use std::time::Duration;

use super::notes::{answering, short_version};
use super::{FieldNote, Known};
use crate::environment::field::{Field, RegionField};
use crate::runbook::fact::{HealthCheckSettings, IdentityFacts, ValuesFacts};
use crate::runbook::host::same_host;
use crate::runbook::profile::{ClusterArn, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::verdict::WhyKind;

/// What is normal of a region that is being restored.
const NORMAL_WHILE_OUT: &str = "Normal while the region is out";

/// The notes at a region's fields that have any.
pub(super) fn notes(known: &Known<'_>, region: usize) -> Vec<(RegionField, FieldNote)> {
    [
        (RegionField::Name, name(known, region)),
        (RegionField::Context, Some(context(known, region))),
        (RegionField::HealthCheckId, health_check(known, region)),
        (RegionField::Host, host(known, region)),
        (RegionField::ValuesFile, values_file(known, region)),
    ]
    .into_iter()
    .filter_map(|(field, note)| Some((field, note?)))
    .collect()
}

fn is_filled(known: &Known<'_>, region: usize, field: RegionField) -> bool {
    known.filled.contains(&Field::Region(region, field))
}

fn name(known: &Known<'_>, region: usize) -> Option<FieldNote> {
    let arn = ClusterArn::parse(known.draft.regions.get(region)?.context.trim());
    is_filled(known, region, RegionField::Name)
        .then(|| FieldNote::plain(if arn.is_some() { "From the context" } else { "From the values file" }))
}

fn context(known: &Known<'_>, region: usize) -> FieldNote {
    let index = RegionIndex(region);
    if known.asking.contains(&Question::Cluster(index)) {
        return FieldNote::plain("Asking the cluster…");
    }
    let took = known.readings.latest(Question::Cluster(index)).map(|reading| reading.took);
    match known.readings.cluster(index) {
        Some(Ok(facts)) => {
            let took = took.unwrap_or_default();
            let mut text =
                format!("answers in {}, Kubernetes {}", spent(took), short_version(&facts.version));
            if let Some(Ok(access)) = known.readings.access(index)
                && let Some(user) = &access.user
            {
                text.push_str(&format!(", you are {}", short_user(user)));
            }
            FieldNote::pass(text)
        }
        Some(Err(why)) if why.kind.is_silence() => {
            FieldNote::warn(format!("does not answer: {}. {NORMAL_WHILE_OUT}", why.message))
        }
        Some(Err(why)) if why.kind != WhyKind::NotAsked => FieldNote::unknown("Could not ask it", why),
        _ => context_by_name(known, region),
    }
}

/// What is known of a context without asking the cluster.
fn context_by_name(known: &Known<'_>, region: usize) -> FieldNote {
    let context = known.draft.regions.get(region).map(|region| region.context.trim()).unwrap_or_default();
    match (known.contexts, ClusterArn::parse(context)) {
        (Some(Err(why)), _) => FieldNote::warn(format!("{}. Type the context's name", why.message)),
        (Some(Ok(names)), _) if !context.is_empty() && !names.iter().any(|name| name == context) => {
            FieldNote::warn("The kubeconfig has no context of this name")
        }
        (_, Some(arn)) => FieldNote::plain(format!("Region {}, cluster {}", arn.region, arn.cluster)),
        (None, None) => FieldNote::plain("Reading the kubeconfig's contexts…"),
        (Some(Ok(_)), None) if context.is_empty() => {
            FieldNote::plain("The cluster's context in the kubeconfig")
        }
        (Some(Ok(_)), None) => FieldNote::pass("In the kubeconfig, under an alias"),
    }
}

fn health_check(known: &Known<'_>, region: usize) -> Option<FieldNote> {
    let draft = known.draft.regions.get(region)?;
    let id = draft.health_check_id.trim();
    if id.is_empty() {
        return health_checks_to_choose(known, draft.host.trim());
    }
    let index = RegionIndex(region);
    if known.asking.contains(&Question::HealthCheck(index)) {
        return Some(FieldNote::plain("Asking Route 53…"));
    }
    let missing = || FieldNote::fail("This AWS account has no health check of this ID");
    let asked = match known.readings.health_check(index) {
        Some(Ok(facts)) => facts.settings.as_ref().ok(),
        Some(Err(why)) if why.kind == WhyKind::NotFound => return Some(missing()),
        Some(Err(why)) if why.kind != WhyKind::NotAsked => {
            return Some(FieldNote::unknown("Could not look it up", why));
        }
        _ => None,
    };
    match (asked, known.health_checks) {
        (Some(settings), _) => Some(watches(known, region, settings)),
        (None, Some(Ok(listed))) => Some(
            listed
                .iter()
                .find(|check| check.id == id)
                .map_or_else(missing, |check| watches(known, region, &check.settings)),
        ),
        (None, Some(Err(why))) if why.kind != WhyKind::NotAsked => {
            Some(FieldNote::unknown("Could not look it up", why))
        }
        (None, _) => None,
    }
}

fn health_checks_to_choose(known: &Known<'_>, host: &str) -> Option<FieldNote> {
    let listed = match known.health_checks? {
        Ok(listed) => listed,
        Err(why) if why.kind == WhyKind::NotAsked => return None,
        Err(why) => {
            let unknown = FieldNote::unknown("Health checks could not be listed", why);
            return Some(FieldNote { text: format!("{}, or type the ID", unknown.text), ..unknown });
        }
    };
    if host.is_empty() {
        return None;
    }
    match listed.iter().filter(|check| check.watches(host)).count() {
        0 => Some(FieldNote::warn(format!("No health check of this AWS account watches {host}"))),
        1 => None,
        count => Some(FieldNote::warn(format!("{count} health checks watch {host}: choose one"))),
    }
}

/// Does a health check watch this region?
fn watches(known: &Known<'_>, region: usize, settings: &HealthCheckSettings) -> FieldNote {
    let HealthCheckSettings {
        check_type, host, interval_secs, failure_threshold, inverted, disabled, ..
    } = settings;
    let Some(watched) = host else {
        return FieldNote::warn(format!("watches no host: it is a check of type {check_type}"));
    };
    let own = known.draft.regions.get(region).map(|region| region.host.trim()).unwrap_or_default();
    if !own.is_empty() && !same_host(own, watched) {
        let owner = known.draft.regions.iter().position(|other| same_host(&other.host, watched));
        let owner = owner.map(|owner| known.name(owner)).filter(|name| !name.is_empty());
        return FieldNote::fail(match owner {
            Some(name) => format!("watches {name}'s host: {watched}"),
            None => format!("watches {watched}, not this region's host"),
        });
    }
    if *disabled {
        return FieldNote::warn(format!("watches {watched}, but is disabled: it always counts as healthy"));
    }
    if *inverted {
        return FieldNote::warn(format!("watches {watched}, but is inverted: failing counts as healthy"));
    }
    let how = format!("{watched}, every {interval_secs} s, {failure_threshold} failures");
    if is_filled(known, region, RegionField::HealthCheckId) {
        return FieldNote::pass(format!("the one that watches {how}"));
    }
    FieldNote::pass(format!("watches {how}"))
}

fn host(known: &Known<'_>, region: usize) -> Option<FieldNote> {
    let typed = known.draft.regions.get(region)?.host.trim();
    if typed.is_empty() {
        return None;
    }
    let said =
        known.values(region).filter(|_| !known.is_anothers(region)).and_then(|facts| facts.host.as_deref());
    let source = match said {
        Some(said) if !same_host(said, typed) => {
            return Some(FieldNote::fail(format!("the values file says {said}")));
        }
        Some(_) if is_filled(known, region, RegionField::Host) => Some("from the values file"),
        Some(_) => Some("as in the values file"),
        None => None,
    };
    let index = RegionIndex(region);
    let asking = known.asking.contains(&Question::Probe(index));
    answering(known.readings.probe(index), asking, source, Some(NORMAL_WHILE_OUT))
}

fn values_file(known: &Known<'_>, region: usize) -> Option<FieldNote> {
    let index = RegionIndex(region);
    if known.asking.contains(&Question::Values(index)) {
        return Some(FieldNote::plain("Reading the file…"));
    }
    match known.readings.values(index)? {
        // it was read, or there is nothing to be read
        Err(why) if why.kind == WhyKind::Configuration => {
            Some(FieldNote::fail(format!("{}. {}", why.message, why.remedy)))
        }
        Err(why) if why.kind == WhyKind::NotAsked => None,
        Err(why) => Some(FieldNote::unknown("Could not read it", why)),
        Ok(facts) => Some(
            own_file(known, region, facts)
                .or_else(|| same_as_others(known, region, facts))
                .unwrap_or_else(|| agreement(known, region, facts)),
        ),
    }
}

/// What is wrong with a values file by itself: it is not this region's.
fn own_file(known: &Known<'_>, region: usize, facts: &ValuesFacts) -> Option<FieldNote> {
    let name = known.name(region);
    let Some(said) = &facts.region else {
        return Some(FieldNote::warn("names no region: multiRegion.region is missing"));
    };
    if known.is_anothers(region) && !name.is_empty() {
        let another = known.draft.regions.iter().any(|other| other.name.trim() == said);
        return Some(FieldNote::fail(if another {
            format!("this is {said}'s file: multiRegion.region is {said}")
        } else {
            format!("multiRegion.region is {said}, not {name}")
        }));
    }
    let host = known.draft.regions.get(region)?.host.trim();
    match &facts.host {
        None => Some(FieldNote::warn("names no regional host: multiRegion.host is missing")),
        Some(said) if !host.is_empty() && !same_host(said, host) => {
            Some(FieldNote::fail(format!("multiRegion.host is {said}, not {host}")))
        }
        Some(_) => None,
    }
}

/// What all regions' files must say alike.
fn same_as_others(known: &Known<'_>, region: usize, facts: &ValuesFacts) -> Option<FieldNote> {
    let differs = |what: &str, ours: Option<&str>, of: fn(&ValuesFacts) -> Option<String>| {
        let ours = ours.map_or_else(|| "missing".to_owned(), str::to_owned);
        known.all_values().filter(|(other, _)| *other != region).find_map(|(other, theirs)| {
            let theirs = of(theirs).unwrap_or_else(|| "missing".to_owned());
            let file = match known.name(other) {
                "" => format!("region {}'s file", other + 1),
                name => format!("{name}'s file"),
            };
            (theirs != ours)
                .then(|| FieldNote::fail(format!("{what} is {ours} here, and {theirs} in {file}")))
        })
    };
    let database = facts.database();
    differs("config.loftHost", facts.shared_host.as_deref(), |facts| facts.shared_host.clone())
        .or_else(|| differs("the database", database.as_deref(), ValuesFacts::database))
}

fn agreement(known: &Known<'_>, region: usize, facts: &ValuesFacts) -> FieldNote {
    let compared = known.all_values().any(|(other, _)| other != region);
    if facts.database_host.is_none() {
        return FieldNote::warn("region and host agree; it names no MySQL database to look for");
    }
    FieldNote::pass(if compared { "region, host and database agree" } else { "region and host agree" })
}

fn spent(took: Duration) -> String {
    if took < Duration::from_secs(1) {
        format!("{} ms", took.as_millis().max(1))
    } else {
        format!("{:.1} s", took.as_secs_f64())
    }
}

/// The role of an ARN; another name as it is.
fn short_user(user: &str) -> String {
    if !user.starts_with("arn:") {
        return user.to_owned();
    }
    let identity = IdentityFacts { account: String::new(), arn: user.to_owned(), expires_at: None };
    identity.role().to_owned()
}
