//! The vCluster CLI: its version, and the flags that `vcluster platform start` has
//! (`domain.md`, T1).

use std::path::PathBuf;

use super::{ask as ask_tool, find};
use crate::runbook::fact::VclusterFacts;

/// Where the CLI is, which version, which flags; or what to install.
pub(super) async fn ask(search_path: &[PathBuf]) -> Result<VclusterFacts, String> {
    let path = find("vcluster", search_path).ok_or(
        "vcluster is not installed: the vCluster CLI is the other way to re-apply the values file \
         (https://www.vcluster.com/docs/vcluster/#deploy-vcluster)",
    )?;
    let (version, help) = tokio::join!(
        ask_tool(&path, &["--version"], search_path),
        ask_tool(&path, &["platform", "start", "--help"], search_path),
    );
    // `vcluster version 0.34.0`
    let version = version?.split_whitespace().last().and_then(super::version);
    // One that was built without a version is told by its flags.
    let version = version.unwrap_or_else(|| "unknown version".to_owned());
    Ok(VclusterFacts { path, version, flags: flags(&help?) })
}

/// The long flags of a help text, sorted, with their dashes.
fn flags(help: &str) -> Vec<String> {
    let mut flags: Vec<String> = help
        .lines()
        .map(str::trim_start)
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| {
            line.split([' ', ',', '\t', '=']).find(|word| word.starts_with("--") && word.len() > 2)
        })
        .map(str::to_owned)
        .collect();
    flags.sort_unstable();
    flags.dedup();
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_read_from_the_help() {
        let help = "Starts vCluster platform\n\nUsage:\n  vcluster platform start [flags]\n\nFlags:\n      \
                    --context string       The context, see --help\n  -h, --help                 help\n      \
                    --no-wait              If true\n\nGlobal Flags:\n      --debug   Prints\n  -s, --silent\n";
        assert_eq!(flags(help), ["--context", "--debug", "--help", "--no-wait", "--silent"]);
        assert!(flags("no flags -- here").is_empty());
    }
}
