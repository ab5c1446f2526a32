//! What the parser of the command line cannot know: flags that do not go together.

/// The command line asks for what cannot be.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Misused(pub(super) String);

/// Fails with `message` where the command line is not right.
pub(super) fn ensure(is_right: bool, message: &str) -> Result<(), Misused> {
    if is_right { Ok(()) } else { Err(Misused(message.to_owned())) }
}
