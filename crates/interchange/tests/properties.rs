//! What holds for any file and any workout.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use chrono::{DateTime, FixedOffset, NaiveDateTime, TimeDelta};
use interchange::{
    LoggedWorkout, ReadError, ReadOptions, TrainingLog, hevy_header, hevy_rows, read,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use training::{ExerciseEntry, Grams, SetEntry, SetKind, Superset, Workout};

const SAMPLES: [&str; 7] = [
    include_str!("samples/strong_old.csv"),
    include_str!("samples/strong_units.csv"),
    include_str!("samples/strong_new.csv"),
    include_str!("samples/hevy_months.csv"),
    include_str!("samples/hevy_iso.csv"),
    include_str!("samples/fitnotes.csv"),
    include_str!("samples/fitnotes_old.csv"),
];
/// What breaks files: every delimiter, quote and line end, and some letters and bytes.
const HOSTILE: &[u8] = b"\",;\t\r\n'=+-.:019eWDhkNT \xff\xe2\x80\xaf\0";

/// Every row is in a workout, was passed over on purpose or is in an error.
fn no_row_is_lost(outcome: &Result<TrainingLog, ReadError>) {
    let Ok(log) = outcome else { return };
    assert_eq!(log.rows, log.sets + log.skipped + log.rejected);
    let exercises = || log.workouts.iter().flat_map(|workout| &workout.exercises);
    assert_eq!(log.sets, exercises().map(|exercise| exercise.sets.len()).sum::<usize>());
    assert!(log.errors.len() <= log.rejected);
    assert!(log.errors.is_sorted_by_key(|error| error.line));
    assert!(log.workouts.iter().all(|workout| workout.line > 1));
}

fn text() -> impl Strategy<Value = Option<String>> {
    let any = "[a-zé' \"=+@,;\t\r\n\u{feff}-]{1,12}";
    option::of(any.prop_filter("a text of blanks is none", |text| !text.trim().is_empty()))
}

fn superset() -> impl Strategy<Value = Option<Superset>> {
    let number = prop_oneof![0_u64..4, Just(u64::MAX)].prop_map(Superset::Number);
    option::of(prop_oneof![number, "[A-C]".prop_map(Superset::Name)])
}

/// A weight in one unit, and an effort in one of its two ways.
fn weight_and_effort(set: SetEntry) -> impl Strategy<Value = SetEntry> {
    let weight = (option::of(0.0..1_000.0), any::<bool>());
    let effort = (option::of(2_u8..=20), any::<bool>());
    (weight, effort).prop_map(move |((weight, pounds), (halves, reserve))| {
        let mut set = set.clone();
        let rpe = halves.map(|halves| f64::from(halves) / 2.0);
        (set.weight_kg, set.weight_lb) = if pounds { (None, weight) } else { (weight, None) };
        (set.rpe, set.rir) = if reserve { (None, rpe.map(|rpe| 10.0 - rpe)) } else { (rpe, None) };
        set
    })
}

fn set() -> impl Strategy<Value = SetEntry> {
    let kinds = [SetKind::Warmup, SetKind::Working, SetKind::Drop, SetKind::Failure];
    let work =
        (option::of(1_u32..=1_000), option::of(1_u32..=86_400), option::of(1.0..1_000_000.0));
    let done = work.prop_filter("nothing done is no set", |(reps, duration_s, distance_m)| {
        reps.is_some() || duration_s.is_some() || distance_m.is_some()
    });
    (proptest::sample::select(kinds.to_vec()), done, option::of(0_u32..600))
        .prop_map(|(kind, (reps, duration_s, distance_m), rest_s)| SetEntry {
            reps,
            duration_s,
            distance_m,
            rest_s,
            ..SetEntry::new(kind)
        })
        .prop_flat_map(weight_and_effort)
}

fn exercise() -> impl Strategy<Value = ExerciseEntry> {
    ("[ab]", superset(), text(), vec(set(), 1..4)).prop_map(|(exercise, superset, notes, sets)| {
        ExerciseEntry { exercise, superset, notes, sets }
    })
}

fn workout() -> impl Strategy<Value = Workout> {
    let minutes = -14 * 60..=14 * 60_i32;
    let times = (0_i64..4_000_000_000, minutes.clone(), option::of(0_i64..100_000), minutes);
    (text(), text(), times, vec(exercise(), 1..5)).prop_map(|(title, notes, times, exercises)| {
        let (began, here, lasted, there) = times;
        let zone = |minutes: i32| FixedOffset::east_opt(minutes * 60).unwrap();
        let at = |second: i64| DateTime::from_timestamp(86_400 + second, 0).unwrap();
        Workout {
            title,
            notes,
            started_at: at(began).with_timezone(&zone(here)),
            ended_at: lasted.map(|lasted| at(began + lasted).with_timezone(&zone(there))),
            body_weight_kg: None,
            exercises,
            last_set_id: 0,
        }
    })
}

/// What Hevy's columns have room for, in exact units.
type Set = (SetKind, Option<Grams>, Option<u32>, Option<String>, Option<u32>, Option<i64>);

fn sets(sets: &[SetEntry]) -> Vec<Set> {
    #[expect(clippy::cast_possible_truncation, reason = "at most 1,000 km")]
    let millimetres = |metres: f64| (metres * 1_000.0).round() as i64;
    let exact = |set: &SetEntry| {
        let effort = set.effort().map(|rpe| rpe.value().to_string());
        let weight = set.weight().filter(|weight| *weight != Grams(0));
        let distance = set.distance_m.map(millimetres);
        (set.kind, weight, set.reps, effort, set.duration_s, distance)
    };
    sets.iter().map(exact).collect()
}

fn assert_same(read: &LoggedWorkout, written: &Workout) {
    assert_eq!((&read.title, &read.notes), (&written.title, &written.notes));
    assert_eq!(read.started_at, written.started_at.naive_local());
    let local = |at: DateTime<FixedOffset>| -> NaiveDateTime {
        at.with_timezone(&written.started_at.timezone()).naive_local()
    };
    assert_eq!(read.ended_at, written.ended_at.map(local));
    assert_eq!(read.exercises.len(), written.exercises.len());
    let mut numbers = BTreeMap::new();
    for (read, written) in read.exercises.iter().zip(&written.exercises) {
        assert_eq!(read.name, format!("= {}", written.exercise));
        assert_eq!(read.notes, written.notes);
        assert_eq!(sets(&read.sets), sets(&written.sets));
        match (&read.superset, &written.superset) {
            (Some(Superset::Number(read)), Some(written)) => {
                let key = serde_json::to_string(written).unwrap();
                assert_eq!(numbers.entry(key).or_insert(*read), read);
                assert!(
                    matches!(written, Superset::Name(_)) || *written == Superset::Number(*read)
                );
            }
            (read, written) => assert_eq!(read, written),
        }
    }
    let different: BTreeSet<_> = numbers.values().collect();
    assert_eq!(different.len(), numbers.len(), "two supersets became one");
}

proptest! {
    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in vec(any::<u8>(), 0..200)) {
        no_row_is_lost(&read(&bytes, &ReadOptions::default()));
    }

    #[test]
    fn a_damaged_file_is_read_without_a_panic_and_no_row_is_lost(
        sample in 0..SAMPLES.len(),
        damages in vec((any::<Index>(), 0_usize..6, any::<Index>()), 0..12),
    ) {
        let mut bytes = SAMPLES[sample].as_bytes().to_vec();
        for (place, cut, by) in damages {
            let place = place.index(bytes.len());
            let end = (place + cut).min(bytes.len());
            bytes.splice(place..end, [*by.get(HOSTILE)]);
        }
        no_row_is_lost(&read(&bytes, &ReadOptions::default()));
    }

    #[test]
    fn a_workout_comes_back_as_it_was_written(workouts in vec(workout(), 1..4)) {
        let mut workouts = workouts;
        // Two of one title and one start would be one to Hevy.
        for (days, workout) in (0..).zip(&mut workouts) {
            let _ = write!(workout.title.get_or_insert_default(), "{days}");
            workout.ended_at = workout.ended_at.map(|at| at + TimeDelta::days(days));
            workout.started_at += TimeDelta::days(days);
        }
        let name_of = |slug: &str| format!("= {slug}");
        let rows = workouts.iter().map(|workout| hevy_rows(workout, name_of));
        let file = hevy_header() + &rows.collect::<String>();
        let log = read(file.as_bytes(), &ReadOptions::default()).unwrap();
        prop_assert_eq!(&log.errors, &[]);
        prop_assert_eq!(log.workouts.len(), workouts.len());
        for (read, written) in log.workouts.iter().zip(&workouts) {
            assert_same(read, written);
        }
    }
}
