//! Trains a small network by URFB on the built-in images, and looks at what W and R have become.

use hebb::prelude::*;

fn main() -> hebb::Result<()> {
    let error = run()?;
    println!("validation error {error:.3}");
    Ok(())
}

/// Returns the validation error after 300 steps.
pub fn run() -> hebb::Result<f64> {
    let data = Data::load("shapes")?.validation(1000)?;
    let net = Layered::parse("Conv 8 5x5; Maxpool 4, stride 4; Full 32; Output")?;
    let mut net = net.rule(Rule::URFB).seed(1).on(&Device::auto()?, &data, 100)?;
    for first in (0..30_000).step_by(100) {
        let records: Vec<u32> = (first..first + 100).collect();
        let seen = net.step(&data.train, &records)?;
        if net.steps() % 100 == 0 {
            let (two, three) = (net.layer(2).correlation()?, net.layer(3).correlation()?);
            println!("step {}: error {:.2}, W-R correlation {two:.3?} {three:.3?}", net.steps(), seen.error());
        }
    }
    Ok(net.evaluate(&data.validation)?.error())
}
