//! `DATABASE_URL=postgres://…` and the settings that only a server of PostgreSQL has.
//!
//! The URL is read by the rules of libpq, more strictly: what is not known is refused and not passed over, since a
//! misspelt `sslmode` would otherwise be a connection that nobody checks.

use std::{borrow::Cow, path::PathBuf, time::Duration};

use clap::{ValueEnum, builder::RangedU64ValueParser, value_parser};
use percent_encoding::percent_decode_str;

use crate::store::postgres::{Credentials, Host, Identity, Limits, Secret, Target, Tls};

const PORT: u16 = 5432;

/// What concerns a catalogue in PostgreSQL alone.
#[derive(clap::Args, Debug, Clone)]
#[group(skip)]
pub struct PostgresSettings {
    /// How the server of PostgreSQL is convinced: `password` is that of the URL or of `DATABASE_PASSWORD_FILE`,
    /// `azure` a token of the managed or workload identity that Azure gives this process, fetched anew for each
    /// connection
    #[arg(long, env = "DATABASE_AUTH", value_enum, default_value = "password", value_name = "KIND")]
    pub database_auth: Auth,

    /// A file that holds the password of the database and nothing else. It is read for each new connection, so a
    /// password that is replaced needs no restart
    #[arg(long, env = "DATABASE_PASSWORD_FILE", value_name = "FILE")]
    pub database_password_file: Option<PathBuf>,

    /// Connections to PostgreSQL that one process has at most. One of them is for reads by id, which share it; ten
    /// are more than a process keeps busy, and ten processes stay under the 100 that a server takes by default
    #[arg(long, env = "DATABASE_CONNECTIONS_MAX", default_value_t = CONNECTIONS_MAX,
          value_parser = RangedU64ValueParser::<usize>::new().range(2..=1000))]
    pub database_connections_max: usize,

    /// Milliseconds from a database's name to a connection that can be used; later the request is answered 503
    #[arg(long, env = "DATABASE_CONNECT_TIMEOUT_MS", default_value_t = CONNECT_TIMEOUT_MS,
          value_parser = value_parser!(u64).range(1..=60_000))]
    pub database_connect_timeout_ms: u64,

    /// Milliseconds that a request waits for one of the connections while all are in use; then it is answered 503
    #[arg(long, env = "DATABASE_QUEUE_MS", default_value_t = QUEUE_MS,
          value_parser = value_parser!(u64).range(1..=60_000))]
    pub database_queue_ms: u64,

    /// Milliseconds that one statement may take, its way to the database and back included; later the request is
    /// answered 503 and its connection given up. Migrations are not bound by it
    #[arg(long, env = "DATABASE_STATEMENT_TIMEOUT_MS", default_value_t = STATEMENT_TIMEOUT_MS,
          value_parser = value_parser!(u64).range(1..=600_000))]
    pub database_statement_timeout_ms: u64,
}

const CONNECTIONS_MAX: usize = 10;
const CONNECT_TIMEOUT_MS: u64 = 3_000;
const QUEUE_MS: u64 = 2_000;
const STATEMENT_TIMEOUT_MS: u64 = 5_000;

impl Default for PostgresSettings {
    fn default() -> Self {
        Self {
            database_auth: Auth::Password,
            database_password_file: None,
            database_connections_max: CONNECTIONS_MAX,
            database_connect_timeout_ms: CONNECT_TIMEOUT_MS,
            database_queue_ms: QUEUE_MS,
            database_statement_timeout_ms: STATEMENT_TIMEOUT_MS,
        }
    }
}

/// What convinces the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Auth {
    /// A password, or whatever else the server asks of nobody.
    Password,
    /// A token of Azure's.
    Azure,
}

