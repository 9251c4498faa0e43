//! A region's Helm values file: what it says of the region, and never a password.

pub(crate) mod yaml;

use std::collections::BTreeSet;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;
use sha2::{Digest, Sha256};

use super::preview;
use super::secret::Secret;
use super::text_file::{self, unusable};
use crate::runbook::fact::ValuesFacts;
use crate::runbook::profile::DATABASE_PORT;
use crate::runbook::verdict::{Why, WhyKind};

/// Reads a values file (`domain.md`, section 7) as Helm reads it, off the async threads.
///
/// # Errors
/// It cannot be read, is no YAML (with the line), or has no settings at its top.
/// No error quotes the file: it may hold passwords.
pub async fn read(path: &Path, deadline: Duration) -> Result<ValuesFacts, Why> {
    text_file::read(path, deadline, |text, path| parse(text, path).map(|(facts, _)| facts)).await
}

/// A values file as it was planned with: what a program is given in its place.
#[derive(Debug)]
pub struct PlannedValues {
    /// What it says.
    pub facts: ValuesFacts,
    /// Its text, whole.
    pub text: Secret,
    /// The keys that it sets, as dotted paths.
    pub keys: BTreeSet<String>,
    /// Passwords and the like that stand in it, to be masked in what a program prints.
    pub secrets: Vec<Secret>,
}

/// Reads a values file once more, for use: all of it, and only if it is the one that was planned with.
/// `digest` is that of [`ValuesFacts::digest`]; without one nothing is compared.
///
/// # Errors
/// As [`read`]; and it is another file than the planned one by now.
pub async fn read_planned(
    path: &Path,
    digest: Option<&str>,
    deadline: Duration,
) -> Result<PlannedValues, Why> {
    let digest = digest.map(str::to_owned);
    text_file::read(path, deadline, move |text, path| {
        if digest.is_some_and(|digest| digest != digest_of(text)) {
            let message = format!("{} was changed after the plan was made", path.display());
            return Err(
                Why::new(WhyKind::Conflict, message).remedy("Look at the plan again, then confirm it")
            );
        }
        let (facts, values) = parse(text, path)?;
        let mut secrets = Vec::new();
        collect_secrets(&values, false, &mut secrets);
        Ok(PlannedValues { facts, text: Secret::new(text), keys: preview::paths(&values), secrets })
    })
    .await
}

fn parse(text: &str, path: &Path) -> Result<(ValuesFacts, Value), Why> {
    let read = yaml::read(text).map_err(|error| {
        let what = format!("{} (line {})", error.what, error.line);
        unusable(path, &what, "Correct the file, or choose another")
    })?;
    if read.values.is_empty() {
        let remedy = "Choose the file that the platform was installed with";
        return Err(unusable(path, "is no values file: it has no settings at its top", remedy));
    }
    let values = Value::Object(read.values);
    let database = text_at(&values, "/config/database/dataSource").and_then(|source| endpoint(&source));
    let (database_host, database_port) = database.unzip();
    let facts = ValuesFacts {
        region: text_at(&values, "/multiRegion/region"),
        host: text_at(&values, "/multiRegion/host"),
        shared_host: text_at(&values, "/config/loftHost"),
        database_host,
        database_port,
        replicas: values.pointer("/replicaCount").and_then(count),
        documents: read.documents,
        digest: digest_of(text),
    };
    Ok((facts, values))
}

/// SHA-256 of the bytes, in hexadecimal.
fn digest_of(text: &str) -> String {
    super::hexadecimal(&Sha256::digest(text.as_bytes()))
}

/// What a key that names a secret has in its name, in small letters.
const SECRET_KEYS: [&str; 9] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "privatekey",
    "accesskey",
    "credential",
];

/// How a key ends that only says where a secret is, or how long it lasts.
const REFERENCES: [&str; 7] = ["name", "namespace", "ref", "type", "enabled", "ttl", "existingsecret"];

