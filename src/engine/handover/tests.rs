//! Bundles that are written, opened, and refused.

use std::io::Read as _;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;
use crate::environment;
use crate::journal::{Entry, Hand, Happening, JournalHandle, Listener, one, process};
use crate::runbook::action::ActionKind;
use crate::runbook::interrupted::ProcessMark;
use crate::runbook::profile::{Profile, testing::profile};

const KEY: &str = "-----BEGIN RSA PRIVATE KEY-----\nMIIEowIBAAKCAQ\n-----END RSA PRIVATE KEY-----";

fn now() -> Timestamp {
    "2026-03-04T02:00:00.5Z".parse().unwrap()
}

fn hand(person: &str) -> Hand {
    Hand { person: person.to_owned(), host: "bastion".to_owned(), ..Hand::default() }
}

fn noted(text: &str) -> Happening {
    Happening::Noted { text: text.to_owned() }
}

/// As it may be saved.
fn saved_profile() -> Profile {
    let mut profile = profile();
    for region in &mut profile.regions {
        let name = &region.name;
        region.context = format!("arn:aws:eks:{name}:123456789012:cluster/platform-multi-region-{name}");
        region.health_check_id = format!("3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d{:04x}", name.as_bytes()[0]);
        region.values_file = Some(PathBuf::from(format!("/srv/platform-{name}-values.yaml")));
    }
    profile
}

/// A run that somebody left in the middle of an action, with secrets in what nobody masked.
fn run(runs: &Path) -> PathBuf {
    let opened = Happening::Opened { environment: "acme prod".to_owned(), practice: None, by: hand("anna") };
    let intent = Happening::Intent {
        intent: 1,
        by: ProcessMark { host: "elsewhere".to_owned(), ..process::mark(1) },
        action: ActionKind::ReapplyHelm,
        region: "us-east-1".to_owned(),
        context: "us".to_owned(),
        command: "helm upgrade".to_owned(),
        changes: String::new(),
        overridden: Vec::new(),
        reason: None,
    };
    let chosen = Happening::RegionChosen { region: "us-east-1".to_owned() };
    let toml = environment::to_toml(&saved_profile()).unwrap() + "# password: hunter2\n";
    let first = [opened, chosen, noted("password=hunter2"), noted(KEY), intent].map(Entry::now);
    let journal = JournalHandle::begin(runs, "acme prod", Some(&toml), &first, Listener::nobody()).unwrap();
    let folder = journal.folder().to_owned();
    drop(journal);
    let newer =
        format!("{}\n", json!({"at": "2026-03-04T02:00:00Z", "what": "new", "adminPassword": "hunter2"}));
    let path = folder.join(journal::FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text + &newer + "{\"at\":\"2026-03-04T02:00:00Z\",\"password\":\"hunter2").unwrap();
    std::fs::write(folder.join("1-reapply-helm.log"), format!("password: hunter2\n{KEY}\nlast\n")).unwrap();
    std::fs::write(folder.join("notes.txt"), "password=hunter2").unwrap();
    folder
}

/// The names and texts in a bundle.
fn unpacked(bundle: &Path) -> Vec<(String, String)> {
    let mut archive = tar::Archive::new(GzDecoder::new(std::fs::File::open(bundle).unwrap()));
    let of = |entry: io::Result<tar::Entry<'_, GzDecoder<std::fs::File>>>| {
        let mut entry = entry.unwrap();
        let (path, mut text) = (entry.path().unwrap().to_str().unwrap().to_owned(), String::new());
        entry.read_to_string(&mut text).unwrap();
        (path, text)
    };
    archive.entries().unwrap().map(of).collect()
}

fn packed(folder: &Path, to: &Path) -> PathBuf {
    let bundle = to.join(file_name("acme prod", now(), "tar.gz"));
    pack(folder, &bundle, hand("anna"), now(), TimeZone::UTC).unwrap();
    bundle
}

