//! The runbook's commands with the variables filled in, corrected where the
//! printed ones go wrong (`domain.md`, section 1), quoted for a shell.

mod act;
mod look;
mod mend;
mod value;

use std::path::Path;

use self::value::Kind;
use super::profile::{AwsSettings, Profile, Region};

pub use act::*;
pub use look::*;
pub use mend::*;
pub use value::is_plain_version;

/// A command line to copy: environment, program and arguments. Never holds a secret, nor anything of the
/// outside but plain names, versions, IDs, hosts and paths: where one is none of these, the command is refused.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Command {
    /// Variables to set for it, in order.
    pub env: Vec<(String, String)>,
    /// Program and arguments.
    pub argv: Vec<String>,
    /// Where and why it differs from the runbook's command, a line each. Printed as a comment, which zsh runs
    /// where it is pasted: nothing in it means anything to a shell.
    pub differs: Vec<String>,
    refusal: Option<String>,
}

/// What stands in a refused command where the text would.
const REFUSED: &str = "REFUSED";

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

    /// Adds a text from outside, or refuses the command. `what` names it, as in "The namespace".
    fn value(mut self, kind: Kind, what: &str, text: &str) -> Self {
        let text = self.given(kind, what, text);
        self.arg(text)
    }

    /// Adds a path.
    fn path(self, what: &str, path: &Path) -> Self {
        self.value(Kind::Seen, what, &path.display().to_string())
    }

    /// Adds a namespace behind its flag.
    fn namespace(self, flag: &str, profile: &Profile) -> Self {
        self.arg(flag).value(Kind::Label, "The namespace", &profile.namespace)
    }

    /// Adds a variable.
    fn variable(mut self, name: &str, what: &str, value: &str) -> Self {
        let value = self.given(Kind::Seen, what, value);
        self.env.push((name.to_owned(), value));
        self
    }

    /// A text from outside for a part of an argument; without effect where the command is refused.
    fn given(&mut self, kind: Kind, what: &str, text: &str) -> String {
        if kind.fits(text) {
            return text.to_owned();
        }
        self.refusal.get_or_insert_with(|| kind.refusal(what));
        REFUSED.to_owned()
    }

    /// Why there is no such command: a sentence that says what is wrong with which value.
    pub fn refused(&self) -> Option<&str> {
        self.refusal.as_deref()
    }

    /// One line for a POSIX shell. Of a refused command it is one that does nothing and says why.
    pub fn shell(&self) -> String {
        if let Some(why) = &self.refusal {
            return format!(": {}", quote(&format!("No command: {why}")));
        }
        let env = self.env.iter().map(|(name, value)| format!("{name}={}", quote(value)));
        env.chain(self.argv.iter().map(|arg| quote(arg))).collect::<Vec<_>>().join(" ")
    }
}

/// Quotes one word for a POSIX shell: sh, bash, dash, ksh and zsh. It is no quoting for cmd, `PowerShell` or fish.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    // zsh takes `=ls` for the path of ls.
    if !word.is_empty() && word.chars().all(plain) && !word.starts_with('=') {
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
            command = command.variable(name, "The path of an AWS file", &file.display().to_string());
        }
    }
    match &settings.profile {
        Some(profile) => command.arg("--profile").value(Kind::Seen, "The AWS profile", profile),
        None => command,
    }
}

fn kubectl(profile: &Profile, region: &Region) -> Command {
    let command = Command::new(["kubectl"]);
    let command = match &profile.kubeconfig {
        Some(file) => command.arg("--kubeconfig").path("The path of the kubeconfig", file),
        None => command,
    };
    context(command, "--context", region)
}

fn context(command: Command, flag: &str, region: &Region) -> Command {
    command.arg(flag).value(Kind::Seen, &format!("The context of {}", named(region)), &region.context)
}

/// A region in a sentence about it: its name, where that is a plain one.
fn named(region: &Region) -> &str {
    if Kind::Id.fits(&region.name) { &region.name } else { "a region" }
}

fn health_check(command: Command, region: &Region) -> Command {
    let what = format!("The health check ID of {}", named(region));
    command.arg("--health-check-id").value(Kind::Id, &what, &region.health_check_id)
}

const DEPLOYMENT: &str = "The name of the Deployment";
const INGRESS: &str = "The name of the Ingress";

