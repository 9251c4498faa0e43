//! Our side first: this machine's programs, credentials, permissions and files (`domain.md`, section 6).
//! What it finds is told apart from a fault of the region: it says what we could not do, not what is down.

pub(super) mod values;

use jiff::SignedDuration;

use crate::runbook::case::Case;
use crate::runbook::check::Check;
use crate::runbook::command;
use crate::runbook::fact::{AccessFacts, ChartFacts, ClusterFacts, IdentityFacts, ToolsFacts};
use crate::runbook::identity::{self, Relation};
use crate::runbook::profile::{ClusterArn, Method, Profile, RegionIndex};
use crate::runbook::question::Question;
use crate::runbook::step::Step;
use crate::runbook::verdict::{Finding, Verdict, Why, WhyKind};
use crate::runbook::version;

/// Credentials that end sooner than this may end in the middle of a recovery.
const EXPIRES_SOON: SignedDuration = SignedDuration::from_mins(30);

/// What the preflight asks, all at once.
pub fn questions(profile: &Profile) -> Vec<Question> {
    let mut questions = vec![Question::Tools, Question::Identity, Question::Chart];
    for region in profile.indices() {
        questions.extend([
            Question::Cluster(region),
            Question::ClusterIdentity(region),
            Question::Access(region),
            Question::Values(region),
            Question::Deployment(region),
        ]);
    }
    questions
}

/// The preflight's checks.
pub fn checks(case: &Case) -> Vec<Check> {
    let mut checks = tools(case);
    checks.push(identity(case));
    for region in case.profile.indices() {
        checks.extend([context(case, region), permissions(case, region)]);
    }
    checks.push(chart(case));
    checks.extend(case.profile.indices().map(|region| values::values(case, region)));
    checks
}

fn check(
    case: &Case,
    id: &'static str,
    title: String,
    question: Question,
    command: command::Command,
) -> Check {
    Check::new(case, Step::Preflight, id, title, question, command)
}

fn tools(case: &Case) -> Vec<Check> {
    let helm_first = case.profile.chart.method == Method::Helm;
    let answer = case.readings.tools();
    let of = |id, name: &str, command, judge: &dyn Fn(&ToolsFacts) -> Finding| {
        let check = check(case, id, name.to_owned(), Question::Tools, command);
        check.judged(answer, "found", |facts| (judge(facts), Vec::new()))
    };
    vec![
        of("tool-helm", "helm", command::tool_version("helm"), &|facts| match &facts.helm {
            Ok(helm) => {
                let found = format!("{} at {}", helm.version, helm.path.display());
                match helm.major() {
                    Some(..3) => missing(&found, helm_first, "Too old; only needed to re-apply"),
                    Some(3) => {
                        Finding::warn(found, "4", "Helm 3 works without --server-side and --force-conflicts")
                    }
                    _ => Finding::pass(found, "4"),
                }
            }
            Err(message) => missing(message, helm_first, "Only needed to re-apply the values file"),
        }),
        of("tool-vcluster", "vcluster", command::tool_version("vcluster"), &|facts| match &facts.vcluster {
            Ok(vcluster) => {
                let needed = ["--context", "--no-wait"];
                let lacks: Vec<&str> = needed
                    .into_iter()
                    .filter(|flag| !vcluster.flags.iter().any(|known| known == flag))
                    .collect();
                let found = format!("{} at {}", vcluster.version, vcluster.path.display());
                if lacks.is_empty() {
                    Finding::pass(found, "knows the flags")
                } else {
                    let found = format!("{found}, does not know {}", lacks.join(", "));
                    Finding::warn(
                        found,
                        "knows the flags",
                        "An old CLI: it may stay in the foreground; update it",
                    )
                }
            }
            Err(message) => missing(message, !helm_first, "Not needed: Helm is this environment's way"),
        }),
        of("tool-kubectl", "kubectl", command::tool_version("kubectl"), &|facts| match &facts.kubectl {
            Some(path) => Finding::pass(path.display().to_string(), "found"),
            None => missing(
                "kubectl is not installed (https://kubernetes.io/docs/tasks/tools)",
                !helm_first,
                "Needed by the vCluster CLI, and to copy commands to",
            ),
        }),
    ]
}

