use proptest::prelude::*;

use super::*;
use crate::plain;
use crate::runbook::profile::testing::profile;
use crate::runbook::profile::{Profile, RegionIndex};

#[test]
fn words_are_quoted_for_a_shell() {
    for (word, quoted) in [
        ("plain-1.2/x:y", "plain-1.2/x:y"),
        ("", "''"),
        ("two words", "'two words'"),
        ("it's", r"'it'\''s'"),
        ("$HOME", "'$HOME'"),
        ("=ls", "'=ls'"),
        ("a=b", "a=b"),
    ] {
        assert_eq!(quote(word), quoted);
        assert_eq!(shlex::split(&quote(word)).unwrap(), [word]);
    }
}

#[test]
fn the_cli_gets_the_flags_it_knows() {
    let profile = profile();
    let region = &profile.regions[0];
    let new = ["--context", "--no-wait", "--no-login"].map(str::to_owned);
    let line = vcluster_start(&profile, region, "4.11.2", &new).shell();
    assert!(line.contains("--context arn:aws:eks:us-east-1"), "{line}");
    assert!(line.contains("--no-wait --no-login") && !line.contains("--no-port-forwarding"), "{line}");
    assert!(line.contains("--version 4.11.2"), "{line}");
    let other = ["--kube-context".to_owned()];
    let line = vcluster_start(&profile, region, "4.11.2", &other).shell();
    assert!(line.contains("--kube-context arn:") && !line.contains("--no-wait"), "{line}");
}

#[test]
fn helm_3_gets_no_flags_of_helm_4() {
    let profile = profile();
    for (major, given) in [(Some(3), false), (Some(4), true), (None, true)] {
        let line = helm_upgrade(&profile, &profile.regions[0], "4.11.2", major).shell();
        assert_eq!(line.contains("--server-side=true --force-conflicts"), given, "{line}");
    }
}

#[test]
fn every_command_survives_a_shell() {
    let profile = profile();
    for (_, commands) in runbook(&profile, RegionIndex(0), Some("4.11.2")) {
        for command in commands {
            let words = shlex::split(&command.shell()).unwrap();
            assert_eq!(words[command.env.len()..], command.argv, "{}", command.shell());
        }
    }
}

/// Does nothing in it mean anything to a shell that knows no comments, as zsh in its prompt?
fn is_harmless(comment: &str) -> bool {
    plain::is_plain(comment) && !comment.contains(|c| "'\"`$;&|<>(){}[]*?!~#\\".contains(c))
}

#[test]
fn comments_are_harmless_where_they_are_pasted() {
    let sections = runbook(&profile(), RegionIndex(0), Some("4.11.2"));
    for (heading, commands) in sections {
        assert!(is_harmless(&heading), "{heading}");
        for comment in commands.iter().flat_map(|command| &command.differs) {
            assert!(is_harmless(comment), "{comment}");
        }
    }
}

/// Every command that there is, with this text in the place of everything from outside.
fn commands_of(text: &str) -> Vec<Command> {
    let odd = || text.to_owned();
    let mut odd_profile: Profile = profile();
    odd_profile.kubeconfig = Some(text.into());
    (odd_profile.namespace, odd_profile.deployment, odd_profile.ingress) = (odd(), odd(), odd());
    (odd_profile.selector, odd_profile.shared_host) = (odd(), Some(odd()));
    (odd_profile.aws.profile, odd_profile.aws.config_file) = (Some(odd()), Some(text.into()));
    (odd_profile.chart.repository, odd_profile.chart.name) = (odd(), odd());
    for region in &mut odd_profile.regions {
        (region.name, region.context, region.health_check_id) = (odd(), odd(), odd());
        (region.host, region.probe_address) = (Some(odd()), Some(odd()));
        (region.values_file, region.probe_ca) = (Some(text.into()), Some(text.into()));
    }
    let (odd_region, plain) = (&odd_profile.regions[0].clone(), profile());
    let region = &plain.regions[0];
    let flags = ["--chart-path", "--chart-repo", "--chart-name"].map(str::to_owned);
    let runbooks =
        [runbook(&odd_profile, RegionIndex(0), Some(text)), runbook(&plain, RegionIndex(0), Some(text))];
    let mut commands: Vec<Command> =
        runbooks.into_iter().flatten().flat_map(|(_, commands)| commands).collect();
    commands.extend([
        helm_upgrade(&plain, region, text, Some(4)),
        vcluster_start(&plain, region, text, &flags),
        target_health(&plain, region, Some(text)),
        peerings(&plain, region, text),
        route_tables(&plain, text, text),
        security_group(&plain, "us-east-1", text),
        open_port(&plain, "us-east-1", "sg-1", 3306, text),
        set_route(&plain, "us-east-1", ("rtb-1", "10.0.0.0/16", text), true),
        accept_peering(&plain, "us-east-1", text),
        create_peering(&plain, "us-east-1", "vpc-1", text, text),
        describe_ingress(&odd_profile, region),
        describe_pods(&odd_profile, region),
        release_records(&odd_profile, region),
        deployment_image(&odd_profile, odd_region),
        get_health_check(&plain, odd_region),
        target_group_bindings(&odd_profile, region),
        can_i(&odd_profile, region),
        sso_login(&odd_profile),
        chart_index(text),
        show_chart(Path::new(text)),
        show_values(text),
    ]);
    commands
}

#[test]
fn what_is_not_plain_is_refused_with_a_sentence_that_does_not_hold_it() {
    for odd in ["4.11.2\nid\u{1b}[31m", "x\u{202e}y", "--post-renderer=sh", "\u{9b}2J", "a\rb", ""] {
        for command in commands_of(odd) {
            let Some(why) = command.refused() else { continue };
            assert!(why.ends_with("is put into no command") && is_harmless(why), "{why}");
            assert!(odd.is_empty() || !why.contains(odd), "{why}");
            let line = command.shell();
            assert!(line.starts_with(": 'No command: ") && shlex::split(&line).unwrap().len() == 2, "{line}");
            assert!(
                command.argv.iter().all(|arg| odd.is_empty() || !arg.contains(odd)),
                "{:?}",
                command.argv
            );
        }
        let profile = profile();
        let region = &profile.regions[0];
        for command in [helm_upgrade(&profile, region, odd, None), vcluster_start(&profile, region, odd, &[])]
        {
            assert!(command.refused().is_some_and(|why| why.starts_with("The version is no ")), "{odd:?}");
        }
    }
    assert!(commands_of("loft").iter().filter(|command| command.refused().is_none()).count() > 10);
}

proptest! {
    /// Whatever stands outside: a command is one line of what is seen, and a shell reads of it exactly its
    /// arguments; what it says besides is one line that is seen, too.
    #[test]
    fn no_text_leaves_its_place(text in any::<String>(), odd in "[-'\"$`\\\\;&|<>(){}!*? ~#=%\n\r\t\u{1b}\u{202e}a-c0-2]{0,12}") {
        for text in [text, odd] {
            for command in commands_of(&text) {
                let line = command.shell();
                prop_assert!(plain::is_plain(&line), "{line:?}");
                if command.refused().is_none() {
                    let words = shlex::split(&line).unwrap();
                    prop_assert_eq!(&words[command.env.len()..], &command.argv, "{}", line);
                    prop_assert!(command.differs.iter().all(|why| plain::is_plain(why)));
                }
            }
        }
    }
}
