//! What a bucket may be called, by the rules of its cloud, and what may stand before the names of its objects.
//!
//! Checked at the start, because a cloud says no more than "not found" of a name that cannot be.

use super::Cloud;

/// Characters of a prefix: with the slash and the name of a PDF behind it, 1,024 of them, what Google and Amazon take.
const PREFIX_BYTES_MAX: usize = 1024 - 1 - "67e55044-10b1-426f-9247-bb680e5fe0c8.pdf".len();

/// The first rule of its cloud that a bucket's name breaks, in words.
pub(super) fn broken_rule(cloud: Cloud, name: &str) -> Option<&'static str> {
    match cloud {
        Cloud::Google => broken_by_google(name),
        Cloud::Amazon => broken_by_amazon(name),
        Cloud::Azure => broken_by_azure(name),
    }
}

/// Whether objects may be kept below it: no character that would need an escape in the URL that is handed out.
pub(super) fn is_prefix(prefix: &str) -> bool {
    let is_segment = |segment: &str| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
    };
    prefix.len() <= PREFIX_BYTES_MAX && prefix.split('/').all(is_segment)
}

fn broken_by_google(name: &str) -> Option<&'static str> {
    let is_inner = |c: char| is_edge(c) || "-_.".contains(c);
    if !name.chars().all(is_inner) || !name.starts_with(is_edge) || !name.ends_with(is_edge) {
        Some("it has a-z, 0-9, '-', '_' and '.' alone, and a letter or digit at both ends")
    } else if !(3..=222).contains(&name.len()) || name.split('.').any(|part| part.len() > 63) {
        Some("it has 3 to 63 characters, or up to 222 where dots part it into pieces of at most 63")
    } else if name.contains("..") {
        Some("no two dots stand side by side")
    } else if is_like_an_address(name) {
        Some("it does not look like an IP address")
    } else if name.starts_with("goog") || name.contains("google") || name.contains("g00gle") {
        Some("it neither begins with \"goog\" nor contains \"google\" or \"g00gle\"")
    } else {
        None
    }
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html>, general purpose buckets.
fn broken_by_amazon(name: &str) -> Option<&'static str> {
    let is_inner = |c: char| is_edge(c) || "-.".contains(c);
    let reserved_start = ["xn--", "sthree-", "amzn-s3-demo-"];
    let reserved_end = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];
    if !name.chars().all(is_inner) || !name.starts_with(is_edge) || !name.ends_with(is_edge) {
        Some("it has a-z, 0-9, '-' and '.' alone, and a letter or digit at both ends")
    } else if !(3..=63).contains(&name.len()) {
        Some("it has 3 to 63 characters")
    } else if name.contains("..") {
        Some("no two dots stand side by side")
    } else if is_like_an_address(name) {
        Some("it does not look like an IP address")
    } else if reserved_start.iter().any(|start| name.starts_with(start))
        || reserved_end.iter().any(|end| name.ends_with(end))
    {
        Some(
            "it neither begins with \"xn--\", \"sthree-\" or \"amzn-s3-demo-\" nor ends with \"-s3alias\", \
             \"--ol-s3\", \".mrap\", \"--x-s3\" or \"--table-s3\"",
        )
    } else {
        None
    }
}

/// <https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata>
fn broken_by_azure(name: &str) -> Option<&'static str> {
    let is_inner = |c: char| is_edge(c) || c == '-';
    if !name.chars().all(is_inner) || !name.starts_with(is_edge) || !name.ends_with(is_edge) {
        Some("it has a-z, 0-9 and '-' alone, and a letter or digit at both ends")
    } else if !(3..=63).contains(&name.len()) {
        Some("it has 3 to 63 characters")
    } else if name.contains("--") {
        Some("no two hyphens stand side by side")
    } else {
        None
    }
}

fn is_edge(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit()
}

fn is_like_an_address(name: &str) -> bool {
    let number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    name.split('.').count() == 4 && name.split('.').all(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_at_the_limits_of_each_cloud() {
        let (piece, long) = ("b".repeat(63), "b".repeat(64));
        let short = "b".repeat(60);
        let dotted = [piece.as_str(), &piece, &piece, &"b".repeat(30)].join(".");
        let too_long = [short.as_str(), &short, &short, &"b".repeat(40)].join(".");
        assert_eq!((dotted.len(), too_long.len()), (222, 223));
        for (cloud, good) in [
            (Cloud::Google, &["abc", "a_b", "192.168.5", "192.168.5.x4", "my-goog", &piece, &dotted][..]),
            (Cloud::Amazon, &["abc", "a.b", "192.168.5", "my-xn--a", "a--b", &piece]),
            (Cloud::Azure, &["abc", "a-b", "0a9", &piece]),
        ] {
            for name in good {
                assert_eq!(broken_rule(cloud, name), None, "{cloud:?} {name}");
            }
        }
        for (cloud, name, rule) in [
            (Cloud::Google, "", "a letter or digit at both ends"),
            (Cloud::Google, "MyBucket", "it has a-z, 0-9"),
            (Cloud::Google, "-bucket", "a letter or digit at both ends"),
            (Cloud::Google, "bucket.", "a letter or digit at both ends"),
            (Cloud::Google, "ab", "3 to 63 characters"),
            (Cloud::Google, &long, "3 to 63 characters"),
            (Cloud::Google, &too_long, "up to 222"),
            (Cloud::Google, "a..b", "no two dots"),
            (Cloud::Google, "192.168.5.4", "does not look like an IP address"),
            (Cloud::Google, "goog-pdfs", "begins with \"goog\""),
            (Cloud::Google, "my-google-pdfs", "contains \"google\""),
            (Cloud::Amazon, "", "a letter or digit at both ends"),
            (Cloud::Amazon, "a_b", "it has a-z, 0-9, '-' and '.'"),
            (Cloud::Amazon, "pdfs-", "a letter or digit at both ends"),
            (Cloud::Amazon, "ab", "3 to 63 characters"),
            (Cloud::Amazon, &long, "3 to 63 characters"),
            (Cloud::Amazon, "a..b", "no two dots"),
            (Cloud::Amazon, "192.168.5.4", "does not look like an IP address"),
            (Cloud::Amazon, "xn--pdfs", "begins with \"xn--\""),
            (Cloud::Amazon, "pdfs--x-s3", "\"--x-s3\""),
            (Cloud::Azure, "", "a letter or digit at both ends"),
            (Cloud::Azure, "$root", "it has a-z, 0-9 and '-'"),
            (Cloud::Azure, "a.b", "it has a-z, 0-9 and '-'"),
            (Cloud::Azure, "-pdfs", "a letter or digit at both ends"),
            (Cloud::Azure, "ab", "3 to 63 characters"),
            (Cloud::Azure, &long, "3 to 63 characters"),
            (Cloud::Azure, "a--b", "no two hyphens"),
        ] {
            let broken = broken_rule(cloud, name).unwrap_or_default();
            assert!(broken.contains(rule), "{cloud:?} {name:?}: {broken}");
        }
    }

    #[test]
    fn prefixes_at_their_limits() {
        let longest = "p".repeat(983);
        for good in ["a", "a/b", "A_b-c.d/1", &longest] {
            assert!(is_prefix(good), "{good}");
        }
        for bad in ["", "/a", "a/", "a//b", "../b", "a/./b", "a b", "a%20", "ä", &format!("{longest}p")] {
            assert!(!is_prefix(bad), "{bad}");
        }
    }
}
