//! Random workouts of the soak test, and the volume that they add up to. The sums share no code
//! with the pipeline under test.

use chrono::{Datelike, Days, NaiveDate};
use contract::volume::{DayVolume, WeekVolume};
use fastrand::Rng;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use training::Muscle;

/// Workouts are at most this many days old: eight weeks, each of which changes many times.
pub const DAYS: u64 = 56;

/// The volume of a day or a week. An `f64` holds these sums of integers and halves exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    pub workouts: f64,
    pub sets: f64,
    pub hard_sets: f64,
    pub tonnage_kg: f64,
    /// Hard sets of the muscles that were trained.
    pub muscles: BTreeMap<String, f64>,
}

impl Totals {
    /// Returns the volume of a day as the API reports it.
    pub fn of_day(day: &DayVolume) -> Self {
        let muscles = day.muscles.iter().map(|part| (part.muscle, part.hard_sets));
        Self::reported([day.workouts, day.sets], [day.hard_sets, day.tonnage_kg], muscles)
    }

    /// Returns the volume of a week as the API reports it.
    pub fn of_week(week: &WeekVolume) -> Self {
        let muscles = week.muscles.iter().map(|part| (part.muscle, part.hard_sets));
        Self::reported([week.workouts, week.sets], [week.hard_sets, week.tonnage_kg], muscles)
    }

    fn reported(
        counts: [i64; 2],
        [hard_sets, tonnage_kg]: [f64; 2],
        muscles: impl Iterator<Item = (Muscle, f64)>,
    ) -> Self {
        let [workouts, sets] =
            counts.map(|count| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        let muscles = muscles.filter(|(_, sets)| *sets > 0.0);
        let muscles = muscles.map(|(muscle, sets)| (muscle.as_str().to_owned(), sets)).collect();
        Self { workouts, sets, hard_sets, tonnage_kg, muscles }
    }
}

/// An exercise and its muscles: a set counts once for each direct muscle, half for each indirect
/// one (crates/training/src/catalogue.rs).
#[derive(Debug)]
struct Exercise {
    slug: &'static str,
    direct: &'static [&'static str],
    indirect: &'static [&'static str],
}

/// Barbell exercises: the entered weight is the moved weight.
const EXERCISES: [Exercise; 5] = [
    Exercise {
        slug: "barbell-bench-press",
        direct: &["chest"],
        indirect: &["front_delts", "triceps"],
    },
    Exercise { slug: "barbell-back-squat", direct: &["quads", "glutes"], indirect: &[] },
    Exercise { slug: "barbell-row", direct: &["back"], indirect: &["biceps", "rear_delts"] },
    Exercise { slug: "romanian-deadlift", direct: &["glutes", "hamstrings"], indirect: &["back"] },
    Exercise { slug: "barbell-curl", direct: &["biceps"], indirect: &["forearms"] },
];

/// A workout, before it is sent.
#[derive(Clone, Debug)]
pub struct Workout {
    /// In UTC.
    pub date: NaiveDate,
    lifts: Vec<Lift>,
}

#[derive(Clone, Debug)]
struct Lift {
    exercise: &'static Exercise,
    sets: u32,
    kg: u32,
    reps: u32,
}

impl Workout {
    /// Returns one to three exercises with one to five hard sets each, on a day up to today. A set
    /// of fewer than five repetitions is not hard (docs/training.md).
    pub fn random(rng: &mut Rng, today: NaiveDate) -> Self {
        let date = today - Days::new(rng.u64(..DAYS));
        let lifts = (0..rng.u32(1..=3)).filter_map(|_| {
            let exercise = rng.choice(&EXERCISES)?;
            let (sets, kg, reps) = (rng.u32(1..=5), rng.u32(20..180), rng.u32(5..=12));
            Some(Lift { exercise, sets, kg, reps })
        });
        Self { date, lifts: lifts.collect() }
    }

    /// Returns the request body.
    pub fn body(&self) -> Value {
        let exercises = self.lifts.iter().map(|lift| {
            let set =
                json!({ "kind": "working", "weight_kg": lift.kg, "reps": lift.reps, "rpe": 8 });
            let sets: Vec<_> = (0..lift.sets).map(|_| set.clone()).collect();
            json!({ "exercise": lift.exercise.slug, "sets": sets })
        });
        json!({
            "started_at": format!("{}T06:00:00Z", self.date),
            "ended_at": format!("{}T07:00:00Z", self.date),
            "exercises": exercises.collect::<Vec<_>>(),
        })
    }
}

impl Workout {
    /// Returns the body of the start of the workout, which is logged live on the day `today`.
    pub fn start(&self) -> Value {
        json!({ "started_at": format!("{}T06:00:00Z", self.date), "exercises": [] })
    }

    /// Returns the body of each set, in order.
    pub fn live_sets(&self) -> Vec<Value> {
        let sets = self.lifts.iter().flat_map(|lift| {
            let set = json!({
                "exercise": lift.exercise.slug, "kind": "working", "weight_kg": lift.kg,
                "reps": lift.reps, "rpe": 8,
            });
            (0..lift.sets).map(move |_| set.clone())
        });
        sets.collect()
    }

