//! What is asked of decoders that are not ours.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::error::Fault;

/// Runs a decoder; one that panics has met a file that it cannot take, and the conversion goes on to say so.
pub(crate) fn guarded<T>(format: &str, decode: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    // What the decoder leaves half done is not used again.
    catch_unwind(AssertUnwindSafe(decode)).unwrap_or_else(|_| {
        Err(Fault::malformed(format!("the {format} is damaged in a way that its decoder does not survive")))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decoder_that_panics_is_an_error() {
        let result = guarded("WebP", || if true { panic!("on purpose") } else { Ok(()) });
        assert!(matches!(result, Err(Fault::Malformed(detail)) if detail.contains("WebP")));
        assert!(matches!(guarded("WebP", || Ok(7)), Ok(7)));
    }
}
