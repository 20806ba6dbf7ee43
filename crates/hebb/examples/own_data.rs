//! Data of one's own, from arrays: bright rows and bright columns in noise.

use hebb::prelude::*;

const SIDE: u32 = 8;

/// `count` images of one channel with their labels: 0 for a bright row, 1 for a bright column.
fn lines(count: u32, mut state: u32) -> (Vec<u8>, Vec<u16>) {
    let mut random = move |below: u32| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 16) % below
    };
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let (label, line) = (random(2), random(SIDE));
        for pixel in 0..SIDE * SIDE {
            let at = if label == 0 { pixel / SIDE } else { pixel % SIDE };
            let noise = random(100);
            images.push((noise + if at == line { 120 } else { 0 }) as u8);
        }
        labels.push(label as u16);
    }
    (images, labels)
}

fn main() -> hebb::Result<()> {
    println!("test error {:.3}", run()?);
    Ok(())
}

/// Returns the error on test images after ten epochs.
pub fn run() -> hebb::Result<f64> {
    let data = Data::from_arrays(Shape::new(1, SIDE, SIDE), lines(2000, 1), lines(500, 2))?;
    let net = Layered::parse("Conv 8 3x3; Maxpool 2; Full 32; Output")?;
    let mut net = net.loss(Loss::Softmax).on(&Device::auto()?, &data, 50)?;
    for epoch in 0..10 {
        net.epoch(&data.train, epoch)?;
    }
    Ok(net.evaluate(&data.test)?.error())
}
