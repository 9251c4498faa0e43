//! Command line, logging and window; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use failback::terminal::{self, cli::Cli};

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log_to_stderr();
    match cli.command {
        Some(command) => terminal::run(command),
        None => ExitCode::from(0),
    }
}

/// Help and version end well; anything else that clap says is wrong use.
fn usage(error: &clap::Error) -> ExitCode {
    // Nothing more can be done where even this cannot be printed.
    drop(error.print());
    if error.use_stderr() { ExitCode::from(terminal::USAGE) } else { ExitCode::SUCCESS }
}

/// `FAILBACK_LOG` takes a level: error, warn, info, debug or trace. Only this
/// program's own lines: those of the libraries may hold credentials.
fn log_to_stderr() {
    let level = std::env::var("FAILBACK_LOG").ok().and_then(|level| level.parse().ok());
    let level: tracing::Level = level.unwrap_or(tracing::Level::WARN);
    let filter = tracing_subscriber::EnvFilter::new(format!("failback={}", level.as_str().to_lowercase()));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
}
