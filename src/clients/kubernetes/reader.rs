//! Reading a cluster. Nothing here can change it.

use std::sync::Arc;

use http::Request as HttpRequest;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::{Event, Namespace, Node, Pod, Secret};
use k8s_openapi::api::networking::v1::Ingress;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kube::Resource;
use kube::api::{GetParams, ListParams};
use kube::core::{ObjectList, Request};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::mpsc;

use super::access::ClusterAccess;
use super::answer::{Failure, Missing};
use super::connection::Connection;
use super::{facts, logs, review, watch};
use crate::clients::failure::words;
use crate::clients::secret::redact_credentials;
use crate::runbook::action::{Target, TargetDeployment};
use crate::runbook::fact::{
    AccessFacts, ClusterAddress, ClusterFacts, DeploymentFacts, EventsFacts, IngressFacts, LogLine,
    LogsFacts, NodesFacts, PeersFacts, PodsFacts, ReleaseFacts,
};
use crate::runbook::verdict::{Why, WhyKind};

/// Objects a page, where there may be many.
const PAGE: u32 = 250;
/// Pages that are read at most.
const MAX_PAGES: usize = 40;
/// Events that are kept, the newest ones.
const MAX_EVENTS: usize = 200;

/// A cluster that can be asked, and no more: it has no method that changes anything.
#[derive(Clone)]
pub struct Reader {
    connection: Arc<Connection>,
}

impl Reader {
    /// Reads the kubeconfig and signs in; the cluster itself is not asked yet.
    ///
    /// # Errors
    /// The kubeconfig, the context or its credential plugin.
    pub async fn connect(access: &ClusterAccess) -> Result<Self, Why> {
        Ok(Self { connection: Arc::new(Connection::open(access).await?) })
    }

    /// Over a connection that is there already.
    pub(super) fn of(connection: Arc<Connection>) -> Self {
        Self { connection }
    }

    /// The API's address as messages name it.
    pub fn server(&self) -> &str {
        self.connection.server()
    }

    /// How the cluster is reached.
    pub fn address(&self) -> &ClusterAddress {
        self.connection.address()
    }

    /// The uid of the namespace `kube-system`: a cluster's own for its life.
    pub async fn cluster_uid(&self) -> Result<String, Why> {
        Ok(cluster_uid(&self.connection).await?)
    }

    /// Is a sign-in going on that every call waits for?
    pub fn is_signing_in(&self) -> bool {
        self.connection.is_signing_in()
    }

