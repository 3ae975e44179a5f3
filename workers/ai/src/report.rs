//! The weekly report: a week compared with the four before it, its records, the current patterns,
//! and the recommendations.

use crate::history::History;
use crate::narrator::template;
use crate::rules::strength_block::strength_block;
use chrono::{Datelike, NaiveDate};
use shared_kernel::notification_details::{MeanWeek, ReportDetails, ReportedWeek};
use shared_kernel::recommendation::Recommendation;
use storage::records::Record;
use training::landmarks::VolumeLevel;
use training::records::{RecordKey, RecordKind};
use training::units::number_text;
use training::{Exercise, Grams, Muscle, Units, Volume, WeekStart};

/// The number of weeks with which a week is compared.
const WEEKS_BEFORE: u32 = 4;
/// A week that ended longer ago has no report.
const DAYS_AFTER_MAX: i64 = 5;
/// The most records or patterns that a report lists; it counts the others. A project default.
const LISTED_MAX: usize = 5;

/// A weekly report.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub title: String,
    pub body: String,
    pub details: ReportDetails,
}

/// The content of a report besides the volume.
#[derive(Clone, Debug, Default)]
pub struct ReportInput<'a> {
    pub records: &'a [Record],
    /// Titles of the current patterns.
    pub patterns: Vec<String>,
    /// Whether the week was a deload, whose volume is low by design.
    pub is_deload: bool,
    pub recommendations: &'a [Recommendation],
}

/// Returns the report of a week.
///
/// `None` if neither it nor the weeks before it have training, for the second and later weeks of a row without
/// any, and for a week that ended more than five days ago: an import, or a correction of old weeks, changes no plan.
pub fn report(history: &History, week_start: WeekStart, input: &ReportInput<'_>) -> Option<Report> {
    let empty = Volume::default();
    let volume = |week: WeekStart| history.week(week).map_or(&empty, |week| &week.volume);
    let this = volume(week_start);
    let before: Vec<_> =
        (1..=WEEKS_BEFORE).map(|back| volume(week_start.weeks_before(back))).collect();
    let is_off = this.workouts == 0;
    let was_off = before.first().is_none_or(|week| week.workouts == 0);
    let is_old = (history.today - week_start.last_day()).num_days() > DAYS_AFTER_MAX;
    if is_off && was_off || is_old {
        return None;
    }
    let before = Mean::of(&before);
    let records = records(history, week_start, input.records);
    let details = ReportDetails {
        week_start,
        workouts: this.workouts,
        hard_sets: this.hard_half_sets.sets(),
        tonnage_kg: this.tonnage_grams.kg(),
        weeks_before: before.details(),
        weeks: weeks(history, week_start),
        above_mrv: names(history, this, VolumeLevel::AboveMrv),
        below_mev: names(history, this, VolumeLevel::BelowMev),
        records,
        patterns: input.patterns.clone(),
        recommendations: input.recommendations.to_vec(),
    };
    if is_off {
        let title = "No training logged last week".to_owned();
        let body = "When you are back, start with about half your usual sets.".to_owned();
        return Some(Report { title, body, details });
    }
    let title = format!(
        "Your week of {}: {}, {}",
        day_text(week_start.date()),
        count(this.workouts, "workout"),
        sets_text(this.hard_half_sets.sets())
    );
    let body = paragraphs(history, week_start, input, &before, &details).join("\n\n");
    Some(Report { title, body, details })
}

