//! Failback walks an on-call responder through the runbook "Recover from
//! Regional Failover" of a multi-region vCluster Platform on AWS.
//!
//! # The map
//!
//! Layers by purity. An arrow reads "may use"; `tests/architecture.rs` keeps
//! the rules by reading what every file names.
//!
//! | module | what it is | may use |
//! |---|---|---|
//! | [`plain`] | text from outside made visible, for all that print or paint. Pure | std |
//! | [`runbook`] | what the runbook knows: facts → verdicts, causes, plans. Pure | std, serde, time types |
//! | [`environment`] | the saved profile: draft → validated → TOML store | `runbook` |
//! | [`journal`] | what happened in a run, on disk | `runbook`, `plain` |
//! | [`clients`] | talk to the outside: Kubernetes, AWS, probes, tools | SDKs, tokio, `runbook` facts, `environment` |
//! | [`engine`] | runs jobs on tokio, answers each exactly once | `runbook`, `environment`, `journal`, `clients` |
//! | [`practice`] | the practice world: real protocols on loopback | nothing of the program but `environment` types |
//! | [`design`] | colours, type, spacing, widgets | egui, `plain` |
//! | [`ui`] | views: read `&Model`, push `Msg` | `design`, `runbook`, `environment`, `app` model and messages |
//! | [`app`] | Model, Msg, update; the eframe App | all |
//! | [`terminal`] | the same without a window | all |
//!
//! I/O gives facts, pure functions judge, views paint. Nothing changes the
//! outside world but `engine` with a [`runbook::action::Confirmed`], which only
//! a plan for the failed region, confirmed by its typed name, turns into.

pub mod app;
pub mod clients;
pub mod design;
pub mod engine;
pub mod environment;
pub mod journal;
pub mod plain;
pub mod practice;
pub mod runbook;
pub mod terminal;
pub mod ui;
