//! What a command is about: an environment, or a practice world started for it.

use std::path::PathBuf;
use std::sync::Arc;

use crate::app::{self, places};
use crate::engine::session::{Face, Options as SessionOptions, Session};
use crate::environment::Store;
use crate::practice::{self, Scenario, World};
use crate::runbook::profile::{Profile, RegionIndex};

use super::Stop;
use super::cli::{SubjectArgs, WorldArgs};

/// What a command is about. A practice world lives as long as this.
pub(super) struct Subject {
    pub(super) session: Session,
    /// The failed region as given or told.
    pub(super) failed: Option<RegionIndex>,
    _world: Option<World>,
}

impl Subject {
    pub(super) fn profile(&self) -> &Profile {
        self.session.profile()
    }
}

/// A scenario by its name; its absence is wrong use.
pub(super) fn scenario(name: &str) -> Result<&'static Scenario, Stop> {
    practice::scenario(name).ok_or_else(|| {
        let names: Vec<&str> = practice::scenarios().iter().map(|scenario| scenario.id).collect();
        Stop::usage(format!("there is no scenario {name}; there are {}", names.join(", ")))
    })
}

/// Opens what the arguments name.
pub(super) async fn open(args: &SubjectArgs) -> Result<Subject, Stop> {
    match &args.practice {
        Some(name) => practise(name, &args.world, args.failed.as_deref()).await,
        None => environment(args.environment.as_deref().unwrap_or_default(), args.failed.as_deref()),
    }
}

async fn practise(name: &str, world: &WorldArgs, failed: Option<&str>) -> Result<Subject, Stop> {
    let scenario = scenario(name)?;
    let (speed, seed, latency, auth) = (world.speed, world.seed, world.latency(), world.auth.into());
    let options = practice::Options { scenario, speed, seed, latency, auth, dir: None };
    let world = World::start(options).await.map_err(|error| Stop::failed(error.to_string()))?;
    let profile = crate::environment::read(world.environment_file())
        .map_err(|error| Stop::failed(error.to_string()))?;
    let failed = region(&profile, Some(failed.unwrap_or(scenario.told_region)))?;
    let options = app::practice::session(&world);
    Ok(Subject { session: Session::new(Arc::new(profile), options), failed, _world: Some(world) })
}

/// Opens an environment: a path if the name contains a separator or ends in `.toml`, else a saved one.
pub(super) fn environment(name: &str, failed: Option<&str>) -> Result<Subject, Stop> {
    let store = Store::open_default().map_err(|error| Stop::usage(error.to_string()))?;
    let saved = store.load(name).map_err(|error| Stop::usage(error.to_string()))?;
    let failed = region(&saved.profile, failed)?;
    let options = SessionOptions {
        face: Face::Terminal,
        runtime_folder: places::runtime_folder(),
        ..SessionOptions::default()
    };
    let session = Session::new(Arc::new(saved.profile), options);
    Ok(Subject { session, failed, _world: None })
}

fn region(profile: &Profile, name: Option<&str>) -> Result<Option<RegionIndex>, Stop> {
    let Some(name) = name else { return Ok(None) };
    let found = profile.find(name).ok_or_else(|| {
        let names: Vec<&str> = profile.regions.iter().map(|region| region.name.as_str()).collect();
        Stop::usage(format!("{} has no region {name}; it has {}", profile.name, names.join(", ")))
    })?;
    Ok(Some(found))
}

/// Where runs are kept.
pub(super) fn runs() -> Result<PathBuf, Stop> {
    places::runs().map_err(Stop::failed)
}
