//! Random numbers by counter: the n-th draw of a stream depends on its key and n only, so order and threads do not matter.

/// Finaliser of SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", OOPSLA 2014).
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// FNV-1a over the bytes of a name, usable in constants.
pub const fn hash_name(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// One stream of draws: a key made of seed, owner (patient number) and module name, and how many were taken.
#[derive(Debug, Clone)]
pub struct Stream {
    key: u64,
    taken: u64,
}

impl Stream {
    pub fn new(seed: u64, owner: u64, module: &str) -> Self {
        let key = mix(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)) ^ mix(owner.wrapping_mul(0xd134_2543_de82_ef95));
        Self { key: mix(key ^ hash_name(module)), taken: 0 }
    }

    pub fn draw(&mut self) -> u64 {
        self.taken += 1;
        mix(self.key.wrapping_add(self.taken.wrapping_mul(0x9e37_79b9_7f4a_7c15)))
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.draw() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// Uniform in `[low, high)`.
    pub fn range(&mut self, low: f64, high: f64) -> f64 {
        low + self.unit() * (high - low)
    }

    /// Uniform in `0..count`; `count` is at least 1.
    pub fn below(&mut self, count: usize) -> usize {
        (self.draw() % count as u64) as usize
    }

    pub fn chance(&mut self, share: f64) -> bool {
        self.unit() < share
    }

    pub fn pick<'t, T>(&mut self, items: &'t [T]) -> &'t T {
        &items[self.below(items.len())]
    }

    /// About normal with mean 0 and deviation 1: the scaled sum of four uniform parts, so never beyond ±3.47.
    pub fn normal(&mut self) -> f64 {
        let bits = self.draw();
        let sum = (0..4).map(|i| ((bits >> (16 * i)) & 0xffff) as f64 / 65536.0).sum::<f64>();
        (sum - 2.0) * 1.732_050_807_568_877_2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_repeatable_and_distinct() {
        let take = |owner, module| {
            let mut s = Stream::new(7, owner, module);
            (0..8).map(|_| s.draw()).collect::<Vec<_>>()
        };
        assert_eq!(take(3, "people"), take(3, "people"));
        assert_ne!(take(3, "people"), take(4, "people"));
        assert_ne!(take(3, "people"), take(3, "labs"));
    }

    #[test]
    fn normal_has_mean_zero_and_deviation_one() {
        let mut s = Stream::new(1, 1, "normal");
        let values: Vec<f64> = (0..20_000).map(|_| s.normal()).collect();
        let mean = values.iter().sum::<f64>() / 20_000.0;
        let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.03 && (variance - 1.0).abs() < 0.05, "{mean} {variance}");
    }
}
