//! What handlers take from a request; every rejection is a [`Problem`](crate::Problem).
//!
//! Handlers receive values that are right, never ones to check later: [`Fields`] hands each field of a JSON
//! object to the parser of its type and collects what they refuse, [`Path`] and [`Query`] wrap axum's.

mod body;
mod caller;
mod fields;
mod json;
mod numbers;
mod path;
mod query;

pub use body::{body_problem, read_body, require_no_coding};
pub(crate) use caller::known_token;
pub use caller::{Allowed, Caller, Permission};
pub use fields::{Field, Fields, Input, NoFields, Parsed};
pub use path::Path;
pub use query::Query;
