//! The analysis that all handlers share: read the history of all athletes of the batch at once, let
//! the rules look, tell what is new, store it.

use crate::history::{HISTORY_WEEKS, History};
use crate::life::{self, Moment, Step};
use crate::narrator::{Facts, Narrator, Words, narrate_all, template};
use crate::publisher::{
    AIEventPublisher, pattern_ended, training_pattern_detected, weekly_report_made,
};
use crate::recommend::{Recommendation, asks_for_change, recommend};
use crate::report::{Found, Report, report};
use crate::rules::{self, Pattern, Scope, Subject};
use chrono::{DateTime, Utc};
use platform::Clock;
use serde_json::{Value, json};
use shared_kernel::payload::{PatternKind, TrainingPatternDetected};
use shared_kernel::{AthleteId, Event, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::patterns::{self, ActivePattern, AnalysisInput, PatternChanges};
use storage::records::Record;
use storage::reports::{self, NewReport};
use storage::training_history::WeekRange;
use storage::{Database, DatabaseError, Shards};
use training::{Muscle, WeekStart};
use uuid::Uuid;

/// What is to be looked at.
#[derive(Clone, Debug)]
pub struct Ask {
    /// The week that changed, or that is over.
    pub week_start: WeekStart,
    /// Only these muscles, and only by the rules about muscles; `None` is everything.
    pub muscles: Option<BTreeSet<Muscle>>,
    /// Whether the athlete gets a report of the week.
    pub report: bool,
}

/// What one event asks.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The event.
    pub cause: &'a Event,
    /// Whose training.
    pub athlete_id: AthleteId,
    /// What it asks.
    pub ask: Ask,
}

/// The analysis.
#[derive(Clone)]
pub struct Analysis {
    /// Where history and patterns are.
    pub shards: Shards,
    /// Who tells the others.
    pub publisher: AIEventPublisher,
    /// Who finds the words.
    pub narrator: Rc<dyn Narrator>,
    /// For today.
    pub clock: Rc<dyn Clock>,
}

/// All that a batch asks of one athlete.
struct Task<'a> {
    athlete_id: AthleteId,
    cause: &'a Event,
    scope: Scope,
    reports: BTreeSet<WeekStart>,
}

/// What came of it.
struct Decision<'a> {
    task: &'a Task<'a>,
    history: History,
    found: Vec<(Uuid, Pattern)>,
    steps: Vec<Step>,
    recommendations: Vec<Recommendation>,
    recommended: Value,
}

/// What is to be told of an athlete, and then stored.
struct Told {
    events: Vec<Event>,
    marks: PatternChanges,
    reports: Vec<NewReport>,
}

