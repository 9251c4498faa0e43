//! The commands of step 3, which change the failed region (`domain.md`, T1 to T8).

use super::value::Kind;
use super::{Command, DEPLOYMENT, context, helm, kubectl, named, rollout};
use crate::runbook::profile::{Profile, Region};

const HELM_3: &str =
    "--server-side and --force-conflicts are left out: the installed Helm 3 does not know them";

/// Step 3: restart.
pub fn restart(profile: &Profile, region: &Region) -> Command {
    rollout(kubectl(profile, region), "restart", profile)
}

/// Step 3: scale.
pub fn scale(profile: &Profile, region: &Region, current: Option<i32>) -> Command {
    let replicas = format!("--replicas={}", profile.replicas);
    let command = kubectl(profile, region).args(["scale", "deployment"]).namespace("-n", profile).value(
        Kind::Name,
        DEPLOYMENT,
        &profile.deployment,
    );
    let command = match current {
        Some(current) => command
            .arg(format!("--current-replicas={current}"))
            .differs("--current-replicas is added: refused if somebody scaled it meanwhile"),
        None => command,
    };
    command.arg(replicas)
}

/// Step 3: undo a restart whose new pods do not come up: back to the pods of the revision before it.
pub fn rollout_undo(profile: &Profile, region: &Region, revision: u32) -> Command {
    rollout(kubectl(profile, region), "undo", profile).arg(format!("--to-revision={revision}"))
}

/// Step 3: undo a scaling.
pub fn scale_back(profile: &Profile, region: &Region, replicas: i32) -> Command {
    let command = kubectl(profile, region).args(["scale", "deployment"]).namespace("-n", profile);
    command.value(Kind::Name, DEPLOYMENT, &profile.deployment).arg(format!("--replicas={replicas}"))
}

/// Step 3: what the server would make of a scaling; nothing is changed.
pub fn scale_try(profile: &Profile, region: &Region, current: Option<i32>) -> Command {
    let mut command = scale(profile, region, current).args(["--dry-run=server", "-o", "yaml"]);
    command.differs.clear();
    command
}

/// Step 3: what a re-apply by Helm would apply; nothing is changed.
pub fn helm_try(upgrade: Command) -> Command {
    let mut command = upgrade.args(["--dry-run=server", HIDE_SECRET]);
    command.differs.clear();
    command
}

/// Step 3: the same for the vCluster CLI, which has no dry run: the Helm that it calls, with the values that it
/// adds itself (`domain.md`, T5), but for the admin password.
pub fn vcluster_try(profile: &Profile, region: &Region, version: &str) -> Command {
    // As for Helm 3: the CLI leaves the way of applying to Helm.
    let upgrade = helm_upgrade(profile, region, version, Some(3));
    helm_try(upgrade.args(["--reuse-values", "--set-string", "env.DISABLE_LOFT_ROUTER=true"]))
}

/// Helm's own mask for Secrets in what it prints for people.
pub const HIDE_SECRET: &str = "--hide-secret";

/// Step 3: re-apply the values file by Helm. `major` is the installed Helm's (`domain.md`, T3 and T7).
pub fn helm_upgrade(profile: &Profile, region: &Region, version: &str, major: Option<u32>) -> Command {
    let mut command =
        Command::new(["helm", "upgrade"]).value(Kind::Name, "The name of the release", &profile.deployment);
    // An OCI registry is no repository: the chart is named by its whole address.
    let oci = profile.chart.repository.starts_with("oci://");
    let repository = command.given(Kind::Url, REPOSITORY, &profile.chart.repository);
    let name = command.given(Kind::Id, CHART, &profile.chart.name);
    let version = &command.given(Kind::Version, VERSION, version);
    let file = profile.chart.file.as_deref();
    command = match file {
        Some(file) => command.path(ARCHIVE, file),
        None if oci => command.arg(format!("{}/{name}", repository.trim_end_matches('/'))),
        None => command.arg(name),
    };
    command = command.args(["--install", "--create-namespace", "--repository-config="]);
    command = command.namespace("--namespace", profile);
    if file.is_none() && !oci {
        command = command.args(["--repo", &repository]);
    }
    if file.is_none() {
        command = command.args(["--version", version]);
    }
    if let Some(file) = &profile.kubeconfig {
        command = command.arg("--kubeconfig").path("The path of the kubeconfig", file);
    }
    command = values_file(context(command, "--kube-context", region).arg("-f"), region);
    command = command.differs(match file {
        Some(_) => "the chart archive on this machine in place of the repository, which may be out of reach".to_owned(),
        None => format!(
            "--version {version} is what the healthy region runs, the 4.8.0 of the runbook would downgrade this region"
        ),
    });
    if major == Some(3) {
        command.differs(HELM_3)
    } else {
        command.args(["--server-side=true", "--force-conflicts"])
    }
}

