//! `multipart/form-data` (RFC 7578, RFC 2046 section 5.1), read part by part as it arrives.
//!
//! Parsers that others keep read what is there into memory before a part is asked for, and bound no part's header:
//! neither suits bodies of hundreds of megabytes from strangers. This one holds a header of a few KiB, or one piece of
//! the body.

use axum::body::BodyDataStream;
use bytes::{Bytes, BytesMut};
use chassis::{
    Problem,
    extract::body_problem,
    problem::{kind, shortened},
};
use futures_util::StreamExt;
use memchr::memmem::Finder;

/// Bytes of a part's header, and of what may stand before the first part. Browsers send some 200.
const HEADER_BYTES_MAX: usize = 8 * 1024;
/// RFC 2046 section 5.1.1.
const BOUNDARY_BYTES_MAX: usize = 70;

/// A body, at one of its parts.
pub(super) struct Multipart {
    body: BodyDataStream,
    buffer: BytesMut,
    /// A line's end, two dashes and the boundary.
    delimiter: Finder<'static>,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the first delimiter.
    Preamble,
    /// Right behind a delimiter.
    Delimiter,
    /// In the data of a part.
    Data,
    /// Behind the last delimiter.
    End,
}

/// What the header of a part says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    /// The field's name.
    pub(super) name: String,
    /// Whether the part is a file: it has a file name, or says that it is an image.
    pub(super) is_file: bool,
    /// Whether its file name is empty: a browser's field for which no file was chosen, where it has no data either.
    pub(super) is_unnamed: bool,
}

impl Multipart {
    /// Reads `body`, whose parts this boundary parts.
    pub(super) fn new(body: BodyDataStream, boundary: &str) -> Self {
        let delimiter = Finder::new(&format!("\r\n--{boundary}")).into_owned();
        // The first delimiter stands at a line's beginning, which may be the body's.
        Self { body, buffer: BytesMut::from(&b"\r\n"[..]), delimiter, state: State::Preamble }
    }

    /// Goes on to the next part, past what is left of this one.
    pub(super) async fn next_part(&mut self) -> Result<Option<PartHead>, Problem> {
        if self.state == State::Preamble {
            self.skip_preamble().await?;
        }
        while self.chunk().await?.is_some() {}
        if self.state == State::End || !self.has_more().await? {
            self.state = State::End;
            return Ok(None);
        }
        let head = self.header().await?;
        self.state = State::Data;
        Ok(Some(head))
    }

    /// The next bytes of this part; `None` at its end.
    pub(super) async fn chunk(&mut self) -> Result<Option<Bytes>, Problem> {
        while self.state == State::Data {
            if let Some(at) = self.delimiter.find(&self.buffer) {
                let data = self.buffer.split_to(at).freeze();
                let _ = self.buffer.split_to(self.delimiter.needle().len());
                self.state = State::Delimiter;
                return Ok(Some(data).filter(|data| !data.is_empty()));
            }
            // What is left may be the beginning of a delimiter.
            let safe = self.buffer.len().saturating_sub(self.delimiter.needle().len() - 1);
            if safe > 0 {
                return Ok(Some(self.buffer.split_to(safe).freeze()));
            }
            self.fill().await?;
        }
        Ok(None)
    }

    async fn skip_preamble(&mut self) -> Result<(), Problem> {
        loop {
            if let Some(at) = self.delimiter.find(&self.buffer) {
                let _ = self.buffer.split_to(at + self.delimiter.needle().len());
                self.state = State::Delimiter;
                return Ok(());
            }
            if self.buffer.len() > HEADER_BYTES_MAX {
                return Err(malformed("its boundary does not come within its first bytes"));
            }
            self.fill().await?;
        }
    }

    /// Whether a part follows the delimiter, or two dashes that end the body.
    async fn has_more(&mut self) -> Result<bool, Problem> {
        while self.buffer.len() < 2 {
            self.fill().await?;
        }
        Ok(!self.buffer.starts_with(b"--"))
    }

