//! The XML of message pushes, converted to JSON: elements become fields, text becomes strings.

use quick_xml::Reader;
use quick_xml::events::Event;
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
    fn into_value(self) -> Value {
        if self.fields.is_empty() {
            Value::String(self.text.trim().to_owned())
        } else {
            Value::Object(self.fields)
        }
    }
}

/// Reads the content of the root element. `None` when the text is not well formed, is nested too
/// deeply, or has anything but elements, text, CDATA and comments.
pub(super) fn parse_xml(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<OpenElement> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < MAX_DEPTH => open.push(OpenElement {
                name: String::from_utf8(start.name().as_ref().to_vec()).ok()?,
                fields: Map::new(),
                text: String::new(),
            }),
            Event::Text(part) => {
                let part = part.decode().ok()?;
                match open.last_mut() {
                    Some(element) => element.text.push_str(&part),
                    None if part.trim().is_empty() => {}
                    None => return None,
                }
            }
            Event::CData(part) => open.last_mut()?.text.push_str(&part.decode().ok()?),
            Event::End(_) => {
                let mut element = open.pop()?;
                let name = std::mem::take(&mut element.name);
                let value = element.into_value();
                match open.last_mut() {
                    Some(parent) => drop(parent.fields.insert(name, value)),
                    None => return Some(value),
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            // A document type, for example, because it can define entities.
            _ => return None,
        }
    }
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
    fn malformed_or_unsupported_xml_is_refused() {
        let too_deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for text in [
            "",
            "<a>",
            "<a></b>",
            "text",
            "<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>",
            "<x>&e;</x>",
            &too_deep,
        ] {
            assert_eq!(parse_xml(text), None, "{text}");
        }
    }
}
