//! The analysis that all handlers share: reads the history of all athletes of a batch at once,
//! applies the rules, publishes the notifications, and stores the results.

use crate::history::{HISTORY_WEEKS, History};
use crate::lifecycle::{self, Context, Transition};
use crate::narrator::{Facts, Narration, Narrator, narrate_all, template};
use crate::publisher::{
    AIEventPublisher, pattern_ended, training_pattern_detected, weekly_report_made,
};
use crate::recommend::{recommend, requires_change};
use crate::report::{Report, ReportInput, report};
use crate::rules::{self, Pattern, Scope, Subject};
use chrono::{DateTime, Utc};
use platform::Clock;
use serde_json::{Value, json};
use shared_kernel::notification_details::to_fields;
use shared_kernel::payload::{PatternKind, TrainingPatternDetected};
use shared_kernel::recommendation::Recommendation;
use shared_kernel::{AthleteId, Event, Outcome};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use storage::database::write_splitting;
use storage::patterns::{self, ActivePattern, AnalysisInput, PatternChanges};
use storage::records::Record;
use storage::reports::{self, NewReport};
use storage::shards::concurrently;
use storage::training_history::WeekRange;
use storage::{Database, DatabaseError, Shards};
use training::{Muscle, Units, WeekStart};
use uuid::Uuid;

/// The analysis that an event requires.
#[derive(Clone, Debug)]
pub struct Job {
    /// The week that changed or ended.
    pub week_start: WeekStart,
    /// `Some` limits the analysis to these muscles and to the rules about volume.
    pub muscles: Option<BTreeSet<Muscle>>,
    /// Whether the athlete gets a report of the week.
    pub report: bool,
    /// Whether the analysis notifies the athlete of nothing that it finds.
    pub is_quiet: bool,
}

/// A handler of events that require an analysis.
pub trait AnalysisEventHandler<P> {
    /// Returns the analysis that an event requires; `None` if it requires none.
    fn job(event: &P) -> Option<Job>;
}

/// A job with its athlete, and the event that caused it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    pub cause: &'a Event,
    pub athlete_id: AthleteId,
    pub job: Job,
}

/// Runs analyses over these ports.
#[derive(Clone)]
pub struct Analysis {
    pub shards: Shards,
    pub publisher: AIEventPublisher,
    pub narrator: Rc<dyn Narrator>,
    pub clock: Rc<dyn Clock>,
}

/// The requests of a batch about one athlete, merged.
struct Task<'a> {
    athlete_id: AthleteId,
    cause: &'a Event,
    scope: Scope,
    reports: BTreeSet<WeekStart>,
    /// The weeks of requests that are not quiet.
    notified_weeks: BTreeSet<WeekStart>,
}

/// The result of the rules for one athlete.
struct Decision<'a> {
    task: &'a Task<'a>,
    history: History,
    found: Vec<(Uuid, Pattern)>,
    transitions: Vec<Transition>,
    recommendations: Vec<Recommendation>,
    stored_recommendations: Value,
}

/// The events to publish for one athlete, and the rows to store afterwards.
struct Output {
    events: Vec<Event>,
    changes: PatternChanges,
    reports: Vec<NewReport>,
}

