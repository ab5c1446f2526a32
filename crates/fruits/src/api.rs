//! The catalogue over HTTP: one file an endpoint.

mod access;
mod add_fruit;
mod body;
mod change_fruit;
mod conditions;
mod delete_fruit;
mod get_fruit;
mod idempotency;
mod list_fruits;
mod list_query;
mod listing;
mod refusals;
mod rendered;
mod replace_fruit;
mod request;

use std::{
    hash::{BuildHasher as _, Hasher as _, RandomState},
    sync::Arc,
};

use chassis::{Readiness, Service, tokens::BearerToken};
use utoipa::{OpenApi as _, openapi::OpenApi};
use utoipa_axum::{router::OpenApiRouter, routes};

use self::{idempotency::InFlight, listing::ListCache};
use crate::{
    Error, Settings, Store,
    domain::{Change, Fruit},
};

/// What every handler works with.
struct Catalogue {
    store: Store,
    list_cache: ListCache,
    in_flight: Arc<InFlight>,
    /// Whether who has no token may add a fruit, where others need one.
    anonymous_add: bool,
    /// Tells this process from others: the store counts its versions from anew in each.
    process: u64,
}

impl Catalogue {
    fn new(store: Store, settings: &Settings) -> Self {
        // The seeds of the standard hash maps are random; hashing nothing gives a number made of them.
        let process = RandomState::new().build_hasher().finish();
        Self {
            store,
            list_cache: ListCache::default(),
            in_flight: Arc::default(),
            anonymous_add: settings.allow_anonymous_add,
            process,
        }
    }

    /// Makes a change that is about one fruit.
    async fn change_one(&self, change: Change) -> Result<Fruit, Error> {
        self.store.change(change).await?.into_iter().next().ok_or(Error::Stopped)
    }
}

#[derive(utoipa::OpenApi)]
#[openapi(
    info(title = "fruits", description = "A catalogue of fruits."),
    tags((name = "fruits", description = "The catalogue: list fruits, get, add, change and delete them.")),
    components(schemas(chassis::problem::Body<'static>, chassis::problem::FieldError)),
    modifiers(&BearerToken)
)]
struct Description;

/// The service over this store, as it is by default.
pub fn serve(store: Store) -> Service {
    serve_with(store, &Settings::default())
}

/// The service over this store, with what these settings say of the API.
pub fn serve_with(store: Store, settings: &Settings) -> Service {
    let catalogue = Arc::new(Catalogue::new(store, settings));
    let (router, openapi) = routes().with_state(Arc::clone(&catalogue)).split_for_parts();
    let ready = Arc::new(move || -> Readiness {
        let catalogue = Arc::clone(&catalogue);
        Box::pin(async move { Ok(catalogue.store.ready().await?) })
    });
    Service { name: "fruits", router, openapi, ready, body_limit: None, finish: None, gauges: Vec::new() }
}

/// The description of the service, which needs no store.
pub fn openapi() -> OpenApi {
    routes().split_for_parts().1
}

fn routes() -> OpenApiRouter<Arc<Catalogue>> {
    OpenApiRouter::with_openapi(Description::openapi())
        .routes(routes!(list_fruits::list_fruits, add_fruit::add_fruit))
        .routes(routes!(
            get_fruit::get_fruit,
            replace_fruit::replace_fruit,
            change_fruit::change_fruit,
            delete_fruit::delete_fruit
        ))
}
