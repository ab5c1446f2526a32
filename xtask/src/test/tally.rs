//! Counting: the test harness ends each test binary with a line that says what came of it.

/// What came of the tests, over all test binaries.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    /// Ran and passed.
    pub(super) passed: u64,
    /// Ran and failed.
    pub(super) failed: u64,
    /// Marked as ignored in the source.
    pub(super) ignored: u64,
    /// Left out by `--skip` or a filter.
    pub(super) left_out: u64,
}

impl Tally {
    /// Adds a line if it is a closing one:
    /// `test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s`.
    pub(super) fn add_line(&mut self, line: &str) {
        // A test's own output may stand before it on the same line.
        let Some((_, counts)) = line.split_once("test result: ") else { return };
        let counts = counts.split_once(". ").map_or(counts, |(_, counts)| counts);
        for part in counts.split("; ") {
            let Some((number, what)) = part.split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what.trim_end() {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                "filtered out" => self.left_out += number,
                _ => {}
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Tally;

    #[track_caller]
    fn check(output: &str, expected: [u64; 4]) {
        let mut tally = Tally::default();
        output.lines().for_each(|line| tally.add_line(line));
        let [passed, failed, ignored, left_out] = expected;
        assert_eq!(tally, Tally { passed, failed, ignored, left_out }, "{output}");
    }

    #[test]
    fn counts_only_closing_lines() {
        check("", [0; 4]);
        check("running 3 tests\ntest a ... ok\n12 passed; that is a test's own line", [0; 4]);
        check(
            "test result: ok. 3 passed; 0 failed; 1 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            [3, 0, 1, 2],
        );
        check("test result: FAILED. 0 passed; 7 failed; 0 ignored; 0 measured; 0 filtered out", [0, 7, 0, 0]);
    }

    #[test]
    fn adds_the_binaries_up() {
        let one =
            "test result: ok. 3 passed; 1 failed; 1 ignored; 0 measured; 2 filtered out; finished in 1s";
        check(&format!("{one}\nnoise\nprinted without a newline{one}"), [6, 2, 2, 4]);
    }

    #[test]
    fn survives_a_line_that_is_no_count() {
        check("test result: ", [0; 4]);
        check("test result: ok. many passed; 1 failed", [0, 1, 0, 0]);
        check("test result: ok. 99999999999999999999 passed", [0; 4]);
    }
}
