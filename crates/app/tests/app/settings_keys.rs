//! Finds out from the settings types themselves which keys they have.
//!
//! A deserializer follows one path of keys after another. The type at the end of the path calls a
//! method of the deserializer that shows its shape; for a struct that call has the names of the
//! fields.

use std::collections::BTreeSet;
use std::fmt;

use qlive_app::Settings;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize as _, forward_to_deserialize_any};

/// Every path of the settings: `rooms.admission`, `wechat.apps.*`, `wechat_pay.verify_keys[].id`.
pub(crate) fn all_paths() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut unexplored = vec![Vec::new()];
    while let Some(path) = unexplored.pop() {
        let explorer = Explorer { path: &path };
        let shape = match Settings::deserialize(explorer) {
            Err(Found(shape)) => shape,
            Ok(_) => panic!("{path:?} leads nowhere"),
        };
        let steps = match shape {
            Shape::Value => {
                found.insert(path.concat().trim_start_matches('.').to_owned());
                continue;
            }
            Shape::Struct(fields) => fields.iter().map(|field| format!(".{field}")).collect(),
            Shape::Map => vec![".*".to_owned()],
            Shape::List => vec!["[]".to_owned()],
        };
        for step in steps {
            unexplored.push([path.as_slice(), &[step]].concat());
        }
    }
    found
}

/// What a type asks the deserializer for.
#[derive(Debug)]
enum Shape {
    Struct(&'static [&'static str]),
    Map,
    List,
    Value,
}

/// Ends every exploration: the shape at the end of the path.
#[derive(Debug)]
struct Found(Shape);

impl fmt::Display for Found {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

impl std::error::Error for Found {}

impl de::Error for Found {
    fn custom<T: fmt::Display>(message: T) -> Self {
        panic!("the path was left: {message}")
    }
}

/// Follows `path` through the types.
#[derive(Clone, Copy)]
struct Explorer<'a> {
    path: &'a [String],
}

impl<'de> Deserializer<'de> for Explorer<'_> {
    type Error = Found;

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Found> {
        match self.path {
            [] => Err(Found(Shape::Struct(fields))),
            [step, rest @ ..] => visitor.visit_map(Step { step, rest }),
        }
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.path {
            [] => Err(Found(Shape::Map)),
            [step, rest @ ..] => visitor.visit_map(Step { step, rest }),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        match self.path {
            [] => Err(Found(Shape::List)),
            [step, rest @ ..] => visitor.visit_seq(Step { step, rest }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Found> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Found> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Found> {
        Err(Found(Shape::Value))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct enum identifier ignored_any
    }
}

/// A map or a list with one element: the next step of the path.
struct Step<'a> {
    step: &'a str,
    rest: &'a [String],
}

impl<'de> MapAccess<'de> for Step<'_> {
    type Error = Found;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Found> {
        let key = self.step.trim_start_matches('.');
        seed.deserialize(StrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Found> {
        seed.deserialize(Explorer { path: self.rest })
    }
}

impl<'de> SeqAccess<'de> for Step<'_> {
    type Error = Found;

    fn next_element_seed<T: DeserializeSeed<'de>>(
        &mut self,
        seed: T,
    ) -> Result<Option<T::Value>, Found> {
        seed.deserialize(Explorer { path: self.rest }).map(Some)
    }
}
