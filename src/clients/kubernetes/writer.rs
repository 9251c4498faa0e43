//! The two changes of step 3 that the API takes: restart and scale.

use jiff::Timestamp;
use k8s_openapi::api::apps::v1::Deployment as ApiDeployment;
use kube::Resource;
use kube::api::{Patch, PatchParams};
use kube::core::Request;
use serde_json::{Value, json};

use super::access::ClusterAccess;
use super::answer::Failure;
use super::connection::Connection;
use super::facts;
use super::pinned::Pinned;
use super::reader::{target_now, unbuilt};
use crate::runbook::action::{Confirmed, Target};
use crate::runbook::fact::Deployment;
use crate::runbook::verdict::{Why, WhyKind};

/// The name that the API keeps beside the changed fields.
const FIELD_MANAGER: &str = "failback";
/// RFC 6902, whose operations can test what they change.
const JSON_PATCH: http::HeaderValue = http::HeaderValue::from_static("application/json-patch+json");
/// What `kubectl rollout restart` sets, too.
const RESTARTED_AT: &str = "kubectl.kubernetes.io/restartedAt";

/// A cluster that can be changed. For the failed region only.
pub struct Writer {
    connection: Connection,
}

impl Writer {
    /// Signs in to the cluster of a confirmed plan, by the very reading of the kubeconfig that was compared with
    /// it; nothing is changed yet.
    ///
    /// # Errors
    /// Another cluster than the plan's, or its credential plugin.
    pub async fn connect(pinned: Pinned, access: &ClusterAccess, confirmed: &Confirmed) -> Result<Self, Why> {
        let plan = confirmed.plan();
        if pinned.context() != plan.region().context {
            let message = format!("{} is not the cluster of the confirmed plan", pinned.context());
            return Err(Why::new(WhyKind::Configuration, message));
        }
        let connection = Connection::to(pinned.into_target(), access).await?;
        Ok(Self { connection })
    }

    /// The cluster that a change would go to, as it is now.
    ///
    /// # Errors
    /// The Deployment could not be read.
    pub async fn target(&self, namespace: &str, deployment: &str) -> Result<Target, Why> {
        target_now(&self.connection, namespace, deployment).await
    }

    /// Restarts the Deployment, if it is still the one with this uid.
    ///
    /// # Errors
    /// Where the API refused, nothing was done. Without an answer it is unknown whether it was done: the
    /// message says so.
    pub async fn restart(
        &self,
        namespace: &str,
        deployment: &str,
        uid: &str,
        restarted_at: Timestamp,
    ) -> Result<Deployment, Why> {
        self.send(deployment, restart_request(namespace, deployment, uid, restarted_at)?).await
    }

    /// Sets the replica count, if the Deployment is still the one with this uid and wants as many as were read.
    /// What else of it changed meanwhile, the status of flapping pods above all, is no hindrance.
    ///
    /// # Errors
    /// As for [`restart`](Self::restart).
    pub async fn scale(
        &self,
        namespace: &str,
        deployment: &str,
        uid: &str,
        from: i32,
        replicas: u32,
    ) -> Result<Deployment, Why> {
        self.send(deployment, scale_request(namespace, deployment, uid, from, replicas)?).await
    }

    async fn send(&self, name: &str, request: http::Request<Vec<u8>>) -> Result<Deployment, Why> {
        match self.connection.json_once::<ApiDeployment>(request).await {
            Ok(changed) => Ok(facts::deployment(&changed, [])),
            Err(failure) => Err(explain(failure, name)),
        }
    }
}

/// The request of a restart, as it is sent and as it is tried.
pub(super) fn restart_request(
    namespace: &str,
    deployment: &str,
    uid: &str,
    restarted_at: Timestamp,
) -> Result<http::Request<Vec<u8>>, Why> {
    let patch = json!({
        "metadata": { "uid": uid },
        "spec": { "template": { "metadata": { "annotations": { RESTARTED_AT: restarted_at.to_string() } } } },
    });
    request(namespace, deployment, &Patch::Strategic(patch))
}

/// The request of a scaling, as it is sent and as it is tried.
pub(super) fn scale_request(
    namespace: &str,
    deployment: &str,
    uid: &str,
    from: i32,
    replicas: u32,
) -> Result<http::Request<Vec<u8>>, Why> {
    let operations = json!([
        { "op": "test", "path": "/metadata/uid", "value": uid },
        { "op": "test", "path": "/spec/replicas", "value": from },
        { "op": "replace", "path": "/spec/replicas", "value": replicas },
    ]);
    let mut request = request(namespace, deployment, &Patch::Merge(operations))?;
    // kube's own JSON patch wants a crate for what are three lines here.
    request.headers_mut().insert(http::header::CONTENT_TYPE, JSON_PATCH);
    Ok(request)
}

fn request(namespace: &str, name: &str, patch: &Patch<Value>) -> Result<http::Request<Vec<u8>>, Why> {
    let params = PatchParams { field_manager: Some(FIELD_MANAGER.to_owned()), ..PatchParams::default() };
    let path = ApiDeployment::url_path(&(), Some(namespace));
    Request::new(path).patch(name, &params, patch).map_err(|error| unbuilt(&error))
}

/// What a failed change means for the Deployment.
fn explain(failure: Failure, name: &str) -> Why {
    let Failure { code, mut why, .. } = failure;
    // 422 is what the API says of a uid that differs, and of a JSON patch whose test failed.
    let tested = ["uid", "test", "the server rejected our request"];
    let stale =
        code == Some(409) || (code == Some(422) && tested.iter().any(|word| why.message.contains(word)));
    if stale {
        why.kind = WhyKind::Conflict;
        why.message =
            format!("Deployment {name} changed since the plan was made and was not touched: {}", why.message);
        return why.remedy("Look at the Deployment as it is now, then make the plan again");
    }
    let refused = matches!(code, Some(400..=499)) && why.kind != WhyKind::Timeout;
    let never_sent = matches!(why.kind, WhyKind::Dns | WhyKind::Tls | WhyKind::Configuration | WhyKind::Tool)
        || (code.is_none() && why.kind == WhyKind::Unauthenticated);
    if refused || never_sent {
        why.message = format!("Deployment {name} was not touched: {}", why.message);
        return why;
    }
    why.message = format!("Whether Deployment {name} was changed is not known: {}", why.message);
    why.remedy("Look at the Deployment before repeating it")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::kubernetes::answer::refused;

    #[test]
    fn a_failed_change_tells_what_became_of_the_deployment() {
        let api = |code| refused("https://api", code, br#"{"kind":"Status","message":"words"}"#);
        let uid =
            refused("https://api", 422, br#"{"kind":"Status","message":"metadata.uid: Invalid value"}"#);
        let no_answer = |kind| Failure::from(Why::new(kind, "words"));
        for (failure, expected) in [
            (api(409), "changed since the plan was made and was not touched"),
            (uid, "changed since the plan was made and was not touched"),
            (api(403), "was not touched"),
            (api(401), "was not touched"),
            (no_answer(WhyKind::Tls), "was not touched"),
            (api(500), "is not known"),
            (api(504), "is not known"),
            (no_answer(WhyKind::Timeout), "is not known"),
            (no_answer(WhyKind::Connection), "is not known"),
            (no_answer(WhyKind::Garbage), "is not known"),
        ] {
            let message = explain(failure, "loft").message;
            assert!(
                message.contains(expected) && message.contains("words") | message.contains("uid"),
                "{message}"
            );
        }
    }
}
