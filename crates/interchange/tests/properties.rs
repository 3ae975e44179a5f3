//! Properties of any file and any workout.
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
/// Bytes that break files: every delimiter, quote and line end, and some letters.
const HOSTILE: &[u8] = b"\",;\t\r\n'=+-.:019eWDhkNT \xff\xe2\x80\xaf\0";

/// Checks that every row is in a workout, skipped or rejected.
fn assert_no_row_is_lost(result: &Result<TrainingLog, ReadError>) {
    let Ok(log) = result else { return };
    assert_eq!(log.rows, log.read + log.skipped + log.rejected);
    let exercises = || log.workouts.iter().flat_map(|workout| &workout.exercises);
    assert_eq!(log.sets, exercises().map(|exercise| exercise.sets.len()).sum::<usize>());
    assert_eq!(log.errors.iter().map(|error| error.count).sum::<usize>(), log.rejected);
    assert!(log.errors.is_sorted_by_key(|error| error.lines.first().copied()));
    assert!(log.workouts.iter().all(|workout| workout.line > 1));
}

fn text() -> impl Strategy<Value = Option<String>> {
    let any = "[a-zé' \"=+@,;\t\r\n\u{feff}-]{1,12}";
    option::of(any.prop_filter("a blank text is empty", |text| !text.trim().is_empty()))
}

fn superset() -> impl Strategy<Value = Option<Superset>> {
    let number = prop_oneof![0_u64..4, Just((1 << 53) - 1)].prop_map(Superset::Number);
    option::of(prop_oneof![number, "[A-C]".prop_map(Superset::Name)])
}

/// A set with a weight in one unit and an effort as RPE or RIR.
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
    let done = work.prop_filter("a set has a quantity", |(reps, duration_s, distance_m)| {
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
    let times = (0_i64..4_000_000_000, minutes.clone(), option::of(0_i64..86_400), minutes);
    (text(), text(), times, vec(exercise(), 1..5)).prop_map(|(title, notes, times, exercises)| {
        let (start_s, start_zone, duration_s, end_zone) = times;
        let zone = |minutes: i32| FixedOffset::east_opt(minutes * 60).unwrap();
        let at = |second: i64| DateTime::from_timestamp(86_400 + second, 0).unwrap();
        Workout {
            title,
            notes,
            started_at: at(start_s).with_timezone(&zone(start_zone)),
            ended_at: duration_s
                .map(|duration_s| at(start_s + duration_s).with_timezone(&zone(end_zone))),
            body_weight_kg: None,
            exercises,
            last_set_id: 0,
        }
    })
}

/// The values of a set that Hevy has columns for, in exact units.
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

fn assert_same(parsed: &LoggedWorkout, written: &Workout) {
    assert_eq!((&parsed.title, &parsed.notes), (&written.title, &written.notes));
    assert_eq!(parsed.started_at, written.started_at.naive_local());
    let local = |at: DateTime<FixedOffset>| -> NaiveDateTime {
        at.with_timezone(&written.started_at.timezone()).naive_local()
    };
    assert_eq!(parsed.ended_at(), written.ended_at.map(local));
    assert_eq!(parsed.exercises.len(), written.exercises.len());
    let mut numbers = BTreeMap::new();
    for (parsed, written) in parsed.exercises.iter().zip(&written.exercises) {
        assert_eq!(parsed.name, format!("= {}", written.exercise));
        assert_eq!(parsed.notes, written.notes);
        assert_eq!(sets(&parsed.sets), sets(&written.sets));
        match (&parsed.superset, &written.superset) {
            (Some(Superset::Number(parsed)), Some(written)) => {
                let key = serde_json::to_string(written).unwrap();
                assert_eq!(numbers.entry(key).or_insert(*parsed), parsed);
                assert!(
                    matches!(written, Superset::Name(_)) || *written == Superset::Number(*parsed)
                );
            }
            (parsed, written) => assert_eq!(parsed, written),
        }
    }
    let distinct: BTreeSet<_> = numbers.values().collect();
    assert_eq!(distinct.len(), numbers.len(), "two supersets became one");
}

/// A parsed workout as an athlete enters it, in UTC.
fn to_workout(parsed: &LoggedWorkout) -> Workout {
    let utc = |local: NaiveDateTime| local.and_utc().fixed_offset();
    let exercises = parsed.exercises.iter().map(|exercise| ExerciseEntry {
        exercise: exercise.name.clone(),
        superset: exercise.superset.clone(),
        notes: exercise.notes.clone(),
        sets: exercise.sets.clone(),
    });
    Workout {
        title: parsed.title.clone(),
        notes: parsed.notes.clone(),
        started_at: utc(parsed.started_at),
        ended_at: parsed.ended_at().map(utc),
        body_weight_kg: None,
        exercises: exercises.collect(),
        last_set_id: 0,
    }
}

proptest! {
    #[test]
    fn reading_any_bytes_never_panics(bytes in vec(any::<u8>(), 0..200)) {
        assert_no_row_is_lost(&read(&bytes, &ReadOptions::default()));
    }

    #[test]
    fn damaged_file_never_panics_and_no_row_is_lost(
        sample in 0..SAMPLES.len(),
        damages in vec((any::<Index>(), 0_usize..6, any::<Index>()), 0..12),
    ) {
        let mut bytes = SAMPLES[sample].as_bytes().to_vec();
        for (place, cut, by) in damages {
            let place = place.index(bytes.len());
            let end = (place + cut).min(bytes.len());
            bytes.splice(place..end, [*by.get(HOSTILE)]);
        }
        assert_no_row_is_lost(&read(&bytes, &ReadOptions::default()));
    }

    #[test]
    fn written_workout_is_read_back_unchanged(workouts in vec(workout(), 1..4)) {
        let mut workouts = workouts;
        // Hevy would merge two workouts with the same title and start.
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
        for (parsed, written) in log.workouts.iter().zip(&workouts) {
            assert_same(parsed, written);
        }
        // Writing what was read gives the same file.
        let again = log.workouts.iter().map(|parsed| hevy_rows(&to_workout(parsed), str::to_owned));
        prop_assert_eq!(hevy_header() + &again.collect::<String>(), file);
    }
}
