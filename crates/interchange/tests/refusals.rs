//! What is refused, as a row or as a file, and in which words.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

use interchange::{
    Format, ROWS_MAX, ReadError, ReadOptions, TrainingLog, UnitSource, WeightUnit, read,
};

const HEVY: &str = "title,start_time,end_time,exercise_title,superset_id,exercise_notes,set_index,\
    set_type,weight_kg,reps,distance_km,duration_seconds,rpe";

fn log(file: &str) -> TrainingLog {
    read(file.as_bytes(), &ReadOptions::default()).unwrap()
}

/// A row of Hevy with one cell in place of a good one.
fn hevy_row(column: &str, value: &str) -> String {
    let good = [
        ("title", "Push"),
        ("start_time", "2024-01-07 17:15:00"),
        ("end_time", "2024-01-07 18:20:00"),
        ("exercise_title", "Bench"),
        ("set_type", "normal"),
        ("weight_kg", "100"),
        ("reps", "5"),
    ];
    let cell = |name: &str| match good.iter().find(|(column, _)| *column == name) {
        _ if name == column => format!("\"{value}\""),
        Some((_, value)) => (*value).to_owned(),
        None => String::new(),
    };
    HEVY.split(',').map(|name| cell(name.trim())).collect::<Vec<_>>().join(",")
}

#[test]
fn a_broken_cell_costs_its_row_only_and_is_named() {
    let check = |column: &str, value: &str, why: &str| {
        let good = hevy_row("", "");
        let log = log(&format!("{HEVY}\n{good}\n{}\n{good}\n", hevy_row(column, value)));
        assert_eq!((log.rows, log.sets, log.rejected), (3, 2, 1), "{column} {value}");
        assert_eq!(log.errors[0].line, 3, "{column} {value}");
        let shown: String = value.trim().chars().take(50).collect();
        let cut = if value.trim().chars().count() > 50 { "…" } else { "" };
        assert_eq!(log.errors[0].detail, format!("{column} is `{shown}{cut}`: {why}"));
    };
    check("start_time", "yesterday", "not a time");
    check("start_time", "", "not a time");
    check("start_time", "2024-01-07T17:15:00Z", "not a time");
    check("end_time", "2024-01-07 17:14:59", "before the workout began");
    check("end_time", "later", "not a time");
    check("exercise_title", "  ", "an exercise has a name");
    check("exercise_title", &"x".repeat(2_001), "over 2000 characters");
    check("title", &"ä".repeat(2_001), "over 2000 characters");
    check("superset_id", "A", "not a whole number");
    check("superset_id", "-1", "not a whole number");
    check("set_index", "first", "not a whole number");
    check("set_type", "myo", "has to be warmup, normal, dropset or failure");
    check("weight_kg", "heavy", "not a number");
    check("weight_kg", "-20", "negative");
    check("weight_kg", "1000.01", "over 1000 kg");
    check("weight_kg", "0.0001", "under a gram");
    check("weight_kg", "1,000", "the comma may be a decimal one or separate thousands");
    check("weight_kg", "1,000.5", "a number with separated thousands is not read");
    check("reps", "8.5", "not a whole number");
    check("reps", "1001", "over 1000");
    check("reps", "-1", "negative");
    check("duration_seconds", "86401", "over 86400");
    check("duration_seconds", "24:00:01", "over 86400 s");
    check("duration_seconds", "0:99:00", "not a duration");
    check("distance_km", "1000.1", "over 1000000 m");
    check("rpe", "10.5", "an RPE is 1 to 10 in halves");
    check("rpe", "7.3", "an RPE is 1 to 10 in halves");
}

#[test]
fn a_row_in_which_nothing_was_done_is_refused_and_a_zero_is_nothing() {
    let check = |column: &str, value: &str, kept: bool| {
        let log = log(&format!("{HEVY}\n{}", hevy_row(column, value)));
        assert_eq!(log.sets == 1, kept, "{column} {value}");
        log
    };
    check("reps", "", false);
    let zero = check("reps", "0", false);
    let why = "the row has no repetitions, no duration and no distance";
    assert_eq!(zero.errors[0].detail, why);
    let bodyweight = check("weight_kg", "0", true);
    assert_eq!(bodyweight.workouts[0].exercises[0].sets[0].weight_kg, None);
    check("rpe", "0", true);
    check("set_type", "", true);
}

#[test]
fn a_workout_over_its_limits_is_an_error_and_not_cut() {
    let check = |rows: usize, name: fn(usize) -> String, expected: Option<&str>| {
        let first = hevy_row("title", "Other");
        let row = |i: usize| hevy_row("exercise_title", &name(i)) + "\n";
        let many: String = (0..rows).map(row).collect();
        let log = log(&format!("{HEVY}\n{first}\n{many}{first}"));
        let found = log.errors.first().map(|error| (error.line, error.detail.as_str()));
        assert_eq!(found, expected.map(|detail| (3, detail)));
        assert_eq!(log.rows, rows + 2);
        let refused = if expected.is_some() { rows } else { 0 };
        assert_eq!((log.sets, log.rejected), (rows + 2 - refused, refused));
    };
    check(500, |_| "Bench".to_owned(), None);
    let sets = "the workout of 2024-01-07 17:15:00 has over 500 sets: it is left out";
    check(501, |_| "Bench".to_owned(), Some(sets));
    check(50, |i| format!("Lift {i}"), None);
    let exercises = "the workout of 2024-01-07 17:15:00 has over 50 exercises: it is left out";
    check(60, |i| format!("Lift {i}"), Some(exercises));
}

