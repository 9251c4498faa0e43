//! A window, the world that it plays on, and a person who looks, clicks and types.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use egui::{DroppedFile, Event, Key, Modifiers, PointerButton, Role};
use egui_kittest::Harness;
use egui_kittest::kittest::NodeT as _;
use failback::app::practice;
use failback::app::window::{Opening, Window};
use failback::clients::tools::leave_login_shell_alone;
use failback::engine::session::{Options as SessionOptions, UsualFiles};
use failback::engine::{self, StartPractice};
use failback::environment::{self, Saved, Store};
use failback::journal::report::{Report, Settings, report};
use failback::journal::{Entry, Record};
use failback::practice::{Auth, Options, World, scenario};
use failback::runbook::profile::Profile;
use futures::FutureExt as _;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

/// How many stops Tab makes before it has come round.
const TAB_STOPS: usize = 120;

/// What can be pressed, beside the options of step 3.
const BUTTONS: [Role; 2] = [Role::Button, Role::Link];

/// What can be typed into.
const FIELDS: [Role; 2] = [Role::TextInput, Role::MultilineTextInput];

pub type Node<'a> = egui_kittest::Node<'a>;

/// A story on one window. The order of the fields is the order of their end.
pub struct Story {
    window: Harness<'static, Window>,
    /// The world behind it.
    pub world: Arc<World>,
    files: TempDir,
    _runtime: Runtime,
}

impl Story {
    /// Practice of a scenario.
    pub fn practise(scenario: &str) -> Self {
        Self::practise_at(scenario, 60.0)
    }

    /// Practice in which time passes so many times faster, where a story must not miss a moment.
    pub fn practise_at(scenario: &str, speed: f64) -> Self {
        Self::open(scenario, speed, None, |_| Opening::Practice(scenario.to_owned()))
    }

    /// The start screen, with nothing saved yet.
    pub fn first_start() -> Self {
        Self::start("healthy")
    }

    /// The start screen beside the world of a scenario, with nothing saved yet.
    pub fn start(scenario: &str) -> Self {
        Self::open(scenario, 60.0, None, |_| Opening::Start)
    }

    /// Practice of a scenario in which the responder was told another region.
    pub fn told(scenario: &str, region: &'static str) -> Self {
        Self::open(scenario, 60.0, Some(region), |_| Opening::Practice(scenario.to_owned()))
    }

    /// A run on a scenario's environment as if it were a saved one, with a change.
    pub fn environment(scenario: &str, change: impl FnOnce(&mut Profile)) -> Self {
        Self::open(scenario, 60.0, None, |world| {
            let path = world.environment_file().to_owned();
            let mut profile = environment::read(&path).unwrap();
            change(&mut profile);
            Opening::Environment(Box::new(Saved { name: profile.name.clone(), path, profile }))
        })
    }

    fn open(
        id: &str,
        speed: f64,
        told: Option<&'static str>,
        opening: impl FnOnce(&World) -> Opening,
    ) -> Self {
        leave_login_shell_alone();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let scenario = scenario(id).unwrap();
        let options =
            Options { scenario, speed, seed: 1, latency: Duration::ZERO, auth: Auth::Token, dir: None };
        let world = Arc::new(runtime.block_on(World::start(options)).unwrap());
        let files = tempfile::tempdir().unwrap();
        let options = engine::Options {
            store: Ok(Store::at(files.path().join("environments"))),
            runs: Ok(files.path().join("runs")),
            start_practice: starter(&world, told),
            session: SessionOptions {
                speed: world.speed(),
                aws_endpoint: Some(world.aws_endpoint().to_owned()),
                usual_files: nobodys_files(files.path()),
                ..SessionOptions::default()
            },
        };
        let opening = opening(&world);
        let window = Harness::builder()
            .with_size([1280.0, 800.0])
            .build_eframe(|cc| Window::with(&cc.egui_ctx, opening, options).unwrap());
        Self { window, world, files, _runtime: runtime }
    }

    /// The window, for reading.
    pub fn window(&self) -> &Window {
        self.window.state()
    }

