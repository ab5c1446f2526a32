//! The content coding of a source, RFC 9110 section 8.4.
//!
//! None is asked for, and some servers pack what they send all the same. gzip and deflate are unpacked forward, in
//! memory that does not grow, and are checked to their end: what is cut off, changed or followed by something else is
//! no source. Codings one upon the other are refused, since nothing but a bomb has them.

use bytes::{Buf, Bytes};
use flate2::{Crc, Decompress, FlushDecompress, Status};
use http::{HeaderMap, header};

/// What is unpacked at one time.
const PIECE_BYTES_MAX: usize = 64 * 1024;
/// The header of a gzip file with its file name and comment; those that servers send have 10 bytes.
const GZIP_HEADER_BYTES_MAX: usize = 1024;
/// CRC-32 and length.
const GZIP_TRAILER_BYTES: usize = 8;

/// How a source is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Coding {
    /// RFC 1952.
    Gzip,
    /// RFC 1950, or RFC 1951 alone as some servers have it.
    Deflate,
}

/// A coding that is not read here, or several.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Unknown;

/// What is wrong with packed bytes, to follow "it".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken(pub(super) &'static str);

impl Coding {
    /// What the answer says; `None` where it is not packed.
    pub(super) fn of(headers: &HeaderMap) -> Result<Option<Self>, Unknown> {
        let mut coding = None;
        for line in headers.get_all(header::CONTENT_ENCODING) {
            for name in line.to_str().map_err(|_| Unknown)?.split(',').map(str::trim) {
                let one = match name.to_ascii_lowercase().as_str() {
                    "" | "identity" => continue,
                    "gzip" | "x-gzip" => Self::Gzip,
                    "deflate" => Self::Deflate,
                    _ => return Err(Unknown),
                };
                if coding.replace(one).is_some() {
                    return Err(Unknown);
                }
            }
        }
        Ok(coding)
    }
}

/// Unpacks one source.
#[derive(Debug)]
pub(super) struct Decoder {
    state: State,
    inflate: Decompress,
    /// Of what came out; gzip alone says what they must be.
    sums: Crc,
    is_gzip: bool,
    /// Whether more may come out without anything going in.
    is_full: bool,
    piece: Box<[u8]>,
}

#[derive(Debug)]
enum State {
    GzipHeader(Vec<u8>),
    DeflateStart,
    Data,
    GzipTrailer(Vec<u8>),
    End,
}

impl Decoder {
    pub(super) fn new(coding: Coding) -> Self {
        let is_gzip = coding == Coding::Gzip;
        Self {
            state: if is_gzip { State::GzipHeader(Vec::new()) } else { State::DeflateStart },
            inflate: Decompress::new(false),
            sums: Crc::new(),
            is_gzip,
            is_full: false,
            piece: vec![0; PIECE_BYTES_MAX].into(),
        }
    }

    /// Whether more packed bytes are needed before anything comes out.
    pub(super) fn is_hungry(&self) -> bool {
        !self.is_full
    }

    /// What comes out next, taking from the front of `packed` what that needs. Nothing, where more is needed.
    pub(super) fn decode(&mut self, packed: &mut Bytes) -> Result<Bytes, Broken> {
        loop {
            match &mut self.state {
                State::GzipHeader(held) => {
                    let before = held.len();
                    let more = packed.len().min(GZIP_HEADER_BYTES_MAX - before);
                    held.extend_from_slice(&packed[..more]);
                    match gzip_header_length(held)? {
                        Some(length) => {
                            packed.advance(length - before);
                            self.state = State::Data;
                        }
                        None if held.len() == GZIP_HEADER_BYTES_MAX => {
                            return Err(Broken("has a gzip header without an end"));
                        }
                        None => {
                            packed.advance(more);
                            return Ok(Bytes::new());
                        }
                    }
                }
                State::DeflateStart => {
                    let Some(first) = packed.first() else { return Ok(Bytes::new()) };
                    // RFC 1950 section 2.2: method 8 and a window of at most 32 KiB. No packer begins a bare stream so.
                    self.inflate = Decompress::new(first & 0x0f == 8 && first >> 4 <= 7);
                    self.state = State::Data;
                }
                State::Data => {
                    let piece = self.inflate(packed)?;
                    if !piece.is_empty() || matches!(self.state, State::Data) {
                        return Ok(piece);
                    }
                }
                State::GzipTrailer(held) => {
                    let more = packed.len().min(GZIP_TRAILER_BYTES - held.len());
                    held.extend_from_slice(&packed.split_to(more));
                    if held.len() < GZIP_TRAILER_BYTES {
                        return Ok(Bytes::new());
                    }
                    if *held != [self.sums.sum().to_le_bytes(), self.sums.amount().to_le_bytes()].concat() {
                        return Err(Broken("unpacks to something else than was packed"));
                    }
                    self.state = State::End;
                }
                State::End if packed.is_empty() => return Ok(Bytes::new()),
                State::End => return Err(Broken("goes on behind its end")),
            }
        }
    }

