//! `failback check` against the runbook's own commands of steps 1 and 2, run one
//! after another by a shell, on one practice world: with a static token, and with a kubeconfig as EKS
//! writes it.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use failback::practice::{Auth, Options, World, scenario};

use super::{Aim, foreign, line, median};

const FAILED: &str = "us-east-1";
const HEALTHY: &str = "eu-west-1";
/// A neighbouring region's round trip, about.
const LATENCY: Duration = Duration::from_millis(50);
/// Long enough beside it that what it adds can be counted.
const LONG_LATENCY: Duration = Duration::from_millis(250);
/// Runs of each.
const RUNS: usize = 5;
/// Route 53 answers one question for a status a second: both sides begin with
/// its allowance filled up.
const PAUSE: Duration = Duration::from_secs(4);

/// The ratios' lines, or why there are none.
pub(super) fn measure() -> Result<Vec<String>, String> {
    for tool in ["sh", "aws", "kubectl"] {
        if which::which(tool).is_err() {
            return Ok(vec![format!("skipped: check against the runbook's commands needs {tool} on PATH")]);
        }
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|error| error.to_string())?;
    let world = |auth, latency| {
        let scenario = scenario("crash-loop").ok_or("there is no scenario crash-loop")?;
        let options = Options { scenario, speed: 1.0, seed: 1, latency, auth, dir: None };
        runtime.block_on(World::start(options)).map_err(|error| error.to_string())
    };
    Ok(vec![
        faster("a static token", &world(Auth::Token, LATENCY)?, 6.0)?,
        faster("a kubeconfig as EKS writes it", &world(Auth::Eks, LATENCY)?, 15.0)?,
        round_trips(&world(Auth::Eks, LATENCY)?, &world(Auth::Eks, LONG_LATENCY)?)?,
    ])
}

fn faster(with: &str, world: &World, aim: f64) -> Result<String, String> {
    let script = script(world);
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        std::thread::sleep(PAUSE);
        theirs.push(run_script(world, &script)?);
        std::thread::sleep(PAUSE);
        ours.push(check(world)?);
    }
    let (ours, theirs) = (median(ours), median(theirs));
    let figures = format!("{} ms against {} ms", ours.as_millis(), theirs.as_millis());
    let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
    let what = format!("check with {with}, times as fast as the runbook's commands");
    Ok(line(&what, ratio, &Aim::AtLeast(aim), &figures))
}

/// How many round trips come one after another: what a longer latency adds, in latencies.
fn round_trips(near: &World, far: &World) -> Result<String, String> {
    let (mut short, mut long) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        std::thread::sleep(PAUSE);
        short.push(check(near)?);
        long.push(check(far)?);
    }
    let (short, long) = (median(short), median(long));
    let added = LONG_LATENCY.as_secs_f64() - LATENCY.as_secs_f64();
    let trips = (long.as_secs_f64() - short.as_secs_f64()) / added;
    let figures = format!("{} ms against {} ms", short.as_millis(), long.as_millis());
    Ok(line("round trips one after another in check", trips, &Aim::AtMost(4.0), &figures))
}

/// The runbook's text with its variables set: the commands of steps 1 and 2, then those that it names as
/// the causes' own: nodes, target health, peering, routes and security group.
fn script(world: &World) -> String {
    let ids = world.health_check_ids();
    let status = |region: &str| {
        format!(
            "aws route53 get-health-check-status --health-check-id {} \\
  --query 'HealthCheckObservations[].{{Region:Region,Status:StatusReport.Status}}' \\
  --output table\n",
            ids[region]
        )
    };
    let context = format!("arn:aws:eks:{FAILED}:123456789012:cluster/platform-multi-region-{FAILED}");
    let kubectl = |arguments: &str| format!("kubectl --context {context} \\\n  {arguments}\n");
    let aws = |arguments: &str| format!("aws --region {FAILED} {arguments}\n");
    [
        "set -e\n".to_owned(),
        status(FAILED),
        status(HEALTHY),
        kubectl("get pods -n vcluster-platform -l app=loft"),
        kubectl("logs -n vcluster-platform -l app=loft --tail=50"),
        kubectl("get ingress -n vcluster-platform loft"),
        kubectl("get nodes"),
        "arn=$(aws --region us-east-1 elbv2 describe-target-groups --query 'TargetGroups[0].TargetGroupArn' --output text)\n"
            .to_owned(),
        aws("elbv2 describe-target-health --target-group-arn \"$arn\""),
        aws("ec2 describe-vpc-peering-connections"),
        aws("ec2 describe-route-tables"),
        aws("ec2 describe-security-groups"),
    ]
    .concat()
}

/// A program that sees the world and nothing of the user's own settings.
fn command(world: &World, program: &str) -> Command {
    let mut command = foreign::without_settings(program);
    command.envs(world.env()).env("FAILBACK_HOME", world.dir()).stdin(Stdio::null());
    command
}

fn run_script(world: &World, script: &str) -> Result<Duration, String> {
    let begin = Instant::now();
    let output = command(world, "sh").args(["-c", script]).output().map_err(|error| error.to_string())?;
    let took = begin.elapsed();
    if output.status.success() {
        return Ok(took);
    }
    Err(format!("the runbook's commands failed: {}", String::from_utf8_lossy(&output.stderr)))
}

/// One check, which has to find what is wrong: to give up early would be quick, too.
fn check(world: &World) -> Result<Duration, String> {
    let mut check = command(world, env!("CARGO_BIN_EXE_failback"));
    check.args(["check", "--json", "--environment"]).arg(world.environment_file());
    let begin = Instant::now();
    let output = check.output().map_err(|error| error.to_string())?;
    let took = begin.elapsed();
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).map_err(|error| format!("failback check: {error}"))?;
    let found = (report["outcome"].as_str(), report["causes"][0]["id"].as_str());
    let checks = report["checks"].as_array().ok_or("failback check lists no checks")?;
    let unknown: Vec<&str> = checks
        .iter()
        .filter(|check| check["verdict"] == "unknown")
        .filter_map(|check| check["found"].as_str())
        .collect();
    if found == (Some("failover-active"), Some("crash-loop")) && unknown.is_empty() {
        return Ok(took);
    }
    Err(format!("failback check did not find the crash loop: {found:?}; not checked: {unknown:?}"))
}
