//! Twin of `integrate`: a step of Euler's.

use hebb_spec::lane4::padded;
use hebb_spec::rng::{GAUSSIAN, GAUSSIAN_SCALE, Purpose, Stream, byte_sum};
use hebb_spec::transfer::Euler;

use crate::real::Real;
use crate::step::TwinStep;

/// v, v2 `[unit][image]`; u = keep · u + first · v + second · v2 + scale · n over the true images; 0 beyond. n is the
/// Gaussian number of (seed, layer, step, repeat, image, unit). In the first repeat u counts as 0 where it restarts.
pub fn integrate<T: Real>(batch: u32, euler: Euler, step: &TwinStep, (v, v2): (&[T], Option<&[T]>), u: &mut [T]) {
    let b = padded(batch);
    let units = u.len() / b;
    let (keep, first) = (T::from_f32(euler.keep), T::from_f32(euler.first));
    let second = v2.zip(euler.second.map(T::from_f32));
    let noise = euler
        .noise
        .map(|noise| (T::from_f32(noise.scale), Stream::new(step.seed, Purpose::Noise, noise.layer, step.step)));
    for (at, u) in u.iter_mut().enumerate() {
        let (unit, image) = (at / b, at % b);
        if image >= step.images.min(batch) as usize {
            *u = T::ZERO;
            continue;
        }
        let before = if euler.restart && step.repeat == 0 { T::ZERO } else { *u };
        let mut next = keep * before + first * v[at];
        if let Some((v2, second)) = second {
            next += second * v2[at];
        }
        if let Some((scale, stream)) = noise {
            next += scale * gaussian(stream.pair(step.repeat, (image * units + unit) as u32));
        }
        *u = next;
    }
}

/// [`hebb_spec::rng::gaussian`] in any precision.
pub(crate) fn gaussian<T: Real>(pair: [u32; 2]) -> T {
    let z = T::from_f32(byte_sum(pair) as f32) * T::from_f32(GAUSSIAN_SCALE);
    let (q, c) = (z * z, GAUSSIAN.map(T::from_f32));
    z * (c[0] + q * (c[1] + q * (c[2] + q * c[3])))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::transfer::Noise;

    const EULER: Euler = Euler { keep: 0.5, first: 2.0, second: None, noise: None, restart: false };

    #[test]
    fn a_soma_leaks_and_takes_its_inputs() {
        let step = TwinStep { images: 1, ..TwinStep::default() };
        let mut u = [4.0_f32, 7.0, 7.0, 7.0];
        integrate(1, EULER, &step, (&[3.0, 9.0, 9.0, 9.0], None), &mut u);
        assert_eq!(u, [8.0, 0.0, 0.0, 0.0]);
        let euler = Euler { second: Some(0.25), restart: true, ..EULER };
        integrate(1, euler, &step, (&[3.0; 4], Some(&[8.0; 4])), &mut u);
        assert_eq!(u[0], 8.0, "begun anew");
        integrate(1, euler, &TwinStep { repeat: 1, ..step }, (&[3.0; 4], Some(&[8.0; 4])), &mut u);
        assert_eq!(u[0], 12.0);
    }

    #[test]
    fn noise_depends_on_where_it_is_drawn_and_not_on_padding() {
        let noise = Some(Noise { scale: 2.0, layer: 3 });
        let euler = Euler { keep: 0.0, first: 0.0, noise, ..EULER };
        let run = |batch: u32, step: &TwinStep| {
            let mut u = vec![0.0_f32; 2 * padded(batch)];
            integrate(batch, euler, step, (&vec![0.0; u.len()], None), &mut u);
            u
        };
        let step = TwinStep { seed: 7, step: 5, images: 2, repeat: 9, ..TwinStep::default() };
        let (few, many) = (run(2, &step), run(5, &step));
        assert_eq!((&few[..2], &few[4..6]), (&many[..2], &many[8..10]));
        let stream = Stream::new(7, Purpose::Noise, 3, 5);
        assert_eq!(few[5], 2.0 * hebb_spec::rng::gaussian(stream.pair(9, 3)), "unit 1 of image 1");
        assert_ne!(run(2, &TwinStep { repeat: 8, ..step }), few);
        assert_ne!(run(2, &TwinStep { step: 4, ..step }), few);
    }
}
