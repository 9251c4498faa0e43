use super::*;
use crate::app::model::Model;
use crate::environment::Draft;

const ARN: &str = "arn:aws:eks:us-east-1:123456789012:cluster/platform";

fn opened(draft: Draft) -> Model {
    let mut model = Model::new(Vec::new());
    open(&mut model, Form::new(draft, None));
    model
}

fn form(model: &Model) -> &Form {
    model.form.as_ref().unwrap()
}

fn text(model: &mut Model, field: Field, text: &str) {
    update(model, FormMsg::Text(field, text.to_owned()));
}

/// A draft that can be saved.
fn complete() -> Draft {
    Draft::from(&crate::runbook::profile::testing::profile())
}

fn absolute(mut draft: Draft) -> Draft {
    for region in &mut draft.regions {
        region.values_file.clear();
    }
    draft
}

#[test]
fn errors_stand_at_a_field_once_it_was_touched_or_saving_was_tried() {
    let mut model = opened(Draft::default());
    assert_eq!(form(&model).error(Field::Name), None);
    text(&mut model, Field::Name, "a/b");
    assert!(form(&model).error(Field::Name).is_some());
    assert_eq!(form(&model).error(Field::Region(0, RegionField::Context)), None);
    assert!(update(&mut model, FormMsg::Save).is_empty());
    assert!(form(&model).error(Field::Region(0, RegionField::Context)).is_some());
    assert!(form(&model).problem.as_ref().unwrap().contains("need correction"));
}

#[test]
fn a_region_takes_its_name_from_the_arn_unless_it_has_one() {
    let mut model = opened(Draft::default());
    let context = |index| Field::Region(index, RegionField::Context);
    text(&mut model, context(0), ARN);
    assert_eq!(form(&model).draft.regions[0].name, "us-east-1");
    text(&mut model, Field::Region(1, RegionField::Name), "mine");
    text(&mut model, context(1), ARN);
    assert_eq!(form(&model).draft.regions[1].name, "mine");
}

#[test]
fn a_dropped_file_goes_to_the_region_it_is_named_after() {
    let mut draft = absolute(complete());
    draft.regions[0].values_file = "/before.yaml".to_owned();
    for (file, places) in [
        ("/x/platform-eu-west-1-values.yaml", ["/before.yaml", "/x/platform-eu-west-1-values.yaml"]),
        ("/x/platform-us-east-1-values.yaml", ["/x/platform-us-east-1-values.yaml", ""]),
        ("/x/values.yaml", ["/before.yaml", "/x/values.yaml"]),
        ("/x/environment.toml", ["/before.yaml", ""]),
    ] {
        let mut model = opened(draft.clone());
        update(&mut model, FormMsg::Dropped(file.into()));
        let now: Vec<&str> =
            form(&model).draft.regions.iter().map(|region| region.values_file.as_str()).collect();
        assert_eq!(now, places, "{file}");
    }
}

#[test]
fn what_can_be_saved_is_saved_once_and_a_failure_loses_nothing() {
    let mut model = opened(absolute(complete()));
    let jobs = update(&mut model, FormMsg::Save);
    assert!(matches!(jobs.as_slice(), [Job::SaveEnvironment { replacing: None, .. }]), "{jobs:?}");
    assert!(update(&mut model, FormMsg::Save).is_empty(), "it is being saved");
    stored(&mut model, Err("disk full".to_owned()));
    assert_eq!(form(&model).problem.as_deref(), Some("disk full"));
    assert_eq!(form(&model).draft, absolute(complete()));
    assert_eq!(update(&mut model, FormMsg::Save).len(), 1);
    let jobs = stored(&mut model, Ok(Stored::Saved("acme-prod".to_owned())));
    assert!(matches!(jobs.as_slice(), [Job::ListEnvironments]));
    assert!(model.form.is_none() && model.screen == Screen::Start);
}

#[test]
fn changes_are_not_let_go_without_asking() {
    let mut model = opened(complete());
    update(&mut model, FormMsg::Leave);
    assert!(model.form.is_none());
    let mut model = opened(complete());
    text(&mut model, Field::Escalation, "#other");
    update(&mut model, FormMsg::Leave);
    assert_eq!(model.dialog, Some(Dialog::DiscardForm));
    assert!(model.form.is_some());
}

#[test]
fn two_regions_stay_and_contexts_of_another_file_are_dropped() {
    let mut model = opened(complete());
    update(&mut model, FormMsg::RemoveRegion(0));
    assert_eq!(form(&model).draft.regions.len(), 2);
    update(&mut model, FormMsg::AddRegion);
    update(&mut model, FormMsg::RemoveRegion(0));
    assert_eq!(form(&model).draft.regions[0].name, "eu-west-1");
    text(&mut model, Field::Kubeconfig, "/other/kubeconfig");
    contexts(&mut model, None, Ok(vec!["late".to_owned()]));
    assert!(form(&model).contexts.is_none());
    contexts(&mut model, Some(Path::new("/other/kubeconfig")), Ok(vec!["a".to_owned()]));
    assert!(form(&model).contexts.is_some());
}
