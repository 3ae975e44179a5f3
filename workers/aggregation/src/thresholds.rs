//! The volume landmarks that a week crossed and that are not announced yet.

use shared_kernel::payload::{Crossing, Threshold};
use storage::ledger::{WeekState, announced_bit};
use training::landmarks::Landmarks;
use training::{HalfSets, Muscle, MuscleVolume};

/// Returns the crossings of a week that are not announced yet: MEV reached and MRV exceeded, each once
/// a week for each muscle, in the order of the muscles.
pub fn new_crossings(week: &WeekState) -> Vec<Crossing> {
    week.volume
        .muscles
        .iter()
        .flat_map(|(muscle, volume)| {
            let landmarks = week.landmarks.for_muscle(*muscle);
            landmarks.map(|limits| crossings(*muscle, volume, limits)).unwrap_or_default()
        })
        .filter(|crossing| week.announced & announced_bit(crossing.muscle, crossing.threshold) == 0)
        .collect()
}

/// The bits of these crossings in the `announced` column of a week.
pub fn crossing_bits(crossings: &[Crossing]) -> i64 {
    crossings.iter().map(|c| announced_bit(c.muscle, c.threshold)).fold(0, |bits, bit| bits | bit)
}

/// The landmarks that the direct hard sets of a muscle reach or exceed. An MEV of zero is never crossed. A crossing
/// carries all hard sets of the muscle, as version 1 of the payload defines it.
fn crossings(muscle: Muscle, volume: &MuscleVolume, landmarks: Landmarks) -> Vec<Crossing> {
    let Landmarks { mev, mrv, .. } = landmarks;
    let (direct, half_sets) = (volume.direct_half_sets(), volume.half_sets);
    let crossing =
        |threshold, limit| Crossing { muscle, threshold, half_sets, limit_half_sets: limit };
    let mut crossings = Vec::new();
    if mev > HalfSets(0) && direct >= mev {
        crossings.push(crossing(Threshold::MevReached, mev));
    }
    if direct > mrv {
        crossings.push(crossing(Threshold::MrvExceeded, mrv));
    }
    crossings
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use training::landmarks::LandmarkOverrides;
    use training::{Volume, WeekStart};

    fn week(muscle: Muscle, half_sets: i64, announced: i64) -> WeekState {
        let part = MuscleVolume {
            half_sets: HalfSets(half_sets),
            direct_sets: half_sets / 2,
            ..MuscleVolume::default()
        };
        let volume = Volume { muscles: BTreeMap::from([(muscle, part)]), ..Volume::default() };
        WeekState {
            athlete_id: testkit::athlete_id(1),
            week_start: WeekStart::containing("2026-11-16".parse().unwrap()),
            volume,
            version: 1,
            announced,
            landmarks: LandmarkOverrides::default(),
        }
    }

    #[test]
    fn each_landmark_is_announced_once_when_it_is_crossed() {
        use Threshold::{MevReached, MrvExceeded};
        let chest = Muscle::Chest;
        let mev = announced_bit(chest, MevReached);
        let both = mev | announced_bit(chest, MrvExceeded);
        let check = |muscle, half_sets, announced, expected: &[Threshold]| {
            let crossings = new_crossings(&week(muscle, half_sets, announced));
            let thresholds: Vec<_> = crossings.iter().map(|c| c.threshold).collect();
            assert_eq!(thresholds, expected, "{muscle:?} {half_sets} {announced}");
        };
        check(chest, 0, 0, &[]);
        check(chest, 7, 0, &[]);
        check(chest, 8, 0, &[MevReached]);
        check(chest, 48, 0, &[MevReached]);
        check(chest, 50, 0, &[MevReached, MrvExceeded]);
        check(chest, 50, mev, &[MrvExceeded]);
        check(chest, 60, both, &[]);
        // The announcement of one muscle does not affect another.
        check(Muscle::Quads, 8, both, &[MevReached]);
        // The abs have no minimum to reach.
        check(Muscle::Abs, 8, 0, &[]);
        check(Muscle::Abs, 42, 0, &[MrvExceeded]);
    }

    #[test]
    fn indirect_sets_cross_no_landmark() {
        let mut indirect = week(Muscle::Chest, 60, 0);
        if let Some(part) = indirect.volume.muscles.get_mut(&Muscle::Chest) {
            part.direct_sets = 3;
        }
        assert_eq!(new_crossings(&indirect), []);
    }

    #[test]
    fn a_crossing_carries_its_numbers() {
        let crossings = new_crossings(&week(Muscle::Chest, 60, 0));
        let mrv = crossings.last().unwrap();
        assert_eq!((mrv.half_sets, mrv.limit_half_sets), (HalfSets(60), HalfSets::whole(24)));
    }
}
