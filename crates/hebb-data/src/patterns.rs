//! Patterns that are drawn anew each epoch: uniform inputs, and what a network of two layers makes of them (Sacramento et
//! al. 2018, figure 2).

use hebb_spec::rng::{Purpose, Stream};
use hebb_spec::settings::{self, Field, SettingError, Table, Value, short};
use hebb_spec::transfer::TransferFunction;

use crate::Digest;

const DATA: &str = "Data";
/// Most patterns, an epoch or held aside.
const MOST: u64 = 100_000_000;
/// Most cells of a teacher's layer.
const MOST_UNITS: u32 = 65_536;

/// How many patterns, and who teaches.
#[derive(Debug, Clone, PartialEq)]
pub struct PatternSpec {
    /// Patterns of an epoch.
    pub patterns: u32,
    /// Patterns held aside, the same after each epoch.
    pub held: u32,
    /// Cells of the teacher's input, hidden layer and output; none: there are no targets.
    pub teacher: Option<[u32; 3]>,
    /// The factor before the teacher's first matrix.
    pub k10: f32,
    /// The factor before its second.
    pub k21: f32,
}

impl Default for PatternSpec {
    /// Without a teacher; its factors are figure 2's.
    fn default() -> Self {
        Self { patterns: 100, held: 20, teacher: None, k10: 2.0, k21: 10.0 }
    }
}

/// Refuses what a teacher has where there is none.
fn taught(spec: &PatternSpec) -> Result<(), String> {
    spec.teacher.map(|_| ()).ok_or_else(|| "it belongs to a teacher, but there is none: add --teacher".to_owned())
}

/// Every setting, in the order of files.
pub const FIELDS: &[Field<PatternSpec>] = &[
    Field {
        key: "patterns",
        value: "N",
        group: DATA,
        help: "Patterns of an epoch, drawn anew in each: uniform in ±1 [default: 100]",
        set: |spec, value| {
            spec.patterns = value.integer(1, MOST)? as u32;
            Ok(())
        },
        get: |spec| Some(Value::Integer(u64::from(spec.patterns))),
    },
    Field {
        key: "held",
        value: "N",
        group: DATA,
        help: "Patterns held aside, on which each epoch's row is measured without noise and teacher [default: 20]",
        set: |spec, value| {
            spec.held = value.integer(0, MOST)? as u32;
            Ok(())
        },
        get: |spec| Some(Value::Integer(u64::from(spec.held))),
    },
    Field {
        key: "teacher",
        value: "N-N-N",
        group: DATA,
        help: "Cells of the network whose output is the target, as in 30-20-10, with random weights from the seed, uniform in \
               ±1 [default: no targets]",
        set: |spec, value| {
            spec.teacher = Some(sizes(value.text()?)?);
            Ok(())
        },
        get: |spec| spec.teacher.map(|[a, b, c]| Value::Text(format!("{a}-{b}-{c}"))),
    },
    Field {
        key: "k10",
        value: "F",
        group: DATA,
        help: "Factor before the teacher's first matrix [default: 2]",
        set: |spec, value| {
            taught(spec)?;
            spec.k10 = value.float(|_| true, "such as 2")?;
            Ok(())
        },
        get: |spec| taught(spec).is_ok().then_some(Value::Float(spec.k10)),
    },
    Field {
        key: "k21",
        value: "F",
        group: DATA,
        help: "Factor before the teacher's second matrix [default: 10]",
        set: |spec, value| {
            taught(spec)?;
            spec.k21 = value.float(|_| true, "such as 10")?;
            Ok(())
        },
        get: |spec| taught(spec).is_ok().then_some(Value::Float(spec.k21)),
    },
];

/// Sizes as `30-20-10`.
fn sizes(text: &str) -> Result<[u32; 3], String> {
    let size = |part: &str| part.trim().parse::<u32>().ok().filter(|&units| (1..=MOST_UNITS).contains(&units));
    let sizes: Option<Vec<u32>> = text.split('-').take(4).map(size).collect();
    let fits = |sizes: &[u32; 3]| sizes.windows(2).all(|pair| u64::from(pair[0]) * u64::from(pair[1]) <= 1 << 30);
    let problem =
        || format!("'{}' are no sizes: write the cells of a teacher's three layers, as in 30-20-10", short(text));
    sizes.and_then(|sizes| <[u32; 3]>::try_from(sizes).ok()).filter(fits).ok_or_else(problem)
}

impl PatternSpec {
    /// The description in a table of settings; what it lacks is as by default. Other keys are not looked at.
    pub fn from_table(table: &Table) -> Result<Self, SettingError> {
        let mut spec = Self::default();
        settings::read(FIELDS, &mut spec, table)?;
        Ok(spec)
    }

    /// Its settings, as files hold them.
    pub fn table(&self) -> Table {
        settings::write(FIELDS, self)
    }

    /// Patterns of an epoch and those held aside behind them.
    pub fn count(&self) -> usize {
        self.patterns as usize + self.held as usize
    }

