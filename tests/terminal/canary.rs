//! Canaries: a secret in every input, looked for in everything that the program leaves behind.

use std::path::Path;
use std::process::{Command, Output};

use super::fake_api::{Words, environment};
use super::{Served, failback, text};

/// Each is a secret wherever it stands below.
const CANARY: &str = "hunter22canary";

/// Ten notations of a log line, and more.
fn notations() -> Vec<String> {
    let basic = "a2luZTpodW50ZXIyMmNhbmFyeQ==";
    [
        "password=hunter22canary".to_owned(),
        r#"{"adminPassword":"x hunter22canary"}"#.to_owned(),
        r#"body="{\"clientSecret\":\"a\\\"b hunter22canary\"}""#.to_owned(),
        "password: 'x hunter22canary'".to_owned(),
        "Authorization: Bearer hunter22canary".to_owned(),
        format!("Authorization: Basic {basic}"),
        "vcluster platform start --password 'x hunter22canary' --upgrade".to_owned(),
        "dial mysql://kine:x@y/hunter22canary@tcp(db.example.com:3306)/kine".to_owned(),
        "GET https://me:hunter22canary@idp.example.com/token".to_owned(),
        "GET https://b.example.com/x?X-Amz-Credential=hunter22canary&X-Amz-Signature=hunter22canary"
            .to_owned(),
        "map[email:a@example.com password:x hunter22canary]".to_owned(),
        "Cookie: a=b; sid=hunter22canary".to_owned(),
        "<SecretAccessKey>hunter22canary</SecretAccessKey>".to_owned(),
        "X-Amz-Security-Token: hunter22canary".to_owned(),
        "AWS_SECRET_ACCESS_KEY=hunter22canary".to_owned(),
        "token k8s-aws-v1.hunter22canary".to_owned(),
    ]
    .to_vec()
}

#[track_caller]
fn assert_no_canary(what: &str, text: &str, canaries: &[String]) {
    for canary in canaries {
        let lines: Vec<&str> = text.lines().filter(|line| line.contains(canary.as_str())).collect();
        assert!(lines.is_empty(), "{canary} is in {what}:\n{}", lines.join("\n"));
    }
}

/// Everything below a folder that is text.
#[track_caller]
fn assert_none_below(folder: &Path, canaries: &[String]) -> usize {
    let mut files = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files += assert_none_below(&path, canaries);
        } else {
            let bytes = std::fs::read(&path).unwrap();
            assert_no_canary(&path.display().to_string(), &String::from_utf8_lossy(&bytes), canaries);
            files += 1;
        }
    }
    files
}

fn canaries() -> Vec<String> {
    vec![CANARY.to_owned(), "a2luZTpodW50ZXIyMmNhbmFyeQ".to_owned()]
}

#[test]
fn what_pods_events_and_refusals_say_is_masked_everywhere() {
    let world = Served::start("crash-loop");
    let said =
        |notation: &String| format!("Failed to ping database connection: {notation} :3306: i/o timeout");
    for notation in notations() {
        let words = Words {
            image: "ghcr.io/loft-sh/vcluster-platform:4.11.2".to_owned(),
            name: "node-1".to_owned(),
            message: notation,
            log_lines: notations().iter().map(said).collect(),
        };
        let environment = environment(&world, &words);
        // The log lines are the same each time.
        let steps: &[&[&str]] = if words.message.starts_with("password=") {
            &[&["--json"], &[], &["--step", "preflight"]]
        } else {
            &[&["--json"]]
        };
        for more in steps {
            let args = [&["check", "--environment", &environment, "--failed", "us-east-1"], *more].concat();
            let output = failback(world.home.path(), &args).env("FAILBACK_LOG", "trace").output().unwrap();
            let text = text(&output);
            assert_no_canary(&format!("{more:?} of {}", words.message), &text, &canaries());
            assert!(text.contains("***"), "something was said: {text}");
            assert!(
                more.contains(&"preflight") || text.contains("i/o timeout"),
                "the logs were read: {text}"
            );
        }
    }
}

#[cfg(unix)]
#[test]
fn what_a_credential_plugin_says_last_is_masked() {
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let plugin = folder.path().join("site-login");
    for notation in notations() {
        let quoted = failback::runbook::command::quote(&notation);
        super::script(&plugin, &format!("printf '%s\\n' {quoted} >&2; exit 1"));
        let kubeconfig = world.changed_kubeconfig(|config| {
            for user in config["users"].as_array_mut().unwrap() {
                user["user"] = serde_json::json!({ "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", "command": plugin,
                }});
            }
        });
        let environment = world.environment_with_kubeconfig(&kubeconfig);
        let args = ["check", "--environment", &environment, "--failed", "us-east-1"];
        let output = failback(world.home.path(), &args).env("FAILBACK_LOG", "trace").output().unwrap();
        let text = text(&output);
        assert_no_canary(&notation, &text, &canaries());
        assert!(text.contains("site-login") && text.contains("***"), "{notation}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn what_credential_process_says_last_is_masked() {
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    let (program, config) = (folder.path().join("keys"), folder.path().join("config"));
    super::script(
        &program,
        "echo 'password=hunter22canary' >&2; echo 'SecretAccessKey: hunter22canary'; exit 1",
    );
    std::fs::write(&config, format!("[profile practice]\ncredential_process = {}\n", program.display()))
        .unwrap();
    let empty = folder.path().join("credentials");
    std::fs::write(&empty, "").unwrap();
    let env = |name: &str| world.description["env"][name].as_str().unwrap().to_owned();
    let environment = world.changed_environment(|text| {
        text.replace(&env("AWS_CONFIG_FILE"), config.to_str().unwrap())
            .replace(&env("AWS_SHARED_CREDENTIALS_FILE"), empty.to_str().unwrap())
    });
    let args = ["check", "--environment", &environment, "--failed", "us-east-1"];
    let output = failback(world.home.path(), &args).env("FAILBACK_LOG", "trace").output().unwrap();
    let text = text(&output);
    assert_no_canary("credential_process", &text, &canaries());
    assert!(text.contains("No AWS credentials"), "{text}");
}

/// A stand-in for Helm that tells all it knows: its arguments, its environment, the kubeconfig, the values.
#[cfg(unix)]
const TALKATIVE: &str = r#"case "$*" in
version*) printf v4.1.0;;
*) printf '%s\n' "$*" >&2; env; prev=
for arg in "$@"; do case "$prev" in --kubeconfig|-f) cat "$arg"; echo;; esac; prev="$arg"; done
cat "$TALK"; echo 'Error: UPGRADE FAILED: admin.password=hunter22canary is no number' >&2; exit 1;;
esac"#;

