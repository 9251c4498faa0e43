//! What stands around the platform: nodes, namespaces, the agent, NetworkPeers.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::discovery::GIT_VERSION;
use super::super::kinds::{
    CLUSTER_ROLES, CRDS, DEPLOYMENTS, INGRESS_CLASSES, NAMESPACES, NETWORK_PEERS, NODES, SERVICE_ACCOUNTS,
};
use super::super::object::stamp;
use super::super::random::fingerprint;
use super::super::store::State;
use super::super::{ClusterSetup, READY_POD_NAMESPACE};
use super::plant_object;

/// Where the agent runs; its pods have the platform's label too.
const AGENT_NAMESPACE: &str = "vcluster-agent";

/// Third and fourth number of the nodes' addresses: one a zone, each in that zone's private subnet.
const NODES_AT: [(u8, u8, char); 3] = [(12, 187, 'a'), (44, 31, 'b'), (79, 208, 'c')];

/// Plants what was there before the platform.
pub(super) fn plant(setup: &ClusterSetup, state: &mut State, at: Timestamp) {
    for namespace in ["default", "kube-system", READY_POD_NAMESPACE, AGENT_NAMESPACE] {
        let object = json!({"metadata": {"name": namespace}, "status": {"phase": "Active"}});
        plant_object(state, &NAMESPACES, object, "eks", at);
        let account = json!({"metadata": {"name": "default", "namespace": namespace}});
        plant_object(state, &SERVICE_ACCOUNTS, account, "kube-controller-manager", at);
    }
    for place in NODES_AT {
        plant_object(state, &NODES, node(setup, place, at), "kubelet", at);
    }
    let class = json!({"metadata": {"name": "alb"}, "spec": {"controller": "ingress.k8s.aws/alb"}});
    plant_object(state, &INGRESS_CLASSES, class, "eks", at);
    let admin = json!({
        "metadata": {"name": "cluster-admin"},
        "rules": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},
            {"nonResourceURLs": ["*"], "verbs": ["*"]},
        ],
    });
    plant_object(state, &CLUSTER_ROLES, admin, "kube-apiserver", at);
    plant_object(state, &DEPLOYMENTS, agent(setup), "helm", at);
}

/// Plants the platform's NetworkPeers, one a region, and their type.
pub(super) fn plant_peers(setup: &ClusterSetup, state: &mut State, at: Timestamp) {
    plant_object(state, &CRDS, peers_definition(at), "loft", at);
    let regions: BTreeSet<&String> = setup.peer_regions.iter().chain([&setup.region]).collect();
    for region in regions {
        let key = fingerprint(region);
        let peer = json!({
            "metadata": {"name": region},
            "spec": {
                "discoKey": format!("discokey:{key:016x}"),
                "machineKey": format!("mkey:{:016x}", key.rotate_left(17)),
                "nodePrivateKey": "",
            },
            "status": {},
        });
        plant_object(state, &NETWORK_PEERS, peer, "loft", at);
    }
}

/// The Ingress with the name that the AWS load balancer controller gave it.
pub(super) fn with_load_balancer(setup: &ClusterSetup, ingress: &Value) -> Value {
    let mut ingress = ingress.clone();
    ingress["status"] = json!({"loadBalancer": {"ingress": [{"hostname": setup.aws.load_balancer}]}});
    ingress
}

fn node(setup: &ClusterSetup, (third, fourth, zone): (u8, u8, char), at: Timestamp) -> Value {
    let region = &setup.region;
    // AWS names the hosts of its first region without the region
    let domain =
        if region == "us-east-1" { "ec2.internal".to_owned() } else { format!("{region}.compute.internal") };
    let [first, second] = setup.aws.network;
    let name = format!("ip-{first}-{second}-{third}-{fourth}.{domain}");
    let condition = |kind: &str, status: &str, reason: &str| {
        json!({
            "type": kind, "status": status, "reason": reason, "message": "",
            "lastTransitionTime": stamp(at), "lastHeartbeatTime": stamp(at),
        })
    };
    let size = json!({"cpu": "4", "memory": "16181700Ki", "pods": "58"});
    json!({
        "metadata": {"name": name, "labels": {
            "kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64",
            "node.kubernetes.io/instance-type": "m6i.xlarge",
            "topology.kubernetes.io/region": region,
            "topology.kubernetes.io/zone": format!("{region}{zone}"),
            "eks.amazonaws.com/nodegroup": "platform",
        }},
        "spec": {"providerID": format!("aws:///{region}{zone}/i-{:017x}", fingerprint(&name))},
        "status": {
            "capacity": size, "allocatable": size,
            "addresses": [
                {"type": "InternalIP", "address": format!("{first}.{second}.{third}.{fourth}")},
                {"type": "Hostname", "address": name},
            ],
            "conditions": [
                condition("MemoryPressure", "False", "KubeletHasSufficientMemory"),
                condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                condition("PIDPressure", "False", "KubeletHasSufficientPID"),
                condition("Ready", "True", "KubeletReady"),
            ],
            "nodeInfo": {
                "kubeletVersion": GIT_VERSION, "osImage": "Amazon Linux 2023.11.20260601",
                "kernelVersion": "6.12.30-33.117.amzn2023.x86_64", "containerRuntimeVersion": "containerd://2.1.4",
                "operatingSystem": "linux", "architecture": "amd64", "machineID": "", "systemUUID": "",
                "bootID": "", "kubeProxyVersion": "",
            },
        },
    })
}

fn agent(setup: &ClusterSetup) -> Value {
    let labels = json!({"app": "loft", "release": "loft-agent"});
    json!({
        "metadata": {"name": "loft-agent", "namespace": AGENT_NAMESPACE, "labels": labels},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": labels},
            "template": {
                "metadata": {"labels": labels},
                "spec": {"containers": [{
                    "name": "agent",
                    "image": format!("ghcr.io/loft-sh/vcluster-platform:{}", setup.platform_version),
                }]},
            },
        },
    })
}

fn peers_definition(at: Timestamp) -> Value {
    json!({
        "metadata": {"name": "networkpeers.storage.loft.sh"},
        "spec": {
            "group": NETWORK_PEERS.group, "scope": "Cluster",
            "names": {"kind": "NetworkPeer", "listKind": "NetworkPeerList", "plural": "networkpeers", "singular": "networkpeer"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                "additionalPrinterColumns": [{"name": "Online", "type": "boolean", "jsonPath": ".status.online"}],
            }],
        },
        "status": {
            "acceptedNames": {"kind": "NetworkPeer", "plural": "networkpeers"}, "storedVersions": ["v1"],
            "conditions": [{
                "type": "Established", "status": "True", "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted", "lastTransitionTime": stamp(at),
            }],
        },
    })
}
