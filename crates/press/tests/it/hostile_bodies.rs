//! Sources that answer, but not with an image that can be converted: other answers, answers that lie about themselves,
//! that have no end, that unpack to a thousand times their size, and files that are made to break whoever opens them. One
//! table: each is answered with its problem, in time, and leaves nothing behind; all of them together cost no more memory
//! than the limits say.

use std::{
    fs,
    process::Command,
    time::{Duration, Instant},
};

use futures_util::future::join_all;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use super::support::{
    broken, eventually, images,
    press::Press,
    source::{Source, ok, until_closed},
};

const FAILED: &str = "source-failed";
const TIMED_OUT: &str = "source-timed-out";
const TOO_LARGE: &str = "source-too-large";
const UNSUPPORTED: &str = "image-unsupported";
const BROKEN: &str = "image-broken";
const IMAGE_TOO_LARGE: &str = "image-too-large";

/// How long a source of these tests may take in all, and what one may cost.
const FETCH_TIMEOUT: Duration = Duration::from_secs(2);
/// What answering may take beside that, on a machine that has other things to do.
const WORK: Duration = Duration::from_secs(10);
const SOURCE_BYTES_MAX: u64 = 8 << 20;
const DECODED_BYTES_MAX: u64 = 16 << 20;
/// What the process may grow by at its peak: twice the samples, as the setting says, and as much again for a source that
/// is held whole, what is read ahead and what allocators keep.
const GROWTH_BYTES_MAX: u64 = 3 * DECODED_BYTES_MAX;

/// Set in the process whose memory is measured.
const CHILD: &str = "PRESS_TEST_OF_HOSTILE_BODIES";

/// What a source does once it has been asked.
#[derive(Clone)]
enum Act {
    /// Sends this and closes.
    Send(Vec<u8>),
    /// Sends this and nothing more.
    Stop(Vec<u8>),
    /// Sends the first, and the second without an end.
    Repeat(Vec<u8>, Vec<u8>),
    /// Sends this, a few bytes at a time.
    Drip(Vec<u8>),
    /// Closes with what it was asked unread.
    Reset,
}

struct Case {
    what: String,
    act: Act,
    status: u16,
    slug: &'static str,
    detail: String,
}

fn case(what: impl Into<String>, act: Act, status: u16, slug: &'static str, detail: &str) -> Case {
    Case { what: what.into(), act, status, slug, detail: detail.to_owned() }
}

fn head(lines: &str, body: &[u8]) -> Vec<u8> {
    [format!("HTTP/1.1 {lines}\r\n\r\n").as_bytes(), body].concat()
}

fn chunked(chunks: &[&[u8]]) -> Vec<u8> {
    let chunks =
        chunks.iter().map(|chunk| [format!("{:x}\r\n", chunk.len()).as_bytes(), chunk, b"\r\n"].concat());
    head("200 OK\r\nTransfer-Encoding: chunked", &chunks.collect::<Vec<_>>().concat())
}

