//! Compares a workout of a file with a stored one: whether both describe one training session, and which of them
//! knows more.
//!
//! Thresholds without a source are project defaults.

use crate::limits::LASTS_MAX;
use crate::set::{PerformedSet, SetKind};
use crate::units::Grams;
use crate::workout::{ExerciseEntry, SetEntry, Workout};
use chrono::{DateTime, FixedOffset, TimeDelta};
use std::collections::BTreeMap;

/// Two workouts that start less than this apart are one session.
pub const SAME_START: TimeDelta = TimeDelta::minutes(1);
/// Weights that differ by less are equal: apps convert kilograms and pounds, and round them.
const SAME_WEIGHT_GRAMS: u64 = 100;

/// The result of a comparison with a stored workout.
#[derive(Clone, Debug, PartialEq)]
pub enum Comparison {
    /// Another session.
    Other,
    /// The stored workout has everything that the file has.
    Known,
    /// The stored workout with all that the file adds. If it adds only texts and an end, the sets are those stored.
    More { merged: Box<Workout>, has_more_sets: bool },
    /// Each has sets, or values of sets, that the other lacks.
    Conflict,
}

/// Compares a workout of a file with a stored one. Texts are no reason for a conflict: those of the file replace the
/// stored ones if both come from the same app, and otherwise are added where there are none. The body weight is that of
/// the stored one: an export has the weight that counted, whether it was entered or not.
///
/// They are one session if they start less than a minute apart, or if their times overlap and most sets of the one
/// with fewer sets are in both.
pub fn compare(file: &Workout, stored: &Workout, is_same_app: bool) -> Comparison {
    let pairs = Pairs::new(file, stored);
    let is_same = starts_together(file, stored) || overlaps(file, stored) && pairs.are_most();
    if !is_same {
        return Comparison::Other;
    }
    if pairs.file_has_more && pairs.stored_has_more {
        return Comparison::Conflict;
    }
    let merged = merged(file, stored, &pairs, is_same_app);
    if merged == *stored {
        return Comparison::Known;
    }
    Comparison::More { merged: Box::new(merged), has_more_sets: pairs.file_has_more }
}

fn starts_together(file: &Workout, stored: &Workout) -> bool {
    (file.started_at - stored.started_at).abs() < SAME_START
}

fn overlaps(file: &Workout, stored: &Workout) -> bool {
    let end = |workout: &Workout| workout.ended_at.unwrap_or(workout.started_at);
    file.started_at <= end(stored) && stored.started_at <= end(file)
}

/// The sets that are in both workouts.
struct Pairs {
    /// For each set of the file the index of its stored one.
    stored_of: Vec<Option<usize>>,
    stored_sets: usize,
    file_has_more: bool,
    stored_has_more: bool,
}

impl Pairs {
    /// Pairs equal sets first, and then those of which one lacks values of the other.
    fn new(file: &Workout, stored: &Workout) -> Self {
        let (file, stored) = (performed(file), performed(stored));
        let mut stored_of = vec![None; file.len()];
        let mut is_free = vec![true; stored.len()];
        let (mut file_has_more, mut stored_has_more) = (false, false);
        for must_be_equal in [true, false] {
            for ((name, set), paired) in file.iter().zip(&mut stored_of) {
                if paired.is_some() {
                    continue;
                }
                let free = stored.iter().zip(&mut is_free).enumerate();
                let mut same = free.filter(|(_, ((other, _), is_free))| **is_free && other == name);
                let found = same.find_map(|(index, ((_, other), is_free))| {
                    let (more, less) = difference(set, other)?;
                    (!must_be_equal || !more && !less).then_some((index, is_free, more, less))
                });
                if let Some((index, is_free, more, less)) = found {
                    *is_free = false;
                    *paired = Some(index);
                    file_has_more |= more;
                    stored_has_more |= less;
                }
            }
        }
        Self {
            file_has_more: file_has_more || stored_of.contains(&None),
            stored_has_more: stored_has_more || is_free.contains(&true),
            stored_of,
            stored_sets: stored.len(),
        }
    }

    fn are_most(&self) -> bool {
        let shared = self.stored_of.iter().flatten().count();
        shared * 2 > self.stored_of.len().min(self.stored_sets)
    }
}

fn performed(workout: &Workout) -> Vec<(&str, PerformedSet)> {
    let entries = workout.exercises.iter();
    entries
        .flat_map(|entry| entry.sets.iter().map(|set| (&*entry.exercise, set.to_performed())))
        .collect()
}

