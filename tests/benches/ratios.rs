//! How quick the program is, as ratios in one run: `cargo bench --bench ratios`.
//!
//! 1. `failback check` against the runbook's commands of steps 1 and 2 in a shell
//!    script, with the real `aws` and `kubectl`, on one practice world that adds
//!    50 ms to each answer (static token). Aim: at least 6 times as fast.
//! 2. The window's start to its first frame, and its memory, against a bare eframe
//!    window. Aims: at most 1.15 and 1.3 times. Needs a display (`DISPLAY`).

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a benchmark"
)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use failback::practice::{Options, World, scenario};

const FAILBACK: &str = env!("CARGO_BIN_EXE_failback");
const ROUNDS: usize = 7;
/// What both windows say when they painted their first frame.
const FIRST_FRAME: &str = "first frame";

fn main() {
    if std::env::args().any(|arg| arg == "--bare-window") {
        return bare_window();
    }
    check_against_script();
    window_against_bare();
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

fn verdict(ok: bool) -> &'static str {
    if ok { "ok" } else { "missed" }
}

fn on_path(tool: &str) -> bool {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .any(|folder| folder.join(tool).is_file())
}

fn check_against_script() {
    for tool in ["aws", "kubectl"] {
        if !on_path(tool) {
            println!("skipped: check against the runbook's commands needs {tool} on PATH");
            return;
        }
    }
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = Options {
        scenario: scenario("crash-loop").unwrap(),
        speed: 1.0,
        seed: 1,
        latency: Duration::from_millis(50),
        dir: None,
    };
    let world = runtime.block_on(World::start(options)).unwrap();
    let script = script(&world);
    let time = |mut command: Command| {
        command
            .envs(world.env())
            .env("FAILBACK_HOME", world.dir())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let start = Instant::now();
        command.status().unwrap();
        // The limits of the real API hold here too: each round begins with full buckets.
        let took = start.elapsed();
        std::thread::sleep(Duration::from_secs(4));
        took
    };
    let mut ours = Vec::new();
    let mut theirs = Vec::new();
    for _ in 0..ROUNDS {
        let mut check = Command::new(FAILBACK);
        check.args(["check", "--failed", "us-east-1", "--environment"]).arg(world.environment_file());
        ours.push(time(check));
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&script);
        theirs.push(time(shell));
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    println!(
        "check: {ours:.0?}, the runbook's commands: {theirs:.0?}, ratio {ratio:.1} (aim 6 or more): {}",
        verdict(ratio >= 6.0)
    );
}

/// The runbook's commands of steps 1 and 2, one after another.
fn script(world: &World) -> String {
    let status = |id: &String| {
        format!(
            "aws route53 get-health-check-status --health-check-id {id} --query \
             'HealthCheckObservations[].{{Region:Region,Status:StatusReport.Status}}' --output table"
        )
    };
    let kubectl =
        "kubectl --context arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
    let mut lines: Vec<String> = world.health_check_ids().values().map(status).collect();
    lines.push(format!("{kubectl} get pods -n vcluster-platform -l app=loft"));
    lines.push(format!("{kubectl} logs -n vcluster-platform -l app=loft --tail=50"));
    lines.push(format!("{kubectl} get ingress -n vcluster-platform loft"));
    lines.join("\n")
}

fn window_against_bare() {
    if std::env::var_os("DISPLAY").is_none() {
        println!(
            "skipped: the window against a bare one needs a display (DISPLAY), for example under xvfb-run"
        );
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let ours = || {
        let mut command = Command::new(FAILBACK);
        command.env("FAILBACK_HOME", home.path()).env("FAILBACK_LOG", "info");
        command
    };
    let bare = || {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.arg("--bare-window");
        command
    };
    let mut samples = [(Vec::new(), Vec::new()), (Vec::new(), Vec::new())];
    for _ in 0..ROUNDS {
        for (index, command) in [ours(), bare()].into_iter().enumerate() {
            let Some((first_frame, memory)) = open_and_close(command) else {
                println!("skipped: no window painted a frame on this display");
                return;
            };
            samples[index].0.push(first_frame);
            samples[index].1.push(memory);
        }
    }
    let [(our_frames, our_memory), (bare_frames, bare_memory)] = samples;
    let (ours, bare) = (median(our_frames), median(bare_frames));
    let ratio = ours.as_secs_f64() / bare.as_secs_f64();
    println!(
        "first frame: {ours:.0?}, bare window: {bare:.0?}, ratio {ratio:.2} (aim 1.15 or less): {}",
        verdict(ratio <= 1.15)
    );
    let middle = |mut kib: Vec<u64>| {
        kib.sort_unstable();
        kib[kib.len() / 2]
    };
    let (ours, bare) = (middle(our_memory), middle(bare_memory));
    if bare == 0 {
        println!("skipped: memory is read from /proc, which this system does not have");
        return;
    }
    let ratio = ours as f64 / bare as f64;
    println!(
        "memory: {} MiB, bare window: {} MiB, ratio {ratio:.2} (aim 1.3 or less): {}",
        ours / 1024,
        bare / 1024,
        verdict(ratio <= 1.3)
    );
}

/// From the start of the process to its first frame, and its resident memory (KiB) two seconds later.
fn open_and_close(mut command: Command) -> Option<(Duration, u64)> {
    let start = Instant::now();
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(child.stderr.take().unwrap()).lines();
    let painted = lines.map_while(Result::ok).find(|line| line.contains(FIRST_FRAME));
    let first_frame = start.elapsed();
    let memory = painted.map(|_| {
        std::thread::sleep(Duration::from_secs(2));
        resident_kib(&child)
    });
    child.kill().unwrap();
    child.wait().unwrap();
    Some((first_frame, memory?))
}

fn resident_kib(child: &Child) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

struct Bare {
    painted: bool,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        ui.label("A window");
        if !self.painted {
            self.painted = true;
            eprintln!("{FIRST_FRAME}");
        }
    }
}

fn bare_window() {
    let viewport = egui::ViewportBuilder::default().with_inner_size([1280.0, 800.0]);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let opened = eframe::run_native("bare", options, Box::new(|_| Ok(Box::new(Bare { painted: false }))));
    if let Err(error) = opened {
        eprintln!("{error}");
    }
}