#[test]
fn a_bundle_has_the_run_and_no_secret_and_opens_on_another_machine() {
    let dir = tempfile::tempdir().unwrap();
    let folder = run(&dir.path().join("one/runs"));
    let bundle = packed(&folder, dir.path());
    assert_eq!(bundle.file_name().unwrap(), "failback-acme-prod-2026-03-04T02-00-00Z.tar.gz");
    let files = unpacked(&bundle);
    let names: Vec<&str> = files.iter().map(|(path, _)| path.split_once('/').unwrap().1).collect();
    assert_eq!(
        names,
        [
            "manifest.json",
            "journal.jsonl",
            "environment.toml",
            "1-reapply-helm.log",
            "report.md",
            "report.html"
        ]
    );
    for (path, text) in &files {
        assert!(!text.contains("hunter2") && !text.contains("MIIEow"), "{path}: {text}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&bundle).unwrap().permissions().mode() & 0o777, 0o600);
    }

    let runs = dir.path().join("two/runs");
    let opened = open(&bundle, &runs, hand("berta")).unwrap();
    assert_eq!(
        (opened.id(), opened.from.as_str()),
        (folder.file_name().unwrap().to_str().unwrap().to_owned(), "anna@bastion")
    );
    let (before, after) = (one(&folder).unwrap().record, one(&opened.folder).unwrap().record);
    assert_eq!(after.actions.len(), before.actions.len());
    assert_eq!((after.newer.len(), after.torn), (1, 1), "what this one does not understand is kept");
    let said: Vec<&str> = after.timeline.iter().map(|moment| moment.text.as_str()).collect();
    assert!(said.last().unwrap().starts_with("Received by berta@bastion"), "{said:?}");
    let back = journal::look_back(&runs, &[]);
    let [interrupted] = back.interrupted.as_slice() else { panic!("{back:?}") };
    assert_eq!((interrupted.action.as_str(), interrupted.alive), ("reapply-helm", None));
    environment::read(&opened.folder.join(journal::ENVIRONMENT_FILE)).unwrap();
    // It is taken up as any other.
    drop(JournalHandle::resume(&opened.folder, Listener::nobody()).unwrap());

    // The same again is the same; a later one of the same run stands beside it.
    let again = open(&bundle, &runs, hand("berta")).unwrap();
    assert!(again.already && again.folder == opened.folder, "{again:?}");
    let later = dir.path().join("later.tar.gz");
    let text = (now() + jiff::SignedDuration::from_secs(9), TimeZone::UTC);
    pack(&folder, &later, hand("anna"), text.0, text.1).unwrap();
    let beside = open(&later, &runs, hand("berta")).unwrap();
    assert_eq!((beside.id(), beside.beside), (format!("{}-2", opened.id()), Some(opened.id())));
    // And it can be handed on.
    assert_eq!(unpacked(&packed(&opened.folder, dir.path())).len(), 6);
    assert_nothing_half_open(&runs);
}

#[track_caller]
fn assert_nothing_half_open(runs: &Path) {
    let hidden = |name: &std::ffi::OsString| name.to_string_lossy().starts_with('.');
    let Ok(entries) = std::fs::read_dir(runs) else { return };
    let half: Vec<_> = entries.map(|entry| entry.unwrap().file_name()).filter(hidden).collect();
    assert!(half.is_empty(), "{half:?}");
}

#[test]
fn what_is_too_long_is_cut_and_told() {
    let dir = tempfile::tempdir().unwrap();
    let folder = run(&dir.path().join("runs"));
    let long = "a line of what a program said\n".repeat(200_000);
    std::fs::write(folder.join("2-restart.log"), format!("password: hunter2 {long}")).unwrap();
    for number in 3..40 {
        std::fs::write(folder.join(format!("{number}-scale.log")), "").unwrap();
    }
    let bundle = dir.path().join("b.tar.gz");
    let left_out = pack(&folder, &bundle, hand("anna"), now(), TimeZone::UTC).unwrap().left_out;
    assert!(
        left_out.iter().any(|text| text.starts_with("1-reapply-helm.log: there are too many")),
        "{left_out:?}"
    );
    let opened = open(&bundle, &dir.path().join("two"), hand("berta")).unwrap();
    assert_eq!(opened.left_out, left_out);

    for number in 3..40 {
        std::fs::remove_file(folder.join(format!("{number}-scale.log"))).unwrap();
    }
    let left_out = pack(&folder, &bundle, hand("anna"), now(), TimeZone::UTC).unwrap().left_out;
    assert!(left_out[0].ends_with("bytes of 2-restart.log: it is too long"), "{left_out:?}");
    let files = unpacked(&bundle);
    let report = files.iter().find(|(path, _)| path.ends_with("report.md")).unwrap();
    assert!(report.1.contains("## What is missing here") && report.1.contains("bytes of 2-restart.log"));
}

#[test]
fn an_environment_is_not_changed_by_the_mask() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(journal::ENVIRONMENT_FILE);
    environment::write(&path, &saved_profile()).unwrap();
    let text = std::fs::read_to_string(&path).unwrap();
    let masked: Vec<String> = text.lines().map(redact_credentials).collect();
    assert_eq!(masked.join("\n"), text.trim_end());
}

