use std::time::Duration;

use jiff::SignedDuration;

use super::*;
use crate::engine::job::SessionId;
use crate::environment::Draft;
use crate::runbook::fact::{Facts, HealthCheckFacts, HealthCheckSettings, ListedHealthCheck, ValuesFacts};
use crate::runbook::profile::RegionIndex;
use crate::runbook::profile::testing::profile;
use crate::runbook::question::{Question, Reading};
use crate::runbook::verdict::{Why, WhyKind};

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
        (FilePurpose::ChartArchive, Field::ChartFile),
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

/// The session that a form opened last, if these jobs open one.
fn opened(jobs: &[Job]) -> Option<SessionId> {
    jobs.iter().find_map(|job| match job {
        Job::Open { session, .. } => Some(*session),
        _ => None,
    })
}

fn asks(jobs: &[Job]) -> Vec<Question> {
    let question = |job: &Job| match job {
        Job::Observe { question, .. } => Some(*question),
        _ => None,
    };
    jobs.iter().filter_map(question).collect()
}

fn values_of(region: &str) -> Reading<Facts> {
    let facts = ValuesFacts {
        region: Some(region.to_owned()),
        host: Some(format!("{region}.example.com")),
        ..ValuesFacts::default()
    };
    Reading { answer: Ok(Facts::Values(facts)), observed_at: NOW, took: Duration::ZERO }
}

fn answer(
    model: &mut Model,
    session: SessionId,
    region: usize,
    reading: &Reading<Facts>,
) -> Option<Vec<Job>> {
    answered(model, session, Question::Values(RegionIndex(region)), reading, NOW)
}

#[test]
fn what_is_typed_is_looked_at_after_a_pause_and_what_is_chosen_at_once() {
    let mut model = Model::new(Vec::new());
    open(&mut model, Form::new(Draft::default(), None, None), NOW);
    let path = std::env::temp_dir().join("us.yaml");
    assert_eq!(asks(&text(&mut model, values(0), path.to_str().unwrap())), []);
    assert_eq!(asks_in(&model, NOW), Some(look::PAUSE));
    assert!(tick(&mut model, NOW).is_empty());
    let later = NOW + SignedDuration::try_from(look::PAUSE).unwrap();
    assert_eq!(asks(&tick(&mut model, later)), [Question::Values(RegionIndex(0))]);
    assert_eq!(asks_in(&model, later), None);
    assert!(tick(&mut model, later).is_empty(), "once");

    let jobs = picked(&mut model, FilePurpose::ValuesFile(1), Some(path), NOW);
    // the one on its way went with its session
    assert_eq!(asks(&jobs), [Question::Values(RegionIndex(0)), Question::Values(RegionIndex(1))]);
}

#[test]
fn an_old_answer_never_lands_in_a_changed_form() {
    let mut model = Model::new(Vec::new());
    open(&mut model, Form::new(Draft::default(), None, None), NOW);
    let pick = |model: &mut Model, name: &str| {
        let path = std::env::temp_dir().join(name);
        opened(&picked(model, FilePurpose::ValuesFile(0), Some(path), NOW)).unwrap()
    };
    let first = pick(&mut model, "us.yaml");
    let second = pick(&mut model, "eu.yaml");
    assert!(answer(&mut model, first, 0, &values_of("us-east-1")).is_none(), "nobody asks for it any more");
    assert_eq!(form(&model).draft.regions[0].host, "");
    // typed over, and not looked at yet: the answer is another file's
    text(&mut model, values(0), std::env::temp_dir().join("x.yaml").to_str().unwrap());
    assert!(answer(&mut model, second, 0, &values_of("eu-west-1")).is_some());
    assert_eq!(form(&model).draft.regions[0].host, "");
    let third = pick(&mut model, "us.yaml");
    answer(&mut model, third, 0, &values_of("us-east-1"));
    assert_eq!(form(&model).draft.regions[0].host, "us-east-1.example.com");
    text(&mut model, Field::Region(0, RegionField::Host), "own.example.com");
    answer(&mut model, third, 0, &values_of("eu-west-1"));
    assert_eq!(form(&model).draft.regions[0].host, "own.example.com");
}

#[test]
fn testing_asks_everything_anew_and_removing_a_region_forgets_the_answers() {
    let mut model = model();
    update(&mut model, FormMsg::AddRegion, NOW);
    let jobs = update(&mut model, FormMsg::TestAll, NOW);
    let session = opened(&jobs).unwrap();
    for question in [
        Question::Cluster(RegionIndex(0)),
        Question::HealthCheck(RegionIndex(1)),
        Question::Identity,
        Question::Tools,
    ] {
        assert!(asks(&jobs).contains(&question), "{question:?}: {jobs:?}");
    }
    assert!(form(&model).discovery.is_testing());
    answer(&mut model, session, 1, &values_of("eu-west-1"));
    let jobs = update(&mut model, FormMsg::RemoveRegion(0), NOW);
    assert!(matches!(jobs[0], Job::Close { session: of } if of == session), "{jobs:?}");
    assert!(asks(&jobs).contains(&Question::Values(RegionIndex(0))), "{jobs:?}");
    assert!(answer(&mut model, session, 0, &values_of("us-east-1")).is_none());
}

