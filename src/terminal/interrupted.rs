//! Actions of earlier runs whose outcome is not known: said before anything else.

use crate::app::places;
use crate::journal::{self, ReadBack};
use crate::runbook::interrupted::Interrupted;

use super::Stop;
use super::cli::InterruptedArgs;
use super::out::{complain, say};

/// Looks through the earlier runs.
pub(super) async fn look_back() -> ReadBack {
    let looked = match places::runs() {
        Ok(runs) => tokio::task::spawn_blocking(move || journal::look_back(&runs, &[])).await,
        // There is no folder, so there are no runs.
        Err(_) => return ReadBack::default(),
    };
    looked.unwrap_or_else(|error| ReadBack {
        problems: vec![format!("earlier runs could not be looked through: {error}")],
        ..ReadBack::default()
    })
}

/// The same, said on standard error; what there was.
pub(super) async fn tell() -> Vec<Interrupted> {
    let back = look_back().await;
    for interrupted in &back.interrupted {
        complain!("failback: interrupted: {}", interrupted.sentence_with_environment());
    }
    if !back.interrupted.is_empty() {
        complain!("failback: once you have looked: failback interrupted --acknowledge");
    }
    for problem in &back.problems {
        complain!("failback: {problem}");
    }
    back.interrupted
}

/// `failback interrupted`.
pub(super) async fn run(args: InterruptedArgs) -> Result<u8, Stop> {
    let back = look_back().await;
    for problem in &back.problems {
        complain!("failback: {problem}");
    }
    if back.interrupted.is_empty() {
        say!("No action of an earlier run is without an outcome");
    }
    let mut code = u8::from(!back.problems.is_empty());
    for interrupted in back.interrupted {
        say!("{}", interrupted.sentence_with_environment());
        say!("  run {}", interrupted.run.display());
        if !args.acknowledge {
            code = 1;
        } else if interrupted.alive == Some(true) {
            say!("  not acknowledged: it is not over");
            code = 1;
        } else {
            let acknowledging = move || journal::acknowledge(&interrupted, None);
            let acknowledged = tokio::task::spawn_blocking(acknowledging).await;
            acknowledged
                .map_err(|error| Stop::failed(error.to_string()))?
                .map_err(|error| Stop::failed(error.to_string()))?;
            say!("  acknowledged: it is not said again");
        }
    }
    Ok(code)
}
