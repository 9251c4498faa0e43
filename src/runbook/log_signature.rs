//! Lines of the platform's logs that mean something (`domain.md`, section 7).
//! The platform may wrap them: parts are matched, the raw line is quoted.

use super::fact::{ContainerLog, LogLine, LogsFacts};

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Signature {
    /// No way to the database, or the database itself.
    Database(Trouble),
    /// The program ended by a fault of its own.
    Panic,
}

/// What is the matter with the database, as its driver says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Trouble {
    /// `dial tcp …: i/o timeout`: packets get lost on the way.
    Timeout,
    /// `connect: connection refused`: the way is open, nobody listens.
    Refused,
    /// `no such host`: the name does not resolve in the cluster.
    NoSuchHost,
    /// `Error 1045 … Access denied`: it answers, and does not let the platform in.
    Denied,
    /// `Error 1040 … Too many connections`.
    TooMany,
    /// It does not work, and the line does not say why.
    Other,
}

impl Trouble {
    /// In a phrase, for a row of the screen.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Timeout => "database time-out",
            Self::Refused => "database refuses connections",
            Self::NoSuchHost => "database name does not resolve",
            Self::Denied => "database denies access",
            Self::TooMany => "database has too many connections",
            Self::Other => "database error",
        }
    }

    /// Does it speak of the way to the database, rather than of the database?
    pub fn is_on_the_way(self) -> bool {
        matches!(self, Self::Timeout | Self::NoSuchHost)
    }
}

/// Once this was written, the database works for that run of the container.
const DATABASE_WORKS: &str = "Database tables and indexes are up to date";

/// Words that make a line one about the database.
const ABOUT_DATABASE: [&str; 2] = ["ping database", "existence of database"];

/// The signature of one line. A line of the driver's own counts where it names the database's `port`.
pub fn signature(text: &str, port: u16) -> Option<Signature> {
    let has = |part: &str| text.contains(part);
    let database = ABOUT_DATABASE.iter().any(|part| has(part)) || has(&format!(":{port}"));
    if has("Error 1045") || has("Access denied for user") {
        Some(Signature::Database(Trouble::Denied))
    } else if has("Error 1040") || has("Too many connections") {
        Some(Signature::Database(Trouble::TooMany))
    } else if database && has("i/o timeout") {
        Some(Signature::Database(Trouble::Timeout))
    } else if database && has("connection refused") {
        Some(Signature::Database(Trouble::Refused))
    } else if database && has("no such host") {
        Some(Signature::Database(Trouble::NoSuchHost))
    } else if has("Failed to ping database connection") || has("failed to check existence of database") {
        Some(Signature::Database(Trouble::Other))
    } else if text.trim_start().starts_with("panic:") || text.trim_start().starts_with("fatal error:") {
        Some(Signature::Panic)
    } else {
        None
    }
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

impl Hit<'_> {
    /// The line as evidence: quoted whole, with its pod and its time.
    pub fn quote(&self) -> String {
        let when = match self.line.at {
            Some(at) => format!(", {} UTC", at.strftime("%H:%M:%S")),
            None => String::new(),
        };
        let which = if self.previous { ", before its last restart" } else { "" };
        format!("`{}` ({}{when}{which})", self.line.text.trim(), self.log.pod)
    }
}

/// The last telling line of each log, by pod; previous containers included. What a container wrote
/// before its database worked is no trouble any more.
pub fn hits(facts: &LogsFacts, port: u16) -> Vec<Hit<'_>> {
    let mut hits = Vec::new();
    for log in &facts.logs {
        let current = log.current.as_ref().ok().map(|lines| (lines, false));
        let previous = log.previous.as_ref().and_then(|read| read.as_ref().ok()).map(|lines| (lines, true));
        let mut database_works = false;
        let mut found = None;
        for (lines, previous) in current.into_iter().chain(previous) {
            let (hit, works) = last_hit(lines, port, database_works);
            database_works |= works;
            if let Some((line, signature)) = hit {
                found = Some(Hit { log, line, signature, previous });
                break;
            }
        }
        hits.extend(found);
    }
    hits
}

/// The last telling line of a run, and whether its database worked after all.
fn last_hit(lines: &[LogLine], port: u16, works_since: bool) -> (Option<(&LogLine, Signature)>, bool) {
    let mut works = works_since;
    for line in lines.iter().rev() {
        if line.text.contains(DATABASE_WORKS) {
            works = true;
        }
        match signature(&line.text, port) {
            Some(Signature::Database(_)) if works => {}
            // The panic of a run that lost its database is an effect: the driver's line tells more.
            Some(found) => return (Some((line, found)), works),
            None => {}
        }
    }
    (None, works)
}

/// The hits about the database, by pod.
pub fn database_hits(facts: &LogsFacts, port: u16) -> Vec<(Hit<'_>, Trouble)> {
    let of = |hit: Hit<'_>| match hit.signature {
        Signature::Database(trouble) => Some(trouble),
        Signature::Panic => None,
    };
    hits(facts, port).into_iter().filter_map(|hit| Some((hit, of(hit)?))).collect()
}

/// How long a quotation may be before its middle is left out, in characters.
const QUOTE_CHARS: usize = 150;

