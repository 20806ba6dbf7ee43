//! Trains a small network by URFB on the built-in images, and looks at what W and R have become.

use hebb::prelude::*;

fn main() -> hebb::Result<()> {
    let error = run()?;
    println!("validation error {error:.3}");
    Ok(())
}

/// Returns the validation error after 200 steps.
pub fn run() -> hebb::Result<f64> {
    let data = Data::load("shapes")?.validation(1000)?;
    let net = Layered::parse("Conv 8 5x5; Maxpool 4, stride 4; Full 32; Output")?;
    let mut net = net.rule(Rule::URFB).lr(0.3).seed(1).on(&Device::auto()?, &data, 50)?;
    for first in (0..10_000).step_by(50) {
        let records: Vec<u32> = (first..first + 50).collect();
        let seen = net.step(&data.train, &records)?;
        if net.steps() % 50 == 0 {
            let (two, three) = (net.layer(2).correlation()?, net.layer(3).correlation()?);
            println!("step {}: error {:.2}, W-R correlation {two:.3?} {three:.3?}", net.steps(), seen.error());
        }
    }
    Ok(net.evaluate(&data.validation)?.error())
}
