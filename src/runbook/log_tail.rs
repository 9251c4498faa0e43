//! The last lines of the logs as one list to read and to search.

use super::fact::{LogLine, LogsFacts};

/// One line, and which container wrote it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TailLine<'a> {
    /// Pod name.
    pub pod: &'a str,
    /// The line.
    pub line: &'a LogLine,
}

/// What was read, and what could not be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tail<'a> {
    /// The lines in the order of their times; lines without one stay behind the line before them.
    pub lines: Vec<TailLine<'a>>,
    /// Why a container's lines are missing, one sentence each.
    pub unread: Vec<String>,
}

/// The tail of one container, or of all together where `of` is `None`: of the running
/// ones, or of those before the last restart (`domain.md`, T16).
pub fn tail<'a>(facts: &'a LogsFacts, of: Option<(&str, &str)>, previous: bool) -> Tail<'a> {
    let mut tail = Tail::default();
    let mut timed = Vec::new();
    for log in &facts.logs {
        if of.is_some_and(|of| of != (log.pod.as_str(), log.container.as_str())) {
            continue;
        }
        let read = if previous { log.previous.as_ref() } else { Some(&log.current) };
        match read {
            Some(Ok(lines)) => {
                let mut last = None;
                for line in lines {
                    last = line.at.or(last);
                    timed.push((last, TailLine { pod: &log.pod, line }));
                }
            }
            Some(Err(why)) => tail.unread.push(format!("{} {}: {why}", log.pod, log.container)),
            None => {}
        }
    }
    // Stable: lines of one time keep the order they were written in.
    timed.sort_by_key(|(at, _)| *at);
    tail.lines = timed.into_iter().map(|(_, line)| line).collect();
    tail
}

/// Does a line contain what is searched for? ASCII letters match in any case; nothing is in no line.
pub fn is_hit(text: &str, find: &str) -> bool {
    let (text, find) = (text.as_bytes(), find.as_bytes());
    !find.is_empty() && text.windows(find.len()).any(|part| part.eq_ignore_ascii_case(find))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::fact::ContainerLog;

    fn line(second: Option<i64>, text: &str) -> LogLine {
        LogLine { at: second.map(|s| jiff::Timestamp::from_second(s).unwrap()), text: text.to_owned() }
    }

    fn facts() -> LogsFacts {
        let log = |pod: &str, current, previous| ContainerLog {
            pod: pod.to_owned(),
            container: "manager".to_owned(),
            current,
            previous,
        };
        LogsFacts {
            logs: vec![
                log(
                    "loft-1",
                    Ok(vec![line(Some(1), "a"), line(None, "  at a.go:1"), line(Some(5), "c")]),
                    Some(Ok(vec![line(Some(0), "panic: x")])),
                ),
                log("loft-2", Ok(vec![line(Some(3), "b")]), None),
                log("loft-3", Err("container is creating".to_owned()), None),
            ],
        }
    }

    #[test]
    fn lines_of_all_pods_stand_in_the_order_of_time() {
        let facts = facts();
        for (of, previous, expected) in [
            (None, false, vec!["a", "  at a.go:1", "b", "c"]),
            (Some(("loft-2", "manager")), false, vec!["b"]),
            (None, true, vec!["panic: x"]),
            (Some(("loft-2", "manager")), true, vec![]),
        ] {
            let texts: Vec<&str> =
                tail(&facts, of, previous).lines.iter().map(|l| l.line.text.as_str()).collect();
            assert_eq!(texts, expected, "{of:?} {previous}");
        }
        assert_eq!(tail(&facts, None, false).unread, ["loft-3 manager: container is creating"]);
    }

    #[test]
    fn searching_ignores_case() {
        for (text, find, hit) in
            [("Error: x", "ERROR", true), ("", "x", false), ("abc", "", false), ("Überlauf", "lauf", true)]
        {
            assert_eq!(is_hit(text, find), hit, "{find} in {text}");
        }
    }
}
