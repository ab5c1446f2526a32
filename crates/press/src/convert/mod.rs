//! From sources to a PDF: fetch → admit → convert → store, or answer.
//!
//! A place among the conversions is taken when a source has begun to arrive, never while it is silent. The steps
//! after that run at once, joined by channels that hold a few pieces each, so that a
//! conversion goes at the pace of its slowest step and its memory does not grow with the image. Each step ends
//! when its neighbour does: a channel that closes without its end marker is a failure, never the end of a file.
//! Dropping the future of [`Converter::convert`], or the [`Answer`] of [`Converter::answer`] (a client that goes away, a
//! deadline), stops all of them.

mod admission;
mod answer;
mod budget;
mod crowd;
mod engine;
mod failure;
mod feed;
mod pipe;
mod pool;
mod queue;
mod source;

use std::sync::Arc;

use futures_util::FutureExt;
use pdf_engine::{Cancel, Memory, Options, Report};
use tokio::sync::{mpsc, oneshot};

pub use admission::{Admission, Capacity};
pub use answer::Answer;
pub use budget::Budget;
pub use failure::{Failure, SourceFailure};
pub use pipe::Sha256;
pub use pool::Pool;
pub use source::{Sources, Upload, Uploaded};

use crate::{
    error::Error,
    fetch::Client,
    storage::{Content, Finished, Link, Links, PdfName, Store},
};
use admission::Permit;
use answer::Kept;
use feed::Feed;
use pipe::{PIECES_IN_FLIGHT, SourceReader, StoreWriter};
use queue::Queue;

/// One conversion, as it was asked for.
pub struct Order {
    /// The images.
    pub sources: Sources,
    /// What the PDF is to be like.
    pub options: Options,
    /// What becomes of the others when one of many sources is no good.
    pub on_error: OnError,
}

/// What becomes of the others when one of many sources is no good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OnError {
    /// There is no PDF, and each source that is no good is told.
    #[default]
    Fail,
    /// The PDF is made of the others.
    Skip,
}

/// A PDF that is in the store.
#[derive(Debug)]
pub struct Converted {
    /// What it is called there.
    pub name: PdfName,
    /// Where it is downloaded from.
    pub link: Link,
    /// What the engine says about it.
    pub report: Report,
    /// Of its bytes.
    pub sha256: Sha256,
    /// The sources that were left out.
    pub skipped: Vec<SourceFailure>,
}

/// Converts images, as many at once as it admits.
#[derive(Debug)]
pub struct Converter {
    client: Arc<Client>,
    admission: Arc<Admission>,
    budget: Arc<Budget>,
    pool: Pool,
    store: Arc<Store>,
    limits: Limits,
}

/// What conversions take at one time, and what there is for them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// Sources that are waited for or read.
    pub sources: u64,
    /// Conversions that have a place.
    pub running: u64,
    /// Places.
    pub running_max: u64,
    /// Conversions that wait for a place.
    pub waiting: u64,
    /// Conversions that decode or pack.
    pub decoders: u64,
    /// Those that may at one time.
    pub decoders_max: u64,
    /// Bytes of the budget that are held.
    pub bytes: u64,
    /// Bytes of the budget.
    pub bytes_max: u64,
}

/// What one conversion may cost.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Images of one request.
    pub sources_max: usize,
    /// What the engine may hold.
    pub engine: pdf_engine::Limits,
}

/// A conversion whose first source has begun to arrive.
struct Arrived {
    /// The sources that were waited for: failed ones, and one that is good.
    first: Vec<Feed>,
    queue: Queue,
}

/// A conversion that has its place.
struct Admitted {
    arrived: Arrived,
    permit: Permit,
}

/// A conversion that runs: its sources are read, its PDF's bytes come out of `content`.
struct Running<F> {
    outcome: F,
    content: mpsc::Receiver<Content>,
}

impl Converter {
    /// A converter of these parts.
    pub fn new(
        client: Client,
        admission: Admission,
        budget: Budget,
        pool: Pool,
        store: Arc<Store>,
        limits: Limits,
    ) -> Self {
        let (client, admission, budget) = (Arc::new(client), Arc::new(admission), Arc::new(budget));
        Self { client, admission, budget, pool, store, limits }
    }

    /// How busy it is.
    pub fn load(&self) -> Load {
        let mut load = Load::default();
        self.admission.tell(&mut load);
        self.budget.tell(&mut load);
        load
    }

    /// Where the PDFs go.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// How many images one request may bring.
    pub(crate) fn sources_max(&self) -> usize {
        self.limits.sources_max
    }

