//! An integrator for ordinary differential equations whose steps follow their error (Dormand and Prince 1980, 5(4)).

/// A system that could not be integrated any further.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the system cannot be integrated past time {time}: a step of {step:.1e} is too long for it")]
pub struct IntegrateError {
    /// Where it stopped.
    pub time: f64,
    /// The step that was still too long.
    pub step: f64,
}

/// Steps that may fail one after another before a system counts as one that cannot be integrated.
const TRIES: u32 = 60;

/// What each stage takes of those before it. The last is the step itself, of fifth order.
const STAGES: [&[f64]; 7] = [
    &[],
    &[1.0 / 5.0],
    &[3.0 / 40.0, 9.0 / 40.0],
    &[44.0 / 45.0, -56.0 / 15.0, 32.0 / 9.0],
    &[19372.0 / 6561.0, -25360.0 / 2187.0, 64448.0 / 6561.0, -212.0 / 729.0],
    &[9017.0 / 3168.0, -355.0 / 33.0, 46732.0 / 5247.0, 49.0 / 176.0, -5103.0 / 18656.0],
    &[35.0 / 384.0, 0.0, 500.0 / 1113.0, 125.0 / 192.0, -2187.0 / 6784.0, 11.0 / 84.0],
];

/// The fifth order less the fourth: a step's error.
const ERROR: [f64; 7] =
    [71.0 / 57600.0, 0.0, -71.0 / 16695.0, 71.0 / 1920.0, -17253.0 / 339_200.0, 22.0 / 525.0, -1.0 / 40.0];

/// The states of ẋ = f(x) at the given times, from `start` at time 0. `tolerance` is the largest error that a step may
/// add to any number, as a share of its size or 1, whichever is more. Times rise.
pub fn integrate(
    derivative: impl Fn(&[f64]) -> Vec<f64>,
    start: &[f64],
    times: &[f64],
    tolerance: f64,
) -> Result<Vec<Vec<f64>>, IntegrateError> {
    let (mut state, mut time, mut length) = (start.to_vec(), 0.0, 1e-3);
    let mut states = Vec::with_capacity(times.len());
    for &until in times {
        let mut failed = 0;
        while time < until {
            let step = f64::min(length, until - time);
            let (next, error) = advance(&derivative, &state, step, tolerance);
            if error <= 1.0 {
                // The last step to a time that is asked for ends on it exactly.
                time = if step == until - time { until } else { time + step };
                (state, failed) = (next, 0);
            } else {
                failed += 1;
                if failed == TRIES {
                    return Err(IntegrateError { time, step });
                }
            }
            // A step that was cut short for a time says little about the next.
            if error > 1.0 || step == length {
                let factor = if error.is_finite() { 0.9 * error.max(1e-6).powf(-0.2) } else { 0.2 };
                length = step * factor.clamp(0.2, 5.0);
            }
        }
        states.push(state.clone());
    }
    Ok(states)
}

/// One step; its error in tolerances, not a number where the system has none.
fn advance(f: &impl Fn(&[f64]) -> Vec<f64>, state: &[f64], step: f64, tolerance: f64) -> (Vec<f64>, f64) {
    let mut slopes: Vec<Vec<f64>> = Vec::with_capacity(STAGES.len());
    let mut next = state.to_vec();
    for shares in STAGES {
        let sum = |at: usize| shares.iter().zip(&slopes).map(|(share, slope)| share * slope[at]).sum::<f64>();
        next = state.iter().enumerate().map(|(at, x)| x + step * sum(at)).collect();
        slopes.push(f(&next));
    }
    let error = |at: usize| step * ERROR.iter().zip(&slopes).map(|(share, slope)| share * slope[at]).sum::<f64>();
    let most = (0..state.len())
        .map(|at| error(at).abs() / (tolerance * state[at].abs().max(next[at].abs()).max(1.0)))
        .fold(0.0, |most: f64, error| if error.is_nan() { f64::NAN } else { most.max(error) });
    (next, most)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The stages' places within a step.
    const PLACES: [f64; 7] = [0.0, 0.2, 0.3, 0.8, 8.0 / 9.0, 1.0, 1.0];

    #[test]
    fn the_coefficients_are_consistent() {
        for (shares, place) in STAGES.iter().zip(PLACES) {
            assert!((shares.iter().sum::<f64>() - place).abs() < 1e-14);
        }
        assert!(ERROR.iter().sum::<f64>().abs() < 1e-15);
    }

    #[test]
    fn a_circle_closes() {
        let circle = |x: &[f64]| vec![-x[1], x[0]];
        let turn = std::f64::consts::TAU;
        let states = integrate(circle, &[1.0, 0.0], &[turn / 4.0, turn, 10.0 * turn], 1e-11).unwrap();
        for (state, wanted) in states.iter().zip([[0.0, 1.0], [1.0, 0.0], [1.0, 0.0]]) {
            assert!(state.iter().zip(wanted).all(|(a, b)| (a - b).abs() < 1e-8), "{states:?}");
        }
    }

    #[test]
    fn the_error_falls_with_the_tolerance() {
        let end = |tolerance| integrate(|x| vec![x[0]], &[1.0], &[3.0], tolerance).unwrap()[0][0];
        let off = |tolerance| (end(tolerance) / 3f64.exp() - 1.0).abs();
        assert!(off(1e-6) < 1e-5 && off(1e-10) < 1e-9 && off(1e-10) < off(1e-6) / 100.0);
    }

    #[test]
    fn what_runs_away_is_an_error_and_not_a_loop() {
        let error = integrate(|x| vec![x[0] * x[0]], &[1.0], &[2.0], 1e-9).unwrap_err();
        assert!((error.time - 1.0).abs() < 1e-3, "{error}");
        assert!(integrate(|_| vec![f64::NAN], &[1.0], &[2.0], 1e-9).is_err());
        assert_eq!(integrate(|_| vec![f64::NAN], &[1.0], &[0.0], 1e-9).unwrap(), [[1.0]], "nothing to do");
    }
}
