//! Tasks that answer: once, also where they end early.

use std::panic::AssertUnwindSafe;

use futures::FutureExt;
use tokio::task::AbortHandle;
use tokio_util::sync::CancellationToken;

use crate::runbook::verdict::{Why, WhyKind};

use super::Tell;
use super::event::Event;
use super::life::panic_words;

/// Runs it to its answer, unless it is cancelled; a panic is answered by `lost`.
pub(super) fn spawn_answer(
    tell: &Tell,
    cancelled: &CancellationToken,
    asked: impl Future<Output = Event> + Send + 'static,
    lost: impl FnOnce(Why) -> Event + Send + 'static,
) -> AbortHandle {
    let (tell, cancelled) = (tell.clone(), cancelled.clone());
    let task = tokio::spawn(async move {
        let answering = AssertUnwindSafe(Box::pin(asked)).catch_unwind();
        match cancelled.run_until_cancelled(answering).await {
            Some(Ok(event)) => tell.tell(event).await,
            Some(Err(panic)) => tell.tell(lost(failed_inside(&panic_words(&*panic)))).await,
            None => {}
        }
    });
    task.abort_handle()
}

/// Why there is no answer from a task that panicked.
pub(super) fn failed_inside(what: &str) -> Why {
    Why::new(WhyKind::NotAsked, format!("this program failed inside: {what}"))
}

/// Work that blocks, off the async threads; a panic is answered by `lost`.
pub(super) fn spawn_blocking_answer(
    tell: &Tell,
    work: impl FnOnce() -> Event + Send + 'static,
    lost: impl FnOnce(String) -> Event + Send + 'static,
) {
    let tell = tell.clone();
    tokio::spawn(async move {
        let event = match tokio::task::spawn_blocking(work).await {
            Ok(event) => event,
            Err(error) => lost(format!("this program failed inside: {error}")),
        };
        tell.tell(event).await;
    });
}
