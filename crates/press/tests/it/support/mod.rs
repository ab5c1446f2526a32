//! What the tests share: the service, the sources it fetches from, the network between, images.

pub mod azurite;
pub mod broken;
pub mod download;
pub mod gate;
pub mod gcs;
pub mod google;
pub mod images;
pub mod network;
pub mod press;
pub mod s3;
pub mod scripted;
pub mod source;

use std::{future::Future, time::Duration};

/// Waits until `condition` holds; fails with `what` when it does not come true.
pub async fn eventually<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    for _ in 0..3000 {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("did not come true within 30 s: {what}");
}
