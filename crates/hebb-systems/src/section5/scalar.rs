//! The scalar systems of appendix 2: what a linear network of k layers does along one direction of its target.

use super::integrate::{IntegrateError, integrate};

/// The system (15), of which (10) is that with k = 2: the weights λ₁ … λ_k of a direction, from λ = 0,
/// λ̇_i = (λ_{R,k} + ελ_k) ⋯ (λ_{R,i+1} + ελ_{i+1}) e λ_{i−1} ⋯ λ₁ with e = λ_T − λ_k ⋯ λ₁.
#[derive(Debug, Clone, PartialEq)]
pub struct Scalar {
    /// λ_T, what the product of the weights is to become.
    pub target: f64,
    /// λ_{R,2} … λ_{R,k}, the feedback weights at the start.
    pub feedback: Vec<f64>,
    /// ε: the share of a weight's increment that its feedback weight learns.
    pub epsilon: f64,
}

impl Scalar {
    /// The number of layers k.
    pub fn layers(&self) -> usize {
        self.feedback.len() + 1
    }

    /// e = λ_T − λ_k ⋯ λ₁.
    pub fn error(&self, weights: &[f64]) -> f64 {
        self.target - weights.iter().product::<f64>()
    }

    /// λ̇, of each λ.
    pub fn derivative(&self, weights: &[f64]) -> Vec<f64> {
        let k = self.layers();
        let error = self.error(weights);
        let back = |at: usize| self.feedback[at - 1] + self.epsilon * weights[at];
        (0..k)
            .map(|at| (at + 1..k).map(back).product::<f64>() * error * weights[..at].iter().product::<f64>())
            .collect()
    }

    /// The weights at the given times, which rise; an integrator's step errs by at most `tolerance` in any λ.
    pub fn run(&self, times: &[f64], tolerance: f64) -> Result<Vec<Vec<f64>>, IntegrateError> {
        integrate(|weights| self.derivative(weights), &vec![0.0; self.layers()], times, tolerance)
    }

    /// What (16) says to be 0 at all times: λ_{R,i} λ_i + ε/2 λ_i² − ½ λ_{i−1}², for i = 2 … k.
    pub fn invariants(&self, weights: &[f64]) -> Vec<f64> {
        let of = |(pair, feedback): (&[f64], &f64)| {
            feedback * pair[1] + self.epsilon / 2.0 * pair[1].powi(2) - 0.5 * pair[0].powi(2)
        };
        weights.windows(2).zip(&self.feedback).map(of).collect()
    }

    /// −ė/e, the rate at which the error falls: the bracket of (17).
    pub fn rate(&self, weights: &[f64]) -> f64 {
        let half = |at: usize| 0.5 * (self.epsilon * weights[at].powi(2) + weights[at - 1].powi(2));
        let below = |at: usize| weights[..at].iter().map(|weight| weight.powi(2)).product::<f64>();
        (0..self.layers()).map(|at| below(at) * (at + 1..self.layers()).map(half).product::<f64>()).sum()
    }

    /// Whether Theorem 2 speaks of it: k = 3 and λ_{R,2} > (1 + √(1+ε))/2 · λ_{R,3}.
    pub fn is_of_theorem_2(&self) -> bool {
        match self.feedback[..] {
            [second, third] => second > (1.0 + (1.0 + self.epsilon).sqrt()) / 2.0 * third,
            _ => false,
        }
    }