    /// Returns the body that completes it.
    pub fn completion(&self) -> Value {
        json!({ "ended_at": format!("{}T07:00:00Z", self.date) })
    }
}

/// Returns the totals of each period. `period` returns the first day of a day's period.
pub fn totals_by(
    period: fn(NaiveDate) -> NaiveDate,
    workouts: &BTreeMap<String, Workout>,
) -> BTreeMap<NaiveDate, Totals> {
    let mut totals: BTreeMap<NaiveDate, Totals> = BTreeMap::new();
    for workout in workouts.values() {
        totals.entry(period(workout.date)).or_default().add(workout);
    }
    totals
}

/// Returns the heaviest weight of each exercise, in kg.
pub fn heaviest_weights(workouts: &BTreeMap<String, Workout>) -> BTreeMap<String, f64> {
    let mut heaviest: BTreeMap<String, f64> = BTreeMap::new();
    for lift in workouts.values().flat_map(|workout| &workout.lifts) {
        let kg = heaviest.entry(lift.exercise.slug.to_owned()).or_default();
        *kg = kg.max(f64::from(lift.kg));
    }
    heaviest
}

/// Returns the Monday of a day's week.
pub fn monday(date: NaiveDate) -> NaiveDate {
    date - Days::new(u64::from(date.weekday().num_days_from_monday()))
}

impl Totals {
    /// Adds a workout.
    pub fn add(&mut self, workout: &Workout) {
        self.workouts += 1.0;
        for lift in &workout.lifts {
            let sets = f64::from(lift.sets);
            self.sets += sets;
            self.hard_sets += sets;
            self.tonnage_kg += f64::from(lift.sets * lift.kg * lift.reps);
            let Exercise { direct, indirect, .. } = lift.exercise;
            let direct = direct.iter().map(|muscle| (muscle, sets));
            for (muscle, counted) in direct.chain(indirect.iter().map(|name| (name, sets / 2.0))) {
                *self.muscles.entry((*muscle).to_owned()).or_default() += counted;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(muscles: &[training::Muscle]) -> Vec<String> {
        muscles.iter().map(|muscle| json!(muscle).as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn exercises_match_the_catalogue() {
        for exercise in &EXERCISES {
            let known = training::Exercise::find(exercise.slug).expect(exercise.slug);
            assert_eq!(names(&known.primary.to_vec()), exercise.direct, "{}", exercise.slug);
            assert_eq!(names(&known.secondary.to_vec()), exercise.indirect, "{}", exercise.slug);
            assert_eq!(json!(known.load), json!({ "type": "external" }), "{}", exercise.slug);
        }
    }

    #[test]
    fn totals_of_a_workout_are_its_sums() {
        let lift =
            |index: usize, sets, kg, reps| Lift { exercise: &EXERCISES[index], sets, kg, reps };
        let workout = Workout {
            date: NaiveDate::default(),
            lifts: vec![lift(2, 3, 60, 10), lift(4, 2, 30, 8)],
        };
        let mut totals = Totals::default();
        totals.add(&workout);
        let muscles = [("back", 3.0), ("biceps", 3.5), ("forearms", 1.0), ("rear_delts", 1.5)];
        assert_eq!(
            totals,
            Totals {
                workouts: 1.0,
                sets: 5.0,
                hard_sets: 5.0,
                tonnage_kg: 2_280.0,
                muscles: muscles.map(|(name, sets)| (name.to_owned(), sets)).into(),
            }
        );
    }

    #[test]
    fn totals_have_no_untrained_muscles() {
        let part = |muscle: &str, sets: u32| {
            json!({ "muscle": muscle, "hard_sets": sets, "direct_sets": sets, "fractional_sets": sets,
                    "tonnage_kg": 480.0, "mv": 0, "mev": 4, "mav": 16, "mrv": 20,
                    "level": "below_mev" })
        };
        let week = json!({
            "week_start": "2026-11-23", "workouts": 1, "sets": 2, "hard_sets": 2, "tonnage_kg": 480.0,
            "muscles": [part("biceps", 2), part("chest", 0)],
        });
        let totals = Totals::of_week(&serde_json::from_value(week).unwrap());
        assert_eq!((totals.workouts, totals.tonnage_kg), (1.0, 480.0));
        assert_eq!(totals.muscles, BTreeMap::from([("biceps".to_owned(), 2.0)]));
    }

    #[test]
    fn every_random_set_is_a_hard_set() {
        let mut rng = Rng::with_seed(1);
        for _ in 0..200 {
            let workout = Workout::random(&mut rng, NaiveDate::default());
            for reps in workout.lifts.iter().map(|lift| lift.reps) {
                let set = training::PerformedSet {
                    kind: training::SetKind::Working,
                    weight_grams: Some(training::Grams::from_kg(60.0)),
                    reps: Some(reps),
                    rpe: training::Rpe::new(8.0),
                    duration_s: None,
                    distance_m: None,
                };
                assert!(set.is_hard(), "{reps} repetitions");
            }
        }
    }
}
