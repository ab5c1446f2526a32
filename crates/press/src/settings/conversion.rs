//! How much is converted at once.

use std::{num::NonZeroUsize, thread::available_parallelism};

use clap::{builder::RangedU64ValueParser, value_parser};

/// How much is converted at once.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct ConversionSettings {
    /// Conversions at one time, each of a source that has begun to arrive. By default twice the processor's cores
    /// and at least 4, since part of a conversion is waiting for its source and its store
    #[arg(long, env = "CONVERSIONS_MAX", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub conversions_max: Option<usize>,

    /// Conversions that wait for a place; further ones are answered 503. Enough for a burst, few enough to be
    /// served in the time that they wait
    #[arg(long, env = "CONVERSIONS_QUEUE_MAX", default_value_t = 64,
          value_parser = RangedU64ValueParser::<usize>::new().range(0..=65_536))]
    pub conversions_queue_max: usize,

    /// Milliseconds that a conversion waits for a place; then it is answered 503
    #[arg(long, env = "CONVERSIONS_QUEUE_MS", default_value_t = 10_000,
          value_parser = value_parser!(u64).range(1..=3_600_000))]
    pub conversions_queue_ms: u64,

    /// Images of one request that becomes one PDF. 100: a stack of scans; they take turns in one place
    #[arg(long, env = "SOURCES_MAX", default_value_t = 100,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=10_000))]
    pub sources_max: usize,

    /// Conversions that decode or pack pixels at one time, or hold a source for that, where copying is not enough; further
    /// ones wait in their places, as long as `CONVERSIONS_QUEUE_MS`. By default as many as the processor has cores, and at least 2
    #[arg(long, env = "CONVERSIONS_DECODING_MAX", value_parser = RangedU64ValueParser::<usize>::new().range(1..=1024))]
    pub conversions_decoding_max: Option<usize>,

    /// Bytes that all conversions together may hold of what grows with their images: sources that are read from several
    /// places, samples, masks, what is known of a progressive JPEG's coefficients. One that needs more waits as long as
    /// `CONVERSIONS_QUEUE_MS`, then it is answered 503. 512 MiB: one conversion at its worst and several ordinary ones.
    /// Copies are not counted otherwise: one holds at most 20 MiB for each of `CONVERSIONS_MAX`
    #[arg(long, env = "CONVERSIONS_BYTES_MAX", default_value_t = 536_870_912, value_parser = value_parser!(u64).range(1..))]
    pub conversions_bytes_max: u64,

    /// Bytes of samples that one conversion may hold where an image cannot be streamed, as an interlaced PNG; also
    /// those of a packed soft mask, up to 64 MiB. 128 MiB is 44 megapixels, or 33 with alpha, which takes what common
    /// cameras make; decoders that hold more than the samples, as of WebP, count that too, which leaves 19; times
    /// `CONVERSIONS_MAX` it must fit into memory
    #[arg(long, env = "DECODED_BYTES_MAX", default_value_t = 134_217_728, value_parser = value_parser!(u64).range(1..))]
    pub decoded_bytes_max: u64,
}

impl ConversionSettings {
    /// `CONVERSIONS_MAX`, or what suits this machine.
    pub fn running_max(&self) -> usize {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        self.conversions_max.unwrap_or_else(|| (2 * cores).max(4))
    }

    /// `CONVERSIONS_DECODING_MAX`, or what suits this machine.
    pub fn decoding_max(&self) -> usize {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        self.conversions_decoding_max.unwrap_or_else(|| cores.max(2))
    }

    /// What one conversion may hold of [`conversions_bytes_max`](Self::conversions_bytes_max).
    pub(crate) fn worst_bytes(&self) -> u64 {
        let limits = self.limits();
        limits.spool_bytes_max.saturating_add(limits.decoded_bytes_max).saturating_add(limits.mask_bytes_max)
    }

    pub(crate) fn limits(&self) -> pdf_engine::Limits {
        let defaults = pdf_engine::Limits::default();
        pdf_engine::Limits {
            decoded_bytes_max: self.decoded_bytes_max,
            // A source that is read from several places is held beside its samples.
            spool_bytes_max: self.decoded_bytes_max,
            mask_bytes_max: self.decoded_bytes_max.min(defaults.mask_bytes_max),
            ..defaults
        }
    }
}