/// Step 3: roll the release back to a revision, a placeholder where none is known: Helm takes 0 for the
/// one before the newest, which need not have been whole. `major` is the installed Helm's.
pub fn helm_rollback(
    profile: &Profile,
    region: &Region,
    revision: Option<u32>,
    major: Option<u32>,
) -> Command {
    let revision = revision.map_or("REVISION".to_owned(), |revision| revision.to_string());
    let command = helm(profile, region, "rollback", Some(&revision));
    let command = command.differs(
        "not in the runbook: its re-apply is refused while an earlier install, upgrade or rollback is pending",
    );
    if major == Some(3) {
        command.differs(HELM_3)
    } else {
        // As the re-apply: what others changed by hand meanwhile is no conflict.
        command.args(["--server-side=true", "--force-conflicts"])
    }
}

/// Step 3: re-apply the values file by the vCluster CLI, with the flags that the
/// installed one knows (`domain.md`, T1, T2, T4).
pub fn vcluster_start(profile: &Profile, region: &Region, version: &str, flags: &[String]) -> Command {
    let knows = |flag: &str| flags.iter().any(|known| known == flag);
    let mut command = Command::new(["vcluster", "platform", "start"]);
    let version = &command.given(Kind::Version, VERSION, version);
    if let Some(file) = &profile.kubeconfig {
        let file = file.display().to_string();
        command = command.variable("KUBECONFIG", "The path of the kubeconfig", &file);
    }
    command = command.namespace("--namespace", profile);
    command = if knows("--kube-context") && !knows("--context") {
        context(command, "--kube-context", region)
    } else {
        context(command, "--context", region)
            .differs("--context instead of --kube-context, which the CLI does not know")
    };
    command = values_file(command.arg("--values"), region).args(["--upgrade", "--no-tunnel"]);
    command = command.args(["--version", version]).differs(format!(
        "--version {version} is added: without it the CLI upgrades this region to the latest version"
    ));
    if let Some(file) = profile.chart.file.as_ref().filter(|_| knows("--chart-path")) {
        command = command.arg("--chart-path").path(ARCHIVE, file);
    } else if knows("--chart-repo") {
        command = command.arg("--chart-repo").value(Kind::Url, REPOSITORY, &profile.chart.repository);
    }
    if knows("--chart-name") && profile.chart.file.is_none() {
        command = command.arg("--chart-name").value(Kind::Id, CHART, &profile.chart.name);
    }
    let quiet: Vec<&str> =
        ["--no-wait", "--no-port-forwarding", "--no-login"].into_iter().filter(|flag| knows(flag)).collect();
    for flag in &quiet {
        command = command.arg(*flag);
    }
    if quiet.is_empty() {
        command
    } else {
        command
            .differs(format!("{} added: without, the CLI stays in the foreground for ever", quiet.join(", ")))
    }
}

const VERSION: &str = "The version";
const REPOSITORY: &str = "The repository of the chart";
const CHART: &str = "The name of the chart";
const ARCHIVE: &str = "The path of the chart archive";

fn values_file(mut command: Command, region: &Region) -> Command {
    let what = format!("The path of the values file of {}", named(region));
    if let Some(file) = &region.values_file {
        return command.path(&what, file);
    }
    let name = command.given(Kind::Id, "The name of the region", &region.name);
    command.arg(format!("platform-{name}-values.yaml"))
}
