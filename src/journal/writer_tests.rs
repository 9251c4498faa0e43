//! Order, acknowledgement, and what cannot be written.

use super::*;
use crate::runbook::action::{ActionKind, ActionOutcome};

fn quiet() -> Listener {
    Listener::nobody()
}

fn note(number: usize) -> Entry {
    let happening = Happening::RegionChosen { region: number.to_string() };
    Entry { at: Timestamp::UNIX_EPOCH, happening }
}

fn outcome() -> Happening {
    let outcome = ActionOutcome::Done { message: "done".to_owned() };
    Happening::Outcome { intent: 1, action: ActionKind::Scale, outcome }
}

fn read(folder: &Path) -> Vec<Happening> {
    let text = std::fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    // A torn line that was closed leaves an empty one where nothing of it was written.
    let whole = text.lines().filter(|line| !line.is_empty());
    whole.map(|line| serde_json::from_str::<Entry>(line).unwrap().happening).collect()
}

#[tokio::test]
async fn entries_keep_their_order_and_what_is_waited_for_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let journal = JournalHandle::begin(&dir.path().join("runs"), "a", None, &[note(0)], quiet()).unwrap();
    for number in 1..=1_000 {
        journal.note(note(number)).unwrap();
    }
    journal.keep_or_never(outcome()).await.unwrap();
    let mut expected: Vec<Happening> = (0..=1_000).map(|number| note(number).happening).collect();
    expected.push(outcome());
    assert_eq!(read(journal.folder()), expected);
}

#[test]
fn the_last_clone_drains_what_is_on_its_way_and_closes_the_run_once() {
    for closes in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        let journal = JournalHandle::begin(&dir.path().join("runs"), "a", None, &[], quiet()).unwrap();
        let (folder, other) = (journal.folder().to_owned(), journal.clone());
        for number in 0..500 {
            journal.note(note(number)).unwrap();
        }
        if closes {
            let happening = Happening::Closed { recovered: true, reasons: Vec::new() };
            journal.note(Entry { at: Timestamp::UNIX_EPOCH, happening }).unwrap();
        }
        drop(journal);
        drop(other);
        let entries = read(&folder);
        assert_eq!(entries.len(), 501);
        assert!(matches!(entries[500], Happening::Closed { recovered, .. } if recovered == closes));
    }
}

/// A journal on a disk that is full, as far as a file can be: `/dev/full` takes nothing.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_refuses_intents_and_loses_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let runs = dir.path().join("runs");
    let (told, problems) = sync_channel(8);
    let mut file = JournalFile::begin(&runs, "a", None, Timestamp::UNIX_EPOCH).unwrap();
    let (folder, path) = (file.folder().to_owned(), file.path().to_owned());
    file.use_instead(std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap());
    let listener = Listener::of_problems(move |problem| told.send(problem).unwrap());
    let mut writer = Writer { file, listener, kept: VecDeque::new(), is_closed: false, is_well: true };
    let letter = |entry, now_or_never| {
        let (waits, kept) = oneshot::channel();
        (Letter { entry, now_or_never, waits: Some(waits) }, kept)
    };
    let entry = |happening| Entry { at: Timestamp::UNIX_EPOCH, happening };
    let (before, first) = letter(note(1), false);
    let (intent, second) = letter(note(2), true);
    writer.write(vec![before, intent]);
    for waits in [first, second] {
        let text = waits.await.unwrap().unwrap_err().to_string();
        assert!(text.contains("No space left on device") && text.contains("Free space"), "{text}");
    }
    assert!(problems.recv().unwrap().unwrap().contains("No space left"));
    // There is room again.
    writer.file.use_instead(std::fs::OpenOptions::new().append(true).open(&path).unwrap());
    let (last, third) = letter(entry(outcome()), false);
    writer.write(vec![last]);
    third.await.unwrap().unwrap();
    assert_eq!(problems.recv().unwrap(), None, "it can be written again");
    assert_eq!(read(&folder), [note(1).happening, outcome()], "the intent that was refused is none");
}
