//! A fruit in the fields of a JSON object, judged alike in a request's body and in a file that is imported.

use chassis::{Problem, extract::Fields};
use serde_json::Value;

use crate::domain::{Color, FruitId, FruitName, InvalidId, NewFruit};

/// The fruit to add that these fields say.
pub(crate) fn new_fruit(mut fields: Fields) -> Result<NewFruit, Problem> {
    let id = fields.optional("id", id);
    let fruit = fields.required("fruit", |text: String| FruitName::parse(&text));
    let color = fields.required("color", |text: String| Color::parse(&text));
    let (id, fruit, color) = fields.finish((id, fruit, color))?;
    Ok(NewFruit { id, fruit, color })
}

/// The id that a JSON value means.
pub(crate) fn id(value: Value) -> Result<FruitId, InvalidId> {
    match value {
        Value::Number(number) => FruitId::from_json(&number),
        _ => Err(InvalidId),
    }
}
