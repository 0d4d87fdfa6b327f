//! The XML of message pushes, converted to JSON: elements become fields, text becomes strings.

use quick_xml::Reader;
use quick_xml::escape::resolve_xml_entity;
use quick_xml::events::Event;
use serde_json::map::Entry;
use serde_json::{Map, Value};

/// The deepest nesting of elements that is read. WeChat uses three levels.
const MAX_DEPTH: usize = 16;

/// An element whose end has not been read yet.
struct OpenElement {
    name: String,
    fields: Map<String, Value>,
    text: String,
}

impl OpenElement {
    fn new(name: &[u8]) -> Option<Self> {
        Some(Self {
            name: String::from_utf8(name.to_vec()).ok()?,
            fields: Map::new(),
            text: String::new(),
        })
    }

    fn into_value(self) -> Value {
        if self.fields.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.fields)
        }
    }
}

/// Reads the content of the root element. An element that occurs several times becomes an array.
/// `None` when the text is not well formed, is nested too deeply, or has anything but elements,
/// text, CDATA, comments, character references and the five entities of XML.
pub(super) fn parse_xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<OpenElement> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < MAX_DEPTH => {
                open.push(OpenElement::new(start.name().as_ref())?);
            }
            Event::Empty(start) if open.len() < MAX_DEPTH => {
                let element = OpenElement::new(start.name().as_ref())?;
                if let Some(value) = close(element, &mut open) {
                    return Some(value);
                }
            }
            Event::Text(part) => {
                let part = part.decode().ok()?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&part),
                    None if part.trim().is_empty() => {}
                    None => return None,
                }
            }
            Event::CData(part) => open.last_mut()?.text.push_str(&part.decode().ok()?),
            Event::GeneralRef(reference) => {
                let element = open.last_mut()?;
                match reference.resolve_char_ref().ok()? {
                    Some(c) => element.text.push(c),
                    None => element
                        .text
                        .push_str(resolve_xml_entity(&reference.decode().ok()?)?),
                }
            }
            Event::End(_) => {
                let element = open.pop()?;
                if let Some(value) = close(element, &mut open) {
                    return Some(value);
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            // A document type, for example, because it can define entities.
            _ => return None,
        }
    }
}

/// Adds an element to the one that contains it. Returns its value when it is the root.
fn close(mut element: OpenElement, open: &mut [OpenElement]) -> Option<Value> {
    let name = std::mem::take(&mut element.name);
    let value = element.into_value();
    let Some(parent) = open.last_mut() else {
        return Some(value);
    };
    match parent.fields.entry(name) {
        Entry::Vacant(field) => drop(field.insert(value)),
        Entry::Occupied(mut field) => match field.get_mut() {
            Value::Array(values) => values.push(value),
            single => *single = Value::Array(vec![single.take(), value]),
        },
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn elements_become_fields() {
        let text = "<?xml version='1.0'?>\n\
            <xml> <A>1</A><B><![CDATA[<x>]]></B><C><D>d</D><E></E></C> </xml>";
        assert_eq!(
            parse_xml(text),
            Some(json!({"A": "1", "B": "<x>", "C": {"D": "d", "E": ""}}))
        );
    }

    #[test]
    fn entities_and_character_references_are_resolved() {
        let text = "<xml><A>a&amp;b &lt;&gt;&quot;&apos;</A><B>&#38;&#x26;&#x1F600;</B>\
            <C>&amp;lt;<![CDATA[&amp;]]></C></xml>";
        assert_eq!(
            parse_xml(text),
            Some(json!({"A": "a&b <>\"'", "B": "&&😀", "C": "&lt;&amp;"}))
        );
    }

    #[test]
    fn empty_and_repeated_elements_and_comments_are_read() {
        let text = "\n<!-- c --><xml a='1'>\n<A/><B />\
            <D><E>1</E></D><D><E>2</E><!-- <E>3</E> --></D><D/></xml>\n";
        assert_eq!(
            parse_xml(text),
            Some(json!({"A": "", "B": "", "D": [{"E": "1"}, {"E": "2"}, ""]}))
        );
        assert_eq!(parse_xml("<xml/>"), Some(json!("")));
    }

    #[test]
    fn malformed_or_unsupported_xml_is_refused() {
        let too_deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for text in [
            "",
            "<a>",
            "<a></b>",
            "text",
            "<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>",
            "<!DOCTYPE x><x>1</x>",
            "<x><!ENTITY e 'x'></x>",
            "<x>&e;</x>",
            "<x>&nbsp;</x>",
            "<x>&#0;</x>",
            "<x>&#xD800;</x>",
            "<x>&#x110000;</x>",
            "<x>&amp</x>",
            "&amp;<x/>",
            &too_deep,
            &too_deep.replace("<a></a>", "<a/>"),
        ] {
            assert_eq!(parse_xml(text), None, "{text}");
        }
    }
}
