//! A tensor's numbers in the lane-4 form, and between it and the logical order.

use hebb_spec::backend::Numbers;
use hebb_spec::lane4;
use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;

use crate::real::Real;

/// Tensors of a problem by their slots, each in its logical order.
pub type Tensors = Vec<(Slot, Vec<f32>)>;

/// A tensor in the lane-4 form.
#[derive(Debug, Clone, PartialEq)]
pub enum Packed<T> {
    /// Numbers: all tensors but images.
    Floats(Vec<T>),
    /// Images, four bytes a word.
    Words(Vec<u32>),
}

/// A tensor in the lane-4 form, lent to a twin.
#[derive(Debug)]
pub enum Lent<'a, T> {
    /// Numbers.
    Floats(&'a mut [T]),
    /// Images.
    Words(&'a mut [u32]),
}

impl<T: Real> Packed<T> {
    /// A tensor of zeros.
    pub fn zeros(layout: &Layout) -> Self {
        match layout {
            Layout::Images { .. } => Packed::Words(vec![0; lane4::len(layout)]),
            _ => Packed::Floats(vec![T::ZERO; lane4::len(layout)]),
        }
    }

    /// From the logical order. `values` may be those of the first images only: the rest is 0.
    ///
    /// # Panics
    /// If there are more values than the layout's.
    pub fn pack(layout: &Layout, values: &[f32]) -> Self {
        let Layout::Images { shape, .. } = layout else {
            return Packed::Floats(lane4::pack(layout, values).into_iter().map(T::from_f32).collect());
        };
        let bytes: Vec<u8> = values.iter().map(|&byte| byte as u8).collect();
        let mut packed = Vec::new();
        lane4::pack_images(*shape, &bytes, &mut packed);
        let mut words: Vec<u32> = packed.as_chunks::<4>().0.iter().map(|&word| u32::from_le_bytes(word)).collect();
        assert!(words.len() <= lane4::len(layout), "bytes of {layout:?}");
        words.resize(lane4::len(layout), 0);
        Packed::Words(words)
    }

    /// In the logical order. What lies behind the layout's numbers is passed over.
    ///
    /// # Panics
    /// If there are fewer numbers than the layout's.
    pub fn unpack(&self, layout: &Layout) -> Vec<T> {
        let words = match self {
            Packed::Floats(floats) => return lane4::unpack(layout, &floats[..lane4::len(layout)]),
            Packed::Words(words) => &words[..lane4::len(layout)],
        };
        let each = layout.per_image().unwrap_or(0);
        let image = |words: &[u32]| -> Vec<T> {
            let bytes = words.iter().flat_map(|word| word.to_le_bytes()).take(each);
            bytes.map(|byte| T::from_index(usize::from(byte))).collect()
        };
        words.chunks_exact(each.div_ceil(4).max(1)).flat_map(image).collect()
    }

    /// Lends the numbers, without so many behind them.
    pub(crate) fn lend(&mut self, behind: usize) -> Lent<'_, T> {
        match self {
            Packed::Floats(floats) => {
                let len = floats.len().saturating_sub(behind);
                Lent::Floats(&mut floats[..len])
            }
            Packed::Words(words) => {
                let len = words.len().saturating_sub(behind);
                Lent::Words(&mut words[..len])
            }
        }
    }
}

/// An input's numbers in the logical order.
pub(crate) fn floats(numbers: &Numbers<'_>) -> Vec<f32> {
    match numbers {
        Numbers::Bytes(bytes) => bytes.iter().map(|&byte| f32::from(byte)).collect(),
        Numbers::Classes(labels) => labels.iter().map(|&label| f32::from(label)).collect(),
        Numbers::Floats(floats) => floats.to_vec(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn images_start_at_words_of_their_own() {
        let layout = Layout::Images { shape: Shape::new(1, 1, 5), batch: 3 };
        let values: Vec<f32> = (1..=10_u8).map(f32::from).collect();
        let data = Packed::<f32>::pack(&layout, &values);
        assert_eq!(data, Packed::Words(vec![0x0403_0201, 0x05, 0x0908_0706, 0x0a, 0, 0]));
        assert_eq!(data.unpack(&layout), [&values[..], &[0.0; 5]].concat());
    }

    #[test]
    fn what_lies_behind_a_tensor_is_passed_over() {
        let layout = Layout::Activity { units: 2, batch: 1 };
        let mut data = Packed::Floats(vec![1.0_f64, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0, 0.0, 77.0]);
        assert_eq!(data.unpack(&layout), [1.0, 2.0]);
        let Lent::Floats(floats) = data.lend(1) else { panic!("numbers") };
        assert_eq!(floats.len(), 8);
    }
}
