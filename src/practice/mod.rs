//! The practice world: a pair of regions on loopback that speaks the real
//! protocols, for rehearsals and as the test bed.
//!
//! It knows nothing of the rest of the program: whoever wants to use it points
//! a client at it, be it ours or the real `kubectl`, `helm` and `aws`.
//!
//! | file | what it is |
//! |---|---|
//! | `scenario` | what can be rehearsed |
//! | `world`, `founding` | starts all that follows, and ends it |
//! | `places` | names of the two regions and their hosts |
//! | `region` | the regions: cluster, health check, and whether they can be reached |
//! | `kubernetes` | a region's Kubernetes API |
//! | `hosts` | a region's load balancer: `/healthz` and the like |
//! | `checkers` | Route 53's health checkers, which poll the regions |
//! | `plight`, `account` | what can be wrong with a region, and with the account |
//! | `aws`, `route53`, `sts`, `eks`, `elb`, `ec2` | the AWS APIs, on one port |
//! | `network` | VPCs and the way to the database, which EC2 describes |
//! | `eks_tokens` | whom a region's Kubernetes API lets in |
//! | `charts`, `control` | the Helm repository and the control pages, on that port too |
//! | `listeners`, `certificates` | sockets and TLS |
//! | `files` | what clients are configured with, in a private folder |

mod account;
mod aws;
mod certificates;
mod charts;
mod checkers;
pub mod clock;
mod control;
mod ec2;
mod eks;
mod eks_tokens;
mod elb;
mod files;
mod founding;
mod hosts;
pub mod kubernetes;
mod listeners;
mod network;
mod places;
mod plight;
mod query_protocol;
mod random;
mod region;
pub mod requests;
mod route53;
mod scenario;
mod sts;
mod world;
mod xml;

use std::{io, path::PathBuf};

pub use requests::ChangingRequest;
pub use scenario::{Scenario, scenario, scenarios};
pub use world::{Auth, Options, World};

/// Why the practice world could not start or go on.
#[derive(Debug, thiserror::Error)]
pub enum PracticeError {
    /// No socket on loopback.
    #[error("could not listen on 127.0.0.1: {0}")]
    Listen(#[source] io::Error),
    /// The world's own certificates.
    #[error("could not make the practice world's certificates: {0}")]
    Certificate(#[from] rcgen::Error),
    /// A certificate that TLS refuses.
    #[error("could not set up TLS for the practice world: {0}")]
    Tls(#[from] rustls::Error),
    /// The private folder or a file in it.
    #[error("could not write {}: {source}", path.display())]
    File {
        /// What was to be written.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `practice serve` could not watch for its end or say where the world is.
    #[error("could not talk to the terminal: {0}")]
    Terminal(#[source] io::Error),
}