/// Why the settings name no database that can be used. No part of the URL is repeated but the names of parameters:
/// a password that was not encoded may have ended up anywhere in it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidTarget {
    /// The part before the path is not `USER@HOST`.
    #[error(
        "DATABASE_URL: must be of the form postgres://USER:PASSWORD@HOST:PORT/DATABASE; the special characters of a \
         password are written as % and two hexadecimal digits, such as %2F for / and %3F for ?"
    )]
    Form,
    /// Nobody to connect as.
    #[error("DATABASE_URL: names no user; use postgres://USER@HOST/DATABASE")]
    NoUser,
    /// Nothing to connect to.
    #[error("DATABASE_URL: names no database; use postgres://USER@HOST/DATABASE")]
    NoDatabase,
    /// Nowhere to connect to.
    #[error(
        "DATABASE_URL: names no host; use postgres://USER@HOST/DATABASE, or …/DATABASE?host=/FOLDER of a socket"
    )]
    NoHost,
    /// A host that cannot be one, or several.
    #[error("DATABASE_URL: the host must be one name or address; an IPv6 address stands in brackets")]
    Host,
    /// A port that is none.
    #[error(
        "DATABASE_URL: the port must be a number from 1 to 65535; if that was part of the password, its special \
         characters are written as % and two hexadecimal digits"
    )]
    Port,
    /// A percent sign without its digits, or bytes that are no text.
    #[error(
        "DATABASE_URL: a % must be followed by two hexadecimal digits, and what they encode must be UTF-8 text"
    )]
    Encoding,
    /// A parameter that would change nothing.
    #[error(
        "DATABASE_URL: the parameter {0:?} is not known; known are application_name, host, options, sslmode and sslrootcert"
    )]
    Parameter(String),
    /// A parameter that contradicts itself.
    #[error("DATABASE_URL: the parameter {0:?} is given more than once")]
    Twice(String),
    /// A mode that may leave a connection open to anyone on its way.
    #[error(
        "DATABASE_URL: sslmode must be verify-full (also written require or verify-ca: the certificate is always \
         checked) or disable; allow and prefer would send the password to whoever answers without TLS"
    )]
    TlsMode,
    /// TLS where there is none.
    #[error("DATABASE_URL: a socket in a folder has no TLS; leave sslmode and sslrootcert out")]
    TlsOfSocket,
    /// Certificates that are never looked at.
    #[error("DATABASE_URL: sslrootcert has no meaning with sslmode=disable")]
    TlsDisabled,
    /// Two sources of one password.
    #[error("DATABASE_URL has a password and DATABASE_PASSWORD_FILE is set; use one of them")]
    TwoPasswords,
    /// A password that would not be sent.
    #[error(
        "DATABASE_AUTH=azure takes no password: leave it out of DATABASE_URL, and DATABASE_PASSWORD_FILE unset"
    )]
    PasswordAndToken,
    /// A token that anyone on the way could read.
    #[error("DATABASE_AUTH=azure needs TLS: leave sslmode=disable out of DATABASE_URL")]
    TokenWithoutTls,
    /// An identity of which a part is missing.
    #[error("DATABASE_AUTH=azure: {0} is set, so {1} must be set too")]
    Identity(&'static str, &'static str),
}

impl PostgresSettings {
    /// The database that the URL behind `postgres:` names, or all that is wrong with it. `variable` looks up what
    /// Azure tells a process about its identity.
    pub(super) fn target(
        &self,
        rest: &str,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Target, Vec<InvalidTarget>> {
        let mut faults = Vec::new();
        let url = Url::parse(rest).map_err(|fault| faults.push(fault)).ok();
        let password = url.as_ref().and_then(|url| url.password.clone());
        let credentials = match (self.database_auth, password, self.database_password_file.clone()) {
            (Auth::Password, Some(_), Some(_)) => Err(InvalidTarget::TwoPasswords),
            (Auth::Password, Some(password), None) => Ok(Credentials::Password(password)),
            (Auth::Password, None, Some(file)) => Ok(Credentials::File(file)),
            (Auth::Password, None, None) => Ok(Credentials::None),
            (Auth::Azure, None, None) => Identity::of(variable)
                .map(Credentials::Azure)
                .map_err(|(given, missing)| InvalidTarget::Identity(given, missing)),
            (Auth::Azure, ..) => Err(InvalidTarget::PasswordAndToken),
        };
        let credentials = credentials.map_err(|fault| faults.push(fault)).ok();
        let in_the_open = url.as_ref().is_some_and(|url| url.tls == Tls::Disabled && url.is_remote());
        if self.database_auth == Auth::Azure && in_the_open {
            faults.push(InvalidTarget::TokenWithoutTls);
        }
        match (url, credentials) {
            (Some(url), Some(credentials)) if faults.is_empty() => Ok(Target {
                host: url.host,
                port: url.port,
                user: url.user,
                database: url.database,
                application_name: url.application_name,
                options: url.options,
                tls: url.tls,
                credentials,
                limits: self.limits(),
            }),
            _ => Err(faults),
        }
    }

    fn limits(&self) -> Limits {
        Limits {
            connections_max: self.database_connections_max,
            connect_timeout: Duration::from_millis(self.database_connect_timeout_ms),
            queue_timeout: Duration::from_millis(self.database_queue_ms),
            statement_timeout: Duration::from_millis(self.database_statement_timeout_ms),
            ..Limits::default()
        }
    }
}

/// What a URL says.
struct Url {
    user: String,
    password: Option<Secret>,
    host: Host,
    port: u16,
    database: String,
    application_name: Option<String>,
    options: Option<String>,
    tls: Tls,
}

impl Url {
    fn parse(rest: &str) -> Result<Self, InvalidTarget> {
        let rest = rest.strip_prefix("//").ok_or(InvalidTarget::Form)?;
        if rest.contains('#') {
            return Err(InvalidTarget::Form);
        }
        let (rest, query) = rest.split_once('?').map_or((rest, ""), |(rest, query)| (rest, query));
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user_info, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let (user, password) =
            user_info.split_once(':').map_or((user_info, None), |(user, password)| (user, Some(password)));
        let parameters = Parameters::parse(query)?;
        let (host, port) = host_and_port(address)?;
        let host = match (host, parameters.host) {
            (None, None) => return Err(InvalidTarget::NoHost),
            (Some(host), None) | (None, Some(host)) => host,
            (Some(_), Some(_)) => return Err(InvalidTarget::Twice("host".to_owned())),
        };
        let text = |text, missing| match decode(text)? {
            text if text.is_empty() => Err(missing),
            text => Ok(text.into_owned()),
        };
        let tls = tls(&host, parameters.sslmode.as_deref(), parameters.sslrootcert)?;
        Ok(Self {
            user: text(user, InvalidTarget::NoUser)?,
            password: password.map(|password| decode(password).map(Secret::new)).transpose()?,
            host,
            port,
            database: match text(database, InvalidTarget::NoDatabase)? {
                database if database.contains('/') => return Err(InvalidTarget::Form),
                database => database,
            },
            application_name: parameters.application_name,
            options: parameters.options,
            tls,
        })
    }

