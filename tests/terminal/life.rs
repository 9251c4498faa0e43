//! One life of a write: two programs at once, signals, and what a killed one leaves.

#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use failback::app::places;
use failback::engine::event::Event;
use failback::engine::job::{Job, SessionId};
use failback::engine::session::{Options as SessionOptions, Session};
use failback::engine::{self, Engine};
use failback::environment::{self, Store};
use failback::journal::{Entry, Happening};
use failback::runbook::action::{ActionKind, ActionOutcome, Confirmed};
use failback::runbook::case::Case;
use failback::runbook::profile::Profile;
use failback::runbook::question::Readings;
use failback::runbook::step::Step;
use failback::runbook::steps::{self, restore};
use jiff::Timestamp;
use serde_json::Value;

use super::lookup::has_tools;
use super::{Served, US, code, failback, script, text};

/// How a write is started: by a terminal, or by a window's engine.
pub(super) type Start = fn(&Served, &str) -> Command;

/// Far longer than anything here takes.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// The engine of a window, in a process of its own that can be killed: this test binary again.
const ENGINE: [&str; 3] = ["life::the_engine_of_a_window", "--exact", "--ignored"];

#[track_caller]
pub(super) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !holds() {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// A command on the world with temporary files of its own.
pub(super) fn on(world: &Served, args: &[&str]) -> Command {
    let temporary = world.home.path().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    let mut command = failback(world.home.path(), args);
    command.env("TMPDIR", temporary).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Without a look at what would change, which runs Helm as well.
pub(super) fn restoring(world: &Served, action: &str) -> Command {
    let mut command = previewing(world, action);
    command.arg("--no-preview");
    command
}

/// With that look.
pub(super) fn previewing(world: &Served, action: &str) -> Command {
    let args = ["restore", "--environment", world.environment(), "--failed", US, "--action", action];
    on(world, &[&args[..], &["--confirm", US, "--reason", "a test"]].concat())
}

/// The same by the engine of a window.
fn engine(world: &Served, action: &str) -> Command {
    let program = std::env::current_exe().unwrap();
    let mut command = super::with_usual_signals(program.to_str().unwrap());
    let temporary = world.home.path().join("tmp");
    std::fs::create_dir_all(&temporary).unwrap();
    command
        .args(ENGINE)
        .env("FAILBACK_HOME", world.home.path())
        .env("HOME", world.home.path())
        .env("SHELL", "/bin/sh")
        .env("TMPDIR", temporary)
        .env("LIFE_ENVIRONMENT", world.environment())
        .env("LIFE_ACTION", action)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The changes of the failed region's Deployment: no other request of ours is a PATCH of it.
pub(super) fn patches(world: &Served) -> usize {
    let is_patch = |change: &&String| change.contains("PATCH") && change.contains("/deployments/");
    world.changes().iter().filter(is_patch).count()
}

pub(super) fn journals(world: &Served) -> Vec<PathBuf> {
    let runs = std::fs::read_dir(world.home.path().join("runs")).into_iter().flatten();
    let mut journals: Vec<PathBuf> = runs.map(|run| run.unwrap().path().join("journal.jsonl")).collect();
    journals.retain(|path| path.exists());
    journals.sort();
    journals
}

/// What a journal says; only its last line may be torn.
pub(super) fn entries(path: &Path) -> Vec<Happening> {
    let text = std::fs::read_to_string(path).unwrap();
    let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
    let lines = whole.lines().filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_str::<Entry>(line).unwrap().happening).collect()
}

fn all_entries(world: &Served) -> Vec<Happening> {
    journals(world).iter().flat_map(|path| entries(path)).collect()
}

fn count(entries: &[Happening], of: impl Fn(&Happening) -> bool) -> usize {
    entries.iter().filter(|entry| of(entry)).count()
}

pub(super) fn intents(entries: &[Happening]) -> usize {
    count(entries, |entry| matches!(entry, Happening::Intent { .. }))
}

fn outcomes(entries: &[Happening]) -> usize {
    count(entries, |entry| matches!(entry, Happening::Outcome { .. }))
}

/// A Helm that takes as long as it is let: it writes down that it began, and its number.
struct SlowHelm {
    folder: tempfile::TempDir,
}

impl SlowHelm {
    fn new(act: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let began = folder.path().join("began");
        let act = act.replace("BEGAN", began.to_str().unwrap());
        let text = format!("case \"$1\" in\nversion) echo v4.0.0;;\nupgrade) {act};;\nesac");
        script(&folder.path().join("helm"), &text);
        Self { folder }
    }

    fn sleeping() -> Self {
        Self::new("echo $$ >> BEGAN; echo it began; exec sleep 300")
    }

    fn first_on_path(&self, command: &mut Command) {
        let path = std::env::var_os("PATH").unwrap();
        let folders = std::iter::once(self.folder.path().to_owned()).chain(std::env::split_paths(&path));
        command.env("PATH", std::env::join_paths(folders).unwrap());
    }

    fn pids(&self) -> Vec<u32> {
        let began = std::fs::read_to_string(self.folder.path().join("began")).unwrap_or_default();
        began.lines().map(|line| line.parse().unwrap()).collect()
    }

    fn start(&self, mut command: Command) -> Child {
        self.first_on_path(&mut command);
        let before = self.pids().len();
        let mut child = command.spawn().unwrap();
        let begin = Instant::now();
        while self.pids().len() == before {
            let has_ended = child.try_wait().unwrap().is_some();
            assert!(!has_ended, "it ended before helm began: {}", text(&child.wait_with_output().unwrap()));
            assert!(begin.elapsed() < PATIENCE, "helm never began");
            std::thread::sleep(Duration::from_millis(10));
        }
        child
    }

    fn run(&self, mut command: Command) -> Output {
        self.first_on_path(&mut command);
        command.output().unwrap()
    }
}

fn is_alive(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
        && std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z "))
}

fn signal(name: &str, pid: u32) {
    let sent = Command::new("/bin/sh").args(["-c", &format!("kill -{name} {pid}")]).output().unwrap();
    assert!(sent.status.success(), "{}", text(&sent));
}

#[test]
fn of_two_at_once_one_writes_and_the_other_is_told_why_not() {
    let (terminal, window): (Start, Start) = (restoring, engine);
    for (first, second) in [(terminal, terminal), (terminal, window), (window, window)] {
        let world = Served::start("crash-loop");
        let mut children =
            [first(&world, "restart"), second(&world, "restart")].map(|mut c| c.spawn().unwrap());
        for child in &mut children {
            child.wait().unwrap();
        }
        let said = children.map(|child| child.wait_with_output().unwrap());
        let texts: Vec<String> = said.iter().map(text).collect();
        assert_eq!(patches(&world), 1, "{texts:#?}");
        assert_eq!(said.iter().filter(|output| code(output) == 0).count(), 1, "{texts:#?}");
        let refused = said.iter().find(|output| code(output) != 0).map(text).unwrap();
        let told = ["runs since", "after this plan was made", "is healthy", "not failing"];
        assert!(told.iter().any(|words| refused.contains(words)), "{refused}");
        let entries = all_entries(&world);
        assert_eq!((intents(&entries), outcomes(&entries)), (1, 1), "{entries:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn who_holds_the_write_is_told_and_the_region_can_be_watched_meanwhile() {
    let world = Served::start("crash-loop");
    let helm = SlowHelm::sleeping();
    let mut child = helm.start(engine(&world, "reapply-helm"));
    let second = helm.run(restoring(&world, "restart"));
    assert_eq!(code(&second), 1, "{}", text(&second));
    let said = text(&second);
    for words in [
        "nothing was done: re-apply by Helm of us-east-1",
        &format!("in a window (pid {} on ", child.id()),
        "Wait for its end",
        "Nothing was changed",
    ] {
        assert!(said.contains(words), "{words} is not in {said}");
    }
    // A copy under another name leads to the same cluster.
    let copy = world.changed_environment(|text| {
        let (before, name) = text.split_once("name = \"").unwrap();
        let (_, after) = name.split_once('"').unwrap();
        format!("{before}name = \"copy\"{after}")
    });
    let args = ["restore", "--environment", &copy, "--failed", US, "--action", "restart", "--confirm", US];
    let third = helm.run(on(&world, &args));
    assert!(text(&third).contains("runs since"), "{}", text(&third));
    let check = helm.run(on(&world, &["check", "--environment", world.environment(), "--failed", US]));
    assert_eq!(code(&check), 1, "read as ever: {}", text(&check));
    assert!(!text(&check).contains("interrupted"), "it goes on: {}", text(&check));
    assert_eq!((world.changes(), helm.pids().len()), (Vec::<String>::new(), 1));
    signal("TERM", child.id());
    child.wait().unwrap();
    until("helm is gone", || !is_alive(helm.pids()[0]));
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_stops_the_program_in_order_and_its_outcome_is_on_disk() {
    for (name, expected) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
        let world = Served::start("crash-loop");
        let helm = SlowHelm::sleeping();
        let child = helm.start(restoring(&world, "reapply-helm"));
        signal(name, child.id());
        let output = child.wait_with_output().unwrap();
        assert_eq!(code(&output), expected, "{name}: {}", text(&output));
        assert!(!is_alive(helm.pids()[0]), "{name}: helm still runs");
        let entries = all_entries(&world);
        let last = &entries[entries.len() - 2..];
        let [Happening::Outcome { outcome: ActionOutcome::Cancelled { .. }, .. }, Happening::Closed { .. }] =
            last
        else {
            panic!("{name}: {entries:?}")
        };
        let next = on(&world, &["interrupted"]).output().unwrap();
        assert_eq!(code(&next), 0, "{}", text(&next));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_window_s_engine_stops_in_order_by_a_signal_too() {
    let world = Served::start("crash-loop");
    let helm = SlowHelm::sleeping();
    let child = helm.start(engine(&world, "reapply-helm"));
    signal("TERM", child.id());
    let output = child.wait_with_output().unwrap();
    assert!(text(&output).contains("Cancelled"), "{}", text(&output));
    assert!(!is_alive(helm.pids()[0]));
    let entries = all_entries(&world);
    assert_eq!((intents(&entries), outcomes(&entries)), (1, 1), "{entries:?}");
    assert!(matches!(entries.last(), Some(Happening::Closed { .. })), "{entries:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn what_only_reads_ends_by_a_signal_with_its_code() {
    // Slower than the signal.
    let world = Served::start_with("healthy", &["--latency", "5000"]);
    for command in ["check", "rollout"] {
        for (name, expected) in [("INT", 130), ("TERM", 143), ("HUP", 129)] {
            let args = [command, "--environment", world.environment(), "--failed", US];
            let mut child = on(&world, &args).spawn().unwrap();
            until("its handlers are there", || handles_signals(child.id()));
            signal(name, child.id());
            assert_eq!(child.wait().unwrap().code(), Some(expected), "{command} {name}");
        }
    }
    // A world that runs alone ends well by a signal, and its files go with it.
    let temporary = world.home.path().join("tmp");
    let mut child = on(&world, &["practice", "serve", "healthy"]).stdin(Stdio::piped()).spawn().unwrap();
    until("it has its files", || std::fs::read_dir(&temporary).unwrap().count() == 1);
    until("its handlers are there", || handles_signals(child.id()));
    signal("TERM", child.id());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_nothing_left(&world);
}

/// Does it catch SIGHUP, SIGINT and SIGTERM (1, 2 and 15)?
fn handles_signals(pid: u32) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let mask = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default();
    let wanted = (1 << 0) | (1 << 1) | (1 << 14);
    mask & wanted == wanted
}

#[cfg(target_os = "linux")]
#[test]
fn output_that_nobody_reads_holds_up_nothing() {
    let world = Served::start("crash-loop");
    let helm = SlowHelm::new(
        "echo $$ >> BEGAN; i=0; while [ $i -lt 200000 ]; do echo \"line $i of the output that nobody reads\"; i=$((i+1)); done; exit 0",
    );
    // Its pipes stay open and full.
    let mut child = helm.start(restoring(&world, "reapply-helm"));
    until("it ends", || child.try_wait().unwrap().is_some());
    let entries = all_entries(&world);
    assert_eq!((intents(&entries), outcomes(&entries)), (1, 1), "{entries:?}");
    assert!(
        entries
            .iter()
            .any(|entry| matches!(entry, Happening::Outcome { outcome: ActionOutcome::Done { .. }, .. }))
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_helm_that_outlives_a_killed_program_is_told_and_none_is_started_beside_it() {
    for start in [restoring as Start, engine] {
        let world = Served::start("crash-loop");
        let helm = SlowHelm::sleeping();
        let mut child = helm.start(start(&world, "reapply-helm"));
        child.kill().unwrap();
        child.wait().unwrap();
        let [pid] = helm.pids()[..] else { panic!("{:?}", helm.pids()) };
        assert!(is_alive(pid));
        let next = on(&world, &["interrupted", "--acknowledge"]).output().unwrap();
        let said = text(&next);
        assert!(said.contains("re-apply by Helm of us-east-1 was sent at"), "{said}");
        assert!(
            said.contains(&format!("still runs (pid {pid})")) && said.contains("not acknowledged"),
            "{said}"
        );
        assert_eq!(code(&next), 1);
        let second = helm.run(restoring(&world, "reapply-helm"));
        assert_ne!(code(&second), 0);
        let said = text(&second);
        let expected =
            format!("helm of the interrupted action still runs (pid {pid}): wait for it or end it");
        assert!(said.contains(&expected) || said.contains(&format!("still runs (pid {pid})")), "{said}");
        assert_eq!(helm.pids(), [pid], "none was started beside it");
        signal("KILL", pid);
        until("it is gone", || !is_alive(pid));
        let next = on(&world, &["interrupted", "--acknowledge"]).output().unwrap();
        assert!(
            text(&next).contains("its outcome is not known: look before you repeat it"),
            "{}",
            text(&next)
        );
        assert_eq!(code(&next), 0);
        let third = helm.start(restoring(&world, "reapply-helm"));
        signal("TERM", third.id());
        third.wait_with_output().unwrap();
        // Nothing of a killed program stays, and nothing is told twice.
        let last = on(&world, &["interrupted"]).output().unwrap();
        assert_eq!(code(&last), 0, "{}", text(&last));
        assert_nothing_left(&world);
    }
}

/// No folder for the time being, no half of a save, no note of a lock that nobody holds.
fn assert_nothing_left(world: &Served) {
    let list = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(world.home.path().join(folder)).into_iter().flatten();
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    };
    assert_eq!(list("tmp"), [""; 0]);
    let halves: Vec<String> = list("environments").into_iter().filter(|name| name.starts_with('.')).collect();
    assert_eq!(halves, [""; 0]);
}

#[test]
fn an_interrupted_action_is_said_first_by_every_command_until_somebody_has_looked() {
    let world = Served::start("scaled-to-zero");
    let run = world.home.path().join("runs/2026-03-04T02-41-07.000Z-acme");
    std::fs::create_dir_all(&run).unwrap();
    for folder in [run.parent().unwrap(), &run] {
        std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
    let journal = [
        r#"{"at":"2026-03-04T02:40:00Z","what":"opened","environment":"acme","practice":null,"version":"9"}"#,
        r#"{"at":"2026-03-04T02:40:30Z","what":"foreseen","by":"a newer program"}"#,
        r#"{"at":"2026-03-04T02:41:07Z","what":"intent","intent":1,"action":"restart","region":"us-east-1","context":"us","command":"kubectl","overridden":[],"reason":null}"#,
        r#"{"at":"2026-03-04T02:41:08Z","what":"outco"#,
    ];
    std::fs::write(run.join("journal.jsonl"), journal.join("\n")).unwrap();
    let sentence =
        "restart of us-east-1 was sent at 02:41:07 UTC, its outcome is not known: look before you repeat it";
    let environment = ["--environment", world.environment(), "--failed", US];
    let check = on(&world, &[&["check"][..], &environment, &["--json"]].concat()).output().unwrap();
    let report: Value = serde_json::from_slice(&check.stdout).unwrap();
    let told = report["interrupted"][0]["sentence"].as_str().unwrap();
    assert!(told.starts_with(sentence) && told.contains("newer Failback wrote 1"), "{report:#}");
    let plan = [&["restore"][..], &environment, &["--action", "restart"]].concat();
    for args in [[&["check"][..], &environment].concat(), plan, [&["rollout"][..], &environment].concat()] {
        let said = on(&world, &args).output().unwrap();
        let first = String::from_utf8_lossy(&said.stderr).lines().next().unwrap_or_default().to_owned();
        assert!(first.contains(sentence) && first.contains("acme"), "{args:?}: {}", text(&said));
    }
    assert_eq!(code(&on(&world, &["interrupted"]).output().unwrap()), 1);
    assert_eq!(code(&on(&world, &["interrupted", "--acknowledge"]).output().unwrap()), 0);
    assert_eq!(code(&on(&world, &["interrupted"]).output().unwrap()), 0);
    let text = std::fs::read_to_string(run.join("journal.jsonl")).unwrap();
    let last = text.lines().last().unwrap();
    assert!(
        last.contains("\"acknowledged\"") && text.ends_with('\n'),
        "the torn line was closed first: {text}"
    );
}

#[test]
fn without_a_private_place_or_room_for_the_intent_nothing_is_done() {
    use std::os::unix::fs::PermissionsExt;
    let world = Served::start("scaled-to-zero");
    let runs = world.home.path().join("runs");
    let chmod =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let refused = |words: &str| {
        let output = restoring(&world, "scale").output().unwrap();
        assert_eq!(code(&output), 1, "{}", text(&output));
        let said = text(&output);
        assert!(said.contains("nothing was done") && said.contains(words), "{words} is not in {said}");
    };
    std::fs::create_dir(&runs).unwrap();
    chmod(&runs, 0o777);
    refused("mode 0777");
    std::fs::remove_dir(&runs).unwrap();
    let elsewhere = world.home.path().join("elsewhere");
    std::fs::create_dir(&elsewhere).unwrap();
    chmod(&elsewhere, 0o777);
    std::os::unix::fs::symlink(&elsewhere, &runs).unwrap();
    refused("chmod 700");
    std::fs::remove_file(&runs).unwrap();
    std::fs::write(&runs, "no folder").unwrap();
    refused("runs");
    std::fs::remove_file(&runs).unwrap();
    // A file may grow to 1 kB: there is room for the beginning of the journal, not for this intent.
    let reason = "r".repeat(2_000);
    let command = restoring(&world, "scale");
    let args: Vec<String> = command.get_args().map(|arg| arg.to_string_lossy().into_owned()).collect();
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "trap '' XFSZ; ulimit -f 2; exec \"$@\"", "sh"]).arg(command.get_program());
    limited.args(args.iter().map(|arg| if arg == "a test" { reason.as_str() } else { arg.as_str() }));
    for (name, value) in command.get_envs() {
        match value {
            Some(value) => limited.env(name, value),
            None => limited.env_remove(name),
        };
    }
    let output = limited.output().unwrap();
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("cannot be written: File too large"), "{}", text(&output));
    assert_eq!(intents(&all_entries(&world)), 0);
    assert_eq!(world.changes(), [""; 0]);
    let done = restoring(&world, "scale").output().unwrap();
    assert_eq!(code(&done), 0, "{}", text(&done));
}

/// Random numbers that are the same in each run (xorshift).
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// `FAILBACK_KILLS` many, `FAILBACK_SEED` decides when; a few in every run of the tests.
#[cfg(target_os = "linux")]
#[test]
fn killed_at_any_moment_nothing_is_lost_or_done_twice() {
    if !has_tools("killed_at_any_moment_nothing_is_lost_or_done_twice", &["helm"]) {
        return;
    }
    let number = |name: &str, otherwise: u64| {
        std::env::var(name).ok().and_then(|value| value.parse().ok()).unwrap_or(otherwise)
    };
    let kills = number("FAILBACK_KILLS", 30);
    let mut random = Random(number("FAILBACK_SEED", 7).max(1));
    let ways: [(&str, &str, Start, u64); 6] = [
        ("scaled-to-zero", "scale", restoring, 700),
        ("crash-loop", "restart", engine, 700),
        ("deployment-missing", "reapply-helm", restoring, 2_500),
        ("scaled-to-zero", "scale", engine, 700),
        ("crash-loop", "restart", restoring, 700),
        ("deployment-missing", "reapply-helm", engine, 2_500),
    ];
    let mut told = 0;
    for kill in 0..kills {
        let (scenario, action, start, longest) = ways[usize::try_from(kill).unwrap() % ways.len()];
        // Each other one comes soon after the intent: there are most things to lose.
        let after_intent = (kill / ways.len() as u64) % 2 == 1;
        let after = random.below(if after_intent { longest / 20 } else { longest });
        let since = if after_intent { "the intent" } else { "the start" };
        let what = format!("kill {kill}: {action}, {after} ms after {since}");
        let world = Served::start(scenario);
        let mut child = start(&world, action).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        if after_intent {
            let written = || journals(&world).iter().any(|path| intents(&entries(path)) > 0);
            until(&what, || written() || child.try_wait().unwrap().is_some());
        }
        std::thread::sleep(Duration::from_millis(after));
        child.kill().unwrap();
        child.wait().unwrap();
        told += usize::from(after_a_kill(&world, action, &what));
    }
    super::lookup::say(&format!("{told} of {kills} kills came between intent and outcome"));
}

/// What has to hold after a kill; was an action interrupted?
fn after_a_kill(world: &Served, action: &str, what: &str) -> bool {
    let before = all_entries(world);
    let open = intents(&before) - outcomes(&before);
    assert!(intents(&before) <= 1, "{what}: {before:?}");
    // Whatever reached the world was written down before.
    assert!(world.changes().is_empty() || intents(&before) == 1, "{what}: {:?}", world.changes());
    assert!(patches(world) <= 1, "{what}: {:?}", world.changes());
    let next = on(world, &["check", "--environment", world.environment(), "--failed", US]).output().unwrap();
    let said = String::from_utf8_lossy(&next.stderr).into_owned();
    assert_eq!(said.matches("was sent at").count(), open, "{what}: {said}");
    assert!([0, 1, 2].contains(&code(&next)), "{what}: {}", text(&next));
    // What the killed program started ends by itself, and then nothing of either is left.
    let home = world.home.path().to_string_lossy().into_owned();
    until(&format!("{what}: no child is left"), || children(&home).is_empty());
    let last = on(world, &["interrupted", "--acknowledge"]).output().unwrap();
    assert_eq!(code(&last), 0, "{what}: {}", text(&last));
    assert_nothing_left(world);
    let store = Store::at(world.home.path().join("environments"));
    assert_eq!(store.list().problems, [], "{what}");
    // It can be done again, once, where there is still something to do.
    let changed = world.changes().len();
    let again = restoring(world, action).output().unwrap();
    let all = all_entries(world);
    assert_eq!(intents(&all) - outcomes(&all), open, "{what}: {}", text(&again));
    assert!(
        code(&again) == 0 || world.changes().len() == changed || action == "reapply-helm",
        "{what}: {}",
        text(&again)
    );
    open > 0
}

/// Processes that were started for an intent of a run in this home, and what they started.
pub(super) fn children(home: &str) -> Vec<u32> {
    let pids = std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let of_home = |pid: &u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        let environ = String::from_utf8_lossy(&environ).into_owned();
        environ.contains("FAILBACK_INTENT=") && environ.contains(home)
    };
    pids.filter(of_home).collect()
}

#[cfg(target_os = "linux")]
#[test]
fn a_run_that_is_opened_again_has_the_action_that_goes_on_and_starts_none_beside_it() {
    let world = Served::start("crash-loop");
    let helm = SlowHelm::sleeping();
    let mut command = engine(&world, "reapply-helm");
    command.env("LIFE_REOPENS", "yes");
    let output = helm.start(command).wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert_eq!(helm.pids().len(), 1);
    assert!(!is_alive(helm.pids()[0]));
    let entries = all_entries(&world);
    assert_eq!((intents(&entries), outcomes(&entries)), (1, 1), "{entries:?}");
    // Both runs are closed.
    assert_eq!(count(&entries, |entry| matches!(entry, Happening::Closed { .. })), 2, "{entries:?}");
}

/// Leaves the run in the middle of its action and opens it again: what goes on is shown, and stopped from there.
fn reopen(engine: &mut Engine, profile: &Arc<Profile>, again: Confirmed) {
    let (before, session) = (SessionId(1), SessionId(2));
    next(engine, |event| matches!(event, Event::Output { line, .. } if line == "it began").then_some(()));
    let jobs = [
        Job::Close { session: before },
        Job::Open { session, profile: Arc::clone(profile) },
        Job::BeginRun { session },
    ];
    assert!(jobs.into_iter().all(|job| engine.submit(job)));
    let going = next(engine, |event| match event {
        Event::ActionGoesOn { session: of, going } if of == session => Some(going),
        _ => None,
    });
    assert_eq!((going.kind, going.region.as_str()), (ActionKind::ReapplyHelm, US));
    assert_eq!(going.lines, ["it began"]);
    let ended = |engine: &mut Engine| {
        next(engine, |event| match event {
            Event::ActionEnded { session: of, outcome } if of == session => Some(outcome),
            _ => None,
        })
    };
    assert!(engine.submit(Job::Apply { session, confirmed: Box::new(again) }));
    let refused = ended(engine);
    assert!(refused.is_unchanged(), "{refused:?}");
    assert!(engine.submit(Job::CancelAction { session }));
    let outcome = ended(engine);
    assert!(matches!(outcome, ActionOutcome::Cancelled { .. }), "{outcome:?}");
    assert!(engine.submit(Job::Close { session }) && engine.submit(Job::Finish));
    next(engine, |event| matches!(event, Event::Finished).then_some(()));
}

/// Not a test of its own: the others run it as a process that they can kill. It does what a window's engine
/// does, from opening a run to putting everything on disk.
#[test]
#[ignore = "run by others, in a process of its own"]
fn the_engine_of_a_window() {
    let Ok(path) = std::env::var("LIFE_ENVIRONMENT") else { return };
    let action = std::env::var("LIFE_ACTION").unwrap();
    let kind = ActionKind::ALL.into_iter().find(|kind| kind.id() == action).unwrap();
    let profile = Arc::new(environment::read(Path::new(&path)).unwrap());
    let reopens = std::env::var("LIFE_REOPENS").is_ok();
    let again = reopens.then(|| confirmed(&profile, kind));
    let confirmed = confirmed(&profile, kind);
    let options = engine::Options {
        store: Store::open_default(),
        runs: places::runs(),
        start_practice: Arc::new(|_| Box::pin(async { Err("no practice".to_owned()) })),
        session: SessionOptions::default(),
    };
    let mut engine = Engine::start(options, || {}).unwrap();
    assert!(engine.heed_signals());
    let session = SessionId(1);
    let jobs = [
        Job::Open { session, profile: Arc::clone(&profile) },
        Job::BeginRun { session },
        Job::SaveEnvironment { profile: Arc::clone(&profile), replacing: None },
        Job::Apply { session, confirmed: Box::new(confirmed) },
    ];
    for job in jobs {
        assert!(engine.submit(job));
    }
    if let Some(again) = again {
        return reopen(&mut engine, &profile, again);
    }
    let outcome = next(&mut engine, |event| match event {
        Event::ActionEnded { outcome, .. } => Some(outcome),
        _ => None,
    });
    assert!(engine.submit(Job::Close { session }) && engine.submit(Job::Finish));
    next(&mut engine, |event| matches!(event, Event::Finished).then_some(()));
    assert!(matches!(outcome, ActionOutcome::Done { .. }), "{outcome:?}");
}

fn next<T>(engine: &mut Engine, of: impl Fn(Event) -> Option<T>) -> T {
    let begin = Instant::now();
    loop {
        if let Some(found) = engine.next_event().and_then(&of) {
            return found;
        }
        assert!(begin.elapsed() < PATIENCE);
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn confirmed(profile: &Arc<Profile>, kind: ActionKind) -> Confirmed {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let session = Session::new(Arc::clone(profile), SessionOptions::default());
    let failed = profile.find(US).unwrap();
    let mut readings = Readings::default();
    let steps = [Step::Confirm, Step::Diagnose, Step::Restore];
    let questions = steps::questions_of(profile, failed, &steps);
    runtime.block_on(session.observe_all(&questions, &mut readings));
    let case = Case { profile, failed, readings: &readings, now: Timestamp::now() };
    restore::plan(&case, kind).confirm_as_shown(US, Some("a test")).unwrap()
}
