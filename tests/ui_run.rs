//! The screens of a run: what they say, what they offer, and what a click or a key pushes.

#[path = "ui_run/changes.rs"]
mod changes;
#[path = "support/facts.rs"]
mod facts;
#[path = "ui_run/people.rs"]
mod people;

use std::time::Duration;

use egui::Role;
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use failback::app::model::{Finished, LogPanel, Model, Practice, RolloutWatch, Run, Running};
use failback::app::msg::{LogMsg, Msg, RestoreMsg, RunMsg};
use failback::design;
use failback::engine::event::PracticeWorld;
use failback::runbook::action::{ActionKind, ActionOutcome};
use failback::runbook::fact::{DeploymentFacts, Facts, PeersFacts, PodsFacts, ProbeFacts};
use failback::runbook::question::{Question, Reading};
use failback::runbook::rollout;
use failback::runbook::step::Step;
use failback::runbook::steps::verify;
use failback::runbook::verdict::{Why, WhyKind};
use failback::ui::{self, words};

use facts::{EU, US, ago, keep, keep_why, now};

struct Shown {
    model: Model,
    run: Run,
    out: Vec<Msg>,
}

fn shown_in(size: [f32; 2], model: Model, run: Run) -> Harness<'static, Shown> {
    let state = Shown { model, run, out: Vec::new() };
    let mut harness = Harness::builder().with_size(size).with_context_setup(design::install).build_ui_state(
        |ui, shown: &mut Shown| ui::run::show(&shown.model, &shown.run, now(), ui, &mut shown.out),
        state,
    );
    // panics while something asks for frame after frame, and on a nameless widget
    harness.run();
    harness.state_mut().out.clear();
    harness
}

fn show(step: Step, mut run: Run) -> Harness<'static, Shown> {
    run.step = step;
    run.reached = step;
    run.shown = Step::ALL.into_iter().filter(|other| *other <= step).collect();
    shown_in([1280.0, 800.0], facts::model(), run)
}

/// What was pushed, as text: messages have no equality.
fn pushed(harness: &mut Harness<'_, Shown>) -> Vec<String> {
    harness.run();
    let out = std::mem::take(&mut harness.state_mut().out);
    out.iter().map(|msg| format!("{msg:?}")).collect()
}

fn click(harness: &mut Harness<'_, Shown>, label: &str) -> Vec<String> {
    harness.get_by_label(label).click();
    pushed(harness)
}

fn expect(msg: &Msg) -> Vec<String> {
    vec![format!("{msg:?}")]
}

/// One text is to be copied, which begins like this.
#[track_caller]
fn assert_copies(pushed: &[String], key: &str, begin: &str) {
    let [pushed] = pushed else { panic!("{pushed:?}") };
    assert!(pushed.starts_with(&format!("Copy {{ key: {key:?}, text: \"{begin}")), "{pushed}");
}

fn is_off(harness: &Harness<'_, Shown>, label: &str) -> bool {
    harness.get_by_label(label).accesskit_node().is_disabled()
}

