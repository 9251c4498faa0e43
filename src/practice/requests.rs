//! What was changed in the world, by whom: the list that tests and the
//! control page read.

use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use serde::Serialize;

/// A request that changed the world, or tried to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangingRequest {
    /// When it arrived, UTC.
    pub at: Timestamp,
    /// The region whose API got it.
    pub region: String,
    /// The HTTP method.
    pub method: String,
    /// Path and query.
    pub path: String,
    /// The client's own name for itself (`User-Agent`).
    pub user_agent: String,
    /// The HTTP status it was answered with.
    pub status: u16,
}

/// The world's list of changing requests, in order of arrival. A clone shares it.
#[derive(Debug, Clone, Default)]
pub struct Requests(Arc<Mutex<Vec<ChangingRequest>>>);

impl Requests {
    /// Adds a request.
    pub fn record(&self, request: ChangingRequest) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(request);
    }

    /// All of them so far.
    pub fn all(&self) -> Vec<ChangingRequest> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
