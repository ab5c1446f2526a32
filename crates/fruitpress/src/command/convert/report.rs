//! What became of an image, in JSON.

use pdf_engine::{Embedding, PageReport};
use serde_json::{Value, json};

/// What a page is and how its image is embedded. Names end in a unit where there is one.
pub(in super::super) fn page(image: &str, page: &PageReport) -> Value {
    json!({
        "image": image,
        "frame": page.frame,
        "format": page.format.name(),
        "width_pixels": page.width,
        "height_pixels": page.height,
        "bits_per_sample": page.bits_per_sample,
        "page_points": page.page_points.map(hundredths),
        "embedding": embedding(page.embedding),
        "lossless": page.lossless,
        "transparency": page.transparency,
        "warnings": page.warnings,
    })
}

/// What an embedding is called.
pub(in super::super) fn embedding(embedding: Embedding) -> &'static str {
    match embedding {
        Embedding::Copied => "copied",
        Embedding::Split => "split",
        Embedding::Packed => "packed",
        _ => "another way",
    }
}

/// A length as it is told: further digits are the arithmetic's.
pub(in super::super) fn hundredths(points: f64) -> f64 {
    (points * 100.0).round() / 100.0
}