    /// The part's header, with the line of the delimiter before it.
    async fn header(&mut self) -> Result<PartHead, Problem> {
        let end = loop {
            if let Some(at) = memchr::memmem::find(&self.buffer, b"\r\n\r\n") {
                break at;
            }
            if self.buffer.len() > HEADER_BYTES_MAX {
                return Err(malformed("the header of one of its parts does not end"));
            }
            self.fill().await?;
        };
        let lines = self.buffer.split_to(end + 4);
        let text = String::from_utf8_lossy(&lines[..end]);
        let (padding, header) = text.split_once("\r\n").unwrap_or((&text, ""));
        if !padding.trim_matches([' ', '\t']).is_empty() {
            return Err(malformed("something stands behind its boundary"));
        }
        PartHead::parse(header)
    }

    async fn fill(&mut self) -> Result<(), Problem> {
        match self.body.next().await {
            Some(Ok(bytes)) => {
                self.buffer.extend_from_slice(&bytes);
                Ok(())
            }
            Some(Err(error)) => Err(body_problem(&error)),
            None => Err(malformed("it ends before the boundary that closes it")),
        }
    }
}

impl PartHead {
    fn parse(header: &str) -> Result<Self, Problem> {
        let field = |wanted: &str| {
            let mut fields = header.split("\r\n").filter_map(|line| line.split_once(':'));
            fields.find(|(name, _)| name.trim().eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
        };
        let disposition = field("content-disposition").unwrap_or_default();
        let is_image = field("content-type").is_some_and(|kind| {
            kind.get(..6).is_some_and(|beginning| beginning.eq_ignore_ascii_case("image/"))
        });
        let parameters = parameters(disposition);
        let parameter = |wanted: &str| {
            parameters.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value)
        };
        let Some(name) = parameter("name") else {
            return Err(malformed("one of its parts has no name in a Content-Disposition"));
        };
        let file_name = parameter("filename").or_else(|| parameter("filename*"));
        let is_file = is_image || file_name.is_some();
        Ok(Self { name: name.clone(), is_file, is_unnamed: file_name.is_some_and(String::is_empty) })
    }
}

/// The parameters behind a field's first word: `name=value` and `name="quoted \" value"`.
fn parameters(value: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut rest = value.split_once(';').map_or("", |(_, rest)| rest);
    while let Some((name, value)) = rest.split_once('=') {
        let name = name.trim_matches([' ', '\t', ';']).to_owned();
        let value = value.trim_start();
        let (text, after) = if let Some(quoted) = value.strip_prefix('"') {
            unquoted(quoted)
        } else {
            let end = value.find(';').unwrap_or(value.len());
            (value[..end].trim().to_owned(), &value[end..])
        };
        found.push((name, text));
        rest = after;
    }
    found
}

/// A quoted text up to its closing quote, and what follows.
fn unquoted(quoted: &str) -> (String, &str) {
    let mut text = String::new();
    let mut letters = quoted.char_indices();
    while let Some((at, letter)) = letters.next() {
        match letter {
            '"' => return (text, &quoted[at + 1..]),
            '\\' => text.extend(letters.next().map(|(_, letter)| letter)),
            letter => text.push(letter),
        }
    }
    (text, "")
}

/// The boundary that a Content-Type names.
pub(super) fn boundary(content_type: &str) -> Result<String, Problem> {
    let named = parameters(content_type).into_iter().find(|(name, _)| name.eq_ignore_ascii_case("boundary"));
    let is_good = |boundary: &str| {
        (1..=BOUNDARY_BYTES_MAX).contains(&boundary.len())
            && !boundary.ends_with(' ')
            && boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"'()+_,-./:=? ".contains(&byte))
    };
    match named {
        Some((_, boundary)) if is_good(&boundary) => Ok(boundary),
        Some((_, boundary)) => Err(kind::MALFORMED_REQUEST.because(format!(
            "The boundary {:?} in the Content-Type is none of RFC 2046: 1 to 70 letters, digits and '()+_,-./:=?",
            shortened(boundary.chars())
        ))),
        None => Err(kind::MALFORMED_REQUEST.because("The Content-Type multipart/form-data names no boundary.")),
    }
}

