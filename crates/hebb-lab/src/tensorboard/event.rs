//! Events, as TensorBoard reads them: the messages `Event`, `Summary`, `Summary.Image` and `HistogramProto`.

use super::message::{Field, Message, fields};

/// Which events these are: TensorBoard's second kind, as all writers say today.
const VERSION: &[u8] = b"brain.Event:2";
/// Buckets of a histogram; TensorBoard draws some thirty.
const BUCKETS: usize = 64;

/// What a step has to show under a tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shown {
    /// A number.
    Scalar(f64),
    /// A picture in colour, as a PNG file.
    Image {
        /// Pixels across.
        width: u32,
        /// Pixels down.
        height: u32,
        /// The file's bytes.
        png: Vec<u8>,
    },
    /// Numbers' distribution.
    Histogram(Histogram),
}

/// How many of some numbers lie where.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Histogram {
    min: f64,
    max: f64,
    count: u64,
    sum: f64,
    sum_squares: f64,
    /// Buckets of one width between the least number and the largest: how many numbers each has.
    buckets: Vec<u64>,
}

impl Histogram {
    /// The histogram of numbers; none where there are none that are finite.
    pub(super) fn of(values: impl Iterator<Item = f32> + Clone) -> Option<Self> {
        let values = values.filter(|value| value.is_finite()).map(f64::from);
        let (mut min, mut max, mut count, mut sum, mut sum_squares) = (f64::INFINITY, f64::NEG_INFINITY, 0, 0.0, 0.0);
        for value in values.clone() {
            (min, max) = (min.min(value), max.max(value));
            count += 1;
            sum += value;
            sum_squares += value * value;
        }
        if count == 0 {
            return None;
        }
        let mut buckets = vec![0; if min < max { BUCKETS } else { 1 }];
        let (last, scale) = (buckets.len() - 1, buckets.len() as f64 / (max - min));
        for value in values {
            // Of numbers that are all alike the scale is infinite, and 0 · ∞ is no number: as an index it is 0.
            buckets[(((value - min) * scale) as usize).min(last)] += 1;
        }
        Some(Self { min, max, count, sum, sum_squares, buckets })
    }

    fn message(&self) -> Message {
        let (last, width) = (self.buckets.len() - 1, (self.max - self.min) / self.buckets.len() as f64);
        let limit = |bucket: usize| if bucket == last { self.max } else { self.min + width * (bucket + 1) as f64 };
        let limits: Vec<f64> = (0..self.buckets.len()).map(limit).collect();
        let counts: Vec<f64> = self.buckets.iter().map(|&count| count as f64).collect();
        Message::default()
            .double(1, self.min)
            .double(2, self.max)
            .double(3, self.count as f64)
            .double(4, self.sum)
            .double(5, self.sum_squares)
            .doubles(6, &limits)
            .doubles(7, &counts)
    }
}

/// What a step has to show, each under its tag.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Event {
    /// Seconds since some beginning.
    pub(super) time: f64,
    /// Steps done.
    pub(super) step: u32,
    /// All that it shows.
    pub(super) shown: Vec<(String, Shown)>,
}

impl Event {
    /// The bytes of its record.
    pub(super) fn bytes(&self) -> Vec<u8> {
        let summary = self.shown.iter().fold(Message::default(), |summary, (tag, shown)| {
            let value = Message::default().bytes(1, tag.as_bytes());
            let value = match shown {
                Shown::Scalar(number) => value.float(2, *number as f32),
                Shown::Image { width, height, png } => {
                    let (height, width) = (u64::from(*height), u64::from(*width));
                    // The third says how many channels: red, green and blue.
                    value.bytes(4, &Message::default().number(1, height).number(2, width).number(3, 3).bytes(4, png).0)
                }
                Shown::Histogram(histogram) => value.bytes(5, &histogram.message().0),
            };
            summary.bytes(1, &value.0)
        });
        Message::default().double(1, self.time).number(2, self.step.into()).bytes(5, &summary.0).0
    }
}

/// The record that a file begins with.
pub(super) fn version() -> Vec<u8> {
    Message::default().bytes(3, VERSION).0
}

/// Whether a record is one that a file of events begins with.
pub(super) fn is_version(bytes: &[u8]) -> bool {
    fields(bytes).is_some_and(|fields| fields.contains(&(3, Field::Bytes(VERSION))))
}

/// The step and the time of a record; none where it is no event. What it does not say is 0.
pub(super) fn place(bytes: &[u8]) -> Option<(u64, f64)> {
    let (mut step, mut time) = (0, 0.0);
    for (number, field) in fields(bytes)? {
        match (number, field) {
            (1, Field::Double(seconds)) => time = seconds,
            (2, Field::Number(steps)) => step = steps,
            _ => {}
        }
    }
    Some((step, time))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_number_is_in_the_bucket_of_its_place() {
        let histogram = Histogram::of([0.0, 1.0, 64.0, f32::NAN, 63.5, f32::INFINITY].into_iter()).unwrap();
        assert_eq!((histogram.min, histogram.max, histogram.count), (0.0, 64.0, 4));
        assert_eq!((histogram.sum, histogram.sum_squares), (128.5, 1.0 + 4096.0 + 63.5 * 63.5));
        let filled: Vec<(usize, u64)> =
            histogram.buckets.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        assert_eq!(filled, [(0, 1), (1, 1), (63, 2)]);
    }

    #[test]
    fn numbers_that_are_all_alike_have_one_bucket_and_none_have_no_histogram() {
        let histogram = Histogram::of([0.25; 7].into_iter()).unwrap();
        assert_eq!((histogram.buckets, histogram.min, histogram.max), (vec![7], 0.25, 0.25));
        assert_eq!(Histogram::of([].into_iter()), None);
        assert_eq!(Histogram::of([f32::NAN, f32::NEG_INFINITY].into_iter()), None);
        let widest = Histogram::of([f32::MIN, f32::MAX].into_iter()).unwrap();
        assert_eq!((widest.buckets[0], widest.buckets[63]), (1, 1));
    }

    #[test]
    fn an_event_is_what_tensorboard_writes() {
        // Event(wall_time=1.5, step=300, summary=Summary(value=[Summary.Value(tag='a', simple_value=0.5)]))
        let event = Event { time: 1.5, step: 300, shown: vec![("a".to_owned(), Shown::Scalar(0.5))] };
        let wanted = [
            0x09, 0, 0, 0, 0, 0, 0, 0xf8, 0x3f, 0x10, 0xac, 0x02, 0x2a, 0x0a, 0x0a, 0x08, 0x0a, 0x01, b'a', 0x15, 0, 0,
            0, 0x3f,
        ];
        assert_eq!(event.bytes(), wanted);
        assert_eq!(
            (place(&event.bytes()), place(&version()), place(&[0xff])),
            (Some((300, 1.5)), Some((0, 0.0)), None)
        );
        assert!(is_version(&version()) && !is_version(&event.bytes()) && !is_version(b""));
    }
}
