//! The AWS account's side of a plight while the world runs.

use std::sync::{Arc, Mutex, PoisonError};

use super::scenario::Account;

/// What is wrong with the account at this moment. A clone shares it.
#[derive(Debug, Clone)]
pub(super) struct AccountNow(Arc<Mutex<Account>>);

impl AccountNow {
    /// As the scenario begins.
    pub(super) fn new(account: Account) -> Self {
        Self(Arc::new(Mutex::new(account)))
    }

    /// The responder's credentials have expired.
    pub(super) fn expired(&self) -> bool {
        self.get().expired
    }

    /// Connections to Route 53's API are cut.
    pub(super) fn route53_out_of_reach(&self) -> bool {
        self.get().route53_out_of_reach
    }

    /// Somebody repaired it.
    pub(super) fn repair(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Account::default();
    }

    fn get(&self) -> Account {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