    /// The patterns of `networks` side by side, each of so many `inputs`, with a teacher of its own where there is one;
    /// they go by the run's seed. The teacher must take as many inputs.
    pub fn draw(&self, inputs: u32, networks: u32, transfer: TransferFunction, seed: u64) -> Patterns {
        let teacher = self.teacher.map(|sizes| Teacher::draw(sizes, networks, (self.k10, self.k21), transfer, seed));
        Patterns { spec: self.clone(), inputs, networks, teacher, seed }
    }
}

/// Networks whose outputs are targets: u_trgt = k21 W2 φ(k10 W1 x).
#[derive(Debug, Clone, PartialEq)]
struct Teacher {
    sizes: [u32; 3],
    factors: (f32, f32),
    transfer: TransferFunction,
    /// W1 and W2 of all networks, `[network][output][input]`.
    matrices: [Vec<f32>; 2],
}

impl Teacher {
    fn draw(sizes: [u32; 3], networks: u32, factors: (f32, f32), transfer: TransferFunction, seed: u64) -> Self {
        let matrix = |layer: u32| {
            let stream = Stream::new(seed, Purpose::Teacher, layer, 0);
            let len = u64::from(networks) * u64::from(sizes[layer as usize - 1]) * u64::from(sizes[layer as usize]);
            (0..len).map(|index| 2.0 * stream.unit(index) - 1.0).collect()
        };
        Self { sizes, factors, transfer, matrices: [matrix(1), matrix(2)] }
    }

    /// The targets of one network's inputs.
    fn targets(&self, network: usize, x: &[f64]) -> Vec<f64> {
        let layer = |at: usize, factor: f32, x: &[f64]| -> Vec<f64> {
            let (below, above) = (self.sizes[at] as usize, self.sizes[at + 1] as usize);
            let rows = self.matrices[at][network * below * above..][..below * above].chunks_exact(below);
            let sum = |row: &[f32]| row.iter().zip(x).map(|(w, x)| f64::from(*w) * x).sum::<f64>();
            rows.map(|row| f64::from(factor) * sum(row)).collect()
        };
        let hidden: Vec<f64> = layer(0, self.factors.0, x).into_iter().map(|u| rate(self.transfer, u)).collect();
        layer(1, self.factors.1, &hidden)
    }
}

/// φ(u).
pub fn rate(transfer: TransferFunction, u: f64) -> f64 {
    match transfer {
        TransferFunction::Identity => u,
        TransferFunction::Logistic => 1.0 / (1.0 + (-u).exp()),
        TransferFunction::Softplus { gamma, beta, theta } => {
            let t = f64::from(beta) * (u - f64::from(theta));
            f64::from(gamma) * (t.max(0.0) + (-t.abs()).exp().ln_1p())
        }
    }
}

/// Patterns, a pure function of seed, epoch and number, but, of targets, for the last bits of the machine's exponential and
/// logarithm. A pattern's numbers run by cell, then by network.
#[derive(Debug, Clone, PartialEq)]
pub struct Patterns {
    spec: PatternSpec,
    inputs: u32,
    networks: u32,
    teacher: Option<Teacher>,
    seed: u64,
}

impl Patterns {
    /// Patterns of an epoch and those held aside behind them.
    pub fn count(&self) -> usize {
        self.spec.count()
    }

    /// How many of them are held aside.
    pub const fn held(&self) -> u32 {
        self.spec.held
    }

    /// Whether they have targets.
    pub const fn has_targets(&self) -> bool {
        self.teacher.is_some()
    }

    /// The inputs of a pattern, by its number: of an epoch, counted from 0, or held aside, whatever the epoch.
    pub fn x(&self, epoch: u32, index: u32) -> Vec<f32> {
        let (time, record) = match index.checked_sub(self.spec.patterns) {
            Some(held) => (0, held),
            None => (epoch.wrapping_add(1), index),
        };
        let units = u64::from(self.inputs) * u64::from(self.networks);
        let stream = Stream::new(self.seed, Purpose::Inputs, 1, time);
        (0..units).map(|unit| 2.0 * stream.unit(u64::from(record) * units + unit) - 1.0).collect()
    }

    /// The targets of a pattern with these inputs; none where nobody teaches.
    pub fn target(&self, x: &[f32]) -> Option<Vec<f32>> {
        let teacher = self.teacher.as_ref()?;
        let networks = self.networks as usize;
        let mut all = vec![0.0; teacher.sizes[2] as usize * networks];
        for network in 0..networks {
            let own: Vec<f64> = x.iter().skip(network).step_by(networks).map(|x| f64::from(*x)).collect();
            for (at, target) in teacher.targets(network, &own).into_iter().enumerate() {
                all[at * networks + network] = target as f32;
            }
        }
        Some(all)
    }

