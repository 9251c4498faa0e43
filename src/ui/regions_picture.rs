//! The regions as a picture: where traffic goes, and where the way is broken.

use egui::Ui;
use jiff::Timestamp;

use crate::app::model::Run;
use crate::design::{
    Hop, Link, RegionColumn, RegionPicture, Tone, card, overline, region_picture, secondary,
};
use crate::runbook::case::Case;
use crate::runbook::fact::{DeploymentFacts, PodsFacts};
use crate::runbook::path;
use crate::runbook::pod::{self, PodState};
use crate::runbook::profile::RegionIndex;
use crate::runbook::steps::{confirm, diagnose};
use crate::runbook::targets;
use crate::runbook::verdict::{Verdict, Why, WhyKind};
use crate::runbook::wellness;

use super::{checks, words};

/// Shows the picture in a card, with the age of its oldest part.
pub(super) fn show(run: &Run, now: Timestamp, ui: &mut Ui) {
    card(ui, |ui| {
        let picture = picture(run);
        overline(ui, &picture.title);
        region_picture(ui, &picture);
        let times = run.profile.indices().filter_map(|region| {
            let question = crate::runbook::question::Question::HealthCheck(region);
            Some(run.readings.latest(question)?.observed_at)
        });
        if let Some(oldest) = times.min() {
            secondary(ui, &format!("Health checks read {} ago", words::age(now, oldest)));
        }
    });
}

/// The picture of what is known now.
fn picture(run: &Run) -> RegionPicture {
    let count = run.profile.regions.len();
    let named = |keep: &dyn Fn(RegionIndex) -> bool| -> Vec<&str> {
        let kept = run.profile.indices().filter(|region| keep(*region));
        kept.map(|region| run.profile.region(region).name.as_str()).collect()
    };
    let all = if count == 2 { "both regions" } else { "all regions" };
    let healthy = named(&|region| confirm::is_healthy(&run.profile, &run.readings, region) == Some(true));
    let unknown = named(&|region| confirm::is_healthy(&run.profile, &run.readings, region).is_none());
    let route53 = match (healthy.len(), unknown.len()) {
        (n, _) if n == count => format!("traffic: {all}"),
        (0, 0) => "no healthy region".to_owned(),
        (0, _) => "traffic: not known".to_owned(),
        (_, 0) => format!("traffic: {} only", words::list(&healthy)),
        _ => format!("{}, rest unknown", words::list(&healthy)),
    };
    let serving = named(&|region| ready_pods(run, region).is_some_and(|ready| ready > 0));
    let unread = named(&|region| ready_pods(run, region).is_none());
    let database = match (serving.len(), unread.len()) {
        (n, _) if n == count => format!("used by {all}"),
        (0, 0) => "used by nobody".to_owned(),
        (0, _) => "users: not known".to_owned(),
        (_, 0) => format!("used by {} only", words::list(&serving)),
        _ => format!("{}, rest unknown", words::list(&serving)),
    };
    RegionPicture {
        title: format!("{} regions, live", if count == 2 { "Both" } else { "All" }),
        route53,
        regions: run.profile.indices().map(|region| column(run, region)).collect(),
        database,
    }
}

fn column(run: &Run, region: RegionIndex) -> RegionColumn {
    let health_check = health_hop(run, region);
    let load_balancer = load_balancer_hop(run, region);
    let pods = run.readings.pods(region).and_then(Result::ok);
    let platform = platform_hop(run, region);
    let to_database = match (ready_pods(run, region), broken_way(run, region)) {
        // Pods that are ready have their database, whatever was read of the way before.
        (Some(1..), _) => Link::new(Tone::Pass),
        (_, Some(label)) => Link { tone: Tone::Fail, label: Some(label) },
        (Some(0), None) => Link::new(Tone::ToCome),
        (None, None) => Link::new(Tone::Unknown),
    };
    let mut to_platform = Link::new(if platform.tone == Tone::Fail { Tone::ToCome } else { platform.tone });
    if let Some(label) = broken_at_targets(run, region, platform.tone) {
        to_platform = Link { tone: Tone::Fail, label: Some(label.to_owned()) };
    }
    let links = [Link::new(health_check.tone), Link::new(load_balancer.tone), to_platform, to_database];
    let tone = match confirm::is_healthy(&run.profile, &run.readings, region) {
        Some(true) => Tone::Pass,
        Some(false) if wellness::of(&run.profile, &run.readings, region).is_well() => Tone::Warn,
        Some(false) => Tone::Fail,
        None if run.failed == Some(region) => Tone::Fail,
        None => Tone::Unknown,
    };
    RegionColumn {
        name: run.profile.region(region).name.clone(),
        tone,
        health_check,
        load_balancer,
        platform,
        pods: pods.map(pod_tones).unwrap_or_default(),
        links,
    }
}

fn health_hop(run: &Run, region: RegionIndex) -> Hop {
    let answer = run.readings.health_check(region);
    hop("Health check", answer, |facts| match confirm::health(facts) {
        Ok(health) => {
            let tone = if health.healthy { Tone::Pass } else { Tone::Fail };
            let host = run.profile.region(region).host.as_deref();
            let elsewhere =
                facts.settings.as_ref().is_ok_and(|settings| settings.another_host(host).is_some());
            if health.disabled {
                (Tone::Warn, "disabled: says nothing".to_owned())
            } else if health.inverted {
                let counts = if health.healthy { "healthy" } else { "failing" };
                (tone, format!("inverted: counts as {counts}"))
            } else if elsewhere {
                (if health.healthy { Tone::Warn } else { tone }, "watches another host".to_owned())
            } else {
                (tone, format!("{} of {} succeed", health.succeed, health.total))
            }
        }
        Err(why) => (Tone::Unknown, short(why.kind).to_owned()),
    })
}

