//! Against servers on loopback and archives made here.

use flate2::Compression;
use flate2::write::GzEncoder;

use super::*;
use crate::clients::test_server::{Behaviour, TestServer};
use crate::runbook::profile::Method;

const LONG: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_millis(300);

fn chart(repository: &str, file: Option<&Path>) -> Chart {
    Chart {
        repository: repository.to_owned(),
        name: "vcluster-platform".to_owned(),
        version: None,
        method: Method::Helm,
        file: file.map(Path::to_owned),
    }
}

#[tokio::test]
async fn a_repository_tells_its_status_or_why_there_is_none() {
    for status in [200, 404, 503] {
        let server = TestServer::start(Behaviour::Answer(status, "apiVersion: v1".to_owned())).await;
        let url = format!("http://{}/charts/", server.address);
        let facts = find(&chart(&url, None), LONG).await.unwrap();
        assert_eq!(facts, ChartFacts::Repository { url: format!("{url}index.yaml"), status });
    }
    let server = TestServer::start(Behaviour::Answer(200, "<html>Sign in</html>".to_owned())).await;
    let why = find(&chart(&format!("http://{}/", server.address), None), LONG).await.unwrap_err();
    assert!(why.kind == WhyKind::Garbage && why.message.contains("/index.yaml"), "{}", why.message);
    let server = TestServer::start(Behaviour::Hang).await;
    let url = format!("http://user:hunter22@{}/", server.address);
    let why = find(&chart(&url, None), SHORT).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Timeout);
    assert!(!why.message.contains("hunter22"), "{}", why.message);
    let nobody = TestServer::refusing().await;
    let why = find(&chart(&format!("http://user:hunter22@{nobody}/"), None), LONG).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Connection);
    assert!(!why.message.contains("hunter22"), "{}", why.message);
    let why = find(&chart("oci://registry.example.com/charts", None), LONG).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::NotAsked);
}

#[tokio::test]
async fn an_archive_tells_its_name_and_version_or_what_is_wrong_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("chart.tgz");
    let pack = |name: &str, text: &str| {
        let mut builder = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        header.set_mode(0o644);
        builder.append_data(&mut header, name, text.as_bytes()).unwrap();
        std::fs::write(&path, builder.into_inner().unwrap().finish().unwrap()).unwrap();
    };
    pack("vcluster-platform/Chart.yaml", "apiVersion: v2\nname: vcluster-platform\nversion: 4.11.2\n");
    let found = find(&chart("https://charts.example.com/", Some(&path)), LONG).await.unwrap();
    let expected = ChartFacts::Archive { name: "vcluster-platform".to_owned(), version: "4.11.2".to_owned() };
    assert_eq!(found, expected);
    for (name, text) in [
        ("vcluster-platform/values.yaml", "a: 1"),
        ("vcluster-platform/charts/sub/Chart.yaml", "name: sub\nversion: 1.0.0"),
        ("vcluster-platform/Chart.yaml", "name: [unclosed"),
    ] {
        pack(name, text);
        let why = find(&chart("https://charts.example.com/", Some(&path)), LONG).await.unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration, "{name}");
        assert!(why.message.contains("chart.tgz"), "{}", why.message);
    }
    std::fs::write(&path, "no archive").unwrap();
    assert!(find(&chart("https://charts.example.com/", Some(&path)), LONG).await.is_err());
}
