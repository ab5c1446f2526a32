//! The mask on a thread of its own, so that colours and alpha are compressed at the same time.

use std::{
    panic,
    sync::mpsc::{SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use super::mask::{Mask, MaskMaker};
use crate::{Limits, error::Fault};

/// Rows that are handed over together: fewer would cost more in handing over than in compressing.
const BATCH_BYTES: usize = 64 << 10;
/// Batches under way. Colours take longer than the alpha, so more would never fill.
const BATCHES: usize = 4;
/// A mask of fewer bytes is made on the spot: a thread costs more.
const APART_BYTES_MIN: u64 = 512 << 10;

/// Who makes the mask.
pub(super) enum Worker {
    Here(Box<MaskMaker>),
    Apart(Apart),
}

pub(super) struct Apart {
    batch: Vec<u8>,
    row_bytes: usize,
    batches: SyncSender<Vec<u8>>,
    thread: JoinHandle<Result<Mask, Fault>>,
}

impl Worker {
    pub(super) fn start(width: u32, height: u32, bits: u8, limits: &Limits) -> Self {
        let row_bytes = width as usize * usize::from(bits / 8);
        let maker = || MaskMaker::new(width, bits, limits);
        if row_bytes as u64 * u64::from(height) < APART_BYTES_MIN {
            return Self::Here(Box::new(maker()));
        }
        let (batches, received) = sync_channel::<Vec<u8>>(BATCHES);
        let mut made = maker();
        let work = move || {
            for batch in received {
                batch.chunks_exact(row_bytes).try_for_each(|row| made.write(row))?;
            }
            made.finish()
        };
        match thread::Builder::new().name(String::from("mask")).spawn(work) {
            Ok(thread) => Self::Apart(Apart { batch: Vec::new(), row_bytes, batches, thread }),
            // A machine that has no thread to give can still do the work.
            Err(_) => Self::Here(Box::new(maker())),
        }
    }

    /// Takes a row of alpha.
    pub(super) fn write(&mut self, row: &[u8]) -> Result<(), Fault> {
        match self {
            Self::Here(maker) => maker.write(row),
            Self::Apart(apart) => {
                apart.batch.extend_from_slice(row);
                if apart.batch.len() >= BATCH_BYTES {
                    apart.hand_over();
                }
                Ok(())
            }
        }
    }

    pub(super) fn finish(self) -> Result<Mask, Fault> {
        match self {
            Self::Here(maker) => maker.finish(),
            Self::Apart(mut apart) => {
                apart.hand_over();
                drop(apart.batches);
                apart.thread.join().unwrap_or_else(|payload| panic::resume_unwind(payload))
            }
        }
    }
}

impl Apart {
    fn hand_over(&mut self) {
        let room = BATCH_BYTES + self.row_bytes;
        let batch = std::mem::replace(&mut self.batch, Vec::with_capacity(room));
        // A thread that has failed takes no more: its error is told at the end.
        let _ = self.batches.send(batch);
    }
}
