//! Generators of hostile input, for the property tests of parsers in every crate.

use std::time::{Duration, Instant};

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Map, Number, Value};

/// The largest input that is generated, in bytes: the largest body that the server reads.
pub const LARGEST_INPUT: usize = 65_536;
/// How long a parser may take for the largest input. A parser whose work grows with the square of
/// its input takes minutes.
const PARSE_TIMEOUT: Duration = Duration::from_secs(10);

/// Pieces of JSON, well formed and not.
pub const JSON_PIECES: &[&str] = &[
    "{",
    "}",
    "[",
    "]",
    "\"",
    ":",
    ",",
    "null",
    "true",
    "1e999",
    "-",
    "0.1",
    "\\u0000",
    "\\ud800",
    "\\\\",
    "{\"a\":",
    "\"a\":1,",
    "\u{feff}",
    " ",
    "\n",
    "\0",
    "中",
    "\u{202e}",
    "9223372036854775808",
];

/// Random bytes, sequences of `pieces`, and one or two of them repeated up to 64 KiB.
pub fn hostile_bytes(pieces: &'static [&'static str]) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => vec(any::<u8>(), 0..600),
        4 => hostile_text(pieces).prop_map(String::into_bytes),
        1 => (hostile_text(pieces), any::<u8>(), any::<Index>())
            .prop_map(|(text, byte, at)| insert(text.into_bytes(), byte, at)),
    ]
}

/// Like [`hostile_bytes`], but UTF-8.
pub fn hostile_text(pieces: &'static [&'static str]) -> impl Strategy<Value = String> {
    let piece =
        move || prop_oneof![8 => select(pieces).prop_map(String::from), 1 => any::<String>()];
    let repeated = (
        select(pieces),
        select(pieces),
        1..=LARGEST_INPUT,
        any::<bool>(),
    );
    prop_oneof![
        1 => any::<String>(),
        4 => vec(piece(), 0..60).prop_map(|pieces| pieces.concat()),
        1 => repeated.prop_map(|(first, second, length, nested)| {
            repeat(first, second, length, nested)
        }),
    ]
}

/// Fills `length` bytes: with both pieces in turn, or first with the one and then with the other.
fn repeat(first: &str, second: &str, length: usize, nested: bool) -> String {
    let times = length / (first.len() + second.len());
    if nested {
        first.repeat(times) + &second.repeat(times)
    } else {
        [first, second].concat().repeat(times)
    }
}

fn insert(mut bytes: Vec<u8>, byte: u8, at: Index) -> Vec<u8> {
    bytes.insert(at.index(bytes.len() + 1), byte);
    bytes
}

/// A change of one bit in a text or in bytes.
#[derive(Debug, Clone)]
pub struct BitFlip {
    at: Index,
    bit: u32,
}

/// Any change of one bit.
pub fn bit_flip() -> impl Strategy<Value = BitFlip> {
    (any::<Index>(), 0..8_u32).prop_map(|(at, bit)| BitFlip { at, bit })
}

impl BitFlip {
    /// The same bytes with one bit changed. `bytes` is not empty.
    #[must_use]
    pub fn apply(&self, bytes: &[u8]) -> Vec<u8> {
        let mut changed = bytes.to_vec();
        if let Some(byte) = changed.get_mut(self.at.index(bytes.len())) {
            *byte ^= 1 << self.bit;
        }
        changed
    }
}

/// Any JSON. The keys of its objects are mostly those of `keys`.
pub fn json_value(keys: &'static [&'static str]) -> impl Strategy<Value = Value> {
    let number = prop_oneof![
        any::<i64>().prop_map(Value::from),
        (-3..300_i64).prop_map(Value::from),
        any::<f64>().prop_map(|number| Number::from_f64(number).map_or(Value::Null, Value::from)),
    ];
    let leaf = prop_oneof![
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        3 => number,
        3 => any::<String>().prop_map(Value::from),
        1 => any::<i64>().prop_map(|number| number.to_string().into()),
        1 => select(keys).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let key = prop_oneof![8 => select(keys).prop_map(String::from), 1 => any::<String>()];
        let fields = vec((key, inner.clone()), 0..8);
        prop_oneof![
            1 => vec(inner, 0..5).prop_map(Value::Array),
            4 => fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// Runs a parser, and fails when it takes so long that its work must grow with more than the size
/// of its input.
///
/// # Panics
/// When it takes longer than ten seconds.
pub fn in_bounded_time<T>(parse: impl FnOnce() -> T) -> T {
    let started = Instant::now();
    let result = parse();
    let took = started.elapsed();
    assert!(took < PARSE_TIMEOUT, "a parser took {took:?}");
    result
}
