//! Weekly volume landmarks of a muscle in hard sets: MEV, MAV and MRV.
//!
//! Source: the practitioner averages of Renaissance Periodization, listing of 2025
//! (MV / MEV / MAV / MRV, each a range over people). The 2017 listing differs a lot, so the table
//! is versioned data.

use crate::muscle::Muscle;
use crate::units::HalfSets;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the listing in [`default_landmarks`].
pub const LANDMARKS_VERSION: &str = "rp-2025";

/// The landmarks of one muscle, in hard sets per week.
///
/// The source gives ranges over people. To warn only in clear cases, MEV is the low end of its
/// range and MRV the high end (docs/adr/0005-landmarks.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landmarks {
    /// Minimum effective volume: the least that builds muscle.
    pub mev: HalfSets,
    /// The upper end of the maximum adaptive volume, the most productive range.
    pub mav: HalfSets,
    /// Maximum recoverable volume: the most that an athlete can recover from.
    pub mrv: HalfSets,
}

/// The level of a week's volume relative to the landmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VolumeLevel {
    BelowMev,
    /// From MEV up to and including MAV.
    Productive,
    /// Above MAV, up to and including MRV.
    High,
    AboveMrv,
}

impl Landmarks {
    /// Returns the level of a week's hard sets.
    pub fn level(self, half_sets: HalfSets) -> VolumeLevel {
        if half_sets < self.mev {
            VolumeLevel::BelowMev
        } else if half_sets <= self.mav {
            VolumeLevel::Productive
        } else if half_sets <= self.mrv {
            VolumeLevel::High
        } else {
            VolumeLevel::AboveMrv
        }
    }
}

/// Landmarks of one muscle that an athlete has set instead of the listed ones, in hard sets per
/// week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LandmarkOverride {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mev: Option<HalfSets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mav: Option<HalfSets>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mrv: Option<HalfSets>,
}

/// The landmarks that an athlete has set instead of the listed ones.
///
/// In JSON and the database: `{"chest":{"mrv":40}}`, in half sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct LandmarkOverrides(pub BTreeMap<Muscle, LandmarkOverride>);

impl LandmarkOverrides {
    /// Returns the effective landmarks of a muscle. A MAV that the athlete has not set is the listed
    /// one, clamped between MEV and MRV, so that setting one number moves the range. `None` for a
    /// muscle without listed landmarks, unless the athlete has set its MEV and its MRV.
    pub fn for_muscle(&self, muscle: Muscle) -> Option<Landmarks> {
        let (overrides, listed) = (self.overrides_for(muscle), default_landmarks(muscle));
        let mev = overrides.mev.or(listed.map(|listed| listed.mev))?;
        let mrv = overrides.mrv.or(listed.map(|listed| listed.mrv))?;
        // Not clamp(), which panics if MEV > MRV.
        let listed_mav = || listed.map_or(mrv, |listed| listed.mav).max(mev).min(mrv);
        Some(Landmarks { mev, mav: overrides.mav.unwrap_or_else(listed_mav), mrv })
    }

    /// Whether a muscle's landmarks are in order: MEV <= MRV, and a MAV that the athlete has set is
    /// between them.
    pub fn is_consistent(&self, muscle: Muscle) -> bool {
        let (overrides, listed) = (self.overrides_for(muscle), default_landmarks(muscle));
        let mev = overrides.mev.or(listed.map(|listed| listed.mev));
        let mrv = overrides.mrv.or(listed.map(|listed| listed.mrv));
        [mev, overrides.mav, mrv].into_iter().flatten().is_sorted()
    }

    /// Returns the source of a muscle's landmarks: [`LANDMARKS_VERSION`], or `own` if the athlete has
    /// set any of them.
    pub fn source_for(&self, muscle: Muscle) -> &'static str {
        if self.0.contains_key(&muscle) { "own" } else { LANDMARKS_VERSION }
    }

    fn overrides_for(&self, muscle: Muscle) -> LandmarkOverride {
        self.0.get(&muscle).copied().unwrap_or_default()
    }
}

