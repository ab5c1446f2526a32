//! Tokens that Azure gives a process for its identity, to be sent in place of a password.
//!
//! There are three places to ask, and each says by its variables that it is there: a workload identity of Kubernetes
//! (a federated token is exchanged), the identity endpoint of Container Apps and App Service, and where nothing is
//! said the metadata service of a virtual machine.
//!
//! Shapes: learn.microsoft.com, "Microsoft identity platform and the OAuth 2.0 client credentials flow", "How to use
//! managed identities for App Service" and "How to use managed identities on an Azure VM".

use std::{
    fmt,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail, ensure};
use http::header::CONTENT_TYPE;
use reqwest::{Client, RequestBuilder, redirect::Policy};
use serde::Deserialize;
use tokio::sync::OnceCell;
use url::{Url, form_urlencoded};

use super::Secret;

/// Azure Database for PostgreSQL, as tokens name it.
const RESOURCE: &str = "https://ossrdbms-aad.database.windows.net";
const PUBLIC_AUTHORITY: &str = "https://login.microsoftonline.com/";
const METADATA_SERVICE: &str = "http://169.254.169.254/metadata/identity/oauth2/token";
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// A new connection waits for it.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(5);
/// Tokens have a few kilobytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;
/// A token is not used any more when it has less than this left, so that the server still takes it when it arrives.
const LEFT_MIN: Duration = Duration::from_mins(5);
/// A token that says nothing sensible of its end is kept this long at most. Azure's own live for an hour and longer.
const KEPT_MAX: Duration = Duration::from_hours(24);

/// Where a process asks for a token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    source: Source,
    /// Which of several identities; where there is one alone, it need not be named.
    client_id: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Federated { authority: String, tenant_id: String, client_id: String, token_file: PathBuf },
    Endpoint { url: String, header: Secret },
    Metadata { url: String },
}

impl Identity {
    /// What these variables say; where one is set and another that belongs to it is not, the names of both.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Result<Self, (&'static str, &'static str)> {
        let needed = |given, name| variable(name).ok_or((given, name));
        let client_id = variable("AZURE_CLIENT_ID");
        let source = if let Some(token_file) = variable("AZURE_FEDERATED_TOKEN_FILE") {
            Source::Federated {
                authority: variable("AZURE_AUTHORITY_HOST").unwrap_or_else(|| PUBLIC_AUTHORITY.to_owned()),
                tenant_id: needed("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID")?,
                client_id: needed("AZURE_FEDERATED_TOKEN_FILE", "AZURE_CLIENT_ID")?,
                token_file: token_file.into(),
            }
        } else if let Some(url) = variable("IDENTITY_ENDPOINT") {
            let header = Secret::new(needed("IDENTITY_ENDPOINT", "IDENTITY_HEADER")?);
            Source::Endpoint { url, header }
        } else {
            Source::Metadata { url: METADATA_SERVICE.to_owned() }
        };
        Ok(Self { source, client_id })
    }

    /// One that asks another metadata service.
    #[cfg(test)]
    fn of_metadata_service(url: String) -> Self {
        Self { source: Source::Metadata { url }, client_id: None }
    }
}

/// The tokens of an identity: the last one, until it ends, and the way to the next.
pub(super) struct Tokens {
    identity: Identity,
    /// Made when it is first needed: it reads the system's certificates.
    client: OnceCell<Client>,
    last: Mutex<Option<(Secret, Instant)>>,
}

impl fmt::Debug for Tokens {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Tokens").field(&self.identity).finish()
    }
}

impl Tokens {
    pub(super) fn new(identity: Identity) -> Self {
        Self { identity, client: OnceCell::new(), last: Mutex::default() }
    }

