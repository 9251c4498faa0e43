//! Pod logs: `GET …/pods/NAME/log` with its options.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;

use self::script::{Ending, Line, Program, Run};
use super::Cluster;
use super::controller::{CONTAINER, Spell};
use super::kinds;
use super::object::{self, items, name, parse_stamp, text};
use super::query::Query;
use super::random::fingerprint;
use super::status::Refusal;
use super::store::Key;

mod failing;
mod script;

/// What of the log is wanted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Options {
    follow: bool,
    previous: bool,
    timestamps: bool,
    tail_lines: Option<usize>,
    limit_bytes: Option<usize>,
    since: Option<Timestamp>,
}

impl Options {
    fn read(query: &Query, now: Timestamp) -> Result<Self, Refusal> {
        let since_seconds =
            query.number("sinceSeconds")?.map(|seconds| now - SignedDuration::from_secs(seconds));
        Ok(Self {
            follow: query.flag("follow"),
            previous: query.flag("previous"),
            timestamps: query.flag("timestamps"),
            tail_lines: query.number("tailLines")?.and_then(|lines| usize::try_from(lines).ok()),
            limit_bytes: query.number("limitBytes")?.and_then(|bytes| usize::try_from(bytes).ok()),
            since: since_seconds.or_else(|| parse_stamp(query.get("sinceTime"))),
        })
    }

    fn format(&self, line: &Line) -> String {
        if self.timestamps {
            format!("{} {}\n", line.at.strftime("%Y-%m-%dT%H:%M:%S.%9fZ"), line.text)
        } else {
            format!("{}\n", line.text)
        }
    }
}

/// The log of one of the pod's containers.
pub(super) fn answer(cluster: &Cluster, key: &Key, query: &Query, now: Timestamp) -> Result<Body, Refusal> {
    let bell = cluster.store().subscribe();
    let (pod, spells) =
        cluster.pod_with_spells(key).ok_or_else(|| Refusal::not_found(&kinds::PODS, key.name()))?;
    let options = Options::read(query, now)?;
    let container = container_name(&pod, query.get("container"))?;
    if text(&pod, "/spec/nodeName").is_empty() {
        return Ok(Body::empty());
    }
    refuse_unless_kubelet_answers(cluster, &pod, container)?;
    let spell = if options.previous { spells.before } else { spells.now };
    let run = run_of(cluster, &pod, container, options.previous, spell)?;
    let mut lines = run.lines(now);
    let read_to = lines.last().map(|line| line.at);
    lines.retain(|line| options.since.is_none_or(|since| line.at >= since));
    if let Some(tail) = options.tail_lines {
        lines.drain(..lines.len().saturating_sub(tail));
    }
    let first: String = lines.iter().map(|line| options.format(line)).collect();
    let mut left = options.limit_bytes;
    let first = limited(first.into(), &mut left);
    if !options.follow || run.ended.is_some() {
        return Ok(Body::from(first));
    }
    let follower = Follower {
        cluster: cluster.clone(),
        key: key.clone(),
        pod_uid: object::uid(&pod).to_owned(),
        container: container.to_owned(),
        run,
        options,
        read_to,
        left,
        pending: VecDeque::from([first]),
        bell,
    };
    Ok(Body::from_stream(futures::stream::unfold(follower, Follower::next)))
}

/// Cuts text to the bytes that are left of the limit.
fn limited(mut text: Bytes, left: &mut Option<usize>) -> Bytes {
    if let Some(left) = left {
        text.truncate(*left);
        *left -= text.len();
    }
    text
}

fn container_name<'a>(pod: &'a Value, asked: &'a str) -> Result<&'a str, Refusal> {
    let names: Vec<&str> = items(pod, "/spec/containers").iter().map(|it| text(it, "/name")).collect();
    match names[..] {
        _ if names.contains(&asked) => Ok(asked),
        [only] if asked.is_empty() => Ok(only),
        _ if asked.is_empty() => Err(Refusal::bad_request(format!(
            "a container name must be specified for pod {}, choose one of: [{}]",
            name(pod),
            names.join(" ")
        ))),
        _ => Err(Refusal::bad_request(format!("container {asked} is not valid for pod {}", name(pod)))),
    }
}

/// The API server fetches logs from the node's kubelet.
fn refuse_unless_kubelet_answers(cluster: &Cluster, pod: &Value, container: &str) -> Result<(), Refusal> {
    let node = Key::new(&kinds::NODES, "", text(pod, "/spec/nodeName"));
    let answers = |node: &Arc<Value>| object::condition_is_true(node, "Ready");
    if cluster.store().read(|state| state.get(&node).is_none_or(answers)) {
        return Ok(());
    }
    let kubelet = format!("{}:10250", text(pod, "/status/hostIP"));
    Err(Refusal::internal(format!(
        "Get \"https://{kubelet}/containerLogs/{}/{}/{container}\": dial tcp {kubelet}: connect: no route to host",
        object::namespace(pod),
        name(pod),
    )))
}

