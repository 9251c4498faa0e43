//! Sockets on loopback: accept, TLS, one HTTP/1.1 connection after another,
//! all cut when the world stops.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

use super::PracticeError;

const BACKLOG: u32 = 1024;
/// A client that connects and stays silent must not hold its task for ever.
const HANDSHAKE_LIMIT: Duration = Duration::from_secs(10);
/// Pause when the system cannot accept (out of file descriptors, say).
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// A port of the world. Bound from the start, so that nobody else gets it, it
/// refuses connections until it is served.
pub(super) struct Port {
    socket: TcpSocket,
    address: SocketAddr,
}

/// Marks a response that is never sent.
#[derive(Clone)]
struct Cut;

/// Ends the connection instead of answering.
pub(super) fn cut() -> Response {
    (axum::Extension(Cut), ()).into_response()
}

/// The request is left without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection was cut")]
struct Unanswered;

/// What all connections share.
#[derive(Clone)]
pub(super) struct Serving {
    /// Added to each response, on the wall clock.
    pub latency: Duration,
    /// Ends listeners and connections.
    pub stopping: CancellationToken,
}

impl Port {
    /// Takes a free port on 127.0.0.1.
    pub(super) fn take() -> Result<Self, PracticeError> {
        let bind = || {
            let socket = TcpSocket::new_v4()?;
            socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?;
            let address = socket.local_addr()?;
            Ok(Self { socket, address })
        };
        bind().map_err(PracticeError::Listen)
    }

    /// Where clients connect to.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers from now on.
    pub(super) fn serve(
        self,
        tls: Option<TlsAcceptor>,
        router: Router,
        serving: Serving,
    ) -> Result<(), PracticeError> {
        let listener = self.socket.listen(BACKLOG).map_err(PracticeError::Listen)?;
        tokio::spawn(accept(listener, tls, router, serving));
        Ok(())
    }

    /// Answers as soon as the region can be reached; refuses until then.
    pub(super) fn serve_once_reachable(
        self,
        tls: Option<TlsAcceptor>,
        router: Router,
        serving: Serving,
        mut reachable: watch::Receiver<bool>,
    ) -> Result<(), PracticeError> {
        if *reachable.borrow() {
            return self.serve(tls, router, serving);
        }
        tokio::spawn(async move {
            tokio::select! {
                () = serving.stopping.cancelled() => {}
                reached = reachable.wait_for(|reachable| *reachable) => {
                    // An error means that the world is gone.
                    let Ok(_) = reached else { return };
                    if let Err(error) = self.serve(tls, router, serving.clone()) {
                        tracing::error!(%error, "a repaired region stays unreachable");
                    }
                }
            }
        });
        Ok(())
    }
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, router: Router, serving: Serving) {
    loop {
        let accepted = tokio::select! {
            () = serving.stopping.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "could not accept a connection");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let (tls, router, serving) = (tls.clone(), router.clone(), serving.clone());
        tokio::spawn(async move {
            tokio::select! {
                () = serving.stopping.cancelled() => {}
                () = connection(stream, tls, router, serving.latency) => {}
            }
        });
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, router: Router, latency: Duration) {
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "no TCP_NODELAY");
    }
    let Some(tls) = tls else { return answer(stream, router, latency).await };
    match tokio::time::timeout(HANDSHAKE_LIMIT, tls.accept(stream)).await {
        Ok(Ok(stream)) => answer(stream, router, latency).await,
        Ok(Err(error)) => tracing::debug!(%error, "TLS handshake failed"),
        Err(_) => tracing::debug!("TLS handshake took too long"),
    }
}

async fn answer<S>(stream: S, router: Router, latency: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        let router = router.clone();
        async move {
            let Ok(response) = router.oneshot(request.map(Body::new)).await;
            if !latency.is_zero() {
                tokio::time::sleep(latency).await;
            }
            // hyper closes the connection of a service that fails.
            if response.extensions().get::<Cut>().is_some() { Err(Unanswered) } else { Ok(response) }
        }
    });
    let served =
        http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
    if let Err(error) = served {
        tracing::debug!(%error, "a connection ended early");
    }
}
