//! The form of a config: fields for what it holds, and the value that they make.

use qlive_configs::{ValueType, value_type};
use serde_json::{Map, Value, json};

use crate::actions::{Field, FieldKind};
use crate::http::Input;
use crate::texts::{Texts, fill};

/// The empty places after the cards that there are.
const MORE_CARDS: usize = 2;
/// The most cards that are typed in fields.
const MAX_CARDS: usize = 50;

/// How a config is typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// On one line.
    Line,
    /// One word a line.
    Words,
    /// Cards to share, each with a title and a picture.
    Cards,
    /// Colour, height and picture.
    Background,
    /// As JSON, or as any text.
    Text,
}

/// How a config with this value is typed. A value that its fields could not show is typed as text.
fn shape_of(key: &str, value: &Value) -> Shape {
    match (key, value_type(key)) {
        ("PROGRAM_SHARE" | "LIVEROOM_SHARE", _) if cards_of(value).is_some() => Shape::Cards,
        ("BACKGROUND", _) if is_background(value) => Shape::Background,
        (_, Some(ValueType::Words)) => Shape::Words,
        (_, Some(ValueType::Rate | ValueType::Address)) => Shape::Line,
        _ => Shape::Text,
    }
}

/// The title and the picture of each card.
fn cards_of(value: &Value) -> Option<Vec<(&str, &str)>> {
    let items = value.as_array()?;
    if items.len() > MAX_CARDS {
        return None;
    }
    items.iter().map(card_of).collect()
}

fn card_of(item: &Value) -> Option<(&str, &str)> {
    let fields = item.as_object().filter(|fields| fields.len() == 2)?;
    Some((fields.get("title")?.as_str()?, fields.get("src")?.as_str()?))
}

fn is_background(value: &Value) -> bool {
    let is_known = |(name, value): (&String, &Value)| match name.as_str() {
        "color" | "src" => value.is_string(),
        "height" => value.is_u64(),
        _ => false,
    };
    value
        .as_object()
        .is_some_and(|fields| fields.iter().all(is_known))
}

/// A value as it is typed on one line or as text: texts without quotes, the rest as JSON.
pub(super) fn shown(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A value as a person compares it with another: one thing a line.
pub(super) fn lines_of(key: &str, value: &Value) -> String {
    match (value, shape_of(key, value)) {
        (Value::String(text), _) => text.clone(),
        (_, Shape::Words) => words_as_lines(value),
        _ => format!("{value:#}"),
    }
}

/// The words of a list, one a line. Digits may be stored as a number.
fn words_as_lines(value: &Value) -> String {
    let words = value.as_array().into_iter().flatten().map(shown);
    words.collect::<Vec<_>>().join("\n")
}

/// The fields for a value.
pub(super) fn value_fields(t: &'static Texts, key: &str, value: &Value) -> Vec<Field> {
    let a = &t.actions;
    let field = Field {
        max: 10_000,
        is_required: false,
        ..Field::required("value", a.value)
    };
    let area = |value: String, hint: &str| Field {
        kind: FieldKind::Area,
        hint: hint.to_owned(),
        value,
        ..field.clone()
    };
    match shape_of(key, value) {
        Shape::Line => vec![Field {
            value: shown(value),
            ..field
        }],
        Shape::Words => vec![area(words_as_lines(value), a.words_hint)],
        Shape::Cards => card_fields(t, &cards_of(value).unwrap_or_default()),
        Shape::Background => background_fields(t, value),
        Shape::Text if value_type(key).is_some() => vec![area(format!("{value:#}"), a.json_hint)],
        Shape::Text => vec![area(shown(value), "")],
    }
}

fn card_fields(t: &'static Texts, cards: &[(&str, &str)]) -> Vec<Field> {
    let c = &t.configs;
    let places = (1..=cards.len() + MORE_CARDS).map(|n| {
        let (title, picture) = cards.get(n - 1).copied().unwrap_or_default();
        let field = |name: &str, label: &str, value: &str| Field {
            value: value.to_owned(),
            max: 512,
            ..Field::optional(format!("{name}{n}"), fill(label, &[&n.to_string()]))
        };
        [
            field("title", c.card_title, title),
            field("src", c.card_picture, picture),
        ]
    });
    places.flatten().collect()
}

fn background_fields(t: &'static Texts, value: &Value) -> Vec<Field> {
    let c = &t.configs;
    let field = |name: &'static str, label: &'static str| Field {
        value: value.get(name).map(shown).unwrap_or_default(),
        max: 512,
        ..Field::optional(name, label)
    };
    vec![
        field("color", c.background_colour),
        field("height", c.background_height),
        field("src", c.background_picture),
    ]
}

/// What the fields make, as the text that an operator would type; or the field that is not valid.
pub(super) fn read_value(key: &str, input: &Input) -> Result<String, &'static str> {
    if input.has("value") {
        // A form sends its own ends of lines.
        let typed = &input.text("value").replace("\r\n", "\n");
        return Ok(match value_type(key) {
            Some(ValueType::Words) => lines_as_words(typed),
            _ => typed.clone(),
        });
    }
    if input.has("title1") {
        return Ok(read_cards(input).to_string());
    }
    read_background(input).map(|value| value.to_string())
}

