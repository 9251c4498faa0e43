//! The folder of saved environments, on a real file system.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "helpers of tests")]

use std::fs;
use std::path::{Path, PathBuf};

use failback::environment::{Draft, Field, FileFault, RegionField, Store, StoreError, file, validate};
use failback::runbook::profile::{Method, Profile};

/// A profile with every field filled in.
fn full(name: &str) -> Profile {
    let somewhere = std::env::temp_dir();
    let path = |file: &str| somewhere.join(file).to_str().expect("a Unicode path").to_owned();
    let mut draft = Draft {
        name: name.to_owned(),
        shared_host: "multi-region.example.com".to_owned(),
        kubeconfig: path("kube \"config\""),
        escalation: "#platform-oncall, +1 555 0100".to_owned(),
        aws_profile: "prod".to_owned(),
        aws_config_file: path("aws"),
        aws_credentials_file: path("credentials"),
        chart_version: "4.11.2".to_owned(),
        chart_method: Method::Vcluster,
        ..Draft::default()
    };
    for (number, region) in draft.regions.iter_mut().enumerate() {
        region.name = format!("region-{number}");
        region.context = format!("arn:aws:eks:us-east-1:123456789012:cluster/platform-{number}");
        region.health_check_id = format!("3f1c2d4e-5a6b-4c7d-8e9f-0a1b2c3d4ea{number}");
        region.values_file = path("values.yaml");
        region.host = format!("r{number}.multi-region.example.com");
        region.probe_address = format!("127.0.0.1:844{number}");
        region.probe_ca = path("ca.pem");
    }
    validate(&draft).expect("a valid draft")
}

fn store() -> (tempfile::TempDir, Store) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::at(folder.path().join("failback").join("environments"));
    (folder, store)
}

/// A store whose folder holds these files.
fn store_with(files: &[(&str, &[u8])]) -> (tempfile::TempDir, Store) {
    let (folder, store) = store();
    fs::create_dir_all(store.dir()).unwrap();
    for (name, bytes) in files {
        fs::write(store.dir().join(name), bytes).unwrap();
    }
    (folder, store)
}

fn names(store: &Store) -> Vec<String> {
    store.list().environments.into_iter().map(|saved| saved.name).collect()
}

/// The file names of a folder, sorted, hidden ones included.
fn files(folder: &Path) -> Vec<String> {
    let mut files: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    files
}

#[test]
fn what_is_saved_is_loaded_by_name_and_by_path() {
    let (_folder, store) = store();
    assert_eq!(store.list(), failback::environment::Listing::default(), "a missing folder is empty");
    let profile = full("Acme prod");
    let path = store.save(&profile, None).unwrap();
    assert_eq!(path, store.dir().join("Acme prod.toml"));

    let listing = store.list();
    assert_eq!(listing.problems, []);
    assert_eq!(listing.environments.len(), 1);
    assert_eq!(listing.environments[0].profile, profile);
    assert_eq!(store.load("Acme prod").unwrap().profile, profile);
    let by_path = store.load(path.to_str().unwrap()).unwrap();
    assert_eq!((by_path.path, by_path.profile), (path, profile.clone()));
    assert_eq!(validate(&Draft::from(&profile)), Ok(profile));
    assert_eq!(files(store.dir()), ["Acme prod.toml"], "nothing temporary is left");
}

#[test]
fn a_name_that_is_not_saved_lists_those_that_are() {
    let (_folder, store) = store();
    let error = store.load("acme").unwrap_err().to_string();
    assert!(
        error.contains("No environment is named “acme”") && error.ends_with("Nothing is saved there."),
        "{error}"
    );
    for name in ["b", "C", "a"] {
        store.save(&full(name), None).unwrap();
    }
    assert_eq!(names(&store), ["a", "b", "C"]);
    let error = store.load("acme").unwrap_err().to_string();
    assert!(error.contains("Saved: a, b, C."), "{error}");
    assert!(error.contains(store.dir().to_str().unwrap()), "{error}");
    let missing = store.load("elsewhere/acme.toml").unwrap_err().to_string();
    assert!(
        missing.contains("acme.toml: cannot be read") && missing.ends_with("Check the path."),
        "{missing}"
    );
}

