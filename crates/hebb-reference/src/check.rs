//! One kernel call beside its oracle. Each is measured on the very inputs that the device had, so that nothing
//! accumulates and no threshold flips; the first call that differs is the one at fault.

use hebb_spec::backend::{Backend, BackendError, Batch};
use hebb_spec::plan::{List, Plan, Role, TensorId};
use hebb_spec::problem::Access;
use serde::Serialize;

use crate::{Data, StepInfo, compare, expect};

/// What one call wrote beside what it must write: the element with the largest share of its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    /// `train`, `evaluate` or `statistics`.
    pub list: &'static str,
    /// The step that it ran at.
    pub step: u32,
    /// The call.
    pub call: String,
    /// Its kernel.
    pub kernel: &'static str,
    /// The tensor with the worst element.
    pub tensor: String,
    /// The element's index.
    pub element: usize,
    /// What the device wrote there.
    pub got: f32,
    /// What it must write.
    pub expected: f64,
    /// The distance of the two. JSON has no infinity and no NaN: there it is null.
    pub error: f64,
    /// The largest error that f32 arithmetic explains.
    pub bound: f64,
    /// Error / bound: at most 1 where all is well.
    pub ratio: f64,
    /// Elements beyond their bound, in all tensors of the call.
    pub over: usize,
    /// Whether every element is within its bound.
    pub ok: bool,
}

/// Runs a list call by call on a batch and hands each call's row to `each`.
pub fn check_list(
    backend: &mut dyn Backend,
    plan: &Plan,
    list: List,
    batch: &Batch<'_>,
    mut each: impl FnMut(Row) -> Result<(), BackendError>,
) -> Result<(), BackendError> {
    backend.load(batch)?;
    for call in 0..plan.list(list).len() {
        each(check_call(backend, plan, (list, call), batch)?)?;
    }
    Ok(())
}

fn check_call(
    backend: &mut dyn Backend,
    plan: &Plan,
    (list, at): (List, usize),
    batch: &Batch<'_>,
) -> Result<Row, BackendError> {
    let call = &plan.list(list)[at];
    let mut inputs = Vec::new();
    for (id, access) in call.accesses() {
        match access {
            // An element that the kernel leaves out stays NaN, and NaN never passes.
            Access::Write => {
                backend.write(id, &vec![f32::NAN; plan.tensor(id).len])?;
            }
            Access::Read | Access::Update => inputs.push(input(backend, plan, id, batch)?),
        }
    }
    backend.call(list, at)?;
    let step = StepInfo { seed: batch.seed, step: batch.step, images: batch.labels.len() as u32 };
    let expected = expect(&call.problem, &step, &inputs, backend.update_lanes(list, at))?;
    let outputs = call.accesses().filter(|&(_, access)| access != Access::Read);
    let mut row = Row {
        list: match list {
            List::Train => "train",
            List::Evaluate => "evaluate",
            List::Statistics => "statistics",
        },
        step: batch.step,
        call: call.name.clone(),
        kernel: call.problem.stem(),
        tensor: String::new(),
        element: 0,
        got: 0.0,
        expected: 0.0,
        error: 0.0,
        bound: 0.0,
        ratio: -1.0,
        over: 0,
        ok: !expected.is_empty(),
    };
    for ((id, _), expected) in outputs.zip(&expected) {
        let compared = compare(expected, &backend.read(id)?);
        row.ok &= compared.passes();
        row.over += compared.over;
        if compared.ratio > row.ratio {
            row = Row {
                tensor: plan.tensor(id).name.clone(),
                element: compared.worst,
                got: compared.got,
                expected: compared.expected,
                error: (f64::from(compared.got) - compared.expected).abs(),
                bound: compared.bound,
                ratio: compared.ratio,
                ..row
            };
        }
    }
    Ok(row)
}

