use super::*;
use crate::environment::Draft;
use crate::runbook::profile::testing::profile;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const ARN: &str = "arn:aws:eks:eu-central-1:123456789012:cluster/platform";

/// A form with the runbook's two regions; its values files stand under one root.
fn model() -> Model {
    let mut model = Model::new(Vec::new());
    let mut draft = Draft::from(&profile());
    for region in &mut draft.regions {
        region.values_file = std::env::temp_dir().join(&region.values_file).to_string_lossy().into_owned();
    }
    open(&mut model, Form::new(draft, Some("acme-prod".to_owned()), None), NOW);
    model
}

fn form(model: &Model) -> &Form {
    model.form.as_ref().unwrap()
}

fn text(model: &mut Model, field: Field, text: &str) -> Vec<Job> {
    update(model, FormMsg::Text(field, text.to_owned()), NOW)
}

fn values(index: usize) -> Field {
    Field::Region(index, RegionField::ValuesFile)
}

#[test]
fn an_error_shows_at_a_touched_field_and_at_all_of_them_after_a_try_to_save() {
    let mut model = model();
    assert!(form(&model).errors.is_empty(), "{:?}", form(&model).errors);
    text(&mut model, Field::Replicas, "none");
    assert!(form(&model).error(Field::Replicas).is_some());

    let mut model = Model::new(Vec::new());
    open(&mut model, Form::new(Draft::default(), None, None), NOW);
    assert!(!form(&model).errors.is_empty());
    assert_eq!(form(&model).error(Field::Name), None);
    assert!(update(&mut model, FormMsg::Save, NOW).is_empty());
    assert!(form(&model).error(Field::Name).is_some());
    assert!(!form(&model).saving);
    let count = form(&model).errors.len();
    assert_eq!(form(&model).problem.clone().unwrap(), format!("{count} fields need correction"));
    text(&mut model, Field::Name, "acme");
    assert_eq!(form(&model).problem.clone().unwrap(), format!("{} fields need correction", count - 1));
}

#[test]
fn a_wrong_field_that_is_folded_away_is_unfolded_by_saving() {
    for (field, unfolds) in [(Field::Namespace, true), (Field::Replicas, false)] {
        let mut model = model();
        text(&mut model, field, "");
        update(&mut model, FormMsg::Save, NOW);
        assert_eq!(form(&model).more, unfolds, "{field}");
        assert_eq!(form(&model).problem.as_deref(), Some("1 field needs correction"));
    }
}

#[test]
fn saving_replaces_what_was_opened_and_goes_back_when_it_is_done() {
    let mut model = model();
    text(&mut model, Field::Name, "acme-new");
    let jobs = update(&mut model, FormMsg::Save, NOW);
    let [Job::SaveEnvironment { profile, replacing }, ..] = &jobs[..] else { panic!("{jobs:?}") };
    assert_eq!((profile.name.as_str(), replacing.as_deref()), ("acme-new", Some("acme-prod")));
    assert!(form(&model).saving);
    assert!(update(&mut model, FormMsg::Save, NOW).is_empty(), "it is being saved already");
    text(&mut model, Field::Name, "too late");
    assert_eq!(form(&model).draft.name, "acme-new");

    let jobs = stored(&mut model, Ok(Stored::Saved("acme-new".to_owned())));
    assert!(matches!(jobs[0], Job::ListEnvironments), "{jobs:?}");
    assert!(model.form.is_none());
    assert_eq!(model.screen, Screen::Start);
    assert_eq!(model.notice, Some(Notice { bad: false, text: "Saved acme-new".to_owned() }));
}

#[test]
fn a_failure_to_save_loses_nothing() {
    let mut model = model();
    text(&mut model, Field::Escalation, "#oncall");
    update(&mut model, FormMsg::Save, NOW);
    assert!(stored(&mut model, Err("disk full".to_owned())).is_empty());
    assert_eq!(form(&model).problem.as_deref(), Some("disk full"));
    assert_eq!(form(&model).draft.escalation, "#oncall");
    assert!(!form(&model).saving);
    assert_eq!(model.screen, Screen::Form);
}

#[test]
fn what_was_copied_or_removed_is_told_and_read_again() {
    for (result, bad, told, jobs) in [
        (Ok(Stored::Duplicated("a copy".to_owned())), false, "Copied to a copy", 1),
        (Ok(Stored::Deleted("a".to_owned())), false, "Deleted a", 1),
        (Err("no such file".to_owned()), true, "no such file", 0),
    ] {
        let mut model = Model::new(Vec::new());
        assert_eq!(stored(&mut model, result).len(), jobs);
        assert_eq!(model.notice, Some(Notice { bad, text: told.to_owned() }));
    }
}

