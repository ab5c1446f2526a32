//! Log lines for people: the library's own, with the request after the time.

use std::fmt;

use tracing_subscriber::fmt::{
    format::Writer,
    time::{FormatTime, SystemTime},
};

use super::request;

/// Begins a line: `2026-01-02T03:04:05.678901Z` and, on behalf of a request, its id and the name of its
/// token.
pub(super) struct TimeAndRequest;

impl FormatTime for TimeAndRequest {
    fn format_time(&self, line: &mut Writer<'_>) -> fmt::Result {
        SystemTime.format_time(line)?;
        request::current(|arrival| {
            write!(line, " {}", arrival.id.as_str())?;
            arrival.caller().map_or(Ok(()), |name| write!(line, " {name}"))
        })
    }
}
