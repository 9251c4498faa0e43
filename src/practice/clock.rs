//! The world's time factor: it shortens every duration, never a timestamp.

use std::time::Duration;

/// How much faster than real the world's durations pass.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Clock {
    speed: f64,
}

impl Clock {
    /// A clock with a time factor, held between 1 and 60.
    pub fn new(speed: f64) -> Self {
        let speed = if speed.is_finite() { speed } else { 1.0 };
        Self { speed: speed.clamp(1.0, 60.0) }
    }

    /// The time factor, 1 to 60.
    pub fn speed(self) -> f64 {
        self.speed
    }

    /// How long a duration of the world takes on the wall.
    pub fn scaled(self, duration: Duration) -> Duration {
        duration.div_f64(self.speed)
    }

    /// Waits for a duration of the world.
    pub async fn sleep(self, duration: Duration) {
        tokio::time::sleep(self.scaled(duration)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortens_durations_within_its_limits() {
        for (speed, expected_ms) in
            [(1.0, 60_000), (10.0, 6_000), (60.0, 1_000), (600.0, 1_000), (0.0, 60_000), (f64::NAN, 60_000)]
        {
            assert_eq!(
                Clock::new(speed).scaled(Duration::from_mins(1)).as_millis(),
                expected_ms,
                "speed {speed}"
            );
        }
    }
}
