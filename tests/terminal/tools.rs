//! What `helm` and what it starts get from the program: variables from a list, files of their own, one end.
//! The judge is the world's log of changing requests, which names the region of each.
#![cfg(unix)]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::lookup::has_tools;
use super::{EU, Served, US, code, failback, foreign, script, text};

/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(2);

/// A world whose values mend no crash, so that the same action is allowed again and again; a place for temporary
/// files, and for a `helm` of our own before the real one.
struct Bench {
    world: Served,
    folder: tempfile::TempDir,
    environment: String,
}

impl Bench {
    fn start(more: &[&str]) -> Self {
        let world = Served::start_with("crash-loop", more);
        let folder = tempfile::tempdir().unwrap();
        for name in ["tmp", "bin"] {
            std::fs::create_dir(folder.path().join(name)).unwrap();
        }
        let environment = world.environment().to_owned();
        Self { world, folder, environment }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A `helm` that does something before it becomes the real one for an upgrade.
    fn before_upgrade(&self, commands: &str) {
        let real = which::which("helm").unwrap();
        let text = format!("if [ \"$1\" = upgrade ]; then\n{commands}\nfi\nexec {} \"$@\"", real.display());
        script(&self.path("bin/helm"), &text);
    }

    fn reapply(&self) -> Command {
        let args =
            ["restore", "--environment", &self.environment, "--failed", US, "--action", "reapply-helm"];
        // The look at what would change runs Helm as well.
        let mut command =
            failback(self.world.home.path(), &[&args[..], &["--confirm", US, "--no-preview"]].concat());
        let mut folders = vec![self.path("bin")];
        folders.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        command.env("PATH", std::env::join_paths(folders).unwrap()).env("TMPDIR", self.path("tmp"));
        command
    }

    fn kubeconfig(&self) -> Value {
        let path = self.world.description["kubeconfig"].as_str().unwrap();
        serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
    }

    /// What the environment says of a region's values file.
    fn values_file(&self, region: &str) -> PathBuf {
        let file: toml::Table = std::fs::read_to_string(self.world.environment()).unwrap().parse().unwrap();
        let regions = file["regions"].as_array().unwrap();
        let found = regions.iter().find(|found| found["name"].as_str() == Some(region)).unwrap();
        found["values_file"].as_str().unwrap().into()
    }

    /// Folders of tools' files that are there now.
    fn left_folders(&self) -> Vec<PathBuf> {
        let all = std::fs::read_dir(self.path("tmp")).unwrap();
        all.map(|entry| entry.unwrap().path()).collect()
    }

    #[track_caller]
    fn assert_only_the_failed_region_was_changed(&self, more_than: usize) -> usize {
        let changes = self.world.changes();
        assert!(changes.len() > more_than, "nothing was changed: {changes:?}");
        assert!(changes.iter().all(|change| change.contains(US)), "{changes:#?}");
        changes.len()
    }
}

/// The server and the token of a region.
fn access(kubeconfig: &Value, region: &str) -> (String, String) {
    let of = |list: &str| {
        let all = kubeconfig[list].as_array().unwrap();
        all.iter().find(|named| named["name"].as_str().unwrap().contains(region)).unwrap().clone()
    };
    let server = of("clusters")["cluster"]["server"].as_str().unwrap().to_owned();
    (server, of("users")["user"]["token"].as_str().unwrap().to_owned())
}

#[test]
fn no_exported_variable_sends_helm_elsewhere() {
    if !has_tools("no_exported_variable_sends_helm_elsewhere", &["helm"]) {
        return;
    }
    let bench = Bench::start(&[]);
    let kubeconfig = bench.kubeconfig();
    let (server, token) = access(&kubeconfig, EU);
    let theirs = bench.path("theirs");
    std::fs::write(&theirs, kubeconfig.to_string().replace("\"current-context\":\"", "\"was\":\"")).unwrap();
    let context =
        kubeconfig["contexts"].as_array().unwrap().iter().map(|named| named["name"].as_str().unwrap());
    let context = context.into_iter().find(|name| name.contains(EU)).unwrap().to_owned();
    let theirs = theirs.to_str().unwrap();
    let (host, port) = server.strip_prefix("https://").unwrap().split_once(':').unwrap();
    let port = port.split('/').next().unwrap();
    let hostile: Vec<(&str, &str)> = vec![
        ("HELM_KUBEAPISERVER", &server),
        ("HELM_KUBETOKEN", &token),
        ("HELM_KUBECONTEXT", &context),
        ("HELM_KUBEASUSER", "somebody"),
        ("HELM_KUBEASGROUPS", "some,groups"),
        ("HELM_KUBECAFILE", "/nonexistent"),
        ("HELM_KUBEINSECURE_SKIP_TLS_VERIFY", "true"),
        ("HELM_KUBETLS_SERVER_NAME", "elsewhere.example.com"),
        ("HELM_DRIVER", "memory"),
        ("HELM_DRIVER_SQL_CONNECTION_STRING", "postgres://elsewhere"),
        ("HELM_NAMESPACE", "elsewhere"),
        ("HELM_DEBUG", "true"),
        ("HELM_MAX_HISTORY", "1"),
        ("HELM_CACHE_HOME", "/nonexistent"),
        ("HELM_REPOSITORY_CACHE", "/nonexistent"),
        ("HELM_REPOSITORY_CONFIG", "/nonexistent"),
        ("HELM_CONTENT_CACHE", "/nonexistent"),
        ("KUBECONFIG", theirs),
        ("KUBECACHEDIR", "/nonexistent"),
        ("KUBECTL_EXTERNAL_DIFF", "false"),
        ("KUBERNETES_MASTER", &server),
        ("KUBERNETES_SERVICE_HOST", host),
        ("KUBERNETES_SERVICE_PORT", port),
        ("POD_NAMESPACE", "elsewhere"),
    ];
    let mut done = 0;
    let each = hostile.iter().filter(|(name, _)| name.starts_with("HELM_") || name.starts_with("KUBE"));
    let sets = each.map(std::slice::from_ref).chain([&hostile[..]]);
    for variables in sets {
        let output = bench.reapply().envs(variables.iter().copied()).output().unwrap();
        assert_eq!(code(&output), 0, "{variables:?}: {}", text(&output));
        done = bench.assert_only_the_failed_region_was_changed(done);
    }
    assert_eq!(bench.left_folders(), [""; 0].map(PathBuf::from));

    // That the variables do lead elsewhere: the same Helm, run by hand with three of them.
    let variables = hostile.iter().filter(|(name, _)| {
        ["HELM_KUBEAPISERVER", "HELM_KUBETOKEN", "HELM_KUBEINSECURE_SKIP_TLS_VERIFY"].contains(name)
    });
    let create = ["upgrade", "elsewhere", "--install", "--namespace", "vcluster-platform"];
    let chart = bench.path("chart");
    std::fs::create_dir_all(&chart).unwrap();
    std::fs::write(chart.join("Chart.yaml"), "apiVersion: v2\nname: c\nversion: 1.0.0\n").unwrap();
    let mut by_hand = foreign::without_settings("helm");
    let us = context.replace(EU, US);
    by_hand.args(create).arg(&chart).args(["--kubeconfig", theirs, "--kube-context", &us]);
    let output = by_hand.envs(variables.copied()).env("HOME", bench.folder.path()).output().unwrap();
    assert!(bench.world.changes().iter().any(|change| change.contains(EU)), "{}", text(&output));
}

#[test]
fn helm_gets_the_failed_regions_cluster_alone_and_the_values_under_a_plain_name() {
    let name = "helm_gets_the_failed_regions_cluster_alone_and_the_values_under_a_plain_name";
    if !has_tools(name, &["helm"]) {
        return;
    }
    let mut bench = Bench::start(&[]);
    // To Helm a comma parts two files.
    let (own, odd) = (bench.values_file(US), bench.path("a,b=c 'd'%41.yaml"));
    std::fs::copy(&own, &odd).unwrap();
    bench.environment =
        bench.world.changed_environment(|text| text.replace(own.to_str().unwrap(), odd.to_str().unwrap()));
    let seen = bench.path("seen");
    std::fs::create_dir(&seen).unwrap();
    let record = "while [ $# -gt 0 ]; do case \"$1\" in -f) values=$2;; --kubeconfig) config=$2;; esac; \
                  printf '%s\\n' \"$1\" >> SEEN/args; shift; done\n\
                  stat -c %a \"$config\" \"$values\" \"${config%/*}\" > SEEN/modes\n\
                  cp \"$config\" SEEN/config; cp \"$values\" SEEN/values; env > SEEN/env\n\
                  [ \"$KUBECONFIG\" = \"$config\" ] || exit 9\n\
                  exit 0";
    bench.before_upgrade(&record.replace("SEEN", seen.to_str().unwrap()));
    let output = bench.reapply().env("LICENSE_TOKEN", "theirs").output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output));
    let read = |name: &str| std::fs::read_to_string(seen.join(name)).unwrap();
    assert_eq!(read("modes").split_whitespace().collect::<Vec<_>>(), ["600", "600", "700"]);
    assert_eq!(read("values"), std::fs::read_to_string(&odd).unwrap());
    let (config, all) = (read("config"), bench.kubeconfig());
    let (server, token) = access(&all, US);
    assert!(config.contains(&server) && config.contains(&token), "the failed region's");
    let (server, token) = access(&all, EU);
    assert!(!config.contains(&server) && !config.contains(&token) && !config.contains(EU), "no other's");
    assert!(!read("args").contains(odd.to_str().unwrap()), "{}", read("args"));
    assert!(!read("env").contains("LICENSE_TOKEN"), "{}", read("env"));
    // The plan shows the person's own file.
    assert!(text(&output).contains("a,b=c"), "{}", text(&output));
    assert_eq!(bench.left_folders(), [""; 0].map(PathBuf::from));
}

