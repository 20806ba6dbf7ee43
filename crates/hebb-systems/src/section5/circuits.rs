//! The two local networks of appendix 1: one computes the output's error signal (6), one shuts feedback off by (3).

/// Numbers of which the circuit of the output cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the output's circuit needs 0 < S < M, 0 < mu <= 1 and epsilon > 0, not S {}, M {}, mu {}, epsilon {}",
    .0.threshold, .0.bound, .0.mu, .0.excess)]
pub struct CircuitError(pub Output);

/// The circuit of an output unit: the unit δ_c with the input H_c = h_c + 2M s_c − 2M t_c, and a control unit t_c that
/// shuts it off where h_c is right by more than S.
///
/// The text lets h_c lie in the closed [−M, M] and gives σ_δ two values at ±M, 0 and the signal. Neither serves both
/// h_c = M and h_c = −M; here it is the signal, so that the circuit rests where it should for all of [−M, M], and
/// visits 0 where it should for |h_c| < M.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Output {
    /// S, the learning threshold (1 in the text's equation 6).
    pub threshold: f64,
    /// M, past which no input h_c lies.
    pub bound: f64,
    /// μ, the signal's size for the classes that are not shown.
    pub mu: f64,
    /// ε, by how much the unit exceeds its signal before it is shut off.
    pub excess: f64,
}

/// The activity of the circuit: the unit δ_c and the control unit t_c.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Activity {
    /// δ_c.
    pub delta: f64,
    /// t_c: −1, 0 or 1.
    pub control: f64,
}

/// Which class is shown: s_c.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// The unit's own: s_c = 1.
    Own,
    /// Another: s_c = −1.
    Other,
}

impl Shown {
    /// s_c.
    pub fn sign(self) -> f64 {
        match self {
            Shown::Own => 1.0,
            Shown::Other => -1.0,
        }
    }
}

impl Output {
    /// The circuit, if it can be one.
    pub fn new(threshold: f64, bound: f64, mu: f64, excess: f64) -> Result<Self, CircuitError> {
        let circuit = Self { threshold, bound, mu, excess };
        let is_one = threshold > 0.0 && bound > threshold && bound.is_finite() && mu > 0.0 && mu <= 1.0;
        if is_one && excess > 0.0 && excess.is_finite() { Ok(circuit) } else { Err(CircuitError(circuit)) }
    }

    /// σ_δ, of the unit.
    pub fn unit(&self, input: f64) -> f64 {
        let (m, most) = (self.bound, 2.0 * self.bound + self.threshold);
        if input > most {
            1.0 + self.excess
        } else if input >= m {
            1.0
        } else if input > -m {
            0.0
        } else if input >= -most {
            -self.mu
        } else {
            -self.mu - self.excess
        }
    }

    /// σ_t, of the control unit.
    pub fn control(&self, delta: f64) -> f64 {
        if delta > 1.0 {
            1.0
        } else if delta < -self.mu {
            -1.0
        } else {
            0.0
        }
    }

    /// The next activity, for an input h_c: first the unit by the control unit as it was, then the control unit.
    pub fn step(&self, h: f64, shown: Shown, control: f64) -> Activity {
        let delta = self.unit(h + 2.0 * self.bound * (shown.sign() - control));
        Activity { delta, control: self.control(delta) }
    }

    /// The activity of `steps` steps, from a control unit at `control`.
    pub fn run(&self, h: f64, shown: Shown, control: f64, steps: usize) -> Vec<Activity> {
        let mut path: Vec<Activity> = Vec::with_capacity(steps);
        for _ in 0..steps {
            let control = path.last().map_or(control, |last| last.control);
            path.push(self.step(h, shown, control));
        }
        path
    }

    /// What (6) asks for: 1 for the own class where h_c ≤ S, −μ for another where h_c ≥ −S, else 0.
    pub fn wanted(&self, h: f64, shown: Shown) -> f64 {
        match shown {
            Shown::Own if h <= self.threshold => 1.0,
            Shown::Other if h >= -self.threshold => -self.mu,
            _ => 0.0,
        }
    }
}

