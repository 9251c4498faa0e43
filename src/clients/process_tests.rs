//! Against a real `/bin/sh`.

use super::*;

fn sh(script: &str, time_limit: Duration) -> Invocation {
    Invocation::new(Path::new("/bin/sh"), ["-c", script], time_limit)
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
    let (sender, mut receiver) = mpsc::channel(1);
    let collect = async {
        let mut lines = Vec::new();
        while let Some(line) = receiver.recv().await {
            lines.push(line);
        }
        lines
    };
    let (ended, lines) = tokio::join!(run(invocation, Some(sender), CancellationToken::new()), collect);
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
async fn a_slow_reader_loses_no_line_and_the_last_ones_are_kept() {
    let invocation = sh("i=0; while [ $i -lt 2000 ]; do echo $i; i=$((i+1)); done", LONG);
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
    let (ended, count) = tokio::join!(run(invocation, Some(sender), CancellationToken::new()), count);
    assert_eq!(count, 2000);
    let ended = ended.unwrap();
    assert!(ended.succeeded());
    assert_eq!(ended.last_lines.len(), LAST_LINES);
    assert_eq!(ended.last_lines.last().map(String::as_str), Some("1999"));
}

#[tokio::test]
async fn cancelling_and_the_time_limit_end_the_program_with_what_it_started() {
    for cancelled in [true, false] {
        let limit = if cancelled { LONG } else { Duration::from_millis(300) };
        let cancel = CancellationToken::new();
        let (sender, mut receiver) = mpsc::channel(8);
        // The inner sleep would hold the output open if it outlived the shell.
        let running = run(sh("echo $$; sleep 300 & wait", limit), Some(sender), cancel.clone());
        let stop = async {
            let leader = receiver.recv().await.unwrap().text;
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
    let (sender, mut receiver) = mpsc::channel(8);
    let running = run(sh("echo $$; sleep 300 & wait", LONG), Some(sender), CancellationToken::new());
    let leader = tokio::select! {
        _ = running => panic!("ended by itself"),
        line = receiver.recv() => line.unwrap().text,
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
    let missing = Invocation::new(Path::new("/nonexistent/helm"), ["version"], LONG);
    let why = capture(missing).await.unwrap_err();
    assert!(why.kind == WhyKind::Tool && why.message.contains("/nonexistent/helm"), "{}", why.message);
}

#[tokio::test]
async fn the_environment_is_what_was_asked_for() {
    let mut invocation = sh("echo \"$GIVEN-${HOME-none}\"; read x || echo closed", LONG);
    invocation.env = vec![("GIVEN".to_owned(), "here".to_owned())];
    invocation.env_remove = vec!["HOME".to_owned()];
    let captured = capture(invocation).await.unwrap();
    assert_eq!(captured.stdout, b"here-none\nclosed\n");
}
