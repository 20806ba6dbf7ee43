//! Counter-based random numbers: Threefry-2x32 with 20 rounds (Salmon et al., *Parallel random numbers: as easy as
//! 1, 2, 3*, SC 2011). Only additions, rotations and exclusive ors, so WGSL computes the same words as Rust.
//!
//! Every random thing is a pure function of (seed, purpose, layer, time, index): never of padding, order or device.

/// What a stream of random numbers is for. Different purposes never share numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Purpose {
    /// Start of the forward weights W.
    InitW = 1,
    /// Start of the feedback weights R.
    InitR = 2,
    /// Dropout masks, drawn anew each step.
    Dropout = 3,
    /// The order of the training images, drawn anew each epoch.
    Shuffle = 4,
    /// Images of the built-in `shapes` data.
    Shapes = 5,
    /// Random problems in tests and checks.
    Test = 6,
    /// Magnitudes of sign-symmetric feedback that are drawn anew each step.
    Magnitudes = 7,
    /// Which weights W of a sparse layer there are.
    MaskW = 8,
    /// Which feedback weights R of a sparse layer there are.
    MaskR = 9,
    /// The fixed matrices B of direct feedback.
    InitB = 10,
    /// The order of a folder's images.
    Folder = 11,
    /// Vectors of a Gaussian.
    Gaussian = 12,
    /// The matrices whose product a linear network is to learn.
    Teacher = 13,
    /// Which patches of which images.
    Patches = 14,
    /// Start of the weights from pyramidal cells to interneurons.
    InitIp = 15,
    /// Start of the weights from interneurons to pyramidal cells.
    InitPi = 16,
    /// Noise in the somata of neurons, drawn anew each step of Euler's.
    Noise = 17,
    /// Uniform input patterns, drawn anew each epoch.
    Inputs = 18,
}

impl Purpose {
    /// The first word of a stream's address: the purpose, and which layer or dropout.
    pub const fn with_layer(self, layer: u32) -> u32 {
        self as u32 | (layer << 8)
    }
}

const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
const PARITY: u32 = 0x1BD1_1BDA;

/// One Threefry-2x32-20 block: 64 bits of key and 64 bits of counter give 64 random bits.
pub fn threefry2x32(key: [u32; 2], counter: [u32; 2]) -> [u32; 2] {
    let keys = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x0 = counter[0].wrapping_add(keys[0]);
    let mut x1 = counter[1].wrapping_add(keys[1]);
    for group in 0..5_usize {
        for rotation in ROTATIONS[group % 2] {
            x0 = x0.wrapping_add(x1);
            x1 = x1.rotate_left(rotation) ^ x0;
        }
        x0 = x0.wrapping_add(keys[(group + 1) % 3]);
        x1 = x1.wrapping_add(keys[(group + 2) % 3]).wrapping_add(group as u32 + 1);
    }
    [x0, x1]
}

/// What a sum of eight bytes is multiplied by for a variance of 1: 1 / √(8 · (256² − 1) / 12).
pub const GAUSSIAN_SCALE: f32 = 0.004_784_196;
/// z · (c₀ + c₁ z² + c₂ z⁴ + c₃ z⁶) makes such a sum z normal: fitted to the exact distribution of its 2,041 values, then
/// scaled to a variance of 1.
pub const GAUSSIAN: [f32; 4] = [0.980_249_8, 0.006_788_137, -0.000_111_131_91, 0.000_022_041_326];

/// The sum of the eight bytes of a pair of words less its mean, a whole number from −1020 to 1020: what a Gaussian number is
/// made of, without a logarithm, a sine or a cosine, which no two devices compute alike.
pub fn byte_sum(pair: [u32; 2]) -> i32 {
    pair.iter().flat_map(|word| word.to_le_bytes()).map(i32::from).sum::<i32>() - 1020
}

/// A standard normal number from a pair of words, by a fixed polynomial: kurtosis 3.000, at most 7 in size.
pub fn gaussian(pair: [u32; 2]) -> f32 {
    let z = byte_sum(pair) as f32 * GAUSSIAN_SCALE;
    let q = z * z;
    z * (GAUSSIAN[0] + q * (GAUSSIAN[1] + q * (GAUSSIAN[2] + q * GAUSSIAN[3])))
}

/// Random words addressed by an index, for one (seed, purpose, layer, time).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stream {
    /// The derived key; a kernel that draws its own numbers derives the same one.
    pub key: [u32; 2],
}

impl Stream {
    /// `layer` counts weighted layers (or dropouts) from 1, `time` is the epoch or the step, 0 where neither applies.
    pub fn new(seed: u64, purpose: Purpose, layer: u32, time: u32) -> Self {
        let key = [seed as u32, (seed >> 32) as u32];
        Self { key: threefry2x32(key, [purpose.with_layer(layer), time]) }
    }

    /// The pair of words at a two-part index.
    pub fn pair(&self, a: u32, b: u32) -> [u32; 2] {
        threefry2x32(self.key, [a, b])
    }

