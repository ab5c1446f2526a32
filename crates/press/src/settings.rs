//! What press can be told from outside, one struct a concern.
//!
//! Each field's doc is its help text: the flag, the environment variable and the default come from clap, the
//! unit and the reason stand in the words.

use std::{num::NonZeroUsize, path::PathBuf, thread::available_parallelism, time::Duration};

use clap::{
    builder::{BoolishValueParser, RangedU64ValueParser},
    value_parser,
};
use http::HeaderValue;
use url::Url;

use crate::{
    convert::Capacity,
    fetch::{Limits, Policy},
    storage::Location,
};

/// Who fetches: hosts such as Wikimedia refuse clients that do not say so and where to complain.
pub const DEFAULT_USER_AGENT: &str =
    concat!("fruitpress/", env!("CARGO_PKG_VERSION"), " (+", env!("CARGO_PKG_REPOSITORY"), ")");

/// Everything that press can be told from outside.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Settings {
    /// What is fetched, and at what cost.
    #[command(flatten)]
    pub fetch: FetchSettings,
    /// How much is converted at once.
    #[command(flatten)]
    pub conversion: ConversionSettings,
    /// Where PDFs are kept.
    #[command(flatten)]
    pub storage: StorageSettings,
}

/// What is fetched, and at what cost.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct FetchSettings {
    /// Lets sources be fetched from loopback and private addresses, on any port, for development and tests.
    /// Link-local and metadata addresses stay closed
    #[arg(long, env = "FETCH_ALLOW_PRIVATE", num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, value_name = "BOOL",
          value_parser = BoolishValueParser::new())]
    pub fetch_allow_private: bool,

    /// The TCP ports of public sources, separated by commas. Others are where mail servers and databases
    /// listen, which a URL must not make this service talk to
    #[arg(long, env = "FETCH_PORTS", default_value = "80,443", value_delimiter = ',', value_name = "PORT,…",
          value_parser = value_parser!(u16).range(1..))]
    pub fetch_ports: Vec<u16>,

    /// Milliseconds that one source is waited for, from its name to its last byte; later is answered 504. Half
    /// of what a request has, so that there is time left to store the PDF
    #[arg(long, env = "FETCH_TIMEOUT_MS", default_value_t = 30_000,
          value_parser = value_parser!(u64).range(1..=3_600_000))]
    pub fetch_timeout_ms: u64,

    /// Sources that are waited for at one time, before their conversions; further ones are answered 503. Each costs
    /// a socket and up to 512 KiB that are read ahead: 256 of them 128 MiB, and a quarter of the 1,024 open files
    /// that a process commonly gets
    #[arg(long, env = "FETCHES_MAX", default_value_t = 256,
          value_parser = RangedU64ValueParser::<usize>::new().range(1..=65_536))]
    pub fetches_max: usize,

    /// Bytes that one source may have. 256 MiB: the largest scans that people share have less, and memory does
    /// not grow with it
    #[arg(long, env = "SOURCE_BYTES_MAX", default_value_t = 268_435_456, value_parser = value_parser!(u64).range(1..))]
    pub source_bytes_max: u64,

    /// The User-Agent of each fetch. By default it names the version and the project's page, since hosts such as
    /// Wikimedia refuse clients that do not say who they are
    #[arg(long, env = "FETCH_USER_AGENT", default_value = DEFAULT_USER_AGENT, value_parser = parse_user_agent)]
    pub fetch_user_agent: HeaderValue,
}

/// How much is converted at once.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct ConversionSettings {
    /// Conversions at one time, each of a source that has begun to arrive. By default twice the processor's cores
    /// and at least 4, since part of a conversion is waiting for its source and its store. At worst each holds
    /// twice `DECODED_BYTES_MAX`, a mask of 64 MiB and 20 MiB of parts on their way to a bucket: 4 of them 1,360 MiB
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

    /// Bytes of samples that one conversion may hold where an image cannot be streamed, as an interlaced PNG;
    /// also those of a packed soft mask, up to 64 MiB. 128 MiB is 44 megapixels, or 33 with alpha, which takes
    /// what common cameras make; times `CONVERSIONS_MAX` it must fit into memory
    #[arg(long, env = "DECODED_BYTES_MAX", default_value_t = 134_217_728, value_parser = value_parser!(u64).range(1..))]
    pub decoded_bytes_max: u64,
}

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

impl Settings {
    /// What is wrong with these settings taken together; empty when press can start with them.
    pub fn faults(&self, chassis: &chassis::Settings) -> Vec<String> {
        let mut faults = Vec::new();
        match self.location(chassis) {
            Ok(Location::Folder(_)) if !chassis.knows_own_url() => faults.push(
                "PUBLIC_URL is not set: PDFs are kept in a folder and linked under this service's own URL, which \
                 it cannot know unless it listens on loopback only"
                    .to_owned(),
            ),
            Ok(Location::Folder(_)) if self.storage.pdf_endpoint.is_some() => {
                faults.push("PDF_ENDPOINT is set and PDF_BUCKET names no bucket".to_owned());
            }
            Ok(_) => {}
            Err(fault) => faults.push(fault),
        }
        if self.fetch.fetch_timeout_ms > chassis.limits.request_timeout_ms {
            faults.push(format!(
                "FETCH_TIMEOUT_MS ({}) is longer than REQUEST_TIMEOUT_MS ({}): no source could take that long",
                self.fetch.fetch_timeout_ms, chassis.limits.request_timeout_ms
            ));
        }
        faults
    }

