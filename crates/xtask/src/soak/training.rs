//! What the soak's athletes enter, and what it adds up to. The sums are the soak's own: the code
//! that it tests has no part in them.

use super::dice::Dice;
use chrono::{Days, NaiveDate};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Workouts are entered for so many days back (ours): eight weeks, each of which is changed again and
/// again.
pub const DAYS: u32 = 56;

/// Whole numbers up to some millions: a float holds their sums, and halves of them, exactly.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Totals {
    /// Workouts.
    pub workouts: f64,
    /// All sets; the soak's athletes do hard ones only.
    pub sets: f64,
    /// Hard sets.
    pub hard_sets: f64,
    /// Weight × repetitions.
    pub tonnage_kg: f64,
    /// Hard sets by muscle; one that was not trained is not there.
    pub muscles: BTreeMap<String, f64>,
}

/// An exercise, and the muscles that a set of it counts for: one for each direct muscle, half for
/// each indirect one (crates/training/src/catalogue.rs).
#[derive(Debug)]
struct Exercise {
    slug: &'static str,
    direct: &'static [&'static str],
    indirect: &'static [&'static str],
}

/// All with a bar, so that what is entered is what is moved.
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

/// A workout as it is entered.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The day, in UTC.
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

impl Entry {
    /// One to three exercises, one to five sets of each, on a day that is not after today. Fewer than
    /// five repetitions would be no hard set (docs/training.md).
    pub fn thrown(dice: &mut Dice, today: NaiveDate) -> Self {
        let back = Days::new(u64::from(dice.below(DAYS)));
        let date = today.checked_sub_days(back).unwrap_or(today);
        let lifts = (0..=dice.below(3)).filter_map(|_| {
            let exercise = dice.one_of(EXERCISES.iter())?;
            let (sets, kg, reps) = (1 + dice.below(5), 20 + dice.below(160), 5 + dice.below(8));
            Some(Lift { exercise, sets, kg, reps })
        });
        Self { date, lifts: lifts.collect() }
    }

    /// As the api takes it.
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

    /// The weight of each exercise that was lifted.
    pub fn weights(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.lifts.iter().map(|lift| (lift.exercise.slug, f64::from(lift.kg)))
    }
}

impl Totals {
    /// One workout more.
    pub fn add(&mut self, entry: &Entry) {
        self.workouts += 1.0;
        for lift in &entry.lifts {
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

    /// A day or a week, as the api answers it.
    pub fn read(answer: &Value) -> Option<Self> {
        let number = |value: &Value, name: &str| value.get(name)?.as_f64();
        let mut muscles = BTreeMap::new();
        for muscle in answer.get("muscles")?.as_array()? {
            let counted = number(muscle, "hard_sets")?;
            if counted > 0.0 {
                muscles.insert(muscle.get("muscle")?.as_str()?.to_owned(), counted);
            }
        }
        Some(Self {
            workouts: number(answer, "workouts")?,
            sets: number(answer, "sets")?,
            hard_sets: number(answer, "hard_sets")?,
            tonnage_kg: number(answer, "tonnage_kg")?,
            muscles,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(muscles: &[training::Muscle]) -> Vec<String> {
        muscles.iter().map(|muscle| json!(muscle).as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_exercises_are_those_of_the_catalogue() {
        for exercise in &EXERCISES {
            let known = training::Exercise::find(exercise.slug).expect(exercise.slug);
            assert_eq!(names(known.primary), exercise.direct, "{}", exercise.slug);
            assert_eq!(names(known.secondary), exercise.indirect, "{}", exercise.slug);
            assert_eq!(json!(known.load), json!({ "type": "external" }), "{}", exercise.slug);
        }
    }

    #[test]
    fn a_workout_adds_up_by_hand() {
        let lift =
            |index: usize, sets, kg, reps| Lift { exercise: &EXERCISES[index], sets, kg, reps };
        let entry = Entry {
            date: NaiveDate::default(),
            lifts: vec![lift(2, 3, 60, 10), lift(4, 2, 30, 8)],
        };
        let mut totals = Totals::default();
        totals.add(&entry);
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
    fn an_answer_reads_as_what_it_says() {
        let answer = json!({
            "workouts": 1, "sets": 2, "hard_sets": 2, "tonnage_kg": 480.0,
            "muscles": [{ "muscle": "biceps", "hard_sets": 2 }, { "muscle": "chest", "hard_sets": 0 }],
        });
        let totals = Totals::read(&answer).unwrap();
        assert_eq!((totals.workouts, totals.tonnage_kg), (1.0, 480.0));
        assert_eq!(totals.muscles, BTreeMap::from([("biceps".to_owned(), 2.0)]));
        assert_eq!(Totals::read(&json!({ "workouts": 1 })), None);
    }

    #[test]
    fn every_set_that_is_entered_is_a_hard_one() {
        let mut dice = Dice::new(1, 0);
        for _ in 0..200 {
            let entry = Entry::thrown(&mut dice, NaiveDate::default());
            for reps in entry.lifts.iter().map(|lift| lift.reps) {
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
