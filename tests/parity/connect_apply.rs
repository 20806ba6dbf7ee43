//! `connect_apply`: partial sums of an update that is cut into runs of places, into W and, where it learns, into R.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::update_splits;
use hebb_spec::learning::Learning;
use hebb_spec::problem::Problem;
use hebb_tests::Case;
use hebb_tests::problem::{COLUMNS, RATE};

/// Shapes of the update that are cut, in every form.
pub fn cases() -> Vec<Case> {
    let update =
        |name, connection, batch, learning| Case::new(name, Problem::ConnectUpdate { connection, batch, learning });
    let conv = |c, h, w, out, kh, kw| Connection::conv(Shape::new(c, h, w), out, kh, kw);
    let plain = |epsilon| Learning::new(RATE, epsilon);
    let masked = |epsilon| Learning { rate: RATE, keep: 0.75, epsilon, masked: true, trace: None };
    let mut cases = vec![
        update("in runs: one of everything", conv(1, 1, 2, 1, 1, 1), 1, plain(None)),
        update("in runs: W alone", conv(3, 4, 4, 32, 5, 5), 6, plain(None)),
        update("in runs: W and R", conv(7, 11, 10, 9, 3, 3), 5, plain(Some(1.0))),
        update("in runs: a share for R", conv(5, 4, 4, 6, 2, 3), 3, plain(Some(0.25))),
        update("in runs: masked, W alone", conv(5, 4, 4, 7, 2, 3), 4, masked(None)),
        update("in runs: masked, W and R, with decay", conv(5, 4, 4, 7, 2, 3), 7, masked(Some(0.5))),
        update("in runs of unequal length", conv(28, 5, 7, 128, 3, 3), 12, plain(Some(1.0))),
        update(COLUMNS, conv(1, 257, 255, 1, 1, 1), 1, plain(None)),
        update("in runs: first layer of simpnet", conv(3, 32, 32, 32, 5, 5), 20, plain(Some(1.0))),
    ];
    for (keep, trace) in super::connect_update::TRACES {
        let learning = Learning { keep, trace: Some(trace), ..Learning::new(RATE, None) };
        cases.push(update("in runs: by a trace", conv(7, 11, 10, 9, 3, 3), 5, learning));
        for (_, connection, batch) in super::connect_forward::connections() {
            if update_splits(&connection) > 1 {
                cases.push(update("in runs: by a trace", connection, batch, learning));
            }
        }
    }
    let learnings = super::connect_update::learnings();
    let cut = super::connect_forward::cut_cases(|connection, batch| Problem::ConnectUpdate {
        connection,
        batch,
        learning: plain(Some(1.0)),
    });
    let is_in_runs = |problem: &Problem| matches!(problem, Problem::ConnectUpdate { connection, .. } if update_splits(connection) > 1);
    cases.extend(cut.into_iter().filter(|case| is_in_runs(&case.problem)));
    for (at, (name, connection, batch)) in super::connect_forward::connections().into_iter().enumerate() {
        if update_splits(&connection) > 1 {
            cases.push(update(name, connection, batch, learnings[at % 4]));
        }
    }
    cases
}
