//! Whether the programs that a test needs are on PATH: the one place that decides what a missing one means.

use std::io::Write;

/// Whether the tools are there. Where they are required and missing, the test fails.
pub fn has_tools(test: &str, tools: &[&str]) -> bool {
    for tool in tools {
        if which::which(tool).is_err() {
            let required = std::env::var_os("FAILBACK_REQUIRE_TOOLS").is_some_and(|value| value == "1");
            assert!(!required, "{tool} is not on PATH");
            say(&format!("skipped: {test} needs {tool} on PATH"));
            return false;
        }
    }
    true
}

/// Says a line that is seen although the test passes: what is printed by the macros is not.
pub fn say(line: &str) {
    std::io::stderr().write_all(format!("{line}\n").as_bytes()).unwrap();
}
