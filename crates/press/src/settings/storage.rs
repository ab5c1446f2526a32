//! Where PDFs are kept, how they are linked and how long either lasts.

use std::{path::PathBuf, time::Duration};

use url::Url;

use super::Secret;
use crate::storage::{Cloud, Location};

/// The least life of a link or a PDF: one that is gone before its client has looked serves nobody.
const TTL_MIN: Duration = Duration::from_mins(1);
/// The longest life of a PDF that can be asked for: a hundred years, so that no sum of times runs over.
const PDF_TTL_MAX: Duration = Duration::from_hours(100 * 365 * 24);
/// What signatures of version 4, Amazon's and Google's, can say; it bounds Azure's as well.
const LINK_TTL_MAX: Duration = Duration::from_hours(7 * 24);

/// Where PDFs are kept, how they are linked and how long either lasts.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct StorageSettings {
    /// Where PDFs are kept: a bucket of Google Cloud Storage as a bare name or `gs://BUCKET/PREFIX`, one of Amazon
    /// S3 as `s3://BUCKET/PREFIX`, a container of Azure Blob Storage as `az://CONTAINER/PREFIX`, or a folder as
    /// `file:///FOLDER`. Unset, it is the folder `pdfs` of `DATA_DIR`, served under /pdfs
    #[arg(long, env = "PDF_BUCKET", value_name = "BUCKET")]
    pub pdf_bucket: Option<String>,

    /// What kind of link is answered: `public` is the object's plain URL, which whoever may read the bucket's
    /// objects can follow; `signed` is one that anybody can follow until it expires after `PDF_LINK_TTL`, and
    /// needs a bucket
    #[arg(long, env = "PDF_LINKS", default_value = "public", value_parser = parse_links)]
    pub pdf_links: Links,

    /// How long a signed link lasts, such as `15m`, `1h` or `7d`, counted from the moment that its source begins to
    /// arrive. At least 1m; at most 12h on Google Cloud, whose keys sign for no longer, and 7d elsewhere
    #[arg(long, env = "PDF_LINK_TTL", default_value = "1h", value_name = "DURATION", value_parser = parse_link_ttl)]
    pub pdf_link_ttl: Duration,

    /// The e-mail address of the Google service account that signs links, so that the running one need not be
    /// able to read PDFs; it must be allowed to sign as that one. Unset, the running account signs
    #[arg(long, env = "PDF_LINK_SIGNER", value_name = "EMAIL", value_parser = parse_signer)]
    pub pdf_link_signer: Option<String>,

    /// How long a folder keeps a PDF, such as `90m`, `24h` or `30d`, at least 1m. Unset, for ever. In a bucket its
    /// lifecycle rules do that
    #[arg(long, env = "PDF_TTL", value_name = "DURATION", value_parser = parse_pdf_ttl)]
    pub pdf_ttl: Option<Duration>,

    /// Another endpoint for the bucket: an S3-compatible store, Azure Storage under another name (with the account
    /// in its path where the host does not name it), or an emulator, such as `http://localhost:4443`. Plain http is
    /// allowed only here. It is sent the keys below and no others, so nothing of Google's and of no machine's identity;
    /// without keys, requests are not signed
    #[arg(long, env = "PDF_ENDPOINT", value_name = "URL", value_parser = parse_endpoint)]
    pub pdf_endpoint: Option<String>,

    /// The file with Google credentials. Unset, they are those that `gcloud auth application-default login` left
    /// in the home folder, else those of the machine or service that this runs on
    #[arg(long, env = "GOOGLE_APPLICATION_CREDENTIALS", value_name = "FILE")]
    pub google_application_credentials: Option<PathBuf>,

    /// The region of an S3 bucket, such as `eu-central-1`; at another endpoint `us-east-1` unless set
    #[arg(long, env = "AWS_REGION", value_name = "REGION", value_parser = parse_region)]
    pub aws_region: Option<String>,

    /// The id of the key for S3. Unset, the credentials are those of the web identity, container or instance
    /// that the `AWS_` variables of the platform tell
    #[arg(long, env = "AWS_ACCESS_KEY_ID", value_name = "ID")]
    pub aws_access_key_id: Option<String>,

    /// The key for S3 itself; as a variable, since others can see a flag
    #[arg(long, env = "AWS_SECRET_ACCESS_KEY", value_name = "KEY", hide_env_values = true)]
    pub aws_secret_access_key: Option<Secret>,

    /// What belongs to a key for S3 that is temporary
    #[arg(long, env = "AWS_SESSION_TOKEN", value_name = "TOKEN", hide_env_values = true)]
    pub aws_session_token: Option<Secret>,

    /// The storage account of an Azure container
    #[arg(long, env = "AZURE_STORAGE_ACCOUNT_NAME", value_name = "NAME", value_parser = parse_account)]
    pub azure_storage_account_name: Option<String>,

    /// The account's key. Unset, a workload or managed identity is used, as the `AZURE_` variables of the platform
    /// tell; as a variable, since others can see a flag
    #[arg(long, env = "AZURE_STORAGE_ACCOUNT_KEY", value_name = "KEY", hide_env_values = true)]
    pub azure_storage_account_key: Option<Secret>,
}

