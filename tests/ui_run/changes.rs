//! What a plan would change, on the screen of step 3.

use std::time::Duration;

use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use failback::app::model::Run;
use failback::app::msg::{Msg, RestoreMsg};
use failback::runbook::action::ActionKind;
use failback::runbook::fact::{Change, DiffLine, Facts, LostKeys, ObjectChange, PreviewFacts, Sign};
use failback::runbook::question::{Question, Reading};
use failback::runbook::step::Step;
use failback::runbook::verdict::{Why, WhyKind};

use super::facts::{self, US, ago, now};
use super::{Shown, click, expect, is_off, pushed, show};

/// A click on what is further down.
fn scrolled_click(harness: &mut Harness<'_, Shown>, label: &str) -> Vec<String> {
    harness.get_by_label(label).scroll_to_me();
    harness.run();
    click(harness, label)
}

/// A preview of the open plan.
fn preview_of(run: &mut Run, answer: Result<PreviewFacts, Why>) {
    let Some(plan) = run.selected_plan(now()) else { panic!("no plan is open") };
    let question = Question::Preview(US, plan.kind());
    let basis = plan.basis().to_owned();
    let answer = answer.map(|facts| Facts::Preview(PreviewFacts { basis, ..facts }));
    run.readings.keep(question, Reading { answer, observed_at: ago(2), took: Duration::from_secs(1) });
}

fn change(name: &str, change: Change) -> ObjectChange {
    let line = |sign, text: &str| DiffLine { sign, text: text.to_owned() };
    ObjectChange {
        kind: "Deployment".to_owned(),
        namespace: Some("vcluster-platform".to_owned()),
        name: name.to_owned(),
        change,
        lines: vec![
            line(Sign::Place, "from line 15"),
            line(Sign::Kept, "spec:"),
            line(Sign::Removed, "  replicas: 0"),
            line(Sign::Added, "  replicas: 3"),
            line(Sign::Kept, "  odd: \u{202e}\u{1b}[2J"),
        ],
        added: 1,
        removed: 1,
        cut: 7,
        effect: Some("0 → 3 pods".to_owned()),
        unsure: None,
        refused: None,
    }
}

#[test]
fn what_would_change_is_folded_by_object_and_opens_by_mouse_and_keyboard() {
    let mut run = facts::scaled_to_zero();
    run.restore.selected = Some(ActionKind::Scale);
    let facts = PreviewFacts {
        objects: vec![change("loft", Change::Changed)],
        unchanged: 3,
        lost_keys: Some(Ok(LostKeys { keys: vec!["admin.password".to_owned()], more: 0 })),
        ..PreviewFacts::default()
    };
    preview_of(&mut run, Ok(facts));
    let mut harness = show(Step::Restore, run);
    harness.get_by_label_contains("1 object: 1 changed; 3 stay as they are");
    harness.get_by_label_contains("so these go: admin.password. Put them into the values file to keep them");
    let row = "Deployment vcluster-platform/loft: changed, +1 −1; 0 → 3 pods";
    assert!(harness.query_by_label_contains("replicas: 3").is_none(), "it is folded");
    let toggle = Msg::Restore(RestoreMsg::ToggleChange(
        ActionKind::Scale,
        "Deployment vcluster-platform/loft".to_owned(),
    ));
    assert_eq!(click(&mut harness, row), expect(&toggle));
    harness.get_by_label(row).focus();
    harness.run();
    harness.key_press(egui::Key::Space);
    assert_eq!(pushed(&mut harness), expect(&toggle));

    let key = (ActionKind::Scale, "Deployment vcluster-platform/loft".to_owned());
    harness.state_mut().run.restore.open_changes.insert(key);
    harness.run();
    // The signs tell the sides apart as the colours do, and nothing steers the window.
    harness.get_by_label_contains("-   replicas: 0\n+   replicas: 3");
    harness.get_by_label_contains(r"odd: \u{202e}\u{1b}[2J");
    harness.get_by_label("7 more lines are not shown");
    let undo = "The command that undoes it";
    let toggle = RestoreMsg::ToggleChange(ActionKind::Scale, "the command that undoes it".to_owned());
    assert_eq!(scrolled_click(&mut harness, undo), expect(&Msg::Restore(toggle)));
}

#[test]
fn while_what_would_change_is_read_or_cannot_be_the_plan_can_be_confirmed() {
    let ready = || {
        let mut run = facts::scaled_to_zero();
        run.restore.selected = Some(ActionKind::Scale);
        run.restore.typed = "us-east-1".to_owned();
        run
    };
    let mut asking = ready();
    asking.readings.asked(Question::Preview(US, ActionKind::Scale), now());
    let mut failed = ready();
    preview_of(&mut failed, Err(Why::new(WhyKind::Forbidden, "https://us does not permit this (403)")));
    let mut refused = ready();
    let no =
        ObjectChange { refused: Some("field is immutable".to_owned()), ..change("loft", Change::Changed) };
    preview_of(&mut refused, Ok(PreviewFacts { objects: vec![no], ..PreviewFacts::default() }));
    for (run, said) in [
        (asking, "Reading what would change…"),
        (failed, "What would change could not be read: https://us does not permit this (403)"),
        (refused, "the server refuses it"),
    ] {
        let harness = show(Step::Restore, run);
        harness.get_by_label_contains(said);
        assert!(!is_off(&harness, "Scale up us-east-1"), "{said}");
    }
}

#[test]
fn many_objects_leave_the_confirmation_near() {
    let mut run = facts::scaled_to_zero();
    run.restore.selected = Some(ActionKind::Scale);
    let objects = (0..40).map(|n| change(&format!("loft-{n}"), Change::Changed)).collect();
    preview_of(&mut run, Ok(PreviewFacts { objects, ..PreviewFacts::default() }));
    let mut harness = show(Step::Restore, run);
    harness.get_by_label_contains("vcluster-platform/loft-4:");
    assert!(harness.query_by_label_contains("vcluster-platform/loft-5:").is_none());
    let toggle = RestoreMsg::ToggleChange(ActionKind::Scale, "more objects".to_owned());
    assert_eq!(scrolled_click(&mut harness, "35 more objects"), expect(&Msg::Restore(toggle)));
    harness.state_mut().run.restore.open_changes.insert((ActionKind::Scale, "more objects".to_owned()));
    harness.run();
    harness.get_by_label_contains("vcluster-platform/loft-39:");
    harness.get_by_label("Show fewer objects");
}
