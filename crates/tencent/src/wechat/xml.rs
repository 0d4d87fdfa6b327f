//! The small XML of WeChat's message push, as JSON: elements become fields, text becomes strings.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// How deep elements may stand in each other. WeChat's go to three.
const DEPTH: usize = 16;

/// Reads what stands in the root element. `None` when it is not well formed.
pub(super) fn read(text: &str) -> Option<Value> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<(String, Map<String, Value>, String)> = Vec::new();
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) if open.len() < DEPTH => {
                let name = String::from_utf8(start.name().as_ref().to_vec()).ok()?;
                open.push((name, Map::new(), String::new()));
            }
            Event::Text(part) => {
                let part = part.decode().ok()?.into_owned();
                match open.last_mut() {
                    Some((_, _, text)) => text.push_str(&part),
                    None if part.trim().is_empty() => {}
                    None => return None,
                }
            }
            Event::CData(part) => open.last_mut()?.2.push_str(&part.decode().ok()?),
            Event::End(_) => {
                let (name, fields, text) = open.pop()?;
                let value = if fields.is_empty() {
                    Value::String(text.trim().to_owned())
                } else {
                    Value::Object(fields)
                };
                match open.last_mut() {
                    Some((_, fields, _)) => drop(fields.insert(name, value)),
                    None => return Some(value),
                }
            }
            Event::Decl(_) | Event::Comment(_) => {}
            // Among them: a document type, which could define entities.
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
        let text = "<?xml version='1.0'?>\n<xml> <A>1</A><B><![CDATA[<x>]]></B><C><D>d</D><E></E></C> </xml>";
        assert_eq!(
            read(text),
            Some(json!({"A": "1", "B": "<x>", "C": {"D": "d", "E": ""}}))
        );
    }

    #[test]
    fn what_is_not_plain_is_refused() {
        let deep = format!("{}{}", "<a>".repeat(40), "</a>".repeat(40));
        for wrong in [
            "",
            "<a>",
            "<a></b>",
            "text",
            "<!DOCTYPE x [<!ENTITY e 'x'>]><x>&e;</x>",
            "<x>&e;</x>",
            &deep,
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
