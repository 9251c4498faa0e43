//! A rollout, watched: the Deployment, its ReplicaSets and its pods are listed once and watched from
//! there. No polling: a change is told when the API tells it.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use http_body_util::BodyExt;
use k8s_openapi::api::apps::v1::{Deployment, ReplicaSet};
use k8s_openapi::api::core::v1::Pod;
use kube::api::{ListParams, WatchParams};
use kube::core::{Request, WatchEvent};
use kube::{Resource, ResourceExt};
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep, timeout};

use super::answer::{Failure, parse, refused};
use super::connection::Connection;
use super::facts;
use super::reader::{list, unbuilt};
use crate::clients::MAX_ANSWER_BYTES;
use crate::clients::failure::of_connection;
use crate::clients::lines::LineBuffer;
use crate::runbook::fact::{DeploymentFacts, PodsFacts};
use crate::runbook::verdict::{Why, WhyKind};

/// After this long the API ends a watch by itself, and it is opened again.
const WATCH_SECS: u32 = 60;
/// A watch that is silent for longer than it may last has lost its connection.
const SILENCE: Duration = Duration::from_secs(WATCH_SECS as u64 + 15);
/// A watch that ended sooner is opened again only after this pause.
const REOPEN_PAUSE: Duration = Duration::from_millis(500);
/// Failures in a row, without a change seen in between, before giving up.
const MAX_FAILURES: u32 = 6;
/// The first pause after a failure; doubled with each.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// Changes on their way from the three watches.
const CHANGES_IN_FLIGHT: usize = 64;

type Snapshot = (DeploymentFacts, PodsFacts);

/// Sends a snapshot now and on each change.
pub(super) async fn rollout(
    connection: &Connection,
    namespace: &str,
    deployment: &str,
    selector: &str,
    snapshots: mpsc::Sender<Snapshot>,
) -> Result<(), Why> {
    let watcher = Watcher { connection, namespace, deployment, selector };
    let mut failures = 0;
    loop {
        let mut progress = false;
        let end = tokio::select! {
            end = Box::pin(watcher.round(&snapshots, &mut progress)) => end,
            () = snapshots.closed() => return Ok(()),
        };
        let failure = match end {
            Ok(()) => return Ok(()),
            Err(failure) => failure,
        };
        failures = if progress { 1 } else { failures + 1 };
        if is_lasting(&failure) || failures >= MAX_FAILURES {
            return Err(failure.into());
        }
        tracing::debug!(why = %failure.why.message, "watching again from a new list");
        tokio::select! {
            () = sleep(FIRST_PAUSE * 2_u32.pow(failures - 1)) => {}
            () = snapshots.closed() => return Ok(()),
        }
    }
}

/// Will asking again give the same answer?
fn is_lasting(failure: &Failure) -> bool {
    matches!(
        failure.why.kind,
        WhyKind::Unauthenticated
            | WhyKind::Forbidden
            | WhyKind::NotFound
            | WhyKind::Configuration
            | WhyKind::Tool
            | WhyKind::Tls
    )
}

struct Watcher<'a> {
    connection: &'a Connection,
    namespace: &'a str,
    deployment: &'a str,
    selector: &'a str,
}

/// What the watches have told so far, by name.
#[derive(Default)]
struct State {
    deployments: BTreeMap<String, Deployment>,
    replica_sets: BTreeMap<String, ReplicaSet>,
    pods: BTreeMap<String, Pod>,
}

#[derive(Debug)]
enum Change {
    Deployment(Event<Deployment>),
    ReplicaSet(Event<ReplicaSet>),
    Pod(Event<Pod>),
}

#[derive(Debug)]
enum Event<K> {
    Is(Box<K>),
    Gone(String),
}