    /// A token that is valid for some minutes yet.
    pub(super) async fn token(&self) -> anyhow::Result<Secret> {
        if let Some((token, _)) = self.last().as_ref().filter(|(_, until)| Instant::now() < *until) {
            return Ok(token.clone());
        }
        let Answer { access_token, expires_in, expires_on } = self.ask().await?;
        ensure!(!access_token.is_empty(), "the answer has an empty access_token");
        let token = Secret::new(access_token);
        let lifetime = expires_in.map(Seconds::duration).or_else(|| expires_on.map(Seconds::left_until));
        let kept = lifetime.unwrap_or_default().min(KEPT_MAX).saturating_sub(LEFT_MIN);
        *self.last() = Some((token.clone(), Instant::now() + kept));
        Ok(token)
    }

    pub(super) fn forget(&self) {
        *self.last() = None;
    }

    fn last(&self) -> MutexGuard<'_, Option<(Secret, Instant)>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn ask(&self) -> anyhow::Result<Answer> {
        let request = self.request().await?;
        let mut response = request.send().await.map_err(reqwest::Error::without_url)?;
        let status = response.status();
        let mut body = Vec::new();
        while let Some(piece) = response.chunk().await.map_err(reqwest::Error::without_url)? {
            ensure!(
                body.len() + piece.len() <= ANSWER_BYTES_MAX,
                "the answer is larger than {ANSWER_BYTES_MAX} bytes"
            );
            body.extend_from_slice(&piece);
        }
        if !status.is_success() {
            let said = serde_json::from_slice::<Refusal>(&body).unwrap_or_default();
            bail!("it was refused with {status}: {}", said.summary());
        }
        // What does not parse is not shown: it may have a token in it.
        serde_json::from_slice(&body).map_err(|_| anyhow::anyhow!("the answer is not the JSON of a token"))
    }

    async fn request(&self) -> anyhow::Result<RequestBuilder> {
        let client = self.client.get_or_try_init(async || client()).await?;
        let named = |url: &str, version| -> anyhow::Result<Url> {
            let mut url = Url::parse(url).context("the address of the identity endpoint is no URL")?;
            url.query_pairs_mut()
                .append_pair("api-version", version)
                .append_pair("resource", RESOURCE)
                .extend_pairs(self.identity.client_id.iter().map(|id| ("client_id", id)));
            Ok(url)
        };
        Ok(match &self.identity.source {
            Source::Endpoint { url, header } => {
                client.get(named(url, "2019-08-01")?).header("X-IDENTITY-HEADER", header.reveal())
            }
            Source::Metadata { url } => client.get(named(url, "2018-02-01")?).header("Metadata", "true"),
            Source::Federated { authority, tenant_id, client_id, token_file } => {
                // It is replaced every hour or so.
                let assertion = tokio::fs::read_to_string(token_file).await.with_context(|| {
                    format!("AZURE_FEDERATED_TOKEN_FILE: cannot read {}", token_file.display())
                })?;
                let url = format!("{}/{tenant_id}/oauth2/v2.0/token", authority.trim_end_matches('/'));
                let url = Url::parse(&url).context("AZURE_AUTHORITY_HOST is no URL")?;
                let form = form_urlencoded::Serializer::new(String::new())
                    .append_pair("grant_type", "client_credentials")
                    .append_pair("client_id", client_id)
                    .append_pair("client_assertion_type", ASSERTION_TYPE)
                    .append_pair("client_assertion", assertion.trim())
                    .append_pair("scope", &format!("{RESOURCE}/.default"))
                    .finish();
                client.post(url).header(CONTENT_TYPE, "application/x-www-form-urlencoded").body(form)
            }
        })
    }
}

/// Talks to the addresses above alone: no proxy sees a token, and no redirect leads elsewhere.
fn client() -> reqwest::Result<Client> {
    Client::builder().no_proxy().redirect(Policy::none()).timeout(REQUEST_TIMEOUT).build()
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    expires_in: Option<Seconds>,
    expires_on: Option<Seconds>,
}

/// A number of seconds, which the one writes as a number and the other as a text.
#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

impl Seconds {
    fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Self::Number(number) => number,
            Self::Text(text) => text.parse().unwrap_or(0),
        })
    }

    /// As seconds since 1970.
    fn left_until(self) -> Duration {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        self.duration().saturating_sub(now)
    }
}

