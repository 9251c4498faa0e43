//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};

use crate::practice::Auth;
use crate::runbook::action::ActionKind;
use crate::runbook::step::Step;

/// Recover a failed region of a multi-region vCluster Platform.
#[derive(Debug, Parser)]
#[command(name = "failback", version, about, long_about = None, args_conflicts_with_subcommands = true)]
#[command(after_help = "Without a command the window opens. Exit codes of the commands: see README.md")]
pub struct Cli {
    /// What to do without a window.
    #[command(subcommand)]
    pub command: Option<Command>,
    /// Open the window in a run of this environment: a saved name, or the path of a file.
    #[arg(long, value_name = "NAME", conflicts_with = "practice")]
    pub environment: Option<String>,
    /// Open the window in practice of this scenario.
    #[arg(long, value_name = "SCENARIO")]
    pub practice: Option<String>,
    /// The practice world's settings.
    #[command(flatten)]
    pub world: WorldArgs,
    /// The window's colours; else the system's.
    #[arg(long, value_enum)]
    pub theme: Option<Theme>,
}

/// The window's colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Theme {
    /// Dark text on light.
    Light,
    /// Light text on dark.
    Dark,
}

/// Settings of a practice world.
#[derive(Debug, Clone, Args)]
pub struct WorldArgs {
    /// How much faster than real time passes in practice, 1 to 60.
    #[arg(long, value_name = "N", default_value_t = 10.0, value_parser = speed)]
    pub speed: f64,
    /// Decides names and small times in practice.
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub seed: u64,
    /// Added to each answer in practice, milliseconds.
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub latency: u64,
    /// How the clusters in practice let clients in.
    #[arg(long, value_enum, default_value_t = AuthArg::Token)]
    pub auth: AuthArg,
}

/// How the clusters in practice let clients in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuthArg {
    /// By a token in the kubeconfig.
    Token,
    /// By `aws eks get-token`.
    Eks,
}

impl From<AuthArg> for Auth {
    fn from(auth: AuthArg) -> Self {
        match auth {
            AuthArg::Token => Self::Token,
            AuthArg::Eks => Self::Eks,
        }
    }
}

impl WorldArgs {
    /// The latency as a duration.
    pub fn latency(&self) -> Duration {
        Duration::from_millis(self.latency)
    }
}

impl Default for WorldArgs {
    fn default() -> Self {
        Self { speed: 10.0, seed: 1, latency: 0, auth: AuthArg::Token }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(speed) if (1.0..=60.0).contains(&speed) => Ok(speed),
        _ => Err("a number from 1 to 60".to_owned()),
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Read everything once and say what is true. Changes nothing.
    Check(CheckArgs),
    /// Print the runbook's commands, corrected and filled in.
    Commands(SubjectArgs),
    /// Do one of the runbook's actions on the failed region.
    Restore(RestoreArgs),
    /// Wait for the failed region's rollout.
    Rollout(TargetArgs),
    /// List actions of earlier runs whose outcome is not known. Changes nothing.
    Interrupted(InterruptedArgs),
    /// Earlier runs: what they knew and did, their reports, and handovers to somebody else.
    Runs {
        /// What to do with them.
        #[command(subcommand)]
        command: RunsCommand,
    },
    /// The practice world.
    Practice {
        /// What to do with it.
        #[command(subcommand)]
        command: PracticeCommand,
    },
}

/// What to do with the practice world.
#[derive(Debug, Subcommand)]
pub enum PracticeCommand {
    /// List the scenarios, one a line, name first.
    List,
    /// Run the world alone, for other tools, until SIGTERM or the end of standard input.
    Serve {
        /// The scenario.
        scenario: String,
        /// Its settings.
        #[command(flatten)]
        world: WorldArgs,
        /// Where its files go; else a private temporary folder.
        #[arg(long)]
        dir: Option<PathBuf>,
    },
}

/// What to do with the runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// List the runs that wait for something, newest first: what they wait for.
    List {
        /// Those that are over, too.
        #[arg(long)]
        all: bool,
        /// For programs.
        #[arg(long)]
        json: bool,
    },
    /// Say how a run stands and what happened in it.
    Show(RunArgs),
    /// Print one line for a chat channel.
    Status(RunArgs),
    /// Write a run's report, as Markdown where nothing else is said.
    Report {
        /// Which run.
        #[command(flatten)]
        run: RunArgs,
        /// As one page that needs nothing else.
        #[arg(long, conflicts_with = "markdown")]
        html: bool,
        /// As Markdown.
        #[arg(long)]
        markdown: bool,
        /// Where to; else to standard output.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Write a bundle of a run for whoever takes it over: journal, report, and what programs said.
    Handover {
        /// Which run.
        #[command(flatten)]
        run: RunArgs,
        /// Where to; else to a new file here.
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Open a bundle that somebody handed over: it is listed as any other run then.
    Open {
        /// The bundle.
        bundle: PathBuf,
    },
    /// End a run as it is: it is not said to wait for anything any more.
    End {
        /// Which run.
        #[command(flatten)]
        run: RunArgs,
        /// Why. Kept in the journal.
        #[arg(long, value_name = "REASON")]
        reason: Option<String>,
    },
}

/// A run.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// The run: its id as `runs list` prints it, a beginning of it that no other has, or `last`.
    #[arg(value_name = "RUN")]
    pub run: String,
}

/// An environment or a scenario, and the failed region.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("subject").required(true))]
pub struct SubjectArgs {
    /// The environment: a saved name, or the path of a file.
    #[arg(long, value_name = "NAME", group = "subject")]
    pub environment: Option<String>,
    /// A practice scenario.
    #[arg(long, value_name = "SCENARIO", group = "subject")]
    pub practice: Option<String>,
    /// The failed region; else the one whose health check fails, in practice the scenario's.
    #[arg(long, value_name = "REGION")]
    pub failed: Option<String>,
    /// The practice world's settings.
    #[command(flatten)]
    pub world: WorldArgs,
}

/// What `check` takes.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// What to check.
    #[command(flatten)]
    pub subject: SubjectArgs,
    /// Only this step; else confirm and diagnose.
    #[arg(long, value_enum)]
    pub step: Option<CheckStep>,
    /// For programs.
    #[arg(long)]
    pub json: bool,
}

