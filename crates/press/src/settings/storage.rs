//! Where PDFs are kept and how they are linked.

use std::path::PathBuf;

use url::Url;

/// Where PDFs are kept and how they are linked.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct StorageSettings {
    /// Where PDFs are kept: a Google Cloud Storage bucket as a bare name or `gs://BUCKET/PREFIX`, or a folder
    /// as `file:///FOLDER`. Unset, it is the folder `pdfs` of `DATA_DIR`, served under /pdfs
    #[arg(long, env = "PDF_BUCKET", value_name = "BUCKET")]
    pub pdf_bucket: Option<String>,

    /// What kind of link is answered: `public` is the object's plain URL, which whoever may read the bucket's
    /// objects can follow
    #[arg(long, env = "PDF_LINKS", default_value = "public", value_parser = parse_links)]
    pub pdf_links: Links,

    /// Another endpoint for the bucket, such as `http://localhost:4443` of an emulator. Requests to it carry no
    /// Google credentials; plain http is allowed only here
    #[arg(long, env = "PDF_ENDPOINT", value_name = "URL", value_parser = parse_endpoint)]
    pub pdf_endpoint: Option<String>,

    /// The file with Google credentials. Unset, they are those that `gcloud auth application-default login` left
    /// in the home folder, else those of the machine or service that this runs on
    #[arg(long, env = "GOOGLE_APPLICATION_CREDENTIALS", value_name = "FILE")]
    pub google_application_credentials: Option<PathBuf>,
}

/// `PDF_LINKS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The object's plain URL.
    Public,
}

fn parse_links(text: &str) -> Result<Links, String> {
    match text {
        "public" => Ok(Links::Public),
        "signed" => {
            Err("signed links are not supported; `public` is, for buckets whose objects may be read"
                .to_owned())
        }
        _ => Err("must be `public`".to_owned()),
    }
}

fn parse_endpoint(text: &str) -> Result<String, String> {
    let url = Url::parse(text).map_err(|error| format!("must be an absolute URL: {error}"))?;
    let plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() || !plain {
        return Err("must be an http or https URL without user info, query and fragment".to_owned());
    }
    Ok(text.trim_end_matches('/').to_owned())
}
