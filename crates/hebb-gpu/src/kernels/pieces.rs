//! Weights that pass the device's largest binding: cut into runs of output rows, or of vectors, one dispatch each.

use std::ops::Range;

use hebb_spec::connection::Connection;

use super::Bound;
use crate::variant::Tuning;

/// Bytes of a four-vector.
const VECTOR: u64 = 16;

/// A run of output rows and the bound window that holds their weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Rows {
    /// The rows.
    pub rows: Range<u32>,
    /// Four-vectors before the window.
    pub before: u64,
    /// The window; `None`: the whole tensor.
    pub window: Option<Range<u64>>,
}

impl Rows {
    /// The window of a tensor of weights.
    pub(crate) fn bound(&self, tensor: usize) -> Bound {
        Bound { tensor, window: self.window.clone() }
    }

    /// Where place 0 would lie in the window, in four-vectors, wrapping.
    pub(crate) fn start(&self) -> u32 {
        0_u32.wrapping_sub(self.before as u32)
    }
}

/// The output rows of a connection in runs whose weights fit a binding: one run where all do.
pub(crate) fn rows(connection: &Connection, tuning: &Tuning) -> Vec<Rows> {
    let bytes = 4 * connection.device_len() as u64;
    let height = connection.output.height;
    if !connection.untied || bytes <= tuning.max_binding {
        return vec![Rows { rows: 0..height, before: 0, window: None }];
    }
    let row = bytes / u64::from(height);
    // A window begins at an aligned address at or before its first row.
    let room = tuning.max_binding.saturating_sub(tuning.alignment);
    let count = u32::try_from((room / row).max(1)).unwrap_or(height);
    let piece = |first: u32| {
        let rows = first..(first + count).min(height);
        let start = u64::from(first) * row / tuning.alignment * tuning.alignment;
        Rows { window: Some(start..u64::from(rows.end) * row), before: start / VECTOR, rows }
    };
    (0..height).step_by(count as usize).map(piece).collect()
}

/// `vectors` four-vectors in runs that fit a binding, each but the last a multiple of `unit` vectors and aligned.
pub(crate) fn runs(vectors: u32, unit: u32, tuning: &Tuning) -> Vec<Range<u32>> {
    let unit = unit.max((tuning.alignment / VECTOR) as u32);
    let most = u32::try_from(tuning.max_binding / VECTOR).unwrap_or(u32::MAX) / unit * unit;
    (0..vectors).step_by(most.max(unit) as usize).map(|first| first..(first + most.max(unit)).min(vectors)).collect()
}

/// A run's window of a tensor.
pub(crate) fn window(tensor: usize, run: &Range<u32>) -> Bound {
    Bound { tensor, window: Some(VECTOR * u64::from(run.start)..VECTOR * u64::from(run.end)) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    fn tuning(max_binding: u64) -> Tuning {
        Tuning { max_binding, alignment: 256, ..Tuning::default() }
    }

    #[test]
    fn runs_of_rows_cover_all_and_fit() {
        // A row is 3 places of 5 · 2 vectors: 480 bytes, no multiple of the alignment.
        let connection = Connection::conv(Shape::new(5, 7, 3), 6, 1, 1).untie();
        let pieces = rows(&connection, &tuning(1500));
        let cut: Vec<Range<u32>> = pieces.iter().map(|piece| piece.rows.clone()).collect();
        assert_eq!(cut, [0..2, 2..4, 4..6, 6..7]);
        for piece in &pieces {
            let window = piece.window.clone().unwrap();
            assert!(window.end - window.start <= 1500 && window.start % 256 == 0);
            assert!(window.start <= u64::from(piece.rows.start) * 480 && window.end == u64::from(piece.rows.end) * 480);
            assert_eq!(piece.before * 16, window.start);
        }
        assert_eq!(rows(&connection, &tuning(1 << 20)).len(), 1);
        assert_eq!(rows(&connection.tie(), &tuning(16)).len(), 1, "a tied filter is not cut");
    }

    #[test]
    fn runs_of_vectors_cover_all_and_fit() {
        assert_eq!(runs(100, 1, &tuning(512)), [0..32, 32..64, 64..96, 96..100]);
        assert_eq!(runs(100, 24, &tuning(16 * 50)), [0..48, 48..96, 96..100]);
        assert_eq!(runs(100, 24, &tuning(1 << 20)), vec![0..100; 1]);
    }
}
