//! A client that is made once, however many ask for it at the same time.

use std::time::Instant;

use tokio::sync::Mutex;

use crate::runbook::verdict::Why;

/// A client that is made once. Those who wait while it cannot be made get the same
/// error; who asks later tries again.
pub struct Once<T>(Mutex<Option<(Instant, Result<T, Why>)>>);

impl<T: Clone> Once<T> {
    /// Nothing is made yet.
    pub fn new() -> Self {
        Self(Mutex::new(None))
    }

    /// What was made, or is made now.
    ///
    /// # Errors
    /// Those of the making.
    pub async fn get(&self, make: impl Future<Output = Result<T, Why>>) -> Result<T, Why> {
        let asked_at = Instant::now();
        let mut made = self.0.lock().await;
        match &*made {
            Some((_, Ok(client))) => return Ok(client.clone()),
            Some((failed_at, Err(why))) if *failed_at >= asked_at => return Err(why.clone()),
            _ => {}
        }
        let result = make.await;
        *made = Some((Instant::now(), result.clone()));
        result
    }

    /// Is it being made?
    pub fn is_making(&self) -> bool {
        self.0.try_lock().is_err()
    }

    /// What was made last, or why not; `None` while it is being made, and before.
    pub fn peek(&self) -> Option<Result<T, Why>> {
        let made = self.0.try_lock().ok()?;
        made.as_ref().map(|(_, result)| result.clone())
    }

    /// Has it made anew the next time it is asked for.
    pub async fn forget(&self) {
        *self.0.lock().await = None;
    }
}

impl<T: Clone> Default for Once<T> {
    fn default() -> Self {
        Self::new()
    }
}
