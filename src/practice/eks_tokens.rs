//! The door in front of a cluster's API: whose bearer tokens are accepted.
//!
//! On EKS a token is a presigned `GetCallerIdentity` (`domain.md`, section 6):
//! `k8s-aws-v1.` and the URL, base64url without padding. EKS sends that request
//! with the cluster's name in the header `x-k8s-aws-id`, and lets in whom STS
//! answers with. Here the same is decided without a request: the world knows the
//! account's secret, signs the request once more and compares.

use std::{sync::Arc, time::Duration};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SignatureLocation, SigningSettings, sign},
    sign::v4,
};
use axum::{
    Router,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Uri, header},
    middleware::{self, Next},
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp, civil::DateTime, tz::TimeZone};

use super::{
    account::AccountNow,
    aws::{AccessKey, parameter},
    places::Place,
    world::Auth,
};

const PREFIX: &str = "k8s-aws-v1.";
/// The header that ties a token to a cluster.
const CLUSTER_HEADER: &str = "x-k8s-aws-id";
/// EKS takes a token for this long after its `X-Amz-Date`, whatever `X-Amz-Expires` says.
const VALID_FOR: SignedDuration = SignedDuration::from_mins(15);
/// How far a client's clock may run ahead.
const CLOCK_SKEW: SignedDuration = SignedDuration::from_mins(5);

/// Whom a cluster lets in.
pub(super) struct Door {
    pub place: &'static Place,
    pub auth: Auth,
    /// The token that the cluster itself knows.
    pub own_token: String,
    pub key: AccessKey,
    /// Host and port of the world's own STS.
    pub endpoint: String,
    pub account: AccountNow,
}

/// The API behind this door. Whoever may come in goes on with the cluster's
/// own token, whoever may not without any; so the refusal is the API's own.
pub(super) fn guard(router: Router, door: Door) -> Router {
    router.layer(middleware::from_fn_with_state(Arc::new(door), pass))
}

async fn pass(State(door): State<Arc<Door>>, mut request: Request, next: Next) -> Response {
    let admitted = door.admits(request.headers());
    let own = admitted.then(|| HeaderValue::from_str(&format!("Bearer {}", door.own_token)).ok()).flatten();
    match own {
        Some(own) => request.headers_mut().insert(header::AUTHORIZATION, own),
        None => request.headers_mut().remove(header::AUTHORIZATION),
    };
    next.run(request).await
}

