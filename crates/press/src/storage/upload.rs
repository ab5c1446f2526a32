//! One PDF on its way into the store: in one piece when it is small, else in parts while it is still made.

use std::{fmt, time::Duration};

use bytes::Bytes;
use object_store::{
    MultipartUpload, ObjectStoreExt, PutMultipartOptions, PutOptions, PutPayload, PutPayloadMut,
};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, mpsc, oneshot},
    task::JoinSet,
    time::{Instant, sleep, timeout},
};

use super::{Target, failure};
use crate::error::Error;

/// Parts under way at once. Each holds its bytes in memory until the store has it.
const PARTS_IN_FLIGHT: usize = 2;
/// How often what the library asks once is asked, when no answer is heard.
const TRIES_MAX: u32 = 3;
/// How long is waited before the second try; twice as long before the third.
const BACKOFF: Duration = Duration::from_millis(200);
/// How long such a request is tried in all: as long as the library itself tries one, so that a store that says nothing
/// is told to the client before its request's own time is over.
const TRIES_TIMEOUT: Duration = Duration::from_secs(15);
/// How long parts that nobody wants any more may take to end: one that reaches the store after the upload was taken back
/// may be kept there.
const PARTS_TIMEOUT: Duration = Duration::from_secs(2);
/// How often is looked meanwhile whether the process is ending, which leaves no time for that.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long taking back a failed upload may take; its client has been answered, and its place is free.
const ABORT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long after the last time an object is deleted again whose making was not heard of: a store that hung has the request,
/// and may do what it asks for once it is well again.
const AGAIN_AFTER: [Duration; 3] = [Duration::from_secs(5), Duration::from_mins(1), Duration::from_mins(10)];
/// Such objects at one time; of more, only the first deletion is tried.
static AGAIN: Semaphore = Semaphore::const_new(512);

/// What comes out of a conversion. A sender that goes away without [`Content::End`] has failed.
#[derive(Debug)]
pub enum Content {
    /// The next bytes of the PDF.
    Data(Bytes),
    /// The PDF is complete.
    End,
}

/// How an upload ended.
#[derive(Debug)]
pub enum Finished {
    /// The PDF is in the store.
    Stored(Unnamed),
    /// The conversion did not complete it; nothing is in the store.
    Abandoned,
}

/// A PDF in the store that no answer names yet. Dropped before [`Unnamed::keep`], it is deleted: a client that goes
/// away at the last moment leaves nothing behind.
#[derive(Debug)]
pub struct Unnamed(Option<Target>);

impl Unnamed {
    /// An answer names the PDF from now on.
    pub fn keep(mut self) {
        self.0 = None;
    }
}

impl Drop for Unnamed {
    fn drop(&mut self) {
        // Without a runtime the process is ending, and nothing can be sent any more.
        if let (Some(target), Ok(runtime)) = (self.0.take(), Handle::try_current()) {
            let tasks = target.tasks.clone();
            tasks.spawn_on(async move { delete(&target).await }, &runtime);
        }
    }
}

/// What a failed upload has left in the store, to be taken back.
#[must_use]
pub struct Unfinished {
    upload: Box<dyn MultipartUpload>,
    target: Target,
}

impl fmt::Debug for Unfinished {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Unfinished").field("target", &self.target).finish_non_exhaustive()
    }
}

impl Unfinished {
    /// Takes it back, as far as the store lets that be done.
    pub async fn abort(mut self) {
        let abort = async {
            let mut tried = 1;
            loop {
                match self.upload.abort().await {
                    Err(error) if is_worth_another_try(&error, tried) => sleep(BACKOFF * tried).await,
                    result => return result,
                }
                tried += 1;
            }
        };
        match timeout(ABORT_TIMEOUT, abort).await {
            Ok(Ok(()) | Err(object_store::Error::NotFound { .. })) => {}
            Ok(Err(error)) => {
                tracing::warn!(object = %self.target.path, error = %error, "an unfinished upload could not be taken back");
            }
            Err(_) => {
                tracing::warn!(object = %self.target.path, "taking back an unfinished upload timed out");
            }
        }
    }
}

/// One upload that has not begun.
#[derive(Debug)]
pub struct Upload {
    target: Target,
}

impl Upload {
    pub(super) fn new(target: Target) -> Self {
        Self { target }
    }

