//! What `PDF_BUCKET` says, parsed.

use std::path::{Path, PathBuf};

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
            None => Self::google(text, ""),
            Some(("gs", rest)) => {
                let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
                Self::google(bucket, prefix)
            }
            Some(("file", path)) if Path::new(path).is_absolute() => Ok(Self::Folder(PathBuf::from(path))),
            Some(("file", _)) => {
                Err("PDF_BUCKET: a file:// URL needs an absolute path, as in file:///srv/pdfs".into())
            }
            Some((scheme, _)) => Err(format!(
                "PDF_BUCKET: {scheme}:// is not supported; use gs://BUCKET, a bare Google Cloud Storage bucket \
                 name, or file:///FOLDER"
            )),
        }
    }

    fn google(bucket: &str, prefix: &str) -> Result<Self, String> {
        if !is_bucket_name(bucket) {
            return Err(format!(
                "PDF_BUCKET: {bucket:?} is no Google Cloud Storage bucket name: 3 to 222 of a-z, 0-9, '-', '_' and \
                 '.', a letter or digit at both ends"
            ));
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

/// The naming rules of Google Cloud Storage, as far as a name cannot be a bucket without them.
fn is_bucket_name(name: &str) -> bool {
    let edge = |c: Option<char>| c.is_some_and(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    (3..=222).contains(&name.len())
        && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_.".contains(c))
        && edge(name.chars().next())
        && edge(name.chars().next_back())
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
        assert_eq!(parse("file:///srv/pdfs"), Ok(Location::Folder("/srv/pdfs".into())));
        let long = "b".repeat(222);
        for (text, bucket, prefix) in [
            ("my-pdfs", "my-pdfs", ""),
            ("gs://my-pdfs", "my-pdfs", ""),
            ("gs://my-pdfs/", "my-pdfs", ""),
            ("gs://my-pdfs/a/b/", "my-pdfs", "a/b"),
            (&long, &long, ""),
        ] {
            let expected = Location::GoogleBucket { bucket: bucket.into(), prefix: prefix.into() };
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn what_names_no_store_is_told_what_would() {
        let long = "b".repeat(223);
        for (text, expected) in [
            ("s3://bucket", "s3:// is not supported; use gs://BUCKET"),
            ("az://container", "az:// is not supported"),
            ("https://storage.googleapis.com/b", "https:// is not supported"),
            ("file://pdfs", "needs an absolute path"),
            ("", "is no Google Cloud Storage bucket name"),
            ("ab", "is no Google Cloud Storage bucket name"),
            ("MyBucket", "is no Google Cloud Storage bucket name"),
            ("-bucket", "is no Google Cloud Storage bucket name"),
            ("./pdfs", "is no Google Cloud Storage bucket name"),
            ("gs://", "is no Google Cloud Storage bucket name"),
            (&long, "is no Google Cloud Storage bucket name"),
            ("gs://bucket/a//b", "is no usable prefix"),
            ("gs://bucket/../b", "is no usable prefix"),
            ("gs://bucket/a b", "is no usable prefix"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with("PDF_BUCKET: ") && error.contains(expected), "{text}: {error}");
        }
    }
}
