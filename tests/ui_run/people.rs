//! Timeline, notes, what was done by hand, the time box, and what a practice run came to.

use egui::{Key, Modifiers, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::Queryable as _;
use failback::app::model::{Dialog, MOMENTS_A_PAGE, Model, Practice, Run, ScenarioCard, Screen};
use failback::app::msg::{Msg, RestoreMsg, RunMsg, TimelineMsg};
use failback::design;
use failback::engine::event::PracticeWorld;
use failback::journal::{Entry, Hand, Happening, Rehearsal};
use failback::runbook::action::ActionKind;
use failback::runbook::step::Step;
use failback::ui;
use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use super::facts::{self, ago, now};
use super::{Shown, assert_copies, click, expect, is_off, pushed, show, shown_in};

/// A run with an entry each second before now, whose journal is there.
fn noted(happenings: impl IntoIterator<Item = Happening>) -> Run {
    let mut run = facts::failover();
    run.folder = Some("/runs/one".into());
    let all: Vec<Happening> = happenings.into_iter().collect();
    let begin = all.iter().fold(now(), |at, _| at - SignedDuration::from_secs(1));
    for (second, happening) in (0..).zip(all) {
        run.record.add_entry(&Entry { at: begin + SignedDuration::from_secs(second), happening });
    }
    run
}

fn note(text: &str) -> Happening {
    Happening::Noted { text: text.to_owned() }
}

fn opened(practice: Option<Rehearsal>) -> Happening {
    Happening::Opened { environment: "acme".to_owned(), practice, by: Hand::default() }
}

fn timeline(mut run: Run, zone: TimeZone) -> Harness<'static, Shown> {
    run.timeline.is_open = true;
    let mut model = facts::model();
    model.zone = zone;
    shown_in([1280.0, 800.0], model, run)
}

fn shows(harness: &Harness<'_, impl Sized>, text: &str) -> bool {
    harness.query_all_by_label_contains(text).next().is_some()
}

/// The whole window on this model.
fn window(model: Model) -> Harness<'static, (Model, Vec<Msg>)> {
    let mut harness =
        Harness::builder().with_size([1280.0, 800.0]).with_context_setup(design::install).build_ui_state(
            |ui, (model, out): &mut (Model, Vec<Msg>)| ui::show(model, now(), ui, out),
            (model, Vec::new()),
        );
    harness.run();
    harness.state_mut().1.clear();
    harness
}

fn pushed_in(harness: &mut Harness<'_, (Model, Vec<Msg>)>) -> Vec<String> {
    harness.run();
    let out = std::mem::take(&mut harness.state_mut().1);
    out.iter().map(|msg| format!("{msg:?}")).collect()
}

#[test]
fn moments_stand_in_utc_and_in_the_persons_own_time_with_a_word_for_their_mark() {
    let failed = Happening::ToolEnded { intent: 1, exit_code: Some(1), output: "helm.log".to_owned() };
    let run = noted([opened(None), note("called the network team"), failed]);
    let harness = timeline(run, TimeZone::fixed(Offset::constant(2)));
    for text in
        ["02:41:58", "04:41:58", "called the network team", "ended with exit code 1", "Saturday 2026-08-01"]
    {
        assert!(shows(&harness, text), "{text}");
    }
    for word in ["The run", "Note", "Went wrong"] {
        assert!(harness.query_by_role_and_label(Role::Image, word).is_some(), "{word}");
    }
    // Where it is another day.
    let harness = timeline(noted([note("late")]), TimeZone::fixed(Offset::constant(-7)));
    assert!(shows(&harness, "19:41:59, the day before"));
    // In UTC one time is enough.
    let harness = timeline(noted([note("late")]), TimeZone::UTC);
    assert!(shows(&harness, "UTC is your own time, too"));
    assert_eq!(harness.query_all_by_label("02:41:59").count(), 1);
}

#[test]
fn details_are_folded_and_bounded_and_nothing_in_them_steers_the_screen() {
    let output = "\u{1b}[2J line\n".repeat(5_000);
    let by_hand = Happening::DoneByHand {
        action: ActionKind::Scale,
        command: "kubectl scale".to_owned(),
        output: Some(output),
    };
    let mut harness = timeline(noted([opened(None), by_hand]), TimeZone::UTC);
    assert!(!shows(&harness, "Command: kubectl scale"));
    assert_eq!(click(&mut harness, "Details"), expect(&Msg::Timeline(TimelineMsg::Unfold(1))));
    harness.state_mut().run.timeline.unfolded.insert(1);
    harness.run();
    assert!(shows(&harness, "Command: kubectl scale") && shows(&harness, r"\u{1b}[2J line"));
    assert!(shows(&harness, "4941 lines more in the run's journal"));
}

