//! GET /v1/volume/weekly: the volume of each week of a range, with landmarks and levels; empty weeks
//! are zeros.

use crate::call::AthleteCall;
use crate::date_range::latest_day;
use crate::error::{ApiResult, bad_parameter};
use crate::extract::Query;
use crate::reply::Reply;
use contract::FieldCode;
use contract::volume::{DayRange, MuscleWeek, WeekVolume, WeeklyVolume};
use storage::volume;
use training::landmarks::{LandmarkOverrides, Landmarks, maintenance_sets};
use training::{HalfSets, Muscle, MuscleVolume, Volume, WeekStart};

/// Weeks of a range without a start.
const WEEKS_DEFAULT: u32 = 12;
/// Weeks of a range, at most: ten years; a project default.
const WEEKS_MAX: i64 = 522;

/// Returns the weeks of the days from `from` to `to`, by default the last twelve.
pub async fn get(
    call: AthleteCall,
    Query(DayRange { from, to }): Query<DayRange>,
) -> ApiResult<Reply<WeeklyVolume>> {
    let to = to.map_or_else(|| latest_day(call.app.clock.now()), |to| to.0);
    let to = WeekStart::containing(to);
    let from = from
        .map_or_else(|| to.weeks_before(WEEKS_DEFAULT - 1), |from| WeekStart::containing(from.0));
    if from > to {
        return Err(bad_parameter("from", FieldCode::OutOfRange, "must not be after to"));
    }
    if (to.date() - from.date()).num_weeks() >= WEEKS_MAX {
        let detail = "must not be more than ten years before to";
        return Err(bad_parameter("from", FieldCode::OutOfRange, detail));
    }
    let stored = volume::weeks(call.database(), &call.key, from, to).await?;
    let empty = Volume::default();
    let weeks = std::iter::successors(Some(from), |week| Some(week.next()))
        .take_while(|week| *week <= to)
        .map(|start| week(start, stored.weeks.get(&start).unwrap_or(&empty), &stored.landmarks))
        .collect();
    Ok(Reply::new(WeeklyVolume { weeks, pending: stored.pending }))
}

/// A week lists every muscle: a coach looks for the untrained ones.
fn week(week_start: WeekStart, volume: &Volume, landmarks: &LandmarkOverrides) -> WeekVolume {
    let muscles = Muscle::ALL.into_iter().map(|muscle| {
        let part = volume.muscles.get(&muscle).copied().unwrap_or_default();
        muscle_week(muscle, part, landmarks.for_muscle(muscle))
    });
    WeekVolume {
        week_start,
        workouts: volume.workouts,
        sets: volume.sets,
        tonnage_kg: volume.tonnage_grams.kg(),
        hard_sets: volume.hard_half_sets.sets(),
        muscles: muscles.collect(),
    }
}

fn muscle_week(muscle: Muscle, part: MuscleVolume, landmarks: Option<Landmarks>) -> MuscleWeek {
    MuscleWeek {
        muscle,
        hard_sets: part.half_sets.sets(),
        direct_sets: part.direct_sets,
        fractional_sets: part.half_sets.sets(),
        tonnage_kg: part.tonnage_grams.kg(),
        mv: maintenance_sets(muscle).map(HalfSets::sets),
        mev: landmarks.map(|landmarks| landmarks.mev.sets()),
        mav: landmarks.map(|landmarks| landmarks.mav.sets()),
        mrv: landmarks.map(|landmarks| landmarks.mrv.sets()),
        level: landmarks.map(|landmarks| landmarks.level(part.direct_half_sets())),
    }
}