impl Watcher<'_> {
    /// Lists, then watches until something fails. `Ok` where the receiver closed.
    async fn round(&self, snapshots: &mpsc::Sender<Snapshot>, progress: &mut bool) -> Result<(), Failure> {
        let by_name = ListParams::default().fields(&format!("metadata.name={}", self.deployment));
        let by_label = ListParams::default().labels(self.selector);
        let namespace = Some(self.namespace);
        let (deployments, replica_sets, pods) = tokio::try_join!(
            list::<Deployment>(self.connection, namespace, &by_name),
            list::<ReplicaSet>(self.connection, namespace, &by_label),
            list::<Pod>(self.connection, namespace, &by_label),
        )?;
        let version = |metadata: &k8s_openapi::apimachinery::pkg::apis::meta::v1::ListMeta| {
            metadata.resource_version.clone().unwrap_or_default()
        };
        let versions =
            (version(&deployments.metadata), version(&replica_sets.metadata), version(&pods.metadata));
        let mut state = State {
            deployments: by_names(deployments.items),
            replica_sets: by_names(replica_sets.items),
            pods: by_names(pods.items),
        };
        let (sender, mut changes) = mpsc::channel(CHANGES_IN_FLIGHT);
        let tell = async {
            loop {
                if snapshots.send(state.snapshot(self.deployment)).await.is_err() {
                    return Ok(());
                }
                let Some(change) = changes.recv().await else { return Ok(()) };
                *progress = true;
                state.apply(change);
                // Several changes at once make one snapshot.
                while let Ok(change) = changes.try_recv() {
                    state.apply(change);
                }
            }
        };
        let labels = WatchParams::default().labels(self.selector).timeout(WATCH_SECS);
        let name = WatchParams::default().timeout(WATCH_SECS);
        let name = name.fields(&format!("metadata.name={}", self.deployment));
        let watches = async {
            tokio::try_join!(
                self.watch(&name, versions.0, &sender, Change::Deployment),
                self.watch(&labels, versions.1, &sender, Change::ReplicaSet),
                self.watch(&labels, versions.2, &sender, Change::Pod),
            )
        };
        tokio::select! {
            told = tell => told,
            watched = watches => watched.map(|_| ()),
        }
    }

    /// Watches one kind, again and again, from the newest version seen. `Ok` where nobody listens.
    async fn watch<K>(
        &self,
        params: &WatchParams,
        mut version: String,
        changes: &mpsc::Sender<Change>,
        change: fn(Event<K>) -> Change,
    ) -> Result<(), Failure>
    where
        K: Resource<DynamicType = ()> + DeserializeOwned + Clone + Debug,
    {
        loop {
            let opened = Instant::now();
            let request = Request::new(K::url_path(&(), Some(self.namespace))).watch(params, &version);
            let response = self.connection.stream(request.map_err(|error| unbuilt(&error))?).await?;
            let mut body = response.into_body();
            let mut buffer = LineBuffer::with_limit(MAX_ANSWER_BYTES);
            let server = self.connection.server();
            loop {
                let frame = match timeout(SILENCE, body.frame()).await {
                    Ok(Some(frame)) => frame.map_err(|error| of_connection(server, &error))?,
                    Ok(None) => break,
                    Err(_) => {
                        let message = format!("The watch of {server} went silent");
                        return Err(Why::new(WhyKind::Timeout, message).into());
                    }
                };
                let lines = frame.data_ref().map(|bytes| buffer.push(bytes)).unwrap_or_default();
                if buffer.is_cutting() {
                    return Err(
                        Why::new(WhyKind::Garbage, format!("{server} sent too large an object")).into()
                    );
                }
                for line in lines.iter().filter(|line| !line.trim().is_empty()) {
                    let Some(event) = read_event::<K>(server, line, &mut version)? else { continue };
                    if changes.send(change(event)).await.is_err() {
                        return Ok(());
                    }
                }
            }
            if opened.elapsed() < REOPEN_PAUSE {
                sleep(REOPEN_PAUSE).await;
            }
        }
    }
}

/// One line of a watch; `None` for a bookmark, which only moves the version on.
fn read_event<K>(server: &str, line: &str, version: &mut String) -> Result<Option<Event<K>>, Failure>
where
    K: Resource<DynamicType = ()> + DeserializeOwned + Clone,
{
    let object = match parse::<WatchEvent<K>>(server, line.as_bytes())? {
        WatchEvent::Bookmark(bookmark) => {
            *version = bookmark.metadata.resource_version;
            return Ok(None);
        }
        WatchEvent::Error(status) => {
            // What kube made of it has lost its kind.
            let mut said = serde_json::to_value(&status).unwrap_or_default();
            said["kind"] = "Status".into();
            return Err(refused(server, status.code, said.to_string().as_bytes()));
        }
        WatchEvent::Added(object) | WatchEvent::Modified(object) => Event::Is(Box::new(object)),
        WatchEvent::Deleted(object) => {
            if let Some(newest) = object.resource_version() {
                *version = newest;
            }
            Event::Gone(object.name_any())
        }
    };
    if let Event::Is(object) = &object
        && let Some(newest) = object.resource_version()
    {
        *version = newest;
    }
    Ok(Some(object))
}

fn by_names<K: Resource>(items: Vec<K>) -> BTreeMap<String, K> {
    items.into_iter().map(|item| (item.name_any(), item)).collect()
}

fn put<K: Resource>(kept: &mut BTreeMap<String, K>, event: Event<K>) {
    match event {
        Event::Is(object) => {
            kept.insert(object.name_any(), *object);
        }
        Event::Gone(name) => {
            kept.remove(&name);
        }
    }
}

impl State {
    fn apply(&mut self, change: Change) {
        match change {
            Change::Deployment(event) => put(&mut self.deployments, event),
            Change::ReplicaSet(event) => put(&mut self.replica_sets, event),
            Change::Pod(event) => put(&mut self.pods, event),
        }
    }

    fn snapshot(&self, deployment: &str) -> Snapshot {
        let found = self.deployments.get(deployment).map_or(DeploymentFacts::Missing, |found| {
            DeploymentFacts::Found(Box::new(facts::deployment(found, self.replica_sets.values())))
        });
        (found, facts::pods(self.pods.values()))
    }
}
