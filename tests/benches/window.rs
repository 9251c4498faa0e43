//! The window against a bare one of the same toolkit and renderer: from the
//! program's start to its first frame, and resident memory.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::{Aim, line, median};

/// With this argument the benchmark is the bare window.
pub(super) const BARE: &str = "--bare-window";
/// Starts of each: one takes a tenth of a second, in which the system has other things to do, too.
const STARTS: usize = 11;
/// What both windows write once their first frame is laid out.
const FIRST_FRAME: &str = "first frame";
/// Far longer than any start takes.
const PATIENCE: Duration = Duration::from_mins(1);
/// After the first frame, until memory is looked at.
const SETTLE: Duration = Duration::from_secs(2);
/// As the program's own window.
const SIZE: [f32; 2] = [1280.0, 800.0];

/// A child process that ends with its owner.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        // It may have ended by itself.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// One start of a window.
struct Start {
    took: Duration,
    /// Resident, in KiB; only Linux tells.
    memory: Option<u64>,
}

/// The ratios' lines, or why there are none.
pub(super) fn measure() -> Result<Vec<String>, String> {
    let display = match display()? {
        Display::Own(server, name) => Some((server, name)),
        Display::Given => None,
        Display::Missing => {
            return Ok(vec!["skipped: the window needs a display, or Xvfb on PATH".to_owned()]);
        }
    };
    let name = display.as_ref().map(|(_, name)| name.as_str());
    let home = tempfile::tempdir().map_err(|error| error.to_string())?;
    let bench = std::env::current_exe().map_err(|error| error.to_string())?;
    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let mut command = Command::new(&bench);
        bare.push(start(command.arg(BARE), name)?);
        let mut command = Command::new(env!("CARGO_BIN_EXE_failback"));
        command.env("FAILBACK_HOME", home.path()).env("FAILBACK_LOG", "info");
        ours.push(start(&mut command, name)?);
    }
    let mut lines = vec![first_frame(&ours, &bare)];
    lines.push(memory(&ours, &bare));
    Ok(lines)
}

fn first_frame(ours: &[Start], bare: &[Start]) -> String {
    let middle = |starts: &[Start]| median(starts.iter().map(|start| start.took).collect());
    let (ours, bare) = (middle(ours), middle(bare));
    let figures = format!("{} ms against {} ms", ours.as_millis(), bare.as_millis());
    line(
        "first frame, times a bare window's",
        ours.as_secs_f64() / bare.as_secs_f64(),
        &Aim::AtMost(1.15),
        &figures,
    )
}

fn memory(ours: &[Start], bare: &[Start]) -> String {
    let middle = |starts: &[Start]| {
        let mut sizes = starts.iter().map(|start| start.memory).collect::<Option<Vec<u64>>>()?;
        sizes.sort_unstable();
        sizes.get(sizes.len() / 2).copied()
    };
    let (Some(ours), Some(bare)) = (middle(ours), middle(bare)) else {
        return "skipped: memory needs /proc/PID/status".to_owned();
    };
    let figures = format!("{} MiB against {} MiB", ours / 1024, bare / 1024);
    line("memory, times a bare window's", ours as f64 / bare as f64, &Aim::AtMost(1.3), &figures)
}

/// Starts a window, waits for its first frame, looks at its memory, ends it.
fn start(command: &mut Command, display: Option<&str>) -> Result<Start, String> {
    if let Some(display) = display {
        command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").env_remove("WAYLAND_SOCKET");
    }
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let begin = Instant::now();
    let mut window = Ends(command.spawn().map_err(|error| error.to_string())?);
    let stderr = window.0.stderr.take().ok_or("a window without a standard error")?;
    let (tell, told) = mpsc::sync_channel(1);
    // To the end: a window that cannot write would stand still.
    let listen = move || {
        let mut said = Vec::new();
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            if line.contains(FIRST_FRAME) {
                drop(tell.try_send(Ok(Instant::now())));
            }
            said.push(line);
        }
        drop(tell.try_send(Err(said.join("; "))));
    };
    let thread = std::thread::Builder::new().name("standard error".to_owned()).spawn(listen);
    thread.map_err(|error| error.to_string())?;
    let shown = match told.recv_timeout(PATIENCE) {
        Ok(Ok(shown)) => shown,
        Ok(Err(said)) => return Err(format!("a window ended before its first frame: {said}")),
        Err(_) => return Err(format!("a window had no first frame within {} s", PATIENCE.as_secs())),
    };
    std::thread::sleep(SETTLE);
    Ok(Start { took: shown - begin, memory: resident(window.0.id()) })
}

fn resident(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?.split_whitespace().next()?.parse().ok()
}

enum Display {
    /// The user's, or the system always has one.
    Given,
    /// A server of our own, and its name.
    Own(Ends, String),
    Missing,
}

fn display() -> Result<Display, String> {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !cfg!(target_os = "linux") || set("DISPLAY") || set("WAYLAND_DISPLAY") {
        return Ok(Display::Given);
    }
    if which::which("Xvfb").is_err() {
        return Ok(Display::Missing);
    }
    // It looks for a free number, and tells it once it listens.
    let mut command = Command::new("Xvfb");
    command.args(["-displayfd", "1", "-screen", "0", "1400x900x24", "-nolisten", "tcp"]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut server = Ends(command.spawn().map_err(|error| format!("Xvfb: {error}"))?);
    let stdout = server.0.stdout.take().ok_or("Xvfb without a standard output")?;
    let mut number = String::new();
    // A display's number is short; the limit is against anything else.
    let read = BufReader::new(stdout.take(16)).read_line(&mut number);
    if read.is_err() || number.trim().is_empty() {
        return Err("Xvfb did not start".to_owned());
    }
    Ok(Display::Own(server, format!(":{}", number.trim())))
}

/// The least that the toolkit shows.
struct Bare {
    shown: bool,
}

impl eframe::App for Bare {
    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        ui.label("Failback");
        if !std::mem::replace(&mut self.shown, true) {
            eprintln!("{FIRST_FRAME}");
        }
    }
}

/// The bare window, until somebody closes it.
pub(super) fn bare() -> ExitCode {
    let viewport = egui::ViewportBuilder::default().with_title("Failback").with_inner_size(SIZE);
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let shown = eframe::run_native("bare", options, Box::new(|_| Ok(Box::new(Bare { shown: false }))));
    match shown {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}
