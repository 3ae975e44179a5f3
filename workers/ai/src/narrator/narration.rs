//! The text about a pattern, and the interface of its narrators.

use super::facts::Facts;
use async_trait::async_trait;
use futures_util::stream::{self, StreamExt};
use serde::Deserialize;

/// Texts that are written at once, at most. An invocation has six connections to the platform, and the
/// databases and queues need some of them; a project default.
const AT_ONCE_MAX: usize = 4;

/// The text about a pattern, also as a model replies with it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Narration {
    /// One line.
    pub title: String,
    /// A paragraph with the finding, the advice and their numbers.
    pub recommendation: String,
}

/// Writes texts about patterns. It never fails: the fallback is the template.
#[async_trait(?Send)]
pub trait Narrator {
    /// Writes the text about a pattern.
    async fn narrate(&self, facts: &Facts) -> Narration;
}

/// Writes the texts of a batch, four at once at most; returns them in order.
pub async fn narrate_all(narrator: &dyn Narrator, facts: &[Facts]) -> Vec<Narration> {
    let texts = facts.iter().map(|facts| narrator.narrate(facts));
    stream::iter(texts).buffered(AT_ONCE_MAX).collect().await
}

#[cfg(test)]
mod tests {
    use super::*;
    use shared_kernel::payload::PatternKind;
    use std::cell::Cell;
    use std::future::poll_fn;
    use std::task::Poll;
    use testkit::run;
    use training::WeekStart;

    /// A narrator that counts how many texts are written at once. Each takes as many polls as its
    /// confidence says.
    #[derive(Default)]
    struct CountingNarrator {
        started: Cell<usize>,
        ended: Cell<usize>,
        at_once_max: Cell<usize>,
    }

    #[async_trait(?Send)]
    impl Narrator for CountingNarrator {
        async fn narrate(&self, facts: &Facts) -> Narration {
            self.started.update(|started| started + 1);
            let at_once = self.started.get() - self.ended.get();
            self.at_once_max.set(self.at_once_max.get().max(at_once));
            let mut polls = facts.confidence;
            poll_fn(|context| {
                polls -= 1.0;
                context.waker().wake_by_ref();
                if polls < 0.0 { Poll::Ready(()) } else { Poll::Pending }
            })
            .await;
            self.ended.update(|ended| ended + 1);
            Narration { title: facts.subject.clone(), recommendation: String::new() }
        }
    }

    #[test]
    fn texts_are_written_four_at_once_and_stay_in_order() {
        let facts: Vec<_> = (0..10)
            .map(|n| Facts {
                kind: PatternKind::VolumeAboveMrv,
                subject: n.to_string(),
                since: WeekStart::containing("2026-11-16".parse().unwrap()),
                confidence: f64::from(10 - n),
                evidence: serde_json::Map::new(),
                adjustment: None,
                is_change_deferred: false,
            })
            .collect();
        let narrator = CountingNarrator::default();
        let titles: Vec<_> =
            run(narrate_all(&narrator, &facts)).into_iter().map(|text| text.title).collect();
        assert_eq!(titles.concat(), "0123456789");
        assert_eq!(narrator.at_once_max.get(), AT_ONCE_MAX);
    }
}
