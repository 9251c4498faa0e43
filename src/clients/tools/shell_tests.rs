//! Against programs made of `/bin/sh`.

use std::os::unix::fs::PermissionsExt;

use super::*;

fn program(folder: &Path, name: &str, script: &str) {
    let path = folder.join(name);
    std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
}

#[tokio::test]
async fn tools_are_found_with_version_and_flags_or_say_what_to_install() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "helm", "[ \"$1 $2 $3\" = 'version --template {{.Version}}' ] && printf v4.3.1");
    program(
        folder.path(),
        "vcluster",
        "case \"$*\" in --version) echo 'vcluster version 0.34.0';; \
         'platform start --help') echo '      --context string   x';; *) exit 9;; esac",
    );
    let facts = find_tools(&[folder.path().to_owned()]).await;
    assert_eq!(facts.helm.as_ref().map(crate::runbook::fact::HelmFacts::major), Ok(Some(4)));
    let vcluster = facts.vcluster.unwrap();
    assert_eq!((vcluster.version.as_str(), vcluster.flags), ("0.34.0", vec!["--context".to_owned()]));
    assert_eq!(facts.kubectl, None);

    let nothing = find_tools(&[]).await;
    assert!(nothing.helm.unwrap_err().contains("https://helm.sh"));
    assert!(nothing.vcluster.unwrap_err().contains("vcluster is not installed"));
}

#[tokio::test]
async fn a_failing_tool_is_told_in_its_own_words() {
    let folder = tempfile::tempdir().unwrap();
    program(folder.path(), "helm", "echo 'Error: plugin broken' >&2; exit 1");
    let message = find_tools(&[folder.path().to_owned()]).await.helm.unwrap_err();
    assert!(message.contains("exit code 1: Error: plugin broken"), "{message}");
}

#[tokio::test]
async fn the_release_password_is_asked_of_helm_and_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let config =
        "contexts: [{name: us, context: {cluster: c}}]\nclusters: [{name: c, cluster: {server: https://us}}]";
    let config = kube::config::Kubeconfig::from_yaml(config).unwrap();
    let kubeconfig = crate::clients::kubernetes::PrivateKubeconfig::of(&config, "us").unwrap();
    let files = ToolFiles::write(kubeconfig, None).await.unwrap();
    let want = format!(
        "get values loft --namespace vcluster-platform --kube-context us -o json --kubeconfig {}",
        files.kubeconfig().display()
    );
    program(
        folder.path(),
        "helm",
        &format!("[ \"$*\" = '{want}' ] && echo '{{\"admin\":{{\"password\":\"hunter22\"}}}}' || exit 1"),
    );
    let helm = folder.path().join("helm");
    let env = Environment::for_tools();
    let ask = async |release| {
        helm_admin_password(&helm, &files, "us", "vcluster-platform", release, env.clone()).await
    };
    let found = ask("loft").await.unwrap();
    assert_eq!(found.as_ref().map(crate::clients::secret::Secret::expose), Some("hunter22"));
    assert_eq!(format!("{found:?}"), "Some(***)");
    let why = ask("other").await.unwrap_err();
    assert!(why.message.contains("release other"), "{}", why.message);
}

#[test]
fn a_password_that_the_cli_would_mangle_is_known() {
    for (password, survives) in [
        ("hunter22", true),
        ("a=b c'd\"e", true),
        ("a,b=c", false),
        ("a\\b", false),
        ("{a}", false),
        ("null", false),
    ] {
        assert_eq!(survives_set(&crate::clients::secret::Secret::new(password)), survives, "{password}");
    }
}
