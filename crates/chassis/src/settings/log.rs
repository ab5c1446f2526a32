//! What goes to the log and how it looks.

use std::{fmt, io::IsTerminal, str::FromStr};

use tracing_subscriber::EnvFilter;

/// Level, format, and the cloud project that log lines name.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct Log {
    /// The least level that is logged: error, warn, info, debug or trace; also by module, as in
    /// `info,chassis=debug`
    #[arg(long, env = "LOG_LEVEL", default_value = "info")]
    pub log_level: LogLevel,

    /// How log lines look: `json` is one object a line, `pretty` is for people; pretty on a terminal and json
    /// elsewhere when unset
    #[arg(long, env = "LOG_FORMAT", value_enum)]
    pub log_format: Option<LogFormat>,

    /// The Google Cloud project; JSON log lines then have the severity and trace fields that Cloud Logging reads
    #[arg(long, env = "PROJECT_ID", value_parser = parse_project)]
    pub project_id: Option<String>,
}

impl Log {
    /// The format to use: the one set, or by whether standard error is a terminal.
    pub fn format(&self) -> LogFormat {
        self.log_format.unwrap_or_else(|| {
            if std::io::stderr().is_terminal() { LogFormat::Pretty } else { LogFormat::Json }
        })
    }
}

/// `LOG_FORMAT`.
#[derive(clap::ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// One JSON object a line.
    Json,
    /// Coloured text for people.
    Pretty,
}

/// `LOG_LEVEL`: a level, or directives by module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLevel(String);

impl LogLevel {
    /// The filter that it means.
    pub fn filter(&self) -> EnvFilter {
        EnvFilter::new(&self.0)
    }
}

impl FromStr for LogLevel {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Without a level of its own the parser takes any word for a module's name, `verbose` among them.
        let fault =
            || "must be error, warn, info, debug, trace or off, or such levels by module: info,chassis=debug";
        let known = |level: &str| level.parse::<tracing_subscriber::filter::LevelFilter>().is_ok();
        let all_named = text.split(',').all(|directive| match directive.rsplit_once('=') {
            Some((_, level)) => known(level),
            None => known(directive) && !directive.is_empty(),
        });
        if !all_named || EnvFilter::try_new(text).is_err() {
            return Err(fault().to_owned());
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LogLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn parse_project(text: &str) -> Result<String, String> {
    let fits = !text.is_empty()
        && text.len() <= 63
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte));
    if fits {
        Ok(text.to_owned())
    } else {
        Err("must be a project id: 1 to 63 letters, digits and hyphens".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_checked() {
        for (text, good) in [
            ("info", true),
            ("DEBUG", true),
            ("off", true),
            ("info,chassis=debug", true),
            ("warn,hyper::proto=trace", true),
            ("", false),
            ("verbose", false),
            ("info,chassis", false),
            ("info,chassis=loud", false),
        ] {
            assert_eq!(text.parse::<LogLevel>().is_ok(), good, "{text:?}");
        }
    }

    #[test]
    fn project_ids_are_checked_to_their_length() {
        assert!(parse_project(&"a".repeat(63)).is_ok());
        assert!(parse_project(&"a".repeat(64)).is_err());
        assert!(parse_project("").is_err());
        assert!(parse_project("a\"b").is_err());
    }
}
