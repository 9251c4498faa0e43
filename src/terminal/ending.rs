//! How a command ends: by itself, or by a signal.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::engine::signals::{EndSignal, listen};

use super::Stop;
use super::out::{self, complain};

/// How long a write that was asked to stop may take until its outcome is on disk.
const LAST_WAIT: Duration = Duration::from_secs(15);
/// How long the last lines wait for their reader once the command is over.
const LAST_LINES: Duration = Duration::from_secs(2);

/// Whether a signal has asked the command to end. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub(super) struct Ending {
    asked: CancellationToken,
    signal: Arc<OnceLock<EndSignal>>,
    is_acting: Arc<AtomicBool>,
}

impl Ending {
    /// Watches for signals from now on.
    pub(super) fn watch() -> std::io::Result<Self> {
        let ending = Self::default();
        let listening = listen()?;
        let told = ending.clone();
        tokio::spawn(async move {
            let signal = listening.await;
            told.signal.get_or_init(|| signal);
            told.asked.cancel();
        });
        Ok(ending)
    }

    /// Something is changed from now on, and a signal stops it in order; `None` where one came before.
    pub(super) fn act(&self) -> Option<CancellationToken> {
        // Before the question: whoever heard the signal first either sees this, or is seen here.
        self.is_acting.store(true, Ordering::SeqCst);
        if self.asked.is_cancelled() {
            self.is_acting.store(false, Ordering::SeqCst);
            return None;
        }
        Some(self.asked.child_token())
    }

    /// The exit code of the signal that came.
    pub(super) fn code(&self) -> Option<u8> {
        self.signal.get().map(|signal| signal.exit_code())
    }

    /// Runs a command to its end, or to a signal's: then what it changes is stopped in order, and everything
    /// else left where it is.
    pub(super) async fn of(&self, mut command: JoinHandle<Result<u8, Stop>>) -> Result<u8, Stop> {
        let ended = tokio::select! {
            biased;
            ended = &mut command => ended,
            () = self.asked.cancelled() => {
                out::never_wait();
                if !self.is_acting.load(Ordering::SeqCst) {
                    command.abort();
                    // Its files go with it.
                    drop(tokio::time::timeout(LAST_LINES, command).await);
                    return Ok(self.code().unwrap_or(1));
                }
                complain!("Stopping; once more does not make it faster");
                let Ok(ended) = tokio::time::timeout(LAST_WAIT, command).await else {
                    let message = "the action did not end in time; its journal has an intent without an \
                                   outcome: look before you repeat it";
                    return Err(Stop { message: message.to_owned(), code: self.code().unwrap_or(1) });
                };
                ended
            }
        };
        ended.unwrap_or_else(|error| Err(Stop::failed(format!("this program failed inside: {error}"))))
    }

    /// Waits for the reader of the last lines; not for long where something was changed, or a signal came.
    pub(super) async fn printed(&self) {
        let printed = tokio::task::spawn_blocking(|| out::printed().map(|printed| printed.recv()));
        let limit = async {
            if !self.is_acting.load(Ordering::SeqCst) {
                self.asked.cancelled().await;
            }
            out::never_wait();
            tokio::time::sleep(LAST_LINES).await;
        };
        tokio::select! {
            _ = printed => {}
            () = limit => {}
        }
    }
}