#[test]
fn files_that_are_swapped_once_helm_runs_are_not_obeyed() {
    if !has_tools("files_that_are_swapped_once_helm_runs_are_not_obeyed", &["helm"]) {
        return;
    }
    let mut bench = Bench::start(&[]);
    let (us, eu) = (access(&bench.kubeconfig(), US), access(&bench.kubeconfig(), EU));
    let config = bench.world.changed_kubeconfig(|_| {});
    bench.environment = bench.world.environment_with_kubeconfig(&config);
    let swapped = bench.path("swapped");
    let text_of = std::fs::read_to_string(&config).unwrap().replace(&us.0, &eu.0).replace(&us.1, &eu.1);
    std::fs::write(&swapped, text_of).unwrap();
    let (values, other) = (bench.values_file(US), bench.values_file(EU));
    bench.before_upgrade(&format!(
        "cp {} {config}; cp {} {}",
        swapped.display(),
        other.display(),
        values.display()
    ));
    let output = bench.reapply().output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output));
    bench.assert_only_the_failed_region_was_changed(0);
    let mut look = foreign::without_settings("helm");
    let own = bench.world.description["kubeconfig"].as_str().unwrap();
    let all = bench.kubeconfig();
    let mut contexts =
        all["contexts"].as_array().unwrap().iter().map(|named| named["name"].as_str().unwrap());
    let context = contexts.find(|name| name.contains(US)).unwrap();
    look.args([
        "get",
        "values",
        "loft",
        "-n",
        "vcluster-platform",
        "--kubeconfig",
        own,
        "--kube-context",
        context,
    ]);
    let values = look.env("HOME", bench.folder.path()).output().unwrap();
    assert!(text(&values).contains("region: us-east-1"), "{}", text(&values));
}

