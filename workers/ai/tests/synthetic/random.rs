//! Random numbers that are the same on every machine: `SplitMix64` (Steele, Lea & Flood 2014), and
//! only arithmetic that IEEE 754 defines to the last bit.

/// A generator.
pub struct Random(u64);

impl Random {
    /// Creates the generator of a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Returns a uniform number in [0, 1).
    pub fn share(&mut self) -> f64 {
        // The upper 32 bits are plenty, and each of them is a f64.
        f64::from(u32::try_from(self.next() >> 32).unwrap_or(0)) / 4_294_967_296.0
    }

    /// Returns a uniform number between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.share()
    }

    /// Returns an integer from `low` to `high`.
    pub fn whole(&mut self, low: u32, high: u32) -> u32 {
        let range = u64::from(high.saturating_sub(low)) + 1;
        low + u32::try_from(self.next() % range).unwrap_or(0)
    }

    /// Returns true with a probability of `share`.
    pub fn chance(&mut self, share: f64) -> bool {
        self.share() < share
    }

    /// Returns an approximately normal number with mean 0 and deviation 1: the sum of twelve uniform
    /// numbers less six.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.share()).sum::<f64>() - 6.0
    }
}
