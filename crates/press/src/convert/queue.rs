//! The sources of one conversion on their way to the engine, in order.
//!
//! Those behind URLs are opened a few ahead of their turn, so that the engine waits for none of many hosts after
//! another. Those of an upload come when the one before has ended.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    vec,
};

use futures_util::{FutureExt, future::BoxFuture};
use tokio::{
    sync::{OwnedSemaphorePermit, mpsc},
    time::timeout,
};
use tokio_util::task::AbortOnDropHandle;

use super::{
    admission::Admission,
    failure::SourceFailure,
    feed::{self, CROWDED_WINDOW, Feed},
    pipe::{PIECES_IN_FLIGHT, SourceReader},
    source::{CurrentUpload, Incoming, Sources},
};
use crate::{error::Error, fetch::Client, source_url::SourceUrl};

/// Sources that one conversion opens at once, the one that is converted not among them. Each may hold 512 KiB.
const AHEAD_MAX: usize = 4;

/// What is still to be converted.
pub(super) struct Queue {
    waiting: Waiting,
    /// Set once nothing more is read of the request.
    request_is_read: Arc<AtomicBool>,
}

enum Waiting {
    Urls(Urls),
    /// `None` while one of its images is with the engine, and once there is none left.
    Upload(Option<CurrentUpload>),
}

struct Urls {
    left: vec::IntoIter<SourceUrl>,
    opening: VecDeque<BoxFuture<'static, Feed>>,
    /// Leave to fetch the first one; the others ask for their own.
    leave: Option<OwnedSemaphorePermit>,
    client: Arc<Client>,
    admission: Arc<Admission>,
}

impl Queue {
    /// `leave` is what admits the conversion: for its first source.
    pub(super) fn new(
        sources: Sources,
        leave: OwnedSemaphorePermit,
        client: &Arc<Client>,
        admission: &Arc<Admission>,
    ) -> Self {
        let request_is_read = Arc::new(AtomicBool::new(matches!(sources, Sources::Urls(_))));
        let waiting = match sources {
            Sources::Urls(urls) => Waiting::Urls(Urls {
                left: urls.into_iter(),
                opening: VecDeque::new(),
                leave: Some(leave),
                client: Arc::clone(client),
                admission: Arc::clone(admission),
            }),
            Sources::Upload(upload) => {
                Waiting::Upload(Some(CurrentUpload::new(upload, client.source_bytes_max(), Some(leave))))
            }
        };
        Self { waiting, request_is_read }
    }

    /// Whether nothing more is read of the request. Many clients send all of it before they take any of the answer.
    pub(super) fn request_is_read(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.request_is_read)
    }

    /// Sources until the first that has begun to arrive: only then is a place worth taking. None is left where all
    /// have failed.
    pub(super) async fn first(&mut self) -> Result<Vec<Feed>, Error> {
        let mut feeds = Vec::new();
        while let Some(feed) = self.next(None).await? {
            let failed = feed.has_failed();
            feeds.push(feed);
            if !failed {
                break;
            }
        }
        Ok(feeds)
    }

    /// Hands `first` and all that follow to the engine; comes back with those that failed.
    pub(super) async fn run(
        mut self,
        first: Vec<Feed>,
        readers: mpsc::Sender<SourceReader>,
        admission: &Admission,
    ) -> Result<Vec<SourceFailure>, Error> {
        let mut failures = Vec::new();
        let mut first = first.into_iter();
        for index in 0.. {
            let feed = match first.next() {
                Some(feed) => feed,
                None => match self.next(Some(admission)).await? {
                    Some(feed) => feed,
                    None => break,
                },
            };
            let (pieces, source) = mpsc::channel(PIECES_IN_FLIGHT);
            if readers.send(SourceReader::new(source)).await.is_err() {
                // The engine has failed, and says why.
                break;
            }
            let (fed, incoming) = feed.run(pieces, admission).await;
            match fed {
                Ok(()) => {}
                Err(error) if error.is_of_source() => failures.push(SourceFailure { index, error }),
                Err(error) => return Err(error),
            }
            self.come_back(incoming);
        }
        Ok(failures)
    }

    /// The next source; one that failed is one as well. While a place is held others may wait for it, and `held`
    /// tells whether they do.
    async fn next(&mut self, held: Option<&Admission>) -> Result<Option<Feed>, Error> {
        match &mut self.waiting {
            Waiting::Urls(urls) => Ok(urls.next(held).await),
            Waiting::Upload(upload) => {
                let Some(mut upload) = upload.take() else { return Ok(None) };
                if !upload.next_image().await? {
                    self.request_is_read.store(true, Ordering::Relaxed);
                    return Ok(None);
                }
                let leave = upload.take_leave();
                Ok(Some(Feed::open(Incoming::Uploaded(upload)).await.with_leave(leave)))
            }
        }
    }

    fn come_back(&mut self, incoming: Option<Incoming>) {
        if let (Waiting::Upload(place), Some(Incoming::Uploaded(upload))) = (&mut self.waiting, incoming) {
            *place = Some(upload);
        }
    }
}

impl Urls {
    async fn next(&mut self, held: Option<&Admission>) -> Option<Feed> {
        while self.opening.len() < AHEAD_MAX
            && let Some(url) = self.left.next()
        {
            let leave = self.leave.take();
            let open = open(url, leave, Arc::clone(&self.client), Arc::clone(&self.admission));
            let is_alone = self.opening.is_empty() && self.left.len() == 0;
            self.opening.push_back(if is_alone { open.boxed() } else { on_its_own(open) });
        }
        let mut opening = self.opening.pop_front()?;
        loop {
            match timeout(CROWDED_WINDOW, &mut opening).await {
                Ok(feed) => return Some(feed),
                Err(_) if held.is_some_and(Admission::is_crowded) => {
                    return Some(Feed::failed(feed::crowded()));
                }
                Err(_) => {}
            }
        }
    }
}

/// Begins at once and goes on while nobody waits for it, until it is dropped.
fn on_its_own(open: impl Future<Output = Feed> + Send + 'static) -> BoxFuture<'static, Feed> {
    let task = AbortOnDropHandle::new(tokio::spawn(open));
    let ended = |error| Feed::failed(Error::Internal(format!("a fetch ended unheard: {error}")));
    task.map(move |opened| opened.unwrap_or_else(ended)).boxed()
}

async fn open(
    url: SourceUrl,
    leave: Option<OwnedSemaphorePermit>,
    client: Arc<Client>,
    admission: Arc<Admission>,
) -> Feed {
    let leave = match leave {
        None => admission.fetch_later().await,
        leave => leave,
    };
    match client.get(&url).await {
        Ok(body) => Feed::open(Incoming::Fetched(Box::new(body))).await.with_leave(leave),
        Err(error) => Feed::failed(error),
    }
}
