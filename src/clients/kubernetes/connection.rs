//! A context's connection: signs in, sends requests with a deadline, signs in again when needed.

use std::future::Future;
use std::time::Duration;

use http::{Request, Response, StatusCode};
use jiff::{SignedDuration, Timestamp};
use kube::client::Body;
use kube::config::{AuthInfo, ExecConfig};
use kube::{Client, Config};
use serde::de::DeserializeOwned;
use serde_json::json;
use tokio::sync::Mutex;

use super::access::{ClusterAccess, Target};
use super::answer::{self, Failure};
use super::eks::EksToken;
use super::exec::{Credential, PLUGIN_LIMIT, Plugin};
use super::pinned::Pinned;
use crate::clients::failure::{of_connection, words};
use crate::clients::{MAX_ANSWER_BYTES, install_tls_provider, process, within};
use crate::runbook::fact::ClusterAddress;
use crate::runbook::verdict::{Why, WhyKind};

/// A credential is renewed this long before it expires.
const RENEW_BEFORE: SignedDuration = SignedDuration::from_secs(60);

/// One context's connection; calls share it.
pub(super) struct Connection {
    config: Config,
    sign_in: Option<SignIn>,
    server: String,
    address: ClusterAddress,
    deadline: Duration,
    session: Mutex<Session>,
}

/// Where credentials come from that the kubeconfig itself does not hold.
enum SignIn {
    Plugin(Plugin),
    EksToken(EksToken),
}

impl SignIn {
    fn of(exec: ExecConfig, access: &ClusterAccess) -> Self {
        let token = access.aws.as_ref().and_then(|aws| EksToken::of(&exec, aws));
        token.map_or_else(|| Self::Plugin(Plugin::new(exec, &access.exec_env)), Self::EksToken)
    }

    async fn credential(&self, is_refused: bool) -> Result<Credential, Why> {
        match self {
            Self::Plugin(plugin) => plugin.run().await,
            Self::EksToken(token) => Box::pin(token.credential(is_refused)).await,
        }
    }
}

/// How much longer than a call a sign-in may take, by the plugin that a context runs for it; `None` where it
/// runs none, and where the kubeconfig cannot be read.
pub async fn plugin_limit(access: &ClusterAccess) -> Option<Duration> {
    let exec = Pinned::read(access).await.ok()?.target.exec?;
    matches!(SignIn::of(exec, access), SignIn::Plugin(_)).then_some(PLUGIN_LIMIT + process::GRACE)
}

/// A client with one sign-in.
struct Session {
    client: Client,
    /// Counts the sign-ins, so that several calls with the same refused one renew it once.
    number: u64,
    expires_at: Option<Timestamp>,
}

impl Connection {
    /// Reads the kubeconfig and signs in; asks the cluster nothing.
    pub(super) async fn open(access: &ClusterAccess) -> Result<Self, Why> {
        Self::to(Pinned::read(access).await?.target, access).await
    }

    /// Signs in to what a kubeconfig said; asks the cluster nothing.
    pub(super) async fn to(target: Target, access: &ClusterAccess) -> Result<Self, Why> {
        install_tls_provider();
        let address = target.address();
        let Target { config, exec, server } = target;
        let sign_in = exec.map(|exec| SignIn::of(exec, access));
        let session = signed_in(&config, sign_in.as_ref(), &server, (0, false)).await?;
        let deadline = access.deadline;
        Ok(Self { config, sign_in, server, address, deadline, session: Mutex::new(session) })
    }

    /// The API's address as messages name it.
    pub(super) fn server(&self) -> &str {
        &self.server
    }

    /// How the cluster is reached, to tell it from another one.
    pub(super) fn address(&self) -> &ClusterAddress {
        &self.address
    }

    /// Is a sign-in going on?
    pub(super) fn is_signing_in(&self) -> bool {
        self.session.try_lock().is_err()
    }

    /// Ends a call at the deadline. A sign-in that is due comes before: it has a limit of its own.
    pub(super) async fn timed<T>(
        &self,
        call: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        self.client(None).await?;
        // Boxed: requests are large futures, and several of them are joined in one.
        let call = Box::pin(call);
        within(self.deadline, &self.server, async { Ok(call.await) }).await?
    }

    /// A whole answer as JSON, within the deadline.
    pub(super) async fn json<T: DeserializeOwned>(&self, request: Request<Vec<u8>>) -> Result<T, Failure> {
        self.json_of(request, MAX_ANSWER_BYTES).await
    }

