//! Logs of containers: the last lines of many at once, or one followed.

use std::collections::VecDeque;

use futures::StreamExt;
use http::Response;
use http_body_util::BodyExt;
use jiff::Timestamp;
use k8s_openapi::api::core::v1::Pod as ApiPod;
use kube::Resource;
use kube::api::LogParams;
use kube::client::Body;
use kube::core::Request;
use tokio::sync::mpsc;

use super::answer::{Failure, Missing};
use super::connection::Connection;
use super::reader::unbuilt;
use crate::clients::MAX_ANSWER_BYTES;
use crate::clients::failure::of_connection;
use crate::clients::lines::LineBuffer;
use crate::clients::secret::LineMask;
use crate::runbook::fact::{Container, ContainerLog, LogLine, LogsFacts, PodsFacts};
use crate::runbook::verdict::{Why, WhyKind};

/// Pods whose logs are read, the newest ones.
const MAX_PODS: usize = 20;
/// Logs that are read at the same time.
const AT_ONCE: usize = 32;
/// Lines that following begins with, as in the runbook's command.
const FOLLOW_TAIL: u32 = 50;

/// The last lines of each container, sorted by pod and container. Of pods that have ended for good none are
/// read: an evicted one has none left, and what another said days ago is no evidence of now.
///
/// # Errors
/// Not one log could be read, and not because there is none: a container that has not started yet has no log,
/// which is told inside the facts.
pub(super) async fn last_lines(
    connection: &Connection,
    namespace: &str,
    pods: PodsFacts,
    tail_lines: u32,
) -> Result<LogsFacts, Why> {
    let mut pods = pods.pods;
    pods.retain(|pod| !pod.is_over());
    pods.sort_by(|a, b| b.created_at.cmp(&a.created_at).then_with(|| a.name.cmp(&b.name)));
    pods.truncate(MAX_PODS);
    pods.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    let mut reads = Vec::new();
    for pod in &pods {
        for container in &pod.containers {
            reads.push(container_log(connection, namespace, &pod.name, container, tail_lines));
        }
    }
    let read: Vec<Read> = futures::stream::iter(reads).buffered(AT_ONCE).collect().await;
    if read.iter().all(|read| read.why.is_some())
        && let Some(Read { why: Some(why), .. }) = read.first()
    {
        return Err(why.clone());
    }
    Ok(LogsFacts { logs: read.into_iter().map(|read| read.log).collect() })
}

/// A container's log, with the reason where nothing was heard of it.
struct Read {
    log: ContainerLog,
    why: Option<Why>,
}

async fn container_log(
    connection: &Connection,
    namespace: &str,
    pod: &str,
    container: &Container,
    tail_lines: u32,
) -> Read {
    let read = |previous| tail(connection, namespace, pod, &container.name, tail_lines, previous);
    let (current, previous) = if container.restarts > 0 {
        let (current, previous) = tokio::join!(read(false), read(true));
        (current, Some(previous))
    } else {
        (read(false).await, None)
    };
    // 400: the container is waiting to start; 404: it is gone.
    let is_told = |read: &Result<_, Failure>| match read {
        Ok(_) => true,
        Err(failure) => failure.code == Some(400) || failure.missing == Some(Missing::Object),
    };
    let heard = is_told(&current) || previous.as_ref().is_some_and(is_told);
    let why = current.as_ref().err().filter(|_| !heard).map(|failure| failure.why.clone());
    let in_words = |read: Result<_, Failure>| read.map_err(|failure| failure.why.message);
    let (current, previous) = (in_words(current), previous.map(in_words));
    let log = ContainerLog { pod: pod.to_owned(), container: container.name.clone(), current, previous };
    Read { log, why }
}

async fn tail(
    connection: &Connection,
    namespace: &str,
    pod: &str,
    container: &str,
    tail_lines: u32,
    previous: bool,
) -> Result<Vec<LogLine>, Failure> {
    let call = async {
        let params = params(container, tail_lines, previous, false);
        let response = connection.send(request(namespace, pod, &params)?).await?;
        let mut stream = Lines::new(connection.server(), response);
        let mut last = VecDeque::new();
        let mut bytes = 0;
        while let Some(lines) = stream.next().await? {
            for line in lines {
                bytes += line.text.len();
                last.push_back(line);
                if last.len() > tail_lines as usize {
                    last.pop_front();
                }
            }
            if bytes > MAX_ANSWER_BYTES {
                let message = format!("{} sends more log than was asked for", connection.server());
                return Err(Why::new(WhyKind::Garbage, message).into());
            }
        }
        Ok(last.into())
    };
    connection.timed(call).await
}