    /// The word at a flat index.
    pub fn word(&self, index: u64) -> u32 {
        let half = index / 2;
        self.pair(half as u32, (half >> 32) as u32)[(index % 2) as usize]
    }

    /// Uniform in [0, 1), a multiple of 2⁻²⁴.
    pub fn unit(&self, index: u64) -> f32 {
        (self.word(index) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Standard normal (Box and Muller 1958): a pure function but for the last bits of the machine's logarithm and cosine.
    pub fn normal(&self, index: u64) -> f64 {
        let [a, b] = self.pair(index as u32, (index >> 32) as u32);
        let unit = |word: u32| (f64::from(word) + 0.5) / 4_294_967_296.0;
        (-2.0 * unit(a).ln()).sqrt() * (std::f64::consts::TAU * unit(b)).cos()
    }

    /// Uniform whole number below `bound` (bias below 2⁻³² · bound).
    pub fn below(&self, index: u64, bound: u32) -> u32 {
        ((u64::from(self.word(index)) * u64::from(bound)) >> 32) as u32
    }

    /// A random order of `0..count` (Fisher and Yates).
    pub fn permutation(&self, count: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..count).collect();
        for last in (1..count).rev() {
            let other = self.below(u64::from(last), last + 1);
            order.swap(last as usize, other as usize);
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threefry_matches_the_published_vectors() {
        assert_eq!(threefry2x32([0, 0], [0, 0]), [0x6b20_0159, 0x99ba_4efe]);
        assert_eq!(threefry2x32([u32::MAX, u32::MAX], [u32::MAX, u32::MAX]), [0x1cb9_96fc, 0xbb00_2be7]);
        assert_eq!(threefry2x32([0x1319_8a2e, 0x0370_7344], [0x243f_6a88, 0x85a3_08d3]), [0xc492_3a9c, 0x483d_f7a0]);
    }

    #[test]
    fn a_permutation_holds_each_index_once_and_depends_on_the_epoch() {
        let first = Stream::new(1, Purpose::Shuffle, 0, 0).permutation(1000);
        let second = Stream::new(1, Purpose::Shuffle, 0, 1).permutation(1000);
        let mut sorted = first.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..1000).collect::<Vec<_>>());
        assert_ne!(first, second);
    }

    #[test]
    fn streams_of_different_purpose_layer_or_time_differ() {
        let word = |purpose, layer, time| Stream::new(7, purpose, layer, time).word(0);
        let base = word(Purpose::InitW, 1, 0);
        assert_ne!(base, word(Purpose::InitR, 1, 0));
        assert_ne!(base, word(Purpose::InitW, 2, 0));
        assert_ne!(base, word(Purpose::InitW, 1, 1));
    }

    #[test]
    fn normal_numbers_have_their_mean_and_variance() {
        let stream = Stream::new(3, Purpose::Test, 0, 0);
        let moment = |power: i32| (0..10_000).map(|at| stream.normal(at).powi(power)).sum::<f64>() / 10_000.0;
        assert!(moment(1).abs() < 0.05 && (moment(2) - 1.0).abs() < 0.05 && (moment(4) - 3.0).abs() < 0.4);
    }

    #[test]
    fn gaussian_numbers_are_normal_in_distribution() {
        // The exact distribution of eight bytes' sum.
        let mut counts = vec![1.0_f64];
        for _ in 0..8 {
            let mut next = vec![0.0; counts.len() + 255];
            counts.iter().enumerate().for_each(|(at, p)| next[at..at + 256].iter_mut().for_each(|n| *n += p / 256.0));
            counts = next;
        }
        let number = |sum: usize| {
            let bytes: Vec<u32> = (0..8).map(|at| (sum.saturating_sub(at * 255)).min(255) as u32).collect();
            let word = |bytes: &[u32]| bytes.iter().fold(0, |word, byte| word << 8 | byte);
            f64::from(gaussian([word(&bytes[..4]), word(&bytes[4..])]))
        };
        let moment = |power| counts.iter().enumerate().map(|(sum, p)| p * number(sum).powi(power)).sum::<f64>();
        assert!(moment(1).abs() < 1e-7 && moment(3).abs() < 1e-6);
        assert!((moment(2) - 1.0).abs() < 1e-6, "{}", moment(2));
        assert!((moment(4) - 3.0).abs() < 1e-3 && (moment(6) - 15.0).abs() < 0.01, "{} {}", moment(4), moment(6));
        assert!((1..=2040).all(|sum| number(sum) > number(sum - 1)), "it rises with the sum");
        assert!(number(2040) < 7.0 && number(1020) == 0.0);
    }

    #[test]
    fn unit_is_uniform_enough() {
        let stream = Stream::new(3, Purpose::Test, 0, 0);
        let mean = (0..10_000).map(|i| f64::from(stream.unit(i))).sum::<f64>() / 10_000.0;
        assert!((mean - 0.5).abs() < 0.015, "mean {mean}");
    }
}
