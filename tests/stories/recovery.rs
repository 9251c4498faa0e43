//! From the failure to the recovered region.

use egui::Key;
use failback::journal::Happening;
use failback::practice::ChangingRequest;
use failback::runbook::action::ActionOutcome;

use super::lookup::has_tools;
use super::refusal::assert_nothing_can_be_done;
use super::story::Story;
use super::{EU, US};

#[test]
fn a_deployment_without_replicas_is_scaled_up() {
    let mut story = Story::practise("scaled-to-zero");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    confirm(&mut story, "Scale up us-east-1");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn a_crash_loop_ends_with_a_restart() {
    let mut story = Story::practise("crash-loop");
    to_restore(&mut story, "Go to Restore: restart the platform");
    confirm(&mut story, "Restart us-east-1");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn a_missing_deployment_is_applied_again_by_the_real_helm() {
    if !has_tools("a_missing_deployment_is_applied_again_by_the_real_helm", &["helm"]) {
        return;
    }
    let mut story = Story::practise("deployment-missing");
    to_restore(&mut story, "Go to Restore: re-apply the values file");
    confirm(&mut story, "Re-apply to us-east-1");
    to_recovered(&mut story);
    assert_only_helm_wrote(&story);
}

#[test]
fn what_others_repair_is_waited_for() {
    let mut story = Story::practise("cluster-unreachable");
    story.see("us-east-1 is out");
    story.click("Diagnose us-east-1");
    story.click("Show what to do");
    story.see("What to do");
    story.see("#platform-oncall (practice)");

    assert_nothing_can_be_done(&mut story, US);
    assert!(story.shows("Nothing here can bring us-east-1 back yet"));

    story.click("Somebody repaired it");
    story.click("2 Diagnose");
    story.click("Go to Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    story.see("nothing by this program");
    assert_no_fault(&mut story);
    story.assert_untouched();
}

#[test]
fn what_is_done_by_hand_is_asked_once_marked_as_that_and_can_be_taken_back() {
    let mut story = Story::practise("scaled-to-zero");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    story.click("say that you did");
    story.see("Scale up us-east-1: did you do it by hand?");
    story.click("No");
    story.see("Type us-east-1 to confirm");
    story.click("say that you did");
    story.click("Yes, I did it");
    story.see("Done by hand, said at ");
    story.click("It was not done: take that back");
    story.see("Type us-east-1 to confirm");
    assert!(!story.shows("Done by hand, said at "), "{:?}", story.texts());
    story.assert_untouched();
    let told: Vec<_> = story
        .journal()
        .into_iter()
        .filter_map(|entry| match entry.happening {
            Happening::DoneByHand { .. } => Some("done by hand"),
            Happening::TakenBack { .. } => Some("taken back"),
            _ => None,
        })
        .collect();
    assert_eq!(told, ["done by hand", "taken back"]);
}

#[test]
fn the_keyboard_alone_recovers_a_region() {
    let mut story = Story::practise("scaled-to-zero");
    story.see("Failover is active");
    story.tab_to("Diagnose us-east-1");
    story.key(Key::Enter);
    story.see("Go to Restore: scale up to 3");
    story.tab_to("Go to Restore: scale up to 3");
    story.key(Key::Space);
    story.see("Type us-east-1 to confirm");
    story.tab_to("Type us-east-1 to confirm");
    story.type_text(US);
    story.tab_to("Scale up us-east-1");
    story.key(Key::Enter);
    story.see("The action in us-east-1 is done");
    story.tab_to("Watch the rollout");
    story.key(Key::Space);
    story.see("Rolled out: 3 of 3");
    story.tab_to("Verify us-east-1");
    story.key(Key::Enter);
    story.see("Recovered: us-east-1 serves again");
    assert_one_patch(&story, US);
    story.tab_to("Close the run");
    story.key(Key::Enter);
    story.see("Set up an environment, or practise first");
}

/// Steps 1 and 2 up to the plan that fits the cause.
pub fn to_restore(story: &mut Story, advice: &str) {
    story.see("Failover is active: us-east-1 is out, eu-west-1 carries the traffic");
    story.click("Diagnose us-east-1");
    story.click(advice);
    story.see("Bring the platform in us-east-1 back");
}

/// The typed confirmation, and the wait for the action's end.
pub fn confirm(story: &mut Story, button: &str) {
    assert!(story.is_off(button));
    story.assert_untouched();
    story.fill("Type us-east-1 to confirm", US);
    story.click(button);
    story.see("The action in us-east-1 is done");
}

/// Steps 4 and 5. The button in its place leads on to step 5 once the region is healthy, which may be soon.
pub fn to_recovered(story: &mut Story) {
    story.click("4 Rollout");
    story.see("Rolled out: 3 of 3");
    story.click("Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    assert!(story.shows("us-east-1 healthy again"));
    assert!(story.world.is_repaired());
    assert!(story.shows("Save the report…") && story.shows("Hand over…"), "{:?}", story.texts());
    let is_last = |story: &Story| story.journal().iter().any(|entry| entry.happening == Happening::Recovered);
    story.until("the recovery is in the journal", is_last);
    let report = story.report();
    for part in [
        "recovered at 20",
        "| Restored: the rollout was done | 20",
        "### 1. ",
        "The rollout is done: 3 of 3",
        "### Step 5, Verify",
    ] {
        assert!(report.markdown.contains(part), "{part} is not in\n{}", report.markdown);
    }
    assert!(
        !report.markdown.contains("not reached") && report.html.contains("<h2>Timeline</h2>"),
        "{}",
        report.markdown
    );
    assert_no_fault(story);
}

/// What the practice run came to: nothing needless, nothing wrong, nothing left out.
#[track_caller]
pub fn assert_no_fault(story: &mut Story) {
    let debrief = super::people::debriefed(story);
    assert!(debrief.is_clean(), "{debrief:?}");
}

/// One write to the failed region, and none to a healthy one.
pub fn assert_one_patch(story: &Story, region: &str) {
    let requests = story.world.changing_requests();
    let [request] = requests.as_slice() else { panic!("not one request: {requests:?}") };
    assert_eq!((request.method.as_str(), request.region.as_str(), request.status), ("PATCH", region, 200));
    assert!(request.path.contains("/namespaces/vcluster-platform/deployments/loft"), "{request:?}");
    assert_noted(story, &requests, region);
}

/// Helm's writes to the failed region, and nothing else.
#[track_caller]
pub fn assert_only_helm_wrote(story: &Story) {
    let requests = story.world.changing_requests();
    assert!(!requests.is_empty());
    for request in &requests {
        assert_eq!(request.region, US, "{request:?}");
        assert!(request.user_agent.starts_with("Helm/"), "{request:?}");
    }
    assert_noted(story, &requests, US);
}

/// The intent was on disk before the first write, the outcome after the last.
fn assert_noted(story: &Story, requests: &[ChangingRequest], failed: &str) {
    let journal = story.journal();
    let intents: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.happening {
            Happening::Intent { region, command, .. } => Some((entry.at, region.as_str(), command)),
            _ => None,
        })
        .collect();
    let outcomes: Vec<_> = journal
        .iter()
        .filter_map(|entry| match &entry.happening {
            Happening::Outcome { outcome: ActionOutcome::Done { .. }, .. } => Some(entry.at),
            _ => None,
        })
        .collect();
    let ([(intended, region, command)], [ended]) = (intents.as_slice(), outcomes.as_slice()) else {
        panic!("not one intent and one outcome: {journal:?}")
    };
    assert_eq!(*region, failed);
    let healthy = if failed == US { EU } else { US };
    assert!(command.contains(failed) && !command.contains(healthy), "{command}");
    assert!(requests.iter().all(|request| *intended <= request.at && request.at <= *ended), "{journal:?}");
    let position = |at| journal.iter().position(|entry| entry.at == at);
    assert!(position(*intended) < position(*ended));
}
