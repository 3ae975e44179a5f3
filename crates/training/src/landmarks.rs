//! Weekly volume landmarks: how many hard sets of a muscle are little, enough, much, too much.
//!
//! Source: the practitioner averages of Renaissance Periodization, listing of 2025
//! (MV / MEV / MAV / MRV, each a range over people). The listing of 2017 differs a lot, so the
//! table is versioned data.

use crate::muscle::Muscle;
use crate::units::HalfSets;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which listing [`default_landmarks`] holds.
pub const LANDMARKS_VERSION: &str = "rp-2025";

/// The landmarks of one muscle, in hard sets a week.
///
/// The source gives ranges over people. We speak up only where nearly everybody would agree: MEV
/// is the low end of its range, MRV the high end of its range (docs/adr/0005-landmarks.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landmarks {
    /// Minimum effective volume: less than this builds nothing.
    pub mev: HalfSets,
    /// The upper end of the maximum adaptive volume: the productive range ends here.
    pub mav: HalfSets,
    /// Maximum recoverable volume: more than this cannot be recovered from.
    pub mrv: HalfSets,
}

/// Where a week's volume stands against the landmarks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum VolumeLevel {
    /// Less than MEV.
    BelowMev,
    /// From MEV to MAV.
    Productive,
    /// Over MAV, not over MRV.
    High,
    /// Over MRV.
    AboveMrv,
}

impl Landmarks {
    /// Where these hard sets stand.
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

/// What an athlete set for one muscle in place of the listing, in hard sets a week.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LandmarkOverride {
    /// In place of [`Landmarks::mev`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mev: Option<HalfSets>,
    /// In place of [`Landmarks::mav`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mav: Option<HalfSets>,
    /// In place of [`Landmarks::mrv`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mrv: Option<HalfSets>,
}

/// An athlete's own landmarks: the listing, with what they set in its place.
///
/// On the wire and in the database: `{"chest":{"mrv":40}}`, in half sets.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LandmarkOverrides(pub BTreeMap<Muscle, LandmarkOverride>);

impl LandmarkOverrides {
    /// The landmarks of a muscle for this athlete. A MAV that they did not set is the listing's,
    /// held between their MEV and MRV, so that one number is enough to move the range.
    pub fn for_muscle(&self, muscle: Muscle) -> Landmarks {
        let (own, listed) = (self.set_for(muscle), default_landmarks(muscle));
        let mev = own.mev.unwrap_or(listed.mev);
        let mrv = own.mrv.unwrap_or(listed.mrv);
        // Not clamp(), which panics where the two are not in order.
        let mav = own.mav.unwrap_or_else(|| listed.mav.max(mev).min(mrv));
        Landmarks { mev, mav, mrv }
    }

    /// Whether a muscle's landmarks can be meant: MEV is not over MRV, and a MAV that the athlete
    /// set is between them.
    pub fn is_consistent(&self, muscle: Muscle) -> bool {
        let Landmarks { mev, mrv, .. } = self.for_muscle(muscle);
        mev <= mrv && self.set_for(muscle).mav.is_none_or(|mav| mev <= mav && mav <= mrv)
    }

    /// Where a muscle's landmarks come from: the listing, or the athlete.
    pub fn source_for(&self, muscle: Muscle) -> &'static str {
        if self.0.contains_key(&muscle) { "own" } else { LANDMARKS_VERSION }
    }

    fn set_for(&self, muscle: Muscle) -> LandmarkOverride {
        self.0.get(&muscle).copied().unwrap_or_default()
    }
}

/// The landmarks of a muscle.
pub const fn default_landmarks(muscle: Muscle) -> Landmarks {
    match muscle {
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
    }
}

/// The low end of MEV, the high end of MAV, the high end of MRV.
const fn row(mev: i64, mav: i64, mrv: i64) -> Landmarks {
    Landmarks { mev: HalfSets::whole(mev), mav: HalfSets::whole(mav), mrv: HalfSets::whole(mrv) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_muscles_landmarks_are_in_order() {
        for muscle in Muscle::ALL {
            let Landmarks { mev, mav, mrv } = default_landmarks(muscle);
            assert!(mev < mav && mav < mrv, "{muscle:?}");
        }
    }

    #[test]
    fn the_level_changes_at_each_landmark_of_the_chest() {
        let check = |half_sets, level| {
            assert_eq!(
                default_landmarks(Muscle::Chest).level(HalfSets(half_sets)),
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
    fn a_muscle_without_a_minimum_is_never_below_it() {
        assert_eq!(default_landmarks(Muscle::Abs).level(HalfSets(0)), VolumeLevel::Productive);
    }

    fn own(mev: Option<i64>, mav: Option<i64>, mrv: Option<i64>) -> LandmarkOverrides {
        let half_sets = |sets: Option<i64>| sets.map(HalfSets::whole);
        let own =
            LandmarkOverride { mev: half_sets(mev), mav: half_sets(mav), mrv: half_sets(mrv) };
        LandmarkOverrides(BTreeMap::from([(Muscle::Chest, own)]))
    }

    #[test]
    fn what_the_athlete_set_stands_in_place_of_the_listing() {
        // The listing of the chest: 4, 16, 24.
        let check = |mev, mav, mrv, landmarks: (i64, i64, i64), in_order: bool| {
            let own = own(mev, mav, mrv);
            let (mev, mav, mrv) = landmarks;
            assert_eq!(own.for_muscle(Muscle::Chest), row(mev, mav, mrv), "{own:?}");
            assert_eq!(own.is_consistent(Muscle::Chest), in_order, "{own:?}");
        };
        check(None, None, None, (4, 16, 24), true);
        check(Some(8), None, None, (8, 16, 24), true);
        check(Some(8), Some(12), Some(20), (8, 12, 20), true);
        check(Some(9), Some(9), Some(9), (9, 9, 9), true);
        // A MAV that was not set moves with its neighbours.
        check(None, None, Some(12), (4, 12, 12), true);
        check(Some(20), None, None, (20, 20, 24), true);
        // Out of order, alone or against the listing.
        check(Some(25), None, None, (25, 24, 24), false);
        check(None, None, Some(3), (4, 3, 3), false);
        check(None, Some(3), None, (4, 3, 24), false);
        check(None, Some(25), None, (4, 25, 24), false);
        check(Some(10), Some(8), Some(20), (10, 8, 20), false);
    }

    #[test]
    fn a_muscle_that_was_not_set_keeps_the_listing() {
        for muscle in Muscle::ALL {
            assert_eq!(LandmarkOverrides::default().for_muscle(muscle), default_landmarks(muscle));
            assert!(LandmarkOverrides::default().is_consistent(muscle));
        }
        assert_eq!(
            own(Some(8), None, None).for_muscle(Muscle::Back),
            default_landmarks(Muscle::Back)
        );
    }

    #[test]
    fn own_landmarks_are_stored_as_only_what_was_set() {
        let json = r#"{"chest":{"mrv":40}}"#;
        let own = own(None, None, Some(20));
        assert_eq!(serde_json::to_string(&own).unwrap(), json);
        assert_eq!(serde_json::from_str::<LandmarkOverrides>(json).unwrap(), own);
        assert_eq!(serde_json::to_string(&LandmarkOverrides::default()).unwrap(), "{}");
    }
}
