//! What a plan would change, before it changes: tried at the cluster with `dryRun=All`, and by Helm's own dry run.
//! Nothing here can change anything: the cluster is reached by a client that only tries, and the one program that is
//! run is `helm` with `--dry-run=server`.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use jiff::Timestamp;
use serde_json::Value;

use crate::clients::kubernetes::{Answer, DryRun, Pinned};
use crate::clients::preview::{
    Compared, Helm, Item, MAX_OBJECTS, ObjectId, compare, is_of_interest, known_secrets, lost, owned,
    parse_dry_run, parse_record, paths, side_by_side, without_dropped,
};
use crate::clients::process::capture;
use crate::clients::secret::{Secret, redact};
use crate::runbook::action::{ActionKind, Plan, Request, release_name};
use crate::runbook::command::HIDE_SECRET;
use crate::runbook::fact::{Change, Facts, ObjectChange, PreviewFacts, ReleaseFacts};
use crate::runbook::question::{Question, Reading};
use crate::runbook::steps::restore::preview::{LIMIT, applied_of};
use crate::runbook::verdict::{Why, WhyKind};

use super::apply::Tool;
use super::observe::without_credentials;
use super::session::Session;

/// How long Helm's dry run may take: it fetches the chart, and asks the cluster.
const HELM_LIMIT: Duration = Duration::from_secs(60);
/// Objects that are asked for at once.
const AT_ONCE: usize = 8;
/// What all objects that change may take together, in bytes.
const MAX_BYTES: usize = 32 * 1024 * 1024;
/// What stands for an admin password that the vCluster CLI would make up: it is never sent to a cluster for good,
/// and hidden as every password is.
const PASSWORD_TO_COME: &str = "made-up-by-the-vcluster-cli";
/// Helm leaves what has this be (`helm.sh/resource-policy: keep`).
const KEEP: &str = "/metadata/annotations/helm.sh~1resource-policy";

/// Where a plan's preview is read.
struct Place<'a> {
    plan: &'a Plan,
    namespace: &'a str,
    release: &'a str,
}

/// What Helm would do.
struct Intent {
    items: Vec<Item>,
    hooks: Vec<Value>,
    /// The namespace that Helm makes first, if it is not there.
    makes_namespace: bool,
    /// It takes fields over from who else set them.
    force: bool,
    /// It removes what the old manifest set, whoever the server takes for its owner.
    drops: bool,
    secrets: Vec<Secret>,
    facts: PreviewFacts,
}

impl Session {
    /// Reads what a plan would change. Never fails: what could not be read is in the reading.
    pub async fn preview(&self, plan: &Plan) -> Reading<Facts> {
        let start = Instant::now();
        let reading = Box::pin(tokio::time::timeout(LIMIT, self.read_preview(plan)));
        let answer = reading.await.unwrap_or_else(|_| {
            let message = format!("What would change was not answered within {} s", LIMIT.as_secs());
            Err(Why::new(WhyKind::Timeout, message))
        });
        let answer = answer.map(|mut facts| {
            plan.basis().clone_into(&mut facts.basis);
            Facts::Preview(facts)
        });
        let answer = answer.map_err(without_credentials);
        if let (Err(why), Some(region)) = (&answer, self.profile().find(&plan.region().name)) {
            self.heed(Question::Preview(region, plan.kind()), why).await;
        }
        Reading { answer, observed_at: Timestamp::now(), took: start.elapsed() }
    }