#[test]
#[allow(clippy::large_stack_arrays, reason = "a table of runs")]
fn confirm_says_each_outcome_and_offers_its_next_step() {
    let both_fail = {
        let mut run = facts::failover();
        keep(&mut run, Question::HealthCheck(EU), facts::health("eu.multi-region.example.com", false));
        run
    };
    let none_fails_any_more = || {
        let mut run = facts::failover();
        keep(&mut run, Question::HealthCheck(US), facts::health("us.multi-region.example.com", true));
        run
    };
    let none_fails = {
        let mut run = none_fails_any_more();
        run.first_failure_at = None;
        run.seen_failing = false;
        run
    };
    let chosen = |failed| {
        let mut run = facts::failover();
        run.failed = failed;
        run
    };
    let (the_other, not_chosen) = (chosen(Some(EU)), chosen(None));
    let unknown = {
        let mut run = facts::failover();
        keep_why(&mut run, Question::HealthCheck(US), WhyKind::Unauthenticated, "the sign-in has expired");
        run
    };
    let take_us = RunMsg::Choose(US);
    for (run, headline, button, msg) in [
        (
            facts::failover(),
            "Failover is active: us-east-1 is out, eu-west-1 carries the traffic",
            "Diagnose us-east-1",
            RunMsg::Show(Step::Diagnose),
        ),
        (
            none_fails_any_more(),
            "No health check fails any more",
            "Verify us-east-1",
            RunMsg::Show(Step::Verify),
        ),
        (
            none_fails,
            "No health check fails: there is nothing to restore",
            "Nothing to restore: leave",
            RunMsg::Leave,
        ),
        (both_fail, "Every region's health check fails: stop here", "Check again", RunMsg::RefreshAll),
        (
            the_other,
            "us-east-1 is the one that fails",
            "Take us-east-1 for the failed region",
            RunMsg::Choose(US),
        ),
        (not_chosen, "us-east-1 is the one that fails", "Take us-east-1 for the failed region", take_us),
        (unknown, "Could not check whether failover is active", "Check again", RunMsg::RefreshAll),
    ] {
        let mut harness = show(Step::Confirm, run);
        assert!(harness.query_by_role_and_label(Role::Heading, headline).is_some(), "{headline}");
        assert_eq!(click(&mut harness, button), expect(&Msg::Run(msg)), "{headline}");
    }
}

#[test]
fn confirm_says_why_it_could_not_check_and_what_our_own_look_saw() {
    let mut run = facts::failover();
    run.failed = None;
    keep_why(&mut run, Question::HealthCheck(US), WhyKind::Unauthenticated, "the sign-in has expired");
    let mut harness = show(Step::Confirm, run);
    harness.get_by_label_contains("Sign in again");
    harness.get_by_label_contains("a hint and no proof: us-east-1 503 from /healthz");
    assert_eq!(
        click(&mut harness, "Take us-east-1 for the failed region"),
        expect(&Msg::Run(RunMsg::Choose(US)))
    );
}

#[test]
fn confirm_shows_checkers_by_place_and_waits_for_answers() {
    let mut harness = show(Step::Confirm, facts::failover());
    harness.get_by_label("sa-east-1: HTTP 503, 0 of 2 observations passed");
    assert!(harness.query_by_label("sa-east-1: HTTP 200, 2 of 2 observations passed").is_none(), "folded");
    assert_eq!(
        click(&mut harness, "Show checkers"),
        expect(&Msg::Run(RunMsg::ToggleCheck("health-check", Some(EU))))
    );
    let copied = click(&mut harness, "Copy the command of Health check us-east-1");
    assert_copies(&copied, &format!("health-check {:?}", Some(US)), "aws route53 ");

    let harness = show(Step::Confirm, facts::run());
    assert!(harness.query_by_role_and_label(Role::Heading, "Reading the health checks…").is_some());
    assert!(is_off(&harness, "Diagnose"));
}

#[test]
fn diagnose_leads_to_the_action_that_fits_or_to_guidance() {
    let mut harness = show(Step::Diagnose, facts::scaled_to_zero());
    harness.get_by_role_and_label(Role::Heading, "The platform in us-east-1 is scaled to zero");
    harness.get_by_label_contains("18 of 19 checks answered, 1 could not be checked");
    harness.get_by_label_contains("Scale up to 3 in step 3, about 1 minute");
    assert_eq!(
        click(&mut harness, "Go to Restore: scale up to 3"),
        expect(&Msg::Run(RunMsg::Show(Step::Restore)))
    );
    let row = "Deployment: Fail, scaled to 0 replicas, normal: 3 replicas";
    assert_eq!(click(&mut harness, row), expect(&Msg::Run(RunMsg::ToggleCheck("deployment", Some(US)))));
    harness.get_by_label_contains("14 more passed: cluster, EKS, nodes").click();
    assert_eq!(pushed(&mut harness), expect(&Msg::Run(RunMsg::TogglePassed)));

    let mut harness = show(Step::Diagnose, facts::unreachable());
    assert!(harness.query_by_label("What to do").is_none());
    assert_eq!(click(&mut harness, "Show what to do"), expect(&Msg::Run(RunMsg::ToggleGuidance)));
    harness.state_mut().run.guidance_open = true;
    harness.run();
    harness.get_by_label("What to do");
    harness.get_by_label_contains("Then wait here: the checks look again every 10 s");
}