#[test]
fn ten_thousand_moments_are_leafed_through_a_page_at_a_time() {
    let mut harness = timeline(noted((0..10_000).map(|i| note(&format!("note {i}")))), TimeZone::UTC);
    assert!(shows(&harness, "note 9999") && shows(&harness, "Page 100 of 100"));
    assert!(harness.query_all_by_label_contains("note ").count() <= MOMENTS_A_PAGE);
    assert!(is_off(&harness, "Later"));
    assert_eq!(click(&mut harness, "Earlier"), expect(&Msg::Timeline(TimelineMsg::Back(1))));
    harness.state_mut().run.timeline.pages_back = 99;
    harness.run();
    assert!(shows(&harness, "note 0") && is_off(&harness, "Earlier"));
}

#[test]
fn a_clock_that_was_set_back_is_told() {
    let mut run = noted([opened(None), note("before")]);
    run.record.add_entry(&Entry { at: ago(4_000), happening: note("after") });
    let harness = timeline(run, TimeZone::UTC);
    assert!(shows(&harness, "This machine's clock was set back here"));
}

#[test]
fn enter_writes_a_note_down_and_the_keyboard_stays() {
    let mut run = noted([opened(None)]);
    run.timeline.draft = "called".to_owned();
    let mut harness = timeline(run, TimeZone::UTC);
    // The field has the keyboard from the first frame on.
    harness.key_press(Key::Enter);
    assert_eq!(pushed(&mut harness), expect(&Msg::Timeline(TimelineMsg::Note)));
    harness.event(egui::Event::Text("x".to_owned()));
    let typed = pushed(&mut harness);
    assert!(typed.iter().any(|msg| msg.contains("Draft(\"calledx\")")), "{typed:?}");
    assert_eq!(click(&mut harness, "Write down"), expect(&Msg::Timeline(TimelineMsg::Note)));
    harness.state_mut().run.timeline.is_cut = true;
    harness.run();
    assert!(shows(&harness, "A note has at most 4000 characters"));
    // Without a journal, or with nothing to write, it is off.
    harness.state_mut().run.folder = None;
    harness.run();
    assert!(is_off(&harness, "Write down"));
    harness.key_press(Key::Enter);
    assert!(pushed(&mut harness).is_empty());
}

#[test]
fn the_timeline_is_reached_by_its_button_and_by_keys_but_not_over_a_question() {
    let mut harness = show(Step::Diagnose, noted([opened(None)]));
    assert_eq!(click(&mut harness, "Timeline"), expect(&Msg::Timeline(TimelineMsg::Toggle)));
    harness.key_press_modifiers(Modifiers::COMMAND, Key::T);
    assert_eq!(pushed(&mut harness), expect(&Msg::Timeline(TimelineMsg::Toggle)));
    harness.state_mut().model.dialog = Some(Dialog::DiscardForm);
    harness.key_press_modifiers(Modifiers::COMMAND, Key::T);
    assert!(pushed(&mut harness).is_empty());
    let mut harness = timeline(noted([opened(None)]), TimeZone::UTC);
    assert_eq!(click(&mut harness, "Back to Confirm failover"), expect(&Msg::Timeline(TimelineMsg::Toggle)));
}

#[test]
fn the_timeline_stays_inside_a_small_window() {
    let mut run = noted([opened(None), note(&"long ".repeat(400)), note(&"x".repeat(3_000))]);
    run.timeline.is_open = true;
    let mut model = facts::model();
    model.zone = TimeZone::fixed(Offset::constant(-7));
    let harness = shown_in([720.0, 520.0], model, run);
    let button = harness.get_by_role_and_label(Role::Button, "Write down").rect();
    assert!(button.right() <= 720.0 && button.bottom() <= 520.0, "{button:?}");
}

/// A run whose step 1 has been the one to do for so long.
fn waiting(secs: i64) -> Run {
    let mut run = facts::failover();
    run.record.add_entry(&Entry { at: ago(secs), happening: opened(None) });
    run
}

#[test]
fn past_its_usual_time_a_step_says_whom_to_call() {
    let mut harness = show(Step::Confirm, waiting(300));
    assert!(!shows(&harness, "usually takes"));
    harness.state_mut().run = waiting(760);
    harness.state_mut().run.step = Step::Confirm;
    harness.run();
    assert!(shows(&harness, "Confirm failover usually takes 5 min, it is 12 min now"));
    assert!(shows(&harness, "Call for help: #platform-oncall"));
    let copied = click(&mut harness, "Copy whom to call");
    assert_copies(&copied, "escalation", "#platform-oncall");
    // Elsewhere only the rail says it.
    harness.state_mut().run.step = Step::Diagnose;
    harness.run();
    assert!(!shows(&harness, "Call for help: "));
}

#[test]
fn where_nobody_is_named_the_variables_are_a_click_away() {
    let mut run = waiting(760);
    let mut profile = facts::profile();
    profile.escalation = None;
    run.profile = profile.into();
    let mut harness = show(Step::Confirm, run);
    assert_eq!(click(&mut harness, "Add whom to call"), expect(&Msg::Run(RunMsg::Variables)));
}

fn by_hand(output: &str, is_cut: bool) -> Model {
    let mut model = facts::model();
    model.screen = Screen::Run;
    model.run = Some(facts::failover());
    let command = "kubectl scale deployment loft --replicas=3".to_owned();
    model.dialog =
        Some(Dialog::ByHand { kind: ActionKind::Scale, command, output: output.to_owned(), is_cut });
    model
}

