//! A client's requests, answered by a function: for what is only asked of addresses that no test can have.

use std::sync::{Arc, Mutex};

use object_store::{
    ClientOptions,
    client::{HttpClient, HttpConnector, HttpError, HttpRequest, HttpResponse, HttpService},
};

#[derive(Debug, Clone)]
pub struct Scripted {
    answer: fn(&HttpRequest) -> String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Scripted {
    /// Each request is answered with 200 and this.
    pub fn new(answer: fn(&HttpRequest) -> String) -> Self {
        Self { answer, asked: Arc::default() }
    }

    /// The method and the URL of each request, without its query.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

impl HttpConnector for Scripted {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait::async_trait]
impl HttpService for Scripted {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let url = request.uri().to_string();
        let asked = format!("{} {}", request.method(), url.split('?').next().unwrap());
        self.asked.lock().unwrap().push(asked);
        Ok(HttpResponse::new((self.answer)(&request).into()))
    }
}