impl Analysis {
    /// Runs the analysis for a batch: one outcome for each request, in order.
    ///
    /// 1. read (await): the history and the known patterns of all athletes, one round trip; where a
    ///    report is asked for, the records of its week (await), one more;
    /// 2. decide: the rules, the life of the patterns, what to change; each athlete once, however
    ///    many requests;
    /// 3. narrate (await): words for what is told, all at the same time. It cannot fail;
    /// 4. publish (await): what is told. Ids are derived from what they are about; a repeat
    ///    collapses downstream, where the words that came first stay;
    /// 5. mark (await, and await for reports): the patterns as stored, the weeks as reported on. A
    ///    repeat changes nothing.
    ///
    /// A crash between any two of them leaves the messages unsettled: they come again and repeat
    /// all.
    pub async fn run(&self, requests: &[Request<'_>]) -> Vec<Outcome> {
        let mut outcomes = BTreeMap::new();
        for (database, part) in self.shards.partition(requests.iter().collect()) {
            let tasks = tasks(&part);
            outcomes.extend(self.analyse(database, &tasks).await);
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
        tasks: &[Task<'_>],
    ) -> BTreeMap<AthleteId, Outcome> {
        let all = |outcome: &Outcome| {
            tasks.iter().map(|task| (task.athlete_id, outcome.clone())).collect()
        };
        let now = self.clock.now();
        let (input, records) = match read(database, tasks, now).await {
            Ok(read) => read,
            Err(error) => return all(&error.into()),
        };
        let mut input = input;
        let decisions: Vec<_> = tasks.iter().map(|task| decide(task, &mut input, now)).collect();
        // What is not told needs no better words than the template's.
        let facts: Vec<_> = decisions.iter().flat_map(facts).collect();
        let told: Vec<_> = facts.iter().filter(|(_, told)| *told).map(|(f, _)| f.clone()).collect();
        let mut narrated = narrate_all(&*self.narrator, &told).await.into_iter();
        let mut words = facts.iter().map(|(facts, told)| {
            let narrated = if *told { narrated.next() } else { None };
            narrated.unwrap_or_else(|| template::words(facts))
        });
        let told: Vec<_> =
            decisions.iter().map(|decision| tell(decision, &mut words, &records, now)).collect();
        let events: Vec<_> = told.iter().flat_map(|told| told.events.iter().cloned()).collect();
        if let Err(error) = self.publisher.publish(&events).await {
            return all(&Outcome::transient(error));
        }
        let mut outcomes: BTreeMap<_, _> = all(&Outcome::Done);
        outcomes.extend(mark(database, &told, now).await);
        outcomes
    }
}

type RecordsOfWeeks = BTreeMap<(AthleteId, WeekStart), Vec<Record>>;

/// All that the requests ask, by athlete. Who asks for everything asks for the muscles too.
fn tasks<'a>(requests: &[&Request<'a>]) -> Vec<Task<'a>> {
    let mut tasks: BTreeMap<AthleteId, Task<'a>> = BTreeMap::new();
    for request in requests {
        let Ask { week_start, muscles, report } = request.ask.clone();
        let task = tasks.entry(request.athlete_id).or_insert_with(|| Task {
            athlete_id: request.athlete_id,
            cause: request.cause,
            scope: Scope { weeks: BTreeSet::new(), muscles: muscles.clone() },
            reports: BTreeSet::new(),
        });
        task.scope.weeks.insert(week_start);
        task.scope.muscles = match (task.scope.muscles.take(), muscles) {
            (Some(some), Some(more)) => Some(some.into_iter().chain(more).collect()),
            (None, _) | (_, None) => None,
        };
        if report {
            task.reports.insert(week_start);
        }
    }
    tasks.into_values().collect()
}

