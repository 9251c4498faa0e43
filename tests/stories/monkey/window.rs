//! The window's half: clicks, keys, typed text and dropped files on the whole window, with the engine and a
//! practice world behind it. The world's request log is held against what was confirmed on the screen.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use egui::accesskit::Role;
use egui::{Event, Key, Modifiers, MouseWheelUnit, PointerButton, TouchPhase, Vec2};
use egui_kittest::kittest::NodeT as _;
use failback::journal::{Entry, Happening};
use failback::practice::scenarios;
use failback::runbook::action::ActionKind;
use jiff::Timestamp;

use super::{Dice, TEXTS, Told, Trail, settings};
use crate::story::Story;

/// What can be clicked.
const ROLES: [Role; 8] = [
    Role::Button,
    Role::Link,
    Role::RadioButton,
    Role::CheckBox,
    Role::TextInput,
    Role::MultilineTextInput,
    Role::ComboBox,
    Role::ScrollBar,
];

/// Buttons that open a dialog of the desktop, which no test closes.
const DESKTOP: [&str; 9] = [
    "Choose Values file",
    "Choose Kubeconfig",
    "Choose AWS config file",
    "Choose AWS credentials file",
    "Choose Chart archive",
    "Choose Probe authority",
    "Open a handover…",
    "Save the report…",
    "Hand over…",
];

const KEYS: [Key; 14] = [
    Key::Tab,
    Key::Tab,
    Key::Enter,
    Key::Enter,
    Key::Space,
    Key::Escape,
    Key::ArrowDown,
    Key::ArrowUp,
    Key::ArrowLeft,
    Key::ArrowRight,
    Key::Backspace,
    Key::Delete,
    Key::PageDown,
    Key::Home,
];

/// Events on one world.
const ROUND: usize = 250;

/// Scenarios in which nothing may ever be changed: nothing is broken, or the runbook says stop.
const UNTOUCHABLE: [&str; 3] = ["healthy", "all-regions-failing", "database-down"];

static PANICS: AtomicUsize = AtomicUsize::new(0);

/// What somebody who means to act does next; other things come in between.
#[derive(Debug, Clone, Copy)]
enum Aim {
    Restore,
    Option,
    Reason,
    Name,
    Act,
}

/// A write that was confirmed on the screen.
#[derive(Debug, Clone)]
struct Confirmation {
    region: String,
    kind: ActionKind,
    at: Timestamp,
}

struct Monkey<'a> {
    dice: &'a mut Dice,
    story: Story,
    scenario: &'static str,
    confirmations: Vec<Confirmation>,
    trail: &'a RefCell<Trail>,
    aims: VecDeque<Aim>,
}

#[test]
fn no_click_or_key_brings_about_a_write_that_was_not_confirmed() {
    let (events, seed) = settings(600);
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        // A test's own thread has its name, and ends with it.
        let is_test = std::thread::current().name().is_some_and(|name| name.contains("::"));
        PANICS.fetch_add(usize::from(!is_test), Ordering::Relaxed);
        hook(info);
    }));
    let trail = RefCell::new(Trail::default());
    let _told =
        Told(&trail, format!("FAILBACK_MONKEY_SEED={seed} FAILBACK_MONKEY_EVENTS={events}, the window"));
    let mut dice = Dice::new(seed);
    let (mut done, mut round, mut confirmed) = (0, 0, 0);
    while done < events {
        // every scenario in turn; the first ones are those in which there is something to confirm
        let scenario = scenarios()[round % scenarios().len()].id;
        let begin = trail.borrow().count;
        confirmed += Monkey::play(scenario, ROUND.min(events - done), &mut dice, &trail);
        done += trail.borrow().count - begin;
        round += 1;
        println!("{done} events, {confirmed} writes; last: {scenario}");
    }
    println!("{done} events in {round} worlds, seed {seed}: {confirmed} writes, each confirmed");
    let none = PANICS.load(Ordering::Relaxed) == 0;
    assert!(none, "a thread of the program panicked");
    assert!(events < 5_000 || confirmed > 0, "it never came to a write");
}

