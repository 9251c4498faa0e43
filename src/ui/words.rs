//! Times and numbers in words.

use std::time::Duration;

use jiff::Timestamp;

/// "8 s", "12 min 40 s", "2 h 5 min".
pub fn span(duration: Duration) -> String {
    let secs = duration.as_secs();
    match (secs / 3600, secs / 60 % 60, secs % 60) {
        (0, 0, secs) => format!("{secs} s"),
        (0, minutes, 0) => format!("{minutes} min"),
        (0, minutes, secs) => format!("{minutes} min {secs} s"),
        (hours, 0, _) => format!("{hours} h"),
        (hours, minutes, _) => format!("{hours} h {minutes} min"),
    }
}

/// Time since `at` in its largest unit: "8 s", "12 min", "2 h", "3 d".
pub fn age(now: Timestamp, at: Timestamp) -> String {
    match since(now, at).as_secs() {
        secs @ 0..60 => format!("{secs} s"),
        secs @ 60..3600 => format!("{} min", secs / 60),
        secs @ 3600..86_400 => format!("{} h", secs / 3600),
        secs => format!("{} d", secs / 86_400),
    }
}

/// Time since `at`; zero where that is in the future.
pub fn since(now: Timestamp, at: Timestamp) -> Duration {
    Duration::try_from(now.duration_since(at)).unwrap_or(Duration::ZERO)
}

/// Time until `at`; zero where that is past.
pub fn until(now: Timestamp, at: Timestamp) -> Duration {
    since(at, now)
}

/// "02:29:10 UTC".
pub fn clock(at: Timestamp) -> String {
    at.strftime("%H:%M:%S UTC").to_string()
}

/// "1 check", "2 checks".
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// "a", "a and b", "a, b and c".
pub fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// The text with a small first letter, to stand inside a sentence. Names that begin with two
/// capitals stay as they are.
pub fn inside(text: &str) -> String {
    let mut chars = text.chars();
    match (chars.next(), chars.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(chars).collect()
        }
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_two_units_and_ages_one() {
        let now = Timestamp::from_second(1_000_000).unwrap();
        for (secs, long, short) in [
            (0, "0 s", "0 s"),
            (59, "59 s", "59 s"),
            (120, "2 min", "2 min"),
            (760, "12 min 40 s", "12 min"),
            (7500, "2 h 5 min", "2 h"),
            (7200, "2 h", "2 h"),
            (180_000, "50 h", "2 d"),
        ] {
            assert_eq!(span(Duration::from_secs(secs)), long);
            assert_eq!(age(now, now - jiff::SignedDuration::from_secs(secs.cast_signed())), short);
        }
        assert_eq!(age(now, now + jiff::SignedDuration::from_secs(5)), "0 s");
    }

    #[test]
    fn names_are_listed_as_in_a_sentence() {
        assert_eq!(list(&[]), "");
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
        assert_eq!(inside("Scale up to 3"), "scale up to 3");
        assert_eq!(inside("EKS says"), "EKS says");
    }
}