fn paragraphs(
    history: &History,
    week_start: WeekStart,
    input: &ReportInput<'_>,
    before: &Mean,
    details: &ReportDetails,
) -> Vec<String> {
    let empty = Volume::default();
    let this = history.week(week_start).map_or(&empty, |week| &week.volume);
    let mut paragraphs = vec![figures(history.units, this, before)];
    let over = muscles_at(history, this, VolumeLevel::AboveMrv);
    if !over.is_empty() {
        paragraphs.push(format!("More sets than most people recover from: {}.", over.join(", ")));
    }
    let under = muscles_at(history, this, VolumeLevel::BelowMev);
    let is_judged = !input.is_deload && strength_block(history).is_none();
    if !under.is_empty() && is_judged {
        paragraphs.push(format!("Too few sets to grow: {}.", under.join(", ")));
    }
    if !details.records.is_empty() {
        paragraphs.push(format!("New records: {}.", details.records.join("; ")));
    }
    if !input.patterns.is_empty() {
        paragraphs.push(format!("What we see: {}.", capped(input.patterns.clone()).join("; ")));
    }
    let changes = input.recommendations.iter();
    let changes: Vec<_> = changes
        .map(|change| format!("- {}", template::adjustment_text(&change.adjustment)))
        .collect();
    let keep =
        "- Nothing needs to change. Add one rep, or the smallest step, where every set was clean.";
    let plan = if changes.is_empty() { keep.to_owned() } else { changes.join("\n") };
    paragraphs.push(format!("Your plan for the next week:\n{plan}"));
    paragraphs
}

/// Three figures of the week, each with that of a usual week before.
fn figures(units: Units, this: &Volume, before: &Mean) -> String {
    let sets = |sets: f64| number_text(sets.round());
    format!(
        "Workouts: {} (usually {})\nHard sets: {} (usually {})\nMoved: {} (usually {})",
        this.workouts,
        number_text(before.workouts.round()),
        sets(this.hard_half_sets.sets()),
        sets(before.hard_sets),
        units.weight_text(this.tonnage_grams),
        units.weight_text(Grams::from_kg(before.tonnage_kg)),
    )
}

/// Formats `16 November`.
fn day_text(day: NaiveDate) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let month = usize::try_from(day.month0()).ok().and_then(|month| MONTHS.get(month));
    format!("{} {}", day.day(), month.copied().unwrap_or_default())
}

fn sets_text(sets: f64) -> String {
    let number = number_text(sets);
    if number == "1" { "1 hard set".to_owned() } else { format!("{number} hard sets") }
}

/// Returns the compared weeks, oldest first, the reported one last; for the chart of the email.
fn weeks(history: &History, week_start: WeekStart) -> Vec<ReportedWeek> {
    let reported = |week_start: WeekStart| {
        let volume = history.week(week_start).map(|week| &week.volume);
        ReportedWeek {
            week_start,
            hard_sets: volume.map_or(0.0, |volume| volume.hard_half_sets.sets()),
            tonnage_kg: volume.map_or(0.0, |volume| volume.tonnage_grams.kg()),
        }
    };
    (0..=WEEKS_BEFORE).rev().map(|back| reported(week_start.weeks_before(back))).collect()
}

/// The mean of the compared weeks, including those without training.
struct Mean {
    workouts: f64,
    hard_sets: f64,
    tonnage_kg: f64,
}

impl Mean {
    fn of(weeks: &[&Volume]) -> Self {
        let count = f64::from(WEEKS_BEFORE);
        let sum = |value: fn(&Volume) -> f64| weeks.iter().map(|week| value(week)).sum::<f64>();
        #[expect(clippy::cast_precision_loss, reason = "workouts of a week are few")]
        let workouts = sum(|week| week.workouts as f64);
        Self {
            workouts: workouts / count,
            hard_sets: sum(|week| week.hard_half_sets.sets()) / count,
            tonnage_kg: sum(|week| week.tonnage_grams.kg()) / count,
        }
    }

    fn details(&self) -> MeanWeek {
        MeanWeek {
            weeks: WEEKS_BEFORE,
            workouts: self.workouts,
            hard_sets: self.hard_sets,
            tonnage_kg: self.tonnage_kg.round(),
        }
    }
}

