//! Pacing requests within Route 53's limits (`domain.md`, section 2): token buckets.
//!
//! <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DNSLimitations.html#limits-api-requests-route-53>

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::runbook::profile::AwsSettings;

/// A token bucket that hands out turns in the order they are asked for. Pure: given the time.
#[derive(Debug, Clone)]
struct Bucket {
    per_second: f64,
    burst: f64,
    /// Below zero by the turns that are taken but not due yet.
    tokens: f64,
    counted_at: Instant,
}

impl Bucket {
    fn new(per_second: f64, burst: f64, now: Instant) -> Self {
        Self { per_second, burst, tokens: burst, counted_at: now }
    }

    /// Takes a turn: how long until it is due.
    fn take(&mut self, now: Instant) -> Duration {
        let passed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.per_second).min(self.burst);
        self.counted_at = now;
        self.tokens -= 1.0;
        Duration::from_secs_f64((-self.tokens).max(0.0) / self.per_second)
    }

    /// Has it all its tokens, so that a new one would be the same?
    fn is_full(&self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.counted_at).as_secs_f64();
        self.tokens + passed * self.per_second >= self.burst
    }

    /// Gives a turn back that was not used.
    fn give_back(&mut self) {
        self.tokens = (self.tokens + 1.0).min(self.burst);
    }
}

/// Which of the API's limits a request counts against, beside the account's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Limit {
    /// The account's alone: 10 a second, burst 50.
    Account,
    /// `GetHealthCheckStatus`: 1 a second, burst 4.
    Status,
    /// `GetHealthCheckLastFailureReason`: 1 a second, burst 4.
    LastFailureReason,
}

/// The buckets of one account.
#[derive(Debug)]
struct Buckets {
    account: Bucket,
    status: Bucket,
    last_failure_reason: Bucket,
}

impl Buckets {
    fn new(speed: f64, now: Instant) -> Self {
        let slow = Bucket::new(speed, 4.0, now);
        Self {
            account: Bucket::new(10.0 * speed, 50.0, now),
            status: slow.clone(),
            last_failure_reason: slow,
        }
    }

    fn own(&mut self, limit: Limit) -> Option<&mut Bucket> {
        match limit {
            Limit::Account => None,
            Limit::Status => Some(&mut self.status),
            Limit::LastFailureReason => Some(&mut self.last_failure_reason),
        }
    }

    fn take(&mut self, limit: Limit, now: Instant) -> Duration {
        let own = self.own(limit).map_or(Duration::ZERO, |bucket| bucket.take(now));
        own.max(self.account.take(now))
    }

    fn is_full(&self, now: Instant) -> bool {
        [&self.account, &self.status, &self.last_failure_reason].iter().all(|bucket| bucket.is_full(now))
    }

    fn give_back(&mut self, limit: Limit) {
        if let Some(bucket) = self.own(limit) {
            bucket.give_back();
        }
        self.account.give_back();
    }
}

/// Whose limits are counted, as far as settings tell: two profiles of one account count apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Account {
    /// The credentials' profile and files.
    pub(crate) settings: AwsSettings,
    /// Where the API is, if settings say so.
    pub(crate) endpoint: Option<String>,
    /// The practice world's time factor; 1 outside of it.
    pub(crate) speed: f64,
}

/// The pacers of this process that are in use: its sessions share an account's limits.
static PACERS: Mutex<Vec<(Account, Arc<Pacer>)>> = Mutex::new(Vec::new());

/// The account's pacer, the same one for whoever asks.
pub(crate) fn of_account(account: Account) -> Arc<Pacer> {
    // Nothing in there can panic halfway, so a poisoned lock still holds a sound list.
    let mut pacers = PACERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, pacer)) = pacers.iter().find(|(known, _)| *known == account) {
        return Arc::clone(pacer);
    }
    // What nobody holds is kept as long as its limits still count.
    let now = Instant::now();
    pacers.retain(|(_, pacer)| Arc::strong_count(pacer) > 1 || !pacer.with(|buckets| buckets.is_full(now)));
    let pacer = Arc::new(Pacer::new(account.speed));
    pacers.push((account, Arc::clone(&pacer)));
    pacer
}

/// Lets requests through as the limits allow.
#[derive(Debug)]
pub(crate) struct Pacer {
    buckets: Mutex<Buckets>,
}

