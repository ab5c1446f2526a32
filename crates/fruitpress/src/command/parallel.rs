//! The same work on many images, several at a time.

use std::{
    sync::{
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use super::convert::threads;

/// Does `work` on each of so many, and answers in their order; `told` hears how many are done. The first error ends it.
pub(super) fn in_order<T: Send>(
    count: usize,
    work: impl Fn(usize) -> anyhow::Result<T> + Sync,
    mut told: impl FnMut(usize),
) -> anyhow::Result<Vec<T>> {
    let (next, work) = (&AtomicUsize::new(0), &work);
    let mut answers = Vec::with_capacity(count);
    thread::scope(|scope| {
        let (done, ended) = mpsc::channel();
        for _ in 0..threads().get().min(count) {
            let done = done.clone();
            let work = move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    // Nobody listens any more after an error.
                    if index >= count || done.send(work(index).map(|answer| (index, answer))).is_err() {
                        break;
                    }
                }
            };
            // Where no further thread can be had, those that are there do it all.
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        drop(done);
        for answer in ended {
            answers.push(answer?);
            told(answers.len());
        }
        // Not one could be had.
        for index in answers.len()..count {
            answers.push((index, work(index)?));
            told(answers.len());
        }
        anyhow::Ok(())
    })?;
    answers.sort_by_key(|(index, _)| *index);
    Ok(answers.into_iter().map(|(_, answer)| answer).collect())
}
