//! The same without a window: for a bastion host or a script.
//!
//! Exit codes follow `sysexits.h` where it has one; each command's are in README.md.

mod check;
pub mod cli;
mod commands;
mod json;
mod out;
pub mod practice;
mod restore;
mod rollout;
pub mod stderr;
mod subject;
mod words;

use std::process::ExitCode;

use self::cli::{Command, PracticeCommand};
use self::out::{complain, say};

/// Wrong use.
pub const USAGE: u8 = 64;
/// Not confirmed, or refused by a guard; nothing was changed.
pub const NOT_CONFIRMED: u8 = 65;
/// Something that is needed is missing: a display, a tool.
pub const UNAVAILABLE: u8 = 69;

/// A command that ended before its work, with what to say and the exit code.
#[derive(Debug)]
pub(crate) struct Stop {
    message: String,
    code: u8,
}

impl Stop {
    fn usage(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: USAGE }
    }

    fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), code: 1 }
    }
}

/// Runs a command to its exit code.
pub fn run(command: Command) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            complain!("failback: {error}");
            return ExitCode::from(1);
        }
    };
    let code = runtime.block_on(dispatch(command));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    match code {
        Ok(code) => ExitCode::from(code),
        Err(stop) => refuse(&stop.message, stop.code),
    }
}

/// Says why in one line; the exit code.
pub fn refuse(message: &str, code: u8) -> ExitCode {
    complain!("failback: {message}");
    ExitCode::from(code)
}

/// Is there a practice scenario of this name? The reason names those that there are.
pub fn scenario_exists(name: &str) -> Result<(), String> {
    subject::scenario(name).map(|_| ()).map_err(|stop| stop.message)
}

async fn dispatch(command: Command) -> Result<u8, Stop> {
    match command {
        Command::Check(args) => check::run(args).await,
        Command::Commands(args) => commands::run(args).await,
        Command::Restore(args) => restore::run(args).await,
        Command::Rollout(args) => rollout::run(args).await,
        Command::Practice { command: PracticeCommand::List } => {
            for line in practice::list().lines() {
                say!("{line}");
            }
            Ok(0)
        }
        Command::Practice { command: PracticeCommand::Serve { scenario, world, dir } } => {
            let scenario = subject::scenario(&scenario)?;
            let (speed, seed, latency, auth) = (world.speed, world.seed, world.latency(), world.auth.into());
            let options = crate::practice::Options { scenario, speed, seed, latency, auth, dir };
            practice::serve(options).await.map_err(|error| Stop::failed(error.to_string()))?;
            Ok(0)
        }
    }
}
