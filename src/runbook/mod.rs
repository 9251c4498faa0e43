//! What the runbook knows: facts in, verdicts, causes and plans out.
//!
//! Pure: no egui, tokio, files, clock or client types. Whoever calls brings the
//! facts and the time.
//!
//! [`question`] names what can be asked, [`fact`] what comes back; a [`case::Case`]
//! is a profile, the failed region and the readings so far. Of it, [`steps`]
//! makes checks with verdicts, [`cause`] ranks what may be broken, [`fits`] says
//! what helps against it, and [`action`] plans it. [`timebox`] says how long a step
//! usually takes, [`lesson`] what there is to find and to do in a practice scenario.

pub mod action;
pub mod case;
pub mod cause;
pub mod causes;
pub mod check;
pub mod cidr;
pub mod command;
pub mod fact;
pub mod fits;
pub mod host;
pub mod identity;
pub mod interrupted;
pub mod lesson;
pub mod log_signature;
pub mod log_tail;
pub mod mark;
pub mod path;
pub mod permission;
pub mod pod;
pub mod profile;
pub mod question;
pub mod release;
pub mod rollout;
pub mod step;
pub mod steps;
pub mod targets;
pub mod timebox;
pub mod verdict;
pub mod version;
pub mod wellness;
