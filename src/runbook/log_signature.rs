//! Lines of the platform's logs that mean something (`domain.md`, section 7).
//! The platform may wrap them: parts are matched, the raw line is quoted.

use super::fact::{ContainerLog, LogLine, LogsFacts};

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// The way to the database, or the database itself.
    Database,
    /// The program ended by a fault of its own.
    Panic,
}

const SIGNATURES: [(&str, Signature); 6] = [
    ("Failed to ping database connection", Signature::Database),
    ("failed to check existence of database", Signature::Database),
    ("Access denied for user", Signature::Database),
    ("Too many connections", Signature::Database),
    ("panic:", Signature::Panic),
    ("fatal error:", Signature::Panic),
];

/// The signature of one line.
pub fn signature(text: &str) -> Option<Signature> {
    SIGNATURES.iter().find(|(part, _)| text.contains(part)).map(|(_, signature)| *signature)
}

/// A line that means something, with where it stands.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hit<'a> {
    /// The log.
    pub log: &'a ContainerLog,
    /// The line.
    pub line: &'a LogLine,
    /// What it is about.
    pub signature: Signature,
    /// From the container before the last restart.
    pub previous: bool,
}

/// The last telling line of each log, by pod; previous containers included.
pub fn hits(facts: &LogsFacts) -> Vec<Hit<'_>> {
    let mut hits = Vec::new();
    for log in &facts.logs {
        let previous = log.previous.iter().flatten().map(|lines| (lines, true));
        let current = log.current.iter().map(|lines| (lines, false));
        let last = current.chain(previous).find_map(|(lines, previous)| {
            lines.iter().rev().find_map(|line| {
                signature(&line.text).map(|signature| Hit { log, line, signature, previous })
            })
        });
        hits.extend(last);
    }
    hits
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_told_apart_by_their_parts() {
        for (text, expected) in [
            (
                "level=error msg=\"Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout\"",
                Some(Signature::Database),
            ),
            (
                "panic: runtime error: invalid memory address or nil pointer dereference",
                Some(Signature::Panic),
            ),
            ("Database tables and indexes are up to date", None),
        ] {
            assert_eq!(signature(text), expected, "{text}");
        }
    }

    #[test]
    fn the_last_telling_line_is_taken_from_the_previous_container_too() {
        let line = |text: &str| LogLine { at: None, text: text.to_owned() };
        let log = ContainerLog {
            pod: "loft-1".to_owned(),
            container: "manager".to_owned(),
            current: Ok(vec![line("starting")]),
            previous: Some(Ok(vec![
                line("panic: first"),
                line("panic: last"),
                line("goroutine 1 [running]:"),
            ])),
        };
        let facts = LogsFacts { logs: vec![log] };
        let hits = hits(&facts);
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].line.text.as_str(), hits[0].previous), ("panic: last", true));
    }
}
