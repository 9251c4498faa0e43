//! The TargetGroupBinding that the AWS load balancer controller makes for an
//! Ingress: it says which target group the Service's pods are registered in.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::kinds::{CRDS, TARGET_GROUP_BINDINGS};
use super::super::object::stamp;
use super::super::store::{Key, State};
use super::super::{ClusterSetup, PLATFORM, READY_POD_NAMESPACE};
use super::plant_object;

/// Who makes them.
const CONTROLLER: &str = "elbv2.k8s.aws/resources";

/// The type, and the platform's binding where there is one.
pub(super) fn plant(setup: &ClusterSetup, state: &mut State, at: Timestamp) {
    plant_object(state, &CRDS, definition(at), "helm", at);
    if setup.aws.bound {
        bind(setup, state, at);
    }
}

/// The controller reconciled the Ingress: there is a binding, if there was none.
pub(in super::super) fn bind(setup: &ClusterSetup, state: &mut State, at: Timestamp) {
    // The target group's name is the binding's, and the last but one part of its ARN.
    let name = setup.aws.target_group_arn.split('/').nth(1).unwrap_or(PLATFORM);
    if state.get(&Key::new(&TARGET_GROUP_BINDINGS, READY_POD_NAMESPACE, name)).is_some() {
        return;
    }
    let binding = json!({
        "metadata": {
            "name": name,
            "namespace": READY_POD_NAMESPACE,
            "finalizers": [CONTROLLER],
            "labels": {"ingress.k8s.aws/stack-name": PLATFORM, "ingress.k8s.aws/stack-namespace": READY_POD_NAMESPACE},
        },
        "spec": {
            "ipAddressType": "ipv4",
            "serviceRef": {"name": PLATFORM, "port": 443},
            "targetGroupARN": setup.aws.target_group_arn,
            "targetType": "ip",
        },
        "status": {"observedGeneration": 1},
    });
    plant_object(state, &TARGET_GROUP_BINDINGS, binding, "controller", at);
}

fn definition(at: Timestamp) -> Value {
    let names = json!({
        "kind": TARGET_GROUP_BINDINGS.kind, "listKind": "TargetGroupBindingList",
        "plural": TARGET_GROUP_BINDINGS.plural, "singular": TARGET_GROUP_BINDINGS.singular,
    });
    json!({
        "metadata": {"name": TARGET_GROUP_BINDINGS.qualified()},
        "spec": {
            "group": TARGET_GROUP_BINDINGS.group, "scope": "Namespaced", "names": names,
            "versions": [{
                "name": TARGET_GROUP_BINDINGS.version, "served": true, "storage": true,
                "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": true}},
                "additionalPrinterColumns": [
                    {"name": "SERVICE-NAME", "type": "string", "jsonPath": ".spec.serviceRef.name"},
                    {"name": "SERVICE-PORT", "type": "string", "jsonPath": ".spec.serviceRef.port"},
                    {"name": "TARGET-TYPE", "type": "string", "jsonPath": ".spec.targetType"},
                ],
            }],
        },
        "status": {
            "acceptedNames": names, "storedVersions": [TARGET_GROUP_BINDINGS.version],
            "conditions": [{
                "type": "Established", "status": "True", "reason": "InitialNamesAccepted",
                "message": "the initial names have been accepted", "lastTransitionTime": stamp(at),
            }],
        },
    })
}
