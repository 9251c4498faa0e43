//! The start screen, the form and the dialogs: what they show of a model, and
//! which messages they push.

#![allow(clippy::unwrap_used, reason = "a test")]

mod fixtures;

use egui::{Key, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use egui_kittest::kittest::Queryable as _;
use failback::app::model::{Closing, Dialog, Form, LeftRunning, Model, Screen};
use failback::app::msg::{FormMsg, Msg, StartMsg};
use failback::engine::job::SessionId;
use failback::environment::{Draft, Field, RegionDraft, RegionField, validate};
use failback::runbook::action::ActionKind;
use failback::runbook::fact::{HealthCheckSettings, ListedHealthCheck};
use failback::runbook::interrupted::Interrupted;
use failback::{design, ui};

use fixtures::{Answer, NOW, draft, problem, start};

struct Shown {
    model: Model,
    out: Vec<Msg>,
}

fn show_at(model: Model, size: [f32; 2]) -> Harness<'static, Shown> {
    let mut harness = Harness::builder()
        .with_size(size)
        .with_context_setup(|ctx| {
            design::install(ctx);
            ctx.set_theme(Theme::Dark);
        })
        .build_ui_state(
            |ui, shown: &mut Shown| ui::show(&shown.model, NOW, ui, &mut shown.out),
            Shown { model, out: Vec::new() },
        );
    // panics while something asks for frame after frame
    harness.run();
    harness
}

fn show(model: Model) -> Harness<'static, Shown> {
    show_at(model, [1280.0, 800.0])
}

fn with_form(form: Form) -> Model {
    let mut model = start(&[]);
    model.screen = Screen::Form;
    model.form = Some(form);
    model
}

fn click(harness: &mut Harness<'_, Shown>, name: &str) {
    harness.get_by_role_and_label(Role::Button, name).click();
    harness.run();
}

#[test]
fn the_first_start_offers_both_ways_without_scrolling() {
    let mut harness = show(start(&[]));
    for (role, name) in [
        (Role::Heading, "Set up an environment"),
        (Role::Heading, "Practise a recovery"),
        (Role::Button, "Start Scaled to zero"),
        (Role::Button, "Start False alarm"),
    ] {
        let node = harness.get_by_role_and_label(role, name);
        assert!(node.rect().bottom() <= 800.0, "{name} is below the window: {:?}", node.rect());
    }
    click(&mut harness, "New environment…");
    click(&mut harness, "Start False alarm");
    let out = &harness.state().out;
    let [Msg::Start(StartMsg::New), Msg::Start(StartMsg::Practise(id))] = &out[..] else { panic!("{out:?}") };
    assert_eq!(id, "false-alarm");
}

#[test]
fn a_card_says_what_the_health_checks_come_to() {
    use Answer::{Disabled, None, SignedOut, Succeed};
    for (answers, word, open, line) in [
        ([Succeed(0), Succeed(16)], "1 region failing", "Recover us-east-1, acme-prod", "0 of 16 checkers"),
        ([Succeed(16), Succeed(2)], "1 region failing", "Recover eu-west-1, acme-prod", "2 of 16 checkers"),
        ([Succeed(0), Succeed(0)], "All regions failing", "Open, acme-prod", "0 of 16 checkers"),
        ([Succeed(16), Succeed(3)], "All healthy", "Open, acme-prod", "3 of 16 checkers"),
        ([Disabled, Succeed(16)], "Could not check", "Open, acme-prod", "disabled: always counts as healthy"),
        (
            [SignedOut, SignedOut],
            "Could not check",
            "Open, acme-prod",
            "Run aws sso login --profile prod, then check again",
        ),
        ([None, Succeed(16)], "Checking", "Open, acme-prod", "checking"),
    ] {
        let mut harness = show(start(&[("acme-prod", answers)]));
        assert!(harness.query_by_role_and_label(Role::Label, word).is_some(), "{answers:?}: no {word}");
        assert!(harness.query_all_by_label(line).next().is_some(), "{answers:?}: no {line}");
        click(&mut harness, open);
        let out = &harness.state().out;
        assert!(
            matches!(&out[..], [Msg::Start(StartMsg::Open(name))] if name == "acme-prod"),
            "{answers:?}: {out:?}"
        );
    }
}

