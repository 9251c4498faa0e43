//! Sessions and the engine against servers and files of a test's own.

use std::path::Path;

use super::*;
use crate::clients::test_server::{Behaviour, TestServer};
use crate::engine::job::SessionId;
use crate::engine::session::Session;
use crate::runbook::fact::Facts;
use crate::runbook::profile::{RegionIndex, testing::profile};
use crate::runbook::question::Question;
use crate::runbook::verdict::{Side, WhyKind};

const US: RegionIndex = RegionIndex(0);
const LONG: Duration = Duration::from_secs(30);

/// Writes AWS files whose profile `prod` gets its credentials from this program.
#[cfg(unix)]
fn signs_in_by(folder: &Path, program: &str) -> Profile {
    let mut profile = profile();
    let (config, credentials) = (folder.join("config"), folder.join("credentials"));
    std::fs::write(&config, format!("[profile prod]\ncredential_process = {program}\n")).unwrap();
    std::fs::write(&credentials, "").unwrap();
    profile.aws.profile = Some("prod".to_owned());
    profile.aws.config_file = Some(config);
    profile.aws.credentials_file = Some(credentials);
    profile.regions[0].context = "arn:aws:eks:us-east-1:123456789012:cluster/c".to_owned();
    profile
}

/// A kubeconfig with the context `us` for this server.
fn kubeconfig(path: &Path, address: std::net::SocketAddr) {
    let text = format!(
        "clusters:\n- name: c\n  cluster: {{server: 'http://{address}'}}\n\
         users:\n- name: u\n  user: {{}}\n\
         contexts:\n- name: us\n  context: {{cluster: c, user: u}}\n"
    );
    std::fs::write(path, text).unwrap();
}