#[test]
fn files_that_cannot_be_loaded_are_reported_and_keep_their_bytes() {
    let damaged: &[u8] = b"name = \"damaged\nregions = [";
    let newer: &[u8] = b"version = 7\nname = \"newer\"";
    let latin: &[u8] = b"version = 1\nname = \"m\xfcnchen\"";
    let large = vec![b'#'; 1024 * 1024 + 1];
    let broken: [(&str, &[u8], &str); 4] = [
        ("damaged.toml", damaged, "line 1, column "),
        ("large.toml", &large, "larger than"),
        ("latin.toml", latin, "line 2: is not UTF-8"),
        ("newer.toml", newer, "has version 7"),
    ];
    let (_folder, store) = store_with(&broken.map(|(name, bytes, _)| (name, bytes)));
    fs::write(store.dir().join("notes.txt"), "not ours").unwrap();
    fs::write(store.dir().join(".#lock.toml"), "not ours").unwrap();
    fs::create_dir(store.dir().join("folder.toml")).unwrap();
    store.save(&full("good"), None).unwrap();

    let listing = store.list();
    assert_eq!(names(&store), ["good"]);
    let reported: Vec<_> = listing.problems.iter().map(|problem| problem.path.file_name().unwrap()).collect();
    assert_eq!(reported, ["damaged.toml", "folder.toml", "large.toml", "latin.toml", "newer.toml"]);
    for (name, bytes, words) in broken {
        let path = store.dir().join(name);
        let problem = listing.problems.iter().find(|problem| problem.path == path).unwrap();
        assert!(problem.message.contains(words), "{problem:?}");
        assert!(!problem.remedy.is_empty());
        assert_eq!(fs::read(&path).unwrap(), bytes);

        let stem = name.trim_end_matches(".toml");
        let loaded = store.load(stem).unwrap_err();
        assert!(matches!(loaded, StoreError::File(_)), "its own reason, not “unknown”: {loaded}");
        let saved = store.save(&full(stem), None).unwrap_err();
        assert!(matches!(saved, StoreError::Taken { .. }), "{saved}");
        assert_eq!(fs::read(&path).unwrap(), bytes, "saving left it alone");
    }
}