fn muscles_at(history: &History, week: &Volume, level: VolumeLevel) -> Vec<String> {
    let text = |muscle: Muscle| {
        let landmarks = history.landmarks.for_muscle(muscle)?;
        let (sets, word, limit) = if level == VolumeLevel::BelowMev {
            (week.half_sets_of(muscle), "at least", landmarks.mev)
        } else {
            (week.direct_sets_of(muscle), "at most", landmarks.mrv)
        };
        let (sets, limit) = (number_text(sets.sets()), number_text(limit.sets()));
        Some(format!("{} {sets} ({word} {limit})", muscle.display_name()))
    };
    capped(muscles(history, week, level).filter_map(text).collect())
}

/// Returns the muscles of a level, as the patterns `volume_above_mrv` and `volume_below_mev` count their sets: a
/// muscle that gets its work from other lifts has no lack of it.
fn muscles<'a>(
    history: &'a History,
    week: &'a Volume,
    level: VolumeLevel,
) -> impl Iterator<Item = Muscle> + 'a {
    Muscle::ALL.into_iter().filter(move |muscle| {
        let Some(landmarks) = history.landmarks.for_muscle(*muscle) else { return false };
        let is_enough = week.half_sets_of(*muscle) >= landmarks.mev;
        let of_direct_sets = landmarks.level(week.direct_sets_of(*muscle));
        of_direct_sets == level && !(is_enough && level == VolumeLevel::BelowMev)
    })
}

fn names(history: &History, week: &Volume, level: VolumeLevel) -> Vec<String> {
    muscles(history, week, level).map(|muscle| muscle.as_str().to_owned()).collect()
}

/// Describes the heaviest weights and the best estimated maxima, except of lifts that are new in
/// this week: a first workout breaks no record.
fn records(history: &History, week_start: WeekStart, records: &[Record]) -> Vec<String> {
    let was_done_before = |lift: &str| {
        let sessions = history.lifts.get(lift).map_or(&[][..], Vec::as_slice);
        sessions.iter().any(|session| session.local_date < week_start.date())
    };
    let mut texts = Vec::new();
    for kind in [RecordKind::HeaviestWeight, RecordKind::BestE1rm] {
        let keys = records.iter().filter_map(|r| Some((r.key.parse::<RecordKey>().ok()?, r)));
        let is_reported = |key: &RecordKey| key.kind == kind && was_done_before(&key.exercise);
        for (key, record) in keys.filter(|(key, _)| is_reported(key)) {
            let name = Exercise::find(&key.exercise)
                .map_or_else(|| key.exercise.clone(), |exercise| exercise.name.to_owned());
            let what = if kind == RecordKind::BestE1rm { "estimated maximum " } else { "" };
            texts.push(format!("{name} {what}{}", history.units.weight_text(Grams(record.value))));
        }
    }
    capped(texts)
}

/// Shortens a list, and adds the number of the omitted entries.
fn capped(mut list: Vec<String>) -> Vec<String> {
    let more = list.len().saturating_sub(LISTED_MAX);
    list.truncate(LISTED_MAX);
    if more > 0 {
        list.push(format!("and {more} more"));
    }
    list
}

