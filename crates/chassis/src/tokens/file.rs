//! `API_TOKENS_FILE`, from its bytes to tokens. What is wrong with it is told by line, and never repeats what stands
//! there: it may be a token that someone put in the wrong place.

use std::{collections::HashMap, fs, io::Read, path::Path};

use super::TokenHash;

/// Enough for 1,000 tokens with a few words about each.
const FILE_BYTES_MAX: usize = 256 * 1024;
/// Each request with a token is compared with all of them: 1,000 take about ten microseconds.
const TOKENS_MAX: usize = 1000;
const NAME_LENGTH_MAX: usize = 64;
const SCOPE_LENGTH_MAX: usize = 64;
const SCOPES_MAX: usize = 32;
/// Faults that are told one by one: who mistook the file need not see each of its lines.
const FAULTS_MAX: usize = 20;

/// One token of the file.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) name: String,
    pub(crate) hash: TokenHash,
    /// What it is limited to; nothing where it may do everything.
    scopes: Vec<String>,
}

impl Token {
    pub(crate) fn may(&self, scope: super::Scope) -> bool {
        self.scopes.is_empty() || self.scopes.iter().any(|own| own == scope.name())
    }
}

/// The tokens of the file, or everything that is wrong with it, a sentence each.
pub(crate) fn read(path: &Path) -> Result<Vec<Token>, Vec<String>> {
    let bytes = read_bytes(path).map_err(|fault| vec![fault])?;
    parse(&bytes)
}

pub(super) fn read_bytes(path: &Path) -> Result<Vec<u8>, String> {
    let shown = path.display();
    let unreadable = |error| format!("API_TOKENS_FILE: {shown} cannot be read: {error}");
    // Opening a pipe would wait for its writer.
    if !fs::metadata(path).map_err(unreadable)?.is_file() {
        return Err(format!("API_TOKENS_FILE: {shown} is not a regular file"));
    }
    let mut bytes = Vec::new();
    let limit = FILE_BYTES_MAX as u64 + 1;
    fs::File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes)).map_err(unreadable)?;
    if bytes.len() > FILE_BYTES_MAX {
        return Err(format!("API_TOKENS_FILE: {shown} has more than {FILE_BYTES_MAX} bytes"));
    }
    Ok(bytes)
}

pub(super) fn parse(bytes: &[u8]) -> Result<Vec<Token>, Vec<String>> {
    let mut tokens = Vec::new();
    let mut faults = Vec::new();
    let mut names = HashMap::new();
    let mut hashes = HashMap::new();
    for (number, line) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        let token = match parse_line(line) {
            Ok(None) => continue,
            Ok(Some(token)) => token,
            Err(fault) => {
                faults.push(format!("API_TOKENS_FILE, line {number}: {fault}"));
                continue;
            }
        };
        for (what, first) in [
            ("name", *names.entry(token.name.clone()).or_insert(number)),
            ("hash", *hashes.entry(token.hash.0).or_insert(number)),
        ] {
            if first != number {
                faults.push(format!("API_TOKENS_FILE, line {number}: has the {what} of line {first}"));
            }
        }
        tokens.push(token);
    }
    if tokens.len() > TOKENS_MAX {
        faults.push(format!("API_TOKENS_FILE: has {} tokens; it may have {TOKENS_MAX}", tokens.len()));
    }
    if faults.is_empty() { Ok(tokens) } else { Err(shortened(faults)) }
}

fn shortened(mut faults: Vec<String>) -> Vec<String> {
    let more = faults.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        faults.truncate(FAULTS_MAX);
        faults.push(format!("API_TOKENS_FILE: has {more} more faults"));
    }
    faults
}

fn parse_line(line: &[u8]) -> Result<Option<Token>, &'static str> {
    let line = str::from_utf8(line).map_err(|_| "is not UTF-8")?.trim();
    if line.is_empty() || line.starts_with('#') {
        return Ok(None);
    }
    let mut words = line.split_ascii_whitespace();
    let name = words.next().unwrap_or_default();
    if !is_name(name.as_bytes()) {
        return Err("must begin with a name: 1 to 64 letters, digits, dots, hyphens and underscores");
    }
    let hash = words.next().ok_or("has no hash: a line is NAME sha256:HASH [SCOPE…]")?.parse()?;
    let scopes: Vec<_> = words.map(str::to_owned).collect();
    if scopes.len() > SCOPES_MAX {
        return Err("has more than 32 scopes");
    }
    if !scopes.iter().all(|scope| is_scope(scope.as_bytes())) {
        return Err("has a scope that is not 1 to 64 of a-z, 0-9, colon, dot, - and _; \
                    a comment needs a line of its own");
    }
    Ok(Some(Token { name: name.to_owned(), hash, scopes }))
}