/// What a call reads: the pictures as the host sent them, all else as the device holds it.
fn input(backend: &mut dyn Backend, plan: &Plan, id: TensorId, batch: &Batch<'_>) -> Result<Data<f32>, BackendError> {
    let tensor = plan.tensor(id);
    if tensor.role != Role::Images {
        return Ok(Data::Floats(backend.read(id)?));
    }
    let picture = batch.images.len() / batch.labels.len().max(1);
    let word = |bytes: &[u8]| bytes.iter().rev().fold(0, |word, &byte| (word << 8) | u32::from(byte));
    let pictures = batch.images.chunks(picture.max(1));
    let mut words: Vec<u32> = pictures.flat_map(|picture| picture.chunks(4).map(word)).collect();
    words.resize(tensor.len, 0);
    Ok(Data::Words(words))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Reference;
    use crate::sample::batch_of;
    use hebb_spec::Shape;
    use hebb_spec::backend::Outcome;
    use hebb_spec::init::glorot;
    use hebb_spec::network::Network;
    use hebb_spec::plan::Model;
    use hebb_spec::rng::Purpose;
    use hebb_spec::rule::{Loss, Preset, Rule};

    const SHAPE: Shape = Shape::new(3, 7, 6);

    /// The twins with one fault: after a call, one element of a tensor is changed.
    struct Faulty {
        twins: Reference,
        fault: Option<(&'static str, usize, f32)>,
    }

    impl Backend for Faulty {
        fn name(&self) -> String {
            "faulty".to_owned()
        }
        fn update_lanes(&self, list: List, call: usize) -> u32 {
            self.twins.update_lanes(list, call)
        }
        fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), BackendError> {
            self.twins.write(tensor, values)
        }
        fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, BackendError> {
            self.twins.read(tensor)
        }
        fn load(&mut self, batch: &Batch<'_>) -> Result<(), BackendError> {
            self.twins.load(batch)
        }
        fn call(&mut self, list: List, call: usize) -> Result<(), BackendError> {
            self.twins.call(list, call)?;
            let written = self.twins.plan().list(list)[call].clone();
            if let Some((name, element, by)) = self.fault {
                for (id, access) in written.accesses() {
                    if access != Access::Read && self.twins.plan().tensor(id).name == name {
                        let mut values = self.twins.read(id)?;
                        values[element] += by;
                        self.twins.write(id, &values)?;
                    }
                }
            }
            Ok(())
        }
        fn submit(&mut self, list: List, batch: &Batch<'_>) -> Result<(), BackendError> {
            self.twins.submit(list, batch)
        }
        fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, BackendError> {
            self.twins.collect(in_flight)
        }
    }

    fn rows(fault: Option<(&'static str, usize, f32)>) -> Vec<Row> {
        let text = "Conv 5 3x3; Maxpool 3; Drop .5; Full 9; Output";
        let network = Network::new(text, SHAPE, 4, Preset::AsRun).unwrap();
        let model = Model::new(network, Rule::urfb(0.5), Loss::Hinge, Preset::AsRun);
        let plan = Plan::new(&model, 5);
        let mut backend = Faulty { twins: Reference::new(plan.clone()), fault };
        for (layer, connection) in (1..).zip(model.network.connections()) {
            for (role, purpose) in [(Role::W(layer), Purpose::InitW), (Role::R(layer), Purpose::InitR)] {
                if let Some(id) = plan.find(role) {
                    backend.write(id, &connection.to_device(&glorot(&connection, 1, purpose, layer))).unwrap();
                }
            }
        }
        let mut rows = Vec::new();
        for (list, images) in [(List::Train, 5), (List::Evaluate, 3), (List::Statistics, 3)] {
            let (images, labels) = batch_of(SHAPE, 4, images, 1);
            let batch = Batch { images: &images, labels: &labels, step: 1, seed: 1 };
            check_list(&mut backend, &plan, list, &batch, |row| {
                rows.push(row);
                Ok(())
            })
            .unwrap();
        }
        rows
    }

    #[test]
    fn the_twins_pass_every_call_of_every_list() {
        let rows = rows(None);
        assert!(rows.iter().all(|row| row.ok && row.over == 0 && row.ratio <= 1.0), "{rows:#?}");
        for list in ["train", "evaluate", "statistics"] {
            assert!(rows.iter().any(|row| row.list == list));
        }
        assert!(rows.iter().any(|row| row.ratio > 0.0), "f32 is not exact: a bound was put to use");
    }

    #[test]
    fn one_wrong_element_fails_its_call_alone() {
        for (tensor, element) in [("R2", 7), ("W1", 3), ("x2", 11), ("loss sums", 1)] {
            let rows = rows(Some((tensor, element, 0.125)));
            let failed: Vec<&Row> = rows.iter().filter(|row| !row.ok).collect();
            assert!(!failed.is_empty() && failed.iter().all(|row| row.tensor == tensor), "{tensor}: {failed:#?}");
            assert!(failed.iter().all(|row| row.element == element && row.over == 1 && row.ratio > 1.0));
        }
    }

    #[test]
    fn an_element_that_is_not_written_fails() {
        let rows = rows(Some(("x1", 5, f32::NAN)));
        let failed = rows.iter().find(|row| !row.ok).unwrap();
        assert_eq!((failed.call.as_str(), failed.tensor.as_str(), failed.element), ("layer 1 forward", "x1", 5));
        assert_eq!(failed.ratio, f64::INFINITY);
    }
}
