//! Which questions a form asks, and whether an answer is still one after the form was changed.

use crate::runbook::profile::{Profile, Region, RegionIndex};
use crate::runbook::question::Question;

/// What is asked as soon as it can be: what fills other fields.
pub fn at_once(profile: &Profile) -> Vec<Question> {
    let mut questions = Vec::new();
    for (region, of) in profile.indices().zip(&profile.regions) {
        if of.values_file.is_some() {
            questions.push(Question::Values(region));
        }
        if !of.context.is_empty() {
            questions.push(Question::Deployment(region));
        }
    }
    questions
}

/// What "Test all" asks: everything that tells whether a field is right.
pub fn of_test(profile: &Profile) -> Vec<Question> {
    let mut questions = at_once(profile);
    questions.extend([Question::Identity, Question::Tools, Question::Chart]);
    if profile.shared_host.is_some() {
        questions.push(Question::SharedProbe);
    }
    for (region, of) in profile.indices().zip(&profile.regions) {
        if !of.context.is_empty() {
            // an Ingress tells which hosts are the region's
            questions.extend([
                Question::Cluster(region),
                Question::Access(region),
                Question::Ingress(region),
            ]);
        }
        if !of.health_check_id.is_empty() {
            questions.push(Question::HealthCheck(region));
        }
        if of.host.is_some() {
            questions.push(Question::Probe(region));
        }
    }
    questions
}

/// Is a question about the same thing in both profiles, so that its answer in the one is its answer in
/// the other?
pub fn is_same(question: Question, before: &Profile, after: &Profile) -> bool {
    let same_aws = || before.aws == after.aws;
    let same = |of: &dyn Fn(&Region, &Region) -> bool| match question.region() {
        Some(RegionIndex(index)) => match (before.regions.get(index), after.regions.get(index)) {
            (Some(before), Some(after)) => of(before, after),
            _ => false,
        },
        None => true,
    };
    let same_cluster = || {
        same_aws()
            && before.kubeconfig == after.kubeconfig
            && before.namespace == after.namespace
            && before.deployment == after.deployment
            && before.selector == after.selector
            && same(&|before, after| before.context == after.context)
    };
    match question {
        Question::Values(_) => same(&|before, after| before.values_file == after.values_file),
        Question::HealthCheck(_) => {
            same_aws() && same(&|before, after| before.health_check_id == after.health_check_id)
        }
        Question::Probe(_) => same(&same_probe),
        Question::SharedProbe => {
            let (regions, others) = (&before.regions, &after.regions);
            before.shared_host == after.shared_host
                && regions.len() == others.len()
                && regions.iter().zip(others).all(|(region, other)| {
                    region.probe_address == other.probe_address && region.probe_ca == other.probe_ca
                })
        }
        Question::Identity => same_aws(),
        Question::Tools => true,
        Question::Chart => before.chart == after.chart,
        Question::Cluster(_) | Question::Deployment(_) | Question::Access(_) => same_cluster(),
        Question::Ingress(_) => same_cluster() && before.ingress == after.ingress,
        // the form asks no other
        _ => before == after,
    }
}

fn same_probe(before: &Region, after: &Region) -> bool {
    before.host == after.host
        && before.probe_address == after.probe_address
        && before.probe_ca == after.probe_ca
}
