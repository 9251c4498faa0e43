//! How fast the program is beside what it stands for, as ratios: they hold on
//! slow machines and quick ones alike. `cargo bench --bench ratios` prints them.
//!
//! It only measures: a missed aim is printed, and is no error. A measurement
//! that went wrong is one.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "it prints what it measured")]

mod commands;
#[path = "../support/foreign.rs"]
mod foreign;
mod window;

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    if std::env::args().any(|argument| argument == window::BARE) {
        return window::bare();
    }
    let mut code = ExitCode::SUCCESS;
    for outcome in [commands::measure(), window::measure()] {
        match outcome {
            Ok(lines) => lines.iter().for_each(|line| println!("{line}")),
            Err(reason) => {
                eprintln!("ratios: {reason}");
                code = ExitCode::FAILURE;
            }
        }
    }
    code
}

/// What a ratio should be.
enum Aim {
    AtLeast(f64),
    AtMost(f64),
}

/// A ratio's line. `figures` are what it is made of.
fn line(what: &str, ratio: f64, aim: &Aim, figures: &str) -> String {
    let (word, bound, met) = match *aim {
        Aim::AtLeast(bound) => ("least", bound, ratio >= bound),
        Aim::AtMost(bound) => ("most", bound, ratio <= bound),
    };
    let verdict = if met { "ok" } else { "missed" };
    format!("{what}: {ratio:.2}, aim at {word} {bound}: {verdict} ({figures})")
}

/// The middle one. `times` is not empty.
fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
