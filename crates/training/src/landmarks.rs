//! Weekly volume landmarks: how many hard sets of a muscle are little, enough, much, too much.
//!
//! Source: the practitioner averages of Renaissance Periodization, listing of 2025
//! (MV / MEV / MAV / MRV, each a range over people). The listing of 2017 differs a lot, so the
//! table is versioned data.

use crate::muscle::Muscle;
use crate::units::HalfSets;
use serde::Serialize;

/// Which listing [`landmarks`] holds.
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
pub enum Level {
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
    pub fn level(self, half_sets: HalfSets) -> Level {
        if half_sets < self.mev {
            Level::BelowMev
        } else if half_sets <= self.mav {
            Level::Productive
        } else if half_sets <= self.mrv {
            Level::High
        } else {
            Level::AboveMrv
        }
    }
}

/// The landmarks of a muscle.
pub const fn landmarks(muscle: Muscle) -> Landmarks {
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
            let Landmarks { mev, mav, mrv } = landmarks(muscle);
            assert!(mev < mav && mav < mrv, "{muscle:?}");
        }
    }

    #[test]
    fn the_level_changes_at_each_landmark_of_the_chest() {
        let check = |half_sets, level| {
            assert_eq!(landmarks(Muscle::Chest).level(HalfSets(half_sets)), level, "{half_sets}");
        };
        check(0, Level::BelowMev);
        check(7, Level::BelowMev);
        check(8, Level::Productive);
        check(32, Level::Productive);
        check(33, Level::High);
        check(48, Level::High);
        check(49, Level::AboveMrv);
    }

    #[test]
    fn a_muscle_without_a_minimum_is_never_below_it() {
        assert_eq!(landmarks(Muscle::Abs).level(HalfSets(0)), Level::Productive);
    }
}
