//! What an epoch's row tells of each layer.

use hebb_spec::connection::Connection;
use hebb_spec::param::Weights;
use hebb_spec::problem::Problem;
use hebb_spec::step::Outcome;

use super::model::Model;

/// The readout of a layer's sums over W and R.
pub(super) fn weight_sums(layer: u32) -> String {
    format!("sums of layer {layer} statistics")
}

/// The readout of a layer's sums over the rule's δ and back-propagation's.
pub(super) fn delta_sums(layer: u32) -> String {
    format!("sums of layer {layer} delta statistics")
}

/// The readout of the counts of a layer's saturated units.
pub(super) fn saturated(layer: u32) -> String {
    format!("saturated {layer}")
}

/// Sums over pairs of numbers: over the connections that W and R both have, or over two δ. They come from f32 and may run
/// out of its range: of such sums nothing is told, for beside an infinity any other number looks like 0.
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

    /// The sums over the connections that both have: none that lies outside the image, none that a mask leaves out. `masks`
    /// are those that there are, in the order of the weights.
    pub fn of_connections(connection: Option<&Connection>, masks: &[&[f32]], w: &[f32], r: &[f32]) -> Self {
        let mut both = vec![true; w.len()];
        if let Some(connection) = connection {
            connection.each_outside(|at| both[at] = false);
        }
        for mask in masks {
            both.iter_mut().zip(*mask).for_each(|(both, there)| *both &= *there != 0.0);
        }
        let pick = |values: &[f32]| -> Vec<f32> {
            values.iter().zip(&both).filter(|(_, both)| **both).map(|(value, _)| *value).collect()
        };
        Self::of(&pick(w), &pick(r))
    }

    /// The sums in a statistics tensor, each group's added up; its padding is 0 and `count` leaves it out.
    pub(crate) fn of_groups(groups: &[f32], count: usize) -> Self {
        let sum = |at: usize| groups.chunks_exact(Problem::STATISTICS_LEN).map(|group| f64::from(group[at])).sum();
        Self { count: count as f64, w: sum(0), r: sum(1), ww: sum(2), rr: sum(3), wr: sum(4) }
    }

    /// Whether all of them are numbers that one can reckon with.
    fn is_finite(&self) -> bool {
        [self.w, self.r, self.ww, self.rr, self.wr].iter().all(|sum| sum.is_finite())
    }

    /// Pearson's correlation; none where W or R does not vary.
    pub fn correlation(&self) -> Option<f64> {
        let covariance = self.wr - self.w * self.r / self.count;
        let (w, r) = (self.ww - self.w * self.w / self.count, self.rr - self.r * self.r / self.count);
        (self.is_finite() && w > 0.0 && r > 0.0).then(|| (covariance / (w * r).sqrt()).clamp(-1.0, 1.0))
    }

    /// The angle between the two as vectors, in degrees; none where one is 0.
    pub fn angle(&self) -> Option<f64> {
        let norms = (self.ww * self.rr).sqrt();
        (self.is_finite() && norms > 0.0).then(|| (self.wr / norms).clamp(-1.0, 1.0).acos().to_degrees())
    }

    /// |R| / |W|; none where W is 0.
    pub fn norm_ratio(&self) -> Option<f64> {
        (self.is_finite() && self.ww > 0.0).then(|| (self.rr / self.ww).sqrt())
    }
}

/// What a column of metrics.csv tells of a layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Column {
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

impl Column {
    const fn stem(self) -> &'static str {
        match self {
            Column::Correlation => "corr",
            Column::Angle => "angle",
            Column::NormRatio => "norm_ratio",
            Column::Saturated => "saturated",
            Column::DeltaAngle => "delta_angle",
        }
    }
}

/// What a model's statistics tell, in the order of metrics.csv's columns. New kinds come behind: readers go by place, too.
fn columns(model: &Model) -> Vec<(Column, u32)> {
    let layers = model.network.layers();
    let with_r = || (1..=layers).filter(|&layer| model.has_r(layer));
    let hidden = 1..layers;
    let mut columns: Vec<(Column, u32)> =
        with_r().filter(|&layer| layer > 1).map(|l| (Column::Correlation, l)).collect();
    columns.extend(with_r().filter(|&layer| layer == 1).map(|layer| (Column::Correlation, layer)));
    columns.extend(with_r().map(|layer| (Column::Angle, layer)));
    columns.extend(with_r().map(|layer| (Column::NormRatio, layer)));
    columns.extend(hidden.clone().filter(|_| model.clip().is_some()).map(|layer| (Column::Saturated, layer)));
    if model.delta_statistics {
        columns.extend(hidden.map(|layer| (Column::DeltaAngle, layer)));
    }
    columns
}

