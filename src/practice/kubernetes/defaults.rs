//! The values that the API server fills in where an object leaves them out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::kinds::{self, Resource};
use super::object::{self, map_at};
use super::random::fingerprint;

/// Fills an object's defaults in.
pub(super) fn fill(resource: &Resource, object: &mut Value) {
    match *resource {
        kinds::DEPLOYMENTS => deployment(object),
        kinds::REPLICA_SETS => set(object, &["spec"], &json!({"replicas": 1})),
        kinds::PODS => pod_spec(object, &["spec"]),
        kinds::SERVICES => service(object),
        kinds::SECRETS => secret(object),
        kinds::NAMESPACES => namespace(object),
        _ => {}
    }
}

/// Puts in the fields that are missing.
fn set(object: &mut Value, path: &[&str], defaults: &Value) {
    let fields = map_at(object, path);
    for (name, value) in defaults.as_object().into_iter().flatten() {
        fields.entry(name.as_str()).or_insert_with(|| value.clone());
    }
}

fn deployment(object: &mut Value) {
    let defaults = json!({
        "replicas": 1, "revisionHistoryLimit": 10, "progressDeadlineSeconds": 600,
        "strategy": {"type": "RollingUpdate"},
    });
    set(object, &["spec"], &defaults);
    if object::text(object, "/spec/strategy/type") == "RollingUpdate" {
        let quarter = json!({"maxUnavailable": "25%", "maxSurge": "25%"});
        set(object, &["spec", "strategy", "rollingUpdate"], &quarter);
    }
    pod_spec(object, &["spec", "template", "spec"]);
}

fn pod_spec(object: &mut Value, path: &[&str]) {
    let defaults = json!({
        "restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst",
        "securityContext": {}, "schedulerName": "default-scheduler",
    });
    set(object, path, &defaults);
    let spec = map_at(object, path);
    for list in ["containers", "initContainers"] {
        for container in spec.get_mut(list).and_then(Value::as_array_mut).into_iter().flatten() {
            self::container(container);
        }
    }
}

fn container(container: &mut Value) {
    let latest = object::text(container, "/image").ends_with(":latest");
    let defaults = json!({
        "imagePullPolicy": if latest { "Always" } else { "IfNotPresent" },
        "resources": {},
        "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File",
    });
    set(container, &[], &defaults);
    for probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
        if container.get(probe).is_some() {
            let defaults = json!({"timeoutSeconds": 1, "periodSeconds": 10, "successThreshold": 1, "failureThreshold": 3});
            set(container, &[probe], &defaults);
            if container[probe].get("httpGet").is_some() {
                set(container, &[probe, "httpGet"], &json!({"scheme": "HTTP"}));
            }
        }
    }
    for port in container.get_mut("ports").and_then(Value::as_array_mut).into_iter().flatten() {
        set(port, &[], &json!({"protocol": "TCP"}));
    }
}

fn service(object: &mut Value) {
    let place = fingerprint(&format!("{}/{}", object::namespace(object), object::name(object)));
    let address = format!("10.100.{}.{}", (place >> 8) & 0xff, 1 + place % 254);
    let defaults = json!({
        "type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "sessionAffinity": "None",
        "ipFamilies": ["IPv4"], "ipFamilyPolicy": "SingleStack", "internalTrafficPolicy": "Cluster",
    });
    set(object, &["spec"], &defaults);
    for port in object.pointer_mut("/spec/ports").and_then(Value::as_array_mut).into_iter().flatten() {
        let target = port.get("port").cloned().unwrap_or_default();
        set(port, &[], &json!({"protocol": "TCP", "targetPort": target}));
    }
    set(object, &["status"], &json!({"loadBalancer": {}}));
}

fn secret(object: &mut Value) {
    set(object, &[], &json!({"type": "Opaque"}));
    let plain = map_at(object, &[]).shift_remove("stringData");
    for (name, value) in plain.as_ref().and_then(Value::as_object).into_iter().flatten() {
        let encoded = STANDARD.encode(value.as_str().unwrap_or_default());
        map_at(object, &["data"]).insert(name.clone(), encoded.into());
    }
}

fn namespace(object: &mut Value) {
    let name = object::name(object).to_owned();
    set(object, &["metadata", "labels"], &json!({"kubernetes.io/metadata.name": name}));
    set(object, &["spec"], &json!({"finalizers": ["kubernetes"]}));
    set(object, &["status"], &json!({"phase": "Active"}));
}