/// The feedback δ̃ that passes a unit whose forward activity is x, by the control units u = 1[x ≥ 1] and v = −1[x ≤ −1]:
/// δ̃ = σ(δ − 2K u + 2K v), σ(z) = z from −K on and 0 below. It is (3) for |δ| < K: δ where |x| < 1, and 0 elsewhere.
pub fn shut_off(x: f64, delta: f64, bound: f64) -> f64 {
    let (u, v) = (f64::from(u8::from(x >= 1.0)), -f64::from(u8::from(x <= -1.0)));
    let input = delta - 2.0 * bound * u + 2.0 * bound * v;
    if input >= -bound { input } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHOWN: [Shown; 2] = [Shown::Own, Shown::Other];

    fn circuit(mu: f64) -> Output {
        Output::new(1.0, 3.0, mu, 0.25).unwrap()
    }

    fn grid(most: f64) -> impl Iterator<Item = f64> {
        (-600..=600).map(move |at| f64::from(at) / 600.0 * most)
    }

    #[test]
    fn where_6_is_not_0_the_circuit_rests_there() {
        for mu in [1.0 / 9.0, 0.5, 1.0] {
            let circuit = circuit(mu);
            let mut rests = 0;
            for (h, shown) in grid(3.0).flat_map(|h| SHOWN.map(|shown| (h, shown))) {
                let wanted = circuit.wanted(h, shown);
                for control in [-1.0, 0.0, 1.0] {
                    let path = circuit.run(h, shown, control, 12);
                    if wanted != 0.0 {
                        // From a control unit at 0 at once; from any other it comes there.
                        let from = if control == 0.0 { 0 } else { 4 };
                        assert!(
                            path[from..].iter().all(|now| now.delta == wanted && now.control == 0.0),
                            "{h} {path:?}"
                        );
                        rests += 1;
                    }
                }
            }
            assert_eq!(rests, 3 * 2 * 801, "h from -3 to 1, and from -1 to 3");
        }
    }

    #[test]
    fn elsewhere_it_follows_the_cycle_of_the_text_and_visits_0() {
        let circuit = circuit(0.5);
        for (h, shown) in grid(2.999).flat_map(|h| SHOWN.map(|shown| (h, shown))) {
            if circuit.wanted(h, shown) != 0.0 {
                continue;
            }
            let top = if shown == Shown::Own { 1.25 } else { -0.75 };
            let on = Activity { delta: top, control: shown.sign() };
            let off = Activity { delta: 0.0, control: 0.0 };
            assert_eq!(circuit.run(h, shown, 0.0, 6), [on, off, on, off, on, off], "{h}");
            for control in [-1.0, 1.0] {
                let path = circuit.run(h, shown, control, 12);
                assert!(
                    path[4..].windows(2).all(|pair| pair[0] != pair[1] && pair.contains(&off) && pair.contains(&on))
                );
            }
        }
    }

    #[test]
    fn at_the_bound_itself_the_text_cannot_have_both() {
        let circuit = circuit(0.5);
        assert!(circuit.run(-3.0, Shown::Own, 0.0, 6).iter().all(|now| now.delta == 1.0));
        assert!(circuit.run(3.0, Shown::Own, 0.0, 6).iter().all(|now| now.delta != 0.0), "0 is not visited at h = M");
    }

    #[test]
    fn the_second_circuit_gives_3() {
        let bound = 2.0;
        for x in grid(1.5).chain([1.0, -1.0]) {
            for delta in grid(1.999) {
                let wanted = if x.abs() >= 1.0 { 0.0 } else { delta };
                assert_eq!(shut_off(x, delta, bound), wanted, "{x} {delta}");
            }
        }
        assert_eq!(shut_off(1.0, 2.0, bound), -2.0, "a signal at K itself gets through");
    }

    #[test]
    fn numbers_that_make_no_circuit_are_refused() {
        for (s, m, mu, excess) in
            [(0.0, 3.0, 0.5, 0.1), (3.0, 3.0, 0.5, 0.1), (1.0, 3.0, 1.5, 0.1), (1.0, 3.0, 0.5, 0.0)]
        {
            assert!(Output::new(s, m, mu, excess).is_err());
        }
        let error = Output::new(1.0, f64::NAN, 0.5, 0.1).unwrap_err().to_string();
        assert!(error.ends_with("not S 1, M NaN, mu 0.5, epsilon 0.1"), "{error}");
    }
}
