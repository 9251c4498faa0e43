//! Do the contexts of two regions lead to one cluster? What is done to it is done to both.
//!
//! Told by what the clusters say of themselves, which no spelling, tunnel or proxy hides; where that cannot be
//! read, by what the kubeconfig says, as far as that proves anything.

use super::case::Case;
use super::fact::{ClusterAddress, ClusterIdentityFacts, DeploymentFacts};
use super::profile::RegionIndex;
use super::verdict::Why;

/// What two regions' clusters are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Relation {
    /// One cluster; how that is known, in a phrase.
    Same(String),
    /// Two clusters.
    Distinct,
    /// It cannot be told; why not, in a phrase.
    Unknown(String),
}

/// Compares the clusters of two regions; `None` until both kubeconfig entries were read.
pub fn relation(case: &Case, one: RegionIndex, other: RegionIndex) -> Option<Relation> {
    let (here, there) = (case.readings.cluster_identity(one)?, case.readings.cluster_identity(other)?);
    let unread = |region: RegionIndex, why: &Why| {
        let name = &case.profile.region(region).name;
        Relation::Unknown(format!("where the context of {name} leads could not be read: {}", why.message))
    };
    let (here, there) = match (here, there) {
        (Ok(here), Ok(there)) => (here, there),
        (Err(why), _) => return Some(unread(one, why)),
        (_, Err(why)) => return Some(unread(other, why)),
    };
    let objects = by_objects(case, one, other);
    if let Some(same @ Relation::Same(_)) = objects {
        return Some(same);
    }
    let told = by_uid(here, there).or_else(|| by_address(&here.address, &there.address)).or(objects);
    Some(told.unwrap_or_else(|| {
        let silent = [(one, &here.uid), (other, &there.uid)];
        let silent = silent.iter().find_map(|(region, uid)| Some((*region, uid.as_ref().err()?)));
        Relation::Unknown(match silent {
            Some((region, why)) => format!(
                "which cluster {} is could not be read ({}), and the addresses alone do not tell",
                case.profile.region(region).name,
                why.message
            ),
            None => "nothing that was read tells".to_owned(),
        })
    }))
}

/// The platform's Deployment: one object has one uid, and one cluster either has it or has not.
fn by_objects(case: &Case, one: RegionIndex, other: RegionIndex) -> Option<Relation> {
    let of = |region| case.readings.deployment(region)?.ok();
    Some(match (of(one)?, of(other)?) {
        (DeploymentFacts::Found(here), DeploymentFacts::Found(there)) => {
            if here.uid.is_empty() || there.uid.is_empty() {
                return None;
            }
            if here.uid != there.uid {
                return Some(Relation::Distinct);
            }
            Relation::Same(format!("both have the same Deployment {}, by its uid", case.profile.deployment))
        }
        (DeploymentFacts::Missing, DeploymentFacts::Missing) => return None,
        _ => Relation::Distinct,
    })
}

/// The uid of `kube-system`.
fn by_uid(here: &ClusterIdentityFacts, there: &ClusterIdentityFacts) -> Option<Relation> {
    match (&here.uid, &there.uid) {
        (Ok(here), Ok(there)) if here == there => {
            Some(Relation::Same("both have the same namespace kube-system, by its uid".to_owned()))
        }
        (Ok(_), Ok(_)) => Some(Relation::Distinct),
        _ => None,
    }
}

/// What the kubeconfig says: one address is one cluster, unless something in between tells them apart; two
/// endpoints of EKS are two clusters. Anything else proves nothing.
fn by_address(here: &ClusterAddress, there: &ClusterAddress) -> Option<Relation> {
    let parts = |address: &ClusterAddress| (address.tls_server_name.clone(), address.proxy.clone());
    if canonical(&here.server) == canonical(&there.server) && parts(here) == parts(there) {
        return Some(Relation::Same(format!("both have the address {}", here.server)));
    }
    // A name proves nothing where nobody has to prove it.
    if here.insecure || there.insecure {
        return None;
    }
    let (here, there) = (eks_endpoint(&here.server)?, eks_endpoint(&there.server)?);
    (here != there).then_some(Relation::Distinct)
}

/// An address with one name for this machine.
fn canonical(server: &str) -> String {
    server.replace("://localhost", "://127.0.0.1").replace("://[::1]", "://127.0.0.1")
}

/// The part of an EKS endpoint that is the cluster's own: `ABC` of
/// `https://ABC.gr7.us-east-1.eks.amazonaws.com`; AWS gives each cluster one.
fn eks_endpoint(server: &str) -> Option<&str> {
    let host = server.strip_prefix("https://")?;
    let name = [".eks.amazonaws.com", ".eks.amazonaws.com.cn", ".api.aws"]
        .into_iter()
        .find_map(|suffix| host.strip_suffix(suffix))?;
    name.contains('.').then_some(name)
}

/// What the first region's cluster is to those of all others: the worst of it, with the other region.
pub fn worst(case: &Case, region: RegionIndex) -> Option<(RegionIndex, Relation)> {
    let mut unknown = None;
    for other in case.profile.others(region) {
        match relation(case, region, other) {
            Some(Relation::Distinct) => {}
            Some(same @ Relation::Same(_)) => return Some((other, same)),
            Some(not_told @ Relation::Unknown(_)) => unknown = unknown.or(Some((other, not_told))),
            None => {
                let name = &case.profile.region(other).name;
                let text = format!("the contexts of {name} and of this region have not both been read yet");
                unknown = unknown.or(Some((other, Relation::Unknown(text))));
            }
        }
    }
    unknown
}

#[cfg(test)]
#[path = "identity_tests.rs"]
mod tests;