    /// Converts and stores the PDF. After a failure nothing is left in the store.
    pub async fn convert(&self, order: Order, links: &Links<'_>) -> Result<Converted, Failure> {
        let (options, on_error) = (order.options, order.on_error);
        let arrived = self.await_sources(order.sources).await?;
        let name = PdfName::random();
        // For sources that are there, and before anything is stored: what cannot be linked is not.
        let link = links.to(name).await?;
        let admitted = self.admit(arrived).await?;
        let permit = admitted.permit.clone();
        // Each source that is no good is to be told, so the engine goes on behind the first one either way.
        let Running { outcome, content } = self.run(admitted, options, true, on_error);
        let stored = self.begin_upload(name, content, permit);
        match tokio::join!(outcome, stored) {
            (_, Err(error)) => Err(error.into()),
            (Err(failure), _) => Err(failure),
            (Ok((made, skipped)), Ok(Finished::Stored(pdf))) => {
                pdf.keep();
                Ok(Converted { name, link, report: made.report, sha256: made.sha256, skipped })
            }
            (Ok(_), Ok(Finished::Abandoned)) => {
                Err(Error::Internal("a PDF was made and not stored".to_owned()).into())
            }
        }
    }

    /// Converts, and hands the PDF over while it is made. Nothing is stored. What fails within its first MiB is told
    /// here; later, the answer breaks off.
    ///
    /// `whole`: for a client that could not tell a PDF that breaks off from a whole one, all of it is told here.
    pub async fn answer(&self, order: Order, whole: bool) -> Result<Answer, Failure> {
        let admitted = self.admit(self.await_sources(order.sources).await?).await?;
        let request_is_read = admitted.arrived.queue.request_is_read();
        // One source that is no good ends it: what was sent until then is no PDF.
        let Running { outcome, content } = self.run(admitted, order.options, false, OnError::Fail);
        let kept = Kept { request_is_read, whole, share: self.budget.share(Cancel::new()) };
        Answer::begin(content, outcome, kept, Arc::clone(&self.admission)).await
    }

    /// Waits until a source has begun to arrive.
    async fn await_sources(&self, sources: Sources) -> Result<Arrived, Failure> {
        let leave = self.admission.fetch()?;
        let mut queue = Queue::new(sources, leave, &self.client, &self.admission);
        let first = queue.first().await?;
        if first.iter().all(Feed::has_failed) {
            let failures = first.into_iter().enumerate();
            let failures = failures
                .filter_map(|(index, feed)| Some(SourceFailure { index, error: feed.into_failure()? }));
            return failures_of(failures);
        }
        Ok(Arrived { first, queue })
    }

    /// Waits for a place.
    async fn admit(&self, arrived: Arrived) -> Result<Admitted, Failure> {
        let permit = self.admission.enter().await?;
        Ok(Admitted { arrived, permit })
    }

    /// Sets the steps going. The conversion is stopped when the outcome is dropped.
    fn run(
        &self,
        admitted: Admitted,
        mut options: Options,
        skip_failed: bool,
        on_error: OnError,
    ) -> Running<impl Future<Output = Result<(engine::Made, Vec<SourceFailure>), Failure>> + Send + use<>>
    {
        let Admitted { arrived: Arrived { first, queue }, permit } = admitted;
        let (readers, sources) = mpsc::channel::<SourceReader>(1);
        let (pdf_pieces, content) = mpsc::channel(PIECES_IN_FLIGHT);
        let cancel = CancelOnDrop(Cancel::new());
        let cancelled = cancel.0.clone();
        let memory = Memory::of(Arc::new(self.budget.share(cancelled.clone())));
        let limits = pdf_engine::Limits { memory, ..self.limits.engine.clone() };
        options.skip_failed = skip_failed;
        let converted = engine::start(&self.pool, permit, StoreWriter::new(pdf_pieces), move |pdf| {
            let report = pdf_engine::convert(each(sources), pdf, &options, &limits, &cancelled)?;
            if on_error == OnError::Fail && !report.skipped.is_empty() {
                return Err(pdf_engine::Error::Sources(report.skipped));
            }
            Ok(report)
        });
        let admission = Arc::clone(&self.admission);
        let outcome = async move {
            let _cancel = cancel;
            let (fed, converted) = tokio::join!(queue.run(first, readers, &admission), converted);
            failure::outcome(fed, converted)
        };
        Running { outcome, content }
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
            let unfinished = upload.run(content, answer).await;
            drop(permit);
            if let Some(unfinished) = unfinished {
                unfinished.abort().await;
            }
        });
        answered
            .map(|answer| answer.unwrap_or_else(|_| Err(Error::Internal("an upload ended unheard".into()))))
    }
}

/// The sources as the engine takes them. Where the channel closes because the conversion was dropped, the engine is
/// cancelled as well, and what it makes of the sources until then goes nowhere.
fn each(mut sources: mpsc::Receiver<SourceReader>) -> impl Iterator<Item = pdf_engine::Source<'static>> {
    std::iter::from_fn(move || sources.blocking_recv().map(pdf_engine::Source::new))
}

/// All of them at once; something that is of no single source comes first.
fn failures_of(failures: impl Iterator<Item = SourceFailure>) -> Result<Arrived, Failure> {
    let mut sources = Vec::new();
    for failure in failures {
        if !failure.error.is_of_source() {
            return Err(failure.error.into());
        }
        sources.push(failure);
    }
    Err(Failure::Sources(sources))
}

struct CancelOnDrop(Cancel);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}
