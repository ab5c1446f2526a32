//! Log lines for machines: one JSON object a line.
//!
//! Keys are the fields' own dotted names: the event's first, then the request's that it is written on behalf of, then
//! those of the spans around it.

use std::fmt::{self, Write};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    field::RecordFields,
    fmt::{
        FmtContext, FormatEvent, FormatFields, FormattedFields, MakeWriter,
        format::Writer,
        time::{FormatTime, SystemTime},
    },
    registry::LookupSpan,
};

use super::request;

/// A layer that writes such lines; `cloud` names the level as Google's Cloud Logging reads it.
pub(super) fn layer<S, W>(cloud: bool, writer: W) -> impl Layer<S> + Send + Sync
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    tracing_subscriber::fmt::layer()
        .fmt_fields(JsonFields)
        .event_format(JsonLine { cloud })
        .with_writer(writer)
}

struct JsonLine {
    cloud: bool,
}

impl<S> FormatEvent<S, JsonFields> for JsonLine
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    fn format_event(
        &self,
        context: &FmtContext<'_, S, JsonFields>,
        mut line: Writer<'_>,
        event: &Event<'_>,
    ) -> fmt::Result {
        line.write_str("{\"timestamp\":\"")?;
        SystemTime.format_time(&mut line)?;
        line.write_str("\",")?;
        let level = *event.metadata().level();
        if self.cloud {
            write!(line, "\"severity\":\"{}\"", severity(level))?;
        } else {
            write!(line, "\"level\":\"{}\"", name(level))?;
        }
        line.write_str(",\"target\":")?;
        write_string(&mut line, event.metadata().target())?;
        let mut fields = FieldWriter { out: &mut line, first: false, result: Ok(()) };
        event.record(&mut fields);
        fields.result?;
        request::current(|arrival| {
            line.write_str(",\"request.id\":")?;
            write_string(&mut line, arrival.id.as_str())?;
            if let Some(name) = arrival.caller() {
                line.write_str(",\"token.name\":")?;
                write_string(&mut line, name)?;
            }
            if let Some(trace) = arrival.cloud_trace() {
                line.write_str(",\"logging.googleapis.com/trace\":")?;
                write_string(&mut line, &trace)?;
            }
            Ok(())
        })?;
        for span in context.event_scope().into_iter().flat_map(tracing_subscriber::registry::Scope::from_root)
        {
            let extensions = span.extensions();
            if let Some(fields) =
                extensions.get::<FormattedFields<JsonFields>>().filter(|fields| !fields.is_empty())
            {
                write!(line, ",{fields}")?;
            }
        }
        line.write_str("}\n")
    }
}

fn name(level: Level) -> &'static str {
    match level {
        Level::ERROR => "error",
        Level::WARN => "warn",
        Level::INFO => "info",
        Level::DEBUG => "debug",
        Level::TRACE => "trace",
    }
}

/// The `LogSeverity` of Google's Cloud Logging.
fn severity(level: Level) -> &'static str {
    match level {
        Level::ERROR => "ERROR",
        Level::WARN => "WARNING",
        Level::INFO => "INFO",
        Level::DEBUG | Level::TRACE => "DEBUG",
    }
}

/// Writes a span's fields once, as the inside of an object.
struct JsonFields;

