//! Untied weights past lavapipe's 128 MiB binding: a device cuts them by itself, and nothing else may notice.

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::lane4::Lane4;
use hebb_spec::learning::Learning;
use hebb_spec::problem::Problem;
use hebb_tests::problem::{RATE, check};
use hebb_tests::{Case, Values, devices};
use libtest_mimic::Trial;

/// 144 MiB of weights.
fn connection() -> Connection {
    Connection::conv(Shape::new(32, 32, 32), 128, 3, 3).untie()
}

/// One trial a heavy kernel, with the device's own variant and largest binding.
pub fn trials() -> Vec<Trial> {
    let (connection, batch) = (connection(), 2);
    let learning = Learning { masked: true, ..Learning::new(RATE, Some(0.5)) };
    let problems = [
        Problem::ConnectForward { connection, batch, slope: Some(0.5) },
        Problem::ConnectFeedback { connection, batch, skip: true, gate: Some(0.5) },
        Problem::ConnectUpdate { connection, batch, learning },
    ];
    let mut trials = Vec::new();
    for tested in devices() {
        trials.extend(problems.map(|problem| {
            tested.trial(&format!("{}: untied, past 128 MiB", problem.stem()), move |runtime| {
                check(runtime, &Case::new("past 128 MiB", problem), (None, &[false]), Values::Random, 3)
            })
        }));
    }
    let is_large = 4 * connection.lane4_len() > 128 << 20;
    trials.push(Trial::test("the large layer is large", move || {
        if is_large { Ok(()) } else { Err("it fits a binding of 128 MiB".into()) }
    }));
    trials
}
