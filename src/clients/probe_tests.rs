//! Against servers on loopback, with a certificate of their own.

use std::sync::Arc;

use rustls::pki_types::PrivateKeyDer;
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::clients::test_server::{Behaviour, TestServer};

const HOST_NAME: &str = "us.multi-region.example.com";
const SHORT: Duration = Duration::from_millis(300);
const LONG: Duration = Duration::from_secs(30);

/// A certificate for the host and the file that makes it trusted.
fn certificate() -> (TlsAcceptor, tempfile::NamedTempFile) {
    install_tls_provider();
    let made = rcgen::generate_simple_self_signed([HOST_NAME.to_owned()]).unwrap();
    let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), made.cert.pem()).unwrap();
    (TlsAcceptor::from(Arc::new(config)), file)
}

#[tokio::test]
async fn the_status_is_told_whatever_it_is_and_the_name_is_the_hosts() {
    let (tls, ca) = certificate();
    for (behaviour, status) in [
        (Behaviour::Answer(200, "ok".to_owned()), 200),
        (Behaviour::Answer(503, "no targets".to_owned()), 503),
        (Behaviour::Raw(b"HTTP/1.1 302 Found\r\nlocation: https://else/\r\n\r\n".to_vec()), 302),
        // The status is there: a body that never ends tells nothing more.
        (Behaviour::HangInTheBody, 200),
        (Behaviour::Flood, 200),
    ] {
        let server = TestServer::start_tls(behaviour, tls.clone()).await;
        let facts = probe(HOST_NAME, Some(server.address), Some(ca.path()), LONG).await.unwrap();
        assert_eq!(facts.status, status);
        assert_eq!(facts.url, format!("https://{HOST_NAME}:{}/healthz", server.address.port()));
        for path in ["/healthz", "/derp/probe", "/version"] {
            let heads = server.requests();
            let head = heads.iter().find(|head| head.starts_with(&format!("GET {path} HTTP/1.1\r\n")));
            let head = head.unwrap_or_else(|| panic!("{path} is not in {heads:?}")).to_ascii_lowercase();
            assert!(head.contains(&format!("host: {HOST_NAME}\r\n")), "{head}");
        }
    }
}

#[tokio::test]
async fn whatever_goes_wrong_before_the_status_is_a_reason() {
    let (tls, ca) = certificate();
    let (_, other_ca) = certificate();
    let reason = async |behaviour, tls: Option<TlsAcceptor>, ca: &Path| {
        let server = match tls {
            Some(tls) => TestServer::start_tls(behaviour, tls).await,
            None => TestServer::start(behaviour).await,
        };
        probe(HOST_NAME, Some(server.address), Some(ca), SHORT).await.unwrap_err()
    };
    let ok = || Behaviour::Answer(200, String::new());
    let garbage = Behaviour::Raw(b"SSH-2.0-OpenSSH_9.9\r\n\r\n".to_vec());
    for (why, kind) in [
        (reason(Behaviour::Hang, Some(tls.clone()), ca.path()).await, WhyKind::Timeout),
        (reason(Behaviour::Hang, None, ca.path()).await, WhyKind::Timeout),
        (reason(garbage.clone(), Some(tls.clone()), ca.path()).await, WhyKind::Garbage),
        (reason(Behaviour::Raw(Vec::new()), Some(tls.clone()), ca.path()).await, WhyKind::Connection),
        (reason(ok(), Some(tls.clone()), other_ca.path()).await, WhyKind::Tls),
    ] {
        assert_eq!(why.kind, kind, "{}", why.message);
        assert!(why.message.contains(HOST_NAME), "{}", why.message);
    }
    let nobody = TestServer::refusing().await;
    let why = probe(HOST_NAME, Some(nobody), Some(ca.path()), LONG).await.unwrap_err();
    assert_eq!(why.kind, WhyKind::Connection);
    assert!(why.message.to_lowercase().contains("refused"), "{}", why.message);
}

#[tokio::test]
async fn a_wrong_host_or_authority_is_our_side() {
    let address = Some("127.0.0.1:1".parse().unwrap());
    for host in ["a/b", "user@host", "host?x", "", "a b", "host:80"] {
        let why = probe(host, address, None, LONG).await.unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration, "{host}: {}", why.message);
    }
    let empty = tempfile::NamedTempFile::new().unwrap();
    for path in [Path::new("/nonexistent/ca.pem"), empty.path()] {
        let why = probe(HOST_NAME, address, Some(path), LONG).await.unwrap_err();
        assert_eq!(why.kind, WhyKind::Configuration, "{}", why.message);
    }
}
