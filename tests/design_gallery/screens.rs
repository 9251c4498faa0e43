//! Every widget of the design system, on screens with made-up content.

use egui::Ui;
use failback::design::{
    ActionButton, CauseCard, CheckRow, Field, Hop, Link, LogRow, LogView, Note, OptionCard, Place,
    RegionColumn, RegionPicture, Rich, Space, Tone, badge, callout, card, card_list, card_title, cause_card,
    check_row, code_block, copy_button, empty_state, environment_name, faint, headline, key_values, keycap,
    list_row, log_view, mono, observation_strip, option_card, overline, page, page_head, practice_banner,
    product_name, progress_row, rail, rail_link, region_chip, region_picture, secondary, step_rail, strong,
    toned, top_bar,
};

/// What can be changed on the screens.
#[derive(Debug, Default)]
pub struct State {
    pub screen: Screen,
    pub open: Option<usize>,
    pub copied: Option<String>,
    pub step: usize,
    pub option: usize,
    pub practice: Option<usize>,
    pub text: String,
    pub path: String,
    pub profile: String,
    pub chosen: bool,
    pub clicked: Vec<&'static str>,
    pub at_end: bool,
    pub lines: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Screen {
    #[default]
    Confirm,
    Diagnose,
    Restore,
    Rollout,
    Variables,
}

pub const COMMAND: &str = "kubectl --context arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1 \\\n  scale deployment -n vcluster-platform loft --replicas=3";

pub fn gallery(ui: &mut Ui, state: &mut State) {
    bar(ui, state);
    if state.screen != Screen::Variables {
        steps(ui, state);
    }
    page(ui, |ui| match state.screen {
        Screen::Confirm => confirm(ui, state),
        Screen::Diagnose => diagnose(ui, state),
        Screen::Restore => restore(ui, state),
        Screen::Rollout => rollout(ui, state),
        Screen::Variables => variables(ui, state),
    });
}

fn bar(ui: &mut Ui, state: &mut State) {
    top_bar(
        ui,
        |ui| {
            product_name(ui, "Failback");
            environment_name(ui, "acme-prod");
            region_chip(ui, Tone::Fail, "us-east-1 failed");
            region_chip(ui, Tone::Pass, "eu-west-1 healthy");
            faint(ui, "12 min 40 s since the first failure seen");
        },
        |ui| {
            ui.add(ActionButton::quiet("Commands").shortcut("Ctrl K"));
            ui.add(ActionButton::quiet("Timeline"));
        },
    );
    if state.screen == Screen::Diagnose {
        let text = "Nothing here is real. Scenario: database port closed, time × 10";
        state.practice =
            practice_banner(ui, text, &["Somebody repaired it", "End practice"]).or(state.practice);
    }
}

fn steps(ui: &mut Ui, state: &mut State) {
    let tones = [Tone::Pass, Tone::Busy, Tone::Now, Tone::ToCome, Tone::ToCome];
    let titles = ["Confirm failover", "Diagnose", "Restore", "Rollout", "Verify"];
    let lines = ["Active: us-east-1 is out", "Asking 22 checks", "Waits for the repair", "", ""];
    let items: Vec<Place<'_>> = (0..5)
        .map(|i| Place { tone: tones[i], title: titles[i], line: lines[i], current: i == state.step })
        .collect();
    rail(ui, |ui| {
        if let Some(step) = step_rail(ui, &items) {
            state.step = step;
        }
        ui.with_layout(egui::Layout::bottom_up(egui::Align::LEFT), |ui| {
            rail_link(ui, "Report and handover", false);
            rail_link(ui, "Variables", false);
        });
    });
}

/// The work at the left, the picture at the right.
fn beside_picture(ui: &mut Ui, add_work: impl FnOnce(&mut Ui)) {
    let height = ui.available_height();
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        let width = ui.available_width() - 390.0;
        ui.vertical(|ui| {
            ui.set_width(width);
            add_work(ui);
        });
        ui.vertical(|ui| {
            ui.set_height(height);
            card(ui, |ui| {
                overline(ui, "Both regions, live");
                region_picture(ui, &picture());
            });
        });
    });
}

pub fn picture() -> RegionPicture {
    let hop = |title: &str, tone, line: &str| Hop { title: title.to_owned(), tone, line: line.to_owned() };
    let mut broken = [Tone::Fail, Tone::Fail, Tone::ToCome, Tone::Fail].map(Link::new);
    broken[3].label = Some("port 3306 is closed".to_owned());
    RegionPicture {
        title: "Both regions, live".to_owned(),
        route53: "traffic: eu-west-1 only".to_owned(),
        regions: vec![
            RegionColumn {
                name: "us-east-1".to_owned(),
                tone: Tone::Fail,
                health_check: hop("Health check", Tone::Fail, "0 of 16 succeed"),
                load_balancer: hop("Load balancer", Tone::Fail, "no healthy target in any zone"),
                platform: hop("Platform", Tone::Fail, "3 pods crash"),
                pods: vec![Tone::Fail; 3],
                links: broken,
            },
            RegionColumn {
                name: "eu-west-1".to_owned(),
                tone: Tone::Pass,
                health_check: hop("Health check", Tone::Pass, "16 of 16 succeed"),
                load_balancer: hop("Load balancer", Tone::Unknown, "not permitted"),
                platform: hop("Platform 4.11.2", Tone::Pass, "3 of 3 ready"),
                pods: vec![Tone::Pass, Tone::Warn, Tone::ToCome],
                links: [Tone::Pass, Tone::Pass, Tone::Unknown, Tone::Pass].map(Link::new),
            },
        ],
        database: "used by eu-west-1 only".to_owned(),
    }
}

