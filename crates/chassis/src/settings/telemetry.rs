//! Where errors and traces are reported.

use std::ffi::OsStr;

use clap::{
    builder::TypedValueParser,
    error::{ContextKind, ContextValue, ErrorKind},
};
use sentry::types::{Dsn, ParseDsnError};
use url::Url;

/// Sentry and OpenTelemetry; both are off unless set.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Telemetry {
    /// Where errors and panics are reported, as Sentry's project page gives it; off when unset
    #[arg(long, env = "SENTRY_DSN", hide_env_values = true, value_parser = SecretDsn)]
    pub sentry_dsn: Option<Dsn>,

    /// The base URL of an OpenTelemetry collector that takes traces over HTTP, such as `http://127.0.0.1:4318`;
    /// off when unset
    #[arg(long = "otlp-endpoint", env = "OTEL_EXPORTER_OTLP_ENDPOINT", value_parser = parse_endpoint)]
    pub otlp_endpoint: Option<Url>,
}

/// Reads a DSN. It holds a key, so that what is wrong with it is told without the value, which clap would repeat.
#[derive(Clone)]
struct SecretDsn;

impl TypedValueParser for SecretDsn {
    type Value = Dsn;

    fn parse_ref(
        &self,
        command: &clap::Command,
        argument: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<Dsn, clap::Error> {
        parse_dsn(value).map_err(|fault| {
            let name = argument.map(ToString::to_string).unwrap_or_default();
            let text = format!("invalid value for '{name}': {fault}; Sentry's project page gives it");
            let mut error = clap::Error::raw(ErrorKind::ValueValidation, text + "\n").with_cmd(command);
            error.insert(ContextKind::InvalidArg, ContextValue::String(name));
            error
        })
    }
}

fn parse_dsn(value: &OsStr) -> Result<Dsn, &'static str> {
    let text = value.to_str().ok_or("it is not UTF-8")?;
    text.parse().map_err(|error| match error {
        ParseDsnError::InvalidUrl => "it is not a URL with a host",
        ParseDsnError::InvalidScheme => "it begins with neither http:// nor https://",
        ParseDsnError::NoUsername => "it has no key before an @",
        ParseDsnError::NoProjectId | ParseDsnError::InvalidProjectId(_) => {
            "it does not end in a project's id behind a /"
        }
    })
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
    fn a_dsn_that_is_wrong_is_not_repeated() {
        #[derive(clap::Parser)]
        struct Arguments {
            #[command(flatten)]
            telemetry: Telemetry,
        }
        for (dsn, fault) in [
            ("https://s3cret@sentry.example/42", None),
            ("s3cret", Some("not a URL")),
            ("s3cret@sentry.example/42", Some("not a URL")),
            ("ftp://s3cret@sentry.example/42", Some("http://")),
            ("https://sentry.example/42?s3cret", Some("no key")),
            ("https://s3cret@sentry.example", Some("project's id")),
            ("https://s3cret@sentry.example/", Some("project's id")),
        ] {
            let parsed = <Arguments as clap::Parser>::try_parse_from(["test", "--sentry-dsn", dsn]);
            let Some(fault) = fault else {
                assert!(parsed.is_ok_and(|arguments| arguments.telemetry.sentry_dsn.is_some()));
                continue;
            };
            let error = parsed.err().unwrap();
            assert_eq!(error.kind(), ErrorKind::ValueValidation);
            let text = format!("{error} {error:?}");
            assert!(text.contains(fault) && text.contains("--sentry-dsn"), "{text}");
            assert!(!text.contains("s3cret"), "{text}");
        }
    }

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
