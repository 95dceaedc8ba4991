//! The unit, as systemd itself judges it.

use super::{ended, packaging};
use crate::process::peer;

/// Of ten, where less is better; what is left is what the program needs: the network, and a disk to write to.
const EXPOSURE: f64 = 1.5;

#[test]
#[ignore = "needs systemd-analyze: cargo xtask test"]
fn systemd_takes_the_unit_and_finds_little_that_it_could_reach() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("hearthline.service");
    // The program is not installed here, and that it is there is looked at too.
    let unit = packaging("systemd/hearthline.service");
    let here = unit
        .replace("ExecStart=/usr/bin/hearthline", concat!("ExecStart=", env!("CARGO_BIN_EXE_hearthline")));
    assert_ne!(here, unit);
    std::fs::write(&path, here).unwrap();

    let (well, said) = ended(peer("deploy/bin/systemd-analyze").arg("verify").arg(&path));
    assert!(well && said.is_empty(), "{said}");

    let (well, said) =
        ended(peer("deploy/bin/systemd-analyze").args(["security", "--offline=true"]).arg(&path));
    let overall = said
        .lines()
        .rfind(|line| line.contains("Overall exposure level"))
        .unwrap_or_else(|| panic!("{said}"));
    let exposure: f64 = overall.split_whitespace().find_map(|word| word.parse().ok()).unwrap();
    assert!(well && exposure <= EXPOSURE, "{said}");
}