    async fn read_preview(&self, plan: &Plan) -> Result<PreviewFacts, Why> {
        let not_asked = |what: &str| Why::new(WhyKind::NotAsked, what);
        let profile = self.profile();
        let region = profile.find(&plan.region().name);
        let region = region.ok_or_else(|| not_asked("the environment has no such region any more"))?;
        let (Some(request), Some(target)) = (plan.request(), plan.target()) else {
            return Err(not_asked("the plan is not complete"));
        };
        let (namespace, release) = (profile.namespace.as_str(), release_name(profile));
        let place = Place { plan, namespace, release };
        let access = self.access(region);
        // Read once: what is compared with the plan is what is asked.
        let pinned = Pinned::read(&access).await?;
        let helm = match request {
            Request::Tool { values, .. } if plan.kind() != ActionKind::Rollback => {
                let (program, command) = (self.helm(request).await?, plan.preview_command());
                let command = command.ok_or_else(|| not_asked("the plan has no command that only looks"))?;
                let what = Tool { plan, command, program: &program, values: values.as_deref() };
                Some(Box::pin(self.invocation(&pinned, &what, None)).await?)
            }
            _ => None,
        };
        let dry = DryRun::connect(pinned, &access, target, (namespace, &profile.deployment)).await?;
        match helm {
            None if matches!(request, Request::Tool { .. }) => self.of_rollback(&place, &dry).await,
            None => of_patch(&dry, request).await,
            Some((mut invocation, files, keys)) => {
                invocation.time_limit = HELM_LIMIT;
                // For our eyes: Secrets are compared here, and hidden after.
                invocation.args.retain(|arg| arg != HIDE_SECRET);
                invocation.args.extend(["-o".into(), OsString::from("json")]);
                let intent = of_reapply(&place, &dry, invocation, &keys).await;
                files.remove().await;
                carried_out(&place, &dry, intent?).await
            }
        }
    }

    /// The Helm that tries: the plan's own, or that which the vCluster CLI would call.
    async fn helm(&self, request: &Request) -> Result<PathBuf, Why> {
        let Request::Tool { program, keeps_password_of, .. } = request else {
            return Err(Why::new(WhyKind::Configuration, "no program"));
        };
        if keeps_password_of.is_none() {
            return Ok(program.clone());
        }
        match self.observe(Question::Tools).await.answer? {
            Facts::Tools(found) => {
                found.helm.map(|helm| helm.path).map_err(|message| Why::new(WhyKind::Tool, message))
            }
            _ => Err(Why::new(WhyKind::Tool, "helm was not found")),
        }
    }

    /// Both sides of a rollback are in Helm's own records.
    async fn of_rollback(&self, place: &Place<'_>, dry: &DryRun) -> Result<PreviewFacts, Why> {
        let ReleaseFacts::Found(found) = dry.release(place.namespace, place.release).await? else {
            return Err(Why::new(WhyKind::NotFound, "Helm has no record of the release"));
        };
        let Some(good) = &found.last_good else {
            return Err(Why::new(WhyKind::NotFound, "Helm has no record of a revision to roll back to"));
        };
        let (now, then) =
            (record(place, dry, found.revision).await?, record(place, dry, good.revision).await?);
        let secrets = secrets_of([&now, &then], Vec::new())?;
        let mut facts = PreviewFacts::default();
        facts.notes.push(written(place, found.revision + 1));
        let intent = Intent {
            hooks: hooks(&then, &["pre-rollback", "post-rollback"]),
            items: side_by_side(now.objects, then.objects, place.namespace),
            makes_namespace: false,
            force: true,
            drops: !now.server_side,
            secrets,
            facts,
        };
        carried_out(place, dry, intent).await
    }
}

/// The Deployment with a change that the API takes by itself.
async fn of_patch(dry: &DryRun, request: &Request) -> Result<PreviewFacts, Why> {
    let (namespace, deployment) = match request {
        Request::Restart { namespace, deployment, .. } | Request::Scale { namespace, deployment, .. } => {
            (namespace, deployment)
        }
        Request::Tool { .. } => return Err(Why::new(WhyKind::Configuration, "no API request")),
    };
    let missing = || Why::new(WhyKind::NotFound, format!("The Deployment {deployment} does not exist"));
    let before = dry.deployment(namespace, deployment).await?.ok_or_else(missing)?;
    let answer = match request {
        Request::Restart { uid, .. } => dry.restart(namespace, deployment, uid, Timestamp::now()).await,
        Request::Scale { uid, from, replicas, .. } => {
            dry.scale(namespace, deployment, uid, (*from, *replicas)).await
        }
        Request::Tool { .. } => Answer::NoPlace,
    };
    let (id, change) = (ObjectId::of(&before), Change::Changed);
    let compared = match answer {
        Answer::Would(after) => Compared { id, change, before, after: *after, unsure: None, refused: None },
        Answer::Refused(why) => {
            let refused = Some(why.message);
            Compared { id, change, after: before.clone(), before, unsure: None, refused }
        }
        Answer::NoPlace => return Err(missing()),
        Answer::Unknown(why) => return Err(why),
    };
    let secrets = known([&compared.before, &compared.after])?;
    let mut facts = PreviewFacts::default();
    keep(vec![compared], secrets, &mut facts).await?;
    Ok(facts)
}

