use proptest::prelude::*;

use super::*;

#[test]
fn secrets_are_masked_wherever_they_stand() {
    let secrets = [Secret::new("hunter22"), Secret::new("abc")];
    assert_eq!(redact("set to hunter22, hunter22", &secrets), "set to ***, ***");
    assert_eq!(redact("abc", &secrets), "abc", "too short to mask");
    assert_eq!(format!("{:?} {}", secrets[0], secrets[0]), "*** ***");
}

#[test]
fn a_known_secret_is_masked_in_every_notation() {
    let secret = Secret::new(r#"p@ss w'rd"1/<ü>&,$x"#);
    for (notation, text) in [
        ("plain", r#"got p@ss w'rd"1/<ü>&,$x here"#),
        ("JSON", r#"got p@ss w'rd\"1/<ü>&,$x here"#),
        ("Go's JSON", r#"got p@ss w'rd\"1/\u003cü\u003e\u0026,$x here"#),
        ("JSON in JSON", r#"got p@ss w'rd\\\"1/<ü>&,$x here"#),
        ("YAML", r#"got p@ss w''rd"1/<ü>&,$x here"#),
        ("shell", r#"got p@ss w'\''rd"1/<ü>&,$x here"#),
        ("bash's %q", r#"got p@ss\ w\'rd\"1/\<ü\>\&\,\$x here"#),
        ("Helm's --set", r#"got p@ss w'rd"1/<ü>&\,$x here"#),
        ("URL", "got p%40ss%20w%27rd%221%2F%3C%C3%BC%3E%26%2C%24x here"),
        ("URL, lower case", "got p%40ss%20w%27rd%221%2f%3c%c3%bc%3e%26%2c%24x here"),
        ("form", "got p%40ss+w%27rd%221%2F%3C%C3%BC%3E%26%2C%24x here"),
        ("base64", "got cEBzcyB3J3JkIjEvPMO8PiYsJHg= here"),
        ("base64 without padding", "got cEBzcyB3J3JkIjEvPMO8PiYsJHg here"),
    ] {
        assert_eq!(redact(text, std::slice::from_ref(&secret)), "got *** here", "{notation}");
    }
    let lines = Secret::new("first line\nsecond line");
    assert_eq!(redact("x: second line", &[lines]), "x: ***");
    let both = [Secret::new("hunter"), Secret::new("hunter22")];
    assert_eq!(redact("hunter22", &both), MASK, "the longest match wins");
    assert_eq!(redact("the hunters", &both), "the hunters", "a short one is no part of a word");
}

/// What is masked: by name, by place, by shape.
#[test]
fn what_looks_like_a_credential_is_masked() {
    let table = NAMED.iter().chain(PLACED).chain(SHAPED);
    // What is masked already stays as it is.
    let table = table.flat_map(|(text, expected)| [(*text, *expected), (*expected, *expected)]);
    assert_masked(table);
}

const NAMED: &[(&str, &str)] = &[
    ("password=hunter22 ok", "password=*** ok"),
    ("PASSWORD = hunter22", "PASSWORD = ***"),
    ("db_password=a,b;c d", "db_password=*** d"),
    ("Server=db;Password=hunter22;Database=kine", "Server=db;Password=***;Database=kine"),
    ("AWS_SECRET_ACCESS_KEY=wJalr", "AWS_SECRET_ACCESS_KEY=***"),
    ("aws_session_token = IQo", "aws_session_token = ***"),
    ("MYSQL_PWD=x1 mysql", "MYSQL_PWD=*** mysql"),
    ("--set admin.password=hunter22 --wait", "--set admin.password=*** --wait"),
    (r#"msg="x" password="correct horse \" battery" user=kine"#, r#"msg="x" password="***" user=kine"#),
    ("password='it'\\''s me' user", "password='***' user"),
    ("password='it''s me' user", "password='***' user"),
    (r#"password="a"b"c" user"#, r#"password="***" user"#),
    (r#"{"password":"a b","user":"kine"}"#, r#"{"password":"***","user":"kine"}"#),
    (r#"{"clientSecret": "x\"y, z", "n": 1}"#, r#"{"clientSecret": "***", "n": 1}"#),
    (r#"{"pin_password":123456,"n":1}"#, r#"{"pin_password":***,"n":1}"#),
    (r#"{"tokens":1,"apiKey":["a1b2","c3d4"]}"#, r#"{"tokens":1,"apiKey":[***]}"#),
    (r#"body="{\"password\":\"a b\",\"n\":1}""#, r#"body="{\"password\":\"***\",\"n\":1}""#),
    (r#""{\"a\":\"{\\\"token\\\":\\\"x y\\\"}\"}""#, r#""{\"a\":\"{\\\"token\\\":\\\"***\\\"}\"}""#),
    ("  password: correct horse battery # old", "  password: ***"),
    ("- adminPassword: 'a b'", "- adminPassword: '***'"),
    ("a: 1\npassword: |\n  line one\n  line two\nb: 2", "a: 1\npassword: |\n  ***\nb: 2"),
    (
        "values don't meet: admin.password: hunter22 is no integer",
        "values don't meet: admin.password: *** is no integer",
    ),
    ("map[email:a@b.c password:my pass word create:true]", "map[email:a@b.c password:*** create:true]"),
    ("map[create:true password:my pass]", "map[create:true password:***]"),
    ("{User:kine Password:hunter22 Host:db}", "{User:kine Password:*** Host:db}"),
    (r#"Config { password: Some("my pass"), port: 1 }"#, "Config { password: ***), port: 1 }"),
    ("vcluster start --password hunter22 --no-wait", "vcluster start --password *** --no-wait"),
    ("vcluster start --password 'my pass' --no-wait", "vcluster start --password '***' --no-wait"),
    (r#"["start","--password","my pass","--x"]"#, r#"["start","--password","***","--x"]"#),
    ("curl -u kine:hunter22 https://x", "curl -u kine:*** https://x"),
    ("kubectl --token=abc123 get", "kubectl --token=*** get"),
    ("Authorization: Bearer abcdef end", "Authorization: Bearer *** end"),
    ("authorization: Basic a2luZTpodW50ZXI=", "authorization: Basic ***"),
    ("Proxy-Authorization: Digest username=\"a\", response=\"b\"", "Proxy-Authorization: Digest ***\""),
    ("map[Authorization:[Bearer abcdef] Accept:[*/*]]", "map[Authorization:[***] Accept:[*/*]]"),
    ("sent Bearer abcdef", "sent Bearer ***"),
    ("no; you sent Bearer tokenhunter22", "no; you sent Bearer ***"),
    ("tried Basic a2luZTpodW50ZXI= twice", "tried Basic *** twice"),
    ("curl -H 'Cookie: a=b; sid=c' https://x", "curl -H 'Cookie: ***' https://x"),
    ("Set-Cookie: sid=abc; Path=/; HttpOnly", "Set-Cookie: ***"),
    ("X-Amz-Security-Token: IQoJ/x+y==", "X-Amz-Security-Token: ***"),
    (
        "<AccessKeyId>x</AccessKeyId><SecretAccessKey>a b</SecretAccessKey>",
        "<AccessKeyId>x</AccessKeyId><SecretAccessKey>***</SecretAccessKey>",
    ),
    (r#"{"name":"DB_PASSWORD","value":"a b"}"#, r#"{"name":"DB_PASSWORD","value":"***"}"#),
    ("- name: DB_PASSWORD\n  value: hunter22", "- name: DB_PASSWORD\n  value: ***"),
    (r#"using password "hunter22" for kine"#, r#"using password "***" for kine"#),
    (r#"{"auths":{"ghcr.io":{"auth":"a2luZTpodW50ZXI="}}}"#, r#"{"auths":{"ghcr.io":{"auth":"***"}}}"#),
];

const PLACED: &[(&str, &str)] = &[
    ("GET https://sts/?X-Amz-Signature=0a1b failed", "GET https://sts/?X-Amz-Signature=*** failed"),
    (
        "https://b/k?X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F2026&X-Amz-Date=1&X-Amz-Signature=ab#f",
        "https://b/k?X-Amz-Credential=***&X-Amz-Date=1&X-Amz-Signature=***#f",
    ),
    ("https://idp/cb?state=1&access_token=abc.def&x=1", "https://idp/cb?state=1&access_token=***&x=1"),
    (
        "dial mysql://kine:hunter22@tcp(db.example.com:3306)/kine failed: i/o timeout",
        "dial mysql://kine:***@tcp(db.example.com:3306)/kine failed: i/o timeout",
    ),
    ("kine:hunter22@tcp(db:3306)/kine?tls=true", "kine:***@tcp(db:3306)/kine?tls=true"),
    ("kine:hunter22@(db)/kine", "kine:***@(db)/kine"),
    ("dsn=kine:h@n:t/e=r@tcp(db:3306)/kine", "dsn=kine:***@tcp(db:3306)/kine"),
    ("dial kine:my pass@tcp(db:3306): timeout", "dial kine:***@tcp(db:3306): timeout"),
    (r#"{"dsn":"kine:hunter22@unix(/run/db)","n":1}"#, r#"{"dsn":"kine:***@unix(/run/db)","n":1}"#),
    (
        r#"dataSource: "mysql://kine:my p/ss:1@tcp(db)/kine""#,
        r#"dataSource: "mysql://kine:***@tcp(db)/kine""#,
    ),
    ("GET https://me:hunter22@example.com:8443/a?b=c, 200", "GET https://me:***@example.com:8443/a?b=c, 200"),
    ("url=\"https://me:hun@ter@example.com\" ok", "url=\"https://me:***@example.com\" ok"),
    ("postgres://me:hun/ter@example.com/db", "postgres://me:***@example.com/db"),
    ("redis://:hunter22@cache:6379", "redis://:***@cache:6379"),
    ("a://u:one1@x,b://u:two2@y", "a://u:***@x,b://u:***@y"),
    ("cloning me:hunter22@git.example.com:22/x", "cloning me:***@git.example.com:22/x"),
];

const SHAPED: &[(&str, &str)] = &[
    ("token k8s-aws-v1.aHR0cHM6Ly9 was refused", "token *** was refused"),
    ("key AKIAIOSFODNN7EXAMPLE, denied", "key ***, denied"),
    ("ASIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY.", "*** ***."),
    ("got eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl from idp", "got *** from idp"),
    ("pull with ghp_0123456789abcdefghijABCDEFGHIJ456789: denied", "pull with ***: denied"),
    ("xoxb-123456789012-abcdefABCDEF posted", "*** posted"),
    ("https://hooks.slack.com/services/T0/B0/abc", "https://hooks.slack.com/***"),
    ("user kine $2a$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy ok", "user kine *** ok"),
    ("-----BEGIN EC PRIVATE KEY-----\\nMHcC\\n-----END EC PRIVATE KEY-----\\n", "***\\n"),
    ("tls: -----BEGIN PRIVATE KEY-----\nMIIE\nabc", "tls: ***"),
    ("MIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7MaLsx7oZ2R8Wv4bZ", MASK),
    ("got LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQo=.", "got ***."),
    ("s.token hvs.CAESIJ0123456789abcdef", "s.token ***"),
];

/// Words of ordinary lines, by which causes are judged and which people read.
#[test]
fn ordinary_lines_stay_as_they_are() {
    let lines = [
        "Failed to ping database connection: Error 1045 (28000): Access denied for user 'kine'@'10.0.1.7' (using password: YES)",
        "Access denied for user 'kine'@'10.0.1.7' (using password: NO)",
        "Failed to ping database connection: dial tcp 10.1.2.3:3306: i/o timeout",
        "dial tcp: lookup db.example.com on 172.20.0.10:53: no such host",
        "client rate limiter: token bucket is empty, waited 1.2s",
        "secretName: loft-cert",
        "secret \"loft-cert\" not found",
        "couldn't find key token in Secret vcluster-platform/loft-db",
        "secrets \"loft\" is forbidden: User \"me\" cannot get resource \"secrets\" in API group \"\"",
        "pq: password authentication failed for user \"kine\"",
        "the password is required, or --password must be given",
        "Error: flag needs an argument: --token",
        "add --password with the one that the release has (helm get values), or the CLI sets a new one",
        "ExpiredToken: The security token included in the request is expired",
        "InvalidClientTokenId: The security token included in the request is invalid.",
        "UnrecognizedClientException: The security token included in the request is invalid",
        "Unable to authenticate the request err=\"[invalid bearer token, service account token has expired]\"",
        "WWW-Authenticate: Bearer realm=\"https://ghcr.io/token\",service=\"ghcr.io\"",
        "error validating token: oidc: malformed jwt",
        "Unable to locate credentials. You can configure credentials by running \"aws configure\".",
        "aws sso login --profile prod",
        "two  spaces\tstay",
        "kine@tcp(db:3306)/kine",
        "mysql://kine@tcp(db:3306)/kine",
        r#"{"dsn":"kine@tcp(db:3306)"}"#,
        "kine:@tcp(db:3306)",
        "failed: kine@tcp(db:3306)/kine",
        "https://me@example.com:8443/x",
        "https://example.com:8443/u:p@x",
        "image ghcr.io/loft:4.11.2@sha256:0a1b",
        "Back-off pulling image \"ghcr.io/loft-sh/vcluster-platform:4.11.2\"",
        "arn:aws:eks:us-east-1:123456789012:cluster/platform-multi-region-us-east-1",
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/k8s-loft-1a2b3c4d5e/0a1b2c3d4e5f6071",
        "uid 3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4ea9, resourceVersion 123456",
        "pod loft-6d5f8c9b7d-x2x4z: CrashLoopBackOff, exit code 1",
        "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "commit da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "{\"password\":\"\",\"token\":null,\"secret\":\"***\"}",
        "password: null",
        "nextToken: abc123, maxToken: 5, token_type: 1",
        "kubernetes.io/service-account-token",
        "leader election lost: lease vcluster-platform/loft, key: value",
        "Warning  FailedMount  MountVolume.SetUp failed for volume \"cert\" : secret \"loft-cert\" not found",
        "keys: a1b2c3, primary key: id42, monkey: 12",
        "the basic authentication handler is on",
        "me@example.com signed in from 10.0.0.1",
        "sk-learn and npm_config are names, eyJ too",
        "12:30:45 compass: 42, bypass=on, surpass: 1x",
    ];
    assert_masked(lines.map(|line| (line, line)));
}

#[track_caller]
fn assert_masked<'a>(table: impl IntoIterator<Item = (&'a str, &'a str)>) {
    let wrong = table.into_iter().map(|(text, expected)| (text, expected, redact_credentials(text)));
    let wrong: Vec<String> = wrong
        .filter(|(_, expected, masked)| expected != masked)
        .map(|(text, expected, masked)| format!("{text}\n  became   {masked}\n  and not  {expected}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

proptest! {
    /// A secret is found in what surrounds it in the notations of programs, whatever it is made of.
    #[test]
    fn no_password_shows_through(password in "[A-Za-z0-9!#$%*+/:;?@^_|~,. =&<-]{0,12}[A-Z0-9]{6}") {
        let json = serde_json::json!({ "user": "kine", "adminPassword": password, "n": 1 }).to_string();
        let nested = serde_json::json!({ "body": json }).to_string();
        for text in [
            json,
            nested,
            format!("password='{password}' user=kine"),
            format!("password=\"{password}\", user=kine"),
            format!("  password: {password}"),
            format!("level=info msg=\"x\" dsn=\"mysql://kine:{password}@tcp(db:3306)/kine\""),
            format!("vcluster platform start --password '{password}' --no-wait"),
        ] {
            let masked = redact_credentials(&text);
            prop_assert!(!masked.contains(&password[password.len() - 6..]), "{text} became {masked}");
        }
    }

    /// A known secret leaves in no notation, and nothing else of the text is lost.
    #[test]
    fn a_known_secret_never_leaves(secret in "\\PC{8,24}", before in "[a-z ]{0,8}", after in "[a-z ]{0,8}") {
        let known = [Secret::new(secret.clone())];
        let text = format!("{before} {secret} {after}");
        prop_assert!(!redact(&text, &known).contains(&secret));
    }

    #[test]
    fn any_text_is_taken(text in "\\PC{0,200}", pieces in "(password|token|secret|[:='\"`\\\\ \\[\\]{}<>@/$(\n,é]|mysql://|Bearer |x){0,40}") {
        redact_credentials(&text);
        redact_credentials(&pieces);
        LineMask::default().line(&pieces, &[]);
    }
}
