//! The same without a window: for a bastion host or a script.
//!
//! Exit codes follow `sysexits.h` where it has one; each command's are in README.md.

mod check;
pub mod cli;
mod commands;
mod ending;
mod interrupted;
mod json;
mod out;
pub mod practice;
mod preview;
mod restore;
mod rollout;
mod runs;
pub mod stderr;
mod subject;
mod words;

use std::process::ExitCode;

use crate::app::places;

use self::cli::{Command, PracticeCommand};
use self::ending::Ending;
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
    let code = runtime.block_on(to_its_end(command));
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    ExitCode::from(code)
}

/// Runs a command to its exit code, or to a signal's.
async fn to_its_end(command: Command) -> u8 {
    let begun = out::start().and_then(|()| Ending::watch());
    let ending = match begun {
        Ok(ending) => ending,
        Err(error) => {
            complain!("failback: {error}");
            return 1;
        }
    };
    let sweeping = tokio::task::spawn_blocking(places::sweep);
    let serves = matches!(&command, Command::Practice { command: PracticeCommand::Serve { .. } });
    let command = tokio::spawn(dispatch(command, ending.clone()));
    let code = match ending.of(command).await {
        // A world that runs alone is ended by a signal, as it says.
        Ok(code) if serves && Some(code) == ending.code() => 0,
        Ok(code) => code,
        Err(stop) => {
            complain!("failback: {}", stop.message);
            stop.code
        }
    };
    ending.printed().await;
    // What a killed program left is removed by the next one, and nobody waits long for it.
    drop(tokio::time::timeout(std::time::Duration::from_secs(1), sweeping).await);
    code
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

async fn dispatch(command: Command, ending: Ending) -> Result<u8, Stop> {
    match command {
        Command::Check(args) => check::run(args).await,
        Command::Commands(args) => commands::run(args).await,
        Command::Restore(args) => restore::run(args, &ending).await,
        Command::Rollout(args) => rollout::run(args).await,
        Command::Interrupted(args) => interrupted::run(args).await,
        Command::Runs { command } => runs::run(command).await,
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