/// What Helm's dry run says that it would apply, and what stands in the release beside it.
async fn of_reapply(
    place: &Place<'_>,
    dry: &DryRun,
    mut invocation: crate::clients::process::Invocation,
    keys: &BTreeSet<String>,
) -> Result<Intent, Why> {
    let by_cli = place.plan.kind() == ActionKind::ReapplyVcluster;
    let now = match dry.release(place.namespace, place.release).await? {
        ReleaseFacts::Found(found) => Some((record(place, dry, applied_of(&found)).await, found.revision)),
        ReleaseFacts::Missing => None,
    };
    let has_password = |helm: &Helm| helm.config.pointer("/admin/password").is_some_and(|it| !it.is_null());
    let knows_password = matches!(&now, Some((Ok(helm), _)) if has_password(helm));
    if by_cli && !knows_password {
        invocation.args.extend(["--set".into(), format!("admin.password={PASSWORD_TO_COME}").into()]);
    }
    let mut secrets = invocation.secrets.clone();
    secrets.push(Secret::new(PASSWORD_TO_COME));
    let forced = invocation.args.iter().any(|arg| arg == "--force-conflicts");
    let then = tried(invocation).await?;
    let mut facts = PreviewFacts::default();
    let (installs, revision) = (now.is_none(), now.as_ref().map_or(0, |(_, revision)| *revision));
    let now = match now.map(|(helm, _)| helm) {
        Some(Ok(helm)) => helm,
        None => Helm { server_side: true, ..Helm::default() },
        Some(Err(why)) => {
            facts.lost_keys = (!by_cli).then(|| Err(why.message.clone()));
            facts.notes.push(format!(
                "What Helm deletes is not shown, because its record could not be read: {}",
                why.message
            ));
            Helm::default()
        }
    };
    if !by_cli && !installs && facts.lost_keys.is_none() {
        facts.lost_keys = Some(Ok(lost(&paths_of(&now.config), keys)));
    }
    if by_cli {
        let password = if knows_password { "as the release has it" } else { "made of the namespace's uid" };
        facts.notes.push(format!(
            "Set by the CLI itself: admin.password ({password}), env.DISABLE_LOFT_ROUTER. The CLI has no dry run: \
             this is read by the Helm that it calls"
        ));
    }
    facts.notes.push(written(place, revision + 1));
    let secrets = secrets_of([&now, &then], secrets)?;
    let events: &[&str] =
        if installs { &["pre-install", "post-install"] } else { &["pre-upgrade", "post-upgrade"] };
    let hooks = hooks(&then, events);
    let mut new = if installs { then.crds } else { Vec::new() };
    new.extend(then.objects);
    let drops = !now.server_side;
    Ok(Intent {
        items: side_by_side(now.objects, new, place.namespace),
        hooks,
        makes_namespace: installs,
        // By client-side apply Helm takes over whatever others set.
        force: forced || drops,
        drops,
        secrets,
        facts,
    })
}

fn paths_of(config: &Value) -> BTreeSet<String> {
    match config {
        Value::Object(members) if !members.is_empty() => paths(config),
        _ => BTreeSet::new(),
    }
}

/// Helm's dry run, to its end.
async fn tried(invocation: crate::clients::process::Invocation) -> Result<Helm, Why> {
    let is_tried = invocation.args.iter().any(|arg| arg == "--dry-run=server");
    if !is_tried {
        return Err(Why::new(WhyKind::Configuration, "helm was not asked to try only"));
    }
    let captured = capture(invocation).await?;
    if captured.exit_code != Some(0) {
        let telling = |line: &&String| !line.trim().is_empty();
        let said = captured.stderr.iter().rev().find(telling).map_or("no message", String::as_str);
        let message = format!("helm's dry run failed: {said}");
        return Err(Why::new(WhyKind::Tool, message)
            .remedy("The re-apply itself would most likely fail the same way: mend that first"));
    }
    tokio::task::spawn_blocking(move || parse_dry_run(&captured.stdout))
        .await
        .map_err(|error| Why::new(WhyKind::Tool, error.to_string()))?
}

async fn record(place: &Place<'_>, dry: &DryRun, revision: u32) -> Result<Helm, Why> {
    let data = dry.record(place.namespace, place.release, revision).await?;
    tokio::task::spawn_blocking(move || parse_record(&data))
        .await
        .map_err(|error| Why::new(WhyKind::Garbage, error.to_string()))?
}

