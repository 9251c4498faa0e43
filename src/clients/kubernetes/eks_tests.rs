//! Plugins that are recognised and those that are not, tokens taken apart, and the real `aws` program's.

use std::collections::BTreeMap;

use aws_credential_types::Credentials;
use serde_json::json;

use super::*;
use crate::runbook::profile::AwsSettings;

fn exec(args: &[&str], env: &[(&str, &str)]) -> ExecConfig {
    let env: Vec<_> = env.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    serde_json::from_value(json!({ "command": "aws", "args": args, "env": env })).unwrap()
}

fn profiles(settings: AwsSettings) -> AwsProfiles {
    AwsProfiles::new(settings, None, Duration::from_secs(30))
}

/// What a token carries: the URL without its query, and the query's parameters.
fn taken_apart(token: &str) -> (String, BTreeMap<String, String>) {
    let url = URL_SAFE_NO_PAD.decode(token.strip_prefix("k8s-aws-v1.").unwrap()).unwrap();
    let url = String::from_utf8(url).unwrap();
    let (base, query) = url.split_once('?').unwrap();
    (base.to_owned(), form_urlencoded::parse(query.as_bytes()).into_owned().collect())
}

#[test]
fn only_what_is_understood_whole_is_done_in_process() {
    let usual = ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "c", "--output", "json"];
    let aws = profiles(AwsSettings::default());
    let of =
        |exec: &ExecConfig| EksToken::of(exec, &aws).map(|token| (token.cluster.to_string(), token.profile));
    let usual_cluster = "c in us-east-1".to_owned();
    assert_eq!(of(&exec(&usual, &[])), Some((usual_cluster.clone(), None)));
    let env = [("AWS_PROFILE", "prod"), ("AWS_STS_REGIONAL_ENDPOINTS", "regional")];
    assert_eq!(of(&exec(&usual, &env)), Some((usual_cluster.clone(), Some("prod".to_owned()))));
    let by_flag = ["eks", "get-token", "--cluster-name=c", "--region=us-east-1", "--profile", "flag"];
    assert_eq!(of(&exec(&by_flag, &env)), Some((usual_cluster.clone(), Some("flag".to_owned()))));
    let mut elsewhere = exec(&usual, &[]);
    elsewhere.command = Some("/opt/bin/aws".to_owned());
    assert_eq!(of(&elsewhere), Some((usual_cluster, None)));

    let more = |extra: &[&str]| exec(&[&usual[..], extra].concat(), &[]);
    for other in [
        more(&["--role-arn", "arn:aws:iam::123456789012:role/x"]),
        more(&["--role", "arn:aws:iam::123456789012:role/x"]),
        more(&["--cluster-id", "x"]),
        more(&["--output", "text"]),
        more(&["--debug"]),
        more(&["extra"]),
        exec(&usual, &[("AWS_CONFIG_FILE", "/elsewhere")]),
        exec(&usual, &[("AWS_STS_REGIONAL_ENDPOINTS", "legacy")]),
        exec(&["eks", "get-token", "--cluster-name", "c"], &[]),
        exec(&["--region", "us-east-1", "eks", "get-token"], &[]),
        exec(&["--region", "us-east-1", "--cluster-name", "c", "sts", "get-token"], &[]),
        ExecConfig { command: Some("aws-iam-authenticator".to_owned()), ..exec(&usual, &[]) },
        ExecConfig { command: Some("./aws".to_owned()), ..exec(&usual, &[]) },
    ] {
        assert_eq!(of(&other), None, "{other:?}");
    }
}

#[test]
fn a_cluster_is_found_by_the_names_of_its_entries_or_by_its_plugin() {
    let arn = "arn:aws:eks:eu-west-1:123456789012:cluster/of-arn";
    let kubeconfig = |cluster: &str, user: &str, args: &[&str]| -> Kubeconfig {
        serde_json::from_value(json!({
            "contexts": [{ "name": "alias", "context": { "cluster": cluster, "user": user } }],
            "users": [{ "name": user, "user": { "exec": { "command": "x", "args": args } } }],
        }))
        .unwrap()
    };
    let args = ["eks", "get-token", "--cluster-name", "by-plugin", "--region", "us-west-2"];
    for (kubeconfig, found) in [
        (kubeconfig(arn, "u", &[]), Some("of-arn in eu-west-1")),
        (kubeconfig("c", arn, &[]), Some("of-arn in eu-west-1")),
        (kubeconfig("c", "u", &args), Some("by-plugin in us-west-2")),
        (kubeconfig("c", "u", &args[..4]), None),
    ] {
        assert_eq!(named_in(&kubeconfig, "alias").map(|name| name.to_string()).as_deref(), found);
        assert_eq!(named_in(&kubeconfig, "elsewhere"), None);
    }
}

#[tokio::test]
async fn an_alias_that_names_no_cluster_is_our_side() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let config = "contexts:\n- name: alias\n  context: {cluster: c, user: u}\n";
    std::fs::write(file.path(), config).unwrap();
    let access = ClusterAccess {
        kubeconfig: Some(file.path().to_owned()),
        context: "alias".to_owned(),
        exec_env: Vec::new(),
        aws: None,
        deadline: Duration::from_secs(30),
    };
    let why = eks_name(&access).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Configuration);
    assert!(why.message.contains("alias names no EKS cluster"), "{}", why.message);
    let arn = "arn:aws:eks:us-east-1:123456789012:cluster/c".to_owned();
    let by_context = ClusterAccess { kubeconfig: None, context: arn, ..access };
    assert_eq!(eks_name(&by_context).await.unwrap().to_string(), "c in us-east-1");
}

