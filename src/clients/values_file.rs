//! A region's Helm values file: what it says of the region, and never a password.

use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::text_file::{self, unusable};
use crate::runbook::fact::ValuesFacts;
use crate::runbook::profile::DATABASE_PORT;
use crate::runbook::verdict::Why;

/// Reads a values file (`domain.md`, section 7), off the async threads.
///
/// # Errors
/// It cannot be read, is no YAML (with the line), or has no settings at its top.
/// No error quotes the file: it may hold passwords.
pub async fn read(path: &Path, deadline: Duration) -> Result<ValuesFacts, Why> {
    text_file::read(path, deadline, parse).await
}

fn parse(text: &str, path: &Path) -> Result<ValuesFacts, Why> {
    let values: Value = serde_saphyr::from_str(text).map_err(|error| {
        // The parser's words quote the file.
        let line = error.location().map_or_else(String::new, |at| format!(" at line {}", at.line()));
        unusable(path, &format!("is no YAML: it cannot be read{line}"), "Correct the file, or choose another")
    })?;
    if !values.is_object() {
        let remedy = "Choose the file that the platform was installed with";
        return Err(unusable(path, "is no values file: it has no settings at its top", remedy));
    }
    let database = text_at(&values, "/config/database/dataSource").and_then(|source| endpoint(&source));
    let (database_host, database_port) = database.unzip();
    Ok(ValuesFacts {
        region: text_at(&values, "/multiRegion/region"),
        host: text_at(&values, "/multiRegion/host"),
        shared_host: text_at(&values, "/config/loftHost"),
        database_host,
        database_port,
        replicas: values.pointer("/replicaCount").and_then(count),
    })
}

/// A text that is there and not empty.
fn text_at(values: &Value, pointer: &str) -> Option<String> {
    let text = values.pointer(pointer)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

/// Helm takes a number in quotes too.
fn count(value: &Value) -> Option<u32> {
    match value {
        Value::String(text) => text.trim().parse().ok(),
        other => other.as_u64().and_then(|number| u32::try_from(number).ok()),
    }
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
        };
        assert_eq!(facts, expected);
        let sparse = "replicaCount: '5'\nmultiRegion:\n  host: ''\n  region: 7\nconfig: none\n";
        let expected = ValuesFacts { replicas: Some(5), ..ValuesFacts::default() };
        assert_eq!(read_text(sparse.as_bytes()).await.unwrap(), expected);
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
        assert!(why.message.contains(" at line "), "{}", why.message);

        let folder = tempfile::tempdir().unwrap();
        let why = read(folder.path(), LIMIT).await.unwrap_err();
        assert!(why.message.contains("no regular file"), "{}", why.message);
        let why = read(&folder.path().join("missing.yaml"), LIMIT).await.unwrap_err();
        assert!(why.message.ends_with("missing.yaml does not exist"), "{}", why.message);
        assert_eq!(why.remedy, "Check the path");
    }
}
