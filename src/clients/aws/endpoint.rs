//! Where the APIs are.

use aws_config::SdkConfig;
use aws_types::service_config::ServiceConfigKey;

use super::Service;
use crate::clients::failure::words;
use crate::runbook::verdict::{Why, WhyKind};

/// The endpoint of the environment variables or the profile. The SDK looks for `route-53` in a profile's
/// services section, where the documented name, which the `aws` program follows, is `route_53`; so for each
/// service whose name has more than one word.
pub(super) fn configured(config: &SdkConfig, service: Service) -> Option<String> {
    let key = ServiceConfigKey::builder().service_id(service.id).env("AWS_ENDPOINT_URL");
    let key = key.profile("endpoint_url").build().ok()?;
    config.service_config()?.load_config(key)
}

/// AWS's own endpoint in a region: `https://ec2.us-east-1.amazonaws.com`.
///
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html#regional-endpoints>
pub(super) fn regional(service: Service, region: &str) -> Result<String, Why> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if region.is_empty() || !region.bytes().all(fits) {
        let message = format!("`{}` is no AWS region's name", words(region));
        return Err(Why::new(WhyKind::Configuration, message)
            .remedy("Correct the context's name or the kubeconfig's entry, then check again"));
    }
    let suffix = if region.starts_with("cn-") { "amazonaws.com.cn" } else { "amazonaws.com" };
    Ok(format!("https://{}.{region}.{suffix}", service.id))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_all_partitions_have_their_endpoint_and_nothing_else_has() {
        let ec2 = Service { name: "EC2", id: "ec2" };
        for (region, url) in [
            ("us-east-1", "https://ec2.us-east-1.amazonaws.com"),
            ("us-gov-west-1", "https://ec2.us-gov-west-1.amazonaws.com"),
            ("cn-north-1", "https://ec2.cn-north-1.amazonaws.com.cn"),
        ] {
            assert_eq!(regional(ec2, region).unwrap(), url);
        }
        for bad in ["", "evil.example/?", "us east", "US-EAST-1"] {
            assert_eq!(regional(ec2, bad).unwrap_err().kind, WhyKind::Configuration, "{bad}");
        }
    }
}