    /// Whether what was packed has come out whole.
    pub(super) fn finish(&self) -> Result<(), Broken> {
        match self.state {
            State::End => Ok(()),
            _ => Err(Broken("ends too early")),
        }
    }

    fn inflate(&mut self, packed: &mut Bytes) -> Result<Bytes, Broken> {
        let broken = Broken("cannot be unpacked");
        let (before_in, before_out) = (self.inflate.total_in(), self.inflate.total_out());
        let status =
            self.inflate.decompress(packed, &mut self.piece, FlushDecompress::None).map_err(|_| broken)?;
        let count = |now: u64, before: u64| usize::try_from(now - before).map_err(|_| broken);
        let taken = count(self.inflate.total_in(), before_in)?;
        let given = count(self.inflate.total_out(), before_out)?;
        let is_at_end = status == Status::StreamEnd;
        if taken == 0 && given == 0 && !packed.is_empty() && !is_at_end {
            return Err(broken);
        }
        packed.advance(taken);
        let piece = Bytes::copy_from_slice(&self.piece[..given]);
        if self.is_gzip {
            self.sums.update(&piece);
        }
        self.is_full = given == self.piece.len() && !is_at_end;
        if is_at_end {
            self.state = if self.is_gzip { State::GzipTrailer(Vec::new()) } else { State::End };
        }
        Ok(piece)
    }
}

