use super::*;
use crate::runbook::profile::{AwsSettings, Chart, Database, Method, Region};

const MINIMAL: &str = r#"
name = "acme-prod"

[[regions]]
name = "us-east-1"
context = "arn:aws:eks:us-east-1:123456789012:cluster/platform"
health_check_id = "11111111-aaaa"

[[regions]]
name = "eu-west-1"
context = "prod-eu"
health_check_id = "22222222-bbbb"
"#;

fn parse_here(text: &str) -> Result<Profile, FileError> {
    parse(text, Path::new("acme.toml"))
}

/// The minimal file with the first `from` changed to `to`.
fn changed(from: &str, to: &str) -> String {
    assert!(MINIMAL.contains(from), "{from}");
    MINIMAL.replacen(from, to, 1)
}

fn refused(text: &str) -> String {
    parse_here(text).expect_err(text).to_string()
}

#[test]
fn what_is_left_out_has_the_runbook_s_values() {
    let profile = parse_here(MINIMAL).unwrap();
    assert_eq!(profile.name, "acme-prod");
    assert_eq!(profile.namespace, "vcluster-platform");
    assert_eq!((profile.deployment.as_str(), profile.ingress.as_str()), ("loft", "loft"));
    assert_eq!((profile.selector.as_str(), profile.replicas), ("app=loft", 3));
    assert_eq!(profile.chart.repository, "https://charts.loft.sh/");
    assert_eq!((profile.chart.name.as_str(), &profile.chart.version), ("vcluster-platform", &None));
    assert_eq!(profile.chart.method, Method::Helm);
    assert_eq!((profile.shared_host, profile.kubeconfig, profile.escalation), (None, None, None));
    assert_eq!(profile.aws, AwsSettings::default());
    assert_eq!(profile.regions[1].context, "prod-eu");
    assert_eq!(profile.regions[1].values_file, None);
}

#[test]
fn what_is_written_reads_the_same() {
    let minimal = parse_here(MINIMAL).unwrap();
    let text = to_toml(&minimal).unwrap();
    assert!(text.starts_with("version = 1\nname = \"acme-prod\"\n"), "{text}");
    assert!(
        text.contains("replicas = 3") && text.contains("method = \"helm\""),
        "defaults are written: {text}"
    );
    assert_eq!(parse_here(&text).unwrap(), minimal);
}

#[test]
fn an_unknown_key_a_wrong_type_and_a_missing_key_name_their_line() {
    for (text, words) in [
        (
            changed("name = \"acme-prod\"", "name = \"acme-prod\"\nnamespcae = \"x\""),
            "line 3, column 1: unknown field `namespcae`",
        ),
        (
            changed("context = \"prod-eu\"", "contxt = \"prod-eu\""),
            "line 11, column 1: unknown field `contxt`",
        ),
        (
            changed("name = \"acme-prod\"", "name = \"acme-prod\"\nreplicas = \"3\""),
            "line 3, column 12: invalid type",
        ),
        (changed("name = \"acme-prod\"", "name = \"acme-prod"), "line 2, column "),
        (changed("context = \"prod-eu\"", ""), "line 9, column 1: missing field `context`"),
        (changed("name = \"acme-prod\"", ""), "missing field `name`"),
        (
            format!("{MINIMAL}\n[chart]\nmethod = \"kubectl\""),
            "line 15, column 10: unknown variant `kubectl`",
        ),
        (format!("name = \"twice\"\n{MINIMAL}"), "line 3, column 1: duplicate key"),
        (String::new(), "missing field `name`"),
    ] {
        let error = refused(&text);
        assert!(error.starts_with("acme.toml: ") && error.contains(words), "{words}: {error}");
        assert!(
            error.ends_with("Correct it in an editor, or remove the file and set it up anew."),
            "{error}"
        );
    }
}

#[test]
fn values_that_cannot_be_right_name_their_line_and_field() {
    for (text, words) in [
        (changed("\"acme-prod\"", "\"a/b\""), "line 2, column 8: Name: Cannot contain /"),
        (changed("\"prod-eu\"", "\"\""), "line 11, column 11: Context of region 2: Missing"),
        (
            changed("\"22222222-bbbb\"", "\"11111111-AAAA\""),
            "line 12, column 19: Health check of region 2: Region 1 has the same",
        ),
        (
            changed("\"eu-west-1\"", "\"US-east-1\""),
            "line 10, column 8: Name of region 2: Region 1 has the same name",
        ),
        (
            format!("replicas = 0\n{MINIMAL}"),
            "line 1, column 12: Replicas: Must be a whole number from 1 to 1000",
        ),
        (
            format!("{MINIMAL}\n[chart]\nversion = \"v4.11.2\""),
            "line 15, column 11: Chart version: Write it without the v",
        ),
        ("name = \"alone\"".to_owned(), "Regions: There must be two regions or more, not 0"),
    ] {
        let error = refused(&text);
        assert!(error.contains(words), "{words}: {error}");
        assert!(error.ends_with(". Correct what is named."), "{error}");
    }
    let both = refused(&changed("\"prod-eu\"", "\"\"").replace("\"acme-prod\"", "\"\""));
    assert!(both.contains("Name: Missing") && both.contains("; line 11"), "all at once: {both}");
}

