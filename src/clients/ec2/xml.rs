//! An XML answer as a tree, with limits.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::{BytesRef, Event};

use crate::clients::failure::words;

/// Elements that are kept at most; an answer with a hundred route tables has some thousands.
const MAX_NODES: usize = 200_000;
/// How deep they nest at most; EC2's nest seven deep.
const MAX_DEPTH: usize = 32;

/// An element: its local name, its text, its children. Attributes are left out.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Node {
    pub(super) name: String,
    text: String,
    children: Vec<Node>,
}

impl Node {
    /// A whole document.
    ///
    /// # Errors
    /// It is no XML, cut off, or past the limits.
    pub(super) fn parse(document: &[u8]) -> Result<Self, String> {
        let text = std::str::from_utf8(document).map_err(|_| "it is no text".to_owned())?;
        let mut reader = Reader::from_str(text);
        let mut open: Vec<Self> = Vec::new();
        let mut root = None;
        let mut nodes = 0;
        loop {
            match reader.read_event().map_err(|error| words(&error.to_string()))? {
                Event::Start(start) => {
                    nodes += 1;
                    if nodes > MAX_NODES || open.len() >= MAX_DEPTH {
                        return Err("it has more elements than are read".to_owned());
                    }
                    open.push(Self::named(start.local_name().as_ref()));
                }
                Event::Empty(start) => {
                    nodes += 1;
                    if nodes > MAX_NODES {
                        return Err("it has more elements than are read".to_owned());
                    }
                    close(Self::named(start.local_name().as_ref()), &mut open, &mut root);
                }
                Event::End(_) => {
                    if let Some(mut node) = open.pop() {
                        node.text = node.text.trim().into();
                        close(node, &mut open, &mut root);
                    }
                }
                Event::Text(text) => {
                    push(&mut open, &text.decode().map_err(|error| words(&error.to_string()))?);
                }
                Event::CData(text) => {
                    push(&mut open, &text.decode().map_err(|error| words(&error.to_string()))?);
                }
                Event::GeneralRef(reference) => push(&mut open, &resolved(&reference)?),
                Event::Eof => break,
                _ => {}
            }
        }
        match root {
            Some(root) if open.is_empty() => Ok(root),
            Some(_) | None if !open.is_empty() => Err("it ends early".to_owned()),
            _ => Err("it is no XML".to_owned()),
        }
    }

    fn named(name: &[u8]) -> Self {
        Self { name: String::from_utf8_lossy(name).into_owned(), ..Self::default() }
    }

    /// The child of this name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the child of this name; empty where there is none.
    pub(super) fn text_of(&self, name: &str) -> &str {
        self.child(name).map_or("", |child| &child.text)
    }

    /// The `item` elements of the child of this name: how EC2 writes lists.
    pub(super) fn items(&self, list: &str) -> impl Iterator<Item = &Self> {
        self.child(list).into_iter().flat_map(|list| &list.children).filter(|child| child.name == "item")
    }

    /// The same, taken out.
    pub(super) fn into_items(self, list: &str) -> impl Iterator<Item = Self> {
        let list = self.children.into_iter().find(|child| child.name == list);
        list.into_iter().flat_map(|list| list.children).filter(|child| child.name == "item")
    }

    /// The first element of this name, however deep.
    pub(super) fn find(&self, name: &str) -> Option<&Self> {
        if self.name == name { Some(self) } else { self.children.iter().find_map(|child| child.find(name)) }
    }
}

/// Puts a finished element where it belongs; what comes after the root is left out.
fn close(node: Node, open: &mut [Node], root: &mut Option<Node>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(node),
        None => {
            root.get_or_insert(node);
        }
    }
}

fn push(open: &mut [Node], text: &str) {
    if let Some(node) = open.last_mut() {
        node.text.push_str(text);
    }
}

/// `&lt;`, `&#39;`; others than XML's own are refused.
fn resolved(reference: &BytesRef<'_>) -> Result<String, String> {
    if let Some(character) = reference.resolve_char_ref().map_err(|error| words(&error.to_string()))? {
        return Ok(character.to_string());
    }
    let name = reference.decode().map_err(|error| words(&error.to_string()))?;
    resolve_xml_entity(&name).map(str::to_owned).ok_or_else(|| "it has unknown entities".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_and_texts_are_found() {
        let document =
            "<?xml version='1.0'?><R xmlns='u'><s><item><id>a &amp; b&#33;</id></item>\n<item/></s><e/></R>";
        let root = Node::parse(document.as_bytes()).unwrap();
        let ids: Vec<&str> = root.items("s").map(|item| item.text_of("id")).collect();
        assert_eq!(ids, ["a & b!", ""]);
        assert_eq!((root.text_of("e"), root.items("none").count()), ("", 0));
        assert_eq!(root.find("id").unwrap().text, "a & b!");
        assert_eq!(root.into_items("s").count(), 2);
    }

    #[test]
    fn what_is_no_whole_document_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        let many = format!("<a>{}</a>", "<b/>".repeat(MAX_NODES));
        for (bad, problem) in [
            ("", "no XML"),
            ("plain words", "no XML"),
            ("<R><s>", "ends early"),
            ("<R></s>", ""),
            ("<R>&hunter;</R>", "unknown entities"),
            (&deep, "more elements"),
            (&many, "more elements"),
        ] {
            let told = Node::parse(bad.as_bytes()).unwrap_err();
            assert!(told.contains(problem), "{told}");
        }
        assert!(Node::parse(b"\xff\xfe").is_err());
    }
}
