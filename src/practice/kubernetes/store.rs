//! What the API server keeps: objects, their versions, and the latest changes
//! for watches.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;
use tokio::sync::watch;

use super::kinds::Resource;
use super::object;
use super::random::Random;

/// How many changes are kept for watches. A watch that asks for older ones
/// gets `410 Gone`, as after etcd's compaction.
const HISTORY: usize = 2_000;

/// Where an object is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    storage: &'static str,
    namespace: String,
    name: String,
}

impl Key {
    /// The place of a resource's object; `namespace` is empty for cluster-scoped ones.
    pub(super) fn new(resource: &Resource, namespace: &str, name: &str) -> Self {
        Self { storage: resource.storage, namespace: namespace.to_owned(), name: name.to_owned() }
    }

    /// The place of an object that is at hand.
    pub(super) fn of(resource: &Resource, object: &Value) -> Self {
        Self::new(resource, object::namespace(object), object::name(object))
    }

    /// Whether the object belongs to this type and, where given, namespace.
    pub(super) fn is_in(&self, resource: &Resource, namespace: Option<&str>) -> bool {
        self.storage == resource.storage && namespace.is_none_or(|wanted| wanted == self.namespace)
    }

    /// The object's name.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The object's namespace.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }
}

/// One change of one object.
#[derive(Debug, Clone)]
pub(super) struct Change {
    /// The store's version after it.
    pub(super) revision: u64,
    /// Whose object it is.
    pub(super) key: Key,
    /// Before it, where there was one.
    pub(super) before: Option<Arc<Value>>,
    /// After it, where one is left.
    pub(super) after: Option<Arc<Value>>,
}

/// The changes asked for are no longer kept; this is the oldest that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Compacted(pub(super) u64);

/// The objects at one moment.
#[derive(Debug)]
pub(super) struct State {
    /// For uids and generated names.
    pub(super) random: Random,
    revision: u64,
    compacted: u64,
    objects: BTreeMap<Key, Arc<Value>>,
    history: VecDeque<Change>,
}

impl State {
    /// An empty store whose next object gets the version after this one.
    pub(super) fn new(revision: u64, random: Random) -> Self {
        Self { random, revision, compacted: revision, objects: BTreeMap::new(), history: VecDeque::new() }
    }

    /// The version of the latest change.
    pub(super) fn revision(&self) -> u64 {
        self.revision
    }

    /// One object.
    pub(super) fn get(&self, key: &Key) -> Option<&Arc<Value>> {
        self.objects.get(key)
    }

    /// The objects of a type, by namespace and name.
    pub(super) fn list<'a>(
        &'a self,
        resource: &'a Resource,
        namespace: Option<&'a str>,
    ) -> impl Iterator<Item = &'a Arc<Value>> {
        self.objects.iter().filter(move |(key, _)| key.is_in(resource, namespace)).map(|(_, object)| object)
    }

    /// The objects of a type, to keep while the store is changed.
    pub(super) fn collect(&self, resource: &Resource, namespace: Option<&str>) -> Vec<Arc<Value>> {
        self.list(resource, namespace).cloned().collect()
    }

    /// Everything with its place.
    pub(super) fn all(&self) -> impl Iterator<Item = (&Key, &Arc<Value>)> {
        self.objects.iter()
    }

    /// Writes an object and gives it its version. Without a difference nothing
    /// happens, as in the real API.
    pub(super) fn put(&mut self, key: &Key, mut object: Value) -> Arc<Value> {
        let before = self.objects.get(key).cloned();
        if let Some(before) = &before {
            object["metadata"]["resourceVersion"] = before["metadata"]["resourceVersion"].clone();
            if **before == object {
                return Arc::clone(before);
            }
        }
        self.revision += 1;
        object["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let after = Arc::new(object);
        self.objects.insert(key.clone(), Arc::clone(&after));
        self.remember(Change {
            revision: self.revision,
            key: key.clone(),
            before,
            after: Some(Arc::clone(&after)),
        });
        after
    }

    /// Removes an object; watches see it once more with the version of its removal.
    pub(super) fn remove(&mut self, key: &Key) -> Option<Arc<Value>> {
        let gone = self.objects.remove(key)?;
        self.revision += 1;
        let mut last = (*gone).clone();
        last["metadata"]["resourceVersion"] = self.revision.to_string().into();
        let last = Arc::new(last);
        self.remember(Change {
            revision: self.revision,
            key: key.clone(),
            before: Some(Arc::clone(&last)),
            after: None,
        });
        Some(gone)
    }

    fn remember(&mut self, change: Change) {
        self.history.push_back(change);
        while self.history.len() > HISTORY {
            if let Some(dropped) = self.history.pop_front() {
                self.compacted = dropped.revision;
            }
        }
    }

    /// The changes after a version.
    pub(super) fn changes_since(&self, revision: u64) -> Result<Vec<Change>, Compacted> {
        if revision < self.compacted {
            return Err(Compacted(self.compacted));
        }
        let first = self.history.partition_point(|change| change.revision <= revision);
        Ok(self.history.range(first..).cloned().collect())
    }

    /// Forgets the changes so far: what was before the world began cannot be watched.
    pub(super) fn compact(&mut self) {
        self.history.clear();
        self.compacted = self.revision;
    }
}