async fn act(act: Act, mut stream: TcpStream) {
    // Whoever has heard enough hangs up, and nothing else ends these.
    match act {
        Act::Send(bytes) => {
            let _ = stream.write_all(&bytes).await;
            let _ = stream.shutdown().await;
        }
        Act::Stop(bytes) => {
            let _ = stream.write_all(&bytes).await;
            until_closed(&mut stream).await;
        }
        Act::Repeat(start, again) => {
            let _ = stream.write_all(&start).await;
            while stream.write_all(&again).await.is_ok() {
                tokio::task::yield_now().await;
            }
        }
        Act::Drip(bytes) => {
            for piece in bytes.chunks(10) {
                if stream.write_all(piece).await.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        Act::Reset => drop(stream),
    }
}

/// Answers other than an image.
fn statuses() -> Vec<Case> {
    let image = images::png();
    let statuses = [
        101, 201, 202, 203, 204, 205, 206, 207, 226, 300, 304, 305, 306, 400, 401, 403, 404, 407, 410, 418,
        429, 451, 500, 501, 502, 503, 504, 511, 599, 999,
    ];
    let answers = statuses.map(|status| {
        let body = if [101, 204, 304].contains(&status) { &[][..] } else { &image };
        let answer = head(&format!("{status} X\r\nContent-Length: {}", body.len()), body);
        let detail = format!("answered {status} where 200 was expected");
        case(format!("status {status}"), Act::Send(answer), 502, FAILED, &detail)
    });
    answers.into()
}

/// Heads that are none, or too large, or have no end.
fn heads() -> Vec<Case> {
    let field = |length: usize| format!("X: {}\r\n", "y".repeat(length));
    let mut cases: Vec<Case> = [
        ("nothing", Vec::new()),
        ("half a status line", b"HTTP/1.1 20".to_vec()),
        ("half a head", b"HTTP/1.1 200 OK\r\nContent-".to_vec()),
        ("SSH", b"SSH-2.0-OpenSSH_9.7\r\n".to_vec()),
        ("SMTP", b"220 mail.example ESMTP\r\n".to_vec()),
        ("FTP", b"220 ftp.example ready\r\n".to_vec()),
        ("Redis", b"-ERR unknown command 'GET'\r\n".to_vec()),
        ("TLS", b"\x15\x03\x01\0\x02\x02\x46".to_vec()),
        ("HTTP/2", b"\0\0\x12\x04\0\0\0\0\0\0\x03\0\0\0\x80".to_vec()),
        ("a version that is none", b"HTTP/9.9 200 OK\r\n\r\n".to_vec()),
        ("a status that is none", b"HTTP/1.1 two OK\r\n\r\n".to_vec()),
        ("bare bytes", images::png()),
        ("a NUL in a header", head("200 OK\r\nX: a\0b", b"")),
        ("a header without a name", head("200 OK\r\n: b", b"")),
        ("a space in a header's name", head("200 OK\r\nContent Length: 3", b"abc")),
        ("101 headers", head(&format!("200 OK\r\n{}Content-Length: 0", field(1).repeat(100)), b"")),
        ("10,000 headers", head(&format!("200 OK\r\n{}Content-Length: 0", field(1).repeat(10_000)), b"")),
        ("a header of 140 kB", head(&format!("200 OK\r\n{}Content-Length: 0", field(140_000)), b"")),
        ("two lengths", head("200 OK\r\nContent-Length: 1\r\nContent-Length: 2", b"ab")),
        ("a negative length", head("200 OK\r\nContent-Length: -1", b"")),
        ("a length with a sign", head("200 OK\r\nContent-Length: +3", b"abc")),
        ("a length that is a word", head("200 OK\r\nContent-Length: many", b"abc")),
        ("a length beyond numbers", head("200 OK\r\nContent-Length: 99999999999999999999", b"abc")),
    ]
    .into_iter()
    .map(|(what, answer)| {
        let is_large = ["101 headers", "10,000 headers", "a header of 140 kB"].contains(&what);
        let why = if is_large { "a header of more than 32 KiB or 100 fields" } else { "broke off" };
        case(what, Act::Send(answer), 502, FAILED, why)
    })
    .collect();
    cases.extend([
        case(
            "headers without an end",
            Act::Repeat(b"HTTP/1.1 200 OK\r\n".to_vec(), field(10).into()),
            502,
            FAILED,
            "a header of more than 32 KiB or 100 fields",
        ),
        case(
            "one header without an end",
            Act::Repeat(b"HTTP/1.1 200 OK\r\nX: ".to_vec(), vec![b'y'; 1000]),
            502,
            FAILED,
            "a header of more than 32 KiB or 100 fields",
        ),
        case(
            "a status line without an end",
            Act::Repeat(b"HTTP/1.1 200 ".to_vec(), vec![b'O'; 1000]),
            502,
            FAILED,
            "a header of more than 32 KiB or 100 fields",
        ),
        case("hangs up", Act::Reset, 502, FAILED, "broke off"),
        case(
            "a thousand hints",
            Act::Send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".repeat(1000)),
            502,
            FAILED,
            "broke off",
        ),
    ]);
    cases
}

/// Bodies that are not as long as they say.
fn lengths() -> Vec<Case> {
    let image = images::png();
    let (half, longer) = (&image[..image.len() / 2], image.len() + 1);
    let broken_off = |what: &str, answer: Vec<u8>| case(what, Act::Send(answer), 502, FAILED, "broke off");
    let claims = |length: u64| {
        let answer = head(&format!("200 OK\r\nContent-Length: {length}"), b"");
        case(format!("claims {length} bytes"), Act::Stop(answer), 422, TOO_LARGE, "8388608 bytes")
    };
    let no_last_chunk = chunked(&[half]);
    vec![
        broken_off("half", head(&format!("200 OK\r\nContent-Length: {longer}"), half)),
        broken_off("one byte less", head(&format!("200 OK\r\nContent-Length: {longer}"), &image)),
        broken_off("none", head("200 OK\r\nContent-Length: 10", b"")),
        broken_off("no last chunk", no_last_chunk),
        broken_off("half a chunk", head("200 OK\r\nTransfer-Encoding: chunked", b"ff\r\nab")),
        broken_off("no chunk size", head("200 OK\r\nTransfer-Encoding: chunked", b"xyz\r\n")),
        broken_off("a negative chunk", head("200 OK\r\nTransfer-Encoding: chunked", b"-1\r\nab\r\n")),
        broken_off(
            "a chunk size beyond numbers",
            head("200 OK\r\nTransfer-Encoding: chunked", b"fffffffffffffffff\r\nab\r\n"),
        ),
        broken_off(
            "a chunk longer than it says",
            head("200 OK\r\nTransfer-Encoding: chunked", b"2\r\n\x89PNG\r\n0\r\n\r\n"),
        ),
        case(
            "a chunk extension without an end",
            Act::Repeat(head("200 OK\r\nTransfer-Encoding: chunked", b"2;"), vec![b'x'; 1000]),
            502,
            FAILED,
            "broke off",
        ),
        // The connection's end is the body's here: that the image is not whole, only the image tells.
        case("half, until close", Act::Send(head("200 OK", half)), 422, BROKEN, "ends"),
        case("half, with its true length", Act::Send(ok(half)), 422, BROKEN, "ends"),
        case(
            "half, in chunks",
            Act::Send([chunked(&[half]), b"0\r\n\r\n".to_vec()].concat()),
            422,
            BROKEN,
            "ends",
        ),
        case(
            "a length that is too short",
            Act::Send(head(&format!("200 OK\r\nContent-Length: {}", half.len()), &image)),
            422,
            BROKEN,
            "ends",
        ),
        case("nothing, with its length", Act::Send(ok(b"")), 422, BROKEN, "empty"),
        case("nothing, until close", Act::Send(head("200 OK", b"")), 422, BROKEN, "empty"),
        case(
            "nothing, in chunks",
            Act::Send([chunked(&[]), b"0\r\n\r\n".to_vec()].concat()),
            422,
            BROKEN,
            "empty",
        ),
        claims(SOURCE_BYTES_MAX + 1),
        claims(1 << 40),
        claims(u64::MAX - 2),
    ]
}

/// Bodies without an end: cut where they are too long, and at once where they are no image.
fn endless() -> Vec<Case> {
    let chunk = [b"1000\r\n".as_slice(), &[0; 0x1000], b"\r\n"].concat();
    let in_chunks = chunked(&[&broken::endless_png()]);
    let empty_block = [0, 0, 0, 0xff, 0xff].repeat(1000);
    let packed = head("200 OK\r\nContent-Encoding: deflate", b"\x78\x01");
    vec![
        case(
            "a chunk of a PNG, until close",
            Act::Repeat(head("200 OK", &broken::endless_png()), vec![0; 8192]),
            422,
            TOO_LARGE,
            "8388608 bytes",
        ),
        case("a chunk of a PNG, in chunks", Act::Repeat(in_chunks, chunk), 422, TOO_LARGE, "8388608 bytes"),
        case("text", Act::Repeat(head("200 OK", b""), vec![b'x'; 8192]), 422, UNSUPPORTED, ""),
        case("packed nothing", Act::Repeat(packed, empty_block), 422, TOO_LARGE, "8388608 bytes"),
    ]
}

/// Bodies that are packed, though nobody asked.
fn codings() -> Vec<Case> {
    let image = images::png();
    let encoded =
        |coding: &str, body: &[u8]| Act::Send(head(&format!("200 OK\r\nContent-Encoding: {coding}"), body));
    let packed = broken::gzip(&image);
    let mut changed = packed.clone();
    let last = changed.len() - 6;
    changed[last] ^= 1;
    let mut cases: Vec<Case> = [
        "br",
        "zstd",
        "compress",
        "aes128gcm",
        "gzip, gzip",
        "deflate, gzip",
        "gzip\r\nContent-Encoding: gzip",
    ]
    .into_iter()
    .map(|coding| case(coding, encoded(coding, &packed), 502, FAILED, "not unpacked here"))
    .collect();
    for (what, coding, body, detail) in [
        ("nothing", "gzip", Vec::new(), "ends too early"),
        ("half of it", "gzip", packed[..packed.len() / 2].to_vec(), "ends too early"),
        ("without its checksum", "gzip", packed[..packed.len() - 8].to_vec(), "ends too early"),
        ("with another checksum", "gzip", changed, "something else"),
        ("and something behind it", "gzip", [&packed[..], b"PK"].concat(), "goes on behind its end"),
        ("twice in a row", "gzip", packed.repeat(2), "goes on behind its end"),
        ("not packed", "gzip", image.clone(), "does not begin as gzip"),
        ("not packed", "deflate", image.clone(), "cannot be unpacked"),
        (
            "a header without an end",
            "gzip",
            [b"\x1f\x8b\x08\x08\0\0\0\0\0\0".as_slice(), &[b'a'; 5000]].concat(),
            "without an end",
        ),
        ("half of it", "deflate", broken::zlib(&image)[..50].to_vec(), "ends too early"),
    ] {
        cases.push(case(format!("{coding}: {what}"), encoded(coding, &body), 502, FAILED, detail));
    }
    cases.extend([
        case("gzip: a bomb", encoded("gzip", &broken::gzip_bomb(256)), 422, TOO_LARGE, "8388608 bytes"),
        case("gzip: text", encoded("gzip", &broken::gzip(&vec![b'x'; 1 << 20])), 422, UNSUPPORTED, ""),
        case(
            "gzip: a bomb in it",
            encoded("gzip", &broken::gzip(&broken::gzip_bomb(64))),
            422,
            UNSUPPORTED,
            "",
        ),
        case("gzip: half an image in it", encoded("gzip", &broken::gzip(&image[..100])), 422, BROKEN, "ends"),
        case(
            "deflate: a bomb in it",
            encoded("deflate", &broken::zlib(&broken::png_bomb(64))),
            422,
            BROKEN,
            "",
        ),
    ]);
    cases
}

/// What is no image that is converted.
fn other_files() -> Vec<Case> {
    let laughs = "<!DOCTYPE x [<!ENTITY a \"lol\"><!ENTITY b \"&a;&a;&a;&a;\">]><svg xmlns=\"http://www.w3.org/2000/svg\">&b;</svg>";
    [
        ("HTML", b"<!DOCTYPE html><title>404</title>".to_vec(), "HTML"),
        ("text", b"not found".to_vec(), ""),
        ("zeros", vec![0; 1 << 20], ""),
        ("JSON", b"{\"error\":true}".to_vec(), ""),
        ("PDF", b"%PDF-1.7\n".to_vec(), "PDF"),
        ("HEIC", b"\0\0\0\x18ftypheic\0\0\0\0heicmif1".to_vec(), "HEIC"),
        ("a film", b"\0\0\0\x18ftypisom\0\0\0\0isomavc1".to_vec(), ""),
        ("SVG", b"<svg xmlns=\"http://www.w3.org/2000/svg\"/>".to_vec(), "SVG"),
        ("SVG of entities", laughs.into(), ""),
        ("ZIP", b"PK\x03\x04".to_vec(), ""),
        ("gzip", broken::gzip(&images::png()), ""),
        ("a program", b"\x7fELF\x02\x01\x01".to_vec(), ""),
        ("a script", b"#!/bin/sh\nrm -rf /\n".to_vec(), ""),
        ("an image behind a line", [b"\n".as_slice(), &images::png()].concat(), ""),
    ]
    .into_iter()
    .map(|(what, body, detail)| case(what, Act::Send(ok(&body)), 422, UNSUPPORTED, detail))
    .collect()
}

/// Images that are broken, or larger than what is converted.
fn broken_images() -> Vec<Case> {
    let image = images::png();
    let mut flipped = image.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0x55;
    let mut cases = Vec::new();
    for length in [8, 20, 33, 50, image.len() - 13, image.len() - 1] {
        let what = format!("a PNG of {length} bytes");
        cases.push(case(what, Act::Send(ok(&image[..length])), 422, BROKEN, ""));
    }
    let polyglot = [b"GIF89a/*\0\0\0\0\0*/=1;alert(1)//".as_slice(), &[b'x'; 100]].concat();
    let loops = broken::tiff(&broken::tiff_strip(1, 1, 8, 1), 8);
    let noise: Vec<u8> = image.iter().rev().copied().collect();
    for (what, body, slug) in [
        ("one byte", b"\x89".to_vec(), BROKEN),
        ("two bytes of a JPEG's three", b"\xff\xd8".to_vec(), BROKEN),
        ("a bit flipped", flipped, BROKEN),
        ("data for more pixels", [&images::png_claiming(1, 1), &image[33..]].concat(), BROKEN),
        ("a PNG bomb", broken::png_bomb(256), BROKEN),
        ("data that are not packed", broken::png(16, 8, &[images::chunk(*b"IDAT", &noise)]), BROKEN),
        ("no data", broken::png(16, 8, &[]), BROKEN),
        ("10,000 chunks of no data", broken::png(16, 8, &vec![images::chunk(*b"IDAT", b""); 10_000]), BROKEN),
        (
            "a chunk longer than may be",
            [&images::png_claiming(16, 8)[..], b"\xff\xff\xff\xffIDAT"].concat(),
            BROKEN,
        ),
        ("no pixels", images::png_claiming(0, 0), BROKEN),
        ("2^31 by 2^31", images::png_claiming(1 << 31, 1 << 31), IMAGE_TOO_LARGE),
        ("2^31-1 by 2^31-1", images::png_claiming((1 << 31) - 1, (1 << 31) - 1), IMAGE_TOO_LARGE),
        ("65,536 by 65,536", images::png_claiming(65_536, 65_536), IMAGE_TOO_LARGE),
        ("131,072 by 1", images::png_claiming(131_072, 1), IMAGE_TOO_LARGE),
        ("interlaced", images::interlaced_png_claiming(3000, 3000, true), IMAGE_TOO_LARGE),
        ("interlaced, without data", images::interlaced_png_claiming(1000, 1000, true), BROKEN),
        ("a colour profile of 64 MiB", broken::png_with_bomb(*b"iCCP", 64), IMAGE_TOO_LARGE),
        ("JPEG: start and end", b"\xff\xd8\xff\xd9".to_vec(), BROKEN),
        ("JPEG: a size and no picture", broken::jpeg_claiming(65_500, 65_500), IMAGE_TOO_LARGE),
        ("JPEG: a small size and no picture", broken::jpeg_claiming(16, 8), BROKEN),
        ("JPEG: fill bytes", [b"\xff\xd8".as_slice(), &vec![0xff; 1 << 20]].concat(), BROKEN),
        (
            "JPEG: 20 MiB before a picture",
            [
                b"\xff\xd8".to_vec(),
                b"\xff\xe1\xff\xff"
                    .iter()
                    .copied()
                    .chain(std::iter::repeat_n(0, 65_533))
                    .collect::<Vec<_>>()
                    .repeat(100),
            ]
            .concat(),
            BROKEN,
        ),
        ("JPEG: 10,000 scans", broken::jpeg_with_scans(10_000), BROKEN),
        ("TIFF: 10,001 pages", broken::tiff_with_pages(10_001), IMAGE_TOO_LARGE),
        ("GIF: half", b"GIF89a\x01\0".to_vec(), BROKEN),
        ("GIF: empty", b"GIF89a\x01\0\x01\0\0\0\0;".to_vec(), BROKEN),
        ("GIF: 10,001 frames", broken::gif_with_frames(10_001), IMAGE_TOO_LARGE),
        ("GIF and script", polyglot, BROKEN),
        ("TIFF: a directory that follows itself", loops, BROKEN),
        ("TIFF: a directory behind the end", b"II*\0\xff\xff\xff\xff".to_vec(), BROKEN),
        (
            "TIFF: a strip behind the end",
            broken::tiff(&broken::tiff_strip(100, 100, 0xffff_0000, 10_000), 0),
            BROKEN,
        ),
        (
            "TIFF: a size and no strip",
            broken::tiff(&broken::tiff_strip(65_536, 65_536, 8, 1), 0),
            IMAGE_TOO_LARGE,
        ),
        (
            "TIFF: 2^32-1 strips",
            broken::tiff(
                &[(256, 4, 1, 100), (257, 4, 1, 100), (273, 4, u32::MAX, 8), (279, 4, u32::MAX, 8)],
                0,
            ),
            BROKEN,
        ),
        ("TIFF: no entries", broken::tiff(&[], 0), BROKEN),
        ("BMP: a size and no pixels", broken::bmp_claiming(30_000, 30_000, 24, 0), BROKEN),
        ("BMP: the least number", broken::bmp_claiming(i32::MIN, i32::MIN, 24, 0), BROKEN),
        ("BMP: runs of nothing", broken::bmp_claiming(30_000, 30_000, 8, 1), IMAGE_TOO_LARGE),
        ("WebP: half", b"RIFF\x24\0\0\0WEBPVP8 ".to_vec(), BROKEN),
        ("WebP: a canvas and no picture", broken::webp_claiming(1 << 24, 1 << 24), BROKEN),
        ("ICO: of itself", broken::ico_of_itself(1000), BROKEN),
        ("QOI: a size and no pixels", broken::qoi_claiming(u32::MAX, u32::MAX), IMAGE_TOO_LARGE),
        ("QOI: cut off", broken::qoi_claiming(1000, 1000), BROKEN),
        ("farbfeld: a size and no pixels", broken::farbfeld_claiming(u32::MAX, u32::MAX), IMAGE_TOO_LARGE),
        ("farbfeld: cut off", broken::farbfeld_claiming(1000, 1000), BROKEN),
        ("PNM: a size and no pixels", b"P6 99999 99999 255\n".to_vec(), IMAGE_TOO_LARGE),
        ("PNM: a number without an end", [b"P6 ".as_slice(), &vec![b'9'; 1 << 20]].concat(), BROKEN),
        ("PNM: a comment without an end", [b"P6 #".as_slice(), &vec![b'x'; 1 << 20]].concat(), BROKEN),
        ("JPEG 2000: a box in itself", b"\0\0\0\x0cjP  \r\n\x87\n\0\0\0\0jp2h".to_vec(), BROKEN),
        ("JBIG2: a header alone", b"\x97JB2\r\n\x1a\n\x01\0\0\0\x01".to_vec(), BROKEN),
    ] {
        cases.push(case(what, Act::Send(ok(&body)), 422, slug, ""));
    }
    cases
}

/// What is an image all the same, and is converted: what is wrong with it is left out.
fn images_all_the_same() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("PNG and ZIP", [images::png(), b"PK\x03\x04\x14\0\0\0".to_vec()].concat()),
        ("PNG and script", [images::png(), b"<script>alert(1)</script>".to_vec()].concat()),
        ("a text of 64 MiB", broken::png_with_bomb(*b"zTXt", 64)),
        ("190 MB of nothing", broken::png_of_nothing(8000, 8000, false)),
        ("64 MB of nothing with a mask", broken::png_of_nothing(4000, 4000, true)),
    ]
}

