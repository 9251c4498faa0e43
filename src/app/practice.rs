//! Starts practice worlds for the engine, which knows nothing of them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;

use crate::engine::event::PracticeWorld;
use crate::engine::session::Options as SessionOptions;
use crate::engine::{Stage, StartPractice};
use crate::environment;
use crate::practice::{self, Auth, Options, World};

use super::model::ScenarioCard;

/// How practice worlds are started from the window.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The time factor, 1 to 60.
    pub speed: f64,
    /// Decides names and small times.
    pub seed: u64,
    /// Added to each answer.
    pub latency: Duration,
    /// How its clusters let clients in.
    pub auth: Auth,
    /// Where the runs' journals are kept; `None` for the world's own folder, which goes with it.
    pub runs: Option<PathBuf>,
}

/// The scenarios as cards of the start screen.
pub fn cards() -> Vec<ScenarioCard> {
    let card = |scenario: &practice::Scenario| ScenarioCard {
        id: scenario.id.to_owned(),
        title: scenario.title.to_owned(),
        summary: scenario.summary.to_owned(),
        about: scenario.about.to_owned(),
    };
    practice::scenarios().iter().map(card).collect()
}

/// Starts worlds with these settings.
pub fn starter(settings: Settings) -> StartPractice {
    Arc::new(move |id| {
        let settings = settings.clone();
        async move {
            let kept = settings.runs.clone();
            let world = start(&id, settings).await?;
            Ok(Stage { kept_runs: kept, ..stage(Arc::new(world))? })
        }
        .boxed()
    })
}

/// Starts the world of a scenario.
pub async fn start(id: &str, settings: Settings) -> Result<World, String> {
    let scenario = practice::scenario(id).ok_or_else(|| format!("there is no scenario {id}"))?;
    let Settings { speed, seed, latency, auth, .. } = settings;
    let options = Options { scenario, speed, seed, latency, auth, dir: None };
    World::start(options).await.map_err(|error| error.to_string())
}

/// How sessions on a world behave: at its speed, at its APIs, and away from the user's own folders.
pub fn session(world: &World) -> SessionOptions {
    let is_tools = |name: &str| name.starts_with("HELM_");
    let tool_env = world.env().iter().filter(|(name, _)| is_tools(name));
    SessionOptions {
        speed: world.speed(),
        aws_endpoint: Some(world.aws_endpoint().to_owned()),
        tool_env: tool_env.map(|(name, value)| (name.clone(), value.clone())).collect(),
        ..SessionOptions::default()
    }
}

/// A world as the engine knows it. The world ends with it.
pub fn stage(world: Arc<World>) -> Result<Stage, String> {
    let profile = environment::read(world.environment_file()).map_err(|error| error.to_string())?;
    let scenario = world.scenario();
    Ok(Stage {
        world: PracticeWorld {
            scenario: scenario.id.to_owned(),
            title: scenario.title.to_owned(),
            speed: world.speed(),
            repaired_by_others: scenario.repaired_by_others,
            profile: Arc::new(profile),
            told_region: scenario.told_region.to_owned(),
        },
        session: session(&world),
        runs: world.dir().join("runs"),
        kept_runs: None,
        repair: Box::new(move || world.repair()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::lesson::{self, GoodEnd};

    #[test]
    fn every_scenario_has_a_lesson_that_fits_it() {
        for scenario in practice::scenarios() {
            let lesson = lesson::of(scenario.id).unwrap();
            if lesson.end == GoodEnd::Recovered {
                assert_eq!(lesson.others, scenario.repaired_by_others, "{}", scenario.id);
            }
            assert_eq!(lesson.end == GoodEnd::Left, scenario.id == "healthy");
        }
    }
}
