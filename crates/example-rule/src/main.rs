//! Two learning rules of one's own, beside three of the paper's: see docs/rules.md.
//!
//! `leaky` is a mixture of ingredients that hebb has: half of W's increment for R, and a slow decay of both.
//! `jumps` is arithmetic that hebb does not have: it trains like fixed feedback, but every 20 steps the host reads W and
//! R, moves R a quarter of the way towards W, and writes it back.

use anyhow::{Context, Error, Result};
use hebb_data::Dataset;
use hebb_engine::init::{Drawing, RStart, UntiedStart, draw};
use hebb_engine::statistics::PairSums;
use hebb_gpu::{Gpu, Pick, Session};
use hebb_spec::backend::{Backend, Batch};
use hebb_spec::network::Network;
use hebb_spec::plan::{List, Model, Plan, Role};
use hebb_spec::rule::{Feedback, Loss, Preset, Rule};

const NET: &str = "Conv 8 5x5; Maxpool 4, stride 4; Full 32; Output";
const LEAKY: Rule = Rule { name: "leaky", feedback: Feedback::Separate, epsilon: 0.5, decay: 1e-4 };
const JUMPS: Rule = Rule { name: "jumps", feedback: Feedback::Separate, epsilon: 0.0, decay: 0.0 };
const STEPS: u32 = 300;
const BATCH: u32 = 100;
const SEED: u64 = 1;

fn main() -> Result<()> {
    let gpu = Gpu::open(&Pick::Any)?;
    let data = hebb_data::load("shapes")?;
    println!("{NET} on shapes, batch {BATCH}, {STEPS} steps, on {}\n", gpu.name());
    println!("rule    error of the last 50 steps   correlation of W2 and R2");
    for rule in [Rule::FRFB, Rule::URFB, Rule::BP, LEAKY, JUMPS] {
        let mut trial = Trial::new(&gpu, &data, rule)?;
        let error = trial.train(&data)?;
        let correlation = trial.correlation(2)?.map_or("-".to_owned(), |value| format!("{value:.3}"));
        println!("{:7} {error:<28.3} {correlation}", rule.name);
    }
    Ok(())
}

/// A network on a device.
struct Trial {
    model: Model,
    plan: Plan,
    session: Session,
}

impl Trial {
    /// Plans a network with a rule, and gives it its random start.
    fn new(gpu: &Gpu, data: &Dataset, rule: Rule) -> Result<Self> {
        let network = Network::new(NET, data.shape, data.classes(), Preset::AsRun)?;
        let model = Model::new(network, rule, Loss::Hinge, Preset::AsRun);
        let plan = Plan::new(&model, BATCH);
        let mut session = Session::new(gpu, plan.clone())?;
        let how =
            Drawing { seed: SEED, r_start: RStart::Independent, untied_start: UntiedStart::Tied, connectivity: 1.0 };
        draw(&model, &how).upload(&model, &plan, &mut session).map_err(Error::from_boxed)?;
        Ok(Self { model, plan, session })
    }

    /// Trains, and returns the error over the last 50 steps.
    fn train(&mut self, data: &Dataset) -> Result<f64> {
        let (mut images, mut outcomes) = (Vec::new(), Vec::new());
        for step in 0..STEPS {
            let first = step * BATCH % (data.train.len() as u32 - BATCH);
            let records: Vec<u32> = (first..first + BATCH).collect();
            data.train.copy_records(&records, &mut images);
            let labels = &data.train.labels()[first as usize..(first + BATCH) as usize];
            let batch = Batch { images: &images, labels, step, seed: SEED };
            self.session.submit(List::Train, &batch).map_err(Error::from_boxed)?;
            outcomes.extend(self.session.collect(4).map_err(Error::from_boxed)?);
            if self.model.rule == JUMPS && step % 20 == 19 {
                self.jump(2)?;
                self.jump(3)?;
            }
        }
        outcomes.extend(self.session.collect(0).map_err(Error::from_boxed)?);
        let last = &outcomes[outcomes.len() - 50..];
        let (wrong, seen) = last.iter().fold((0, 0), |(wrong, seen), o| (wrong + o.errors, seen + o.images));
        Ok(f64::from(wrong) / f64::from(seen))
    }

    /// R ← R + (W − R) / 4 of one layer: W and R lie alike on the device, so that index by index is right.
    fn jump(&mut self, layer: u32) -> Result<()> {
        let (w, mut r) = (self.read(Role::W(layer))?, self.read(Role::R(layer))?);
        r.iter_mut().zip(&w).for_each(|(r, w)| *r += (w - *r) / 4.0);
        let id = self.plan.find(Role::R(layer)).context("the rule has no such R")?;
        self.session.write(id, &r).map_err(Error::from_boxed)
    }

    fn correlation(&mut self, layer: u32) -> Result<Option<f64>> {
        if !self.model.has_r(layer) {
            return Ok(None);
        }
        let (w, r) = (self.read(Role::W(layer))?, self.read(Role::R(layer))?);
        Ok(PairSums::of(&w, &r).correlation())
    }

    fn read(&mut self, role: Role) -> Result<Vec<f32>> {
        let id = self.plan.find(role).context("the rule has no such tensor")?;
        self.session.read(id).map_err(Error::from_boxed)
    }
}