#[test]
fn each_card_has_its_own_buttons() {
    let healthy = [Answer::Succeed(16); 2];
    let mut harness = show(start(&[("a", healthy), ("b", healthy)]));
    for name in ["Edit b", "Duplicate b", "Delete b", "Check b again"] {
        click(&mut harness, name);
    }
    let out = format!("{:?}", harness.state().out);
    let expected = r#"[Start(Edit("b")), Start(Duplicate("b")), Start(Delete("b")), Start(CheckAgain("b"))]"#;
    assert_eq!(out, expected);
}

#[test]
fn a_damaged_file_is_shown_with_its_reason_and_remedy() {
    let mut model = start(&[]);
    model.start.listing.as_mut().unwrap().problems.push(problem());
    let harness = show(model);
    harness.get_by_label("/config/environments/old.toml could not be loaded and was left untouched");
    harness.get_by_label("line 7: unknown key “replica”\nCorrect the file, or move it out of the folder.");
}

#[test]
fn the_folder_can_be_read_again_with_and_without_environments() {
    let healthy = [Answer::Succeed(16); 2];
    for (environments, name) in
        [(&[("a", healthy)][..], "Reload the saved environments"), (&[][..], "Reload")]
    {
        let mut model = start(environments);
        model.start.listing.as_mut().unwrap().problems.push(problem());
        let mut harness = show(model);
        click(&mut harness, name);
        let out = &harness.state().out;
        assert!(matches!(out[..], [Msg::Start(StartMsg::Reload)]), "{out:?}");
    }
}

#[test]
fn nothing_else_is_started_while_a_practice_world_starts() {
    let mut model = start(&[]);
    model.start.starting = Some("Crash loop".to_owned());
    let mut harness = show(model);
    harness.get_by_label("Starting…");
    assert!(harness.query_by_label("Start Crash loop").is_none());
    click(&mut harness, "Start False alarm");
    assert!(harness.state().out.is_empty(), "{:?}", harness.state().out);
}

#[test]
fn an_error_stands_at_its_field_only_after_it_was_touched_or_saved() {
    let errors = validate(&Draft::default()).unwrap_err();
    let of = |field| errors.iter().find(|error| error.field == field).unwrap().message.clone();
    let (name, id) = (of(Field::Name), of(Field::Region(0, RegionField::HealthCheckId)));
    let shows = |form: Form| {
        let harness = show(with_form(form));
        [&name, &id].map(|message| harness.query_all_by_label(message).next().is_some())
    };
    let form = || Form::new(Draft::default(), None, None);
    assert_ne!(name, id);
    assert_eq!(shows(form()), [false, false]);
    assert_eq!(shows(Form { touched: [Field::Name].into(), ..form() }), [true, false]);
    assert_eq!(shows(Form { save_tried: true, ..form() }), [true, true]);
}

#[test]
fn typing_tells_the_field_and_its_text() {
    let mut harness = show(with_form(Form::new(Draft::default(), None, None)));
    harness.get_by_role_and_label(Role::TextInput, "Name").focus();
    harness.run();
    harness.get_by_role_and_label(Role::TextInput, "Name").type_text("acme");
    harness.run();
    let out = &harness.state().out;
    assert!(matches!(&out[..], [Msg::Form(FormMsg::Text(Field::Name, text))] if text == "acme"), "{out:?}");
}

#[test]
fn saving_takes_the_focus_to_what_is_wrong() {
    let mut wrong = draft("acme-prod");
    wrong.replicas = "none".to_owned();
    let home = std::env::temp_dir();
    let mut harness = show(with_form(Form::new(wrong, None, Some(home))));
    click(&mut harness, "Save");
    assert!(matches!(harness.state().out[..], [Msg::Form(FormMsg::Save)]));
    assert!(harness.get_by_role_and_label(Role::TextInput, "Replicas").is_focused());
}

#[test]
fn a_context_is_chosen_from_the_kubeconfig() {
    let mut form = Form::new(Draft::default(), None, None);
    form.contexts = Some(Ok(vec!["lab".to_owned(), "prod-us".to_owned()]));
    form.judge(NOW);
    let mut harness = show(with_form(form));
    harness.get_all_by_label("Choose Context").next().unwrap().click();
    harness.run();
    click(&mut harness, "prod-us");
    let out = &harness.state().out;
    let field = Field::Region(0, RegionField::Context);
    assert!(
        matches!(&out[..], [Msg::Form(FormMsg::Chosen(of, text))] if *of == field && text == "prod-us"),
        "{out:?}"
    );
}

