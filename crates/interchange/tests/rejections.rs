//! The error of each invalid row and file.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use interchange::{
    Format, ROWS_MAX, ReadError, ReadOptions, TrainingLog, UnitSource, WeightUnit, read,
};

const HEVY: &str = "title,start_time,end_time,exercise_title,superset_id,exercise_notes,set_index,\
    set_type,weight_kg,reps,distance_km,duration_seconds,rpe";

fn log(file: &str) -> TrainingLog {
    read(file.as_bytes(), &ReadOptions::default()).unwrap()
}

/// A row of Hevy in which one valid cell is replaced.
fn hevy_row(column: &str, value: &str) -> String {
    let valid = [
        ("title", "Push"),
        ("start_time", "2024-01-07 17:15:00"),
        ("end_time", "2024-01-07 18:20:00"),
        ("exercise_title", "Bench"),
        ("set_type", "normal"),
        ("weight_kg", "100"),
        ("reps", "5"),
    ];
    let cell = |name: &str| match valid.iter().find(|(column, _)| *column == name) {
        _ if name == column => format!("\"{value}\""),
        Some((_, value)) => (*value).to_owned(),
        None => String::new(),
    };
    HEVY.split(',').map(|name| cell(name.trim())).collect::<Vec<_>>().join(",")
}

#[test]
fn invalid_cell_rejects_only_its_row_and_is_named() {
    let check = |column: &str, value: &str, reason: &str| {
        let valid = hevy_row("", "");
        let log = log(&format!("{HEVY}\n{valid}\n{}\n{valid}\n", hevy_row(column, value)));
        assert_eq!((log.rows, log.sets, log.rejected), (3, 2, 1), "{column} {value}");
        assert_eq!(
            (&log.errors[0].lines[..], log.errors[0].count),
            (&[3][..], 1),
            "{column} {value}"
        );
        let shown: String = value.trim().chars().take(50).collect();
        let cut = if value.trim().chars().count() > 50 { "…" } else { "" };
        let expected = match shown.as_str() {
            "" => format!("{column} {reason}"),
            shown => format!("{column} is `{shown}{cut}`: {reason}"),
        };
        assert_eq!(log.errors[0].detail, expected);
    };
    let date = "must be a date and time like 2024-01-07 17:15:00 or 7 Jan 2024, 17:15";
    check("start_time", "yesterday", date);
    check("start_time", "2024-13-07 17:15:00", date);
    check("start_time", "", "must not be empty");
    check("exercise_title", "  ", "must not be empty");
    check("exercise_title", &"x".repeat(2_001), "must have at most 2,000 characters");
    check("title", &"ä".repeat(2_001), "must have at most 2,000 characters");
    check("superset_id", "A", "must be an integer between 0 and 2^53");
    check("superset_id", "-1", "must be an integer between 0 and 2^53");
    check("superset_id", "9007199254740993", "must be an integer between 0 and 2^53");
    check("set_index", "first", "must be an integer of at least 0");
    let kinds =
        "must be a number, normal, warmup (W), drop set (D), failure (F), Note or Rest Timer";
    check("set_type", "myo", kinds);
    check("weight_kg", "heavy", "must be a number like 102.5 or 102,5");
    check("weight_kg", "-20", "must not be negative");
    check("weight_kg", "1000.01", "must be at most 1,000 kg");
    check("weight_kg", "0.0001", "must be at least 1 g");
    let ambiguous =
        "ambiguous comma: decimal comma or thousands separator; the parameter locale decides it";
    check("weight_kg", "1,000", ambiguous);
    check("weight_kg", "1,000.5", "must be at most 1,000 kg");
    check("reps", "8.5", "must be an integer");
    check("reps", "1001", "must be at most 1000");
    check("reps", "-1", "must not be negative");
    check("duration_seconds", "86401", "must be at most 86,400 s");
    check("duration_seconds", "24:00:01", "must be at most 86,400 s");
    let duration = "must be seconds, or a duration like 0:01:30 or 1h 5m";
    check("duration_seconds", "0:99:00", duration);
    check("distance_km", "1000.1", "must be at most 1,000 km");
    check("rpe", "10.5", "must be between 1 and 10, in steps of 0.5");
    check("rpe", "7.3", "must be between 1 and 10, in steps of 0.5");
}

