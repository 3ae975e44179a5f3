//! Builders of histories for the tests of the rules.

use crate::history::History;
use chrono::{Days, NaiveDate};
use std::collections::BTreeMap;
use storage::training_history::{HistoryDay, HistoryWeek, LiftSession};
use training::e1rm::estimate;
use training::{
    BestSet, E1rmFormula, ExercisePerformance, Grams, HalfSets, Muscle, MuscleVolume, Rpe, Volume,
    WeekStart,
};

/// Builds a history as of a day. The complete weeks have a weekly report.
pub fn history(today: &str, write: impl FnOnce(&mut Builder)) -> History {
    let mut builder = Builder(History::none(date(today)));
    let settled = builder.today() - Days::new(2);
    builder.0.reported = Some(WeekStart::containing(settled).previous());
    write(&mut builder);
    builder.0
}

/// Builds a history with one session of a lift each Monday up to 2026-11-16, which is today.
pub fn weekly_lift(lift: &str, maxima_kg: &[f64]) -> History {
    history("2026-11-16", |h| {
        for (back, kg) in (0..).zip(maxima_kg.iter().rev()) {
            let day = h.today() - Days::new(7 * back);
            h.lift(lift, &[(&day.to_string(), *kg)]);
        }
    })
}

/// Builds a week with half sets by muscle, the direct ones by two.
pub fn week(monday: &str, muscles: &[(Muscle, i64)]) -> HistoryWeek {
    let part = |half_sets| MuscleVolume {
        half_sets: HalfSets(half_sets),
        direct_sets: half_sets / 2,
        ..Default::default()
    };
    let muscles = muscles.iter().map(|(muscle, sets)| (*muscle, part(*sets))).collect();
    HistoryWeek {
        week_start: WeekStart::containing(date(monday)),
        volume: Volume { workouts: 3, muscles, ..Volume::default() },
    }
}

/// Returns the day `days` days later.
pub fn day_after(day: &str, days: u64) -> String {
    (date(day) + Days::new(days)).to_string()
}

fn date(day: &str) -> NaiveDate {
    day.parse().unwrap()
}

/// Builds a history.
pub struct Builder(History);

impl Builder {
    /// Returns the day of the analysis.
    pub fn today(&self) -> NaiveDate {
        self.0.today
    }

    /// Adds a day with one workout of `kg` tonnage.
    pub fn day(&mut self, day: &str, kg: f64) {
        let (local_date, tonnage_grams) = (date(day), Grams::from_kg(kg));
        self.0.days.push(HistoryDay { local_date, workouts: 1, tonnage_grams });
        self.0.days.sort_by_key(|day| day.local_date);
    }

    /// Adds a week with half sets by muscle.
    pub fn muscles(&mut self, monday: &str, muscles: &[(Muscle, i64)]) {
        self.week(week(monday, muscles));
    }

    /// Adds a week with hard sets.
    pub fn hard_sets(&mut self, monday: &str, sets: f64) {
        let mut week = week(monday, &[]);
        week.volume.hard_half_sets = HalfSets::from_sets(sets).unwrap();
        self.week(week);
    }

    /// Adds a week.
    pub fn week(&mut self, week: HistoryWeek) {
        self.0.weeks.push(week);
        self.0.weeks.sort_by_key(|week| week.week_start);
    }

    /// Adds sessions of a lift with one-rep maxima.
    pub fn lift(&mut self, lift: &str, maxima_kg: &[(&str, f64)]) {
        for (day, kg) in maxima_kg {
            self.sets(lift, &[(day, *kg, 1, None)]);
        }
    }

    /// Adds sessions of a lift with best sets: day, load, repetitions, RPE.
    pub fn sets(&mut self, lift: &str, sets: &[(&str, f64, u32, Option<f64>)]) {
        for (day, kg, reps, rpe) in sets {
            let (load_grams, rpe) = (Grams::from_kg(*kg), rpe.and_then(Rpe::new));
            let e1rm_grams = estimate(E1rmFormula::Epley, load_grams, *reps, rpe).unwrap();
            let weight_grams = Some(load_grams);
            let best = BestSet { e1rm_grams, load_grams, weight_grams, reps: *reps, rpe };
            let best = BTreeMap::from([(E1rmFormula::Epley, best)]);
            let performance =
                ExercisePerformance { sets: 1, best, ..ExercisePerformance::default() };
            let session = LiftSession { local_date: date(day), performance };
            let sessions = self.0.lifts.entry(lift.to_owned()).or_default();
            sessions.push(session);
            sessions.sort_by_key(|session| session.local_date);
        }
    }
}
