//! `GET /`: what runs here, for people and for programs.

use std::fmt::Write;

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, header};
use serde::Serialize;
use utoipa::openapi::{
    OpenApi,
    path::{Operation, PathItem},
};

use super::{PAGE_POLICY, asset::Asset};
use crate::Service;

/// The page, in both forms.
pub(super) struct Landing {
    html: Asset,
    summary: Summary,
}

#[derive(Clone, Serialize)]
struct Summary {
    services: Vec<&'static str>,
    version: &'static str,
    links: Links,
}

#[derive(Clone, Serialize)]
struct Links {
    docs: &'static str,
    redoc: &'static str,
    openapi: &'static str,
    readiness: &'static str,
}

impl Landing {
    pub(super) fn new(services: &[Service], description: &OpenApi) -> anyhow::Result<Self> {
        Ok(Self {
            html: Asset::page("text/html; charset=utf-8", html(services, description)?),
            summary: Summary {
                services: services.iter().map(|service| service.name).collect(),
                version: env!("CARGO_PKG_VERSION"),
                links: Links {
                    docs: "/docs",
                    redoc: "/redoc",
                    openapi: "/openapi.json",
                    readiness: "/readyz",
                },
            },
        })
    }

    /// JSON for those who ask for nothing else, the page for everyone else.
    pub(super) fn answer(&self, headers: &HeaderMap) -> Response {
        let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or("*/*");
        let mut response =
            if accept.contains("json") && !accept.contains("text/html") && !accept.contains("*/*") {
                Json(&self.summary).into_response()
            } else {
                let mut page = self.html.answer(headers);
                page.headers_mut().insert(header::CONTENT_SECURITY_POLICY, PAGE_POLICY);
                page
            };
        response.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
        response
    }
}

fn html(services: &[Service], description: &OpenApi) -> Result<String, std::fmt::Error> {
    let title = escape(&description.info.title);
    let mut page = format!(
        "<!doctype html>\n<html lang=\"en\">\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n\
         <link rel=\"icon\" href=\"assets/favicon.svg\" type=\"image/svg+xml\">\n\
         <link rel=\"stylesheet\" href=\"assets/pages.css\">\n<main>\n<h1>{title}</h1>\n\
         <p class=\"version\">Version {version}</p>\n<ul class=\"links\">\n\
         <li><a href=\"docs\">Try the API</a>\n<li><a href=\"redoc\">Read its reference</a>\n\
         <li><a href=\"openapi.json\">openapi.json</a>\n<li><a href=\"readyz\">Is it ready?</a>\n</ul>\n",
        version = env!("CARGO_PKG_VERSION"),
    );
    for service in services {
        section(&mut page, service)?;
    }
    page.push_str("</main>\n</html>\n");
    Ok(page)
}

fn section(page: &mut String, service: &Service) -> std::fmt::Result {
    writeln!(page, "<section>\n<h2>{}</h2>", escape(service.name))?;
    let about = service.openapi.info.description.as_deref().and_then(|text| text.split("\n\n").next());
    if let Some(about) = about.filter(|about| !about.is_empty()) {
        writeln!(page, "<p>{}</p>", escape(about))?;
    }
    page.push_str("<ul class=\"operations\">\n");
    for (path, item) in &service.openapi.paths.paths {
        for (method, operation) in operations(item) {
            let summary = operation.summary.as_deref().unwrap_or_default();
            writeln!(
                page,
                "<li><b class=\"{method}\">{method}</b><code>{}</code><span>{}</span>",
                escape(path),
                escape(summary)
            )?;
        }
    }
    page.push_str("</ul>\n</section>\n");
    Ok(())
}

fn operations(item: &PathItem) -> impl Iterator<Item = (&'static str, &Operation)> {
    [
        ("get", &item.get),
        ("post", &item.post),
        ("put", &item.put),
        ("patch", &item.patch),
        ("delete", &item.delete),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

/// Text as HTML, in elements and in quoted attributes.
pub(super) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}