/// Where pods that are ready have no healthy target, the way between is what is broken.
fn broken_at_targets(run: &Run, region: RegionIndex, platform: Tone) -> Option<&'static str> {
    let facts = run.readings.targets(region)?.ok()?;
    let count = targets::count(facts);
    if platform != Tone::Pass || count.healthy > 0 || count.starting > 0 {
        return None;
    }
    Some(match targets::common_reason(facts) {
        _ if count.all == 0 => "pods not registered",
        Some("Target.Timeout" | "Target.FailedHealthChecks") => "no way to the pods",
        Some("Target.ResponseCodeMismatch") => "pods answer wrongly",
        _ => "targets unhealthy",
    })
}

/// Why a box shows nothing, in the few words that it has room for.
fn short(kind: WhyKind) -> &'static str {
    match kind {
        WhyKind::Timeout => "no answer in time",
        WhyKind::Connection => "no connection",
        WhyKind::Dns => "name does not resolve",
        WhyKind::Tls => "certificate not trusted",
        WhyKind::Unauthenticated => "not signed in",
        WhyKind::Forbidden => "not permitted to look",
        WhyKind::NotFound => "not found",
        WhyKind::Throttled => "too many requests",
        _ => "could not check",
    }
}

/// The load balancer by its targets; else by our own look: what it answers tells of them.
fn load_balancer_hop(run: &Run, region: RegionIndex) -> Hop {
    if let Some(Ok(facts)) = run.readings.targets(region) {
        let tone = checks::tone(Some(targets::judge(facts).verdict));
        let line = match targets::count(facts) {
            count if count.all == 0 => "no target".to_owned(),
            count if count.healthy == 0 => "no healthy target".to_owned(),
            count if count.healthy == count.all => {
                words::count(count.all, "healthy target", "healthy targets")
            }
            count => format!("{} of {} targets healthy", count.healthy, count.all),
        };
        return Hop { title: "Load balancer".to_owned(), tone, line };
    }
    if run.profile.region(region).host.is_none() {
        let line = "no host to look at".to_owned();
        return Hop { title: "Load balancer".to_owned(), tone: Tone::ToCome, line };
    }
    hop("Load balancer", run.readings.probe(region), |facts| {
        let finding = confirm::judge_probe(facts);
        let line = if facts.status == 503 {
            "503: no healthy target".to_owned()
        } else {
            format!("answers {}", facts.status)
        };
        (checks::tone(Some(finding.verdict)), line)
    })
}

fn platform_hop(run: &Run, region: RegionIndex) -> Hop {
    let version = match run.readings.deployment(region) {
        Some(Ok(DeploymentFacts::Found(deployment))) => deployment.image_tag(),
        _ => None,
    };
    let title = version.map_or("Platform".to_owned(), |version| format!("Platform {version}"));
    match run.readings.deployment(region) {
        Some(Ok(DeploymentFacts::Missing)) => {
            return Hop { title, tone: Tone::Fail, line: "no Deployment".to_owned() };
        }
        Some(Ok(DeploymentFacts::Found(deployment))) if deployment.replicas_wanted == 0 => {
            return Hop { title, tone: Tone::Fail, line: "scaled to 0".to_owned() };
        }
        _ => {}
    }
    hop(&title, run.readings.pods(region), |facts| {
        let finding = diagnose::judge_pods(facts, run.profile.replicas);
        // the squares below say how many are ready; the reason has to fit
        let line = match finding.found.split_once(", ") {
            Some((_, reason)) if finding.verdict == Verdict::Fail => reason.to_owned(),
            _ => finding.found,
        };
        (checks::tone(Some(finding.verdict)), line)
    })
}

/// A box of an answer: being asked, not known, or as judged.
fn hop<T>(title: &str, answer: Option<Result<T, &Why>>, judge: impl FnOnce(T) -> (Tone, String)) -> Hop {
    let (tone, line) = match answer {
        None => (Tone::ToCome, "not read yet".to_owned()),
        Some(Err(why)) => (checks::tone(Some(Verdict::Unknown)), short(why.kind).to_owned()),
        Some(Ok(facts)) => judge(facts),
    };
    Hop { title: title.to_owned(), tone, line }
}

fn pod_tones(facts: &PodsFacts) -> Vec<Tone> {
    let tone = |state| match state {
        PodState::Ready => Tone::Pass,
        PodState::Starting(_) => Tone::Warn,
        PodState::Ending | PodState::Over(_) => Tone::ToCome,
        PodState::Failing(_) => Tone::Fail,
    };
    facts.pods.iter().filter(|pod| !pod.is_over()).map(|pod| tone(pod::state(pod))).collect()
}

fn ready_pods(run: &Run, region: RegionIndex) -> Option<usize> {
    let facts = run.readings.pods(region)?.ok()?;
    Some(facts.pods.iter().filter(|pod| pod::state(pod) == PodState::Ready).count())
}

/// Where the way to the database is broken: the first hop that is, else what the platform's logs say.
fn broken_way(run: &Run, region: RegionIndex) -> Option<String> {
    let case = Case { failed: region, ..run.any_case(run.opened_at) };
    if let Some(Ok(hops)) = case.hops(region)
        && let Some(broken) = path::first_broken(&hops)
    {
        return Some(broken.label.clone());
    }
    let (_, trouble) = case.database_hits(region)?.ok()?.into_iter().next()?;
    Some(trouble.phrase().to_owned())
}
