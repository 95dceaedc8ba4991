//! How many files the program may have open.

use rustix::process::{Resource, getrlimit};

use super::catalogue::{FILES_FEW, FILES_OK};
use super::{Check, Finding, Subject, seconds};

/// Connections, segments and files of the store, with room to spare.
const ENOUGH: u64 = 1024;

pub(super) const CHECK: Check = Check {
    name: "files",
    within: seconds(5, 5),
    look: |subject, _| Box::pin(async move { look(&subject).into() }),
};

/// Of the running program where there is one, else of this one.
fn look(subject: &Subject) -> Finding {
    let pid = subject.running.pid();
    let of_program = pid.and_then(limit_of);
    let own = || getrlimit(Resource::Nofile).current;
    let limit = of_program.unwrap_or_else(own);
    let open = pid.and_then(|pid| std::fs::read_dir(format!("/proc/{pid}/fd")).ok()).map(Iterator::count);
    told(limit, open).figure("open", open, "1")
}

/// No limit is none.
fn told(limit: Option<u64>, open: Option<usize>) -> Finding {
    let shown = limit.map_or("any number of".to_owned(), |limit| limit.to_string());
    let now = open.map(|open| format!(", and has {open}")).unwrap_or_default();
    let says = format!("the program may have {shown} files open{now}");
    let few = limit.is_some_and(|limit| limit < ENOUGH)
        || limit.zip(open).is_some_and(|(limit, open)| open as u64 >= limit * 8 / 10);
    let finding = if few {
        Finding::of(FILES_FEW, says)
            .todo("LimitNOFILE=4096 in its systemd unit, or `ulimit -n 4096` before it is started")
    } else {
        Finding::of(FILES_OK, says)
    };
    finding.figure("limit", limit, "1").figure("enough", ENOUGH, "1")
}

/// As the kernel tells of another process; the inner none is no limit.
fn limit_of(pid: u32) -> Option<Option<u64>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/limits")).ok()?;
    let line = text.lines().find(|line| line.starts_with("Max open files"))?;
    match line.split_whitespace().nth(3)? {
        "unlimited" => Some(None),
        number => Some(Some(number.parse().ok()?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_are_told() {
        for (limit, open, id) in [
            (Some(1024), None, "files-ok"),
            (None, Some(5000), "files-ok"),
            (Some(256), None, "files-few"),
            (Some(4096), Some(4000), "files-few"),
        ] {
            assert_eq!(told(limit, open).id, id, "{limit:?} {open:?}");
        }
    }

    #[test]
    fn the_limit_of_a_process_is_read() {
        assert_eq!(limit_of(std::process::id()), Some(getrlimit(Resource::Nofile).current));
    }
}