#[test]
fn diagnose_shows_details_with_the_command_and_asks_again() {
    let mut run = facts::scaled_to_zero();
    run.open_checks.insert(("events", Some(US)));
    (run.step, run.reached) = (Step::Diagnose, Step::Diagnose);
    // high enough for the details: what is out of sight cannot be clicked
    let mut harness = shown_in([1280.0, 1200.0], facts::model(), run);
    harness.get_by_label("Copy the command");
    assert_eq!(click(&mut harness, "Check again"), expect(&Msg::Run(RunMsg::Refresh(Question::Events(US)))));
}

#[test]
fn diagnose_cuts_long_evidence_and_shows_all_on_demand() {
    let mut run = facts::repaired();
    run.first_failure_at = None;
    run.seen_failing = false;
    let mut harness = show(Step::Diagnose, run);
    harness.get_by_role_and_label(
        Role::Heading,
        "No health check fails: there is nothing to restore in us-east-1",
    );
    harness.get_by_label("Nothing to restore: leave");
    harness.get_by_label("and 2 more");
    let toggled = click(&mut harness, "All evidence");
    assert_eq!(toggled, expect(&Msg::Run(RunMsg::ToggleCheck("all-evidence", None))));
    harness.state_mut().run.open_checks.insert(("all-evidence", None));
    harness.run();
    assert!(harness.query_by_label("and 2 more").is_none());
    harness.get_by_label("Less evidence");
}

#[test]
fn diagnose_names_the_next_action_and_quotes_the_telling_part() {
    let mut harness = show(Step::Diagnose, facts::port_closed());
    let headline = "The platform in us-east-1 cannot reach its database: port 3306 is closed";
    harness.get_by_role_and_label(Role::Heading, headline);
    let next = "Ask the network's owners to open port 3306 for 10.0.0.0/16 in security group sg-0db1 \
                (contact: #platform-oncall)";
    harness.get_by_label(next);
    harness.get_by_label_contains("1 of 1 pods end with Failed to ping database connection: dial tcp");
    assert!(harness.query_by_label_contains("level=error").is_none(), "only on demand");
    let copied = click(&mut harness, "Copy its command");
    assert_copies(&copied, "next command", "aws ec2 ");
    harness.state_mut().run.open_checks.insert(("all-evidence", None));
    harness.run();
    harness.get_by_label_contains("level=error");
    assert!(harness.query_by_label_contains("Also broken").is_none(), "the crashes are an effect");
}

#[test]
fn a_second_cause_is_seen_to_exist() {
    let mut run = facts::port_closed();
    let mut pods = vec![facts::crashing_pod("loft-a"), facts::crashing_pod("loft-b")];
    pods[0].containers[0].waiting_reason = Some("ImagePullBackOff".to_owned());
    keep(&mut run, Question::Pods(US), Facts::Pods(PodsFacts { pods }));
    let mut harness = show(Step::Diagnose, run);
    harness.get_by_label("Also broken: The platform's image cannot be pulled in us-east-1");
    // The image is of the right version: no action fits it, so none is offered.
    assert!(harness.query_by_label_contains("Go to Restore").is_none());
    assert_eq!(click(&mut harness, "Show all causes"), expect(&Msg::Run(RunMsg::ToggleCauses)));
}

#[test]
fn stop_is_said_first_with_whom_to_call() {
    let mut run = facts::scaled_to_zero();
    keep(&mut run, Question::HealthCheck(EU), facts::health("eu.multi-region.example.com", false));
    let harness = show(Step::Diagnose, run);
    harness.get_by_label_contains("STOP");
    harness.get_by_label("Call #platform-oncall now, and change nothing until they answer");
    assert!(harness.query_by_label_contains("Go to Restore").is_none(), "nothing leads to an action");
    assert!(harness.query_by_label_contains("Also broken").is_none(), "what else is found has to wait");
}

