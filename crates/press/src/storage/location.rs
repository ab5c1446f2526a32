//! What `PDF_BUCKET` says, parsed.

use std::path::{Path, PathBuf};

use url::Url;

/// Where PDFs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A Google Cloud Storage bucket.
    GoogleBucket {
        /// Its name.
        bucket: String,
        /// What stands before each object's name; empty, or without slashes at its ends.
        prefix: String,
    },
}

impl Location {
    /// `None` is the folder `pdfs` of `data_dir`.
    pub fn parse(setting: Option<&str>, data_dir: &Path) -> Result<Self, String> {
        let Some(text) = setting else { return Ok(Self::Folder(data_dir.join("pdfs"))) };
        match text.split_once("://") {
            Some(("gs", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                Self::google(bucket, prefix)
            }
            Some(("file", _)) => folder(text).map(Self::Folder).ok_or_else(|| {
                "PDF_BUCKET: a file:// URL needs an absolute path and nothing else, as in file:///srv/pdfs".into()
            }),
            Some((scheme, _)) => Err(format!(
                "PDF_BUCKET: {scheme}:// is not supported; use gs://BUCKET, a bare Google Cloud Storage bucket \
                 name, or file:///FOLDER"
            )),
            None if text.contains('/') => Err(format!(
                "PDF_BUCKET: {text:?} is no bucket name; if it is a folder, its URL is meant: file:///FOLDER, with \
                 an absolute path"
            )),
            None => Self::google(text, ""),
        }
    }

    fn google(bucket: &str, prefix: &str) -> Result<Self, String> {
        if let Some(rule) = broken_rule(bucket) {
            return Err(format!("PDF_BUCKET: {bucket:?} is no Google Cloud Storage bucket name: {rule}"));
        }
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() && !prefix.split('/').all(is_prefix_segment) {
            return Err(format!(
                "PDF_BUCKET: {prefix:?} is no usable prefix: names of A-Z, a-z, 0-9, '-', '_' and '.', parted by \
                 single slashes"
            ));
        }
        Ok(Self::GoogleBucket { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

/// The path of a `file` URL, with its escapes decoded.
fn folder(text: &str) -> Option<PathBuf> {
    let url = Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none();
    plain.then(|| url.to_file_path().ok()).flatten()
}

/// The naming rules of Google Cloud Storage: the first that a name breaks, in words.
fn broken_rule(name: &str) -> Option<&'static str> {
    let is_edge = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let is_inner = |c: char| is_edge(c) || "-_.".contains(c);
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !name.chars().all(is_inner) || !name.starts_with(is_edge) || !name.ends_with(is_edge) {
        Some("it has a-z, 0-9, '-', '_' and '.' alone, and a letter or digit at both ends")
    } else if !(3..=222).contains(&name.len()) || name.split('.').any(|part| part.len() > 63) {
        Some("it has 3 to 63 characters, or up to 222 where dots part it into pieces of at most 63")
    } else if name.split('.').any(str::is_empty) {
        Some("no two dots stand side by side")
    } else if name.split('.').count() == 4 && name.split('.').all(number) {
        Some("it does not look like an IP address")
    } else if name.starts_with("goog") || name.contains("google") || name.contains("g00gle") {
        Some("it neither begins with \"goog\" nor contains \"google\" or \"g00gle\"")
    } else {
        None
    }
}

/// No character that would need an escape in the URL that is handed out.
fn is_prefix_segment(segment: &str) -> bool {
    !segment.is_empty()
        && !matches!(segment, "." | "..")
        && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Location, String> {
        Location::parse(Some(text), Path::new("data"))
    }

    #[test]
    fn each_way_to_name_a_store() {
        assert_eq!(Location::parse(None, Path::new("data")), Ok(Location::Folder("data/pdfs".into())));
        for (url, path) in [
            ("file:///srv/pdfs", "/srv/pdfs"),
            ("file://localhost/srv/pdfs", "/srv/pdfs"),
            ("file:///srv/a%20b", "/srv/a b"),
            ("file:///srv/a b", "/srv/a b"),
            ("file:///srv/%C3%A4%23", "/srv/ä#"),
        ] {
            assert_eq!(parse(url), Ok(Location::Folder(path.into())), "{url}");
        }
        let piece = "b".repeat(63);
        let long = [piece.as_str(), &piece, &piece, &"b".repeat(30)].join(".");
        assert_eq!(long.len(), 222);
        for (text, bucket, prefix) in [
            ("my-pdfs", "my-pdfs", ""),
            ("gs://my-pdfs", "my-pdfs", ""),
            ("gs://my-pdfs/", "my-pdfs", ""),
            ("gs://my-pdfs/a/b/", "my-pdfs", "a/b"),
            ("192.168.5", "192.168.5", ""),
            ("192.168.5.x4", "192.168.5.x4", ""),
            ("my-goog", "my-goog", ""),
            (&piece, &piece, ""),
            (&long, &long, ""),
        ] {
            let expected = Location::GoogleBucket { bucket: bucket.into(), prefix: prefix.into() };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_store_is_told_what_would() {
        let piece = "b".repeat(64);
        let short = "b".repeat(60);
        let long = [short.as_str(), &short, &short, &"b".repeat(40)].join(".");
        assert_eq!(long.len(), 223);
        for (text, expected) in [
            ("s3://bucket", "s3:// is not supported; use gs://BUCKET"),
            ("az://container", "az:// is not supported"),
            ("https://storage.googleapis.com/b", "https:// is not supported"),
            ("file://pdfs", "needs an absolute path"),
            ("file://host/pdfs", "needs an absolute path"),
            ("file:///srv/pdfs?a", "needs an absolute path and nothing else"),
            ("file:///srv/pdfs#a", "needs an absolute path and nothing else"),
            ("/srv/pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("./pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("file:/srv/pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("", "a letter or digit at both ends"),
            ("gs://", "a letter or digit at both ends"),
            ("MyBucket", "it has a-z, 0-9"),
            ("-bucket", "a letter or digit at both ends"),
            ("bucket.", "a letter or digit at both ends"),
            ("ab", "3 to 63 characters"),
            (&piece, "3 to 63 characters"),
            (&long, "up to 222"),
            ("a..b", "no two dots"),
            ("192.168.5.4", "does not look like an IP address"),
            ("goog-pdfs", "begins with \"goog\""),
            ("my-google-pdfs", "contains \"google\""),
            ("gs://my-g00gle-pdfs/a", "contains \"google\""),
            ("gs://bucket/a//b", "is no usable prefix"),
            ("gs://bucket/../b", "is no usable prefix"),
            ("gs://bucket/a b", "is no usable prefix"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with("PDF_BUCKET: ") && error.contains(expected), "{text}: {error}");
        }
    }
}
