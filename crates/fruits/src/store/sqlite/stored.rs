//! Fruits as an answer keeps them: as they were added, in JSON.

use serde::Deserialize;

use crate::domain::{Color, Fruit, FruitId, FruitName, NewFruit};

/// A fruit as it was answered. It had its first revision then.
#[derive(Deserialize)]
struct Stored {
    id: i64,
    fruit: String,
    color: String,
}

pub(super) fn write(fruits: &[Fruit]) -> rusqlite::Result<String> {
    serde_json::to_string(fruits).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// What does not parse was not written by this service.
pub(super) fn read(answer: &str) -> rusqlite::Result<Vec<Fruit>> {
    let unreadable = |error: Box<dyn std::error::Error + Send + Sync>| {
        rusqlite::Error::FromSqlConversionFailure(1, rusqlite::types::Type::Text, error)
    };
    let stored: Vec<Stored> = serde_json::from_str(answer).map_err(|error| unreadable(error.into()))?;
    stored
        .into_iter()
        .map(|Stored { id, fruit, color }| {
            let id = FruitId::new(id).map_err(|error| unreadable(error.into()))?;
            let fruit = NewFruit { id: None, fruit: FruitName::stored(fruit), color: Color::stored(color) };
            Ok(fruit.with_id(id))
        })
        .collect()
}
