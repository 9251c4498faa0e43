//! A release that is left pending: what Helm refuses then, and the way out of it, by the real helm.

use std::process::{Child, Command};

use super::lookup::has_tools;
use super::{Served, US, check, code, foreign, report, text};

const REASON: [&str; 2] = ["--reason", "I know that nobody is at it"];

/// A world whose answers take long enough for a helm to be killed between two of them.
fn slow(scenario: &str) -> Served {
    Served::start_with(scenario, &["--latency", "150"])
}

impl Served {
    /// A program that sees the world's files and nothing of the user's.
    pub(super) fn tool(&self, program: &str) -> Command {
        let mut command = foreign::without_settings(program);
        for (name, value) in self.description["env"].as_object().unwrap() {
            command.env(name, value.as_str().unwrap());
        }
        command
    }

    /// The runbook's re-apply, begun, and killed as soon as its record is there.
    fn killed_upgrade(&self) {
        let environment = std::fs::read_to_string(self.environment()).unwrap();
        let environment: toml::Table = environment.parse().unwrap();
        let repository = environment["chart"]["repository"].as_str().unwrap();
        let context = environment["regions"][0]["context"].as_str().unwrap();
        let values = self.description["values_file"].as_str().unwrap();
        let mut helm: Child = self
            .tool("helm")
            .args(["upgrade", "loft", "vcluster-platform", "--install", "--repository-config="])
            .args(["--repo", repository, "--version", "4.11.2", "-f", values])
            .args(["--namespace", "vcluster-platform", "--kube-context", context, "--server-side=true"])
            .spawn()
            .unwrap();
        let recorded = |change: &String| change.contains("POST") && change.contains("/secrets");
        while !self.changes().iter().any(recorded) {
            assert!(helm.try_wait().unwrap().is_none(), "helm ended by itself");
        }
        helm.kill().unwrap();
        helm.wait().unwrap();
    }

    fn act(&self, action: &str, more: &[&str]) -> std::process::Output {
        let target = ["--failed", US, "--action", action, "--confirm", US];
        self.run("restore", &[&target[..], more].concat())
    }

    fn assert_only_the_failed_region_changed(&self) {
        let changes = self.changes();
        assert!(!changes.is_empty() && changes.iter().all(|change| change.contains(US)), "{changes:?}");
    }
}

