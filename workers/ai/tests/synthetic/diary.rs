//! Turns workouts into the history that the rules read: volume and performances by the code that
//! aggregation runs, days and weeks as their sums.

use ai::history::{HISTORY_WEEKS, History};
use chrono::NaiveDate;
use std::collections::BTreeMap;
use storage::training_history::{HistoryDay, HistoryWeek, LiftSession};
use training::calendar::local_date;
use training::performance::performances;
use training::{CustomExercises, Volume, WeekStart, Workout};

/// The whole history of an athlete.
pub struct Diary(History);

impl Diary {
    /// Creates an empty history.
    pub fn new(today: NaiveDate) -> Self {
        Self(History::none(today))
    }

    /// Adds a workout, in order of time.
    pub fn record(&mut self, workout: &Workout) {
        let date = local_date(workout.started_at);
        let (exercises, body_weight) =
            (workout.performed_exercises(&CustomExercises::new()), workout.body_weight());
        let volume = Volume::of_workout(&exercises, body_weight);
        let days = &mut self.0.days;
        if days.last().is_none_or(|day| day.local_date != date) {
            let tonnage_grams = training::Grams(0);
            days.push(HistoryDay { local_date: date, workouts: 0, tonnage_grams });
        }
        if let Some(day) = days.last_mut() {
            day.workouts += volume.workouts;
            day.tonnage_grams.0 += volume.tonnage_grams.0;
        }
        let (weeks, week_start) = (&mut self.0.weeks, WeekStart::containing(date));
        if weeks.last().is_none_or(|week| week.week_start != week_start) {
            weeks.push(HistoryWeek { week_start, volume: Volume::default() });
        }
        if let Some(week) = weeks.last_mut() {
            add(&mut week.volume, &volume);
        }
        for (lift, performance) in performances(&exercises, body_weight) {
            let session = LiftSession { local_date: date, performance };
            self.0.lifts.entry(lift).or_default().push(session);
        }
    }

    /// Returns the whole history as of a day.
    pub fn on(&mut self, today: NaiveDate) -> &History {
        self.0.today = today;
        &self.0
    }

    /// Returns the history that an analysis on a day reads.
    pub fn read_on(&self, today: NaiveDate) -> History {
        let first = WeekStart::containing(today).weeks_before(HISTORY_WEEKS);
        let mut history = self.0.clone();
        history.today = today;
        history.weeks.retain(|week| week.week_start >= first);
        history.days.retain(|day| day.local_date >= first.date());
        for sessions in history.lifts.values_mut() {
            sessions.retain(|session| session.local_date >= first.date());
        }
        history
    }
}

fn add(sum: &mut Volume, volume: &Volume) {
    sum.workouts += volume.workouts;
    sum.sets += volume.sets;
    sum.tonnage_grams.0 += volume.tonnage_grams.0;
    sum.hard_half_sets.0 += volume.hard_half_sets.0;
    let mut muscles = std::mem::take(&mut sum.muscles);
    for (muscle, part) in &volume.muscles {
        let whole = muscles.entry(*muscle).or_default();
        whole.half_sets.0 += part.half_sets.0;
        whole.direct_sets += part.direct_sets;
        whole.tonnage_grams.0 += part.tonnage_grams.0;
    }
    sum.muscles = BTreeMap::from_iter(muscles);
}
