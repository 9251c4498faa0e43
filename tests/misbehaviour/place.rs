//! A session of an environment whose every service is a server of the tests.

use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine;
use failback::engine::session::{Options, Session, UsualFiles};
use failback::environment;
use serde_json::json;
use tempfile::TempDir;

use super::server::{Authority, Behaviour, Server, Upstream, Way};

/// The regions' names, and the short ones of their hosts.
pub const REGIONS: [(&str, &str); 2] = [("us-east-1", "us"), ("eu-west-1", "eu")];
pub const SHARED: &str = "multi-region.example.com";

/// What no message may show. The key's id is AWS's own example of one.
pub const TOKEN: &str = "tokenhunter22";
pub const KEY_ID: &str = "AKIAIOSFODNN7EXAMPLE";
pub const KEY: &str = "keyhunter22";
pub const PASSWORD: &str = "passwordhunter22";

/// A session, and what it needs to stay.
pub struct Place {
    pub session: Session,
    /// `127.0.0.1:PORT` of each region's cluster and host, and of AWS and the chart repository.
    pub clusters: [String; 2],
    pub plain: String,
    /// The environment file.
    pub environment: PathBuf,
    _servers: Vec<Server>,
    _folder: TempDir,
}

/// Every service misbehaves in this way.
pub async fn everything(way: Way, deadline: Duration) -> Place {
    let folder = tempfile::tempdir().unwrap();
    let (trusted, other) = (Authority::new(), Authority::new());
    let presented = if way == Way::Untrusted { &other } else { &trusted };
    let names = ["127.0.0.1", "us.multi-region.example.com", "eu.multi-region.example.com", SHARED];
    let tls = presented.acceptor(&names);
    let behaviour = Behaviour { way, chosen: |_| true, upstream: Upstream::None, tls: Some(tls) };
    let encrypted = matches!(way, Way::Untrusted | Way::NoTls);
    let plain = if encrypted { behaviour.clone() } else { Behaviour { tls: None, ..behaviour.clone() } };
    let servers = [Server::start(behaviour.clone()).await, Server::start(behaviour).await];
    let plain = Server::start(plain).await;
    let scheme = if encrypted { "https" } else { "http" };
    let endpoint = format!("{scheme}://{}", plain.address);

    let clusters = [0, 1].map(|index| servers[index].address.to_string());
    let environment = write_files(folder.path(), &trusted.pem, &clusters, &endpoint);
    let mut profile = environment::read(&environment).unwrap();
    // The file refuses a password in an address; an environment may come another way.
    profile.chart.repository = format!("{scheme}://user:{PASSWORD}@{}/charts", plain.address);
    let options = Options {
        deadline,
        aws_endpoint: Some(endpoint),
        usual_files: UsualFiles::default(),
        ..Options::default()
    };
    let session = Session::new(profile.into(), options);
    let (plain_address, [us, eu]) = (plain.address.to_string(), servers);
    Place {
        session,
        clusters,
        plain: plain_address,
        environment,
        _servers: vec![us, eu, plain],
        _folder: folder,
    }
}

/// The values file of a region.
pub fn values(region: &str, short: &str) -> String {
    format!(
        "replicaCount: 3\nconfig:\n  loftHost: {SHARED}\n  database:\n    dataSource: \
         \"mysql://kine:{PASSWORD}@tcp(db.example.com:3306)/kine\"\nmultiRegion:\n  \
         host: {short}.{SHARED}\n  region: {region}\n"
    )
}

/// Writes all files of an environment; gives the environment file's path.
fn write_files(folder: &Path, ca: &str, clusters: &[String; 2], endpoint: &str) -> PathBuf {
    let write = |name: &str, text: &str| std::fs::write(folder.join(name), text).unwrap();
    write("ca.pem", ca);
    write("aws-config", &format!("[profile test]\nregion = us-east-1\nendpoint_url = {endpoint}\n"));
    let keys = format!("[test]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = {KEY}\n");
    write("aws-credentials", &keys);
    let ca = base64::engine::general_purpose::STANDARD.encode(ca);
    let arn = |region: &str| format!("arn:aws:eks:{region}:123456789012:cluster/platform");
    let each = |make: &dyn Fn(usize, String) -> serde_json::Value| -> Vec<_> {
        REGIONS.iter().enumerate().map(|(index, (region, _))| make(index, arn(region))).collect()
    };
    let kubeconfig = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": each(&|index, arn| json!({ "name": arn, "cluster": {
            "server": format!("https://{}", clusters[index]), "certificate-authority-data": ca } })),
        "users": [{ "name": "me", "user": { "token": TOKEN } }],
        "contexts": each(&|_, arn| json!({ "name": arn, "context": { "cluster": arn, "user": "me" } })),
    });
    write("kubeconfig", &kubeconfig.to_string());
    let mut text = format!(
        "version = 1\nname = \"test\"\nshared_host = \"{SHARED}\"\nkubeconfig = \"kubeconfig\"\n\
         [aws]\nprofile = \"test\"\nconfig_file = \"aws-config\"\ncredentials_file = \"aws-credentials\"\n\
         [database]\nvpc_id = \"vpc-0a1b2c3d4e5f60718\"\nsecurity_group_id = \"sg-0a1b2c3d4e5f60718\"\n"
    );
    for (index, (region, short)) in REGIONS.iter().enumerate() {
        write(&format!("{region}.yaml"), &values(region, short));
        text.push_str(&format!(
            "[[regions]]\nname = \"{region}\"\ncontext = \"{}\"\n\
             health_check_id = \"{index}f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4e5f\"\nvalues_file = \"{region}.yaml\"\n\
             host = \"{short}.{SHARED}\"\nprobe_address = \"{}\"\nprobe_ca = \"ca.pem\"\n",
            arn(region),
            clusters[index],
        ));
    }
    write("environment.toml", &text);
    folder.join("environment.toml")
}