#[test]
fn notes_that_grow_too_long_cost_the_row_that_adds_to_them() {
    let row = |notes: &str| format!("2024-06-01,Bench,Chest,5,{notes}\n");
    let (most, rest) = (row(&"x".repeat(1_500)), row(&"y".repeat(500)));
    let log = log(&format!("Date,Exercise,Category,Reps,Comment\n{most}{rest}{}", row("z")));
    assert_eq!((log.sets, log.rejected, log.errors[0].line), (2, 1, 3));
    assert_eq!(log.errors[0].detail, "the notes of the exercise are over 2000 characters");
}

#[test]
fn a_file_that_is_no_log_is_refused_as_a_whole() {
    let check = |file: &[u8], format: Option<Format>, words: &str| {
        let options = ReadOptions { format, ..ReadOptions::default() };
        let error = read(file, &options).unwrap_err();
        assert!(error.to_string().contains(words), "{error}");
    };
    check(b"", None, "empty");
    check(b"\xef\xbb\xbf \r\n", None, "empty");
    check(b"Date,Reps\n\xff\n", None, "not UTF-8 text (line 2)");
    check(b"\xff\xfeD\0a\0", None, "not UTF-8 text (line 1)");
    check(b"Date,Exercise,Reps,Weight(kg),isWarmup\n", None, "the header `Date,Exercise,Reps,");
    check(b"hello", None, "Hevy has title, start_time, exercise_title");
    check(b"title,start_time,exercise_title\n", None, "one of repetitions, duration and distance");
    check(HEVY.as_bytes(), Some(Format::Strong), "training log: Strong has Date, Workout Name");
    check(format!("{}x", "a,".repeat(300)).as_bytes(), None, "256 columns");
    let many = format!("{HEVY}\n{}", "x\n".repeat(ROWS_MAX + 1));
    check(many.as_bytes(), None, "over 50000 rows");
    let rows = log(&format!("{HEVY}\n{}", "x\n".repeat(ROWS_MAX))).rows;
    assert_eq!(rows, ROWS_MAX);
    assert_eq!(read(b"\n", &ReadOptions::default()), Err(ReadError::Empty));
}

#[test]
fn names_of_columns_are_matched_without_case_order_and_blanks() {
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
fn the_unit_of_the_weights_is_the_files_then_the_callers_then_kilograms() {
    let check = |column: &str, asked: Option<WeightUnit>, unit, source| {
        let file = format!("{}\n{}", HEVY.replace("weight_kg", column), hevy_row("", ""));
        let options = ReadOptions { weight_unit: asked, ..ReadOptions::default() };
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
fn a_comma_is_a_decimal_one_when_the_file_shows_it() {
    let check = |weights: &[&str], asked: Option<bool>, expected: &[f64], comma: bool| {
        let rows = weights.iter().map(|weight| hevy_row("weight_kg", weight) + "\n");
        let options = ReadOptions { decimal_comma: asked, ..ReadOptions::default() };
        let file = format!("{HEVY}\n{}", rows.collect::<String>());
        let log = read(file.as_bytes(), &options).unwrap();
        let sets = log.workouts.iter().flat_map(|workout| &workout.exercises[0].sets);
        assert_eq!(
            sets.filter_map(|set| set.weight_kg).collect::<Vec<_>>(),
            expected,
            "{weights:?}"
        );
        assert_eq!((log.decimal_comma, log.errors.len()), (comma, weights.len() - expected.len()));
    };
    check(&["102,5", "60"], None, &[102.5, 60.0], true);
    check(&["102.5", "60"], None, &[102.5, 60.0], false);
    check(&["102,058", "102,5"], None, &[102.058, 102.5], true);
    check(&["102,058"], None, &[], false);
    check(&["102,058"], Some(true), &[102.058], true);
    check(&["102,058", "102,5", "102.5"], None, &[102.5, 102.5], true);
    check(&["102,5"], Some(false), &[], false);
}

#[test]
fn a_log_is_json_with_the_names_of_the_formats() {
    let check = |format: Format, word: &str| {
        assert_eq!(serde_json::to_value(format).unwrap(), word);
        assert_eq!(serde_json::from_value::<Format>(word.into()).unwrap(), format);
    };
    check(Format::Strong, "strong");
    check(Format::Hevy, "hevy");
    check(Format::FitNotes, "fitnotes");
    let log = log(&format!("{HEVY}\n{}\nx", hevy_row("", "")));
    let json = serde_json::to_value(&log).unwrap();
    assert_eq!(json["weight_unit_source"], "file");
    assert_eq!(json["workouts"][0]["started_at"], "2024-01-07T17:15:00");
    assert_eq!(serde_json::from_value::<TrainingLog>(json).unwrap(), log);
}
