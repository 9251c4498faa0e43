//! The design system: colours, type, spacing and widgets.
//!
//! Views build screens from what is here and never name a raw colour or a font
//! size. It knows egui and nothing of the program, so every widget takes plain
//! data and says what happened in its return value.
//!
//! - **Once**: [`install`] gives a context the fonts and both themes.
//! - **Tokens**: [`Palette`] (by [`palette`]), [`Space`], [`Type`], [`Tone`].
//! - **Text**: [`headline`], [`body`], [`mono`] …, and [`Rich`] for text with
//!   parts of different weight.
//! - **Frame of a screen**: [`top_bar`], [`practice_banner`], [`rail`],
//!   [`step_rail`], [`page`], [`page_head`].
//! - **Surfaces**: [`card`], [`card_list`], [`callout`], [`empty_state`].
//! - **Controls**: [`ActionButton`], [`copy_button`], [`Field`], [`option_card`].
//! - **Evidence**: [`badge`], [`check_row`], [`key_values`], [`progress_row`],
//!   [`observation_strip`], [`cause_card`], [`code_block`], [`log_view()`], [`fold_row`], [`diff_view`],
//!   [`region_picture()`].
//!
//! Every widget that can be acted on has a name for screen readers, can be
//! reached with Tab and shows a ring of 2 points while it has the focus.
//! Nothing asks for a repaint by itself: no animation, no blinking cursor.

mod buttons;
mod cause;
mod code;
mod diff;
mod fields;
mod focus;
mod fonts;
mod log_view;
mod region_picture;
mod rows;
mod shell;
mod style;
mod surface;
mod text;
mod tokens;
mod tone;

pub use buttons::{ActionButton, keycap};
pub use cause::{CauseCard, OptionCard, cause_card, option_card};
pub use code::{code_block, copy_button};
pub use diff::{DiffRow, FoldRow, diff_view, fold_row};
pub use fields::{Field, Note, PathField};
pub use log_view::{LogRow, LogView, log_view};
pub use region_picture::{Hop, Link, RegionColumn, RegionPicture, region_picture};
pub use rows::{
    CheckRow, CheckRowResponse, below_row, check_row, key_values, observation_strip, progress_row,
    title_width,
};
pub use shell::{
    Place, environment_name, page, page_head, practice_banner, product_name, rail, rail_link, rail_place,
    step_rail, top_bar,
};
pub use style::install;
pub use surface::{callout, card, card_list, empty_state, list_row, tone_card};
pub use text::{
    Rich, Type, body, card_title, faint, headline, mono, overline, secondary, strong, subline, toned,
};
pub use tokens::{DARK, LIGHT, Pair, Palette, Space, palette};
pub use tone::{Tone, badge, region_chip, tone_icon};