    /// The root of all that is on the screen.
    pub fn root(&self) -> Node<'_> {
        self.window.root()
    }

    /// The window's frames and input.
    pub fn harness(&mut self) -> &mut Harness<'static, Window> {
        &mut self.window
    }

    /// The journals of all runs, practice and others.
    pub fn journals(&self) -> Vec<Vec<Entry>> {
        let folders = [self.world.dir().join("runs"), self.files.path().join("runs")];
        folders.iter().flat_map(|folder| crate::monkey::journals_in(folder)).collect()
    }

    /// Nobody changed anything in the world, nor tried to.
    #[track_caller]
    pub fn assert_untouched(&self) {
        let requests = self.world.changing_requests();
        assert!(requests.is_empty(), "{requests:?}");
    }

    /// The entries of the only run's journal.
    pub fn journal(&self) -> Vec<Entry> {
        let of = |runs: PathBuf| std::fs::read_dir(runs).into_iter().flatten();
        let folders = of(self.world.dir().join("runs")).chain(of(self.files.path().join("runs")));
        let folders: Vec<PathBuf> = folders.map(|entry| entry.unwrap().path()).collect();
        let [folder] = folders.as_slice() else { panic!("not one run: {folders:?}") };
        read_journal(&folder.join("journal.jsonl"))
    }

    /// The report of the only run, as Markdown, and as a page.
    #[track_caller]
    pub fn report(&self) -> Report {
        let mut record = Record::default();
        self.journal().iter().for_each(|entry| record.add_entry(entry));
        let (now, zone) = (Timestamp::now(), TimeZone::UTC);
        let settings = Settings { now, zone, goes_on: true, left_out: Vec::new() };
        let report = report(&record, &settings).unwrap();
        if let Some(folder) = std::env::var_os("FAILBACK_REPORTS") {
            let path = Path::new(&folder).join(format!("story-{}", self.world.scenario().id));
            std::fs::write(path.with_extension("md"), &report.markdown).unwrap();
            std::fs::write(path.with_extension("html"), &report.html).unwrap();
        }
        report
    }

    /// Frames until something holds; fails with what is on the screen if it never does.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let begin = Instant::now();
        loop {
            self.window.step();
            if holds(self) {
                return;
            }
            assert!(begin.elapsed() < PATIENCE, "never: {what}. On the screen:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Waits for a text. Whatever can be acted on meanwhile has a name.
    #[track_caller]
    pub fn see(&mut self, text: &str) {
        self.until(text, |story| story.shows(text));
        self.window.check_accessibility();
    }

    /// Is a text on the screen, alone or as part of a longer one?
    pub fn shows(&self, text: &str) -> bool {
        self.texts().iter().any(|shown| shown.contains(text))
    }

    /// All that can be read on the screen.
    pub fn texts(&self) -> Vec<String> {
        self.window.root().children_recursive().filter_map(|node| text(&node)).collect()
    }

    /// The titles of the actions that can be chosen, in their order.
    pub fn options(&self) -> Vec<String> {
        self.window.root().children_recursive().filter_map(|node| option_title(&node)).collect()
    }

    /// The middle of what has this role and name, in points from the window's upper left corner.
    #[track_caller]
    pub fn place_of(&self, role: Role, name: &str) -> egui::Pos2 {
        let named = self.window.root().children_recursive().find(|node| {
            let node = node.accesskit_node();
            node.role() == role && node.label().as_deref() == Some(name)
        });
        let Some(node) = named else { panic!("no {role:?} {name}:\n{}", self.screen()) };
        node.rect().center()
    }

    /// Presses a button, a link or an option with the pointer, once it is there and not off.
    #[track_caller]
    pub fn click(&mut self, name: &str) {
        self.until(&format!("a button {name} that is on"), |story| {
            story.button(name).is_some_and(|button| !button.accesskit_node().is_disabled())
        });
        self.press_at(name);
    }

    /// Clicks where a button is that is off.
    #[track_caller]
    pub fn click_though_off(&mut self, name: &str) {
        assert!(self.is_off(name), "{name} is on:\n{}", self.screen());
        self.press_at(name);
    }

    /// Is the button there, and off?
    pub fn is_off(&self, name: &str) -> bool {
        self.button(name).is_some_and(|button| button.accesskit_node().is_disabled())
    }

    #[track_caller]
    fn press_at(&mut self, name: &str) {
        assert!(self.button(name).is_some(), "{name} is not there:\n{}", self.screen());
        self.press_one(name, 0);
    }

    #[track_caller]
    fn press_one(&mut self, name: &str, place: usize) {
        self.buttons(name).nth(place).unwrap().scroll_to_me();
        // as long as scrolling takes
        self.window.run_steps(8);
        let Some(button) = self.buttons(name).nth(place) else {
            panic!("{name} went away:\n{}", self.screen())
        };
        let pos = button.rect().center();
        // All in one frame: between frames an answer may move what is on the screen.
        let press = |pressed| Event::PointerButton {
            pos,
            button: PointerButton::Primary,
            pressed,
            modifiers: Modifiers::NONE,
        };
        self.window.input_mut().events.extend([Event::PointerMoved(pos), press(true), press(false)]);
        // the second frame shows what it led to
        self.window.run_steps(2);
    }

    /// Types a text into a field in place of what is in it.
    #[track_caller]
    pub fn fill(&mut self, field: &str, text: &str) {
        self.fill_at(field, 0, text);
    }

    /// The same for one of several fields of a name, in their order.
    #[track_caller]
    pub fn fill_at(&mut self, field: &str, place: usize, text: &str) {
        self.until(field, |story| story.fields(field).count() > place);
        self.fields(field).nth(place).unwrap().focus();
        self.window.step();
        self.window.key_press_modifiers(Modifiers::COMMAND, Key::A);
        self.window.key_press(Key::Delete);
        self.type_text(text);
        let typed = self.fields(field).nth(place).and_then(|field| field.value());
        assert_eq!(typed.unwrap_or_default(), text, "in {field}:\n{}", self.screen());
    }

    /// Opens the list of one of several fields of a name, and takes what has this name from it.
    #[track_caller]
    pub fn choose(&mut self, field: &str, place: usize, item: &str) {
        let opener = format!("Choose {field}");
        self.until(&opener, |story| story.buttons(&opener).count() > place);
        self.press_one(&opener, place);
        self.click(item);
    }

    /// Drops a file on the window.
    pub fn drop_file(&mut self, path: &Path) {
        self.window.input_mut().dropped_files.push(Arc::new(Dropped(path.to_owned())));
        self.window.run_steps(2);
    }

    /// What is in all fields of this name, in their order.
    pub fn typed(&self, field: &str) -> Vec<String> {
        self.fields(field).map(|node| node.value().unwrap_or_default()).collect()
    }

    /// Types a text where the keyboard is.
    pub fn type_text(&mut self, text: &str) {
        if !text.is_empty() {
            self.window.event(Event::Text(text.to_owned()));
        }
        self.window.run_steps(2);
    }

    /// Presses and lets go a key.
    pub fn key(&mut self, key: Key) {
        self.window.key_press(key);
        self.window.run_steps(2);
    }

    /// Goes on with Tab until what has this name has the keyboard.
    #[track_caller]
    pub fn tab_to(&mut self, name: &str) {
        let mut stops = Vec::new();
        for _ in 0..TAB_STOPS {
            self.key(Key::Tab);
            let label = self.focused().and_then(|node| node.accesskit_node().label()).unwrap_or_default();
            if label == name {
                return;
            }
            stops.push(label);
        }
        panic!("Tab does not come to {name}. It stops at {stops:?}. On the screen:\n{}", self.screen());
    }

    fn focused(&self) -> Option<Node<'_>> {
        self.window.root().children_recursive().find(Node::is_focused)
    }

    fn buttons(&self, name: &str) -> impl Iterator<Item = Node<'_>> {
        self.window.root().children_recursive().filter(move |node| {
            let button = BUTTONS.contains(&node.accesskit_node().role());
            button && node.accesskit_node().label().as_deref() == Some(name)
                || option_title(node).as_deref() == Some(name)
        })
    }

    fn button(&self, name: &str) -> Option<Node<'_>> {
        let mut found = self.buttons(name);
        let first = found.next();
        assert!(found.next().is_none(), "{name} is there twice:\n{}", self.screen());
        first
    }

    fn fields(&self, name: &str) -> impl Iterator<Item = Node<'_>> {
        self.window.root().children_recursive().filter(move |node| {
            let node = node.accesskit_node();
            FIELDS.contains(&node.role()) && node.label().as_deref() == Some(name)
        })
    }

    /// The accessibility tree, a line a node.
    fn screen(&self) -> String {
        let lines = self.window.root().children_recursive().filter_map(|node| {
            let (text, node) = (text(&node)?, node.accesskit_node());
            let off = if node.is_disabled() { ", off" } else { "" };
            Some(format!("{:?}{off}: {text}\n", node.role()))
        });
        lines.collect()
    }
}