/// Adds namespace and label selector of the platform's pods.
fn selected(command: Command, profile: &Profile) -> Command {
    command.namespace("-n", profile).arg("-l").value(Kind::Selector, "The label selector", &profile.selector)
}

/// `rollout WHAT deployment/NAME` in the namespace.
fn rollout(mut command: Command, what: &str, profile: &Profile) -> Command {
    let deployment = command.given(Kind::Name, DEPLOYMENT, &profile.deployment);
    command.args(["rollout", what]).arg(format!("deployment/{deployment}")).namespace("-n", profile)
}

/// `helm WHAT RELEASE [MORE]` on a region's cluster.
fn helm(profile: &Profile, region: &Region, what: &str, more: Option<&str>) -> Command {
    let command = Command::new(["helm", what]);
    let mut command = command.value(Kind::Name, "The name of the release", &profile.deployment);
    if let Some(more) = more {
        command = command.arg(more);
    }
    command = command.namespace("--namespace", profile);
    if let Some(file) = &profile.kubeconfig {
        command = command.arg("--kubeconfig").path("The path of the kubeconfig", file);
    }
    context(command, "--kube-context", region)
}

/// Steps 1 and 5: what each checker of a region's health check reports.
pub fn health_check_status(profile: &Profile, region: &Region) -> Command {
    let command = health_check(aws(&profile.aws).args(["route53", "get-health-check-status"]), region);
    command.args(["--query", STATUS_QUERY, "--output", "table"])
}

/// Our own look at a host, at its own address where one is given.
pub fn probe(host: &str, address: Option<&str>, ca: Option<&Path>) -> Command {
    let mut command = Command::new(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}\\n"]);
    let host = &command.given(Kind::Host, "The name of the host", host);
    let address = address.map(|address| command.given(Kind::Address, "The address to ask at", address));
    let mut port = "443";
    if let Some((ip, given)) = address.as_deref().and_then(|address| address.rsplit_once(':')) {
        port = given;
        command = command.arg("--resolve").arg(format!("{host}:{port}:{ip}"));
    }
    if let Some(ca) = ca {
        command = command.arg("--cacert").path("The path of the certificate to trust", ca);
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
    let command = kubectl(profile, region).args(["get", "deployment"]).namespace("-n", profile);
    command.value(Kind::Name, DEPLOYMENT, &profile.deployment)
}

/// Steps 2 and 5: the platform's pods.
pub fn get_pods(profile: &Profile, region: &Region) -> Command {
    selected(kubectl(profile, region).args(["get", "pods"]), profile)
}

/// Step 2: the last 50 lines of the logs.
pub fn logs(profile: &Profile, region: &Region) -> Command {
    selected(kubectl(profile, region).arg("logs"), profile)
        .args(["--tail=50", "--prefix"])
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
    let command = kubectl(profile, region).args(["get", "ingress"]).namespace("-n", profile);
    command.value(Kind::Name, INGRESS, &profile.ingress)
}

/// Step 2: the nodes.
pub fn get_nodes(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "nodes"])
}

/// Step 2: the namespace's events, oldest first.
pub fn get_events(profile: &Profile, region: &Region) -> Command {
    kubectl(profile, region).args(["get", "events"]).namespace("-n", profile).arg("--sort-by=.lastTimestamp")
}

/// Step 4: wait for the rollout, with an end.
pub fn rollout_status(profile: &Profile, region: &Region) -> Command {
    rollout(kubectl(profile, region), "status", profile)
        .arg("--timeout=10m")
        .differs("--timeout is added: without, it waits for ever, and it reports success at 0 replicas, so look at the pods too")
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
        program => Command::default()
            .value(Kind::Seen, "The name of the program", program)
            .args(["version", "--short"]),
    }
}

/// What the vCluster CLI does to the admin password, and how not to lose it (`domain.md`, T5).
const ADMIN_PASSWORD: &str = "add --password with the one that the release has, which helm get values tells, or the CLI sets a new \
     one: the uid of the namespace";

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
        (format!("Step 2 - Diagnose {}", named(region)), diagnose),
        (format!("Step 3 - Restore {}: one of these, by cause", named(region)), restore),
        ("Step 4 - Wait for the rollout to complete".to_owned(), vec![rollout_status(profile, region)]),
        ("Step 5 - Verify recovery".to_owned(), verify),
    ]
}

#[cfg(test)]
mod tests;