    /// Does the API answer, and with which version (`GET /version`).
    pub async fn cluster(&self) -> Result<ClusterFacts, Why> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Version {
            git_version: String,
        }
        let version: Version = self.connection.json(get_path("/version")?).await?;
        Ok(ClusterFacts { version: redact_credentials(&version.git_version) })
    }

    /// The Deployment, with the template hash of its current revision.
    pub async fn deployment(
        &self,
        namespace: &str,
        name: &str,
        selector: &str,
    ) -> Result<DeploymentFacts, Why> {
        let labels = ListParams::default().labels(selector);
        let (found, sets) = tokio::join!(
            self.get::<Deployment>(namespace, name),
            self.list::<ReplicaSet>(Some(namespace), &labels),
        );
        // The ReplicaSets only add the template hash, which may stay unknown.
        let sets = sets.map(|list| list.items).unwrap_or_default();
        Ok(match found? {
            Some(found) => DeploymentFacts::Found(Box::new(facts::deployment(&found, &sets))),
            None => DeploymentFacts::Missing,
        })
    }

    /// The pods that a selector matches.
    pub async fn pods(&self, namespace: &str, selector: &str) -> Result<PodsFacts, Why> {
        let list = self.list::<Pod>(Some(namespace), &ListParams::default().labels(selector)).await?;
        Ok(facts::pods(&list.items))
    }

    /// The last lines of the newest pods' containers, and of the ones before a restart.
    pub async fn logs(&self, namespace: &str, selector: &str, tail_lines: u32) -> Result<LogsFacts, Why> {
        let pods = self.pods(namespace, selector).await?;
        logs::last_lines(&self.connection, namespace, pods, tail_lines).await
    }

    /// The Ingress.
    pub async fn ingress(&self, namespace: &str, name: &str) -> Result<IngressFacts, Why> {
        let found = self.get::<Ingress>(namespace, name).await?;
        Ok(found.map_or(IngressFacts::Missing, facts::ingress))
    }

    /// The nodes.
    pub async fn nodes(&self) -> Result<NodesFacts, Why> {
        let mut nodes = Vec::new();
        self.pages::<Node>(None, |page| nodes.extend(page.into_iter().map(facts::node))).await?;
        nodes.sort_unstable_by(|a, b| a.name.cmp(&b.name));
        Ok(NodesFacts { nodes })
    }

    /// The newest events of a namespace, newest first, at most 200.
    pub async fn events(&self, namespace: &str) -> Result<EventsFacts, Why> {
        let mut events = Vec::new();
        self.pages::<Event>(Some(namespace), |page| {
            events.extend(page.into_iter().map(facts::event));
            // The API's order is that of the names, so that the newest may be on any page.
            events.sort_by(|a, b| b.last_seen.cmp(&a.last_seen).then_with(|| a.object.cmp(&b.object)));
            events.truncate(MAX_EVENTS);
        })
        .await?;
        Ok(EventsFacts { events })
    }

    /// The NetworkPeers that the cluster knows (`networkpeers.storage.loft.sh`, cluster-scoped).
    pub async fn peers(&self) -> Result<PeersFacts, Why> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Value>,
        }
        let request = get_path("/apis/storage.loft.sh/v1/networkpeers")?;
        match self.connection.json::<List>(request).await {
            Ok(list) => {
                let mut peers: Vec<_> = list.items.iter().map(facts::peer).collect();
                peers.sort_unstable_by(|a, b| a.name.cmp(&b.name));
                Ok(PeersFacts::Found(peers))
            }
            Err(failure) if failure.missing == Some(Missing::Type) => Ok(PeersFacts::NoSuchType),
            Err(failure) => Err(failure.into()),
        }
    }

    /// The newest record of a Helm release and the last one deployed whole, by the labels of their Secrets.
    /// Their data is not asked for: the API leaves it out.
    pub async fn release(&self, namespace: &str, name: &str) -> Result<ReleaseFacts, Why> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Record>,
        }
        #[derive(Deserialize)]
        struct Record {
            metadata: ObjectMeta,
        }
        let labels = format!("owner=helm,name={name}");
        let params = ListParams::default().labels(&labels);
        let path = Secret::url_path(&(), Some(namespace));
        let request = Request::new(path).list_metadata(&params).map_err(|error| unbuilt(&error))?;
        let list: List = self.connection.json(request).await?;
        Ok(facts::release(list.items.into_iter().map(|record| record.metadata)))
    }

    /// The ARNs of the target groups that a Service is bound to (`targetgroupbindings.elbv2.k8s.aws`),
    /// sorted; empty where the cluster has no such binding or no such resource type.
    pub async fn target_group_arns(&self, namespace: &str, service: &str) -> Result<Vec<String>, Why> {
        #[derive(Deserialize)]
        struct List {
            items: Vec<Value>,
        }
        let path = format!("/apis/elbv2.k8s.aws/v1beta1/namespaces/{namespace}/targetgroupbindings");
        let found = match self.connection.json::<List>(get_path(&path)?).await {
            Ok(list) => list.items,
            Err(failure) if failure.missing == Some(Missing::Type) => Vec::new(),
            Err(failure) => return Err(failure.into()),
        };
        let of_service = |binding: &&Value| {
            binding.pointer("/spec/serviceRef/name").and_then(Value::as_str) == Some(service)
        };
        let arn = |binding: &Value| Some(binding.pointer("/spec/targetGroupARN")?.as_str()?.to_owned());
        let mut arns: Vec<String> = found.iter().filter(of_service).filter_map(arn).collect();
        arns.sort_unstable();
        arns.dedup();
        Ok(arns)
    }

    /// Who we are in the cluster, and what of the program's work we may do in a namespace.
    pub async fn access(&self, namespace: &str) -> Result<AccessFacts, Why> {
        review::access(&self.connection, namespace).await
    }

    /// A container's last 50 lines and then each new one, until the stream ends, the receiver closes or
    /// the future is dropped.
    pub async fn follow_logs(
        &self,
        namespace: &str,
        pod: &str,
        container: &str,
        lines: mpsc::Sender<LogLine>,
    ) -> Result<(), Why> {
        Ok(logs::follow(&self.connection, namespace, pod, container, lines).await?)
    }

    /// The Deployment and its pods as they are, and again on each change, until the receiver closes or the
    /// future is dropped.
    ///
    /// # Errors
    /// Not permitted or not signed in; anything that passes, only after several attempts in a row.
    pub async fn watch_rollout(
        &self,
        namespace: &str,
        deployment: &str,
        selector: &str,
        snapshots: mpsc::Sender<(DeploymentFacts, PodsFacts)>,
    ) -> Result<(), Why> {
        watch::rollout(&self.connection, namespace, deployment, selector, snapshots).await
    }

    async fn get<K>(&self, namespace: &str, name: &str) -> Result<Option<K>, Failure>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned,
    {
        get(&self.connection, Some(namespace), name).await
    }

    async fn list<K>(&self, namespace: Option<&str>, params: &ListParams) -> Result<ObjectList<K>, Failure>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        list(&self.connection, namespace, params).await
    }

    /// Every object, page by page, so that memory holds one page of whole ones.
    async fn pages<K>(&self, namespace: Option<&str>, mut take: impl FnMut(Vec<K>)) -> Result<(), Failure>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
    {
        let call = async {
            let mut params = ListParams::default().limit(PAGE);
            for _ in 0..MAX_PAGES {
                let page = self.list::<K>(namespace, &params).await?;
                take(page.items);
                match page.metadata.continue_.filter(|token| !token.is_empty()) {
                    Some(token) => params = params.continue_token(&token),
                    None => return Ok(()),
                }
            }
            let message = format!("{} lists more than is read", self.connection.server());
            Err(Why::new(WhyKind::Garbage, message).into())
        };
        self.connection.timed(call).await
    }
}