/// Returns the listed landmarks of a muscle. The listing has none of the adductors, the abductors and
/// the neck.
pub const fn default_landmarks(muscle: Muscle) -> Option<Landmarks> {
    Some(match muscle {
        Muscle::Chest | Muscle::Calves => row(4, 16, 24),
        Muscle::Back => row(6, 20, 26),
        Muscle::FrontDelts => row(0, 8, 12),
        Muscle::SideDelts | Muscle::Glutes => row(6, 24, 30),
        Muscle::RearDelts | Muscle::Abs | Muscle::Traps => row(0, 12, 20),
        Muscle::Biceps => row(4, 20, 26),
        Muscle::Triceps => row(4, 16, 20),
        Muscle::Quads => row(4, 14, 18),
        Muscle::Hamstrings => row(2, 8, 14),
        Muscle::Forearms => row(0, 24, 30),
        Muscle::Adductors | Muscle::Abductors | Muscle::Neck => return None,
    })
}

/// Returns the low end of a muscle's maintenance volume (MV), in sets a week: the least that keeps what was
/// built. `None` for a muscle that is not listed.
pub const fn maintenance_sets(muscle: Muscle) -> Option<HalfSets> {
    let sets = match muscle {
        Muscle::Chest
        | Muscle::Back
        | Muscle::SideDelts
        | Muscle::Quads
        | Muscle::Glutes
        | Muscle::Calves => 2,
        Muscle::FrontDelts
        | Muscle::RearDelts
        | Muscle::Biceps
        | Muscle::Triceps
        | Muscle::Hamstrings
        | Muscle::Abs
        | Muscle::Traps
        | Muscle::Forearms => 0,
        Muscle::Adductors | Muscle::Abductors | Muscle::Neck => return None,
    };
    Some(HalfSets::whole(sets))
}