    /// Where the weights end: their product is λ_T and (16) holds. By bisection in λ₁, of which all others grow (12).
    pub fn limit(&self) -> Vec<f64> {
        let chain = |first: f64| {
            let mut weights = vec![first];
            for feedback in &self.feedback {
                let below = weights[weights.len() - 1];
                // The positive solution of (16), as G of (13).
                weights.push(below.powi(2) / ((feedback.powi(2) + self.epsilon * below.powi(2)).sqrt() + feedback));
            }
            weights
        };
        let (mut low, mut high) = (0.0, 1.0);
        while self.error(&chain(high)) > 0.0 {
            high *= 2.0;
        }
        for _ in 0..200 {
            let middle = (low + high) / 2.0;
            if self.error(&chain(middle)) > 0.0 { low = middle } else { high = middle }
        }
        chain(high)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const EPSILONS: [f64; 5] = [0.0, 0.25, 0.5, 0.75, 1.0];
    const TOLERANCE: f64 = 1e-12;

    fn two(target: f64, feedback: f64, epsilon: f64) -> Scalar {
        Scalar { target, feedback: vec![feedback], epsilon }
    }

    fn three(epsilon: f64) -> Scalar {
        Scalar { target: 0.8, feedback: vec![0.15, 0.1], epsilon }
    }

    fn times(last: f64) -> Vec<f64> {
        (1..=400).map(|at| f64::from(at) * last / 400.0).collect()
    }

    /// Whether a quantity is larger for the larger of each two neighbouring ε, at all times but where both have come to
    /// the same number within the integrator's error.
    fn grows(of: impl Fn(f64) -> Scalar, last: f64, quantity: impl Fn(&Scalar, &[f64]) -> f64) -> bool {
        let path = |epsilon| {
            let system = of(epsilon);
            let states = system.run(&times(last), TOLERANCE).unwrap();
            states.iter().map(|state| quantity(&system, state)).collect::<Vec<_>>()
        };
        let paths: Vec<Vec<f64>> = EPSILONS.map(path).to_vec();
        paths.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).all(|(less, more)| more > &(less - 1e-9)))
            && paths.windows(2).all(|pair| pair[0].iter().zip(&pair[1]).any(|(less, more)| more > &(less + 1e-4)))
    }

    #[test]
    fn the_equations_are_those_of_the_text() {
        let system = two(0.8, 0.2, 0.5);
        let (l1, l2) = (0.4, 0.3);
        let e = 0.8 - l1 * l2;
        assert_eq!(system.derivative(&[l1, l2]), [(0.2 + 0.5 * l2) * e, e * l1]);
        let (l1, l2, l3) = (0.5, 0.4, 0.3);
        let e = 0.8 - l1 * l2 * l3;
        let wanted = [(0.1 + l3) * (0.15 + l2) * e, (0.1 + l3) * e * l1, e * l2 * l1];
        let given = three(1.0).derivative(&[l1, l2, l3]);
        assert!(given.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-15), "{given:?} {wanted:?}");
    }

    #[test]
    fn the_invariants_hold_within_the_integrators_error() {
        for epsilon in EPSILONS {
            for (system, last) in [(two(0.8, 0.2, epsilon), 20.0), (three(epsilon), 200.0)] {
                let off = |tolerance: f64| {
                    let states = system.run(&[0.1 * last, last], tolerance).unwrap();
                    let each = states.iter().flat_map(|state| system.invariants(state));
                    each.map(f64::abs).fold(0.0, f64::max)
                };
                let tolerances = [1e-4, 1e-7, 1e-10];
                assert!(tolerances.iter().all(|&tolerance| off(tolerance) < 10.0 * tolerance), "{}", off(1e-4));
                assert!(off(1e-10) < off(1e-4).max(1e-13), "{} {}", off(1e-10), off(1e-4));
            }
        }
        assert!(two(0.8, 0.2, 1.0).invariants(&[0.5, 0.5])[0].abs() > 0.01, "other weights have none");
    }

    #[test]
    fn the_error_falls_at_the_rate_of_17() {
        for system in [two(0.8, 0.2, 0.5), three(0.5)] {
            for state in system.run(&[0.5, 2.0, 8.0], TOLERANCE).unwrap() {
                let slope = system.derivative(&state);
                let others = |at: usize| (0..slope.len()).filter(|j| *j != at).map(|j| state[j]).product::<f64>();
                let falls: f64 = slope.iter().enumerate().map(|(at, slope)| slope * others(at)).sum();
                let wanted = system.rate(&state) * system.error(&state);
                assert!((falls - wanted).abs() < 1e-10, "{falls} {wanted}");
            }
        }
    }

    #[test]
    fn theorem_1_the_error_falls_faster_with_a_larger_epsilon() {
        for (target, feedback) in [(0.8, 0.2), (1.0, 0.01), (0.3, 0.05), (0.9, 0.6)] {
            let of = |epsilon| two(target, feedback, epsilon);
            let last = 12.0 / (target * feedback.sqrt());
            assert!(grows(of, last, |system, state| -system.error(state)));
            assert!(grows(of, last, |_, state| state[0]), "the lower weight");
            assert!(grows(of, last, Scalar::rate));
        }
    }

    #[test]
    fn theorem_2_the_lower_weights_grow_with_epsilon() {
        assert!(EPSILONS.iter().all(|&epsilon| three(epsilon).is_of_theorem_2()));
        assert!(!Scalar { feedback: vec![0.1, 0.15], ..three(1.0) }.is_of_theorem_2());
        for feedback in [[0.15, 0.1], [0.05, 0.01], [0.03, 0.02]] {
            let of = |epsilon| Scalar { feedback: feedback.to_vec(), ..three(epsilon) };
            let last = 3.0 / (feedback[0] * feedback[1]);
            assert!(grows(of, last, |system, state| -system.error(state)));
            assert!(grows(of, last, |_, state| state[0]));
            assert!(grows(of, last, |_, state| state[1]));
        }
    }

    /// The text of Theorem 2 has λ₃ grow with ε, too. It cannot: λ₁ λ₂ λ₃ ends at λ_T whatever ε is, and λ₁, λ₂ end
    /// higher. Early on it does.
    #[test]
    fn the_top_weight_is_larger_at_first_and_smaller_in_the_end() {
        for (of, last) in [(&(|epsilon| two(0.8, 0.2, epsilon)) as &dyn Fn(f64) -> Scalar, 40.0), (&three, 2000.0)] {
            assert!(!grows(of, last, |_, state| state[state.len() - 1]));
            let tops = |epsilon| {
                let states = of(epsilon).run(&times(last), TOLERANCE).unwrap();
                states.into_iter().filter_map(|state| state.last().copied()).collect::<Vec<_>>()
            };
            let more: Vec<f64> = tops(1.0).iter().zip(tops(0.0)).map(|(one, zero)| one - zero).collect();
            let turn = more.iter().position(|more| *more < 0.0).unwrap();
            assert!(more[..turn].iter().any(|more| *more > 1e-3) && more[turn..].iter().all(|more| *more < 0.0));
            assert!(more[399] < -0.1);
        }
    }

    #[test]
    fn the_limits_are_where_the_integration_ends() {
        let tops: Vec<f64> = [0.0, 0.5, 1.0].map(|epsilon| two(0.8, 0.2, epsilon).limit()[1]).to_vec();
        for (top, wanted) in tops.iter().zip([1.169, 0.908, 0.809]) {
            assert!((top - wanted).abs() < 1e-3, "{tops:?}");
        }
        for (system, last) in [(two(0.8, 0.2, 0.5), 60.0), (three(1.0), 400.0), (three(0.0), 4000.0)] {
            let end = &system.run(&[last], TOLERANCE).unwrap()[0];
            assert!(end.iter().zip(system.limit()).all(|(a, b)| (a - b).abs() < 1e-7), "{end:?} {:?}", system.limit());
        }
    }
}
