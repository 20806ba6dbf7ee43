//! Twin of `nudge`: a soma between its dendrite and what it is nudged towards, its rate, and how far that is from what the
//! dendrite foretells.

use hebb_spec::lane4::padded;
use hebb_spec::transfer::Nudge;

use crate::real::Real;
use crate::transfer::phi;

/// What `nudge` writes, all `[unit][image]`.
#[derive(Debug)]
pub struct Nudged<'a, T> {
    /// The soma's potential.
    pub u: &'a mut [T],
    /// Its rate.
    pub y: &'a mut [T],
    /// The rate less the dendrite's forecast.
    pub delta: &'a mut [T],
}

/// v, target `[unit][image]` → u = keep · v + pull · target + rest, y = φ(u), delta = y − φ(scale · v) over the first `count`
/// images; 0 beyond.
pub fn nudge<T: Real>((batch, count): (u32, u32), nudge: Nudge, (v, target): (&[T], &[T]), to: &mut Nudged<'_, T>) {
    let b = padded(batch);
    let [keep, pull, rest, scale] = [nudge.keep, nudge.pull, nudge.rest, nudge.scale].map(T::from_f32);
    to.u.fill(T::ZERO);
    to.y.fill(T::ZERO);
    to.delta.fill(T::ZERO);
    for (at, (&v, &target)) in v.iter().zip(target).enumerate() {
        if at % b < count.min(batch) as usize {
            let u = keep * v + pull * target + rest;
            to.u[at] = u;
            to.y[at] = phi(nudge.transfer, u);
            to.delta[at] = to.y[at] - phi(nudge.transfer, scale * v);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::transfer::TransferFunction;

    #[test]
    fn a_soma_stands_between_its_dendrite_and_its_target() {
        let rule = Nudge { transfer: TransferFunction::Identity, keep: 0.75, pull: 0.25, rest: 1.0, scale: 0.5 };
        let (mut u, mut y, mut delta) = ([f32::NAN; 4], [f32::NAN; 4], [f32::NAN; 4]);
        let mut to = Nudged { u: &mut u, y: &mut y, delta: &mut delta };
        nudge((2, 2), rule, (&[4.0, 8.0, 1.0, 1.0], &[8.0, 0.0, 1.0, 1.0]), &mut to);
        assert_eq!((u, y, delta), ([6.0, 7.0, 0.0, 0.0], [6.0, 7.0, 0.0, 0.0], [4.0, 3.0, 0.0, 0.0]));
    }
}
