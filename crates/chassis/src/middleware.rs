//! What happens to every request on the public listener, and in which order.

mod admit;
mod arrival;
mod compression;
pub(crate) mod cors;
mod headers;
mod observe;
mod panics;
pub(crate) mod request_body;
mod request_id;
mod shutdown;
mod timeout;
pub(crate) mod uri;

use std::{
    convert::Infallible,
    sync::Arc,
    task::{Context as TaskContext, Poll},
};

use axum::{
    Router,
    extract::Request,
    response::{IntoResponse, Response},
    routing::Route,
};
use futures_util::future::BoxFuture;
use tower::{Service, layer::layer_fn};

use crate::{Problem, app::Context};
pub(crate) use arrival::Arrival;
pub(crate) use panics::message as panic_message;
pub use request_id::RequestId;

/// The paths of health probes: they carry any Host and are no news in the log.
pub(crate) const PROBES: [&str; 3] = ["/ping", "/livez", "/readyz"];

/// Wraps the routes, fallbacks included, in the whole middleware.
pub(crate) fn stack(routes: Router, context: &Arc<Context>) -> Router {
    let context = Arc::clone(context);
    routes.layer(layer_fn(move |route| Stack { context: Arc::clone(&context), route: Arc::new(route) }))
}

/// Everything between the server and one route. It is one service and not one a step: each service around another
/// costs a request allocations and copies, and ten of them took longer than all their work.
#[derive(Clone)]
struct Stack {
    context: Arc<Context>,
    /// Shared: the stack is cloned for each request, and cloning a route allocates.
    route: Arc<Route>,
}

impl Service<Request> for Stack {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _task: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        Box::pin(answer(Arc::clone(&self.context), request, Route::clone(&self.route)))
    }
}

/// The order of it all. What surrounds the work comes first and sees every answer that the others make:
///
/// 1. `observe` gives the request its id, log line and metrics, and reports failures.
/// 2. `headers` adds the security headers, to refusals too.
/// 3. `panics` turns a panic of anything inside into a 500.
async fn answer(context: Arc<Context>, request: Request, route: Route) -> Result<Response, Infallible> {
    let arrival = Arrival::of(context, &request);
    let watch = observe::Watch::begin(&arrival, &request);
    let mut response = watch.during(panics::caught(work(&arrival, request, route))).await;
    headers::secure(&mut response, arrival.scheme);
    watch.answered(&mut response).await;
    Ok(response)
}

/// The steps inside, in the order in which a request passes them. Its answer passes 5 and 6 on its way out:
///
/// 4. `admit` refuses malformed paths and hosts that are not served, before anything is spent on them.
/// 5. `cors` answers preflights and lets pages of `CORS_ORIGINS` read answers.
/// 6. `compression` packs what is worth it.
/// 7. `request_body` bounds the body's size and its stalls, at every read.
/// 8. `shutdown` answers what a server that stops has no time for.
/// 9. `timeout` bounds the time to the answer's header; it asks `request_body` whose fault it was.
async fn work(arrival: &Arc<Arrival>, mut request: Request, mut route: Route) -> Result<Response, Problem> {
    let context = &*arrival.context;
    admit::admit(context, &request)?;
    let cors = match cors::Asked::of(context.cors.as_ref(), &request) {
        Some(asked) if asked.is_preflight() => return Ok(asked.answer(Response::default()).await),
        other => other,
    };
    let packing = compression::Asked::of(&request);
    request.extensions_mut().insert(Arc::clone(arrival));
    let answered = match request_body::limit(context, &mut request) {
        Ok(waiting) => {
            let work = timeout::timeout(&context.limits, waiting, route.call(request));
            shutdown::unless_cut(&context.cut, work).await
        }
        Err(refused) => Err(refused),
    };
    let response = packing.answer(answered.unwrap_or_else(Problem::into_response)).await;
    Ok(match cors {
        Some(asked) => asked.answer(response).await,
        None => response,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::Settings;

    /// It is copied into its box once for each request: carelessly nested, it was 20 kB and the largest cost of all.
    #[tokio::test]
    async fn a_requests_future_stays_small() {
        let context = crate::app::context(&Settings::default(), None, None, Vec::new(), Vec::new());
        let bytes = Arc::new(Mutex::new(0));
        let measured = Arc::clone(&bytes);
        let measure = layer_fn(move |route: Route| {
            let future = answer(Arc::clone(&context), Request::default(), route.clone());
            *measured.lock().unwrap() = size_of_val(&future);
            route
        });
        drop(Router::<()>::new().route("/", axum::routing::get(async || ())).layer(measure));
        let bytes = *bytes.lock().unwrap();
        assert!((1..=4096).contains(&bytes), "{bytes}");
    }
}
