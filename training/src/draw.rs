//! Numbers and choices drawn by a seed: the same seed draws the same for ever.

use rand_pcg::Pcg32;
use rand_pcg::rand_core::Rng;

/// A stream of draws.
pub struct Draw(Pcg32);

impl Draw {
    /// The stream of a seed and a purpose; two purposes of one seed have nothing in common.
    #[must_use]
    pub fn new(seed: u64, purpose: u64) -> Self {
        // neighbouring seeds become unrelated states
        Self(Pcg32::new(
            seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15),
            purpose,
        ))
    }

    /// Uniform in [0, 1).
    pub fn unit(&mut self) -> f64 {
        f64::from(self.0.next_u32()) / 4_294_967_296.0
    }

    /// Uniform in [low, high).
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// A whole number below `end`, which is at least 1.
    pub fn below(&mut self, end: usize) -> usize {
        (self.unit() * end as f64) as usize
    }

    /// True with this probability.
    pub fn chance(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// One of a list, which is not empty.
    pub fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }

    /// The place of one of these weights, by its share of their sum.
    pub fn weighted(&mut self, weights: &[f64]) -> usize {
        let mut rest = self.unit() * weights.iter().sum::<f64>();
        for (place, weight) in weights.iter().enumerate() {
            rest -= weight;
            if rest < 0.0 {
                return place;
            }
        }
        weights.len() - 1
    }

    /// Normal with mean 0 and deviation 1.
    ///
    /// # Source
    /// Box and Muller 1958, "A note on the generation of random normal deviates".
    pub fn normal(&mut self) -> f64 {
        let radius = (-2.0 * (1.0 - self.unit()).ln()).sqrt();
        radius * (std::f64::consts::TAU * self.unit()).cos()
    }

    /// Puts a list into a random order.
    pub fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end + 1));
        }
    }
}