fn malformed(what: &str) -> Problem {
    kind::MALFORMED_REQUEST.because(format!("The body is not valid multipart/form-data: {what}."))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures_util::stream;

    use super::*;

    /// The parts of a body that arrives in pieces of so many bytes.
    async fn read(body: &[u8], piece: usize) -> Result<Vec<(String, bool, Vec<u8>)>, String> {
        let pieces: Vec<_> =
            body.chunks(piece).map(|piece| Ok::<_, std::io::Error>(Bytes::copy_from_slice(piece))).collect();
        let body = Body::from_stream(stream::iter(pieces)).into_data_stream();
        let mut multipart = Multipart::new(body, "xYz");
        let mut parts = Vec::new();
        while let Some(head) = multipart.next_part().await.map_err(|problem| problem.detail().to_owned())? {
            let mut data = Vec::new();
            while let Some(bytes) = multipart.chunk().await.map_err(|problem| problem.detail().to_owned())? {
                assert!(!bytes.is_empty());
                data.extend_from_slice(&bytes);
            }
            parts.push((head.name, head.is_file, data));
        }
        Ok(parts)
    }

    const BODY: &[u8] = b"a preamble\r\n--xYz  \r\nContent-Disposition: form-data; name=\"options\"\r\n\r\n{}\r\n\
        --xYz\r\ncontent-disposition:form-data;filename=\"a \\\"b\\\".png\";name=\"file\"\r\n\r\n\r\n--xY\r\n\r\n--x\r\n\
        --xYz\r\nContent-Disposition: form-data; name=c\r\nContent-Type: image/png\r\n\r\n\r\n--xYz--\r\nan epilogue";

    #[tokio::test]
    async fn parts_are_the_same_however_the_body_is_cut() {
        for piece in 1..BODY.len() {
            let parts = read(BODY, piece).await.unwrap();
            let expected = [
                ("options".to_owned(), false, b"{}".to_vec()),
                ("file".to_owned(), true, b"\r\n--xY\r\n\r\n--x".to_vec()),
                ("c".to_owned(), true, Vec::new()),
            ];
            assert_eq!(parts, expected, "by {piece} bytes");
        }
    }

    #[tokio::test]
    async fn a_body_that_is_cut_anywhere_is_malformed() {
        let end = BODY.len() - "\r\nan epilogue".len();
        for cut in 0..end {
            let error = read(&BODY[..cut], 50).await.expect_err("it is cut");
            assert!(error.contains("ends before the boundary that closes it"), "{cut}: {error}");
        }
        assert_eq!(read(&BODY[..end], 50).await.unwrap().len(), 3);
    }

    #[tokio::test]
    async fn what_is_no_multipart_says_why() {
        let long = |before: &str| [before.as_bytes(), &vec![b'a'; HEADER_BYTES_MAX + 1]].concat();
        for (body, expected) in [
            (long(""), "its boundary does not come"),
            (long("--xYz\r\nContent-Disposition: "), "the header of one of its parts does not end"),
            (b"--xYz garbage\r\n\r\n--xYz--".to_vec(), "something stands behind its boundary"),
            (b"--xYz\r\nContent-Type: image/png\r\n\r\n--xYz--".to_vec(), "no name"),
            (b"--xYz\r\n\r\n\r\n--xYz--".to_vec(), "no name"),
        ] {
            let error = read(&body, 1000).await.expect_err(expected);
            assert!(error.contains(expected), "{error}");
        }
        assert_eq!(read(b"--xYz--", 1000).await.unwrap(), []);
    }

    #[test]
    fn boundaries_are_those_of_the_standard() {
        for (content_type, expected) in [
            ("multipart/form-data; boundary=abc", Ok("abc")),
            ("multipart/form-data; charset=utf-8; Boundary=\"a b:c\"", Ok("a b:c")),
            (
                "multipart/form-data;boundary=----WebKitFormBoundary7MA4YWxk",
                Ok("----WebKitFormBoundary7MA4YWxk"),
            ),
            ("multipart/form-data", Err("names no boundary")),
            ("multipart/form-data; boundary=", Err("is none of RFC 2046")),
            ("multipart/form-data; boundary=\"a\\\"b\"", Err("is none of RFC 2046")),
        ] {
            let found = boundary(content_type).map_err(|problem| problem.detail().to_owned());
            match (&found, expected) {
                (Ok(found), Ok(expected)) => assert_eq!(found, expected),
                (Err(found), Err(expected)) if found.contains(expected) => {}
                _ => panic!("{content_type}: {found:?}"),
            }
        }
        assert!(boundary(&format!("multipart/form-data; boundary={}", "a".repeat(70))).is_ok());
        assert!(boundary(&format!("multipart/form-data; boundary={}", "a".repeat(71))).is_err());
    }
}