/// Sends each line on, until the stream ends or nobody listens.
pub(super) async fn follow(
    connection: &Connection,
    namespace: &str,
    pod: &str,
    container: &str,
    lines: mpsc::Sender<LogLine>,
) -> Result<(), Failure> {
    let params = params(container, FOLLOW_TAIL, false, true);
    let response = connection.stream(request(namespace, pod, &params)?).await?;
    let mut stream = Lines::new(connection.server(), response);
    loop {
        // A quiet container sends nothing for long: a closed receiver must end this all the same.
        let next = tokio::select! {
            next = stream.next() => next?,
            () = lines.closed() => return Ok(()),
        };
        let Some(next) = next else { return Ok(()) };
        for line in next {
            if lines.send(line).await.is_err() {
                return Ok(());
            }
        }
    }
}

fn params(container: &str, tail_lines: u32, previous: bool, follow: bool) -> LogParams {
    LogParams {
        container: Some(container.to_owned()),
        tail_lines: Some(tail_lines.into()),
        timestamps: true,
        previous,
        follow,
        ..LogParams::default()
    }
}

fn request(namespace: &str, pod: &str, params: &LogParams) -> Result<http::Request<Vec<u8>>, Failure> {
    let request = Request::new(ApiPod::url_path(&(), Some(namespace))).logs(pod, params);
    Ok(request.map_err(|error| unbuilt(&error))?)
}

/// The lines of a log's body as they arrive.
struct Lines<'a> {
    server: &'a str,
    body: Body,
    buffer: LineBuffer,
    mask: LineMask,
}

impl<'a> Lines<'a> {
    fn new(server: &'a str, response: Response<Body>) -> Self {
        Self { server, body: response.into_body(), buffer: LineBuffer::default(), mask: LineMask::default() }
    }

    /// The lines that arrived next; `None` at the end. Safe to drop between two calls.
    async fn next(&mut self) -> Result<Option<Vec<LogLine>>, Failure> {
        let lines = match self.body.frame().await {
            Some(Ok(frame)) => frame.data_ref().map(|bytes| self.buffer.push(bytes)).unwrap_or_default(),
            Some(Err(error)) => return Err(of_connection(self.server, &error).into()),
            None => match self.buffer.finish() {
                Some(line) => vec![line],
                None => return Ok(None),
            },
        };
        Ok(Some(lines.iter().map(|line| parse(line, &mut self.mask)).collect()))
    }
}

/// Takes off the time that `timestamps=true` puts in front, and masks what looks like a credential: the line
/// goes to the screen, to reports and to other programs.
fn parse(line: &str, mask: &mut LineMask) -> LogLine {
    let (at, text) = match line.split_once(' ').unwrap_or((line, "")) {
        (time, text) if let Ok(at) = time.parse::<Timestamp>() => (Some(at), text),
        _ => (None, line),
    };
    LogLine { at, text: mask.line(text, &[]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kubelets_time_is_taken_off() {
        let at: Timestamp = "2026-01-02T03:04:05.678901234Z".parse().unwrap();
        for (line, expected_at, text) in [
            ("2026-01-02T03:04:05.678901234Z dial tcp: i/o timeout", Some(at), "dial tcp: i/o timeout"),
            ("2026-01-02T03:04:05.678901234Z  indented", Some(at), " indented"),
            ("2026-01-02T03:04:05.678901234Z", Some(at), ""),
            ("failed to try resolving symlinks", None, "failed to try resolving symlinks"),
            ("", None, ""),
            (
                "2026-01-02T03:04:05.678901234Z dial mysql://kine:hunter22@tcp(db:3306)/kine: i/o timeout",
                Some(at),
                "dial mysql://kine:***@tcp(db:3306)/kine: i/o timeout",
            ),
        ] {
            assert_eq!(
                parse(line, &mut LineMask::default()),
                LogLine { at: expected_at, text: text.to_owned() }
            );
        }
    }
}
