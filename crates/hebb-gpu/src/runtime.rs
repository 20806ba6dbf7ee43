//! A device as a runtime: what it offers to whoever has a plan.

use hebb_spec::backend::{Backend, Error, Options, Runtime};
use hebb_spec::plan::Plan;
use hebb_spec::problem::Problem;
use tracing::warn;

use crate::device::Gpu;
use crate::limits;
use crate::session::Session;

impl Runtime for Gpu {
    fn name(&self) -> String {
        let summary = self.summary();
        format!("{} ({} {})", summary.name, summary.backend, summary.driver)
    }

    fn variants(&self, problem: &Problem) -> Vec<&'static str> {
        self.caps().variants(problem)
    }

    fn fits(&self, plan: &Plan, options: &Options) -> Result<(), Error> {
        limits::fits(self, plan, &limits::tuning(self, options))
    }

    fn prepare(&self, plan: Plan, options: &Options) -> Result<Box<dyn Backend>, Error> {
        for choice in limits::tuning(self, options).unusable(&plan) {
            warn!("'{choice}' is passed over: {} has no room for it, or the kernel has no such variant", self.name());
        }
        Ok(Box::new(Session::new(self, plan, options)?))
    }
}
