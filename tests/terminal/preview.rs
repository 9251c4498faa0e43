//! What would change, beside what changed: the preview of each action against the world before and after it, by the
//! real `helm` and `kubectl`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::lookup::has_tools;
use super::{Served, US, code, text};

const CONTEXT: &str = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
const CANARY: &str = "hunter22canary";
const NEXT_CANARY: &str = "another33canary";

/// Of the release and beside it; what controllers own is theirs.
const KINDS: &str = "deployments,services,serviceaccounts,ingresses,configmaps,secrets,namespaces";

type Objects = BTreeMap<String, Value>;

impl Served {
    fn kubectl(&self, args: &[&str]) -> String {
        let mut kubectl = self.tool("kubectl");
        kubectl.args(["--context", CONTEXT, "-n", "vcluster-platform"]).args(args);
        let output = kubectl.env("HOME", self.home.path()).output().unwrap();
        assert!(output.status.success(), "{args:?}: {}", text(&output));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Every object of the region as it is wanted: without status, what the server counts, and Helm's records.
    fn objects(&self) -> Objects {
        let list: Value = serde_json::from_str(&self.kubectl(&["get", KINDS, "-A", "-o", "json"])).unwrap();
        let mut objects = Objects::new();
        for mut object in list["items"].as_array().unwrap().clone() {
            let is_record = object["type"] == "helm.sh/release.v1";
            if is_record || !object["metadata"]["ownerReferences"].is_null() {
                continue;
            }
            let key = format!(
                "{} {}/{}",
                object["kind"].as_str().unwrap(),
                object["metadata"]["namespace"].as_str().unwrap_or("-"),
                object["metadata"]["name"].as_str().unwrap()
            );
            object.as_object_mut().unwrap().remove("status");
            let metadata = object["metadata"].as_object_mut().unwrap();
            for field in ["managedFields", "resourceVersion", "generation", "uid", "creationTimestamp"] {
                metadata.remove(field);
            }
            // The Deployment's controller counts its pod templates: that pods are replaced is told in words.
            if let Some(annotations) = metadata.get_mut("annotations").and_then(Value::as_object_mut) {
                annotations.remove("deployment.kubernetes.io/revision");
            }
            objects.insert(key, object);
        }
        objects
    }

    /// What a plan says that it would change.
    fn preview(&self, environment: &str, action: &str, more: &[&str]) -> Value {
        let args = ["restore", "--environment", environment, "--failed", US, "--action", action, "--json"];
        let output = super::failback(self.home.path(), &[&args[..], more].concat()).output().unwrap();
        assert_eq!(code(&output), 65, "{}", text(&output));
        let said = text(&output);
        assert!(!said.contains(CANARY) && !said.contains(NEXT_CANARY), "a secret is shown:\n{said}");
        let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert!(plan["preview"].is_object(), "{action}: {plan:#}");
        plan
    }

    fn do_it(&self, environment: &str, action: &str, more: &[&str]) {
        let args =
            ["restore", "--environment", environment, "--failed", US, "--action", action, "--confirm", US];
        let output = super::failback(self.home.path(), &[&args[..], more].concat()).output().unwrap();
        assert_eq!(code(&output), 0, "{}", text(&output));
        let said = text(&output);
        assert!(said.contains("What would change: "), "it is told before it is done: {said}");
        assert!(!said.contains(CANARY) && !said.contains(NEXT_CANARY), "a secret is shown:\n{said}");
    }
}

/// Leaves of an object, with the last key before each.
fn leaves(value: &Value, key: &str, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(members) => members.iter().for_each(|(key, value)| leaves(value, key, found)),
        Value::Array(items) => items.iter().for_each(|item| leaves(item, key, found)),
        Value::String(text) if text.contains('\n') => {
            let name = |line: &str| line.split(':').next().unwrap().trim().to_owned();
            found.extend(text.lines().map(|line| (name(line), line.trim().to_owned())));
        }
        Value::String(text) => {
            found.insert((key.to_owned(), text.clone()));
        }
        Value::Null => {}
        other => {
            found.insert((key.to_owned(), other.to_string()));
        }
    }
}

