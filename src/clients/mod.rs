//! Clients: everything that talks to the outside. They return facts, or a
//! [`Why`] for what could not be asked; they never judge.
//!
//! Promises that hold for each call: it ends within its deadline, dropping its
//! future cancels it, its memory is bounded, and no secret gets into a message.

use std::time::Duration;

use crate::runbook::verdict::{Why, WhyKind};

pub mod aws;
pub mod aws_files;
pub mod chart;
pub mod ec2;
pub mod eks;
pub mod elb;
pub(crate) mod failure;
pub mod kubernetes;
pub(crate) mod lines;
pub mod once;
pub(crate) mod pacer;
pub mod preview;
pub mod private_folder;
pub mod probe;
pub mod process;
pub mod route53;
pub mod secret;
pub mod shared;
pub(crate) mod sign_in;
pub mod sts;
#[cfg(test)]
pub(crate) mod test_server;
pub(crate) mod text_file;
pub mod tools;
pub mod values_file;

/// How this program names itself to servers.
pub(crate) const USER_AGENT: &str = concat!("failback/", env!("CARGO_PKG_VERSION"));

/// Is this host, as it stands in a URL, this machine? Then no proxy is asked.
pub(crate) fn is_loopback(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback())
}

/// The longest answer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 8 * 1024 * 1024;

/// The longest line of a log or of a program's output that is kept, in bytes.
pub const MAX_LINE_BYTES: usize = 16 * 1024;

/// Bytes as hexadecimal digits.
pub(crate) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |digits, byte| digits + &format!("{byte:02x}"))
}

/// Makes ring the process's TLS provider. Each client calls it before its first connection; a
/// second call changes nothing.
pub fn install_tls_provider() {
    // The error says that there is a provider already, which is as good.
    drop(rustls::crypto::ring::default_provider().install_default());
}

/// Ends a call at its deadline.
pub(crate) async fn within<T>(
    deadline: Duration,
    peer: &str,
    call: impl Future<Output = Result<T, Why>>,
) -> Result<T, Why> {
    match tokio::time::timeout(deadline, call).await {
        Ok(answer) => answer,
        Err(_) => Err(Why::new(WhyKind::Timeout, format!("No answer from {peer} within {deadline:?}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_is_told_by_name_and_by_address() {
        for (host, local) in [
            ("127.0.0.1", true),
            ("[::1]", true),
            ("localhost", true),
            ("ec2.us-east-1.amazonaws.com", false),
            ("10.0.0.1", false),
        ] {
            assert_eq!(is_loopback(host), local, "{host}");
        }
    }
}
