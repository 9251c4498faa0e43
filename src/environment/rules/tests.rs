use super::*;

/// Texts that a rule takes as they stand, and texts that it refuses with the words that must be in the reason.
fn table(rule: impl Fn(&str) -> Result<String, String>, good: &[&str], bad: &[(&str, &str)]) {
    for text in good {
        assert_eq!(rule(text).as_deref(), Ok(*text), "{text:?} should be taken");
    }
    for (text, words) in bad {
        let message = rule(text).expect_err(text);
        assert!(message.contains(words), "{text:?} should be refused with {words:?}: {message}");
        assert!(!message.ends_with('.') || message.ends_with(" and ."), "no full stop: {message}");
    }
}

#[test]
fn an_environment_s_name_can_be_a_file_s_name() {
    let longest = "x".repeat(64);
    let wide = "\u{20000}".repeat(60);
    table(
        name,
        &["acme-prod", "Acme prod 2", "a", "0.9_beta", "münchen", "common", "com10", "a.tomla", &longest],
        &[
            ("", "Missing"),
            (&"x".repeat(65), "Too long: at most 64"),
            (&wide, "Too long"),
            ("a/b", "Cannot contain /"),
            ("a\\b", "Cannot contain \\"),
            ("a:b", "Cannot contain :"),
            ("a\tb", "line breaks or tabs"),
            ("..", "begin with a letter"),
            (".hidden", "begin with a letter"),
            ("-x", "begin with a letter"),
            ("acme.", "end in a dot"),
            ("acme.TOML", "end in .toml"),
            ("nul", "Windows"),
            ("Com1.old", "Windows"),
        ],
    );
}

#[test]
fn a_region_s_name_can_be_typed() {
    table(
        region_name,
        &["us-east-1", "EU_2.a", &"r".repeat(64)],
        &[
            ("", "Missing"),
            ("us east", "like us-east-1"),
            ("-us", "like us-east-1"),
            ("é", "like us-east-1"),
            (&"r".repeat(65), "Too long"),
        ],
    );
}

#[test]
fn a_context_is_any_name() {
    table(
        context,
        &["arn:aws:eks:us-east-1:123456789012:cluster/platform", "prod us", "user@cluster", "arn:odd"],
        &[("", "Missing"), ("a\nb", "one line")],
    );
}

#[test]
fn a_health_check_id_is_what_aws_calls_a_string() {
    table(
        health_check_id,
        &["3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4ea9", "abc", &"a".repeat(64)],
        &[
            ("", "Missing"),
            (&"a".repeat(65), "Too long"),
            ("arn:aws:route53:::healthcheck/abc", "the ID alone"),
            ("a b", "the ID alone"),
            ("--help", "the ID alone"),
        ],
    );
}

#[test]
fn kubernetes_names_are_dns_names() {
    let label = "n".repeat(63);
    table(
        dns_label,
        &["vcluster-platform", "a", "0", &label],
        &[
            ("", "usually vcluster-platform"),
            ("Loft", "lower-case"),
            ("a.b", "lower-case"),
            ("-a", "lower-case"),
            ("a-", "lower-case"),
            (&"n".repeat(64), "Too long: at most 63"),
        ],
    );
    table(
        dns_subdomain,
        &["loft", "loft.v2", &"n".repeat(253)],
        &[
            ("", "usually loft"),
            ("loft..v2", "lower-case"),
            (".loft", "lower-case"),
            ("lo_ft", "lower-case"),
            (&"n".repeat(254), "Too long: at most 253"),
        ],
    );
}

#[test]
fn a_selector_is_what_kubernetes_reads() {
    table(
        selector,
        &[
            "app=loft",
            "app==loft",
            "app != loft",
            "app in (loft, platform)",
            "app notin(loft),tier=web",
            "app.kubernetes.io/name=loft,!canary",
            "app",
            "app=",
        ],
        &[
            ("", "usually app=loft"),
            ("app=loft,", "the empty part"),
            ("=loft", "Cannot read =loft"),
            ("app=lo ft", "Cannot read app=lo ft"),
            ("app in loft", "Cannot read"),
            ("app in (loft", "Cannot read"),
            ("app within (loft)", "Cannot read"),
            ("in (loft)", "Cannot read"),
            ("app=loft) or (x", "Cannot read"),
            ("App Name/x=1", "Cannot read"),
            ("/x=1", "Cannot read"),
            ("a=b=c", "Cannot read"),
        ],
    );
}

#[test]
fn replicas_are_one_to_a_thousand() {
    for (text, expected) in [("1", 1), ("3", 3), ("1000", 1000), ("003", 3)] {
        assert_eq!(replicas(text), Ok(expected));
    }
    for text in ["", "0", "1001", "-1", "+3", "3.0", "three", "99999999999999999999"] {
        let message = replicas(text).expect_err(text);
        assert_eq!(message, "Must be a whole number from 1 to 1000, usually 3");
    }
}