impl<'a> Monkey<'a> {
    /// One world: plays, waits for what runs, and compares. How many writes were confirmed.
    fn play(scenario: &'static str, events: usize, dice: &'a mut Dice, trail: &'a RefCell<Trail>) -> usize {
        trail.borrow_mut().note(&format!("a world: {scenario}"));
        let story = Story::practise(scenario);
        let mut monkey =
            Self { dice, story, scenario, confirmations: Vec::new(), trail, aims: VecDeque::new() };
        for number in 0..events {
            monkey.event();
            if number % 25 == 0 {
                monkey.compare();
            }
            if monkey.story.window().model().quit {
                break;
            }
        }
        monkey.settle();
        monkey.compare();
        monkey.one_at_a_time();
        monkey.confirmations.len()
    }

    fn event(&mut self) {
        if self.dice.percent(70)
            && let Some(aim) = self.aims.pop_front()
        {
            return self.go_on(aim);
        }
        match self.dice.below(100) {
            0..=39 => self.click(),
            40..=49 => {
                self.aims = [Aim::Restore, Aim::Option, Aim::Reason, Aim::Name, Aim::Act].into();
            }
            50..=64 => self.key(),
            65..=69 => self.fill("Type "),
            70..=74 => self.fill("Why do it"),
            75..=78 => self.type_text(),
            79..=83 => self.scroll(),
            84 if self.dice.percent(25) => self.close(),
            85 => self.drop_file(),
            _ => {
                // answers come
                std::thread::sleep(Duration::from_millis(15));
                self.frame("a pause", Vec::new(), false);
            }
        }
    }

    /// One frame with these events, and what became of it. `acts`: they can press a button.
    fn frame(&mut self, told: &str, events: Vec<Event>, acts: bool) {
        self.trail.borrow_mut().note(told);
        let before = self.story.window().model().run.as_ref().map(|run| {
            let failed = run.failed.map(|failed| run.profile.region(failed).name.clone());
            let since = run.restore.running.as_ref().map(|running| running.started_at);
            (run.session, failed, run.restore.typed.clone(), since)
        });
        self.story.harness().input_mut().events.extend(events);
        self.story.harness().step();
        let Some(run) = &self.story.window().model().run else { return };
        let Some(running) = &run.restore.running else { return };
        let (kind, at) = (running.kind, running.started_at);
        let begun = before.as_ref().is_none_or(|(session, _, _, since)| {
            *session != run.session || *since != Some(running.started_at)
        });
        if !begun {
            return;
        }
        let Some((session, Some(failed), typed, since)) = before else { panic!("a write without a run") };
        assert!(acts, "a write began, and nothing was pressed");
        assert_eq!(session, run.session, "a write of a run that was not on the screen");
        assert_eq!(since, None, "a second write beside one that runs");
        assert_eq!(typed, failed, "a write without the failed region's name");
        self.trail.borrow_mut().note(&format!("confirmed: {kind:?} of {failed}"));
        self.confirmations.push(Confirmation { region: failed, kind, at });
    }

    fn targets(&self) -> Vec<(String, egui::Pos2)> {
        let nodes = self.story.root().children_recursive();
        let shown = nodes.filter(|node| ROLES.contains(&node.accesskit_node().role()));
        let named = shown.map(|node| {
            let label = node.accesskit_node().label().unwrap_or_default();
            (label, node.rect().center())
        });
        let on_screen = egui::Rect::from_min_size(egui::Pos2::ZERO, Vec2::new(1280.0, 800.0));
        named.filter(|(label, at)| on_screen.contains(*at) && !DESKTOP.contains(&label.as_str())).collect()
    }

    fn click(&mut self) {
        let targets = self.targets();
        if targets.is_empty() {
            return self.frame("nothing to click", Vec::new(), false);
        }
        let (label, at) = self.dice.one(&targets).clone();
        let at = if self.dice.percent(5) { at + Vec2::new(40.0, 9.0) } else { at };
        self.press(&label, at);
    }

    fn press(&mut self, label: &str, pos: egui::Pos2) {
        let press = |pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        let events = vec![Event::PointerMoved(pos), press(true), press(false)];
        self.frame(&format!("click {label:?}"), events, true);
    }