fn leaves_of(object: Option<&Value>) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    leaves(object.unwrap_or(&Value::Null), "", &mut found);
    found
}

/// Nothing changed that was not shown, and nothing was shown that did not change.
#[track_caller]
fn assert_shown(plan: &Value, before: &Objects, after: &Objects) {
    let keys: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed: BTreeSet<&String> =
        keys.into_iter().filter(|key| before.get(*key) != after.get(*key)).collect();
    let shown: BTreeMap<String, &Value> = plan["preview"]["objects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|object| {
            let text = |field: &str| object[field].as_str().unwrap_or("-");
            (format!("{} {}/{}", text("kind"), text("namespace"), text("name")), object)
        })
        .collect();
    // A hook may make what is there already.
    let is_hook = |key: &&String| shown.get(*key).is_some_and(|object| object["change"] == "run by Helm");
    let told: BTreeSet<&String> = shown.keys().filter(|key| !is_hook(key) || changed.contains(key)).collect();
    assert_eq!(changed, told, "{plan:#}");
    for key in changed {
        let (old, new, object) = (leaves_of(before.get(key)), leaves_of(after.get(key)), shown[key]);
        let expected = match (before.get(key), after.get(key), object["change"].as_str()) {
            (_, Some(_), Some("run by Helm")) => "run by Helm",
            (None, ..) => "new",
            (_, None, _) => "deleted",
            _ => "changed",
        };
        assert_eq!(object["change"], expected, "{key}");
        assert_eq!((&object["unsure"], &object["refused"]), (&Value::Null, &Value::Null), "{key}");
        let lines: Vec<&str> =
            object["diff"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
        let is_shown = |sign: char, (name, value): &(String, String)| {
            lines.iter().any(|line| {
                let is_side = line.starts_with(sign);
                is_side && (line.contains(value.as_str()) || (line.contains(name) && line.contains("***")))
            })
        };
        // Of what is new, the server's own defaults are not in the manifest.
        if expected != "new" {
            for leaf in new.difference(&old) {
                assert!(is_shown('+', leaf), "{key}: {leaf:?} came and was not shown: {lines:#?}");
            }
        }
        for leaf in old.difference(&new) {
            assert!(is_shown('-', leaf), "{key}: {leaf:?} went and was not shown: {lines:#?}");
        }
    }
}

/// The chart of the world with more in it: a Secret and a ConfigMap made of values, and a hook.
fn richer_chart(world: &Served, folder: &Path) -> PathBuf {
    let environment: toml::Table = std::fs::read_to_string(world.environment()).unwrap().parse().unwrap();
    let repository = environment["chart"]["repository"].as_str().unwrap().to_owned();
    let mut helm = world.tool("helm");
    helm.args(["pull", "vcluster-platform", "--repo", &repository, "--version", "4.11.2", "--untar", "-d"]);
    assert!(helm.arg(folder).status().unwrap().success());
    let chart = folder.join("vcluster-platform");
    let more = "apiVersion: v1\nkind: Secret\nmetadata:\n  name: loft-admin\n  namespace: {{ .Release.Namespace }}\n\
                data:\n  password: {{ .Values.admin.password | default \"from-the-chart\" | b64enc }}\n  user: {{ \"admin\" | b64enc }}\n\
                ---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\ndata:\n  a.yaml: |\n    level: {{ .Values.level | default \"info\" }}\n    \
                admin:\n      password: {{ .Values.admin.password | default \"from-the-chart\" }}\n\
                {{- if .Values.extra }}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: extra\ndata:\n  x: {{ .Values.extra | quote }}\n{{- end }}\n";
    std::fs::write(chart.join("templates/more.yaml"), more).unwrap();
    let hook = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: before\n  annotations:\n    helm.sh/hook: pre-upgrade\ndata:\n  done: \"no\"\n";
    std::fs::write(chart.join("templates/hook.yaml"), hook).unwrap();
    let mut helm = world.tool("helm");
    assert!(helm.arg("package").arg(&chart).arg("-d").arg(folder).output().unwrap().status.success());
    folder.join("vcluster-platform-4.11.2.tgz")
}

