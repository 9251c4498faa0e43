//! What stands between a confirmation and the wrong cluster; the request log of both worlds is the judge.

use serde_json::{Value, json};

use super::lookup::has_tools;
use super::{EU, Served, US, code, failback, text};

/// Every action, confirmed by the right name and with a reason for whatever asks for one.
const ACTIONS: [&str; 5] = ["restart", "scale", "rollback", "reapply-helm", "reapply-vcluster"];

fn confirmed(action: &str) -> [&str; 8] {
    ["--failed", US, "--action", action, "--confirm", US, "--reason", "I insist"]
}

/// Tries everything on an environment: all is refused, nothing is changed, and each time it is said why.
#[track_caller]
fn refuses_everything(world: &Served, environment: &str, told: &str) {
    for action in ACTIONS {
        let args = [&["restore", "--environment", environment][..], &confirmed(action)].concat();
        let output = failback(world.home.path(), &args).output().unwrap();
        assert_eq!(code(&output), 65, "{action}: {}", text(&output));
        assert!(text(&output).contains(told), "{action}: {}", text(&output));
    }
    assert_eq!(world.changes(), [""; 0]);
}

/// Makes the failed region's context sign in as the healthy one's does: each cluster lets in its own users alone.
fn sign_in_as_healthy(config: &mut Value) {
    let contexts = config["contexts"].as_array_mut().unwrap();
    let place = |contexts: &[Value], region: &str| {
        contexts.iter().position(|context| context["name"].as_str().unwrap().ends_with(region)).unwrap()
    };
    let user = contexts[place(contexts, EU)]["context"]["user"].clone();
    let failed = place(contexts, US);
    contexts[failed]["context"]["user"] = user;
}

/// The entry of a region's cluster in a kubeconfig.
fn cluster<'a>(config: &'a mut Value, region: &str) -> &'a mut Value {
    let of = |context: &&Value| context["name"].as_str().unwrap().ends_with(region);
    let context = config["contexts"].as_array().unwrap().iter().find(of).unwrap();
    let name = context["context"]["cluster"].clone();
    let clusters = config["clusters"].as_array_mut().unwrap();
    &mut clusters.iter_mut().find(|cluster| cluster["name"] == name).unwrap()["cluster"]
}

#[test]
fn one_cluster_under_another_spelling_is_seen_and_never_touched() {
    for spelling in ["localhost", "127.0.0.1", "[::ffff:127.0.0.1]"] {
        let world = Served::start("scaled-to-zero");
        let kubeconfig = world.changed_kubeconfig(|config| {
            let healthy = cluster(config, EU).clone();
            let failed = cluster(config, US);
            let server = healthy["server"].as_str().unwrap().replace("127.0.0.1", spelling);
            *failed = healthy;
            failed["server"] = json!(server);
            failed["tls-server-name"] = json!("127.0.0.1");
            sign_in_as_healthy(config);
        });
        let environment = world.environment_with_kubeconfig(&kubeconfig);
        refuses_everything(&world, &environment, "lead to the same cluster");
    }
}

#[test]
fn where_the_other_regions_cluster_cannot_be_read_nothing_is_done() {
    for change in [
        |config: &mut Value| cluster(config, EU)["server"] = json!("https://127.0.0.1:9"),
        |config: &mut Value| {
            let contexts = config["contexts"].as_array_mut().unwrap();
            contexts.retain(|context| !context["name"].as_str().unwrap().ends_with(EU));
        },
    ] {
        let world = Served::start("scaled-to-zero");
        let kubeconfig = world.changed_kubeconfig(change);
        let environment = world.environment_with_kubeconfig(&kubeconfig);
        refuses_everything(&world, &environment, "could not be compared");
    }
}

