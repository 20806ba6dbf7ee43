//! Untied weights past lavapipe's 128 MiB binding: the device cuts them by itself, and nothing else may notice.

use hebb_gpu::Options;
use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::problem::{Learning, Problem};
use hebb_tests::problem::check;
use hebb_tests::{Case, Values, trial};
use libtest_mimic::Trial;

/// 144 MiB of weights.
fn connection() -> Connection {
    Connection::conv(Shape::new(32, 32, 32), 128, 3, 3).untie()
}

/// One trial a heavy kernel, with the device's own variant and largest binding.
pub fn trials() -> Vec<Trial> {
    let (connection, batch) = (connection(), 2);
    let learning = Learning { masked: true, ..Learning::new(1.0 / 64.0, Some(0.5)) };
    let problems = [
        Problem::ConnectForward { connection, batch, slope: Some(0.5) },
        Problem::ConnectFeedback { connection, batch, skip: true, gate: Some(0.5) },
        Problem::ConnectUpdate { connection, batch, learning },
    ];
    let one = |problem: Problem| {
        trial(format!("{}: untied, past 128 MiB", problem.stem()), move |gpu| {
            let case = Case::new("past 128 MiB", problem, batch);
            check(gpu, &case, &Options::default(), Values::Random, 3).map(|_| ())
        })
    };
    let is_large = 4 * connection.device_len() > 128 << 20;
    let large = Trial::test("the large layer is large", move || {
        if is_large { Ok(()) } else { Err("it fits a binding of 128 MiB".into()) }
    });
    problems.into_iter().map(one).chain([large]).collect()
}
