//! Part of a PDF, made beside others: what its objects are numbered and where they lie is known when its turn comes.
//!
//! A fragment is a [`Document`] whose output leaves in pieces, through a channel that holds few of them, so that one
//! that runs ahead waits. Its objects are numbered as if nothing stood before it; the document that takes it adds what
//! does. The bytes are then those that the document would have had alone.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use super::{Document, Ref, Target, output::Output};
use crate::{Cancel, PageReport, PdfA, error::Fault};

/// Bytes of a piece; and pieces that wait for their turn: 8 MiB, some photos.
const PIECE_BYTES: usize = 256 << 10;
const PIECES_MAX: usize = 32;

/// The catalog and the tree of pages have the first numbers, in a fragment as in the document that takes it.
const SHARED: usize = 2;

/// What a fragment hands over.
pub(super) enum Piece {
    /// The object of this number begins.
    Object(usize),
    /// Syntax, in which other objects may be named.
    Text(String),
    /// Data.
    Bytes(Vec<u8>),
    /// Nothing more comes.
    End(Result<End, Fault>),
}

/// What is known of a fragment at its end.
pub(super) struct End {
    objects: usize,
    pages: Vec<Target>,
    reports: Vec<PageReport>,
}

/// The other side of a fragment, for the document that takes it.
pub(crate) struct Pieces(Receiver<Piece>);

/// Where a fragment's bytes go.
pub(super) struct PieceOutput<'a> {
    sender: SyncSender<Piece>,
    cancel: &'a Cancel,
    bytes: Vec<u8>,
    /// Bytes that left before these.
    sent: u64,
}

impl PieceOutput<'_> {
    pub(super) fn position(&self) -> u64 {
        self.sent + self.bytes.len() as u64
    }

    pub(super) fn write(&mut self, bytes: &[u8]) -> Result<(), Fault> {
        self.bytes.extend_from_slice(bytes);
        if self.bytes.len() >= PIECE_BYTES { self.send_bytes() } else { Ok(()) }
    }

    /// Sends a piece behind the bytes that came before it.
    pub(super) fn send(&mut self, piece: Piece) -> Result<(), Fault> {
        if !self.bytes.is_empty() {
            self.send_bytes()?;
        }
        // Nobody takes it where another fragment has failed.
        self.sender.send(piece).map_err(|_| Fault::Cancelled)
    }

    pub(super) fn poll(&self) -> Result<(), Fault> {
        if self.cancel.is_cancelled() { Err(Fault::Cancelled) } else { Ok(()) }
    }

    fn send_bytes(&mut self) -> Result<(), Fault> {
        self.poll()?;
        let bytes = std::mem::take(&mut self.bytes);
        self.sent += bytes.len() as u64;
        self.sender.send(Piece::Bytes(bytes)).map_err(|_| Fault::Cancelled)
    }
}

impl<'a> Document<'a> {
    /// A fragment, and what a document takes of it.
    pub(crate) fn fragment(pdfa: Option<PdfA>, cancel: &'a Cancel) -> (Self, Pieces) {
        let (sender, receiver) = sync_channel(PIECES_MAX);
        let output = PieceOutput { sender, cancel, bytes: Vec::new(), sent: 0 };
        (Self::over(Output::Pieces(output), pdfa), Pieces(receiver))
    }

    /// Ends a fragment, with the pages that are in it or with why it failed.
    pub(crate) fn hand_over(mut self, reports: Result<Vec<PageReport>, Fault>) {
        let end = reports.map(|reports| End {
            objects: self.offsets.len() - SHARED,
            pages: std::mem::take(&mut self.pages),
            reports,
        });
        if let Output::Pieces(output) = &mut self.output {
            // Where nobody takes it, nobody needs it.
            let _ = output.send(Piece::End(end));
        }
    }

    /// Takes a fragment, as it comes.
    pub(crate) fn take(&mut self, Pieces(pieces): Pieces) -> Result<Vec<PageReport>, Fault> {
        let before = self.offsets.len() - SHARED;
        let place = |number: usize| if number <= SHARED { number } else { number + before };
        for piece in pieces {
            match piece {
                Piece::Object(number) => {
                    let number = place(number);
                    self.offsets.resize(self.offsets.len().max(number), 0);
                    self.begin_object(Ref(number))?;
                }
                Piece::Text(text) => self.output.text(&text, place)?,
                Piece::Bytes(bytes) => self.output.write(&bytes)?,
                Piece::End(end) => {
                    let End { objects, pages, reports } = end?;
                    self.offsets.resize(SHARED + before + objects, 0);
                    let placed = |Ref(number)| Ref(place(number));
                    let pages = pages.into_iter();
                    self.pages.extend(pages.map(|target| Target { page: placed(target.page), ..target }));
                    return Ok(reports);
                }
            }
        }
        // Only a panic ends a fragment so, and it comes through where its thread is waited for.
        Err(Fault::Cancelled)
    }
}
