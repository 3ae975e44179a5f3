//! The names of the kinds of sets and rows.

use crate::cell::Cell;
use crate::findings::RowError;
use crate::fold::normalize;
use training::SetKind;

/// The kind of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    Set(SetKind),
    Note,
    RestTimer,
}

const ACCEPTED: &str =
    "must be a number, normal, warmup (W), drop set (D), failure (F), Note or Rest Timer";

/// The normalized names of every format: Strong (`W`, `WARM_UP`), Hevy (`warmup`), Lyfta (`WARMUP_SET`),
/// Fitbod (`isWarmup` is `true`). `A` is Strong's mark in Portuguese (aquecimento) and German.
const KINDS: [(RowKind, &[&str]); 6] = [
    (
        RowKind::Set(SetKind::Working),
        &[
            "",
            "normal",
            "normal set",
            "working",
            "work",
            "left set",
            "right set",
            "false",
            "no",
            "n",
        ],
    ),
    (
        RowKind::Set(SetKind::Warmup),
        &["w", "a", "warmup", "warm up", "warmup set", "warm up set", "true", "yes", "y"],
    ),
    (RowKind::Set(SetKind::Drop), &["d", "drop", "dropset", "drop set"]),
    (RowKind::Set(SetKind::Failure), &["f", "failure", "failure set", "to failure"]),
    (RowKind::Note, &["note", "notiz", "nota"]),
    (RowKind::RestTimer, &["rest timer", "ruhezeit", "minuteur de repos"]),
];

/// Returns Hevy's name for a kind of set.
pub const fn set_type(kind: SetKind) -> &'static str {
    match kind {
        SetKind::Warmup => "warmup",
        SetKind::Working => "normal",
        SetKind::Drop => "dropset",
        SetKind::Failure => "failure",
    }
}

/// Parses the kind of a row from the column of the set's order or type. A word of a language that is not
/// known is the kind that the rest of the row looks like: a row with seconds only is a rest timer.
pub fn parse_kind<'a>(
    kind: Cell<'a>,
    exercise: Cell<'a>,
    is_timer: impl FnOnce() -> bool,
) -> Result<RowKind, RowError<'a>> {
    let text = kind.value();
    // The number of a working set.
    if text.bytes().all(|byte| byte.is_ascii_digit()) && !is_rest_timer(exercise) {
        return Ok(RowKind::Set(SetKind::Working));
    }
    // Some versions of Strong write it in one of the columns, some in both.
    if is_rest_timer(exercise) {
        return Ok(RowKind::RestTimer);
    }
    // Most names are plain already.
    match find(text).or_else(|| find(&normalize(text))) {
        Some(kind) => Ok(kind),
        None if is_timer() => Ok(RowKind::RestTimer),
        None => Err(kind.error(ACCEPTED)),
    }
}

fn find(name: &str) -> Option<RowKind> {
    let known = KINDS.iter().find(|(_, names)| names.contains(&name));
    known.map(|(kind, _)| *kind)
}

fn is_rest_timer(exercise: Cell<'_>) -> bool {
    exercise.value().eq_ignore_ascii_case("rest timer")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kind_parses_from_the_names_of_every_app() {
        let check = |names: &[&str], expected: Option<RowKind>| {
            for raw in names {
                let kind = Cell { column: "set_type", raw };
                let parsed = parse_kind(kind, Cell { column: "", raw: "Squat" }, || false);
                assert_eq!(parsed.ok(), expected, "{raw}");
            }
        };
        check(
            &["1", "0", "12", "", "normal", "NORMAL_SET", "LEFT_SET", "false"],
            Some(RowKind::Set(SetKind::Working)),
        );
        check(
            &["W", "WARM_UP", "warmup", "WARMUP_SET", "Warm-Up", "true", "A"],
            Some(RowKind::Set(SetKind::Warmup)),
        );
        check(&["D", "DROP_SET", "dropset", "Drop Set"], Some(RowKind::Set(SetKind::Drop)));
        check(&["F", "FAILURE", "failure", "FAILURE_SET"], Some(RowKind::Set(SetKind::Failure)));
        check(&["Note", "NOTE"], Some(RowKind::Note));
        check(
            &["Rest Timer", "REST_TIMER", "Ruhezeit", "Minuteur de repos"],
            Some(RowKind::RestTimer),
        );
        check(&["myo", "-1", "1.5"], None);
        for kind in [SetKind::Warmup, SetKind::Working, SetKind::Drop, SetKind::Failure] {
            check(&[set_type(kind)], Some(RowKind::Set(kind)));
        }
    }

    #[test]
    fn unknown_kind_with_seconds_only_is_a_timer() {
        let parse = |kind: &'static str, exercise: &'static str, is_timer: bool| {
            let kind = Cell { column: "Set Order", raw: kind };
            parse_kind(kind, Cell { column: "", raw: exercise }, || is_timer).ok()
        };
        assert_eq!(parse("Temporizador", "Squat", true), Some(RowKind::RestTimer));
        assert_eq!(parse("Temporizador", "Squat", false), None);
        assert_eq!(parse("W", "Squat", true), Some(RowKind::Set(SetKind::Warmup)));
        assert_eq!(parse("1", "Rest Timer", false), Some(RowKind::RestTimer));
    }
}
