//! The environment form: typing, files, saving, leaving.

mod look;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::app::model::{Dialog, Form, Model, Notice, Screen};
use crate::app::msg::FormMsg;
use crate::engine::event::Stored;
use crate::engine::job::{FilePurpose, Job};
use crate::environment::{Field, RegionDraft, RegionField};

pub(in crate::app) use self::look::asks_in;
pub(super) use self::look::{answered, aws_profiles, contexts, health_checks, tick, vpcs};

/// Shows a form, and looks around for it.
pub fn open(model: &mut Model, form: Form, now: Timestamp) -> Vec<Job> {
    model.form = Some(form);
    model.screen = Screen::Form;
    model.notice = None;
    changed(model, now, Haste::Now)
}

/// When the outside is asked about a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Haste {
    /// It is whole: a file was chosen.
    Now,
    /// It may be a letter of a word.
    WhenTyped,
}

/// What a message of the form leads to. While it is being saved, nothing but leaving does.
pub fn update(model: &mut Model, msg: FormMsg, now: Timestamp) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    if form.saving && !matches!(msg, FormMsg::Leave) {
        return Vec::new();
    }
    let haste = match msg {
        FormMsg::Text(field, text) => {
            typed(form, field, text);
            Haste::WhenTyped
        }
        FormMsg::Chosen(field, text) => {
            typed(form, field, text);
            Haste::Now
        }
        FormMsg::Method(method) => {
            form.draft.chart_method = method;
            Haste::Now
        }
        FormMsg::Pick(purpose) => return vec![Job::PickFile { purpose }],
        FormMsg::Dropped(path) => {
            model.notice = dropped(form, &path);
            Haste::Now
        }
        FormMsg::AddRegion => {
            form.draft.regions.push(RegionDraft::default());
            Haste::Now
        }
        FormMsg::RemoveRegion(index) => {
            remove_region(form, index);
            Haste::Now
        }
        FormMsg::ToggleMore => {
            form.more = !form.more;
            return Vec::new();
        }
        FormMsg::TestAll => return look::test_all(model, now),
        FormMsg::Save => return save(model, now),
        FormMsg::Leave => return leave(model),
    };
    changed(model, now, haste)
}

/// Fills and judges the fields after a change, and looks around for it.
fn changed(model: &mut Model, now: Timestamp, haste: Haste) -> Vec<Job> {
    if let Some(form) = &mut model.form {
        judge(form, now);
    }
    look::look(model, now, haste)
}

/// A file was chosen, or none.
pub fn picked(model: &mut Model, purpose: FilePurpose, path: Option<PathBuf>, now: Timestamp) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let Some(field) = field_of(purpose) else { return Vec::new() };
    let Some(path) = path else {
        form.not_picked = Some(field);
        return Vec::new();
    };
    typed(form, field, path.to_string_lossy().into_owned());
    changed(model, now, Haste::Now)
}

/// An environment was saved, copied or removed, or why not.
pub fn stored(model: &mut Model, result: Result<Stored, String>) -> Vec<Job> {
    let saving = model.form.as_mut().filter(|form| form.saving);
    let mut jobs = vec![Job::ListEnvironments];
    let text = match (result, saving) {
        (Err(why), Some(form)) => {
            form.saving = false;
            form.problem = Some(why);
            return Vec::new();
        }
        (Err(text), None) => {
            model.notice = Some(Notice { bad: true, text });
            return Vec::new();
        }
        // That of a run that was taken up, which has more to say.
        (Ok(Stored::Saved(_)), None) if model.screen == Screen::Run => return jobs,
        (Ok(Stored::Saved(name)), form) => {
            if form.is_some() {
                jobs.extend(look::after_saving(model));
            }
            format!("Saved {name}")
        }
        (Ok(Stored::Duplicated(name)), _) => format!("Copied to {name}"),
        (Ok(Stored::Deleted(name)), _) => format!("Deleted {name}"),
    };
    model.notice = Some(Notice { bad: false, text });
    jobs.extend(look::tell_of_saved(model));
    jobs
}

/// Closes the form without asking: a person let its changes go.
pub fn close(model: &mut Model) -> Vec<Job> {
    model.screen = if model.run.is_some() { Screen::Run } else { Screen::Start };
    model.form.take().map(|form| look::end(&form)).unwrap_or_default()
}

fn leave(model: &mut Model) -> Vec<Job> {
    if model.form.as_ref().is_some_and(Form::is_changed) {
        model.dialog = Some(Dialog::DiscardForm);
        return Vec::new();
    }
    close(model)
}

