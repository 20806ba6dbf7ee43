//! Twin of `record`: activity of some repeats, kept row by row.

use hebb_spec::lane4::padded;

use crate::real::Real;

/// x `[unit][image]` → row (repeat / every) mod rows of ring `[row][image][unit]`, where `every` divides the repeat's index.
pub fn record<T: Real>((units, batch): (u32, u32), (every, rows): (u32, u32), repeat: u32, x: &[T], ring: &mut [T]) {
    if !repeat.is_multiple_of(every) {
        return;
    }
    let (b, units, row) = (padded(batch), units as usize, (repeat / every % rows) as usize);
    let images = ring[row * units * batch as usize..].chunks_exact_mut(units).take(batch as usize);
    for (image, row) in images.enumerate() {
        for (unit, to) in row.iter_mut().enumerate() {
            *to = x[unit * b + image];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_every_nth_repeat() {
        let x = |value: f32| [value, value + 1.0, 9.0, 9.0, value + 10.0, value + 11.0, 9.0, 9.0];
        let mut ring = [0.0; 8];
        record((2, 2), (3, 2), 3, &x(1.0), &mut ring);
        record((2, 2), (3, 2), 4, &x(5.0), &mut ring);
        assert_eq!(ring, [0.0, 0.0, 0.0, 0.0, 1.0, 11.0, 2.0, 12.0]);
        record((2, 2), (3, 2), 6, &x(5.0), &mut ring);
        assert_eq!(ring, [5.0, 15.0, 6.0, 16.0, 1.0, 11.0, 2.0, 12.0]);
    }
}