#[cfg(unix)]
#[test]
fn a_tool_that_tells_all_it_knows_leaves_no_secret_behind() {
    let world = Served::start("crash-loop");
    let folder = tempfile::tempdir().unwrap();
    super::script(&folder.path().join("helm"), TALKATIVE);
    let path = std::env::join_paths([folder.path(), Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let talk = folder.path().join("talk");
    std::fs::write(&talk, notations().join("\n")).unwrap();
    let values = world.description["values_file"].as_str().unwrap();
    let more = "\nadmin:\n  password: hunter22canary\nconfig2:\n  dataSource: mysql://kine:x hunter22canary@tcp(db:3306)/k\n";
    std::fs::write(values, std::fs::read_to_string(values).unwrap() + more).unwrap();

    let mut canaries = canaries();
    canaries.extend(world_secrets(&world));
    let run = |args: &[&str]| -> Output {
        let mut command: Command = world.command("restore", args);
        command.env("PATH", &path).env("TALK", &talk).env("FAILBACK_LOG", "trace");
        for name in ["AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "HELM_KUBETOKEN", "MY_PASSWORD"] {
            command.env(name, CANARY);
        }
        command.env("AWS_ACCESS_KEY_ID", "AKIACANARYCANARY2222").output().unwrap()
    };
    canaries.push("AKIACANARYCANARY2222".to_owned());
    let args =
        ["--failed", "us-east-1", "--action", "reapply-helm", "--confirm", "us-east-1", "--reason", "a try"];
    let said = text(&run(&args));
    assert!(said.contains("UPGRADE FAILED") && said.contains("***"), "{said}");
    assert_no_canary("the output", &said, &canaries);
    let files = assert_none_below(&world.home.path().join("runs"), &canaries);
    assert!(files >= 2, "a journal and the tool's log: {files}");
    assert_none_for_others(&world, &canaries);
}

/// The report, the line for a chat, and the bundle with all that is in it; also of a journal that nobody masked.
#[cfg(unix)]
#[track_caller]
fn assert_none_for_others(world: &Served, canaries: &[String]) {
    let home = world.home.path();
    let folder = std::fs::read_dir(home.join("runs")).unwrap().next().unwrap().unwrap().path();
    let journal = folder.join("journal.jsonl");
    let mut lines = std::fs::read_to_string(&journal).unwrap();
    for text in notations() {
        let at = "2026-03-04T02:00:00Z";
        let noted = serde_json::json!({ "at": at, "what": "noted", "text": text });
        let newer =
            serde_json::json!({ "at": at, "what": "newer", "more": [{ "text": text }], "password": CANARY });
        lines.push_str(&format!("{noted}\n{newer}\n"));
    }
    std::fs::write(&journal, lines).unwrap();
    std::fs::write(folder.join("9-restart.log"), notations().join("\n")).unwrap();
    let bundle = home.join("bundle.tar.gz");
    for args in [
        &["report", "last"] as &[&str],
        &["report", "last", "--html"],
        &["show", "last"],
        &["status", "last"],
        &["list", "--all", "--json"],
        &["handover", "last", "--output", bundle.to_str().unwrap()],
    ] {
        let output =
            failback(home, &[&["runs"], args].concat()).env("FAILBACK_LOG", "trace").output().unwrap();
        assert!(output.status.success(), "{}", text(&output));
        assert_no_canary(&format!("{args:?}"), &text(&output), canaries);
    }
    let unpacked = home.join("unpacked");
    let packed = flate2::read::GzDecoder::new(std::fs::File::open(&bundle).unwrap());
    tar::Archive::new(packed).unpack(&unpacked).unwrap();
    assert!(assert_none_below(&unpacked, canaries) >= 6);
}

/// The world's own: tokens of the kubeconfig, keys of the AWS files.
fn world_secrets(world: &Served) -> Vec<String> {
    let read = |path: &serde_json::Value| std::fs::read_to_string(path.as_str().unwrap()).unwrap();
    let config: serde_json::Value = serde_json::from_str(&read(&world.description["kubeconfig"])).unwrap();
    let users = config["users"].as_array().unwrap().iter();
    let mut secrets: Vec<String> =
        users.filter_map(|user| user["user"]["token"].as_str()).map(str::to_owned).collect();
    let files = read(&world.description["env"]["AWS_SHARED_CREDENTIALS_FILE"]);
    let keys = files.lines().filter_map(|line| line.split_once('='));
    secrets.extend(
        keys.filter(|(name, _)| name.contains("secret") || name.contains("token"))
            .map(|(_, value)| value.trim().to_owned()),
    );
    assert!(secrets.len() >= 3 && secrets.iter().all(|secret| secret.len() > 3), "{secrets:?}");
    secrets
}