#[test]
fn a_re_apply_changes_what_was_shown_and_nothing_else() {
    if !has_tools("a_re_apply_changes_what_was_shown_and_nothing_else", &["helm", "kubectl"]) {
        return;
    }
    for scenario in ["scaled-to-zero", "version-skew", "image-pull", "deployment-missing"] {
        let world = Served::start(scenario);
        // By hand, so that the cluster is not what the release says.
        if scenario == "scaled-to-zero" {
            world.kubectl(&[
                "patch",
                "service",
                "loft",
                "--type=merge",
                "-p",
                r#"{"spec":{"selector":{"app":"other"}}}"#,
            ]);
            world.kubectl(&["set", "env", "deployment/loft", "LOFT_HOST=by-hand.example.com", "THEIRS=1"]);
            world.kubectl(&["annotate", "serviceaccount", "loft", "theirs=stays"]);
            world.kubectl(&["delete", "ingress", "loft"]);
        }
        let before = world.objects();
        let plan = world.preview(world.environment(), "reapply-helm", &[]);
        assert_eq!(world.objects(), before, "{scenario}: looking changed something");
        world.do_it(world.environment(), "reapply-helm", &[]);
        let after = world.objects();
        assert_ne!(before, after, "{scenario}");
        assert_shown(&plan, &before, &after);
    }
}

#[test]
fn secrets_hooks_and_keys_that_go_are_told_and_no_value_is() {
    if !has_tools("secrets_hooks_and_keys_that_go_are_told_and_no_value_is", &["helm", "kubectl"]) {
        return;
    }
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let chart = richer_chart(&world, folder.path());
    let chart = chart.to_str().unwrap();
    let values = world.description["values_file"].as_str().unwrap().to_owned();
    let mut helm = world.tool("helm");
    helm.args([
        "upgrade",
        "loft",
        chart,
        "-f",
        &values,
        "--kube-context",
        CONTEXT,
        "-n",
        "vcluster-platform",
    ])
    .args(["--set", &format!("admin.password={CANARY}"), "--set", "extra=1,level=debug"]);
    let installed = helm.output().unwrap();
    assert!(installed.status.success(), "{}", text(&installed));
    // Another password, in the file: the plan says that it changes, and not what it is.
    let with_password =
        std::fs::read_to_string(&values).unwrap() + &format!("\nadmin:\n  password: {NEXT_CANARY}\n");
    for (file, lost) in [
        (with_password.as_str(), json!(["extra", "level"])),
        (with_password.split("\nadmin:").next().unwrap(), json!(["admin.password"])),
    ] {
        std::fs::write(&values, file).unwrap();
        let environment =
            world.changed_environment(|text| text.replace("[chart]", &format!("[chart]\nfile = {chart:?}")));
        let before = world.objects();
        let reason = ["--reason", "to see it"];
        let plan = world.preview(&environment, "reapply-helm", &reason);
        assert_eq!(plan["preview"]["lost_keys"], lost, "{plan:#}");
        let of = |name: &str| {
            let objects = plan["preview"]["objects"].as_array().unwrap();
            objects.iter().find(|object| object["name"] == name).cloned().unwrap_or_default()
        };
        let secret = of("loft-admin")["diff"].to_string();
        assert!(secret.contains("-   password:") && secret.contains("(new)"), "{plan:#}");
        assert!(secret.contains("user: '***'") || secret.contains("user: \\\"***\\\""), "{secret}");
        assert_eq!(of("before")["change"], "run by Helm");
        assert!(plan["undo_command"].as_str().unwrap().contains("helm rollback loft "), "{plan:#}");
        world.do_it(&environment, "reapply-helm", &reason);
        assert_shown(&plan, &before, &world.objects());
    }
}