fn written(place: &Place<'_>, revision: u32) -> String {
    format!(
        "Helm writes its own record of this: Secret sh.helm.release.v1.{}.v{revision}. Of more than ten it deletes the \
         oldest",
        place.release
    )
}

fn hooks(helm: &Helm, events: &[&str]) -> Vec<Value> {
    let runs = |events_of: &[String]| events_of.iter().any(|event| events.contains(&event.as_str()));
    helm.hooks.iter().filter(|hook| runs(&hook.events)).flat_map(|hook| hook.objects.clone()).collect()
}

/// The secrets of both sides, to be hidden in all that is shown.
fn secrets_of<'a>(both: [&'a Helm; 2], mut secrets: Vec<Secret>) -> Result<Vec<Secret>, Why> {
    let of = |helm: &'a Helm| {
        let hooks = helm.hooks.iter().flat_map(|hook| &hook.objects);
        [&helm.config].into_iter().chain(&helm.objects).chain(hooks)
    };
    secrets.extend(known(both.into_iter().flat_map(of))?);
    Ok(secrets)
}

fn known<'a>(objects: impl IntoIterator<Item = &'a Value>) -> Result<Vec<Secret>, Why> {
    known_secrets(objects).map_err(|count| {
        let message = format!("The release holds {count} secrets: more than can be hidden in what is shown");
        Why::new(WhyKind::Garbage, message)
    })
}

/// Everything of an intent beside what the cluster has.
async fn carried_out(place: &Place<'_>, dry: &DryRun, intent: Intent) -> Result<PreviewFacts, Why> {
    let Intent { mut items, hooks, makes_namespace, force, drops, mut secrets, mut facts } = intent;
    facts.left_out = items.len().saturating_sub(MAX_OBJECTS);
    items.truncate(MAX_OBJECTS);
    let mut compared = Vec::new();
    if makes_namespace {
        compared.extend(namespace(place, dry).await);
    }
    let asked = items.into_iter().map(|item| of_item(place, dry, item, force, drops));
    let mut answers = futures::stream::iter(asked).buffered(AT_ONCE);
    let mut bytes = 0;
    while let Some(answer) = answers.next().await {
        match answer {
            Outcome::Compared(found) if is_of_interest(&found) => {
                bytes += size(&found.before) + size(&found.after);
                if bytes > MAX_BYTES {
                    let message = "What would change is larger than is compared here";
                    return Err(Why::new(WhyKind::Garbage, message));
                }
                compared.push(*found);
            }
            Outcome::Compared(_) | Outcome::Gone => facts.unchanged += 1,
            Outcome::Kept(note) => facts.notes.push(note),
        }
    }
    for after in hooks.into_iter().take(MAX_OBJECTS) {
        let id = placed(place, dry, ObjectId::of(&after)).await;
        compared.push(Compared { id, change: Change::Hook, after, ..Compared::default() });
    }
    secrets.extend(known(compared.iter().flat_map(|found| [&found.before, &found.after]))?);
    keep(compared, secrets, &mut facts).await?;
    Ok(facts)
}

/// About how much memory a value takes, in bytes.
fn size(value: &Value) -> usize {
    match value {
        Value::Object(members) => members.iter().map(|(key, value)| key.len() + 64 + size(value)).sum(),
        Value::Array(items) => items.iter().map(|item| 32 + size(item)).sum(),
        Value::String(text) => text.len(),
        _ => 8,
    }
}

/// Puts differences side by side off the async threads, and hides what is secret.
async fn keep(compared: Vec<Compared>, secrets: Vec<Secret>, facts: &mut PreviewFacts) -> Result<(), Why> {
    let comparing = tokio::task::spawn_blocking(move || {
        let of = |found: Compared| {
            let change = compare(found, &secrets);
            let masked = |text: Option<String>| text.map(|text| redact(&text, &secrets));
            ObjectChange { unsure: masked(change.unsure), refused: masked(change.refused), ..change }
        };
        compared.into_iter().map(of).collect::<Vec<_>>()
    });
    facts.objects = comparing.await.map_err(|error| Why::new(WhyKind::Garbage, error.to_string()))?;
    Ok(())
}

