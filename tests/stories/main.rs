//! The whole window on the practice world, as a person uses it: what is read is
//! on the screen, what is done goes through pointer and keyboard.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "helpers of tests, which clippy takes for the program"
)]

mod causes;
#[cfg(target_os = "linux")]
mod desktop;
#[path = "../support/facts.rs"]
mod facts;
mod form;
mod keyboard;
#[path = "../support/lookup.rs"]
mod lookup;
mod monkey;
mod people;
mod recovery;
mod refusal;
mod story;
mod trouble;
mod window;

const US: &str = "us-east-1";
const EU: &str = "eu-west-1";
