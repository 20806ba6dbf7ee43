//! Protocol buffers, as far as events need them.

/// How a field's value stands there.
const VARINT: u64 = 0;
const EIGHT_BYTES: u64 = 1;
const SIZED: u64 = 2;
const FOUR_BYTES: u64 = 5;

/// A message as it is written, field by field.
#[derive(Debug, Clone, Default)]
pub(super) struct Message(pub(super) Vec<u8>);

impl Message {
    fn varint(&mut self, mut value: u64) {
        while value >= 0x80 {
            self.0.push(value as u8 | 0x80);
            value >>= 7;
        }
        self.0.push(value as u8);
    }

    /// A whole number. What is 0 is left out, here and of doubles, as everybody does.
    pub(super) fn number(mut self, field: u64, value: u64) -> Self {
        if value != 0 {
            self.varint(field << 3 | VARINT);
            self.varint(value);
        }
        self
    }

    /// A double.
    pub(super) fn double(mut self, field: u64, value: f64) -> Self {
        if value.to_bits() != 0 {
            self.varint(field << 3 | EIGHT_BYTES);
            self.0.extend(value.to_le_bytes());
        }
        self
    }

    /// A float, also one that is 0: it is one of several that a value may be.
    pub(super) fn float(mut self, field: u64, value: f32) -> Self {
        self.varint(field << 3 | FOUR_BYTES);
        self.0.extend(value.to_le_bytes());
        self
    }

    /// Doubles, one behind another.
    pub(super) fn doubles(mut self, field: u64, values: &[f64]) -> Self {
        self.varint(field << 3 | SIZED);
        self.varint(8 * values.len() as u64);
        self.0.extend(values.iter().flat_map(|value| value.to_le_bytes()));
        self
    }

    /// A text, bytes, or another message's.
    pub(super) fn bytes(mut self, field: u64, bytes: &[u8]) -> Self {
        self.varint(field << 3 | SIZED);
        self.varint(bytes.len() as u64);
        self.0.extend(bytes);
        self
    }
}

/// A field as it is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Field<'a> {
    /// A whole number.
    Number(u64),
    /// A text, bytes or a message.
    Bytes(&'a [u8]),
    /// A double.
    Double(f64),
    /// A float, which nobody here asks for.
    Float,
}

/// A message's fields by their numbers; none where it is no message.
pub(super) fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let field = match key & 7 {
            VARINT => Field::Number(take_varint(&mut bytes)?),
            EIGHT_BYTES => Field::Double(f64::from_le_bytes(take(&mut bytes, 8)?.try_into().ok()?)),
            SIZED => {
                let count = take_varint(&mut bytes)?;
                Field::Bytes(take(&mut bytes, usize::try_from(count).ok()?)?)
            }
            FOUR_BYTES => take(&mut bytes, 4).map(|_| Field::Float)?,
            _ => return None,
        };
        fields.push((key >> 3, field));
    }
    Some(fields)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *take(bytes, 1)?.first()?;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_read_back() {
        let inner = Message::default().number(1, 300);
        let message = Message::default()
            .double(1, 0.5)
            .number(2, u64::MAX)
            .float(3, 1.5)
            .bytes(4, b"text")
            .doubles(5, &[1.0, 2.0])
            .bytes(16, &inner.0);
        let found = fields(&message.0).unwrap();
        let numbers: Vec<u64> = found.iter().map(|(number, _)| *number).collect();
        assert_eq!(numbers, [1, 2, 3, 4, 5, 16]);
        assert_eq!((found[1].1, found[3].1), (Field::Number(u64::MAX), Field::Bytes(b"text")));
        assert_eq!((found[0].1, found[2].1), (Field::Double(0.5), Field::Float));
        // As in the description of the encoding: 300 is AC 02.
        assert_eq!(found[5].1, Field::Bytes(&[0x08, 0xac, 0x02]));
    }

    #[test]
    fn what_is_no_message_is_none() {
        let message = Message::default().number(1, 300).bytes(2, b"text").0;
        for cut in [1, 2, 4, 5, 8] {
            assert_eq!(fields(&message[..cut]), None, "{cut}");
        }
        assert_eq!(fields(&[0x0b]), None, "a group");
        assert_eq!(fields(&[0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]), None, "no end");
        assert_eq!(fields(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]), None, "longer than memory");
        assert_eq!(Message::default().number(1, 0).double(2, 0.0).0, Vec::<u8>::new());
        assert_eq!(Message::default().float(2, 0.0).0, [0x15, 0, 0, 0, 0]);
    }
}
