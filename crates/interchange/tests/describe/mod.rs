//! A log as text.

use interchange::TrainingLog;
use std::fmt::Write;
use training::SetEntry;

fn describe_set(set: &SetEntry) -> String {
    let mut text = format!("{:?}", set.kind).to_lowercase();
    let mut push = |value: Option<f64>, unit: &str| {
        let _ = value.map(|value| write!(text, " {value}{unit}"));
    };
    push(set.weight_kg, "kg");
    push(set.weight_lb, "lb");
    push(set.reps.map(f64::from), "x");
    push(set.duration_s.map(f64::from), "s");
    push(set.distance_m, "m");
    push(set.rpe, "rpe");
    push(set.rir, "rir");
    text
}

/// Describes a log: a line for each workout, exercise, error and hint.
pub fn describe(log: &TrainingLog) -> String {
    let mut text = String::new();
    for workout in &log.workouts {
        let end = workout.ended_at().map(|at| at.to_string()).unwrap_or_default();
        let (title, notes) = (&workout.title, &workout.notes);
        let _ =
            writeln!(text, "{}: {title:?} {notes:?} {} to {end}", workout.line, workout.started_at);
        for exercise in &workout.exercises {
            let sets: Vec<_> = exercise.sets.iter().map(describe_set).collect();
            let superset = exercise.superset.as_ref().map(|it| serde_json::to_string(it).unwrap());
            let superset = superset.map(|it| format!(" #{it}")).unwrap_or_default();
            let notes = exercise.notes.as_ref().map(|it| format!(" {it:?}")).unwrap_or_default();
            let _ = writeln!(text, "  {}{superset}{notes}: {}", exercise.name, sets.join(", "));
        }
    }
    for error in &log.errors {
        let _ = writeln!(text, "! {:?}: {}", error.lines, error.detail);
    }
    for hint in &log.hints {
        let _ = writeln!(text, "? {:?} {:?}", hint.kind, hint.lines);
    }
    text
}
