//! A new environment by its form: what is found, what is told at which field, and what saving does.

use failback::environment::{self, Draft, RegionDraft};
use failback::runbook::profile::Profile;

use super::story::Story;
use super::{EU, US};

const SHARED_HOST: &str = "multi-region.example.com";

/// The form of a new environment, with the practice world's AWS settings typed, its kubeconfig, and the
/// addresses of its hosts.
fn new_environment(scenario: &str) -> (Story, Profile) {
    fill_in(Story::start(scenario))
}

fn fill_in(mut story: Story) -> (Story, Profile) {
    let profile = environment::read(story.world.environment_file()).unwrap();
    let draft = Draft::from(&profile);
    story.click("New environment…");
    story.click("Names and addresses");
    story.fill("Kubeconfig", &draft.kubeconfig);
    story.fill("AWS config file", &draft.aws_config_file);
    story.fill("AWS credentials file", &draft.aws_credentials_file);
    for (place, RegionDraft { probe_address, probe_ca, .. }) in draft.regions.iter().enumerate() {
        story.fill_at("Probe address", place, probe_address);
        story.fill_at("Probe authority", place, probe_ca);
    }
    story.click("Hide names and addresses");
    story.choose("AWS profile", 0, "practice");
    (story, profile)
}

fn choose_contexts(story: &mut Story, profile: &Profile) {
    for (place, region) in profile.regions.iter().enumerate() {
        story.choose("Context", place, &region.context);
    }
}

fn values_file(profile: &Profile, region: usize) -> &std::path::Path {
    profile.regions[region].values_file.as_deref().unwrap()
}

#[test]
fn two_contexts_and_two_values_files_make_an_environment() {
    let (mut story, profile) = new_environment("scaled-to-zero");
    choose_contexts(&mut story, &profile);
    story.drop_file(values_file(&profile, 0));
    story.drop_file(values_file(&profile, 1));
    let ids: Vec<_> = profile.regions.iter().map(|region| region.health_check_id.clone()).collect();
    story.until("both health checks", |story| story.typed("Health check") == ids);
    assert_eq!(story.typed("Region"), [US, EU]);
    assert_eq!(story.typed("Regional host"), ["us.multi-region.example.com", "eu.multi-region.example.com"]);
    assert_eq!(story.typed("Shared host"), [SHARED_HOST]);
    assert_eq!(story.typed("Replicas"), ["3"]);
    assert_eq!(story.typed("Name"), ["platform-multi-region"]);
    story.see("from both values files");
    story.see("the one that watches us.multi-region.example.com, every 10 s, 3 failures");
    story.see("what eu-west-1 runs: 4.11.2");
    assert_eq!(story.typed("Chart version"), [""], "left empty, it follows the healthy region");

    story.click("Test all");
    story.see("Kubernetes 1.36");
    story.see("answers, from the values file");
    story.see("answers 503 on /healthz, from the values file. Normal while the region is out");
    story.see("region, host and database agree");
    assert!(!story.shows("Look again"), "{:?}", story.texts());

    story.click("Save");
    story.see("Saved platform-multi-region");
    story.click("Recover us-east-1, platform-multi-region");
    story.see("Failover is active: us-east-1 is out, eu-west-1 carries the traffic");
    story.assert_untouched();
}

#[test]
fn swapped_values_files_are_told_at_both_fields_and_after_saving() {
    let (mut story, profile) = new_environment("healthy");
    choose_contexts(&mut story, &profile);
    for place in [0, 1] {
        story.fill_at("Values file", place, values_file(&profile, 1 - place).to_str().unwrap());
    }
    story.see("this is eu-west-1's file: multiRegion.region is eu-west-1");
    story.see("this is us-east-1's file: multiRegion.region is us-east-1");
    assert_eq!(story.typed("Regional host"), ["", ""], "another region's host is not taken");

    for (place, region) in profile.regions.iter().enumerate() {
        story.fill_at("Health check", place, &region.health_check_id);
    }
    story.click("Save");
    story.see("Look again at this: Values file of region 1: this is eu-west-1's file");
    story.see("platform-multi-region");
    story.assert_untouched();
}

#[test]
fn a_wrong_file_that_is_replaced_leaves_nothing_behind() {
    let (mut story, profile) = new_environment("healthy");
    story.choose("Context", 1, &profile.regions[1].context);
    // the first region has no name yet, so the file may well be its own
    story.fill_at("Values file", 0, values_file(&profile, 1).to_str().unwrap());
    story.until("a host", |story| story.typed("Regional host")[0] == "eu.multi-region.example.com");
    story.fill_at("Values file", 0, values_file(&profile, 0).to_str().unwrap());
    story.until("the other host", |story| story.typed("Regional host")[0] == "us.multi-region.example.com");
    assert_eq!(story.typed("Region"), [US, EU]);
    story.fill_at("Regional host", 0, "own.example.com");
    story.see("the values file says us.multi-region.example.com");
    assert_eq!(story.typed("Regional host")[0], "own.example.com", "what was typed stays");
}

#[test]
fn a_kubeconfig_that_cannot_be_read_is_told_and_contexts_can_be_typed() {
    let mut story = Story::first_start();
    story.click("New environment…");
    story.see("no-kubeconfig cannot be read");
    story.see("Type the context's name");
    story.fill_at("Context", 0, "arn:aws:eks:us-east-1:123456789012:cluster/platform-us-east-1");
    story.until("the name from the ARN", |story| story.typed("Region")[0] == US);
    story.see("account 123456789012");
}

#[test]
fn without_aws_everything_can_be_typed_and_saved() {
    let story = Story::first_start();
    story.world.stop();
    let (mut story, profile) = fill_in(story);
    choose_contexts(&mut story, &profile);
    for (place, region) in profile.regions.iter().enumerate() {
        story.fill_at("Values file", place, values_file(&profile, place).to_str().unwrap());
        story.until("a host", |story| story.typed("Regional host")[place] == region.host.as_deref().unwrap());
    }
    story.see("Health checks could not be listed: ");
    story.see("or type the ID");
    for (place, region) in profile.regions.iter().enumerate() {
        story.fill_at("Health check", place, &region.health_check_id);
    }
    story.see("Could not look it up: ");
    story.click("Save");
    story.see("Saved platform-multi-region");
    assert!(!story.shows("Look again"), "{:?}", story.texts());
}

#[test]
fn swapped_health_checks_are_refused_at_both_fields() {
    let (mut story, profile) = new_environment("healthy");
    choose_contexts(&mut story, &profile);
    for place in [0, 1] {
        story.fill_at("Values file", place, values_file(&profile, place).to_str().unwrap());
        story.until("a host", |story| !story.typed("Regional host")[place].is_empty());
    }
    for place in [0, 1] {
        story.fill_at("Health check", place, &profile.regions[1 - place].health_check_id);
    }
    story.see("It watches eu.multi-region.example.com, the host of eu-west-1: it tells nothing of us-east-1");
    story.see("It watches us.multi-region.example.com, the host of us-east-1: it tells nothing of eu-west-1");
    story.click("Save");
    story.see("2 fields need correction");
    for (place, region) in profile.regions.iter().enumerate() {
        story.fill_at("Health check", place, &region.health_check_id);
    }
    story.click("Save");
    story.see("Saved platform-multi-region");
    story.assert_untouched();
}
