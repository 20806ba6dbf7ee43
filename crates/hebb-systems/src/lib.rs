//! What learns on hebb. Each system says what is to be computed, and nothing else: its plan, its parameters with their
//! random starts, and what to tell of a run.

pub mod hebbian;
pub mod layered;
pub mod linear;
pub mod microcircuit;
pub mod section5;
