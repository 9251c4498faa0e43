//! `failback practice`: the scenarios, and a world to point other tools at.

use std::io::{self, Read, Write};

use tokio_util::sync::CancellationToken;

use crate::practice::{Options, PracticeError, World, scenarios};

/// The scenarios, one a line: the id, then the title.
pub fn list() -> String {
    let width = scenarios().iter().map(|scenario| scenario.id.len()).max().unwrap_or(0);
    let line = |id: &str, title: &str| format!("{id:width$}  {title}\n");
    scenarios().iter().map(|scenario| line(scenario.id, scenario.title)).collect()
}

/// Runs a world alone: prints where everything is as one JSON line, and ends
/// on SIGTERM, on Ctrl-C, or when the standard input closes.
pub async fn serve(options: Options) -> Result<(), PracticeError> {
    let end = End::watch()?;
    let world = World::start(options).await?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", world.description()).and_then(|()| out.flush()).map_err(PracticeError::Terminal)?;
    drop(out);
    end.comes().await.map_err(PracticeError::Terminal)
}

/// What ends a world that runs alone. Watched before it is announced, so that
/// no signal is missed.
struct End {
    input_closed: CancellationToken,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl End {
    fn watch() -> Result<Self, PracticeError> {
        Ok(Self {
            input_closed: input_closed().map_err(PracticeError::Terminal)?,
            #[cfg(unix)]
            terminate: tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())
                .map_err(PracticeError::Terminal)?,
        })
    }

    #[cfg(unix)]
    async fn comes(mut self) -> io::Result<()> {
        tokio::select! {
            () = self.input_closed.cancelled() => Ok(()),
            _ = self.terminate.recv() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    }

    #[cfg(not(unix))]
    async fn comes(self) -> io::Result<()> {
        tokio::select! {
            () = self.input_closed.cancelled() => Ok(()),
            interrupted = tokio::signal::ctrl_c() => interrupted,
        }
    }
}

/// Reads the standard input to its end. On a thread of its own: a blocking
/// read of tokio's would keep the runtime, and so the program, from ending.
fn input_closed() -> io::Result<CancellationToken> {
    let closed = CancellationToken::new();
    let tell = closed.clone();
    std::thread::Builder::new().name("standard input".to_owned()).spawn(move || {
        let mut buffer = [0; 1024];
        let mut input = io::stdin().lock();
        // An error ends it as the end of the input does.
        while input.read(&mut buffer).is_ok_and(|read| read > 0) {}
        tell.cancel();
    })?;
    Ok(closed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_begins_with_a_scenarios_id() {
        let list = list();
        let mut ids: Vec<&str> = list.lines().filter_map(|line| line.split_whitespace().next()).collect();
        let known: Vec<&str> = scenarios().iter().map(|scenario| scenario.id).collect();
        assert_eq!(ids, known);
        assert_eq!((ids[0], ids[ids.len() - 1]), ("scaled-to-zero", "healthy"));
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), known.len(), "each scenario has an id of its own");
    }
}