#[test]
fn a_rollback_changes_what_was_shown_and_nothing_else() {
    if !has_tools("a_rollback_changes_what_was_shown_and_nothing_else", &["helm", "kubectl"]) {
        return;
    }
    let world = Served::start("release-pending");
    world.kubectl(&["scale", "deployment", "loft", "--replicas=1"]);
    let before = world.objects();
    let plan = world.preview(world.environment(), "rollback", &[]);
    assert_eq!(world.objects(), before, "looking changed something");
    world.do_it(world.environment(), "rollback", &[]);
    assert_shown(&plan, &before, &world.objects());
}

#[test]
fn a_scaling_and_a_restart_change_what_was_shown_and_their_undo_undoes_it() {
    let name = "a_scaling_and_a_restart_change_what_was_shown_and_their_undo_undoes_it";
    if !has_tools(name, &["kubectl"]) {
        return;
    }
    for (scenario, action) in [("scaled-to-zero", "scale"), ("crash-loop", "restart")] {
        let world = Served::start(scenario);
        let before = world.objects();
        let mut plan = world.preview(world.environment(), action, &[]);
        assert_eq!(world.changes(), [""; 0], "a dry run is no change");
        let undo = plan["undo_command"].as_str().unwrap().to_owned();
        world.do_it(world.environment(), action, &[]);
        let mut after = world.objects();
        if action == "restart" {
            // The moment of the restart is another one than that of the look.
            let at = "/spec/template/metadata/annotations/kubectl.kubernetes.io~1restartedAt";
            let deployment = after.get_mut("Deployment vcluster-platform/loft").unwrap();
            *deployment.pointer_mut(at).unwrap() = json!("2000");
            let text = plan.to_string();
            let (head, tail) = text.split_once("restartedAt: \\\"").unwrap();
            plan = serde_json::from_str(&format!("{head}restartedAt: \\\"2000 {tail}")).unwrap();
        }
        assert_shown(&plan, &before, &after);
        let done = world.tool("sh").args(["-c", &undo]).env("HOME", world.home.path()).output().unwrap();
        assert!(done.status.success(), "{undo}: {}", text(&done));
        let undone = world.objects();
        // kubectl leaves an empty text out.
        let wish = |objects: &Objects| {
            let mut leaves = leaves_of(Some(&objects["Deployment vcluster-platform/loft"]["spec"]));
            leaves.retain(|(_, value)| !value.is_empty());
            leaves
        };
        assert_eq!(wish(&undone), wish(&before), "{undo}");
    }
}

/// The same that `kubectl` asks of the server, beside it.
#[test]
fn the_servers_dry_run_is_as_kubectl_has_it() {
    if !has_tools("the_servers_dry_run_is_as_kubectl_has_it", &["kubectl"]) {
        return;
    }
    let world = Served::start("scaled-to-zero");
    let before = world.objects();
    let plan = world.preview(world.environment(), "scale", &[]);
    let look = plan["preview_command"].as_str().unwrap();
    assert!(look.contains("--dry-run=server"), "{look}");
    let tried = world.tool("sh").args(["-c", look]).env("HOME", world.home.path()).output().unwrap();
    assert!(text(&tried).contains("replicas: 3"), "{}", text(&tried));
    let patch = r#"{"spec":{"replicas":3}}"#;
    let patched =
        world.kubectl(&["patch", "deployment", "loft", "-p", patch, "--dry-run=server", "-o", "json"]);
    let patched: Value = serde_json::from_str(&patched).unwrap();
    assert_eq!(patched["spec"]["replicas"], 3);
    assert_eq!(world.objects(), before);
    assert_eq!(world.changes(), [""; 0], "a dry run is no change");
    let diff = plan["preview"]["objects"][0]["diff"].to_string();
    assert!(diff.contains("-   replicas: 0") && diff.contains("+   replicas: 3"), "{diff}");
}