#[test]
fn the_other_region_is_taken_in_one_click() {
    let mut run = facts::scaled_to_zero();
    run.failed = Some(EU);
    let mut harness = show(Step::Diagnose, run);
    harness.get_by_role_and_label(Role::Heading, "eu-west-1 is healthy: us-east-1 is the one that failed");
    assert_eq!(
        click(&mut harness, "Take us-east-1 for the failed region"),
        expect(&Msg::Run(RunMsg::Choose(US)))
    );
}

#[test]
fn without_route_53_diagnose_says_so_and_what_our_own_look_saw() {
    let mut run = facts::crash_loop();
    for region in [US, EU] {
        keep_why(&mut run, Question::HealthCheck(region), WhyKind::Timeout, "no answer within 5 s");
    }
    let harness = show(Step::Diagnose, run);
    harness.get_by_label("Route 53 could not be asked: failover is not confirmed");
    harness.get_by_label_contains("us-east-1 503 from /healthz; eu-west-1 200 from /healthz");
}

#[test]
fn one_reason_is_one_row_and_the_rest_on_demand() {
    let mut harness = show(Step::Diagnose, facts::unreachable());
    harness.get_by_label_contains("Cluster: ?, no answer within 5 s");
    assert!(harness.query_by_label_contains("Pods: ?").is_none());
    let folded = "9 more for the same reason: deployment, pods, logs, nodes, targets, ingress, events, \
                  helm release, versions";
    assert_eq!(click(&mut harness, folded), expect(&Msg::Run(RunMsg::ToggleCheck("same-reason", None))));
    harness.state_mut().run.open_checks.insert(("same-reason", None));
    harness.run();
    harness.get_by_label_contains("Pods: ?");
}

#[test]
fn our_own_side_says_what_to_do_in_the_row_with_the_command() {
    let mut run = facts::failover();
    keep_why(&mut run, Question::Identity, WhyKind::Unauthenticated, "STS refused (ExpiredToken)");
    let mut harness = show(Step::Preflight, run);
    harness.get_by_label_contains("AWS sign-in: ?, STS refused");
    harness.get_by_label("Sign in again, then check again");
    harness.get_by_label_contains("aws sso login");
    let copied = click(&mut harness, "Copy the command that mends it");
    assert_copies(&copied, "mend aws-identity None", "aws ");
}

#[test]
fn a_platform_that_runs_again_leads_to_verify() {
    let mut harness = show(Step::Diagnose, facts::repaired());
    harness.get_by_role_and_label(Role::Heading, "The platform in us-east-1 runs");
    assert_eq!(click(&mut harness, "Go to Verify us-east-1"), expect(&Msg::Run(RunMsg::Show(Step::Verify))));
}

#[test]
fn the_log_is_searched_followed_and_read_before_the_restart() {
    let mut run = facts::crash_loop();
    let mut panel = LogPanel::default();
    panel.previous = true;
    panel.find = "PANIC".to_owned();
    run.log = Some(panel);
    run.rollout = Some(RolloutWatch::start(ago(10), Duration::from_secs(600)));
    let mut harness = show(Step::Rollout, run);
    harness.get_by_label("4 lines, from before the last restart");
    harness.get_by_label("2 lines");
    assert_eq!(click(&mut harness, "Next"), expect(&Msg::Log(LogMsg::Next(true))));
    assert_eq!(click(&mut harness, "Current"), expect(&Msg::Log(LogMsg::Previous(false))));
    assert_eq!(click(&mut harness, "Follow"), expect(&Msg::Log(LogMsg::Follow(true))));
    assert_eq!(click(&mut harness, "Close the log"), expect(&Msg::Log(LogMsg::Close)));
    harness.get_by_label("Pod").click();
    harness.run();
    let pod = ("loft-79948bb5b9-gz74n".to_owned(), "manager".to_owned());
    assert_eq!(
        click(&mut harness, "loft-79948bb5b9-gz74n manager"),
        expect(&Msg::Log(LogMsg::Of(Some(pod))))
    );
}