/// Takes the low end of MEV, the high end of MAV and the high end of MRV, in sets.
const fn row(mev: i64, mav: i64, mrv: i64) -> Landmarks {
    Landmarks { mev: HalfSets::whole(mev), mav: HalfSets::whole(mav), mrv: HalfSets::whole(mrv) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn default_landmarks_of_each_muscle_are_in_order() {
        for muscle in Muscle::ALL {
            let Some(Landmarks { mev, mav, mrv }) = default_landmarks(muscle) else { continue };
            assert!(mev < mav && mav < mrv, "{muscle:?}");
        }
    }

    #[test]
    fn maintenance_volume_is_at_most_mev_and_equally_listed() {
        for muscle in Muscle::ALL {
            let mev = default_landmarks(muscle).map(|landmarks| landmarks.mev);
            assert_eq!(maintenance_sets(muscle).is_some(), mev.is_some(), "{muscle:?}");
            assert!(maintenance_sets(muscle) <= mev, "{muscle:?}");
        }
    }

    #[test]
    fn level_changes_at_each_landmark() {
        let check = |half_sets, level| {
            assert_eq!(
                default_landmarks(Muscle::Chest).unwrap().level(HalfSets(half_sets)),
                level,
                "{half_sets}"
            );
        };
        check(0, VolumeLevel::BelowMev);
        check(7, VolumeLevel::BelowMev);
        check(8, VolumeLevel::Productive);
        check(32, VolumeLevel::Productive);
        check(33, VolumeLevel::High);
        check(48, VolumeLevel::High);
        check(49, VolumeLevel::AboveMrv);
    }

    #[test]
    fn muscle_with_mev_0_is_never_below_mev() {
        let level = default_landmarks(Muscle::Abs).unwrap().level(HalfSets(0));
        assert_eq!(level, VolumeLevel::Productive);
    }

    fn chest_overrides(mev: Option<i64>, mav: Option<i64>, mrv: Option<i64>) -> LandmarkOverrides {
        let half_sets = |sets: Option<i64>| sets.map(HalfSets::whole);
        let chest =
            LandmarkOverride { mev: half_sets(mev), mav: half_sets(mav), mrv: half_sets(mrv) };
        LandmarkOverrides(BTreeMap::from([(Muscle::Chest, chest)]))
    }

    #[test]
    fn overrides_replace_listed_landmarks() {
        // The listed landmarks of the chest are 4, 16 and 24.
        let check = |mev, mav, mrv, landmarks: (i64, i64, i64), in_order: bool| {
            let overrides = chest_overrides(mev, mav, mrv);
            let (mev, mav, mrv) = landmarks;
            let expected = Some(row(mev, mav, mrv));
            assert_eq!(overrides.for_muscle(Muscle::Chest), expected, "{overrides:?}");
            assert_eq!(overrides.is_consistent(Muscle::Chest), in_order, "{overrides:?}");
        };
        check(None, None, None, (4, 16, 24), true);
        check(Some(8), None, None, (8, 16, 24), true);
        check(Some(8), Some(12), Some(20), (8, 12, 20), true);
        check(Some(9), Some(9), Some(9), (9, 9, 9), true);
        // A MAV without an override stays between MEV and MRV.
        check(None, None, Some(12), (4, 12, 12), true);
        check(Some(20), None, None, (20, 20, 24), true);
        // Out of order, among each other or relative to the listed landmarks.
        check(Some(25), None, None, (25, 24, 24), false);
        check(None, None, Some(3), (4, 3, 3), false);
        check(None, Some(3), None, (4, 3, 24), false);
        check(None, Some(25), None, (4, 25, 24), false);
        check(Some(10), Some(8), Some(20), (10, 8, 20), false);
    }

    #[test]
    fn unlisted_muscle_has_landmarks_only_with_own_mev_and_mrv() {
        let check = |mev, mav, mrv, landmarks: Option<(i64, i64, i64)>, in_order: bool| {
            let chest = chest_overrides(mev, mav, mrv).0[&Muscle::Chest];
            let overrides = LandmarkOverrides(BTreeMap::from([(Muscle::Neck, chest)]));
            let landmarks = landmarks.map(|(mev, mav, mrv)| row(mev, mav, mrv));
            assert_eq!(overrides.for_muscle(Muscle::Neck), landmarks, "{overrides:?}");
            assert_eq!(overrides.is_consistent(Muscle::Neck), in_order, "{overrides:?}");
        };
        check(None, None, None, None, true);
        check(Some(4), None, None, None, true);
        check(None, Some(8), Some(6), None, false);
        check(Some(4), None, Some(12), Some((4, 12, 12)), true);
        check(Some(4), Some(8), Some(12), Some((4, 8, 12)), true);
        check(Some(13), None, Some(12), Some((13, 12, 12)), false);
    }

    #[test]
    fn muscle_without_overrides_has_the_listed_landmarks() {
        for muscle in Muscle::ALL {
            assert_eq!(LandmarkOverrides::default().for_muscle(muscle), default_landmarks(muscle));
            assert!(LandmarkOverrides::default().is_consistent(muscle));
        }
        assert_eq!(
            chest_overrides(Some(8), None, None).for_muscle(Muscle::Back),
            default_landmarks(Muscle::Back)
        );
    }

    #[test]
    fn stored_overrides_contain_only_the_values_set() {
        let json = r#"{"chest":{"mrv":40}}"#;
        let overrides = chest_overrides(None, None, Some(20));
        assert_eq!(serde_json::to_string(&overrides).unwrap(), json);
        assert_eq!(serde_json::from_str::<LandmarkOverrides>(json).unwrap(), overrides);
        assert_eq!(serde_json::to_string(&LandmarkOverrides::default()).unwrap(), "{}");
    }
}
