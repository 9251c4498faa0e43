//! The notes at all fields.

use std::collections::BTreeMap;

use super::{FieldNote, Known, crossed, region};
use crate::environment::field::{Field, FieldError};
use crate::runbook::fact::{ChartFacts, DeploymentFacts, HelmFacts, IdentityFacts, ProbeFacts};
use crate::runbook::host::same_host;
use crate::runbook::profile::{ClusterArn, Method, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::verdict::{Verdict, Why, WhyKind};
use crate::runbook::version;

/// What is known of the form's fields.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Notes {
    /// By field.
    pub fields: BTreeMap<Field, FieldNote>,
    /// Of the method, which is no field of text.
    pub method: Option<FieldNote>,
    /// Why it may not be saved as it is: health checks that watch another region's host.
    pub refused: Vec<FieldError>,
    /// What the healthy regions run, where the chart version is left empty: `4.11.2`.
    pub running_version: Option<String>,
}

impl Notes {
    /// The fields that are wrong, in the form's order.
    pub fn wrong(&self) -> impl Iterator<Item = (Field, &FieldNote)> {
        let wrong = |note: &FieldNote| note.verdict == Some(Verdict::Fail);
        self.fields.iter().filter(move |(_, note)| wrong(note)).map(|(field, note)| (*field, note))
    }
}

/// Judges every field. Pure: what is not known has no note.
pub fn judge(known: &Known<'_>) -> Notes {
    let mut fields = BTreeMap::new();
    for (field, note) in [
        (Field::Name, name(known)),
        (Field::SharedHost, shared_host(known)),
        (Field::Kubeconfig, kubeconfig(known)),
        (Field::AwsProfile, aws_profile(known)),
        (Field::ChartVersion, chart_version(known)),
        (Field::Replicas, replicas(known)),
    ] {
        fields.extend(note.map(|note| (field, note)));
    }
    fields.extend(chart(known));
    for index in 0..known.draft.regions.len() {
        fields.extend(
            region::notes(known, index).into_iter().map(|(field, note)| (Field::Region(index, field), note)),
        );
    }
    let refused = crossed::errors(known);
    for FieldError { field, message } in &refused {
        fields.insert(*field, FieldNote::fail(message.clone()));
    }
    Notes { fields, method: method(known), refused, running_version: running_version(known) }
}

fn name(known: &Known<'_>) -> Option<FieldNote> {
    known.filled.contains(&Field::Name).then(|| FieldNote::plain("From the clusters' names"))
}

fn kubeconfig(known: &Known<'_>) -> Option<FieldNote> {
    match known.contexts? {
        Ok(contexts) if contexts.is_empty() => Some(FieldNote::warn("It has no contexts")),
        Ok(contexts) => Some(FieldNote::pass(match contexts.len() {
            1 => "1 context".to_owned(),
            count => format!("{count} contexts"),
        })),
        Err(why) => Some(FieldNote::fail(format!("{}. {}", why.message, why.remedy))),
    }
}

/// "the values file", "both values files", "all 3 values files": those that were read.
fn files(known: &Known<'_>) -> String {
    match known.all_values().count() {
        0 | 1 => "the values file".to_owned(),
        2 => "both values files".to_owned(),
        count => format!("all {count} values files"),
    }
}

fn shared_host(known: &Known<'_>) -> Option<FieldNote> {
    let typed = known.draft.shared_host.trim();
    if typed.is_empty() {
        return None;
    }
    let said = known.agreed(|facts| facts.shared_host.as_deref());
    let source = match said {
        Some(said) if !same_host(said, typed) => {
            let verb = if known.all_values().count() == 1 { "says" } else { "say" };
            return Some(FieldNote::fail(format!("{} {verb} {said}", files(known))));
        }
        Some(_) if known.filled.contains(&Field::SharedHost) => Some(format!("from {}", files(known))),
        Some(_) => Some(format!("as in {}", files(known))),
        None => None,
    };
    let asking = known.asking.contains(&Question::SharedProbe);
    answering(known.readings.shared_probe(), asking, source.as_deref(), None)
}

