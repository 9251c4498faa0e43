//! Command line, logging and window; everything else is in the library.

use std::process::ExitCode;

use clap::Parser;
use failback::app::practice::Settings;
use failback::app::window::{Opening, Window};
use failback::environment::Store;
use failback::plain;
use failback::terminal::{self, cli::Cli, cli::Theme, stderr};

fn main() -> ExitCode {
    stderr::tell_panics();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    log_to_stderr();
    match cli.command {
        Some(command) => terminal::run(command),
        None => window(&cli),
    }
}

/// Help and version end well; anything else that clap says is wrong use.
fn usage(error: &clap::Error) -> ExitCode {
    if !error.use_stderr() {
        // Nothing more can be done where even this cannot be printed.
        drop(error.print());
        return ExitCode::SUCCESS;
    }
    // clap quotes the arguments: it is asked again with arguments that cannot steer the terminal.
    let args = std::env::args_os().map(|arg| plain::line(&arg.to_string_lossy()).into_owned());
    match Cli::try_parse_from(args) {
        Err(error) => drop(error.print()),
        Ok(_) => return terminal::refuse("an argument has characters that cannot be seen", terminal::USAGE),
    }
    ExitCode::from(terminal::USAGE)
}

/// `FAILBACK_LOG` takes a level: error, warn, info, debug or trace. Only this
/// program's own lines: those of the libraries may hold credentials.
fn log_to_stderr() {
    let level = std::env::var("FAILBACK_LOG").ok().and_then(|level| level.parse().ok());
    let level: tracing::Level = level.unwrap_or(tracing::Level::WARN);
    let filter = tracing_subscriber::EnvFilter::new(format!("failback={}", level.as_str().to_lowercase()));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| stderr::Plain).init();
}

fn window(cli: &Cli) -> ExitCode {
    let opening = match opening(cli) {
        Ok(opening) => opening,
        Err(message) => return terminal::refuse(&message, terminal::USAGE),
    };
    if !has_display() {
        return no_display("there is no display");
    }
    let settings = Settings {
        speed: cli.world.speed,
        seed: cli.world.seed,
        latency: cli.world.latency(),
        auth: cli.world.auth.into(),
        runs: None,
    };
    let theme = match cli.theme {
        None => egui::ThemePreference::System,
        Some(Theme::Light) => egui::ThemePreference::Light,
        Some(Theme::Dark) => egui::ThemePreference::Dark,
    };
    let mut viewport = egui::ViewportBuilder::default()
        .with_title("Failback")
        .with_app_id("io.github.failback.Failback")
        .with_inner_size([1280.0, 800.0])
        .with_min_inner_size([720.0, 520.0]);
    if let Ok(icon) = eframe::icon_data::from_png_bytes(ICON) {
        viewport = viewport.with_icon(icon);
    }
    let options = eframe::NativeOptions { viewport, ..eframe::NativeOptions::default() };
    let made = eframe::run_native(
        "failback",
        options,
        Box::new(move |creation| {
            let window = Window::new(&creation.egui_ctx, opening, settings)?;
            creation.egui_ctx.set_theme(theme);
            Ok(Box::new(window))
        }),
    );
    match made {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => no_display(&error.to_string()),
    }
}

const ICON: &[u8] = include_bytes!("../packaging/io.github.failback.Failback.png");

fn opening(cli: &Cli) -> Result<Opening, String> {
    if let Some(scenario) = &cli.practice {
        return terminal::scenario_exists(scenario).map(|()| Opening::Practice(scenario.clone()));
    }
    let Some(name) = &cli.environment else { return Ok(Opening::Start) };
    let store = Store::open_default().map_err(|error| error.to_string())?;
    store.load(name).map(|saved| Opening::Environment(Box::new(saved))).map_err(|error| error.to_string())
}

/// Elsewhere than on X11 and Wayland there is always one, or the window says so itself.
fn has_display() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !cfg!(all(unix, not(target_os = "macos")))
        || set("DISPLAY")
        || set("WAYLAND_DISPLAY")
        || set("WAYLAND_SOCKET")
}

fn no_display(why: &str) -> ExitCode {
    let why = why.lines().next().unwrap_or(why);
    let message = format!(
        "no window could be opened ({why}); without one there are: failback check, commands, restore, rollout, runs, practice"
    );
    terminal::refuse(&message, terminal::UNAVAILABLE)
}