/// What cannot be had is told, and holds nothing up.
#[cfg(unix)]
#[test]
fn where_it_cannot_be_read_the_plan_says_why_and_stands() {
    let name = "where_it_cannot_be_read_the_plan_says_why_and_stands";
    if !has_tools(name, &["helm"]) {
        return;
    }
    let world = Served::start("image-pull");
    let environment = world.changed_environment(|text| {
        let line = text.lines().find(|line| line.starts_with("repository")).unwrap().to_owned();
        text.replace(&line, "repository = \"http://127.0.0.1:9/charts\"")
    });
    let args = ["restore", "--environment", &environment, "--failed", US, "--action", "reapply-helm"];
    let output = super::failback(world.home.path(), &args).output().unwrap();
    let said = text(&output);
    assert_eq!(code(&output), 65, "{said}");
    assert!(said.contains("What would change could not be read: helm's dry run failed: "), "{said}");
    assert!(said.contains("Without --confirm nothing was changed"), "{said}");
    let json = super::failback(world.home.path(), &[&args[..], &["--json"]].concat()).output().unwrap();
    let plan: Value = serde_json::from_slice(&json.stdout).unwrap();
    assert!(
        plan["preview"].is_null() && plan["preview_problem"].as_str().unwrap().contains("helm's dry run")
    );
    let unasked = world.run("restore", &["--failed", US, "--action", "reapply-helm", "--no-preview"]);
    assert!(!text(&unasked).contains("Reading what would change"), "{}", text(&unasked));
    assert_eq!(world.changes(), [""; 0]);
}

/// A stand-in for the vCluster CLI, which has no dry run: what the Helm that it calls would do is shown, with what it
/// adds by itself.
#[cfg(unix)]
#[test]
fn the_vcluster_clis_own_additions_are_in_its_plan() {
    let name = "the_vcluster_clis_own_additions_are_in_its_plan";
    if !has_tools(name, &["helm", "kubectl"]) {
        return;
    }
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let stand_in = "case \"$*\" in\n*--help*) echo '  --context string   x'; echo '  --version string   x';;\n\
                    --version|version) echo 'vcluster version 0.35.0';;\nesac";
    super::script(&folder.path().join("vcluster"), stand_in);
    let chart = richer_chart(&world, folder.path());
    let environment =
        world.changed_environment(|text| text.replace("[chart]", &format!("[chart]\nfile = {chart:?}")));
    let mut folders = vec![folder.path().to_owned()];
    folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
    let path = std::env::join_paths(folders).unwrap();
    let args =
        ["restore", "--environment", &environment, "--failed", US, "--action", "reapply-vcluster", "--json"];
    let output = super::failback(world.home.path(), &args).env("PATH", &path).output().unwrap();
    let plan: Value = serde_json::from_slice(&output.stdout).unwrap();
    let notes = plan["preview"]["notes"].to_string();
    for part in ["admin.password (made of the namespace's uid)", "env.DISABLE_LOFT_ROUTER", "has no dry run"]
    {
        assert!(notes.contains(part), "{part}: {plan:#}");
    }
    assert!(plan["notes"].to_string().contains("admin.password and env.DISABLE_LOFT_ROUTER"), "{plan:#}");
    assert!(!plan.to_string().contains("made-up-by"), "{plan:#}");
    assert!(plan["preview"]["lost_keys"].is_null(), "the CLI keeps the release's values: {plan:#}");
    let added: Vec<&str> = plan["preview"]["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| object["change"] == "new")
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    assert_eq!(added, ["loft-admin", "settings"], "{plan:#}");
    assert_eq!(world.changes(), [""; 0]);
}
