//! The analysis that both handlers share: read the history of all athletes of the batch at once,
//! let the rules look, publish what nobody was told of yet, mark it.

use crate::history::HISTORY_WEEKS;
use crate::publisher::{AIEventPublisher, pattern_data, training_pattern_detected};
use crate::rules::Pattern;
use crate::rules::volume_above_mrv::volume_above_mrv;
use crate::rules::volume_below_mev::volume_below_mev;
use chrono::NaiveDate;
use platform::Clock;
use shared_kernel::payload::TrainingPatternDetected;
use shared_kernel::{AthleteId, Event, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::patterns::{self, AnalysisInput, WeekRange};
use storage::volume::HistoryWeek;
use storage::{Database, Shards};
use training::landmarks::OwnLandmarks;
use training::{Muscle, WeekStart};

/// What one event asks to be looked at.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The event.
    pub cause: &'a Event,
    /// Whose training.
    pub athlete_id: AthleteId,
    /// The week that changed.
    pub week_start: WeekStart,
    /// Only these muscles, and only in that week; `None` is everything.
    pub muscles: Option<BTreeSet<Muscle>>,
}

/// The analysis.
#[derive(Clone)]
pub struct Analysis {
    /// Where history and patterns are.
    pub shards: Shards,
    /// Who tells the others.
    pub publisher: AIEventPublisher,
    /// For today.
    pub clock: Rc<dyn Clock>,
}

impl Analysis {
    /// Runs the analysis for a batch: one outcome for each request, in order.
    ///
    /// 1. read (await): the history and the announced patterns of all athletes, one round trip;
    /// 2. decide: the rules, each athlete once however many requests;
    /// 3. publish (await): patterns not yet announced. Their ids are derived from what they are; a
    ///    repeat collapses downstream;
    /// 4. mark (await): store them as announced. Keyed by the pattern; a repeat changes nothing.
    pub async fn run(&self, requests: &[Request<'_>]) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        for (database, part) in self.shards.partition(requests.iter().collect()) {
            outcomes.extend(self.analyse(database, &part).await);
        }
        let unreached = || Outcome::transient("its athlete was not reached");
        requests
            .iter()
            .map(|request| outcomes.get(&request.athlete_id).cloned().unwrap_or_else(unreached))
            .collect()
    }

    async fn analyse(
        &self,
        database: &dyn Database,
        requests: &[&Request<'_>],
    ) -> BTreeMap<AthleteId, Outcome> {
        let today = self.clock.now().date_naive();
        let athletes: BTreeSet<_> = requests.iter().map(|request| request.athlete_id).collect();
        let athletes: Vec<_> = athletes.into_iter().collect();
        let all = |outcome: &Outcome| athletes.iter().map(|id| (*id, outcome.clone())).collect();
        let ranges = weeks_to_read(requests, today);
        let input = match patterns::analysis_input(database, &athletes, &ranges).await {
            Ok(input) => input,
            Err(error) => return all(&error.into()),
        };
        let now = self.clock.now();
        let found = decide(requests, &input, today);
        let events: Vec<_> = found
            .iter()
            .map(|(data, cause)| training_pattern_detected(data.clone(), cause, now))
            .collect();
        if let Err(error) = self.publisher.publish(&events).await {
            return all(&Outcome::transient(error));
        }
        let mut outcomes: BTreeMap<_, _> = all(&Outcome::Done);
        let announced: Vec<_> = found.into_iter().map(|(data, _)| data).collect();
        outcomes.extend(mark(database, &announced, now.timestamp_millis()).await);
        outcomes
    }
}

/// Stores what was announced; answers the athletes for whom that failed.
async fn mark(
    database: &dyn Database,
    announced: &[TrainingPatternDetected],
    now_ms: i64,
) -> BTreeMap<AthleteId, Outcome> {
    if announced.is_empty() {
        return BTreeMap::new();
    }
    let written = write_splitting(announced, async |part| {
        patterns::mark_announced(database, part, now_ms).await
    })
    .await;
    let mut failed = BTreeMap::new();
    for (range, result) in written {
        let Err(error) = result else { continue };
        let outcome = Outcome::from(error);
        let part = announced.get(range).unwrap_or_default();
        failed.extend(part.iter().map(|pattern| (pattern.athlete_id, outcome.clone())));
    }
    failed
}

/// The weeks that the rules look at: for each athlete the latest, as far back as any rule looks,
/// and the weeks that changed. What is read does not grow with the history.
fn weeks_to_read(requests: &[&Request<'_>], today: NaiveDate) -> Vec<WeekRange> {
    let window = WeekStart::of(today).weeks_before(HISTORY_WEEKS);
    let latest = requests.iter().map(|request| (request.athlete_id, window, None));
    let older = requests.iter().filter(|request| request.week_start < window);
    let older = older.map(|r| (r.athlete_id, r.week_start, Some(r.week_start)));
    let ranges: BTreeSet<_> = latest.chain(older).collect();
    ranges.into_iter().map(|(athlete_id, from, to)| WeekRange { athlete_id, from, to }).collect()
}

/// The patterns that are there and were not announced, each with the event that led to it.
fn decide<'a>(
    requests: &[&Request<'a>],
    input: &AnalysisInput,
    today: NaiveDate,
) -> Vec<(TrainingPatternDetected, &'a Event)> {
    let mut told = input.announced.clone();
    let mut found = Vec::new();
    let listed = OwnLandmarks::default();
    for request in requests {
        let history = input.history.get(&request.athlete_id).map_or(&[][..], Vec::as_slice);
        let landmarks = input.landmarks.get(&request.athlete_id).unwrap_or(&listed);
        for pattern in look(request, history, landmarks, today) {
            let athlete_id = request.athlete_id;
            if told.insert((athlete_id, pattern.id(athlete_id))) {
                found.push((pattern_data(request.athlete_id, pattern), request.cause));
            }
        }
    }
    found
}

fn look(
    request: &Request<'_>,
    history: &[HistoryWeek],
    landmarks: &OwnLandmarks,
    today: NaiveDate,
) -> Vec<Pattern> {
    let changed = history.iter().find(|week| week.week_start == request.week_start);
    let asked = |muscle: &Muscle| request.muscles.as_ref().is_none_or(|only| only.contains(muscle));
    let above = changed.into_iter().flat_map(|week| {
        Muscle::ALL
            .into_iter()
            .filter(asked)
            .filter_map(|muscle| volume_above_mrv(week, muscle, landmarks))
    });
    let below = Muscle::ALL
        .into_iter()
        .filter(|_| request.muscles.is_none())
        .filter_map(|muscle| volume_below_mev(history, muscle, landmarks, today));
    above.chain(below).collect()
}
