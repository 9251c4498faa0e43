//! The command line itself: wrong use, help, output, and the printed commands.

use std::process::Stdio;

use super::{Served, code, failback, run, text};

#[test]
fn without_a_display_it_says_so_in_one_line_and_names_the_commands() {
    let home = tempfile::tempdir().unwrap();
    let output = run(home.path(), &[]);
    assert_eq!(code(&output), 69);
    assert_eq!(text(&output).lines().count(), 1, "{}", text(&output));
    for command in ["check", "commands", "restore", "rollout", "practice"] {
        assert!(text(&output).contains(command), "{command}");
    }
}

#[test]
fn wrong_use_ends_with_64() {
    let home = tempfile::tempdir().unwrap();
    for args in [
        &["check"] as &[&str],
        &["nonsense"],
        &["check", "--practice", "nonsense"],
        &["check", "--practice", "healthy", "--failed", "mars-1"],
        &["check", "--environment", "not-saved"],
        &["check", "--practice", "healthy", "--speed", "61"],
        &["check", "--environment", "a", "--practice", "healthy"],
        &["restore", "--environment", "not-saved", "--failed", "us-east-1", "--action", "scale"],
        &["restore", "--environment", "not-saved", "--failed", "us-east-1", "--action", "nonsense"],
    ] {
        let output = run(home.path(), args);
        assert_eq!(code(&output), 64, "{args:?}: {}", text(&output));
    }
    assert_eq!(code(&run(home.path(), &["--help"])), 0);
    assert_eq!(code(&run(home.path(), &["--version"])), 0);
}

#[test]
fn what_is_missing_is_named_with_its_alternative() {
    let home = tempfile::tempdir().unwrap();
    let said = text(&run(home.path(), &["check"]));
    assert!(said.contains("--environment <NAME>|--practice <SCENARIO>"), "{said}");
}

#[test]
fn a_reader_that_goes_away_changes_nothing_but_the_output() {
    let home = tempfile::tempdir().unwrap();
    let mut child = failback(home.path(), &["commands", "--practice", "crash-loop"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Closed before the first line, as a pager that was left at once.
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((code(&output), text(&output)), (0, String::new()));
}

#[test]
fn the_commands_are_the_corrected_ones() {
    let world = Served::start("crash-loop");
    let output = world.run("commands", &["--failed", "us-east-1"]);
    assert_eq!(code(&output), 0);
    let text = text(&output);
    for part in [
        "aws --profile practice route53 get-health-check-status --health-check-id",
        "logs -n vcluster-platform -l app=loft --tail=50 --prefix --previous",
        "--version 4.11.2",
        "vcluster platform start --namespace vcluster-platform --context arn:aws:eks:us-east-1",
        "--timeout=10m",
        "get networkpeers.storage.loft.sh -A",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    assert!(!text.contains("--version 4.8.0") && !text.contains("--kube-context arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1 --values"));
    assert_eq!(world.changes(), [""; 0]);
}
