//! The window's state and its only writer.
//!
//! [`model::Model`] is what there is, [`msg::Msg`] what can happen, and
//! [`update`](update::update) the only place where the one changes because of the
//! other. Views read the model and push messages; the engine's answers come in
//! as messages too. [`window::Window`] is the eframe App around them.

pub mod clipboard;
pub mod model;
pub mod msg;
pub mod places;
pub mod practice;
pub mod update;
pub mod window;