#[test]
fn a_newer_version_is_told_from_a_damaged_file() {
    let newer = parse_here("version = 2\nname = 7\nunknown = true").unwrap_err();
    assert!(matches!(newer.fault, FileFault::Newer { version: 2 }), "{newer}");
    assert_eq!(
        newer.to_string(),
        "acme.toml: has version 2, and this Failback reads version 1. Use that newer Failback."
    );
    for version in ["0", "-1", "\"1\"", "1.0", "99999999999999999999"] {
        let error = refused(&format!("version = {version}\n{MINIMAL}"));
        assert!(error.contains("line 1, column 11: version must be 1"), "{error}");
    }
    assert!(parse_here(&format!("version = 1\n{MINIMAL}")).is_ok());
}

#[cfg(unix)]
#[test]
fn relative_paths_start_at_the_file() {
    let text = format!(
        "kubeconfig = \"/etc/kube\"\n{MINIMAL}values_file = \"./eu/values.yaml\"\nprobe_ca = \"../ca.pem\"\n[aws]\nconfig_file = \"aws\"\n"
    );
    let profile = parse(&text, Path::new("/srv/failback/acme.toml")).unwrap();
    assert_eq!(profile.kubeconfig, Some("/etc/kube".into()));
    assert_eq!(profile.regions[1].values_file, Some("/srv/failback/eu/values.yaml".into()));
    assert_eq!(profile.regions[1].probe_ca, Some("/srv/failback/../ca.pem".into()));
    assert_eq!(profile.aws.config_file, Some("/srv/failback/aws".into()));

    let here = parse(&text, Path::new("acme.toml")).unwrap();
    let expected = std::env::current_dir().unwrap().join("eu/values.yaml");
    assert_eq!(here.regions[1].values_file, Some(expected));
}

#[test]
fn a_path_from_home_is_the_user_s() {
    let home = directories::BaseDirs::new().unwrap().home_dir().join("values.yaml");
    let profile = parse_here(&format!("{MINIMAL}values_file = \"~/values.yaml\"")).unwrap();
    assert_eq!(profile.regions[1].values_file, Some(home));
}

#[test]
fn what_could_not_be_read_back_is_not_written() {
    let mut profile = parse_here(MINIMAL).unwrap();
    profile.regions[1].values_file = Some("relative.yaml".into());
    let error = to_toml(&profile).unwrap_err();
    assert!(error.to_string().contains("Values file of region 2: Write the whole path"), "{error}");
}

#[cfg(unix)]
#[test]
fn every_key_has_its_field() {
    let text = r##"
version = 1
name = "acme-prod"
shared_host = "multi-region.example.com"
kubeconfig = "/k"
namespace = "platform"
deployment = "platform-server"
ingress = "platform-ingress"
selector = "app=platform"
replicas = 5
escalation = "#platform-oncall"

[aws]
profile = "prod"
config_file = "/a"
credentials_file = "/c"

[chart]
repository = "https://charts.example.com/"
name = "platform"
version = "4.11.2"
method = "vcluster"
file = "/c.tgz"

[database]
vpc_id = "vpc-0a1b2c3d4e5f60718"
security_group_id = "sg-0a1b2c3d"
port = 3307

[[regions]]
name = "us-east-1"
context = "prod-us"
health_check_id = "1"
values_file = "/v"
host = "us.multi-region.example.com"
probe_address = "127.0.0.1:8443"
probe_ca = "/p"

[[regions]]
name = "eu-west-1"
context = "prod-eu"
health_check_id = "2"
"##;
    let region = |name: &str, context: &str, id: &str| Region {
        name: name.to_owned(),
        context: context.to_owned(),
        health_check_id: id.to_owned(),
        values_file: None,
        host: None,
        probe_address: None,
        probe_ca: None,
    };
    let expected = Profile {
        name: "acme-prod".to_owned(),
        shared_host: Some("multi-region.example.com".to_owned()),
        kubeconfig: Some("/k".into()),
        namespace: "platform".to_owned(),
        deployment: "platform-server".to_owned(),
        ingress: "platform-ingress".to_owned(),
        selector: "app=platform".to_owned(),
        replicas: 5,
        escalation: Some("#platform-oncall".to_owned()),
        aws: AwsSettings {
            profile: Some("prod".to_owned()),
            config_file: Some("/a".into()),
            credentials_file: Some("/c".into()),
        },
        chart: Chart {
            repository: "https://charts.example.com/".to_owned(),
            name: "platform".to_owned(),
            version: Some("4.11.2".to_owned()),
            method: Method::Vcluster,
            file: Some("/c.tgz".into()),
        },
        database: Database {
            vpc_id: Some("vpc-0a1b2c3d4e5f60718".to_owned()),
            security_group_id: Some("sg-0a1b2c3d".to_owned()),
            port: 3307,
        },
        regions: vec![
            Region {
                values_file: Some("/v".into()),
                host: Some("us.multi-region.example.com".to_owned()),
                probe_address: Some("127.0.0.1:8443".to_owned()),
                probe_ca: Some("/p".into()),
                ..region("us-east-1", "prod-us", "1")
            },
            region("eu-west-1", "prod-eu", "2"),
        ],
    };
    assert_eq!(parse_here(text).unwrap(), expected);
    assert_eq!(to_toml(&expected).unwrap(), text.trim_start(), "written as it is documented");
}
