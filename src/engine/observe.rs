//! Questions: each becomes one reading, facts or the reason why there are none.

mod aws;

use std::time::{Duration, Instant};

use futures::future::join_all;
use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::clients::kubernetes::{Pinned, plugin_limit};
use crate::clients::secret::redact_credentials;
use crate::clients::{chart, probe, tools, values_file};
use crate::runbook::action::release_name;
use crate::runbook::fact::{
    ClusterIdentityFacts, DeploymentFacts, Facts, ListedHealthCheck, LogLine, PodsFacts, ProbeFacts,
};
use crate::runbook::profile::RegionIndex;
use crate::runbook::question::{Question, Reading, Readings};
use crate::runbook::verdict::{Why, WhyKind};

use super::session::Session;

/// How many of a log's last lines are read, as in the runbook.
const TAIL_LINES: u32 = 50;

/// How long to look whether a plugin is what a question waits for.
const LOOK_FOR_A_PLUGIN: Duration = Duration::from_millis(500);

/// Whose sign-in a question waits for first.
enum Waits {
    /// That of a region's cluster.
    Cluster(RegionIndex),
    /// That of the environment's AWS profile.
    Aws,
}

fn waits_for(question: Question) -> Option<Waits> {
    match question {
        Question::Cluster(region)
        | Question::ClusterIdentity(region)
        | Question::Deployment(region)
        | Question::Pods(region)
        | Question::Logs(region)
        | Question::Ingress(region)
        | Question::Nodes(region)
        | Question::Events(region)
        | Question::Peers(region)
        | Question::Release(region)
        | Question::Access(region)
        | Question::Preview(region, _) => Some(Waits::Cluster(region)),
        Question::HealthCheck(_)
        | Question::Eks(_)
        | Question::Targets(_)
        | Question::Path(_)
        | Question::Identity => Some(Waits::Aws),
        Question::Probe(_)
        | Question::SharedProbe
        | Question::Values(_)
        | Question::Chart
        | Question::Tools => None,
    }
}

/// A reason as it leaves the clients: whoever made it, no credential is in it.
pub(super) fn without_credentials(mut why: Why) -> Why {
    why.message = redact_credentials(&why.message);
    why.remedy = redact_credentials(&why.remedy);
    why
}

impl Session {
    /// Asks one question. Never fails: what could not be asked is in the reading.
    pub async fn observe(&self, question: Question) -> Reading<Facts> {
        let start = Instant::now();
        let answer = self.ask_in_time(question).await.map_err(without_credentials);
        if let Err(why) = &answer {
            self.heed(question, why).await;
        }
        Reading { answer, observed_at: Timestamp::now(), took: start.elapsed() }
    }

    /// An answer within the session's deadline, however many calls it takes one after another. The time of a
    /// credential plugin comes on top, and programs have limits of their own.
    async fn ask_in_time(&self, question: Question) -> Result<Facts, Why> {
        let deadline = self.options().deadline;
        let mut asking = Box::pin(self.ask(question));
        if question == Question::Tools {
            return asking.await;
        }
        if let Ok(answer) = timeout(deadline, &mut asking).await {
            return answer;
        }
        if let Some(more) = self.time_of_plugin(question).await
            && let Ok(answer) = timeout(more, &mut asking).await
        {
            return answer;
        }
        let waits = match waits_for(question) {
            Some(Waits::Cluster(region)) => self.is_signing_in(region),
            Some(Waits::Aws) => true,
            None => false,
        };
        if waits && let Some(why) = self.slow_aws_sign_in() {
            return Err(why);
        }
        let message = format!("No answer from {} within {deadline:?}", self.peer(question));
        Err(Why::new(WhyKind::Timeout, message))
    }

    /// How much longer the question may take because its cluster's plugin runs.
    async fn time_of_plugin(&self, question: Question) -> Option<Duration> {
        let waits = (waits_for(question), question);
        let ((Some(Waits::Cluster(region)), _) | (_, Question::Targets(region))) = waits else { return None };
        if !self.is_signing_in(region) {
            return None;
        }
        // What hangs on the kubeconfig itself gets no more time.
        timeout(LOOK_FOR_A_PLUGIN, plugin_limit(&self.access(region))).await.ok()?
    }

