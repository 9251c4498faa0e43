//! The runbook's commands with the variables filled in, corrected where the
//! printed ones go wrong (`domain.md`, section 1), quoted for a shell.

mod act;
mod look;
mod mend;

use super::profile::{AwsSettings, Profile, Region};

pub use act::*;
pub use look::*;
pub use mend::*;

/// A command line to copy: environment, program and arguments. Never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Variables to set for it, in order.
    pub env: Vec<(String, String)>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where and why it differs from the runbook's command, a line each.
    pub differs: Vec<String>,
}

impl Command {
    fn new<const N: usize>(argv: [&str; N]) -> Self {
        Self { argv: argv.map(str::to_owned).to_vec(), ..Self::default() }
    }

    fn arg(mut self, arg: impl Into<String>) -> Self {
        self.argv.push(arg.into());
        self
    }

    fn args<const N: usize>(mut self, args: [&str; N]) -> Self {
        self.argv.extend(args.map(str::to_owned));
        self
    }

    fn differs(mut self, why: impl Into<String>) -> Self {
        self.differs.push(why.into());
        self
    }

    /// One line for a POSIX shell.
    pub fn shell(&self) -> String {
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
        env.chain(self.argv.iter().map(|arg| quote(arg))).collect::<Vec<_>>().join(" ")
    }
}

/// Quotes one word for a POSIX shell.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// The table that the runbook prints of a health check's status.
const STATUS_QUERY: &str = "HealthCheckObservations[].{Region:Region,Status:StatusReport.Status}";

fn aws(settings: &AwsSettings) -> Command {
    let mut command = Command::new(["aws"]);
    for (name, file) in [
        ("AWS_CONFIG_FILE", &settings.config_file),
        ("AWS_SHARED_CREDENTIALS_FILE", &settings.credentials_file),
    ] {
        if let Some(file) = file {
            command.env.push((name.to_owned(), file.display().to_string()));
        }
    }
    match &settings.profile {
        Some(profile) => command.args(["--profile", profile]),
        None => command,
    }
}

fn kubectl(profile: &Profile, region: &Region) -> Command {
    let command = Command::new(["kubectl"]);
    let command = match &profile.kubeconfig {
        Some(file) => command.arg("--kubeconfig").arg(file.display().to_string()),
        None => command,
    };
    command.args(["--context", &region.context])
}

fn helm<const N: usize>(profile: &Profile, region: &Region, what: [&str; N]) -> Command {
    let command = Command::new(["helm"]).args(what).args(["--namespace", &profile.namespace]);
    let command = match &profile.kubeconfig {
        Some(file) => command.arg("--kubeconfig").arg(file.display().to_string()),
        None => command,
    };
    command.args(["--kube-context", &region.context])
}

/// Steps 1 and 5: what each checker of a region's health check reports.
pub fn health_check_status(profile: &Profile, region: &Region) -> Command {
    aws(&profile.aws).args([
        "route53",
        "get-health-check-status",
        "--health-check-id",
        &region.health_check_id,
        "--query",
        STATUS_QUERY,
        "--output",
        "table",
    ])
}

/// Our own look at a host, at its own address where one is given.
pub fn probe(host: &str, address: Option<&str>, ca: Option<&std::path::Path>) -> Command {
    let mut command = Command::new(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\\n"]);
    let mut port = "443";
    if let Some((ip, given)) = address.and_then(|address| address.rsplit_once(':')) {
        port = given;
        command = command.arg("--resolve").arg(format!("{host}:{port}:{ip}"));
    }
    if let Some(ca) = ca {
        command = command.arg("--cacert").arg(ca.display().to_string());
    }
    let port = if port == "443" { String::new() } else { format!(":{port}") };
    command.arg(format!("https://{host}{port}/healthz"))
}

/// Step 2: does the API server answer.
pub fn version(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "--raw", "/version"])
}

/// Step 2: the Deployment.
pub fn get_deployment(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "deployment", "-n", &profile.namespace, &profile.deployment])
}

/// Steps 2 and 5: the platform's pods.
pub fn get_pods(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "pods", "-n", &profile.namespace, "-l", &profile.selector])
}

/// Step 2: the last 50 lines of the logs.
pub fn logs(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region)
        .args(["logs", "-n", &profile.namespace, "-l", &profile.selector, "--tail=50", "--prefix"])
        .differs("--prefix is added: it names the pod of each line")
}

/// Step 2: the same of the containers before their last restart (`domain.md`, T16).
pub fn previous_logs(profile: &Profile, region: &Region) -> Command {
    logs(profile, region)
        .arg("--previous")
        .differs("--previous is added: the current log of a container that keeps crashing is often empty")
}

/// Step 2: the Ingress.
pub fn get_ingress(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "ingress", "-n", &profile.namespace, &profile.ingress])
}

/// Step 2: the nodes.
pub fn get_nodes(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "nodes"])
}

/// Step 2: the namespace's events, oldest first.
pub fn get_events(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "events", "-n", &profile.namespace, "--sort-by=.lastTimestamp"])
}