/// An entry: its type, path, the size that its header says where that is not its own, and its content.
type Packed<'a> = (u8, &'a str, Option<u64>, &'a [u8]);

/// A bundle of these entries: type, path, size that the header says, content.
fn archive(path: &Path, entries: &[Packed<'_>]) {
    let mut bytes = Vec::new();
    for (kind, name, size, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::new(*kind));
        // Not by set_path, which refuses what is hostile.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        if matches!(*kind, b'1' | b'2') {
            header.set_link_name("/etc/passwd").unwrap();
        }
        header.set_size(size.unwrap_or(content.len() as u64));
        header.set_cksum();
        bytes.extend_from_slice(header.as_bytes());
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    let mut gz = GzEncoder::new(std::fs::File::create(path).unwrap(), Compression::fast());
    gz.write_all(&bytes).unwrap();
    gz.finish().unwrap();
}

#[test]
fn an_archive_that_is_hostile_or_no_bundle_is_refused_and_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (bundle, runs) = (dir.path().join("x.tar.gz"), dir.path().join("runs"));
    let manifest = |format: u32, run: &str| {
        json!({"format": format, "program": "9.9.9", "run": run, "written_at": now(), "by": {}})
            .to_string()
            .into_bytes()
    };
    let (good, newer, up, hidden) =
        (manifest(1, "2026-acme"), manifest(2, "2026-acme"), manifest(1, "../up"), manifest(1, ".hidden"));
    let line = serde_json::to_string(&Entry::now(noted("a"))).unwrap() + "\n";
    let m: Packed<'_> = (b'0', "t/manifest.json", None, &good);
    let j: Packed<'_> = (b'0', "t/journal.jsonl", None, line.as_bytes());
    let huge = vec![0; 5 * 1024 * 1024];
    let many: Vec<String> = (1..60).map(|number| format!("t/{number}-scale.log")).collect();
    let mut crowd = vec![m, j];
    crowd.extend(many.iter().map(|name| (b'0', name.as_str(), None, &b""[..])));
    let cases: Vec<(&str, Vec<Packed<'_>>, &str)> = vec![
        ("absolute", vec![m, j, (b'0', "/etc/cron.d/x", None, b"")], "does not belong there: /etc/cron.d/x"),
        ("up", vec![m, j, (b'0', "../journal.jsonl", None, b"")], "does not belong there"),
        ("up inside", vec![m, j, (b'0', "t/../1-a.log", None, b"")], "does not belong there"),
        ("deeper", vec![m, j, (b'0', "t/t/1-a.log", None, b"")], "does not belong there"),
        ("two folders", vec![m, j, (b'0', "u/1-a.log", None, b"")], "does not belong there"),
        ("unknown", vec![m, j, (b'0', "t/.bashrc", None, b"")], "does not belong there"),
        (
            "odd log",
            vec![m, j, (b'0', "t/1-\x1b[31m.log", None, b"")],
            "does not belong there: t/1-\\u{1b}[31m.log",
        ),
        (
            "symbolic link",
            vec![m, (b'2', "t/journal.jsonl", Some(0), b"")],
            "something else than plain files",
        ),
        ("hard link", vec![m, (b'1', "t/journal.jsonl", Some(0), b"")], "something else than plain files"),
        ("device", vec![m, j, (b'3', "t/1-a.log", Some(0), b"")], "something else than plain files"),
        ("folder", vec![(b'5', "t/", Some(0), b""), m, j], "something else than plain files"),
        (
            "long name",
            vec![(b'L', "././@LongLink", None, b"/etc/passwd\0"), m, j],
            "something else than plain files",
        ),
        (
            "extended",
            vec![(b'x', "t/manifest.json", None, b"19 path=/etc/passwd"), m, j],
            "something else than plain files",
        ),
        ("twice", vec![m, j, j], "it has journal.jsonl twice"),
        ("too long", vec![m, j, (b'0', "t/1-a.log", None, &huge)], "more in it than a run has"),
        ("said to be huge", vec![m, j, (b'0', "t/1-a.log", Some(1 << 40), b"")], "more in it than a run has"),
        ("too many", crowd, "more in it than a run has"),
        ("breaks off", vec![m, (b'0', "t/journal.jsonl", Some(4096), b"x")], "it breaks off"),
        ("no journal", vec![m], "it has no journal.jsonl"),
        ("no manifest", vec![j], "it has no manifest.json"),
        ("nothing", vec![], "it has no manifest.json"),
        ("manifest", vec![(b'0', "t/manifest.json", None, b"{}"), j], "its manifest cannot be read"),
        ("run up", vec![(b'0', "t/manifest.json", None, &up), j], "no name that a folder may have"),
        ("run hidden", vec![(b'0', "t/manifest.json", None, &hidden), j], "no name that a folder may have"),
        ("empty journal", vec![m, (b'0', "t/journal.jsonl", None, b"what\n")], "no entry that can be read"),
        ("newer", vec![(b'0', "t/manifest.json", None, &newer), j], "Failback 9.9.9, which is newer"),
    ];
    for (name, entries, why) in cases {
        archive(&bundle, &entries);
        let error = open(&bundle, &runs, hand("berta")).expect_err(name).to_string();
        assert!(error.contains(why), "{name}: {error}");
        assert_eq!(std::fs::read_dir(&runs).unwrap().count(), 0, "{name}");
    }
    // With nothing wrong it opens.
    archive(&bundle, &[m, j]);
    open(&bundle, &runs, hand("berta")).unwrap();

    // Cut off, not packed, packed without end.
    let whole = std::fs::read(&bundle).unwrap();
    std::fs::write(&bundle, &whole[..whole.len() / 2]).unwrap();
    assert!(open(&bundle, &runs, hand("b")).unwrap_err().to_string().contains("it is damaged"));
    std::fs::write(&bundle, "no archive").unwrap();
    assert!(open(&bundle, &runs, hand("b")).unwrap_err().to_string().contains("it is damaged"));
    let error = open(&dir.path().join("gone"), &runs, hand("b")).unwrap_err().to_string();
    assert!(error.contains("gone cannot be read"), "{error}");
    assert!(open(dir.path(), &runs, hand("b")).unwrap_err().to_string().contains("it is no file"));
    assert_nothing_half_open(&runs);
}

