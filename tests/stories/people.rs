//! What people write down, say that they did, and learn of a practice run.

use egui::{Key, Modifiers};
use failback::app::model::{Debrief, Ending, Run};
use failback::journal::Happening;

use super::US;
use super::recovery::{assert_no_fault, confirm, to_recovered, to_restore};
use super::story::Story;

/// What a practice run came to, once its recovery is in its journal.
#[track_caller]
pub fn debriefed(story: &mut Story) -> Debrief {
    let debrief = |story: &Story| story.window().model().run.as_ref().and_then(Run::debrief);
    let is_recovered = |debrief: &Debrief| debrief.ending == Ending::Recovered;
    story.until("the recovery in the journal", |story| debrief(story).as_ref().is_some_and(is_recovered));
    debrief(story).unwrap()
}

fn notes(story: &Story) -> Vec<String> {
    let note = |happening| match happening {
        Happening::Noted { text } => Some(text),
        _ => None,
    };
    story.journal().into_iter().filter_map(|entry| note(entry.happening)).collect()
}

#[test]
fn a_note_is_written_by_keyboard_alone_masked_and_seen_in_the_timeline() {
    let mut story = Story::practise("scaled-to-zero");
    story.see("Failover is active");
    story.harness().key_press_modifiers(Modifiers::COMMAND, Key::T);
    story.see("What was found, decided and done in this run");
    // The keyboard is where one writes.
    story.type_text("Called the network team, password=hunter2hunter2 \u{202e}\u{1b}[2J");
    story.key(Key::Enter);
    story.see(r"Called the network team, password=*** \u{202e}\u{1b}[2J");
    assert_eq!(notes(&story), ["Called the network team, password=*** \u{202e}\u{1b}[2J"]);
    assert_eq!(story.typed("Write down what you see or do"), [""]);
    story.type_text("and again");
    story.key(Key::Enter);
    story.see("and again");
    story.harness().key_press_modifiers(Modifiers::COMMAND, Key::T);
    story.see("Failover is active: us-east-1 is out");
    assert!(!story.shows("and again"));
}

#[test]
fn what_was_done_by_hand_is_kept_with_its_output_masked() {
    let mut story = Story::practise("scaled-to-zero");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    story.click("say that you did");
    story.fill("Its output, if you like", "deployment.apps/loft scaled\ntoken: abcdefghijklmnop");
    story.click("Yes, I did it");
    story.see("Pasted output");
    story.see("token: ***");
    let outputs: Vec<Option<String>> = story
        .journal()
        .into_iter()
        .filter_map(|entry| match entry.happening {
            Happening::DoneByHand { output, .. } => Some(output),
            _ => None,
        })
        .collect();
    assert_eq!(outputs, [Some("deployment.apps/loft scaled\ntoken: ***".to_owned())]);
    story.assert_untouched();
}

#[test]
fn a_restart_that_cannot_help_is_named_when_the_run_has_recovered() {
    let mut story = Story::practise("scaled-to-zero");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    story.click("Restart the platform");
    story.fill("Type us-east-1 to confirm", US);
    story.fill("Why do it all the same?", "to see what it does");
    story.click("Restart us-east-1");
    // Nothing runs, so its rollout is no success, and the plans are there again.
    story.see("The rollout after ");
    story.click("Scale up to 3");
    story.fill("Type us-east-1 to confirm", US);
    story.click("Scale up us-east-1");
    story.click("4 Rollout");
    story.see("Rolled out: 3 of 3");
    story.click("Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    let debrief = debriefed(&mut story);
    let [wrong] = debrief.wrong.as_slice() else { panic!("{debrief:?}") };
    assert!(wrong.ends_with("UTC: cannot help: there is no pod to restart"), "{wrong}");
    assert_eq!((debrief.needless.len(), debrief.missing.len()), (0, 0), "{debrief:?}");
    story.see("Recovered. Next time without these:");
    story.see("Could not help. The restart at ");
}

#[test]
fn a_false_alarm_is_left_and_that_was_right() {
    let mut story = Story::practise("healthy");
    story.click("Nothing to restore: leave");
    story.see("Right: nothing was to be done here, and nothing was done");
    story.see("Best: nothing changed, left after ");
    story.click("I have read it");
    assert!(!story.shows("Right: nothing was to be done here"));
}

#[test]
fn a_run_that_is_left_early_says_what_is_missing_and_can_be_tried_again() {
    let mut story = Story::practise("crash-loop");
    story.see("Failover is active");
    story.click("End practice");
    story.see("Not finished. What a next run can do better:");
    story.see("Was left out. Nothing was done against “crash loop”: restart fits it");
    story.click("Try it again");
    story.see("Failover is active");
}

#[test]
fn the_best_run_stands_on_the_scenarios_card() {
    let mut story = Story::practise("scaled-to-zero");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    confirm(&mut story, "Scale up us-east-1");
    to_recovered(&mut story);
    story.see("Recovered, with nothing needless, wrong or left out");
    assert_no_fault(&mut story);
    story.click("Close the run");
    story.see("Best: recovered in ");
    assert!(story.shows(" at × 60, without a fault"));
    assert!(!story.shows("How it went"), "it was on the screen before");
}
