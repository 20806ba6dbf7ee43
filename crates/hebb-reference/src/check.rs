//! One kernel call beside its oracle. Each is measured on the very inputs that the device had, so that nothing
//! accumulates and no threshold flips; the first call that differs is the one at fault.

use hebb_spec::backend::{Backend, Error, Step};
use hebb_spec::operand::Access;
use hebb_spec::plan::{List, Plan, Role, TensorId};
use serde::Serialize;

use crate::compare::compare;
use crate::data::{Tensors, floats};
use crate::oracle::expect;
use crate::run::TwinError;
use crate::step::TwinStep;

/// What one call wrote beside what it must write: the element with the largest share of its bound.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CallReport {
    /// `train`, `evaluate` or `statistics`.
    pub list: &'static str,
    /// The step that it ran at.
    pub step: u32,
    /// The call.
    pub call: String,
    /// Its kernel.
    pub kernel: &'static str,
    /// Its form where it is no plain sum, as in `F(2x2, 3x3)`; else empty.
    pub form: String,
    /// The tensor with the worst element.
    pub tensor: String,
    /// The element's index, in the tensor's logical order.
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

/// A call that could not be checked.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum CheckError {
    /// The backend failed.
    #[error(transparent)]
    Backend(#[from] Error),
    /// The call's tensors do not fit its problem.
    #[error(transparent)]
    Run(#[from] TwinError),
}

/// Runs a list call by call on a step, hands each call's report to `each`, and asks at last whether anything was
/// written where nothing may be. `plan` is what is expected: the backend's own, but in a control.
pub fn check_list<E: From<CheckError>>(
    backend: &mut dyn Backend,
    plan: &Plan,
    list: List,
    step: &Step<'_>,
    mut each: impl FnMut(CallReport) -> Result<(), E>,
) -> Result<(), E> {
    backend.load(step).map_err(CheckError::from)?;
    for call in 0..plan.list(list).len() {
        each(check_call(backend, plan, (list, call), step)?)?;
    }
    Ok(backend.intact().map_err(CheckError::from)?)
}

fn check_call(
    backend: &mut dyn Backend,
    plan: &Plan,
    (list, at): (List, usize),
    step: &Step<'_>,
) -> Result<CallReport, CheckError> {
    let call = &plan.list(list)[at];
    let mut inputs = Tensors::new();
    for (id, operand) in call.operands() {
        match operand.access {
            // An element that the kernel leaves out stays NaN, and NaN never passes.
            Access::Write => backend.write(id, &vec![f32::NAN; operand.layout.len()])?,
            Access::Read | Access::Update => inputs.push((operand.slot, input(backend, plan, id, step)?)),
        }
    }
    backend.call(list, at)?;
    let expected = expect(&call.problem, &TwinStep::from(step), &inputs, backend.rounding(list, at))?;
    let mut report = CallReport {
        list: list.0,
        step: step.step,
        call: call.name.clone(),
        kernel: call.problem.stem(),
        form: backend.rounding(list, at).form(),
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
    let outputs = call.accesses().filter(|&(_, access)| access != Access::Read);
    for ((id, _), expected) in outputs.zip(&expected) {
        let compared = compare(expected, &backend.read(id)?);
        report.ok &= compared.passes();
        report.over += compared.over;
        if compared.ratio > report.ratio {
            report = CallReport {
                tensor: plan.tensor(id).name.clone(),
                element: compared.worst,
                got: compared.got,
                expected: compared.expected,
                error: (f64::from(compared.got) - compared.expected).abs(),
                bound: compared.bound,
                ratio: compared.ratio,
                ..report
            };
        }
    }
    Ok(report)
}

/// What a call reads: inputs as the host sent them, all else as the device holds it.
fn input(backend: &mut dyn Backend, plan: &Plan, id: TensorId, step: &Step<'_>) -> Result<Vec<f32>, Error> {
    let tensor = plan.tensor(id);
    let sent = step.inputs.iter().find(|(name, _)| tensor.role == Role::Input && *name == tensor.name);
    let Some((_, numbers)) = sent else { return backend.read(id) };
    let mut values = floats(numbers);
    values.resize(tensor.layout.len(), 0.0);
    Ok(values)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backend::Reference;
    use crate::sample::batch_of;
    use hebb_spec::Shape;
    use hebb_spec::backend::{Kernel, Numbers, Options, Outcome, Rounding};
    use hebb_spec::learning::Loss;
    use hebb_spec::param::Weights;
    use hebb_spec::system::System;
    use hebb_systems::layered::{Model, Network, Preset, Rule};

    const SHAPE: Shape = Shape::new(3, 7, 6);

    /// The twins with one fault: after a call, one element of a tensor is changed.
    struct Faulty {
        twins: Reference,
        fault: Option<(&'static str, usize, f32)>,
    }

    impl Backend for Faulty {
        fn plan(&self) -> &Plan {
            self.twins.plan()
        }
        fn kernels(&self) -> Vec<Kernel> {
            self.twins.kernels()
        }
        fn rounding(&self, list: List, call: usize) -> Rounding {
            self.twins.rounding(list, call)
        }
        fn write(&mut self, tensor: TensorId, values: &[f32]) -> Result<(), Error> {
            self.twins.write(tensor, values)
        }
        fn read(&mut self, tensor: TensorId) -> Result<Vec<f32>, Error> {
            self.twins.read(tensor)
        }
        fn load(&mut self, step: &Step<'_>) -> Result<(), Error> {
            self.twins.load(step)
        }
        fn call(&mut self, list: List, call: usize) -> Result<(), Error> {
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
        fn submit(&mut self, list: List, step: &Step<'_>, repeats: u32) -> Result<(), Error> {
            self.twins.submit(list, step, repeats)
        }
        fn collect(&mut self, in_flight: usize) -> Result<Vec<Outcome>, Error> {
            self.twins.collect(in_flight)
        }
        fn intact(&mut self) -> Result<(), Error> {
            self.twins.intact()
        }
    }

    fn reports(fault: Option<(&'static str, usize, f32)>) -> Vec<CallReport> {
        let text = "Conv 5 3x3; Maxpool 3; Drop .5; Full 9; Output";
        let network = Network::new(text, SHAPE, 4, Preset::AsRun).unwrap();
        let model = Model::new(network, Rule::urfb(0.5), Loss::Hinge, Preset::AsRun);
        let plan = model.plan(5);
        let guarded = Options { guarded: true, ..Options::default() };
        let mut backend = Faulty { twins: Reference::new(plan.clone(), &guarded), fault };
        for weight in Weights::draw(&model.params(), 1).0 {
            backend.write(plan.find(&weight.name).unwrap(), &weight.values).unwrap();
        }
        let mut reports = Vec::new();
        for (list, images) in [(List::TRAIN, 5), (List::EVALUATE, 3), (List::STATISTICS, 3)] {
            let (pixels, labels) = batch_of(SHAPE, 4, images, 1);
            let inputs = [("images", Numbers::Bytes(&pixels)), ("labels", Numbers::Classes(&labels))];
            let step = Step { seed: 1, step: 1, images, rates: &model.rates(1, 5), inputs: &inputs };
            check_list(&mut backend, &plan, list, &step, |report| {
                reports.push(report);
                Ok::<(), CheckError>(())
            })
            .unwrap();
        }
        reports
    }

    #[test]
    fn the_twins_pass_every_call_of_every_list() {
        let reports = reports(None);
        assert!(reports.iter().all(|report| report.ok && report.over == 0 && report.ratio <= 1.0), "{reports:#?}");
        for list in ["train", "evaluate", "statistics"] {
            assert!(reports.iter().any(|report| report.list == list));
        }
        assert!(reports.iter().any(|report| report.ratio > 0.0), "f32 is not exact: a bound was put to use");
    }

    #[test]
    fn one_wrong_element_fails_its_call_alone() {
        for (tensor, element) in [("R2", 7), ("W1", 3), ("x2", 11), ("loss sums", 1)] {
            let reports = reports(Some((tensor, element, 0.125)));
            let failed: Vec<&CallReport> = reports.iter().filter(|report| !report.ok).collect();
            assert!(!failed.is_empty() && failed.iter().all(|report| report.tensor == tensor), "{tensor}: {failed:#?}");
            assert!(failed.iter().all(|report| report.element == element && report.over == 1 && report.ratio > 1.0));
        }
    }

    #[test]
    fn an_element_that_is_not_written_fails() {
        let reports = reports(Some(("x1", 5, f32::NAN)));
        let failed = reports.iter().find(|report| !report.ok).unwrap();
        assert_eq!((failed.call.as_str(), failed.tensor.as_str(), failed.element), ("layer 1 forward", "x1", 5));
        assert_eq!(failed.ratio, f64::INFINITY);
    }
}