fn is_name(name: &[u8]) -> bool {
    (1..=NAME_LENGTH_MAX).contains(&name.len())
        && name.iter().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(byte))
}

pub(super) const fn is_scope(scope: &[u8]) -> bool {
    let mut rest = scope;
    while let [first, others @ ..] = rest {
        if !matches!(first, b'a'..=b'z' | b'0'..=b'9' | b':' | b'.' | b'_' | b'-') {
            return false;
        }
        rest = others;
    }
    !scope.is_empty() && scope.len() <= SCOPE_LENGTH_MAX
}

#[cfg(test)]
mod tests {
    use super::{
        super::{Scope, hash},
        *,
    };

    fn line(name: &str, token: &str, scopes: &str) -> String {
        format!("{name} {} {scopes}\n", hash(token))
    }

    #[test]
    fn a_line_is_a_name_a_hash_and_scopes() {
        let text = format!(
            "# comment\n\n  \t\r\n{}  # indented comment\r\n\t{}{}",
            line("a.b-C_9", "1", ""),
            line("reader", "2", "fruits:read").replace(' ', "\t"),
            line("both", "3", "fruits:read fruits:write").trim_end()
        );
        let tokens = parse(text.as_bytes()).unwrap();
        let names: Vec<_> = tokens.iter().map(|token| token.name.as_str()).collect();
        assert_eq!(names, ["a.b-C_9", "reader", "both"]);
        let write = Scope::new("fruits:write");
        assert_eq!(tokens.iter().map(|token| token.may(write)).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(tokens[2].hash, hash("3"));
        // Nobody may do anything: how the last token is taken back.
        assert!(parse(b"").unwrap().is_empty());
    }

    #[test]
    fn every_fault_is_named_by_its_line_and_repeats_nothing() {
        let secret = "fruitpress_5ec4e7";
        let text = format!(
            "{}{secret}\nname {secret}\nn/a {secret}\n{}{}{}{}\u{e9} x\n",
            line("good", "1", ""),
            line("scoped", "2", secret.to_uppercase().as_str()),
            line("good", "3", ""),
            line("same-hash", "1", ""),
            line("comment", "4", "# mine"),
        );
        let mut bytes = text.into_bytes();
        bytes.extend(b"name \xff\n");
        let faults = parse(&bytes).unwrap_err();
        let expected = [
            (2, "no hash"),
            (3, "64 hexadecimal digits"),
            (4, "begin with a name"),
            (5, "scope"),
            (6, "the name of line 1"),
            (7, "the hash of line 1"),
            (8, "comment needs a line of its own"),
            (9, "begin with a name"),
            (10, "UTF-8"),
        ];
        assert_eq!(faults.len(), expected.len(), "{faults:#?}");
        for (fault, (number, words)) in faults.iter().zip(expected) {
            assert!(fault.starts_with(&format!("API_TOKENS_FILE, line {number}: ")), "{fault}");
            assert!(fault.contains(words) && !fault.contains("5ec4e7"), "{fault}");
        }
    }

    #[test]
    fn limits_hold_to_the_last() {
        let check = |text: &str, good: bool| assert_eq!(parse(text.as_bytes()).is_ok(), good, "{text:.200}");
        for (length, good) in [(64, true), (65, false)] {
            check(&line(&"n".repeat(length), "1", ""), good);
            check(&line("name", "1", &"s".repeat(length)), good);
        }
        for (scopes, good) in [(32, true), (33, false)] {
            check(&line("name", "1", &"s ".repeat(scopes)), good);
        }
        let many = |count| (0..count).map(|n| line(&n.to_string(), &n.to_string(), "")).collect::<String>();
        check(&many(1000), true);
        check(&many(1001), false);
        let faults = parse("?\n".repeat(100).as_bytes()).unwrap_err();
        assert_eq!((faults.len(), faults[20].as_str()), (21, "API_TOKENS_FILE: has 80 more faults"));
    }

    #[test]
    fn files_are_bounded_and_regular() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        let check = |path: &Path, fault: &str| {
            let faults = read(path).unwrap_err();
            assert!(faults.len() == 1 && faults[0].contains(fault), "{faults:?}");
            assert!(faults[0].contains(&path.display().to_string()), "{faults:?}");
        };
        check(&path, "cannot be read: No such file");
        check(folder.path(), "not a regular file");
        let mut text = "#".repeat(FILE_BYTES_MAX);
        fs::write(&path, &text).unwrap();
        assert!(read(&path).unwrap().is_empty());
        text.push('#');
        fs::write(&path, &text).unwrap();
        check(&path, "more than 262144 bytes");
    }
}
