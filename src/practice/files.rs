//! What clients are configured with: a private folder of files, and the
//! variables that point other programs at them. The user's own are never read.

use std::{
    collections::BTreeMap,
    io::{self, Write},
    net::SocketAddr,
    path::{Path, PathBuf},
};

use serde::Serialize;
use serde_json::json;
use tempfile::NamedTempFile;

use crate::environment::scratch::Scratch;

use super::{
    PracticeError,
    aws::AccessKey,
    charts::CHART,
    network::{database_group_id, database_vpc_id},
    places::{PLATFORM_VERSION, Place, REPLICAS, SHARED_HOST},
    scenario::Scenario,
    world::Auth,
};

/// The AWS profile's name.
const PROFILE: &str = "practice";

/// The world's folder.
pub(super) struct Folder {
    path: PathBuf,
    /// Removes a temporary folder at the end, the next start where that was cut short; a named one is kept.
    _temporary: Option<Scratch>,
}

impl Folder {
    /// The named folder, made where it is missing, or a temporary one. Open to
    /// the user alone where the world made it.
    pub(super) fn open(named: Option<&Path>) -> Result<Self, PracticeError> {
        if let Some(named) = named {
            let path = std::path::absolute(named).map_err(failed(named))?;
            if !path.is_dir() {
                make_private(&path).map_err(failed(&path))?;
            }
            return Ok(Self { path, _temporary: None });
        }
        let temporary = Scratch::new("practice").map_err(failed(&std::env::temp_dir()))?;
        Ok(Self { path: temporary.path().to_path_buf(), _temporary: Some(temporary) })
    }

    /// Where it is; absolute.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file for the user alone, at once as a whole.
    fn write(&self, name: &str, content: &str) -> Result<PathBuf, PracticeError> {
        let path = self.path.join(name);
        let write = || -> io::Result<()> {
            // Temporary files are 0600, and stay so under their final name.
            let mut file = NamedTempFile::new_in(&self.path)?;
            file.write_all(content.as_bytes())?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(failed(&path))?;
        Ok(path)
    }
}

fn failed(path: &Path) -> impl FnOnce(io::Error) -> PracticeError {
    let path = path.to_path_buf();
    move |source| PracticeError::File { path, source }
}

fn make_private(path: &Path) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// A region's side of the files.
pub(super) struct RegionAccess {
    pub place: &'static Place,
    pub kubernetes: SocketAddr,
    pub host: SocketAddr,
    pub token: String,
    pub health_check_id: String,
}

/// What the files are about.
pub(super) struct Access<'a> {
    pub scenario: &'a Scenario,
    pub regions: &'a [RegionAccess],
    pub auth: Auth,
    pub ca_pem: &'a str,
    pub key: &'a AccessKey,
    /// `http://127.0.0.1:PORT`
    pub aws_endpoint: &'a str,
    pub chart_repository: &'a str,
}

/// The files, written.
pub(super) struct Files {
    pub kubeconfig: PathBuf,
    /// By region.
    pub values: BTreeMap<String, PathBuf>,
    pub environment: PathBuf,
    /// For other programs.
    pub env: BTreeMap<String, String>,
}

impl Files {
    /// Writes them all into the folder.
    pub(super) fn write(folder: &Folder, access: &Access<'_>) -> Result<Self, PracticeError> {
        let kubeconfig = folder.write("kubeconfig", &kubeconfig(access))?;
        let ca = folder.write("ca.pem", access.ca_pem)?;
        let aws_config = folder.write("aws-config", &aws_config(access))?;
        let aws_credentials = folder.write("aws-credentials", &aws_credentials(access.key))?;
        let mut values = BTreeMap::new();
        for RegionAccess { place, .. } in access.regions {
            let name = format!("platform-{}-values.yaml", place.region);
            values.insert(place.region.to_owned(), folder.write(&name, &place.values_yaml())?);
        }
        let paths = Paths { kubeconfig, ca, aws_config, aws_credentials, values };
        let environment = folder.write("environment.toml", &environment_toml(access, &paths)?)?;
        let env = variables(folder.path(), access, &paths);
        Ok(Self { kubeconfig: paths.kubeconfig, values: paths.values, environment, env })
    }
}

struct Paths {
    kubeconfig: PathBuf,
    ca: PathBuf,
    aws_config: PathBuf,
    aws_credentials: PathBuf,
    values: BTreeMap<String, PathBuf>,
}

/// JSON, which is YAML too. Its current context is a region that is well, so that a
/// command without `--context` cannot touch a failed one by accident.
fn kubeconfig(access: &Access<'_>) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};

    let ca = BASE64_STANDARD.encode(access.ca_pem);
    let each = |make: &dyn Fn(&RegionAccess, &str) -> serde_json::Value| -> Vec<serde_json::Value> {
        access.regions.iter().map(|region| make(region, &region.place.cluster_arn())).collect()
    };
    let clusters = each(&|region, arn| {
        let server = format!("https://{}", region.kubernetes);
        json!({ "name": arn, "cluster": { "server": server, "certificate-authority-data": ca } })
    });
    let users = each(&|region, arn| {
        let user = match access.auth {
            Auth::Token => json!({ "token": region.token }),
            Auth::Eks => json!({ "exec": get_token(region.place) }),
        };
        json!({ "name": arn, "user": user })
    });
    let contexts = each(&|_, arn| json!({ "name": arn, "context": { "cluster": arn, "user": arn } }));
    let well = access.scenario.region_that_is_well(access.regions.iter().map(|region| region.place));
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": clusters,
        "users": users,
        "contexts": contexts,
        "current-context": well.map(Place::cluster_arn),
    });
    format!("{config:#}\n")
}

