//! The eframe App: takes the engine's events in, paints, hands jobs out.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::design;
use crate::engine::event::{Event, Written};
use crate::engine::job::{FilePurpose, Job, Saving};
use crate::engine::{self, Engine, untaken};
use crate::environment::{self, Saved, Store};
use crate::journal::process;
use crate::ui;

use super::clipboard::{self, Clipboard, Copied};
use super::model::{Model, Notice, Screen};
use super::msg::{Msg, StartMsg};
use super::places;
use super::practice::{self, Settings};
use super::update::{form, quit, run, update};

/// What the window opens with.
#[derive(Debug)]
pub enum Opening {
    /// The start screen.
    Start,
    /// A run of this environment.
    Environment(Box<Saved>),
    /// Practice of this scenario.
    Practice(String),
}

/// The window.
#[derive(Debug)]
pub struct Window {
    model: Model,
    engine: Engine,
    /// `None` where there is no desktop: in tests.
    clipboard: Option<Clipboard>,
    ctx: egui::Context,
    first_frame: Option<std::time::Instant>,
}

impl Window {
    /// Starts the engine, and opens what is asked for.
    pub fn new(ctx: &egui::Context, opening: Opening, mut settings: Settings) -> std::io::Result<Self> {
        let practice_runs = places::practice_runs().ok();
        settings.runs.clone_from(&practice_runs);
        let options = engine::Options {
            store: Store::open_default(),
            runs: places::runs(),
            start_practice: practice::starter(settings),
            session: engine::session::Options {
                runtime_folder: places::runtime_folder(),
                ..engine::session::Options::default()
            },
        };
        let mut window = Self::with(ctx, opening, options)?;
        window.model.zone = TimeZone::system();
        window.submit(practice_runs.iter().map(|runs| Job::LookAtPractice { runs: runs.clone() }).collect());
        window.model.practice_runs = practice_runs;
        let bell = ctx.clone();
        window.clipboard = Some(Clipboard::start(move || bell.request_repaint())?);
        if !window.engine.heed_signals() {
            tracing::warn!("signals end this program without its order");
        }
        window.engine.run_blocking(places::sweep);
        Ok(window)
    }

    /// The same with surroundings of the caller's choice, and without a clipboard.
    pub fn with(ctx: &egui::Context, opening: Opening, options: engine::Options) -> std::io::Result<Self> {
        design::install(ctx);
        let bell = ctx.clone();
        let face = options.session.face;
        let engine = Engine::start(options, move || bell.request_repaint())?;
        let mut window = Self {
            model: Model::new(practice::cards()),
            engine,
            clipboard: None,
            ctx: ctx.clone(),
            first_frame: Some(std::time::Instant::now()),
        };
        window.model.home = environment::home();
        window.model.hand = process::hand(face.id());
        window.submit(vec![Job::LookBack, Job::ListEnvironments]);
        match opening {
            Opening::Start => {}
            Opening::Environment(saved) => {
                let profile = saved.profile.into();
                let jobs = run::open(&mut window.model, profile, Timestamp::now());
                window.submit(jobs);
            }
            Opening::Practice(id) => window.handle(Msg::Start(StartMsg::Practise(id))),
        }
        Ok(window)
    }

    /// The state, for reading.
    pub fn model(&self) -> &Model {
        &self.model
    }

    fn handle(&mut self, msg: Msg) {
        let jobs = update(&mut self.model, msg, Timestamp::now());
        self.submit(jobs);
    }

    /// Hands jobs to the engine; what follows from a question that it does not take is handed in, too.
    fn submit(&mut self, jobs: Vec<Job>) {
        let mut queue = VecDeque::from(jobs);
        let now = Timestamp::now();
        while let Some(job) = queue.pop_front() {
            match job {
                Job::PickFile { purpose } => self.pick(purpose),
                Job::SaveFile { saving } => self.save(saving),
                Job::Copy { key, text } => {
                    if let Some(refused) = self.copy(&key, text) {
                        queue.extend(update(&mut self.model, Msg::Copied(refused), now));
                    }
                }
                Job::CancelAction { session } => {
                    if !self.engine.submit(Job::CancelAction { session }) {
                        quit::cancel_not_taken(&mut self.model);
                    }
                }
                Job::Finish => {
                    if !self.engine.submit(Job::Finish) {
                        quit::not_taken(&mut self.model);
                    }
                }
                job => {
                    let Some(refused) = self.engine.submit_or_back(job) else { continue };
                    if let Some(event) = untaken(&refused, now) {
                        queue.extend(update(&mut self.model, Msg::Engine(Box::new(event)), now));
                    } else {
                        let text =
                            "This program has too much to do at once; try again in a moment".to_owned();
                        self.model.notice = Some(Notice { bad: true, text });
                    }
                }
            }
        }
    }