#[derive(Deserialize, Default)]
struct Refusal {
    error: Option<String>,
    #[serde(alias = "message")]
    error_description: Option<String>,
}

impl Refusal {
    /// As much of it as a line of a log bears.
    fn summary(self) -> String {
        const CHARACTERS_MAX: usize = 300;
        let said = [self.error, self.error_description].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let said = if said.is_empty() { "it did not say why".to_owned() } else { said };
        said.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(CHARACTERS_MAX).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::{Router, extract::Request, http::StatusCode};
    use http_body_util::BodyExt as _;
    use tokio::net::TcpListener;

    use super::*;

    /// What was asked, a line each: the method and path with its query, the headers that matter, the body.
    type Asked = Arc<Mutex<Vec<String>>>;

    /// A server that answers each request with this, and the list of what it was asked.
    async fn server(status: StatusCode, body: &'static str) -> (String, Asked) {
        let asked = Asked::default();
        let noted = Arc::clone(&asked);
        let router = Router::new().fallback(move |request: Request| {
            let noted = Arc::clone(&noted);
            async move {
                let (parts, sent) = request.into_parts();
                let sent = sent.collect().await.unwrap().to_bytes();
                let mut words = vec![parts.method.to_string(), parts.uri.to_string()];
                for name in ["metadata", "x-identity-header", "content-type"] {
                    let value = parts.headers.get(name).map(|value| value.to_str().unwrap());
                    words.extend(value.map(|value| format!("{name}={value}")));
                }
                words.push(String::from_utf8_lossy(&sent).into_owned());
                noted.lock().unwrap().push(words.join(" ").trim_end().to_owned());
                (status, body)
            }
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (url, asked)
    }

    fn identity(variables: &[(&str, &str)]) -> Identity {
        let variable = |name: &str| {
            let found = variables.iter().find(|(given, _)| *given == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Identity::of(variable).unwrap()
    }

    const RESOURCE_ENCODED: &str = "https%3A%2F%2Fossrdbms-aad.database.windows.net";

    #[tokio::test]
    async fn the_identity_endpoint_is_asked_in_its_own_way() {
        let (url, asked) = server(StatusCode::OK, r#"{"access_token":"t","expires_on":"4102444800"}"#).await;
        let endpoint = format!("{url}/msi/token");
        let variables =
            [("IDENTITY_ENDPOINT", endpoint.as_str()), ("IDENTITY_HEADER", "h"), ("AZURE_CLIENT_ID", "c")];
        let tokens = Tokens::new(identity(&variables));
        for _ in 0..2 {
            assert_eq!(tokens.token().await.unwrap(), Secret::new("t"));
        }
        assert_eq!(
            *asked.lock().unwrap(),
            [format!(
                "GET /msi/token?api-version=2019-08-01&resource={RESOURCE_ENCODED}&client_id=c x-identity-header=h"
            )]
        );
        assert!(!format!("{tokens:?}").contains("\"h\""), "{tokens:?}");
    }

    #[tokio::test]
    async fn the_metadata_service_is_asked_in_its_own_way() {
        let (url, asked) = server(StatusCode::OK, r#"{"access_token":"t","expires_in":"3600"}"#).await;
        let tokens = Tokens::new(Identity::of_metadata_service(format!("{url}/metadata")));
        assert_eq!(tokens.token().await.unwrap(), Secret::new("t"));
        tokens.forget();
        assert_eq!(tokens.token().await.unwrap(), Secret::new("t"));
        let line = format!("GET /metadata?api-version=2018-02-01&resource={RESOURCE_ENCODED} metadata=true");
        assert_eq!(*asked.lock().unwrap(), [line.clone(), line]);
        assert_eq!(identity(&[]), Identity::of_metadata_service(METADATA_SERVICE.to_owned()));
    }

    #[tokio::test]
    async fn a_federated_token_is_exchanged() {
        let (url, asked) = server(StatusCode::OK, r#"{"access_token":"t","expires_in":3599}"#).await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        std::fs::write(&file, "signed\n").unwrap();
        let variables = [
            ("AZURE_FEDERATED_TOKEN_FILE", file.to_str().unwrap()),
            ("AZURE_TENANT_ID", "tenant"),
            ("AZURE_CLIENT_ID", "client"),
            ("AZURE_AUTHORITY_HOST", &format!("{url}/")),
            ("IDENTITY_ENDPOINT", "not asked"),
        ];
        let tokens = Tokens::new(identity(&variables));
        assert_eq!(tokens.token().await.unwrap(), Secret::new("t"));
        let form = format!(
            "grant_type=client_credentials&client_id=client&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3A\
             client-assertion-type%3Ajwt-bearer&client_assertion=signed&scope={RESOURCE_ENCODED}%2F.default"
        );
        let line =
            format!("POST /tenant/oauth2/v2.0/token content-type=application/x-www-form-urlencoded {form}");
        assert_eq!(*asked.lock().unwrap(), [line]);
        std::fs::remove_file(&file).unwrap();
        tokens.forget();
        let said = format!("{:#}", tokens.token().await.unwrap_err());
        assert!(said.contains("AZURE_FEDERATED_TOKEN_FILE: cannot read"), "{said}");
    }

    #[tokio::test]
    async fn tokens_that_end_soon_or_never_say_are_not_kept() {
        for (body, times) in [
            (r#"{"access_token":"t"}"#, 2),
            (r#"{"access_token":"t","expires_in":300}"#, 2),
            (r#"{"access_token":"t","expires_in":302}"#, 1),
            (r#"{"access_token":"t","expires_in":"soon"}"#, 2),
            (r#"{"access_token":"t","expires_on":"1"}"#, 2),
            (r#"{"access_token":"t","expires_in":18446744073709551615}"#, 1),
        ] {
            let (url, asked) = server(StatusCode::OK, body).await;
            let tokens = Tokens::new(Identity::of_metadata_service(url));
            for _ in 0..2 {
                tokens.token().await.unwrap();
            }
            assert_eq!(asked.lock().unwrap().len(), times, "{body}");
        }
    }

    #[tokio::test]
    async fn an_answer_that_is_no_token_is_told_without_showing_it() {
        for (status, body, words) in [
            (
                StatusCode::BAD_REQUEST,
                r#"{"error":"invalid_request","error_description":"Identity\n not found"}"#,
                "400 Bad Request: invalid_request, Identity not found",
            ),
            (StatusCode::FORBIDDEN, "secret", "403 Forbidden: it did not say why"),
            (StatusCode::FOUND, "", "302 Found"),
            (StatusCode::OK, r#"{"access_token":"","expires_in":3600}"#, "empty access_token"),
            (StatusCode::OK, r#"{"token":"secret"}"#, "not the JSON of a token"),
            (StatusCode::OK, "secret", "not the JSON of a token"),
        ] {
            let (url, _) = server(status, body).await;
            let tokens = Tokens::new(Identity::of_metadata_service(url));
            let said = format!("{:#}", tokens.token().await.unwrap_err());
            assert!(said.contains(words) && !said.contains("secret"), "{said}");
        }
        let huge: &'static str = Box::leak("x".repeat(ANSWER_BYTES_MAX + 1).into_boxed_str());
        let (url, _) = server(StatusCode::OK, huge).await;
        let said = Tokens::new(Identity::of_metadata_service(url)).token().await.unwrap_err().to_string();
        assert!(said.contains("larger than 262144 bytes"), "{said}");
    }

    #[test]
    fn a_half_identity_is_named() {
        for (given, missing) in
            [("IDENTITY_ENDPOINT", "IDENTITY_HEADER"), ("AZURE_FEDERATED_TOKEN_FILE", "AZURE_TENANT_ID")]
        {
            let refused = Identity::of(|name| (name == given).then(|| "x".to_owned()));
            assert_eq!(refused, Err((given, missing)));
        }
    }
}