impl Analysis {
    /// Runs the analysis for a batch. Returns one outcome for each request, in order.
    ///
    /// 1. Read (await): the history and the stored patterns of all athletes in one round trip; for
    ///    reports, the records of their weeks (await) in one more.
    /// 2. Decide: apply the rules, the lifecycle of patterns and the recommendations, once for each
    ///    athlete, however many requests.
    /// 3. Narrate (await): texts for the notifications, concurrently. It cannot fail.
    /// 4. Publish (await): the notifications. Event ids are derived from pattern or week, so that
    ///    consumers ignore a repeat and keep the first text.
    /// 5. Store (await, and await for reports): the patterns and the reports. A repeat changes
    ///    nothing.
    ///
    /// A crash between two steps leaves the messages unacknowledged: they are redelivered, and all
    /// steps repeat.
    pub async fn run(&self, requests: &[Request<'_>]) -> Vec<Outcome> {
        let parts = self.shards.partition(requests, |request| request.athlete_id);
        let work = parts.iter().map(|(database, part)| async {
            let tasks = tasks(part);
            self.analyse(*database, &tasks).await
        });
        let outcomes: BTreeMap<_, _> = concurrently(work).await.into_iter().flatten().collect();
        let not_analysed = || Outcome::transient("the athlete was not analysed");
        requests
            .iter()
            .map(|request| outcomes.get(&request.athlete_id).cloned().unwrap_or_else(not_analysed))
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
        let (mut input, records) = match read(database, tasks, now).await {
            Ok(read) => read,
            Err(error) => return all(&error.into()),
        };
        let decisions: Vec<_> = tasks.iter().map(|task| decide(task, &mut input, now)).collect();
        // Patterns without a notification get the text of the template.
        let facts: Vec<_> = decisions.iter().flat_map(facts).collect();
        let notified = facts.iter().filter(|(_, is_notified)| *is_notified);
        let notified: Vec<_> = notified.map(|(facts, _)| facts.clone()).collect();
        let mut narrated = narrate_all(&*self.narrator, &notified).await.into_iter();
        let mut narrations = facts.iter().map(|(facts, is_notified)| {
            let narrated = if *is_notified { narrated.next() } else { None };
            narrated.unwrap_or_else(|| template::narration(facts))
        });
        let outputs: Vec<_> = decisions
            .iter()
            .map(|decision| output(decision, &mut narrations, &records, now))
            .collect();
        let events: Vec<_> = outputs.iter().flat_map(|output| output.events.clone()).collect();
        if let Err(error) = self.publisher.publish(&events).await {
            return all(&Outcome::transient(error));
        }
        let mut outcomes: BTreeMap<_, _> = all(&Outcome::Done);
        outcomes.extend(store(database, &outputs, now).await);
        outcomes
    }
}

type RecordsOfWeeks = BTreeMap<(AthleteId, WeekStart), Vec<Record>>;

/// Merges the requests of each athlete. A request without muscles includes all of them.
fn tasks<'a>(requests: &[&Request<'a>]) -> Vec<Task<'a>> {
    let mut tasks: BTreeMap<AthleteId, Task<'a>> = BTreeMap::new();
    for request in requests {
        let Job { week_start, muscles, report, is_quiet } = request.job.clone();
        let task = tasks.entry(request.athlete_id).or_insert_with(|| Task {
            athlete_id: request.athlete_id,
            cause: request.cause,
            scope: Scope { weeks: BTreeSet::new(), muscles: muscles.clone() },
            reports: BTreeSet::new(),
            notified_weeks: BTreeSet::new(),
        });
        task.scope.weeks.insert(week_start);
        task.notified_weeks.extend((!is_quiet).then_some(week_start));
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

/// Applies the rules to one athlete.
fn decide<'a>(task: &'a Task<'a>, input: &mut AnalysisInput, now: DateTime<Utc>) -> Decision<'a> {
    let id = task.athlete_id;
    let history = History {
        today: now.date_naive(),
        reported: task.reports.last().copied().max(input.reported.get(&id).copied()),
        weeks: input.weeks.remove(&id).unwrap_or_default(),
        days: input.days.remove(&id).unwrap_or_default(),
        lifts: input.lifts.remove(&id).unwrap_or_default(),
        landmarks: input.landmarks.remove(&id).unwrap_or_default(),
        units: input.units.remove(&id).unwrap_or(Units::Kg),
    };
    let stored = input.known.remove(&id).unwrap_or_default();
    let patterns = rules::find_patterns(&history, &task.scope);
    let with_id =
        |pattern: &Pattern| (lifecycle::pattern_id(id, pattern, &stored, now), pattern.clone());
    let found: Vec<_> = patterns.iter().map(with_id).collect();
    let recommendations = recommend(&found, &history);
    let is_deferred = |(pattern_id, pattern): &&(Uuid, Pattern)| {
        requires_change(pattern, &history)
            && !recommendations.iter().any(|change| change.pattern_id == *pattern_id)
    };
    let deferred = found.iter().filter(is_deferred).map(|(pattern_id, _)| *pattern_id).collect();
    let pending_weeks = input.pending.remove(&id).unwrap_or_default();
    let notified_weeks = &task.notified_weeks;
    let context =
        Context { now, pending_weeks: &pending_weeks, notified_weeks, deferred: &deferred };
    let transitions =
        lifecycle::transitions(id, &history, &task.scope, &stored, &patterns, context);
    let stored_recommendations = input.recommended.remove(&id).unwrap_or_else(|| json!([]));
    Decision { task, history, found, transitions, recommendations, stored_recommendations }
}

/// Returns the facts of each active pattern, in order, with whether the athlete is notified.
fn facts<'a>(decision: &'a Decision<'_>) -> impl Iterator<Item = (Facts, bool)> + 'a {
    decision.transitions.iter().filter_map(|transition| match transition {
        Transition::Active { pattern, pattern_id, is_notified, .. } => {
            let mut recommendations = decision.recommendations.iter();
            let recommendation = recommendations.find(|r| r.pattern_id == *pattern_id);
            let adjustment = recommendation.map(|r| r.adjustment.clone());
            let mut facts = Facts::new(pattern, adjustment, decision.history.units);
            facts.is_change_deferred =
                recommendation.is_none() && requires_change(pattern, &decision.history);
            Some((facts, *is_notified))
        }
        Transition::Resolved { .. } => None,
    })
}

/// Builds the output of a decision. `narrations` are those of all decisions, in order.
fn output(
    decision: &Decision<'_>,
    narrations: &mut impl Iterator<Item = Narration>,
    records: &RecordsOfWeeks,
    now: DateTime<Utc>,
) -> Output {
    let athlete_id = decision.task.athlete_id;
    let mut output = Output {
        events: Vec::new(),
        changes: PatternChanges {
            athlete_id,
            active: Vec::new(),
            resolved: Vec::new(),
            recommendations: changed_recommendations(decision),
        },
        reports: Vec::new(),
    };
    for transition in &decision.transitions {
        add_transition(transition, decision.task, narrations, &mut output, now);
    }
    for week_start in &decision.task.reports {
        let records = records.get(&(athlete_id, *week_start)).map_or(&[][..], Vec::as_slice);
        add_report(*week_start, decision, records, &mut output, now);
    }
    output
}

/// Returns the recommendations if they changed. An analysis of some muscles changes none.
fn changed_recommendations(decision: &Decision<'_>) -> Option<Value> {
    let is_whole = decision.task.scope.muscles.is_none();
    is_whole
        .then(|| json!(decision.recommendations))
        .filter(|items| *items != decision.stored_recommendations)
}

fn add_transition(
    transition: &Transition,
    task: &Task<'_>,
    narrations: &mut impl Iterator<Item = Narration>,
    output: &mut Output,
    now: DateTime<Utc>,
) {
    match transition {
        Transition::Active { pattern, pattern_id, announcements, is_notified } => {
            let Some(narration) = narrations.next() else { return };
            let data = TrainingPatternDetected {
                athlete_id: task.athlete_id,
                pattern_id: *pattern_id,
                pattern: pattern.kind,
                subject: pattern.subject.as_str().to_owned(),
                since: pattern.since,
                confidence: pattern.confidence,
                evidence: pattern.evidence.clone(),
                title: narration.title,
                recommendation: narration.recommendation,
            };
            if *is_notified {
                let event = training_pattern_detected(&data, *announcements, task.cause, now);
                output.events.push(event);
            }
            let (announcements, is_notified) = (*announcements, *is_notified);
            output.changes.active.push(ActivePattern { data, announcements, is_notified });
        }
        Transition::Resolved { stored, is_notified } => {
            let subject = Subject::parse(&stored.subject).display_name();
            if *is_notified {
                let text = template::plateau_broken(&subject);
                let event = pattern_ended(task.athlete_id, stored, text, task.cause, now);
                output.events.push(event);
            }
            output.changes.resolved.push((stored.pattern_id, stored.announcements));
        }
    }
}

fn add_report(
    week_start: WeekStart,
    decision: &Decision<'_>,
    records: &[Record],
    output: &mut Output,
    now: DateTime<Utc>,
) {
    let units = decision.history.units;
    let title = |pattern: &Pattern| template::narration(&Facts::new(pattern, None, units)).title;
    // The report lists muscles over MRV and under MEV itself.
    let is_of_a_muscle = |pattern: &Pattern| matches!(pattern.subject, Subject::Muscle(_));
    let is_of_the_week =
        |pattern: &Pattern| !pattern.kind.lasts_one_week() || pattern.since == week_start;
    let found = decision.found.iter().map(|(_, pattern)| pattern);
    let reported: Vec<_> = found.filter(|p| !is_of_a_muscle(p) && is_of_the_week(p)).collect();
    let input = ReportInput {
        records,
        is_deload: reported.iter().any(|pattern| pattern.kind == PatternKind::DeloadTaken),
        patterns: reported.into_iter().map(title).collect(),
        recommendations: &decision.recommendations,
    };
    let report = report(&decision.history, week_start, &input);
    let athlete_id = decision.task.athlete_id;
    if let Some(report) = &report {
        let cause = decision.task.cause;
        output.events.push(weekly_report_made(athlete_id, week_start, report, cause, now));
    }
    let to_json = |Report { title, body, details }| {
        let mut data = to_fields(&details);
        data.insert("title".to_owned(), json!(title));
        data.insert("body".to_owned(), json!(body));
        json!(data)
    };
    output.reports.push(NewReport { athlete_id, week_start, report: report.map(to_json) });
}

/// Stores the patterns and the reports. Returns the outcomes of the athletes whose
/// items failed.
async fn store(
    database: &dyn Database,
    outputs: &[Output],
    now: DateTime<Utc>,
) -> BTreeMap<AthleteId, Outcome> {
    let now_ms = now.timestamp_millis();
    let has_changes = |changes: &PatternChanges| {
        let PatternChanges { active, resolved, recommendations, .. } = changes;
        !active.is_empty() || !resolved.is_empty() || recommendations.is_some()
    };
    let changes = outputs.iter().map(|output| output.changes.clone());
    let changes: Vec<_> = changes.filter(has_changes).collect();
    let reports: Vec<_> = outputs.iter().flat_map(|output| output.reports.clone()).collect();
    let write = async |part: &[PatternChanges]| patterns::store(database, part, now_ms).await;
    let mut failed = store_all(&changes, |changes| changes.athlete_id, write).await;
    let write = async |part: &[NewReport]| reports::store(database, part, now_ms).await;
    failed.extend(store_all(&reports, |report| report.athlete_id, write).await);
    failed
}

/// Writes items, split so that one that fails does not fail the others. Returns the outcomes of the
/// athletes of those that failed.
async fn store_all<T>(
    items: &[T],
    athlete_id: impl Fn(&T) -> AthleteId,
    write: impl AsyncFn(&[T]) -> Result<(), DatabaseError>,
) -> BTreeMap<AthleteId, Outcome> {
    let mut failed = BTreeMap::new();
    if items.is_empty() {
        return failed;
    }
    for (range, result) in write_splitting(items, write).await {
        if let Err(error) = result {
            let outcome = Outcome::from(error);
            let part = items.get(range).unwrap_or_default();
            failed.extend(part.iter().map(|item| (athlete_id(item), outcome.clone())));
        }
    }
    failed
}
