//! What learns, as the engine sees it: a plan, parameters with their starts, and what to tell of a run.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::param::{Param, Weights};
use crate::plan::{List, Plan};
use crate::settings::Table;
use crate::step::Outcome;

/// An amount that is summed over batches.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    /// A number of images.
    Count(u64),
    /// A sum.
    Real(f64),
}

impl Amount {
    /// As a number.
    pub fn value(self) -> f64 {
        match self {
            Amount::Count(count) => count as f64,
            Amount::Real(sum) => sum,
        }
    }

    fn plus(self, other: Self) -> Self {
        match (self, other) {
            (Amount::Count(a), Amount::Count(b)) => Amount::Count(a + b),
            (a, b) => Amount::Real(a.value() + b.value()),
        }
    }
}

/// Running sums over batches: how many images, and a system's own amounts by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Sums {
    /// Images.
    pub images: u64,
    /// The amounts, in the system's order.
    pub amounts: Vec<(String, Amount)>,
}

impl Sums {
    /// Nothing yet, of these amounts.
    pub fn zero(amounts: &[(&'static str, Amount)]) -> Self {
        Self { images: 0, amounts: amounts.iter().map(|&(name, zero)| (name.to_owned(), zero)).collect() }
    }

    /// Adds a batch.
    pub fn add(&mut self, images: u32, amounts: &[(&'static str, Amount)]) {
        self.images += u64::from(images);
        for &(name, amount) in amounts {
            match self.amounts.iter_mut().find(|(other, _)| other == name) {
                Some((_, sum)) => *sum = sum.plus(amount),
                None => self.amounts.push((name.to_owned(), amount)),
            }
        }
    }

    /// An amount's sum; 0 where there is none.
    pub fn get(&self, name: &str) -> f64 {
        self.amounts.iter().find(|(other, _)| other == name).map_or(0.0, |(_, amount)| amount.value())
    }

    /// An amount's sum over the number of images; not a number before the first image.
    pub fn mean(&self, name: &str) -> f64 {
        self.get(name) / self.images as f64
    }
}

impl Serialize for Sums {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1 + self.amounts.len()))?;
        map.serialize_entry("images", &self.images)?;
        for (name, amount) in &self.amounts {
            map.serialize_entry(name, amount)?;
        }
        map.end()
    }
}

impl<'de> Deserialize<'de> for Sums {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Sums;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("sums by name")
            }
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Sums, A::Error> {
                let mut sums = Sums::default();
                while let Some((name, amount)) = map.next_entry::<String, Amount>()? {
                    match (name.as_str(), amount) {
                        ("images", Amount::Count(images)) => sums.images = images,
                        _ => sums.amounts.push((name, amount)),
                    }
                }
                Ok(sums)
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

/// What there is to tell of an epoch.
#[derive(Debug, Clone, Copy)]
pub struct Readings<'a> {
    /// Sums over its training steps.
    pub train: &'a Sums,
    /// Sums over the records kept for validation, where there are any.
    pub validation: Option<&'a Sums>,
    /// What the statistics found, where the system has such a list.
    pub observed: Option<&'a Outcome>,
    /// Parameters and states at its end.
    pub weights: &'a Weights,
}

/// Something that learns. Pure: it says what is to be computed; whoever asks computes it.
pub trait System {
    /// Its lists at a batch: [`List::TRAIN`](crate::plan::List::TRAIN) a step, and, where it has them,
    /// [`List::EVALUATE`](crate::plan::List::EVALUATE) and [`List::STATISTICS`](crate::plan::List::STATISTICS), which leave
    /// parameters as the next step will use them.
    fn plan(&self, batch: u32) -> Plan;

    /// Its parameters and states with their starts, in the order of a checkpoint. Each has its tensor in the plan.
    fn params(&self) -> Vec<Param>;

    /// The step's rates, finished: as many as the plan has.
    fn rates(&self, step: u32, batch: u32) -> Vec<f32>;

    /// How often a list runs in one submission: the steps of a system whose time goes on within a record.
    fn repeats(&self, _list: List) -> u32 {
        1
    }

    /// The amounts that are summed over batches, each 0.
    fn amounts(&self) -> Vec<(&'static str, Amount)>;

    /// A batch's amounts, from what its list brought back.
    fn tally(&self, outcome: &Outcome) -> Vec<(&'static str, Amount)>;

    /// The amount, a count, whose lowest validation sum makes an epoch the best; none where no epoch is better.
    fn score(&self) -> Option<&'static str>;

    /// Columns of metrics.csv, behind epoch and seconds.
    fn columns(&self) -> Vec<String>;

    /// An epoch's values, one a column; none where there is nothing to tell.
    fn row(&self, readings: &Readings<'_>) -> Vec<Option<f64>>;

    /// All that evaluation and a resume need to know, for a checkpoint's metadata: no time, no path.
    fn describe(&self) -> Table;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_stay_whole_and_sums_add_up() {
        let mut sums = Sums::zero(&[("loss", Amount::Real(0.0)), ("wrong", Amount::Count(0))]);
        sums.add(4, &[("loss", Amount::Real(0.5)), ("wrong", Amount::Count(3))]);
        sums.add(4, &[("loss", Amount::Real(0.25)), ("wrong", Amount::Count(1))]);
        assert_eq!((sums.images, sums.get("loss"), sums.mean("wrong")), (8, 0.75, 0.5));
        assert_eq!(sums.amounts[1].1, Amount::Count(4));
        assert!(Sums::default().mean("loss").is_nan());
    }
}
