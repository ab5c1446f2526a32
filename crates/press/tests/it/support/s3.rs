//! Amazon S3: `s3s`, which checks signatures, over a folder.

use std::{net::SocketAddr, path::Path};

use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::conn::auto,
};
use press::{Settings, settings::Secret};
use s3s::{
    S3Result,
    access::{S3Access, S3AccessContext},
    auth::SimpleAuth,
    service::S3ServiceBuilder,
};
use s3s_fs::FileSystem;
use tempfile::TempDir;
use tokio::net::TcpListener;

use super::gate::Gate;

/// Only who has the key may read and write here.
pub const BUCKET: &str = "my.pdfs";
/// Anybody may read here.
pub const PUBLIC_BUCKET: &str = "public-pdfs";
pub const ID: &str = "the-id";
pub const KEY: &str = "the-key";

pub struct S3 {
    pub gate: Gate,
    pub server: SocketAddr,
    pub folder: TempDir,
}

impl S3 {
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for bucket in [BUCKET, PUBLIC_BUCKET] {
            std::fs::create_dir(folder.path().join(bucket)).unwrap();
        }
        let server = serve(folder.path()).await;
        Self { gate: Gate::start(server).await, server, folder }
    }

    /// Names the bucket, with the key.
    pub fn choose(&self, settings: &mut Settings, bucket: &str) {
        settings.storage.pdf_bucket = Some(format!("s3://{bucket}/a/b"));
        settings.storage.pdf_endpoint = Some(format!("http://{}", self.gate.address));
        settings.storage.aws_access_key_id = Some(ID.to_owned());
        settings.storage.aws_secret_access_key = Some(Secret::new(KEY));
    }

    /// Objects and what is left of uploads.
    pub fn kept(&self) -> Vec<String> {
        let mut kept = Vec::new();
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let entry = entry.unwrap();
                let name = entry.file_name().into_string().unwrap();
                if entry.path().is_dir() {
                    folders.push(entry.path());
                } else if !name.contains(".object-") || name.contains(".upload-") {
                    kept.push(name);
                }
            }
        }
        kept
    }
}

struct Access;

#[async_trait::async_trait]
impl S3Access for Access {
    async fn check(&self, context: &mut S3AccessContext<'_>) -> S3Result<()> {
        let public = context.s3_path().get_bucket_name() == Some(PUBLIC_BUCKET);
        if context.credentials().is_some() || public && context.s3_op().name() == "GetObject" {
            Ok(())
        } else {
            Err(s3s::s3_error!(AccessDenied))
        }
    }
}

async fn serve(folder: &Path) -> SocketAddr {
    let mut service = S3ServiceBuilder::new(FileSystem::new(folder).unwrap());
    service.set_auth(SimpleAuth::from_single(ID, KEY));
    service.set_access(Access);
    let service = service.build();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let service = service.clone();
            tokio::spawn(async move {
                let server = auto::Builder::new(TokioExecutor::new());
                server.serve_connection(TokioIo::new(stream), service).await.ok()
            });
        }
    });
    address
}