/// The telling part of a quoted line: the message of a structured log line; of a long one the begin and
/// the end, because error texts end in what went wrong.
pub fn telling(quote: &str) -> String {
    let message = message(quote).unwrap_or(quote);
    let chars: Vec<char> = message.chars().collect();
    if chars.len() <= QUOTE_CHARS {
        return message.to_owned();
    }
    let begin: String = chars[..QUOTE_CHARS / 2 - 10].iter().collect();
    let end: String = chars[chars.len() - QUOTE_CHARS / 2..].iter().collect();
    let begin = begin.rsplit_once(' ').map_or(begin.as_str(), |(words, _)| words);
    let end = end.split_once(' ').map_or(end.as_str(), |(_, words)| words);
    format!("{begin} … {end}")
}

/// What stands in `msg="…"` of a line in logfmt.
fn message(line: &str) -> Option<&str> {
    let (_, message) = line.split_once("msg=\"")?;
    let end = message.rfind('"')?;
    (end > 0).then(|| &message[..end])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PORT: u16 = 3306;

    #[test]
    fn lines_are_told_apart_by_their_parts() {
        let database = |trouble| Some(Signature::Database(trouble));
        for (text, expected) in [
            (
                "level=error msg=\"Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout\"",
                database(Trouble::Timeout),
            ),
            (
                "Failed to ping database connection: dial tcp 10.1.0.12:3306: connect: connection refused",
                database(Trouble::Refused),
            ),
            (
                "failed to check existence of database kine: dial tcp: lookup db.example.com: no such host",
                database(Trouble::NoSuchHost),
            ),
            ("Error 1045 (28000): Access denied for user 'kine'@'10.0.1.2'", database(Trouble::Denied)),
            ("Error 1040 (08004): Too many connections", database(Trouble::TooMany)),
            ("Failed to ping database connection: EOF", database(Trouble::Other)),
            ("dial tcp 172.20.0.1:443: i/o timeout", None),
            (
                "panic: runtime error: invalid memory address or nil pointer dereference",
                Some(Signature::Panic),
            ),
            ("Database tables and indexes are up to date", None),
        ] {
            assert_eq!(signature(text, PORT), expected, "{text}");
        }
        assert_eq!(
            signature("dial tcp 10.1.0.12:3307: i/o timeout", 3307),
            database(Trouble::Timeout),
            "the port is the environment's"
        );
    }

    fn line(text: &str) -> LogLine {
        LogLine { at: None, text: text.to_owned() }
    }

    fn hit(current: &[&str], previous: &[&str]) -> Option<(String, bool)> {
        let lines = |texts: &[&str]| texts.iter().map(|text| line(text)).collect();
        let log = ContainerLog {
            pod: "loft-1".to_owned(),
            container: "manager".to_owned(),
            current: Ok(lines(current)),
            previous: Some(Ok(lines(previous))),
        };
        let facts = LogsFacts { logs: vec![log] };
        let hits = hits(&facts, PORT);
        assert!(hits.len() <= 1);
        hits.first().map(|hit| (hit.line.text.clone(), hit.previous))
    }

    #[test]
    fn the_last_telling_line_is_taken_from_the_previous_container_too() {
        let found = hit(&["starting"], &["panic: first", "panic: last", "goroutine 1 [running]:"]);
        assert_eq!(found, Some(("panic: last".to_owned(), true)));
    }

    #[test]
    fn a_database_that_works_again_is_no_trouble() {
        let lost = "Failed to ping database connection: dial tcp 10.1.0.12:3306: i/o timeout";
        assert_eq!(hit(&[lost], &[]), Some((lost.to_owned(), false)));
        assert_eq!(hit(&[lost, DATABASE_WORKS, "serving"], &[lost]), None);
        assert_eq!(hit(&[DATABASE_WORKS, lost], &[]), Some((lost.to_owned(), false)), "lost since");
        assert_eq!(hit(&[DATABASE_WORKS], &[lost, "panic: x"]), Some(("panic: x".to_owned(), true)));
    }

    #[test]
    fn quotes_keep_their_telling_part() {
        for (line, telling_part) in [
            ("panic: nil pointer", "panic: nil pointer"),
            (
                r#"time="02:41" level=error msg="dial tcp 10.1.0.12:3306: i/o timeout""#,
                "dial tcp 10.1.0.12:3306: i/o timeout",
            ),
            (r#"level=error msg="user \"kine\" denied""#, r#"user \"kine\" denied"#),
            (r#"msg="""#, r#"msg="""#),
            (r#"msg=""#, r#"msg=""#),
        ] {
            assert_eq!(telling(line), telling_part);
        }
        let long = format!("Failed to pull: {} ghcr.io/image:4.11.9: not found", "again ".repeat(40));
        let short = telling(&long);
        assert!(
            short.starts_with("Failed to pull: again") && short.ends_with("4.11.9: not found"),
            "{short}"
        );
        assert!(short.chars().count() < QUOTE_CHARS && short.contains(" … "), "{short}");
        assert!(telling(&"ü".repeat(400)).contains('…'), "no word to break at, and no byte to break in");
    }
}