/// A program that is not there: a fault where this environment needs it.
fn missing(message: &str, needed: bool, otherwise: &str) -> Finding {
    if needed {
        Finding::fail(message, "found", "Install or repair it before you need it")
    } else {
        Finding::warn(message, "found", otherwise)
    }
}

fn identity(case: &Case) -> Check {
    let command = command::caller_identity(case.profile);
    let check = check(case, "aws-identity", "AWS sign-in".to_owned(), Question::Identity, command);
    let mut check = check.judged(case.readings.identity(), "the clusters' account", |facts| {
        (judge_identity(case, facts), vec![facts.arn.clone()])
    });
    let sign_in = match case.readings.identity() {
        Some(Err(why)) => why.kind == WhyKind::Unauthenticated,
        Some(Ok(_)) => check.verdict() == Some(Verdict::Warn),
        None => false,
    };
    check.mend = sign_in.then(|| command::sso_login(case.profile));
    check
}

/// Judges whose credentials we have: the account of the clusters, and for how long.
fn judge_identity(case: &Case, facts: &IdentityFacts) -> Finding {
    let mut accounts: Vec<String> = case
        .profile
        .regions
        .iter()
        .filter_map(|region| ClusterArn::parse(&region.context).map(|arn| arn.account))
        .collect();
    accounts.sort_unstable();
    accounts.dedup();
    let expected = if accounts.is_empty() {
        "signed in".to_owned()
    } else {
        format!("account {}", accounts.join(" or "))
    };
    let who = format!("{} in account {}", facts.role(), facts.account);
    if !accounts.is_empty() && !accounts.contains(&facts.account) {
        return Finding::fail(who, expected, "Another account's credentials: choose the right AWS profile");
    }
    let Some(expires_at) = facts.expires_at else { return Finding::pass(who, expected) };
    let left = expires_at.duration_since(case.now);
    let minutes = left.as_mins();
    if minutes <= 0 {
        return Finding::warn(format!("{who}, expired"), expected, "The sign-in has expired: sign in again");
    }
    let found = format!("{who}, for {} h {} min", minutes / 60, minutes % 60);
    if left < EXPIRES_SOON {
        Finding::warn(found, expected, "It ends soon: sign in again before you begin")
    } else {
        Finding::pass(found, expected)
    }
}

fn context(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let command = command::version(case.profile, target);
    let title = format!("Context {}", target.name);
    let check = check(case, "context", title, Question::Cluster(region), command);
    let who = match case.readings.access(region) {
        Some(Ok(AccessFacts { user: Some(user), .. })) => format!(", you are {user}"),
        _ => String::new(),
    };
    let mut check = check.judged(case.readings.cluster(region), "answers", |facts| {
        (judge_context(case, region, facts, &who), Vec::new())
    });
    // In a region that is out silence is what one expects, and no fault of this machine. A refusal is not.
    if region == case.failed
        && let Some(Err(why)) = case.readings.cluster(region)
        && why.kind.is_silence()
        && let Some(finding) = &mut check.finding
    {
        finding.found.push_str(". Normal while the region is out");
    }
    check
}

/// Judges a context whose cluster answers: is it this region's alone?
fn judge_context(case: &Case, region: RegionIndex, facts: &ClusterFacts, who: &str) -> Finding {
    let answers = format!("answers, Kubernetes {}{who}", facts.version);
    let expected = "a cluster of its own";
    for other in case.profile.others(region) {
        let name = &case.profile.region(other).name;
        match identity::relation(case, region, other) {
            Some(Relation::Same(how)) => {
                return Finding::fail(
                    format!("the contexts of this region and {name} lead to the same cluster: {how}"),
                    expected,
                    "Choose each region's own context in the variables: an action would change the other region",
                );
            }
            // Of a cluster that does not answer its own check tells.
            Some(Relation::Unknown(why)) if matches!(case.readings.cluster(other), Some(Ok(_))) => {
                return Finding::warn(
                    format!("{answers}; whether {name} is another cluster could not be compared: {why}"),
                    expected,
                    "Nothing is changed before that is known: make the context of each region answer",
                );
            }
            Some(Relation::Distinct | Relation::Unknown(_)) | None => {}
        }
    }
    Finding::pass(answers, "answers")
}

