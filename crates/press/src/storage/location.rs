//! What `PDF_BUCKET` says, parsed.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use url::Url;

use super::{Cloud, naming};

/// Where PDFs go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder of this machine.
    Folder(PathBuf),
    /// A bucket of a cloud.
    Bucket(BucketName),
}

/// A bucket's name, as its cloud allows it. Shown as the URL of the bucket: `gs://my-pdfs`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BucketName {
    cloud: Cloud,
    name: String,
    prefix: String,
}

impl Location {
    /// `None` is the folder `pdfs` of `data_dir`.
    pub fn parse(setting: Option<&str>, data_dir: &Path) -> Result<Self, String> {
        let Some(text) = setting else { return Ok(Self::Folder(data_dir.join("pdfs"))) };
        let Some((scheme, rest)) = text.split_once("://") else {
            if text.contains('/') {
                return Err(format!(
                    "PDF_BUCKET: {text:?} is no bucket name; if it is a folder, its URL is meant: file:///FOLDER, \
                     with an absolute path"
                ));
            }
            return BucketName::parse(Cloud::Google, text).map(Self::Bucket);
        };
        if scheme == "file" {
            return folder(text).map(Self::Folder).ok_or_else(|| {
                "PDF_BUCKET: a file:// URL needs an absolute path and nothing else, as in file:///srv/pdfs".into()
            });
        }
        let cloud = Cloud::ALL.into_iter().find(|cloud| cloud.scheme() == scheme).ok_or_else(|| {
            format!(
                "PDF_BUCKET: {scheme}:// is not supported; use gs://BUCKET, a bare Google Cloud Storage bucket \
                 name, s3://BUCKET, az://CONTAINER or file:///FOLDER"
            )
        })?;
        BucketName::parse(cloud, rest).map(Self::Bucket)
    }
}

impl BucketName {
    /// Whose bucket it is.
    pub fn cloud(&self) -> Cloud {
        self.cloud
    }

    /// What it is called there.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// What stands before each object's name; empty, or without slashes at its ends.
    pub(super) fn prefix(&self) -> &str {
        &self.prefix
    }

    /// `NAME` or `NAME/PREFIX`.
    fn parse(cloud: Cloud, text: &str) -> Result<Self, String> {
        let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
        if let Some(rule) = naming::broken_rule(cloud, name) {
            let bucket = cloud.bucket_words();
            return Err(format!("PDF_BUCKET: {name:?} is no name of {bucket}: {rule}"));
        }
        let prefix = prefix.trim_end_matches('/');
        if !prefix.is_empty() && !naming::is_prefix(prefix) {
            return Err(format!(
                "PDF_BUCKET: {prefix:?} is no usable prefix: names of A-Z, a-z, 0-9, '-', '_' and '.', parted by \
                 single slashes, 983 characters at most"
            ));
        }
        Ok(Self { cloud, name: name.to_owned(), prefix: prefix.to_owned() })
    }
}

impl fmt::Display for BucketName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}://{}", self.cloud.scheme(), self.name)
    }
}

/// The path of a `file` URL, with its escapes decoded.
fn folder(text: &str) -> Option<PathBuf> {
    let url = Url::parse(text).ok()?;
    let plain = url.query().is_none() && url.fragment().is_none();
    plain.then(|| url.to_file_path().ok()).flatten()
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
        for (text, cloud, name, prefix) in [
            ("my-pdfs", Cloud::Google, "my-pdfs", ""),
            ("gs://my-pdfs", Cloud::Google, "my-pdfs", ""),
            ("gs://my-pdfs/", Cloud::Google, "my-pdfs", ""),
            ("gs://my-pdfs/a/b/", Cloud::Google, "my-pdfs", "a/b"),
            ("s3://my.pdfs", Cloud::Amazon, "my.pdfs", ""),
            ("s3://my-pdfs/a", Cloud::Amazon, "my-pdfs", "a"),
            ("az://my-pdfs", Cloud::Azure, "my-pdfs", ""),
            ("az://my-pdfs/a/b", Cloud::Azure, "my-pdfs", "a/b"),
        ] {
            let expected = BucketName { cloud, name: name.into(), prefix: prefix.into() };
            assert_eq!(parse(text), Ok(Location::Bucket(expected)), "{text}");
        }
    }

    #[test]
    fn what_names_no_store_is_told_what_would() {
        for (text, expected) in [
            ("abfs://container", "abfs:// is not supported; use gs://BUCKET"),
            ("https://storage.googleapis.com/b", "https:// is not supported"),
            ("S3://bucket", "S3:// is not supported"),
            ("file://pdfs", "needs an absolute path"),
            ("file://host/pdfs", "needs an absolute path"),
            ("file:///srv/pdfs?a", "needs an absolute path and nothing else"),
            ("file:///srv/pdfs#a", "needs an absolute path and nothing else"),
            ("/srv/pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("./pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("file:/srv/pdfs", "if it is a folder, its URL is meant: file:///FOLDER"),
            ("", "\"\" is no name of a Google Cloud Storage bucket: "),
            ("gs://", "a letter or digit at both ends"),
            ("gs://my-g00gle-pdfs/a", "contains \"google\""),
            ("s3://My", "\"My\" is no name of an S3 bucket: it has a-z"),
            ("az://a--b", "\"a--b\" is no name of an Azure container: no two hyphens"),
            ("gs://bucket/a//b", "is no usable prefix"),
            ("s3://bucket/../b", "is no usable prefix"),
            ("az://bucket/a b", "is no usable prefix"),
        ] {
            let error = parse(text).expect_err(text);
            assert!(error.starts_with("PDF_BUCKET: ") && error.contains(expected), "{text}: {error}");
        }
    }
}