#[test]
fn an_upgrade_that_was_killed_is_rolled_back_and_then_the_re_apply_is_done() {
    if !has_tools("an_upgrade_that_was_killed_is_rolled_back_and_then_the_re_apply_is_done", &["helm"]) {
        return;
    }
    let world = slow("resource-exhaustion");
    let values = world.description["values_file"].as_str().unwrap();
    world.killed_upgrade();

    let report = report(&world.run("check", &["--json"]));
    let release = check(&report, "release", Some(US));
    let found = release["found"].as_str().unwrap();
    assert!(
        release["verdict"] == "warn" && found.starts_with("pending-upgrade, revision 2, since"),
        "{release}"
    );
    let causes: Vec<&str> =
        report["causes"].as_array().unwrap().iter().map(|cause| cause["id"].as_str().unwrap()).collect();
    assert_eq!(causes[0], "resource-exhaustion", "why it does not serve stays first: {causes:?}");
    assert!(causes.contains(&"release-pending"), "{causes:?}");

    let before = world.changes().len();
    for action in ["reapply-helm", "reapply-vcluster"] {
        let refused = world.act(action, &REASON);
        assert_eq!(code(&refused), 65, "{action}: {}", text(&refused));
        assert!(
            text(&refused).contains("Helm refuses every upgrade until that has ended"),
            "{}",
            text(&refused)
        );
    }
    // The record is seconds old: it may be somebody's running upgrade.
    let young = world.act("rollback", &[]);
    assert_eq!(code(&young), 65, "{}", text(&young));
    assert!(
        text(&young).contains("less than five minutes ago, and somebody may be at it"),
        "{}",
        text(&young)
    );
    assert_eq!(world.changes().len(), before, "what is refused changes nothing");

    let rolled_back = world.act("rollback", &REASON);
    assert_eq!(code(&rolled_back), 0, "{}", text(&rolled_back));
    let said = text(&rolled_back);
    assert!(
        said.contains("helm rollback loft 1 ") && said.contains("Done: Rollback was a success"),
        "{said}"
    );
    let again = world.act("rollback", &REASON);
    assert!(code(&again) == 65 && text(&again).contains("there is nothing to roll back"), "{}", text(&again));

    let raised = std::fs::read_to_string(values).unwrap().replace("memory: 512Mi", "memory: 2Gi");
    std::fs::write(values, raised).unwrap();
    let applied = world.act("reapply-helm", &[]);
    assert_eq!(code(&applied), 0, "{}", text(&applied));
    let rollout = world.run("rollout", &["--failed", US]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    world.assert_only_the_failed_region_changed();
}

#[test]
fn an_interrupted_upgrade_to_another_version_is_undone_by_the_rollback_alone() {
    if !has_tools("an_interrupted_upgrade_to_another_version_is_undone_by_the_rollback_alone", &["helm"]) {
        return;
    }
    let world = Served::start("release-pending");
    let refused = world.act("reapply-helm", &REASON);
    assert_eq!(code(&refused), 65, "{}", text(&refused));
    assert!(!text(&refused).contains("may be overridden"), "Helm itself refuses: {}", text(&refused));
    assert_eq!(world.changes(), [""; 0]);
    let rolled_back = world.act("rollback", &[]);
    assert_eq!(code(&rolled_back), 0, "{}", text(&rolled_back));
    let rollout = world.run("rollout", &["--failed", US]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    assert!(text(&rollout).contains("3 available of 3"), "{}", text(&rollout));
    world.assert_only_the_failed_region_changed();
}

/// There is no revision to go back to: what the guide says is done by hand, as it stands there.
#[cfg(unix)]
#[test]
fn a_first_install_that_was_killed_is_forgotten_and_done_anew() {
    if !has_tools("a_first_install_that_was_killed_is_forgotten_and_done_anew", &["helm", "kubectl"]) {
        return;
    }
    let world = slow("deployment-missing");
    let guide = |named: &str| {
        let said = text(&world.run("check", &[]));
        let line = said.lines().map(str::trim).find(|line| line.starts_with(named));
        line.map(str::to_owned).ok_or(said)
    };
    let by_hand = |line: &str| {
        let done = world.tool("sh").args(["-c", line]).output().unwrap();
        assert!(done.status.success(), "{line}: {}", text(&done));
        text(&done)
    };
    let context = format!("--context arn:aws:eks:{US}:123456789012:cluster/platform-multi-region-{US}");
    by_hand(&format!("kubectl {context} -n vcluster-platform delete secret sh.helm.release.v1.loft.v1"));
    world.killed_upgrade();

    for action in ["rollback", "reapply-helm"] {
        let refused = world.act(action, &REASON);
        assert_eq!(code(&refused), 65, "{action}: {}", text(&refused));
        assert!(text(&refused).contains("pending-install"), "{action}: {}", text(&refused));
    }
    let history = by_hand(&guide("helm history loft").unwrap());
    assert!(history.contains("pending-install"), "{history}");
    let forget = guide("kubectl ").unwrap();
    assert!(forget.contains("delete secret") && forget.contains("loft.v1"), "{forget}");
    by_hand(&forget);
    let applied = world.act("reapply-helm", &[]);
    assert_eq!(code(&applied), 0, "{}", text(&applied));
    let rollout = world.run("rollout", &["--failed", US]);
    assert_eq!(code(&rollout), 0, "{}", text(&rollout));
    world.assert_only_the_failed_region_changed();
}