#[test]
fn row_without_quantities_is_rejected_and_zero_is_empty() {
    let check = |column: &str, value: &str, accepted: bool| {
        let log = log(&format!("{HEVY}\n{}", hevy_row(column, value)));
        assert_eq!(log.sets == 1, accepted, "{column} {value}");
        log
    };
    check("reps", "", false);
    let zero = check("reps", "0", false);
    let reason = "the row: must have repetitions, a duration or a distance";
    assert_eq!(zero.errors[0].detail, reason);
    let bodyweight = check("weight_kg", "0", true);
    assert_eq!(bodyweight.workouts[0].exercises[0].sets[0].weight_kg, None);
    check("rpe", "0", true);
    check("set_type", "", true);
}

#[test]
fn workout_that_exceeds_a_limit_is_rejected() {
    let check = |rows: usize, name: fn(usize) -> String, expected: Option<&str>| {
        let first = hevy_row("title", "Other");
        let row = |i: usize| hevy_row("exercise_title", &name(i)) + "\n";
        let many: String = (0..rows).map(row).collect();
        let log = log(&format!("{HEVY}\n{first}\n{many}{first}"));
        let error = log.errors.first().map(|error| (error.lines[0], error.detail.as_str()));
        assert_eq!(error, expected.map(|detail| (3, detail)));
        assert_eq!(log.rows, rows + 2);
        let rejected = if expected.is_some() { rows } else { 0 };
        assert_eq!((log.sets, log.rejected), (rows + 2 - rejected, rejected));
    };
    check(500, |_| "Bench".to_owned(), None);
    let sets = "the workout of 2024-01-07 17:15:00: must have at most 500 sets";
    check(501, |_| "Bench".to_owned(), Some(sets));
    check(50, |i| format!("Lift {i}"), None);
    let exercises = "the workout of 2024-01-07 17:15:00: must have at most 50 exercises";
    check(60, |i| format!("Lift {i}"), Some(exercises));
}

#[test]
fn row_that_makes_the_notes_too_long_is_rejected() {
    let row = |notes: &str| format!("2024-06-01,Bench,Chest,5,{notes}\n");
    let (most, rest) = (row(&"x".repeat(1_500)), row(&"y".repeat(500)));
    let log = log(&format!("Date,Exercise,Category,Reps,Comment\n{most}{rest}{}", row("z")));
    assert_eq!((log.sets, log.rejected, log.errors[0].lines[0]), (2, 1, 3));
    let reason = "the row: the notes of an exercise must have at most 2,000 characters in all";
    assert_eq!(log.errors[0].detail, reason);
}

