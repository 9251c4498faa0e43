//! The database's security group has no rule for the cluster's range (`domain.md`, section 5).

use super::evidence;
use crate::runbook::case::Case;
use crate::runbook::cause::{Assessment, Explains, Guidance};
use crate::runbook::command;
use crate::runbook::fact::SecurityGroup;
use crate::runbook::fits;
use crate::runbook::path::{HopKind, Mend};

/// Weighs the cause.
pub fn assess(case: &Case) -> Assessment {
    let region = case.failed_region();
    let port = case.database_port(case.failed);
    let mut cause = Assessment::new(
        "security-group-closed",
        "Security group closed",
        format!("The platform in {} cannot reach its database: port {port} is closed", region.name),
    );
    cause.fits = fits::AFTER_THE_REPAIR;
    cause.explains = Explains::These(&["database-unreachable", "crash-loop", "targets-unhealthy"]);
    let Some(hop) = evidence::broken_hop(case, HopKind::Port, &mut cause) else { return cause };
    let Some(Ok(facts)) = case.readings.path(case.failed) else { return cause };
    let Some(Ok(group)) = &facts.security_group else { return cause };
    let Some(Mend::Open { range }) = &hop.mend else { return cause };
    cause.title = format!("Security group closed: port {port} is not open for {range}");
    cause.evidence_for.extend(other_ranges(case, group, port));
    let here = command::aws_region(region);
    let there = facts.database_region.as_deref().unwrap_or(&here);
    let to_do = format!("open port {port} for {range} in security group {}", group.id);
    cause.guidance = vec![
        Guidance::with(
            evidence::ask(case, "the network's owners", &to_do),
            command::open_port(case.profile, there, &group.id, port, range),
        ),
        Guidance::with(
            "Look at the group's rules yourself",
            command::security_group(case.profile, there, &group.id),
        ),
        evidence::then_restart(),
    ];
    cause
}

/// Which other regions the group lets in: what is normal here.
fn other_ranges(case: &Case, group: &SecurityGroup, port: u16) -> Option<String> {
    let names: Vec<&str> = case
        .profile
        .others(case.failed)
        .filter(|other| {
            let Some(Ok(facts)) = case.readings.path(*other) else { return false };
            !facts.cluster_cidrs.is_empty()
                && facts.cluster_cidrs.iter().all(|range| {
                    group.ingress.iter().any(|rule| crate::runbook::path::opens(rule, port, range))
                })
        })
        .map(|other| case.profile.region(other).name.as_str())
        .collect();
    (!names.is_empty())
        .then(|| format!("The range of {} has such a rule: the group lets that region in", names.join(", ")))
}
