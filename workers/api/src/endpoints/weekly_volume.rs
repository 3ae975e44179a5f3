//! GET /v1/volume/weekly: the volume of each week of a range, with landmarks and levels; empty weeks
//! are zeros.

use crate::app::App;
use crate::call::Call;
use crate::date_range::{latest_day, parse_date};
use crate::error::{ApiResult, bad_parameter};
use contract::FieldCode;
use platform::http::{StatusCode, json};
use serde::Serialize;
use storage::{KeyProof, volume};
use training::landmarks::{LandmarkOverrides, Landmarks, VolumeLevel};
use training::{Muscle, MuscleVolume, Volume, WeekStart};

/// Weeks of a range without a start.
const WEEKS_DEFAULT: u32 = 12;
/// Weeks of a range, at most: ten years; a project default.
const WEEKS_MAX: i64 = 522;

#[derive(Serialize)]
struct WeeklyVolumeResponse {
    weeks: Vec<Week>,
    pending: i64,
}

#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "week_start is its name in the public contract")]
struct Week {
    week_start: WeekStart,
    workouts: i64,
    sets: i64,
    tonnage_kg: f64,
    hard_sets: f64,
    muscles: Vec<MuscleWeek>,
}

#[derive(Serialize)]
struct MuscleWeek {
    muscle: Muscle,
    hard_sets: f64,
    tonnage_kg: f64,
    mev: f64,
    mrv: f64,
    level: VolumeLevel,
}

/// Returns the weeks of the days from `from` to `to`, by default the last twelve.
pub async fn get(app: &App, call: &Call, key: &KeyProof) -> ApiResult {
    let to = parse_date(&call.request, "to")?.unwrap_or_else(|| latest_day(app.clock.now()));
    let to = WeekStart::containing(to);
    let from = parse_date(&call.request, "from")?;
    let from = from.map_or_else(|| to.weeks_before(WEEKS_DEFAULT - 1), WeekStart::containing);
    if from > to {
        return Err(bad_parameter("from", FieldCode::InvalidValue, "is after to"));
    }
    if (to.date() - from.date()).num_weeks() >= WEEKS_MAX {
        return Err(bad_parameter(
            "from",
            FieldCode::InvalidValue,
            "is more than ten years before to",
        ));
    }
    let stored = volume::weeks(app.database(key), key, from, to).await?;
    let empty = Volume::default();
    let weeks = std::iter::successors(Some(from), |week| Some(week.next()))
        .take_while(|week| *week <= to)
        .map(|start| week(start, stored.weeks.get(&start).unwrap_or(&empty), &stored.landmarks))
        .collect();
    Ok(json(StatusCode::OK, &WeeklyVolumeResponse { weeks, pending: stored.pending })?)
}

/// A week lists every muscle: a coach looks for the untrained ones.
fn week(week_start: WeekStart, volume: &Volume, landmarks: &LandmarkOverrides) -> Week {
    let muscles = Muscle::ALL.into_iter().map(|muscle| {
        let part = volume.muscles.get(&muscle).copied().unwrap_or_default();
        muscle_week(muscle, part, landmarks.for_muscle(muscle))
    });
    Week {
        week_start,
        workouts: volume.workouts,
        sets: volume.sets,
        tonnage_kg: volume.tonnage_grams.kg(),
        hard_sets: volume.hard_half_sets.sets(),
        muscles: muscles.collect(),
    }
}

fn muscle_week(muscle: Muscle, part: MuscleVolume, landmarks: Landmarks) -> MuscleWeek {
    MuscleWeek {
        muscle,
        hard_sets: part.half_sets.sets(),
        tonnage_kg: part.tonnage_grams.kg(),
        mev: landmarks.mev.sets(),
        mrv: landmarks.mrv.sets(),
        level: landmarks.level(part.half_sets),
    }
}
