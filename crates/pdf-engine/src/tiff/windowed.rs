//! Strips and tiles in Zstandard (RFC 8878) and in xz, which TIFF calls LZMA (xz file format, 1.2.1): both refer back over windows
//! that may be far longer than what a strip holds.
//!
//! Both decoders keep what they made until the window has passed it, so their memory grows with a chunk's data as far as the
//! window that the data ask for, and never further. That is what is asked for before they begin.

use std::io::{self, Read};

use lzma_rust2::XzReader;
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder, errors::FrameDecoderError};

use super::page::Compression;
use crate::{Limits, decoder::guarded, error::Fault, spool::Spooled};

/// The widest window of Zstandard: what its own decoder takes unless it is told otherwise.
const ZSTD_WINDOW_BYTES_MAX: u64 = 128 << 20;
/// The largest dictionary of xz: what its highest preset makes, and so the largest that libtiff writes.
const XZ_DICTIONARY_BYTES_MAX: u64 = 64 << 20;
/// What decoders have beside the window: tables, the literals and sequences of a block.
const BESIDE_BYTES: u64 = 4 << 20;
/// A window that grows is copied to a place twice as long.
const GROWTH: u64 = 3;
/// Zstandard is decoded until at least so much has been made, and a block more at most.
const STEP_BYTES: usize = 64 << 10;
/// Some strips go on to a full number of rows, and a little is forgiven; what goes on for ever is meant to take time.
const SURPLUS_BYTES: u64 = 64 << 10;

/// How far back the data of a page's chunks may refer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Window {
    /// What data may ask for.
    bytes_max: u64,
    /// The limit that makes this less than what the format has, where one does.
    decoded_bytes_max: Option<u64>,
    /// Memory that decoding takes, beside the chunk itself.
    held: u64,
    /// What the data of a chunk may be at most.
    made_max: u64,
}

impl Window {
    /// The window for whole chunks of so many bytes, where so many others are held.
    pub(super) fn new(compression: Compression, chunk_bytes: u64, held: u64, limits: &Limits) -> Self {
        let made_max = chunk_bytes.saturating_add(SURPLUS_BYTES);
        let most = match compression {
            Compression::Zstd => ZSTD_WINDOW_BYTES_MAX,
            Compression::Xz => XZ_DICTIONARY_BYTES_MAX,
            _ => return Self { bytes_max: 0, decoded_bytes_max: None, held: 0, made_max },
        };
        let room = limits.decoded_bytes_max.saturating_sub(held.saturating_add(BESIDE_BYTES)) / GROWTH;
        // Where all that is made fits, the window that is asked for does not matter: it is never filled.
        let filled = made_max.min(most).min(room);
        let fits = made_max <= room;
        Self {
            bytes_max: if fits { most } else { room.min(most) },
            decoded_bytes_max: (!fits && room < most).then_some(limits.decoded_bytes_max),
            held: filled.saturating_mul(GROWTH).saturating_add(BESIDE_BYTES),
            made_max,
        }
    }

    /// Bytes that decoding a chunk takes at most.
    pub(super) fn held(self) -> u64 {
        self.held
    }

    fn too_wide(self, file: Spooled<'_>) -> Fault {
        match self.decoded_bytes_max {
            Some(max) => {
                let what = "the TIFF has a strip or tile that is decoded in more memory: it";
                Fault::too_large("decoded_bytes_max", max, what)
            }
            None => file.unsupported(format_args!(
                "has a strip or tile that refers back over more than {} MiB; save it with a lower level of compression",
                self.bytes_max >> 20
            )),
        }
    }
}

/// Fills `out` with what a frame of Zstandard holds; tells how many bytes came of it. Its checksum is compared, where it has one.
pub(super) fn zstd(
    file: Spooled<'_>,
    mut data: &[u8],
    window: Window,
    out: &mut [u8],
) -> Result<usize, Fault> {
    let damaged = || file.fault("has a strip or tile whose Zstandard data are damaged");
    let why = |error: FrameDecoderError| match error {
        FrameDecoderError::WindowSizeTooBig { .. } => window.too_wide(file),
        FrameDecoderError::DictNotProvided { .. } => {
            file.unsupported("has a strip or tile in Zstandard that begins with a dictionary of another file")
        }
        _ => damaged(),
    };
    guarded("TIFF", || {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window.bytes_max);
        decoder.reset(&mut data).map_err(why)?;
        let (mut filled, mut made_least) = (0, 0);
        while !decoder.is_finished() {
            let step = BlockDecodingStrategy::UptoBytes(STEP_BYTES);
            decoder.decode_blocks(&mut data, step).map_err(why)?;
            filled += decoder.read(&mut out[filled..]).map_err(|_| damaged())?;
            if filled == out.len() {
                decoder.collect_to_writer(io::sink()).map_err(|_| damaged())?;
            }
            made_least += STEP_BYTES;
            if made_least as u64 > window.made_max && !decoder.is_finished() {
                return Err(file.fault("has a strip or tile of far more data than its size asks for"));
            }
        }
        if decoder.get_checksum_from_data().is_some_and(|sum| decoder.get_calculated_checksum() != Some(sum))
        {
            return Err(file.fault("has a strip or tile in Zstandard whose checksum is wrong"));
        }
        Ok(filled)
    })
}

/// Fills `out` with what a stream of xz holds; tells how many bytes came of it. Where the stream ends there, as it should, its
/// checksum and index are compared.
pub(super) fn xz(file: Spooled<'_>, data: &[u8], window: Window, out: &mut [u8]) -> Result<usize, Fault> {
    let why = |error: io::Error| match error.kind() {
        io::ErrorKind::OutOfMemory => window.too_wide(file),
        io::ErrorKind::Unsupported => file.unsupported("has a strip or tile in a kind of xz that is unknown"),
        _ => file.fault("has a strip or tile whose LZMA data are damaged"),
    };
    guarded("TIFF", || {
        let kib = window.bytes_max.div_ceil(1 << 10).saturating_add(XZ_TABLES_KIB);
        let mut reader = XzReader::new_mem_limit(data, false, u32::try_from(kib).unwrap_or(u32::MAX));
        let mut filled = 0;
        while filled < out.len() {
            match reader.read(&mut out[filled..]).map_err(why)? {
                0 => return Ok(filled),
                count => filled += count,
            }
        }
        reader.read(&mut [0]).map_err(why)?;
        Ok(filled)
    })
}

/// What the decoder of xz counts beside the dictionary, in KiB.
const XZ_TABLES_KIB: u64 = 104;
