//! Whatever stands in a journal is shown as it is, and is never markup.

use super::*;

/// Where a value may stand, and what a reader sees around it.
const PLACES: [(&str, &str, &str); 7] = [
    ("{{ x }}\n", "", ""),
    ("- {{ x }}\n", "", ""),
    ("- a\n  - {{ x }}\n", "a", ""),
    ("## {{ x }}\n", "", ""),
    ("**{{ x }}** ({{ x }})\n", "", ""),
    ("> {{ x }}\n>\n", "", ""),
    ("| a |\n|---|\n| {{ x }} |\n", "a", ""),
];

/// The text that is seen, and the elements in it.
fn seen(markdown: &str) -> (String, Vec<String>) {
    let (mut text, mut elements) = (String::new(), Vec::new());
    for event in html::events(markdown) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::Start(tag) => {
                let name = match tag {
                    Tag::Heading { level, .. } => format!("Heading({level})"),
                    Tag::CodeBlock(_) => "CodeBlock".to_owned(),
                    tag => format!("{tag:?}"),
                };
                elements.push(name);
            }
            Event::End(_) => {}
            other => elements.push(format!("{other:?}")),
        }
    }
    (text, elements)
}

fn rendered(template: &str, x: &str) -> String {
    let environment = markdown::environment(template).unwrap();
    let context = minijinja::Value::from_pairs([("x", x)]);
    environment.get_template("report.md.j2").unwrap().render(context).unwrap()
}

#[track_caller]
fn assert_is_only_text(x: &str) {
    let shown = plain::line(x).into_owned();
    for (template, before, after) in PLACES {
        // A headline is never empty: nothing would be strong.
        if shown.is_empty() && template.starts_with("**") {
            continue;
        }
        let markdown = rendered(template, x);
        let (text, elements) = seen(&markdown);
        let expected = if template.starts_with("**") {
            format!("{shown} ({shown})")
        } else {
            format!("{before}{shown}{after}")
        };
        assert_eq!(text, expected, "{x:?} in {template:?}: {markdown:?}");
        if !shown.trim().is_empty() {
            let (_, usual) = seen(&rendered(template, "x"));
            assert_eq!(elements, usual, "{x:?} in {template:?}: {markdown:?}");
        }
    }
    let fenced = rendered("- a\n\n{{ x | fence(\"sh\") }}\n\nafter\n", x);
    let (text, elements) = seen(&fenced);
    let shown = plain::lines(x);
    let end = if shown.ends_with('\n') { "" } else { "\n" };
    assert_eq!(text, format!("a{shown}{end}after"), "{fenced:?}");
    assert_eq!(elements, ["List(None)", "Item", "CodeBlock", "Paragraph"], "{fenced:?}");
}

#[test]
fn markup_of_any_kind_is_text() {
    for text in [
        "<script>alert(1)</script>",
        "<!-- a",
        "a & b &amp; &#60;",
        "[a](http://b)",
        "![a](b)",
        "<http://a>",
        "*a* _b_ **c** ~~d~~ `e` ``f``",
        "# a",
        "a #",
        "] ##",
        "- a",
        "+ a",
        "1. a",
        "12) a",
        "> a",
        "    a",
        "\ta",
        "---",
        "===",
        "***",
        "```",
        "~~~",
        "a | b",
        "|---|",
        "[a]: http://b",
        "a\n\n# b",
        "a  ",
        "  a",
        "\\",
        "\\*",
        "a\\",
        "^a^ {a}",
        "$x$",
        "[^1]",
        "{{ x }}",
        "{% x %}",
        "\u{1b}[31m",
        "\u{202e}a",
        "\u{a0}a\u{a0}",
        "\u{3000}",
        ":a",
        "",
        "us-east-1",
        "Error: UPGRADE FAILED: a_b_c",
        "x\u{0}y",
    ] {
        assert_is_only_text(text);
    }
}

#[test]
fn the_page_has_no_script_no_link_and_nothing_from_elsewhere() {
    let evil = "</style></title><script src=//x></script><img src=x onerror=alert(1)> [a](javascript:b) <http://a.b>";
    let mut happenings = whole();
    happenings[0] = Happening::Opened { environment: evil.to_owned(), practice: None, by: hand(evil) };
    happenings[1] = Happening::RegionChosen { region: evil.to_owned() };
    happenings.push(judged(Step::Verify, evil, Verdict::Fail, evil));
    happenings.push(Happening::Noted { text: evil.to_owned() });
    let report = report(&journal(&happenings), &settings()).unwrap();
    let page = report.html;
    let tags: std::collections::BTreeSet<&str> = page
        .split('<')
        .skip(1)
        .map(|tag| tag.split(|c: char| !c.is_ascii_alphanumeric() && !"/!".contains(c)).next().unwrap())
        .collect();
    let known = [
        "!DOCTYPE",
        "/body",
        "/h1",
        "/h2",
        "/h3",
        "/head",
        "/html",
        "/li",
        "/main",
        "/ol",
        "/p",
        "/span",
        "/strong",
        "/style",
        "/table",
        "/tbody",
        "/td",
        "/th",
        "/thead",
        "/title",
        "/tr",
        "/ul",
        "blockquote",
        "/blockquote",
        "body",
        "/code",
        "/pre",
        "code",
        "h1",
        "h2",
        "h3",
        "head",
        "hr",
        "html",
        "li",
        "main",
        "meta",
        "ol",
        "p",
        "pre",
        "span",
        "strong",
        "style",
        "table",
        "tbody",
        "td",
        "th",
        "thead",
        "title",
        "tr",
        "ul",
    ];
    let odd: Vec<_> = tags.iter().filter(|tag| !known.contains(tag)).collect();
    assert!(odd.is_empty(), "{odd:?}\n{page}");
    for part in ["href", "src=\"", "url(", "@import", "http-equiv=\"refresh"] {
        assert!(!page.contains(part), "{part} in\n{page}");
    }
    assert!(page.contains("&lt;script"), "it is shown");
}

proptest! {
    #[test]
    fn any_text_is_only_text(text in any::<String>(), odd in "[ \\t\\n\\\\`*_\\[\\]<>&~|$#+=:!.)(0-9a-b\u{a0}\u{3000}\u{2003}-]{0,12}") {
        assert_is_only_text(&text);
        assert_is_only_text(&odd);
    }

    /// Whatever a journal has, a report of it is made, and is plain.
    #[test]
    fn any_text_in_a_journal_gives_a_report(text in "\\PC{0,40}|[\\s`|<>&\u{1b}]{0,20}") {
        let mut happenings = whole();
        happenings.push(Happening::Noted { text: text.clone() });
        happenings.push(judged(Step::Verify, &text, Verdict::Unknown, &text));
        happenings.push(Happening::DoneByHand { action: ActionKind::Scale, command: text.clone(), output: Some(text) });
        let record = journal(&happenings);
        let report = report(&record, &settings()).unwrap();
        prop_assert!(report.markdown.lines().all(|line| plain::is_plain(&line.replace('\t', ""))), "{}", report.markdown);
        prop_assert!(plain::is_plain(&status(&record, after(9))));
    }
}
