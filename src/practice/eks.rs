//! EKS: REST with JSON, API version 2017-11-01. One cluster a region.

use std::sync::Arc;

use axum::http::{Method, StatusCode};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};

use super::{
    aws::{AwsError, AwsRequest},
    network::{cluster_group_id, cluster_subnets, cluster_vpc_id},
    places::{ACCOUNT, resource_id},
    plight::EksStatus,
    region::Region,
    sts::CALLER_ARN,
};

/// Kubernetes' minor version, as EKS names it.
const VERSION: &str = "1.36";
/// When the clusters were made: 2026-01-12T09:00:00Z, seconds.
const CREATED_AT: f64 = 1_768_208_400.0;

/// The account's EKS.
pub(super) struct Eks {
    regions: Arc<[Arc<Region>]>,
    /// Base64 of what the clusters' certificates are signed by, PEM.
    ca: String,
}

impl Eks {
    /// The clusters of these regions.
    pub(super) fn new(regions: &Arc<[Arc<Region>]>, ca_pem: &str) -> Self {
        Self { regions: Arc::clone(regions), ca: BASE64_STANDARD.encode(ca_pem) }
    }

    /// Answers a request of a known caller to EKS in a region.
    pub(super) fn answer(&self, request: &AwsRequest, region: &str) -> Result<Value, AwsError> {
        let here = self.regions.iter().find(|known| known.place.region == region);
        let path: Vec<&str> = request.path.trim_matches('/').split('/').collect();
        match (&request.method, &path[..]) {
            (&Method::GET, ["clusters"]) => {
                let names: Vec<String> = here.iter().map(|region| region.place.cluster_name()).collect();
                Ok(json!({ "clusters": names, "nextToken": null }))
            }
            (&Method::GET, ["clusters", name]) => {
                let found = here.filter(|region| region.place.cluster_name() == *name);
                let found = found.ok_or_else(|| {
                    let message = format!("No cluster found for name: {name}.");
                    AwsError::new(StatusCode::NOT_FOUND, "ResourceNotFoundException", message)
                })?;
                Ok(json!({ "cluster": self.cluster(found) }))
            }
            (method, _) => {
                let message = format!(
                    "User: {CALLER_ARN} is not authorized to perform: {method} {} because no identity-based \
                     policy allows it",
                    request.path
                );
                Err(AwsError::new(StatusCode::FORBIDDEN, "AccessDeniedException", message))
            }
        }
    }

    fn cluster(&self, region: &Region) -> Value {
        let place = region.place;
        let name = place.cluster_name();
        let subnets: Vec<String> = cluster_subnets(place).into_iter().map(|subnet| subnet.id).collect();
        let key = secrets_key_arn(region);
        let (status, issues) = match region.eks() {
            EksStatus::Active => ("ACTIVE", json!([])),
            EksStatus::Failed => ("FAILED", json!([key_disabled(&key)])),
        };
        json!({
            "name": name,
            "arn": place.cluster_arn(),
            "createdAt": CREATED_AT,
            "version": VERSION,
            "endpoint": format!("https://{}", region.kubernetes),
            "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/{name}-cluster"),
            "resourcesVpcConfig": {
                "subnetIds": subnets,
                "securityGroupIds": [],
                "clusterSecurityGroupId": cluster_group_id(place),
                "vpcId": cluster_vpc_id(place),
                "endpointPublicAccess": true,
                "endpointPrivateAccess": true,
                "publicAccessCidrs": ["0.0.0.0/0"],
            },
            "kubernetesNetworkConfig": { "serviceIpv4Cidr": "172.20.0.0/16", "ipFamily": "ipv4" },
            "logging": { "clusterLogging": [{ "types": ["api", "audit"], "enabled": true }] },
            "identity": { "oidc": { "issuer": issuer(region) } },
            "status": status,
            "certificateAuthority": { "data": self.ca },
            "encryptionConfig": [{ "resources": ["secrets"], "provider": { "keyArn": key } }],
            "platformVersion": "eks.9",
            "tags": { "Name": name },
            "health": { "issues": issues },
            "accessConfig": { "authenticationMode": "API" },
            "upgradePolicy": { "supportType": "STANDARD" },
            "deletionProtection": false,
        })
    }
}

fn issuer(region: &Region) -> String {
    let id = resource_id("", &region.place.cluster_name()).replace('-', "").to_uppercase();
    format!("https://oidc.eks.{}.amazonaws.com/id/{id}", region.place.region)
}

/// The key that the cluster's Secrets are encrypted with.
fn secrets_key_arn(region: &Region) -> String {
    let key = resource_id("key", &region.place.cluster_name());
    format!("arn:aws:kms:{}:{ACCOUNT}:{}", region.place.region, key.replacen('-', "/", 1))
}

/// Why a cluster fails that ran before: what it needs was taken away.
fn key_disabled(key: &str) -> Value {
    json!({
        "code": "KmsKeyDisabled",
        "message": "The KMS key that encrypts the cluster's secrets is disabled",
        "resourceIds": [key],
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::practice::plight::Plight;
    use crate::practice::region::tests::region;

    fn ask(eks: EksStatus, method: Method, path: &str, region_name: &str) -> Result<Value, &'static str> {
        let regions: Arc<[Arc<Region>]> = Arc::new([Arc::new(region(Plight { eks, ..Plight::WELL }))]);
        let request = AwsRequest { method, path: path.into(), query: String::new(), body: String::new() };
        Eks::new(&regions, "PEM").answer(&request, region_name).map_err(|error| error.code)
    }

    #[test]
    fn a_cluster_is_found_in_its_region_alone() {
        let us = "/clusters/platform-multi-region-us-east-1";
        let cases = [
            (Method::GET, us, "us-east-1", Ok("ACTIVE")),
            (Method::GET, us, "eu-west-1", Err("ResourceNotFoundException")),
            (Method::GET, "/clusters/other", "us-east-1", Err("ResourceNotFoundException")),
            (Method::DELETE, us, "us-east-1", Err("AccessDeniedException")),
            (Method::POST, "/clusters", "us-east-1", Err("AccessDeniedException")),
            (Method::GET, "/", "us-east-1", Err("AccessDeniedException")),
        ];
        for (method, path, region, expected) in cases {
            let found = ask(EksStatus::Active, method.clone(), path, region);
            let status = found.map(|found| found["cluster"]["status"].as_str().unwrap().to_owned());
            assert_eq!(status.as_deref().map_err(|code| *code), expected, "{method} {path} in {region}");
        }
        for (region, expected) in [("us-east-1", 1), ("eu-west-1", 0)] {
            let listed = ask(EksStatus::Active, Method::GET, "/clusters", region).unwrap();
            assert_eq!(listed["clusters"].as_array().unwrap().len(), expected, "{region}");
        }
    }

    #[test]
    fn a_failed_cluster_has_an_issue() {
        let us = "/clusters/platform-multi-region-us-east-1";
        for (status, text, issues) in [(EksStatus::Active, "ACTIVE", 0), (EksStatus::Failed, "FAILED", 1)] {
            let found = ask(status, Method::GET, us, "us-east-1").unwrap();
            assert_eq!(found["cluster"]["status"], text);
            assert_eq!(found["cluster"]["health"]["issues"].as_array().unwrap().len(), issues, "{text}");
        }
    }
}