/// The texts of members whose name, or that of what they stand in, tells a secret; and the data source's password.
fn collect_secrets(values: &Value, named: bool, secrets: &mut Vec<Secret>) {
    match values {
        Value::Object(map) => {
            for (key, value) in map {
                let key: String = key.chars().filter(char::is_ascii_alphanumeric).collect();
                let key = key.to_ascii_lowercase();
                let refers = key == "key" || REFERENCES.iter().any(|end| key.ends_with(end));
                let names = named || SECRET_KEYS.iter().any(|word| key.contains(word));
                collect_secrets(value, names && !refers, secrets);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect_secrets(item, named, secrets)),
        Value::String(text) if named && !text.is_empty() => secrets.push(Secret::new(text)),
        Value::String(text) => secrets.extend(data_source_password(text).map(Secret::new)),
        Value::Number(number) if named => secrets.push(Secret::new(number.to_string())),
        _ => {}
    }
}

/// The password of `mysql://USER:PASSWORD@tcp(…)`.
fn data_source_password(source: &str) -> Option<&str> {
    let (user, _) = source.split_once("://")?.1.rsplit_once("@tcp(")?;
    user.split_once(':').map(|(_, password)| password).filter(|password| !password.is_empty())
}

/// A text that is there and not empty.
fn text_at(values: &Value, pointer: &str) -> Option<String> {
    let text = values.pointer(pointer)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// The chart prints a number in quotes without them.
fn count(value: &Value) -> Option<u32> {
    let number = match value {
        Value::String(text) => yaml::number(text.trim())?,
        other => other.as_f64()?,
    };
    (number.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&number)).then_some(number as u32)
}

/// Host and port of `mysql://USER[:PASSWORD]@tcp(HOST[:PORT])/NAME`.
fn endpoint(source: &str) -> Option<(String, u16)> {
    // The last one: a password may contain anything.
    let (_, rest) = source.strip_prefix("mysql://")?.rsplit_once("@tcp(")?;
    let (address, _) = rest.split_once(')')?;
    let (host, port) = match address.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port.parse().ok()?),
        _ => (address, DATABASE_PORT),
    };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    (!host.is_empty()).then(|| (host.to_owned(), port))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::verdict::WhyKind;

    const LIMIT: Duration = Duration::from_secs(10);

    async fn read_text(text: &[u8]) -> Result<ValuesFacts, Why> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("values.yaml");
        std::fs::write(&path, text).unwrap();
        read(&path, LIMIT).await
    }

    #[tokio::test]
    async fn a_values_file_tells_its_region_hosts_database_and_replicas() {
        let text = "replicaCount: 3\nconfig:\n  loftHost: multi-region.example.com\n  database:\n    \
                    dataSource: \"mysql://kine:hunter22@tcp(db.example.com:3307)/kine\"\nmultiRegion:\n  \
                    host: us.multi-region.example.com\n  region: us-east-1\n";
        let facts = read_text(text.as_bytes()).await.unwrap();
        let expected = ValuesFacts {
            region: Some("us-east-1".to_owned()),
            host: Some("us.multi-region.example.com".to_owned()),
            shared_host: Some("multi-region.example.com".to_owned()),
            database_host: Some("db.example.com".to_owned()),
            database_port: Some(3307),
            replicas: Some(3),
            documents: 1,
            digest: facts.digest.clone(),
        };
        assert_eq!(facts, expected);
        let sparse = "replicaCount: '5'\nmultiRegion:\n  host: ''\n  region: 7\nconfig: none\n";
        let facts = read_text(sparse.as_bytes()).await.unwrap();
        let digest = facts.digest.clone();
        let expected = ValuesFacts { replicas: Some(5), documents: 1, digest, ..ValuesFacts::default() };
        assert_eq!(facts, expected);
    }

    #[tokio::test]
    async fn an_override_in_a_later_document_is_seen() {
        let text = "replicaCount: 3\nmultiRegion: {region: us-east-1, host: us.example.com}\n---\n\
                    multiRegion: {region: eu-west-1}\nreplicaCount: '012'\n";
        let facts = read_text(text.as_bytes()).await.unwrap();
        assert_eq!(
            (facts.region.as_deref(), facts.host.as_deref()),
            (Some("eu-west-1"), Some("us.example.com"))
        );
        assert_eq!((facts.replicas, facts.documents), (Some(10), 2));
    }

    #[tokio::test]
    async fn only_the_planned_file_is_taken_and_its_passwords_are_known() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a,b=c.yaml");
        let text = "admin: {password: hunter22, tries: 3}\nsecret: {name: loft-db, key: dsn}\nlicense: {api-key: {value: k3y}}\nconfig:\n  database:\n    \
                    dataSource: mysql://kine:s3cret@tcp(db)/kine\n";
        std::fs::write(&path, text).unwrap();
        let digest = read(&path, LIMIT).await.unwrap().digest;
        assert_eq!(digest.len(), 64);
        let planned = read_planned(&path, Some(&digest), LIMIT).await.unwrap();
        assert_eq!(planned.text.expose(), text);
        let secrets: Vec<&str> = planned.secrets.iter().map(Secret::expose).collect();
        assert_eq!(secrets, ["hunter22", "k3y", "s3cret"]);

        std::fs::write(&path, format!("{text}a: 1\n")).unwrap();
        let why = read_planned(&path, Some(&digest), LIMIT).await.unwrap_err();
        assert_eq!(why.kind, WhyKind::Conflict);
        assert!(why.message.ends_with("a,b=c.yaml was changed after the plan was made"), "{}", why.message);
        assert!(read_planned(&path, None, LIMIT).await.is_ok());
    }

    #[test]
    fn of_the_data_source_host_and_port_are_kept_alone() {
        for (source, expected) in [
            ("mysql://kine@tcp(db:3306)/kine", Some(("db", 3306))),
            ("mysql://kine:p@tcp(x:1)y@tcp(db)/kine", Some(("db", 3306))),
            ("mysql://kine@tcp([fd00::1]:3307)/kine", Some(("fd00::1", 3307))),
            ("mysql://kine@tcp([fd00::1])/kine", Some(("fd00::1", 3306))),
            ("mysql://kine@tcp(db:many)/kine", None),
            ("mysql://kine@tcp()/kine", None),
            ("mysql://kine@unix(/run/db)/kine", None),
            ("postgres://kine@tcp(db:3306)/kine", None),
            ("", None),
        ] {
            let expected = expected.map(|(host, port): (&str, u16)| (host.to_owned(), port));
            assert_eq!(endpoint(source), expected, "{source}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_used_is_told_with_path_and_line_and_without_quoting_the_file() {
        let large = vec![b'#'; 1024 * 1024 + 1];
        for (text, told) in [
            (&b"a: 1\nconfig:\n  password: [hunter22\nb: {\n"[..], "is no YAML"),
            (b"- hunter22\n", "no settings at its top"),
            (b"a: 1\n---hunter22\n", "begins with ---"),
            (b"", "no settings at its top"),
            (b"password: \xff hunter22\n", "not UTF-8"),
            (&large, "larger than 1 MiB"),
        ] {
            let why = read_text(text).await.unwrap_err();
            assert_eq!(why.kind, WhyKind::Configuration);
            assert!(why.message.contains("values.yaml") && why.message.contains(told), "{}", why.message);
            assert!(!why.message.contains("hunter22") && !why.remedy.is_empty(), "{}", why.message);
        }
        let why = read_text(b"a: 1\nb: [\nc: 2\n").await.unwrap_err();
        assert!(why.message.contains("(line "), "{}", why.message);

        let folder = tempfile::tempdir().unwrap();
        let why = read(folder.path(), LIMIT).await.unwrap_err();
        assert!(why.message.contains("no regular file"), "{}", why.message);
        let why = read(&folder.path().join("missing.yaml"), LIMIT).await.unwrap_err();
        assert!(why.message.ends_with("missing.yaml does not exist"), "{}", why.message);
        assert_eq!(why.remedy, "Check the path");
    }
}
