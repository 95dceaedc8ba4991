//! Reads what `cargo test`, Vitest and Playwright print.

/// What one or more runs of tests said.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tests {
    /// As the closing lines count them.
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    /// As the closing lines of Vitest and Playwright count them.
    pub(crate) skipped: u64,
    /// The names of those that failed.
    pub(crate) failures: Vec<String>,
    /// The names of those that `cargo test` did not run, with the reason given in the source.
    pub(crate) ignored: Vec<(String, String)>,
}

impl Tests {
    /// Takes in a line of `cargo test`; what is neither a verdict about a test nor a closing line is passed over.
    pub(crate) fn read_cargo(&mut self, line: &str) {
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

    /// Takes in a line of Vitest (` FAIL  name`, ` Tests  1 failed | 2 passed (3)`) or of Playwright's list (`✘ 1 name`,
    /// `1 failed`, `2 passed (9s)`).
    pub(crate) fn read_node(&mut self, line: &str) {
        let line = line.trim();
        if let Some(name) = line.strip_prefix("FAIL ").or_else(|| line.strip_prefix("✘ ")) {
            self.failures.push(name.trim_start().to_owned());
            return;
        }
        let counts = line.strip_prefix("Tests ").unwrap_or(line).split('|').map(|count| {
            let mut words = count.split_whitespace();
            Some((words.next()?.parse().ok()?, words.next()?))
        });
        for (count, what) in counts.collect::<Option<Vec<(u64, &str)>>>().unwrap_or_default() {
            match what {
                "passed" => self.passed += count,
                "failed" | "flaky" | "interrupted" | "did" => self.failed += count, // "did not run"
                "skipped" | "todo" => self.skipped += count,
                _ => {}
            }
        }
    }
}

/// Passed and failed of the line that closes a Rust test binary's run.
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
            tests.read_cargo(line);
        }
        let reason = "needs Home Assistant: cargo xtask test".to_owned();
        assert_eq!(
            tests,
            Tests {
                passed: 14,
                failed: 1,
                skipped: 0,
                failures: vec!["a_torn_tail_is_cut".to_owned()],
                ignored: vec![("ha::records".to_owned(), reason)],
            }
        );
    }

    #[test]
    fn vitest_and_playwright_are_read_and_noise_is_passed_over() {
        let output = "
 RUN  v4.1.12 dashboard
 FAIL  src/lib/time.test.ts > an age is told
 Test Files  1 failed | 8 passed (9)
      Tests  1 failed | 41 passed | 2 skipped (44)
Running 4 tests using 2 workers
  ✓  1 stories/house.spec.ts:5:1 › a stranger reads (4.3s)
  ✘  2 stories/house.spec.ts:14:1 › values move (6.0s)
    Received: 3
  1 failed
    stories/house.spec.ts:14:1 › values move
  1 did not run
  2 passed (2.0m)
";
        let mut tests = Tests::default();
        for line in output.lines() {
            tests.read_node(line);
        }
        let failures =
            ["src/lib/time.test.ts > an age is told", "2 stories/house.spec.ts:14:1 › values move (6.0s)"];
        let failures = failures.map(str::to_owned).to_vec();
        assert_eq!(tests, Tests { passed: 43, failed: 3, skipped: 2, failures, ignored: Vec::new() });
    }
}
