//! Builds a model's plan: forward, loss, feedback and updates in order.

mod backward;
mod forward;
mod statistics;
#[cfg(test)]
mod tests;

use hebb_spec::builder::Builder;
use hebb_spec::connection::Connection;
use hebb_spec::layout::Layout;
use hebb_spec::learning::Rate;
use hebb_spec::plan::{List, Plan, Role, TensorId};

use super::model::Model;

/// The readout of loss and errors.
pub(super) const LOSS_SUMS: &str = "loss sums";
/// The readout of the class that each image was taken for.
pub(super) const PREDICTIONS: &str = "predictions";
/// The input of images.
pub(super) const IMAGES: &str = "images";
/// The input of labels.
pub(super) const LABELS: &str = "labels";

/// Plans a model at a batch.
pub(super) fn plan(model: &Model, batch: u32) -> Plan {
    let mut builder = Builder::new(batch);
    let rate = builder.rate();
    let mut planner = Planner { model, builder, rate };
    planner.builder.list(List::TRAIN);
    let flow = planner.forward(true);
    let delta = planner.loss(&flow);
    planner.train(&flow, delta);
    planner.builder.list(List::EVALUATE);
    let flow = planner.forward(false);
    planner.loss(&flow);
    planner.builder.list(List::STATISTICS);
    planner.statistics();
    planner.declare();
    planner.builder.finish()
}

/// The tensors of a forward pass.
struct Flow {
    /// Each stage's input and output.
    activity: Vec<(TensorId, TensorId)>,
}

/// Builds the lists of a plan.
struct Planner<'a> {
    model: &'a Model,
    builder: Builder,
    /// η over the batch.
    rate: Rate,
}

impl Planner<'_> {
    /// A layer's weights `W`, `R` or `B`.
    fn weights(&mut self, letter: char, layer: u32, connection: &Connection) -> TensorId {
        self.builder.shared(Role::Param, &format!("{letter}{layer}"), Layout::Weights(*connection))
    }

    /// Which of a layer's weights `W` or `R` there are.
    fn mask(&mut self, letter: char, layer: u32, connection: &Connection) -> TensorId {
        self.builder.shared(Role::Param, &format!("{letter}{layer}.mask"), Layout::Mask(*connection))
    }

    fn labels(&mut self) -> TensorId {
        let layout = Layout::Labels { batch: self.builder.batch() };
        self.builder.shared(Role::Input, LABELS, layout)
    }

    /// Parameters that no call uses are in the plan all the same: a checkpoint holds them.
    fn declare(&mut self) {
        for param in self.model.all_params() {
            self.builder.shared(Role::Param, &param.name, param.layout);
        }
    }
}