/// `PDF_LINKS`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// The object's plain URL.
    Public,
    /// A URL that lets anybody download the object until it expires.
    Signed,
}

impl StorageSettings {
    /// What does not go together with `location` and the longest that a request may take.
    pub(super) fn faults(&self, location: &Location, request_timeout: Duration) -> Vec<String> {
        let mut faults = match location {
            Location::Folder(_) => self.folder_faults(),
            Location::Bucket(bucket) => self.bucket_faults(bucket.cloud()),
        };
        if self.signed() && self.pdf_link_ttl < request_timeout {
            faults.push(format!(
                "PDF_LINK_TTL ({}) is shorter than REQUEST_TIMEOUT_MS ({}): a link could have expired when it is \
                 answered",
                humantime::format_duration(self.pdf_link_ttl),
                request_timeout.as_millis()
            ));
        }
        faults
    }

    fn folder_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if self.signed() {
            faults.push(
                "PDF_LINKS is `signed` and PDF_BUCKET names no bucket: this service serves the PDFs of a folder \
                 itself, to whoever has their link"
                    .to_owned(),
            );
        }
        if self.pdf_endpoint.is_some() {
            faults.push("PDF_ENDPOINT is set and PDF_BUCKET names no bucket".to_owned());
        }
        faults.extend(self.signer_fault(None));
        faults
    }

    fn bucket_faults(&self, cloud: Cloud) -> Vec<String> {
        let mut faults = Vec::new();
        if self.pdf_ttl.is_some() {
            faults.push(
                "PDF_TTL is set and PDF_BUCKET names a bucket: there, its lifecycle rules delete what is old"
                    .to_owned(),
            );
        }
        faults.extend(self.signer_fault(Some(cloud)));
        let elsewhere = self.pdf_endpoint.is_some();
        match cloud {
            Cloud::Google => faults.extend(self.google_faults(elsewhere)),
            Cloud::Amazon => faults.extend(self.amazon_faults(elsewhere)),
            Cloud::Azure => faults.extend(self.azure_faults(elsewhere)),
        }
        faults
    }

    fn google_faults(&self, elsewhere: bool) -> Option<String> {
        let max = Duration::from_hours(12);
        if self.signed() && elsewhere {
            Some(
                "PDF_LINKS is `signed` and PDF_ENDPOINT is set: Google signs links for its own endpoint alone"
                    .to_owned(),
            )
        } else if self.signed() && self.pdf_link_ttl > max {
            Some(format!(
                "PDF_LINK_TTL ({}) is longer than 12h: Google changes the keys that it signs links with, and \
                 promises no more",
                humantime::format_duration(self.pdf_link_ttl)
            ))
        } else {
            None
        }
    }

    fn amazon_faults(&self, elsewhere: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if self.aws_region.is_none() && !elsewhere {
            faults.push("AWS_REGION is not set: PDF_BUCKET names an S3 bucket, which lies in one".to_owned());
        }
        if self.aws_access_key_id.is_some() != self.aws_secret_access_key.is_some() {
            faults.push("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are set only together".to_owned());
        }
        if self.signed() && elsewhere && self.aws_access_key_id.is_none() {
            faults.push(unsigned("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are"));
        }
        faults
    }

    fn azure_faults(&self, elsewhere: bool) -> Vec<String> {
        let mut faults = Vec::new();
        if self.azure_storage_account_name.is_none() {
            faults.push(
                "AZURE_STORAGE_ACCOUNT_NAME is not set: PDF_BUCKET names an Azure container, which belongs to one"
                    .to_owned(),
            );
        }
        if self.signed() && elsewhere && self.azure_storage_account_key.is_none() {
            faults.push(unsigned("AZURE_STORAGE_ACCOUNT_KEY is"));
        }
        faults
    }

    fn signer_fault(&self, cloud: Option<Cloud>) -> Option<String> {
        let idle = self.pdf_link_signer.is_some() && !(self.signed() && cloud == Some(Cloud::Google));
        idle.then(|| {
            "PDF_LINK_SIGNER is set, and is only used for signed links to a Google Cloud Storage bucket"
                .to_owned()
        })
    }

    fn signed(&self) -> bool {
        self.pdf_links == Links::Signed
    }
}

