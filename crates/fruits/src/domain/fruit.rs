//! A fruit in the catalogue, and one on its way there.

use serde::Serialize;
use utoipa::ToSchema;

use super::{Color, FruitId, FruitName, Revision};

/// A fruit in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(example = json!({"id": 1, "fruit": "apple", "color": "red"}))]
pub struct Fruit {
    /// Which one it is: given once, never given again.
    #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_u64, example = 1)]
    pub id: FruitId,
    /// Its name.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "apple")]
    pub fruit: FruitName,
    /// Its color.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "red")]
    pub color: Color,
    /// Which state of it this is: its entity tag, and no part of it.
    #[serde(skip)]
    pub revision: Revision,
}

/// A fruit to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFruit {
    /// The id that the client wants; without one the catalogue gives the next.
    pub id: Option<FruitId>,
    /// Its name.
    pub fruit: FruitName,
    /// Its color.
    pub color: Color,
}

impl NewFruit {
    /// The fruit that it became.
    pub fn with_id(self, id: FruitId) -> Fruit {
        Fruit { id, fruit: self.fruit, color: self.color, revision: Revision::FIRST }
    }
}
