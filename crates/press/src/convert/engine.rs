//! The engine on a thread of the pool, and what comes of it even when it panics.

use std::panic::{AssertUnwindSafe, catch_unwind};

use futures_util::FutureExt;
use pdf_engine::Report;
use tokio::sync::oneshot;

use super::{
    admission::Permit,
    pipe::{Sha256, StoreWriter},
    pool::Pool,
};

/// A PDF that was made.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) report: Report,
    pub(super) sha256: Sha256,
}

/// Why the engine made no PDF.
#[derive(Debug)]
pub(super) enum Failure {
    /// It said why.
    Error(pdf_engine::Error),
    /// It did not: a defect. The panic hook has told the log where.
    Panic,
}

/// Runs `convert` on a thread of `pool`. The permit is held until that thread is done, whoever still waits for it:
/// a decoder that cannot be stopped keeps its place. The PDF is ended only when `convert` succeeds.
pub(super) fn start<F>(
    pool: &Pool,
    permit: Permit,
    mut writer: StoreWriter,
    convert: F,
) -> impl Future<Output = Result<Made, Failure>> + use<F>
where
    F: FnOnce(&mut StoreWriter) -> Result<Report, pdf_engine::Error> + Send + 'static,
{
    let (answer, answered) = oneshot::channel();
    pool.run(move || {
        let whole = AssertUnwindSafe(|| {
            let report = convert(&mut writer)?;
            let sha256 = writer.finish().map_err(pdf_engine::Error::Sink)?;
            Ok(Made { report, sha256 })
        });
        let result = match catch_unwind(whole) {
            Ok(result) => result.map_err(Failure::Error),
            Err(_) => Err(Failure::Panic),
        };
        drop((writer, permit));
        // Nobody listens once the client is gone.
        let _ = answer.send(result);
    });
    answered.map(|answer| answer.unwrap_or(Err(Failure::Panic)))
}

#[cfg(test)]
mod tests {
    use std::{io::Write, sync::Arc};

    use tokio::sync::{Semaphore, mpsc};

    use super::*;
    use crate::storage::Content;

    /// Runs `convert`, and tells what came out, whether the PDF was ended, and that the place is free.
    async fn run(
        convert: impl FnOnce(&mut StoreWriter) -> Result<Report, pdf_engine::Error> + Send + 'static,
    ) -> (Result<Made, Failure>, bool) {
        let pool = Pool::start(1).unwrap();
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::new(Arc::clone(&places).try_acquire_owned().unwrap());
        let (sender, mut content) = mpsc::channel(8);
        let result = start(&pool, permit, StoreWriter::new(sender), convert).await;
        let mut ended = false;
        while let Some(piece) = content.recv().await {
            ended = matches!(piece, Content::End);
        }
        assert_eq!(places.available_permits(), 1);
        (result, ended)
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_and_frees_its_place() {
        let (result, ended) = run(|writer| {
            writer.write_all(b"%PDF-1.7").unwrap();
            panic!("on purpose")
        })
        .await;
        assert!(matches!(result, Err(Failure::Panic)) && !ended);
    }

    #[tokio::test]
    async fn an_error_does_not_end_the_pdf() {
        let (result, ended) = run(|writer| {
            writer.write_all(&vec![0; 200_000]).unwrap();
            Err(pdf_engine::Error::NoSource)
        })
        .await;
        assert!(matches!(result, Err(Failure::Error(pdf_engine::Error::NoSource))) && !ended);
    }

    #[tokio::test]
    async fn an_answer_that_nobody_waits_for_frees_its_place_too() {
        let pool = Pool::start(1).unwrap();
        let places = Arc::new(Semaphore::new(1));
        let permit = Arc::new(Arc::clone(&places).try_acquire_owned().unwrap());
        let (sender, content) = mpsc::channel(8);
        drop(start(&pool, permit, StoreWriter::new(sender), |_| Err(pdf_engine::Error::Cancelled)));
        drop(content);
        let place = tokio::time::timeout(std::time::Duration::from_secs(5), places.acquire()).await;
        assert!(place.unwrap().is_ok());
    }
}