    /// Whom a question asks, as messages name it.
    fn peer(&self, question: Question) -> String {
        let profile = self.profile();
        let name = question.region().map_or("", |region| profile.region(region).name.as_str());
        let url = |host: Option<&String>| format!("https://{}", host.map_or("", String::as_str));
        match question {
            Question::HealthCheck(_) => "Route 53".to_owned(),
            Question::Probe(region) => url(profile.region(region).host.as_ref()),
            Question::SharedProbe => url(profile.shared_host.as_ref()),
            Question::Eks(_) => "EKS".to_owned(),
            Question::Targets(_) => format!("the cluster of {name} and Elastic Load Balancing"),
            Question::Path(_) => "EKS and EC2".to_owned(),
            Question::Identity => "STS".to_owned(),
            Question::Values(_) => format!("the values file of {name}"),
            Question::Chart => profile.chart.repository.clone(),
            Question::Tools => "this machine's programs".to_owned(),
            _ => {
                let server = question.region().and_then(|region| self.server(region));
                server.unwrap_or_else(|| format!("the cluster of {name}"))
            }
        }
    }

    /// What a failure changes for the next asking: a cluster that cannot be connected to may have another
    /// address by now.
    pub(super) async fn heed(&self, question: Question, why: &Why) {
        if let Some(Waits::Cluster(region)) = waits_for(question) {
            self.heed_cluster(region, why).await;
        }
    }

    async fn heed_cluster(&self, region: RegionIndex, why: &Why) {
        if matches!(why.kind, WhyKind::Connection | WhyKind::Dns | WhyKind::Tls) {
            self.forget_cluster(region).await;
        }
    }

    /// Asks several questions at once and returns when all are answered.
    pub async fn observe_all(&self, questions: &[Question], readings: &mut Readings) {
        let asked =
            questions.iter().map(|question| async move { (*question, self.observe(*question).await) });
        for (question, reading) in join_all(asked).await {
            readings.keep(question, reading);
        }
    }

    /// Watches a region's rollout until the receiver closes or the future is dropped.
    pub async fn watch_rollout(
        &self,
        region: RegionIndex,
        snapshots: mpsc::Sender<(DeploymentFacts, PodsFacts)>,
    ) -> Result<(), Why> {
        let profile = self.profile();
        let watching = async {
            let reader = self.reader(region).await?;
            reader.watch_rollout(&profile.namespace, &profile.deployment, &profile.selector, snapshots).await
        };
        let ended = watching.await.map_err(without_credentials);
        if let Err(why) = &ended {
            self.heed_cluster(region, why).await;
        }
        ended
    }

    /// Follows a container's log until it ends, the receiver closes or the future is dropped.
    pub async fn follow_log(
        &self,
        region: RegionIndex,
        pod: &str,
        container: &str,
        lines: mpsc::Sender<LogLine>,
    ) -> Result<(), Why> {
        let reader = self.reader(region).await?;
        let followed = reader.follow_logs(&self.profile().namespace, pod, container, lines).await;
        followed.map_err(without_credentials)
    }

    /// The health checks of the AWS account, sorted by host.
    pub async fn list_health_checks(&self) -> Result<Vec<ListedHealthCheck>, Why> {
        self.route53().await?.list().await
    }

    /// The IDs of the VPCs that are peered with the clusters', sorted: where the database may be.
    ///
    /// # Errors
    /// Where not one cluster's could be read: the first one's reason.
    pub async fn list_peered_vpcs(&self) -> Result<Vec<String>, Why> {
        let answers = join_all(self.profile().indices().map(|region| self.peered_vpcs(region))).await;
        let mut found = Vec::new();
        let mut why = None;
        for answer in answers {
            match answer {
                Ok(sides) => found.push(sides),
                Err(reason) => why = why.or(Some(reason)),
            }
        }
        if let (true, Some(why)) = (found.is_empty(), why) {
            return Err(why);
        }
        let mut vpcs: Vec<String> = found.into_iter().flatten().map(|side| side.vpc_id).collect();
        vpcs.sort_unstable();
        vpcs.dedup();
        Ok(vpcs)
    }

