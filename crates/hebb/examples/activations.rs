//! What each layer makes of an image: activations out of a network, and how many units of each stand at ±1.

use hebb::prelude::*;

fn main() -> hebb::Result<()> {
    for (name, units, saturated) in run()? {
        println!("{name}: {units} units an image, {saturated:.3} of them at ±1");
    }
    Ok(())
}

/// Returns each tensor's name, its units and the share of them that are saturated, over ten test images.
pub fn run() -> hebb::Result<Vec<(String, usize, f64)>> {
    let data = Data::load("shapes")?;
    let net = Layered::parse("Conv 8 5x5; Maxpool 3; Drop .5; Full 32; Output")?.set("slope", "2")?;
    let mut net = net.on(&Device::auto()?, &data, 50)?;
    for step in 0..20 {
        let records: Vec<u32> = (step * 50..(step + 1) * 50).collect();
        net.step(&data.train, &records)?;
    }
    let records: Vec<u32> = (0..10).collect();
    let share = |values: &[f32]| {
        let saturated = values.iter().filter(|value| value.abs() >= 1.0).count();
        saturated as f64 / values.len() as f64
    };
    let seen = net.activity(&data.test, &records)?;
    Ok(seen.into_iter().map(|activity| (activity.name, activity.units, share(&activity.values))).collect())
}
