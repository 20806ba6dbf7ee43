//! deepernet by back-propagation on burn's wgpu backend, a step as tools/peers/steps.py has it: a batch of random images
//! from the host, forward pass with dropout, hinge loss, gradients by autodiff, SGD.
//!
//!     hebb-peer-burn BATCH [discrete:N|integrated:N|virtual:N|cpu|default] [SECONDS]
//!
//! Takes steps until two after each other take about as long (compilation and tuning come first), then prints `ready`
//! and the seconds of the first step and of all of them. For each line on stdin it then measures for SECONDS (1.5) and
//! prints images a second: so that a tuned program stays while others are measured in turn.

use std::error::Error;
use std::io::{BufRead, stdin};
use std::time::Instant;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{Dropout, DropoutConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::activation::relu;
use burn::tensor::{Device, DeviceKind, Int, Tensor, TensorData};

const IMAGES: usize = 5000;
const UNITS: usize = 3 * 32 * 32;
const RATE: f64 = 0.1;
/// Steps before the measurement, at least and at most.
const WARM_UP: std::ops::Range<usize> = 4..12;

/// sigma = clip(h / 2, -1, 1).
fn sigma<const D: usize>(h: Tensor<D>) -> Tensor<D> {
    (h * 0.5).clamp(-1.0, 1.0)
}

#[derive(Module, Debug)]
struct Deepernet {
    convs: Vec<Conv2d>,
    pool: MaxPool2d,
    half: Dropout,
    most: Dropout,
    full: Linear,
    output: Linear,
}

impl Deepernet {
    fn new(device: &Device) -> Self {
        let conv = |from, to| {
            let padding = PaddingConfig2d::Explicit(1, 1, 1, 1);
            Conv2dConfig::new([from, to], [3, 3]).with_padding(padding).with_bias(false).init(device)
        };
        let channels = [3, 16, 16, 32, 32, 64, 64, 128, 128];
        Self {
            convs: channels.windows(2).map(|pair| conv(pair[0], pair[1])).collect(),
            // Windows of 3 from every second pixel on; the last reaches past the edge.
            pool: MaxPool2dConfig::new([3, 3]).with_strides([2, 2]).with_ceil_mode(true).init(),
            half: DropoutConfig::new(0.5).init(),
            most: DropoutConfig::new(0.8).init(),
            full: LinearConfig::new(128 * 4 * 4, 500).with_bias(false).init(device),
            output: LinearConfig::new(500, 10).with_bias(false).init(device),
        }
    }

    /// Two convolutions and the sum of what they put out.
    fn pair(&self, at: usize, x: Tensor<4>) -> Tensor<4> {
        let below = sigma(self.convs[at].forward(x));
        below.clone() + sigma(self.convs[at + 1].forward(below))
    }

    fn forward(&self, x: Tensor<4>) -> Tensor<2> {
        let x = self.pair(2, self.pair(0, x));
        let x = self.half.forward(self.pool.forward(x));
        let x = self.pool.forward(self.pair(4, x));
        let x = self.most.forward(self.pool.forward(self.pair(6, x)));
        self.output.forward(sigma(self.full.forward(x.flatten(1, 3))))
    }
}

/// Equation (4) with mu = 1 / 9, added over the images.
fn hinge(scores: Tensor<2>, labels: Tensor<2, Int>) -> Tensor<1> {
    let right = scores.clone().gather(1, labels);
    let wrong = relu(scores + 1.0).sum() - relu(right.clone() + 1.0).sum();
    relu(-right + 1.0).sum() + wrong / 9.0
}

/// Random numbers enough for images and labels (xorshift).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }
}

/// A training, step by step.
struct Steps {
    net: Option<Deepernet>,
    optimizer: ModuleOptimizer,
    device: Device,
    batch: usize,
    random: Random,
    images: Vec<u8>,
    labels: Vec<i32>,
}

