//! The timeline of a run: what of it is on the screen, and what is being written down.

use std::collections::BTreeSet;

/// The longest note, in characters.
pub const NOTE_CHARS: usize = 4_000;

/// How many moments are on a page of the timeline.
pub const MOMENTS_A_PAGE: usize = 100;

/// The timeline of a run.
#[derive(Debug, Default)]
pub struct TimelinePanel {
    /// It is shown in the step's place.
    pub is_open: bool,
    /// What is being written down.
    pub draft: String,
    /// More was typed or pasted than a note can have: the rest was left out.
    pub is_cut: bool,
    /// The moments whose details are open, by their place.
    pub unfolded: BTreeSet<usize>,
    /// How many pages before the newest one is shown.
    pub pages_back: usize,
}