#[test]
fn nothing_is_confirmed_until_the_region_is_typed_and_enter_never_does() {
    let mut harness = show(Step::Restore, facts::scaled_to_zero());
    assert!(is_off(&harness, "Scale up us-east-1"));
    harness.get_by_label("Type us-east-1 to confirm").focus();
    harness.run();
    harness.get_by_label("Type us-east-1 to confirm").type_text("us-east-1");
    assert_eq!(pushed(&mut harness), expect(&Msg::Restore(RestoreMsg::Typed("us-east-1".to_owned()))));

    harness.state_mut().run.restore.typed = "us-east-1".to_owned();
    harness.get_by_label("Type us-east-1 to confirm").focus();
    harness.run();
    harness.key_press(egui::Key::Enter);
    assert_eq!(pushed(&mut harness), Vec::<String>::new());
    assert_eq!(click(&mut harness, "Scale up us-east-1"), expect(&Msg::Restore(RestoreMsg::Confirm)));
    assert_eq!(click(&mut harness, "Cancel"), expect(&Msg::Restore(RestoreMsg::Reset)));
    assert_eq!(click(&mut harness, "say that you did"), expect(&Msg::Restore(RestoreMsg::ByHand)));

    harness.state_mut().run.restore.typed = "eu-west-1".to_owned();
    harness.run();
    assert!(is_off(&harness, "Scale up us-east-1"));
}

#[test]
fn what_is_in_the_way_wants_a_reason_or_stops() {
    let mut run = facts::scaled_to_zero();
    run.restore.selected = Some(ActionKind::Restart);
    run.restore.typed = "us-east-1".to_owned();
    let mut harness = show(Step::Restore, run);
    assert!(is_off(&harness, "Restart us-east-1"), "it cannot help: a reason is wanted");
    harness.get_by_label("Needs your reason");
    harness.state_mut().run.restore.reason = "the vendor asked for it".to_owned();
    harness.run();
    harness.get_by_label("New since you typed your reason");
    assert!(is_off(&harness, "Restart us-east-1"), "the reason was typed for something else");
    let plan = harness.state().run.selected_plan(now()).unwrap();
    let shown = plan.blockers().iter().map(|blocker| blocker.key.clone()).collect();
    harness.state_mut().run.restore.reason_for = shown;
    harness.run();
    harness.get_by_label("Your reason goes past this");
    assert!(!is_off(&harness, "Restart us-east-1"));
    assert_eq!(
        click(&mut harness, "Re-apply the values file. Also works, changes more. About 3 minutes"),
        expect(&Msg::Restore(RestoreMsg::Select(ActionKind::ReapplyHelm)))
    );
    harness.state_mut().run.journal_problem = Some("journal.jsonl: no space left".to_owned());
    harness.run();
    assert!(is_off(&harness, "Restart us-east-1"), "nothing is done that cannot be written down");
    harness.get_by_label_contains("journal.jsonl: no space left");
}

#[test]
fn restore_says_that_nothing_helps_and_how_an_action_went() {
    let mut harness = show(Step::Restore, facts::unreachable());
    harness.get_by_role_and_label(Role::Heading, "Nothing here can bring us-east-1 back yet");
    assert_eq!(
        click(&mut harness, "Back to Diagnose: what to do"),
        expect(&Msg::Run(RunMsg::Show(Step::Diagnose)))
    );

    let mut run = facts::scaled_to_zero();
    run.restore.running = Some(Running { kind: ActionKind::Scale, started_at: ago(12), cancelling: false });
    run.restore.output = vec!["a line".to_owned()];
    let mut harness = show(Step::Restore, run);
    harness.get_by_role_and_label(Role::Heading, "Scale up us-east-1: it runs");
    assert!(harness.query_by_label("Type us-east-1 to confirm").is_none(), "one action at a time");
    assert_eq!(click(&mut harness, "Cancel the action"), expect(&Msg::Restore(RestoreMsg::Cancel)));

    let mut run = facts::scaled_to_zero();
    let outcome = Some(ActionOutcome::Done { message: "replicas 0 → 3".to_owned() });
    run.restore.finished.push(Finished { kind: ActionKind::Scale, at: ago(5), outcome });
    let mut harness = show(Step::Restore, run);
    assert!(harness.query_by_label("Scale up us-east-1").is_none(), "not twice by accident");
    assert_eq!(click(&mut harness, "Watch the rollout"), expect(&Msg::Run(RunMsg::Show(Step::Rollout))));
}

