//! Where nothing may be done, nothing can be done.

use egui::Key;
use failback::runbook::action::ActionKind;

use super::story::Story;
use super::{EU, US};

const FIELD: &str = "Type us-east-1 to confirm";
const REASON: &str = "Why do it all the same?";

#[test]
fn a_false_alarm_ends_with_nothing_to_restore() {
    let mut story = Story::practise("healthy");
    story.see("No health check fails: there is nothing to restore");
    assert_no_plan(&mut story, "us-east-1 is healthy: there is nothing to restore");
    story.click("1 Confirm failover");
    story.click("Nothing to restore: leave");
    story.see("Set up an environment, or practise first");
    story.assert_untouched();
}

#[test]
fn only_the_failed_region_s_name_confirms() {
    let mut story = Story::practise("scaled-to-zero");
    story.click("Diagnose us-east-1");
    story.click("Go to Restore: scale up to 3");
    for typed in ["", EU, "us-east", "us-east-11", "US-EAST-1", " us-east-1", "us-east-1 ", "yes"] {
        story.fill(FIELD, typed);
        story.key(Key::Enter);
        story.see("Type us-east-1 first");
        story.click_though_off("Scale up us-east-1");
    }
    // the right name alone does nothing either, and Cancel takes it back
    story.fill(FIELD, US);
    story.key(Key::Enter);
    story.click("Cancel");
    story.see("Type us-east-1 first");
    story.click_though_off("Scale up us-east-1");
    story.assert_untouched();
}

#[test]
fn a_healthy_region_is_not_touched_whoever_named_it() {
    let mut story = Story::told("scaled-to-zero", EU);
    story.see("us-east-1 is the one that fails");
    assert_no_plan(&mut story, "eu-west-1 is healthy and carries the traffic: nothing here touches it");
    assert!(story.shows("us-east-1 is the one that fails"));

    story.click("1 Confirm failover");
    story.click("Take us-east-1 for the failed region");
    story.see("Failover is active: us-east-1 is out, eu-west-1 carries the traffic");
    story.click("Diagnose us-east-1");
    story.see("Go to Restore: scale up to 3");
    story.assert_untouched();
}

/// Step 3 says in a sentence that nothing is to be done: no action to choose, no field, no reason asked for.
#[track_caller]
pub fn assert_no_plan(story: &mut Story, sentence: &str) {
    story.click("3 Restore");
    story.see(sentence);
    assert!(story.options().is_empty(), "{:?}", story.options());
    assert!(!story.shows(REASON) && !story.shows("to confirm"), "{:?}", story.texts());
    story.assert_untouched();
}

/// Step 3: each action's button is off, though the right name is typed and a
/// reason is given where one is asked for.
#[track_caller]
pub fn assert_nothing_can_be_done(story: &mut Story, region: &str) {
    story.click("3 Restore");
    let options = story.options();
    // A rollback is offered where a release is pending, and nowhere else.
    assert_eq!(options.len(), ActionKind::ALL.len() - 1, "{options:?}");
    for option in options {
        story.click(&option);
        if story.shows(REASON) {
            story.fill(REASON, "I want to");
        }
        story.fill(&format!("Type {region} to confirm"), region);
        let verb = ["Scale up", "Restart"].into_iter().find(|verb| option.starts_with(verb));
        story.click_though_off(&format!("{} {region}", verb.unwrap_or("Re-apply to")));
    }
    story.assert_untouched();
}
