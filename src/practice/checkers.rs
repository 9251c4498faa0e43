//! Route 53's health checkers: sixteen that poll a region, each on its own.
//!
//! An observation is a checker's own last reading. Whether a checker *counts*
//! the region as healthy follows the threshold of three readings in a row, and
//! the health check is healthy while more than 18 % of the checkers do
//! (`domain.md`, section 2).

use std::{
    net::Ipv4Addr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use jiff::Timestamp;
use tokio::time::Instant;

use super::{clock::Clock, places::Place, plight::CheckSetting, random::Random};

/// How often each checker polls, in the world's time.
pub(super) const INTERVAL: Duration = Duration::from_secs(10);
/// Readings in a row that turn a checker's mind.
pub(super) const FAILURE_THRESHOLD: u32 = 3;
/// Route 53's regions that poll, two checkers each.
pub(super) const CHECKER_REGIONS: [&str; 8] = [
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
];
const CHECKERS_PER_REGION: usize = 2;
/// More than this share of the checkers makes a health check healthy.
const HEALTHY_PERCENT: usize = 18;

/// What a misconfigured health check watches: the host before the last move, gone since.
const RETIRED_HOST: &str = "platform-v3.multi-region.example.com";

/// What a checker found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    /// Status 200.
    Success,
    /// Status 503: a load balancer without a target.
    Unavailable,
    /// No connection.
    TimedOut,
}

impl Reading {
    /// What is found at a host behind which this many pods are ready.
    pub(super) fn of(reachable: bool, ready_pods: u32) -> Self {
        match (reachable, ready_pods) {
            (false, _) => Self::TimedOut,
            (true, 0) => Self::Unavailable,
            (true, _) => Self::Success,
        }
    }

