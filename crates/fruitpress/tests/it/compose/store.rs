//! press, and an S3 server that checks signatures.

use std::{fs, net::SocketAddr, path::Path, thread};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use s3s::{auth::SimpleAuth, service::S3ServiceBuilder};
use s3s_fs::FileSystem;
use tokio::net::TcpListener;

use super::{Environment, compose};
use crate::{
    smoke::{is_well, smoke, source},
    support::{Server, folder, get},
};

#[test]
fn press_keeps_its_pdfs_in_the_store() {
    let (data, images, objects) = (folder(), folder(), folder());
    let store = Environment::of("store");
    let buckets = buckets();
    for bucket in &buckets {
        fs::create_dir(objects.path().join(bucket)).unwrap();
    }
    let address = serve(objects.path(), store.get("AWS_ACCESS_KEY_ID"), store.get("AWS_SECRET_ACCESS_KEY"));

    let mut press = Environment::of("press");
    press.lead("PDF_ENDPOINT", "store.localhost:8333", &address.to_string());
    // The source is a file of this test; the deployment's own sources are public.
    let variables = press.with(&[("FETCH_ALLOW_PRIVATE", "true")]);
    let server = Server::start(data.path(), &["press"], &variables);
    let source = source(images.path());
    is_well(&smoke(&["--service", "press", "--source", &source, &server.url], ""));

    let bucket = press.get("PDF_BUCKET").strip_prefix("s3://").expect("a bucket of S3");
    assert_eq!(buckets, [bucket], "the store makes another bucket than press writes to");
    let pdfs: Vec<_> = fs::read_dir(objects.path().join(bucket))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "pdf"))
        .collect();
    assert!(!pdfs.is_empty());
    // Whoever has the name alone is not let in: the link is what opens it.
    assert_eq!(get(&format!("http://{address}/{bucket}/{}", pdfs[0])).unwrap().status, 403);
}

/// The name by which press and people reach the store has to be one that the network knows.
#[test]
fn the_store_has_the_name_that_links_lead_to() {
    let compose = compose();
    let store = &compose["services"]["store"];
    let aliases = store["networks"]["default"]["aliases"].as_vec().unwrap();
    assert_eq!(aliases.iter().map(|alias| alias.as_str().unwrap()).collect::<Vec<_>>(), ["store.localhost"]);
    let ports = store["ports"].as_vec().unwrap();
    assert_eq!(ports[0].as_str(), Some("127.0.0.1:8333:8333"), "the port is the same inside and outside");
}

/// The buckets that the store makes when it starts.
fn buckets() -> Vec<String> {
    let compose = compose();
    let words = compose["services"]["store"]["command"].as_vec().unwrap();
    words
        .iter()
        .filter_map(|word| word.as_str()?.strip_prefix("-bucket="))
        .flat_map(|buckets| buckets.split(',').map(ToOwned::to_owned))
        .collect()
}

/// Serves a folder of buckets to whoever has the key, until this process ends.
fn serve(folder: &Path, id: &str, key: &str) -> SocketAddr {
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single(id, key));
    let service = service.build();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        runtime.block_on(async {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let service = service.clone();
                tokio::spawn(async move {
                    let server = auto::Builder::new(TokioExecutor::new());
                    server.serve_connection(TokioIo::new(stream), service).await.ok()
                });
            }
        });
    });
    address
}
