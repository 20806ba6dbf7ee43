//! What a run learns from: records, which become the inputs of a step.

use hebb_data::{Pairs, Patterns, Split, Vectors};
use hebb_spec::backend::Numbers;

/// Numbers of an input, one record after another.
#[derive(Debug, Clone, PartialEq)]
pub enum Column {
    /// Images as bytes.
    Bytes(Vec<u8>),
    /// Labels.
    Classes(Vec<u16>),
    /// Activity.
    Floats(Vec<f32>),
}

/// Some records as inputs by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Gathered(pub Vec<(&'static str, Column)>);

impl Gathered {
    /// The inputs of a step.
    pub fn inputs(&self) -> Vec<(&str, Numbers<'_>)> {
        self.0.iter().map(|(name, column)| (*name, column.numbers())).collect()
    }
}

impl Column {
    fn numbers(&self) -> Numbers<'_> {
        match self {
            Column::Bytes(bytes) => Numbers::Bytes(bytes),
            Column::Classes(classes) => Numbers::Classes(classes),
            Column::Floats(floats) => Numbers::Floats(floats),
        }
    }
}

/// Records that a run learns from, or is judged by.
pub trait Records {
    /// How many there are.
    fn count(&self) -> usize;

    /// Replaces `into` by the records at `indices`, as inputs of the system that learns from them. Records that are drawn
    /// anew each time go by the epoch, counted from 0; all others are the same in each.
    fn gather(&self, epoch: u32, indices: &[u32], into: &mut Gathered);
}

/// Images with labels are the inputs `images` and `labels`.
impl Records for Split {
    fn count(&self) -> usize {
        self.len()
    }

    fn gather(&self, _epoch: u32, indices: &[u32], into: &mut Gathered) {
        if !matches!(into.0[..], [(_, Column::Bytes(_)), (_, Column::Classes(_))]) {
            into.0 = vec![("images", Column::Bytes(Vec::new())), ("labels", Column::Classes(Vec::new()))];
        }
        if let [(_, Column::Bytes(images)), (_, Column::Classes(labels))] = &mut into.0[..] {
            self.copy_records(indices, images);
            labels.clear();
            labels.extend(indices.iter().map(|&record| self.labels()[record as usize]));
        }
    }
}

/// Vectors are the input `x`.
impl Records for Vectors {
    fn count(&self) -> usize {
        Vectors::count(self)
    }

    fn gather(&self, _epoch: u32, indices: &[u32], into: &mut Gathered) {
        let values = indices.iter().flat_map(|&record| self.vector(record as usize)).copied().collect();
        into.0 = vec![("x", Column::Floats(values))];
    }
}

/// Pairs are the inputs `x` and `target`.
impl Records for Pairs {
    fn count(&self) -> usize {
        Pairs::count(self)
    }

    fn gather(&self, _epoch: u32, indices: &[u32], into: &mut Gathered) {
        let column = |of: &Vectors| {
            Column::Floats(indices.iter().flat_map(|&record| of.vector(record as usize)).copied().collect())
        };
        into.0 = vec![("x", column(&self.x)), ("target", column(&self.target))];
    }
}

/// Patterns are the input `x`, with a teacher `target` too.
impl Records for Patterns {
    fn count(&self) -> usize {
        Patterns::count(self)
    }

    fn gather(&self, epoch: u32, indices: &[u32], into: &mut Gathered) {
        let x: Vec<Vec<f32>> = indices.iter().map(|&index| self.x(epoch, index)).collect();
        let targets: Vec<f32> = x.iter().filter_map(|x| self.target(x)).flatten().collect();
        into.0 = vec![("x", Column::Floats(x.concat()))];
        if self.has_targets() {
            into.0.push(("target", Column::Floats(targets)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_data::PatternSpec;
    use hebb_spec::Shape;
    use hebb_spec::transfer::TransferFunction;

    #[test]
    fn pairs_come_together() {
        let pairs = Pairs::of_unit_vectors(1, vec![5.0, 6.0, 7.0]);
        let mut gathered = Gathered::default();
        pairs.gather(0, &[2, 0], &mut gathered);
        let wanted =
            [("x", Numbers::Floats(&[0.0, 0.0, 1.0, 1.0, 0.0, 0.0])), ("target", Numbers::Floats(&[7.0, 5.0]))];
        assert_eq!((gathered.inputs(), Records::count(&pairs)), (wanted.to_vec(), 3));
    }

    #[test]
    fn patterns_go_by_the_epoch() {
        let spec = PatternSpec { patterns: 2, held: 1, teacher: Some([3, 2, 1]), ..PatternSpec::default() };
        let patterns = spec.draw(3, 1, TransferFunction::Logistic, 5);
        let gather = |epoch, indices: &[u32]| {
            let mut gathered = Gathered::default();
            patterns.gather(epoch, indices, &mut gathered);
            gathered
        };
        assert_ne!(gather(0, &[1, 0]), gather(1, &[1, 0]));
        assert_eq!(gather(0, &[2]), gather(1, &[2]), "held aside");
        let third = gather(3, &[1, 0]);
        let [(_, Numbers::Floats(x)), ("target", Numbers::Floats(target))] = third.inputs()[..] else {
            panic!("two inputs")
        };
        assert_eq!(
            (x.len(), target),
            (6, &[&patterns.target(&x[..3]).unwrap()[..], &patterns.target(&x[3..]).unwrap()].concat()[..])
        );
        let untaught = PatternSpec { teacher: None, ..spec }.draw(3, 1, TransferFunction::Logistic, 5);
        let mut gathered = Gathered::default();
        untaught.gather(3, &[1, 0], &mut gathered);
        assert_eq!(gathered.inputs(), [("x", Numbers::Floats(x))]);
    }

    #[test]
    fn images_come_with_their_labels_in_the_order_asked_for() {
        let split = Split::new(Shape::new(1, 1, 2), vec![1, 2, 3, 4, 5, 6], vec![0, 1, 7]).unwrap();
        assert_eq!(Records::count(&split), 3);
        // Whatever stood there gives way.
        let mut gathered = Gathered(vec![("x", Column::Floats(vec![0.5])), ("y", Column::Floats(vec![1.5]))]);
        split.gather(0, &[2, 0, 2], &mut gathered);
        let wanted = [("images", Numbers::Bytes(&[5, 6, 1, 2, 5, 6])), ("labels", Numbers::Classes(&[7, 0, 7]))];
        assert_eq!(gathered.inputs(), wanted);
        split.gather(0, &[1], &mut gathered);
        assert_eq!(gathered.inputs(), [("images", Numbers::Bytes(&[3, 4])), ("labels", Numbers::Classes(&[1]))]);
        let floats = Gathered(vec![("x", Column::Floats(vec![0.5]))]);
        assert_eq!(floats.inputs(), [("x", Numbers::Floats(&[0.5]))]);
    }
}
