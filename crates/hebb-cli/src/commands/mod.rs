//! One module a command.

pub mod activations;
pub mod bench;
pub mod compare;
pub mod data;
pub mod devices;
pub mod eval;
pub mod family;
pub mod filters;
pub mod init;
pub mod inspect;
pub mod nets;
pub mod plan;
pub mod predict;
pub mod report;
pub mod reproduce;
mod stored;
pub mod sweep;
pub mod train;
pub mod tune;
pub mod verify;
pub mod watch;
