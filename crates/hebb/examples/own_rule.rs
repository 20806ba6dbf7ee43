//! A learning rule of one's own: a mixture of the ingredients that hebb has, beside two of the paper's.

use hebb::prelude::*;

/// Half of W's increment for R, and a slow decay of both.
const LEAKY: Rule = Rule { name: "leaky", feedback: Feedback::Separate, epsilon: 0.5, decay: 1e-4 };

fn main() -> hebb::Result<()> {
    for (name, error) in run()? {
        println!("{name:5} error of the last 50 steps {error:.3}");
    }
    Ok(())
}

/// Returns each rule's training error over the last 50 of 200 steps.
pub fn run() -> hebb::Result<Vec<(&'static str, f64)>> {
    let (data, device) = (Data::load("shapes")?, Device::auto()?);
    let mut errors = Vec::new();
    for rule in [Rule::FRFB, Rule::URFB, LEAKY] {
        let net = Layered::parse("Conv 8 5x5; Maxpool 4, stride 4; Full 32; Output")?.rule(rule).lr(0.3);
        let mut net = net.on(&device, &data, 50)?;
        let mut wrong = 0.0;
        for step in 0..200 {
            let records: Vec<u32> = (step * 50..(step + 1) * 50).collect();
            let seen = net.step(&data.train, &records)?;
            wrong += if step >= 150 { seen.error() } else { 0.0 };
        }
        errors.push((rule.name, wrong / 50.0));
    }
    Ok(errors)
}