/// The uid of the namespace `kube-system`.
pub(super) async fn cluster_uid(connection: &Connection) -> Result<String, Failure> {
    let found = get::<Namespace>(connection, None, "kube-system").await?;
    found.and_then(|namespace| namespace.metadata.uid).filter(|uid| !uid.is_empty()).ok_or_else(|| {
        let message = format!("{} tells no uid of its namespace kube-system", connection.server());
        Why::new(WhyKind::Garbage, message).into()
    })
}

/// The cluster that a change would go to, as it is now.
pub(super) async fn target_now(
    connection: &Connection,
    namespace: &str,
    deployment: &str,
) -> Result<Target, Why> {
    let (cluster_uid, found) =
        tokio::join!(cluster_uid(connection), get::<Deployment>(connection, Some(namespace), deployment));
    let deployment = match found?.map(|found| found.metadata.uid.unwrap_or_default()) {
        Some(uid) => TargetDeployment::Found(uid),
        None => TargetDeployment::Missing,
    };
    Ok(Target { address: connection.address().clone(), cluster_uid: cluster_uid.ok(), deployment })
}

/// One object; `None` where the API says that there is none.
pub(super) async fn get<K>(
    connection: &Connection,
    namespace: Option<&str>,
    name: &str,
) -> Result<Option<K>, Failure>
where
    K: Resource<DynamicType = ()> + DeserializeOwned,
{
    let request = Request::new(K::url_path(&(), namespace)).get(name, &GetParams::default());
    match connection.json::<K>(request.map_err(|error| unbuilt(&error))?).await {
        // Every field of an object may be absent, so that any JSON would pass for one.
        Ok(found) if found.meta().name.as_deref() == Some(name) => Ok(Some(found)),
        Ok(_) => {
            let (server, kind) = (connection.server(), K::kind(&()));
            let message = format!("{server} answered with something else than the {kind} {name}");
            Err(Why::new(WhyKind::Garbage, message).into())
        }
        Err(failure) if failure.missing == Some(Missing::Object) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A list of one kind.
pub(super) async fn list<K>(
    connection: &Connection,
    namespace: Option<&str>,
    params: &ListParams,
) -> Result<ObjectList<K>, Failure>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
{
    let request = Request::new(K::url_path(&(), namespace)).list(params).map_err(|error| unbuilt(&error))?;
    connection.json(request).await
}

pub(super) fn get_path(path: &str) -> Result<HttpRequest<Vec<u8>>, Why> {
    HttpRequest::get(path).body(Vec::new()).map_err(|error| unbuilt(&error))
}

/// A name, namespace or selector of the environment that fits in no request.
pub(super) fn unbuilt(error: &dyn std::error::Error) -> Why {
    let message = format!("A name of the environment cannot be asked for: {}", words(&error.to_string()));
    Why::new(WhyKind::Configuration, message)
}
