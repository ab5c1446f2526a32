//! Fruits as JSON.
//!
//! Written field by field: the general serializer takes three times as long, and once a fruit is in memory this is
//! most of what answering it costs.

use std::io::Write as _;

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use http::{HeaderValue, header};

use crate::domain::Fruit;

/// The length of a common fruit, to begin with.
const BYTES: usize = 64;

/// An answer of this JSON.
pub(super) fn json(body: impl Into<Body>) -> Response {
    ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body.into()).into_response()
}

/// One fruit as an answer.
pub(super) fn one(fruit: &Fruit) -> Response {
    let mut body = Vec::with_capacity(BYTES);
    write(fruit, &mut body);
    json(body)
}

/// Each fruit, a comma before each but the first.
pub(super) fn write_all(fruits: &[Fruit], into: &mut Vec<u8>) {
    into.reserve(fruits.len() * BYTES);
    for (index, fruit) in fruits.iter().enumerate() {
        if index > 0 {
            into.push(b',');
        }
        write(fruit, into);
    }
}

fn write(fruit: &Fruit, into: &mut Vec<u8>) {
    // Into memory: there is nothing that could fail.
    let _ = write!(into, "{{\"id\":{},\"fruit\":", fruit.id);
    write_text(fruit.fruit.as_str(), into);
    into.extend_from_slice(b",\"color\":");
    write_text(fruit.color.as_str(), into);
    into.push(b'}');
}

fn write_text(text: &str, into: &mut Vec<u8>) {
    // Counting them takes less time than stopping at the first.
    let escaped = text.bytes().filter(|byte| matches!(byte, 0..b' ' | b'"' | b'\\')).count();
    if escaped == 0 {
        into.push(b'"');
        into.extend_from_slice(text.as_bytes());
        into.push(b'"');
    } else {
        let _ = serde_json::to_writer(into, text);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{Color, FruitId, FruitName, Revision};

    proptest! {
        /// Also of texts that another program stored.
        #[test]
        fn it_is_what_the_general_serializer_writes(
            id in 1..=FruitId::MAX.get(),
            fruit in any::<String>(),
            color in "[a\"\\\\\n\u{0}\u{7f}ä🍑]{0,8}",
        ) {
            let fruit = Fruit {
                id: FruitId::new(id).unwrap(),
                fruit: FruitName::stored(fruit),
                color: Color::stored(color),
                revision: Revision::FIRST,
            };
            let mut written = Vec::new();
            write_all(&[fruit.clone(), fruit.clone()], &mut written);
            let expected = serde_json::to_string(&fruit).unwrap();
            prop_assert_eq!(String::from_utf8(written).unwrap(), format!("{expected},{expected}"));
        }
    }
}
