//! A server on loopback that misbehaves in the ways that networks and servers do.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_rustls::TlsAcceptor;

/// What is done to each request.
#[derive(Debug, Clone)]
pub(crate) enum Behaviour {
    /// Accepts and never says anything.
    Hang,
    /// Sends the head of an answer and then nothing.
    HangInTheBody,
    /// Sends these bytes instead of HTTP, then closes.
    Raw(Vec<u8>),
    /// Answers with this status and body.
    Answer(u16, String),
    /// Closes in the middle of a body that it said to be longer.
    Truncate(String),
    /// Sends more than anybody should read, for ever.
    Flood,
    /// Answers each path that starts with the first with the second and the third; 404 otherwise.
    Routes(Vec<(&'static str, u16, String)>),
    /// Answers each path that starts with the first with the next of the bodies; hangs after the last one.
    Turns(Vec<(&'static str, Vec<String>)>),
    /// Answers each request, head and body, with status and body; hangs where there are none.
    By(fn(&str) -> Option<(u16, String)>),
    /// Answers 401 to any but this bearer token, and with this body to it.
    Token(&'static str, String),
}

/// A running server; stops when dropped.
pub(crate) struct TestServer {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TestServer {
    pub(crate) async fn start(behaviour: Behaviour) -> Self {
        Self::start_with(behaviour, None).await
    }

    pub(crate) async fn start_tls(behaviour: Behaviour, tls: TlsAcceptor) -> Self {
        Self::start_with(behaviour, Some(tls)).await
    }

    async fn start_with(behaviour: Behaviour, tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&requests);
        let task = tokio::spawn(async move {
            let mut connections = tokio::task::JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (behaviour, tls, kept) = (behaviour.clone(), tls.clone(), Arc::clone(&kept));
                connections.spawn(async move {
                    match tls {
                        None => serve(stream, behaviour, &kept).await,
                        Some(tls) => match tls.accept(stream).await {
                            Ok(stream) => serve(stream, behaviour, &kept).await,
                            Err(error) => println!("no handshake: {error}"),
                        },
                    }
                });
            }
        });
        Self { address, requests, task }
    }

    /// An address where nothing listens.
    pub(crate) async fn refusing() -> SocketAddr {
        TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap()
    }

    /// The requests so far, head and body.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    behaviour: Behaviour,
    requests: &Mutex<Vec<String>>,
) {
    let mut received = Vec::new();
    while !is_complete(&received) {
        let mut buffer = [0; 4096];
        match stream.read(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(read) => received.extend_from_slice(&buffer[..read]),
        }
    }
    let head = String::from_utf8_lossy(&received).into_owned();
    requests.lock().unwrap().push(head.clone());
    let so_far = requests.lock().unwrap().clone();
    let written = respond(&mut stream, behaviour, &head, &so_far).await;
    // A client that hung up is what some of the tests want.
    if written.and(stream.shutdown().await).is_err() {
        println!("the client hung up");
    }
}

/// Head and body, as long as the head says.
fn is_complete(received: &[u8]) -> bool {
    let text = String::from_utf8_lossy(received).to_ascii_lowercase();
    let Some((head, body)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    body.len() >= length.map_or(0, |length| length.parse().unwrap())
}

async fn respond(
    stream: &mut (impl AsyncWrite + Unpin),
    behaviour: Behaviour,
    head: &str,
    so_far: &[String],
) -> std::io::Result<()> {
    let forever = Duration::from_hours(1);
    match behaviour {
        Behaviour::Hang => {
            tokio::time::sleep(forever).await;
            Ok(())
        }
        Behaviour::HangInTheBody => {
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{").await?;
            stream.flush().await?;
            tokio::time::sleep(forever).await;
            Ok(())
        }
        Behaviour::Raw(bytes) => stream.write_all(&bytes).await,
        Behaviour::Answer(status, body) => stream.write_all(answer(status, &body).as_bytes()).await,
        Behaviour::Truncate(body) => {
            let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n\r\n";
            stream.write_all(format!("{head}{body}").as_bytes()).await
        }
        Behaviour::Flood => {
            stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n[\"").await?;
            let filler = vec![b'x'; 64 * 1024];
            loop {
                stream.write_all(&filler).await?;
            }
        }
        Behaviour::Routes(routes) => {
            let found = routes.iter().find(|(start, ..)| path_of(head).starts_with(start));
            let text = match found {
                Some((_, status, body)) => answer(*status, body),
                None => answer(404, "404 page not found"),
            };
            stream.write_all(text.as_bytes()).await
        }
        Behaviour::Turns(routes) => {
            let place = |request| routes.iter().position(|(start, _)| path_of(request).starts_with(start));
            let body = place(head).and_then(|route| {
                let turn = so_far.iter().filter(|request| place(request) == Some(route)).count();
                routes[route].1.get(turn - 1)
            });
            match body {
                Some(body) => stream.write_all(answer(200, body).as_bytes()).await,
                None => std::future::pending().await,
            }
        }
        Behaviour::By(answers) => match answers(head) {
            Some((status, body)) => stream.write_all(answer(status, &body).as_bytes()).await,
            None => std::future::pending().await,
        },
        Behaviour::Token(token, body) => {
            let accepted = head.to_ascii_lowercase().contains(&format!("authorization: bearer {token}\r\n"));
            let text = if accepted { answer(200, &body) } else { answer(401, "") };
            stream.write_all(text.as_bytes()).await
        }
    }
}

fn path_of(request: &str) -> &str {
    request.split(' ').nth(1).unwrap_or_default()
}

fn answer(status: u16, body: &str) -> String {
    format!("HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}", body.len())
}