impl Door {
    fn admits(&self, headers: &HeaderMap) -> bool {
        let sent = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
        let Some(token) = sent.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim) else {
            return false;
        };
        if self.account.expired() {
            return false;
        }
        match self.auth {
            Auth::Token => token == self.own_token,
            Auth::Eks => match self.verify(token, Timestamp::now()) {
                Ok(()) => true,
                Err(why) => {
                    tracing::debug!(cluster = self.place.cluster_name(), why, "a token was refused");
                    false
                }
            },
        }
    }

    /// Whether EKS would take the token; else why not.
    fn verify(&self, token: &str, now: Timestamp) -> Result<(), &'static str> {
        let encoded = token.strip_prefix(PREFIX).ok_or("it does not begin with k8s-aws-v1.")?;
        let url = BASE64_URL_SAFE_NO_PAD.decode(encoded).map_err(|_| "it is not base64url")?;
        let url = String::from_utf8(url).map_err(|_| "it is no text")?;
        let uri: Uri = url.parse().map_err(|_| "it is no URL")?;
        if !self.is_sts(&uri) {
            return Err("its host is no STS");
        }
        let query = uri.query().unwrap_or_default();
        let value = |name: &str| parameter(query, name).ok_or("a parameter is missing");
        if value("Action")? != "GetCallerIdentity" {
            return Err("it asks STS for something else");
        }
        let credential = value("X-Amz-Credential")?;
        let [access_key_id, _, region, "sts", "aws4_request"] = credential.split('/').collect::<Vec<_>>()[..]
        else {
            return Err("it is not signed for STS");
        };
        if access_key_id != self.key.id {
            return Err("its access key is none of this account's");
        }
        let signed_at = date(&value("X-Amz-Date")?).ok_or("its date is none")?;
        if now < signed_at - CLOCK_SKEW || now >= signed_at + VALID_FOR {
            return Err("it has expired, or is not valid yet");
        }
        let expires: u64 = value("X-Amz-Expires")?.parse().map_err(|_| "its time limit is no number")?;
        let expected = self.sign(&uri, region, signed_at, Duration::from_secs(expires));
        let expected = expected.ok_or("it cannot be signed")?;
        let signed_headers = value("X-Amz-SignedHeaders")?;
        if !signed_headers.split(';').any(|name| name == CLUSTER_HEADER) {
            return Err("the cluster's name is not signed");
        }
        if value("X-Amz-Signature")? == expected { Ok(()) } else { Err("its signature is wrong") }
    }

    fn is_sts(&self, uri: &Uri) -> bool {
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        let own = uri.scheme_str() == Some("http") && authority == self.endpoint;
        let regional = authority
            .strip_prefix("sts.")
            .and_then(|rest| rest.strip_suffix(".amazonaws.com"))
            .is_some_and(|region| !region.is_empty() && !region.contains('.'));
        let aws = uri.scheme_str() == Some("https") && (authority == "sts.amazonaws.com" || regional);
        (own || aws) && uri.path() == "/"
    }

    /// The signature of the same request for this cluster.
    fn sign(&self, uri: &Uri, region: &str, at: Timestamp, expires_in: Duration) -> Option<String> {
        let identity = Credentials::new(&self.key.id, &self.key.secret, None, None, "practice world").into();
        let mut settings = SigningSettings::default();
        settings.signature_location = SignatureLocation::QueryParams;
        settings.expires_in = Some(expires_in);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(region)
            .name("sts")
            .time(at.into())
            .settings(settings)
            .build()
            .ok()?
            .into();
        let url = unsigned(uri)?;
        let cluster = self.place.cluster_name();
        let headers = [(CLUSTER_HEADER, cluster.as_str())].into_iter();
        let request = SignableRequest::new("GET", &url, headers, SignableBody::empty()).ok()?;
        sign(request, &params).ok().map(|output| output.into_parts().1)
    }
}

/// The URL without what signing adds.
fn unsigned(uri: &Uri) -> Option<String> {
    let kept = uri.query()?.split('&').filter(|pair| !pair.starts_with("X-Amz-"));
    let query = kept.collect::<Vec<_>>().join("&");
    Some(format!("{}://{}/?{query}", uri.scheme_str()?, uri.authority()?))
}