impl Pacer {
    /// The limits, faster by the practice world's time factor (1 outside of it).
    pub(crate) fn new(speed: f64) -> Self {
        Self { buckets: Mutex::new(Buckets::new(speed.max(1.0), Instant::now())) }
    }

    /// Waits for a turn. Dropped before it is due, the turn goes to somebody else.
    pub(crate) async fn turn(&self, limit: Limit) {
        let wait = self.with(|buckets| buckets.take(limit, Instant::now()));
        let mut turn = Turn { pacer: self, limit, is_used: false };
        tokio::time::sleep(wait).await;
        turn.is_used = true;
    }

    fn with<T>(&self, change: impl FnOnce(&mut Buckets) -> T) -> T {
        // Nothing in there can panic halfway, so a poisoned lock still holds sound buckets.
        change(&mut self.buckets.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

struct Turn<'a> {
    pacer: &'a Pacer,
    limit: Limit,
    is_used: bool,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.pacer.with(|buckets| buckets.give_back(self.limit));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Speed, limit, and per turn: seconds since the start when asked, seconds to wait.
    type Turns<'a> = (f64, Limit, &'a [(f64, f64)]);

    #[test]
    fn turns_come_as_the_limits_allow() {
        let start = Instant::now();
        let table: [Turns; 4] = [
            (1.0, Limit::Status, &[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 1.0), (0.0, 2.0)]),
            (1.0, Limit::Status, &[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.5, 0.5), (9.0, 0.0)]),
            (
                60.0,
                Limit::LastFailureReason,
                &[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 1.0 / 60.0)],
            ),
            (1.0, Limit::Account, &[(0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0), (0.0, 0.0)]),
        ];
        for (speed, limit, turns) in table {
            let mut buckets = Buckets::new(speed, start);
            for (index, (asked, wait)) in turns.iter().enumerate() {
                let waited = buckets.take(limit, start + Duration::from_secs_f64(*asked)).as_secs_f64();
                assert!((waited - wait).abs() < 1e-6, "{limit:?} ×{speed} turn {index}: {waited}");
            }
        }
    }

    #[test]
    fn the_account_limits_all_of_them_and_the_slow_ones_apart() {
        let now = Instant::now();
        let mut buckets = Buckets::new(1.0, now);
        for _ in 0..50 {
            assert_eq!(buckets.take(Limit::Account, now), Duration::ZERO);
        }
        assert_eq!(buckets.take(Limit::Account, now), Duration::from_millis(100));
        assert_eq!(buckets.take(Limit::Status, now), Duration::from_millis(200));

        let mut buckets = Buckets::new(1.0, now);
        for _ in 0..4 {
            assert_eq!(buckets.take(Limit::Status, now), Duration::ZERO);
            assert_eq!(buckets.take(Limit::LastFailureReason, now), Duration::ZERO);
        }
    }

    #[test]
    fn an_account_has_one_pacer_however_many_ask() {
        let account = |profile: &str, endpoint: Option<&str>| {
            let settings = AwsSettings { profile: Some(profile.to_owned()), ..AwsSettings::default() };
            of_account(Account { settings, endpoint: endpoint.map(str::to_owned), speed: 1.0 })
        };
        let first = account("of-pacer-test", None);
        assert!(Arc::ptr_eq(&first, &account("of-pacer-test", None)));
        assert!(!Arc::ptr_eq(&first, &account("of-pacer-test-2", None)));
        assert!(!Arc::ptr_eq(&first, &account("of-pacer-test", Some("http://127.0.0.1:1"))));
        // Given back by everybody, it counts on until all its turns are there again.
        first.with(|buckets| buckets.take(Limit::Status, Instant::now() + Duration::from_hours(1)));
        drop(first);
        let again = account("of-pacer-test", None);
        assert!(again.with(|buckets| buckets.status.tokens) < 4.0);
    }

    #[tokio::test]
    async fn a_turn_that_was_not_used_is_given_back() {
        let pacer = Pacer::new(1.0);
        for _ in 0..4 {
            pacer.turn(Limit::Status).await;
        }
        for _ in 0..10 {
            // Given up at once: none of these may push the next one back.
            drop(tokio::time::timeout(Duration::ZERO, pacer.turn(Limit::Status)).await);
        }
        let tokens = pacer.with(|buckets| buckets.status.tokens);
        assert!(tokens >= 0.0, "{tokens}");
    }
}
