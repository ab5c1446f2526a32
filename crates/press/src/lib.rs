//! The image-to-PDF service: fetch, convert, store, link.
