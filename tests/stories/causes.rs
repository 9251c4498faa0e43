//! The causes of the diagnosis, each to its right end: what the responder does, and what is left to others.

use failback::journal::Happening;

use super::lookup::has_tools;
use super::recovery::{
    assert_no_fault, assert_one_patch, assert_only_helm_wrote, confirm, to_recovered, to_restore,
};
use super::refusal::{assert_no_plan, assert_nothing_can_be_done};
use super::story::Story;
use super::{EU, US};

const REASON: &str = "Why do it all the same?";
const FIELD: &str = "Type us-east-1 to confirm";

#[test]
fn a_closed_port_is_handed_over_and_the_restart_waits_for_the_repair() {
    // Slowly: the restart belongs between the repair and the pods' own next try.
    let mut story = Story::practise_at("security-group-closed", 2.0);
    story.see("Failover is active: us-east-1 is out, eu-west-1 carries the traffic");
    story.click("Diagnose us-east-1");
    story.see("The platform in us-east-1 cannot reach its database: port 3306 is closed");
    story.click("Show what to do");
    story.see("Ask the network's owners to open port 3306");
    story.click("Restart: only after that");
    story.click("Restart the platform");
    story.see("Only after the repair: then it skips the wait between crashes");
    story.fill(FIELD, US);
    story.click_though_off("Restart us-east-1");
    story.assert_untouched();

    story.click("Somebody repaired it");
    story.click("Restart us-east-1");
    story.see("The action in us-east-1 is done");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn the_region_that_really_failed_is_taken_in_step_2() {
    let mut story = Story::practise("wrong-region");
    story.see("eu-west-1 is the one that fails");
    story.click("2 Diagnose");
    story.see("us-east-1 is healthy: eu-west-1 is the one that failed");
    assert_no_plan(&mut story, "us-east-1 is healthy and carries the traffic: nothing here touches it");
    story.click("2 Diagnose");
    story.click("Take eu-west-1 for the failed region");
    story.see("Failover is active: eu-west-1 is out, us-east-1 carries the traffic");
    story.click("Diagnose eu-west-1");
    story.click("Go to Restore: scale up to 3");
    story.fill("Type eu-west-1 to confirm", EU);
    story.click("Scale up eu-west-1");
    story.see("The action in eu-west-1 is done");
    story.click("Watch the rollout");
    story.see("Rolled out: 3 of 3");
    story.click("Verify eu-west-1");
    story.see("Recovered: eu-west-1 serves again");
    assert_no_fault(&mut story);
    assert_one_patch(&story, EU);
}

#[test]
fn a_missing_image_is_replaced_by_the_real_helm() {
    if !has_tools("a_missing_image_is_replaced_by_the_real_helm", &["helm"]) {
        return;
    }
    let mut story = Story::practise("image-pull");
    to_restore(&mut story, "Go to Restore: re-apply the values file");
    confirm(&mut story, "Re-apply to us-east-1");
    to_recovered(&mut story);
    assert_only_helm_wrote(&story);
}

#[test]
fn an_interrupted_upgrade_is_rolled_back_by_the_real_helm() {
    if !has_tools("an_interrupted_upgrade_is_rolled_back_by_the_real_helm", &["helm"]) {
        return;
    }
    let mut story = Story::practise("release-pending");
    to_restore(&mut story, "Go to Restore: roll back to revision 1");
    confirm(&mut story, "Roll back us-east-1");
    to_recovered(&mut story);
    assert_only_helm_wrote(&story);
}

#[test]
fn a_raised_limit_in_the_values_file_is_applied_by_the_real_helm() {
    if !has_tools("a_raised_limit_in_the_values_file_is_applied_by_the_real_helm", &["helm"]) {
        return;
    }
    let mut story = Story::practise("resource-exhaustion");
    story.see("Failover is active");
    story.click("Diagnose us-east-1");
    story.see("The platform's pods in us-east-1 are killed for want of memory");
    let path = story.world.values_file().to_owned();
    let values = std::fs::read_to_string(&path).unwrap();
    assert_eq!(values.matches("memory: 512Mi").count(), 1, "{values}");
    std::fs::write(&path, values.replace("memory: 512Mi", "memory: 2Gi")).unwrap();
    story.click("Go to Restore: re-apply the values file");
    confirm(&mut story, "Re-apply to us-east-1");
    to_recovered(&mut story);
    assert_only_helm_wrote(&story);
}

#[test]
fn a_missing_permission_is_asked_for_and_the_scaling_is_left_to_the_responder() {
    let mut story = Story::practise("permission-missing");
    story.see("Failover is active");
    story.click("Diagnose us-east-1");
    story.see("You may not look at the platform in us-east-1");
    story.click("Show what to do");
    story.see("See what you may do");
    assert_nothing_can_be_done(&mut story, US);

    story.click("Somebody repaired it");
    story.click("2 Diagnose");
    story.click("Go to Restore: scale up to 3");
    scale_instead_of_what_was_looked_at(&mut story);
    confirm(&mut story, "Scale up us-east-1");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn a_database_that_is_down_stops_the_runbook() {
    stopped("database-down", "Stop: the database is broken, not a region: every region has database errors");
}

#[test]
fn no_healthy_region_stops_the_runbook() {
    stopped("all-regions-failing", "Stop: no region is healthy, so there is nothing to fail back to");
}

/// Step 3 keeps the option that was looked at last, and what was typed for it.
fn scale_instead_of_what_was_looked_at(story: &mut Story) {
    story.click("Scale up to 3");
    story.fill(FIELD, "");
}

/// No plan can be confirmed, whatever reason is given; the end of it is others'.
fn stopped(scenario: &str, headline: &str) {
    let mut story = Story::practise(scenario);
    story.see("Every region's health check fails: stop here");
    story.see("#platform-oncall (practice)");
    story.click("2 Diagnose");
    story.see(headline);
    assert_no_plan(&mut story, "Every region's health check fails: stop here");
    assert!(story.shows("This runbook assumes a healthy region"));

    story.click("Somebody repaired it");
    story.click("1 Confirm failover");
    story.see("No health check fails any more");
    story.click("Verify us-east-1");
    story.see("Recovered: us-east-1 serves again");
    assert_no_fault(&mut story);
    story.assert_untouched();
}

#[test]
fn an_expired_session_says_nothing_of_the_region_until_it_is_renewed() {
    let mut story = Story::practise("credentials-expired");
    story.see("Could not check whether failover is active");
    story.click("Diagnose us-east-1 all the same");
    story.see("Your sign-in is missing or has expired: nothing is known of the regions");
    story.click("Show what to do");
    story.see("Sign in again: aws sso login --profile practice");
    assert_nothing_can_be_done(&mut story, US);

    // Signing in is repaired for practice; what was behind it is not.
    story.click("Somebody repaired it");
    story.click("1 Confirm failover");
    to_restore(&mut story, "Go to Restore: scale up to 3");
    scale_instead_of_what_was_looked_at(&mut story);
    confirm(&mut story, "Scale up us-east-1");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn of_two_causes_one_is_re_applied_against_and_the_other_handed_over() {
    if !has_tools("of_two_causes_one_is_re_applied_against_and_the_other_handed_over", &["helm"]) {
        return;
    }
    let mut story = Story::practise("closed-port-and-image-pull");
    story.see("Failover is active");
    story.click("Diagnose us-east-1");
    story.see("The platform in us-east-1 cannot reach its database: port 3306 is closed");
    // What fits the second one is offered there, as step 3 calls it.
    story.click("Go to Restore: re-apply the values file");
    // It fits the second cause, so that it asks for no reason.
    story.see("It is against this: Image cannot be pulled");
    confirm(&mut story, "Re-apply to us-east-1");
    assert_only_helm_wrote(&story);

    story.click("Somebody repaired it");
    to_recovered(&mut story);
    assert_only_helm_wrote(&story);
}

#[test]
fn an_inverted_check_is_handed_over_and_the_crash_loop_behind_it_restarted() {
    let mut story = Story::practise("crash-loop-and-inverted-check");
    story.see("Every region's health check fails: stop here");
    story.click("2 Diagnose");
    story.see("The health check of eu-west-1 is inverted: it fails while its host is well");
    story.click("1 other cause");
    story.see("crash again and again");
    story.assert_untouched();

    story.click("Somebody repaired it");
    story.click("1 Confirm failover");
    to_restore(&mut story, "Go to Restore: restart the platform");
    confirm(&mut story, "Restart us-east-1");
    to_recovered(&mut story);
    assert_one_patch(&story, US);
}

#[test]
fn without_route_53_a_reason_restores_and_its_answer_is_awaited_to_count_as_recovered() {
    let mut story = Story::practise("route53-out-of-reach");
    story.see("Could not check whether failover is active");
    story.see("Our own look meanwhile, a hint and no proof");
    story.click("Diagnose us-east-1 all the same");
    story.click("Go to Restore: restart the platform");
    story.fill(FIELD, US);
    story.see("Type your reason first");
    story.click_though_off("Restart us-east-1");
    story.assert_untouched();
    story.fill(REASON, "us answers 503 from here, eu answers 200");
    story.click("Restart us-east-1");
    story.see("The action in us-east-1 is done");
    story.click("Watch the rollout");
    story.see("Rolled out: 3 of 3");
    story.click("Verify us-east-1");
    story.see("does not count as recovered");

    story.click("Somebody repaired it");
    story.see("Recovered: us-east-1 serves again");
    assert_no_fault(&mut story);
    assert_one_patch(&story, US);
    let reasons: Vec<Option<String>> = story
        .journal()
        .into_iter()
        .filter_map(|entry| match entry.happening {
            Happening::Intent { reason, .. } => Some(reason),
            _ => None,
        })
        .collect();
    assert_eq!(reasons, [Some("us answers 503 from here, eu answers 200".to_owned())]);
}