#[test]
fn the_form_reads_account_and_cluster_out_of_the_arn() {
    let mut form = Form::new(draft("acme-prod"), Some("acme-prod".to_owned()), None);
    form.contexts = Some(Ok(form.draft.regions.iter().map(|region| region.context.clone()).collect()));
    form.judge(NOW);
    let harness = show_at(with_form(form), [960.0, 640.0]);
    assert_eq!(harness.query_all_by_label("account 123456789012").count(), 2);
    harness.get_by_label("Region us-east-1, cluster platform-multi-region-us-east-1");
}

/// A form whose values files and health checks were read.
fn looked_around() -> Form {
    let mut form = Form::new(draft("acme-prod"), Some("acme-prod".to_owned()), Some(std::env::temp_dir()));
    form.contexts = Some(Ok(form.draft.regions.iter().map(|region| region.context.clone()).collect()));
    let check = |region: &RegionDraft| ListedHealthCheck {
        id: region.health_check_id.clone(),
        host: Some(region.host.clone()),
        settings: HealthCheckSettings {
            check_type: "HTTPS".to_owned(),
            host: Some(region.host.clone()),
            interval_secs: 10,
            failure_threshold: 3,
            ..HealthCheckSettings::default()
        },
    };
    form.discovery.health_checks = Some(Ok(form.draft.regions.iter().map(check).collect()));
    form.discovery.aws_profiles = Some(Ok(vec!["lab".to_owned(), "prod".to_owned()]));
    form.judge(NOW);
    form
}

#[test]
fn the_usual_fields_are_in_sight_and_a_small_window_scrolls_to_them() {
    let form = looked_around();
    let harness = show(with_form(form));
    for name in ["Name", "AWS profile", "Shared host", "Chart version", "Replicas", "Call for help"] {
        let node = harness.get_by_role_and_label(Role::TextInput, name);
        assert!(node.rect().bottom() <= 780.0, "{name} is below the window: {:?}", node.rect());
    }
    harness.get_by_label("watches us.multi-region.example.com, every 10 s, 3 failures");
    harness.get_by_role_and_label(Role::Link, "Names and addresses");

    let mut small = show_at(with_form(looked_around()), [720.0, 520.0]);
    let field =
        |harness: &Harness<'_, Shown>| harness.get_by_role_and_label(Role::TextInput, "Call for help").rect();
    assert!(field(&small).bottom() > 520.0);
    small.get_by_role_and_label(Role::TextInput, "Call for help").scroll_to_me();
    small.run();
    assert!(field(&small).bottom() <= 520.0 && field(&small).right() <= 720.0, "{:?}", field(&small));
}

#[test]
fn a_list_is_opened_and_left_by_the_keyboard_alone() {
    let mut harness = show(with_form(looked_around()));
    harness.get_by_role_and_label(Role::Button, "Choose AWS profile").focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert!(harness.get_by_role_and_label(Role::Button, "prod").is_focused(), "what is in the field");
    harness.key_press(Key::ArrowUp);
    harness.run();
    assert!(harness.get_by_role_and_label(Role::Button, "lab").is_focused());
    harness.key_press(Key::Enter);
    harness.run();
    let out = std::mem::take(&mut harness.state_mut().out);
    assert!(
        matches!(&out[..], [Msg::Form(FormMsg::Chosen(Field::AwsProfile, name))] if name == "lab"),
        "{out:?}"
    );
    assert!(harness.query_by_role_and_label(Role::Button, "lab").is_none(), "the list is closed");
    assert!(harness.get_by_role_and_label(Role::TextInput, "AWS profile").is_focused());

    harness.get_all_by_label("Choose Health check").next().unwrap().click();
    harness.run();
    harness.get_by_label_contains("us.multi-region.example.com   3f1c");
    harness.key_press(Key::Escape);
    harness.run();
    assert!(harness.query_by_label_contains("us.multi-region.example.com   3f1c").is_none());
    assert!(harness.state().out.is_empty(), "{:?}", harness.state().out);
}

