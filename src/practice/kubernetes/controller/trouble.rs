//! What is wrong around the platform's pods, and which of them it makes fail.

use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;

use super::super::object::{items, label, text};
use super::super::quantity;
use super::super::random::Random;
use super::replica_sets::HASH_LABEL;

/// The platform's container.
pub(in super::super) const CONTAINER: &str = "manager";

/// The platform needs this much memory, bytes.
const MEMORY_NEEDED: f64 = 1_073_741_824.0;

/// Why a container of the platform fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Fault {
    /// A fault of the program.
    Panic,
    /// The kernel kills it for want of memory.
    OutOfMemory,
    /// It does not come to its database.
    Database(Database),
    /// Its peers run another version.
    OtherVersion,
}

/// What becomes of connections to the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Database {
    /// No answer.
    Timeout,
    /// The database does not let the platform in.
    Denied,
    /// Nothing listens.
    Refused,
}

impl Database {
    /// What the driver says (`domain.md`, section 7).
    pub(in super::super) fn driver_text(self) -> &'static str {
        match self {
            Self::Timeout => "dial tcp 10.1.0.12:3306: i/o timeout",
            Self::Denied => {
                "Error 1045 (28000): Access denied for user 'kine'@'10.0.12.187' (using password: YES)"
            }
            Self::Refused => "dial tcp 10.1.0.12:3306: connect: connection refused",
        }
    }
}

impl Fault {
    /// Exit code and reason of the container's end.
    pub(super) fn end(self) -> (i64, &'static str) {
        match self {
            Self::Panic => (2, "Error"),
            Self::OutOfMemory => (137, "OOMKilled"),
            Self::Database(_) | Self::OtherVersion => (1, "Error"),
        }
    }

    /// How long the container runs before it ends. kine tries its database 300
    /// times, once a second.
    pub(super) fn lasts(self, random: &mut Random) -> Duration {
        let (low, high) = match self {
            Self::Panic => (5_000, 7_000),
            Self::OutOfMemory => (26_000, 34_000),
            Self::Database(_) => (302_000, 303_000),
            Self::OtherVersion => (7_500, 8_200),
        };
        random.between_ms(low, high)
    }
}

/// One run of a container under a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Spell {
    /// What makes it fail.
    pub(in super::super) fault: Fault,
    /// When somebody removed it while the container ran on.
    pub(in super::super) mended: Option<Timestamp>,
}

impl From<Fault> for Spell {
    fn from(fault: Fault) -> Self {
        Self { fault, mended: None }
    }
}

/// The faults of a container's runs, where they have one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in super::super) struct Spells {
    /// Of the present run.
    pub(in super::super) now: Option<Spell>,
    /// Of the one before.
    pub(in super::super) before: Option<Spell>,
}

/// What is wrong, until somebody repairs it.
#[derive(Debug, Default)]
pub(in super::super) struct Troubles {
    /// Pods of this template crash, by its hash.
    pub(in super::super) crashing: Option<String>,
    /// The platform has grown: it needs 1Gi.
    pub(in super::super) memory_hungry: bool,
    /// The database is out of reach.
    pub(in super::super) database: Option<Database>,
    /// The other regions run this version, and join no other.
    pub(in super::super) peers_run: Option<String>,
}

impl Troubles {
    /// What makes a pod that starts now fail, if anything does.
    pub(in super::super) fn fault_of(&self, pod: &Value) -> Option<Fault> {
        if self.crashing.is_some() && self.crashing.as_deref() == label(pod, HASH_LABEL) {
            return Some(Fault::Panic);
        }
        let platform = platform_container(pod)?;
        let version = text(platform, "/image").rsplit_once(':').map_or("", |(_, tag)| tag);
        if let Some(database) = self.database {
            Some(Fault::Database(database))
        } else if self.memory_hungry && memory_limit(platform).is_some_and(|limit| limit < MEMORY_NEEDED) {
            Some(Fault::OutOfMemory)
        } else if self.peers_run.as_deref().is_some_and(|peers| peers != version) {
            Some(Fault::OtherVersion)
        } else {
            None
        }
    }
}

fn platform_container(pod: &Value) -> Option<&Value> {
    items(pod, "/spec/containers").iter().find(|container| text(container, "/name") == CONTAINER)
}

/// The container's memory limit, bytes; none where it has no limit.
fn memory_limit(container: &Value) -> Option<f64> {
    let limit = container.pointer("/resources/limits/memory")?;
    limit.as_f64().or_else(|| quantity::parse(limit.as_str()?))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn pod(limit: &Value, tag: &str) -> Value {
        json!({
            "metadata": {"labels": {HASH_LABEL: "abc"}},
            "spec": {"containers": [{
                "name": CONTAINER, "image": format!("registry:5000/platform:{tag}"),
                "resources": {"limits": {"memory": limit}},
            }]},
        })
    }

    #[test]
    fn a_limit_of_a_gibibyte_is_enough() {
        let hungry = Troubles { memory_hungry: true, ..Troubles::default() };
        for (limit, killed) in [
            (json!("512Mi"), true),
            (json!("1023Mi"), true),
            (json!("1G"), true),
            (json!(536_870_912), true),
            (json!("1Gi"), false),
            (json!("1024Mi"), false),
            (json!("2G"), false),
            (json!(""), false),
            (Value::Null, false),
        ] {
            let fault = hungry.fault_of(&pod(&limit, "4.11.2"));
            assert_eq!(fault == Some(Fault::OutOfMemory), killed, "{limit}");
        }
        assert_eq!(Troubles::default().fault_of(&pod(&json!("1Mi"), "4.11.2")), None);
    }

    #[test]
    fn each_trouble_meets_the_pods_it_is_about() {
        let agent = json!({"metadata": {}, "spec": {"containers": [{"name": "agent", "image": "x:4.8.0"}]}});
        let database = Troubles { database: Some(Database::Denied), ..Troubles::default() };
        let skew = Troubles { peers_run: Some("4.11.2".to_owned()), ..Troubles::default() };
        let crash = Troubles { crashing: Some("abc".to_owned()), ..Troubles::default() };
        let ours = |tag: &str| pod(&Value::Null, tag);
        for (troubles, pod, expected) in [
            (&database, ours("4.11.2"), Some(Fault::Database(Database::Denied))),
            (&database, agent.clone(), None),
            (&skew, ours("4.8.0"), Some(Fault::OtherVersion)),
            (&skew, ours("4.11.2"), None),
            (&skew, agent.clone(), None),
            (&crash, ours("4.11.2"), Some(Fault::Panic)),
            (&crash, agent, None),
        ] {
            assert_eq!(troubles.fault_of(&pod), expected);
        }
    }
}