    /// Stores what comes, and tells `answer` how it went. Whoever waits for that may go away. What is left to be done
    /// then is returned: nobody should wait for that.
    ///
    /// To be spawned, since taking back must go on when a client's request is dropped.
    pub async fn run(
        self,
        content: mpsc::Receiver<Content>,
        mut answer: oneshot::Sender<Result<Finished, Error>>,
    ) -> Option<Unfinished> {
        let mut unfinished = None;
        let result = self.store(content, &mut answer, &mut unfinished).await;
        // What comes back when nobody listens is dropped, and so deleted where something was stored.
        let _ = answer.send(result);
        let (upload, mut parts) = unfinished?;
        self.let_end(&mut parts).await;
        Some(Unfinished { upload, target: self.target })
    }

    async fn store(
        &self,
        mut content: mpsc::Receiver<Content>,
        answer: &mut oneshot::Sender<Result<Finished, Error>>,
        unfinished: &mut Option<(Box<dyn MultipartUpload>, Parts)>,
    ) -> Result<Finished, Error> {
        let (first, more) = match self.next_part(&mut content).await {
            Part::Full(first) => (first, true),
            Part::Last(first) => (first, false),
            Part::Abandoned => return Ok(Finished::Abandoned),
        };
        if more {
            return self.store_in_parts(first, content, answer, unfinished).await;
        }
        if answer.is_closed() {
            return Ok(Finished::Abandoned);
        }
        self.put(first).await?;
        Ok(self.stored())
    }

    /// A single piece. What was not heard of may have arrived: then the name is taken, by us alone.
    async fn put(&self, payload: PutPayload) -> Result<(), Error> {
        let Target { store, path, mode, attributes, .. } = &self.target;
        let put = || {
            let (mode, attributes) = (mode.clone(), attributes.clone());
            let options = PutOptions { mode, attributes, ..PutOptions::default() };
            store.put_opts(path, payload.clone(), options)
        };
        match insist(put).await {
            Ok(_) => Ok(()),
            Err(error) if failure::is_taken(&error) => Ok(()),
            Err(error) => Err(self.failed_to_end(error)),
        }
    }

    async fn store_in_parts(
        &self,
        first: PutPayload,
        content: mpsc::Receiver<Content>,
        answer: &mut oneshot::Sender<Result<Finished, Error>>,
        unfinished: &mut Option<(Box<dyn MultipartUpload>, Parts)>,
    ) -> Result<Finished, Error> {
        let Target { store, path, attributes, .. } = &self.target;
        let begin = || {
            let attributes = attributes.clone();
            store.put_multipart_opts(
                path,
                PutMultipartOptions { attributes, ..PutMultipartOptions::default() },
            )
        };
        let mut upload = insist(begin).await.map_err(|error| self.failed(error))?;
        let mut parts = Parts::new();
        let sent = tokio::select! {
            sent = self.send_parts(upload.as_mut(), &mut parts, first, content) => sent,
            // Nobody listens: parts that the store takes slowly must not put off taking them back.
            () = answer.closed() => Ok(Sent::Half),
        };
        let result = match sent {
            Ok(Sent::Whole) if !answer.is_closed() => {
                upload.complete().await.map(|_| self.stored()).map_err(|error| self.failed_to_end(error))
            }
            Ok(_) => Ok(Finished::Abandoned),
            Err(error) => Err(error),
        };
        if !matches!(result, Ok(Finished::Stored(_))) {
            *unfinished = Some((upload, parts));
        }
        result
    }

    async fn send_parts(
        &self,
        upload: &mut dyn MultipartUpload,
        parts: &mut Parts,
        first: PutPayload,
        mut content: mpsc::Receiver<Content>,
    ) -> Result<Sent, Error> {
        let mut next = Part::Full(first);
        loop {
            let (payload, last) = match next {
                Part::Full(payload) => (payload, false),
                Part::Last(payload) => (payload, true),
                Part::Abandoned => return Ok(Sent::Half),
            };
            if payload.content_length() > 0 {
                parts.spawn(upload.put_part(payload));
            }
            let under_way_max = if last { 0 } else { PARTS_IN_FLIGHT - 1 };
            while parts.len() > under_way_max {
                self.finish_one(parts).await?;
            }
            if last {
                return Ok(Sent::Whole);
            }
            next = self.next_part(&mut content).await;
        }
    }

    async fn let_end(&self, parts: &mut Parts) {
        let began = Instant::now();
        while !parts.is_empty() && !self.target.tasks.is_closed() && began.elapsed() < PARTS_TIMEOUT {
            let _ = timeout(LOOK_EVERY, parts.join_next()).await;
        }
        parts.abort_all();
    }

