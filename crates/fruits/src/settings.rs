//! What an operator can set about the catalogue.

mod postgres;

use std::{
    convert::Infallible,
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
};

use clap::{ValueEnum, builder::BoolishValueParser};

use crate::store::postgres::Target;

pub use self::postgres::{Auth, InvalidTarget, PostgresSettings};

/// The settings of the catalogue service.
#[derive(clap::Args, Debug, Clone, Default)]
#[group(skip)]
pub struct Settings {
    /// Where the catalogue is kept. `sqlite:PATH` is one file, made when it is missing, for one server at a time; a
    /// relative path is seen from the working directory. `postgres://USER:PASSWORD@HOST:PORT/DATABASE` is a database
    /// that several servers share; docs/operations/postgresql.md says more. Unset, it is `sqlite:DATA_DIR/fruits.db`
    #[arg(long, env = "DATABASE_URL", value_name = "URL", hide_env_values = true)]
    pub database_url: Option<DatabaseUrl>,

    /// Lets callers without a token add one fruit at a time, where `API_TOKENS_FILE` is set. Several at once, and every
    /// other change, need a token all the same
    #[arg(long, env = "ALLOW_ANONYMOUS_ADD", num_args = 0..=1, default_value_t = false,
          default_missing_value = "true", action = clap::ArgAction::Set, value_name = "BOOL",
          value_parser = BoolishValueParser::new())]
    pub allow_anonymous_add: bool,

    /// Whether a server brings the schema up to date by itself: `auto`, or `off`, where `fruitpress migrate` must
    /// have done so before. Unset, it is `auto` for a file, and `off` for PostgreSQL, where a change of the schema
    /// is a step of a deployment and wants a role of its own
    #[arg(long, env = "MIGRATE", value_enum, value_name = "WHEN")]
    pub migrate: Option<Migrate>,

    /// What concerns PostgreSQL alone.
    #[command(flatten)]
    pub postgres: PostgresSettings,
}

/// Who brings the schema up to date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Migrate {
    /// Each server that finds it behind.
    Auto,
    /// `fruitpress migrate` alone.
    Off,
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
    /// A database of PostgreSQL.
    Postgres(Box<Target>),
}

/// Why a `DATABASE_URL` cannot be used; says what can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidUrl {
    /// A database of PostgreSQL that cannot be one.
    #[error(transparent)]
    Postgres(#[from] InvalidTarget),
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
    #[error("DATABASE_URL: must be of the form sqlite:PATH or postgres://USER@HOST/DATABASE")]
    Scheme,
}

impl Settings {
    /// Where the catalogue is kept.
    pub fn location(&self, data_dir: &Path) -> Result<Location, InvalidUrl> {
        self.judge(data_dir).map_err(|faults| faults.into_iter().next().unwrap_or(InvalidUrl::Scheme))
    }

    /// What is wrong with these settings, one sentence each.
    pub fn faults(&self) -> Vec<String> {
        self.judge(Path::new("")).err().into_iter().flatten().map(|fault| fault.to_string()).collect()
    }

    /// Who brings the schema of a catalogue there up to date.
    pub fn migrate(&self, location: &Location) -> Migrate {
        self.migrate.unwrap_or(match location {
            Location::Sqlite(_) => Migrate::Auto,
            Location::Postgres(_) => Migrate::Off,
        })
    }

    fn judge(&self, data_dir: &Path) -> Result<Location, Vec<InvalidUrl>> {
        let Some(DatabaseUrl(url)) = &self.database_url else {
            return Ok(Location::Sqlite(data_dir.join("fruits.db")));
        };
        let (scheme, rest) = url.trim().split_once(':').ok_or(vec![InvalidUrl::Scheme])?;
        match scheme.to_ascii_lowercase().as_str() {
            "sqlite" => sqlite_path(rest).map(Location::Sqlite).map_err(|fault| vec![fault]),
            "postgres" | "postgresql" => self
                .postgres
                .target(rest, of_the_platform)
                .map(|target| Location::Postgres(Box::new(target)))
                .map_err(|faults| faults.into_iter().map(InvalidUrl::Postgres).collect()),
            _ => Err(vec![InvalidUrl::Scheme]),
        }
    }
}

/// A variable of the platform's, which is nobody's setting.
#[expect(clippy::disallowed_methods, reason = "Azure tells a process by variables where its identity is")]
fn of_the_platform(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
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
        check("postgres://user:secret@db", Err(InvalidUrl::Postgres(InvalidTarget::NoDatabase)));
        check("postgresql://db/fruits", Err(InvalidUrl::Postgres(InvalidTarget::NoUser)));
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
    fn a_file_is_migrated_by_its_server_and_a_shared_database_is_not() {
        let file = Location::Sqlite("fruits.db".into());
        let settings =
            Settings { database_url: "postgres://fruits@db/fruits".parse().ok(), ..Settings::default() };
        let shared = settings.location(Path::new("data")).expect("a location");
        assert_eq!((settings.migrate(&file), settings.migrate(&shared)), (Migrate::Auto, Migrate::Off));
        for migrate in [Migrate::Auto, Migrate::Off] {
            let settings = Settings { migrate: Some(migrate), ..Settings::default() };
            assert_eq!((settings.migrate(&file), settings.migrate(&shared)), (migrate, migrate));
        }
    }
}
