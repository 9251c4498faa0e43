//! The Markdown as a page of its own: no script, nothing from outside, one style for light, dark and paper.

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, Error, UndefinedBehavior};
use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};
use serde::Serialize;

use super::view::MARKS;

const NAME: &str = "page.html.j2";
const TEMPLATE: &str = include_str!("../../../assets/report/page.html.j2");

#[derive(Serialize)]
struct Page<'a> {
    title: &'a str,
    body: String,
}

/// The page.
pub(super) fn page(title: &str, markdown: &str) -> Result<String, Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.add_template(NAME, TEMPLATE)?;
    let page = Page { title: &crate::plain::line(title), body: body(markdown) };
    environment.get_template(NAME)?.render(Value::from(Serde(page)))
}

/// What the report's Markdown knows: tables, and no markup of another kind.
pub(super) fn events(markdown: &str) -> impl Iterator<Item = Event<'_>> {
    Parser::new_ext(markdown, Options::ENABLE_TABLES)
}

fn body(markdown: &str) -> String {
    let mut in_cell = false;
    let events = events(markdown).flat_map(move |event| {
        match &event {
            Event::Start(Tag::TableCell) => in_cell = true,
            Event::End(TagEnd::TableCell) => in_cell = false,
            _ => {}
        }
        harmless(event, in_cell)
    });
    let mut html = String::with_capacity(markdown.len() * 2);
    pulldown_cmark::html::push_html(&mut html, events);
    html
}

/// Markup that only a fault of ours could let through is text, and leads nowhere.
fn harmless(event: Event<'_>, in_cell: bool) -> Vec<Event<'_>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => vec![Event::Text(text)],
        Event::Start(Tag::Link { .. } | Tag::Image { .. } | Tag::HtmlBlock)
        | Event::End(TagEnd::Link | TagEnd::Image | TagEnd::HtmlBlock) => Vec::new(),
        Event::Text(text) if in_cell => match MARKS.iter().find(|(mark, _)| **mark == *text) {
            Some((_, class)) => vec![
                Event::InlineHtml(format!("<span class=\"{class}\">").into()),
                Event::Text(text),
                Event::InlineHtml("</span>".into()),
            ],
            None => vec![Event::Text(text)],
        },
        event => vec![event],
    }
}
