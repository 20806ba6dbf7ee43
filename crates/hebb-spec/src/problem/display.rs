//! A problem in a line.

use std::fmt;

use super::{Competition, Decay, Magnitudes, Problem};
use crate::connection::Connection;

/// Its shape, in the direction that data runs.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filter = |c: &Connection| match c.is_full() {
            true => String::new(),
            false => format!(", {}x{}{}", c.kernel_h, c.kernel_w, if c.untied { ", untied" } else { "" }),
        };
        let masked = |masked: bool| if masked { ", masked" } else { "" };
        match self {
            Problem::GatherImages { shape, .. } => write!(f, "{shape}"),
            Problem::ConnectForward { connection: c, .. } => write!(f, "{} -> {}{}", c.input, c.output, filter(c)),
            Problem::ConnectFeedback { connection: c, .. } => write!(f, "{} -> {}{}", c.output, c.input, filter(c)),
            Problem::ConnectUpdate { connection: c, learning, .. } => {
                write!(f, "{} * {}{}{}", c.output, c.input, filter(c), masked(learning.masked))
            }
            Problem::SignFeedback { connection, magnitudes } => {
                let from = match magnitudes {
                    Magnitudes::Uniform(_) => "one magnitude",
                    Magnitudes::Kept => "magnitudes kept",
                    Magnitudes::Drawn { .. } => "magnitudes drawn",
                };
                write!(f, "{} weights, {from}", connection.weights())
            }
            Problem::Decay { connection, by, .. } => {
                let by = match by {
                    Decay::Even => "all alike",
                    Decay::ByPost => "by output",
                    Decay::ByPre => "by input",
                };
                write!(f, "{} weights, {by}", connection.weights())
            }
            Problem::Compete { units, competition, .. } => {
                let by = match competition {
                    Competition::Winner => "one wins",
                    Competition::Softmax { .. } => "softmax",
                };
                write!(f, "{units} units, {by}")
            }
            Problem::Transfer { units, transfer, one, .. } | Problem::TransferFeedback { units, transfer, one, .. } => {
                write!(f, "{units} units{}, {transfer}", if *one { " and one" } else { "" })
            }
            Problem::TransferError { units, transfer, .. } => write!(f, "{units} units, {transfer}"),
            Problem::Nudge { units, nudge, .. } => write!(f, "{units} units, {}", nudge.transfer),
            Problem::Integrate { units, euler, .. } => write!(f, "{units} units{euler}"),
            Problem::Record { units, every, rows, .. } => write!(f, "{units} units, {rows} rows, every {every}"),
            Problem::SumForward { units, .. }
            | Problem::Difference { units, .. }
            | Problem::SumFeedback { units, .. }
            | Problem::Saturation { units, .. } => write!(f, "{units} units"),
            Problem::PoolForward { pool, .. } => {
                write!(f, "{} -> {}, {}x{} / {}", pool.input, pool.output(), pool.size, pool.size, pool.stride)
            }
            Problem::PoolFeedback { pool, .. } => {
                write!(f, "{} -> {}, {}x{} / {}", pool.output(), pool.input, pool.size, pool.size, pool.stride)
            }
            Problem::Dropout { units, probability, .. } => write!(f, "{units} units, {probability}"),
            Problem::Loss { classes, .. } | Problem::TargetDelta { classes, .. } => write!(f, "{classes} classes"),
            Problem::PairStatistics { of, masked: is_masked } => write!(f, "{} pairs{}", of.len(), masked(*is_masked)),
        }
    }
}
