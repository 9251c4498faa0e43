use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::runbook::fact::{Deployment, Facts};
use crate::runbook::profile::testing::profile;
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::WhyKind;

const US: RegionIndex = RegionIndex(0);
const EU: RegionIndex = RegionIndex(1);

/// What is read of one region: address, authority, uid of kube-system, uid of the Deployment (`-` for none there,
/// `?` for unread).
type Read = (&'static str, &'static str, &'static str);

fn told(us: Read, eu: Read) -> Option<Relation> {
    let profile = profile();
    let mut readings = Readings::default();
    for (region, (server, uid, deployment)) in [(US, us), (EU, eu)] {
        let mut keep = |question, answer| {
            let reading = Reading { answer, observed_at: Timestamp::UNIX_EPOCH, took: Duration::ZERO };
            readings.keep(question, reading);
        };
        let silent = || Why::new(WhyKind::Forbidden, "not permitted");
        let identity = if server == "?" {
            Err(Why::new(WhyKind::Configuration, "There is no context eu"))
        } else {
            let uid = if uid == "?" { Err(silent()) } else { Ok(uid.to_owned()) };
            let address = ClusterAddress { server: server.to_owned(), ..ClusterAddress::default() };
            Ok(Facts::ClusterIdentity(ClusterIdentityFacts { address, uid }))
        };
        keep(Question::ClusterIdentity(region), identity);
        let found = Deployment { uid: deployment.to_owned(), ..Deployment::default() };
        let deployment = match deployment {
            "?" => Err(silent()),
            "-" => Ok(Facts::Deployment(DeploymentFacts::Missing)),
            _ => Ok(Facts::Deployment(DeploymentFacts::Found(Box::new(found)))),
        };
        keep(Question::Deployment(region), deployment);
    }
    let case = Case { profile: &profile, failed: US, readings: &readings, now: Timestamp::UNIX_EPOCH };
    let (here, there) = (relation(&case, US, EU), relation(&case, EU, US));
    let kind = |relation: &Option<Relation>| relation.as_ref().map(std::mem::discriminant);
    assert_eq!(kind(&here), kind(&there), "it holds both ways");
    here
}

#[test]
fn clusters_are_told_by_what_they_are_and_not_by_how_they_are_spelled() {
    const A: &str = "https://127.0.0.1:6443";
    const EKS_A: &str = "https://aaa.gr7.us-east-1.eks.amazonaws.com";
    const EKS_B: &str = "https://bbb.gr7.eu-west-1.eks.amazonaws.com";
    for (us, eu, expected) in [
        // The uid of kube-system decides, however the addresses are spelled.
        ((A, "k1", "d1"), ("https://127.0.0.1:6444", "k2", "d2"), "distinct"),
        ((A, "k1", "?"), ("https://localhost:6443", "k1", "?"), "same"),
        ((A, "k1", "?"), ("https://tunnel.example.com", "k1", "?"), "same"),
        (("https://rancher.example.com/k8s/a", "k1", "?"), (EKS_A, "k1", "?"), "same"),
        // One object is one cluster, whatever else was read.
        ((A, "?", "d1"), ("https://tunnel.example.com", "?", "d1"), "same"),
        ((A, "k1", "d1"), ("https://tunnel.example.com", "k2", "d1"), "same"),
        // Without uids the address tells what it can.
        ((A, "?", "?"), (A, "?", "?"), "same"),
        ((A, "?", "?"), ("https://localhost:6443", "?", "?"), "same"),
        (("https://[::1]:6443", "k1", "?"), ("https://localhost:6443", "?", "?"), "same"),
        ((EKS_A, "?", "?"), (EKS_B, "?", "?"), "distinct"),
        ((EKS_A, "k1", "?"), (EKS_B, "?", "?"), "distinct"),
        ((EKS_A, "?", "?"), (EKS_A, "?", "?"), "same"),
        ((EKS_A, "?", "?"), ("https://tunnel.example.com", "?", "?"), "unknown"),
        ((A, "k1", "?"), ("https://127.0.0.1:6444", "?", "?"), "unknown"),
        // One cluster has the Deployment or has not.
        ((A, "?", "-"), ("https://127.0.0.1:6444", "?", "d2"), "distinct"),
        ((A, "?", "d1"), ("https://127.0.0.1:6444", "?", "d2"), "distinct"),
        ((A, "?", "-"), ("https://127.0.0.1:6444", "?", "-"), "unknown"),
        // A context that is not there tells nothing.
        ((A, "k1", "d1"), ("?", "?", "?"), "unknown"),
        ((A, "k1", "d1"), ("?", "?", "d2"), "unknown"),
    ] {
        let word = match told(us, eu).unwrap() {
            Relation::Same(_) => "same",
            Relation::Distinct => "distinct",
            Relation::Unknown(_) => "unknown",
        };
        assert_eq!(word, expected, "{us:?} {eu:?}");
    }
}

#[test]
fn something_in_between_that_tells_by_name_may_lead_to_two_clusters() {
    let address = |name: Option<&str>| ClusterAddress {
        server: "https://proxy.example.com".to_owned(),
        tls_server_name: name.map(str::to_owned),
        ..ClusterAddress::default()
    };
    assert_eq!(by_address(&address(Some("a")), &address(Some("b"))), None);
    assert!(matches!(by_address(&address(Some("a")), &address(Some("a"))), Some(Relation::Same(_))));
    assert!(matches!(by_address(&address(None), &address(None)), Some(Relation::Same(_))));
}
