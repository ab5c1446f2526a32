//! Which fruits a list has, in which order, and where one of its pages begins.

use super::{Folded, Fruit, FruitId};

/// Which fruits a list has, and in which order.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selection {
    /// Only fruits of this name, whatever its case.
    pub fruit: Option<Folded>,
    /// Only fruits of this color, whatever its case.
    pub color: Option<Folded>,
    /// Only fruits whose name or color contains this, whatever its case.
    pub contains: Option<Folded>,
    /// By what the fruits are ordered; by their ids where that is equal.
    pub sort: SortKey,
    /// The whole order, ids included, from the end to the start.
    pub descending: bool,
}

/// What fruits are ordered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SortKey {
    /// The id.
    #[default]
    Id,
    /// The name without its case, by its characters' code points.
    Fruit,
    /// The color without its case, by its characters' code points.
    Color,
}

/// A place between two fruits of an order: behind the one that has, or had, these.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// Its id.
    pub id: FruitId,
    /// What the list is ordered by, where that is a text.
    pub text: Option<Folded>,
}

/// Some of the fruits of a list, in its order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The fruits.
    pub fruits: Vec<Fruit>,
    /// Where to go on; `None` at the end of the list.
    pub next: Option<Cursor>,
}

impl Selection {
    /// Whether a fruit with these texts, folded, is in the list.
    pub(crate) fn accepts(&self, fruit: &str, color: &str) -> bool {
        let equals = |wanted: &Option<Folded>, text| wanted.as_ref().is_none_or(|it| it.as_str() == text);
        equals(&self.fruit, fruit)
            && equals(&self.color, color)
            && self
                .contains
                .as_ref()
                .is_none_or(|part| fruit.contains(part.as_str()) || color.contains(part.as_str()))
    }

    /// The place behind this fruit.
    pub fn behind(&self, fruit: &Fruit) -> Cursor {
        let text = match self.sort {
            SortKey::Id => None,
            SortKey::Fruit => Some(Folded::new(fruit.fruit.as_str())),
            SortKey::Color => Some(Folded::new(fruit.color.as_str())),
        };
        Cursor { id: fruit.id, text }
    }
}