/// The store: one state under one lock, and a bell for the watches. The lock
/// is never held across an await: closures get the state and give it back.
#[derive(Debug)]
pub(super) struct Store {
    state: Mutex<State>,
    revision: watch::Sender<u64>,
}

impl Store {
    /// A store that begins with this state.
    pub(super) fn new(state: State) -> Self {
        let (revision, _) = watch::channel(state.revision());
        Self { state: Mutex::new(state), revision }
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes the state and rings the bell where its version moved.
    pub(super) fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let (answer, revision) = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            (change(&mut state), state.revision())
        };
        self.revision.send_if_modified(|known| {
            let moved = revision > *known;
            *known = revision.max(*known);
            moved
        });
        answer
    }

    /// Hears of every change from now on.
    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.revision.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::kinds::CONFIG_MAPS;
    use super::*;

    fn config_map(name: &str, value: &str) -> Value {
        json!({"metadata": {"name": name, "namespace": "a"}, "data": {"value": value}})
    }

    #[test]
    fn versions_rise_and_equal_writes_change_nothing() {
        let mut state = State::new(10, Random::new(1));
        let key = Key::new(&CONFIG_MAPS, "a", "one");
        assert_eq!(state.put(&key, config_map("one", "x"))["metadata"]["resourceVersion"], "11");
        assert_eq!(state.put(&key, config_map("one", "x"))["metadata"]["resourceVersion"], "11");
        assert_eq!(state.put(&key, config_map("one", "y"))["metadata"]["resourceVersion"], "12");
        assert!(state.remove(&key).is_some());
        assert_eq!(state.revision(), 13);
        assert_eq!(state.changes_since(11).map(|changes| changes.len()), Ok(2));
    }

    #[test]
    fn old_changes_are_compacted() {
        let mut state = State::new(0, Random::new(1));
        let key = Key::new(&CONFIG_MAPS, "a", "one");
        for turn in 0..=HISTORY {
            state.put(&key, config_map("one", &turn.to_string()));
        }
        assert_eq!(state.changes_since(0).err(), Some(Compacted(1)));
        assert_eq!(state.changes_since(1).map(|changes| changes.len()), Ok(HISTORY));
    }

    #[test]
    fn the_bell_rings_only_for_changes() {
        let store = Store::new(State::new(0, Random::new(1)));
        let mut bell = store.subscribe();
        bell.borrow_and_update();
        store.write(|_| ());
        assert!(!bell.has_changed().unwrap());
        store.write(|state| state.put(&Key::new(&CONFIG_MAPS, "a", "one"), config_map("one", "x")));
        assert!(bell.has_changed().unwrap());
    }
}
