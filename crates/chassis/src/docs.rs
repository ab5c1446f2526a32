//! What the services say about themselves: the API's description, and the pages that show it.
//!
//! Every byte of the pages comes from this binary; their policy (`Content-Security-Policy`) allows no other host.

mod asset;
mod description;
mod landing;

use std::sync::Arc;

use axum::{
    Router,
    response::{IntoResponse, Redirect},
    routing::get,
};
use http::{HeaderValue, header};

use crate::Service;
use asset::Asset;
pub use description::openapi;

/// Both viewers put styles into the page while they draw it, which no policy can tell from injected ones. Redoc
/// searches in a worker that it makes from a blob of its own text.
const PAGE_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; \
     connect-src 'self'; worker-src blob:; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// `/`, `/docs`, `/redoc`, `/openapi.json` and what the pages load.
pub(crate) fn router(services: &[Service]) -> anyhow::Result<Router> {
    let description = openapi(services.iter().map(|service| (service.name, service.openapi.clone())));
    let title = &description.info.title;
    let swagger = include_str!("../assets/swagger.html").replace("{title}", &landing::escape(title));
    let redoc = include_str!("../assets/redoc.html").replace("{title}", &landing::escape(title));
    let landing = Arc::new(landing::Landing::new(services, &description)?);
    let mut router = Router::new()
        .route("/", get(move |headers: http::HeaderMap| std::future::ready(landing.answer(&headers))))
        .route("/docs", page(swagger))
        .route("/redoc", page(redoc))
        .route("/docs/", get(|| async { Redirect::permanent("../docs") }))
        .route("/redoc/", get(|| async { Redirect::permanent("../redoc") }))
        .route("/openapi.json", served(Asset::page("application/json", description.to_pretty_json()?)));
    for (path, asset) in assets()? {
        router = router.route(path, served(asset));
    }
    Ok(router)
}

fn assets() -> anyhow::Result<[(&'static str, Asset); 9]> {
    const CSS: &str = "text/css; charset=utf-8";
    const SCRIPT: &str = "text/javascript; charset=utf-8";
    macro_rules! own {
        ($type:expr, $file:literal) => {
            (
                concat!("/assets/", $file),
                Asset::fixed($type, include_bytes!(concat!("../assets/", $file)).as_slice()),
            )
        };
    }
    Ok([
        own!(CSS, "pages.css"),
        own!("image/svg+xml", "favicon.svg"),
        own!(CSS, "swagger-page.css"),
        own!(SCRIPT, "swagger-page.js"),
        ("/assets/swagger-ui.css", Asset::fixed(CSS, swagger_file("swagger-ui.css")?)),
        ("/assets/swagger-ui-bundle.js", Asset::fixed(SCRIPT, swagger_file("swagger-ui-bundle.js")?)),
        own!(CSS, "redoc-page.css"),
        own!(SCRIPT, "redoc-page.js"),
        (
            "/assets/redoc.standalone.js",
            Asset::fixed(SCRIPT, include_bytes!("../assets/redoc/redoc.standalone.js").as_slice()),
        ),
    ])
}

/// A file of Swagger UI, from the crate that carries it.
fn swagger_file(name: &str) -> anyhow::Result<std::borrow::Cow<'static, [u8]>> {
    match utoipa_swagger_ui::serve(name, Arc::default()) {
        Ok(Some(file)) => Ok(file.bytes),
        _ => anyhow::bail!("Swagger UI has no file {name}"),
    }
}

fn page(html: String) -> axum::routing::MethodRouter {
    let asset = Arc::new(Asset::page("text/html; charset=utf-8", html));
    get(move |headers: http::HeaderMap| {
        std::future::ready(
            ([(header::CONTENT_SECURITY_POLICY, PAGE_POLICY)], asset.answer(&headers)).into_response(),
        )
    })
}

fn served(asset: Asset) -> axum::routing::MethodRouter {
    let asset = Arc::new(asset);
    get(move |headers: http::HeaderMap| std::future::ready(asset.answer(&headers)))
}