/// Names of a model's statistics, in order.
pub(super) fn names(model: &Model) -> impl Iterator<Item = String> {
    columns(model).into_iter().map(|(kind, layer)| format!("{}_{layer}", kind.stem()))
}

/// Their values, from what the statistics brought back; none where there is none, as for the correlation of what does not
/// vary.
pub(super) fn values(model: &Model, observed: Option<&Outcome>, weights: &Weights) -> Vec<Option<f64>> {
    let columns = columns(model);
    let Some(observed) = observed else { return vec![None; columns.len()] };
    let layers: Vec<Connection> = model.network.connections().collect();
    let units = |layer: u32| layers[layer as usize - 1].output.units() as usize * observed.images as usize;
    let pair = |layer| {
        let groups = observed.get(&weight_sums(layer))?;
        Some(PairSums::of_groups(groups, pairs(weights, layer, &layers[layer as usize - 1])))
    };
    let value = |(kind, layer): (Column, u32)| match kind {
        Column::Correlation => pair(layer)?.correlation(),
        Column::Angle => pair(layer)?.angle(),
        Column::NormRatio => pair(layer)?.norm_ratio(),
        Column::Saturated => {
            let counts = observed.get(&saturated(layer))?;
            Some(counts.iter().copied().map(f64::from).sum::<f64>() / units(layer) as f64)
        }
        Column::DeltaAngle => PairSums::of_groups(observed.get(&delta_sums(layer))?, units(layer)).angle(),
    };
    columns.into_iter().map(value).collect()
}

/// How many connections W and R both have.
fn pairs(weights: &Weights, layer: u32, connection: &Connection) -> usize {
    let w = weights.get(&format!("W{layer}.mask"));
    let r = weights.get(&format!("R{layer}.mask")).or(w);
    match (w, r) {
        (Some(w), Some(r)) => w.iter().zip(r).filter(|&(&w, &r)| w != 0.0 && r != 0.0).count(),
        _ => connection.weights(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layered::{Network, Preset, Rule};
    use hebb_spec::Shape;
    use hebb_spec::learning::Loss;

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
    fn of_sums_that_are_not_finite_nothing_is_told() {
        let sums = PairSums { count: 9.0, w: 1.0, r: 2.0, ww: 3.0, rr: 4.0, wr: 2.5 };
        let told = |sums: PairSums| [sums.correlation(), sums.angle(), sums.norm_ratio()];
        assert!(told(sums).iter().all(Option::is_some));
        for value in [f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
            for spoilt in [
                PairSums { w: value, ..sums },
                PairSums { r: value, ..sums },
                PairSums { ww: value, ..sums },
                PairSums { rr: value, ..sums },
                PairSums { wr: value, ..sums },
            ] {
                assert_eq!(told(spoilt), [None; 3], "{spoilt:?}");
            }
        }
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
    fn only_connections_that_both_have_count() {
        let connection = Connection::conv(hebb_spec::Shape::new(1, 2, 1), 1, 2, 1).untie();
        let (w, r) = ([1.0, 2.0, 3.0, 50.0], [5.0, 6.0, 7.0, 60.0]);
        // The last lies outside the image, the first is masked from W, the third from R.
        let sums = PairSums::of_connections(Some(&connection), &[&[0.0, 1.0, 1.0, 1.0], &[1.0, 1.0, 0.0, 1.0]], &w, &r);
        assert_eq!((sums.count, sums.w, sums.r), (1.0, 2.0, 6.0));
        assert_eq!(PairSums::of_connections(None, &[], &w, &r), PairSums::of(&w, &r));
    }

    #[test]
    fn groups_add_up() {
        let groups = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 0.0, 0.0];
        let sums = PairSums { count: 9.0, w: 11.0, r: 22.0, ww: 33.0, rr: 44.0, wr: 55.0 };
        assert_eq!(PairSums::of_groups(&groups, 9), sums);
    }
}
