//! Several images of one PDF converted at the same time.
//!
//! Threads take the images in their order and make a fragment of each; the calling thread writes the fragments, in that
//! order again. Few of them wait at a time, and each only so long, so memory does not grow with the number of images.

use std::{
    io::Write,
    num::NonZeroUsize,
    sync::{
        Mutex, PoisonError,
        mpsc::{SyncSender, sync_channel},
    },
    thread,
};

use crate::{
    Cancel, Error, Limits, Options, Report, Source,
    document::{Document, Pieces},
    embed::Context,
    input::Input,
};

/// Converts `count` images to one PDF as [`convert`](crate::convert) does, and to the same bytes, on so many threads.
///
/// `open` is asked for each source once, by its index and on the thread that reads it. Each thread needs the memory that
/// one conversion may have by its limits; up to 8 MiB wait for each image that is ahead of its turn, of which there are
/// at most twice as many as threads. An error is that of the first image that has one; it is answered when the threads
/// have come to an end, so a source that blocks for ever must be woken by whoever made it.
pub fn convert_parallel<'a>(
    count: usize,
    open: impl Fn(usize) -> Source<'a> + Sync,
    threads: NonZeroUsize,
    sink: &mut dyn Write,
    options: &Options,
    limits: &Limits,
    cancel: &Cancel,
) -> Result<Report, Error> {
    // What is left out, and what a budget that conversions share gives leave for, is told of one source at a time.
    if count < 2 || threads.get() == 1 || options.skip_failed || limits.memory.is_shared() {
        return crate::convert((0..count).map(open), sink, options, limits, cancel);
    }
    if let Some(detail) = options.fault() {
        return Err(Error::Layout { detail });
    }
    let (turns, fragments) = sync_channel(threads.get());
    let (next, open) = (&Mutex::new((0, turns)), &open);
    let work = move || {
        while let Some((index, mut document)) = take_turn(next, count, options, cancel) {
            let mut input = Input::new(open(index), cancel);
            let mut context = Context::new(index, &input, options, limits);
            let embedded = crate::embed(&mut input, &mut document, &mut context);
            document.hand_over(embedded.map(|()| context.pages));
        }
    };
    thread::scope(|scope| {
        // Gone when this ends, also by an error: then the threads end too.
        let fragments = fragments;
        let threads = 0..threads.get().min(count);
        // Where no further thread can be had, those that are there do it all, or the calling one.
        let started = threads.map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok()).count();
        if started == 0 {
            return crate::convert((0..count).map(open), sink, options, limits, cancel);
        }
        let mut document = Document::begin(sink, options.pdfa, cancel).map_err(|fault| fault.at(0))?;
        let mut pages = Vec::new();
        for index in 0..count {
            let fragment = fragments.recv().map_err(|_| Error::Cancelled)?;
            pages.append(&mut document.take(fragment).map_err(|fault| fault.at(index))?);
        }
        crate::finish(document, options, pages, Vec::new())
    })
}

/// The next image and its fragment, whose other side waits for its turn; nothing where there is no further one, or nobody
/// who takes it. Turns are taken in order, so the lock is held while one waits for its place.
fn take_turn<'a>(
    next: &Mutex<(usize, SyncSender<Pieces>)>,
    count: usize,
    options: &Options,
    cancel: &'a Cancel,
) -> Option<(usize, Document<'a>)> {
    let mut next = next.lock().unwrap_or_else(PoisonError::into_inner);
    let index = next.0;
    if index == count {
        return None;
    }
    let (document, pieces) = Document::fragment(options.pdfa, cancel);
    next.1.send(pieces).ok()?;
    next.0 += 1;
    Some((index, document))
}