#[test]
fn a_token_is_a_presigned_url_that_covers_the_clusters_name() {
    let session = Some("session/token+x".to_owned());
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", session, None, "test");
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_322_445);
    let scope = Scope { credentials: &credentials, service: "sts", region: "eu-west-1", now };
    let made = |cluster| token("https://sts.eu-west-1.amazonaws.com", cluster, &scope).unwrap();
    let token = made("platform");
    assert!(!token.expose().ends_with('='), "without padding");
    let (base, query) = taken_apart(token.expose());
    assert_eq!(base, "https://sts.eu-west-1.amazonaws.com/");
    for (name, value) in [
        ("Action", "GetCallerIdentity"),
        ("Version", "2011-06-15"),
        ("X-Amz-Algorithm", "AWS4-HMAC-SHA256"),
        ("X-Amz-Credential", "AKIDEXAMPLE/20260102/eu-west-1/sts/aws4_request"),
        ("X-Amz-Date", "20260102T025405Z"),
        ("X-Amz-Expires", "60"),
        ("X-Amz-SignedHeaders", "host;x-k8s-aws-id"),
        ("X-Amz-Security-Token", "session/token+x"),
    ] {
        assert_eq!(query.get(name).map(String::as_str), Some(value), "{name}");
    }
    assert_eq!((query.len(), query["X-Amz-Signature"].len()), (9, 64), "nothing that EKS would refuse");
    let (_, other) = taken_apart(made("another").expose());
    assert_ne!(query["X-Amz-Signature"], other["X-Amz-Signature"], "good for one cluster only");
    assert_eq!(format!("{token:?}"), "***");
}

/// AWS files of a test's own with the profile `prod`.
fn files(folder: &Path, config: &str) -> AwsSettings {
    let (config_file, credentials_file) = (folder.join("config"), folder.join("credentials"));
    std::fs::write(&config_file, config).unwrap();
    std::fs::write(
        &credentials_file,
        "[prod]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secretoftest\naws_session_token = sess\n",
    )
    .unwrap();
    AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(config_file),
        credentials_file: Some(credentials_file),
    }
}

#[tokio::test]
async fn a_profile_that_cannot_sign_in_tells_the_command() {
    let folder = tempfile::tempdir().unwrap();
    let settings = files(
        folder.path(),
        "[profile corp]\nsso_session = corp-of-test\nsso_account_id = 123456789012\nsso_role_name = R\n\
         region = us-east-1\n[sso-session corp-of-test]\nsso_start_url = https://corp.invalid/start\n\
         sso_region = us-east-1\n",
    );
    let args = ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "c"];
    let token = EksToken::of(&exec(&args, &[("AWS_PROFILE", "corp")]), &profiles(settings.clone())).unwrap();
    let why = token.credential(false).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Unauthenticated, "{}", why.message);
    assert!(why.remedy.contains("aws sso login --profile corp"), "{}", why.remedy);

    let token = EksToken::of(&exec(&args, &[("AWS_PROFILE", "none")]), &profiles(settings)).unwrap();
    assert_eq!(token.credential(false).await.unwrap_err().kind, WhyKind::Configuration);
}

#[cfg(unix)]
#[tokio::test]
async fn the_token_is_what_the_aws_program_makes() {
    let test = "the_token_is_what_the_aws_program_makes";
    if which::which("aws").is_err() {
        let is_required = std::env::var("FAILBACK_REQUIRE_TOOLS").as_deref() == Ok("1");
        assert!(!is_required, "{test} needs aws on PATH");
        println!("skipped: {test} needs aws on PATH");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let endpoint = "http://127.0.0.1:9";
    let settings = files(folder.path(), &format!("[profile prod]\nendpoint_url = {endpoint}\n"));
    let args =
        ["--region", "eu-west-1", "eks", "get-token", "--cluster-name", "platform", "--output", "json"];

    let mut command = std::process::Command::new("aws");
    command.args(args).env_clear().env("HOME", folder.path()).env("AWS_PROFILE", "prod");
    command.env("PATH", std::env::var_os("PATH").unwrap());
    command.env("AWS_CONFIG_FILE", settings.config_file.as_ref().unwrap());
    command.env("AWS_SHARED_CREDENTIALS_FILE", settings.credentials_file.as_ref().unwrap());
    let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let theirs: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    let (their_base, mut theirs) = taken_apart(theirs["status"]["token"].as_str().unwrap());

    let token = EksToken::of(&exec(&args, &[]), &profiles(settings)).unwrap();
    let credential = token.credential(false).await.unwrap();
    let (our_base, mut ours) = taken_apart(credential.token.unwrap().expose());
    assert_eq!(our_base, their_base);
    assert!(our_base.starts_with(endpoint), "{our_base}");
    // Two moments, two signatures.
    for query in [&mut ours, &mut theirs] {
        assert_eq!(query.insert("X-Amz-Signature".to_owned(), String::new()).unwrap().len(), 64);
        assert_eq!(query.insert("X-Amz-Date".to_owned(), String::new()).unwrap().len(), 16);
        // Midnight may lie between the two.
        let scope = query.remove("X-Amz-Credential").unwrap();
        let parts: Vec<&str> = scope.split('/').collect();
        assert_eq!((parts[0], &parts[2..]), ("AKIDEXAMPLE", &["eu-west-1", "sts", "aws4_request"][..]));
    }
    assert_eq!(ours, theirs);
}
