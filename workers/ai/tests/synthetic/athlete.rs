//! Athletes of known profiles, and their workouts.

use super::programme::{CHEST_EXTRA, DAILY, ORDINARY, Programme, Side, Slot};
use super::random::Random;
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use std::collections::BTreeMap;
use training::{ExerciseEntry, SetEntry, SetKind, Workout};

/// The length of the training.
pub const WEEKS: u32 = 12;
/// The smallest step of weight.
const PLATES_KG: f64 = 2.5;
/// Planned repetitions in reserve after the first set.
const RESERVE: f64 = 2.0;

/// The behaviour of an athlete, which the rules should detect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Profile {
    Progressing,
    Stalled,
    Regressing,
    Deloading,
    TooMuchChest,
    Camp,
    Imbalanced,
    NoCalves,
    EveryDay,
    Noise,
}

impl Profile {
    /// Every profile with its number of athletes, 200 in sum.
    pub const ALL: [(Self, u32); 10] = [
        (Self::Progressing, 30),
        (Self::Stalled, 25),
        (Self::Regressing, 20),
        (Self::Deloading, 25),
        (Self::TooMuchChest, 15),
        (Self::Camp, 15),
        (Self::Imbalanced, 20),
        (Self::NoCalves, 10),
        (Self::EveryDay, 10),
        (Self::Noise, 30),
    ];

    /// Returns the name in the tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Progressing => "progressing",
            Self::Stalled => "stalled",
            Self::Regressing => "regressing",
            Self::Deloading => "deloading",
            Self::TooMuchChest => "overreaching, chest",
            Self::Camp => "overreaching, camp",
            Self::Imbalanced => "imbalanced",
            Self::NoCalves => "no calves",
            Self::EveryDay => "every day alike",
            Self::Noise => "noise",
        }
    }
}

/// One athlete, with the random numbers of their days.
pub struct Athlete {
    pub profile: Profile,
    programme: Programme,
    notes_rpe: bool,
    /// Strength relative to the ordinary athlete, by lift.
    strength: BTreeMap<&'static str, f64>,
    /// The deviation of the maximum from day to day, as a share.
    day_to_day: f64,
    /// Change of strength a week, up to `turns_in` and from then on.
    change: (f64, f64),
    turns_in: u32,
    /// The week, from 0, of the deload, the camp, the hard week, the first of the two of chest; five
    /// weeks after the first without calves.
    event: u32,
    week_off: Option<u32>,
    pushes: bool,
    missed: f64,
    moved: f64,
    random: Random,
}

impl Athlete {
    /// Creates the athlete of a profile and seed.
    pub fn new(profile: Profile, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let noise = profile == Profile::Noise;
        let choice = usize::try_from(random.whole(0, 2)).unwrap_or(0);
        let ordinary = ORDINARY.get(choice).copied().unwrap_or(DAILY);
        let programme = if profile == Profile::EveryDay { DAILY } else { ordinary };
        let gain = random.between(0.006, 0.015);
        let change = match profile {
            Profile::Stalled => (gain, 0.0),
            Profile::Regressing => (0.0, -random.between(0.008, 0.015)),
            Profile::Noise => (0.0, 0.0),
            _ => (gain, gain),
        };
        let strong = random.between(0.6, 1.4);
        let slots = programme.iter().flat_map(|(_, slots)| *slots).chain([&CHEST_EXTRA]);
        let lifts: Vec<_> = slots.map(|slot| slot.lift).collect();
        let strength = lifts.into_iter().map(|l| (l, strong * random.between(0.85, 1.15)));
        let strength = strength.collect();
        let takes_week_off = match profile {
            Profile::Progressing | Profile::Imbalanced | Profile::Noise => random.chance(0.3),
            _ => false,
        };
        Self {
            profile,
            programme,
            notes_rpe: random.chance(0.6),
            strength,
            day_to_day: if noise { 0.04 } else { random.between(0.006, 0.014) },
            change,
            turns_in: random.whole(0, 4),
            event: random.whole(5, 8),
            week_off: takes_week_off.then(|| random.whole(4, 9)),
            pushes: random.chance(0.5),
            missed: if noise { 0.1 } else { 0.03 },
            moved: if noise { 0.2 } else { 0.05 },
            random,
        }
    }

    /// Creates the workouts of the weeks, in order.
    pub fn workouts(&mut self, first_monday: NaiveDate, weeks: u32) -> Vec<Workout> {
        let mut workouts = Vec::new();
        for week in 0..weeks {
            for (day, slots) in self.programme {
                let late = u32::from(*day < 6 && self.random.chance(self.moved));
                if self.random.chance(self.missed) || self.week_off == Some(week) {
                    continue;
                }
                let day = 7 * week + day + late;
                let exercises = slots.iter().filter_map(|slot| self.exercise(slot, day));
                let mut exercises: Vec<_> = exercises.collect();
                exercises.extend(self.extra(day));
                workouts.push(workout(first_monday, day, exercises));
            }
        }
        workouts
    }

