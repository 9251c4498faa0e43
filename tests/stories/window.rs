//! What belongs to the whole window.

use std::path::Path;

use super::story::Story;

#[test]
fn a_dropped_file_is_taken_once() {
    let mut story = Story::first_start();
    story.click("New environment…");
    story.see("New environment");
    let empty = story.typed("Values file").len();
    assert!(empty >= 2, "{:?}", story.texts());
    // it names no region, so it goes to the first one without a values file
    story.drop_file(Path::new("values.yaml"));
    let typed = story.typed("Values file");
    assert_eq!(typed.first().map(String::as_str), Some("values.yaml"));
    assert!(typed[1..].iter().all(String::is_empty), "{typed:?}");
}

#[test]
fn a_notice_is_told_once() {
    let mut story = Story::practise("healthy");
    story.see("there is nothing to restore");
    story.click("Variables");
    story.see("there is nothing to change");
    story.click("Dismiss");
    assert!(!story.shows("there is nothing to change"));
}
