//! The AWS config and credentials files: which profiles there are. Names only, never a key.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::text_file;
use crate::runbook::verdict::Why;

/// The names of the profiles in these files, sorted. Without a file named, in those that the AWS
/// tools read: `AWS_CONFIG_FILE` and `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws`.
///
/// # Errors
/// A named file that cannot be read, or neither of the usual ones.
pub async fn profiles(
    config_file: Option<&Path>,
    credentials_file: Option<&Path>,
    deadline: Duration,
) -> Result<Vec<String>, Why> {
    let config = config_file.map_or_else(|| usual("AWS_CONFIG_FILE", "config"), Path::to_owned);
    let credentials =
        credentials_file.map_or_else(|| usual("AWS_SHARED_CREDENTIALS_FILE", "credentials"), Path::to_owned);
    let (config, credentials) = tokio::join!(
        text_file::read(&config, deadline, |text, _| Ok(names(text, true))),
        text_file::read(&credentials, deadline, |text, _| Ok(names(text, false))),
    );
    let mut all = match (config, credentials) {
        (Err(why), _) if config_file.is_some() => return Err(why),
        (_, Err(why)) if credentials_file.is_some() => return Err(why),
        (Err(why), Err(_)) => return Err(why),
        (Ok(some), Ok(more)) => [some, more].concat(),
        (Ok(some), Err(_)) | (Err(_), Ok(some)) => some,
    };
    all.sort_unstable();
    all.dedup();
    Ok(all)
}

fn usual(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) {
        return PathBuf::from(path);
    }
    let home = directories::BaseDirs::new().map(|base| base.home_dir().to_owned()).unwrap_or_default();
    home.join(".aws").join(name)
}

/// The names in the section headings: `[default]` and `[profile NAME]` of the config file,
/// `[NAME]` of the credentials file.
///
/// <https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html>
fn names(text: &str, is_config: bool) -> Vec<String> {
    let heading = |line: &str| {
        let (inside, _) = line.trim_start().strip_prefix('[')?.split_once(']')?;
        let inside = inside.trim();
        let name = match inside.strip_prefix("profile") {
            Some(name) if name.starts_with([' ', '\t']) => name.trim(),
            _ if !is_config || inside == "default" => inside,
            // `[sso-session NAME]`, `[services NAME]`
            _ => return None,
        };
        let name = name.trim_matches(['"', '\'']);
        (!name.is_empty()).then(|| name.to_owned())
    };
    text.lines().filter_map(heading).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn profiles_of_both_files_are_listed_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let (config, credentials) = (folder.path().join("config"), folder.path().join("credentials"));
        let text = "[default]\nregion = x\n[profile prod]\n[sso-session corp]\n[services local]\n\
                    [ profile\t\"odd name\" ]\n; [profile off]\n[profileless]\n";
        std::fs::write(&config, text).unwrap();
        std::fs::write(&credentials, "[prod]\naws_secret_access_key = hunter22\n[lab]\n[]\n").unwrap();
        let listed = profiles(Some(&config), Some(&credentials), LIMIT).await.unwrap();
        assert_eq!(listed, ["default", "lab", "odd name", "prod"]);

        let missing = folder.path().join("missing");
        let why = profiles(Some(&config), Some(&missing), LIMIT).await.unwrap_err();
        assert!(why.message.ends_with("missing does not exist"), "{}", why.message);
    }
}