impl<'w> FormatFields<'w> for JsonFields {
    fn format_fields<R: RecordFields>(&self, mut out: Writer<'w>, fields: R) -> fmt::Result {
        let mut visitor = FieldWriter { out: &mut out, first: true, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }

    fn add_fields(
        &self,
        current: &'w mut FormattedFields<Self>,
        fields: &tracing::span::Record<'_>,
    ) -> fmt::Result {
        let first = current.is_empty();
        let mut out = current.as_writer();
        let mut visitor = FieldWriter { out: &mut out, first, result: Ok(()) };
        fields.record(&mut visitor);
        visitor.result
    }
}

struct FieldWriter<'a, 'w> {
    out: &'a mut Writer<'w>,
    first: bool,
    result: fmt::Result,
}

impl FieldWriter<'_, '_> {
    fn write(&mut self, field: &Field, value: impl FnOnce(&mut Writer<'_>) -> fmt::Result) {
        // For the trace exporter alone.
        if self.result.is_err() || field.name().starts_with("otel.") {
            return;
        }
        self.result = self.key(field.name()).and_then(|()| value(self.out));
    }

    fn key(&mut self, name: &str) -> fmt::Result {
        if !std::mem::take(&mut self.first) {
            self.out.write_char(',')?;
        }
        write_string(self.out, name)?;
        self.out.write_char(':')
    }
}

impl Visit for FieldWriter<'_, '_> {
    fn record_f64(&mut self, field: &Field, value: f64) {
        // JSON has no infinities.
        if value.is_finite() {
            self.write(field, |out| write!(out, "{:?}", (value * 1000.0).round() / 1000.0));
        } else {
            self.write(field, |out| write!(out, "\"{value}\""));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.write(field, |out| write!(out, "{value}"));
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.write(field, |out| write!(out, "{value}"));
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.write(field, |out| write!(out, "{value}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.write(field, |out| write_string(out, value));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        let mut chain = value.to_string();
        let mut source = value.source();
        while let Some(error) = source {
            let _ = write!(chain, ": {error}");
            source = error.source();
        }
        self.write(field, |out| write_string(out, &chain));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.write(field, |out| {
            out.write_char('"')?;
            write!(Escaped(out), "{value:?}")?;
            out.write_char('"')
        });
    }
}

/// A JSON string, RFC 8259 section 7.
fn write_string(out: &mut Writer<'_>, text: &str) -> fmt::Result {
    out.write_char('"')?;
    Escaped(out).write_str(text)?;
    out.write_char('"')
}

/// What is written into it is the inside of a JSON string.
struct Escaped<'a, 'w>(&'a mut Writer<'w>);

impl Write for Escaped<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        // All that is special is one byte, and no part of a longer character.
        while let Some(at) = rest.bytes().position(|byte| matches!(byte, 0..b' ' | b'"' | b'\\' | 0x7f)) {
            let (plain, special) = rest.split_at(at);
            let (special, behind) = special.split_at(1);
            self.0.write_str(plain)?;
            match special.as_bytes() {
                b"\"" | b"\\" => write!(self.0, "\\{special}")?,
                b"\n" => self.0.write_str("\\n")?,
                control => control.iter().try_for_each(|byte| write!(self.0, "\\u{byte:04x}"))?,
            }
            rest = behind;
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
    };

    use serde_json::Value;
    use tracing_subscriber::layer::SubscriberExt;

    /// What the code inside logs, each line parsed.
    pub(crate) fn logged(cloud: bool, code: impl FnOnce()) -> Vec<Value> {
        #[derive(Clone, Default)]
        struct Lines(Arc<Mutex<Vec<u8>>>);
        impl io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.lock().unwrap().write(bytes)
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::registry().with(super::layer(cloud, move || writer.clone()));
        tracing::subscriber::with_default(subscriber, code);
        let bytes = lines.0.lock().unwrap().clone();
        String::from_utf8(bytes).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn whatever_is_logged_is_one_json_object_a_line() {
        let hostile = "quote \" backslash \\ newline \n null \0 escape \x1b delete \x7f ä 🍎";
        let cause = io::Error::other("the cause");
        let failure = anyhow::Error::new(cause).context("the failure");
        let lines = logged(false, || {
            let outer = tracing::error_span!("outer", "request.id" = "1", "otel.name" = "hidden", hostile);
            let _outer = outer.enter();
            let _inner = tracing::info_span!("inner", later = tracing::field::Empty, n = -1).entered();
            tracing::Span::current().record("later", true);
            tracing::warn!(hostile, debug = ?hostile, big = u64::MAX, "the {hostile}");
            tracing::info!(
                float = 1.23456,
                whole = 2.0,
                none = f64::NAN,
                error = AsRef::<dyn std::error::Error>::as_ref(&failure)
            );
        });
        let [first, second] = lines.as_slice() else { panic!("{lines:?}") };
        assert_eq!(first["level"], "warn");
        assert_eq!(first["message"], format!("the {hostile}"));
        assert_eq!(first["debug"], format!("{hostile:?}"));
        assert_eq!(first["big"], u64::MAX);
        assert_eq!(
            (&first["request.id"], &first["n"], &first["later"]),
            (&"1".into(), &(-1).into(), &true.into())
        );
        assert_eq!(first.get("otel.name"), None);
        assert_eq!(second["hostile"], hostile);
        assert_eq!(
            (&second["float"], &second["whole"], &second["none"]),
            (&1.235.into(), &2.0.into(), &"NaN".into())
        );
        assert_eq!(second["error"], "the failure: the cause");
    }

    #[test]
    fn the_cloud_reads_severities() {
        let lines = logged(true, || {
            tracing::error!("x");
            tracing::warn!("x");
            tracing::info!("x");
            tracing::debug!("x");
            tracing::trace!("x");
        });
        let severities: Vec<_> = lines.iter().map(|line| line["severity"].as_str().unwrap()).collect();
        assert_eq!(severities, ["ERROR", "WARNING", "INFO", "DEBUG", "DEBUG"]);
        assert!(lines.iter().all(|line| line.get("level").is_none()));
    }
}
