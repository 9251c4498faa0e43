//! Every widget of the design system in both themes: it has a name, can be
//! reached by keyboard, answers, and stands still.

mod screens;

use std::cell::Cell;

use egui::{Key, Role, Theme};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use failback::design::{self, LogRow, LogView, Tone, log_view, region_picture};

use screens::{CHECKS, COMMAND, Screen, State, gallery};

fn screen(theme: Theme, screen: Screen) -> Harness<'static, State> {
    let state = State { screen, lines: 1000, ..State::default() };
    let mut harness = Harness::builder()
        .with_size([1280.0, 800.0])
        .with_theme(theme)
        .with_context_setup(move |ctx| {
            design::install(ctx);
            ctx.set_theme(theme);
        })
        .build_ui_state(gallery, state);
    // panics while something asks for frame after frame, and on a nameless widget
    harness.run();
    harness
}

/// Names that can be reached with Tab, in order, until the first one comes again.
fn tab_order(harness: &mut Harness<'_, State>) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for _ in 0..80 {
        harness.key_press(Key::Tab);
        harness.run();
        let name = harness
            .root()
            .children_recursive()
            .find(egui_kittest::Node::is_focused)
            .and_then(|node| node.accesskit_node().label())
            .unwrap_or_default();
        if names.first() == Some(&name) {
            return names;
        }
        names.push(name);
    }
    panic!("Tab does not come round: {names:?}");
}

const SCREENS: [(Screen, &[&str]); 5] = [
    (
        Screen::Confirm,
        &[
            "Diagnose us-east-1",
            "1 Confirm failover",
            "5 Verify",
            "Variables",
            "Report and handover",
            "Timeline",
            "Commands",
        ],
    ),
    (
        Screen::Diagnose,
        &[
            "Somebody repaired it",
            "End practice",
            "Show how to open the port…",
            "2 other causes",
            "Database port: Fail, 3306 closed for 10.0.0.0/16, normal: open",
            "Copy Database port",
            "Network ACLs: ?, not permitted to look",
        ],
    ),
    (
        Screen::Restore,
        &[
            "Scale up to 3. Fits the cause. About 1 minute",
            "Import…",
            "Copy the command",
            "Type us-east-1 to confirm",
            "Cancel",
        ],
    ),
    (Screen::Rollout, &["Copy the log"]),
    (
        Screen::Variables,
        &["Name", "AWS profile", "Call for help", "Values file", "Choose Values file", "Regional host"],
    ),
];

#[test]
fn everything_that_can_be_acted_on_has_a_name_and_is_reached_with_tab() {
    for theme in [Theme::Dark, Theme::Light] {
        for (name, expected) in SCREENS {
            let mut harness = screen(theme, name);
            let reached = tab_order(&mut harness);
            for label in expected {
                assert!(reached.iter().any(|name| name == label), "{name:?}: {label} is not in {reached:?}");
            }
            assert!(!reached.iter().any(String::is_empty), "{name:?}: a nameless stop in {reached:?}");
        }
    }
}

#[test]
fn what_is_shown_is_there_to_be_read_out() {
    for (name, role, labels) in [
        (Screen::Confirm, Role::Heading, &["Our own look"][..]),
        (Screen::Confirm, Role::Label, &["Failing", "us-east-1 failed", "Could not check", "Checking"]),
        (Screen::Confirm, Role::Image, &["Both regions, live"]),
        (Screen::Rollout, Role::ProgressIndicator, &["Updated: 3 of 3", "Old, ending: 1"]),
    ] {
        let harness = screen(Theme::Dark, name);
        for label in labels {
            assert!(harness.query_by_role_and_label(role, label).is_some(), "{name:?}: no {role:?} {label}");
        }
    }
    let harness = screen(Theme::Dark, Screen::Confirm);
    let strip = "eu-west-1: HTTP 503, 6 of 24 observations passed";
    assert!(harness.query_by_label(strip).is_some());
    let picture = harness.get_by_role_and_label(Role::Image, "Both regions, live");
    let description = picture.accesskit_node().description().unwrap_or_default();
    assert!(description.contains("Broken: port 3306 is closed"), "{description}");
}

#[test]
fn a_check_opens_by_keyboard_and_its_copy_button_does_not_open_it() {
    let mut harness = screen(Theme::Dark, Screen::Diagnose);
    let (_, word, title, found, normal) = CHECKS[0];
    let row = format!("{title}: {word}, {found}, normal: {normal}");
    harness.get_by_label(&row).focus();
    harness.run();
    harness.key_press(Key::Enter);
    harness.run();
    assert_eq!(harness.state().open, Some(0));
    assert!(harness.query_by_label("Copy command").is_some(), "the details are below the row");

    harness.get_by_label("Copy Previous logs").click();
    harness.run();
    assert_eq!(harness.state().copied.as_deref(), Some("Previous logs"));
    assert_eq!(harness.state().open, Some(0));
    assert!(harness.query_by_label("Copied Previous logs").is_some());
}