/// The steps that have checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum CheckStep {
    /// Our own side: programs, sign-in, permissions, files.
    Preflight,
    /// Step 1.
    Confirm,
    /// Step 2.
    Diagnose,
    /// Step 5.
    Verify,
}

impl From<CheckStep> for Step {
    fn from(step: CheckStep) -> Self {
        match step {
            CheckStep::Preflight => Self::Preflight,
            CheckStep::Confirm => Self::Confirm,
            CheckStep::Diagnose => Self::Diagnose,
            CheckStep::Verify => Self::Verify,
        }
    }
}

/// An environment and its failed region.
#[derive(Debug, Args)]
pub struct TargetArgs {
    /// The environment: a saved name, or the path of a file.
    #[arg(long, value_name = "NAME")]
    pub environment: String,
    /// The failed region.
    #[arg(long, value_name = "REGION")]
    pub failed: String,
}

/// What `interrupted` takes.
#[derive(Debug, Args)]
pub struct InterruptedArgs {
    /// You have looked at what became of them: they are not said again.
    #[arg(long)]
    pub acknowledge: bool,
}

/// What `restore` takes.
#[derive(Debug, Args)]
pub struct RestoreArgs {
    /// What to restore.
    #[command(flatten)]
    pub target: TargetArgs,
    /// The action.
    #[arg(long, value_enum)]
    pub action: Action,
    /// The failed region's exact name; without it the plan is printed and nothing is changed.
    #[arg(long, value_name = "REGION")]
    pub confirm: Option<String>,
    /// Why to go on past what the plan says is in the way, where it allows that. Kept in the journal.
    #[arg(long, value_name = "REASON")]
    pub reason: Option<String>,
    /// Do not read beforehand what would change.
    #[arg(long)]
    pub no_preview: bool,
    /// Print the plan as JSON, with what would change, and do nothing.
    #[arg(long, conflicts_with = "confirm")]
    pub json: bool,
}

/// The actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Action {
    /// Restart the Deployment.
    Restart,
    /// Roll the Helm release back to the last revision that was deployed.
    Rollback,
    /// Re-apply the values file by Helm.
    ReapplyHelm,
    /// Re-apply the values file by the vCluster CLI.
    ReapplyVcluster,
    /// Scale the Deployment.
    Scale,
}

impl From<Action> for ActionKind {
    fn from(action: Action) -> Self {
        match action {
            Action::Restart => Self::Restart,
            Action::Rollback => Self::Rollback,
            Action::ReapplyHelm => Self::ReapplyHelm,
            Action::ReapplyVcluster => Self::ReapplyVcluster,
            Action::Scale => Self::Scale,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }
}