    /// The digest of all that they follow from.
    pub fn digest(&self) -> String {
        let mut digest = Digest::default();
        digest.add(b"patterns");
        let numbers = [self.spec.patterns, self.spec.held, self.inputs, self.networks];
        numbers.iter().for_each(|number| digest.add(&number.to_le_bytes()));
        digest.add(&self.seed.to_le_bytes());
        if let Some(Teacher { sizes, factors: (k10, k21), transfer, .. }) = &self.teacher {
            sizes.iter().for_each(|size| digest.add(&size.to_le_bytes()));
            [k10, k21].iter().for_each(|factor| digest.add(&factor.to_le_bytes()));
            digest.add(transfer.to_string().as_bytes());
            if let TransferFunction::Softplus { gamma, beta, theta } = transfer {
                [gamma, beta, theta].iter().for_each(|number| digest.add(&number.to_le_bytes()));
            }
        }
        digest.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spec() -> PatternSpec {
        PatternSpec { patterns: 3, held: 2, teacher: Some([2, 3, 1]), ..PatternSpec::default() }
    }

    #[test]
    fn patterns_are_new_in_each_epoch_and_those_held_aside_stay() {
        let patterns = spec().draw(2, 1, TransferFunction::Logistic, 7);
        assert_eq!(patterns.count(), 5);
        assert_ne!(patterns.x(0, 1), patterns.x(1, 1));
        assert_eq!(patterns.x(0, 4), patterns.x(1, 4));
        let unit = |time, index| 2.0 * Stream::new(7, Purpose::Inputs, 1, time).unit(index) - 1.0;
        assert_eq!(patterns.x(4, 2), [unit(5, 4), unit(5, 5)]);
        assert_eq!(patterns.x(4, 3), [unit(0, 0), unit(0, 1)], "the first held aside");
        assert!((0..3).flat_map(|at| patterns.x(0, at)).all(|x| (-1.0..1.0).contains(&x)));
    }

    #[test]
    fn a_target_is_what_the_teacher_makes_of_its_input() {
        let of = |layer, index| f64::from(2.0 * Stream::new(7, Purpose::Teacher, layer, 0).unit(index) - 1.0);
        let x = [0.5_f32, -0.25];
        let wanted: f64 = (0..3_u64)
            .map(|at| {
                let u = 2.0 * (of(1, 2 * at) * 0.5 - of(1, 2 * at + 1) * 0.25);
                10.0 * of(2, at) / (1.0 + (-u).exp())
            })
            .sum();
        let target = spec().draw(2, 1, TransferFunction::Logistic, 7).target(&x).unwrap();
        assert!((f64::from(target[0]) - wanted).abs() < 1e-6, "{target:?} for {wanted}");
        // A second network has matrices of its own behind those of the first.
        let two = spec().draw(2, 2, TransferFunction::Logistic, 7).target(&[0.5, 0.0, -0.25, 0.0]).unwrap();
        assert_eq!((two[0], two.len()), (target[0], 2));
        let none = PatternSpec { teacher: None, ..spec() }.draw(2, 1, TransferFunction::Identity, 7);
        assert_eq!((none.target(&x), none.has_targets()), (None, false));
    }

    #[test]
    fn a_digest_tells_of_all_that_patterns_follow_from() {
        let soft = |theta| TransferFunction::Softplus { gamma: 0.1, beta: 1.0, theta };
        let base = spec().draw(2, 1, soft(3.0), 7).digest();
        let others = [
            spec().draw(2, 1, soft(2.0), 7),
            spec().draw(2, 1, soft(3.0), 8),
            spec().draw(2, 2, soft(3.0), 7),
            PatternSpec { k21: 9.0, ..spec() }.draw(2, 1, soft(3.0), 7),
            PatternSpec { held: 3, ..spec() }.draw(2, 1, soft(3.0), 7),
            PatternSpec { teacher: None, ..spec() }.draw(2, 1, soft(3.0), 7),
        ];
        assert!(others.iter().all(|other| other.digest() != base));
        assert_eq!(spec().draw(2, 1, soft(3.0), 7).digest(), base);
    }

    #[test]
    fn settings_read_back_and_what_is_wrong_is_named() {
        let table = |settings: &[(&str, &str)]| {
            Table(settings.iter().map(|&(key, value)| (key.to_owned(), Value::Text(value.to_owned()))).collect())
        };
        let spec =
            PatternSpec::from_table(&table(&[("patterns", "7"), ("teacher", "3-4-5"), ("k10", "-1.5")])).unwrap();
        assert_eq!((spec.teacher, spec.k10, spec.count()), (Some([3, 4, 5]), -1.5, 27));
        assert_eq!(PatternSpec::from_table(&spec.table()), Ok(spec));
        let error = |key: &str, value: &str| PatternSpec::from_table(&table(&[(key, value)])).unwrap_err().to_string();
        for wrong in ["", "3-4", "3-4-5-6", "0-1-1", "65536-65536-1", "a-b-c"] {
            assert!(error("teacher", wrong).contains("are no sizes: write the cells"), "{wrong}");
        }
        assert!(error("k21", "1").contains("it belongs to a teacher, but there is none"));
        assert!(error("patterns", "0").starts_with("patterns = 0: write a whole number"));
    }
}
