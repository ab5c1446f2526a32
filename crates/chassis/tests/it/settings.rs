//! Settings as they are typed: defaults, environment, faults.

use chassis::Settings;
use clap::{CommandFactory, Parser, error::ErrorKind};

#[derive(Parser)]
struct Arguments {
    #[command(flatten)]
    settings: Settings,
}

fn parse(arguments: &[&str]) -> Result<Settings, clap::Error> {
    let all = std::iter::once("test").chain(arguments.iter().copied());
    Arguments::try_parse_from(all).map(|arguments| arguments.settings)
}

#[test]
fn the_commands_own_checks_pass() {
    Arguments::command().debug_assert();
}

#[test]
fn the_defaults_are_the_documented_ones() {
    let settings = Settings::default();
    assert_eq!(settings.bind.api_address().to_string(), "127.0.0.1:8080");
    assert_eq!(settings.bind.metrics_address().unwrap().to_string(), "127.0.0.1:9464");
    assert_eq!(settings.bind.data_dir.to_str(), Some("data"));
    assert_eq!(settings.limits.request_timeout_ms, 60_000);
    assert_eq!(settings.limits.body_bytes_max, 1_048_576);
    assert_eq!((settings.shutdown.shutdown_grace_ms, settings.shutdown.drain_delay_ms), (8000, 0));
    assert_eq!(settings.hosts.trusted_proxy_hops, 0);
    assert_eq!(settings.rate.client_requests_per_minute_max, None);
    assert_eq!(settings.rate.client_requests_burst_max, 20);
    assert!(settings.hosts.allowed_hosts.is_empty() && settings.hosts.cors_origins.is_empty());
    assert!(settings.telemetry.sentry_dsn.is_none() && settings.telemetry.otlp_endpoint.is_none());
    assert_eq!(settings.log.log_level.to_string(), "info");
    assert_eq!(settings.faults(), Vec::<String>::new());
}

#[test]
fn every_setting_has_a_variable_and_words() {
    for argument in Arguments::command().get_arguments() {
        let name = argument.get_id();
        assert!(argument.get_env().is_some(), "{name} has no variable");
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        assert!(help.len() > 40, "{name} is not explained");
    }
}

#[test]
fn limits_are_checked_at_their_ends() {
    for (flag, value, good) in [
        ("--port", "65535", true),
        ("--port", "65536", false),
        ("--request-timeout-ms", "1", true),
        ("--request-timeout-ms", "0", false),
        ("--request-timeout-ms", "3600000", true),
        ("--request-timeout-ms", "3600001", false),
        ("--body-bytes-max", "1", true),
        ("--body-bytes-max", "0", false),
        ("--connections-max", "1", true),
        ("--connections-max", "0", false),
        ("--connections-max", "1000000", true),
        ("--connections-max", "1000001", false),
        ("--client-requests-per-minute-max", "0", false),
        ("--client-requests-per-minute-max", "1", true),
        ("--client-requests-per-minute-max", "1000000", true),
        ("--client-requests-per-minute-max", "1000001", false),
        ("--client-requests-burst-max", "0", false),
        ("--client-requests-burst-max", "1", true),
        ("--client-requests-burst-max", "1000000", true),
        ("--client-requests-burst-max", "1000001", false),
        ("--shutdown-grace-ms", "0", true),
        ("--shutdown-grace-ms", "600000", true),
        ("--shutdown-grace-ms", "600001", false),
        ("--drain-delay-ms", "600001", false),
        ("--trusted-proxy-hops", "255", true),
        ("--trusted-proxy-hops", "256", false),
        ("--trusted-proxy-hops", "-1", false),
        ("--host", "example.com", false),
        ("--metrics-port", "off", true),
        ("--metrics-port", "none", false),
        ("--log-level", "loud", false),
        ("--log-format", "xml", false),
        ("--sentry-dsn", "not a dsn", false),
        ("--public-url", "example.com", false),
        ("--allowed-hosts", "a,https://b", false),
        ("--cors-origins", "https://a.example,https://b.example/path", false),
    ] {
        let parsed = parse(&[&format!("{flag}={value}")]);
        assert_eq!(parsed.is_ok(), good, "{flag}={value}");
        if let Err(error) = parsed {
            let kind = error.kind();
            assert!(
                matches!(kind, ErrorKind::ValueValidation | ErrorKind::InvalidValue),
                "{flag}={value}: {kind}"
            );
            // The one who reads it knows which setting to change.
            assert!(error.to_string().contains(flag), "{error}");
        }
    }
}

#[test]
fn settings_that_do_not_fit_each_other_are_named() {
    let fault = |arguments: &[&str]| {
        let settings = parse(arguments).unwrap();
        let faults = settings.faults();
        // What is faulty is not served.
        assert_eq!(chassis::app(&settings, Vec::new()).is_err(), !faults.is_empty());
        faults.join("\n")
    };
    assert!(fault(&["--port=9464"]).contains("METRICS_PORT"));
    assert_eq!(fault(&["--port=9464", "--metrics-port=off"]), "");
    assert_eq!(fault(&["--port=9464", "--metrics-host=127.0.0.2"]), "");
    assert_eq!(fault(&["--port=0", "--metrics-port=0"]), "");
    assert!(fault(&["--header-timeout-ms=2", "--idle-timeout-ms=1"]).contains("IDLE_TIMEOUT_MS"));
    assert_eq!(fault(&["--header-timeout-ms=1", "--idle-timeout-ms=1"]), "");
    assert!(fault(&["--public-url=https://a.example", "--allowed-hosts=b.example"]).contains("PUBLIC_URL"));
    assert_eq!(fault(&["--public-url=https://A.example:8443", "--allowed-hosts=a.example,b.example"]), "");
}