    async fn ask(&self, question: Question) -> Result<Facts, Why> {
        let profile = self.profile();
        let (namespace, selector) = (profile.namespace.as_str(), profile.selector.as_str());
        Ok(match question {
            Question::HealthCheck(region) => {
                let id = &profile.region(region).health_check_id;
                Facts::HealthCheck(self.route53().await?.health_check(id).await?)
            }
            Question::Probe(region) => Facts::Probe(self.observe_probe(region).await?),
            Question::SharedProbe => Facts::SharedProbe(self.observe_shared_probe().await?),
            Question::Cluster(region) => Facts::Cluster(self.reader(region).await?.cluster().await?),
            Question::ClusterIdentity(region) => {
                Facts::ClusterIdentity(self.observe_cluster_identity(region).await?)
            }
            Question::Deployment(region) => {
                let reader = self.reader(region).await?;
                Facts::Deployment(reader.deployment(namespace, &profile.deployment, selector).await?)
            }
            Question::Pods(region) => {
                Facts::Pods(self.reader(region).await?.pods(namespace, selector).await?)
            }
            Question::Logs(region) => {
                Facts::Logs(self.reader(region).await?.logs(namespace, selector, TAIL_LINES).await?)
            }
            Question::Ingress(region) => {
                Facts::Ingress(self.reader(region).await?.ingress(namespace, &profile.ingress).await?)
            }
            Question::Nodes(region) => Facts::Nodes(self.reader(region).await?.nodes().await?),
            Question::Events(region) => Facts::Events(self.reader(region).await?.events(namespace).await?),
            Question::Peers(region) => Facts::Peers(self.reader(region).await?.peers().await?),
            Question::Release(region) => {
                let release = release_name(profile);
                Facts::Release(self.reader(region).await?.release(namespace, release).await?)
            }
            Question::Access(region) => Facts::Access(self.reader(region).await?.access(namespace).await?),
            Question::Preview(..) => {
                return Err(Why::new(
                    WhyKind::NotAsked,
                    "What would change is read for a plan, and there is none",
                ));
            }
            Question::Chart => Facts::Chart(chart::find(&profile.chart, self.call_deadline()).await?),
            Question::Eks(region) => Facts::Eks(self.observe_eks(region).await?),
            Question::Targets(region) => Facts::Targets(self.observe_targets(region).await?),
            Question::Path(region) => Facts::Path(self.observe_path(region).await?),
            Question::Identity => Facts::Identity(self.observe_identity().await?),
            Question::Values(region) => {
                let Some(path) = &profile.region(region).values_file else {
                    let message = "the environment gives this region no values file";
                    return Err(Why::new(WhyKind::Configuration, message));
                };
                Facts::Values(values_file::read(path, self.call_deadline()).await?)
            }
            Question::Tools => Facts::Tools(tools::find_tools(&tools::search_path().await).await),
        })
    }

    /// The kubeconfig is read anew each time: it tells where the context leads now. A client that was made for
    /// another place is forgotten, so that everything else is read there too.
    async fn observe_cluster_identity(&self, region: RegionIndex) -> Result<ClusterIdentityFacts, Why> {
        let address = Pinned::read(&self.access(region)).await?.address();
        let uid = async {
            let mut reader = self.reader(region).await?;
            if *reader.address() != address {
                self.forget_cluster(region).await;
                reader = self.reader(region).await?;
            }
            reader.cluster_uid().await
        };
        // What the cluster does not answer takes nothing from what the kubeconfig says.
        let uid = Box::pin(uid).await;
        if let Err(why) = &uid {
            self.heed_cluster(region, why).await;
        }
        Ok(ClusterIdentityFacts { address, uid })
    }

    async fn observe_probe(&self, region: RegionIndex) -> Result<ProbeFacts, Why> {
        let target = self.profile().region(region);
        let Some(host) = &target.host else {
            return Err(Why::new(WhyKind::Configuration, "the environment gives this region no host"));
        };
        let address = self.probe_address(region)?;
        probe::probe(host, address, target.probe_ca.as_deref(), self.call_deadline()).await
    }

    /// The shared name, by DNS; or, where regions are given addresses of their own
    /// (practice and tests), at each of them as Route 53 would choose: one that is well.
    async fn observe_shared_probe(&self) -> Result<ProbeFacts, Why> {
        let profile = self.profile();
        let Some(host) = &profile.shared_host else {
            return Err(Why::new(WhyKind::Configuration, "the environment names no shared host"));
        };
        let deadline = self.call_deadline();
        let given: Vec<_> =
            profile.indices().filter(|region| profile.region(*region).probe_address.is_some()).collect();
        if given.is_empty() {
            return probe::probe(host, None, None, deadline).await;
        }
        let asked: Vec<_> =
            given.into_iter().map(|region| self.observe_shared_probe_at(host, region)).collect();
        let mut answers = join_all(asked).await;
        let well = answers.iter().position(|answer| answer.as_ref().is_ok_and(ProbeFacts::is_well));
        answers.swap_remove(well.unwrap_or(0))
    }

    async fn observe_shared_probe_at(&self, host: &str, region: RegionIndex) -> Result<ProbeFacts, Why> {
        let address = self.probe_address(region)?;
        let ca = self.profile().region(region).probe_ca.as_deref();
        probe::probe(host, address, ca, self.call_deadline()).await
    }
}
