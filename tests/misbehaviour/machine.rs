//! What misbehaves on this machine: files that are none, programs that do not end.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use failback::clients::tools::find_tools;
use failback::engine::session::Session;
use failback::environment;
use failback::runbook::case::Case;
use failback::runbook::check::Check;
use failback::runbook::fact::Facts;
use failback::runbook::profile::{Profile, RegionIndex};
use failback::runbook::question::{Question, Reading, Readings};
use failback::runbook::step::Step;
use failback::runbook::steps::{self, restore};
use failback::runbook::verdict::Verdict;

use super::place::{self, PASSWORD};
use super::server::Way;
use super::{LONG, PATIENCE, SHORT, table};

const FAILED: RegionIndex = RegionIndex(0);

/// The checks of the preflight that a question answers.
fn preflight(profile: &Profile, readings: &Readings, question: Question) -> Vec<Check> {
    let case = Case { profile, failed: FAILED, readings, now: jiff::Timestamp::now() };
    let checks = steps::checks(&case, Step::Preflight).into_iter();
    checks.filter(|check| check.question == question && check.finding.is_some()).collect()
}

/// Files that are no values files, and a word of what has to be told.
fn files(folder: &Path) -> Vec<(PathBuf, &'static str)> {
    let write = |name: &str, text: &[u8]| {
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let large = write("large.yaml", b"");
    std::fs::OpenOptions::new().write(true).open(&large).unwrap().set_len(64 * 1024 * 1024).unwrap();
    let mut aliases = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for level in 1..10 {
        let names = vec![format!("*a{}", level - 1); 10].join(", ");
        aliases.push_str(&format!("a{level}: &a{level} [{names}]\n"));
    }
    let torn = format!("config:\n  password: {PASSWORD}\n  x: [\nmultiRegion: {{\n");
    let mut files = vec![
        (folder.join("missing.yaml"), "does not exist"),
        (folder.to_owned(), "no regular file"),
        (write("torn.yaml", torn.as_bytes()), "no YAML"),
        (write("bytes.yaml", b"a: \xff\xfe\n"), "UTF-8"),
        (write("empty.yaml", b""), "no settings"),
        (write("deep.yaml", "[".repeat(500_000).as_bytes()), "no YAML"),
        (write("aliases.yaml", aliases.as_bytes()), "more values"),
        (large, "larger than"),
    ];
    if cfg!(unix) {
        files.push((pipe(folder, "pipe.yaml"), "no regular file"));
        let locked = write("locked.yaml", b"a: 1\n");
        #[cfg(unix)]
        std::fs::set_permissions(&locked, std::os::unix::fs::PermissionsExt::from_mode(0o000)).unwrap();
        if std::fs::read(&locked).is_err() {
            files.push((locked, "cannot be read"));
        } else {
            std::io::stderr()
                .write_all(b"skipped: a values file that may not be read; root may read all\n")
                .unwrap();
        }
    }
    files
}

fn pipe(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
    path
}

#[tokio::test]
async fn a_values_file_that_is_none_is_unknown_with_its_path_and_quotes_nothing() {
    let place = place::everything(Way::Refused, LONG).await;
    let folder = tempfile::tempdir().unwrap();
    for (path, told) in files(folder.path()) {
        let mut profile = Profile::clone(place.session.profile());
        profile.regions[FAILED.0].values_file = Some(path.clone());
        let session = Session::new(profile.into(), place.session.options().clone());
        let mut readings = Readings::default();
        let question = Question::Values(FAILED);
        let reading = tokio::time::timeout(PATIENCE, session.observe(question)).await.unwrap();
        readings.keep(question, reading);
        let checks = preflight(session.profile(), &readings, question);
        let [check] = checks.as_slice() else { panic!("{path:?}: no check") };
        let finding = check.finding.as_ref().unwrap();
        assert_eq!(finding.verdict, Verdict::Unknown, "{path:?}");
        let name = path.display().to_string();
        assert!(finding.found.contains(&name) && finding.found.contains(told), "{}", finding.found);
        assert_eq!(table::problems_of_words(finding, &check.details), Vec::<String>::new());
    }
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kubeconfig_that_is_none_ends_in_time_too() {
    let place = place::everything(Way::Refused, LONG).await;
    let folder = tempfile::tempdir().unwrap();
    let waits = pipe(folder.path(), "kubeconfig");
    let large = folder.path().join("large");
    std::fs::File::create(&large).unwrap().set_len(64 * 1024 * 1024).unwrap();
    for (path, deadline) in [(&waits, SHORT), (&large, LONG)] {
        let mut profile = Profile::clone(place.session.profile());
        profile.kubeconfig = Some(path.clone());
        let mut options = place.session.options().clone();
        options.deadline = deadline;
        let session = Session::new(profile.into(), options);
        let asking = session.observe(Question::Cluster(FAILED));
        let reading = tokio::time::timeout(PATIENCE, asking).await.unwrap();
        let why = reading.answer.unwrap_err();
        assert!(why.message.contains(&path.display().to_string()), "{}", why.message);
    }
    // Whoever waits for the pipe's other end is let go.
    drop(std::fs::OpenOptions::new().write(true).open(&waits).unwrap());
}

/// Programs that misbehave, as shell scripts.
const PROGRAMS: [(&str, &str); 5] = [
    ("hangs", "trap '' TERM; while :; do /bin/sleep 1; done"),
    ("prints garbage", r"printf '\377\376\001 \033[31mnothing that is a version\n'"),
    ("prints without end", "exec yes 4.3.1"),
    ("prints a line without end", "exec tr '\\0' 4 < /dev/zero"),
    ("exits 1", "i=0; while [ $i -lt 2000 ]; do printf 'no such thing '; i=$((i+1)); done >&2; exit 1"),
];

#[cfg(unix)]
async fn program_that(does: &str, script: &str) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    for name in ["helm", "vcluster"] {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    }
    let path = [folder.path().to_owned(), "/usr/bin".into(), "/bin".into()];
    let Ok(tools) = tokio::time::timeout(PATIENCE, find_tools(&path)).await else {
        return vec![format!("{does}: hangs")];
    };
    let place = place::everything(Way::Refused, SHORT).await;
    let profile = environment::read(&place.environment).unwrap();
    let mut readings = Readings::default();
    let (observed_at, took) = (jiff::Timestamp::now(), Duration::ZERO);
    let reading = Reading { answer: Ok(Facts::Tools(tools)), observed_at, took };
    readings.keep(Question::Tools, reading);
    let mut faults = Vec::new();
    let checks = preflight(&profile, &readings, Question::Tools);
    for id in ["tool-helm", "tool-vcluster"] {
        if !checks.iter().any(|check| check.id == id) {
            faults.push(format!("{does}: {id} is not judged"));
        }
    }
    for check in checks {
        let finding = check.finding.as_ref().unwrap();
        if check.id == "tool-helm" && finding.verdict != Verdict::Fail {
            faults.push(format!("{does}: {:?}: {}", finding.verdict, finding.found));
        }
        if check.id == "tool-vcluster" && finding.verdict != Verdict::Warn {
            faults.push(format!("{does}: {:?}: {}", finding.verdict, finding.found));
        }
        let name = check.id.trim_start_matches("tool-");
        let words = table::problems_of_words(finding, &check.details).into_iter();
        faults.extend(words.map(|problem| format!("{does}: {name}: {problem}")));
        if !finding.found.contains(name) {
            faults.push(format!("{does}: {name} is not named: {}", finding.found));
        }
    }
    let case = Case { profile: &profile, failed: FAILED, readings: &readings, now: observed_at };
    for plan in restore::plans(&case) {
        if plan.confirm_as_shown("us-east-1", Some("because")).is_ok() {
            faults.push(format!("{does}: a plan can be confirmed"));
        }
    }
    faults
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_program_that_misbehaves_cannot_be_used_and_says_so() {
    let all = PROGRAMS.map(|(does, script)| program_that(does, script));
    let faults = futures::future::join_all(all).await.concat();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
