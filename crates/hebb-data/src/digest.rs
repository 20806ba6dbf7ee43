//! Digests, by which a run knows its settings and data again.

use sha2::{Digest as _, Sha256};

use crate::{Dataset, Split};

/// A SHA-256 digest of parts, each with its length before it, so that no other parts come to the same bytes.
#[derive(Debug, Clone, Default)]
pub struct Digest(Sha256);

impl Digest {
    /// Adds a part.
    pub fn add(&mut self, part: &[u8]) {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
    }

    /// The digest in hexadecimal digits.
    pub fn text(self) -> String {
        format!("{:x}", self.0.finalize())
    }
}

impl Dataset {
    /// The digest of its shape, classes, labels and images, in their order; not of its name, nor of where it lies.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        digest.add(self.shape.to_string().as_bytes());
        digest.add(&self.classes().to_le_bytes());
        self.class_names.iter().for_each(|name| digest.add(name.as_bytes()));
        for split in [&self.train, &self.test] {
            digest.add(&labels(split));
            digest.add(split.images());
        }
        digest.text()
    }
}

fn labels(split: &Split) -> Vec<u8> {
    split.labels().iter().flat_map(|label| label.to_le_bytes()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;

    #[test]
    fn parts_are_told_apart() {
        let text = |parts: &[&str]| {
            let mut digest = Digest::default();
            parts.iter().for_each(|part| digest.add(part.as_bytes()));
            digest.text()
        };
        assert_eq!(text(&["ab", "c"]), text(&["ab", "c"]));
        assert_ne!(text(&["ab", "c"]), text(&["a", "bc"]));
        assert_ne!(text(&["ab"]), text(&["ab", ""]));
    }

    #[test]
    fn any_change_of_the_data_shows_but_their_name_is_no_part_of_them() {
        let shape = Shape::new(1, 1, 2);
        let split = |images: [u8; 4], labels: [u16; 2]| Split::new(shape, images.to_vec(), labels.to_vec()).unwrap();
        let (train, test) = (split([1, 2, 3, 4], [0, 1]), split([5, 6, 7, 8], [1, 0]));
        let of = |name: &str, classes: [&str; 2], train: &Split, test: &Split| {
            let classes = classes.map(str::to_owned).to_vec();
            Dataset::new(name, shape, classes, train.clone(), test.clone()).unwrap().digest()
        };
        let whole = of("x", ["a", "b"], &train, &test);
        assert_eq!(whole, of("y", ["a", "b"], &train, &test));
        for other in [
            of("x", ["a", "c"], &train, &test),
            of("x", ["a", "b"], &split([1, 2, 3, 5], [0, 1]), &test),
            of("x", ["a", "b"], &split([3, 4, 1, 2], [1, 0]), &test),
            of("x", ["a", "b"], &split([1, 2, 3, 4], [1, 1]), &test),
            of("x", ["a", "b"], &train, &split([5, 6, 7, 9], [1, 0])),
            of("x", ["a", "b"], &test, &train),
        ] {
            assert_ne!(whole, other);
        }
    }
}
