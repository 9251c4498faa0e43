//! Reasons, ages, what is done by hand and what is taken as it is.

use super::*;
use crate::app::model::{Dialog, Restore};
use crate::journal::Happening;
use crate::runbook::fact::{PeersFacts, ProbeFacts};
use crate::runbook::mark::{self, Mark};
use crate::runbook::steps::verify::Open;

pub(super) fn restoring() -> Model {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    model
}

fn happenings(jobs: &[Job]) -> Vec<&Happening> {
    jobs.iter().filter_map(happening).collect()
}

fn happening(job: &Job) -> Option<&Happening> {
    match job {
        Job::Note { entry, .. } => Some(&entry.happening),
        _ => None,
    }
}

fn mark_of(model: &Model, step: Step) -> Mark {
    let run = run_of(model);
    let causes = run.causes(now());
    mark::of(&run.progress(now(), &causes).unwrap(), step).mark
}

#[test]
fn a_reason_goes_past_what_was_on_the_screen_when_it_was_typed_and_no_further() {
    let mut model = restoring();
    // it cannot help against a Deployment that is scaled to nothing
    update(&mut model, Msg::Restore(RestoreMsg::Select(ActionKind::Restart)), now());
    update(&mut model, Msg::Restore(RestoreMsg::Reason("the vendor asked for it".to_owned())), now());
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    let plan = run_of(&model).selected_plan(now()).unwrap();
    assert!(run_of(&model).restore.in_the_way(&plan).is_empty(), "{:?}", plan.blockers());

    // Route 53 goes out of reach: something else is in the way now
    refuse(&mut model, Question::HealthCheck(EU), WhyKind::Timeout);
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    assert!(asked(&jobs).is_empty() && !jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{jobs:?}");
    let refused = run_of(&model).restore.refused.clone().unwrap();
    assert!(refused.starts_with("New since the reason was typed: It could not be confirmed"), "{refused}");

    // said again, it is for that, too
    update(
        &mut model,
        Msg::Restore(RestoreMsg::Reason("the vendor asked, seen on the status page".to_owned())),
        now(),
    );
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    assert!(jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{:?}", run_of(&model).restore.refused);
    assert_eq!(mark_of(&model, Step::Confirm), Mark::PassedOver);
    assert_eq!(mark_of(&model, Step::Diagnose), Mark::Skipped, "it was not looked at");
}

/// Asks a question anew, which ends in this.
fn refuse(model: &mut Model, question: Question, kind: WhyKind) {
    update(model, Msg::Run(RunMsg::Refresh(question)), now());
    fail(model, question, kind);
}

#[test]
fn a_reason_that_was_cleared_goes_past_nothing() {
    let mut restore = Restore::default();
    let blocker = crate::runbook::action::Blocker::firm("no");
    restore.reason = "why not".to_owned();
    restore.reason_for.insert(blocker.key.clone());
    assert!(!restore.passes(&blocker), "firm");
}

#[test]
fn what_a_plan_stands_on_is_of_now_or_is_read_once_more() {
    let mut model = restoring();
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    // a minute later, or in a machine that woke up
    let later = now() + jiff::SignedDuration::from_secs(61);
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), later);
    assert!(!jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{jobs:?}");
    let questions = asked(&jobs);
    for question in [Question::HealthCheck(US), Question::HealthCheck(EU), Question::Deployment(US)] {
        assert!(questions.contains(&question), "{question:?} of {questions:?}");
    }
    assert!(run_of(&model).restore.refused.as_ref().unwrap().contains("more than a minute ago"));
    assert!(!run_of(&model).outdated(later).is_empty());
    // a clock that was set back makes answers of the future
    assert!(!run_of(&model).outdated(now() - jiff::SignedDuration::from_secs(61)).is_empty());
}

#[test]
fn on_the_plans_screen_what_they_stand_on_never_gets_that_old() {
    let mut model = restoring();
    answer(&mut model, Question::Tools, tools());
    let at = |seconds: i64| now() + jiff::SignedDuration::from_secs(seconds);
    assert!(!asked(&update(&mut model, Msg::Tick, at(44))).contains(&Question::Tools));
    assert!(asked(&update(&mut model, Msg::Tick, at(46))).contains(&Question::Tools));
}

fn tools() -> Facts {
    use crate::runbook::fact::{HelmFacts, ToolsFacts};
    Facts::Tools(ToolsFacts {
        helm: Ok(HelmFacts { path: "/usr/bin/helm".into(), version: "v4.3.1".to_owned() }),
        vcluster: Err("vcluster is not installed".to_owned()),
        kubectl: None,
    })
}

#[test]
fn done_by_hand_is_asked_once_and_can_be_taken_back() {
    let mut model = restoring();
    assert!(update(&mut model, Msg::Restore(RestoreMsg::ByHand), now()).is_empty());
    assert!(matches!(&model.dialog, Some(Dialog::ByHand { kind: ActionKind::Scale, .. })));
    assert!(update(&mut model, Msg::Dialog(false), now()).is_empty());
    assert!(run_of(&model).restore.finished.is_empty() && model.dialog.is_none());

    update(&mut model, Msg::Restore(RestoreMsg::ByHand), now());
    let jobs = update(&mut model, Msg::Dialog(true), now());
    assert!(matches!(happenings(&jobs)[..], [Happening::DoneByHand { action: ActionKind::Scale, .. }]));
    assert_eq!(mark_of(&model, Step::Restore), Mark::ByHand);
    // what step 2 found is kept, though the region is well by now
    answer(&mut model, Question::Deployment(US), deployment(3));
    let kept = run_of(&model).found.as_ref().unwrap();
    assert_eq!(kept.diagnose.line, "Skipped. Scaled to zero", "nobody looked at step 2");

    let jobs = update(&mut model, Msg::Restore(RestoreMsg::TakeBack), now());
    assert!(matches!(happenings(&jobs)[..], [Happening::TakenBack { action: ActionKind::Scale }]));
    let run = run_of(&model);
    assert!(run.restore.finished.is_empty() && run.found.is_none() && run.rollout.is_none());
    assert!(
        update(&mut model, Msg::Restore(RestoreMsg::TakeBack), now()).is_empty(),
        "nothing left to take back"
    );
}

#[test]
fn where_nothing_is_to_be_done_nothing_is_selected_nor_confirmed() {
    let (mut model, _) = opened();
    answer(&mut model, Question::HealthCheck(EU), health(true));
    answer(&mut model, Question::HealthCheck(US), health(true));
    update(&mut model, Msg::Run(RunMsg::Choose(US)), now());
    answer(&mut model, Question::HealthCheck(EU), health(true));
    answer(&mut model, Question::HealthCheck(US), health(true));
    update(&mut model, Msg::Run(RunMsg::Show(Step::Restore)), now());
    assert_eq!(run_of(&model).restore.selected, None);
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    assert!(update(&mut model, Msg::Restore(RestoreMsg::Confirm), now()).is_empty());
    let refused = run_of(&model).restore.refused.as_ref().unwrap();
    assert!(refused.starts_with("us-east-1 is healthy: there is nothing to restore"), "{refused}");
    // it fails after all: now there is something to choose, and it is pinned
    update(&mut model, Msg::Run(RunMsg::Refresh(Question::HealthCheck(US))), now());
    answer(&mut model, Question::HealthCheck(US), health(false));
    assert!(run_of(&model).restore.selected.is_some());
}

#[test]
fn a_warning_counts_once_it_was_acknowledged_and_only_that_one() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Verify)), now());
    let probe = |derp_status| {
        let version = Ok("4.11.2".to_owned());
        Facts::Probe(ProbeFacts { url: String::new(), status: 200, addresses: None, derp_status, version })
    };
    answer(&mut model, Question::Probe(EU), probe(Ok(404)));
    answer(&mut model, Question::Peers(US), Facts::Peers(PeersFacts::NoSuchType));
    let open = |model: &Model| {
        let run = run_of(model);
        let case = run.case(now()).unwrap();
        Open::of(&case, &crate::runbook::steps::verify::checks(&case), &run.verify.accepted)
    };
    let key = ("probe", Some(EU));
    assert!(open(&model).warnings.contains(&key));
    let jobs = update(&mut model, Msg::Run(RunMsg::Acknowledge(key)), now());
    let [Happening::Accepted { check, region, found, reason: None, .. }] = &happenings(&jobs)[..] else {
        panic!("{jobs:?}")
    };
    assert_eq!((check.as_str(), region.as_deref()), ("probe", Some("eu-west-1")));
    assert!(found.contains("404 from /derp/probe"), "{found}");
    assert!(!open(&model).warnings.contains(&key));
    assert!(update(&mut model, Msg::Run(RunMsg::Acknowledge(key)), now()).is_empty(), "once");

    // what cannot be checked is not acknowledged by a click: it wants a reason
    let peers = ("network-peers", Some(US));
    assert!(update(&mut model, Msg::Run(RunMsg::Acknowledge(peers)), now()).is_empty());
    assert_eq!(open(&model).unread, ["Network peers"]);
    update(&mut model, Msg::Run(RunMsg::Accept(peers)), now());
    update(&mut model, Msg::Run(RunMsg::AcceptReason("seen online in the platform".to_owned())), now());
    let jobs = update(&mut model, Msg::Run(RunMsg::AcceptDone), now());
    assert!(matches!(happenings(&jobs)[..], [Happening::Accepted { reason: Some(_), .. }]), "{jobs:?}");
    assert!(open(&model).unread.is_empty());
    // and the acceptance is of that, not of what the check says later
    update(&mut model, Msg::Run(RunMsg::Refresh(Question::Peers(US))), now());
    answer(&mut model, Question::Peers(US), Facts::Peers(PeersFacts::Found(Vec::new())));
    assert!(
        open(&model).against.iter().any(|line| line.starts_with("Network peers: ")),
        "{:?}",
        open(&model)
    );
}