#[cfg(unix)]
#[tokio::test]
async fn a_sign_in_that_hangs_is_told_as_our_side_whatever_was_asked() {
    let folder = tempfile::tempdir().unwrap();
    let profile = signs_in_by(folder.path(), "sleep 60");
    let options = SessionOptions {
        deadline: Duration::from_millis(700),
        aws_endpoint: Some("http://127.0.0.1:9".to_owned()),
        ..SessionOptions::default()
    };
    let session = Session::new(Arc::new(profile), options);
    let questions = [Question::Eks(US), Question::HealthCheck(US), Question::Path(US), Question::Identity];
    for reading in futures::future::join_all(questions.map(|question| session.observe(question))).await {
        let why = reading.answer.unwrap_err();
        assert_eq!((why.kind, why.side), (WhyKind::Timeout, Side::Ours), "{}", why.message);
        assert!(why.message.contains("sign-in of profile prod"), "{}", why.message);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn a_slow_sign_in_and_a_silent_service_share_one_deadline() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("sign-in");
    let keys = r#"{"Version":1,"AccessKeyId":"AKIDEXAMPLE","SecretAccessKey":"s"}"#;
    std::fs::write(&program, format!("sleep 1\necho '{keys}'\n")).unwrap();
    let profile = signs_in_by(folder.path(), &format!("sh {}", program.display()));
    let server = TestServer::start(Behaviour::Hang).await;
    let options = SessionOptions {
        deadline: Duration::from_secs(4),
        aws_endpoint: Some(format!("http://{}", server.address)),
        ..SessionOptions::default()
    };
    let session = Session::new(Arc::new(profile), options);
    let why = session.observe(Question::Eks(US)).await.answer.unwrap_err();
    // The call's own limit would end later, and name itself.
    assert_eq!(why.message, "No answer from EKS within 4s");
    assert_eq!(server.requests().len(), 1, "it was asked");
}

#[tokio::test]
async fn a_cluster_that_was_made_anew_is_found_at_its_new_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("kubeconfig");
    kubeconfig(&path, TestServer::refusing().await);
    let mut profile = profile();
    profile.kubeconfig = Some(path.clone());
    profile.regions[0].context = "us".to_owned();
    let session =
        Session::new(Arc::new(profile), SessionOptions { deadline: LONG, ..SessionOptions::default() });
    let why = session.observe(Question::Cluster(US)).await.answer.unwrap_err();
    assert_eq!(why.kind, WhyKind::Connection, "{}", why.message);
    let server = TestServer::start(Behaviour::Answer(200, r#"{"gitVersion":"v1.36.2"}"#.to_owned())).await;
    kubeconfig(&path, server.address);
    let Ok(Facts::Cluster(facts)) = session.observe(Question::Cluster(US)).await.answer else {
        panic!("the kubeconfig was not read again")
    };
    assert_eq!(facts.version, "v1.36.2");
    // Where the context leads is told by the file as it is now, and read there.
    let object = r#"{"metadata":{"name":"kube-system","uid":"k2"}}"#;
    let other = TestServer::start(Behaviour::Answer(200, object.to_owned())).await;
    kubeconfig(&path, other.address);
    let Ok(Facts::ClusterIdentity(facts)) = session.observe(Question::ClusterIdentity(US)).await.answer
    else {
        panic!("the kubeconfig can be read")
    };
    assert_eq!(facts.address.server, format!("http://{}", other.address));
    assert_eq!(facts.uid.as_deref(), Ok("k2"));
}

#[tokio::test]
async fn a_question_asked_anew_ends_the_asking_before() {
    let server = TestServer::start(Behaviour::Hang).await;
    let mut profile = profile();
    profile.regions[0].probe_address = Some(server.address.to_string());
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        store: Ok(Store::at(folder.path())),
        runs: Ok(folder.path().to_owned()),
        start_practice: Arc::new(|_| Box::pin(async { Err("no practice".to_owned()) })),
        session: SessionOptions { deadline: Duration::from_millis(300), ..SessionOptions::default() },
    };
    let (sender, mut woken) = mpsc::channel(16);
    let mut engine = Engine::start(options, move || assert!(sender.try_send(()).is_ok())).unwrap();
    let session = SessionId(1);
    assert!(engine.submit(Job::Open { session, profile: Arc::new(profile) }));
    for generation in 1..=3 {
        assert!(engine.submit(Job::Observe { session, question: Question::Probe(US), generation }));
    }
    woken.recv().await.unwrap();
    let Some(Event::Observed { generation, .. }) = engine.next_event() else { panic!("an answer") };
    assert_eq!(generation, 3);
}

#[tokio::test]
async fn a_practice_world_whose_start_panics_is_answered() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        store: Ok(Store::at(folder.path())),
        runs: Ok(folder.path().to_owned()),
        start_practice: Arc::new(|_| Box::pin(async { panic!("of the test") })),
        session: SessionOptions::default(),
    };
    let (sender, mut woken) = mpsc::channel(16);
    let mut engine = Engine::start(options, move || assert!(sender.try_send(()).is_ok())).unwrap();
    let session = SessionId(1);
    assert!(engine.submit(Job::StartPractice { session, scenario: "any".to_owned() }));
    woken.recv().await.unwrap();
    let Some(Event::PracticeStarted { world: Err(message), .. }) = engine.next_event() else {
        panic!("an answer")
    };
    assert!(message.contains("panic"), "{message}");
}

#[test]
fn a_job_that_is_not_taken_is_answered_where_somebody_waits_for_it() {
    use crate::runbook::action::ActionOutcome;
    use crate::runbook::steps::restore::tests::confirmed_for;
    let (now, session) = (jiff::Timestamp::UNIX_EPOCH, SessionId(1));
    let apply = Job::Apply { session, confirmed: Box::new(confirmed_for("us")) };
    let Some(Event::ActionEnded { outcome: ActionOutcome::Failed { unchanged: true, .. }, .. }) =
        untaken(&apply, now)
    else {
        panic!("an outcome")
    };
    assert!(matches!(untaken(&Job::BeginRun { session }, now), Some(Event::JournalFailed { .. })));
    let observe = Job::Observe { session, question: Question::Cluster(US), generation: 7 };
    assert!(matches!(untaken(&observe, now), Some(Event::Observed { generation: 7, .. })));
}