/// Where the data of a gzip file begins, RFC 1952 section 2.3; `None` where more of the header is needed.
fn gzip_header_length(bytes: &[u8]) -> Result<Option<usize>, Broken> {
    const HEADER_CRC: u8 = 1 << 1;
    const EXTRA: u8 = 1 << 2;
    const NAME: u8 = 1 << 3;
    const COMMENT: u8 = 1 << 4;
    const RESERVED: u8 = 0b1110_0000;
    let start = [0x1f, 0x8b, 8];
    if !start.starts_with(&bytes[..bytes.len().min(start.len())]) {
        return Err(Broken("does not begin as gzip"));
    }
    let Some(&flags) = bytes.get(3) else { return Ok(None) };
    if flags & RESERVED != 0 {
        return Err(Broken("does not begin as gzip"));
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        let Some(&[low, high]) = bytes.get(at..at + 2).and_then(<[u8]>::first_chunk) else { return Ok(None) };
        at += 2 + usize::from(u16::from_le_bytes([low, high]));
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let end = bytes.get(at..).and_then(|rest| rest.iter().position(|&byte| byte == 0));
            let Some(end) = end else { return Ok(None) };
            at += end + 1;
        }
    }
    if flags & HEADER_CRC != 0 {
        at += 2;
    }
    Ok((bytes.len() >= at).then_some(at))
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{
        Compression,
        write::{DeflateEncoder, GzEncoder, ZlibEncoder},
    };
    use http::HeaderValue;

    use super::*;

    fn coding(lines: &[&str]) -> Result<Option<Coding>, Unknown> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append(header::CONTENT_ENCODING, HeaderValue::from_str(line).unwrap());
        }
        Coding::of(&headers)
    }

    /// What comes out where what is packed arrives in steps of this length.
    fn decode(coding: Coding, packed: &[u8], step: usize) -> Result<Vec<u8>, Broken> {
        let mut decoder = Decoder::new(coding);
        let mut unpacked = Vec::new();
        for part in packed.chunks(step) {
            let mut part = Bytes::copy_from_slice(part);
            while !part.is_empty() || !decoder.is_hungry() {
                let piece = decoder.decode(&mut part)?;
                assert!(piece.len() <= PIECE_BYTES_MAX);
                unpacked.extend_from_slice(&piece);
            }
        }
        decoder.finish().map(|()| unpacked)
    }

    fn plain() -> Vec<u8> {
        (0..200_000_u32).map(|at| (at.wrapping_mul(at) / 7919).to_le_bytes()[0]).collect()
    }

    fn gzip(plain: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(plain).unwrap();
        encoder.finish().unwrap()
    }

    fn packed(plain: &[u8]) -> [(Coding, Vec<u8>); 3] {
        let mut zlib = ZlibEncoder::new(Vec::new(), Compression::fast());
        zlib.write_all(plain).unwrap();
        let mut bare = DeflateEncoder::new(Vec::new(), Compression::fast());
        bare.write_all(plain).unwrap();
        [
            (Coding::Gzip, gzip(plain)),
            (Coding::Deflate, zlib.finish().unwrap()),
            (Coding::Deflate, bare.finish().unwrap()),
        ]
    }

    #[test]
    fn one_known_coding_is_unpacked_and_others_are_refused() {
        for (lines, expected) in [
            (&[][..], Ok(None)),
            (&[""], Ok(None)),
            (&["identity"], Ok(None)),
            (&["gzip"], Ok(Some(Coding::Gzip))),
            (&["X-GZip"], Ok(Some(Coding::Gzip))),
            (&["identity, deflate"], Ok(Some(Coding::Deflate))),
            (&["identity", "gzip"], Ok(Some(Coding::Gzip))),
            (&["br"], Err(Unknown)),
            (&["zstd"], Err(Unknown)),
            (&["compress"], Err(Unknown)),
            (&["gzip, gzip"], Err(Unknown)),
            (&["gzip", "deflate"], Err(Unknown)),
            (&["gzip;q=1"], Err(Unknown)),
        ] {
            assert_eq!(coding(lines), expected, "{lines:?}");
        }
    }

    #[test]
    fn what_was_packed_comes_out_however_it_arrives() {
        for length in [0, 1, PIECE_BYTES_MAX - 1, PIECE_BYTES_MAX, PIECE_BYTES_MAX + 1, 200_000] {
            let plain = &plain()[..length];
            for (coding, packed) in packed(plain) {
                for step in [1, 7, 1 << 20] {
                    assert!(
                        decode(coding, &packed, step).as_deref() == Ok(plain),
                        "{coding:?} {length} {step}"
                    );
                }
            }
        }
    }

    #[test]
    fn what_is_cut_off_changed_or_goes_on_is_broken() {
        let plain = &plain()[..2000];
        for (coding, packed) in packed(plain) {
            for length in 0..packed.len() {
                assert!(decode(coding, &packed[..length], 1 << 20).is_err(), "{coding:?} cut at {length}");
            }
            for step in [1, 1 << 20] {
                let longer = [&packed[..], b"x"].concat();
                assert_eq!(decode(coding, &longer, step), Err(Broken("goes on behind its end")));
            }
            // A bare stream has no checksum that would tell.
            let is_bare = coding == Coding::Deflate && packed[0] & 0x0f != 8;
            if !is_bare {
                let mut changed = packed.clone();
                *changed.last_mut().unwrap() ^= 1;
                assert!(decode(coding, &changed, 1 << 20).is_err(), "{coding:?}");
            }
        }
        let twice = [gzip(plain), gzip(plain)].concat();
        assert_eq!(decode(Coding::Gzip, &twice, 1 << 20), Err(Broken("goes on behind its end")));
        assert_eq!(decode(Coding::Gzip, plain, 1), Err(Broken("does not begin as gzip")));
        assert!(decode(Coding::Deflate, &[0xff; 100], 1).is_err());
    }

    #[test]
    fn a_gzip_header_may_say_more_and_has_an_end() {
        let packed = gzip(b"abc");
        let with = |flags: u8, more: &[u8]| {
            [&packed[..3], &[flags][..], &packed[4..10], more, &packed[10..]].concat()
        };
        let longest = GZIP_HEADER_BYTES_MAX - 10;
        let name = |length: usize| [vec![b'a'; length - 1], vec![0]].concat();
        for (flags, more, good) in [
            (0, vec![], true),
            (1, vec![], true),
            (2, vec![1, 2], true),
            (4, vec![3, 0, 1, 2, 3], true),
            (8, b"cat.png\0".to_vec(), true),
            (16, b"a cat\0".to_vec(), true),
            (31, b"\x01\0xcat.png\0a cat\0\x01\x02".to_vec(), true),
            (8, name(longest), true),
            (8, name(longest + 1), false),
            (4, vec![0xff, 0xff], false),
            (32, vec![], false),
            (128, vec![], false),
        ] {
            for step in [1, 1 << 20] {
                assert_eq!(decode(Coding::Gzip, &with(flags, &more), step).is_ok(), good, "{flags} {step}");
            }
        }
    }

    /// 64 MiB out of 64 KiB, a piece at a time.
    #[test]
    fn a_bomb_comes_out_as_slowly_as_it_is_read() {
        let packed = gzip(&vec![0; 64 << 20]);
        assert!(packed.len() < 600 << 10);
        let mut decoder = Decoder::new(Coding::Gzip);
        let mut packed = Bytes::from(packed);
        for _ in 0..16 {
            let before = packed.len();
            assert_eq!(decoder.decode(&mut packed).unwrap().len(), PIECE_BYTES_MAX);
            assert!(before - packed.len() < 4096);
        }
    }
}