/// The JSON array of the words in these lines.
fn lines_as_words(lines: &str) -> String {
    let words = lines.lines().map(str::trim).filter(|word| !word.is_empty());
    json!(words.collect::<Vec<_>>()).to_string()
}

fn read_cards(input: &Input) -> Value {
    let places = (1..=MAX_CARDS + MORE_CARDS).map(|n| {
        let title = input.text(&format!("title{n}"));
        (title, input.text(&format!("src{n}")))
    });
    places
        .filter(|(title, picture)| !title.is_empty() || !picture.is_empty())
        .map(|(title, picture)| json!({"title": title, "src": picture}))
        .collect()
}

fn read_background(input: &Input) -> Result<Value, &'static str> {
    let mut fields = Map::new();
    for name in ["color", "height", "src"] {
        let value = match (name, input.text(name)) {
            (_, "") => continue,
            ("height", typed) => json!(typed.parse::<u32>().map_err(|_no_number| name)?),
            (_, typed) => json!(typed),
        };
        fields.insert(name.to_owned(), value);
    }
    Ok(Value::Object(fields))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::texts::Lang;

    /// The value that the fields of a value make, as they are.
    fn round_trip(key: &str, value: &Value) -> Value {
        let fields = value_fields(Lang::En.texts(), key, value);
        let typed = fields
            .iter()
            .map(|field| (field.name.to_string(), field.value.clone()));
        let made = read_value(key, &Input::from_iter(typed)).unwrap();
        serde_json::from_str(&made).unwrap_or(Value::String(made))
    }

    #[test]
    fn fields_make_the_value_that_they_show() {
        for (key, value) in [
            ("PROGRAM_SHARE", json!([])),
            (
                "PROGRAM_SHARE",
                json!([{"title": "来玩", "src": "https://a.example/1.png"}]),
            ),
            (
                "LIVEROOM_SHARE",
                json!([{"title": "a", "src": ""}, {"title": "", "src": "b"}]),
            ),
            (
                "LIVEROOM_SHARE",
                json!(["https://a.example/1.png", {"title": "x"}]),
            ),
            ("BACKGROUND", json!({})),
            (
                "BACKGROUND",
                json!({"color": "#f69c9a", "height": 1954, "src": "s"}),
            ),
            ("BACKGROUND", json!({"color": "#fff", "opacity": 0.5})),
            ("FORBIDDEN_WORDS", json!(["微信", "123"])),
            ("INDEX_BANNER", json!("https://a.example/1.png")),
            ("OWN_LIST", json!([1, {"a": [true]}])),
            ("OWN_TEXT", json!("some\ntext")),
        ] {
            assert_eq!(round_trip(key, &value), value, "{key}");
        }
    }

    #[test]
    fn known_shapes_have_fields_of_their_own() {
        let shape = |key, value: Value| shape_of(key, &value);
        let card = json!({"title": "t", "src": "s"});
        assert_eq!(shape("PROGRAM_SHARE", json!([card])), Shape::Cards);
        assert_eq!(shape("PROGRAM_SHARE", json!([card, 1])), Shape::Text);
        assert_eq!(shape("BACKGROUND", json!({"height": 3})), Shape::Background);
        assert_eq!(shape("BACKGROUND", json!({"height": "3"})), Shape::Text);
        assert_eq!(shape("HOST_RATE", json!("0")), Shape::Line);
        assert_eq!(shape("MINE", json!({})), Shape::Text);
    }

    #[test]
    fn height_is_a_number() {
        let input = |height: &str| Input::from_iter([("height".to_owned(), height.to_owned())]);
        assert_eq!(
            read_value("BACKGROUND", &input("12")).unwrap(),
            r#"{"height":12}"#
        );
        assert_eq!(read_value("BACKGROUND", &input("1.5")), Err("height"));
    }
}
