//! The practice world as its clients see it: through its sockets and its files.
#![allow(clippy::unwrap_used, reason = "helpers of tests, which clippy takes for the program")]

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use failback::practice::{Auth, Options, World, scenario, scenarios};
use futures::future::join_all;
use reqwest::{Client, StatusCode};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};
use serde_json::Value;

const US: &str = "us-east-1";
const EU: &str = "eu-west-1";
/// Far longer than anything here takes.
const PATIENCE: Duration = Duration::from_mins(1);

fn options(id: &str) -> Options {
    let scenario = scenario(id).unwrap();
    Options { scenario, speed: 60.0, seed: 1, latency: Duration::ZERO, auth: Auth::Token, dir: None }
}

async fn world(id: &str) -> World {
    World::start(options(id)).await.unwrap()
}

/// The environment file's view of a region.
struct RegionFile {
    host: String,
    address: SocketAddr,
    ca: PathBuf,
}

fn environment(world: &World) -> toml::Table {
    std::fs::read_to_string(world.environment_file()).unwrap().parse().unwrap()
}

fn region_file(world: &World, name: &str) -> RegionFile {
    let environment = environment(world);
    let regions = environment["regions"].as_array().unwrap();
    let region = regions.iter().find(|region| region["name"].as_str() == Some(name)).unwrap();
    let text = |key: &str| region[key].as_str().unwrap().to_owned();
    RegionFile {
        host: text("host"),
        address: text("probe_address").parse().unwrap(),
        ca: text("probe_ca").into(),
    }
}

/// Trusts the world's authority alone, and finds every host at this address.
fn client(ca: &Path, hosts: &[&str], address: SocketAddr) -> Client {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca).unwrap()).unwrap();
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let mut builder = Client::builder().no_proxy().tls_backend_preconfigured(tls);
    for host in hosts {
        builder = builder.resolve(host, address);
    }
    builder.build().unwrap()
}

/// `GET` of a region's host under a name; the URL's port gives way to the address.
async fn get(world: &World, region: &str, host: &str, path: &str) -> reqwest::Result<(StatusCode, String)> {
    let RegionFile { address, ca, .. } = region_file(world, region);
    let url = format!("https://{host}:{}{path}", address.port());
    let response = client(&ca, &[host], address).get(url).send().await?;
    Ok((response.status(), response.text().await?))
}

/// The world's plain port.
async fn plain(url: &str) -> reqwest::Result<String> {
    client_of_plain().get(url).send().await?.text().await
}

fn client_of_plain() -> Client {
    let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth();
    Client::builder().no_proxy().tls_backend_preconfigured(tls).build().unwrap()
}