#[test]
fn file_that_is_not_a_log_is_rejected() {
    let check = |file: &[u8], format: Option<Format>, text: &str| {
        let options = ReadOptions { format, ..ReadOptions::default() };
        let error = read(file, &options).unwrap_err();
        assert!(error.to_string().contains(text), "{error}");
    };
    check(b"", None, "empty");
    check(b"\xef\xbb\xbf \r\n", None, "empty");
    check(b"PK\x03\x04\x14\0", None, "save it as CSV");
    check(b"\xff\xfeD\0a\0", None, "the header `Da`");
    check(b"Date,Exercise,Reps,Weight(kg)\n", None, "the header `Date,Exercise,Reps,");
    check(b"hello", None, "Hevy requires title, start_time, exercise_title");
    check(b"title,start_time,exercise_title\n", None, "one of repetitions, duration or distance");
    check(
        HEVY.as_bytes(),
        Some(Format::Strong),
        "training log: Strong requires Date, Workout Name",
    );
    check(format!("{}x", "a,".repeat(300)).as_bytes(), None, "256 columns");
    let many = format!("{HEVY}\n{}", "x\n".repeat(ROWS_MAX + 1));
    check(many.as_bytes(), None, "more than 50000 rows");
    let most = log(&format!("{HEVY}\n{}", "x\n".repeat(ROWS_MAX)));
    assert_eq!((most.rows, most.errors.len(), most.errors[0].count), (ROWS_MAX, 1, ROWS_MAX));
    assert_eq!(most.errors[0].lines, [2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert_eq!(read(b"\n", &ReadOptions::default()), Err(ReadError::Empty));
}

#[test]
fn column_names_match_in_any_case_and_order() {
    let check = |names: [&str; 6], delimiter: &str| {
        let cells = ["5", "225", "Squat", "Legs", "2024-01-07 17:15:00", "?"];
        let file = format!("{}\r\n{}", names.join(delimiter), cells.join(delimiter));
        let log = log(&file);
        assert_eq!((log.format, log.rows, log.sets), (Format::Strong, 1, 1), "{file:?}");
        assert_eq!(log.workouts[0].exercises[0].sets[0].weight_lb, Some(225.0), "{file:?}");
    };
    check(["Reps", "Weight (lbs)", "Exercise Name", "Workout Name", "Date", "Extra"], ",");
    check(["REPS", " weight(LB) ", "exercise name", "WORKOUT NAME", "\"Date\"", "\"a, b\""], ";");
    check(["\u{feff}reps", "weight_lbs", "exercise_name", "workout_name", "date", ""], "\t");
    check(["\n\nReps", "Weight (lbs)", "Exercise Name", "Workout Name", "Date", "Reps"], ",");
}

#[test]
fn weight_unit_comes_from_file_then_caller_then_kilograms() {
    let check = |column: &str, requested: Option<WeightUnit>, unit, source| {
        let file = format!("{}\n{}", HEVY.replace("weight_kg", column), hevy_row("", ""));
        let options = ReadOptions { weight_unit: requested, ..ReadOptions::default() };
        let log = read(file.as_bytes(), &options).unwrap();
        assert_eq!((log.weight_unit, log.weight_unit_source), (unit, source));
        let set = &log.workouts[0].exercises[0].sets[0];
        let weight = match unit {
            WeightUnit::Kg => set.weight_kg,
            WeightUnit::Lb => set.weight_lb,
        };
        assert_eq!(weight, Some(100.0));
    };
    check("weight_kg", Some(WeightUnit::Lb), WeightUnit::Kg, UnitSource::File);
    check("weight_lbs", None, WeightUnit::Lb, UnitSource::File);
    check("weight", Some(WeightUnit::Lb), WeightUnit::Lb, UnitSource::Caller);
    check("weight", None, WeightUnit::Kg, UnitSource::Assumed);
}

#[test]
fn ambiguous_comma_is_decimal_if_another_number_shows_it() {
    let check = |weights: &[&str], requested: Option<bool>, expected: &[f64], comma: bool| {
        let rows = weights.iter().map(|weight| hevy_row("weight_kg", weight) + "\n");
        let options = ReadOptions { decimal_comma: requested, ..ReadOptions::default() };
        let file = format!("{HEVY}\n{}", rows.collect::<String>());
        let log = read(file.as_bytes(), &options).unwrap();
        let sets = log.workouts.iter().flat_map(|workout| &workout.exercises[0].sets);
        assert_eq!(
            sets.filter_map(|set| set.weight_kg).collect::<Vec<_>>(),
            expected,
            "{weights:?}"
        );
        assert_eq!(
            (log.decimal_comma, log.errors.len()),
            (comma, usize::from(weights.len() > expected.len()))
        );
    };
    check(&["102,5", "60"], None, &[102.5, 60.0], true);
    check(&["102.5", "60"], None, &[102.5, 60.0], false);
    check(&["102,058", "102,5"], None, &[102.058, 102.5], true);
    check(&["102,058"], None, &[], false);
    check(&["102,058"], Some(true), &[102.058], true);
    check(&["102,058", "102,5", "102.5"], None, &[102.5, 102.5], true);
    check(&["102,5"], Some(false), &[], false);
}
