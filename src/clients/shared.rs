//! One answer for questions that need the same at the same moment.

use std::time::{Duration, Instant};

use tokio::sync::Mutex;

use crate::runbook::verdict::Why;

/// A request that began so shortly before the question counts as the question's own: all of a step's
/// questions are asked within it.
const SAME_MOMENT: Duration = Duration::from_millis(500);

/// An answer on its way that whoever asks in the same moment waits for, in place of asking again. Who asks
/// later asks anew: nothing is kept.
pub struct Shared<T>(Mutex<Option<Answered<T>>>);

struct Answered<T> {
    began_at: Instant,
    ended_at: Instant,
    answer: Result<T, Why>,
}

impl<T: Clone> Shared<T> {
    /// Nothing is asked yet.
    pub fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// The answer on its way, or that of `ask`.
    ///
    /// # Errors
    /// Those of the asking.
    pub async fn get(&self, ask: impl Future<Output = Result<T, Why>>) -> Result<T, Why> {
        let asked_at = Instant::now();
        let mut last = self.0.lock().await;
        if let Some(last) = &*last
            && last.ended_at >= asked_at
            && last.began_at + SAME_MOMENT >= asked_at
        {
            return last.answer.clone();
        }
        let began_at = Instant::now();
        let answer = ask.await;
        *last = Some(Answered { began_at, ended_at: Instant::now(), answer: answer.clone() });
        answer
    }
}

impl<T: Clone> Default for Shared<T> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    #[tokio::test]
    async fn those_who_ask_together_share_and_who_asks_later_asks_anew() {
        let (shared, asked) = (Shared::new(), AtomicUsize::new(0));
        let ask = || async {
            tokio::task::yield_now().await;
            Ok(asked.fetch_add(1, Ordering::Relaxed))
        };
        let both = tokio::join!(shared.get(ask()), shared.get(ask()));
        assert_eq!(both, (Ok(0), Ok(0)));
        assert_eq!(shared.get(ask()).await, Ok(1));
    }
}
