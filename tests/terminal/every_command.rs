//! Every command that the program shows is one that the real program takes: those of checks, causes, guides,
//! plans and the runbook in every practice scenario, and every other one that can be made.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use failback::app::practice::session;
use failback::clients::tools::leave_login_shell_alone;
use failback::engine::session::Session;
use failback::environment;
use failback::practice::{Auth, Options, World, scenario, scenarios};
use failback::runbook::action::ActionKind;
use failback::runbook::case::Case;
use failback::runbook::causes;
use failback::runbook::command::{self, Command};
use failback::runbook::profile::{Profile, Region};
use failback::runbook::question::Readings;
use failback::runbook::step::Step;
use failback::runbook::steps::{self, restore};

use super::foreign;
use super::lookup::{has_tools, say};

/// What stands in a command for what is not known, and what it may be.
const PLACEHOLDERS: [(&str, &str); 4] = [
    ("VERSION-OF-THE-HEALTHY-REGION", "4.11.2"),
    ("VERSION", "4.11.2"),
    ("REVISION", "1"),
    (
        "TARGET-GROUP-ARN",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/k8s-loft/0123456789abcdef",
    ),
];

/// The flags of the real vCluster CLI's `platform start` (`domain.md`, section 1), which is not on this machine.
const VCLUSTER_FLAGS: [&str; 18] = [
    "--chart-name",
    "--chart-path",
    "--chart-repo",
    "--context",
    "--docker",
    "--email",
    "--host",
    "--local-port",
    "--namespace",
    "--no-login",
    "--no-port-forwarding",
    "--no-tunnel",
    "--no-wait",
    "--password",
    "--reset",
    "--reuse-values",
    "--upgrade",
    "--version",
];

pub(super) async fn world(id: &str) -> World {
    let scenario = scenario(id).unwrap();
    let options =
        Options { scenario, speed: 60.0, seed: 1, latency: Duration::ZERO, auth: Auth::Token, dir: None };
    World::start(options).await.unwrap()
}

/// All that a run in this world shows, with where it stands.
async fn shown_in(world: &World, told: &str) -> Vec<(String, Command)> {
    let profile = environment::read(world.environment_file()).unwrap();
    let failed = profile.find(told).unwrap();
    let session = Session::new(Arc::new(profile), session(world));
    let profile = session.profile();
    let asking = [Step::Preflight, Step::Confirm, Step::Diagnose, Step::Restore, Step::Verify];
    let questions = steps::questions_of(profile, failed, &asking);
    let mut readings = Readings::default();
    session.observe_all(&questions, &mut readings).await;
    let case = Case { profile, failed, readings: &readings, now: jiff::Timestamp::now() };
    let mut shown = Vec::new();
    for check in asking.into_iter().flat_map(|step| steps::checks(&case, step)) {
        let at = format!("check {}", check.id);
        shown.extend([Some(check.command), check.mend].into_iter().flatten().map(|it| (at.clone(), it)));
    }
    for cause in causes::ALL.iter().map(|assess| assess(&case)) {
        let commands = cause.guidance.into_iter().filter_map(|guide| guide.command);
        shown.extend(commands.map(|it| (format!("guide of {}", cause.id), it)));
    }
    for kind in ActionKind::ALL {
        let plan = restore::plan(&case, kind);
        let commands = [Some(plan.command()), plan.undo_command(), plan.preview_command()];
        let at = format!("plan of {}", kind.id());
        shown.extend(commands.into_iter().flatten().map(|it| (at.clone(), it.clone())));
    }
    for (heading, commands) in command::runbook(profile, failed, None) {
        shown.extend(commands.into_iter().map(|it| (heading.clone(), it)));
    }
    assert!(world.changing_requests().is_empty(), "{told}: looking changed something");
    shown
}

