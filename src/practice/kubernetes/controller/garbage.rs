//! The garbage collector: what belonged to something that is gone.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::delete::{self, Options};
use super::super::kinds;
use super::super::object::{items, text, uid};
use super::super::store::{Key, State};
use super::{Moment, events};

/// Deletes objects whose owners or namespace are gone, and old events.
pub(super) fn collect(state: &mut State, now: Moment) {
    events::expire(state, now);
    let namespaces: BTreeSet<String> =
        state.list(&kinds::NAMESPACES, None).map(|it| text(it, "/metadata/name").to_owned()).collect();
    let uids: BTreeSet<String> = state.all().map(|(_, object)| uid(object).to_owned()).collect();
    let homeless = |key: &Key| !key.namespace().is_empty() && !namespaces.contains(key.namespace());
    let orphaned = |object: &Value| {
        let owners = items(object, "/metadata/ownerReferences");
        !owners.is_empty() && owners.iter().all(|owner| !uids.contains(text(owner, "/uid")))
    };
    let gone: Vec<(Key, bool)> = state
        .all()
        .filter(|(key, object)| {
            homeless(key) || (orphaned(object) && !super::super::object::terminating(object))
        })
        .map(|(key, _)| (key.clone(), homeless(key)))
        .collect();
    for (key, at_once) in gone {
        if key.is_in(&kinds::PODS, None) && !at_once {
            // pods end by themselves; refused would mean it is gone already
            if delete::delete(state, &kinds::PODS, &key, &Options::default(), now.wall).is_err() {
                state.remove(&key);
            }
        } else {
            state.remove(&key);
        }
    }
}
