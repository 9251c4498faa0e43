//! Every command that a message names exists in the real program.
#![cfg(unix)]

use std::process::{Output, Stdio};

use super::every_command::{known_here, misuse, source, sources, world};
use super::foreign;
use super::lookup::has_tools;

/// The commands that stand between backticks in what the program says.
fn named() -> Vec<(String, Vec<String>)> {
    let mut named = Vec::new();
    for file in sources(&source("src")) {
        let text = std::fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]\nmod ").next().unwrap();
        let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        for line in lines {
            for quoted in line.split('`').skip(1).step_by(2) {
                let words: Vec<String> = quoted
                    .replace("{}", " --profile prod")
                    .replace("{named}", " --profile prod")
                    .replace("{argument}", " --profile prod")
                    .replace("{profile}", "prod")
                    .split_whitespace()
                    .map(str::to_owned)
                    .collect();
                let program = words.first().map_or("", String::as_str);
                if words.len() > 1 && ["aws", "helm", "kubectl", "curl", "vcluster"].contains(&program) {
                    named.push((file.display().to_string(), words));
                }
            }
        }
    }
    named
}

#[tokio::test(flavor = "multi_thread")]
async fn every_command_that_a_message_names_exists() {
    let tools = ["helm", "kubectl", "aws"];
    if !has_tools("every_command_that_a_message_names_exists", &tools) {
        return;
    }
    let world = world("healthy").await;
    let mut named = named();
    assert!(named.len() > 5, "hardly any is named: {named:?}");
    known_here(&mut named, |(_, words)| words);
    let wrong = tokio::task::spawn_blocking(move || {
        let tool = |words: &[String]| {
            let mut tool = foreign::without_settings(&words[0]);
            tool.args(&words[1..]).envs(world.env()).env("HOME", world.dir()).stdin(Stdio::null());
            tool.output().unwrap()
        };
        let of = |(file, words): &(String, Vec<String>)| {
            let said = match words[0].as_str() {
                // It is named without what it needs, so that asking for more is no misuse.
                "aws" => misuse("aws", &tool(words)).filter(|said| !said.contains("arguments are required")),
                _ => cobra_misuse(words, &tool),
            }?;
            Some(format!("{file}: {}\n{said}", words.join(" ")))
        };
        named.iter().filter_map(of).collect::<Vec<_>>()
    });
    let wrong = wrong.await.unwrap();
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Whether helm or kubectl knows these words and flags, by its own help.
fn cobra_misuse(words: &[String], tool: &impl Fn(&[String]) -> Output) -> Option<String> {
    let flags = words.iter().position(|word| word.starts_with('-')).unwrap_or(words.len());
    let mut asked = words[..flags].to_vec();
    asked.push("--help".to_owned());
    let output = tool(&asked);
    let help = String::from_utf8_lossy(&output.stdout).into_owned();
    let usage =
        help.split("Usage:").nth(1).unwrap_or_default().trim_start().lines().next().unwrap_or_default();
    let known = usage.split(' ').zip(words).take_while(|(one, other)| one == other).count();
    let whole = words.len().min(flags);
    let positional = usage
        .split(' ')
        .nth(known)
        .is_none_or(|next| next.starts_with(['[', '(', '<']) || next.to_uppercase() == next);
    let unknown = words[flags..].iter().find(|flag| {
        flag.starts_with('-') && !help.contains(&format!("{flag} ")) && !help.contains(&format!("{flag},"))
    });
    let wrong = !output.status.success() || known < 2.min(whole) || !positional || unknown.is_some();
    wrong.then(|| format!("{unknown:?} {usage}"))
}