    /// Goes on as a person would who means to act.
    fn go_on(&mut self, aim: Aim) {
        let words: &[&str] = match aim {
            Aim::Restore => &["3 Restore"],
            Aim::Option => &["Scale up to", "Restart the platform", "Re-apply", "Roll back"],
            Aim::Act => &["Scale up us", "Restart us", "Re-apply to us", "Roll back us", "Scale up eu"],
            Aim::Reason => return self.fill("Why do it"),
            Aim::Name => return self.fill("Type "),
        };
        let names = self.story.root().children_recursive().filter_map(|node| {
            let label =
                node.accesskit_node().label().filter(|_| ROLES.contains(&node.accesskit_node().role()))?;
            words.iter().any(|word| label.starts_with(word)).then_some(label)
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return self.click();
        }
        let name = self.dice.one(&names).clone();
        if let Some(node) = self.find(&name) {
            node.scroll_to_me();
        }
        // as long as scrolling takes
        for _ in 0..4 {
            self.frame(&format!("scroll to {name:?}"), Vec::new(), false);
        }
        if let Some(at) = self.find(&name).map(|node| node.rect().center()) {
            self.press(&name, at);
        }
    }

    fn find(&self, name: &str) -> Option<crate::story::Node<'_>> {
        let mut nodes = self.story.root().children_recursive();
        nodes.find(|node| {
            node.accesskit_node().label().as_deref() == Some(name)
                && ROLES.contains(&node.accesskit_node().role())
        })
    }

    fn key(&mut self) {
        let key = *self.dice.one(&KEYS);
        let focused = self.story.root().children_recursive().find(egui_kittest::Node::is_focused);
        let label = focused.and_then(|node| node.accesskit_node().label()).unwrap_or_default();
        if DESKTOP.contains(&label.as_str()) && matches!(key, Key::Enter | Key::Space) {
            return;
        }
        let modifiers = if self.dice.percent(20) { Modifiers::SHIFT } else { Modifiers::NONE };
        let event = |pressed| Event::Key { key, physical_key: None, pressed, repeat: false, modifiers };
        self.frame(&format!("{key:?} on {label:?}"), vec![event(true), event(false)], true);
    }

    /// Types into the field that confirms, mostly the right name, or into the one for reasons.
    fn fill(&mut self, wanted: &str) {
        let found = self.story.root().children_recursive().find_map(|node| {
            let label = node.accesskit_node().label().filter(|label| label.starts_with(wanted))?;
            if !matches!(node.accesskit_node().role(), Role::TextInput | Role::MultilineTextInput) {
                return None;
            }
            node.focus();
            Some(label)
        });
        let Some(label) = found else { return self.click() };
        let all = Event::Key {
            key: Key::A,
            physical_key: None,
            pressed: true,
            repeat: false,
            modifiers: Modifiers::COMMAND,
        };
        self.frame(&format!("go to {label:?}"), Vec::new(), false);
        self.frame("select all", vec![all], false);
        // `Type us-east-1 to confirm`
        let name = label.strip_prefix("Type ").and_then(|rest| rest.split(' ').next());
        let right = name.unwrap_or("I insist").to_owned();
        let text = if self.dice.percent(80) { right } else { (*self.dice.one(&TEXTS)).to_owned() };
        self.frame(&format!("type {text:?} into {label:?}"), vec![Event::Text(text)], false);
    }

    fn type_text(&mut self) {
        let text = (*self.dice.one(&TEXTS)).to_owned();
        let event =
            if self.dice.percent(30) { Event::Paste(text.clone()) } else { Event::Text(text.clone()) };
        self.frame(&format!("type {text:?}"), vec![event], false);
    }

    fn scroll(&mut self) {
        let delta = Vec2::new(0.0, if self.dice.percent(70) { -300.0 } else { 300.0 });
        let wheel = Event::MouseWheel {
            unit: MouseWheelUnit::Point,
            delta,
            phase: TouchPhase::Move,
            source: egui::MouseWheelSource::Wheel,
            modifiers: Modifiers::NONE,
        };
        self.frame(&format!("scroll {delta:?}"), vec![wheel], false);
    }