fn unsigned(what_is: &str) -> String {
    format!(
        "PDF_LINKS is `signed` and PDF_ENDPOINT is set, but {what_is} not: there is nothing to sign links with"
    )
}

fn parse_links(text: &str) -> Result<Links, String> {
    match text {
        "public" => Ok(Links::Public),
        "signed" => Ok(Links::Signed),
        _ => Err("must be `public` or `signed`".to_owned()),
    }
}

fn parse_link_ttl(text: &str) -> Result<Duration, String> {
    parse_ttl(text, LINK_TTL_MAX, "7d, for which links can be signed at most")
}

fn parse_pdf_ttl(text: &str) -> Result<Duration, String> {
    parse_ttl(text, PDF_TTL_MAX, "36500d; unset, PDFs are kept for ever")
}

fn parse_ttl(text: &str, max: Duration, max_words: &str) -> Result<Duration, String> {
    let duration = humantime::parse_duration(text)
        .ok()
        .filter(|duration| duration.subsec_nanos() == 0)
        .ok_or("must be a duration in whole seconds, such as 90s, 15m, 12h or 7d")?;
    if duration < TTL_MIN {
        Err("must be at least 1m".to_owned())
    } else if duration > max {
        Err(format!("must be at most {max_words}"))
    } else {
        Ok(duration)
    }
}

/// It becomes a part of a URL's path.
fn parse_signer(text: &str) -> Result<String, String> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
    };
    match text.split_once('@') {
        Some((account, domain)) if is_part(account) && is_part(domain) && domain.contains('.') => {
            Ok(text.to_owned())
        }
        _ => Err("must be a service account's e-mail address, such as NAME@PROJECT.iam.gserviceaccount.com"
            .to_owned()),
    }
}

/// It becomes a part of a host's name.
fn parse_region(text: &str) -> Result<String, String> {
    let good = (1..=63).contains(&text.len())
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
    good.then(|| text.to_owned()).ok_or_else(|| "must be a region's name, such as eu-central-1".to_owned())
}

/// It becomes a part of a host's name.
fn parse_account(text: &str) -> Result<String, String> {
    let good =
        (3..=24).contains(&text.len()) && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit());
    good.then(|| text.to_owned()).ok_or_else(|| "must be 3 to 24 characters of a-z and 0-9".to_owned())
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
