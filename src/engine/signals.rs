//! What asks the program to end: SIGTERM, SIGINT (Ctrl-C) and SIGHUP (the terminal or the connection is gone).

use tokio::sync::mpsc;

/// A signal that ends the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndSignal {
    /// The terminal or the connection is gone.
    HangUp,
    /// Ctrl-C.
    Interrupt,
    /// Whoever ends a program in order.
    Terminate,
}

impl EndSignal {
    /// The exit code of a program that it ended, as shells tell it: 128 and the signal's number.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::HangUp => 129,
            Self::Interrupt => 130,
            Self::Terminate => 143,
        }
    }
}

/// The next signal; from its first poll on none of them ends the program by itself.
///
/// # Errors
/// The system gives no handler.
#[cfg(unix)]
pub fn listen() -> std::io::Result<impl Future<Output = EndSignal> + Send> {
    use tokio::signal::unix::{SignalKind, signal};
    let ignored = ignored();
    // What was ignored when the program started stays so: `nohup`, and jobs in the background of a script.
    let of = |kind: SignalKind| {
        let is_ignored = ignored & (1 << (kind.as_raw_value() - 1)) != 0;
        (!is_ignored).then(|| signal(kind)).transpose()
    };
    let (mut hang_up, mut interrupt, mut terminate) =
        (of(SignalKind::hangup())?, of(SignalKind::interrupt())?, of(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            () = next(&mut hang_up) => EndSignal::HangUp,
            () = next(&mut interrupt) => EndSignal::Interrupt,
            () = next(&mut terminate) => EndSignal::Terminate,
        }
    })
}

#[cfg(unix)]
async fn next(signal: &mut Option<tokio::signal::unix::Signal>) {
    if let Some(signal) = signal
        && signal.recv().await.is_some()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// The signals that this program was told to ignore, a bit each (proc_pid_status(5)); none where the system
/// does not say.
#[cfg(unix)]
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}

/// The next signal; here Ctrl-C, Ctrl-Break, and the end of the console or of the session.
///
/// # Errors
/// The system gives no handler.
#[cfg(windows)]
pub fn listen() -> std::io::Result<impl Future<Output = EndSignal> + Send> {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};
    let (mut interrupt, mut stop, mut close, mut shutdown) =
        (ctrl_c()?, ctrl_break()?, ctrl_close()?, ctrl_shutdown()?);
    Ok(async move {
        tokio::select! {
            Some(()) = interrupt.recv() => EndSignal::Interrupt,
            Some(()) = stop.recv() => EndSignal::Terminate,
            Some(()) = close.recv() => EndSignal::HangUp,
            Some(()) = shutdown.recv() => EndSignal::Terminate,
            else => std::future::pending().await,
        }
    })
}

/// Tells the dispatcher of each one.
pub(super) fn watch() -> Option<mpsc::Receiver<()>> {
    let (sender, came) = mpsc::channel(1);
    let first = match listen() {
        Ok(listening) => listening,
        Err(error) => {
            tracing::warn!(%error, "signals end this program without its order");
            return None;
        }
    };
    tokio::spawn(async move {
        let signal = first.await;
        tracing::info!(?signal, "asked to end");
        if sender.send(()).await.is_err() {
            tracing::trace!("it ends already");
        }
    });
    Some(came)
}

/// Waits for one; for ever where none is watched for.
pub(super) async fn come(watched: &mut Option<mpsc::Receiver<()>>) {
    if let Some(came) = watched {
        let signal = came.recv().await;
        *watched = None;
        if signal.is_some() {
            return;
        }
    }
    std::future::pending::<()>().await;
}
