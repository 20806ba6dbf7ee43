//! Step by step with R nudged by hand: fixed feedback that jumps a quarter of the way towards W every 10 steps.

use hebb::prelude::*;

fn main() -> hebb::Result<()> {
    let (before, after) = run()?;
    println!("W-R correlation of layer 2: {before:.3} at the start, {after:.3} after 100 steps");
    Ok(())
}

/// Returns the correlation of W2 and R2 at the start and at the end.
pub fn run() -> hebb::Result<(f64, f64)> {
    let data = Data::load("shapes")?;
    let net = Layered::parse("Conv 8 5x5; Maxpool 4, stride 4; Full 32; Output")?.rule(Rule::FRFB);
    let mut net = net.on(&Device::auto()?, &data, 50)?;
    let before = net.layer(2).correlation()?.unwrap_or_default();
    for step in 0..100 {
        let records: Vec<u32> = (step * 50..(step + 1) * 50).collect();
        net.step(&data.train, &records)?;
        if step % 10 == 9 {
            for (w, r) in [("W2", "R2"), ("W3", "R3")] {
                let (w, mut nudged) = (net.read(w)?, net.read(r)?);
                nudged.iter_mut().zip(&w).for_each(|(r, w)| *r += (w - *r) / 4.0);
                net.write(r, &nudged)?;
            }
        }
    }
    let after = net.layer(2).correlation()?.unwrap_or_default();
    Ok((before, after))
}
