//! Each scenario to its right end by the keyboard alone: Tab, Enter, Space and letters.

use egui::Key;

use super::US;
use super::lookup::has_tools;
use super::story::Story;

/// Goes to what has this name, and presses it.
fn press(story: &mut Story, name: &str) {
    story.see(name);
    story.tab_to(name);
    story.key(Key::Enter);
}

/// Steps 1 to 3.
fn act(scenario: &str, advice: &str, button: &str) -> Story {
    let mut story = Story::practise(scenario);
    press(&mut story, "Diagnose us-east-1");
    press(&mut story, advice);
    story.see("Type us-east-1 to confirm");
    story.tab_to("Type us-east-1 to confirm");
    story.type_text(US);
    press(&mut story, button);
    story.see("The action in us-east-1 is done");
    story
}

/// Steps 4 and 5.
fn to_recovered(story: &mut Story) {
    press(story, "Watch the rollout");
    story.see("Rolled out: 3 of 3");
    press(story, "Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    press(story, "Close the run");
    story.see("Set up an environment, or practise first");
}

#[test]
fn a_crash_loop_by_keyboard() {
    let mut story = act("crash-loop", "Go to Restore: restart the platform", "Restart us-east-1");
    to_recovered(&mut story);
}

#[test]
fn a_missing_deployment_by_keyboard() {
    if !has_tools("a_missing_deployment_by_keyboard", &["helm"]) {
        return;
    }
    let mut story =
        act("deployment-missing", "Go to Restore: re-apply the values file", "Re-apply to us-east-1");
    to_recovered(&mut story);
}

#[test]
fn an_unreachable_cluster_by_keyboard() {
    let mut story = Story::practise("cluster-unreachable");
    press(&mut story, "Diagnose us-east-1");
    press(&mut story, "Show what to do");
    press(&mut story, "Somebody repaired it");
    press(&mut story, "Go to Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    story.assert_untouched();
}

#[test]
fn a_false_alarm_by_keyboard() {
    let mut story = Story::practise("healthy");
    story.see("No health check fails: there is nothing to restore");
    press(&mut story, "Nothing to restore: leave");
    story.see("Set up an environment, or practise first");
    story.assert_untouched();
}