    fn is_remote(&self) -> bool {
        matches!(self.host, Host::Name(_))
    }
}

/// What stands behind the `?`.
#[derive(Default)]
struct Parameters {
    host: Option<Host>,
    sslmode: Option<String>,
    sslrootcert: Option<String>,
    application_name: Option<String>,
    options: Option<String>,
}

impl Parameters {
    fn parse(query: &str) -> Result<Self, InvalidTarget> {
        let mut parameters = Self::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            let name = decode(name)?;
            let value = decode(value)?.into_owned();
            let twice = match &*name {
                "host" => parameters.host.replace(socket(value)?).is_some(),
                "sslmode" => parameters.sslmode.replace(value).is_some(),
                "sslrootcert" => parameters.sslrootcert.replace(value).is_some(),
                "application_name" => parameters.application_name.replace(value).is_some(),
                "options" => parameters.options.replace(value).is_some(),
                _ if is_repeatable(&name, query) => return Err(InvalidTarget::Parameter(name.into_owned())),
                _ => return Err(InvalidTarget::Form),
            };
            if twice {
                return Err(InvalidTarget::Twice(name.into_owned()));
            }
        }
        Ok(parameters)
    }
}

/// Whether a message may repeat it: a misspelt name, and not the rest of a password that has a `?` in it.
fn is_repeatable(name: &str, query: &str) -> bool {
    const NAME_BYTES_MAX: usize = 40;
    let is_of_a_name = |byte: u8| byte.is_ascii_lowercase() || byte == b'_';
    !query.contains('@') && name.len() <= NAME_BYTES_MAX && name.bytes().all(is_of_a_name)
}

/// `host=` behind the `?` names the folder of a socket, as libpq has it.
fn socket(folder: String) -> Result<Host, InvalidTarget> {
    if folder.starts_with('/') { Ok(Host::Socket(folder.into())) } else { Err(InvalidTarget::NoHost) }
}

/// `HOST`, `HOST:PORT`, `[IPV6]:PORT` or `%2FFOLDER`; nothing at all where a parameter names the host.
fn host_and_port(address: &str) -> Result<(Option<Host>, u16), InvalidTarget> {
    let (host, port) = if let Some(rest) = address.strip_prefix('[') {
        let (host, port) = rest.split_once(']').ok_or(InvalidTarget::Host)?;
        host.parse::<std::net::Ipv6Addr>().map_err(|_| InvalidTarget::Host)?;
        (Cow::Borrowed(host), port.strip_prefix(':').or(port.is_empty().then_some("")))
    } else {
        let (host, port) = address.split_once(':').unwrap_or((address, ""));
        (decode(host)?, Some(port))
    };
    let port = match port.ok_or(InvalidTarget::Host)? {
        "" => PORT,
        port => port.parse().ok().filter(|port| *port != 0).ok_or(InvalidTarget::Port)?,
    };
    let is_of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let host = match &*host {
        "" => None,
        folder if folder.starts_with('/') => Some(Host::Socket(folder.into())),
        name if name.bytes().all(is_of_a_name) || address.starts_with('[') => {
            Some(Host::Name(name.to_owned()))
        }
        _ => return Err(InvalidTarget::Host),
    };
    Ok((host, port))
}

