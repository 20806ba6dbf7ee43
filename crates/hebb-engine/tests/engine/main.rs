//! The engine on a tiny network, computed by the processor: what it writes, and that runs resume to the same bytes.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking, as tests do")]

mod bound;
mod checkpoints;
mod devices;
mod fixture;
mod folders;
mod halves;
mod hostile;
mod kinds;
mod observers;
mod rates;
mod resume;
mod starts;
mod states;
mod statistics;
mod stores;
mod training;
mod version_0_1;