/// Whether the set of the file has values that the stored one lacks, and the reverse. `None` if a value differs. Zero
/// is the same as no value, and `working` the same as no kind.
fn difference(file: &PerformedSet, stored: &PerformedSet) -> Option<(bool, bool)> {
    let weight = |set: &PerformedSet| set.weight_grams.filter(|weight| *weight != Grams(0));
    let is_same_weight = |a: Grams, b: Grams| a.0.abs_diff(b.0) < SAME_WEIGHT_GRAMS;
    let kind = |set: &PerformedSet| Some(set.kind).filter(|kind| *kind != SetKind::Working);
    let number = |value: Option<u32>| value.filter(|value| *value != 0);
    let parts = [
        part(weight(file), weight(stored), is_same_weight)?,
        part(kind(file), kind(stored), |a, b| a == b)?,
        part(file.rpe, stored.rpe, |a, b| a == b)?,
        part(number(file.reps), number(stored.reps), |a, b| a == b)?,
        part(number(file.duration_s), number(stored.duration_s), |a, b| a == b)?,
        part(number(file.distance_m), number(stored.distance_m), |a, b| a == b)?,
    ];
    Some((parts.iter().any(|part| part.0), parts.iter().any(|part| part.1)))
}

fn part<T>(
    file: Option<T>,
    stored: Option<T>,
    is_same: impl Fn(T, T) -> bool,
) -> Option<(bool, bool)> {
    match (file, stored) {
        (None, None) => Some((false, false)),
        (Some(_), None) => Some((true, false)),
        (None, Some(_)) => Some((false, true)),
        (Some(file), Some(stored)) => is_same(file, stored).then_some((false, false)),
    }
}

/// The stored workout with what the file adds. Its sets are those of the one that has more.
fn merged(file: &Workout, stored: &Workout, pairs: &Pairs, is_same_app: bool) -> Workout {
    let text = |file: &Option<String>, stored: &Option<String>| {
        let (first, second) = if is_same_app { (file, stored) } else { (stored, file) };
        first.clone().or_else(|| second.clone())
    };
    let with_texts =
        |entry: &ExerciseEntry, of_file: &ExerciseEntry, of_stored: &ExerciseEntry| ExerciseEntry {
            notes: text(&of_file.notes, &of_stored.notes),
            superset: of_stored.superset.clone().or_else(|| of_file.superset.clone()),
            ..entry.clone()
        };
    let entries = if pairs.file_has_more {
        let mut stored_of = pairs.stored_of.iter();
        let sets: Vec<_> = stored.sets().collect();
        let entries = file.exercises.iter().zip(same_entries(file, stored));
        let entry = |(entry, same): (&ExerciseEntry, Option<&ExerciseEntry>)| {
            let mut merged =
                same.map_or_else(|| entry.clone(), |same| with_texts(entry, entry, same));
            for set in &mut merged.sets {
                let paired = stored_of.next().copied().flatten().and_then(|index| sets.get(index));
                *set = merged_set(set, paired.copied());
            }
            merged
        };
        entries.map(entry).collect()
    } else {
        let entries = stored.exercises.iter().zip(same_entries(stored, file));
        let entry = |(entry, same): (&ExerciseEntry, Option<&ExerciseEntry>)| {
            same.map_or_else(|| entry.clone(), |same| with_texts(entry, same, entry))
        };
        entries.map(entry).collect()
    };
    let mut merged = Workout {
        title: text(&file.title, &stored.title),
        notes: text(&file.notes, &stored.notes),
        started_at: stored.started_at,
        ended_at: end(file, stored),
        body_weight_kg: stored.body_weight_kg,
        exercises: entries,
        last_set_id: stored.last_set_id,
    };
    merged.assign_set_ids();
    merged
}

/// For each entry the one of the other workout with the same exercise: the first for the first, the second for the
/// second.
fn same_entries<'a>(workout: &Workout, other: &'a Workout) -> Vec<Option<&'a ExerciseEntry>> {
    let mut counts = BTreeMap::<&str, usize>::new();
    let mut same = Vec::new();
    for entry in &workout.exercises {
        let count = counts.entry(&entry.exercise).or_default();
        same.push(other.exercises.iter().filter(|o| o.exercise == entry.exercise).nth(*count));
        *count += 1;
    }
    same
}