/// The credential plugin that `aws eks update-kubeconfig --profile` writes.
fn get_token(place: &Place) -> serde_json::Value {
    json!({
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "args": [
            "--region", place.region, "eks", "get-token",
            "--cluster-name", place.cluster_name(), "--output", "json",
        ],
        "command": "aws",
        "env": [{ "name": "AWS_PROFILE", "value": PROFILE }],
    })
}

fn aws_config(access: &Access<'_>) -> String {
    format!("[profile {PROFILE}]\nregion = us-east-1\nendpoint_url = {}\n", access.aws_endpoint)
}

fn aws_credentials(key: &AccessKey) -> String {
    format!("[{PROFILE}]\naws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret)
}

/// The environment file's form, version 1; this side of it is written only.
#[derive(Serialize)]
struct Environment<'a> {
    version: u32,
    name: String,
    shared_host: &'a str,
    kubeconfig: &'a Path,
    namespace: &'a str,
    deployment: &'a str,
    ingress: &'a str,
    selector: &'a str,
    replicas: u32,
    escalation: &'a str,
    aws: AwsTable<'a>,
    chart: ChartTable<'a>,
    database: DatabaseTable,
    regions: Vec<RegionTable<'a>>,
}

#[derive(Serialize)]
struct AwsTable<'a> {
    profile: &'a str,
    config_file: &'a Path,
    credentials_file: &'a Path,
}

#[derive(Serialize)]
struct ChartTable<'a> {
    repository: &'a str,
    name: &'a str,
    version: &'a str,
    method: &'a str,
}

#[derive(Serialize)]
struct DatabaseTable {
    vpc_id: String,
    security_group_id: String,
}

#[derive(Serialize)]
struct RegionTable<'a> {
    name: &'a str,
    context: String,
    health_check_id: &'a str,
    values_file: Option<&'a Path>,
    host: &'a str,
    probe_address: String,
    probe_ca: &'a Path,
}

impl<'a> RegionTable<'a> {
    fn new(region: &'a RegionAccess, paths: &'a Paths) -> Self {
        Self {
            name: region.place.region,
            context: region.place.cluster_arn(),
            health_check_id: &region.health_check_id,
            values_file: paths.values.get(region.place.region).map(PathBuf::as_path),
            host: region.place.host,
            probe_address: region.host.to_string(),
            probe_ca: &paths.ca,
        }
    }
}

fn environment_toml(access: &Access<'_>, paths: &Paths) -> Result<String, PracticeError> {
    let environment = Environment {
        version: 1,
        name: format!("practice-{}", access.scenario.id),
        shared_host: SHARED_HOST,
        kubeconfig: &paths.kubeconfig,
        namespace: "vcluster-platform",
        deployment: "loft",
        ingress: "loft",
        selector: "app=loft",
        replicas: REPLICAS,
        escalation: "#platform-oncall (practice)",
        aws: AwsTable {
            profile: PROFILE,
            config_file: &paths.aws_config,
            credentials_file: &paths.aws_credentials,
        },
        chart: ChartTable {
            repository: access.chart_repository,
            name: CHART,
            version: PLATFORM_VERSION,
            method: "helm",
        },
        database: DatabaseTable { vpc_id: database_vpc_id(), security_group_id: database_group_id() },
        regions: access.regions.iter().map(|region| RegionTable::new(region, paths)).collect(),
    };
    // Only a path that is no Unicode cannot be written.
    toml::to_string(&environment)
        .map_err(io::Error::other)
        .map_err(failed(&paths.kubeconfig.with_file_name("environment.toml")))
}

/// The keys stand beside the profile, because exported keys of the user's
/// would win over a profile that is named by a variable only.
fn variables(folder: &Path, access: &Access<'_>, paths: &Paths) -> BTreeMap<String, String> {
    let text = |path: &Path| path.to_string_lossy().into_owned();
    [
        ("AWS_CONFIG_FILE", text(&paths.aws_config)),
        ("AWS_SHARED_CREDENTIALS_FILE", text(&paths.aws_credentials)),
        ("AWS_PROFILE", PROFILE.to_owned()),
        ("AWS_ACCESS_KEY_ID", access.key.id.clone()),
        ("AWS_SECRET_ACCESS_KEY", access.key.secret.clone()),
        // The aws program reads the one, the SDK for Rust the other.
        ("AWS_DEFAULT_REGION", "us-east-1".to_owned()),
        ("AWS_REGION", "us-east-1".to_owned()),
        ("AWS_ENDPOINT_URL", access.aws_endpoint.to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("KUBECONFIG", text(&paths.kubeconfig)),
        ("KUBECACHEDIR", text(&folder.join("kube-cache"))),
        ("HELM_CACHE_HOME", text(&folder.join("helm-cache"))),
        ("HELM_CONFIG_HOME", text(&folder.join("helm-config"))),
        ("HELM_DATA_HOME", text(&folder.join("helm-data"))),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value))
    .collect()
}
