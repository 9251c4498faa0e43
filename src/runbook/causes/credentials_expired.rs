//! Our sign-in to AWS or to a cluster is missing or has expired: our side, never the region's
//! (`domain.md`, section 6).

use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Blame, Explains, Guidance, Strength};
use crate::runbook::command;
use crate::runbook::fits;
use crate::runbook::question::Question;
use crate::runbook::verdict::{Why, WhyKind};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let mut cause = Assessment::new(
        "credentials-expired",
        "Not signed in",
        "Your sign-in is missing or has expired: nothing is known of the regions",
    );
    cause.blame = Blame::OurSide;
    cause.explains = Explains::All;
    cause.fits = fits::CREDENTIALS_EXPIRED;
    let refused = |question| refused(case, question);
    let mut remedies: Vec<String> = Vec::new();
    let mut note = |cause: &mut Assessment, what: &str, why: &Why| {
        let text = format!("{what}: {}", why.message);
        if !cause.evidence_for.contains(&text) {
            cause.says(text);
        }
        if !remedies.contains(&why.remedy) {
            remedies.push(why.remedy.clone());
        }
    };
    let aws = case.profile.indices().map(Question::HealthCheck).chain([Question::Identity]).find_map(refused);
    if let Some(why) = aws {
        note(&mut cause, "AWS", why);
    }
    for region in case.profile.indices() {
        if let Some(why) = refused(Question::Cluster(region)) {
            note(&mut cause, &format!("Cluster of {}", case.profile.region(region).name), why);
        }
    }
    let identity = case.readings.identity();
    if let Some(Ok(identity)) = identity {
        cause.denies(format!("AWS knows you as {}", identity.role()));
    }
    cause.needs("Whose credentials these are", identity);
    // One cluster that refuses us, beside others that do not, says nothing of the rest.
    let cluster_refuses = refused(Question::Cluster(case.failed)).is_some();
    let reads_cluster = case.readings.deployment(case.failed).is_some_and(|answer| answer.is_ok());
    if aws.is_some() && reads_cluster {
        let region = &case.failed_region().name;
        "Your AWS sign-in is missing or has expired: Route 53 cannot be asked"
            .clone_into(&mut cause.headline);
        cause.denies(format!("The cluster of {region} lets you in all the same"));
    }
    if aws.is_none() && cluster_refuses && identity.is_some_and(|identity| identity.is_ok()) {
        let region = &case.failed_region().name;
        "Cluster refuses your sign-in".clone_into(&mut cause.title);
        cause.headline = format!("The cluster of {region} does not let you in, though AWS knows you");
    }
    // What the cluster tells is known, whatever AWS refuses.
    if reads_cluster || aws.is_none() {
        cause.explains = Explains::These(&["cluster-unreachable"]);
    }
    cause.strength = match (aws.is_some(), cluster_refuses) {
        (true, _) if reads_cluster => Strength::Likely,
        (true, _) => Strength::Certain,
        (false, true) => Strength::Likely,
        (false, false) if !cause.evidence_for.is_empty() => Strength::Possible,
        _ => Strength::RuledOut,
    };
    if cause.strength > Strength::RuledOut {
        cause.guidance = guidance(case, aws.is_none(), remedies);
    }
    cause
}

/// Why a question was refused for want of a sign-in, where it was.
fn refused<'a>(case: &Case<'a>, question: Question) -> Option<&'a Why> {
    let answer = case.readings.latest(question)?.answer.as_ref();
    answer.err().filter(|why| why.kind == WhyKind::Unauthenticated)
}

fn guidance(case: &Case, only_cluster: bool, mut remedies: Vec<String>) -> Vec<Guidance> {
    let mut guidance = Vec::new();
    if only_cluster {
        guidance.push(Guidance::text(
            "Ask whoever manages the cluster for an access entry for your role (EKS), or a role binding",
        ));
    }
    let profile = case.profile.aws.profile.as_ref();
    let named = profile.map_or(String::new(), |profile| format!(" --profile {profile}"));
    let how = format!(
        "Sign in again: `aws sso login{named}` where your profile uses SSO, else as you got your credentials. Then check \
         all again"
    );
    guidance.push(Guidance::with(how, command::sso_login(case.profile)));
    // What the command above says already.
    remedies.retain(|remedy| !remedy.contains("aws sso login") && !remedy.starts_with("Sign in again"));
    guidance.extend(remedies.into_iter().map(Guidance::text));
    guidance.push(Guidance::with("See who you are", command::caller_identity(case.profile)));
    guidance
}
