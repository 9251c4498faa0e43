//! Views: they read the model and push messages, nothing else.

mod checks;
mod heading;
mod log_panel;
mod regions_picture;
pub mod run;
mod run_layout;
mod run_rail;
pub mod steps;
pub mod words;