#[test]
fn with_the_network_gone_nothing_speaks_against_the_region_and_it_is_said_once() {
    let mut model = diagnosed();
    update(&mut model, Msg::Run(RunMsg::Show(Step::Verify)), now());
    let case_of = |model: &Model| {
        let run = run_of(model);
        let case = run.case(now()).unwrap();
        let checks = crate::runbook::steps::verify::checks(&case);
        (checks.len(), Open::of(&case, &checks, &[]))
    };
    let questions = crate::runbook::steps::verify::questions(&run_of(&model).profile, US);
    for question in questions {
        refuse(&mut model, question, WhyKind::Connection);
    }
    let (count, open) = case_of(&model);
    assert!(open.against.is_empty() && open.warnings.is_empty(), "{open:?}");
    assert_eq!((open.unread.len(), open.waiting), (count, 0));
    assert_eq!(open.blind.unwrap().since, Some(now()), "the health checks' last answer");
    assert_eq!(open.unread_line().unwrap(), "Nothing could be looked at: no");
    assert_eq!(mark_of(&model, Step::Verify), Mark::Unknown);
}

#[test]
fn a_context_that_was_pointed_elsewhere_while_somebody_typed_is_seen() {
    let mut model = restoring();
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east".to_owned())), now());
    update(&mut model, Msg::Run(RunMsg::Refresh(Question::ClusterIdentity(US))), now());
    answer(&mut model, Question::ClusterIdentity(US), cluster("https://third", "kube-system-third"));
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    assert!(!jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{jobs:?}");
    let refused = run_of(&model).restore.refused.clone().unwrap();
    assert!(refused.contains("leads to https://third now, and led to https://us"), "{refused}");
    assert_eq!(run_of(&model).restore.typed, "", "the name is typed anew, for the cluster that is shown now");
    update(&mut model, Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned())), now());
    let jobs = update(&mut model, Msg::Restore(RestoreMsg::Confirm), now());
    assert!(jobs.iter().any(|job| matches!(job, Job::Apply { .. })), "{:?}", run_of(&model).restore.refused);
}