    /// The same of at most so many bytes, where many small answers are read at once.
    pub(super) async fn json_of<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
        max_bytes: usize,
    ) -> Result<T, Failure> {
        self.timed(async {
            let response = self.send(request).await?;
            let body = answer::collect(&self.server, response.into_body(), max_bytes).await?;
            answer::parse(&self.server, &body)
        })
        .await
    }

    /// The head of an answer within the deadline; its body is the caller's to read.
    pub(super) async fn stream(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, Failure> {
        self.timed(self.send(request)).await
    }

    /// A change: sent once, whatever it is answered with. A 401 is a refusal like any other.
    pub(super) async fn json_once<T: DeserializeOwned>(
        &self,
        request: Request<Vec<u8>>,
    ) -> Result<T, Failure> {
        self.timed(async {
            let (_, client) = self.client(None).await?;
            let response = self.send_with(&client, request).await?;
            let response = answer::accepted(&self.server, response).await?;
            let body = answer::collect(&self.server, response.into_body(), MAX_ANSWER_BYTES).await?;
            answer::parse(&self.server, &body)
        })
        .await
    }

    /// Sends a question without a deadline of its own. A refused sign-in is renewed once.
    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Body>, Failure> {
        let (number, client) = self.client(None).await?;
        let mut response = self.send_with(&client, request.clone()).await?;
        if response.status() == StatusCode::UNAUTHORIZED && self.sign_in.is_some() {
            let (_, client) = self.client(Some(number)).await?;
            response = self.send_with(&client, request).await?;
        }
        answer::accepted(&self.server, response).await
    }

    async fn send_with(&self, client: &Client, request: Request<Vec<u8>>) -> Result<Response<Body>, Failure> {
        let sent = Box::pin(client.send(request.map(Body::from))).await;
        sent.map_err(|error| of_connection(&self.server, &error).into())
    }

    /// The client to use, signed in anew where its sign-in is about to expire or was refused.
    async fn client(&self, refused: Option<u64>) -> Result<(u64, Client), Why> {
        let mut session = self.session.lock().await;
        let expires = session.expires_at.is_some_and(|at| at <= Timestamp::now() + RENEW_BEFORE);
        let is_refused = refused == Some(session.number);
        if self.sign_in.is_some() && (expires || is_refused) {
            let next = (session.number + 1, is_refused);
            let signing_in = signed_in(&self.config, self.sign_in.as_ref(), &self.server, next);
            *session = Box::pin(signing_in).await?;
        }
        Ok((session.number, session.client.clone()))
    }
}

/// The sign-in of this number; does it come after one that was refused?
async fn signed_in(
    config: &Config,
    sign_in: Option<&SignIn>,
    server: &str,
    (number, is_refused): (u64, bool),
) -> Result<Session, Why> {
    let mut config = config.clone();
    let mut expires_at = None;
    if let Some(sign_in) = sign_in {
        let credential = sign_in.credential(is_refused).await?;
        expires_at = credential.expires_at;
        add_credential(&mut config.auth_info, &credential)?;
    }
    // Reads certificate files and the system's trust store.
    let building = tokio::task::spawn_blocking(move || Client::try_from(config));
    let built = building.await.map_err(|error| unusable(server, &error))?;
    let client = built.map_err(|error| unusable(server, &error))?;
    Ok(Session { client, number, expires_at })
}

fn unusable(server: &str, error: &dyn std::error::Error) -> Why {
    let message =
        format!("The kubeconfig's settings for {server} cannot be used: {}", words(&error.to_string()));
    Why::new(WhyKind::Configuration, message)
}

/// Puts a plugin's credential where kube expects those of the file itself.
fn add_credential(auth: &mut AuthInfo, credential: &Credential) -> Result<(), Why> {
    use base64::Engine;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let mut fields = json!({});
    if let Some(token) = &credential.token {
        fields["token"] = json!(token.expose());
    }
    if let Some((certificate, key)) = &credential.client_certificate {
        fields["client-certificate-data"] = json!(base64(certificate));
        fields["client-key-data"] = json!(base64(key.expose()));
    }
    let given: AuthInfo = serde_json::from_value(fields)
        .map_err(|_| Why::new(WhyKind::Tool, "The credential plugin's credential cannot be used"))?;
    auth.token = given.token.or(auth.token.take());
    auth.client_certificate_data = given.client_certificate_data.or(auth.client_certificate_data.take());
    auth.client_key_data = given.client_key_data.or(auth.client_key_data.take());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::aws::AwsProfiles;
    use crate::runbook::profile::AwsSettings;

    #[tokio::test]
    async fn credentials_are_asked_for_anew_after_a_refusal_and_not_on_each_renewal() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let keys = |key: &str| {
            let text = format!("[prod]\naws_access_key_id = {key}\naws_secret_access_key = s\n");
            std::fs::write(path("credentials"), text).unwrap();
        };
        keys("FIRST");
        std::fs::write(path("config"), "").unwrap();
        let kubeconfig = json!({
            "clusters": [{ "name": "c", "cluster": { "server": "https://127.0.0.1:9" } }],
            "users": [{ "name": "u", "user": { "exec": { "command": "aws", "args":
                ["--region", "us-east-1", "eks", "get-token", "--cluster-name", "c"] } } }],
            "contexts": [{ "name": "us", "context": { "cluster": "c", "user": "u" } }],
        });
        std::fs::write(path("kubeconfig"), kubeconfig.to_string()).unwrap();
        let settings = AwsSettings {
            profile: Some("prod".to_owned()),
            config_file: Some(path("config")),
            credentials_file: Some(path("credentials")),
        };
        let deadline = Duration::from_secs(30);
        let aws = AwsProfiles::new(settings, None, deadline);
        let access = ClusterAccess {
            kubeconfig: Some(path("kubeconfig")),
            context: "us".to_owned(),
            exec_env: Vec::new(),
            aws: Some(aws.clone()),
            deadline,
        };
        assert_eq!(plugin_limit(&access).await, None, "done in process");
        let connection = Connection::open(&access).await.unwrap();
        let key = async || aws.own().await.unwrap().credentials().await.unwrap().access_key_id().to_owned();
        keys("SECOND");
        connection.session.lock().await.expires_at = Some(Timestamp::now());
        let (number, _) = connection.client(None).await.unwrap();
        assert_eq!((number, key().await.as_str()), (1, "FIRST"), "the token ran out, nobody refused it");
        let (number, _) = connection.client(Some(number)).await.unwrap();
        assert_eq!((number, key().await.as_str()), (2, "SECOND"), "refused");
    }
}