/// `X-Amz-Date`: `20260102T030405Z`.
fn date(text: &str) -> Option<Timestamp> {
    let civil = DateTime::strptime("%Y%m%dT%H%M%SZ", text).ok()?;
    civil.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::{places::PLACES, random::Random, scenario::Account};

    const ENDPOINT: &str = "127.0.0.1:4000";

    fn door(place: &'static Place) -> Door {
        Door {
            place,
            auth: Auth::Eks,
            own_token: "own".to_owned(),
            key: AccessKey::new(&mut Random::new(1)),
            endpoint: ENDPOINT.to_owned(),
            account: AccountNow::new(Account::default()),
        }
    }

    fn now() -> Timestamp {
        "2026-06-01T03:00:00Z".parse().unwrap()
    }

    /// A token of this door's key, signed for its cluster.
    fn token(door: &Door, base: &str, at: Timestamp) -> String {
        let query = format!(
            "Action=GetCallerIdentity&Version=2011-06-15&X-Amz-Algorithm=AWS4-HMAC-SHA256\
             &X-Amz-Credential={}%2F{}%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date={}&X-Amz-Expires=60\
             &X-Amz-SignedHeaders=host%3Bx-k8s-aws-id",
            door.key.id,
            at.strftime("%Y%m%d"),
            at.strftime("%Y%m%dT%H%M%SZ")
        );
        let url = format!("{base}/?{query}");
        let signature = door.sign(&url.parse().unwrap(), "us-east-1", at, Duration::from_mins(1)).unwrap();
        format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(format!("{url}&X-Amz-Signature={signature}")))
    }

    #[test]
    fn a_token_of_this_cluster_is_good_for_fifteen_minutes() {
        let door = door(&PLACES[0]);
        for (age_secs, good) in [(0, true), (899, true), (900, false), (-299, true), (-301, false)] {
            let at = now() - SignedDuration::from_secs(age_secs);
            let token = token(&door, &format!("http://{ENDPOINT}"), at);
            assert_eq!(door.verify(&token, now()).is_ok(), good, "{age_secs} s old");
        }
    }

    #[test]
    fn the_host_is_this_worlds_or_an_sts_of_aws() {
        let door = door(&PLACES[0]);
        let cases = [
            ("http://127.0.0.1:4000", true),
            ("https://sts.amazonaws.com", true),
            ("https://sts.eu-west-1.amazonaws.com", true),
            ("http://127.0.0.1:4001", false),
            ("https://127.0.0.1:4000", false),
            ("http://sts.amazonaws.com", false),
            ("https://sts.amazonaws.com.example.com", false),
            ("https://sts.a.b.amazonaws.com", false),
            ("https://ec2.us-east-1.amazonaws.com", false),
        ];
        for (base, good) in cases {
            let token = token(&door, base, now());
            assert_eq!(door.verify(&token, now()).is_ok(), good, "{base}");
        }
    }

    #[test]
    fn whatever_else_is_no_token() {
        let (us, eu) = (door(&PLACES[0]), door(&PLACES[1]));
        let base = format!("http://{ENDPOINT}");
        let good = token(&us, &base, now());
        assert_eq!(us.verify(&good, now()), Ok(()));
        let url = String::from_utf8(BASE64_URL_SAFE_NO_PAD.decode(&good[PREFIX.len()..]).unwrap()).unwrap();
        let with = |from: &str, to: &str| {
            assert!(url.contains(from), "{from}");
            format!("{PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(url.replacen(from, to, 1)))
        };
        let mut stranger = door(&PLACES[0]);
        stranger.key.secret = "another".to_owned();
        let cases = [
            ("of another cluster", token(&eu, &base, now()), "its signature is wrong"),
            ("signed with another secret", token(&stranger, &base, now()), "its signature is wrong"),
            ("without the prefix", good[PREFIX.len()..].to_owned(), "it does not begin with k8s-aws-v1."),
            ("garbage", format!("{PREFIX}%%%"), "it is not base64url"),
            (
                "another action",
                with("GetCallerIdentity", "GetSessionToken"),
                "it asks STS for something else",
            ),
            ("another key", with(&us.key.id, "AKIASOMEBODYELSE"), "its access key is none of this account's"),
            ("another service", with("sts%2F", "ec2%2F"), "it is not signed for STS"),
            ("an altered date", with("T030000Z", "T030001Z"), "its signature is wrong"),
            ("an altered limit", with("Expires=60", "Expires=61"), "its signature is wrong"),
            ("without the header", with("%3Bx-k8s-aws-id", ""), "the cluster's name is not signed"),
            ("without a signature", with("&X-Amz-Signature=", "&X="), "a parameter is missing"),
        ];
        for (what, token, why) in cases {
            assert_eq!(us.verify(&token, now()), Err(why), "{what}");
        }
    }

    #[test]
    fn expired_credentials_open_no_door() {
        for auth in [Auth::Token, Auth::Eks] {
            let account = AccountNow::new(Account { expired: true, route53_out_of_reach: false });
            let door = Door { auth, account, ..door(&PLACES[0]) };
            let sent = match auth {
                Auth::Token => door.own_token.clone(),
                Auth::Eks => token(&door, &format!("http://{ENDPOINT}"), Timestamp::now()),
            };
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, format!("Bearer {sent}").parse().unwrap());
            assert!(!door.admits(&headers), "{auth:?}");
            door.account.repair();
            assert!(door.admits(&headers), "{auth:?}");
            assert!(!door.admits(&HeaderMap::new()), "{auth:?}");
        }
    }
}