#[test]
fn a_rollout_that_failed_opens_the_plan_again() {
    let mut run = watched(&facts::deployment_facts(3, 0), vec![facts::crashing_pod("loft-a")]);
    let outcome = Some(ActionOutcome::Done { message: "restarted".to_owned() });
    run.restore.finished.push(Finished { kind: ActionKind::Restart, at: ago(50), outcome });
    let harness = show(Step::Restore, run);
    harness.get_by_role_and_label(Role::Heading, "Bring the platform in us-east-1 back");
    harness.get_by_label("Restart us-east-1");
}

fn watched(deployment: &DeploymentFacts, pods: Vec<failback::runbook::fact::Pod>) -> Run {
    let mut watch = RolloutWatch::start(ago(48), Duration::from_secs(600));
    let pods = PodsFacts { pods };
    watch.rollout = Some(rollout::judge(deployment, &pods, 3, &watch.track, watch.deadline, now()));
    let mut run = facts::crash_loop();
    run.rollout = Some(watch);
    run
}

#[test]
fn rollout_shows_progress_failure_and_a_lost_watch() {
    let going = watched(
        &facts::deployment_facts(3, 2),
        vec![facts::ready_pod("loft-a"), facts::starting_pod("loft-b")],
    );
    let harness = show(Step::Rollout, going);
    harness.get_by_role_and_label(Role::Heading, "New pods are coming up: 2 of 3 available");
    harness.get_by_role_and_label(Role::ProgressIndicator, "Available: 2 of 3");
    harness.get_by_label("runs, waits for its readiness probe");
    assert!(is_off(&harness, "Verify us-east-1"));

    let failed = watched(&facts::deployment_facts(3, 0), vec![facts::crashing_pod("loft-a")]);
    let mut harness = show(Step::Rollout, failed);
    harness.get_by_label_contains("loft-a: CrashLoopBackOff, 7 restarts");
    assert_eq!(click(&mut harness, "Back to Diagnose"), expect(&Msg::Run(RunMsg::Show(Step::Diagnose))));

    let done = watched(&facts::deployment_facts(3, 3), vec![facts::ready_pod("loft-a")]);
    let mut harness = show(Step::Rollout, done);
    harness.get_by_role_and_label(Role::Heading, "Rolled out: 3 of 3");
    assert_eq!(click(&mut harness, "Verify us-east-1"), expect(&Msg::Run(RunMsg::Show(Step::Verify))));

    let mut lost = watched(&facts::deployment_facts(3, 2), vec![]);
    lost.rollout.as_mut().unwrap().lost = Some(Why::new(WhyKind::Connection, "the connection was reset"));
    let mut harness = show(Step::Rollout, lost);
    harness.get_by_label_contains("the connection was reset");
    assert_eq!(click(&mut harness, "Watch again"), expect(&Msg::Run(RunMsg::WatchAgain)));
}