#[test]
fn what_unpacks_to_more_than_a_run_has_is_refused_by_its_first_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let (bundle, runs) = (dir.path().join("x.tar.gz"), dir.path().join("runs"));
    let zeros = vec![0; 40 * 1024 * 1024];
    archive(&bundle, &[(b'0', "t/journal.jsonl", None, &zeros)]);
    assert!(std::fs::metadata(&bundle).unwrap().len() < 1024 * 1024);
    let error = open(&bundle, &runs, hand("b")).unwrap_err().to_string();
    assert!(error.contains("more in it than a run has"), "{error}");
    assert_nothing_half_open(&runs);
}

#[test]
fn a_run_that_goes_on_is_handed_over_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let opened = Happening::Opened { environment: "acme".to_owned(), practice: None, by: hand("anna") };
    let journal = JournalHandle::begin(
        &dir.path().join("runs"),
        "acme",
        None,
        &[Entry::now(opened)],
        Listener::nobody(),
    );
    let journal = journal.unwrap();
    let bundle = packed(journal.folder(), dir.path());
    let opened = open(&bundle, &dir.path().join("two"), hand("berta")).unwrap();
    assert_eq!(one(&opened.folder).unwrap().record.environment, "acme");
    // Whoever writes it notes the handover.
    journal::handed_over(journal.folder(), "b").unwrap_err();
}
