//! `moto_server`, and AWS files of a test's own.
#![allow(dead_code, reason = "each test takes what it needs")]

#[path = "environment.rs"]
mod environment;
#[path = "lookup.rs"]
mod lookup;

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

pub use environment::in_environment;
use failback::runbook::profile::AwsSettings;
use lookup::has_tools;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

/// The profile's key; the exported one of a test is another.
pub const KEY_ID: &str = "PROFILEKEYIDOFTEST01";

/// AWS files of a test's own: with a named profile nothing else is read.
pub struct Aws {
    pub settings: AwsSettings,
    pub folder: tempfile::TempDir,
}

/// With the profile `prod`, and this in the config file.
pub fn aws(config: &str) -> Aws {
    let folder = tempfile::tempdir().unwrap();
    let (config_file, credentials_file) = (folder.path().join("config"), folder.path().join("credentials"));
    std::fs::write(&config_file, config).unwrap();
    let keys = format!("[prod]\naws_access_key_id = {KEY_ID}\naws_secret_access_key = secretoftest\n");
    std::fs::write(&credentials_file, keys).unwrap();
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(config_file),
        credentials_file: Some(credentials_file),
    };
    Aws { settings, folder }
}

/// A running `moto_server`; ended when dropped.
pub struct Moto {
    child: Child,
    pub endpoint: String,
}

impl Drop for Moto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

impl Moto {
    /// `None`, with one line that says so, where it is not installed.
    pub fn start(test: &str) -> Option<Self> {
        if !has_tools(test, &["moto_server"]) {
            return None;
        }
        let mut child = Command::new("moto_server")
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (sender, receiver) = mpsc::sync_channel(1);
        let reading = move || {
            // Read on to the end, or the server would stop at a full pipe.
            for line in stderr.lines().map_while(Result::ok) {
                if let Some((_, endpoint)) = line.split_once("Running on ") {
                    drop(sender.try_send(endpoint.trim().to_owned()));
                }
            }
        };
        std::thread::Builder::new().name("moto's output".to_owned()).spawn(reading).unwrap();
        match receiver.recv_timeout(Duration::from_mins(1)) {
            Ok(endpoint) => Some(Self { child, endpoint }),
            Err(error) => {
                drop(child.kill());
                panic!("moto_server did not start: {error}");
            }
        }
    }
}

/// A server that answers each request with the same status and XML; the heads go into the channel.
pub async fn front(status: u16, body: String) -> (SocketAddr, tokio::sync::mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = tokio::sync::mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (sender, body) = (sender.clone(), body.clone());
            tokio::spawn(async move {
                let mut head = Vec::new();
                while !head.windows(4).any(|window| window == b"\r\n\r\n") {
                    if stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
                        return;
                    }
                }
                sender.send(String::from_utf8_lossy(&head).into_owned()).await.unwrap();
                let length = body.len();
                let answer = format!(
                    "HTTP/1.1 {status} X\r\nconnection: close\r\ncontent-type: text/xml\r\n\
                     content-length: {length}\r\n\r\n{body}"
                );
                stream.write_all(answer.as_bytes()).await.unwrap();
            });
        }
    });
    (address, receiver)
}
