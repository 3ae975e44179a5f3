//! Small files of each app, and their expected contents.
#![expect(clippy::unwrap_used, reason = "a test panics on failure")]

mod describe;

use describe::describe;
use interchange::{Format, ReadOptions, UnitSource, WeightUnit, read};

/// Checks the format and unit of a file, its numbers of rows, and its contents.
fn check(
    file: &str,
    (format, unit, source): (Format, WeightUnit, UnitSource),
    (sets, skipped, rejected): (usize, usize, usize),
    expected: &str,
) {
    let log = read(file.as_bytes(), &ReadOptions::default()).unwrap();
    assert_eq!((log.format, log.weight_unit, log.weight_unit_source), (format, unit, source));
    assert_eq!(describe(&log), expected);
    assert_eq!((log.sets, log.skipped, log.rejected), (sets, skipped, rejected));
    assert_eq!(log.rows, log.read + skipped + rejected);
}

#[test]
fn old_version_of_strong() {
    check(
        include_str!("samples/strong_old.csv"),
        (Format::Strong, WeightUnit::Kg, UnitSource::Assumed),
        (5, 1, 1),
        r#"2: Some("Push, heavy") Some("slept badly") 2023-01-15 17:35:12 to 2023-01-15 18:40:12
  Bench Press (Barbell) "felt \"good\"": warmup 40kg 10x, working 102.5kg 5x 8.5rpe, failure 105kg 3x 10rpe
  Pull Up: working 8x
7: Some("Morning Run") None 2023-01-17 08:00:00 to 2023-01-17 08:45:00
  Running: working 1800s 5200m
! [8]: the row: must have repetitions, a duration or a distance
"#,
    );
}

#[test]
fn strong_with_a_unit_in_each_row() {
    check(
        include_str!("samples/strong_units.csv"),
        (Format::Strong, WeightUnit::Lb, UnitSource::File),
        (2, 0, 1),
        r#"2: Some("Morning") None 2025-09-02 07:10:00 to 2025-09-02 07:45:00
  Cycling: working 1800s 16093.44m
  Bench Press (Barbell): working 135lb 5x
! [4]: Weight Unit is `stone`: must be kg or lb
"#,
    );
}

#[test]
fn new_version_of_strong() {
    let file = include_str!("samples/strong_new.csv");
    check(
        file,
        (Format::Strong, WeightUnit::Kg, UnitSource::File),
        (4, 2, 1),
        r#"2: Some("Push") Some("Quiet") 2026-05-10 07:00:00 to 2026-05-10 07:30:00
  Bench Press (Barbell) "strap\r\n3rd": working 62.5kg 5x 8.5rpe, drop 1.125kg 12x
  Farmer's Walk: working 40kg 400m
9: Some("Push") None 2026-05-10 18:00:00 to 
  Dip: working 12x
! [8]: RPE is `11`: must be between 1 and 10, in steps of 0.5
"#,
    );
    assert!(read(file.as_bytes(), &ReadOptions::default()).unwrap().decimal_comma);
}

#[test]
fn hevy_with_month_names() {
    check(
        include_str!("samples/hevy_months.csv"),
        (Format::Hevy, WeightUnit::Kg, UnitSource::File),
        (6, 0, 1),
        r#"2: Some("Push") None 2024-01-07 17:15:00 to 2024-01-07 18:20:00
  Bench Press (Barbell) #0 "slow\ndown": warmup 60kg 10x, working 102.5kg 5x 8.5rpe
  Bent Over Row #0: working 80kg 8x
  Bench Press (Barbell): drop 80kg 12x
  Bench Press (Barbell): failure 70kg 12x 10rpe
10: Some("Jambes") Some("=1+1") 2024-02-03 18:00:00 to 2024-02-03 18:30:00
  Gainage "-1 kg": working 45s
! [9]: set_type is `myo`: must be a number, normal, warmup (W), drop set (D), failure (F), Note or Rest Timer
"#,
    );
}

#[test]
fn hevy_with_iso_times_pounds_and_miles() {
    check(
        include_str!("samples/hevy_iso.csv"),
        (Format::Hevy, WeightUnit::Lb, UnitSource::File),
        (3, 0, 2),
        r#"2: Some("Leg") None 2024-01-07 17:15:00 to 2024-01-07 18:20:00
  Squat (Barbell): working 225lb 3x
  Running: working 540s 804.672m
  Squat (Barbell): working 225lb 3x
! [4]: weight_lbs is `-225`: must not be negative
! [6]: start_time is `2024-13-07 17:15:00`: must be a date and time like 2024-01-07 17:15:00 or 7 Jan 2024, 17:15
"#,
    );
}

#[test]
fn fit_notes() {
    check(
        include_str!("samples/fitnotes.csv"),
        (Format::FitNotes, WeightUnit::Kg, UnitSource::File),
        (5, 0, 1),
        r#"2: None None 2024-06-01 12:00:00 to 
  Flat Barbell Bench Press "easy\n=1+1, hard": working 100kg 5x, working 220lb 5x
  Barbell Row: working 80kg 8x
  Plank: working 90s
6: None None 2024-06-02 12:00:00 to 
  Running (Outdoor): working 1680s 5000m
! [7]: the row: must have repetitions, a duration or a distance
"#,
    );
}

#[test]
fn old_version_of_fit_notes() {
    check(
        include_str!("samples/fitnotes_old.csv"),
        (Format::FitNotes, WeightUnit::Kg, UnitSource::File),
        (2, 0, 1),
        r"2: None None 2019-06-01 12:00:00 to 
  Deadlift: working 140kg 5x
  Rowing Machine: working 125s 500m
! [4]: Date is `01/06/2019`: may be day or month first, and no date of the file decides it: set the parameter locale, such as en-US or en-GB
? DateOrderAmbiguous []
",
    );
}
