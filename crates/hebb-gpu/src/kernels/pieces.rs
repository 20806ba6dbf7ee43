//! Weights that pass the device's largest binding: cut into pieces, one dispatch each.

use std::ops::Range;

use hebb_spec::connection::Connection;
use hebb_spec::lane4::Lane4;
use hebb_spec::operand::Slot;

use super::launch::{Bound, Source};
use crate::variant::Tuning;

/// Bytes of a four-vector.
const VECTOR: u64 = 16;

/// A part of a connection's weights, and the bound window that holds it: a run of output rows of an untied layer, or of
/// input channels of a tied or full one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    /// The output rows.
    pub rows: Range<u32>,
    /// The input channels.
    pub inputs: Range<u32>,
    /// Four-vectors before the window.
    pub before: u64,
    /// The window; `None`: the whole tensor.
    pub window: Option<Range<u64>>,
}

impl Piece {
    /// The window of a tensor of weights.
    pub(crate) fn bound(&self, slot: Slot) -> Bound {
        Bound { source: Source::Operand(slot), window: self.window.clone() }
    }

    /// Where the weights begin in the window, in four-vectors, wrapping.
    pub(crate) fn start(&self) -> u32 {
        0_u32.wrapping_sub(self.before as u32)
    }
}

/// Bytes of the smallest part of a connection's weights that can be bound: a row's, or an input channel's.
pub(crate) fn smallest(connection: &Connection) -> u64 {
    let parts = if connection.untied { connection.output.height } else { connection.input.channels };
    4 * connection.lane4_len() as u64 / u64::from(parts)
}

/// A connection's weights in pieces that fit a binding: one where all do.
pub(crate) fn cut(connection: &Connection, tuning: &Tuning) -> Vec<Piece> {
    let (rows, inputs) = (0..connection.output.height, 0..connection.input.channels);
    if 4 * connection.lane4_len() as u64 <= tuning.caps.max_binding {
        return vec![Piece { rows, inputs, before: 0, window: None }];
    }
    let (part, parts) = (smallest(connection), if connection.untied { rows.end } else { inputs.end });
    // A window begins at an aligned address at or before its first part.
    let room = tuning.caps.max_binding.saturating_sub(tuning.caps.alignment);
    let count = u32::try_from((room / part).max(1)).unwrap_or(parts);
    let piece = |first: u32| {
        let run = first..(first + count).min(parts);
        let start = u64::from(first) * part / tuning.caps.alignment * tuning.caps.alignment;
        let (before, window) = (start / VECTOR, Some(start..u64::from(run.end) * part));
        match connection.untied {
            true => Piece { rows: run, inputs: inputs.clone(), before, window },
            false => Piece { rows: rows.clone(), inputs: run, before, window },
        }
    };
    (0..parts).step_by(count as usize).map(piece).collect()
}

/// `vectors` four-vectors in runs that fit a binding, each but the last a multiple of `unit` vectors and aligned.
pub(crate) fn runs(vectors: u32, unit: u32, tuning: &Tuning) -> Vec<Range<u32>> {
    let unit = unit.max((tuning.caps.alignment / VECTOR) as u32);
    let most = u32::try_from(tuning.caps.max_binding / VECTOR).unwrap_or(u32::MAX) / unit * unit;
    (0..vectors).step_by(most.max(unit) as usize).map(|first| first..(first + most.max(unit)).min(vectors)).collect()
}

/// A run's window of a tensor.
pub(crate) fn window(slot: Slot, run: &Range<u32>) -> Bound {
    Bound::window(slot, VECTOR * u64::from(run.start)..VECTOR * u64::from(run.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::variant::Caps;
    use hebb_spec::Shape;

    fn tuning(max_binding: u64) -> Tuning {
        Tuning { caps: Caps { max_binding, alignment: 256, ..Caps::default() }, ..Tuning::default() }
    }

    #[test]
    fn runs_of_rows_cover_all_and_fit() {
        // A row is 3 places of 5 · 2 vectors: 480 bytes, no multiple of the alignment.
        let connection = Connection::conv(Shape::new(5, 7, 3), 6, 1, 1).untie();
        let pieces = cut(&connection, &tuning(1500));
        let runs: Vec<Range<u32>> = pieces.iter().map(|piece| piece.rows.clone()).collect();
        assert_eq!(runs, [0..2, 2..4, 4..6, 6..7]);
        for piece in &pieces {
            let window = piece.window.clone().unwrap();
            assert!(window.end - window.start <= 1500 && window.start % 256 == 0);
            assert!(window.start <= u64::from(piece.rows.start) * 480 && window.end == u64::from(piece.rows.end) * 480);
            assert_eq!((piece.before * 16, &piece.inputs), (window.start, &(0..5)));
        }
        assert_eq!(cut(&connection, &tuning(1 << 20)).len(), 1);
    }

    #[test]
    fn a_full_layer_is_cut_by_its_inputs() {
        // An input is 2 vectors.
        let pieces = cut(&Connection::full(Shape::flat(37), 6), &tuning(700));
        let runs: Vec<Range<u32>> = pieces.iter().map(|piece| piece.inputs.clone()).collect();
        assert_eq!(runs, [0..13, 13..26, 26..37]);
        assert_eq!(pieces[1].window, Some(256..26 * 32));
        assert!(pieces.iter().all(|piece| piece.rows == (0..1)));
    }

    #[test]
    fn runs_of_vectors_cover_all_and_fit() {
        assert_eq!(runs(100, 1, &tuning(512)), [0..32, 32..64, 64..96, 96..100]);
        assert_eq!(runs(100, 24, &tuning(16 * 50)), [0..48, 48..96, 96..100]);
        assert_eq!(runs(100, 24, &tuning(1 << 20)), vec![0..100; 1]);
    }
}