#[test]
fn verify_counts_looks_takes_reasons_and_ends() {
    let mut run = facts::repaired();
    run.verify.since = Some(ago(40));
    run.verify.looks.healthy_since = Some(ago(16));
    (run.verify.looks.passed, run.verify.looks.last_at) = (2, Some(ago(2)));
    let harness = show(Step::Verify, run);
    let headline = "us-east-1 is back. One more look in 8 s, then it counts as recovered";
    harness.get_by_role_and_label(Role::Heading, headline);
    harness.get_by_role_and_label(Role::ProgressIndicator, "Health check turns: after 24 s");
    harness.get_by_role_and_label(Role::ProgressIndicator, "Looks that passed: 2 of 3");

    let mut run = facts::repaired();
    keep(&mut run, Question::HealthCheck(US), facts::health("us.multi-region.example.com", false));
    run.verify.since = Some(ago(12));
    let harness = show(Step::Verify, run);
    harness.get_by_role_and_label(Role::Heading, "us-east-1 is turning healthy: about 18 s left");

    let mut run = facts::repaired();
    keep(&mut run, Question::Peers(US), Facts::Peers(PeersFacts::NoSuchType));
    run.open_checks.insert(("network-peers", Some(US)));
    let mut harness = show(Step::Verify, run);
    harness.get_by_label("us-east-1 does not count as recovered yet: 1 check could not be made");
    let accept = click(&mut harness, "Accept with a reason…");
    assert_eq!(accept, expect(&Msg::Run(RunMsg::Accept(("network-peers", Some(US))))));
    harness.state_mut().run.verify.accepting = Some((("network-peers", Some(US)), String::new()));
    harness.run();
    assert!(is_off(&harness, "Accept with this reason"));
    harness.state_mut().run.verify.accepting = Some((("network-peers", Some(US)), "seen online".to_owned()));
    harness.run();
    assert_eq!(click(&mut harness, "Accept with this reason"), expect(&Msg::Run(RunMsg::AcceptDone)));

    let mut run = facts::repaired();
    run.verify.looks.passed = 3;
    run.verify.recovered_at = Some(ago(0));
    let mut harness = show(Step::Verify, run);
    harness.get_by_role_and_label(Role::Heading, "Recovered: us-east-1 serves again");
    harness.get_by_label("was out for at least 12 min 40 s");
    assert_eq!(click(&mut harness, "Close the run"), expect(&Msg::Run(RunMsg::Leave)));
}

#[test]
fn verify_wants_warnings_read_and_says_once_that_it_could_not_look() {
    let mut run = facts::repaired();
    run.verify.since = Some(ago(300));
    let probe = match facts::probe("eu.multi-region.example.com", 200) {
        Facts::Probe(probe) => Facts::Probe(ProbeFacts { derp_status: Ok(404), ..probe }),
        other => panic!("{other:?}"),
    };
    keep(&mut run, Question::Probe(EU), probe);
    let mut harness = show(Step::Verify, run);
    let headline = "us-east-1 does not count as recovered yet: 1 warning waits for you to read it";
    harness.get_by_role_and_label(Role::Heading, headline);
    assert_eq!(
        click(&mut harness, "Acknowledge host eu-west-1"),
        expect(&Msg::Run(RunMsg::Acknowledge(("probe", Some(EU)))))
    );

    let mut run = facts::repaired();
    run.verify.since = Some(ago(300));
    for question in verify::questions(&run.profile, US) {
        keep_why(&mut run, question, WhyKind::Connection, "no route to host");
    }
    let mut harness = show(Step::Verify, run);
    let headline = format!("Could not look at us-east-1 since {}", words::clock(ago(3)));
    harness.get_by_role_and_label(Role::Heading, headline.as_str());
    assert_eq!(harness.query_all_by_label_contains("no route to host").count(), 1, "once");
    harness.get_by_label("Could not look");
    assert!(harness.query_by_label_contains("against it").is_none());
    harness.get_by_label_contains("Show the ").click();
    assert!(pushed(&mut harness)[0].contains("all-unread"));
}