#[test]
fn helm_signs_in_by_the_clusters_own_plugin_with_what_it_gets() {
    if !has_tools("helm_signs_in_by_the_clusters_own_plugin_with_what_it_gets", &["helm", "aws"]) {
        return;
    }
    let bench = Bench::start(&["--auth", "eks"]);
    let output = bench.reapply().output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output));
    assert!(text(&output).contains("Done: release loft is deployed, revision"), "{}", text(&output));
    bench.assert_only_the_failed_region_was_changed(0);
}

/// Waits for something of the world or the machine.
#[track_caller]
fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let begin = Instant::now();
    while !is_so() {
        assert!(begin.elapsed() < PATIENCE, "{what}: never");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// An upgrade of the real Helm that has written its pending record, and is not done.
fn in_mid_upgrade(bench: &Bench) -> Child {
    let child = bench.reapply().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    eventually("the release's record", || {
        bench.world.changes().iter().any(|change| change.contains("/secrets"))
    });
    assert_eq!(bench.left_folders().len(), 1);
    child
}

fn signal(child: &Child, signal: &str) {
    let sent = Command::new("kill").args([signal, &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Does any process have its temporary files in this folder?
fn is_used(folder: &Path) -> bool {
    let script = format!("grep -lzx 'TMPDIR={}' /proc/[0-9]*/environ 2>/dev/null", folder.display());
    let found = Command::new("sh").args(["-c", &script]).output().unwrap();
    !found.stdout.is_empty()
}

#[cfg(target_os = "linux")]
#[test]
fn a_cancelled_upgrade_leaves_no_file_and_no_process_and_says_how_to_look() {
    if !has_tools("a_cancelled_upgrade_leaves_no_file_and_no_process_and_says_how_to_look", &["helm"]) {
        return;
    }
    let bench = Bench::start(&["--latency", "250"]);
    let child = in_mid_upgrade(&bench);
    signal(&child, "-INT");
    let output: Output = child.wait_with_output().unwrap();
    let said = text(&output);
    assert_eq!(code(&output), 130, "{said}");
    assert_eq!(bench.left_folders(), [""; 0].map(PathBuf::from), "{said}");
    assert!(!is_used(&bench.path("tmp")), "{said}");
    // The command that it advises is one that the real program knows.
    let advised = said.split('`').find(|part| part.starts_with("helm ")).unwrap_or_else(|| panic!("{said}"));
    let mut look = foreign::without_settings("sh");
    let looked = look.args(["-c", advised]).env("HOME", bench.folder.path()).output().unwrap();
    assert!(looked.status.success(), "{advised}: {}", text(&looked));
    assert!(text(&looked).contains("REVISION"), "{}", text(&looked));
}

#[test]
fn an_output_that_nobody_reads_holds_nothing_up() {
    if !has_tools("an_output_that_nobody_reads_holds_nothing_up", &["helm"]) {
        return;
    }
    let bench = Bench::start(&[]);
    bench.before_upgrade(
        "i=0; while [ $i -lt 20000 ]; do echo a line of the output, number $i; i=$((i+1)); done",
    );
    let child = bench.reapply().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let runs = bench.world.home.path().join("runs");
    let journal = || {
        let run = std::fs::read_dir(&runs).ok()?.next()?.ok()?.path();
        std::fs::read_to_string(run.join("journal.jsonl")).ok()
    };
    eventually("the outcome", || journal().is_some_and(|journal| journal.contains("\"what\":\"outcome\"")));
    assert!(journal().unwrap().contains("\"done\""), "{:?}", journal());
    let output = child.wait_with_output().unwrap();
    assert_eq!(code(&output), 0, "{}", text(&output));
    let said = text(&output);
    assert!(["were not read in time", "were not printed"].iter().any(|told| said.contains(told)), "{said}");
    bench.assert_only_the_failed_region_was_changed(0);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_run_left_is_swept_at_the_next_start() {
    if !has_tools("what_a_killed_run_left_is_swept_at_the_next_start", &["helm"]) {
        return;
    }
    let bench = Bench::start(&["--latency", "250"]);
    let mut child = in_mid_upgrade(&bench);
    signal(&child, "-KILL");
    child.wait().unwrap();
    let left = bench.left_folders();
    assert!(left[0].join("kubeconfig").exists(), "{left:?}");
    let orphans = failback::clients::process::family::orphans();
    let mark = format!("{}-", child.id());
    assert!(orphans.iter().any(|orphan| orphan.mark.starts_with(&mark)), "{orphans:?}");
    let check = ["check", "--environment", &bench.environment, "--failed", US];
    let next = || {
        let mut next = failback(bench.world.home.path(), &check);
        let output = next.env("TMPDIR", bench.path("tmp")).output().unwrap();
        assert_ne!(code(&output), 64, "{}", text(&output));
    };
    next();
    // Helm goes on by its files, and is left them; with its end they belong to nobody.
    assert!(!is_used(&bench.path("tmp")) || left[0].join("kubeconfig").exists());
    eventually("Helm's own end", || !is_used(&bench.path("tmp")));
    next();
    assert_eq!(bench.left_folders(), [""; 0].map(PathBuf::from));
}
