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

/// Runs a world alone: prints where everything is as one JSON line, and ends when the standard input closes;
/// SIGTERM and Ctrl-C end it as they end every command.
pub async fn serve(options: Options) -> Result<(), PracticeError> {
    // Watched before it is announced, so that no end is missed.
    let input_closed = input_closed().map_err(PracticeError::Terminal)?;
    let world = World::start(options).await?;
    announce(&world).map_err(PracticeError::Terminal)?;
    input_closed.cancelled().await;
    Ok(())
}

fn announce(world: &World) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{}", world.description()).and_then(|()| out.flush())
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