fn count(number: i64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::histories::week;
    use shared_kernel::WorkoutId;
    use shared_kernel::payload::PatternKind;
    use shared_kernel::recommendation::{Action, Adjustment, Unit};
    use storage::training_history::LiftSession;
    use training::HalfSets;
    use training::performance::ExercisePerformance;
    use uuid::Uuid;

    fn monday() -> WeekStart {
        WeekStart::containing("2026-11-16".parse().unwrap())
    }

    /// Two weeks of all muscles; the second has too much chest and too few calves.
    fn history() -> History {
        let muscles = |chest, calves| {
            Muscle::ALL.map(|muscle| match muscle {
                Muscle::Chest => (muscle, chest),
                Muscle::Calves => (muscle, calves),
                _ => (muscle, 16),
            })
        };
        let mut history = History::none("2026-11-23".parse().unwrap());
        history.weeks =
            vec![week("2026-11-09", &muscles(16, 16)), week("2026-11-16", &muscles(52, 6))];
        for week in &mut history.weeks {
            week.volume.hard_half_sets = HalfSets::whole(60);
            week.volume.tonnage_grams = Grams::from_kg(20_000.4);
        }
        let session = LiftSession {
            local_date: "2026-11-10".parse().unwrap(),
            performance: ExercisePerformance::default(),
        };
        history.lifts.insert("barbell-bench-press".to_owned(), vec![session]);
        history
    }

    fn record(key: &str, value: i64) -> Record {
        Record {
            key: key.to_owned(),
            value,
            local_date: "2026-11-17".parse().unwrap(),
            workout_id: WorkoutId(Uuid::nil()),
        }
    }

    #[test]
    fn report_lists_volume_records_patterns_and_changes() {
        let recommendation = Recommendation {
            pattern_id: Uuid::nil(),
            pattern: PatternKind::VolumeAboveMrv,
            subject: "chest".to_owned(),
            adjustment: Adjustment {
                subject: "chest".to_owned(),
                action: Action::CutSets,
                from: Some(26.0),
                to: Some(24.0),
                unit: Unit::HardSetsAWeek,
                weeks: 1,
            },
            until: None,
        };
        let records = [
            record("barbell-bench-press/best_e1rm", 118_300),
            record("barbell-bench-press/heaviest_weight", 102_500),
            record("barbell-bench-press/most_reps@102500", 5),
            record("deadlift/heaviest_weight", 200_000),
        ];
        let input = ReportInput {
            records: &records,
            patterns: vec!["Chest volume over MRV".to_owned()],
            is_deload: false,
            recommendations: &[recommendation],
        };
        let report = report(&history(), monday(), &input).unwrap();
        assert_eq!(report.title, "Your week of 16 November: 3 workouts, 60 hard sets");
        assert_eq!(
            report.body,
            "Workouts: 3 (usually 1)\nHard sets: 60 (usually 15)\n\
             Moved: 20,000 kg (usually 5,000 kg)\n\n\
             More sets than most people recover from: chest 26 (at most 24).\n\n\
             Too few sets to grow: calves 3 (at least 4).\n\n\
             New records: Barbell Bench Press 102.5 kg; Barbell Bench Press estimated maximum \
             118.3 kg.\n\n\
             What we see: Chest volume over MRV.\n\n\
             Your plan for the next week:\n- Take chest down from 26 to 24 hard sets next week."
        );
        let pounds = History { units: Units::Lb, ..history() };
        let body = super::report(&pounds, monday(), &input).unwrap().body;
        assert!(body.contains("Moved: 44,093 lb"), "{body}");
    }

    #[test]
    fn report_data_has_the_compared_weeks_oldest_first() {
        let report = report(&history(), monday(), &ReportInput::default()).unwrap();
        let week = |start: &str, hard_sets: f64, tonnage_kg: f64| ReportedWeek {
            week_start: WeekStart::containing(start.parse().unwrap()),
            hard_sets,
            tonnage_kg,
        };
        assert_eq!(
            report.details.weeks,
            [
                week("2026-10-19", 0.0, 0.0),
                week("2026-10-26", 0.0, 0.0),
                week("2026-11-02", 0.0, 0.0),
                week("2026-11-09", 60.0, 20_000.4),
                week("2026-11-16", 60.0, 20_000.4),
            ]
        );
    }

    #[test]
    fn first_week_off_is_reported_and_the_second_is_not() {
        let input = ReportInput::default();
        let mut history = history();
        history.weeks.truncate(1);
        let off = report(&history, monday(), &input).unwrap();
        assert_eq!(off.title, "No training logged last week");
        assert!(off.body.contains("When you are back"), "{}", off.body);
        history.today = "2026-11-30".parse().unwrap();
        assert_eq!(report(&history, monday().next(), &input), None);
        assert_eq!(report(&History::none(history.today), monday(), &input), None);
    }

    #[test]
    fn week_of_long_ago_has_no_report() {
        let reported = |today: &str| {
            let history = History { today: today.parse().unwrap(), ..history() };
            report(&history, monday(), &ReportInput::default()).is_some()
        };
        assert!(reported("2026-11-27"));
        assert!(!reported("2026-11-28"));
    }
}