    /// Hands a text to the clipboard; the outcome, where there is one at once.
    fn copy(&self, key: &str, text: String) -> Option<Copied> {
        let refused = |why: &str| Some(Copied { key: key.to_owned(), result: Err(why.to_owned()) });
        let Some(clipboard) = &self.clipboard else { return refused("there is no desktop here") };
        if clipboard::window_copies() {
            self.ctx.copy_text(text.clone());
        }
        if clipboard.copy(key.to_owned(), text) { None } else { refused("the clipboard is still busy") }
    }

    /// A file dialog is made on the window's thread, as some systems demand, and awaited elsewhere.
    fn pick(&self, purpose: FilePurpose) {
        let dialog = rfd::AsyncFileDialog::new().set_title(match purpose {
            FilePurpose::ValuesFile(_) => "Values file",
            FilePurpose::Kubeconfig => "Kubeconfig",
            FilePurpose::ProbeCa(_) => "Certificate authority",
            FilePurpose::AwsConfig => "AWS config file",
            FilePurpose::AwsCredentials => "AWS credentials file",
            FilePurpose::ChartArchive => "Chart archive",
            FilePurpose::Bundle => "Handover",
        });
        let chosen = dialog.pick_file();
        self.engine.run(async move {
            let path = chosen.await.map(|file| PathBuf::from(file.path()));
            Event::Picked { purpose, path }
        });
    }

    /// The same to save a file.
    fn save(&self, saving: Saving) {
        let mut dialog =
            rfd::AsyncFileDialog::new().set_file_name(&saving.name).set_title(match saving.what {
                Written::Report => "Save the report (.html or .md)",
                Written::Bundle => "Hand over the run",
            });
        if let Some(folder) = places::downloads() {
            dialog = dialog.set_directory(folder);
        }
        let chosen = dialog.save_file();
        self.engine.run(async move {
            let path = chosen.await.map(|file| PathBuf::from(file.path()));
            Event::SaveChosen { saving, path }
        });
    }
}

impl eframe::App for Window {
    fn logic(&mut self, ctx: &egui::Context, _frame: &mut eframe::Frame) {
        while let Some(event) = self.engine.next_event() {
            self.handle(Msg::Engine(Box::new(event)));
        }
        while let Some(copied) = self.clipboard.as_ref().and_then(Clipboard::next) {
            self.handle(Msg::Copied(copied));
        }
        self.handle(Msg::Tick);
        if ctx.input(|input| input.viewport().close_requested()) && !self.model.quit {
            self.handle(Msg::CloseRequested);
            if !self.model.quit {
                ctx.send_viewport_cmd(egui::ViewportCommand::CancelClose);
            }
        } else if self.model.quit {
            ctx.send_viewport_cmd(egui::ViewportCommand::Close);
        }
        if self.model.screen == Screen::Run {
            // Ages and countdowns: one frame a second, and none on the other screens.
            ctx.request_repaint_after(Duration::from_secs(1));
        }
        if self.model.closing.is_some() {
            ctx.request_repaint_after(Duration::from_secs(1));
        }
        if let Some(pause) = form::asks_in(&self.model, Timestamp::now()) {
            ctx.request_repaint_after(pause);
        }
    }

    fn ui(&mut self, ui: &mut egui::Ui, _frame: &mut eframe::Frame) {
        let mut messages = Vec::new();
        ui::show(&self.model, Timestamp::now(), ui, &mut messages);
        if !messages.is_empty() {
            ui.ctx().request_repaint();
        }
        for msg in messages {
            self.handle(msg);
        }
        if let Some(started) = self.first_frame.take() {
            tracing::info!(ms = started.elapsed().as_millis(), "first frame");
        }
    }
}
