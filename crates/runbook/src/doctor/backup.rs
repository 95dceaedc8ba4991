//! How old the newest backup is that the program is to take by itself, and whether it is whole.

use hearthline_core::Timestamp;
use hearthline_core::figures::many;

use super::blocking::blocking;
use super::catalogue::{
    BACKUP_DAMAGED, BACKUP_FAILED, BACKUP_NONE, BACKUP_OFF, BACKUP_OK, BACKUP_OLD, BACKUP_UNREADABLE,
};
use super::{Check, Finding, Subject, seconds};
use crate::backup::list;
use crate::silent::about;

const NOW: &str = "hearthline backup takes one now, and says what is in its way";

pub(super) const CHECK: Check = Check {
    name: "backup",
    within: seconds(10, 60),
    look: |subject, _| {
        Box::pin(async move {
            let looked = blocking(move |_| look(&subject)).await;
            let panicked =
                || vec![Finding::of(BACKUP_UNREADABLE, "the look at the backups ended in a panic")];
            looked.unwrap_or_else(panicked).into()
        })
    },
};

fn look(subject: &Subject) -> Vec<Finding> {
    let job = &subject.backup;
    let Some(every) = job.every else {
        let says = "no backup is taken by itself: there is no `every` under [backup]";
        return vec![Finding::of(BACKUP_OFF, says)];
    };
    let dir = job.dir.display();
    let (found, unreadable) = match list(&*subject.fs, &job.dir) {
        Ok(listed) => listed,
        Err(error) => {
            let todo = "see that the folder of [backup] dir is there, mounted, and may be read";
            return vec![Finding::of(BACKUP_UNREADABLE, error.to_string()).todo(todo)];
        }
    };
    let mut findings = Vec::new();
    if let Some(failed) = subject.running.status().and_then(|status| status.backup.as_ref()?.failed.clone()) {
        findings
            .push(Finding::of(BACKUP_FAILED, format!("the last backup was not taken: {failed}")).todo(NOW));
    }
    for bad in &unreadable {
        let says = format!("the backup {} in {dir} cannot be read: {}", bad.name, bad.why);
        let todo =
            "move its folder away; until then no old backup is taken away, as nobody knows what it has";
        findings.push(Finding::of(BACKUP_UNREADABLE, says).todo(todo));
    }
    let Some((newest, _)) = found.first() else {
        findings.push(Finding::of(BACKUP_NONE, format!("there is no backup in {dir} yet")).todo(NOW));
        return findings;
    };
    let age = Timestamp::parse(&newest.at).map(|at| subject.clock.now().since(at)).unwrap_or_default();
    let with = |finding: Finding| {
        finding
            .word("name", newest.name.clone())
            .figure("age", age.as_secs(), "s")
            .figure("kept", found.len(), "1")
            .figure("bytes", newest.bytes, "bytes")
    };
    if let Some(bad) = newest.damaged.first() {
        let says = format!(
            "{} of the newest backup could not be read, or were not what was once written: {} ({})",
            many(newest.damaged.len() as u64, "file"),
            bad.path,
            bad.why
        );
        let todo = "hearthline doctor --full and hearthline repair tell what is the matter with them here; an older backup may have \
                    them whole";
        findings.push(with(Finding::of(BACKUP_DAMAGED, says)).todo(todo));
    }
    let says = format!("the newest backup is {} old", about(age));
    if age > every * 2 {
        let says = format!("{says}, and one is to be taken every {}", about(every));
        findings.push(with(Finding::of(BACKUP_OLD, says)).todo(NOW));
    } else if findings.is_empty() {
        findings.push(with(Finding::of(BACKUP_OK, format!("{says}; {} are kept in {dir}", found.len()))));
    }
    findings
}
