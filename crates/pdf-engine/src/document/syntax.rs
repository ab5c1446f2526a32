//! How PDF writes numbers and strings.

use std::fmt;

/// A number with up to five decimals: no reader keeps more, and a hundred-thousandth of a point is nothing.
pub(super) struct Real(pub(super) f64);

impl fmt::Display for Real {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:.5}", self.0);
        let text = text.trim_end_matches('0').trim_end_matches('.');
        f.write_str(if text == "-0" { "0" } else { text })
    }
}

/// Bytes as a hexadecimal string: twice as long as they are, and readable in any editor.
pub(super) struct Hex<'a>(pub(super) &'a [u8]);

impl fmt::Display for Hex<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("<")?;
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(">")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reals_have_no_exponent_and_no_useless_digit() {
        for (number, text) in [
            (0.0, "0"),
            (-0.0, "0"),
            (-0.000_001, "0"),
            (1.0, "1"),
            (10.0, "10"),
            (0.75, "0.75"),
            (-612.5, "-612.5"),
            (1.0 / 3.0, "0.33333"),
            (14_400.0, "14400"),
            (1e-7, "0"),
        ] {
            assert_eq!(Real(number).to_string(), text);
        }
    }
}