#[test]
fn the_question_whether_it_was_done_has_the_command_and_takes_its_output() {
    let mut harness = window(by_hand("", false));
    assert!(harness.get_by_label("No").is_focused(), "the answer that changes nothing");
    harness.get_by_label("Copy the command").click();
    let copied = pushed_in(&mut harness);
    assert_copies(&copied, "by hand", "kubectl scale deployment loft");
    harness.get_by_label("Its output, if you like").focus();
    harness.run();
    harness.event(egui::Event::Paste("scaled\nto 3".to_owned()));
    let pasted = pushed_in(&mut harness);
    let expected = format!("{:?}", Msg::Restore(RestoreMsg::HandOutput("scaled\nto 3".to_owned())));
    assert!(pasted.contains(&expected), "{pasted:?}");
    assert!(harness.get_by_label("Its output, if you like").is_focused(), "the keyboard stays");
    harness.get_by_label("Yes, I did it").click();
    assert_eq!(pushed_in(&mut harness), expect(&Msg::Dialog(true)));
    let harness = window(by_hand("x", true));
    assert!(shows(&harness, "Only the first 64 KiB are kept"));
}

/// A practice run that recovered, with one needless action.
fn practised(recovered: bool) -> Run {
    let rehearsal =
        Rehearsal { scenario: "scaled-to-zero".to_owned(), title: "Scaled to zero".to_owned(), speed: 10.0 };
    let outcome = Happening::OutcomeSeen { outcome: "failover-active".to_owned(), sentence: String::new() };
    let restart = Happening::DoneByHand { action: ActionKind::Restart, command: String::new(), output: None };
    let mut happenings = vec![opened(Some(rehearsal)), outcome, restart];
    happenings.extend(recovered.then_some(Happening::Recovered));
    let mut run = noted(happenings);
    run.practice = Some(Practice {
        world: PracticeWorld {
            scenario: "scaled-to-zero".to_owned(),
            title: "Scaled to zero".to_owned(),
            speed: 10.0,
            repaired_by_others: false,
            profile: run.profile.clone(),
            told_region: "us-east-1".to_owned(),
        },
        repaired: false,
    });
    run.verify.looks.passed = 3;
    run
}

#[test]
fn a_practice_run_that_recovered_says_what_was_not_good_and_what_a_good_run_does() {
    let harness = show(Step::Verify, practised(true));
    for text in [
        "How it went: Scaled to zero",
        "Recovered. Next time without these:",
        "Could not help. The restart at 02:41:58 UTC: cannot help: there is no pod to restart",
        "after 3 s",
        "the world's own time passed × 10",
        "3. Restore: scale up (fits the cause)",
    ] {
        assert!(shows(&harness, text), "{text}");
    }
    // Before the recovery is on disk it is not judged.
    assert!(!shows(&show(Step::Verify, practised(false)), "How it went"));
    // A run that is no practice has none.
    assert!(!shows(&show(Step::Verify, noted([opened(None), Happening::Recovered])), "How it went"));
}

#[test]
fn the_start_screen_has_what_the_last_run_came_to_and_the_best_of_each_scenario() {
    let run = practised(true);
    let debrief = run.debrief().unwrap();
    let card = |id: &str, title: &str| ScenarioCard {
        id: id.to_owned(),
        title: title.to_owned(),
        summary: String::new(),
        about: String::new(),
    };
    let mut model =
        Model::new(vec![card("scaled-to-zero", "Scaled to zero"), card("crash-loop", "Crash loop")]);
    model.start.best.insert("scaled-to-zero".to_owned(), debrief.as_best().unwrap());
    model.start.debrief = Some(debrief);
    let mut harness = window(model);
    assert!(shows(&harness, "Best: recovered in 3 s at × 10, with 2 faults"));
    assert_eq!(harness.query_all_by_label_contains("Best: ").count(), 1);
    for (button, msg) in
        [("Try it again", "Practise(\"scaled-to-zero\")"), ("I have read it", "DismissDebrief")]
    {
        harness.get_by_label(button).click();
        assert_eq!(pushed_in(&mut harness), [format!("Start({msg})")]);
    }
}

#[test]
fn times_far_apart_do_not_stop_anything() {
    let mut run = noted([]);
    for at in [Timestamp::MIN, Timestamp::MAX, Timestamp::UNIX_EPOCH] {
        run.record.add_entry(&Entry { at, happening: note("odd") });
    }
    run.record.due =
        Some(failback::journal::replay::Due { step: Step::Confirm, since: Timestamp::MIN, told: false });
    for zone in [TimeZone::UTC, TimeZone::fixed(Offset::constant(-7)), TimeZone::fixed(Offset::MAX)] {
        let mut run_of = noted([]);
        run_of.record = run.record.clone();
        let harness = timeline(run_of, zone);
        assert!(shows(&harness, "odd"));
    }
}
