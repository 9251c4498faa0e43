//! What an action would change, as a difference that can be shown: objects side by side as YAML, secrets hidden,
//! sizes bounded. Nothing here asks anybody anything.
//!
//! Compared is what was read; hidden is what is shown. A secret that changes is told by its place: `*** (old)`
//! beside `*** (new)`.

mod compare;
mod keys;
mod manifest;
mod mask;

pub use compare::{Compared, compare, is_of_interest, known_secrets, normal};
pub use keys::{lost, paths};
pub use manifest::{
    Helm, Hook, Item, ObjectId, owned, parse, parse_dry_run, parse_record, side_by_side, without_dropped,
};

/// Objects that are compared.
pub const MAX_OBJECTS: usize = 200;
/// Lines of one object's difference that are kept.
const MAX_LINES: usize = 300;
/// Lines on both sides of an object whose difference is looked for.
const MAX_COMPARED_LINES: usize = 20_000;
/// Keys that are named.
const MAX_KEYS: usize = 40;

#[cfg(test)]
mod tests;