/// One command of each function that makes one, by its name.
fn made(profile: &Profile, region: &Region, world: &World) -> Vec<(&'static str, Command)> {
    let values = world.values_file().display().to_string();
    let mut pull = foreign::without_settings("helm");
    pull.args(["pull", &profile.chart.name, "--repo", &profile.chart.repository, "--version", "4.11.2"]);
    let pulled = pull.arg("-d").arg(world.dir()).envs(world.env()).output().unwrap();
    assert!(pulled.status.success(), "{}", String::from_utf8_lossy(&pulled.stderr));
    let archive = world.dir().join("vcluster-platform-4.11.2.tgz");
    let (vpc, us, range) = ("vpc-0a1b2c3d", "us-east-1", "10.1.0.0/16");
    let route = ("rtb-0a1b2c3d", range, "pcx-0a1b2c3d");
    let host = region.host.as_deref().unwrap();
    let flags = VCLUSTER_FLAGS.map(str::to_owned);
    vec![
        ("restart", command::restart(profile, region)),
        ("scale", command::scale(profile, region, Some(3))),
        ("helm_upgrade", command::helm_upgrade(profile, region, "4.11.2", Some(4))),
        ("helm_rollback", command::helm_rollback(profile, region, Some(1), Some(4))),
        ("vcluster_start", command::vcluster_start(profile, region, "4.11.2", &flags)),
        ("rollout_undo", command::rollout_undo(profile, region, 1)),
        ("scale_back", command::scale_back(profile, region, 3)),
        ("scale_try", command::scale_try(profile, region, Some(3))),
        ("helm_try", command::helm_try(command::helm_upgrade(profile, region, "4.11.2", Some(4)))),
        ("vcluster_try", command::vcluster_try(profile, region, "4.11.2")),
        ("caller_identity", command::caller_identity(profile)),
        ("describe_cluster", command::describe_cluster(profile, region).unwrap()),
        ("list_clusters", command::list_clusters(profile, region)),
        ("target_health", command::target_health(profile, region, None)),
        ("target_group_bindings", command::target_group_bindings(profile, region)),
        ("peerings", command::peerings(profile, region, vpc)),
        ("route_tables", command::route_tables(profile, us, vpc)),
        ("security_group", command::security_group(profile, us, "sg-0a1b2c3d")),
        ("describe_ingress", command::describe_ingress(profile, region)),
        ("describe_pods", command::describe_pods(profile, region)),
        ("describe_nodes", command::describe_nodes(profile, region)),
        ("can_i", command::can_i(profile, region)),
        ("release_records", command::release_records(profile, region)),
        ("helm_history", command::helm_history(profile, region)),
        ("deployment_image", command::deployment_image(profile, region)),
        ("get_health_check", command::get_health_check(profile, region)),
        ("chart_index", command::chart_index(&profile.chart.repository)),
        ("show_chart", command::show_chart(&archive)),
        ("show_values", command::show_values(&values)),
        ("sso_login", command::sso_login(profile)),
        ("forget_release", command::forget_release(profile, region, 1)),
        ("open_port", command::open_port(profile, us, "sg-0a1b2c3d", 3306, range)),
        ("set_route", command::set_route(profile, us, route, true)),
        ("set_route", command::set_route(profile, us, route, false)),
        ("accept_peering", command::accept_peering(profile, us, "pcx-0a1b2c3d")),
        ("create_peering", command::create_peering(profile, us, vpc, "vpc-1", "eu-west-1")),
        ("health_check_status", command::health_check_status(profile, region)),
        ("probe", command::probe(host, region.probe_address.as_deref(), region.probe_ca.as_deref())),
        ("version", command::version(profile, region)),
        ("get_deployment", command::get_deployment(profile, region)),
        ("get_pods", command::get_pods(profile, region)),
        ("logs", command::logs(profile, region)),
        ("previous_logs", command::previous_logs(profile, region)),
        ("get_ingress", command::get_ingress(profile, region)),
        ("get_nodes", command::get_nodes(profile, region)),
        ("get_events", command::get_events(profile, region)),
        ("rollout_status", command::rollout_status(profile, region)),
        ("get_network_peers", command::get_network_peers(profile, region)),
        ("tool_version", command::tool_version("helm")),
        ("tool_version", command::tool_version("kubectl")),
    ]
}

/// A command's shape: program, words and the names of its flags. Commands of one shape are run once.
fn shape(command: &Command) -> String {
    let is_word = |arg: &str| arg.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    let named = |arg: &String| match arg.split_once('=') {
        Some((flag, _)) if flag.starts_with('-') => Some(flag.to_owned()),
        _ => (arg.starts_with('-') || is_word(arg)).then(|| arg.clone()),
    };
    command.argv.iter().filter_map(named).collect::<Vec<_>>().join(" ")
}

/// Does it change the account outside of the clusters? Then its words are checked and it is not sent.
fn is_for_others(argv: &[String]) -> bool {
    argv[0] == "aws"
        && argv.iter().any(|arg| {
            ["authorize-", "create-", "replace-", "accept-"].iter().any(|verb| arg.starts_with(verb))
        })
}

fn run(world: &World, command: &Command) -> Output {
    let mut line = command.shell();
    for (placeholder, value) in PLACEHOLDERS {
        line = line.replace(placeholder, value);
    }
    if is_for_others(&command.argv) {
        line += " --generate-cli-skeleton output";
    }
    let mut shell = foreign::without_settings("sh");
    shell.args(["-c", &line]).envs(world.env()).env("HOME", world.dir()).stdin(Stdio::null());
    shell.output().unwrap()
}

/// Is the AWS CLI of version 1? It is still what Python's index has, and knows no `sso login`.
fn aws_is_of_version_1() -> bool {
    let said = foreign::without_settings("aws").arg("--version").output().unwrap();
    String::from_utf8_lossy(&said.stdout).starts_with("aws-cli/1.")
}

/// The commands that this machine's programs can be asked about.
pub(super) fn known_here<T>(commands: &mut Vec<T>, words: impl Fn(&T) -> &[String]) {
    let signs_in = |one: &T| words(one).windows(2).any(|pair| pair == ["sso", "login"]);
    if commands.iter().any(signs_in) && aws_is_of_version_1() {
        say("skipped: aws sso login needs the AWS CLI of version 2");
        commands.retain(|one| !signs_in(one));
    }
}

