//! The weekly report: a week compared with the four before it, its records, the current patterns,
//! and the recommendations.

use crate::history::History;
use crate::narrator::template;
use shared_kernel::notification_details::{MeanWeek, ReportDetails, ReportedWeek};
use shared_kernel::recommendation::Recommendation;
use std::fmt::Write;
use storage::records::Record;
use training::landmarks::VolumeLevel;
use training::records::{RecordKey, RecordKind};
use training::{Exercise, Grams, Muscle, Volume, WeekStart};

/// The number of weeks with which a week is compared.
const WEEKS_BEFORE: u32 = 4;
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

/// Returns the report of a week; `None` if neither it nor the weeks before it have training.
pub fn report(history: &History, week_start: WeekStart, input: &ReportInput<'_>) -> Option<Report> {
    let empty = Volume::default();
    let volume = |week: WeekStart| history.week(week).map_or(&empty, |week| &week.volume);
    let this = volume(week_start);
    let before: Vec<_> =
        (1..=WEEKS_BEFORE).map(|back| volume(week_start.weeks_before(back))).collect();
    if this.workouts == 0 && before.iter().all(|week| week.workouts == 0) {
        return None;
    }
    let before = Mean::of(&before);
    let (over, under) = (
        muscles_at(history, this, VolumeLevel::AboveMrv),
        muscles_at(history, this, VolumeLevel::BelowMev),
    );
    let records = records(history, week_start, input.records);
    let mut body = comparison(this, &before);
    if !over.is_empty() {
        let _ = write!(body, "\n\nMore than can be recovered from (MRV): {}.", over.join(", "));
    }
    if !under.is_empty() && this.workouts > 0 && !input.is_deload {
        let _ = write!(body, "\n\nToo little to grow (MEV): {}.", under.join(", "));
    }
    if !records.is_empty() {
        let _ = write!(body, "\n\nNew records: {}.", records.join("; "));
    }
    if !input.patterns.is_empty() {
        let _ = write!(body, "\n\nWhat we see: {}.", capped(input.patterns.clone()).join("; "));
    }
    let changes: Vec<_> =
        input.recommendations.iter().map(|r| template::adjustment_text(&r.adjustment)).collect();
    let changes = changes.join(" ");
    let changes = if changes.is_empty() { "nothing, keep going." } else { &changes };
    let _ = write!(body, "\n\nWhat to change: {changes}");
    let title = format!(
        "Your week of {week_start}: {}, {} hard sets",
        count(this.workouts, "workout"),
        number(this.hard_half_sets.sets())
    );
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
    Some(Report { title, body, details })
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

fn comparison(this: &Volume, before: &Mean) -> String {
    format!(
        "{}, {} hard sets and {} kg moved. The {WEEKS_BEFORE} weeks before had {} {}, {} hard sets and \
         {} kg on average.",
        count(this.workouts, "workout"),
        number(this.hard_half_sets.sets()),
        number(this.tonnage_grams.kg().round()),
        number(before.workouts),
        if (before.workouts - 1.0).abs() < f64::EPSILON { "workout" } else { "workouts" },
        number(before.hard_sets.round()),
        number(before.tonnage_kg.round()),
    )
}

fn muscles_at(history: &History, week: &Volume, level: VolumeLevel) -> Vec<String> {
    let text = |muscle: Muscle| {
        let sets = number(week.direct_sets_of(muscle).sets());
        let landmarks = history.landmarks.for_muscle(muscle)?;
        let limit = if level == VolumeLevel::BelowMev { landmarks.mev } else { landmarks.mrv };
        Some(format!("{} {sets} of {}", muscle.display_name(), number(limit.sets())))
    };
    muscles(history, week, level).filter_map(text).collect()
}

fn muscles<'a>(
    history: &'a History,
    week: &'a Volume,
    level: VolumeLevel,
) -> impl Iterator<Item = Muscle> + 'a {
    Muscle::ALL.into_iter().filter(move |muscle| {
        let landmarks = history.landmarks.for_muscle(*muscle);
        landmarks.is_some_and(|landmarks| landmarks.level(week.direct_sets_of(*muscle)) == level)
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
            texts.push(format!("{name} {what}{} kg", number(Grams(record.value).kg())));
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
        0 => format!("No {what}s"),
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

/// Formats 12.0 as `12` and 6.5 as `6.5`.
fn number(number: f64) -> String {
    ((number * 100.0).round() / 100.0).to_string()
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
            vec![week("2026-11-09", &muscles(16, 16)), week("2026-11-16", &muscles(53, 6))];
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
        assert_eq!(report.title, "Your week of 2026-11-16: 3 workouts, 60 hard sets");
        assert_eq!(
            report.body,
            "3 workouts, 60 hard sets and 20000 kg moved. The 4 weeks before had 0.75 workouts, 15 \
             hard sets and 5000 kg on average.\n\n\
             More than can be recovered from (MRV): chest 26 of 24.\n\n\
             Too little to grow (MEV): calves 3 of 4.\n\n\
             New records: Barbell Bench Press 102.5 kg; Barbell Bench Press estimated maximum \
             118.3 kg.\n\n\
             What we see: Chest volume over MRV.\n\n\
             What to change: Take chest down from 26 to 24 hard sets next week."
        );
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
    fn week_off_is_reported_and_a_long_break_is_not() {
        let input = ReportInput::default();
        let mut history = history();
        history.weeks.truncate(1);
        let off = report(&history, monday(), &input).unwrap();
        assert_eq!(off.title, "Your week of 2026-11-16: No workouts, 0 hard sets");
        assert!(off.body.ends_with("What to change: nothing, keep going."), "{}", off.body);
        assert!(!off.body.contains("MEV"), "{}", off.body);
        history.weeks = vec![week("2026-10-12", &[])];
        assert_eq!(report(&history, monday(), &input), None);
        assert_eq!(report(&History::none(history.today), monday(), &input), None);
    }
}