fn confirm(ui: &mut Ui, state: &mut State) {
    let title = "Failover is active: us-east-1 is out, eu-west-1 carries the traffic";
    let meaning = "Users may see slightly more latency. Nothing is lost: both regions share one database";
    page_head(ui, title, meaning, |ui| {
        if ui.add(ActionButton::primary("Diagnose us-east-1")).clicked() {
            state.clicked.push("diagnose");
        }
    });
    beside_picture(ui, |ui| {
        card_list(ui, |ui| {
            list_row(ui, |ui| {
                ui.horizontal(|ui| {
                    badge(ui, Tone::Fail, "Failing");
                    strong(ui, "us-east-1");
                    faint(ui, "0 of 16 checkers succeed");
                });
            });
            let seen: Vec<Tone> = (0..24).map(|i| if i < 6 { Tone::Pass } else { Tone::Fail }).collect();
            for region in ["us-east-1", "eu-west-1", "ap-southeast-1", "sa-east-1"] {
                observation_strip(ui, region, &seen, Tone::Fail, "HTTP 503");
            }
            list_row(ui, |ui| {
                secondary(ui, "4 minutes, one column each 10 s. First failure seen 02:29:10 UTC")
            });
        });
        card(ui, |ui| {
            card_title(ui, "Our own look");
            for (tone, text) in
                Tone::ALL.into_iter().zip(["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"])
            {
                ui.horizontal(|ui| {
                    badge(ui, tone, tone.word());
                    mono(ui, &format!("{text}.multi-region.example.com/healthz"));
                });
            }
        });
    });
}

pub const CHECKS: [(Tone, &str, &str, &str, &str); 5] = [
    (Tone::Fail, "Fail", "Database port", "3306 closed for 10.0.0.0/16", "open"),
    (Tone::Fail, "Fail", "Previous logs", "database time-out, 3 of 3 pods, always the same address", "none"),
    (Tone::Unknown, "?", "Network ACLs", "not permitted to look", ""),
    (Tone::Busy, "Asking", "Targets", "", ""),
    (Tone::Pass, "Pass", "Deployment", "3 replicas wanted", "1 or more"),
];

fn diagnose(ui: &mut Ui, state: &mut State) {
    let meaning =
        "Most likely cause out of 24 looked at. 21 of 22 checks answered in 0.4 s, 1 could not be checked";
    page_head(ui, "The platform in us-east-1 cannot reach its database", meaning, |_| {});
    beside_picture(ui, |ui| {
        let cause = CauseCard {
            tone: Tone::Fail,
            title: "Security group closed: port 3306 is not open for 10.0.0.0/16",
            evidence_for: &[
                Rich::new()
                    .text("3 of 3 pods stop with ")
                    .mono("dial tcp 10.1.0.12:3306: i/o timeout")
                    .faint(" loft-7c9-x2k4f, 02:41:07 UTC"),
                Rich::from("sg-0db1 has no rule for 3306 from 10.0.0.0/16; eu-west-1's range has one"),
            ],
            evidence_against: &[],
            unknown: &[Rich::new()
                .text("Network ACLs of the database subnets ")
                .faint("(not permitted: ec2:DescribeNetworkAcls)")],
            next: &[Rich::from("Ask the network's owners to open port 3306 for 10.0.0.0/16 in sg-0db1")],
        };
        cause_card(ui, &cause, |ui| {
            ui.add(ActionButton::primary("Show how to open the port…"));
            let reason = "The port has to be open first";
            ui.add(ActionButton::secondary("Restart: only after that").off_because(Some(reason)));
            ui.add(ActionButton::link("2 other causes"));
        });
        card_list(ui, |ui| {
            for (i, (tone, word, title, found, normal)) in CHECKS.into_iter().enumerate() {
                let copied = state.copied.as_deref() == Some(title);
                let open = state.open == Some(i);
                let check = CheckRow {
                    tone,
                    word,
                    title,
                    title_width: 114.0,
                    found,
                    normal,
                    note: "",
                    age: "2 s",
                    open,
                    copied,
                };
                let response = check_row(ui, &check, |ui| {
                    code_block(ui, "aws ec2 describe-security-groups --group-ids sg-0db1", "command", false);
                });
                if response.toggled {
                    state.open = if open { None } else { Some(i) };
                }
                if response.copy {
                    state.copied = Some(title.to_owned());
                }
            }
            list_row(ui, |ui| ui.add(ActionButton::quiet("14 more passed: peering, routes, ingress…")));
        });
    });
}