    /// Returns the strength on a day relative to the first day.
    pub fn strength_on(&self, day: u32) -> f64 {
        let turn = f64::from(self.turns_in);
        let week = f64::from(day) / 7.0;
        1.0 + self.change.0 * week.min(turn) + self.change.1 * (week - turn).max(0.0)
    }

    /// Returns the week of the event of the profile, from 0.
    pub fn event_week(&self) -> u32 {
        self.event
    }

    /// Returns the lifts whose maximum can be estimated.
    pub fn measured_lifts(&self) -> Vec<&'static str> {
        let slots = self.programme.iter().flat_map(|(_, slots)| *slots);
        let mut lifts: Vec<_> = slots.filter(|slot| slot.reps <= 9).map(|slot| slot.lift).collect();
        lifts.sort_unstable();
        lifts.dedup();
        lifts
    }

    fn extra(&mut self, day: u32) -> Option<ExerciseEntry> {
        let weeks = self.event..self.event + 2;
        let extra = self.profile == Profile::TooMuchChest && weeks.contains(&(day / 7));
        // Twenty sets a week, spread over the days of the programme.
        let days = u32::try_from(self.programme.len()).unwrap_or(1).max(1);
        let slot = Slot { sets: 20_u32.div_ceil(days), ..CHEST_EXTRA };
        if extra { self.exercise(&slot, day) } else { None }
    }

    fn exercise(&mut self, slot: &Slot, day: u32) -> Option<ExerciseEntry> {
        let sets = self.sets(slot, day / 7);
        let set = self.set(slot, day);
        let sets: Vec<_> = (0..sets).map(|number| later(&set, number)).collect();
        let exercise = slot.lift.to_owned();
        let exercise = ExerciseEntry { exercise, superset: None, notes: None, sets };
        (!exercise.sets.is_empty()).then_some(exercise)
    }

    /// Returns the number of sets.
    fn sets(&mut self, slot: &Slot, week: u32) -> u32 {
        let one_half = |more: bool| if more { slot.sets * 3 / 2 } else { slot.sets * 7 / 10 };
        match self.profile {
            Profile::Deloading if week == self.event => (slot.sets / 2).max(1),
            Profile::Camp if week == self.event => slot.sets * 2,
            Profile::EveryDay if week == self.event && slot.side != Side::Neither => slot.sets + 1,
            Profile::NoCalves if slot.lift == "standing-calf-raise" && week + 5 >= self.event => 0,
            Profile::Imbalanced => match slot.side {
                Side::Push => one_half(self.pushes).max(1),
                Side::Pull => one_half(!self.pushes).max(1),
                Side::Neither => slot.sets,
            },
            Profile::Noise => (slot.sets + self.random.whole(0, 2)).saturating_sub(1).max(1),
            _ => slot.sets,
        }
    }

    /// Returns the first set: the weight is planned, the effort depends on the day.
    fn set(&mut self, slot: &Slot, day: u32) -> SetEntry {
        let meant = f64::from(slot.reps) + RESERVE;
        let kg = f64::from(slot.kg) * self.strength.get(slot.lift).copied().unwrap_or(1.0);
        let maximum = kg * (1.0 + meant / 30.0) * self.strength_on(day);
        let deload = self.profile == Profile::Deloading && day / 7 == self.event;
        let share = if deload { 0.9 } else { 1.0 };
        let planned = maximum * share / (1.0 + meant / 30.0);
        let load = ((planned / PLATES_KG).round() * PLATES_KG).max(PLATES_KG);
        let today = maximum * (1.0 + self.day_to_day * self.random.normal());
        let possible = (30.0 * (today / load - 1.0)).max(1.0);
        let meant_reps = f64::from(slot.reps);
        let (reps, rpe) = if self.notes_rpe {
            let reps = meant_reps.min(possible.floor());
            let rpe = (10.0 - (possible - reps).min(4.0)).min(10.0);
            (reps, Some((rpe * 2.0).round() / 2.0))
        } else if deload {
            (meant_reps, None)
        } else {
            ((possible - 1.0).floor().clamp(1.0, meant_reps + 3.0), None)
        };
        let reps = (1..=30_u32).rfind(|whole| f64::from(*whole) <= reps);
        let set = SetEntry::new(SetKind::Working);
        SetEntry { weight_kg: Some(load), reps, rpe, ..set }
    }
}

/// Returns a later set of the same exercise: as many repetitions, a little harder.
fn later(set: &SetEntry, number: u32) -> SetEntry {
    let rpe = set.rpe.map(|rpe| (rpe + 0.5 * f64::from(number)).min(10.0));
    SetEntry { rpe, ..set.clone() }
}

fn workout(first_monday: NaiveDate, day: u32, exercises: Vec<ExerciseEntry>) -> Workout {
    let date = first_monday.checked_add_days(Days::new(u64::from(day))).unwrap_or(first_monday);
    let midnight = DateTime::<Utc>::from_naive_utc_and_offset(date.and_time(NaiveTime::MIN), Utc);
    let started_at = midnight.fixed_offset();
    Workout {
        title: None,
        notes: None,
        started_at,
        ended_at: None,
        body_weight_kg: None,
        exercises,
        last_set_id: 0,
    }
}
