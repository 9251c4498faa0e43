//! The same without a window: for a bastion host or a script.

pub mod practice;
