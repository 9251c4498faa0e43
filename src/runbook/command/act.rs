//! The commands of step 3, which change the failed region (`domain.md`, T1 to T8).

use super::{Command, helm, kubectl};
use crate::runbook::profile::{Profile, Region};

const HELM_3: &str =
    "--server-side and --force-conflicts are left out: the installed Helm 3 does not know them";

/// Step 3: restart.
pub fn restart(profile: &Profile, region: &Region) -> Command {
    let deployment = format!("deployment/{}", profile.deployment);
    kubectl(profile, region).args(["rollout", "restart", &deployment, "-n", &profile.namespace])
}

/// Step 3: scale.
pub fn scale(profile: &Profile, region: &Region, current: Option<i32>) -> Command {
    let replicas = format!("--replicas={}", profile.replicas);
    let command =
        kubectl(profile, region).args(["scale", "deployment", "-n", &profile.namespace, &profile.deployment]);
    let command = match current {
        Some(current) => command
            .arg(format!("--current-replicas={current}"))
            .differs("--current-replicas is added: refused if somebody scaled it meanwhile"),
        None => command,
    };
    command.arg(replicas)
}

/// Step 3: re-apply the values file by Helm. `major` is the installed Helm's (`domain.md`, T3 and T7).
pub fn helm_upgrade(profile: &Profile, region: &Region, version: &str, major: Option<u32>) -> Command {
    let mut command = Command::new(["helm", "upgrade", &profile.deployment]);
    // An OCI registry is no repository: the chart is named by its whole address.
    let oci = profile.chart.repository.starts_with("oci://");
    let file = profile.chart.file.as_ref();
    let chart = if let Some(file) = file {
        file.display().to_string()
    } else if oci {
        format!("{}/{}", profile.chart.repository.trim_end_matches('/'), profile.chart.name)
    } else {
        profile.chart.name.clone()
    };
    command = command.arg(chart).args(["--install", "--create-namespace", "--repository-config="]);
    command = command.args(["--namespace", &profile.namespace]);
    if file.is_none() && !oci {
        command = command.args(["--repo", &profile.chart.repository]);
    }
    if file.is_none() {
        command = command.args(["--version", version]);
    }
    if let Some(file) = &profile.kubeconfig {
        command = command.arg("--kubeconfig").arg(file.display().to_string());
    }
    command = command.args(["--kube-context", &region.context, "-f"]);
    command = command.arg(values_file(region));
    command = command.differs(match file {
        Some(_) => "the chart archive on this machine in place of the repository, which may be out of reach".to_owned(),
        None => format!(
            "--version {version} is what the healthy region runs; the runbook's 4.8.0 would downgrade this region"
        ),
    });
    if major == Some(3) {
        command.differs(HELM_3)
    } else {
        command.args(["--server-side=true", "--force-conflicts"])
    }
}

/// Step 3: roll the release back to a revision. `major` is the installed Helm's.
pub fn helm_rollback(profile: &Profile, region: &Region, revision: u32, major: Option<u32>) -> Command {
    let revision = revision.to_string();
    let command = helm(profile, region, ["rollback", &profile.deployment, &revision]);
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
    if let Some(file) = &profile.kubeconfig {
        command.env.push(("KUBECONFIG".to_owned(), file.display().to_string()));
    }
    command = command.args(["--namespace", &profile.namespace]);
    command = if knows("--kube-context") && !knows("--context") {
        command.args(["--kube-context", &region.context])
    } else {
        command
            .args(["--context", &region.context])
            .differs("--context instead of --kube-context, which the CLI does not know")
    };
    command = command.arg("--values").arg(values_file(region)).args(["--upgrade", "--no-tunnel"]);
    command = command.args(["--version", version]).differs(format!(
        "--version {version} is added: without it the CLI upgrades this region to the latest version"
    ));
    if let Some(file) = profile.chart.file.as_ref().filter(|_| knows("--chart-path")) {
        command = command.arg("--chart-path").arg(file.display().to_string());
    } else if knows("--chart-repo") {
        command = command.args(["--chart-repo", &profile.chart.repository]);
    }
    if knows("--chart-name") && profile.chart.file.is_none() {
        command = command.args(["--chart-name", &profile.chart.name]);
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

fn values_file(region: &Region) -> String {
    match &region.values_file {
        Some(file) => file.display().to_string(),
        None => format!("platform-{}-values.yaml", region.name),
    }
}
