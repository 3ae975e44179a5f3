//! Exercises that a request names by their slugs.

use crate::checks::{Checks, FieldCode};
use training::Exercise;
use training::names::{is_slug, similar_exercises};

/// Requires a text that can be a slug. The database knows the athlete's own exercises.
pub(crate) fn check_slug(checks: &mut Checks, slug: &str) {
    if !is_slug(slug) {
        checks.reject("exercise", FieldCode::UnknownExercise, unknown_exercise(slug));
    }
}

/// The detail of a field that names an unknown exercise, with the closest slug of the catalogue.
pub fn unknown_exercise(slug: &str) -> String {
    let similar = similar_exercises(slug, &[], 1);
    let hint = similar.first().map(|slug| format!("; did you mean {slug}?")).unwrap_or_default();
    format!(
        "unknown exercise: neither in the catalogue nor one of your own, see GET /v1/exercises{hint}"
    )
}

/// Whether a slug is outside the catalogue: it may be a custom exercise.
pub(crate) fn is_custom(slug: &str) -> bool {
    Exercise::find(slug).is_none()
}
