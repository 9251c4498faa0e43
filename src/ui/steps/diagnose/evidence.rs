//! The evidence of a cause as the lines of its card.

use crate::design::Rich;
use crate::runbook::cause::Assessment;
use crate::runbook::log_signature;

/// How many lines of evidence are shown of each kind before "and N more".
const LINES: usize = 3;

/// The lines of a cause's evidence, cut to what a card holds.
pub(super) struct Evidence {
    pub(super) speaks_for: Vec<Rich>,
    pub(super) speaks_against: Vec<Rich>,
    pub(super) unknown: Vec<Rich>,
    /// Something was left out: there is more to show.
    pub(super) cut: bool,
}

impl Evidence {
    /// All of it, or what is telling.
    pub(super) fn of(cause: &Assessment, all: bool) -> Self {
        let mut cut = false;
        let mut lines = |lines: &[String]| {
            let shown = if all || lines.len() == LINES + 1 { lines.len() } else { lines.len().min(LINES) };
            let mut rich: Vec<Rich> = lines[..shown]
                .iter()
                .map(|line| {
                    if all {
                        return Rich::quoting(line);
                    }
                    let short = telling(line);
                    cut |= short != *line;
                    Rich::quoting(&short)
                })
                .collect();
            if shown < lines.len() {
                rich.push(Rich::new().faint(format!("and {} more", lines.len() - shown)));
                cut = true;
            }
            rich
        };
        Self {
            speaks_for: lines(&cause.evidence_for),
            speaks_against: lines(&cause.evidence_against),
            unknown: lines(&cause.not_checked),
            cut,
        }
    }
}

/// The line with the telling part of each of its quotations.
fn telling(line: &str) -> String {
    let parts = line
        .split('`')
        .enumerate()
        .map(|(place, part)| if place % 2 == 0 { part.to_owned() } else { log_signature::telling(part) });
    parts.collect::<Vec<_>>().join("`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(lines: &[&str]) -> Assessment {
        let mut cause = Assessment::new("crash-loop", "Crash loop", "The pods crash");
        cause.evidence_for.extend(lines.iter().copied().map(str::to_owned));
        cause
    }

    #[test]
    fn a_fourth_line_is_shown_rather_than_counted_and_a_fifth_is_not() {
        for (count, shown, cut) in [(3, 3, false), (4, 4, false), (5, 4, true)] {
            let evidence = Evidence::of(&of(&vec!["a line"; count]), false);
            assert_eq!((evidence.speaks_for.len(), evidence.cut), (shown, cut), "{count} lines");
            assert_eq!(Evidence::of(&of(&vec!["a line"; count]), true).speaks_for.len(), count);
        }
    }

    #[test]
    fn only_what_is_quoted_is_shortened() {
        let line =
            r#"3 of 3 end with `time="02:41" level=error msg="dial tcp: i/o timeout"` (loft-a, 02:41 UTC)"#;
        assert_eq!(telling(line), "3 of 3 end with `dial tcp: i/o timeout` (loft-a, 02:41 UTC)");
        assert!(Evidence::of(&of(&[line]), false).cut, "the whole line is on demand");
        assert!(!Evidence::of(&of(&[line]), true).cut);
    }
}