#[test]
fn of_two_files_with_the_same_name_inside_the_one_called_so_is_loaded() {
    let (_folder, store) = store();
    let path = store.save(&full("acme"), None).unwrap();
    let copy = store.dir().join("acme-backup.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&copy, text.replace("replicas = 3", "replicas = 9")).unwrap();

    let listing = store.list();
    assert_eq!(listing.environments.len(), 1);
    assert_eq!((&listing.environments[0].path, listing.environments[0].profile.replicas), (&path, 3));
    assert_eq!(listing.problems.len(), 1);
    assert_eq!(listing.problems[0].path, copy);
    assert!(listing.problems[0].message.contains("same name as"), "{:?}", listing.problems);
}

#[test]
fn saving_never_takes_another_environment_s_place() {
    let (_folder, store) = store();
    store.save(&full("acme"), None).unwrap();
    let path = store.save(&full("other"), None).unwrap();
    let before = fs::read(&path).unwrap();
    for (name, replacing) in [("other", None), ("OTHER", None), ("other", Some("acme"))] {
        let error = store.save(&full(name), replacing).unwrap_err();
        assert!(matches!(&error, StoreError::Taken { path: taken, .. } if *taken == path), "{error}");
        assert!(error.to_string().ends_with("Choose another name."), "{error}");
    }
    assert_eq!(fs::read(&path).unwrap(), before);
    assert_eq!(names(&store), ["acme", "other"]);
}

#[test]
fn a_change_stays_in_its_file_and_a_new_name_moves_it() {
    let (_folder, store) = store();
    store.save(&full("acme"), None).unwrap();
    let mut changed = full("acme");
    changed.replicas = 5;
    store.save(&changed, Some("acme")).unwrap();
    assert_eq!(store.load("acme").unwrap().profile, changed);

    changed.name = "acme-prod".to_owned();
    store.save(&changed, Some("acme")).unwrap();
    assert_eq!(files(store.dir()), ["acme-prod.toml"]);
    assert_eq!(store.load("acme-prod").unwrap().profile, changed);

    changed.name = "Acme-Prod".to_owned();
    store.save(&changed, Some("acme-prod")).unwrap();
    assert_eq!(names(&store), ["Acme-Prod"], "case alone can change");

    fs::rename(store.dir().join("acme-prod.toml"), store.dir().join("by-hand.toml")).unwrap();
    changed.replicas = 4;
    store.save(&changed, Some("Acme-Prod")).unwrap();
    assert_eq!(files(store.dir()), ["by-hand.toml"], "a file named by hand keeps its name");
    assert_eq!(store.load("Acme-Prod").unwrap().profile.replicas, 4);
}

#[test]
fn an_environment_that_was_removed_meanwhile_is_saved_anew() {
    let (_folder, store) = store();
    store.save(&full("acme"), None).unwrap();
    store.delete("acme").unwrap();
    store.save(&full("acme"), Some("acme")).unwrap();
    assert_eq!(names(&store), ["acme"]);
}

#[test]
fn a_duplicate_has_a_free_name() {
    let (_folder, store) = store();
    store.save(&full("acme"), None).unwrap();
    let copy = store.duplicate("acme").unwrap();
    assert_eq!(copy.name, "acme copy");
    assert_eq!(Profile { name: "acme".to_owned(), ..copy.clone() }, full("acme"));
    assert_eq!(names(&store), ["acme"], "not saved yet");
    store.save(&copy, None).unwrap();
    fs::write(store.dir().join("acme copy 2.toml"), "damaged").unwrap();
    assert_eq!(store.duplicate("acme").unwrap().name, "acme copy 3");
    assert!(matches!(store.duplicate("none"), Err(StoreError::Unknown { .. })));
}

#[test]
fn deleting_removes_that_file_alone() {
    let (_folder, store) = store();
    store.save(&full("a"), None).unwrap();
    store.save(&full("b"), None).unwrap();
    store.delete("a").unwrap();
    assert_eq!(files(store.dir()), ["b.toml"]);
    let path = store.dir().join("b.toml");
    for name in ["a", path.to_str().unwrap(), "../b", "b.toml"] {
        let error = store.delete(name).unwrap_err();
        assert!(matches!(error, StoreError::Unknown { .. }), "{error}");
    }
    assert_eq!(files(store.dir()), ["b.toml"]);
}

#[test]
fn a_folder_that_cannot_be_is_reported() {
    let (folder, _) = store();
    let parent = folder.path().join("file");
    fs::write(&parent, "in the way").unwrap();
    let store = Store::at(parent.join("environments"));
    let error = store.save(&full("acme"), None).unwrap_err();
    assert!(matches!(error, StoreError::Folder { .. }), "{error}");
    assert!(error.to_string().contains("FAILBACK_HOME"), "{error}");

    let listing = Store::at(&parent).list();
    assert_eq!(listing.environments, []);
    assert_eq!(listing.problems.len(), 1);
    assert_eq!(listing.problems[0].path, parent);
    assert_eq!(fs::read_to_string(&parent).unwrap(), "in the way");
}

#[test]
fn a_profile_that_could_not_be_loaded_again_is_not_saved() {
    let (_folder, store) = store();
    for change in [
        (|profile| profile.name = "../acme".to_owned()) as fn(&mut Profile),
        |profile| profile.regions[1].context = profile.regions[0].context.clone(),
        |profile| profile.regions[0].values_file = Some(PathBuf::from("relative")),
    ] {
        let mut profile = full("acme");
        change(&mut profile);
        let error = store.save(&profile, None).unwrap_err();
        assert!(
            matches!(&error, StoreError::File(error) if matches!(error.fault, FileFault::Invalid(_))),
            "{error}"
        );
    }
    assert_eq!(names(&store), Vec::<String>::new());
}

#[test]
fn an_environment_file_can_stand_anywhere() {
    let (folder, store) = store();
    let path = folder.path().join("practice.toml");
    fs::write(&path, "something else").unwrap();
    file::write(&path, &full("practice")).unwrap();
    assert_eq!(store.load(path.to_str().unwrap()).unwrap().profile, full("practice"));
}

#[test]
fn readers_see_the_old_file_or_the_new_one() {
    let (_folder, store) = store();
    store.save(&full("acme"), None).unwrap();
    std::thread::scope(|scope| {
        let writer = std::thread::Builder::new()
            .name("writer".to_owned())
            .spawn_scoped(scope, || {
                for replicas in 1..=100 {
                    let mut profile = full("acme");
                    profile.replicas = replicas;
                    store.save(&profile, Some("acme")).unwrap();
                }
            })
            .unwrap();
        while !writer.is_finished() {
            let listing = store.list();
            assert_eq!((listing.environments.len(), listing.problems), (1, Vec::new()));
        }
    });
    assert_eq!(store.load("acme").unwrap().profile.replicas, 100);
}

#[test]
fn an_error_at_a_region_names_the_region() {
    let mut draft = Draft::from(&full("acme"));
    draft.regions[1].context = draft.regions[0].context.clone();
    draft.replicas = "many".to_owned();
    let fields: Vec<_> = validate(&draft).unwrap_err().into_iter().map(|error| error.field).collect();
    assert_eq!(fields, [Field::Region(1, RegionField::Context), Field::Replicas]);
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn files_and_folder_are_the_user_s_alone() {
        let (folder, store) = store();
        let path = store.save(&full("acme"), None).unwrap();
        assert_eq!((mode(store.dir()), mode(&path)), (0o700, 0o600));
        assert_eq!(mode(&folder.path().join("failback")), 0o700, "what leads to it as well");

        fs::set_permissions(store.dir(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        store.save(&full("acme"), Some("acme")).unwrap();
        assert_eq!((mode(store.dir()), mode(&path)), (0o700, 0o600), "also where they were open before");
    }

    #[test]
    fn links_and_sockets_are_problems_and_no_hangs() {
        let (folder, store) = store();
        let elsewhere = folder.path().join("elsewhere.toml");
        file::write(&elsewhere, &full("linked")).unwrap();
        fs::create_dir_all(store.dir()).unwrap();
        symlink(&elsewhere, store.dir().join("linked.toml")).unwrap();
        symlink(folder.path().join("nowhere"), store.dir().join("dangling.toml")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(store.dir().join("socket.toml")).unwrap();
        symlink("/dev/zero", folder.path().join("endless.toml")).unwrap();

        let listing = store.list();
        assert_eq!(listing.environments, []);
        let messages: Vec<_> = listing.problems.iter().map(|problem| problem.message.as_str()).collect();
        assert_eq!(messages, ["is a symbolic link", "is a symbolic link", "is no regular file"]);
        assert!(matches!(store.save(&full("linked"), None), Err(StoreError::Taken { .. })));
        assert!(matches!(store.save(&full("dangling"), None), Err(StoreError::Taken { .. })));

        let asked = store.dir().join("linked.toml");
        assert_eq!(
            store.load(asked.to_str().unwrap()).unwrap().name,
            "linked",
            "a path that was asked for is followed"
        );
        let endless = store.load(folder.path().join("endless.toml").to_str().unwrap()).unwrap_err();
        assert!(endless.to_string().contains("no regular file"), "{endless}");
    }
}
