//! Route 53's request limits.
//!
//! They run on the wall clock, times the world's speed: a client that shortens
//! its waits by the same factor is treated as the real API treats it.

use std::{
    sync::{Mutex, PoisonError},
    time::Instant,
};

/// Requests a second for the whole account, and how many at once.
const ACCOUNT: (f64, f64) = (10.0, 50.0);
/// The same for each operation that reads observations.
const OBSERVATIONS: (f64, f64) = (1.0, 4.0);

/// Operations with a limit of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limited {
    /// `GetHealthCheckStatus`
    Status,
    /// `GetHealthCheckLastFailureReason`
    LastFailureReason,
}

/// The account's buckets.
#[derive(Debug)]
pub(super) struct Throttle(Mutex<Buckets>);

#[derive(Debug)]
struct Buckets {
    account: Bucket,
    status: Bucket,
    last_failure_reason: Bucket,
}

impl Throttle {
    /// Full buckets that refill `speed` times as fast as the real ones.
    pub(super) fn new(speed: f64, now: Instant) -> Self {
        let bucket = |(rate, burst): (f64, f64)| Bucket { rate: rate * speed, burst, tokens: burst, at: now };
        Self(Mutex::new(Buckets {
            account: bucket(ACCOUNT),
            status: bucket(OBSERVATIONS),
            last_failure_reason: bucket(OBSERVATIONS),
        }))
    }

    /// Whether a request may pass at this moment.
    pub(super) fn allows(&self, limited: Option<Limited>, now: Instant) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = match limited {
            None => true,
            Some(Limited::Status) => buckets.status.take(now),
            Some(Limited::LastFailureReason) => buckets.last_failure_reason.take(now),
        };
        own && buckets.account.take(now)
    }
}

/// A token bucket.
#[derive(Debug)]
struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    fn take(&mut self, now: Instant) -> bool {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        self.at = now;
        let allowed = self.tokens >= 1.0;
        if allowed {
            self.tokens -= 1.0;
        }
        allowed
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn observations_are_read_once_a_second_after_a_burst_of_four() {
        // (speed, milliseconds since the start, allowed)
        let cases: [(f64, &[(u64, bool)]); 3] = [
            (1.0, &[(0, true), (0, true), (0, true), (0, true), (0, false), (999, false), (1000, true)]),
            (
                1.0,
                &[(0, true), (60_000, true), (60_000, true), (60_000, true), (60_000, true), (60_000, false)],
            ),
            (10.0, &[(0, true), (0, true), (0, true), (0, true), (99, false), (100, true), (150, false)]),
        ];
        for limited in [Limited::Status, Limited::LastFailureReason] {
            for (speed, requests) in cases {
                let start = Instant::now();
                let throttle = Throttle::new(speed, start);
                for (index, (at, allowed)) in requests.iter().enumerate() {
                    let now = start + Duration::from_millis(*at);
                    assert_eq!(
                        throttle.allows(Some(limited), now),
                        *allowed,
                        "{limited:?} at speed {speed}, request {index}"
                    );
                }
            }
        }
    }

    #[test]
    fn operations_have_buckets_of_their_own_and_share_the_accounts() {
        let now = Instant::now();
        let throttle = Throttle::new(1.0, now);
        for limited in [Limited::Status, Limited::LastFailureReason] {
            let allowed = (0..10).filter(|_| throttle.allows(Some(limited), now)).count();
            assert_eq!(allowed, 4, "{limited:?}");
        }
        let allowed = (0..100).filter(|_| throttle.allows(None, now)).count();
        assert_eq!(allowed, 42, "50 less the 8 above");
    }
}