#[test]
fn a_host_is_a_dns_name() {
    table(
        host,
        &["us.multi-region.example.com", "localhost", "US.Example.com", "1password.com"],
        &[
            ("https://us.example.com", "without scheme"),
            ("us.example.com/healthz", "without path"),
            ("us.example.com:443", "without port"),
            ("127.0.0.1", "An address is no host's name"),
            ("127.0.0.1:8443", "An address is no host's name"),
            ("::1", "An address is no host's name"),
            ("us..example.com", "Not a host's name"),
            ("us.example.com.", "Not a host's name"),
            ("-us.example.com", "Not a host's name"),
            ("us_1.example.com", "Not a host's name"),
            ("*.example.com", "Not a host's name"),
            ("us example.com", "Not a host's name"),
            ("1.2.3", "Not a host's name"),
            (&format!("{}.com", "a".repeat(64)), "Not a host's name"),
            (&"a.".repeat(127), "Too long"),
        ],
    );
}

#[test]
fn a_probe_address_has_a_port() {
    let words = "an IP address and a port";
    table(
        probe_address,
        &["127.0.0.1:8443", "[::1]:443"],
        &[
            ("127.0.0.1", words),
            ("localhost:8443", words),
            ("127.0.0.1:0", words),
            ("127.0.0.1:70000", words),
            ("::1:443", words),
        ],
    );
}

#[test]
fn a_chart_repository_is_a_url_without_secrets() {
    table(
        chart_repository,
        &[
            "https://charts.loft.sh/",
            "http://127.0.0.1:8080/charts",
            "https://[::1]:8443/charts",
            "https://[::1]",
            "oci://registry.example.com/charts",
        ],
        &[
            ("", "begins with https://"),
            ("charts.loft.sh", "begins with https://"),
            ("ftp://charts.loft.sh", "begins with https://"),
            ("https://", "host or port"),
            ("https:///charts", "host or port"),
            ("https://charts.loft.sh:port/", "host or port"),
            ("https://charts.loft.sh:/", "host or port"),
            ("https://[::g]/", "host or port"),
            ("https://me:secret@charts.loft.sh/", "nothing secret"),
            ("https://charts.loft.sh/?token=secret", "without ?"),
            ("https://charts.loft.sh/a b", "without ?"),
        ],
    );
}

#[test]
fn a_chart_is_named_and_versioned_in_full() {
    table(
        chart_name,
        &["vcluster-platform", "Chart_2.x"],
        &[
            ("", "usually vcluster-platform"),
            ("loft/vcluster-platform", "alone"),
            ("--devel", "alone"),
            ("a b", "alone"),
        ],
    );
    table(
        chart_version,
        &["4.11.2", "0.0.1", "4.12.0-alpha.1", "4.12.0-rc-1+build.007", "1.0.0+build"],
        &[
            ("v4.11.2", "without the v: 4.11.2"),
            ("V4.11.2", "without the v: 4.11.2"),
            ("v4", "in full, like 4.11.2"),
            ("4.11", "in full"),
            ("4.11.2.1", "in full"),
            ("04.11.2", "in full"),
            ("4.11.2-", "in full"),
            ("4.11.2-01", "in full"),
            ("4.11.2+", "in full"),
            (">=4.11.2", "in full"),
            ("latest", "in full"),
        ],
    );
}

#[test]
fn free_text_is_one_line() {
    table(
        line,
        &["#platform-oncall, +1 555 0100", "ünïcode"],
        &[("a\nb", "one line"), ("a\u{1b}[31m", "one line"), (&"x".repeat(201), "Too long")],
    );
}

#[cfg(unix)]
#[test]
fn a_path_is_whole_or_starts_at_home() {
    let home = Path::new("/home/ada");
    for (text, expected) in [
        ("/etc/values.yaml", "/etc/values.yaml"),
        ("~/values.yaml", "/home/ada/values.yaml"),
        ("~/a b/~c", "/home/ada/a b/~c"),
    ] {
        assert_eq!(path(text, Some(home)), Ok(PathBuf::from(expected)));
    }
    for (text, home, words) in [
        ("values.yaml", Some(home), "the whole path"),
        ("./values.yaml", Some(home), "the whole path"),
        ("~bob/values.yaml", Some(home), "other users"),
        ("~", Some(home), "Write ~/"),
        ("~/values.yaml", None, "no home directory"),
        ("/etc/a\nb", Some(home), "one line"),
    ] {
        let message = path(text, home).expect_err(text);
        assert!(message.contains(words), "{text:?}: {message}");
    }
}