async fn read(
    database: &dyn Database,
    tasks: &[Task<'_>],
    now: DateTime<Utc>,
) -> Result<(AnalysisInput, RecordsOfWeeks), DatabaseError> {
    let athletes: Vec<_> = tasks.iter().map(|task| task.athlete_id).collect();
    let first = WeekStart::containing(now.date_naive()).weeks_before(HISTORY_WEEKS);
    let window = |task: &Task<'_>| WeekRange { athlete_id: task.athlete_id, from: first, to: None };
    let older = tasks.iter().flat_map(|task| {
        let weeks = task.scope.weeks.iter().filter(|week| **week < first);
        weeks.map(|week| WeekRange { athlete_id: task.athlete_id, from: *week, to: Some(*week) })
    });
    let ranges: Vec<_> = tasks.iter().map(window).chain(older).collect();
    let whole = tasks.iter().filter(|task| task.scope.muscles.is_none());
    let windows: Vec<_> = whole.map(window).collect();
    let input = patterns::analysis_input(database, &athletes, &ranges, &windows).await?;
    let reported = tasks.iter().flat_map(|task| task.reports.iter().map(|w| (task.athlete_id, *w)));
    let reported: Vec<_> = reported.collect();
    let records = if reported.is_empty() {
        BTreeMap::new()
    } else {
        reports::records_of_week(database, &reported).await?
    };
    Ok((input, records))
}

/// Lets the rules look at one athlete.
fn decide<'a>(task: &'a Task<'a>, input: &mut AnalysisInput, now: DateTime<Utc>) -> Decision<'a> {
    let id = task.athlete_id;
    let history = History {
        today: now.date_naive(),
        reported: task.reports.last().copied().max(input.reported.get(&id).copied()),
        weeks: input.weeks.remove(&id).unwrap_or_default(),
        days: input.days.remove(&id).unwrap_or_default(),
        lifts: input.lifts.remove(&id).unwrap_or_default(),
        landmarks: input.landmarks.remove(&id).unwrap_or_default(),
    };
    let known = input.known.remove(&id).unwrap_or_default();
    let found = rules::all(&history, &task.scope);
    let pending = input.pending.remove(&id).unwrap_or_default();
    let moment = Moment { now, pending: &pending };
    let steps = life::steps(id, &history, &task.scope, &known, &found, moment);
    let with_id = |pattern: Pattern| (life::id_of(id, &pattern, &known, now), pattern);
    let found: Vec<_> = found.into_iter().map(with_id).collect();
    let there: Vec<_> = found.iter().map(|(id, pattern)| (*id, pattern)).collect();
    let recommendations = recommend(&there, &history);
    let recommended = input.recommended.remove(&id).unwrap_or_else(|| json!([]));
    Decision { task, history, found, steps, recommendations, recommended }
}

/// The facts of the steps that need words, in order, and whether they are told.
fn facts<'a>(decision: &'a Decision<'_>) -> impl Iterator<Item = (Facts, bool)> + 'a {
    decision.steps.iter().filter_map(|step| match step {
        Step::There { pattern, pattern_id, told, .. } => {
            let of = |r: &&Recommendation| r.pattern_id == *pattern_id;
            let adjustment = decision.recommendations.iter().find(of);
            let mut facts = Facts::of(pattern, adjustment.map(|r| r.adjustment.clone()));
            facts.nothing_now = adjustment.is_none() && asks_for_change(pattern, &decision.history);
            Some((facts, *told))
        }
        Step::Gone { .. } => None,
    })
}

/// Puts a decision into words and events. The words are those of all decisions, in order.
fn tell(
    decision: &Decision<'_>,
    words: &mut impl Iterator<Item = Words>,
    records: &RecordsOfWeeks,
    now: DateTime<Utc>,
) -> Told {
    let athlete_id = decision.task.athlete_id;
    let mut told = Told {
        events: Vec::new(),
        marks: PatternChanges {
            athlete_id,
            stored: Vec::new(),
            resolved: Vec::new(),
            recommendations: recommendations(decision),
        },
        reports: Vec::new(),
    };
    for step in &decision.steps {
        tell_step(step, decision.task, words, &mut told, now);
    }
    for week_start in &decision.task.reports {
        let records = records.get(&(athlete_id, *week_start)).map_or(&[][..], Vec::as_slice);
        tell_report(*week_start, decision, records, &mut told, now);
    }
    told
}

/// What follows is stored anew where it is another; a look at a few muscles says too little.
fn recommendations(decision: &Decision<'_>) -> Option<Value> {
    let is_whole = decision.task.scope.muscles.is_none();
    is_whole.then(|| json!(decision.recommendations)).filter(|items| *items != decision.recommended)
}

fn tell_step(
    step: &Step,
    task: &Task<'_>,
    words: &mut impl Iterator<Item = Words>,
    told: &mut Told,
    now: DateTime<Utc>,
) {
    match step {
        Step::There { pattern, pattern_id, announcements, told: is_told } => {
            let Some(words) = words.next() else { return };
            let data = TrainingPatternDetected {
                athlete_id: task.athlete_id,
                pattern_id: *pattern_id,
                pattern: pattern.kind,
                subject: pattern.subject.as_str().to_owned(),
                since: pattern.since,
                confidence: pattern.confidence,
                evidence: pattern.evidence.clone(),
                title: words.title,
                recommendation: words.recommendation,
            };
            if *is_told {
                let event = training_pattern_detected(&data, *announcements, task.cause, now);
                told.events.push(event);
            }
            let (announcements, is_told) = (*announcements, *is_told);
            told.marks.stored.push(ActivePattern { data, announcements, told: is_told });
        }
        Step::Gone { known, told: is_told } => {
            let subject = life::subject_in_words(known);
            if let Some(words) = template::ending(known.kind, &subject).filter(|_| *is_told) {
                told.events.push(pattern_ended(task.athlete_id, known, words, task.cause, now));
            }
            told.marks.resolved.push((known.pattern_id, known.announcements));
        }
    }
}

fn tell_report(
    week_start: WeekStart,
    decision: &Decision<'_>,
    records: &[Record],
    told: &mut Told,
    now: DateTime<Utc>,
) {
    let title = |(_, pattern): &(Uuid, Pattern)| template::words(&Facts::of(pattern, None)).title;
    // What is too much or too little for a muscle stands among the muscles.
    let is_of_a_muscle = |pattern: &Pattern| matches!(pattern.subject, Subject::Muscle(_));
    // Of patterns of one week, only those of the week that is reported on.
    let is_of_the_week =
        |pattern: &Pattern| !pattern.kind.lasts_one_week() || pattern.since == week_start;
    let seen: Vec<_> = decision
        .found
        .iter()
        .filter(|(_, pattern)| !is_of_a_muscle(pattern) && is_of_the_week(pattern))
        .collect();
    let is_deload = seen.iter().any(|(_, pattern)| pattern.kind == PatternKind::DeloadTaken);
    let patterns = seen.into_iter().map(title).collect();
    let recommendations = &decision.recommendations;
    let found = Found { records, patterns, is_deload, recommendations };
    let report = report(&decision.history, week_start, &found);
    let athlete_id = decision.task.athlete_id;
    if let Some(report) = &report {
        let cause = decision.task.cause;
        told.events.push(weekly_report_made(athlete_id, week_start, report, cause, now));
    }
    let stored = |Report { title, body, data }| {
        let mut data = data;
        data.insert("title".to_owned(), json!(title));
        data.insert("body".to_owned(), json!(body));
        json!(data)
    };
    told.reports.push(NewReport { athlete_id, week_start, report: report.map(stored) });
}

/// Stores what was told; answers the athletes for whom that failed.
async fn mark(
    database: &dyn Database,
    told: &[Told],
    now: DateTime<Utc>,
) -> BTreeMap<AthleteId, Outcome> {
    let now_ms = now.timestamp_millis();
    let marks: Vec<_> = told.iter().map(|told| told.marks.clone()).filter(is_something).collect();
    let made: Vec<_> = told.iter().flat_map(|told| told.reports.iter().cloned()).collect();
    let mut failed = BTreeMap::new();
    if !marks.is_empty() {
        let written =
            write_splitting(&marks, async |part| patterns::mark(database, part, now_ms).await)
                .await;
        for (range, result) in written {
            let part = marks.get(range).unwrap_or_default();
            failed.extend(failures(result, part.iter().map(|marks| marks.athlete_id)));
        }
    }
    if !made.is_empty() {
        let written =
            write_splitting(&made, async |part| reports::store(database, part, now_ms).await).await;
        for (range, result) in written {
            let part = made.get(range).unwrap_or_default();
            failed.extend(failures(result, part.iter().map(|made| made.athlete_id)));
        }
    }
    failed
}

fn is_something(marks: &PatternChanges) -> bool {
    !marks.stored.is_empty() || !marks.resolved.is_empty() || marks.recommendations.is_some()
}

fn failures(
    result: Result<(), DatabaseError>,
    athletes: impl Iterator<Item = AthleteId>,
) -> Vec<(AthleteId, Outcome)> {
    match result {
        Ok(()) => Vec::new(),
        Err(error) => {
            let outcome = Outcome::from(error);
            athletes.map(|athlete_id| (athlete_id, outcome.clone())).collect()
        }
    }
}
