//! Percent-encoding in request targets.

/// Whether every `%` starts an encoded byte and the decoded bytes are UTF-8.
pub(crate) fn decodes(encoded: &str) -> bool {
    if !encoded.contains('%') {
        return true;
    }
    let mut decoded = Vec::with_capacity(encoded.len());
    let mut bytes = encoded.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digits =
            [bytes.next(), bytes.next()].map(|digit| digit.and_then(|digit| char::from(digit).to_digit(16)));
        let [Some(high), Some(low)] = digits else { return false };
        decoded.extend(u8::try_from(high * 16 + low));
    }
    std::str::from_utf8(&decoded).is_ok()
}

#[cfg(test)]
mod tests {
    use super::decodes;

    #[test]
    fn percent_signs_start_two_digits_of_utf8() {
        for (encoded, good) in [
            ("", true),
            ("/plain", true),
            ("/%41", true),
            ("/%c3%A4", true),
            ("/%00", true),
            ("/100%", false),
            ("/%4", false),
            ("/%zz", false),
            ("/%+1", false),
            ("/%c3", false),
            ("/%ff", false),
            ("/%c0%af", false),
        ] {
            assert_eq!(decodes(encoded), good, "{encoded}");
        }
    }
}
