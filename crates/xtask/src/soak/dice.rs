//! The soak's dice: one seed, one order of throws.

use std::time::Duration;

/// `SplitMix64` (Steele, Lea and Flood, 2014): every seed will do, and it is six lines.
pub struct Dice(u64);

impl Dice {
    /// Each stream of a seed throws for itself, so that threads do not change each other's throws.
    pub fn new(seed: u32, stream: u64) -> Self {
        let mut dice = Self(u64::from(seed));
        Self(dice.throw() ^ stream.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// From 0 to `sides - 1`. Of no sides, 0.
    pub fn below(&mut self, sides: u32) -> u32 {
        let thrown = self.throw() % u64::from(sides.max(1));
        u32::try_from(thrown).unwrap_or_default()
    }

    /// One of them; none of none.
    pub fn one_of<T>(&mut self, items: impl ExactSizeIterator<Item = T>) -> Option<T> {
        let sides = u32::try_from(items.len()).unwrap_or(u32::MAX);
        let mut items = items;
        items.nth(usize::try_from(self.below(sides)).unwrap_or_default())
    }

    /// A time between two, to the millisecond.
    pub fn between(&mut self, shortest: Duration, longest: Duration) -> Duration {
        let span_ms = longest.saturating_sub(shortest).as_millis();
        let span_ms = u32::try_from(span_ms).unwrap_or(u32::MAX);
        shortest + Duration::from_millis(u64::from(self.below(span_ms)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_throws_the_same_each_time_and_its_streams_do_not() {
        let throws = |seed, stream| {
            let mut dice = Dice::new(seed, stream);
            [(); 8].map(|()| dice.below(1_000))
        };
        assert_eq!(throws(7, 1), throws(7, 1));
        assert_ne!(throws(7, 1), throws(7, 2));
        assert_ne!(throws(7, 1), throws(8, 1));
    }

    #[test]
    fn every_side_comes_up_and_nothing_else() {
        let mut dice = Dice::new(1, 0);
        let mut seen = [false; 6];
        for _ in 0..200 {
            seen[dice.below(6) as usize] = true;
        }
        assert_eq!(seen, [true; 6]);
        assert_eq!(dice.one_of(Vec::<u8>::new().iter()), None);
        let wait = dice.between(Duration::from_secs(1), Duration::from_secs(2));
        assert!(wait >= Duration::from_secs(1) && wait < Duration::from_secs(2));
    }
}