impl Steps {
    fn new(device: Device, batch: usize) -> Self {
        let mut random = Random(0x9E37_79B9_7F4A_7C15);
        Self {
            net: Some(Deepernet::new(&device)),
            optimizer: SgdConfig::new().init(),
            batch,
            images: (0..IMAGES * UNITS).map(|_| random.next() as u8).collect(),
            labels: (0..IMAGES).map(|_| random.below(10) as i32).collect(),
            random,
            device,
        }
    }

    /// One step; its loss lies on the device still.
    fn step(&mut self) -> Option<Tensor<1>> {
        let (mut images, mut labels) = (Vec::with_capacity(self.batch * UNITS), Vec::with_capacity(self.batch));
        for _ in 0..self.batch {
            let at = self.random.below(IMAGES);
            images.extend(self.images[at * UNITS..][..UNITS].iter().map(|&byte| f32::from(byte) / 255.0));
            labels.push(self.labels[at]);
        }
        let images = Tensor::<4>::from_data(TensorData::new(images, [self.batch, 3, 32, 32]), &self.device);
        let labels = Tensor::<2, Int>::from_data(TensorData::new(labels, [self.batch, 1]), &self.device);
        let net = self.net.take()?;
        let loss = hinge(net.forward(images), labels) / self.batch as f64;
        let gradients = GradientsParams::from_grads(loss.backward(), &net);
        self.net = Some(self.optimizer.step(RATE, net, gradients));
        Some(loss)
    }

    /// Waits for all that was asked for: the loss comes back, and the device has nothing left to do.
    fn wait(&self, loss: Option<Tensor<1>>) -> Result<f32, Box<dyn Error>> {
        let loss: f32 = loss.ok_or("no step")?.into_scalar();
        self.device.sync().map_err(|error| format!("{error:?}"))?;
        if loss.is_finite() { Ok(loss) } else { Err("the loss is no number".into()) }
    }

    /// Images a second, over at least so many seconds and four steps.
    fn measure(&mut self, seconds: f64) -> Result<f64, Box<dyn Error>> {
        let (start, mut steps, mut loss) = (Instant::now(), 0, None);
        while steps < 4 || start.elapsed().as_secs_f64() < seconds {
            loss = self.step();
            steps += 1;
            // Without an end to what is asked for, the clock would measure how fast the host asks.
            if steps % 4 == 0 {
                self.wait(loss.take())?;
            }
        }
        if loss.is_some() {
            self.wait(loss)?;
        }
        Ok((steps * self.batch) as f64 / start.elapsed().as_secs_f64())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let batch: usize = arguments.next().ok_or("usage: hebb-peer-burn BATCH [KIND] [SECONDS]")?.parse()?;
    let kind = arguments.next().unwrap_or_else(|| "default".to_owned());
    let (kind, at) = kind.split_once(':').unwrap_or((&kind, "0"));
    let at = at.parse()?;
    let kind = match kind {
        "discrete" => DeviceKind::DiscreteGpu(at),
        "integrated" => DeviceKind::IntegratedGpu(at),
        "virtual" => DeviceKind::VirtualGpu(at),
        "cpu" => DeviceKind::Cpu,
        "default" => DeviceKind::DefaultDevice,
        other => return Err(format!("no kind of device: {other}").into()),
    };
    let seconds: f64 = arguments.next().map_or(Ok(1.5), |text| text.parse())?;
    let mut steps = Steps::new(Device::wgpu(kind).autodiff(), batch);
    let (start, mut times) = (Instant::now(), Vec::new());
    loop {
        let step = Instant::now();
        let loss = steps.step();
        let loss = steps.wait(loss)?;
        times.push(step.elapsed().as_secs_f64());
        eprintln!("step {}: {:.2} s, loss {loss:.4}", times.len(), times[times.len() - 1]);
        let steady = times.len() >= 2 && times[times.len() - 1] > times[times.len() - 2] / 1.3;
        if times.len() >= WARM_UP.end || times.len() >= WARM_UP.start && steady {
            break;
        }
    }
    println!("ready {:.1} {:.1}", times[0], start.elapsed().as_secs_f64());
    for line in stdin().lock().lines() {
        line?;
        println!("{:.2}", steps.measure(seconds)?);
    }
    Ok(())
}