#[test]
fn where_nothing_is_to_be_done_restore_says_so_and_offers_nothing() {
    let mut run = facts::repaired();
    run.seen_failing = false;
    let mut harness = show(Step::Restore, run);
    harness.get_by_role_and_label(Role::Heading, "us-east-1 is healthy: there is nothing to restore");
    assert!(harness.query_by_label("Type us-east-1 to confirm").is_none());
    assert!(harness.query_all_by_role(Role::RadioButton).next().is_none());
    assert_eq!(click(&mut harness, "Nothing to restore: leave"), expect(&Msg::Run(RunMsg::Leave)));

    let mut harness = show(Step::Restore, facts::repaired());
    let headline = "us-east-1 is healthy again: there is nothing left to restore";
    harness.get_by_role_and_label(Role::Heading, headline);
    assert_eq!(click(&mut harness, "Verify us-east-1"), expect(&Msg::Run(RunMsg::Show(Step::Verify))));
}

#[test]
fn a_plan_on_old_readings_looks_once_more() {
    let mut run = facts::scaled_to_zero();
    run.restore.typed = "us-east-1".to_owned();
    let health = facts::health("us.multi-region.example.com", false);
    let reading = Reading { answer: Ok(health), observed_at: ago(61), took: Duration::ZERO };
    run.readings.keep(Question::HealthCheck(US), reading);
    let harness = show(Step::Restore, run);
    assert!(harness.query_by_label("Scale up us-east-1").is_none());
    assert!(is_off(&harness, "Looks once more…"));
}

#[test]
fn what_was_done_by_hand_can_be_taken_back() {
    let mut run = facts::scaled_to_zero();
    run.restore.finished.push(Finished { kind: ActionKind::Scale, at: ago(5), outcome: None });
    let mut harness = show(Step::Restore, run);
    harness.get_by_label(&format!("Done by hand, said at {}", words::clock(ago(5))));
    harness
        .get_by_role_and_label(Role::Heading, "It was done by hand in us-east-1: watch its new pods come up");
    assert_eq!(
        click(&mut harness, "It was not done: take that back"),
        expect(&Msg::Restore(RestoreMsg::TakeBack))
    );
}

#[test]
fn the_frame_names_regions_steps_and_practice() {
    let mut run = facts::unreachable();
    run.step = Step::Diagnose;
    run.reached = Step::Diagnose;
    run.practice = Some(Practice {
        world: PracticeWorld {
            scenario: "cluster-unreachable".to_owned(),
            title: "Cluster unreachable".to_owned(),
            speed: 10.0,
            repaired_by_others: true,
            profile: run.profile.clone(),
            told_region: "us-east-1".to_owned(),
        },
        repaired: false,
    });
    let model = facts::model();
    let mut harness = shown_in([1280.0, 800.0], model, run);
    harness.get_by_label("us-east-1 failed");
    harness.get_by_label("eu-west-1 healthy");
    harness.get_by_label("12 min 40 s since the first failure seen");
    harness.get_by_label("Nothing here is real. Scenario: cluster unreachable, time × 10");
    assert_eq!(click(&mut harness, "Somebody repaired it"), expect(&Msg::Run(RunMsg::Repair)));
    assert_eq!(click(&mut harness, "End practice"), expect(&Msg::Run(RunMsg::Leave)));
    assert_eq!(click(&mut harness, "Variables"), expect(&Msg::Run(RunMsg::Variables)));
    assert_eq!(click(&mut harness, "1 Confirm failover"), expect(&Msg::Run(RunMsg::Show(Step::Confirm))));

    harness.state_mut().run.practice.as_mut().unwrap().repaired = true;
    harness.run();
    assert!(harness.query_by_label("Somebody repaired it").is_none());
}

#[test]
fn every_step_stays_inside_a_small_window_and_stands_still() {
    for step in Step::ALL {
        for mut run in [
            facts::run(),
            facts::failover(),
            facts::scaled_to_zero(),
            facts::unreachable(),
            facts::repaired(),
        ] {
            run.step = step;
            run.reached = step;
            let harness = shown_in([960.0, 640.0], facts::model(), run);
            for node in harness.root().children_recursive() {
                if node.accesskit_node().role() == Role::Button {
                    let rect = node.rect();
                    assert!(
                        rect.left() >= 0.0 && rect.right() <= 960.5,
                        "{step:?}: {rect:?} {:?}",
                        node.accesskit_node().label()
                    );
                }
            }
        }
    }
}
