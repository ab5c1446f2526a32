//! One OpenAPI document for all services that run together.

use utoipa::{
    OpenApi as _,
    openapi::{ContactBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder, tag::TagBuilder},
};

use crate::{health, problem};

#[derive(utoipa::OpenApi)]
#[openapi(
    paths(health::ping, health::livez, health::readyz),
    components(schemas(problem::Body, problem::FieldError))
)]
struct Own;

/// The description of services, each by its name, and of the chassis's own paths, as `/openapi.json` serves it.
pub fn openapi(services: impl IntoIterator<Item = (&'static str, OpenApi)>) -> OpenApi {
    let (names, services): (Vec<_>, Vec<_>) = services.into_iter().unzip();
    let info = match services.as_slice() {
        [one] => one.info.clone(),
        several => {
            let descriptions: Vec<String> = several
                .iter()
                .filter_map(|service| {
                    let description = service.info.description.as_deref()?;
                    Some(format!("**{}**: {description}", service.info.title))
                })
                .collect();
            InfoBuilder::new()
                .title(names.join(" and "))
                .version(env!("CARGO_PKG_VERSION"))
                .description(Some(descriptions.join("\n\n")))
                .license(Some(
                    LicenseBuilder::new()
                        .name(env!("CARGO_PKG_LICENSE"))
                        .identifier(Some(env!("CARGO_PKG_LICENSE")))
                        .build(),
                ))
                .contact(Some(
                    ContactBuilder::new()
                        .name(Some("Fruitpress"))
                        .url(Some(env!("CARGO_PKG_REPOSITORY")))
                        .build(),
                ))
                .build()
        }
    };
    let mut description = OpenApiBuilder::new().info(info).build();
    for service in services {
        description.merge(service);
    }
    description.merge(Own::openapi());
    let health =
        TagBuilder::new().name("health").description(Some("Is the process alive and ready?")).build();
    description.tags.get_or_insert_default().push(health);
    description
}
