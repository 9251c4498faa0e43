//! Watches: the changes of a list as they happen, one JSON event a line.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

use axum::body::{Body, Bytes};
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use super::Cluster;
use super::kinds::Resource;
use super::object::map_at;
use super::presentation::{self, View};
use super::query::Query;
use super::selector::Selector;
use super::status::Refusal;
use super::store::{Change, Compacted, State};

/// Without a limit of the client, a watch ends after this, as the real one does.
const LONGEST: Duration = Duration::from_mins(45);

/// How often a client that takes bookmarks gets one.
const BOOKMARK_INTERVAL: Duration = Duration::from_mins(1);

/// What is watched, and how it is shown.
#[derive(Debug, Clone)]
pub(super) struct Watched {
    /// The type.
    pub(super) resource: &'static Resource,
    /// The namespace; all where `None`.
    pub(super) namespace: Option<String>,
    /// Which of the objects.
    pub(super) selector: Selector,
    /// How events show their object.
    pub(super) view: View,
}

/// Opens a watch.
pub(super) fn open(cluster: &Cluster, watched: Watched, query: &Query) -> Result<Body, Refusal> {
    let limit = query.number("timeoutSeconds")?.and_then(|seconds| u64::try_from(seconds).ok());
    let from = match query.get("resourceVersion") {
        "" | "0" => None,
        given => Some(given.parse().map_err(|_| {
            Refusal::bad_request(format!("Invalid value: \"{given}\": resourceVersion is no number"))
        })?),
    };
    let now = Instant::now();
    let mut watcher = Watcher {
        bell: cluster.store().subscribe(),
        cluster: cluster.clone(),
        watched,
        bookmarks: query.flag("allowWatchBookmarks"),
        revision: 0,
        deadline: now + limit.map_or(LONGEST, Duration::from_secs).min(LONGEST),
        next_bookmark: now + BOOKMARK_INTERVAL,
        pending: VecDeque::new(),
        ended: false,
    };
    let send_initial = query.flag("sendInitialEvents");
    match from {
        Some(revision) if !send_initial => watcher.revision = revision,
        _ => watcher.begin_with_state(send_initial),
    }
    Ok(Body::from_stream(futures::stream::unfold(watcher, Watcher::next)))
}

struct Watcher {
    cluster: Cluster,
    bell: watch::Receiver<u64>,
    watched: Watched,
    bookmarks: bool,
    revision: u64,
    deadline: Instant,
    next_bookmark: Instant,
    pending: VecDeque<Bytes>,
    ended: bool,
}

impl Watcher {
    /// Begins with all objects as they are, and says where they end.
    fn begin_with_state(&mut self, mark_the_end: bool) {
        let (mut objects, revision) = self.cluster.store().read(|state: &State| {
            (state.collect(self.watched.resource, self.watched.namespace.as_deref()), state.revision())
        });
        objects.retain(|object| self.watched.selector.matches(object));
        for object in &objects {
            self.push("ADDED", object);
        }
        self.revision = revision;
        if mark_the_end {
            let end = json!({"k8s.io/initial-events-end": "true"});
            self.push_bookmark(Some(end));
        }
    }

    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(event) = self.pending.pop_front() {
                return Some((Ok(event), self));
            }
            if self.ended {
                return None;
            }
            self.bell.borrow_and_update();
            match self.cluster.store().read(|state| state.changes_since(self.revision)) {
                Ok(changes) => changes.iter().for_each(|change| self.see(change)),
                Err(Compacted(oldest)) => {
                    let status = Refusal::expired(self.revision, oldest).to_status();
                    self.pending.push_back(line("ERROR", &status));
                    self.ended = true;
                }
            }
            if self.pending.is_empty() {
                self.wait().await?;
            }
        }
    }

    /// Waits for a change, a bookmark's turn or the end.
    async fn wait(&mut self) -> Option<()> {
        let bookmark = if self.bookmarks { self.next_bookmark } else { self.deadline };
        tokio::select! {
            changed = self.bell.changed() => changed.ok()?,
            () = tokio::time::sleep_until(bookmark.min(self.deadline)) => {
                self.next_bookmark = Instant::now() + BOOKMARK_INTERVAL;
                self.ended = Instant::now() >= self.deadline;
                if self.bookmarks {
                    self.push_bookmark(None);
                }
            }
        }
        Some(())
    }

    /// Turns a change into the event that this watch's selector makes of it.
    fn see(&mut self, change: &Change) {
        self.revision = change.revision;
        if !change.key.is_in(self.watched.resource, self.watched.namespace.as_deref()) {
            return;
        }
        let selected = |object: &&std::sync::Arc<Value>| self.watched.selector.matches(object);
        let (before, after) =
            (change.before.as_ref().filter(selected), change.after.as_ref().filter(selected));
        match (before, after) {
            (None, Some(object)) => self.push("ADDED", object),
            (Some(_), Some(object)) => self.push("MODIFIED", object),
            (Some(last), None) => {
                let mut last = (**last).clone();
                map_at(&mut last, &["metadata"])
                    .insert("resourceVersion".to_owned(), change.revision.to_string().into());
                self.push("DELETED", &last);
            }
            (None, None) => {}
        }
    }

    fn push(&mut self, kind: &str, object: &Value) {
        let shown = presentation::one(self.watched.view, self.watched.resource, object, Timestamp::now());
        self.pending.push_back(line(kind, &shown));
    }

    fn push_bookmark(&mut self, annotations: Option<Value>) {
        let (resource, revision) = (self.watched.resource, self.revision.to_string());
        let mut mark = match self.watched.view {
            View::Table(_) => {
                presentation::list(self.watched.view, resource, &[], self.revision, Timestamp::now())
            }
            View::Whole => json!({"kind": resource.kind, "apiVersion": resource.api_version()}),
            View::Metadata => presentation::metadata_of(&Value::Null),
        };
        let metadata = map_at(&mut mark, &["metadata"]);
        metadata.insert("resourceVersion".to_owned(), revision.into());
        if let Some(annotations) = annotations {
            metadata.insert("annotations".to_owned(), annotations);
        }
        self.pending.push_back(line("BOOKMARK", &mark));
    }
}

fn line(kind: &str, object: &Value) -> Bytes {
    format!("{}\n", json!({"type": kind, "object": object})).into()
}
