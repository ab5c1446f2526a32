//! Who may change the catalogue. Reading it is open to everyone.

use chassis::{extract::Permission, tokens::Scope};

/// Changing the catalogue.
#[derive(Debug)]
pub(super) struct Write;

impl Permission for Write {
    const SCOPE: Scope = Scope::new("fruits:write");
}
