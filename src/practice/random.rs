//! Numbers that a seed decides, so that a rehearsal can be repeated.

/// SplitMix64 (Steele, Lea, Flood 2014): small, and good enough for names and
/// for spreading checkers over an interval.
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    /// Numbers that this seed decides.
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `end`, which must not be 0.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Lower-case hexadecimal digits, 16 for each word.
    pub(super) fn hex(&mut self, words: usize) -> String {
        (0..words).map(|_| format!("{:016x}", self.next())).collect::<Vec<_>>().concat()
    }

    /// A UUID of version 4, as Route 53 names its health checks.
    pub(super) fn uuid(&mut self) -> String {
        let (high, low) = (self.next(), self.next());
        format!(
            "{:08x}-{:04x}-4{:03x}-{:04x}-{:012x}",
            high >> 32,
            (high >> 16) & 0xffff,
            high & 0x0fff,
            0x8000 | (low >> 48) & 0x3fff,
            low & 0xffff_ffff_ffff,
        )
    }
}

/// A number that a text decides (FNV-1a, 64 bits), for names that stay the same in every world.
pub(super) fn fingerprint(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_decides_the_numbers() {
        assert_eq!(Random::new(7).hex(2), Random::new(7).hex(2));
        assert_ne!(Random::new(7).hex(2), Random::new(8).hex(2));
    }

    #[test]
    fn a_uuid_has_its_form() {
        for seed in 0..100 {
            let uuid = Random::new(seed).uuid();
            let lengths: Vec<usize> = uuid.split('-').map(str::len).collect();
            assert_eq!(lengths, [8, 4, 4, 4, 12], "{uuid}");
            assert_eq!(&uuid[14..15], "4", "{uuid}");
            assert!(matches!(&uuid[19..20], "8" | "9" | "a" | "b"), "{uuid}");
        }
    }
}
