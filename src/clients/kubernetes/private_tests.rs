use serde_json::{Value, json};

use super::*;

/// A kubeconfig of two regions, in a file of its own folder.
fn kubeconfig(folder: &Path) -> PathBuf {
    let path = folder.join("config");
    std::fs::write(folder.join("ca.pem"), "THE CA").unwrap();
    std::fs::write(folder.join("key.pem"), "THE KEY").unwrap();
    let config = json!({
        "kind": "Config",
        "current-context": "eu",
        "clusters": [
            { "name": "c-eu", "cluster": { "server": "https://eu", "certificate-authority-data": "RVU=" } },
            { "name": "c-us", "cluster": {
                "server": "https://us",
                "certificate-authority": "ca.pem",
                "proxy-url": "http://proxy:3128",
                "tls-server-name": "us.example.com",
                "x-later": 1,
            } },
        ],
        "users": [
            { "name": "u-eu", "user": { "token": "EU TOKEN" } },
            { "name": "u-us", "user": {
                "client-certificate-data": "Q0VSVA==",
                "client-key": "key.pem",
                "tokenFile": "token",
                "as": "oncall",
                "as-groups": ["admins"],
                "as-user-extra": { "why": ["outage"] },
                "exec": {
                    "apiVersion": "client.authentication.k8s.io/v1",
                    "command": "./bin/login",
                    "args": ["--now"],
                    "env": [{ "name": "AWS_PROFILE", "value": "prod" }],
                    "interactiveMode": "Never",
                },
            } },
        ],
        "contexts": [
            { "name": "eu", "context": { "cluster": "c-eu", "user": "u-eu" } },
            { "name": "us", "context": { "cluster": "c-us", "user": "u-us", "namespace": "elsewhere" } },
            { "name": "odd", "context": { "cluster": "c-none", "user": "u-us" } },
        ],
        "preferences": { "colors": true },
    });
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

fn written(path: &Path, context: &str) -> Result<Value, Why> {
    let private = PrivateKubeconfig::of(&Kubeconfig::read_from(path).unwrap(), context)?;
    let folder = PrivateFolder::create().unwrap();
    let file = private.write(&folder).unwrap();
    Ok(serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap())
}

#[test]
fn one_context_is_kept_with_what_it_needs_and_nothing_of_the_others() {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig(folder.path());
    let private = written(&path, "us").unwrap();
    for (pointer, expected) in [
        ("/current-context", json!("us")),
        ("/apiVersion", json!("v1")),
        ("/contexts/0/name", json!("us")),
        ("/contexts/0/context/cluster", json!("c-us")),
        ("/clusters/0/cluster/server", json!("https://us")),
        ("/clusters/0/cluster/certificate-authority-data", json!("VEhFIENB")),
        ("/clusters/0/cluster/proxy-url", json!("http://proxy:3128")),
        ("/clusters/0/cluster/tls-server-name", json!("us.example.com")),
        ("/clusters/0/cluster/x-later", json!(1)),
        ("/users/0/user/client-certificate-data", json!("Q0VSVA==")),
        ("/users/0/user/client-key-data", json!("VEhFIEtFWQ==")),
        ("/users/0/user/as", json!("oncall")),
        ("/users/0/user/as-groups/0", json!("admins")),
        ("/users/0/user/as-user-extra/why/0", json!("outage")),
        ("/users/0/user/exec/env/0/value", json!("prod")),
        ("/users/0/user/exec/args/0", json!("--now")),
        ("/users/0/user/exec/interactiveMode", json!("Never")),
    ] {
        assert_eq!(private.pointer(pointer), Some(&expected), "{pointer} in {private:#}");
    }
    for (pointer, file) in [("/users/0/user/exec/command", "bin/login"), ("/users/0/user/tokenFile", "token")]
    {
        let found = Path::new(private.pointer(pointer).unwrap().as_str().unwrap());
        assert!(found.is_absolute(), "{}", found.display());
        assert_eq!(found.components().collect::<PathBuf>(), folder.path().join(file));
    }
    assert_eq!(
        [&private["clusters"], &private["users"], &private["contexts"]]
            .map(|all| all.as_array().unwrap().len()),
        [1; 3]
    );
    let text = private.to_string();
    for other in ["EU TOKEN", "https://eu", "certificate-authority\"", "client-key\"", "preferences"] {
        assert!(!text.contains(other), "{other} is in {text}");
    }
}

#[test]
fn what_was_read_is_kept_whatever_the_disk_says_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig(folder.path());
    let private = PrivateKubeconfig::of(&Kubeconfig::read_from(&path).unwrap(), "us").unwrap();
    std::fs::write(folder.path().join("ca.pem"), "ANOTHER").unwrap();
    std::fs::remove_file(&path).unwrap();
    let written = private.write(&PrivateFolder::create().unwrap());
    assert!(written.is_ok());
    let text = serde_json::to_string(&private.0).unwrap();
    assert!(text.contains("VEhFIENB"), "{text}");
    assert_eq!(format!("{private:?}"), r#"PrivateKubeconfig("us")"#);
}

#[test]
fn what_is_missing_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = kubeconfig(folder.path());
    for (context, said) in [("none", "no context none"), ("odd", "no cluster c-none")] {
        let why = written(&path, context).unwrap_err();
        assert!(why.message.contains(said), "{}", why.message);
    }
    std::fs::remove_file(folder.path().join("ca.pem")).unwrap();
    let why = written(&path, "us").unwrap_err();
    assert!(why.message.contains("ca.pem, which the kubeconfig names"), "{}", why.message);
}