#[test]
fn health_checks_that_watch_each_others_hosts_are_no_evidence() {
    let world = Served::start("scaled-to-zero");
    let swapped = world.changed_environment(|text| {
        let ids: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("health_check_id = ")).collect();
        let (us, eu) = (ids[0].to_owned(), ids[1].to_owned());
        text.replace(&us, "SWAPPED").replace(&eu, &us).replace("SWAPPED", &eu)
    });
    // Seen from the region that is well, whose health check is the failed one's: way past the old gate.
    for failed in [US, EU] {
        for action in ACTIONS {
            let args =
                ["restore", "--environment", &swapped, "--failed", failed, "--action", action, "--confirm"];
            let args = [&args[..], &[failed, "--reason", "I insist"]].concat();
            let output = failback(world.home.path(), &args).output().unwrap();
            assert_eq!(code(&output), 65, "{failed} {action}: {}", text(&output));
            assert!(text(&output).contains("watches"), "{failed} {action}: {}", text(&output));
        }
    }
    assert_eq!(world.changes(), [""; 0]);
}

#[test]
fn a_values_file_of_the_other_region_is_never_applied() {
    if !has_tools("a_values_file_of_the_other_region_is_never_applied", &["helm"]) {
        return;
    }
    let world = Served::start("deployment-missing");
    let environment =
        world.changed_environment(|text| text.replace(&format!("{US}-values"), &format!("{EU}-values")));
    let args = [&["restore", "--environment", &environment][..], &confirmed("reapply-helm")].concat();
    let output = failback(world.home.path(), &args).output().unwrap();
    assert_eq!(code(&output), 65, "{}", text(&output));
    assert!(text(&output).contains("not this region's"), "{}", text(&output));
    assert_eq!(world.changes(), [""; 0]);
}

/// A helm that takes its time to tell its version, and does something first: what was read before it is the past
/// when the action begins.
#[cfg(unix)]
fn with_slow_helm(world: &Served, does: &str) -> std::ffi::OsString {
    let folder = world.home.path().join("slow");
    std::fs::create_dir_all(&folder).unwrap();
    let path = std::env::var_os("PATH").unwrap();
    let helm =
        std::env::split_paths(&path).map(|folder| folder.join("helm")).find(|helm| helm.is_file()).unwrap();
    let script = format!("if [ \"$1\" = version ]; then sleep 1; {does}\nfi\nexec {} \"$@\"", helm.display());
    super::script(&folder.join("helm"), &script);
    let folders = std::iter::once(folder).chain(std::env::split_paths(&path));
    std::env::join_paths(folders).unwrap()
}

#[cfg(unix)]
#[test]
fn a_kubeconfig_that_is_changed_after_the_plan_is_not_obeyed() {
    let name = "a_kubeconfig_that_is_changed_after_the_plan_is_not_obeyed";
    if !has_tools(name, &["helm"]) {
        return;
    }
    for action in ["scale", "restart", "reapply-helm"] {
        let world = Served::start("scaled-to-zero");
        let swapped = world.changed_kubeconfig(|config| {
            let healthy = cluster(config, EU).clone();
            *cluster(config, US) = healthy;
            sign_in_as_healthy(config);
        });
        let own = world.description["kubeconfig"].as_str().unwrap();
        let path = with_slow_helm(&world, &format!("cp {swapped} {own}"));
        let output = world.command("restore", &confirmed(action)).env("PATH", path).output().unwrap();
        assert_eq!(code(&output), 1, "{action}: {}", text(&output));
        assert!(text(&output).contains("Stopped before anything was changed"), "{action}: {}", text(&output));
        assert!(text(&output).contains("the context leads to"), "{action}: {}", text(&output));
        assert_eq!(world.changes(), [""; 0], "{action}");
    }
}

#[cfg(unix)]
#[test]
fn a_region_that_recovers_after_the_plan_is_left_alone() {
    let name = "a_region_that_recovers_after_the_plan_is_left_alone";
    if !has_tools(name, &["helm"]) {
        return;
    }
    let world = Served::start("crash-loop");
    let control = world.description["control"].as_str().unwrap().to_owned();
    // Asked twice it does the responder's part, too.
    let repair =
        format!("import urllib.request as u\nfor _ in range(2): u.urlopen(\"{control}/repair\").read()");
    let does = format!("python3 -c '{repair}'; sleep 5");
    let path = with_slow_helm(&world, &does);
    let output = world.command("restore", &confirmed("restart")).env("PATH", path).output().unwrap();
    assert_eq!(code(&output), 1, "{}", text(&output));
    assert!(text(&output).contains("Stopped before anything was changed"), "{}", text(&output));
    assert_eq!(world.changes(), [""; 0]);
}