/// A stored set with the values that it lacks; a set of the file alone gets a new id.
fn merged_set(file: &SetEntry, stored: Option<&SetEntry>) -> SetEntry {
    let Some(stored) = stored else { return SetEntry { id: None, ..file.clone() } };
    let mut set = stored.clone();
    if set.kind == SetKind::Working {
        set.kind = file.kind;
    }
    if set.weight().is_none_or(|weight| weight == Grams(0)) && file.weight().is_some() {
        (set.weight_kg, set.weight_lb) = (file.weight_kg, file.weight_lb);
    }
    if set.effort().is_none() {
        (set.rpe, set.rir) = (file.rpe, file.rir);
    }
    let number = |stored: Option<u32>, file: Option<u32>| {
        stored.filter(|value| *value != 0).or_else(|| file.or(stored))
    };
    set.reps = number(set.reps, file.reps);
    set.duration_s = number(set.duration_s, file.duration_s);
    set.distance_m = set.distance_m.filter(|value| *value > 0.0).or(file.distance_m);
    set.rest_s = set.rest_s.or(file.rest_s);
    set.performed_at = set.performed_at.or(file.performed_at);
    set
}

/// The stored end, or that of the file if the stored one is only the start: no end was known.
fn end(file: &Workout, stored: &Workout) -> Option<DateTime<FixedOffset>> {
    let is_unknown = stored.ended_at == Some(stored.started_at);
    let of_file = file.ended_at.filter(|end| {
        is_unknown && *end > stored.started_at && *end - stored.started_at <= LASTS_MAX
    });
    // A start that is written a few seconds later is no end either.
    of_file.filter(|end| *end > file.started_at).or(stored.ended_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Weight, repetitions and RPE.
    type Set = (f64, u32, Option<f64>);
    type Entry<'a> = (&'a str, &'a [Set]);

    /// A workout of `[exercise, [weight, reps, RPE], ...]`, at a minute of the day and for some minutes.
    fn workout(start: i64, minutes: i64, entries: &[Entry<'_>]) -> Workout {
        let started_at = DateTime::parse_from_rfc3339("2024-03-04T00:00:00+01:00").unwrap();
        let started_at = started_at + TimeDelta::minutes(start);
        let set = |(kg, reps, rpe): &Set| SetEntry {
            weight_kg: Some(*kg),
            reps: Some(*reps),
            rpe: *rpe,
            ..SetEntry::new(SetKind::Working)
        };
        let entry = |(exercise, sets): &Entry<'_>| ExerciseEntry {
            exercise: (*exercise).to_owned(),
            superset: None,
            notes: None,
            sets: sets.iter().map(set).collect(),
        };
        let mut workout = Workout {
            title: Some("Push".to_owned()),
            notes: None,
            started_at,
            ended_at: Some(started_at + TimeDelta::minutes(minutes)),
            body_weight_kg: None,
            exercises: entries.iter().map(entry).collect(),
            last_set_id: 0,
        };
        workout.assign_new_set_ids();
        workout
    }

    fn bench(sets: &[Set]) -> Workout {
        workout(1_080, 60, &[("barbell-bench-press", sets)])
    }

    const A: Set = (100.0, 5, None);
    const B: Set = (100.0, 6, None);
    const A8: Set = (100.0, 5, Some(8.0));

    fn name(comparison: &Comparison) -> &'static str {
        match comparison {
            Comparison::Other => "other",
            Comparison::Known => "known",
            Comparison::More { .. } => "more",
            Comparison::Conflict => "conflict",
        }
    }

    fn check(file: &Workout, stored: &Workout, expected: &str) {
        let comparison = compare(file, stored, true);
        assert_eq!(name(&comparison), expected, "{file:?}\n{stored:?}");
        if let Comparison::More { merged, .. } = comparison {
            assert_eq!(compare(file, &merged, true), Comparison::Known, "{merged:?}");
        }
    }

    #[test]
    fn sets_decide_which_workout_knows_more() {
        let check = |file: &[_], stored: &[_], expected| {
            check(&bench(file), &bench(stored), expected);
        };
        check(&[A, B], &[A, B], "known");
        check(&[B, A], &[A, B], "known");
        check(&[A], &[A, B], "known");
        check(&[A, B], &[A], "more");
        check(&[A, A], &[A], "more");
        check(&[A8], &[A], "more");
        check(&[A], &[A8], "known");
        check(&[A, A8], &[A8], "more");
        check(&[A], &[], "more");
        check(&[A, B], &[A, (90.0, 6, None)], "conflict");
        check(&[A8], &[A, B], "conflict");
        check(&[A], &[B], "conflict");
        check(&[(100.04, 5, None)], &[A], "known");
        check(&[(100.25, 5, None)], &[A], "conflict");
        check(&[(0.0, 5, None)], &[A], "known");
    }

    #[test]
    fn kinds_units_and_zeros_are_compared_by_meaning() {
        let with = |change: &dyn Fn(&mut SetEntry)| {
            let mut workout = bench(&[A]);
            change(&mut workout.exercises[0].sets[0]);
            workout
        };
        let stored = bench(&[A]);
        let pounds = with(&|set| (set.weight_kg, set.weight_lb) = (None, Some(220.46)));
        check(&pounds, &stored, "known");
        check(&with(&|set| set.kind = SetKind::Warmup), &stored, "more");
        check(&stored, &with(&|set| set.kind = SetKind::Warmup), "known");
        let drop = with(&|set| set.kind = SetKind::Drop);
        check(&drop, &with(&|set| set.kind = SetKind::Failure), "conflict");
        check(&with(&|set| set.duration_s = Some(0)), &stored, "known");
        check(&with(&|set| set.duration_s = Some(30)), &stored, "more");
        check(&with(&|set| set.rir = Some(2.0)), &with(&|set| set.rpe = Some(8.0)), "known");
    }

    #[test]
    fn one_session_starts_together_or_overlaps_with_most_sets() {
        let at = |start, minutes, sets: &[_]| workout(start, minutes, &[("dip", sets)]);
        let stored = at(600, 60, &[A, A, B]);
        check(&at(660, 60, &[A, A, B]), &stored, "known");
        check(&at(661, 60, &[A, A, B]), &stored, "other");
        check(&at(540, 60, &[A, A]), &stored, "known");
        check(&at(539, 60, &[A, A]), &stored, "other");
        check(&at(630, 60, &[A, A, B, B, B, B]), &stored, "more");
        check(&at(630, 60, &[B, B, B]), &stored, "other");
        let mut file = at(600, 0, &[(1.0, 1, None)]);
        file.started_at += TimeDelta::milliseconds(59_999);
        check(&file, &stored, "conflict");
        file.started_at += TimeDelta::milliseconds(1);
        check(&file, &stored, "other");
    }

    #[test]
    fn texts_of_the_same_app_replace_those_stored() {
        let renamed =
            |title: &str, sets: &[_]| Workout { title: Some(title.to_owned()), ..bench(sets) };
        let stored = bench(&[A, B]);
        let title = |file: &Workout, is_same_app| match compare(file, &stored, is_same_app) {
            Comparison::More { merged, .. } => merged.title,
            other => Some(name(&other).to_owned()),
        };
        let check = |file: &Workout, same: &str, other: &str| {
            assert_eq!(title(file, true).as_deref(), Some(same));
            assert_eq!(title(file, false).as_deref(), Some(other));
        };
        check(&renamed("Push A", &[A]), "Push A", "known");
        check(&renamed("Push A", &[A, B, B]), "Push A", "Push");
        check(&renamed("Push A", &[B, B]), "conflict", "conflict");
        let Comparison::More { merged, .. } = compare(&renamed("Push A", &[A]), &stored, true)
        else {
            panic!("the title is new");
        };
        assert_eq!(merged.exercises, stored.exercises);
        let noted = Workout { title: None, notes: Some("Hard".to_owned()), ..bench(&[A]) };
        let Comparison::More { merged, .. } = compare(&noted, &stored, false) else {
            panic!("the notes are new");
        };
        assert_eq!((merged.notes, merged.title), (noted.notes, stored.title));
    }

    #[test]
    fn merged_workout_keeps_start_and_ids_and_learns_its_end() {
        let stored = bench(&[A, B]);
        let mut file = workout(1_080, 45, &[("dip", &[A]), ("barbell-bench-press", &[B, A8, A])]);
        file.started_at += TimeDelta::seconds(20);
        let unknown_end = Workout { ended_at: Some(stored.started_at), ..stored.clone() };
        for (stored, end) in [(&stored, stored.ended_at), (&unknown_end, file.ended_at)] {
            let Comparison::More { merged, .. } = compare(&file, stored, true) else {
                panic!("the file knows more");
            };
            assert_eq!((merged.started_at, merged.ended_at), (stored.started_at, end));
            let ids: Vec<_> = merged.sets().map(|set| set.id.unwrap()).collect();
            // The equal set is the stored one; the one with RPE is new.
            assert_eq!(ids, [3, 2, 4, 1]);
        }
    }
}
