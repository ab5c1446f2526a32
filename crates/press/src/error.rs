//! The one error of the crate: its variant says who must act, [`problem`](crate::problem) says it to the client.

use std::{fmt, io, time::Duration};

use chassis::Problem;

use crate::source_url::Invalid;

/// What a failed step is allowed to hold: it is logged, never answered.
pub type Cause = Box<dyn std::error::Error + Send + Sync>;

/// Why an image did not become a PDF.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The source is not to be fetched: its sender must name another.
    #[error("{0}")]
    Refused(Refusal),
    /// The source is longer than `SOURCE_BYTES_MAX`.
    #[error("the source is larger than {limit_bytes} bytes")]
    SourceTooLarge {
        /// The limit.
        limit_bytes: u64,
    },
    /// The source is no image that can be converted; the engine says why.
    #[error("the source is not convertible")]
    Image(#[source] pdf_engine::Error),
    /// No connection to the source.
    #[error("the source cannot be reached: {reason}")]
    Unreachable {
        /// At which step it failed.
        reason: Unreachable,
        /// What the network said.
        #[source]
        cause: Cause,
    },
    /// The source answered, but not with an image.
    #[error("the source answered {0}")]
    Answered(Answer),
    /// The source's answer ended before it was complete, or was no HTTP.
    #[error("the source's answer broke off")]
    BrokenOff(#[source] Cause),
    /// The source took too long.
    #[error("the source was too slow: {0}")]
    TooSlow(Slow),
    /// As many conversions as can wait are waiting.
    #[error("too many conversions are waiting")]
    Busy {
        /// When to try again.
        retry_after: Duration,
    },
    /// The store did not take the PDF, and may do so later.
    #[error("the store is not available")]
    StoreUnavailable(#[source] Cause),
    /// The store did not take the PDF, and will not until an operator acts.
    #[error("the store refused the PDF")]
    StoreRefused(#[source] Cause),
    /// The request's own body, which brings the image, could not be read.
    #[error("the request's body could not be read: {}", .0.detail())]
    Body(Box<Problem>),
    /// The caller took the PDF too slowly.
    #[error("the PDF was not taken in time")]
    NotTaken,
    /// Something that cannot happen, did.
    #[error("{0}")]
    Internal(String),
}

/// The rule that forbids fetching a source. None names the address that a name was resolved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// An address that is not on the public internet.
    Address,
    /// A port that is not in `FETCH_PORTS`.
    Port(u16),
    /// A host of `FETCH_HOSTS_DENY`.
    HostDenied,
    /// None of the hosts of `FETCH_HOSTS_ALLOW`.
    HostNotAllowed,
    /// More redirects than [`REDIRECTS_MAX`](crate::fetch::REDIRECTS_MAX).
    TooManyRedirects,
    /// From `https` to `http`.
    Downgrade,
    /// To something that is no source.
    RedirectTarget(Invalid),
}

/// The step of connecting that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreachable {
    /// The name has no address.
    Resolve,
    /// Nothing listens there.
    Connect,
    /// No agreement on encryption: most often a certificate that is not valid.
    Tls,
}

/// What a source answered in place of an image.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// A status other than 200.
    Status(u16),
    /// A redirect that does not say where to.
    RedirectToNowhere(u16),
    /// A content coding that is not unpacked here; none was accepted.
    Encoded,
    /// A header that is larger than any that is read.
    HeadTooLarge {
        /// The most bytes that are read.
        bytes_max: usize,
        /// The most fields.
        fields_max: usize,
    },
    /// A body that is not what its content coding says: what is wrong with it, to follow "it".
    BrokenCoding(&'static str),
}

/// Which patience ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Slow {
    /// A connection took longer than this.
    Connect(Duration),
    /// All waiting for the source together took longer than `FETCH_TIMEOUT_MS`.
    Total(Duration),
    /// Fewer bytes than this came in a window of this length.
    Trickle {
        /// The bytes that were due.
        bytes_min: u64,
        /// The window.
        window: Duration,
    },
    /// The same while it held a place that others waited for.
    Crowded {
        /// The bytes that were due.
        bytes_min: u64,
        /// The window.
        window: Duration,
    },
}

impl Error {
    pub(crate) fn unreachable(reason: Unreachable, cause: impl Into<Cause>) -> Self {
        Self::Unreachable { reason, cause: cause.into() }
    }

    /// Whether it is about one source, and another may do better.
    pub(crate) fn is_of_source(&self) -> bool {
        match self {
            Self::Refused(_)
            | Self::SourceTooLarge { .. }
            | Self::Image(_)
            | Self::Unreachable { .. }
            | Self::Answered(_)
            | Self::BrokenOff(_)
            | Self::TooSlow(_) => true,
            Self::Busy { .. }
            | Self::StoreUnavailable(_)
            | Self::StoreRefused(_)
            | Self::Body(_)
            | Self::NotTaken
            | Self::Internal(_) => false,
        }
    }

    /// What a reader or writer sees when the step at the other end is gone. That step tells its own error itself.
    pub(crate) fn broken_pipe() -> io::Error {
        io::Error::new(io::ErrorKind::BrokenPipe, "the other side of the pipe is gone")
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address => f.write_str("the host is not a public address on the internet"),
            Self::Port(port) => write!(f, "port {port} is not one that sources are fetched from"),
            Self::HostDenied => f.write_str("the host is one that sources are not fetched from"),
            Self::HostNotAllowed => f.write_str("the host is none of those that sources are fetched from"),
            Self::TooManyRedirects => {
                write!(f, "the source redirects more than {} times", crate::fetch::REDIRECTS_MAX)
            }
            Self::Downgrade => f.write_str("the source redirects from https to http"),
            Self::RedirectTarget(invalid) => {
                write!(f, "the source redirects to a target that {invalid}")
            }
        }
    }
}

impl fmt::Display for Unreachable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "its host name does not resolve",
            Self::Connect => "no connection could be made",
            Self::Tls => "no TLS connection could be made",
        })
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(status) => write!(f, "{status} where 200 was expected"),
            Self::RedirectToNowhere(status) => write!(f, "{status} without a usable Location"),
            Self::HeadTooLarge { bytes_max, fields_max } => {
                write!(f, "with a header of more than {} KiB or {fields_max} fields", bytes_max / 1024)
            }
            Self::Encoded => {
                f.write_str("with a Content-Encoding that is not unpacked here; none was accepted")
            }
            Self::BrokenCoding(what) => write!(f, "with a body that belies its Content-Encoding: it {what}"),
        }
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connect(limit) => write!(f, "no connection within {} ms", limit.as_millis()),
            Self::Total(limit) => write!(f, "it took longer than {} ms", limit.as_millis()),
            Self::Trickle { bytes_min, window } => {
                write!(f, "it sent fewer than {bytes_min} bytes in {} ms", window.as_millis())
            }
            Self::Crowded { bytes_min, window } => {
                let window_ms = window.as_millis();
                write!(f, "it sent fewer than {bytes_min} bytes in {window_ms} ms while others waited")
            }
        }
    }
}