#[test]
fn leaving_asks_where_something_would_be_lost() {
    let mut model = model();
    text(&mut model, Field::Name, "acme-new");
    update(&mut model, FormMsg::Leave, NOW);
    assert_eq!(model.dialog, Some(Dialog::DiscardForm));
    assert_eq!(model.screen, Screen::Form);

    model.dialog = None;
    text(&mut model, Field::Name, "acme-prod");
    update(&mut model, FormMsg::Leave, NOW);
    assert_eq!((model.dialog.clone(), model.screen), (None, Screen::Start));
    assert!(model.form.is_none());
}

#[test]
fn an_arn_names_a_region_that_has_no_name() {
    let mut model = model();
    update(&mut model, FormMsg::AddRegion, NOW);
    text(&mut model, Field::Region(2, RegionField::Context), ARN);
    assert_eq!(form(&model).draft.regions[2].name, "eu-central-1");
    text(&mut model, Field::Region(0, RegionField::Context), ARN);
    assert_eq!(form(&model).draft.regions[0].name, "us-east-1", "a name that was typed stays");
}

#[test]
fn two_regions_stay_and_what_was_touched_moves_up() {
    let mut model = model();
    update(&mut model, FormMsg::RemoveRegion(0), NOW);
    assert_eq!(form(&model).draft.regions.len(), 2);
    update(&mut model, FormMsg::AddRegion, NOW);
    text(&mut model, values(0), "relative");
    text(&mut model, values(2), "relative");
    update(&mut model, FormMsg::RemoveRegion(0), NOW);
    assert_eq!(form(&model).draft.regions[0].name, "eu-west-1");
    assert_eq!(form(&model).touched.iter().copied().collect::<Vec<_>>(), [values(1)]);
    assert!(form(&model).error(values(1)).is_some());
}

#[test]
fn a_dropped_values_file_finds_its_region() {
    let place = |model: &mut Model, file: &str, empty: &[usize]| {
        let root = std::env::temp_dir();
        for index in empty {
            text(model, values(*index), "");
        }
        let before = form(model).draft.clone();
        update(model, FormMsg::Dropped(root.join(file)), NOW);
        (0..before.regions.len())
            .find(|index| before.regions[*index].values_file != form(model).draft.regions[*index].values_file)
    };
    for (file, empty, expected) in [
        ("new-eu-west-1.yaml", &[][..], Some(1)),
        ("new-us-east-1.YML", &[][..], Some(0)),
        ("values.yaml", &[1][..], Some(1)),
        ("values.yaml", &[0, 1][..], Some(0)),
        ("values.yaml", &[][..], None),
        ("acme.toml", &[0][..], None),
        ("folder", &[0][..], None),
    ] {
        let mut model = model();
        assert_eq!(place(&mut model, file, empty), expected, "{file} {empty:?}");
        assert_eq!(model.notice.is_some_and(|notice| notice.bad), expected.is_none(), "{file}");
    }
    let mut model = model();
    update(&mut model, FormMsg::AddRegion, NOW);
    text(&mut model, Field::Region(2, RegionField::Name), "us-east-10");
    assert_eq!(place(&mut model, "of-us-east-10.yaml", &[]), Some(2), "the longest name");
}

#[test]
fn a_chosen_file_goes_to_its_field_and_none_is_told_there() {
    let path = std::env::temp_dir().join("chosen");
    for (purpose, field) in [
        (FilePurpose::ValuesFile(1), values(1)),
        (FilePurpose::ProbeCa(0), Field::Region(0, RegionField::ProbeCa)),
        (FilePurpose::Kubeconfig, Field::Kubeconfig),
        (FilePurpose::AwsConfig, Field::AwsConfigFile),
        (FilePurpose::AwsCredentials, Field::AwsCredentialsFile),
    ] {
        let mut model = model();
        let before = form(&model).draft.clone();
        picked(&mut model, purpose, None, NOW);
        assert_eq!((form(&model).not_picked, &form(&model).draft), (Some(field), &before));
        picked(&mut model, purpose, Some(path.clone()), NOW);
        assert_eq!(form(&model).not_picked, None);
        assert_eq!(form(&model).draft.text(field), path.to_str());
    }
}

#[test]
fn contexts_are_those_of_the_kubeconfig_that_is_typed() {
    let mut model = model();
    let other = std::env::temp_dir().join("config");
    contexts(&mut model, Some(&other), Ok(vec!["of another file".to_owned()]), NOW);
    assert_eq!(form(&model).contexts, None);
    contexts(&mut model, None, Ok(vec![ARN.to_owned()]), NOW);
    assert_eq!(form(&model).contexts, Some(Ok(vec![ARN.to_owned()])));

    let jobs = text(&mut model, Field::Kubeconfig, other.to_str().unwrap());
    assert!(matches!(&jobs[..], [Job::ListContexts { kubeconfig: Some(path) }] if *path == other));
    assert_eq!(form(&model).contexts, None);
    contexts(&mut model, None, Ok(vec!["late".to_owned()]), NOW);
    assert_eq!(form(&model).contexts, None);

    assert!(text(&mut model, Field::Kubeconfig, "relative").is_empty());
    assert!(matches!(form(&model).contexts, Some(Err(_))));
}
