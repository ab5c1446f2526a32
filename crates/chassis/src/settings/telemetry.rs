//! Where errors and traces are reported.

use sentry::types::Dsn;
use url::Url;

/// Sentry and OpenTelemetry; both are off unless set.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Telemetry {
    /// Where errors and panics are reported, as Sentry's project page gives it; off when unset
    #[arg(long, env = "SENTRY_DSN", hide_env_values = true)]
    pub sentry_dsn: Option<Dsn>,

    /// The base URL of an OpenTelemetry collector that takes traces over HTTP, such as `http://127.0.0.1:4318`;
    /// off when unset
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = parse_endpoint)]
    pub otlp_endpoint: Option<Url>,
}

fn parse_endpoint(text: &str) -> Result<Url, String> {
    match Url::parse(text) {
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => Ok(url),
        _ => Err("must be an http or https URL".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_web_addresses() {
        for (text, good) in [
            ("http://127.0.0.1:4318", true),
            ("https://collector.example/base", true),
            ("127.0.0.1:4318", false),
            ("grpc://collector.example", false),
            ("", false),
        ] {
            assert_eq!(parse_endpoint(text).is_ok(), good, "{text:?}");
        }
    }
}
