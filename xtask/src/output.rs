//! Reads what `cargo test` prints.

/// What one or more test binaries said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    /// As the closing lines of the binaries count them.
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// The names of those that failed.
    pub(crate) failures: Vec<String>,
    /// The names of those that were not run, with the reason given in the source.
    pub(crate) ignored: Vec<(String, String)>,
}

impl Tests {
    /// Takes in one line of output; what is neither a verdict about a test nor a closing line is passed over.
    pub(crate) fn read(&mut self, line: &str) {
        if let Some((passed, failed)) = closing_line(line) {
            self.passed += passed;
            self.failed += failed;
            return;
        }
        let Some((name, verdict)) = line.strip_prefix("test ").and_then(|rest| rest.rsplit_once(" ... "))
        else {
            return;
        };
        if verdict == "FAILED" {
            self.failures.push(name.to_owned());
        } else if let Some(reason) = verdict.strip_prefix("ignored") {
            self.ignored.push((name.to_owned(), reason.trim_start_matches(", ").to_owned()));
        }
    }
}

/// Passed and failed of the line that closes a test binary's run.
fn closing_line(line: &str) -> Option<(u64, u64)> {
    let (_, counts) = line.strip_prefix("test result: ")?.split_once(". ")?;
    let mut numbers = counts.split("; ").map_while(|count| count.split(' ').next()?.parse().ok());
    Some((numbers.next()?, numbers.next()?))
}

#[cfg(test)]
mod tests {
    use super::Tests;

    #[test]
    fn verdicts_and_closing_lines_are_read_and_noise_is_passed_over() {
        let output = "\n\
            running 4 tests\n\
            test cursor::tests::a_cursor_survives ... ok\n\
            test a_torn_tail_is_cut ... FAILED\n\
            test crates/core/src/time.rs - time::Timestamp (line 9) ... ok\n\
            test ha::records ... ignored, needs Home Assistant: cargo xtask test\n\
            test result: FAILED. 2 passed; 1 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
            test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.01s\n\
            test result: ok\n";
        let mut tests = Tests::default();
        for line in output.lines() {
            tests.read(line);
        }
        let reason = "needs Home Assistant: cargo xtask test".to_owned();
        assert_eq!(
            tests,
            Tests {
                passed: 14,
                failed: 1,
                failures: vec!["a_torn_tail_is_cut".to_owned()],
                ignored: vec![("ha::records".to_owned(), reason)],
            }
        );
    }
}
