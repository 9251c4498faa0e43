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
    let want = "get values loft --namespace vcluster-platform --kube-context us -o json --kubeconfig /k";
    program(
        folder.path(),
        "helm",
        &format!("[ \"$*\" = '{want}' ] && echo '{{\"admin\":{{\"password\":\"hunter22\"}}}}' || exit 1"),
    );
    let helm = folder.path().join("helm");
    let kubeconfig = Some(Path::new("/k"));
    let like = Invocation::new(&helm, [""; 0], Duration::from_secs(30));
    let found =
        helm_admin_password(&helm, kubeconfig, "us", "vcluster-platform", "loft", &like).await.unwrap();
    assert_eq!(found.as_ref().map(crate::clients::secret::Secret::expose), Some("hunter22"));
    assert_eq!(format!("{found:?}"), "Some(***)");
    let why = helm_admin_password(&helm, None, "us", "vcluster-platform", "other", &like).await.unwrap_err();
    assert!(why.message.contains("release other"), "{}", why.message);
}
