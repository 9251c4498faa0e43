//! `metadata.managedFields`: who set which field.

use jiff::Timestamp;
use serde_json::{Value, json};

use super::super::object::{self, items, text};
use super::field_set::{FieldSet, value_at};

/// One manager's fields.
#[derive(Debug, Clone, PartialEq)]
pub(in super::super) struct Entry {
    pub(in super::super) manager: String,
    pub(in super::super) operation: Operation,
    pub(in super::super) subresource: String,
    pub(in super::super) api_version: String,
    pub(in super::super) time: String,
    pub(in super::super) fields: FieldSet,
}

/// How a manager came to its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Operation {
    /// By server-side apply.
    Apply,
    /// By any other write.
    Update,
}

/// Who writes, and where to.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Writing<'a> {
    pub(in super::super) manager: &'a str,
    pub(in super::super) operation: Operation,
    pub(in super::super) subresource: &'a str,
    pub(in super::super) at: Timestamp,
    /// Whether the lists of the kind have known keys.
    pub(in super::super) built_in: bool,
}

impl Entry {
    pub(super) fn new(object: &Value, writing: Writing<'_>, fields: FieldSet) -> Self {
        Self {
            manager: writing.manager.to_owned(),
            operation: writing.operation,
            subresource: writing.subresource.to_owned(),
            api_version: text(object, "/apiVersion").to_owned(),
            time: object::stamp(writing.at),
            fields,
        }
    }

    pub(super) fn is_of(&self, writing: Writing<'_>) -> bool {
        self.manager == writing.manager
            && self.operation == writing.operation
            && self.subresource == writing.subresource
    }

    /// The manager as a conflict names it.
    pub(super) fn display(&self) -> String {
        let subresource = match self.subresource.as_str() {
            "" => String::new(),
            subresource => format!(" with subresource \"{subresource}\""),
        };
        let version = match self.operation {
            Operation::Apply => String::new(),
            Operation::Update => format!(" using {}", self.api_version),
        };
        format!("\"{}\"{subresource}{version}", self.manager)
    }
}

/// The entries that an object carries.
pub(super) fn read(object: &Value) -> Vec<Entry> {
    let entry = |entry: &Value| Entry {
        manager: text(entry, "/manager").to_owned(),
        operation: if text(entry, "/operation") == "Apply" { Operation::Apply } else { Operation::Update },
        subresource: text(entry, "/subresource").to_owned(),
        api_version: text(entry, "/apiVersion").to_owned(),
        time: text(entry, "/time").to_owned(),
        fields: FieldSet::from_fields_v1(&entry["fieldsV1"]),
    };
    items(object, "/metadata/managedFields").iter().map(entry).collect()
}

/// Writes the entries that still have fields.
pub(super) fn write(object: &mut Value, entries: &[Entry]) {
    let listed: Vec<Value> = entries
        .iter()
        .filter(|entry| !entry.fields.0.is_empty())
        .map(|entry| {
            let mut listed = json!({
                "manager": entry.manager,
                "operation": if entry.operation == Operation::Apply { "Apply" } else { "Update" },
                "apiVersion": entry.api_version,
                "time": entry.time,
                "fieldsType": "FieldsV1",
                "fieldsV1": entry.fields.to_fields_v1(),
            });
            if !entry.subresource.is_empty() {
                listed["subresource"] = entry.subresource.clone().into();
            }
            listed
        })
        .collect();
    object::map_at(object, &["metadata"]).insert("managedFields".to_owned(), listed.into());
}

/// Notes what a write other than server-side apply did: what it changed is the
/// writer's and nobody else's, what it removed is nobody's.
pub(in super::super) fn track(before: Option<&Value>, after: &mut Value, writing: Writing<'_>) {
    let fields = FieldSet::of(after, writing.built_in);
    let Some(before) = before else {
        let entry = Entry::new(after, writing, fields);
        write(after, &[entry]);
        return;
    };
    let touched = after.pointer("/metadata/managedFields").is_some();
    let mut entries = read(if touched { after } else { before });
    let removed: Vec<_> = FieldSet::of(before, writing.built_in).0.difference(&fields.0).cloned().collect();
    let changed: Vec<_> =
        fields.0.into_iter().filter(|path| value_at(before, path) != value_at(after, path)).collect();
    if !changed.is_empty() || !removed.is_empty() {
        if !entries.iter().any(|entry| entry.is_of(writing)) {
            entries.push(Entry::new(after, writing, FieldSet::default()));
        }
        for entry in &mut entries {
            let own = entry.is_of(writing);
            entry.fields.0.retain(|path| !removed.contains(path) && (own || !changed.contains(path)));
            if own {
                entry.fields.0.extend(changed.iter().cloned());
                entry.time = object::stamp(writing.at);
            }
        }
    }
    write(after, &entries);
}