/// Waits until it holds; fails when it never does.
async fn eventually<F: Future<Output = bool>>(what: &str, holds: impl Fn() -> F) {
    let begin = Instant::now();
    while !holds().await {
        assert!(begin.elapsed() < PATIENCE, "never: {what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

fn refused(error: &reqwest::Error) -> bool {
    let mut source: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = source {
        if error
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::ConnectionRefused)
        {
            return true;
        }
        source = error.source();
    }
    false
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_answer_as_their_load_balancers_would() {
    for (id, status) in [
        ("scaled-to-zero", StatusCode::SERVICE_UNAVAILABLE),
        ("crash-loop", StatusCode::SERVICE_UNAVAILABLE),
        ("deployment-missing", StatusCode::SERVICE_UNAVAILABLE),
        ("healthy", StatusCode::OK),
    ] {
        let world = world(id).await;
        for path in ["/healthz", "/derp/probe", "/version"] {
            for host in ["us.multi-region.example.com", "multi-region.example.com"] {
                let (found, body) = get(&world, US, host, path).await.unwrap();
                assert_eq!(found, status, "{id}: {host}{path}: {body}");
                let says_why = body.contains("503 Service Temporarily Unavailable");
                assert_eq!(says_why, status != StatusCode::OK, "{id}: {host}{path}: {body}");
            }
        }
        let (found, body) = get(&world, EU, "eu.multi-region.example.com", "/healthz").await.unwrap();
        assert_eq!((found, body.as_str()), (StatusCode::OK, "ok"), "{id}");
        let (_, version) = get(&world, EU, "multi-region.example.com", "/version").await.unwrap();
        assert_eq!(serde_json::from_str::<Value>(&version).unwrap()["version"], "v4.11.2", "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_and_health_checks_follow_what_is_wrong_around_the_cluster() {
    // (scenario, the hosts' answers and the health checks of us-east-1 and eu-west-1)
    let unavailable = Some(StatusCode::SERVICE_UNAVAILABLE);
    let cases = [
        ("targets-unhealthy", [(unavailable, "unhealthy"), (Some(StatusCode::OK), "healthy")]),
        ("ingress-not-reconciled", [(unavailable, "unhealthy"), (Some(StatusCode::OK), "healthy")]),
        ("cluster-down", [(None, "unhealthy"), (Some(StatusCode::OK), "healthy")]),
        ("all-regions-failing", [(None, "unhealthy"), (None, "unhealthy")]),
        ("wrong-region", [(Some(StatusCode::OK), "healthy"), (unavailable, "unhealthy")]),
        (
            "health-check-misconfigured",
            [(Some(StatusCode::OK), "unhealthy"), (Some(StatusCode::OK), "healthy")],
        ),
        ("credentials-expired", [(unavailable, "unhealthy"), (Some(StatusCode::OK), "healthy")]),
        ("route53-out-of-reach", [(unavailable, "unhealthy"), (Some(StatusCode::OK), "healthy")]),
    ];
    for (id, expected) in cases {
        let world = world(id).await;
        let overview: Value = serde_json::from_str(&plain(world.control_url()).await.unwrap()).unwrap();
        let hosts = [(US, "us.multi-region.example.com"), (EU, "eu.multi-region.example.com")];
        for ((index, (region, host)), (status, health)) in hosts.into_iter().enumerate().zip(expected) {
            let found = get(&world, region, host, "/healthz").await.ok().map(|(status, _)| status);
            assert_eq!(found, status, "{id}: {host}");
            assert_eq!(overview["regions"][index]["health_check"], health, "{id}: {region}");
        }
        assert!(!world.is_repaired(), "{id}");
        world.repair();
        // What is left to the responder there, a second repair does.
        if ["credentials-expired", "route53-out-of-reach"].contains(&id) {
            assert_eq!(
                get(&world, US, hosts[0].1, "/healthz").await.ok().map(|it| it.0),
                expected[0].0,
                "{id}"
            );
            world.repair();
        }
        for (region, host) in hosts {
            eventually("the host answers", || async {
                get(&world, region, host, "/healthz").await.is_ok_and(|(status, _)| status == StatusCode::OK)
            })
            .await;
        }
        eventually("the world is repaired", || async { world.is_repaired() }).await;
        assert!(world.changing_requests().is_empty(), "{id}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_has_no_certificate_for_another_name() {
    let world = world("healthy").await;
    assert!(get(&world, US, "us.multi-region.example.com", "/healthz").await.is_ok());
    assert!(get(&world, US, "eu.multi-region.example.com", "/healthz").await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_region_refuses_until_somebody_repaired_it() {
    let world = world("cluster-unreachable").await;
    let host = "us.multi-region.example.com";
    let kubernetes = server_of(&world, US);
    assert!(refused(&get(&world, US, host, "/healthz").await.unwrap_err()));
    assert!(tokio::net::TcpStream::connect(kubernetes).await.is_err());
    assert!(tokio::net::TcpStream::connect(server_of(&world, EU)).await.is_ok());
    assert!(!world.is_repaired());

    world.repair();
    eventually("the host answers", || async {
        get(&world, US, host, "/healthz").await.is_ok_and(|(status, _)| status == StatusCode::OK)
    })
    .await;
    eventually("the Kubernetes API answers", || async {
        tokio::net::TcpStream::connect(kubernetes).await.is_ok()
    })
    .await;
    assert!(world.is_repaired());
    assert_eq!(region_file(&world, US).host, host);
}

fn kubeconfig(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.kubeconfig()).unwrap()).unwrap()
}

fn server_of(world: &World, region: &str) -> SocketAddr {
    let name = format!("arn:aws:eks:{region}:123456789012:cluster/platform-multi-region-{region}");
    let config = kubeconfig(world);
    let clusters = config["clusters"].as_array().unwrap();
    let cluster = clusters.iter().find(|cluster| cluster["name"] == name.as_str()).unwrap();
    cluster["cluster"]["server"].as_str().unwrap().strip_prefix("https://").unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn health_checks_turn_after_a_repair() {
    let world = world("cluster-unreachable").await;
    let health = async |region: &str| {
        let overview: Value = serde_json::from_str(&plain(world.control_url()).await.unwrap()).unwrap();
        let regions = overview["regions"].as_array().unwrap();
        regions.iter().find(|one| one["region"] == region).unwrap()["health_check"].clone()
    };
    assert_eq!(health(US).await, "unhealthy");
    assert_eq!(health(EU).await, "healthy");
    plain(&format!("{}/repair", world.control_url())).await.unwrap();
    eventually("the health check turns", || async { health(US).await == "healthy" }).await;
    assert_eq!(plain(&format!("{}/requests", world.control_url())).await.unwrap(), "[]");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_region_that_is_scaled_up_serves_again() {
    let world = world("scaled-to-zero").await;
    let server = server_of(&world, US);
    let token = kubeconfig(&world)["users"][0]["user"]["token"].as_str().unwrap().to_owned();
    let scale = "/apis/apps/v1/namespaces/vcluster-platform/deployments/loft/scale";
    let answer = client(&region_file(&world, US).ca, &[], server)
        .patch(format!("https://{server}{scale}"))
        .bearer_auth(token)
        .header("content-type", "application/merge-patch+json")
        .body(r#"{"spec":{"replicas":3}}"#)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    eventually("the host answers", || async {
        let found = get(&world, US, "us.multi-region.example.com", "/healthz").await;
        found.is_ok_and(|(status, _)| status == StatusCode::OK)
    })
    .await;
    eventually("all replicas are ready", || async { world.is_repaired() }).await;
    let changes = world.changing_requests();
    assert_eq!(changes.len(), 1, "{changes:?}");
    let change = &changes[0];
    assert_eq!((change.region.as_str(), change.method.as_str(), change.status), (US, "PATCH", 200));
    assert!(change.path.starts_with(scale), "{change:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn route_53_throttles_what_reads_observations() {
    let world = World::start(Options { speed: 1.0, ..options("healthy") }).await.unwrap();
    let id = &world.health_check_ids()[US];
    let authorization = format!(
        "AWS4-HMAC-SHA256 Credential={}/20250102/us-east-1/route53/aws4_request, SignedHeaders=host, Signature=00",
        world.env()["AWS_ACCESS_KEY_ID"]
    );
    for operation in ["status", "lastfailurereason"] {
        let url = format!("{}/2013-04-01/healthcheck/{id}/{operation}", world.aws_endpoint());
        let client = client_of_plain();
        let answers = join_all((0..40).map(async |_| {
            let response = client.get(&url).header("authorization", &authorization).send().await.unwrap();
            (response.status(), response.text().await.unwrap())
        }))
        .await;
        let (passed, throttled): (Vec<_>, Vec<_>) =
            answers.into_iter().partition(|(status, _)| *status == StatusCode::OK);
        assert!(passed.len() >= 4, "{operation}: a burst of four passes");
        assert!(!throttled.is_empty(), "{operation}: forty at once do not");
        for (status, body) in throttled {
            assert_eq!(status, StatusCode::BAD_REQUEST);
            assert!(body.contains("<Code>Throttling</Code><Message>Rate exceeded</Message>"), "{body}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn stopping_cuts_connections_and_closes_ports() {
    let world = world("healthy").await;
    let RegionFile { host, address, ca } = region_file(&world, US);
    let kept_alive = client(&ca, &[&host], address);
    let url = format!("https://{host}:{}/healthz", address.port());
    assert!(kept_alive.get(&url).send().await.is_ok());
    world.stop();
    eventually("the kept connection is cut", || async { kept_alive.get(&url).send().await.is_err() }).await;
    for address in [address, server_of(&world, US), server_of(&world, EU)] {
        eventually("the port is closed", || async { tokio::net::TcpStream::connect(address).await.is_err() })
            .await;
    }
    eventually("the plain port is closed", || async { plain(world.control_url()).await.is_err() }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn latency_is_added_to_each_response() {
    let latency = Duration::from_millis(50);
    let world = World::start(Options { latency, ..options("healthy") }).await.unwrap();
    let begin = Instant::now();
    plain(world.control_url()).await.unwrap();
    get(&world, US, "us.multi-region.example.com", "/healthz").await.unwrap();
    assert!(begin.elapsed() >= latency * 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn files_lead_to_the_world() {
    for scenario in scenarios() {
        let world = world(scenario.id).await;
        let environment = environment(&world);
        let text = |value: &toml::Value| value.as_str().unwrap().to_owned();
        assert_eq!(text(&environment["name"]), format!("practice-{}", scenario.id));
        assert_eq!(text(&environment["kubeconfig"]), world.kubeconfig().to_str().unwrap());
        assert_eq!(text(&environment["chart"]["version"]), "4.11.2");
        let index =
            plain(&format!("{}/index.yaml", text(&environment["chart"]["repository"]))).await.unwrap();
        let index: Value = serde_json::from_str(&index).unwrap();
        assert_eq!(index["entries"]["vcluster-platform"].as_array().unwrap().len(), 3);

        let contexts = kubeconfig(&world)["contexts"].as_array().unwrap().clone();
        let regions = environment["regions"].as_array().unwrap();
        assert_eq!(regions.len(), 2);
        for region in regions {
            let name = text(&region["name"]);
            assert!(contexts.iter().any(|context| context["name"] == text(&region["context"]).as_str()));
            assert_eq!(text(&region["health_check_id"]), world.health_check_ids()[&name]);
            let values = std::fs::read_to_string(text(&region["values_file"])).unwrap();
            assert!(values.contains(&format!("region: {name}\n")), "{values}");
            assert!(values.contains(&format!("host: {}\n", text(&region["host"]))), "{values}");
        }
        assert!(world.values_file().ends_with("platform-us-east-1-values.yaml"));
        let well = if scenario.id == "wrong-region" { US } else { EU };
        assert!(kubeconfig(&world)["current-context"].as_str().unwrap().ends_with(well), "{}", scenario.id);
        for (name, value) in world.env() {
            if Path::new(value).is_absolute() {
                assert!(Path::new(value).starts_with(world.dir()), "{name}={value}");
            }
        }
        let description = world.description();
        assert_eq!(description["env"]["KUBECONFIG"], description["kubeconfig"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_temporary_folder_goes_with_the_world_and_a_named_one_stays() {
    let temporary = world("healthy").await;
    let gone = temporary.dir().to_path_buf();
    assert!(gone.is_dir());
    drop(temporary);
    assert!(!gone.exists());

    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("deep/practice");
    // Twice: a second world overwrites the first one's files.
    for id in ["healthy", "crash-loop"] {
        let named = World::start(Options { dir: Some(dir.clone()), ..options(id) }).await.unwrap();
        assert_eq!(environment(&named)["name"].as_str(), Some(format!("practice-{id}").as_str()));
    }
    assert!(dir.join("kubeconfig").is_file());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        for entry in std::fs::read_dir(&dir).unwrap() {
            let path = entry.unwrap().path();
            assert_eq!(mode(&path), 0o600, "{}", path.display());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_seed_decides_names_and_worlds_do_not_share_ports() {
    let (one, same) = (world("healthy").await, world("healthy").await);
    let other = World::start(Options { seed: 2, ..options("healthy") }).await.unwrap();
    assert_eq!(one.health_check_ids(), same.health_check_ids());
    assert_ne!(one.health_check_ids(), other.health_check_ids());
    assert_ne!(one.aws_endpoint(), same.aws_endpoint());
}
