//! Azure Blob Storage: Microsoft's own stand-in for it, one process for all tests. It ends with this process, however
//! that ends.

use std::{
    io::{self, BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use http::{Method, Request};
use http_body_util::BodyExt;
use object_store::{
    ClientOptions,
    azure::{AzureAccessKey, AzureAuthorizer, AzureCredential},
    client::{HttpConnector, HttpRequestBody, ReqwestConnector},
};
use press::{Settings, settings::Secret};

use super::gate::Gate;

/// The only account that it knows.
const ACCOUNT: &str = "pdfs";
/// Its key: 32 zero bytes in base64.
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

/// A container of the test's own.
pub struct Azure {
    pub gate: Gate,
    container: String,
    server: SocketAddr,
}

struct Server {
    address: SocketAddr,
    _process: Child,
}

static SERVER: LazyLock<Server> = LazyLock::new(|| {
    let (sender, receiver) = mpsc::channel();
    // The process is told when the thread ends that started it, so that thread must not end before this process.
    thread::spawn(move || {
        let _ = sender.send(Server::start());
        loop {
            thread::park();
        }
    });
    receiver.recv().expect("a server")
});

impl Server {
    fn start() -> Self {
        #[expect(clippy::disallowed_methods, reason = "the test command tells the tests where Azurite is")]
        let program = std::env::var("FRUITPRESS_AZURITE").unwrap_or_else(|_| {
            panic!("FRUITPRESS_AZURITE is not set: run `cargo xtask test`, which sets it")
        });
        let mut process = Command::new("setpriv")
            .args(["--pdeathsig", "KILL", "node", &program, "--inMemoryPersistence", "--disableTelemetry"])
            .args(["--silent", "--blobPort", "0"])
            .env("AZURITE_ACCOUNTS", format!("{ACCOUNT}:{KEY}"))
            .stdout(Stdio::piped())
            .spawn()
            .expect("setpriv, from util-linux");
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let line =
            output.by_ref().lines().map(Result::unwrap).find(|line| line.contains("successfully listen"));
        let line = line.expect("it listens");
        // What it says later is read as well: a pipe that nobody reads would end it.
        thread::spawn(move || io::copy(&mut output, &mut io::sink()));
        let address = line.rsplit("http://").next().unwrap().trim().parse().expect(&line);
        Self { address, _process: process }
    }
}

impl Azure {
    /// With a container that nobody else uses, whose blobs anybody may read or nobody.
    pub async fn start(public: bool) -> Self {
        static CONTAINERS: AtomicUsize = AtomicUsize::new(0);
        let server = SERVER.address;
        let container = format!("pdfs-{}", CONTAINERS.fetch_add(1, Ordering::SeqCst));
        let azure = Self { gate: Gate::start(server).await, container, server };
        let mut request = Request::builder().method(Method::PUT);
        if public {
            request = request.header("x-ms-blob-public-access", "blob");
        }
        let (status, body) = azure.ask(request, "restype=container").await;
        assert_eq!(status, 201, "{body}");
        azure
    }

    /// Names the container, with the key.
    pub fn choose(&self, settings: &mut Settings) {
        settings.storage.pdf_bucket = Some(format!("az://{}/a/b", self.container));
        settings.storage.pdf_endpoint = Some(format!("http://{}/{ACCOUNT}", self.gate.address));
        settings.storage.azure_storage_account_name = Some(ACCOUNT.to_owned());
        settings.storage.azure_storage_account_key = Some(Secret::new(KEY));
    }

    /// The names of its blobs.
    pub async fn kept(&self) -> Vec<String> {
        let (status, body) = self.ask(Request::builder(), "restype=container&comp=list").await;
        assert_eq!(status, 200, "{body}");
        let names = body.split("<Name>").skip(1);
        names.map(|rest| rest.split("</Name>").next().unwrap().to_owned()).collect()
    }

    async fn ask(&self, request: http::request::Builder, query: &str) -> (u16, String) {
        let url = format!("http://{}/{ACCOUNT}/{}?{query}", self.server, self.container);
        let mut request = request.uri(url).body(HttpRequestBody::empty()).unwrap();
        let key = AzureCredential::AccessKey(AzureAccessKey::try_new(KEY).unwrap());
        AzureAuthorizer::new(&key, ACCOUNT).try_authorize(&mut request).unwrap();
        let options = ClientOptions::new().with_allow_http(true);
        let client = ReqwestConnector::default().connect(&options).unwrap();
        let (head, body) = client.execute(request).await.unwrap().into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        (head.status.as_u16(), String::from_utf8(body.to_vec()).unwrap())
    }
}