fn restore(ui: &mut Ui, state: &mut State) {
    headline(ui, "Bring the platform in us-east-1 back");
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        ui.vertical(|ui| {
            ui.set_width(300.0);
            let options = [
                ("Scale up to 3", "Fits the cause. About 1 minute", true),
                (
                    "Re-apply the values file",
                    "Also works, changes more: about 3 minutes. Helm 4.3.1 found",
                    true,
                ),
                ("Restart", "Cannot help: there is no pod to restart", false),
            ];
            for (i, (title, text, enabled)) in options.into_iter().enumerate() {
                let option = OptionCard { title, text, selected: state.option == i, enabled };
                if option_card(ui, &option).clicked() {
                    state.option = i;
                }
            }
            callout(ui, Tone::Unknown, "The outcome is not known", "Look before repeating it");
            empty_state(ui, "No run yet", "Start one above", |ui| {
                ui.add(ActionButton::secondary("Import…").small());
            });
        });
        ui.vertical(|ui| plan(ui, state));
    });
}

fn plan(ui: &mut Ui, state: &mut State) {
    card(ui, |ui| {
        card_title(ui, "Scale up to 3");
        let cluster = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
        key_values(
            ui,
            &[
                ("Region", Rich::new().toned(Tone::Fail, "us-east-1").text(", the failed one")),
                ("Cluster", Rich::new().mono(cluster)),
                (
                    "Changes",
                    Rich::new().text("Deployment loft, replicas ").strong("0 → 3").faint(" (dry run)"),
                ),
                ("If it changed since", Rich::from("refused: only revision 48213 is changed")),
            ],
        );
        overline(ui, "The command that does the same");
        let copied = state.copied.as_deref() == Some(COMMAND);
        if code_block(ui, COMMAND, "the command", copied).clicked() {
            state.copied = Some(COMMAND.to_owned());
        }
        ui.separator();
        Field::new("Type us-east-1 to confirm").mono().width(260.0).text(ui, &mut state.text);
        ui.horizontal(|ui| {
            let reason = (state.text != "us-east-1").then_some("Type the region's name first");
            if ui.add(ActionButton::danger("Scale up us-east-1").off_because(reason)).clicked() {
                state.clicked.push("scale");
            }
            if ui.add(ActionButton::secondary("Cancel")).clicked() {
                state.clicked.push("cancel");
            }
            keycap(ui, "Esc");
        });
    });
}

fn rollout(ui: &mut Ui, state: &mut State) {
    headline(ui, "New pods are coming up: 2 of 3 available");
    card(ui, |ui| {
        progress_row(ui, "Updated", 1.0, Tone::Pass, "3 of 3");
        progress_row(ui, "Available", 2.0 / 3.0, Tone::Pass, "2 of 3");
        progress_row(ui, "Old, ending", 1.0 / 3.0, Tone::Warn, "1");
        progress_row(ui, "Cached DNS expires", 0.0, Tone::Now, "25 s left");
    });
    card_list(ui, |ui| {
        list_row(ui, |ui| {
            ui.horizontal(|ui| {
                card_title(ui, "Log");
                faint(ui, "3 pods, following");
                toned(ui, Tone::Warn, "leader election lost");
                copy_button(ui, "the log", false);
            });
        });
        list_row(ui, |ui| {
            ui.set_height(ui.available_height() - Space::L);
            let view = LogView { id: "log", len: state.lines, find: "LEADER", follow: true, go_to: None };
            state.at_end = log_view(ui, &view, &|i| LogRow {
                time: "02:59:10".into(),
                source: "c77g6".into(),
                text: format!("line {i}: attempting to acquire leader lease vcluster-platform/loft").into(),
                tone: (i % 5 == 4).then_some(Tone::Warn),
            });
        });
    });
}

fn variables(ui: &mut Ui, state: &mut State) {
    ui.horizontal_top(|ui| {
        Field::new("Name").width(260.0).hint("acme-prod").text(ui, &mut state.text);
        let note = Note { tone: Some(Tone::Pass), text: "role OnCall, signed in for 6 h 12 min" };
        let shown = state.profile.clone();
        Field::new("AWS profile").mono().hint("default").width(260.0).note(Some(note)).combo(
            ui,
            &shown,
            |ui| {
                for profile in ["prod", "lab"] {
                    ui.selectable_value(&mut state.profile, profile.to_owned(), profile);
                }
            },
        );
        let note = Note { tone: None, text: "shown when a step takes too long" };
        let mut help = "#platform-oncall".to_owned();
        Field::new("Call for help").width(280.0).note(Some(note)).text(ui, &mut help);
    });
    card(ui, |ui| {
        card_title(ui, "us-east-1");
        let note = Note {
            tone: Some(Tone::Fail),
            text: "this is eu-west-1's file: multiRegion.region is eu-west-1",
        };
        let field = Field::new("Values file").mono().note(Some(note)).path(ui, &mut state.path);
        state.chosen |= field.choose;
        let note = Note {
            tone: Some(Tone::Warn),
            text: "does not answer: i/o timeout. Normal while the region is out",
        };
        let mut host = "us.multi-region.example.com".to_owned();
        Field::new("Regional host").mono().note(Some(note)).text(ui, &mut host);
    });
}