/// Sources that take their time: each is waited for until patience ends, and no longer.
fn slow() -> Vec<Case> {
    let image = images::noise_png(200);
    let half = ok(&image)[..50_000].to_vec();
    let packed = head("200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 100", &broken::gzip(&image)[..50]);
    [
        ("silent", Act::Stop(Vec::new())),
        ("half a head", Act::Stop(b"HTTP/1.1 200 OK\r\nContent-".to_vec())),
        ("a head", Act::Stop(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n".to_vec())),
        ("half a body", Act::Stop(half)),
        ("half a packed body", Act::Stop(packed)),
        ("all but the last byte", Act::Stop(ok(&image)[..ok(&image).len() - 1].to_vec())),
        ("no last chunk", Act::Stop(chunked(&[&image[..30_000]]))),
        ("a trickle", Act::Drip(ok(&image))),
        ("a trickle of head", Act::Drip(head(&format!("200 OK\r\nX: {}", "y".repeat(20_000)), b""))),
        ("a hint and nothing more", Act::Stop(b"HTTP/1.1 100 Continue\r\n\r\n".to_vec())),
    ]
    .into_iter()
    .map(|(what, act)| case(format!("slow: {what}"), act, 504, TIMED_OUT, "longer than 2000 ms"))
    .collect()
}

/// A hint is no answer, however many there are.
fn hints() -> Vec<Case> {
    let hint = b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_vec();
    vec![case("hints without an end", Act::Repeat(Vec::new(), hint), 504, TIMED_OUT, "longer than 2000 ms")]
}

fn settings(settings: &mut press::Settings) {
    settings.fetch.fetch_timeout_ms = u64::try_from(FETCH_TIMEOUT.as_millis()).unwrap();
    settings.fetch.source_bytes_max = SOURCE_BYTES_MAX;
    settings.conversion.decoded_bytes_max = DECODED_BYTES_MAX;
}

async fn check(press: &Press, Case { what, act: acts, status, slug, detail }: Case) {
    let source = Source::start(move |_, stream| act(acts.clone(), stream)).await;
    let start = Instant::now();
    let answer = press.convert(&source.url("/cat.png?secret=1")).await;
    let took = start.elapsed();
    answer.assert_problem(&what, status, slug, &detail);
    assert!(!String::from_utf8_lossy(&answer.body).contains("secret"), "{what}");
    assert!(took < FETCH_TIMEOUT + WORK, "{what}: {took:?}");
    assert!(slug != TIMED_OUT || took >= FETCH_TIMEOUT, "{what}: {took:?}");
    eventually(&format!("{what}: the source is hung up on"), || async { source.open() == 0 }).await;
}

/// `VmHWM` or `VmRSS` of this process.
fn memory_bytes(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let kibibytes: u64 = line.trim_matches(|c: char| !c.is_ascii_digit()).parse().unwrap();
    kibibytes * 1024
}

/// How many bodies there were, and how many KiB they took at the peak.
#[tokio::main(flavor = "current_thread")]
async fn check_all() -> (usize, u64) {
    let press = Press::with(settings);
    press.pdf(&Source::body(&images::noise_png(200)).await.url("/")).await;
    let stored = press.stored();
    let groups =
        [statuses(), heads(), lengths(), endless(), codings(), other_files(), broken_images(), hints()];
    let (quick, slow) = (groups.into_iter().flatten().collect::<Vec<_>>(), slow());
    let cases = quick.len() + slow.len();
    assert!(cases >= 40, "{cases}");
    // The peak is counted from here on.
    fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = memory_bytes("VmRSS:");
    for case in quick {
        check(&press, case).await;
    }
    join_all(slow.into_iter().map(|case| check(&press, case))).await;
    assert_eq!(press.stored(), stored);
    for (what, image) in images_all_the_same() {
        let pdf = press.pdf(&Source::body(&image).await.url("/")).await;
        let carried =
            [&b"PK\x03\x04"[..], b"<script>"].iter().any(|it| pdf.windows(it.len()).any(|w| w == *it));
        assert!(pdf.starts_with(b"%PDF-") && !carried, "{what}");
    }
    let grown = memory_bytes("VmHWM:").saturating_sub(before);
    assert!(grown <= GROWTH_BYTES_MAX, "{cases} bodies took {grown} bytes");
    (cases, grown / 1024)
}

/// In a process of its own, so that no other test's memory is measured.
#[test]
fn hostile_bodies_are_answered_rightly_in_time_and_within_memory() {
    if std::env::var_os(CHILD).is_some() {
        let (cases, grown_kib) = check_all();
        return println!("{cases} bodies, {grown_kib} KiB more memory at the peak");
    }
    let name = "hostile_bodies::hostile_bodies_are_answered_rightly_in_time_and_within_memory";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

/// The largest head, and one byte more.
#[tokio::test]
async fn a_head_as_large_as_is_read() {
    const HEAD_BYTES_MAX: usize = 32 * 1024;
    let press = Press::start();
    let image = images::png();
    let lines = |fields: &str| format!("200 OK\r\n{fields}Content-Length: {}", image.len());
    let rest = head(&lines("X: \r\n"), b"").len();
    let of_length = |length: usize| head(&lines(&format!("X: {}\r\n", "y".repeat(length - rest))), &image);
    for answer in [head(&lines(&"X: y\r\n".repeat(99)), &image), of_length(HEAD_BYTES_MAX)] {
        press.pdf(&Source::raw(answer).await.url("/")).await;
    }
    let source = Source::raw(of_length(HEAD_BYTES_MAX + 1)).await;
    press.convert(&source.url("/")).await.assert_problem("one byte more", 502, FAILED, "a header of more");
}

/// What a server packs without being asked is unpacked, and as long as may be.
#[tokio::test]
async fn bodies_that_are_packed_well() {
    let image = images::noise_png(100);
    let length = image.len() as u64;
    for (coding, body) in [
        ("gzip", broken::gzip(&image)),
        ("x-gzip", broken::gzip(&image)),
        ("identity, GZIP", broken::gzip(&image)),
        ("deflate", broken::zlib(&image)),
        ("deflate", broken::zlib(&image)[2..broken::zlib(&image).len() - 4].to_vec()),
    ] {
        let source = Source::raw(head(&format!("200 OK\r\nContent-Encoding: {coding}"), &body)).await;
        let most = length.max(body.len() as u64);
        let press = Press::with(|settings| settings.fetch.source_bytes_max = most);
        let plain = press.pdf(&Source::body(&image).await.url("/")).await;
        assert_eq!(press.pdf(&source.url("/")).await, plain, "{coding}");
        assert!(source.requests()[0].contains("\r\naccept-encoding: identity\r\n"));
        let press = Press::with(|settings| settings.fetch.source_bytes_max = most - 1);
        press.convert(&source.url("/")).await.assert_problem(coding, 422, TOO_LARGE, "");
    }
}

#[tokio::test]
async fn a_source_that_refuses() {
    let press = Press::start();
    let closed = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", closed.local_addr().unwrap());
    drop(closed);
    press.convert(&url).await.assert_problem("closed port", 502, "source-unreachable", "no connection");
}
