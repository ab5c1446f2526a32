//! What is done to the catalogue, each all or nothing.

use super::{Color, Fruit, FruitId, FruitName, NewFruit, Once, Precondition};

/// A change of the catalogue: it happens as a whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Adds these fruits.
    Add(Vec<NewFruit>),
    /// Adds these fruits, if it was not done under this key before.
    AddOnce(Once, Vec<NewFruit>),
    /// Changes a fruit.
    Edit {
        /// Which one.
        id: FruitId,
        /// What becomes of it.
        edit: Edit,
        /// What must hold of it.
        precondition: Precondition,
    },
    /// Deletes a fruit.
    Delete {
        /// Which one.
        id: FruitId,
        /// What must hold of it.
        precondition: Precondition,
    },
}

impl Change {
    /// How many fruits it is about.
    pub(crate) fn fruits(&self) -> usize {
        match self {
            Self::Add(fruits) | Self::AddOnce(_, fruits) => fruits.len(),
            Self::Edit { .. } | Self::Delete { .. } => 1,
        }
    }

    /// The fruit that is there before and may be another afterwards, or gone.
    pub(crate) fn touches(&self) -> Option<FruitId> {
        match self {
            Self::Add(_) | Self::AddOnce(..) => None,
            Self::Edit { id, .. } | Self::Delete { id, .. } => Some(*id),
        }
    }
}

/// What becomes of a fruit; what is not named stays as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Edit {
    /// Its new name.
    pub fruit: Option<FruitName>,
    /// Its new color.
    pub color: Option<Color>,
}

impl Edit {
    /// The fruit that it makes of this one: of the next revision if anything changes, and itself otherwise.
    pub(crate) fn apply(self, before: &Fruit) -> Fruit {
        let mut after = before.clone();
        after.fruit = self.fruit.unwrap_or(after.fruit);
        after.color = self.color.unwrap_or(after.color);
        if after != *before {
            after.revision = before.revision.next();
        }
        after
    }
}
