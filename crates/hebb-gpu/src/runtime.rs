//! A device as a runtime: what it offers to whoever has a plan.

use hebb_shaders::Shader;
use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;

use crate::device::Gpu;
use crate::limits;
use crate::session::Session;

impl Runtime for Gpu {
    fn name(&self) -> String {
        let summary = self.summary();
        format!("{} ({} {})", summary.name, summary.backend, summary.driver)
    }

    fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        Shader::variants(problem.stem())
    }

    fn fits(&self, plan: &Plan, options: &Options) -> Result<(), Error> {
        limits::fits(self, plan, &limits::tuning(self, options))
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        Ok(Box::new(Session::new(self, plan, options)?))
    }
}
