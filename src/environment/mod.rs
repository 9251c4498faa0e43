//! An environment on its way from what somebody typed to what the program
//! works with, and its file.
//!
//! - [`draft`]: every field as typed text, for the form
//! - [`field`]: the names of the fields, and what is wrong with one
//! - [`rules`]: what one field's text must look like. Pure
//! - [`mod@validate`]: a draft → a [`Profile`](crate::runbook::profile::Profile), or what is wrong at which field
//! - [`mod@file`]: one environment as TOML, read and written
//! - [`discovery`]: what the outside says of a draft → notes by field, and values for empty fields. Pure
//! - [`store`]: the folder of saved environments
//! - [`scratch`]: folders for the time being, which the next start removes where a kill left them
//! - `private`: files that only the user may read, replaced in one piece
//!
//! The form and the file obey the same rules, because a file is read into a
//! draft first. No field holds a secret: credentials stay where AWS and
//! Kubernetes keep them.

pub mod discovery;
pub mod draft;
pub mod field;
pub mod file;
mod private;
pub mod rules;
pub mod scratch;
pub mod store;
pub mod validate;

pub use draft::{Draft, RegionDraft};
pub use field::{Field, FieldError, RegionField};
pub use file::{FileError, FileFault};
pub use file::{read, to_toml, write};
pub use store::{HOME_VARIABLE, Listing, Problem, Saved, Store, StoreError};
pub use validate::{field_errors, home, sketch, validate, validate_at_home};
