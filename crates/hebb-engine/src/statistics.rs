//! How W and R of a layer compare.

use hebb_spec::backend::{Backend, BackendError, Batch};
use hebb_spec::plan::{List, Model, Plan, Role};
use hebb_spec::problem::Problem;

/// Sums over the weights that W and R both have.
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
}

/// The correlation of W and R in layers 2 to L, computed on the device; empty where there is no R.
pub(crate) fn correlations(
    model: &Model,
    plan: &Plan,
    backend: &mut dyn Backend,
) -> Result<Vec<Option<f64>>, BackendError> {
    if plan.statistics.is_empty() {
        return Ok(Vec::new());
    }
    backend.submit(List::Statistics, &Batch { images: &[], labels: &[], step: 0, seed: 0 })?;
    let mut correlations = Vec::new();
    for (layer, connection) in (1..).zip(model.network.connections()) {
        if let Some(id) = plan.find(Role::Statistics(layer)) {
            correlations.push(PairSums::of_groups(&backend.read(id)?, connection.weights()).correlation());
        }
    }
    Ok(correlations)
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn groups_add_up() {
        let groups = [1.0, 2.0, 3.0, 4.0, 5.0, 0.0, 0.0, 0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 0.0, 0.0, 0.0];
        let sums = PairSums { count: 9.0, w: 11.0, r: 22.0, ww: 33.0, rr: 44.0, wr: 55.0 };
        assert_eq!(PairSums::of_groups(&groups, 9), sums);
    }
}
