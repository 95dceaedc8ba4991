//! The last act. The recorder is told to stop; its files alone have to say the same as the ledger.

use super::account::{Account, STORE};
use super::stage::{FILLED, Stage};
use super::told::{Figure, Judged};

/// What it is called.
pub(super) const NAME: &str = "files";
/// In place of the exit code of a process that has none.
const BY_A_SIGNAL: i32 = -1;

/// What was seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Exit code.
    code: Option<i32>,
    /// Events of the whole tour, by the files.
    store: Account,
}

/// Plays it.
///
/// # Errors
/// When it cannot be played to its end.
pub(super) async fn play(stage: &mut Stage) -> anyhow::Result<Judged> {
    let last = stage.settled(FILLED).await?;
    let gaps = stage.gaps().await?;
    let code = stage.recorder.stop().await?;
    let (store, _) = stage.accounts(last, &gaps).await?;
    Ok(judge(&Seen { code, store }))
}

fn judge(seen: &Seen) -> Judged {
    let Seen { code, store } = seen;
    let mut figures = vec![Figure::equal("exit code of the recorder", 0, code.unwrap_or(BY_A_SIGNAL))];
    figures.extend(store.figures(STORE));
    Judged {
        says: format!(
            "stopped in order; {} of {} events read from its files without it",
            store.recorded, store.fired
        ),
        figures,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_holds_only_when_it_ended_in_order_and_every_event_is_in_files() {
        let holds = |seen: &Seen| judge(seen).figures.iter().all(|figure| figure.holds);
        let store = Account { fired: 9, recorded: 9, ..Account::default() };
        assert!(holds(&Seen { code: Some(0), store }));
        assert!(!holds(&Seen { code: Some(1), store }) && !holds(&Seen { code: None, store }));
        assert!(!holds(&Seen { code: Some(0), store: Account { recorded: 8, missing: 1, ..store } }));
    }
}
