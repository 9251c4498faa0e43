//! The terminal face, by the real program against the practice world.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

mod canary;
mod eks;
mod every_command;
mod fake_api;
#[path = "../support/foreign.rs"]
mod foreign;
mod guard;
mod leftovers;
mod life;
#[path = "../support/lookup.rs"]
mod lookup;
mod named_commands;
mod odd_text;
mod plugin;
mod preflight;
mod preview;
mod reports;
mod restore;
mod rollback;
mod runs;
mod scenarios;
mod tools;
mod usage;
mod whole_runs;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use serde_json::Value;

const US: &str = "us-east-1";
const EU: &str = "eu-west-1";

/// A program that heeds signals, whatever started these tests: a job in the background ignores SIGINT, and hands that
/// on.
#[cfg(target_os = "linux")]
fn with_usual_signals(program: &str) -> Command {
    let mut command = foreign::without_settings("/usr/bin/env");
    command.args(["--default-signal=HUP,INT,TERM", program]);
    command
}

#[cfg(not(target_os = "linux"))]
fn with_usual_signals(program: &str) -> Command {
    foreign::without_settings(program)
}

/// The program with a home of its own and nothing of the caller's cloud settings.
fn failback(home: &Path, args: &[&str]) -> Command {
    let mut command = with_usual_signals(env!("CARGO_BIN_EXE_failback"));
    command
        .args(args)
        .env("FAILBACK_HOME", home)
        .env("HOME", home)
        .env("SHELL", "/bin/sh")
        .stdin(Stdio::null());
    for name in ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"] {
        command.env_remove(name);
    }
    command
}

fn run(home: &Path, args: &[&str]) -> Output {
    failback(home, args).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

/// What `check --json` printed.
fn report(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no report: {}", text(output)))
}

/// The only check of a report with this id, of a region or of none.
#[track_caller]
fn check<'a>(report: &'a Value, id: &str, region: Option<&str>) -> &'a Value {
    let of = |check: &&Value| check["id"] == id && check["region"].as_str() == region;
    let found: Vec<&Value> = report["checks"].as_array().unwrap().iter().filter(of).collect();
    assert_eq!(found.len(), 1, "{id} of {region:?}: {report:#}");
    found[0]
}

/// Writes a program for `/bin/sh`.
#[cfg(unix)]
fn script(path: &Path, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    std::fs::write(path, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

/// A world of `practice serve`; it ends when its standard input closes.
struct Served {
    child: Child,
    stdin: Option<ChildStdin>,
    description: Value,
    home: tempfile::TempDir,
}

impl Served {
    fn start(scenario: &str) -> Self {
        Self::start_with(scenario, &[])
    }

    fn start_with(scenario: &str, more: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let args = [&["practice", "serve", scenario, "--speed", "60"], more].concat();
        let mut child =
            failback(home.path(), &args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        Self { child, stdin, description: serde_json::from_str(&line).unwrap(), home }
    }

    fn environment(&self) -> &str {
        self.description["environment"].as_str().unwrap()
    }

    /// A copy of the world's environment file with a change.
    fn changed_environment(&self, change: impl FnOnce(String) -> String) -> String {
        let text = std::fs::read_to_string(self.environment()).unwrap();
        let path = self.home.path().join("changed.toml");
        std::fs::write(&path, change(text)).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// A copy of the world's kubeconfig with a change; its path.
    fn changed_kubeconfig(&self, change: impl FnOnce(&mut Value)) -> String {
        let path = self.description["kubeconfig"].as_str().unwrap();
        let mut config = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
        change(&mut config);
        let path = self.home.path().join("changed-kubeconfig");
        std::fs::write(&path, config.to_string()).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// The world's environment with this kubeconfig in the place of its own.
    fn environment_with_kubeconfig(&self, kubeconfig: &str) -> String {
        let own = self.description["kubeconfig"].as_str().unwrap();
        self.changed_environment(|text| text.replace(own, kubeconfig))
    }

    /// A command on the world's environment.
    fn command(&self, command: &str, more: &[&str]) -> Command {
        let mut args = vec![command, "--environment", self.environment()];
        args.extend(more);
        failback(self.home.path(), &args)
    }

    fn run(&self, command: &str, more: &[&str]) -> Output {
        self.command(command, more).output().unwrap()
    }

    /// What changed the world so far: method, region and path.
    fn changes(&self) -> Vec<String> {
        let requests = self.control("/requests");
        let requests = requests.as_array().unwrap();
        requests.iter().map(|r| format!("{} {} {}", r["method"], r["region"], r["path"])).collect()
    }

    /// A page of the world's control.
    fn control(&self, page: &str) -> Value {
        let control = self.description["control"].as_str().unwrap();
        let address = control.strip_prefix("http://").unwrap().split('/').next().unwrap();
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        let path = format!("{}{page}", control.split_once(address).unwrap().1);
        // HTTP/1.0: the body ends with the connection, and comes in one piece.
        let request = format!("GET {path} HTTP/1.0\r\nHost: {address}\r\n\r\n");
        std::io::Write::write_all(&mut stream, request.as_bytes()).unwrap();
        let answer = std::io::read_to_string(stream).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stdin.take());
        self.child.wait().unwrap();
    }
}
