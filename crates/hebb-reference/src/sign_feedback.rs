//! Twin of `sign_feedback`: R = |M| ⊙ sign(W) (Liao, Leibo and Poggio 2016; Moskovitz et al. 2018).

use hebb_spec::connection::Connection;
use hebb_spec::lane4::{LANE, Lane4};
use hebb_spec::learning::Magnitudes;
use hebb_spec::rng::{Purpose, Stream};

use crate::geometry::weight_row;
use crate::real::Real;
use crate::step::TwinStep;

/// r `[filter][C_in][ky][kx][C_out]` from w: s · sign(w); or its own magnitude with w's sign, where a w of exactly 0
/// counts as positive so that no magnitude is lost; or |(2u − 1) · bound| · sign(w) with u of (seed, layer, step, index
/// in a checkpoint's order).
pub fn sign_feedback<T: Real>(c: &Connection, magnitudes: Magnitudes, step: &TwinStep, w: &[T], r: &mut [T]) {
    let sign = |w: T| match w {
        w if w > T::ZERO => T::ONE,
        w if w < T::ZERO => -T::ONE,
        _ => T::ZERO,
    };
    match magnitudes {
        Magnitudes::Uniform(s) => {
            for (r, &w) in r.iter_mut().zip(w) {
                *r = T::from_f32(s) * sign(w);
            }
        }
        Magnitudes::Kept => {
            for (r, &w) in r.iter_mut().zip(w) {
                *r = if w < T::ZERO { -r.abs() } else { r.abs() };
            }
        }
        Magnitudes::Drawn { bound, layer } => {
            let stream = Stream::new(step.seed, Purpose::Magnitudes, layer, step.step);
            let (row, taps, outputs) = (weight_row(c), c.taps() as usize, c.output.channels as usize);
            let filter = (c.filter_vectors() * LANE) as usize;
            for (at, (r, &w)) in r.iter_mut().zip(w).enumerate() {
                let (place, tap, out) = (at / filter, at % filter / row, at % row);
                *r = T::ZERO;
                if out < outputs {
                    let index = (place * outputs + out) * taps + tap;
                    let m = T::from_f32(2.0 * stream.unit(index as u64) - 1.0) * T::from_f32(bound);
                    *r = m.abs() * sign(w);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn magnitudes_are_one_kept_or_drawn() {
        let c = Connection::full(Shape::flat(1), 3);
        let w = [-0.5, 0.25, 0.0, 0.0];
        let step = TwinStep { seed: 3, step: 7, ..TwinStep::default() };
        let signs = |magnitudes, mut r: [f32; 4]| {
            sign_feedback(&c, magnitudes, &step, &w, &mut r);
            r
        };
        assert_eq!(signs(Magnitudes::Uniform(0.75), [f32::NAN; 4]), [-0.75, 0.75, 0.0, 0.0]);
        assert_eq!(signs(Magnitudes::Kept, [2.0, -3.0, -4.0, 0.0]), [-2.0, 3.0, 4.0, 0.0]);
        let drawn = signs(Magnitudes::Drawn { bound: 0.5, layer: 2 }, [f32::NAN; 4]);
        let unit = |index| (2.0 * Stream::new(3, Purpose::Magnitudes, 2, 7).unit(index) - 1.0).abs() * 0.5;
        assert_eq!(drawn, [-unit(0), unit(1), 0.0, 0.0]);
    }
}
