//! Against a real `/bin/sh`.

use super::*;

fn sh(script: &str, time_limit: Duration) -> Invocation {
    Invocation::new(Path::new("/bin/sh"), ["-c", script], Environment::inherited(), time_limit)
}

/// Runs it; its lines are read as they come.
async fn ran(invocation: Invocation, cancel: CancellationToken) -> (Ended, Vec<String>) {
    let (sender, mut receiver) = mpsc::channel::<String>(8);
    let collect = async {
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (ended, lines) = tokio::join!(run(invocation, Some(sender), |_| {}, cancel), collect);
    (ended.unwrap(), lines)
}

/// Does any process carry this variable? Read as the program itself reads it, by other means.
fn carries(variable: &str) -> bool {
    let script = format!("grep -lzx '{variable}' /proc/[0-9]*/environ 2>/dev/null | grep -v \"/proc/$$/\"");
    let found = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
    !found.stdout.is_empty()
}

const LONG: Duration = Duration::from_mins(1);

#[tokio::test]
async fn output_comes_by_line_clean_and_redacted_and_into_the_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("output");
    let mut invocation = sh(
        r"printf '\033[31mred\033[0m\n'; printf 'a\rb\rspun\n'; echo password=hunter22; echo oops >&2; exit 3",
        LONG,
    );
    invocation.secrets = vec![Secret::new("hunter22")];
    invocation.output_file = Some(file.clone());
    let (sender, mut receiver) = mpsc::channel::<OutputLine>(1);
    let collect = async {
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (ended, lines) =
        tokio::join!(run(invocation, Some(sender), |_| {}, CancellationToken::new()), collect);
    let ended = ended.unwrap();
    assert_eq!(ended.exit_code, Some(3));
    assert!(!ended.succeeded());
    let stdout: Vec<_> = lines.iter().filter(|line| !line.stderr).map(|line| line.text.as_str()).collect();
    assert_eq!(stdout, ["red", "spun", "password=***"]);
    assert!(lines.contains(&OutputLine { stderr: true, text: "oops".to_owned() }));
    let kept = std::fs::read_to_string(file).unwrap();
    assert!(kept.contains("password=***") && kept.contains("oops") && !kept.contains("hunter22"), "{kept}");
}

#[tokio::test]
async fn a_slow_reader_loses_no_line_that_can_wait_and_the_last_ones_are_kept() {
    let invocation = sh("i=0; while [ $i -lt 900 ]; do echo $i; i=$((i+1)); done", LONG);
    let (sender, mut receiver) = mpsc::channel::<OutputLine>(1);
    let count = async {
        let mut next = 0;
        while let Some(line) = receiver.recv().await {
            assert_eq!(line.text, next.to_string());
            next += 1;
            tokio::task::yield_now().await;
        }
        next
    };
    let (ended, count) = tokio::join!(run(invocation, Some(sender), |_| {}, CancellationToken::new()), count);
    assert_eq!(count, 900);
    let ended = ended.unwrap();
    assert!(ended.succeeded());
    assert_eq!((ended.first_lines.len(), ended.last_lines.len()), (KEPT_LINES, KEPT_LINES));
    assert_eq!(ended.first_lines[0], "0");
    assert_eq!(ended.last_lines.last().map(String::as_str), Some("899"));
}

#[tokio::test]
async fn cancelling_and_the_time_limit_end_the_program_with_what_it_started() {
    for cancelled in [true, false] {
        let limit = if cancelled { LONG } else { Duration::from_millis(300) };
        let cancel = CancellationToken::new();
        let (sender, mut receiver) = mpsc::channel::<OutputLine>(8);
        // The inner sleep would hold the output open if it outlived the shell.
        let running = run(sh("echo $$; sleep 300 & wait", limit), Some(sender), |_| {}, cancel.clone());
        let stop = async {
            let leader = receiver.recv().await.map(String::from).unwrap();
            if cancelled {
                cancel.cancel();
            }
            while receiver.recv().await.is_some() {}
            leader
        };
        let (ended, leader) = tokio::join!(running, stop);
        let ended = ended.unwrap();
        assert_eq!((ended.cancelled, ended.timed_out), (cancelled, !cancelled));
        assert!(!group_exists(&leader), "the group of {leader} still runs");
    }
}

#[tokio::test]
async fn dropping_the_call_kills_the_group() {
    let (sender, mut receiver) = mpsc::channel::<OutputLine>(8);
    let running = run(sh("echo $$; sleep 300 & wait", LONG), Some(sender), |_| {}, CancellationToken::new());
    let leader = tokio::select! {
        _ = running => panic!("ended by itself"),
        line = receiver.recv() => line.map(String::from).unwrap(),
    };
    while group_exists(&leader) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// `kill -0 -PGID` by the shell: does any process of the group live?
fn group_exists(leader: &str) -> bool {
    // A zombie counts for `kill -0`; `ps` tells them apart.
    let listed = std::process::Command::new("ps").args(["-eo", "pgid=,stat="]).output().unwrap();
    String::from_utf8_lossy(&listed.stdout).lines().any(|line| {
        let mut columns = line.split_whitespace();
        columns.next() == Some(leader) && columns.next().is_some_and(|state| !state.starts_with('Z'))
    })
}

#[tokio::test]
async fn a_captured_program_gives_everything_or_the_reason() {
    let captured = capture(sh("printf '{\"a\":1}'; echo note >&2; exit 2", LONG)).await.unwrap();
    assert_eq!(captured.stdout, b"{\"a\":1}");
    assert_eq!(captured.stderr, ["note"]);
    assert_eq!(captured.exit_code, Some(2));

    let why = capture(sh("sleep 300", Duration::from_millis(50))).await.unwrap_err();
    assert_eq!((why.kind, why.message.as_str()), (WhyKind::Tool, "sh did not end within 0.05 s"));
    let why = capture(sh("echo waits for it >&2; sleep 300", Duration::from_secs(2))).await.unwrap_err();
    assert!(why.message.ends_with(" within 2 s; its last words: waits for it"), "{}", why.message);
    let why = capture(sh("head -c 9000000 /dev/zero", LONG)).await.unwrap_err();
    assert!(why.message.contains("more than"), "{}", why.message);
    let missing = Invocation::new(Path::new("/nonexistent/helm"), ["version"], Environment::default(), LONG);
    let why = capture(missing).await.unwrap_err();
    assert!(why.kind == WhyKind::Tool && why.message.contains("/nonexistent/helm"), "{}", why.message);
}

#[tokio::test]
async fn the_environment_is_what_was_asked_for_and_nothing_else() {
    let mut invocation = sh("env | sort; read x || echo closed", LONG);
    invocation.env = Environment::default();
    invocation.env.set("GIVEN", "here");
    let captured = capture(invocation).await.unwrap();
    let printed = String::from_utf8(captured.stdout).unwrap();
    // The shell's own.
    let own = |line: &&str| !["PWD=", "SHLVL=", "_=", "OLDPWD="].iter().any(|name| line.starts_with(name));
    let lines: Vec<&str> = printed.lines().filter(own).collect();
    assert!(lines[0].starts_with("FAILBACK_CHILD="), "{printed}");
    assert_eq!(lines[1..], ["GIVEN=here", "closed"], "{printed}");
}

#[tokio::test]
async fn output_that_nobody_reads_stalls_nothing_and_the_file_has_it_all() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("output");
    let mut invocation = sh("i=0; while [ $i -lt 5000 ]; do echo line $i; i=$((i+1)); done", LONG);
    invocation.output_file = Some(file.clone());
    let (sender, mut receiver) = mpsc::channel::<String>(2);
    // Nothing is received before the end.
    let ended = run(invocation, Some(sender), |_| {}, CancellationToken::new()).await.unwrap();
    assert!(ended.succeeded());
    assert_eq!(std::fs::read_to_string(&file).unwrap().lines().count(), 5000);
    assert_eq!(receiver.recv().await.as_deref(), Some("line 0"));
    let told = "… 4999 lines were not read in time and are left out here";
    assert_eq!(receiver.recv().await.as_deref(), Some(told));
}

#[tokio::test]
async fn a_reader_that_comes_late_is_told_what_it_missed() {
    let folder = tempfile::tempdir().unwrap();
    let (file, go) = (folder.path().join("output"), folder.path().join("go"));
    let script =
        "i=0; while [ $i -lt 3000 ]; do echo $i; i=$((i+1)); done; until [ -e GO ]; do sleep 0.05; done";
    let mut invocation = sh(&script.replace("GO", go.to_str().unwrap()), LONG);
    invocation.output_file = Some(file.clone());
    let (sender, mut receiver) = mpsc::channel::<String>(1);
    let late = async {
        // The file has a line before it is shown.
        while !std::fs::read_to_string(&file).is_ok_and(|text| text.ends_with("\n2999\n")) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        std::fs::write(&go, "").unwrap();
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (ended, lines) = tokio::join!(run(invocation, Some(sender), |_| {}, CancellationToken::new()), late);
    assert!(ended.unwrap().succeeded());
    assert_eq!(lines.last().map(String::as_str), Some("2999"));
    let told = lines.iter().find(|line| line.ends_with("were not read in time and are left out here"));
    let missed: usize = told.unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert_eq!(missed + lines.len() - 1, 3000, "{told:?}");
}

#[tokio::test]
async fn a_file_that_cannot_be_opened_in_time_is_told_before_anything_is_started() {
    let folder = tempfile::tempdir().unwrap();
    let (pipe, made) = (folder.path().join("pipe"), folder.path().join("made"));
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut invocation = sh(&format!("touch {}", made.display()), LONG);
    invocation.output_file = Some(pipe);
    let ended = run::<String>(invocation, None, |_| {}, CancellationToken::new()).await;
    assert!(ended.unwrap_err().message.contains("its disk does not answer"));
    assert!(!made.exists());
}

/// A child that outlives the program: writes for ever; holds the output in a session of its own; forks twice with
/// the output closed; ignores being asked; clears its variables.
const LEFT_BEHIND: [&str; 5] = [
    "(while :; do echo on and on; sleep 0.01; done) &",
    "setsid sh -c 'sleep 300' &",
    "(setsid sh -c 'sleep 300 &' >/dev/null 2>&1 &)",
    "sh -c 'trap \"\" TERM HUP; while :; do sleep 1; done' &",
    "env -i sleep 300 &",
];

#[cfg(target_os = "linux")]
#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    for (index, left) in LEFT_BEHIND.into_iter().enumerate() {
        let variable = format!("FAMILY_TEST={}-{index}", std::process::id());
        let mut invocation = sh(&format!("{left}\nsleep 0.2; echo \"$$\"; exit 7"), LONG);
        invocation.env.set("FAMILY_TEST", format!("{}-{index}", std::process::id()));
        let (ended, lines) = ran(invocation, CancellationToken::new()).await;
        assert_eq!(ended.exit_code, Some(7), "{left}");
        // Who writes for ever ends by itself once nobody reads.
        assert!(index == 0 || ended.left_behind > 0, "{left}");
        assert!(!carries(&variable), "{left}");
        let leader = lines.iter().rev().find(|line| line.parse::<u32>().is_ok()).unwrap();
        assert!(!group_exists(leader), "{left}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_cancel_leaves_none_of_67_behind_whatever_they_heed() {
    let variable = format!("FAMILY_TEST={}-cancel", std::process::id());
    let script = "trap '' TERM\nfor i in $(seq 67); do case $((i % 3)) in \
                  0) setsid sleep 300 & ;; 1) (setsid sh -c 'sleep 300 &' &) ;; \
                  *) sh -c 'trap \"\" TERM; sleep 300; sleep 300' & ;; esac; done\necho ready\nwhile :; do sleep 1; done";
    let mut invocation = sh(script, LONG);
    invocation.env.set("FAMILY_TEST", format!("{}-cancel", std::process::id()));
    let (sender, mut receiver) = mpsc::channel::<String>(8);
    let (told, mut which) = tokio::sync::oneshot::channel();
    let cancel = CancellationToken::new();
    let on_start = |started: &Started| told.send(started.clone()).unwrap();
    let running = run(invocation, Some(sender), on_start, cancel.clone());
    let stop = async {
        while receiver.recv().await.unwrap() != "ready" {}
        assert!(carries(&variable));
        cancel.cancel();
    };
    let (ended, ()) = tokio::join!(running, stop);
    let ended = ended.unwrap();
    assert!(ended.cancelled && ended.left_behind >= 40, "{ended:?}");
    assert!(!carries(&variable));
    let started = which.try_recv().unwrap();
    assert!(started.started_at > 0 && !family::lives(started.pid, started.started_at));
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_question_is_not_held_up_by_what_the_program_leaves_behind() {
    for left in &LEFT_BEHIND[..2] {
        let variable = format!("FAMILY_TEST={}-captured", std::process::id());
        let mut invocation = sh(&format!("{left}\necho answer"), LONG);
        invocation.env.set("FAMILY_TEST", format!("{}-captured", std::process::id()));
        let captured = capture(invocation).await.unwrap();
        assert!(captured.stdout.starts_with(b"answer") || captured.stdout.starts_with(b"on and on"));
        assert!(!carries(&variable), "{left}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn programs_of_a_killed_run_are_found_and_those_of_a_living_one_are_not() {
    let own = std::process::id();
    let mark = |owner: &str| format!("{owner}-{}", family::next_mark().rsplit('-').next().unwrap());
    let spawn = |mark: &str| {
        std::process::Command::new("sleep").arg("300").env("FAILBACK_CHILD", mark).spawn().unwrap()
    };
    // No process has the number 4294967295.
    let killed = mark("4294967295-1");
    let living = mark(&format!("{own}-{}", family::started_at(own)));
    let mut children = [spawn(&killed), spawn(&living)];
    // Until both run their own program, they carry this one's variables.
    let found = loop {
        let found = family::orphans();
        if found.iter().any(|orphan| orphan.mark == killed) {
            break found;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    assert!(found.iter().any(|orphan| orphan.pid == children[0].id()));
    assert!(found.iter().all(|orphan| orphan.pid != children[1].id()), "{found:?}");
    for child in &mut children {
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
