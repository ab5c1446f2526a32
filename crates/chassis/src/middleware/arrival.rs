//! What is known about a request before anything is done with it.

use std::sync::{Arc, OnceLock};

use axum::extract::Request;
use http::{Extensions, request::Parts};

use super::RequestId;
use crate::{
    Problem,
    address::{self, ClientAddress, Peer, Scheme},
    app::Context,
    telemetry::trace::{self, TraceContext},
    tokens::Token,
};

/// In a request's extensions, as one shared entry: what the extractors of the chassis answer from, and what each log
/// line of the request says about it.
pub(crate) struct Arrival {
    pub(crate) context: Arc<Context>,
    pub(crate) id: RequestId,
    pub(crate) client: ClientAddress,
    pub(crate) scheme: Scheme,
    /// The trace that the request belongs to, where somebody asks: spans, or the lines that Google's Cloud Logging
    /// reads.
    pub(crate) trace: Option<TraceContext>,
    /// The token that the request came with, once a handler has asked for it.
    caller: OnceLock<Arc<Token>>,
}

impl Arrival {
    pub(super) fn of(context: Arc<Context>, request: &Request) -> Arc<Self> {
        let hops = context.hosts.trusted_proxy_hops;
        let headers = request.headers();
        let peer = request.extensions().get::<Peer>().copied();
        let is_traced = trace::enabled() || context.project_id.is_some();
        Arc::new(Self {
            context,
            id: RequestId::of(headers),
            client: address::client_address(headers, peer, hops),
            scheme: address::scheme(headers, hops),
            trace: if is_traced { TraceContext::of(headers) } else { None },
            caller: OnceLock::new(),
        })
    }

    /// For extractors. A router that is called without the middleware is a mistake, and never an open door.
    pub(crate) fn in_parts(parts: &Parts) -> Result<&Arc<Self>, Problem> {
        Self::in_extensions(&parts.extensions)
    }

    /// The same for layers.
    pub(crate) fn in_extensions(extensions: &Extensions) -> Result<&Arc<Self>, Problem> {
        let unknown = || Problem::internal(anyhow::anyhow!("the request did not come through the chassis"));
        extensions.get::<Arc<Self>>().ok_or_else(unknown)
    }

    /// From now on each log line of the request names the caller's token.
    pub(crate) fn name_caller(&self, token: &Arc<Token>) {
        // The same token may be asked for twice.
        let _ = self.caller.set(Arc::clone(token));
    }

    /// The name of the caller's token, where it is known.
    pub(crate) fn caller(&self) -> Option<&str> {
        self.caller.get().map(|token| token.name.as_str())
    }

    /// The name of the trace in Google's Cloud Logging, where the project is known.
    pub(crate) fn cloud_trace(&self) -> Option<String> {
        let project = self.context.project_id.as_deref()?;
        Some(self.trace?.cloud_name(project))
    }
}
