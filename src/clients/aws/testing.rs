//! AWS files of a test's own: with a named profile nothing else is read.

use std::time::Duration;

use super::Aws;
use crate::runbook::profile::AwsSettings;

/// The profile `prod` at an endpoint.
pub(crate) async fn aws(endpoint: &str, deadline: Duration) -> Aws {
    let folder = tempfile::tempdir().unwrap();
    let (config_file, credentials_file) = (folder.path().join("config"), folder.path().join("credentials"));
    std::fs::write(&config_file, "").unwrap();
    std::fs::write(&credentials_file, "[prod]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = s\n")
        .unwrap();
    let settings = AwsSettings {
        profile: Some("prod".to_owned()),
        config_file: Some(config_file),
        credentials_file: Some(credentials_file),
    };
    // Read here, and not again before they are refused: the folder may go.
    Aws::connect(&settings, Some(endpoint), deadline).await.unwrap()
}
