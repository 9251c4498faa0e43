//! A server on loopback that misbehaves in one way, on every request or on the chosen ones.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::{TlsAcceptor, TlsConnector};

/// The size of the answers that are too long, in bytes.
const LONG: usize = 64 * 1024 * 1024;
/// What they are made of.
static FILLER: [u8; 64 * 1024] = [b'x'; 64 * 1024];
/// Between two bytes of an answer that drips.
const DRIP: Duration = Duration::from_millis(40);

/// A way to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Nothing listens.
    Refused,
    /// Accepts, and says nothing: no handshake either.
    Hang,
    /// Takes the request, and says nothing.
    Mute,
    /// The head of an answer, a part of its body, and nothing more.
    Stall,
    /// A byte now and then, for ever.
    Drip,
    /// The connection is reset in the middle of the body.
    Reset,
    /// A certificate of an authority that nobody trusts.
    Untrusted,
    /// Plain HTTP where TLS is spoken.
    NoTls,
    /// A whole HTTP answer.
    Answer(u16, Body),
}

/// The body of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Body {
    /// None.
    Empty,
    /// A line of text that repeats the request's Authorization header, as careless proxies do.
    Text,
    /// Kubernetes' `Status`, about nothing in particular.
    Status,
    /// Kubernetes' `Status` that says that the object asked for is not there.
    Missing,
    /// Bytes that are nothing.
    Garbage,
    /// A page for people, as of a proxy that wants a login.
    Page,
    /// JSON, and of nothing that was asked for.
    OtherJson,
    /// Closed in the middle of JSON.
    Truncated,
    /// 64 MB, and it says so.
    Long,
    /// 64 MB, of a length that is not told.
    LongAndUntold,
}

/// Every way.
pub const WAYS: [Way; 26] = [
    Way::Refused,
    Way::Hang,
    Way::Mute,
    Way::Stall,
    Way::Drip,
    Way::Reset,
    Way::Untrusted,
    Way::NoTls,
    Way::Answer(401, Body::Text),
    Way::Answer(401, Body::Status),
    Way::Answer(403, Body::Text),
    Way::Answer(403, Body::Status),
    Way::Answer(404, Body::Text),
    Way::Answer(404, Body::Page),
    Way::Answer(404, Body::Status),
    Way::Answer(404, Body::Missing),
    Way::Answer(429, Body::Text),
    Way::Answer(500, Body::Text),
    Way::Answer(503, Body::Status),
    Way::Answer(200, Body::Empty),
    Way::Answer(200, Body::Garbage),
    Way::Answer(200, Body::Page),
    Way::Answer(200, Body::OtherJson),
    Way::Answer(200, Body::Truncated),
    Way::Answer(200, Body::Long),
    Way::Answer(200, Body::LongAndUntold),
];

impl Way {
    /// Nothing but the deadline ends it.
    pub fn never_ends(self) -> bool {
        matches!(self, Self::Hang | Self::Mute | Self::Stall | Self::Drip)
    }
}

/// Where requests go that are well served.
#[derive(Clone)]
pub enum Upstream {
    /// Nowhere.
    None,
    /// Plain HTTP.
    Plain(SocketAddr),
    /// HTTPS under this authority's certificate, PEM.
    Tls(SocketAddr, TlsConnector),
}

impl Upstream {
    pub fn tls(address: SocketAddr, ca_pem: &[u8]) -> Self {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca_pem).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap();
        let config = config.with_root_certificates(roots).with_no_client_auth();
        Self::Tls(address, TlsConnector::from(Arc::new(config)))
    }
}

/// A certificate authority of the tests' own.
pub struct Authority {
    pub pem: String,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        Self { pem, issuer: Issuer::new(params, key) }
    }

    pub fn acceptor(&self, names: &[&str]) -> TlsAcceptor {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(names).unwrap().signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()));
        let config = config.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
        TlsAcceptor::from(Arc::new(config.with_single_cert(vec![certificate.der().clone()], key).unwrap()))
    }
}

/// How one server behaves.
#[derive(Clone)]
pub struct Behaviour {
    pub way: Way,
    /// Which requests are answered so, by their head and body; the others go on.
    pub chosen: fn(&str) -> bool,
    pub upstream: Upstream,
    pub tls: Option<TlsAcceptor>,
}

/// A running server; ends when dropped.
pub struct Server {
    pub address: SocketAddr,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    pub async fn start(behaviour: Behaviour) -> Self {
        if behaviour.way == Way::Refused && matches!(behaviour.upstream, Upstream::None) {
            // Bound, so that nobody else gets the port, and never listening.
            let socket = TcpSocket::new_v4().unwrap();
            socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
            let address = socket.local_addr().unwrap();
            let keep = async move {
                let _socket = socket;
                std::future::pending::<()>().await;
            };
            return Self { address, task: tokio::spawn(keep) };
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                while connections.try_join_next().is_some() {}
                let behaviour = behaviour.clone();
                // A client that hangs up is what the tests are about.
                connections.spawn(async move { drop(connection(stream, behaviour).await) });
            }
        });
        Self { address, task }
    }
}

async fn connection(stream: TcpStream, behaviour: Behaviour) -> io::Result<()> {
    let everything = matches!(behaviour.upstream, Upstream::None);
    match behaviour.way {
        Way::Hang if everything => return std::future::pending().await,
        Way::NoTls if everything => {
            let mut stream = stream;
            stream.write_all(&answer(400, &[], b"plain HTTP")).await?;
            return stream.shutdown().await;
        }
        Way::Reset => stream.set_zero_linger()?,
        _ => {}
    }
    match &behaviour.tls {
        None => request(stream, &behaviour).await,
        Some(tls) => request(tls.accept(stream).await?, &behaviour).await,
    }
}

