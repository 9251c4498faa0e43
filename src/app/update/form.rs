//! The environment form: typing, files, saving, leaving.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use directories::BaseDirs;

use crate::app::model::{Dialog, Form, Model, Notice, Screen};
use crate::app::msg::FormMsg;
use crate::engine::event::Stored;
use crate::engine::job::{FilePurpose, Job};
use crate::environment::{Field, RegionDraft, RegionField, rules, validate};
use crate::runbook::profile::ClusterArn;
use crate::runbook::verdict::{Why, WhyKind};

/// Shows a form, and asks for the contexts of its kubeconfig.
pub fn open(model: &mut Model, mut form: Form) -> Vec<Job> {
    let jobs = list_contexts(&mut form);
    model.form = Some(form);
    model.screen = Screen::Form;
    model.notice = None;
    jobs
}

/// What a message of the form leads to. While it is being saved, nothing but leaving does.
pub fn update(model: &mut Model, msg: FormMsg) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    if form.saving && !matches!(msg, FormMsg::Leave) {
        return Vec::new();
    }
    match msg {
        FormMsg::Text(field, text) => return typed(form, field, text),
        FormMsg::Method(method) => form.draft.chart_method = method,
        FormMsg::Pick(purpose) => return vec![Job::PickFile { purpose }],
        FormMsg::Dropped(path) => model.notice = dropped(form, &path),
        FormMsg::AddRegion => {
            form.draft.regions.push(RegionDraft::default());
            judge(form);
        }
        FormMsg::RemoveRegion(index) => remove_region(form, index),
        FormMsg::ToggleMore => form.more = !form.more,
        FormMsg::Save => return save(form),
        FormMsg::Leave => leave(model),
    }
    Vec::new()
}

/// A file was chosen, or none.
pub fn picked(model: &mut Model, purpose: FilePurpose, path: Option<PathBuf>) -> Vec<Job> {
    let Some(form) = &mut model.form else { return Vec::new() };
    let field = field_of(purpose);
    if let Some(path) = path {
        return typed(form, field, path.to_string_lossy().into_owned());
    }
    form.not_picked = Some(field);
    Vec::new()
}

/// The contexts of a kubeconfig were read; those of a file that is not typed any more are dropped.
pub fn contexts(model: &mut Model, kubeconfig: Option<&Path>, contexts: Result<Vec<String>, Why>) {
    if let Some(form) = &mut model.form
        && form.contexts_of.as_deref() == kubeconfig
    {
        form.contexts = Some(contexts);
    }
}

/// An environment was saved, copied or removed, or why not.
pub fn stored(model: &mut Model, result: Result<Stored, String>) -> Vec<Job> {
    let saving = model.form.as_mut().filter(|form| form.saving);
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
        (Ok(Stored::Saved(name)), form) => {
            if form.is_some() {
                close(model);
            }
            format!("Saved {name}")
        }
        (Ok(Stored::Duplicated(name)), _) => format!("Copied to {name}"),
        (Ok(Stored::Deleted(name)), _) => format!("Deleted {name}"),
    };
    model.notice = Some(Notice { bad: false, text });
    vec![Job::ListEnvironments]
}

/// Closes the form without asking: it was saved, or a person let its changes go.
pub fn close(model: &mut Model) {
    model.form = None;
    model.screen = if model.run.is_some() { Screen::Run } else { Screen::Start };
}

fn leave(model: &mut Model) {
    if model.form.as_ref().is_some_and(Form::is_changed) {
        model.dialog = Some(Dialog::DiscardForm);
    } else {
        close(model);
    }
}

fn typed(form: &mut Form, field: Field, text: String) -> Vec<Job> {
    let Some(place) = form.draft.text_mut(field) else { return Vec::new() };
    *place = text;
    form.touched.insert(field);
    form.not_picked = None;
    if let Field::Region(index, RegionField::Context) = field {
        name_by_context(form, index);
    }
    judge(form);
    if field == Field::Kubeconfig { list_contexts(form) } else { Vec::new() }
}

/// A region without a name takes the one in its cluster's ARN.
fn name_by_context(form: &mut Form, index: usize) {
    if let Some(region) = form.draft.regions.get_mut(index)
        && region.name.trim().is_empty()
        && let Some(arn) = ClusterArn::parse(region.context.trim())
    {
        region.name = arn.region;
    }
}

/// Judges the fields anew, and after a first try to save also counts what is wrong.
fn judge(form: &mut Form) {
    form.errors = validate(&form.draft).err().unwrap_or_default();
    form.problem = match form.errors.len() {
        count if form.save_tried && count > 0 => Some(corrections(count)),
        _ => None,
    };
}

fn corrections(count: usize) -> String {
    if count == 1 { "1 field needs correction".to_owned() } else { format!("{count} fields need correction") }
}

fn save(form: &mut Form) -> Vec<Job> {
    form.save_tried = true;
    judge(form);
    match validate(&form.draft) {
        Ok(profile) => {
            form.saving = true;
            vec![Job::SaveEnvironment { profile: Arc::new(profile), replacing: form.original.clone() }]
        }
        Err(errors) => {
            form.more |= errors.iter().any(|error| Form::folds(error.field));
            Vec::new()
        }
    }
}

/// Asks for the contexts of the kubeconfig that is typed, unless they are known or on their way.
fn list_contexts(form: &mut Form) -> Vec<Job> {
    let text = form.draft.kubeconfig.trim();
    let base = BaseDirs::new();
    let path = match text {
        "" => Ok(None),
        text => rules::path(text, base.as_ref().map(BaseDirs::home_dir)).map(Some),
    };
    match path {
        Ok(kubeconfig) => {
            form.contexts = None;
            form.contexts_of.clone_from(&kubeconfig);
            vec![Job::ListContexts { kubeconfig }]
        }
        Err(message) => {
            // an answer that is still on its way is another file's
            form.contexts_of = Some(PathBuf::from(text));
            form.contexts = Some(Err(Why::new(WhyKind::Configuration, message)));
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
    judge(form);
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

fn field_of(purpose: FilePurpose) -> Field {
    match purpose {
        FilePurpose::ValuesFile(index) => Field::Region(index, RegionField::ValuesFile),
        FilePurpose::ProbeCa(index) => Field::Region(index, RegionField::ProbeCa),
        FilePurpose::Kubeconfig => Field::Kubeconfig,
        FilePurpose::AwsConfig => Field::AwsConfigFile,
        FilePurpose::AwsCredentials => Field::AwsCredentialsFile,
    }
}

#[cfg(test)]
mod tests;
