//! Plugins made of `/bin/sh`, and the parsing of what they print.

use super::*;

fn plugin(config: serde_json::Value, env: &[(&str, &str)]) -> Plugin {
    let env: Vec<_> = env.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Plugin::new(serde_json::from_value(config).unwrap(), &env)
}

#[test]
fn credentials_of_both_versions_are_read_and_anything_else_is_refused_without_quoting_it() {
    let wrap = |version: &str, status: &str| {
        format!(
            r#"{{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/{version}","status":{status}}}"#
        )
    };
    for version in ["v1", "v1beta1"] {
        let json = wrap(version, r#"{"token":"k8s-aws-v1.x","expirationTimestamp":"2026-01-02T03:04:05Z"}"#);
        let credential = parse(json.as_bytes()).unwrap();
        assert_eq!(credential.token, Some(Secret::new("k8s-aws-v1.x")));
        assert_eq!(credential.expires_at, Some("2026-01-02T03:04:05Z".parse().unwrap()));
    }
    let json = wrap("v1", r#"{"clientCertificateData":"C","clientKeyData":"hunter22"}"#);
    let (certificate, key) = parse(json.as_bytes()).unwrap().client_certificate.unwrap();
    assert_eq!((certificate.as_str(), key.expose()), ("C", "hunter22"));

    for (bad, problem) in [
        ("hunter22".to_owned(), "not the JSON"),
        (wrap("v1", "null"), "status is missing"),
        (wrap("v1alpha1", r#"{"token":"hunter22"}"#), "version"),
        (wrap("v1", r#"{"clientCertificateData":"hunter22"}"#), "neither"),
        (wrap("v1", r#"{"token":"hunter22","expirationTimestamp":"soon"}"#), "expirationTimestamp"),
    ] {
        let told = parse(bad.as_bytes()).unwrap_err();
        assert!(told.contains(problem) && !told.contains("hunter22"), "{told}");
    }
}

#[test]
fn the_profile_is_the_plugins_own_before_the_environments() {
    let of = |config, env| plugin(config, env).profile().map(str::to_owned);
    let env: &[(&str, &str)] = &[("AWS_PROFILE", "ours")];
    assert_eq!(of(json!({}), env).as_deref(), Some("ours"));
    let own = json!({ "env": [{ "name": "AWS_PROFILE", "value": "theirs" }] });
    assert_eq!(of(own, env).as_deref(), Some("theirs"));
    assert_eq!(of(json!({ "args": ["--profile", "flag"] }), env).as_deref(), Some("flag"));
    assert_eq!(of(json!({}), &[]), None);
}

#[test]
fn the_plugins_failures_are_our_side_with_their_remedy() {
    let failed = |code, line: &str| {
        plugin(json!({}), &[("AWS_PROFILE", "prod")]).failed(
            "aws",
            Some(code),
            &[line.to_owned(), String::new()],
        )
    };
    let why = failed(255, "The SSO session associated with this profile has expired");
    assert_eq!(why.kind, WhyKind::Unauthenticated);
    assert!(why.remedy.contains("aws sso login --profile prod"), "{}", why.remedy);
    let why = failed(253, "something new");
    assert_eq!(why.kind, WhyKind::Unauthenticated);
    assert!(why.remedy.contains("aws configure --profile prod"), "{}", why.remedy);
    let why = failed(1, "boom with token k8s-aws-v1.abc");
    assert_eq!(why.kind, WhyKind::Tool);
    assert!(why.message.ends_with("exit code 1: boom with token ***"), "{}", why.message);
}

#[cfg(unix)]
#[tokio::test]
async fn a_plugin_gets_its_environment_and_the_exec_info() {
    tools::leave_login_shell_alone();
    let script = r#"printf '%s' "$KUBERNETES_EXEC_INFO" | grep -q '"interactive":false' || exit 7
        printf '{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1",'
        printf '"status":{"token":"%s-%s"}}' "$AWS_PROFILE" "${AWS_ACCESS_KEY_ID-none}""#;
    let config = json!({ "command": "/bin/sh", "args": ["-c", script] });
    let credential = plugin(config, &[("AWS_PROFILE", "prod")]).run().await.unwrap();
    assert_eq!(credential.token, Some(Secret::new("prod-none")));
}

#[tokio::test]
async fn a_plugin_that_is_missing_tells_its_install_hint() {
    tools::leave_login_shell_alone();
    let config = json!({ "command": "no-such-plugin-here", "installHint": "brew install it" });
    let why = plugin(config, &[]).run().await.unwrap_err();
    assert_eq!((why.kind, why.remedy.as_str()), (WhyKind::Tool, "brew install it"));
    let relative = json!({ "command": "./plugin" });
    assert_eq!(plugin(relative, &[]).run().await.unwrap_err().kind, WhyKind::Tool);
}
