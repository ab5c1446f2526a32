//! What a fruit is. These types are parsed once, at the edge; whoever holds one need not check it again.

mod change;
mod folded;
mod fruit;
mod id;
mod idempotency;
mod label;
mod revision;
mod selection;

pub use change::{Change, Edit};
pub use folded::Folded;
pub use fruit::{Fruit, NewFruit};
pub use id::{FruitId, InvalidId};
pub use idempotency::{IdempotencyKey, InvalidKey, KEY_CHARACTERS_MAX, Once};
pub use label::{CHARACTERS_MAX, Color, FruitName, InvalidLabel};
pub use revision::{Precondition, Revision, Revisions};
pub use selection::{Cursor, Page, Selection, SortKey};
