use std::time::Duration;

use super::fill::proposals;
use super::notes::{Notes, judge};
use super::*;
use crate::environment::{RegionDraft, RegionField, sketch};
use crate::runbook::fact::{
    AccessFacts, ClusterFacts, Deployment, DeploymentFacts, Facts, HealthCheckSettings, HelmFacts,
    IdentityFacts, IngressFacts, ProbeFacts, ToolsFacts,
};
use crate::runbook::profile::Method;
use crate::runbook::question::Reading;
use crate::runbook::verdict::WhyKind;

const NOW: Timestamp = Timestamp::UNIX_EPOCH;
const US: usize = 0;
const EU: usize = 1;

/// A form with its two regions, and what is known of the outside.
struct Outside {
    draft: Draft,
    readings: Readings,
    asking: BTreeSet<Question>,
    contexts: Option<Result<Vec<String>, Why>>,
    aws_profiles: Option<Result<Vec<String>, Why>>,
    health_checks: Option<Result<Vec<ListedHealthCheck>, Why>>,
    filled: BTreeSet<Field>,
    touched: BTreeSet<Field>,
    is_new: bool,
}

impl Outside {
    fn of(draft: Draft) -> Self {
        Self {
            draft,
            readings: Readings::default(),
            asking: BTreeSet::new(),
            contexts: None,
            aws_profiles: None,
            health_checks: None,
            filled: BTreeSet::new(),
            touched: BTreeSet::new(),
            is_new: true,
        }
    }

    fn empty() -> Self {
        Self::of(Draft::default())
    }

    fn filled_in() -> Self {
        let region = |name: &str, short: &str| RegionDraft {
            name: name.to_owned(),
            context: arn(name),
            health_check_id: format!("id-{short}"),
            values_file: format!("/platform/{name}.yaml"),
            host: format!("{short}.example.com"),
            ..RegionDraft::default()
        };
        let regions = vec![region("us-east-1", "us"), region("eu-west-1", "eu")];
        Self::of(Draft { shared_host: "example.com".to_owned(), regions, ..Draft::default() })
    }

    fn answer(mut self, question: Question, answer: Result<Facts, Why>) -> Self {
        self.readings.keep(question, Reading { answer, observed_at: NOW, took: Duration::from_millis(61) });
        self
    }

    fn values(self, region: usize, facts: ValuesFacts) -> Self {
        self.answer(Question::Values(RegionIndex(region)), Ok(Facts::Values(facts)))
    }

    fn runs(self, region: usize, tag: &str, ready: i32) -> Self {
        let deployment =
            Deployment { image: Some(format!("ghcr.io/loft:{tag}")), ready, ..Deployment::default() };
        let facts = DeploymentFacts::Found(Box::new(deployment));
        self.answer(Question::Deployment(RegionIndex(region)), Ok(Facts::Deployment(facts)))
    }

    fn lists(mut self, checks: &[(&str, &str)]) -> Self {
        let check = |(id, host): &(&str, &str)| ListedHealthCheck {
            id: (*id).to_owned(),
            host: Some((*host).to_owned()),
            settings: settings(host),
        };
        self.health_checks = Some(Ok(checks.iter().map(check).collect()));
        self
    }

