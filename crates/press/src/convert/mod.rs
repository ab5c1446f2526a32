//! From a source's URL to a stored PDF: fetch → admit → convert → store.
//!
//! A place among the conversions is taken when a source has begun to arrive, never while it is silent. The steps
//! after that run at once, joined by channels that hold a few pieces each, so that a
//! conversion goes at the pace of its slowest step and its memory does not grow with the image. Each step ends
//! when its neighbour does: a channel that closes without its end marker is a failure, never the end of a file.
//! Dropping the future of [`Converter::convert`] (a client that goes away, a deadline) stops all of them.

mod admission;
mod engine;
mod feed;
mod pipe;
mod pool;

use std::sync::Arc;

use futures_util::FutureExt;
use pdf_engine::{Cancel, Options, Report};
use tokio::sync::{mpsc, oneshot};

pub use admission::{Admission, Capacity};
pub use pool::Pool;

use crate::{
    error::Error,
    fetch::Client,
    source_url::SourceUrl,
    storage::{Content, Finished, Link, Links, PdfName, Store},
};
use admission::Permit;
use feed::Feed;
use pipe::{PIECES_IN_FLIGHT, SourceReader, StoreWriter};

/// A PDF that is in the store.
#[derive(Debug)]
pub struct Converted {
    /// What it is called there.
    pub name: PdfName,
    /// Where it is downloaded from.
    pub link: Link,
    /// What the engine says about it.
    pub report: Report,
}

/// Converts images, as many at once as it admits.
#[derive(Debug)]
pub struct Converter {
    client: Client,
    admission: Admission,
    pool: Pool,
    store: Arc<Store>,
    limits: pdf_engine::Limits,
}

impl Converter {
    /// A converter of these parts.
    pub fn new(
        client: Client,
        admission: Admission,
        pool: Pool,
        store: Arc<Store>,
        limits: pdf_engine::Limits,
    ) -> Self {
        Self { client, admission, pool, store, limits }
    }

    /// Where the PDFs go.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Fetches `source`, converts it and stores the PDF. After an error nothing is left in the store.
    pub async fn convert(&self, source: &SourceUrl, links: &Links<'_>) -> Result<Converted, Error> {
        let leave_to_fetch = self.admission.fetch()?;
        let feed = Feed::open(self.client.get(source).await?).await?;
        let name = PdfName::random();
        // For a source that is one, and before anything is stored: what cannot be linked is not.
        let link = links.to(name).await?;
        let permit = self.admission.enter().await?;
        drop(leave_to_fetch);

        let (pieces, source_pieces) = mpsc::channel(PIECES_IN_FLIGHT);
        let (pdf_pieces, content) = mpsc::channel(PIECES_IN_FLIGHT);
        let cancel = CancelOnDrop(Cancel::new());

        let reader = SourceReader::new(source_pieces);
        let writer = StoreWriter::new(pdf_pieces);
        let (limits, cancelled) = (self.limits.clone(), cancel.0.clone());
        let converted = engine::start(&self.pool, permit.clone(), writer, move |pdf| {
            let sources = vec![pdf_engine::Source::new(reader)];
            pdf_engine::convert(sources, pdf, &Options::default(), &limits, &cancelled)
        });
        let stored = self.begin_upload(name, content, permit);
        let (fetched, converted, stored) = tokio::join!(feed.run(pieces, &self.admission), converted, stored);
        let report = outcome(fetched, converted, stored)?;
        Ok(Converted { name, link, report })
    }

    fn begin_upload(
        &self,
        name: PdfName,
        content: mpsc::Receiver<Content>,
        permit: Permit,
    ) -> impl Future<Output = Result<Finished, Error>> + use<> {
        let (answer, answered) = oneshot::channel();
        let upload = self.store.begin(name);
        self.store.tasks().spawn(async move {
            upload.run(content, answer).await;
            drop(permit);
        });
        answered
            .map(|answer| answer.unwrap_or_else(|_| Err(Error::Internal("an upload ended unheard".into()))))
    }
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

/// What three ends make together. A step that fails makes its neighbours fail as well: the cause is the one
/// that does not speak of a neighbour.
fn outcome(
    fetched: Result<(), Error>,
    converted: Result<Report, engine::Failure>,
    stored: Result<Finished, Error>,
) -> Result<Report, Error> {
    match (converted, stored, fetched) {
        (Ok(report), Ok(Finished::Stored(pdf)), _) => {
            pdf.keep();
            Ok(report)
        }
        (_, Err(store), _) => Err(store),
        (Err(engine::Failure::Panic), ..) => Err(Error::Internal("the engine panicked".to_owned())),
        (Err(engine::Failure::Error(pdf_engine::Error::Source { .. })), _, Err(fetch)) => Err(fetch),
        (Err(engine::Failure::Error(error)), ..) => Err(Error::Image(error)),
        (Ok(_), Ok(Finished::Abandoned), _) => {
            Err(Error::Internal("a PDF was made and not stored".to_owned()))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn engine_failure(error: pdf_engine::Error) -> Result<Report, engine::Failure> {
        Err(engine::Failure::Error(error))
    }

    fn malformed() -> pdf_engine::Error {
        pdf_engine::Error::Malformed { index: 0, detail: "broken".to_owned() }
    }

    fn unread() -> pdf_engine::Error {
        pdf_engine::Error::Source { index: 0, error: Error::broken_pipe() }
    }

    fn unwritten() -> pdf_engine::Error {
        pdf_engine::Error::Sink(Error::broken_pipe())
    }

    #[test]
    fn the_step_that_failed_first_is_the_one_that_is_answered() {
        let fetch = || Err(Error::SourceTooLarge { limit_bytes: 1 });
        let store = || Err(Error::StoreUnavailable("full".into()));
        let abandoned = || Ok(Finished::Abandoned);
        for (fetched, converted, stored, expected) in [
            (fetch(), engine_failure(unread()), abandoned(), "the source is larger than 1 bytes"),
            (Ok(()), engine_failure(malformed()), abandoned(), "the source is not convertible"),
            // The source failed as well, but only after the engine had seen enough.
            (fetch(), engine_failure(malformed()), abandoned(), "the source is not convertible"),
            (Ok(()), engine_failure(unwritten()), store(), "the store is not available"),
            (fetch(), engine_failure(unwritten()), store(), "the store is not available"),
            (Ok(()), Err(engine::Failure::Panic), abandoned(), "the engine panicked"),
            (fetch(), Err(engine::Failure::Panic), abandoned(), "the engine panicked"),
        ] {
            assert_eq!(outcome(fetched, converted, stored).unwrap_err().to_string(), expected);
        }
    }
}
