//! One small pure file a cause: facts in, evidence out.

pub mod cluster_unreachable;
pub mod crash_loop;
pub mod deployment_missing;
pub mod scaled_to_zero;

use super::case::Case;
use super::cause::Assessment;

/// Every cause; one that explains another stands before it.
pub const ALL: [fn(&Case) -> Assessment; 4] =
    [cluster_unreachable::assess, deployment_missing::assess, scaled_to_zero::assess, crash_loop::assess];

#[cfg(test)]
mod tests;
