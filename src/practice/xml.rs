//! XML documents for the AWS APIs that speak it.

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use quick_xml::{Reader, escape::escape, events::Event};

/// An element with text or with children.
#[derive(Debug)]
pub(super) struct Element {
    name: &'static str,
    namespace: Option<&'static str>,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Text(String),
    Children(Vec<Element>),
}

impl Element {
    /// An element with text, which may hold any characters.
    #[expect(clippy::needless_pass_by_value, reason = "numbers and owned texts read better without &")]
    pub(super) fn text(name: &'static str, text: impl ToString) -> Self {
        Self { name, namespace: None, content: Content::Text(text.to_string()) }
    }

    /// An element with children.
    pub(super) fn parent(name: &'static str, children: impl IntoIterator<Item = Self>) -> Self {
        Self { name, namespace: None, content: Content::Children(children.into_iter().collect()) }
    }

    /// The same, as the root of a document in a namespace.
    pub(super) fn in_namespace(self, namespace: &'static str) -> Self {
        Self { namespace: Some(namespace), ..self }
    }

    /// The whole document with this root.
    pub(super) fn document(&self) -> String {
        let mut document = String::from("<?xml version=\"1.0\"?>\n");
        self.write(&mut document);
        document
    }

    /// The document as an HTTP response.
    pub(super) fn response(&self, status: StatusCode) -> Response {
        (status, [(header::CONTENT_TYPE, "text/xml")], self.document()).into_response()
    }

    /// The texts of the elements at a path of names below this one, in order:
    /// `routeSet/item/state`. The path's parts are parted by `/`.
    pub(super) fn texts_at(&self, path: &str) -> Vec<&str> {
        match (&self.content, path.split_once('/')) {
            (Content::Text(_), _) => Vec::new(),
            (Content::Children(children), Some((name, rest))) => children
                .iter()
                .filter(|child| child.name == name)
                .flat_map(|child| child.texts_at(rest))
                .collect(),
            (Content::Children(children), None) => children
                .iter()
                .filter(|child| child.name == path)
                .filter_map(|child| match &child.content {
                    Content::Text(text) => Some(text.as_str()),
                    Content::Children(_) => None,
                })
                .collect(),
        }
    }

    fn write(&self, out: &mut String) {
        out.push('<');
        out.push_str(self.name);
        if let Some(namespace) = self.namespace {
            out.push_str(" xmlns=\"");
            out.push_str(namespace);
            out.push('"');
        }
        out.push('>');
        match &self.content {
            Content::Text(text) => out.push_str(&escape(text.as_str())),
            Content::Children(children) => children.iter().for_each(|child| child.write(out)),
        }
        out.push_str("</");
        out.push_str(self.name);
        out.push('>');
    }
}

/// The texts of all elements of this name, in order; nothing of a document
/// that is not well formed.
pub(super) fn texts_of(document: &str, name: &str) -> Option<Vec<String>> {
    let mut reader = Reader::from_str(document);
    let mut texts = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if start.local_name().as_ref() == name.as_bytes() => {
                let text = reader.read_text(start.name()).ok()?;
                texts.push(text.decode().ok()?.trim().to_owned());
            }
            Event::Eof => return Some(texts),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let cases = [
            ("plain", "plain"),
            ("a & b", "a &amp; b"),
            ("<b>", "&lt;b&gt;"),
            ("\"it's\"", "&quot;it&apos;s&quot;"),
            ("München", "München"),
        ];
        for (text, expected) in cases {
            let element = Element::parent("Outer", [Element::text("Inner", text)]).in_namespace("urn:x");
            assert_eq!(
                element.document(),
                format!("<?xml version=\"1.0\"?>\n<Outer xmlns=\"urn:x\"><Inner>{expected}</Inner></Outer>")
            );
        }
    }

    #[test]
    fn a_path_leads_to_texts() {
        let item = |state: &str| Element::parent("item", [Element::text("state", state)]);
        let table = Element::parent(
            "item",
            [Element::text("id", "rtb"), Element::parent("routeSet", [item("active"), item("blackhole")])],
        );
        let cases: [(&str, &[&str]); 5] = [
            ("id", &["rtb"]),
            ("routeSet/item/state", &["active", "blackhole"]),
            ("routeSet/item", &[]),
            ("routeSet/item/state/more", &[]),
            ("other", &[]),
        ];
        for (path, expected) in cases {
            assert_eq!(table.texts_at(path), expected, "{path}");
        }
    }

    #[test]
    fn finds_texts_by_their_elements_name() {
        let cases: [(&str, Option<&[&str]>); 5] = [
            ("<R xmlns='u'><Ids><Id>a</Id><Id> b </Id></Ids></R>", Some(&["a", "b"])),
            ("<R><p:Id xmlns:p='u'>a</p:Id></R>", Some(&["a"])),
            ("<R/>", Some(&[])),
            ("", Some(&[])),
            ("<R><Id>a</R>", None),
        ];
        for (document, expected) in cases {
            let found = texts_of(document, "Id");
            let expected = expected.map(|texts| texts.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(found, expected, "{document}");
        }
    }
}