/// What our own look at a host found, and where its name is from. `excuse` is what makes silence normal.
pub(super) fn answering(
    probe: Option<Result<&ProbeFacts, &Why>>,
    asking: bool,
    source: Option<&str>,
    excuse: Option<&str>,
) -> Option<FieldNote> {
    let with = |answer: &str| match source {
        Some(source) => format!("{answer}, {source}"),
        None => answer.to_owned(),
    };
    let excuse = |text: String| match excuse {
        Some(excuse) => format!("{text}. {excuse}"),
        None => text,
    };
    match probe {
        _ if asking => Some(FieldNote::plain(with("asking it"))),
        Some(Ok(facts)) if facts.is_well() => Some(FieldNote::pass(with("answers"))),
        Some(Ok(facts)) => {
            Some(FieldNote::warn(excuse(with(&format!("answers {} on /healthz", facts.status)))))
        }
        Some(Err(why)) if why.kind.is_silence() => {
            Some(FieldNote::warn(excuse(format!("{}: {}", with("does not answer"), why.message))))
        }
        Some(Err(why)) if why.kind != WhyKind::NotAsked => Some(FieldNote::unknown("Could not ask it", why)),
        _ => source.map(FieldNote::pass),
    }
}

fn aws_profile(known: &Known<'_>) -> Option<FieldNote> {
    if known.asking.contains(&Question::Identity) {
        return Some(FieldNote::plain("Asking AWS who you are…"));
    }
    match known.readings.identity() {
        Some(Ok(identity)) => return Some(signed_in(known, identity)),
        Some(Err(why)) if why.kind != WhyKind::NotAsked => {
            return Some(FieldNote::unknown("Could not ask AWS", why));
        }
        _ => {}
    }
    let typed = known.draft.aws_profile.trim();
    match known.aws_profiles? {
        Ok(names) if !typed.is_empty() && !names.iter().any(|name| name == typed) => {
            Some(FieldNote::warn("The AWS files have no profile of this name"))
        }
        Ok(_) if !typed.is_empty() => Some(FieldNote::plain("In the AWS files")),
        Err(why)
            if known.profile.aws.config_file.is_some() || known.profile.aws.credentials_file.is_some() =>
        {
            Some(FieldNote::unknown("Profiles could not be listed", why))
        }
        // nobody has to have the usual files
        Ok(_) | Err(_) => None,
    }
}

/// Are these the credentials for the clusters' account, and for how long?
fn signed_in(known: &Known<'_>, identity: &IdentityFacts) -> FieldNote {
    let arns = known.draft.regions.iter().filter_map(|region| ClusterArn::parse(region.context.trim()));
    let others: Vec<_> = arns.filter(|arn| arn.account != identity.account).collect();
    if let Some(other) = others.first() {
        return FieldNote::fail(format!(
            "these are credentials for account {}; {}'s cluster is in account {}",
            identity.account, other.region, other.account
        ));
    }
    let role = identity.role();
    let Some(expires_at) = identity.expires_at else {
        return FieldNote::pass(format!("role {role}, signed in"));
    };
    let left = expires_at.duration_since(known.now).as_mins();
    match left {
        ..=0 => FieldNote::warn(format!("role {role}, the sign-in has expired: sign in again")),
        1..=59 => FieldNote::pass(format!("role {role}, signed in for {left} min")),
        _ => FieldNote::pass(format!("role {role}, signed in for {} h {} min", left / 60, left % 60)),
    }
}

/// The versions that regions with ready pods run, with the first region of each.
fn running(known: &Known<'_>) -> Vec<(String, usize)> {
    let mut versions: Vec<(String, usize)> = Vec::new();
    for region in 0..known.draft.regions.len() {
        let Some(Ok(DeploymentFacts::Found(deployment))) = known.readings.deployment(RegionIndex(region))
        else {
            continue;
        };
        let installed = version::installed(deployment, known.draft.chart_name.trim());
        let Some(version) = installed.ok().filter(|_| deployment.ready > 0) else { continue };
        if versions.iter().all(|(other, _)| *other != version) {
            versions.push((version, region));
        }
    }
    versions
}

