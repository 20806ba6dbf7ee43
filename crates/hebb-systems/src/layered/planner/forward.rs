//! Forward through the stages, and the loss.

use hebb_spec::layout::Layout;
use hebb_spec::operand::Slot;
use hebb_spec::plan::{Role, TensorId};
use hebb_spec::problem::Problem;

use super::{Flow, IMAGES, LOSS_SUMS, PREDICTIONS, Planner};
use crate::layered::network::Stage;

/// Most bytes of a name that tells of all that an activity went through. It need not be the only one of its name.
const LONGEST_NAME: usize = 60;

/// Notes in an activity's name what it went through.
fn pass(name: &mut String, what: &str) {
    if name.len() < LONGEST_NAME {
        name.push_str(what);
    }
}

impl Planner<'_> {
    /// All stages in order; dropout only where the network trains.
    pub(super) fn forward(&mut self, trains: bool) -> Flow {
        let (model, batch) = (self.model, self.builder.batch());
        let shape = model.network.input;
        let images = self.builder.shared(Role::Input, IMAGES, Layout::Images { shape, batch });
        let gather = Problem::GatherImages { shape, batch };
        let mut x = self.builder.call("gather images", gather, &[(Slot::Images, images)], "x0");
        let mut activity: Vec<(TensorId, TensorId)> = Vec::new();
        let mut name = "x0".to_owned();
        for stage in &model.network.stages {
            let input = x;
            x = match *stage {
                Stage::Weighted { layer, connection, is_output } => {
                    let slope = model.clip().filter(|_| !is_output);
                    let w = self.weights('W', layer, &connection);
                    name = format!("x{layer}");
                    self.builder.forward(&format!("layer {layer} forward"), w, x, slope, &name)
                }
                Stage::Sum { shape } => {
                    let first = activity[activity.len() - 2].1;
                    pass(&mut name, " summed");
                    let problem = Problem::SumForward { units: shape.units(), batch };
                    self.builder.call("sum forward", problem, &[(Slot::X, first), (Slot::X2, x)], &name)
                }
                Stage::Pool(pool) => {
                    pass(&mut name, " pooled");
                    self.builder.call("pool forward", Problem::PoolForward { pool, batch }, &[(Slot::X, x)], &name)
                }
                Stage::Drop { index, shape, probability } if trains => {
                    pass(&mut name, " dropped");
                    let problem = Problem::Dropout { units: shape.units(), batch, index, probability };
                    self.builder.call(&format!("drop {index} forward"), problem, &[(Slot::X, x)], &name)
                }
                Stage::Drop { .. } => x,
            };
            activity.push((input, x));
        }
        Flow { activity }
    }

    /// δ of the output layer, equation (6), and what the host wants to know.
    pub(super) fn loss(&mut self, flow: &Flow) -> TensorId {
        let (model, batch) = (self.model, self.builder.batch());
        let classes = model.network.classes;
        let problem = Problem::Loss { classes, batch, loss: model.loss, mu: model.mu };
        let x = flow.activity[flow.activity.len() - 1].1;
        let labels = self.labels();
        let taken = Layout::Activity { units: 1, batch };
        let predictions = self.builder.shared(Role::Readout, PREDICTIONS, taken);
        let sums = self.builder.shared(Role::Readout, LOSS_SUMS, Layout::Flat(Problem::LOSS_SUMS));
        let given = [(Slot::X, x), (Slot::Labels, labels), (Slot::Predictions, predictions), (Slot::Sums, sums)];
        self.builder.call("loss", problem, &given, &format!("delta{}", model.network.layers()))
    }
}
