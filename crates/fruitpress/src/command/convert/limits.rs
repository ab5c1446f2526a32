//! The flag that says what an image may cost.

use clap::value_parser;
use pdf_engine::{Error, Limits};

/// What `convert` and `inspect` bound alike.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct LimitArgs {
    /// Most memory for the samples of one image, in MiB, where it must be decoded whole; and as much for a file of which
    /// all must be held. What is copied takes none. Up to four images are converted at the same time.
    ///
    /// The default is enough for 89 megapixels of JPEG XL, 150 of WebP and 180 of AVIF.
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = value_parser!(u64).range(1..=1 << 20))]
    memory_max: u64,
}

impl LimitArgs {
    /// What the engine is told of it.
    pub(crate) fn limits(&self) -> Limits {
        let defaults = Limits::default();
        let bytes = self.memory_max << 20;
        Limits {
            decoded_bytes_max: bytes,
            spool_bytes_max: bytes,
            mask_bytes_max: (bytes / 4).max(defaults.mask_bytes_max),
            ..defaults
        }
    }
}

/// What may be done about it, where the flag is what was in the way.
pub(super) fn hint(error: &Error) -> Option<&'static str> {
    let limit = match error {
        Error::TooLarge { limit, .. } => *limit,
        _ => return None,
    };
    ["decoded_bytes_max", "spool_bytes_max", "mask_bytes_max"]
        .contains(&limit)
        .then_some("--memory-max allows more")
}
