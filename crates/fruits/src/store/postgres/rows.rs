//! Fruits as the columns of a statement that writes them.

use super::connection::Parameter;
use crate::domain::{Folded, NewFruit};

/// The columns of some fruits.
#[derive(Default)]
pub(super) struct NewRows<'a> {
    ids: Vec<i64>,
    fruits: Vec<&'a str>,
    colors: Vec<&'a str>,
    fruits_folded: Vec<String>,
    colors_folded: Vec<String>,
}

impl<'a> NewRows<'a> {
    /// Of all of these.
    pub(super) fn of(fruits: &'a [NewFruit]) -> Self {
        let mut rows = Self::default();
        for fruit in fruits {
            rows.push(fruit);
        }
        rows
    }

    /// Of those that want an id.
    pub(super) fn chosen(fruits: &'a [NewFruit]) -> Self {
        let mut rows = Self::default();
        for fruit in fruits {
            if let Some(id) = fruit.id {
                rows.ids.push(id.get());
                rows.push(fruit);
            }
        }
        rows
    }

    fn push(&mut self, NewFruit { fruit, color, .. }: &'a NewFruit) {
        self.fruits.push(fruit.as_str());
        self.colors.push(color.as_str());
        self.fruits_folded.push(Folded::new(fruit.as_str()).into_text());
        self.colors_folded.push(Folded::new(color.as_str()).into_text());
    }

    pub(super) fn without_ids(&self) -> [Parameter<'_>; 4] {
        [&self.fruits, &self.colors, &self.fruits_folded, &self.colors_folded]
    }

    pub(super) fn with_ids(&self) -> [Parameter<'_>; 5] {
        let [fruits, colors, fruits_folded, colors_folded] = self.without_ids();
        [&self.ids, fruits, colors, fruits_folded, colors_folded]
    }
}
