//! What an operator can set about the catalogue.

use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::builder::BoolishValueParser;

/// The settings of the catalogue service.
#[derive(clap::Args, Debug, Clone, Default)]
#[group(skip)]
pub struct Settings {
    /// Where the catalogue is kept: `sqlite:PATH` is one file, made when it is missing, for one server at a
    /// time; a relative path is seen from the working directory. Unset, it is `sqlite:DATA_DIR/fruits.db`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,

    /// Lets callers without a token add one fruit at a time, where `API_TOKENS_FILE` is set. Several at once, and every
    /// other change, need a token all the same
    #[arg(long, env = "ALLOW_ANONYMOUS_ADD", num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, value_name = "BOOL",
          value_parser = BoolishValueParser::new())]
    pub allow_anonymous_add: bool,
}

/// The value of `DATABASE_URL` as typed. It may hold a password: nothing here ever repeats it, which is why
/// it is judged by [`Settings::location`] and not while the command line is parsed, whose errors repeat values.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(String);

/// Where a catalogue is kept, ready to use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A SQLite file.
    Sqlite(PathBuf),
}

/// Why a `DATABASE_URL` cannot be used; says what can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// A Postgres database.
    #[error("DATABASE_URL: this version does not serve from PostgreSQL yet; use sqlite:PATH")]
    Postgres,
    /// A database that would be gone with the process.
    #[error("DATABASE_URL: a catalogue in memory would be lost with the process; use sqlite:PATH")]
    Memory,
    /// `sqlite:` with nothing behind it.
    #[error("DATABASE_URL: names no file; use sqlite:PATH")]
    NoPath,
    /// Parameters or a fragment behind the path.
    #[error("DATABASE_URL: the path of sqlite:PATH is taken as it stands and must not contain ? or #")]
    Parameters,
    /// A NUL, which no path can hold.
    #[error("DATABASE_URL: the path contains a NUL character")]
    Nul,
    /// Anything else.
    #[error("DATABASE_URL: must be of the form sqlite:PATH")]
    Scheme,
}

impl Settings {
    /// Where the catalogue is kept.
    pub fn location(&self, data_dir: &Path) -> Result<Location, InvalidUrl> {
        match &self.database_url {
            Some(url) => url.location(),
            None => Ok(Location::Sqlite(data_dir.join("fruits.db"))),
        }
    }

    /// What is wrong with these settings, one sentence each.
    pub fn faults(&self) -> Vec<String> {
        self.location(Path::new("")).err().map(|fault| fault.to_string()).into_iter().collect()
    }
}

impl DatabaseUrl {
    fn location(&self) -> Result<Location, InvalidUrl> {
        let (scheme, rest) = self.0.trim().split_once(':').ok_or(InvalidUrl::Scheme)?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite_path(rest).map(Location::Sqlite),
            "postgres" | "postgresql" => Err(InvalidUrl::Postgres),
            _ => Err(InvalidUrl::Scheme),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = Infallible;

    fn from_str(text: &str) -> Result<Self, Infallible> {
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("DatabaseUrl(…)")
    }
}

/// `sqlite:PATH`; the two slashes that URLs have are allowed before it, so `sqlite:///srv/x` is `/srv/x`.
fn sqlite_path(rest: &str) -> Result<PathBuf, InvalidUrl> {
    let path = rest.strip_prefix("//").unwrap_or(rest);
    if rest.starts_with(":memory:") {
        Err(InvalidUrl::Memory)
    } else if path.is_empty() || path.ends_with('/') {
        Err(InvalidUrl::NoPath)
    } else if path.contains(['?', '#']) {
        Err(InvalidUrl::Parameters)
    } else if path.contains('\0') {
        Err(InvalidUrl::Nul)
    } else {
        Ok(PathBuf::from(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(url: &str, expected: Result<&str, InvalidUrl>) {
        let settings = Settings { database_url: url.parse().ok(), ..Settings::default() };
        let expected = expected.map(|path| Location::Sqlite(path.into()));
        assert_eq!(settings.location(Path::new("data")), expected, "{url}");
        assert_eq!(settings.faults().len(), usize::from(expected.is_err()), "{url}");
    }

    #[test]
    fn the_default_is_a_file_in_the_data_dir() {
        let location = Settings::default().location(Path::new("/data"));
        assert_eq!(location, Ok(Location::Sqlite("/data/fruits.db".into())));
    }

    #[test]
    fn sqlite_takes_a_path_as_it_stands() {
        check("sqlite:data/fruits.db", Ok("data/fruits.db"));
        check("sqlite:/srv/fruits.db", Ok("/srv/fruits.db"));
        check("sqlite:///srv/fruits.db", Ok("/srv/fruits.db"));
        check("sqlite://fruits.db", Ok("fruits.db"));
        check("SQLite:a b%20.db", Ok("a b%20.db"));
    }

    #[test]
    fn what_cannot_be_used_says_what_can() {
        check("postgres://user:secret@db/fruits", Err(InvalidUrl::Postgres));
        check("postgresql://db", Err(InvalidUrl::Postgres));
        check("sqlite::memory:", Err(InvalidUrl::Memory));
        check("sqlite:", Err(InvalidUrl::NoPath));
        check("sqlite://", Err(InvalidUrl::NoPath));
        check("sqlite:data/", Err(InvalidUrl::NoPath));
        check("sqlite:fruits.db?mode=memory", Err(InvalidUrl::Parameters));
        check("sqlite:a\0b", Err(InvalidUrl::Nul));
        check("mysql://db", Err(InvalidUrl::Scheme));
        check("fruits.db", Err(InvalidUrl::Scheme));
        check("", Err(InvalidUrl::Scheme));
    }

    #[test]
    fn a_password_is_never_repeated() {
        let settings =
            Settings { database_url: "postgres://user:secret@db".parse().ok(), ..Settings::default() };
        assert!(!format!("{settings:?}{:?}", settings.faults()).contains("secret"));
    }
}
