//! One small pure file a cause: facts in, evidence out.

pub mod all_regions_failing;
pub mod cluster_down;
pub mod cluster_unreachable;
pub mod crash_loop;
pub mod credentials_expired;
pub mod database_down;
pub mod database_identity;
pub mod database_unreachable;
pub mod deployment_missing;
mod evidence;
pub mod health_check_misconfigured;
pub mod image_pull;
pub mod ingress_not_reconciled;
pub mod nodes_not_ready;
pub mod nothing_failing;
pub mod peering_inactive;
pub mod permission_missing;
pub mod release_pending;
pub mod resource_exhaustion;
pub mod route_missing;
pub mod scaled_to_zero;
pub mod security_group_closed;
pub mod targets_unhealthy;
pub mod unschedulable;
pub mod version_skew;
pub mod wrong_region;

use super::case::Case;
use super::cause::Assessment;

/// Every cause. Of equally strong ones the first here ranks first: what stops everything, then our side,
/// then from the outside of the region to its inside, and last what only stands in the way of a repair.
pub const ALL: [fn(&Case) -> Assessment; 25] = [
    database_down::assess,
    all_regions_failing::assess,
    credentials_expired::assess,
    wrong_region::assess,
    health_check_misconfigured::assess,
    nothing_failing::assess,
    permission_missing::assess,
    cluster_down::assess,
    cluster_unreachable::assess,
    peering_inactive::assess,
    route_missing::assess,
    security_group_closed::assess,
    database_identity::assess,
    nodes_not_ready::assess,
    deployment_missing::assess,
    scaled_to_zero::assess,
    image_pull::assess,
    resource_exhaustion::assess,
    unschedulable::assess,
    version_skew::assess,
    database_unreachable::assess,
    ingress_not_reconciled::assess,
    targets_unhealthy::assess,
    crash_loop::assess,
    release_pending::assess,
];

#[cfg(test)]
mod tests;
