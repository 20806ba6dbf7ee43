//! One module a command.

pub mod bench;
pub mod data;
pub mod devices;
pub mod eval;
pub mod family;
pub mod init;
pub mod inspect;
pub mod nets;
pub mod plan;
pub mod report;
pub mod reproduce;
pub mod sweep;
pub mod train;
pub mod tune;
pub mod verify;