    /// How much is taken on at one time.
    pub(crate) fn capacity(&self) -> Capacity {
        Capacity {
            fetches_max: self.fetch.fetches_max,
            running_max: self.conversion.running_max(),
            waiting_max: self.conversion.conversions_queue_max,
            wait_max: Duration::from_millis(self.conversion.conversions_queue_ms),
        }
    }

    /// The store that `PDF_BUCKET` names.
    pub(crate) fn location(&self, chassis: &chassis::Settings) -> Result<Location, String> {
        Location::parse(self.storage.pdf_bucket.as_deref(), &chassis.bind.data_dir)
    }
}

impl Default for Settings {
    /// The documented defaults, whatever the environment says.
    fn default() -> Self {
        chassis::settings::defaults()
    }
}

impl FetchSettings {
    pub(crate) fn policy(&self) -> Policy {
        Policy { allow_private: self.fetch_allow_private, ports: self.fetch_ports.clone() }
    }

    pub(crate) fn limits(&self) -> Limits {
        Limits::new(self.source_bytes_max, Duration::from_millis(self.fetch_timeout_ms))
    }
}

impl ConversionSettings {
    /// `CONVERSIONS_MAX`, or what suits this machine.
    pub fn running_max(&self) -> usize {
        let cores = available_parallelism().map_or(1, NonZeroUsize::get);
        self.conversions_max.unwrap_or_else(|| (2 * cores).max(4))
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

fn parse_user_agent(text: &str) -> Result<HeaderValue, String> {
    if text.trim().is_empty() {
        return Err("must say who fetches".to_owned());
    }
    HeaderValue::from_str(text).map_err(|_| "must be printable ASCII on one line".to_owned())
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

#[cfg(test)]
mod tests {
    use clap::{Command, FromArgMatches};

    use super::*;

    fn parse(arguments: &[&str]) -> Result<Settings, String> {
        let command = <Settings as clap::Args>::augment_args(Command::new("press").no_binary_name(true))
            .mut_args(|argument| argument.env(clap::builder::Resettable::Reset));
        let matches = command.try_get_matches_from(arguments).map_err(|error| error.to_string())?;
        Settings::from_arg_matches(&matches).map_err(|error| error.to_string())
    }

    #[test]
    fn the_defaults_keep_everything_private_closed() {
        let settings = Settings::default();
        assert!(!settings.fetch.fetch_allow_private);
        assert_eq!(settings.fetch.fetch_ports, [80, 443]);
        assert!(settings.fetch.fetch_user_agent.to_str().unwrap().starts_with("fruitpress/0.1.0 (+https://"));
        assert!(settings.conversion.running_max() >= 4);
        assert_eq!(settings.faults(&chassis::Settings::default()), Vec::<String>::new());
    }

    #[test]
    fn values_at_their_limits() {
        for good in [
            &["--fetch-allow-private"][..],
            &["--fetch-allow-private=false"],
            &["--fetch-allow-private=1"],
            &["--fetch-ports=1,65535"],
            &["--fetch-timeout-ms=1"],
            &["--fetches-max=1"],
            &["--fetches-max=65536"],
            &["--conversions-max=1", "--conversions-queue-max=0"],
            &["--conversions-max=1024", "--conversions-queue-max=65536"],
            &["--pdf-endpoint=http://127.0.0.1:4443/"],
            &["--pdf-links=public"],
        ] {
            assert!(parse(good).is_ok(), "{good:?}");
        }
        for (bad, expected) in [
            ("--fetch-allow-private=maybe", "invalid value"),
            ("--fetch-ports=0", "invalid value"),
            ("--fetch-ports=65536", "invalid value"),
            ("--fetch-timeout-ms=0", "invalid value"),
            ("--source-bytes-max=0", "invalid value"),
            ("--fetches-max=0", "invalid value"),
            ("--fetches-max=65537", "invalid value"),
            ("--conversions-max=0", "invalid value"),
            ("--conversions-max=1025", "invalid value"),
            ("--conversions-queue-max=65537", "invalid value"),
            ("--fetch-user-agent=a\nb", "printable ASCII"),
            ("--fetch-user-agent= ", "must say who"),
            ("--pdf-links=signed", "signed links are not supported"),
            ("--pdf-links=none", "must be `public`"),
            ("--pdf-endpoint=localhost:4443", "must be an http or https URL"),
            ("--pdf-endpoint=/x", "must be an absolute URL"),
            ("--pdf-endpoint=http://u:p@localhost", "without user info"),
        ] {
            let error = parse(&[bad]).expect_err(bad);
            assert!(error.contains(expected), "{bad}: {error}");
        }
    }

    #[test]
    fn faults_that_show_only_together() {
        let check = |arguments: &[&str], change: fn(&mut chassis::Settings), expected: &str| {
            let mut chassis = chassis::Settings::default();
            change(&mut chassis);
            let faults = parse(arguments).unwrap().faults(&chassis);
            assert!(faults.len() == 1 && faults[0].contains(expected), "{arguments:?}: {faults:?}");
        };
        check(&["--pdf-bucket=s3://b"], |_| (), "s3:// is not supported");
        check(&["--pdf-endpoint=http://localhost:1"], |_| (), "PDF_BUCKET names no bucket");
        check(&[], |chassis| chassis.bind.host = [0, 0, 0, 0].into(), "PUBLIC_URL is not set");
        check(&["--fetch-timeout-ms=60001"], |_| (), "longer than REQUEST_TIMEOUT_MS");
        let mut chassis = chassis::Settings::default();
        chassis.bind.host = [0, 0, 0, 0].into();
        let bucket = parse(&["--pdf-bucket=my-pdfs"]).unwrap();
        assert_eq!(bucket.faults(&chassis), Vec::<String>::new());
    }
}
