//! The one-dimensional transforms of F(M, 3): M outputs of a filter of three taps by A = M + 2 products (Winograd 1980;
//! Lavin and Gray 2016). Applied to rows and then to columns they make F(M×M, 3×3).

use std::ops::{Add, Mul, Sub};

/// What is transformed: a vector, or one number.
pub(crate) trait Number: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self> {}

impl<N: Copy + Add<Output = Self> + Sub<Output = Self> + Mul<f32, Output = Self>> Number for N {}

/// The transforms of one form. y = Aᵀ[(G w) ⊙ (Bᵀ x)], and for the sums of an update w = Gᵀ[(A δ) ⊙ (Bᵀ x)].
pub(crate) trait Form<const M: usize, const A: usize>: Copy {
    /// Bᵀ x.
    fn input<N: Number>(x: [N; A]) -> [N; A];

    /// Aᵀ m.
    fn output<N: Number>(m: [N; A]) -> [N; M];

    /// G w.
    fn filter<N: Number>(w: [N; 3]) -> [N; A];

    /// A δ.
    fn delta<N: Number>(delta: [N; M]) -> [N; A];

    /// Gᵀ s.
    fn sums<N: Number>(s: [N; A]) -> [N; 3];
}

/// F(2, 3): interpolates at 0, 1, −1 and ∞.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Two;

impl Form<2, 4> for Two {
    #[inline(always)]
    fn input<N: Number>([a, b, c, d]: [N; 4]) -> [N; 4] {
        [a - c, b + c, c - b, d - b]
    }

    #[inline(always)]
    fn output<N: Number>([a, b, c, d]: [N; 4]) -> [N; 2] {
        [a + b + c, b - c + d]
    }

    #[inline(always)]
    fn filter<N: Number>([a, b, c]: [N; 3]) -> [N; 4] {
        let (ends, middle) = ((a + c) * 0.5, b * 0.5);
        [a, ends + middle, ends - middle, c]
    }

    #[inline(always)]
    fn delta<N: Number>([a, b]: [N; 2]) -> [N; 4] {
        [a, a + b, a - b, b]
    }

    #[inline(always)]
    fn sums<N: Number>([a, b, c, d]: [N; 4]) -> [N; 3] {
        let (sum, difference) = ((b + c) * 0.5, (b - c) * 0.5);
        [a + sum, difference, sum + d]
    }
}

/// F(4, 3): interpolates at 0, 1, −1, 2, −2 and ∞.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Four;

impl Form<4, 6> for Four {
    #[inline(always)]
    fn input<N: Number>([a, b, c, d, e, f]: [N; 6]) -> [N; 6] {
        let (even, odd) = (e - c * 4.0, d - b * 4.0);
        let (near, far) = (e - c, (d - b) * 2.0);
        [a * 4.0 - c * 5.0 + e, even + odd, even - odd, near + far, near - far, b * 4.0 - d * 5.0 + f]
    }

    #[inline(always)]
    fn output<N: Number>([a, b, c, d, e, f]: [N; 6]) -> [N; 4] {
        let (one, minus_one) = (b + c, b - c);
        let (two, minus_two) = (d + e, d - e);
        [a + one + two, minus_one + minus_two * 2.0, one + two * 4.0, minus_one + minus_two * 8.0 + f]
    }

    #[inline(always)]
    fn filter<N: Number>([a, b, c]: [N; 3]) -> [N; 6] {
        let (ends, middle) = ((a + c) * (-1.0 / 6.0), b * (-1.0 / 6.0));
        let (far_ends, far_middle) = (a * (1.0 / 24.0) + c * (1.0 / 6.0), b * (1.0 / 12.0));
        [a * 0.25, ends + middle, ends - middle, far_ends + far_middle, far_ends - far_middle, c]
    }

    #[inline(always)]
    fn delta<N: Number>([a, b, c, d]: [N; 4]) -> [N; 6] {
        let (even, odd) = (a + c, b + d);
        let (far_even, far_odd) = (a + c * 4.0, b * 2.0 + d * 8.0);
        [a, even + odd, even - odd, far_even + far_odd, far_even - far_odd, d]
    }

    #[inline(always)]
    fn sums<N: Number>([a, b, c, d, e, f]: [N; 6]) -> [N; 3] {
        let (sum, difference) = ((b + c) * (-1.0 / 6.0), (c - b) * (1.0 / 6.0));
        let (far_sum, far_difference) = (d + e, (d - e) * (1.0 / 12.0));
        [a * 0.25 + sum + far_sum * (1.0 / 24.0), difference + far_difference, sum + far_sum * (1.0 / 6.0) + f]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Outputs of a row of inputs, and sums of an update, by the definition.
    fn plain<const M: usize>(w: [f32; 3], x: &[f32], delta: [f32; M]) -> (Vec<f32>, Vec<f32>) {
        let outputs = (0..M).map(|at| (0..3).map(|tap| w[tap] * x[at + tap]).sum()).collect();
        let sums = (0..3).map(|tap| (0..M).map(|at| delta[at] * x[at + tap]).sum()).collect();
        (outputs, sums)
    }

    fn holds<F: Form<M, A>, const M: usize, const A: usize>(scale: f32, close: f32) {
        let x: [f32; A] = std::array::from_fn(|at| ((at * 7 + 3) % 11) as f32 - 5.0);
        let delta: [f32; M] = std::array::from_fn(|at| ((at * 5 + 1) % 7) as f32 - 3.0);
        let w = [3.0 * scale, -2.0 * scale, 5.0 * scale];
        let (outputs, sums) = plain(w, &x, delta);
        let (of_x, of_w, of_delta) = (F::input(x), F::filter(w), F::delta(delta));
        let product = |of: [f32; A]| -> [f32; A] { std::array::from_fn(|at| of[at] * of_x[at]) };
        let is_close = |got: &[f32], right: &[f32]| {
            got.iter().zip(right).all(|(got, right)| (got - right).abs() <= close * right.abs().max(1.0))
        };
        assert!(is_close(&F::output(product(of_w)), &outputs), "outputs {outputs:?}");
        assert!(is_close(&F::sums(product(of_delta)), &sums), "sums {sums:?}");
    }

    #[test]
    fn two_is_exact_on_whole_numbers_and_four_with_a_filter_that_its_fractions_divide() {
        holds::<Two, 2, 4>(1.0, 0.0);
        holds::<Four, 4, 6>(24.0, 1e-5);
    }
}
