//! Fruits as a kept answer has them: as they were added, in JSON.

use serde::{Deserialize, de::Error as _};

use crate::domain::{Color, Fruit, FruitId, FruitName, NewFruit};

/// A fruit as it was answered. It had its first revision then.
#[derive(Deserialize)]
struct Stored {
    id: i64,
    fruit: String,
    color: String,
}

pub(super) fn write(fruits: &[Fruit]) -> serde_json::Result<String> {
    serde_json::to_string(fruits)
}

/// What does not parse was not written by this service.
pub(super) fn read(answer: &str) -> serde_json::Result<Vec<Fruit>> {
    let stored: Vec<Stored> = serde_json::from_str(answer)?;
    stored
        .into_iter()
        .map(|Stored { id, fruit, color }| {
            let id = FruitId::new(id).map_err(serde_json::Error::custom)?;
            let fruit = NewFruit { id: None, fruit: FruitName::stored(fruit), color: Color::stored(color) };
            Ok(fruit.with_id(id))
        })
        .collect()
}