/// `--create-namespace`, where the release is installed.
async fn namespace(place: &Place<'_>, dry: &DryRun) -> Option<Compared> {
    let id = ObjectId {
        api_version: "v1".to_owned(),
        kind: "Namespace".to_owned(),
        namespace: None,
        name: place.namespace.to_owned(),
    };
    let after = serde_json::json!({
        "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": place.namespace },
    });
    match dry.live(&id, place.namespace).await {
        Ok(Some(_)) => None,
        Ok(None) => Some(Compared { id, change: Change::Added, after, ..Compared::default() }),
        Err(why) => {
            let unsure = Some(format!("Whether it is there could not be read: {}", why.message));
            Some(Compared { id, change: Change::Added, after, unsure, ..Compared::default() })
        }
    }
}

/// What becomes of one object.
enum Outcome {
    /// Two states of it.
    Compared(Box<Compared>),
    /// It would be deleted, and is not there.
    Gone,
    /// Helm leaves it be: why, in a sentence.
    Kept(String),
}

/// With the release's namespace where it is in one and names none.
async fn placed(place: &Place<'_>, dry: &DryRun, mut id: ObjectId) -> ObjectId {
    if id.namespace.is_none() && dry.is_namespaced(&id).await == Some(true) {
        id.namespace = Some(place.namespace.to_owned());
    }
    id
}

async fn of_item(place: &Place<'_>, dry: &DryRun, item: Item, force: bool, drops: bool) -> Outcome {
    let Item { id, old, new } = item;
    let id = placed(place, dry, id).await;
    let live = dry.live(&id, place.namespace).await;
    let Some(new) = new else { return of_removed(id, live, old.unwrap_or_default()) };
    let applied = owned(&new, place.release, place.namespace);
    let manifests = |id, unsure, refused| {
        let before = old.as_ref().map(|old| owned(old, place.release, place.namespace)).unwrap_or_default();
        let change = if before.is_null() { Change::Added } else { Change::Changed };
        Compared { id, change, before, after: applied.clone(), unsure, refused }
    };
    let live = match live {
        Ok(live) => live,
        Err(why) => return Outcome::Compared(Box::new(manifests(id, Some(not_asked(&why)), None))),
    };
    let compared = match (dry.apply(&applied, place.namespace, force).await, live) {
        (Answer::Would(after), Some(before)) => {
            let dropped = old.as_ref().filter(|_| drops).map(|old| without_dropped(&after, old, &new));
            let after = dropped.unwrap_or(*after);
            Compared { id, change: Change::Changed, before, after, unsure: None, refused: None }
        }
        (Answer::Would(_) | Answer::NoPlace, None) => {
            Compared { id, change: Change::Added, after: applied, ..Compared::default() }
        }
        (Answer::Refused(why), live) => {
            let after = applied.clone();
            let known = Compared { id, after, refused: Some(why.message), ..Compared::default() };
            match live {
                Some(before) => Compared { after: before.clone(), before, ..known },
                None => Compared { change: Change::Added, ..known },
            }
        }
        (Answer::NoPlace, Some(_)) => {
            let why = Why::new(WhyKind::Conflict, "it was deleted in this moment");
            manifests(id, Some(not_asked(&why)), None)
        }
        (Answer::Unknown(why), _) => manifests(id, Some(not_asked(&why)), None),
    };
    Outcome::Compared(Box::new(compared))
}

fn not_asked(why: &Why) -> String {
    format!(
        "This is the difference between Helm's manifests: what the cluster would make of it could not be asked: {}",
        why.message
    )
}

fn of_removed(id: ObjectId, live: Result<Option<Value>, Why>, old: Value) -> Outcome {
    let change = Change::Removed;
    match live {
        Ok(None) => Outcome::Gone,
        Ok(Some(before)) if before.pointer(KEEP).and_then(Value::as_str) == Some("keep") => Outcome::Kept(
            format!("{} {} is no part of the release any more, and stays: it says so", id.kind, id.name),
        ),
        Ok(Some(before)) => {
            Outcome::Compared(Box::new(Compared { id, change, before, ..Compared::default() }))
        }
        Err(why) => {
            let unsure = Some(format!("Whether it is there could not be read: {}", why.message));
            Outcome::Compared(Box::new(Compared { id, change, before: old, unsure, ..Compared::default() }))
        }
    }
}
