//! The volume of days and weeks, as the athlete reads it. [`crate::ledger`] computes it.

use crate::database::{Database, DatabaseError, Param};
use crate::guard::Guarded;
use crate::json_text;
use crate::keys::{KeyProof, rows_with_key, with_key};
use crate::sql::query;
use chrono::NaiveDate;
use serde::{Deserialize, Deserializer};
use std::collections::BTreeMap;
use training::landmarks::LandmarkOverrides;
use training::{Grams, HalfSets, Muscle, MuscleVolume, Volume, WeekStart};

/// The `muscles` columns: by muscle the direct hard sets, the indirect ones, and grams.
pub(crate) type MuscleColumn = BTreeMap<Muscle, (i64, i64, i64)>;

/// Returns the stored form of the volume of muscles.
pub(crate) fn muscle_column(volume: &Volume) -> MuscleColumn {
    let column = |part: &MuscleVolume| {
        let indirect = part.half_sets.0 - part.direct_sets * HalfSets::DIRECT.0;
        (part.direct_sets, indirect, part.tonnage_grams.0)
    };
    volume.muscles.iter().map(|(muscle, part)| (*muscle, column(part))).collect()
}

#[derive(Deserialize)]
struct VolumeColumns {
    workouts: i64,
    sets: i64,
    tonnage_grams: i64,
    hard_half_sets: i64,
    #[serde(with = "json_text")]
    muscles: MuscleColumn,
}

/// Deserializes the volume in a flattened row.
pub(crate) fn from_columns<'de, D: Deserializer<'de>>(columns: D) -> Result<Volume, D::Error> {
    VolumeColumns::deserialize(columns).map(Volume::from)
}

impl From<VolumeColumns> for Volume {
    fn from(row: VolumeColumns) -> Self {
        let muscle = |(direct_sets, indirect, grams): (i64, i64, i64)| MuscleVolume {
            half_sets: HalfSets(direct_sets * HalfSets::DIRECT.0 + indirect),
            tonnage_grams: Grams(grams),
            direct_sets,
        };
        Self {
            workouts: row.workouts,
            sets: row.sets,
            tonnage_grams: Grams(row.tonnage_grams),
            hard_half_sets: HalfSets(row.hard_half_sets),
            muscles: row.muscles.into_iter().map(|(name, part)| (name, muscle(part))).collect(),
        }
    }
}

/// An athlete's weeks within a range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Weeks {
    /// The weeks in which something was ever logged, in order.
    pub weeks: BTreeMap<WeekStart, Volume>,
    /// Workouts that are not yet aggregated. A workout in progress is not one of them until it is due.
    pub pending: i64,
    pub landmarks: LandmarkOverrides,
}

#[derive(Deserialize)]
struct StandingRow {
    pending: i64,
    #[serde(with = "json_text")]
    landmarks: LandmarkOverrides,
}

#[derive(Deserialize)]
struct WeekRow {
    week_start: WeekStart,
    #[serde(flatten)]
    columns: VolumeColumns,
}

/// Returns the weeks that begin from `from` to `to`.
pub async fn weeks(
    database: &dyn Database,
    proof: &KeyProof,
    from: WeekStart,
    to: WeekStart,
) -> Guarded<Weeks> {
    let weeks = proof.statement(
        "SELECT week_start, workouts, sets, tonnage_grams, hard_half_sets, muscles \
         FROM weekly_volume WHERE athlete_id = ?1 AND week_start BETWEEN ?4 AND ?5",
        [Param::text(from), Param::text(to)],
    );
    let standing = query!("volume/standing.sql").bind(proof.named())?;
    let mut results = with_key(database, proof, vec![weeks, standing]).await?;
    let rows = results.rows::<WeekRow>()?;
    let standing = results.first::<StandingRow>()?.ok_or(DatabaseError::MissingResult)?;
    Ok(Weeks {
        weeks: rows.into_iter().map(|row| (row.week_start, row.columns.into())).collect(),
        pending: standing.pending,
        landmarks: standing.landmarks,
    })
}

#[derive(Deserialize)]
struct DayRow {
    local_date: NaiveDate,
    #[serde(flatten)]
    columns: VolumeColumns,
}

/// Returns the days from `from` to `to` on which something was ever logged.
pub async fn days(
    database: &dyn Database,
    proof: &KeyProof,
    from: NaiveDate,
    to: NaiveDate,
) -> Guarded<BTreeMap<NaiveDate, Volume>> {
    let days = proof.statement(
        "SELECT local_date, workouts, sets, tonnage_grams, hard_half_sets, muscles \
         FROM daily_volume WHERE athlete_id = ?1 AND local_date BETWEEN ?4 AND ?5",
        [Param::text(from), Param::text(to)],
    );
    let rows = rows_with_key::<DayRow>(database, proof, days).await?;
    Ok(rows.into_iter().map(|row| (row.local_date, row.columns.into())).collect())
}