#[test]
fn the_dangerous_button_is_off_with_a_reason_until_the_region_is_typed() {
    let mut harness = screen(Theme::Dark, Screen::Restore);
    let button = harness.get_by_label("Scale up us-east-1");
    assert!(button.accesskit_node().is_disabled());
    assert_eq!(button.accesskit_node().description().as_deref(), Some("Type the region's name first"));
    button.click();
    harness.run();
    assert!(harness.state().clicked.is_empty());

    let field = harness.get_by_label("Type us-east-1 to confirm");
    field.focus();
    harness.run();
    harness.get_by_label("Type us-east-1 to confirm").type_text("us-east-1");
    harness.run();
    harness.get_by_label("Scale up us-east-1").click();
    harness.run();
    assert_eq!(harness.state().clicked, ["scale"]);
}

#[test]
fn an_option_that_cannot_help_cannot_be_chosen_but_says_why() {
    let mut harness = screen(Theme::Light, Screen::Restore);
    harness.get_by_label_contains("Re-apply the values file").click();
    harness.run();
    assert_eq!(harness.state().option, 1);
    harness.get_by_label("Restart. Cannot help: there is no pod to restart").click();
    harness.run();
    assert_eq!(harness.state().option, 1);
}

#[test]
fn widgets_report_what_was_clicked() {
    let mut harness = screen(Theme::Light, Screen::Diagnose);
    harness.get_by_label("End practice").click();
    harness.run();
    assert_eq!(harness.state().practice, Some(1));
    harness.get_by_label("4 Rollout").click();
    harness.run();
    assert_eq!(harness.state().step, 3);

    let mut harness = screen(Theme::Light, Screen::Restore);
    harness.get_by_label("Copy the command").click();
    harness.run();
    assert_eq!(harness.state().copied.as_deref(), Some(COMMAND));

    let mut harness = screen(Theme::Light, Screen::Variables);
    harness.get_by_label("Choose Values file").click();
    harness.get_by_label("AWS profile").click();
    harness.run();
    harness.get_by_label("lab").click();
    harness.run();
    assert!(harness.state().chosen);
    assert_eq!(harness.state().profile, "lab");
}

#[test]
fn a_log_costs_its_lines_in_sight_and_stays_at_its_end() {
    let asked = Cell::new(0_usize);
    let lines = Cell::new(1_000_000_usize);
    let last = Cell::new(0_usize);
    let at_end = Cell::new(false);
    let mut harness =
        Harness::builder().with_size([800.0, 600.0]).with_context_setup(design::install).build_ui(|ui| {
            let view = LogView { id: "log", len: lines.get(), find: "line", follow: true, go_to: None };
            at_end.set(log_view(ui, &view, &|i| {
                asked.set(asked.get() + 1);
                last.set(last.get().max(i));
                LogRow { text: format!("line {i}").into(), ..LogRow::default() }
            }));
        });
    harness.run();
    assert!(at_end.get());
    assert_eq!(last.get(), 999_999);
    lines.set(1_000_500);
    harness.run();
    assert!(at_end.get());
    assert_eq!(last.get(), 1_000_499);
    asked.set(0);
    harness.step();
    assert!((20..=40).contains(&asked.get()), "{} lines asked for in 600 points", asked.get());
}

#[test]
fn the_picture_fits_any_width() {
    for width in [120.0, 180.0, 346.0, 1200.0] {
        let mut picture = screens::picture();
        picture.regions[0].pods = vec![Tone::Fail; 250];
        picture.regions[0].name = "a-region-with-a-very-long-name-that-nobody-has-1".to_owned();
        let mut painted = egui::Rect::NOTHING;
        let mut harness =
            Harness::builder().with_size([1280.0, 800.0]).with_context_setup(design::install).build_ui_state(
                |ui, painted: &mut egui::Rect| {
                    ui.set_max_width(width);
                    *painted = region_picture(ui, &picture).rect;
                },
                painted,
            );
        harness.run();
        painted = *harness.state();
        assert!(painted.width() <= width + 0.5, "{painted:?} in {width}");
        for shape in &harness.output().shapes {
            let bounds = shape.shape.visual_bounding_rect();
            let inside = !bounds.is_positive() || painted.expand(3.0).contains_rect(bounds);
            let background = bounds.width() > 1200.5;
            assert!(inside || background, "{bounds:?} leaves {painted:?}");
        }
    }
}
