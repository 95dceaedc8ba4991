//! How often one entity reports.

use std::time::Duration;

use hearthline_core::Timestamp;
use serde::{Deserialize, Serialize};

use super::Rules;

/// So many looks have to find a report without a change: a start of Home Assistant makes one by itself.
pub const PROOFS: u8 = 6;
/// So many spans have to have a sample.
pub const NEEDED: usize = 6;
/// An entity is not regular if one of its samples is over so many times what is usual, or what is usual is over so many
/// times of how soon it reports again.
pub const REGULAR: u32 = 3;
/// An entity is silent after so many times what is usual.
pub const TIMES: u32 = 5;
/// What is written twice within this is one report.
const ONE: Duration = Duration::from_secs(10);
/// Spans that are kept.
const KEPT: usize = 16;
/// How far doubt goes: 32 times as long.
const DOUBT: u8 = 5;
/// Without another silence for so long, doubt is less.
const CALM: Duration = Duration::from_secs(86_400);
/// What has had no sample for so long is forgotten.
const FRESH: Duration = Duration::from_secs(30 * 86_400);

/// How often one entity reports, as far as looks have shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// When it was first seen to report without a change.
    since: Timestamp,
    proofs: u8,
    /// The newest first.
    spans: [Span; KEPT],
    /// When the newest span began.
    began: Timestamp,
    /// How often it was called silent and came back.
    doubt: u8,
    /// When it last did, or doubt was last less.
    doubted: Timestamp,
}

/// What a while has shown, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Span {
    /// The greatest sample; 0 where there is none.
    longest: u32,
    /// The least time between two reports that are known of, if not both are the same one.
    briefest: u32,
}

impl Span {
    const NONE: Self = Self { longest: 0, briefest: u32::MAX };
}

impl Pattern {
    pub(super) const fn since(at: Timestamp) -> Self {
        Self { since: at, proofs: 0, spans: [Span::NONE; KEPT], began: at, doubt: 0, doubted: at }
    }

    /// It was seen to report without a change.
    pub(super) const fn prove(&mut self) {
        self.proofs = self.proofs.saturating_add(1);
    }

    /// It reports. A look had found it not to have done so for `age`; zero where none had come in between. Another report
    /// is known from `gap` before.
    pub(super) fn heard(&mut self, gap: Duration, age: Duration, at: Timestamp, rules: &Rules) {
        let seconds = |length: Duration| u32::try_from(length.as_secs()).unwrap_or(u32::MAX).max(1);
        let [newest, ..] = &self.spans;
        if !age.is_zero() && newest.longest > 0 && at.since(self.began) >= rules.span {
            self.spans.rotate_right(1);
            let [newest, ..] = &mut self.spans;
            (*newest, self.began) = (Span::NONE, at);
        }
        let [newest, ..] = &mut self.spans;
        if !age.is_zero() {
            newest.longest = newest.longest.max(seconds(age));
        }
        if gap > ONE {
            newest.briefest = newest.briefest.min(seconds(gap));
        }
    }

    /// It was called silent and has come back.
    pub(super) fn doubt(&mut self, at: Timestamp) {
        self.doubt = (self.doubt + 1).min(DOUBT);
        self.doubted = at;
    }

    pub(super) fn calm_down(&mut self, now: Timestamp) {
        if self.doubt > 0 && now.since(self.doubted) >= CALM {
            self.doubt -= 1;
            self.doubted = now;
        }
    }

    /// Whether it had a sample lately.
    pub(super) fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.began) < FRESH
    }

    /// How often it reports; none while that is not known, or where it is not regular.
    pub(super) fn usual(&self) -> Option<Duration> {
        let spans = || self.spans.iter().filter(|span| span.longest > 0);
        let (mut longest, mut briefest): (Vec<_>, Vec<_>) =
            spans().map(|span| (span.longest, span.briefest)).unzip();
        if longest.len() < NEEDED || self.proofs < PROOFS {
            return None;
        }
        longest.sort_unstable();
        briefest.sort_unstable();
        let usual = *longest.get(longest.len() * 3 / 4)?;
        let within = |greater: u32, less: u32| greater <= less.saturating_mul(REGULAR);
        let regular = within(*longest.last()?, usual) && within(usual, *briefest.get(briefest.len() / 2)?);
        regular.then(|| Duration::from_secs(usual.into()))
    }

    /// After how long it is silent; none where it is not judged.
    pub(super) fn limit(&self, now: Timestamp, between: Duration, rules: &Rules) -> Option<Duration> {
        let usual = self.usual().filter(|_| now.since(self.since) >= rules.watched)?;
        Some((usual * TIMES + between).max(rules.least) * (1 << self.doubt))
    }
}
