//! What an epoch's row tells of each layer.

use std::sync::Arc;

use hebb_spec::backend::{Backend, BackendError, Batch};
use hebb_spec::plan::{List, Model, Plan, Role};
use hebb_spec::problem::Problem;

use crate::weights::Fixed;

/// Sums over pairs of numbers: over the connections that W and R both have, or over two δ.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct PairSums {
    /// Number of weights.
    pub count: f64,
    /// Σ w.
    pub w: f64,
    /// Σ r.
    pub r: f64,
    /// Σ w².
    pub ww: f64,
    /// Σ r².
    pub rr: f64,
    /// Σ w · r.
    pub wr: f64,
}

impl PairSums {
    /// The sums over two tensors of one shape.
    pub fn of(w: &[f32], r: &[f32]) -> Self {
        w.iter().zip(r).fold(Self::default(), |sums, (&w, &r)| {
            let (w, r) = (f64::from(w), f64::from(r));
            Self {
                count: sums.count + 1.0,
                w: sums.w + w,
                r: sums.r + r,
                ww: sums.ww + w * w,
                rr: sums.rr + r * r,
                wr: sums.wr + w * r,
            }
        })
    }

    /// The sums in a statistics tensor, each group's added up; its padding is 0 and `count` leaves it out.
    fn of_groups(groups: &[f32], count: usize) -> Self {
        let sum = |at: usize| groups.chunks_exact(Problem::STATISTICS_LEN).map(|group| f64::from(group[at])).sum();
        Self { count: count as f64, w: sum(0), r: sum(1), ww: sum(2), rr: sum(3), wr: sum(4) }
    }

    /// Pearson's correlation; none where W or R does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let covariance = self.wr - self.w * self.r / self.count;
        let (w, r) = (self.ww - self.w * self.w / self.count, self.rr - self.r * self.r / self.count);
        (w > 0.0 && r > 0.0).then(|| (covariance / (w * r).sqrt()).clamp(-1.0, 1.0))
    }

    /// The angle between the two as vectors, in degrees; none where one is 0.
    pub fn angle(&self) -> Option<f64> {
        let norms = (self.ww * self.rr).sqrt();
        (norms > 0.0).then(|| (self.wr / norms).clamp(-1.0, 1.0).acos().to_degrees())
    }

    /// |R| / |W|; none where W is 0.
    pub fn norm_ratio(&self) -> Option<f64> {
        (self.ww > 0.0).then(|| (self.rr / self.ww).sqrt())
    }
}

/// What a column of metrics.csv tells of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Pearson's correlation of W and R, over the connections that both have.
    Correlation,
    /// The angle between W and R, in degrees, over the same connections.
    Angle,
    /// |R| / |W|, over the same connections.
    NormRatio,
    /// The share of units that stand at ±1.
    Saturated,
    /// The angle between the rule's δ and back-propagation's, in degrees.
    DeltaAngle,
}

impl Kind {
    const fn stem(self) -> &'static str {
        match self {
            Kind::Correlation => "corr",
            Kind::Angle => "angle",
            Kind::NormRatio => "norm_ratio",
            Kind::Saturated => "saturated",
            Kind::DeltaAngle => "delta_angle",
        }
    }
}

/// What a model's statistics tell, in the order of metrics.csv's columns. New kinds come behind: readers go by place, too.
fn columns(model: &Model) -> Vec<(Kind, u32)> {
    let layers = model.network.layers();
    let with_r = || (1..=layers).filter(|&layer| model.has_r(layer));
    let hidden = 1..layers;
    let mut columns: Vec<(Kind, u32)> = with_r().filter(|&layer| layer > 1).map(|l| (Kind::Correlation, l)).collect();
    columns.extend(with_r().filter(|&layer| layer == 1).map(|layer| (Kind::Correlation, layer)));
    columns.extend(with_r().map(|layer| (Kind::Angle, layer)));
    columns.extend(with_r().map(|layer| (Kind::NormRatio, layer)));
    columns.extend(hidden.clone().map(|layer| (Kind::Saturated, layer)));
    if model.delta_statistics {
        columns.extend(hidden.map(|layer| (Kind::DeltaAngle, layer)));
    }
    columns
}

/// One number about a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Statistic {
    /// Its column in metrics.csv, as in `corr_2`.
    pub name: String,
    /// `None` where there is none, as for the correlation of what does not vary.
    pub value: Option<f64>,
}

fn name((kind, layer): (Kind, u32)) -> String {
    format!("{}_{layer}", kind.stem())
}

/// Names of a model's statistics, in order.
pub(crate) fn names(model: &Model) -> impl Iterator<Item = String> {
    columns(model).into_iter().map(name)
}