async fn request(mut stream: impl AsyncRead + AsyncWrite + Unpin, behaviour: &Behaviour) -> io::Result<()> {
    let request = read_request(&mut stream).await?;
    if (behaviour.chosen)(&request) {
        misbehave(&mut stream, behaviour.way, &request).await?;
        if behaviour.way == Way::Reset {
            return Ok(());
        }
    } else {
        let request = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
        match &behaviour.upstream {
            Upstream::None => unreachable!("without an upstream every request is chosen"),
            Upstream::Plain(address) => {
                forward(&mut stream, TcpStream::connect(address).await?, &request).await?;
            }
            Upstream::Tls(address, connector) => {
                let name = ServerName::from(address.ip());
                let up = connector.connect(name, TcpStream::connect(address).await?).await?;
                forward(&mut stream, up, &request).await?;
            }
        }
    }
    stream.shutdown().await
}

async fn read_request(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<String> {
    let mut received = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&received).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = header(head, "content-length").map_or(0, |length| length.parse().unwrap());
            if body.len() >= length {
                return Ok(text);
            }
        }
        if stream.read_buf(&mut received).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}

/// A header's value, by its lower-case name.
pub fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = head.lines().take_while(|line| !line.is_empty());
    lines.find_map(|line| {
        let (found, value) = line.split_once(':')?;
        found.eq_ignore_ascii_case(name).then(|| value.trim())
    })
}

async fn forward(
    stream: &mut (impl AsyncWrite + Unpin),
    mut up: impl AsyncRead + AsyncWrite + Unpin,
    request: &str,
) -> io::Result<()> {
    up.write_all(request.as_bytes()).await?;
    tokio::io::copy(&mut up, stream).await?;
    Ok(())
}

fn answer(status: u16, headers: &[(&str, &str)], body: &[u8]) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    [head.as_bytes(), body].concat()
}

async fn misbehave(stream: &mut (impl AsyncWrite + Unpin), way: Way, request: &str) -> io::Result<()> {
    let begun = b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n{\"items\":[";
    match way {
        Way::Refused | Way::Untrusted | Way::NoTls => Ok(()),
        Way::Hang | Way::Mute => std::future::pending().await,
        Way::Stall => {
            stream.write_all(begun).await?;
            stream.flush().await?;
            std::future::pending().await
        }
        Way::Reset => {
            stream.write_all(begun).await?;
            stream.flush().await?;
            // The client reads what there is before it hears of the end.
            tokio::time::sleep(Duration::from_millis(50)).await;
            Ok(())
        }
        Way::Drip => {
            let bytes = begun.iter().copied().chain(std::iter::repeat(b' '));
            for byte in bytes {
                stream.write_all(&[byte]).await?;
                stream.flush().await?;
                tokio::time::sleep(DRIP).await;
            }
            Ok(())
        }
        Way::Answer(status, body) => whole_answer(stream, status, body, request).await,
    }
}

async fn whole_answer(
    stream: &mut (impl AsyncWrite + Unpin),
    status: u16,
    body: Body,
    request: &str,
) -> io::Result<()> {
    let retry: &[_] = if status == 429 { &[("retry-after", "3600")] } else { &[] };
    let json = "{\"items\":[{\"metadata\":{\"name\":\"lo";
    let told = match body {
        Body::Empty => Vec::new(),
        Body::Text if status == 404 => b"404 page not found\n".to_vec(),
        Body::Text => {
            format!("no; you sent {}", header(request, "authorization").unwrap_or("nothing")).into_bytes()
        }
        Body::Status => status_of(status, None),
        Body::Missing => status_of(status, object_of(request)),
        Body::Garbage => (0..4096_u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect(),
        Body::Page => b"<!DOCTYPE html><html><body><h1>Sign in</h1><p>to go on</body></html>".to_vec(),
        Body::OtherJson => br#"{"message":"ok"}"#.to_vec(),
        Body::Truncated => {
            let whole = answer(status, &[], &[json.as_bytes(), &[b' '; 100]].concat());
            return stream.write_all(&whole[..whole.len() - 100]).await;
        }
        Body::Long | Body::LongAndUntold => return long_answer(stream, body).await,
    };
    stream.write_all(&answer(status, retry, &told)).await
}

async fn long_answer(stream: &mut (impl AsyncWrite + Unpin), body: Body) -> io::Result<()> {
    let length = if body == Body::Long { format!("content-length: {LONG}\r\n") } else { String::new() };
    stream.write_all(format!("HTTP/1.1 200 OK\r\nconnection: close\r\n{length}\r\n").as_bytes()).await?;
    for _ in 0..LONG / FILLER.len() {
        stream.write_all(&FILLER).await?;
    }
    Ok(())
}

/// Plural and name of the object that a request to Kubernetes asks for, where it asks for one.
fn object_of(request: &str) -> Option<(&str, &str)> {
    let path = request.split(' ').nth(1)?.split('?').next()?;
    let mut parts = path.split("/namespaces/").nth(1)?.split('/').skip(1);
    Some((parts.next()?, parts.next()?))
}

fn status_of(code: u16, object: Option<(&str, &str)>) -> Vec<u8> {
    let reason = match code {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        _ => "InternalError",
    };
    let message = if code == 404 { "the server could not find the requested resource" } else { reason };
    let mut status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "reason": reason,
        "message": message, "details": {}, "code": code,
    });
    if let Some((kind, name)) = object {
        status["message"] = format!("{kind} \"{name}\" not found").into();
        status["details"] = serde_json::json!({ "kind": kind, "name": name });
    }
    status.to_string().into_bytes()
}
