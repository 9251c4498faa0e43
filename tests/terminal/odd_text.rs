//! Text from outside cannot steer a terminal or a shell, whatever a cluster, a file or an argument says.

use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use failback::plain;

use super::fake_api::{Words, environment};
use super::{Served, code, failback, run};

/// A clipboard by OSC, colours by ESC and by C1, a backspace, a carriage return, a line end, directions,
/// separators, what hides.
const ODD: &str =
    "\u{1b}]52;c;cm0=\u{7}\u{9b}31m\u{9d}0;x\u{9c}\u{8}\r\u{202e}\u{2066}\u{2028}\u{200b}\necho INJECTED";

fn words() -> Words {
    Words {
        image: format!("ghcr.io/loft-sh/vcluster-platform:4.11.2{ODD}"),
        name: format!("node-1{ODD}"),
        message: format!("odd {ODD}"),
        log_lines: vec![format!("Failed to ping database connection: dial tcp :3306: i/o timeout {ODD}")],
    }
}

/// What was printed can steer nothing, and no line of it begins with what was to be a line of its own.
#[track_caller]
fn assert_plain(output: &Output) -> String {
    let mut all = String::new();
    for bytes in [&output.stdout, &output.stderr] {
        let text = String::from_utf8(bytes.clone()).unwrap();
        for line in text.lines() {
            assert!(plain::is_plain(line), "{line:?}");
            assert!(!line.trim_start().starts_with("echo INJECTED"), "{text}");
        }
        all.push_str(&text);
    }
    all
}

#[test]
fn a_clusters_words_steer_no_terminal_and_end_no_comment() {
    let world = Served::start("crash-loop");
    let environment = environment(&world, &words());
    // The healthy region's version is what is offered.
    let file = std::fs::read_to_string(&environment).unwrap();
    let without = file.replace("version = \"4.11.2\"\n", "");
    assert_ne!(file, without);
    std::fs::write(&environment, without).unwrap();
    let run = |args: &[&str]| {
        let args = [&[args[0], "--environment", &environment, "--failed", "us-east-1"], &args[1..]].concat();
        failback(world.home.path(), &args).env("FAILBACK_LOG", "trace").output().unwrap()
    };
    let said = assert_plain(&run(&["check"]));
    assert!(said.contains(r"\u{1b}]52;c;") && said.contains(r"\u{202e}"), "made visible: {said}");
    assert_plain(&run(&["check", "--step", "preflight"]));
    let output = run(&["check", "--json"]);
    assert_plain(&output);
    let report = super::report(&output).to_string();
    assert!(String::from_utf8_lossy(&output.stdout).contains(r"\u202e"), "{report}");
    assert!(report.contains('\u{202e}'), "it parses to what was there: {report}");

    let said = assert_plain(&run(&["commands"]));
    assert!(said.contains("has no plain version as its tag"), "{said}");
    assert!(said.contains("--version VERSION-OF-THE-HEALTHY-REGION") && !said.contains("INJECTED"), "{said}");
    for action in ["restart", "scale", "reapply-helm", "reapply-vcluster"] {
        let output = run(&["restore", "--action", action, "--confirm", "us-east-1", "--reason", "a try"]);
        let said = assert_plain(&output);
        let command = said.lines().find(|line| line.trim_start().starts_with("Command ")).unwrap();
        assert!(!command.contains("INJECTED"), "{command}");
        if action.starts_with("reapply") {
            assert_eq!(code(&output), 65, "{said}");
            assert!(
                said.contains("The version is no plain version")
                    || said.contains("chart version is not known"),
                "{said}"
            );
        }
    }
}

#[test]
fn the_rollouts_lines_are_plain() {
    let world = Served::start("crash-loop");
    let environment = environment(&world, &words());
    let args = ["rollout", "--environment", &environment, "--failed", "us-east-1"];
    let mut child =
        failback(world.home.path(), &args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(line.contains("updated") && plain::is_plain(line.trim_end_matches('\n')), "{line:?}");
}

#[test]
fn an_argument_steers_no_terminal() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["check", ODD] as &[&str],
        &["check", "--environment", ODD],
        &["check", "--practice", ODD],
        &["check", "--practice", "healthy", "--failed", ODD],
        &["restore", "--environment", "a", "--failed", "b", "--action", ODD],
        &["--theme", ODD],
    ] {
        let output = run(home.path(), args);
        let said = assert_plain(&output);
        assert_eq!(code(&output), 64, "{said}");
        assert!(said.contains(r"\u{1b}"), "{said}");
    }
}

#[test]
fn a_context_that_hides_something_is_put_into_no_command() {
    let world = Served::start("healthy");
    let own = "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1";
    let hidden = format!("{own}\u{202e}'; echo INJECTED #");
    let kubeconfig = world.changed_kubeconfig(|config| {
        let text = config.to_string().replace(own, &hidden);
        *config = serde_json::from_str(&text).unwrap();
    });
    let changed = world.changed_environment(|text| {
        text.replace(world.description["kubeconfig"].as_str().unwrap(), &kubeconfig)
            .replace(&format!("\"{own}\""), &format!("\"{hidden}\""))
    });
    assert!(std::fs::read_to_string(&changed).unwrap().contains(&hidden));
    let args = ["commands", "--environment", &changed, "--failed", "us-east-1"];
    let output = failback(world.home.path(), &args).output().unwrap();
    let said = assert_plain(&output);
    assert!(said.contains("# No command: The context of us-east-1 is no plain text"), "{said}");
    assert!(!said.contains("INJECTED") && said.contains("route53 get-health-check-status"), "{said}");
}

/// Shells that there are on this machine give back every word as it was.
#[cfg(unix)]
#[test]
fn every_word_comes_through_the_shells_as_it_was() {
    use failback::runbook::command::quote;
    let mut words: Vec<String> = [
        "",
        "~",
        "=ls",
        "!!",
        "-x",
        "$(id)",
        "`id`",
        "a'b",
        "\\",
        "{a,b}",
        "*",
        "é\u{202e}",
        "a=~",
        "#x",
        "%1",
    ]
    .map(str::to_owned)
    .to_vec();
    // Every pair of the characters that mean something to a shell.
    let special = " \t\n!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~aé";
    words.extend(special.chars().flat_map(|a| special.chars().map(move |b| format!("{a}{b}x{a}"))));
    let script = words.iter().map(|word| quote(word)).collect::<Vec<_>>().join(" ");
    let script = format!("printf '%s\\0' {script}");
    let mut tried = 0;
    for shell in ["sh", "bash", "dash", "zsh", "ksh"] {
        let Ok(shell) = which::which(shell) else { continue };
        let output = std::process::Command::new(&shell).args(["-c", &script]).output().unwrap();
        let got = String::from_utf8(output.stdout).unwrap();
        let got: Vec<&str> = got.strip_suffix('\0').unwrap().split('\0').collect();
        assert_eq!(got, words, "{}", shell.display());
        tried += 1;
    }
    assert!(tried > 0, "there is no shell");
}