fn tls(host: &Host, mode: Option<&str>, authorities: Option<String>) -> Result<Tls, InvalidTarget> {
    let authorities = authorities.filter(|file| file != "system").map(PathBuf::from);
    match (host, mode, authorities) {
        (_, None | Some("disable" | "verify-full" | "verify-ca" | "require"), Some(file))
            if file.as_os_str().is_empty() =>
        {
            Err(InvalidTarget::TlsMode)
        }
        (Host::Socket(_), None | Some("disable"), None) => Ok(Tls::Disabled),
        (Host::Socket(_), ..) => Err(InvalidTarget::TlsOfSocket),
        (_, Some("disable"), None) => Ok(Tls::Disabled),
        (_, Some("disable"), Some(_)) => Err(InvalidTarget::TlsDisabled),
        (_, None | Some("verify-full" | "verify-ca" | "require"), None) => Ok(Tls::System),
        (_, None | Some("verify-full" | "verify-ca" | "require"), Some(file)) => Ok(Tls::File(file)),
        _ => Err(InvalidTarget::TlsMode),
    }
}

fn decode(text: &str) -> Result<Cow<'_, str>, InvalidTarget> {
    let mut encoded = text.split('%').skip(1);
    let digits = |part: &str| part.len() >= 2 && part.bytes().take(2).all(|byte| byte.is_ascii_hexdigit());
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| InvalidTarget::Encoding)?;
    if encoded.all(digits) && !decoded.contains('\0') { Ok(decoded) } else { Err(InvalidTarget::Encoding) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Target, Vec<InvalidTarget>> {
        let rest = url.strip_prefix("postgres:").expect("a URL of PostgreSQL");
        PostgresSettings::default().target(rest, |_| None)
    }

    #[track_caller]
    fn check(url: &str, expected: InvalidTarget) {
        let faults = parse(url).expect_err("must be refused");
        assert_eq!(faults, [expected], "{url}");
        assert!(!format!("{faults:?} {}", faults[0]).contains("secret"), "{faults:?}");
    }

    #[test]
    fn a_url_says_where_and_who() {
        for (url, host, port, password, tls) in [
            ("postgres://me@db/cat", Host::Name("db".into()), 5432, None, Tls::System),
            ("postgres://me:s@db:6543/cat", Host::Name("db".into()), 6543, Some("s"), Tls::System),
            ("postgres://me:@db:/cat", Host::Name("db".into()), 5432, Some(""), Tls::System),
            (
                "postgres://me:p%40%2f%C3%A9:@10.0.0.1/cat",
                Host::Name("10.0.0.1".into()),
                5432,
                Some("p@/é:"),
                Tls::System,
            ),
            ("postgres://me:a@b@[::1]:1/cat", Host::Name("::1".into()), 1, Some("a@b"), Tls::System),
            ("postgres://me@db/cat?sslmode=disable", Host::Name("db".into()), 5432, None, Tls::Disabled),
            ("postgres://me@db/cat?sslmode=require", Host::Name("db".into()), 5432, None, Tls::System),
            (
                "postgres://me@db/cat?sslmode=verify-ca&sslrootcert=system",
                Host::Name("db".into()),
                5432,
                None,
                Tls::System,
            ),
            (
                "postgres://me@db/cat?sslrootcert=%2Fetc%2Fca.pem",
                Host::Name("db".into()),
                5432,
                None,
                Tls::File("/etc/ca.pem".into()),
            ),
            ("postgres://me@%2Frun%2Fpg/cat", Host::Socket("/run/pg".into()), 5432, None, Tls::Disabled),
            (
                "postgres://me@:6543/cat?host=/run/pg&sslmode=disable",
                Host::Socket("/run/pg".into()),
                6543,
                None,
                Tls::Disabled,
            ),
        ] {
            let target = parse(url).unwrap_or_else(|faults| panic!("{url}: {faults:?}"));
            assert_eq!((target.user.as_str(), target.database.as_str()), ("me", "cat"), "{url}");
            let credentials =
                password.map_or(Credentials::None, |password| Credentials::Password(Secret::new(password)));
            assert_eq!(
                (target.host, target.port, target.credentials, target.tls),
                (host, port, credentials, tls),
                "{url}"
            );
        }
        let target =
            parse("postgres://a%20b%40c@db/c%20d?application_name=x&options=-csearch_path%3Dshop").unwrap();
        assert_eq!((target.user.as_str(), target.database.as_str()), ("a b@c", "c d"));
        assert_eq!(
            (target.application_name.as_deref(), target.options.as_deref()),
            (Some("x"), Some("-csearch_path=shop"))
        );
    }

    #[test]
    fn what_cannot_be_used_is_named_and_the_password_is_not() {
        use InvalidTarget as Is;
        check("postgres:me:secret@db/cat", Is::Form);
        check("postgres://me:secret#1@db/cat", Is::Form);
        check("postgres://me:secret@db/cat/more", Is::Form);
        check("postgres://db/cat", Is::NoUser);
        check("postgres://:secret@db/cat", Is::NoUser);
        check("postgres://me:secret@db", Is::NoDatabase);
        check("postgres://me:secret@db/", Is::NoDatabase);
        check("postgres://me:secret@/cat", Is::NoHost);
        check("postgres://me:secret@/cat?host=db", Is::NoHost);
        check("postgres://me:secret@db/cat?host=/run/pg", Is::Twice("host".into()));
        check("postgres://me:secret@db,db2/cat", Is::Host);
        check("postgres://me:secret@[::1/cat", Is::Host);
        check("postgres://me:secret@[db]/cat", Is::Host);
        check("postgres://me:secret@[::1]5432/cat", Is::Host);
        check("postgres://me:secret@d b/cat", Is::Host);
        check("postgres://me:/secret@db/cat", Is::NoUser);
        check("postgres://me:12/secret@db/cat", Is::NoUser);
        check("postgres://me:secret@db:0/cat", Is::Port);
        check("postgres://me:secret@db:65536/cat", Is::Port);
        check("postgres://me:se/secret@db/cat", Is::Port);
        check("postgres://me:secret%@db/cat", Is::Encoding);
        check("postgres://me:secret%2@db/cat", Is::Encoding);
        check("postgres://me:secret%zz@db/cat", Is::Encoding);
        check("postgres://me:secret%ff@db/cat", Is::Encoding);
        check("postgres://me:secret%00@db/cat", Is::Encoding);
        check("postgres://me:secret@db/cat?ssl_mode=disable", Is::Parameter("ssl_mode".into()));
        let longest = "n".repeat(40);
        check(&format!("postgres://me:secret@db/cat?{longest}n"), Is::Form);
        check(&format!("postgres://me:secret@db/cat?{longest}"), Is::Parameter(longest));
        for password in ["a?secret", "a?secret=", "a?x=secret", "a?secret=1&b", "a@?secret", "a?Y&secret"] {
            check(&format!("postgres://me:{password}@db/cat"), Is::Form);
        }
        check("postgres://me:secret@db/cat?sslmode=disable&sslmode=disable", Is::Twice("sslmode".into()));
        for mode in ["prefer", "allow", "", "DISABLE", "verify"] {
            check(&format!("postgres://me:secret@db/cat?sslmode={mode}"), Is::TlsMode);
        }
        check("postgres://me:secret@db/cat?sslrootcert=", Is::TlsMode);
        check("postgres://me:secret@/cat?host=/run/pg&sslmode=require", Is::TlsOfSocket);
        check("postgres://me:secret@/cat?host=/run/pg&sslrootcert=/ca.pem", Is::TlsOfSocket);
        check("postgres://me:secret@db/cat?sslmode=disable&sslrootcert=/ca.pem", Is::TlsDisabled);
    }

    #[test]
    fn every_fault_is_told_at_once() {
        let settings = PostgresSettings {
            database_auth: Auth::Azure,
            database_password_file: Some("/run/secrets/password".into()),
            ..PostgresSettings::default()
        };
        let faults = settings.target("//me@db/cat?sslmode=disable", |_| None).unwrap_err();
        assert_eq!(faults, [InvalidTarget::PasswordAndToken, InvalidTarget::TokenWithoutTls]);
        let settings = PostgresSettings { database_auth: Auth::Password, ..settings };
        assert_eq!(settings.target("//me:x@db/cat", |_| None).unwrap_err(), [InvalidTarget::TwoPasswords]);
        let settings = PostgresSettings { database_auth: Auth::Azure, ..PostgresSettings::default() };
        let half = |name: &str| (name == "IDENTITY_ENDPOINT").then(|| "http://localhost".to_owned());
        assert_eq!(
            settings.target("//me@db/cat", half).unwrap_err(),
            [InvalidTarget::Identity("IDENTITY_ENDPOINT", "IDENTITY_HEADER")]
        );
    }

    #[test]
    fn a_target_shows_no_secret() {
        let target = parse("postgres://me:secret@db/cat").unwrap();
        assert!(!format!("{target:?}").contains("secret"));
    }
}