/// A field's text is now this; the caller judges and looks around.
fn typed(form: &mut Form, field: Field, text: String) {
    let Some(place) = form.draft.text_mut(field) else { return };
    *place = text;
    form.touched.insert(field);
    form.discovery.filled.remove(&field);
    form.not_picked = None;
}

/// Fills and judges the fields anew, and after a first try to save also counts what is wrong.
fn judge(form: &mut Form, now: Timestamp) {
    form.judge(now);
    form.problem = match form.errors.len() {
        count if form.save_tried && count > 0 => Some(corrections(count)),
        _ => None,
    };
}

fn corrections(count: usize) -> String {
    if count == 1 { "1 field needs correction".to_owned() } else { format!("{count} fields need correction") }
}

/// Saves at once; what there is to ask is asked meanwhile, and told when it is known.
fn save(model: &mut Model, now: Timestamp) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    form.save_tried = true;
    judge(form, now);
    match form.profile() {
        Ok(profile) if form.errors.is_empty() => {
            form.saving = true;
            let replacing = form.original.clone();
            let mut jobs = vec![Job::SaveEnvironment { profile: Arc::new(profile), replacing }];
            if !form.discovery.tested {
                jobs.extend(look::test_all(model, now));
            }
            jobs
        }
        Ok(_) | Err(_) => {
            form.more |= form.errors.iter().any(|error| Form::folds(error.field));
            Vec::new()
        }
    }
}

/// At least two regions stay. What was touched in those behind moves up with them.
fn remove_region(form: &mut Form, index: usize) {
    let regions = &mut form.draft.regions;
    if regions.len() <= 2 || index >= regions.len() {
        return;
    }
    regions.remove(index);
    let touched = std::mem::take(&mut form.touched);
    form.touched = touched.into_iter().filter_map(|field| without_region(field, index)).collect();
    form.not_picked = form.not_picked.and_then(|field| without_region(field, index));
    let filled = std::mem::take(&mut form.discovery.filled);
    form.discovery.filled = filled.into_iter().filter_map(|field| without_region(field, index)).collect();
    // answers know regions by their place
    form.discovery.asked.clear();
}

/// Where a field is once the region at `removed` is gone; `None` if it went along.
fn without_region(field: Field, removed: usize) -> Option<Field> {
    match field {
        Field::Region(index, _) if index == removed => None,
        Field::Region(index, field) if index > removed => Some(Field::Region(index - 1, field)),
        field => Some(field),
    }
}

/// Takes a dropped values file for the region it names, else for the first one
/// without; a notice where it can be neither.
///
/// What is dropped is told by its name: nothing here looks at the disk.
fn dropped(form: &mut Form, path: &Path) -> Option<Notice> {
    let refuse = |text: String| Some(Notice { bad: true, text });
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let ending = path.extension().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    match ending.as_str() {
        "yaml" | "yml" => {}
        "toml" => {
            return refuse(format!(
                "{name} looks like a saved environment. Copy it into the folder of environments, then reload them"
            ));
        }
        _ => {
            return refuse(format!(
                "{name} is no values file. Drop a region's values file here, one that ends in .yaml"
            ));
        }
    }
    let Some(index) = region_of_file(form, &name) else {
        return refuse(format!(
            "{name} names no region, and every region has a values file. Drop a file with a region's name in its own"
        ));
    };
    typed(form, Field::Region(index, RegionField::ValuesFile), path.to_string_lossy().into_owned());
    None
}

/// The region whose name is part of the file's, the longest where several are
/// (`us-east-1` is part of `us-east-10`); else the first without a values file.
fn region_of_file(form: &Form, file: &str) -> Option<usize> {
    let regions = || form.draft.regions.iter().enumerate();
    let named = |(_, region): &(usize, &RegionDraft)| {
        let name = region.name.trim();
        !name.is_empty() && file.contains(name)
    };
    let named = regions().filter(named).max_by_key(|(_, region)| region.name.trim().len());
    let empty = || regions().find(|(_, region)| region.values_file.trim().is_empty());
    named.or_else(empty).map(|(index, _)| index)
}

/// `None` for what is no field's.
fn field_of(purpose: FilePurpose) -> Option<Field> {
    Some(match purpose {
        FilePurpose::ValuesFile(index) => Field::Region(index, RegionField::ValuesFile),
        FilePurpose::ProbeCa(index) => Field::Region(index, RegionField::ProbeCa),
        FilePurpose::Kubeconfig => Field::Kubeconfig,
        FilePurpose::AwsConfig => Field::AwsConfigFile,
        FilePurpose::AwsCredentials => Field::AwsCredentialsFile,
        FilePurpose::ChartArchive => Field::ChartFile,
        FilePurpose::Bundle => return None,
    })
}

#[cfg(test)]
mod tests;