/// What a program says where it was called wrongly, whatever it was called for.
pub(super) fn misuse(program: &str, output: &Output) -> Option<String> {
    let said =
        String::from_utf8_lossy(&output.stderr).into_owned() + &String::from_utf8_lossy(&output.stdout);
    let wrong: &[&str] = match program {
        "kubectl" | "helm" => &[
            "unknown flag",
            "unknown shorthand flag",
            "unknown command",
            "invalid argument",
            "required flag",
            "accepts ",
            "requires ",
            "flag needs an argument",
            "Usage:",
        ],
        "aws" => &[
            "usage: aws",
            "Unknown options",
            "nvalid choice",
            "Bad value for --query",
            "Parameter validation",
        ],
        "curl" => &["is unknown", "try 'curl --help'", "requires parameter"],
        _ => &["unrecognized option", "invalid option", "command not found", ": not found"],
    };
    let is_wrong = !output.status.success() && wrong.iter().any(|wrong| said.contains(wrong));
    is_wrong.then_some(said)
}

fn vcluster_misuse(argv: &[String]) -> Option<String> {
    let known = |arg: &&String| !arg.starts_with("--") || VCLUSTER_FLAGS.contains(&arg.as_str());
    let unknown: Vec<_> =
        argv.iter().filter(|arg| !known(arg) && *arg != "--values" && argv.len() > 2).collect();
    (!unknown.is_empty()).then(|| format!("{unknown:?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_of_every_scenario_is_taken_by_the_real_program() {
    let tools = ["helm", "kubectl", "aws", "curl"];
    if !has_tools("every_command_of_every_scenario_is_taken_by_the_real_program", &tools) {
        return;
    }
    leave_login_shell_alone();
    let mut seen = BTreeMap::<String, String>::new();
    let mut wrong = Vec::new();
    for scenario in scenarios() {
        let world = world(scenario.id).await;
        let mut shown = shown_in(&world, scenario.told_region).await;
        shown.retain(|(at, command)| seen.insert(shape(command), at.clone()).is_none());
        known_here(&mut shown, |(_, command)| &command.argv);
        let scenario = scenario.id;
        let judged = tokio::task::spawn_blocking(move || {
            let of = |(at, command): &(String, Command)| {
                let program = command.argv[0].as_str();
                let said = match program {
                    "vcluster" => vcluster_misuse(&command.argv),
                    _ => misuse(program, &run(&world, command)),
                }?;
                Some(format!("{scenario}, {at}: {}\n{said}", command.shell()))
            };
            shown.iter().filter_map(of).collect::<Vec<_>>()
        });
        wrong.extend(judged.await.unwrap());
    }
    assert!(seen.len() > 30, "hardly anything was shown: {seen:#?}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_can_be_made_is_taken_and_what_looks_succeeds() {
    let tools = ["helm", "kubectl", "aws", "curl"];
    if !has_tools("every_command_that_can_be_made_is_taken_and_what_looks_succeeds", &tools) {
        return;
    }
    let world = world("healthy").await;
    let profile = environment::read(world.environment_file()).unwrap();
    let mut commands = made(&profile, &profile.regions[0], &world);
    let mut names: Vec<&str> = commands.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names, functions(), "each function that makes a command is run here");
    known_here(&mut commands, |(_, command)| &command.argv);
    // No sign-in, no such target group, and no container that was restarted.
    let may_fail = ["sso_login", "target_health", "previous_logs", "security_group"];
    let wrong = tokio::task::spawn_blocking(move || {
        let of = |(name, command): &(&str, Command)| {
            let program = command.argv[0].as_str();
            if program == "vcluster" {
                return vcluster_misuse(&command.argv);
            }
            let output = run(&world, command);
            let failed = !output.status.success() && !may_fail.contains(name);
            let said = misuse(program, &output)
                .or_else(|| failed.then(|| String::from_utf8_lossy(&output.stderr).into_owned()))?;
            Some(format!("{name}: {}\n{said}", command.shell()))
        };
        commands.iter().filter_map(of).collect::<Vec<_>>()
    });
    let wrong = wrong.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// The functions of `runbook::command` that make a command.
fn functions() -> Vec<String> {
    let mut functions = Vec::new();
    for file in sources(&source("src/runbook/command")) {
        let text = std::fs::read_to_string(file).unwrap();
        let made = text.split("\npub fn ").skip(1).filter_map(|rest| {
            let (signature, _) = rest.split_once(" {\n")?;
            (signature.ends_with("-> Command") || signature.ends_with("-> Option<Command>"))
                .then(|| signature.split('(').next().unwrap().to_owned())
        });
        functions.extend(made);
    }
    functions.sort_unstable();
    functions
}

pub(super) fn source(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The program's own sources under a folder, without tests.
pub(super) fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "tests" {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") && !name.ends_with("tests") {
            found.push(path);
        }
    }
    found
}
