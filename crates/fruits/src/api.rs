//! The catalogue over HTTP: one file an endpoint.

mod add_fruit;
mod get_fruit;
mod list_fruits;
mod list_query;
mod listing;
mod refusals;
mod request;

use std::sync::Arc;

use chassis::{Readiness, Service};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::listing::ListCache;
use crate::Store;

/// What every handler works with.
struct Catalogue {
    store: Store,
    list_cache: ListCache,
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "fruits", description = "A catalogue of fruits."),
    tags((name = "fruits", description = "The catalogue: list fruits, get one, add one.")),
    components(schemas(chassis::problem::Body<'static>, chassis::problem::FieldError))
)]
struct Description;

/// The service over this store.
pub fn serve(store: Store) -> Service {
    let catalogue = Arc::new(Catalogue { store, list_cache: ListCache::default() });
    let (router, openapi) = routes().with_state(Arc::clone(&catalogue)).split_for_parts();
    let ready = Arc::new(move || -> Readiness {
        let catalogue = Arc::clone(&catalogue);
        Box::pin(async move { Ok(catalogue.store.ready().await?) })
    });
    Service { name: "fruits", router, openapi, ready, finish: None }
}

/// The description of the service, which needs no store.
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}

fn routes() -> OpenApiRouter<Arc<Catalogue>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(list_fruits::list_fruits, add_fruit::add_fruit))
        .routes(routes!(get_fruit::get_fruit))
}