    async fn next_part(&self, content: &mut mpsc::Receiver<Content>) -> Part {
        let mut payload = PutPayloadMut::new();
        loop {
            match content.recv().await {
                Some(Content::Data(bytes)) => payload.push(bytes),
                Some(Content::End) => return Part::Last(payload.freeze()),
                None => return Part::Abandoned,
            }
            if payload.content_length() >= self.target.part_bytes {
                return Part::Full(payload.freeze());
            }
        }
    }

    async fn finish_one(&self, parts: &mut Parts) -> Result<(), Error> {
        match parts.join_next().await {
            Some(Ok(Ok(()))) | None => Ok(()),
            Some(Ok(Err(error))) => Err(self.failed(error)),
            Some(Err(error)) => Err(Error::Internal(format!("the upload of a part ended: {error}"))),
        }
    }

    fn failed(&self, error: object_store::Error) -> Error {
        failure::judge(error, self.target.right)
    }

    /// The same of the request that makes the object: one that was not heard of may have made it, and a client is told
    /// that there is none.
    fn failed_to_end(&self, error: object_store::Error) -> Error {
        if failure::may_be_done(&error) {
            drop(self.unnamed());
            // Nobody waits for these: not the client, and not the end of the process.
            tokio::spawn(delete_again(self.target.clone()));
        }
        self.failed(error)
    }

    fn stored(&self) -> Finished {
        Finished::Stored(self.unnamed())
    }

    fn unnamed(&self) -> Unnamed {
        Unnamed(Some(self.target.clone()))
    }
}

/// The parts under way; dropping them stops them.
type Parts = JoinSet<object_store::Result<()>>;

/// What became of the parts of an upload.
enum Sent {
    Whole,
    Half,
}

enum Part {
    Full(PutPayload),
    Last(PutPayload),
    Abandoned,
}

/// Of what takes back: nobody will ask for it again.
fn is_worth_another_try(error: &object_store::Error, tried: u32) -> bool {
    let gone = matches!(error, object_store::Error::NotFound { .. });
    tried < TRIES_MAX && !gone && !failure::is_permanent(error)
}

async fn delete_again(target: Target) {
    let Ok(_permit) = AGAIN.try_acquire() else {
        tracing::warn!(object = %target.path, "a PDF that nobody waited for is not looked for again: too many are; the store may make it yet");
        return;
    };
    for wait in AGAIN_AFTER {
        sleep(wait).await;
        delete(&target).await;
    }
}

async fn delete(target: &Target) {
    let Target { store, path, .. } = target;
    let delete = async {
        let mut tried = 1;
        loop {
            match store.delete(path).await {
                Err(error) if is_worth_another_try(&error, tried) => sleep(BACKOFF * tried).await,
                result => return result,
            }
            tried += 1;
        }
    };
    match timeout(ABORT_TIMEOUT, delete).await {
        Ok(Ok(()) | Err(object_store::Error::NotFound { .. })) => {}
        Ok(Err(error)) => {
            tracing::warn!(object = %path, error = %error, "a PDF that nobody waited for could not be deleted");
        }
        Err(_) => {
            tracing::warn!(object = %path, "deleting a PDF that nobody waited for timed out");
        }
    }
}

/// Asks again where no answer was heard, while there is time. The library itself does so only for what may be repeated
/// in any case; these may because their object's name is theirs alone.
async fn insist<T, F>(request: impl Fn() -> F) -> object_store::Result<T>
where
    F: Future<Output = object_store::Result<T>>,
{
    let began = Instant::now();
    for tried in 1..TRIES_MAX {
        match request().await {
            Err(error) if failure::is_unheard(&error) && began.elapsed() < TRIES_TIMEOUT => {
                sleep(BACKOFF * tried).await;
            }
            result => return result,
        }
    }
    request().await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use object_store::client::{HttpError, HttpErrorKind};

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_store_that_says_nothing_is_not_asked_for_ever() {
        for (each, tries_expected, last) in [
            (Duration::from_secs(20), 1, Duration::from_secs(20)),
            (Duration::from_secs(5), 3, Duration::from_millis(15_600)),
            (Duration::ZERO, 3, Duration::from_millis(600)),
        ] {
            let tries = Cell::new(0);
            let began = Instant::now();
            let silent = async || {
                tries.set(tries.get() + 1);
                sleep(each).await;
                let timed_out = HttpError::new(HttpErrorKind::Timeout, std::io::Error::other("silent"));
                Err::<(), _>(object_store::Error::Generic { store: "S3", source: Box::new(timed_out) })
            };
            insist(silent).await.unwrap_err();
            assert_eq!((tries.get(), began.elapsed()), (tries_expected, last), "{each:?}");
        }
    }
}