/// Files that are not there, in the place of the user's own.
fn nobodys_files(folder: &Path) -> UsualFiles {
    let file = |name: &str| Some(folder.join(name));
    UsualFiles {
        kubeconfig: file("no-kubeconfig"),
        aws_config: file("no-aws-config"),
        aws_credentials: file("no-aws-credentials"),
    }
}

/// A file on its way from a file manager.
#[derive(Debug)]
struct Dropped(PathBuf);

impl DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        std::fs::read(&self.0).map_err(|error| error.to_string())
    }
}

/// What a node says: its name, or the text that it is. What is typed is no text of the screen.
fn text(node: &Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    let value = || node.value().filter(|_| !FIELDS.contains(&node.role()));
    node.label().or_else(value)
}

/// The title of an action's option. What it says of the fit changes with the answers.
fn option_title(node: &Node<'_>) -> Option<String> {
    let node = node.accesskit_node();
    let name = node.label().filter(|_| node.role() == Role::RadioButton)?;
    Some(name.split_once(". ").map_or(name.as_str(), |(title, _)| title).to_owned())
}

/// Stages the world for the engine.
fn starter(world: &Arc<World>, told: Option<&'static str>) -> StartPractice {
    let world = Arc::clone(world);
    Arc::new(move |_| {
        let stage = practice::stage(Arc::clone(&world)).map(|mut stage| {
            if let Some(told) = told {
                told.clone_into(&mut stage.world.told_region);
            }
            stage
        });
        std::future::ready(stage).boxed()
    })
}

fn read_journal(path: &Path) -> Vec<Entry> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