fn permissions(case: &Case, region: RegionIndex) -> Check {
    let target = case.profile.region(region);
    let command = command::can_i(case.profile, target);
    let title = format!("Permissions {}", target.name);
    let check = check(case, "permissions", title, Question::Access(region), command);
    let may_change = region == case.failed;
    check.judged(case.readings.access(region), "everything needed", |facts| {
        (judge_permissions(facts, may_change), permission_lines(facts, may_change))
    })
}

/// Judges what we may do in a cluster. Changes are needed in the failed region only.
pub fn judge_permissions(facts: &AccessFacts, may_change: bool) -> Finding {
    let expected = "everything needed";
    let needed = || facts.permissions.iter().filter(|permission| may_change || !permission.changes);
    let name = |permission: &crate::runbook::fact::Permission| {
        format!("{} {}", permission.verb, permission.resource)
    };
    let denied: Vec<_> = needed().filter(|permission| permission.allowed == Ok(false)).collect();
    if !denied.is_empty() {
        let listed: Vec<String> = denied.iter().take(4).map(|permission| name(permission)).collect();
        let more = if denied.len() > 4 { format!(" and {} more", denied.len() - 4) } else { String::new() };
        let found = format!("not permitted: {}{more}", listed.join(", "));
        return if denied.iter().all(|permission| permission.changes) {
            Finding::warn(found, expected, "You can look and not act: ask for it, or let somebody else act")
        } else {
            Finding::fail(found, expected, "Ask for the permission; the README lists what is needed")
        };
    }
    let unknown: Vec<_> = needed().filter_map(|permission| permission.allowed.as_ref().err()).collect();
    if let Some(why) = unknown.first() {
        let what = format!("{} of {} could not be asked: {why}", unknown.len(), needed().count());
        return Finding::unknown(&Why::new(WhyKind::Server, what), expected);
    }
    Finding::pass(format!("all {} that are needed", needed().count()), expected)
}

fn permission_lines(facts: &AccessFacts, may_change: bool) -> Vec<String> {
    let line = |permission: &crate::runbook::fact::Permission| {
        let answer = match &permission.allowed {
            Ok(true) => "yes",
            Ok(false) if permission.changes && !may_change => "no, and not needed here",
            Ok(false) => "no",
            Err(why) => why,
        };
        let scope = permission.namespace.as_deref().unwrap_or("whole cluster");
        format!("{} {} ({scope}): {answer}", permission.verb, permission.resource)
    };
    facts.permissions.iter().map(line).collect()
}

fn chart(case: &Case) -> Check {
    let chart = &case.profile.chart;
    let command = match &chart.file {
        Some(file) => command::show_chart(file),
        None => command::chart_index(&chart.repository),
    };
    let expected =
        if chart.file.is_some() { "the chart, in the healthy region's version" } else { "in reach" };
    let check = check(case, "chart", "Chart".to_owned(), Question::Chart, command);
    check.judged(case.readings.chart(), expected, |facts| (judge_chart(case, facts, expected), Vec::new()))
}

fn judge_chart(case: &Case, facts: &ChartFacts, expected: &str) -> Finding {
    match facts {
        ChartFacts::Repository { url, status: 200..=299 } => {
            Finding::pass(format!("{url} answers"), expected)
        }
        ChartFacts::Repository { url, status } => Finding::fail(
            format!("{url} answers {status}"),
            expected,
            "Choose a chart archive (.tgz) on this machine in the variables instead",
        ),
        ChartFacts::Archive { name, version } => {
            let found = format!("{name} {version}, on this machine");
            if *name != case.profile.chart.name {
                return Finding::fail(found, expected, "That archive is another chart");
            }
            match case.healthy_version() {
                Ok((healthy, _)) if version::same(&healthy, version) => Finding::pass(found, expected),
                Ok((healthy, region)) => Finding::fail(
                    found,
                    expected,
                    format!("{region} runs {healthy}: mixed versions confuse leader election"),
                ),
                Err(why) => Finding::warn(
                    found,
                    expected,
                    format!("The healthy region's version is not known, to compare: {why}"),
                ),
            }
        }
    }
}