/// Runs the statistics on a batch and leaves R on the device as the step after `batch.step` steps will use it.
pub(crate) fn observe(
    model: &Model,
    plan: &Plan,
    backend: &mut dyn Backend,
    batch: &Batch<'_>,
    fixed: &[Arc<Fixed>],
) -> Result<Vec<Statistic>, BackendError> {
    backend.submit(List::Statistics, batch)?;
    let mut read = |role| plan.find(role).map(|id| backend.read(id)).transpose();
    let (mut pairs, mut deltas, mut saturated) = (Vec::new(), Vec::new(), Vec::new());
    for ((layer, connection), fixed) in (1..).zip(model.network.connections()).zip(fixed) {
        let sums = |count: usize| move |groups: Vec<f32>| PairSums::of_groups(&groups, count);
        let units = connection.output.units() as usize * batch.labels.len();
        let share = |counts: Vec<f32>| counts.into_iter().map(f64::from).sum::<f64>() / units as f64;
        pairs.push(read(Role::Statistics(layer))?.map(sums(fixed.pairs(&connection))));
        deltas.push(read(Role::DeltaStatistics(layer))?.map(sums(units)));
        saturated.push(read(Role::Saturated(layer))?.map(share));
    }
    let statistic = |(kind, layer): (Kind, u32)| {
        let at = layer as usize - 1;
        let value = match kind {
            Kind::Correlation => pairs[at].and_then(|sums| sums.correlation()),
            Kind::Angle => pairs[at].and_then(|sums| sums.angle()),
            Kind::NormRatio => pairs[at].and_then(|sums| sums.norm_ratio()),
            Kind::Saturated => saturated[at],
            Kind::DeltaAngle => deltas[at].and_then(|sums| sums.angle()),
        };
        Statistic { name: name((kind, layer)), value }
    };
    Ok(columns(model).into_iter().map(statistic).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_spec::Shape;
    use hebb_spec::network::Network;
    use hebb_spec::rule::{Loss, Preset, Rule};

    #[test]
    fn correlation_is_pearsons() {
        let w = [1.0, 2.0, 3.0, 4.0];
        let with = |r: &[f32]| PairSums::of(&w, r).correlation();
        assert_eq!(with(&[-1.0, -2.0, -3.0, -4.0]), Some(-1.0));
        assert_eq!(with(&[11.0, 12.0, 13.0, 14.0]), Some(1.0), "a constant changes nothing");
        assert_eq!(with(&[1.0, -1.0, -1.0, 1.0]), Some(0.0));
        assert_eq!(with(&[2.0; 4]), None);
        assert_eq!(with(&[f32::NAN; 4]), None);
    }

    #[test]
    fn angle_and_norms_are_those_of_vectors() {
        let sums = |w: &[f32], r: &[f32]| PairSums::of(w, r);
        let near = |value: Option<f64>, wanted: f64| (value.unwrap() - wanted).abs() < 1e-9;
        assert!(near(sums(&[1.0, 0.0], &[0.0, 7.0]).angle(), 90.0));
        assert!(near(sums(&[1.0, 0.0], &[3.0, 3.0]).angle(), 45.0));
        assert!(near(sums(&[1.0, 1.0], &[-2.0, -2.0]).angle(), 180.0));
        assert!(near(sums(&[3.0, 4.0], &[0.0, 10.0]).norm_ratio(), 2.0));
        assert_eq!(sums(&[0.0], &[1.0]).angle(), None);
        assert_eq!((sums(&[0.0], &[1.0]).norm_ratio(), sums(&[1.0], &[0.0]).norm_ratio()), (None, Some(0.0)));
        assert_eq!(sums(&[f32::NAN], &[1.0]).angle(), None);
    }

    #[test]
    fn columns_come_in_the_contracts_order() {
        let network = Network::new("Conv 4 3x3; Full 5; Output", Shape::new(1, 4, 4), 3, Preset::AsRun).unwrap();
        let names = |model: &Model| names(model).collect::<Vec<_>>().join(" ");
        let urfb = Model::new(network.clone(), Rule::URFB, Loss::Hinge, Preset::AsRun);
        let pairs = "corr_2 corr_3 angle_2 angle_3 norm_ratio_2 norm_ratio_3 saturated_1 saturated_2";
        assert_eq!(names(&urfb), pairs);
        assert_eq!(
            names(&Model { track_r1: true, delta_statistics: true, ..urfb }),
            "corr_2 corr_3 corr_1 angle_1 angle_2 angle_3 norm_ratio_1 norm_ratio_2 norm_ratio_3 saturated_1 saturated_2 \
             delta_angle_1 delta_angle_2"
        );
        let bp = Model::new(network, Rule::BP, Loss::Hinge, Preset::AsRun);
        assert_eq!(names(&bp), "saturated_1 saturated_2");
    }

    #[test]
    fn groups_add_up() {
        let groups = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 0.0, 0.0];
        let sums = PairSums { count: 9.0, w: 11.0, r: 22.0, ww: 33.0, rr: 44.0, wr: 55.0 };
        assert_eq!(PairSums::of_groups(&groups, 9), sums);
    }
}
