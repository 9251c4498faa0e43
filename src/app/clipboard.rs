//! The desktop's clipboard, for what a Copy puts there.
//!
//! egui copies without a result, so nobody could tell whether it worked. Here a
//! text counts as copied once it was **read back** from the clipboard: on X11
//! that asks the server who owns it, on Windows and macOS the system itself.
//! Under Wayland only the window that has the keyboard may copy, which is what
//! egui does ([`window_copies`]); then what is read back is the only evidence.
//!
//! Reading may wait for another program, so all of it has a thread of its own.
//! X11 and Wayland ask the program for the text each time somebody pastes:
//! the thread keeps it on offer until the program ends.

use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// Copies on their way, and their outcomes.
const IN_FLIGHT: usize = 8;

/// How long the window's own copy gets to arrive on the desktop.
const ARRIVES_WITHIN: Duration = Duration::from_secs(2);

/// Between two looks whether it did.
const LOOKS_EVERY: Duration = Duration::from_millis(40);

/// How long the end of the program waits for the text to be handed to a clipboard manager, if there is one.
const HANDOVER: Duration = Duration::from_millis(300);

/// One copy and how it ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copied {
    /// Tells apart what was copied.
    pub key: String,
    /// Why it is not on the clipboard.
    pub result: Result<(), String>,
}

struct Ask {
    key: String,
    text: String,
}

/// The clipboard's thread; dropped, it ends.
#[derive(Debug)]
pub struct Clipboard {
    asks: Option<SyncSender<Ask>>,
    copied: Receiver<Copied>,
    ended: Receiver<()>,
}

impl Clipboard {
    /// Starts the thread. `wake` is called after each outcome.
    pub fn start(wake: impl Fn() + Send + 'static) -> std::io::Result<Self> {
        let (asks, inbox) = sync_channel::<Ask>(IN_FLIGHT);
        let (outcomes, copied) = sync_channel(IN_FLIGHT);
        let (end, ended) = sync_channel(1);
        std::thread::Builder::new().name("failback-clipboard".to_owned()).spawn(move || {
            let mut desktop = None;
            while let Ok(Ask { key, text }) = inbox.recv() {
                let result = copy(&mut desktop, &text);
                if outcomes.send(Copied { key, result }).is_err() {
                    break;
                }
                wake();
            }
            drop(desktop);
            drop(end);
        })?;
        Ok(Self { asks: Some(asks), copied, ended })
    }

    /// Puts a text on the clipboard; under Wayland, sees to it that the window's own copy arrived there.
    /// `false` where copies before it are still on their way.
    #[must_use]
    pub fn copy(&self, key: String, text: String) -> bool {
        self.asks.as_ref().is_some_and(|asks| asks.try_send(Ask { key, text }).is_ok())
    }

    /// Takes the next outcome out, if there is one.
    pub fn next(&self) -> Option<Copied> {
        self.copied.try_recv().ok()
    }
}

impl Drop for Clipboard {
    fn drop(&mut self) {
        self.asks = None;
        // Nothing is lost but the text of the clipboard where the thread hangs on another program.
        if self.ended.recv_timeout(HANDOVER) == Err(RecvTimeoutError::Timeout) {
            tracing::debug!("the clipboard's thread did not end in time");
        }
    }
}

/// Does the window itself have to copy? Where winit opens it under Wayland.
pub fn window_copies() -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    cfg!(all(unix, not(target_os = "macos"))) && (set("WAYLAND_DISPLAY") || set("WAYLAND_SOCKET"))
}

fn copy(desktop: &mut Option<arboard::Clipboard>, text: &str) -> Result<(), String> {
    let clipboard = match desktop {
        Some(clipboard) => clipboard,
        None => desktop.insert(arboard::Clipboard::new().map_err(|error| why(&error))?),
    };
    if window_copies() {
        return arrives(clipboard, text);
    }
    clipboard.set_text(text).map_err(|error| why(&error))?;
    match clipboard.get_text() {
        Ok(read) if is_same(&read, text) => Ok(()),
        Ok(_) => Err("another program put something else on the clipboard at once".to_owned()),
        Err(error) => Err(why(&error)),
    }
}

/// Waits for the window's own copy.
fn arrives(clipboard: &mut arboard::Clipboard, text: &str) -> Result<(), String> {
    let until = Instant::now() + ARRIVES_WITHIN;
    loop {
        let problem = match clipboard.get_text() {
            Ok(read) if is_same(&read, text) => return Ok(()),
            Ok(_) => "it did not arrive on the desktop's clipboard".to_owned(),
            Err(error) => why(&error),
        };
        if Instant::now() >= until {
            return Err(problem);
        }
        std::thread::sleep(LOOKS_EVERY);
    }
}

/// Line ends are the desktop's own: Windows turns them into its own.
fn is_same(read: &str, text: &str) -> bool {
    read.lines().eq(text.lines())
}

/// An error in this program's words.
fn why(error: &arboard::Error) -> String {
    match error {
        arboard::Error::ContentNotAvailable => "the clipboard stayed empty".to_owned(),
        arboard::Error::ClipboardNotSupported => "this desktop has no clipboard for it".to_owned(),
        arboard::Error::ClipboardOccupied => "another program holds the clipboard".to_owned(),
        arboard::Error::Unknown { description } => {
            format!("the desktop's clipboard cannot be reached ({description})")
        }
        other => other.to_string(),
    }
}