/// Step 4: wait for the rollout, with an end.
pub fn rollout_status(profile: &Profile, region: &Region) -> Command {
    let deployment = format!("deployment/{}", profile.deployment);
    kubectl(profile, region)
        .args(["rollout", "status", &deployment, "-n", &profile.namespace, "--timeout=10m"])
        .differs("--timeout is added: without, it waits for ever; it also reports success at 0 replicas, so look at the pods too")
}

/// Step 5: the NetworkPeers.
pub fn get_network_peers(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "networkpeers.storage.loft.sh", "-A"])
}

/// Which version of a program there is.
pub fn tool_version(program: &str) -> Command {
    match program {
        "vcluster" => Command::new(["vcluster", "--version"]),
        "kubectl" => Command::new(["kubectl", "version", "--client"]),
        program => Command::new([program, "version", "--short"]),
    }
}

/// What the vCluster CLI does to the admin password, and how not to lose it (`domain.md`, T5).
const ADMIN_PASSWORD: &str = "add --password with the one that the release has (helm get values), or the CLI sets a new \
     one: the namespace's uid";

/// A step's heading and its commands, in the runbook's order.
pub type Section = (String, Vec<Command>);

/// The whole runbook for one failed region, corrected and filled in. `version` is
/// the chart's; without one the commands that need it say so in a placeholder.
pub fn runbook(
    profile: &Profile,
    failed: super::profile::RegionIndex,
    version: Option<&str>,
) -> Vec<Section> {
    let region = profile.region(failed);
    let version = version.unwrap_or("VERSION-OF-THE-HEALTHY-REGION");
    let all = || profile.regions.iter();
    let others = profile.others(failed).map(|other| profile.region(other));
    let confirm =
        std::iter::once(region).chain(others).map(|region| health_check_status(profile, region)).collect();
    let diagnose = vec![
        get_pods(profile, region),
        logs(profile, region),
        previous_logs(profile, region),
        get_ingress(profile, region),
        get_deployment(profile, region),
        get_nodes(profile, region),
        get_events(profile, region),
    ];
    let flags = ["--context", "--no-wait", "--no-port-forwarding", "--no-login"].map(str::to_owned);
    let restore = vec![
        restart(profile, region),
        helm_upgrade(profile, region, version, None),
        vcluster_start(profile, region, version, &flags).differs(ADMIN_PASSWORD),
        scale(profile, region, None),
    ];
    let mut verify = vec![health_check_status(profile, region)];
    for region in all() {
        verify.push(get_pods(profile, region));
        if let Some(host) = &region.host {
            verify.push(probe(host, region.probe_address.as_deref(), region.probe_ca.as_deref()));
        }
    }
    if let Some(host) = &profile.shared_host {
        // Where regions are given addresses of their own, the name leads to none by itself.
        let given = all().find(|region| region.probe_address.is_some());
        let address = given.and_then(|region| region.probe_address.as_deref());
        verify.push(probe(host, address, given.and_then(|region| region.probe_ca.as_deref())));
    }
    verify.push(get_network_peers(profile, region));
    vec![
        ("Step 1 - Confirm failover is active".to_owned(), confirm),
        (format!("Step 2 - Diagnose {}", region.name), diagnose),
        (format!("Step 3 - Restore {}: one of these, by cause", region.name), restore),
        ("Step 4 - Wait for the rollout to complete".to_owned(), vec![rollout_status(profile, region)]),
        ("Step 5 - Verify recovery".to_owned(), verify),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::profile::testing::profile;

    #[test]
    fn words_are_quoted_for_a_shell() {
        for (word, quoted) in [
            ("plain-1.2/x:y", "plain-1.2/x:y"),
            ("", "''"),
            ("two words", "'two words'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
        ] {
            assert_eq!(quote(word), quoted);
            assert_eq!(shlex::split(&quote(word)).unwrap(), [word]);
        }
    }

    #[test]
    fn the_cli_gets_the_flags_it_knows() {
        let profile = profile();
        let region = &profile.regions[0];
        let new = ["--context", "--no-wait", "--no-login"].map(str::to_owned);
        let line = vcluster_start(&profile, region, "4.11.2", &new).shell();
        assert!(line.contains("--context arn:aws:eks:us-east-1"), "{line}");
        assert!(line.contains("--no-wait --no-login") && !line.contains("--no-port-forwarding"), "{line}");
        assert!(line.contains("--version 4.11.2"), "{line}");
        let other = ["--kube-context".to_owned()];
        let line = vcluster_start(&profile, region, "4.11.2", &other).shell();
        assert!(line.contains("--kube-context arn:") && !line.contains("--no-wait"), "{line}");
    }

    #[test]
    fn helm_3_gets_no_flags_of_helm_4() {
        let profile = profile();
        for (major, given) in [(Some(3), false), (Some(4), true), (None, true)] {
            let line = helm_upgrade(&profile, &profile.regions[0], "4.11.2", major).shell();
            assert_eq!(line.contains("--server-side=true --force-conflicts"), given, "{line}");
        }
    }

    #[test]
    fn every_command_survives_a_shell() {
        let profile = profile();
        for (_, commands) in runbook(&profile, super::super::profile::RegionIndex(0), Some("4.11.2")) {
            for command in commands {
                let words = shlex::split(&command.shell()).unwrap();
                assert_eq!(words[command.env.len()..], command.argv, "{}", command.shell());
            }
        }
    }
}
