//! Times: UTC first, the local one beside it with its zone's abbreviation.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, Zoned};

/// Writes times.
pub(super) struct Times<'a> {
    zone: &'a TimeZone,
}

impl<'a> Times<'a> {
    pub(super) fn new(zone: &'a TimeZone) -> Self {
        Self { zone }
    }

    fn utc(at: Timestamp) -> Zoned {
        at.to_zoned(TimeZone::UTC)
    }

    /// The day in UTC.
    pub(super) fn day(at: Timestamp) -> Date {
        Self::utc(at).date()
    }

    /// `02:41:07`, in UTC.
    pub(super) fn clock(at: Timestamp) -> String {
        Self::utc(at).strftime("%H:%M:%S").to_string()
    }

    /// `03:41:07 CET`, with the day where it is another one than in UTC; `None` where there is only UTC.
    pub(super) fn local(&self, at: Timestamp) -> Option<String> {
        if self.zone.is_unknown() {
            return None;
        }
        let (local, utc) = (at.to_zoned(self.zone.clone()), Self::utc(at));
        let name = local.strftime("%Z").to_string();
        if name == "UTC" && local.datetime() == utc.datetime() {
            return None;
        }
        let format = if local.date() == utc.date() { "%H:%M:%S" } else { "%Y-%m-%d %H:%M:%S" };
        Some(format!("{} {name}", local.strftime(format)))
    }

    /// `2026-03-04 02:41:07 UTC (03:41:07 CET)`.
    pub(super) fn full(&self, at: Timestamp) -> String {
        let utc = Self::utc(at).strftime("%Y-%m-%d %H:%M:%S UTC").to_string();
        self.local(at).map_or(utc.clone(), |local| format!("{utc} ({local})"))
    }

    /// The same without the day, where it is that of another time.
    pub(super) fn short(&self, at: Timestamp, day_of: Option<Timestamp>) -> String {
        if day_of.is_none_or(|other| Self::day(other) != Self::day(at)) {
            return self.full(at);
        }
        let utc = format!("{} UTC", Self::clock(at));
        self.local(at).map_or(utc.clone(), |local| format!("{utc} ({local})"))
    }

    /// The local zone, where there is one beside UTC at this time.
    pub(super) fn zone(&self, at: Timestamp) -> Option<String> {
        self.local(at)?;
        let name = self.zone.iana_name().map(str::to_owned);
        Some(name.unwrap_or_else(|| at.to_zoned(self.zone.clone()).strftime("%Z").to_string()))
    }
}

/// "8 s", "12 min 40 s", "2 h 5 min", "1 d 3 h".
pub(super) fn span(duration: SignedDuration) -> String {
    let secs = duration.as_secs();
    match (secs / 86_400, secs / 3600 % 24, secs / 60 % 60, secs % 60) {
        (0, 0, 0, secs) => format!("{secs} s"),
        (0, 0, minutes, 0) => format!("{minutes} min"),
        (0, 0, minutes, secs) => format!("{minutes} min {secs} s"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}