fn running_version(known: &Known<'_>) -> Option<String> {
    let mut versions = running(known);
    (versions.len() == 1).then(|| versions.remove(0).0)
}

fn chart_version(known: &Known<'_>) -> Option<FieldNote> {
    let typed = known.draft.chart_version.trim();
    let running = running(known);
    let region = |index: usize| match known.name(index) {
        "" => format!("region {}", index + 1),
        name => name.to_owned(),
    };
    match &running[..] {
        [] => None,
        [(version, at)] if typed.is_empty() => {
            Some(FieldNote::pass(format!("what {} runs: {version}", region(*at))))
        }
        [(version, at)] if version == typed => Some(FieldNote::pass(format!("what {} runs", region(*at)))),
        [(version, at)] => Some(FieldNote::warn(format!("{} runs {version}", region(*at)))),
        several => {
            let each: Vec<_> =
                several.iter().map(|(version, at)| format!("{} runs {version}", region(*at))).collect();
            Some(FieldNote::warn(each.join(", ")))
        }
    }
}

fn replicas(known: &Known<'_>) -> Option<FieldNote> {
    let said = known.agreed(|facts| facts.replicas)?;
    if known.draft.replicas.trim() != said.to_string() {
        return Some(FieldNote::warn(format!("the values file says {said}")));
    }
    let word = if known.filled.contains(&Field::Replicas) { "from" } else { "as in" };
    Some(FieldNote::pass(format!("{word} {}", files(known))))
}

fn method(known: &Known<'_>) -> Option<FieldNote> {
    if known.asking.contains(&Question::Tools) {
        return Some(FieldNote::plain("Looking for the program…"));
    }
    let Ok(tools) = known.readings.tools()? else { return None };
    Some(match (known.draft.chart_method, &tools.helm, &tools.vcluster) {
        (Method::Helm, Ok(helm), _) => helm_note(helm),
        (Method::Vcluster, Ok(_), Ok(vcluster)) if tools.kubectl.is_some() => {
            FieldNote::pass(format!("vcluster {} found", short_vcluster(&vcluster.version)))
        }
        (Method::Vcluster, Ok(_), Ok(_)) => FieldNote::warn("vcluster needs kubectl, which is not installed"),
        (Method::Vcluster, Err(why), Ok(_)) => FieldNote::warn(format!("vcluster needs helm: {why}")),
        (Method::Helm, Err(why), _) | (Method::Vcluster, _, Err(why)) => FieldNote::warn(why.clone()),
    })
}

fn helm_note(helm: &HelmFacts) -> FieldNote {
    let version = helm.version.trim_start_matches('v');
    match helm.major() {
        Some(..=3) => FieldNote::warn(format!("Helm {version} found: two flags of Helm 4 are left out")),
        _ => FieldNote::pass(format!("Helm {version} found")),
    }
}

/// `vcluster version 0.34.0` or `v0.34.0` → `0.34.0`.
fn short_vcluster(version: &str) -> &str {
    version.rsplit(' ').next().unwrap_or(version).trim_start_matches('v')
}

/// Where the chart comes from: an archive, else the repository.
fn chart(known: &Known<'_>) -> Option<(Field, FieldNote)> {
    let at = if known.profile.chart.file.is_some() { Field::ChartFile } else { Field::ChartRepository };
    let note = match known.readings.chart()? {
        Ok(ChartFacts::Archive { name, version }) => FieldNote::pass(format!("{name} {version}")),
        Ok(ChartFacts::Repository { status: 200..=299, .. }) => FieldNote::pass("answers"),
        Ok(ChartFacts::Repository { status, .. }) => FieldNote::warn(format!("answers {status}")),
        Err(why) if why.kind == WhyKind::NotAsked => return None,
        Err(why) => FieldNote::unknown("Could not ask it", why),
    };
    Some((at, note))
}

/// `v1.36.1-eks-abc` → `1.36`.
pub(super) fn short_version(version: &str) -> String {
    let mut parts = version.trim_start_matches('v').split('.');
    match (parts.next(), parts.next()) {
        (Some(major), Some(minor)) => format!("{major}.{minor}"),
        _ => version.to_owned(),
    }
}