/// The run whose log is meant, read from the container's status.
fn run_of(
    cluster: &Cluster,
    pod: &Value,
    container: &str,
    previous: bool,
    spell: Option<Spell>,
) -> Result<Run, Refusal> {
    let statuses = items(pod, "/status/containerStatuses");
    let status = statuses.iter().find(|status| text(status, "/name") == container).unwrap_or(&Value::Null);
    let last = parse_stamp(text(status, "/lastState/terminated/startedAt"))
        .zip(parse_stamp(text(status, "/lastState/terminated/finishedAt")));
    let (started, ended) = if previous {
        let (started, finished) = last.ok_or_else(|| {
            let pod = name(pod);
            Refusal::bad_request(format!(
                "previous terminated container \"{container}\" in pod \"{pod}\" not found"
            ))
        })?;
        (started, Some(Ending::Crashed(finished)))
    } else if let Some(started) = parse_stamp(text(status, "/state/running/startedAt")) {
        (started, None)
    } else if let Some((_, finished)) = last {
        // waits for its next turn: that one's log has hardly begun
        (finished, Some(Ending::Stopped(finished)))
    } else {
        let reason = match text(status, "/state/waiting/reason") {
            "" => "ContainerCreating",
            "ErrImagePull" => "image can't be pulled",
            "ImagePullBackOff" => "trying and failing to pull image",
            reason => reason,
        };
        let pod = name(pod);
        let message = format!("container \"{container}\" in pod \"{pod}\" is waiting to start: {reason}");
        return Err(Refusal::bad_request(message));
    };
    let setup = cluster.setup();
    let image = text(status, "/image");
    let program = if container == CONTAINER {
        Program::Platform {
            version: image.rsplit_once(':').map_or(image, |(_, tag)| tag).to_owned(),
            peers_run: setup.platform_version.clone(),
            region: setup.region.clone(),
            host: setup.host.clone(),
        }
    } else {
        Program::Agent
    };
    Ok(Run {
        program,
        started,
        ended,
        spell,
        seed: fingerprint(object::uid(pod)),
        began: cluster.began(),
        speed: cluster.clock().speed(),
    })
}

/// A log that is being followed.
struct Follower {
    cluster: Cluster,
    key: Key,
    pod_uid: String,
    container: String,
    run: Run,
    options: Options,
    read_to: Option<Timestamp>,
    left: Option<usize>,
    pending: VecDeque<Bytes>,
    bell: watch::Receiver<u64>,
}

impl Follower {
    /// The next piece; ends with the container's run.
    async fn next(mut self) -> Option<(Result<Bytes, Infallible>, Self)> {
        loop {
            if let Some(piece) = self.pending.pop_front() {
                return Some((Ok(piece), self));
            }
            if self.left == Some(0) || self.run.ended.is_some() {
                return None;
            }
            let now = Timestamp::now();
            self.look_at_pod(now);
            let new: String = self
                .run
                .lines(now)
                .iter()
                .filter(|line| self.read_to.is_none_or(|read_to| line.at > read_to))
                .map(|line| self.options.format(line))
                .collect();
            self.read_to = Some(self.read_to.map_or(now, |read_to| read_to.max(now)));
            if !new.is_empty() {
                self.pending.push_back(limited(new.into(), &mut self.left));
                continue;
            }
            let due = self.run.next_after(now).unwrap_or(now + SignedDuration::from_secs(1));
            let wait = due.duration_since(now).unsigned_abs();
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                changed = self.bell.changed() => changed.ok()?,
            }
        }
    }

    /// Learns what has become of the run: whether it goes on, and if not, how it ended.
    fn look_at_pod(&mut self, now: Timestamp) {
        let found = self.cluster.pod_with_spells(&self.key);
        let found = found.filter(|(pod, _)| object::uid(pod) == self.pod_uid);
        let statuses = found.as_ref().map_or(&[][..], |(pod, _)| items(pod, "/status/containerStatuses"));
        let status = statuses.iter().find(|status| text(status, "/name") == self.container);
        let spells = found.as_ref().map(|(_, spells)| *spells).unwrap_or_default();
        let begun = |state: &str| {
            parse_stamp(text(status?, &format!("{state}/startedAt"))).filter(|at| *at == self.run.started)
        };
        if begun("/state/running").is_some() {
            self.run.spell = spells.now;
        } else if begun("/lastState/terminated").is_some() {
            // the status has whole seconds, which would lie before lines that were read
            self.run.spell = spells.before;
            self.run.ended = Some(Ending::Crashed(now));
        } else {
            self.run.ended = Some(Ending::Stopped(now));
        }
    }
}