    fn close(&mut self) {
        let viewport = egui::ViewportId::ROOT;
        let viewports = &mut self.story.harness().input_mut().viewports;
        if let Some(info) = viewports.get_mut(&viewport) {
            info.events.push(egui::ViewportEvent::Close);
        }
        self.frame("close the window", Vec::new(), false);
        if let Some(info) = self.story.harness().input_mut().viewports.get_mut(&viewport) {
            info.events.clear();
        }
    }

    fn drop_file(&mut self) {
        let path = self.story.world.values_file().to_owned();
        self.trail.borrow_mut().note("drop a file");
        self.story.drop_file(&path);
    }

    /// What was changed in the world, against what was confirmed so far.
    fn compare(&self) {
        let failed = if self.scenario == "wrong-region" { "eu-west-1" } else { "us-east-1" };
        let requests = self.story.world.changing_requests();
        let of = |kinds: &[ActionKind]| {
            self.confirmations.iter().filter(|it| kinds.contains(&it.kind)).collect::<Vec<_>>()
        };
        let (mut own, mut tools) = (Vec::new(), Vec::new());
        for request in &requests {
            assert_eq!(
                request.region, failed,
                "{}: a healthy region was changed: {request:?}",
                self.scenario
            );
            let is_tool =
                request.user_agent.starts_with("Helm/") || request.user_agent.starts_with("vcluster");
            if is_tool { tools.push(request) } else { own.push(request) }
        }
        let untouchable = UNTOUCHABLE.contains(&self.scenario);
        assert!(!untouchable || requests.is_empty(), "{} was changed: {requests:?}", self.scenario);
        assert!(self.confirmations.iter().all(|it| it.region == failed), "{:?}", self.confirmations);
        let patches = of(&[ActionKind::Scale, ActionKind::Restart]);
        assert!(own.len() <= patches.len(), "not each is confirmed: {own:?}\n{:?}", self.confirmations);
        for (request, confirmed) in own.iter().zip(&patches) {
            assert!(confirmed.at <= request.at, "sent before it was confirmed: {request:?} {confirmed:?}");
        }
        let by_tools: Vec<_> =
            self.confirmations.iter().filter(|it| !patches.iter().any(|patch| patch.at == it.at)).collect();
        if let Some(first) = tools.first() {
            let confirmed = by_tools.first().is_some_and(|it| it.at <= first.at);
            assert!(confirmed, "a program wrote unasked: {first:?}\n{:?}", self.confirmations);
        }
    }

    /// Waits until no write is under way any more.
    fn settle(&mut self) {
        let begin = Instant::now();
        while begin.elapsed() < Duration::from_secs(60) {
            self.story.harness().step();
            let open =
                self.story.journals().iter().flatten().fold(0_i32, |open, entry| match entry.happening {
                    Happening::Intent { .. } => open + 1,
                    Happening::Outcome { .. } => open - 1,
                    _ => open,
                });
            let runs =
                self.story.window().model().run.as_ref().is_some_and(|run| run.restore.running.is_some());
            if open <= 0 && !runs {
                return;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("a write never ended: {:?}", self.confirmations);
    }

    /// No intent was kept while another one had no outcome yet, in whichever run.
    fn one_at_a_time(&self) {
        let mut entries: Vec<Entry> = self.story.journals().into_iter().flatten().collect();
        entries.sort_by_key(|entry| entry.at);
        let mut open = None;
        for entry in &entries {
            match &entry.happening {
                Happening::Intent { .. } => {
                    assert!(open.is_none(), "a second write beside one that runs: {open:?}, {entry:?}");
                    open = Some(entry);
                }
                Happening::Outcome { .. } => open = None,
                _ => {}
            }
        }
    }
}

/// The journals of every run in a folder.
pub fn journals_in(runs: &Path) -> Vec<Vec<Entry>> {
    let folders = std::fs::read_dir(runs).into_iter().flatten().flatten();
    let read = |path: std::path::PathBuf| {
        let text = std::fs::read_to_string(path.join("journal.jsonl")).unwrap_or_default();
        // the last line may be half written
        text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    };
    folders.map(|folder| read(folder.path())).collect()
}