    /// Route 53's text for it.
    fn status(self, resolved: Ipv4Addr) -> String {
        match self {
            Self::Success => format!("Success: HTTP Status Code 200, OK. Resolved IP: {resolved}"),
            Self::Unavailable => {
                format!("Failure: HTTP Status Code 503, Service Temporarily Unavailable. Resolved IP: {resolved}")
            }
            Self::TimedOut => "Failure: Connection timed out. The endpoint or the internet connection is down, \
                 or requests are being blocked by your firewall. See \
                 https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/dns-failover-router-firewall-rules.html"
                .to_owned(),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Checked {
    at: Timestamp,
    reading: Reading,
}

#[derive(Debug)]
struct Checker {
    region: &'static str,
    address: Ipv4Addr,
    /// When it polls within the interval, in the world's time.
    offset: Duration,
    last: Checked,
    last_failure: Option<Checked>,
    counts_healthy: bool,
    /// Readings in a row that speak against `counts_healthy`.
    contrary: u32,
}

impl Checker {
    /// A checker that has read the same for a while.
    fn settled(region: &'static str, address: Ipv4Addr, offset: Duration, checked: Checked) -> Self {
        let success = checked.reading == Reading::Success;
        Self {
            region,
            address,
            offset,
            last: checked,
            last_failure: (!success).then_some(checked),
            counts_healthy: success,
            contrary: 0,
        }
    }

    fn take(&mut self, checked: Checked) {
        let success = checked.reading == Reading::Success;
        self.last = checked;
        if !success {
            self.last_failure = Some(checked);
        }
        self.contrary = if success == self.counts_healthy { 0 } else { self.contrary + 1 };
        if self.contrary == FAILURE_THRESHOLD {
            self.counts_healthy = success;
            self.contrary = 0;
        }
    }
}

/// What one checker reports (`HealthCheckObservation`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Observation {
    /// The checker's region.
    pub region: &'static str,
    /// The checker's address.
    pub address: Ipv4Addr,
    /// Route 53's text.
    pub status: String,
    /// When it was read, UTC.
    pub checked_at: Timestamp,
}

/// A health check of one region's host.
#[derive(Debug)]
pub(super) struct HealthCheck {
    /// Its UUID.
    pub id: String,
    /// The region it belongs to, whose host it should watch.
    pub place: &'static Place,
    checkers: Mutex<Vec<Checker>>,
    setting: Mutex<CheckSetting>,
}

impl HealthCheck {
    /// A health check whose checkers have read the same for a while, `reading`
    /// at the region's host. `random` decides its id, the checkers' addresses
    /// and when they poll.
    pub(super) fn settled(
        place: &'static Place,
        setting: CheckSetting,
        reading: Reading,
        clock: Clock,
        now: Timestamp,
        random: &mut Random,
    ) -> Self {
        let reading = watched(setting, reading);
        let id = random.uuid();
        let all = (0_u8..).zip(CHECKER_REGIONS).flat_map(|pair| [pair; CHECKERS_PER_REGION]);
        let mut checkers: Vec<Checker> = all
            .map(|(block, region)| {
                let address = Ipv4Addr::new(15, 177, 2 * block + 2, random.below(254) as u8 + 1);
                let offset = Duration::from_millis(random.below(INTERVAL.as_millis() as u64));
                // Its next poll comes `offset` after the start, so its last was this long ago.
                let age = clock.scaled(INTERVAL.saturating_sub(offset));
                let at = now.checked_sub(age).unwrap_or(now);
                Checker::settled(region, address, offset, Checked { at, reading })
            })
            .collect();
        checkers.sort_by_key(|checker| checker.offset);
        Self { id, place, checkers: Mutex::new(checkers), setting: Mutex::new(setting) }
    }

    /// Polls for ever. `read` tells what is found at the region's host, and is
    /// asked anew for each checker.
    pub(super) async fn run(&self, clock: Clock, read: impl Fn() -> Reading) {
        let offsets: Vec<Duration> = self.lock().iter().map(|checker| checker.offset).collect();
        let mut round_begins = Instant::now();
        loop {
            for (index, offset) in offsets.iter().enumerate() {
                tokio::time::sleep_until(round_begins + clock.scaled(*offset)).await;
                let checked = Checked { at: Timestamp::now(), reading: watched(self.setting(), read()) };
                self.lock()[index].take(checked);
            }
            round_begins += clock.scaled(INTERVAL);
        }
    }

    /// Each checker's last reading (`GetHealthCheckStatus`).
    pub(super) fn observations(&self) -> Vec<Observation> {
        self.report(|checker| Some(checker.last))
    }

    /// Each checker's last failure, of those that ever saw one
    /// (`GetHealthCheckLastFailureReason`).
    pub(super) fn last_failures(&self) -> Vec<Observation> {
        self.report(|checker| checker.last_failure)
    }

    /// What Route 53 answers DNS queries by: `Inverted` turns it over, and a
    /// disabled health check always counts as healthy.
    pub(super) fn is_healthy(&self) -> bool {
        let setting = self.setting();
        let checkers = self.lock();
        let healthy = checkers.iter().filter(|checker| checker.counts_healthy).count();
        let healthy = is_healthy(healthy, checkers.len());
        match setting {
            CheckSetting::Right | CheckSetting::OtherHost => healthy,
            CheckSetting::Inverted => !healthy,
            CheckSetting::Disabled => true,
        }
    }

    /// `FullyQualifiedDomainName`: the host it watches.
    pub(super) fn host(&self) -> &'static str {
        if self.setting() == CheckSetting::OtherHost { RETIRED_HOST } else { self.place.host }
    }

    /// How it is set.
    pub(super) fn setting(&self) -> CheckSetting {
        *self.setting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it is set as it should be.
    pub(super) fn is_set_right(&self) -> bool {
        self.setting() == CheckSetting::Right
    }

    /// Somebody set it right.
    pub(super) fn repair(&self) {
        *self.setting.lock().unwrap_or_else(PoisonError::into_inner) = CheckSetting::Right;
    }

    fn report(&self, which: impl Fn(&Checker) -> Option<Checked>) -> Vec<Observation> {
        let observe = |checker: &Checker| {
            which(checker).map(|checked| Observation {
                region: checker.region,
                address: checker.address,
                status: checked.reading.status(self.place.load_balancer),
                checked_at: checked.at,
            })
        };
        self.lock().iter().filter_map(observe).collect()
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Checker>> {
        self.checkers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What checkers find where `at_host` is found at the region's host.
fn watched(setting: CheckSetting, at_host: Reading) -> Reading {
    if setting == CheckSetting::OtherHost { Reading::TimedOut } else { at_host }
}

fn is_healthy(healthy: usize, all: usize) -> bool {
    healthy * 100 > all * HEALTHY_PERCENT
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::places::PLACES;
    use CheckSetting::{Disabled, Inverted, OtherHost, Right};
    use Reading::{Success, TimedOut, Unavailable};

    fn checked(reading: Reading) -> Checked {
        Checked { at: Timestamp::UNIX_EPOCH, reading }
    }

    #[test]
    fn more_than_18_percent_of_the_checkers_make_it_healthy() {
        for (healthy, all, expected) in [(2, 16, false), (3, 16, true), (0, 16, false), (9, 50, false)] {
            assert_eq!(is_healthy(healthy, all), expected, "{healthy} of {all}");
        }
    }

    #[test]
    fn a_checker_turns_after_three_readings_in_a_row() {
        let cases: [(Reading, &[Reading], bool); 6] = [
            (Unavailable, &[Success, Success], false),
            (Unavailable, &[Success, Success, Success], true),
            (Unavailable, &[Success, Success, TimedOut, Success, Success], false),
            (Success, &[Unavailable, TimedOut], true),
            (Success, &[Unavailable, TimedOut, Unavailable], false),
            (Success, &[Unavailable, TimedOut, Unavailable, Success, Success, Success], true),
        ];
        for (begin, readings, expected) in cases {
            let mut checker =
                Checker::settled("us-east-1", Ipv4Addr::LOCALHOST, Duration::ZERO, checked(begin));
            for reading in readings {
                checker.take(checked(*reading));
                assert_eq!(checker.last.reading, *reading, "shows its own last reading");
            }
            assert_eq!(checker.counts_healthy, expected, "{begin:?} then {readings:?}");
        }
    }

    #[test]
    fn the_last_failure_outlives_the_recovery() {
        let now = Timestamp::now();
        let check =
            HealthCheck::settled(&PLACES[0], Right, Unavailable, Clock::new(1.0), now, &mut Random::new(1));
        for checker in check.lock().iter_mut() {
            checker.take(checked(Success));
        }
        assert!(
            check.observations().iter().all(|seen| seen.status.starts_with("Success: HTTP Status Code 200"))
        );
        let failures = check.last_failures();
        assert_eq!(failures.len(), 16);
        assert!(failures.iter().all(|seen| seen.status.starts_with("Failure: HTTP Status Code 503")));
        assert!(!check.is_healthy(), "one success is not three");
    }

    #[test]
    fn sixteen_checkers_of_eight_regions_polled_within_the_last_interval() {
        let now = Timestamp::now();
        let check =
            HealthCheck::settled(&PLACES[1], Right, Success, Clock::new(1.0), now, &mut Random::new(3));
        let seen = check.observations();
        for region in CHECKER_REGIONS {
            assert_eq!(seen.iter().filter(|one| one.region == region).count(), 2, "{region}");
        }
        for one in &seen {
            let age = now.duration_since(one.checked_at).as_millis();
            assert!((1..=10_000).contains(&age), "{age} ms");
        }
        assert!(check.last_failures().is_empty());
        assert!(check.is_healthy());
    }

    #[test]
    fn what_it_says_follows_how_it_is_set() {
        let (host, retired) = (PLACES[0].host, RETIRED_HOST);
        let cases = [
            (Right, Success, Success, true, host),
            (Right, Unavailable, Unavailable, false, host),
            (Inverted, Success, Success, false, host),
            (Inverted, TimedOut, TimedOut, true, host),
            (Disabled, Unavailable, Unavailable, true, host),
            (Disabled, Success, Success, true, host),
            (OtherHost, Success, TimedOut, false, retired),
        ];
        for (setting, at_host, seen, healthy, watched) in cases {
            let (clock, now) = (Clock::new(1.0), Timestamp::now());
            let check = HealthCheck::settled(&PLACES[0], setting, at_host, clock, now, &mut Random::new(1));
            let status = seen.status(PLACES[0].load_balancer);
            assert!(check.observations().iter().all(|one| one.status == status), "{setting:?} {at_host:?}");
            assert_eq!(check.is_healthy(), healthy, "{setting:?} {at_host:?}");
            assert_eq!(check.host(), watched, "{setting:?}");
            check.repair();
            assert_eq!((check.host(), check.is_set_right()), (host, true), "{setting:?}");
        }
    }

    #[tokio::test]
    async fn checkers_follow_what_they_read() {
        let now = Timestamp::now();
        let clock = Clock::new(60.0);
        let check = HealthCheck::settled(&PLACES[0], Right, TimedOut, clock, now, &mut Random::new(5));
        let recovers = async {
            while !check.is_healthy() {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            () = check.run(clock, || Success) => {}
            () = recovers => {}
        }
        assert!(check.observations().iter().any(|seen| seen.status.starts_with("Success")));
    }
}