    fn with<T>(&self, judge: impl FnOnce(&Known<'_>) -> T) -> T {
        judge(&Known {
            draft: &self.draft,
            profile: &sketch(&self.draft, None),
            readings: &self.readings,
            asking: &self.asking,
            contexts: self.contexts.as_ref(),
            aws_profiles: self.aws_profiles.as_ref(),
            health_checks: self.health_checks.as_ref(),
            filled: &self.filled,
            touched: &self.touched,
            is_new: self.is_new,
            now: NOW,
        })
    }

    fn notes(&self) -> Notes {
        self.with(judge)
    }

    /// The note at a field, as `pass: text`.
    fn note(&self, field: Field) -> String {
        self.notes().fields.get(&field).map(words).unwrap_or_default()
    }

    fn of_region(&self, region: usize, field: RegionField) -> String {
        self.note(Field::Region(region, field))
    }

    /// Fills until nothing is left to fill.
    fn fill(mut self) -> Self {
        loop {
            let proposals = self.with(proposals);
            if proposals.is_empty() {
                return self;
            }
            for (field, value) in proposals {
                *self.draft.text_mut(field).unwrap() = value;
                self.filled.insert(field);
            }
        }
    }
}

fn words(note: &FieldNote) -> String {
    let verdict = note.verdict.map_or_else(|| "plain".to_owned(), |verdict| verdict.word().to_lowercase());
    format!("{verdict}: {}", note.text)
}

fn arn(region: &str) -> String {
    format!("arn:aws:eks:{region}:123456789012:cluster/platform-{region}")
}

fn settings(host: &str) -> HealthCheckSettings {
    HealthCheckSettings {
        check_type: "HTTPS".to_owned(),
        host: Some(host.to_owned()),
        interval_secs: 10,
        failure_threshold: 3,
        ..HealthCheckSettings::default()
    }
}

fn file(region: &str, short: &str) -> ValuesFacts {
    ValuesFacts {
        region: Some(region.to_owned()),
        host: Some(format!("{short}.example.com")),
        shared_host: Some("example.com".to_owned()),
        database_host: Some("db.internal".to_owned()),
        database_port: Some(3306),
        replicas: Some(5),
        ..ValuesFacts::default()
    }
}

fn us_file() -> ValuesFacts {
    file("us-east-1", "us")
}

fn eu_file() -> ValuesFacts {
    file("eu-west-1", "eu")
}

fn silence() -> Why {
    Why::new(WhyKind::Timeout, "No answer within 8s")
}

#[test]
fn contexts_and_values_files_complete_an_empty_form() {
    let mut outside = Outside::empty();
    outside.filled.insert(Field::Replicas);
    outside.draft.regions[US].context = arn("us-east-1");
    outside.draft.regions[EU].context = arn("eu-west-1");
    let checks = [("id-us", "US.example.com."), ("id-eu", "eu.example.com"), ("id-x", "x.example.com")];
    let Outside { draft, .. } = outside.values(US, us_file()).values(EU, eu_file()).lists(&checks).fill();
    assert_eq!(draft.name, "platform");
    assert_eq!((draft.shared_host.as_str(), draft.replicas.as_str()), ("example.com", "5"));
    for (region, name, host, id) in
        [(US, "us-east-1", "us.example.com", "id-us"), (EU, "eu-west-1", "eu.example.com", "id-eu")]
    {
        let region = &draft.regions[region];
        assert_eq!((region.name.as_str(), region.host.as_str()), (name, host));
        assert_eq!(region.health_check_id, id);
    }
}

#[test]
fn what_was_typed_saved_or_cleared_is_not_filled() {
    let host = Field::Region(US, RegionField::Host);
    let filled_host = |outside: Outside| outside.values(US, us_file()).fill().draft.regions[US].host.clone();

    let mut typed = Outside::empty();
    "typed.example.com".clone_into(&mut typed.draft.regions[US].host);
    assert_eq!(filled_host(typed), "typed.example.com");

    let mut cleared = Outside::empty();
    cleared.touched.insert(host);
    assert_eq!(filled_host(cleared), "", "a person emptied it");

    let saved = || Outside { is_new: false, ..Outside::empty() };
    assert_eq!(filled_host(saved()), "", "saved empty, and nothing was chosen since");
    let mut chosen = saved();
    chosen.touched.insert(Field::Region(US, RegionField::ValuesFile));
    assert_eq!(filled_host(chosen), "us.example.com");

    let mut before = Outside::empty();
    "old.example.com".clone_into(&mut before.draft.regions[US].host);
    before.filled.insert(host);
    assert_eq!(filled_host(before), "us.example.com", "filled from another file before");
}

#[test]
fn what_the_files_do_not_agree_on_or_several_checks_watch_is_left_to_a_person() {
    let other = ValuesFacts { shared_host: Some("other.com".to_owned()), replicas: Some(2), ..eu_file() };
    let checks = [("a", "us.example.com"), ("b", "us.example.com")];
    let outside = Outside::empty().values(US, us_file()).values(EU, other).lists(&checks).fill();
    assert_eq!((outside.draft.shared_host.as_str(), outside.draft.replicas.as_str()), ("", "3"));
    assert_eq!(outside.draft.regions[US].health_check_id, "");
    assert_eq!(
        outside.of_region(US, RegionField::HealthCheckId),
        "warn: 2 health checks watch us.example.com: choose one"
    );
}

#[test]
fn another_region_s_values_file_fills_nothing() {
    let mut outside = Outside::empty();
    outside.draft.regions[US].context = arn("us-east-1");
    let outside = outside.values(US, eu_file()).fill();
    assert_eq!(outside.draft.regions[US].name, "us-east-1");
    assert_eq!(outside.draft.regions[US].host, "");

    // the file was chosen before the context
    let checks = [("id-eu", "eu.example.com")];
    let mut outside = Outside::empty().values(US, eu_file()).lists(&checks).fill();
    assert_eq!(outside.draft.regions[US].health_check_id, "id-eu");
    outside.draft.regions[US].context = arn("us-east-1");
    let region = outside.fill().draft.regions[US].clone();
    assert_eq!([region.name.as_str(), &region.host, &region.health_check_id], ["us-east-1", "", ""]);
}

#[test]
fn a_values_file_is_this_region_s_and_agrees_with_the_others() {
    let with = |change: fn(&mut ValuesFacts)| {
        let mut facts = us_file();
        change(&mut facts);
        let outside = Outside::filled_in().values(US, facts).values(EU, eu_file());
        outside.of_region(US, RegionField::ValuesFile)
    };
    for (change, expected) in [
        ((|_| {}) as fn(&mut ValuesFacts), "pass: region, host and database agree"),
        (
            |facts| facts.region = Some("eu-west-1".to_owned()),
            "fail: this is eu-west-1's file: multiRegion.region is eu-west-1",
        ),
        (|facts| facts.region = Some("x".to_owned()), "fail: multiRegion.region is x, not us-east-1"),
        (|facts| facts.region = None, "warn: names no region: multiRegion.region is missing"),
        (|facts| facts.host = None, "warn: names no regional host: multiRegion.host is missing"),
        (|facts| facts.host = Some("x".to_owned()), "fail: multiRegion.host is x, not us.example.com"),
        (
            |facts| facts.shared_host = Some("x".to_owned()),
            "fail: config.loftHost is x here, and example.com in eu-west-1's file",
        ),
        (
            |facts| facts.database_port = Some(3307),
            "fail: the database is db.internal:3307 here, and db.internal:3306 in eu-west-1's file",
        ),
    ] {
        assert_eq!(with(change), expected);
    }
    let unreadable = |why: Why| {
        let outside = Outside::filled_in().answer(Question::Values(RegionIndex(US)), Err(why));
        outside.of_region(US, RegionField::ValuesFile)
    };
    let missing = Why::new(WhyKind::Configuration, "/a.yaml does not exist").remedy("Check the path");
    assert_eq!(unreadable(missing), "fail: /a.yaml does not exist. Check the path");
    assert!(unreadable(silence()).starts_with("unknown: Could not read it: No answer"), "no cross");
}

#[test]
fn a_context_answers_or_not_and_silence_is_normal() {
    let cluster = Question::Cluster(RegionIndex(US));
    let version = Facts::Cluster(ClusterFacts { version: "v1.36.1-eks-abc".to_owned() });
    let mut outside = Outside::filled_in().answer(cluster, Ok(version));
    assert_eq!(outside.of_region(US, RegionField::Context), "pass: answers in 61 ms, Kubernetes 1.36");
    let user = Some("arn:aws:sts::123456789012:assumed-role/OnCall/me".to_owned());
    let access = Facts::Access(AccessFacts { user, permissions: Vec::new() });
    outside = outside.answer(Question::Access(RegionIndex(US)), Ok(access));
    let expected = "pass: answers in 61 ms, Kubernetes 1.36, you are OnCall";
    assert_eq!(outside.of_region(US, RegionField::Context), expected);

    for (kind, expected) in [
        (WhyKind::Timeout, "warn: does not answer: so it is. Normal while the region is out"),
        (WhyKind::Connection, "warn: does not answer: so it is. Normal while the region is out"),
        (WhyKind::Unauthenticated, "unknown: Could not ask it: so it is. Sign in again, then check again"),
        (WhyKind::NotAsked, "plain: Region us-east-1, cluster platform-us-east-1"),
    ] {
        let outside = Outside::filled_in().answer(cluster, Err(Why::new(kind, "so it is")));
        assert_eq!(outside.of_region(US, RegionField::Context), expected);
    }
}

#[test]
fn a_context_is_looked_for_in_the_kubeconfig() {
    let unreadable = Why::new(WhyKind::Configuration, "/k cannot be read");
    for (context, contexts, expected) in [
        ("", None, "plain: Reading the kubeconfig's contexts…"),
        ("", Some(Ok(vec![])), "plain: The cluster's context in the kubeconfig"),
        ("prod", Some(Ok(vec!["prod".to_owned()])), "pass: In the kubeconfig, under an alias"),
        ("prod", Some(Ok(vec!["lab".to_owned()])), "warn: The kubeconfig has no context of this name"),
        ("prod", Some(Err(unreadable)), "warn: /k cannot be read. Type the context's name"),
    ] {
        let mut outside = Outside { contexts, ..Outside::empty() };
        context.clone_into(&mut outside.draft.regions[US].context);
        assert_eq!(outside.of_region(US, RegionField::Context), expected);
    }
}

#[test]
fn a_health_check_watches_this_region_s_host_or_is_told() {
    let changed = |change: fn(&mut HealthCheckSettings)| {
        let mut outside = Outside::filled_in().lists(&[("id-us", "us.example.com")]);
        if let Some(Ok(listed)) = &mut outside.health_checks {
            change(&mut listed[0].settings);
        }
        outside.of_region(US, RegionField::HealthCheckId)
    };
    for (change, expected) in [
        ((|_| {}) as fn(&mut HealthCheckSettings), "pass: watches us.example.com, every 10 s, 3 failures"),
        (
            |settings| settings.host = Some("eu.example.com".to_owned()),
            "fail: It watches eu.example.com, the host of eu-west-1: it tells nothing of us-east-1",
        ),
        (
            |settings| settings.host = Some("x.example.com".to_owned()),
            "fail: watches x.example.com, not this region's host",
        ),
        (
            |settings| settings.disabled = true,
            "warn: watches us.example.com, but is disabled: it always counts as healthy",
        ),
        (
            |settings| settings.inverted = true,
            "warn: watches us.example.com, but is inverted: failing counts as healthy",
        ),
        (
            |settings| (settings.host, settings.check_type) = (None, "CALCULATED".to_owned()),
            "warn: watches no host: it is a check of type CALCULATED",
        ),
    ] {
        assert_eq!(changed(change), expected);
    }
    let absent = Outside::filled_in().lists(&[("another", "us.example.com")]);
    let expected = "fail: This AWS account has no health check of this ID";
    assert_eq!(absent.of_region(US, RegionField::HealthCheckId), expected);
    let unlisted = Outside { health_checks: Some(Err(silence())), ..Outside::filled_in() };
    assert!(
        unlisted.of_region(US, RegionField::HealthCheckId).starts_with("unknown: Could not look it up: ")
    );
    let missing = Err(Why::new(WhyKind::NotFound, "NoSuchHealthCheck"));
    let asked = Outside::filled_in().answer(Question::HealthCheck(RegionIndex(US)), missing);
    assert_eq!(asked.of_region(US, RegionField::HealthCheckId), expected);
}

#[test]
fn hosts_are_as_in_the_files_and_answer() {
    let probe = |status| {
        let (derp_status, version) = (Ok(200), Ok("4.11.2".to_owned()));
        ProbeFacts { url: String::new(), status, addresses: None, derp_status, version }
    };
    let question = Question::Probe(RegionIndex(US));
    let outside = || Outside::filled_in().values(US, us_file()).values(EU, eu_file());
    let host = |outside: Outside| outside.of_region(US, RegionField::Host);
    assert_eq!(host(outside()), "pass: as in the values file");
    assert_eq!(
        host(outside().answer(question, Ok(Facts::Probe(probe(200))))),
        "pass: answers, as in the values file"
    );
    assert_eq!(
        host(outside().answer(question, Ok(Facts::Probe(probe(503))))),
        "warn: answers 503 on /healthz, as in the values file. Normal while the region is out"
    );
    assert_eq!(
        host(outside().answer(question, Err(silence()))),
        "warn: does not answer, as in the values file: No answer within 8s. Normal while the region is out"
    );
    let mut other = outside();
    "x.example.com".clone_into(&mut other.draft.regions[US].host);
    assert_eq!(host(other), "fail: the values file says us.example.com");

    assert_eq!(outside().note(Field::SharedHost), "pass: as in both values files");
    let shared = outside().answer(Question::SharedProbe, Ok(Facts::SharedProbe(probe(200))));
    assert_eq!(shared.note(Field::SharedHost), "pass: answers, as in both values files");
    let mut other = outside();
    "x.example.com".clone_into(&mut other.draft.shared_host);
    assert_eq!(other.note(Field::SharedHost), "fail: both values files say example.com");
    assert_eq!(outside().note(Field::Replicas), "warn: the values file says 5");
}

#[test]
fn the_version_is_what_regions_with_ready_pods_run() {
    let version = |outside: Outside, typed: &str| {
        let mut outside = outside;
        typed.clone_into(&mut outside.draft.chart_version);
        outside.note(Field::ChartVersion)
    };
    let one = || Outside::filled_in().runs(US, "4.10.0", 0).runs(EU, "v4.11.2", 3);
    assert_eq!(version(one(), ""), "pass: what eu-west-1 runs: 4.11.2");
    assert_eq!(version(one(), "4.11.2"), "pass: what eu-west-1 runs");
    assert_eq!(version(one(), "4.8.0"), "warn: eu-west-1 runs 4.11.2");
    assert_eq!(one().notes().running_version.as_deref(), Some("4.11.2"));
    let two = || Outside::filled_in().runs(US, "4.10.0", 3).runs(EU, "4.11.2", 3);
    assert_eq!(version(two(), ""), "warn: us-east-1 runs 4.10.0, eu-west-1 runs 4.11.2");
    assert_eq!(two().notes().running_version, None);
    assert_eq!(version(Outside::filled_in(), ""), "");
}

#[test]
fn credentials_are_for_the_clusters_account() {
    let signed_in = |account: &str, expires_at: Option<&str>| {
        let identity = IdentityFacts {
            account: account.to_owned(),
            arn: format!("arn:aws:sts::{account}:assumed-role/OnCall/me"),
            expires_at: expires_at.map(|at| at.parse().unwrap()),
        };
        let outside = Outside::filled_in().answer(Question::Identity, Ok(Facts::Identity(identity)));
        outside.note(Field::AwsProfile)
    };
    assert_eq!(
        signed_in("123456789012", Some("1970-01-01T06:12:30Z")),
        "pass: role OnCall, signed in for 6 h 12 min"
    );
    assert_eq!(
        signed_in("123456789012", Some("1970-01-01T00:09:00Z")),
        "pass: role OnCall, signed in for 9 min"
    );
    assert_eq!(signed_in("123456789012", None), "pass: role OnCall, signed in");
    assert_eq!(
        signed_in("123456789012", Some("1969-12-31T00:00:00Z")),
        "warn: role OnCall, the sign-in has expired: sign in again"
    );
    assert_eq!(
        signed_in("999999999999", None),
        "fail: these are credentials for account 999999999999; us-east-1's cluster is in account 123456789012"
    );
    let mut outside = Outside { aws_profiles: Some(Ok(vec!["prod".to_owned()])), ..Outside::empty() };
    for (typed, expected) in [
        ("", ""),
        ("prod", "plain: In the AWS files"),
        ("pro", "warn: The AWS files have no profile of this name"),
    ] {
        typed.clone_into(&mut outside.draft.aws_profile);
        assert_eq!(outside.note(Field::AwsProfile), expected);
    }
}

#[test]
fn the_method_s_program_is_found_or_not_and_never_a_cross() {
    let method = |method: Method, helm: Result<&str, &str>| {
        let found = |version: &str| HelmFacts { path: "/helm".into(), version: version.to_owned() };
        let vcluster = Err("vcluster is not installed".to_owned());
        let tools = ToolsFacts { helm: helm.map(found).map_err(str::to_owned), vcluster, kubectl: None };
        let mut outside = Outside::filled_in().answer(Question::Tools, Ok(Facts::Tools(tools)));
        outside.draft.chart_method = method;
        words(&outside.notes().method.unwrap())
    };
    assert_eq!(method(Method::Helm, Ok("v4.3.1")), "pass: Helm 4.3.1 found");
    let old = "warn: Helm 3.19.0 found: two flags of Helm 4 are left out";
    assert_eq!(method(Method::Helm, Ok("v3.19.0")), old);
    assert_eq!(method(Method::Helm, Err("helm is not installed")), "warn: helm is not installed");
    assert_eq!(method(Method::Vcluster, Ok("v4.3.1")), "warn: vcluster is not installed");
}

#[test]
fn an_answer_is_one_until_what_was_asked_about_changes() {
    let before = Outside::filled_in().draft;
    let after = |field: Field| {
        let mut draft = before.clone();
        "changed".clone_into(draft.text_mut(field).unwrap());
        let values = Field::Region(US, RegionField::ValuesFile);
        if field == values {
            "/changed".clone_into(draft.text_mut(field).unwrap());
        }
        sketch(&draft, None)
    };
    let us = RegionIndex(US);
    let questions = [
        Question::Values(us),
        Question::HealthCheck(us),
        Question::Probe(us),
        Question::Cluster(us),
        Question::Deployment(us),
        Question::Identity,
        Question::SharedProbe,
        Question::Tools,
    ];
    for (field, changes) in [
        (Field::Name, &[][..]),
        (Field::Escalation, &[]),
        (Field::Region(EU, RegionField::Context), &[]),
        (Field::Region(US, RegionField::ValuesFile), &[Question::Values(us)]),
        (Field::Region(US, RegionField::HealthCheckId), &[Question::HealthCheck(us)]),
        (Field::Region(US, RegionField::Host), &[Question::Probe(us)]),
        (Field::Region(US, RegionField::Context), &[Question::Cluster(us), Question::Deployment(us)]),
        (Field::SharedHost, &[Question::SharedProbe]),
        (
            Field::AwsProfile,
            &[Question::HealthCheck(us), Question::Cluster(us), Question::Deployment(us), Question::Identity],
        ),
    ] {
        let (before, after) = (sketch(&before, None), after(field));
        let different: Vec<_> =
            questions.into_iter().filter(|question| !subject::is_same(*question, &before, &after)).collect();
        assert_eq!(different, changes, "{field}");
    }
}

#[test]
fn a_health_check_of_another_region_is_told_at_both_fields_by_whatever_names_the_host() {
    let id = RegionField::HealthCheckId;
    let crossed = "fail: It watches eu.example.com, the host of eu-west-1: it tells nothing of us-east-1";
    let swapped = "fail: The health check of us-east-1 watches this region's host, eu.example.com: are the IDs swapped?";
    let listed = || Outside::filled_in().lists(&[("id-us", "eu.example.com"), ("id-eu", "lb.example.net")]);
    // by the host that is typed
    assert_eq!(listed().of_region(US, id), crossed);
    assert_eq!(listed().of_region(EU, id), swapped);
    // by the values file, where none is typed
    let mut by_file = listed().values(EU, eu_file());
    by_file.draft.regions[EU].host.clear();
    assert_eq!(by_file.of_region(US, id), crossed);
    // by the Ingress
    let mut by_ingress = listed().answer(
        Question::Ingress(RegionIndex(EU)),
        Ok(Facts::Ingress(IngressFacts::Found {
            addresses: Vec::new(),
            hosts: vec!["eu.example.com".to_owned()],
        })),
    );
    by_ingress.draft.regions[EU].host.clear();
    assert_eq!(by_ingress.of_region(US, id), crossed);
    // a host of nobody, and the own one, keep nothing from being saved
    for watched in ["x.example.com", "us.example.com"] {
        assert!(Outside::filled_in().lists(&[("id-us", watched)]).notes().refused.is_empty(), "{watched}");
    }
    // the name that all regions share is no region's own
    let mut shared = Outside::filled_in().lists(&[("id-us", "example.com")]);
    "example.com".clone_into(&mut shared.draft.regions[EU].host);
    assert!(shared.notes().refused.is_empty());
}
