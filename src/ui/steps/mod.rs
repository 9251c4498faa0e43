//! One file a step: what the screen shows of it.

pub mod confirm;
pub mod diagnose;
pub mod preflight;
pub mod restore;
pub mod rollout;
pub mod verify;
