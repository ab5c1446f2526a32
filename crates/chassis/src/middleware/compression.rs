//! Which answers are packed with gzip.

use tower_http::compression::{
    CompressionLayer, CompressionLevel,
    predicate::{And, DefaultPredicate, NotForContentType, Predicate},
};

/// Gzip at its fastest for what is neither small nor packed already: images are, and so is every PDF made here.
pub(super) fn layer() -> CompressionLayer<And<And<DefaultPredicate, NotForContentType>, NotForContentType>> {
    let predicate = DefaultPredicate::new()
        .and(NotForContentType::const_new("application/pdf"))
        .and(NotForContentType::const_new("application/octet-stream"));
    CompressionLayer::new().quality(CompressionLevel::Fastest).compress_when(predicate)
}