#[test]
fn test_all_is_offered_until_it_runs_and_what_is_folded_can_be_opened() {
    let mut harness = show(with_form(looked_around()));
    click(&mut harness, "Test all");
    assert!(matches!(harness.state().out[..], [Msg::Form(FormMsg::TestAll)]));
    harness.get_by_role_and_label(Role::Link, "Names and addresses").click();
    harness.run();
    assert!(matches!(harness.state().out[..], [_, Msg::Form(FormMsg::ToggleMore)]));

    let harness = show(with_form(Form { more: true, ..looked_around() }));
    for name in ["Chart archive", "Database VPC", "Database security group", "Database port", "Kubeconfig"] {
        harness.get_by_role_and_label(Role::TextInput, name);
    }
}

#[test]
fn a_dialog_waits_with_the_focus_on_no_and_escape_says_no() {
    for (dialog, yes, no) in [
        (Dialog::Delete { name: "a".to_owned() }, "Delete a", "Cancel"),
        (Dialog::DiscardForm, "Discard changes", "Keep editing"),
        (Dialog::LeaveWhileRunning { quit: false }, "Leave the run", "Stay"),
        (Dialog::LeaveWhileRunning { quit: true }, "Stop it and close", "Stay"),
    ] {
        let answer = |act: &dyn Fn(&mut Harness<'static, Shown>)| {
            let mut model = start(&[]);
            model.dialog = Some(dialog.clone());
            let mut harness = show(model);
            assert!(harness.get_by_role_and_label(Role::Button, no).is_focused(), "{dialog:?}");
            act(&mut harness);
            harness.run();
            let out = &harness.state().out;
            let [Msg::Dialog(answer)] = out[..] else { panic!("{dialog:?}: {out:?}") };
            answer
        };
        assert!(!answer(&|harness| harness.key_press(Key::Escape)));
        assert!(!answer(&|harness| harness.key_press(Key::Enter)));
        assert!(!answer(&|harness| harness.get_by_role_and_label(Role::Button, no).click()));
        assert!(answer(&|harness| harness.get_by_role_and_label(Role::Button, yes).click()));
    }
}

#[test]
fn deleting_names_the_file_that_goes() {
    let mut model = start(&[("a", [Answer::Succeed(16); 2])]);
    model.dialog = Some(Dialog::Delete { name: "a".to_owned() });
    let harness = show(model);
    harness.get_by_label("Its file /config/environments/a.toml is removed. Runs stay in the journal.");
}

#[test]
fn an_interrupted_action_stands_before_everything_else_until_somebody_has_looked() {
    let mut model = start(&[("acme", [Answer::Succeed(16); 2])]);
    let of = |region: &str, alive| Interrupted {
        environment: "acme".to_owned(),
        action: "restart".to_owned(),
        region: region.to_owned(),
        context: "us".to_owned(),
        at: "2026-03-04T02:41:07Z".parse().unwrap(),
        run: "/runs/1".into(),
        intent: 1,
        tool: None,
        alive,
        unknown_entries: 0,
    };
    model.start.look_back.interrupted = vec![of("us-east-1", None), of("eu-west-1", Some(true))];
    let mut harness = show(model);
    let sentence =
        "restart of us-east-1 was sent at 02:41:07 UTC, its outcome is not known: look before you repeat it";
    let told = harness.get_by_label(sentence).rect().bottom();
    let card = harness.get_by_role_and_label(Role::Button, "Open, acme").rect().top();
    assert!(told < card, "{told} is not above {card}");
    // What still runs cannot be put aside.
    let over = harness.get_by_role_and_label(Role::Button, "I have looked at the restart of eu-west-1");
    assert!(over.accesskit_node().is_disabled());
    click(&mut harness, "I have looked at the restart of us-east-1");
    let out = &harness.state().out;
    let [Msg::Start(StartMsg::Looked(looked))] = &out[..] else { panic!("{out:?}") };
    assert_eq!(looked.region, "us-east-1");
}

#[test]
fn while_the_window_closes_it_says_what_it_waits_for() {
    let left = |closing| {
        let mut model = start(&[]);
        model.closing = closing;
        model.left_running.push(LeftRunning {
            session: SessionId(1),
            environment: "acme".to_owned(),
            region: "us-east-1".to_owned(),
            kind: ActionKind::Restart,
            started_at: NOW,
        });
        show(model)
    };
    left(None).get_by_label("restart of us-east-1 goes on since 14:13:20 UTC. Open acme to see it");
    let harness = left(Some(Closing { since: NOW, is_finishing: true }));
    harness.get_by_label(
        "The restart of us-east-1 is being stopped. The window closes once its outcome is in the journal, \
         after 15 s at most",
    );
}