#[test]
fn saving_waits_for_no_answer_and_tells_what_is_wrong_when_it_is_known() {
    let mut model = model();
    let jobs = update(&mut model, FormMsg::Save, NOW);
    assert!(matches!(jobs[0], Job::SaveEnvironment { .. }), "{jobs:?}");
    let (session, asked) = (opened(&jobs).unwrap(), asks(&jobs));
    stored(&mut model, Ok(Stored::Saved("acme-prod".to_owned())));
    assert!(model.form.is_none());
    assert!(!model.notice.as_ref().unwrap().bad);
    let why = Why::new(WhyKind::Timeout, "no answer");
    let silence = Reading { answer: Err(why), observed_at: NOW, took: Duration::ZERO };
    let mut last = Vec::new();
    for question in asked {
        let swapped = question == Question::Values(RegionIndex(0));
        let reading = if swapped { values_of("eu-west-1") } else { silence.clone() };
        last = answered(&mut model, session, question, &reading, NOW).unwrap();
    }
    let notice = model.notice.clone().unwrap();
    assert!(notice.bad && notice.text.contains("this is eu-west-1's file"), "{}", notice.text);
    assert!(matches!(&last[..], [Job::Close { session: of }] if *of == session), "{last:?}");
}

#[test]
fn leaving_ends_what_was_asked_for_the_form() {
    let mut model = model();
    let session = opened(&update(&mut model, FormMsg::TestAll, NOW)).unwrap();
    let jobs = update(&mut model, FormMsg::Leave, NOW);
    assert!(matches!(&jobs[..], [Job::Close { session: of }] if *of == session), "{jobs:?}");
}

/// The account's health checks, the two regions' IDs swapped.
fn swapped(draft: &Draft) -> Vec<ListedHealthCheck> {
    let of = |id: usize, host: usize| ListedHealthCheck {
        id: draft.regions[id].health_check_id.clone(),
        host: Some(draft.regions[host].host.clone()),
        settings: HealthCheckSettings {
            check_type: "HTTPS".to_owned(),
            host: Some(draft.regions[host].host.clone()),
            ..HealthCheckSettings::default()
        },
    };
    vec![of(0, 1), of(1, 0)]
}

fn id(region: usize) -> Field {
    Field::Region(region, RegionField::HealthCheckId)
}

#[test]
fn health_checks_of_the_other_region_are_not_saved_and_both_fields_say_so() {
    let mut model = model();
    let session = opened(&update(&mut model, FormMsg::TestAll, NOW)).unwrap();
    let listed = swapped(&form(&model).draft);
    // the list is known, the two checks themselves have not been asked
    model
        .form
        .as_mut()
        .unwrap()
        .discovery
        .asked
        .retain(|question, _| !matches!(question, Question::HealthCheck(_)));
    health_checks(&mut model, session, Ok(listed), NOW);
    let jobs = update(&mut model, FormMsg::Save, NOW);
    assert!(jobs.is_empty() && !form(&model).saving, "{jobs:?}");
    assert_eq!(form(&model).problem.as_deref(), Some("2 fields need correction"));
    for region in [0, 1] {
        let error = form(&model).error(id(region)).unwrap_or_default();
        assert!(error.starts_with("It watches ") && error.contains("the host of "), "{region}: {error}");
    }
    // put right by hand, it is saved
    let ids = [0, 1].map(|region: usize| form(&model).draft.regions[region].health_check_id.clone());
    text(&mut model, id(0), &ids[1]);
    text(&mut model, id(1), &ids[0]);
    model
        .form
        .as_mut()
        .unwrap()
        .discovery
        .asked
        .retain(|question, _| !matches!(question, Question::HealthCheck(_)));
    let jobs = update(&mut model, FormMsg::Save, NOW);
    assert!(matches!(jobs.first(), Some(Job::SaveEnvironment { .. })), "{:?}", form(&model).errors);
}

#[test]
fn what_is_learnt_of_the_health_checks_after_saving_is_told() {
    let mut model = model();
    let listed = swapped(&form(&model).draft);
    let jobs = update(&mut model, FormMsg::Save, NOW);
    let (session, asked) = (opened(&jobs).unwrap(), asks(&jobs));
    stored(&mut model, Ok(Stored::Saved("acme-prod".to_owned())));
    for question in asked {
        let answer = match question {
            Question::HealthCheck(RegionIndex(region)) => Ok(Facts::HealthCheck(HealthCheckFacts {
                settings: Ok(listed[region].settings.clone()),
                observations: Vec::new(),
                last_failures: Vec::new(),
            })),
            _ => Err(Why::new(WhyKind::Timeout, "no answer")),
        };
        let reading = Reading { answer, observed_at: NOW, took: Duration::ZERO };
        answered(&mut model, session, question, &reading, NOW);
    }
    let notice = model.notice.unwrap();
    assert!(
        notice.bad && notice.text.contains("It watches ") && notice.text.contains("the host of eu-west-1"),
        "{}",
        notice.text
    );
}
