//! `hebb train`: a new run, or the rest of one.

mod progress;

use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, bail};
use hebb_data::{Dataset, validation_split};
use hebb_engine::Row;
use hebb_engine::job::Job;
use hebb_engine::run::{self, Existing, Run};
use hebb_engine::settings::{Length, Record, Settings};
use hebb_engine::trainer::{Ending, Trainer};
use hebb_spec::backend::Backend;
use hebb_spec::rule::Rule;

use crate::args::{DataArgs, LossArgs, NetworkArgs, RuleArgs, RunningArgs, TrainArgs};
use crate::device::{Choice, Device, Opened};
use crate::layers::Layers;
use crate::model;
use crate::output::{self, Align};
use progress::Progress;

const DEFAULT_DATA: &str = "shapes";
const DEFAULT_EPOCHS: u32 = 10;
const DEFAULT_BATCH: u32 = 500;
const DEFAULT_SEED: u64 = 1;

/// What a shell gives a program that Ctrl-C ended: whoever waits for the run must see that it is not finished.
const INTERRUPTED: i32 = 130;

/// Trains a network into a folder. After a Ctrl-C the run is saved and the program ends with 130.
pub fn run(args: &TrainArgs) -> Result<()> {
    let out = &args.out;
    let running = &args.running;
    let device = running.device.as_ref().unwrap_or(&Choice::Auto);
    let (mut run, job, data, mut backend) = if running.resume {
        let existing = Existing::open(out)?;
        let data = hebb_data::load(&existing.settings().data)?;
        let settings = resumed(args, existing.settings(), &data)?;
        let job = Job::new(settings, &data)?;
        let Opened { backend, variants } = Device::find(device)?.open(job.plan())?;
        let run = existing.resume(&job, &record(&job, &*backend, variants))?;
        (run, job, data, backend)
    } else {
        run::check_new(out, running.overwrite)?;
        let device = Device::find(device)?;
        let data = hebb_data::load(args.data.data.as_deref().unwrap_or(DEFAULT_DATA))?;
        let job = Job::new(settings(args, &data)?, &data)?;
        let start = job.start()?;
        let Opened { backend, variants } = device.open(job.plan())?;
        let record = record(&job, &*backend, variants);
        let run = Run::create(out, running.overwrite, &job, &record, start.weights)?;
        start.messages.iter().for_each(|message| output::note(message));
        (run, job, data, backend)
    };
    let mut progress = Progress::new(&job, run.progress().step);
    let stop = stop_flag()?;
    let plan = job.plan();
    let ending = Trainer {
        job: &job,
        plan: &plan,
        data: &data,
        backend: &mut *backend,
        run: &mut run,
        stop: &stop,
        observer: &mut progress,
    }
    .train();
    let row = progress.finish();
    match ending? {
        Ending::Finished => report(&run, &job, row.as_ref()),
        Ending::Interrupted => {
            output::note(&how_to_resume(&run, &job));
            // The files are whole, and the lock ends with the process.
            process::exit(INTERRUPTED);
        }
    }
}

/// The settings of a new run.
fn settings(args: &TrainArgs, data: &Dataset) -> Result<Settings> {
    let running = &args.running;
    let model = model::model(&args.network, &args.rule, running.freeze.as_ref(), data.shape, data.classes())?;
    let layers = |layers: &Layers| layers.of(model.network.layers()).context("--init-layers");
    let init =
        running.init.as_deref().map(|path| path.to_str().context("--init: the path is no valid text, rename it"));
    Ok(Settings {
        net: model.network.notation(),
        rule: model.rule,
        loss: model.loss,
        mu: model.mu,
        slope: model.slope,
        lr: model.lr,
        preset: model.preset,
        data: args.data.data.clone().unwrap_or_else(|| DEFAULT_DATA.to_owned()),
        validation: validation_split(data.train.len(), args.data.validation)?,
        no_shuffle: args.no_shuffle,
        length: length(running).unwrap_or(Length::Epochs(DEFAULT_EPOCHS)),
        batch: running.batch.unwrap_or(DEFAULT_BATCH),
        seed: running.seed.unwrap_or(DEFAULT_SEED),
        init: init.transpose()?.map(str::to_owned),
        init_layers: running.init_layers.as_ref().map(layers).transpose()?.unwrap_or_default(),
        freeze: model.frozen,
    })
}

fn length(running: &RunningArgs) -> Option<Length> {
    running.steps.map(Length::Steps).or(running.epochs.map(Length::Epochs))
}

/// The settings of a run to continue. Options may repeat them, but change only how long it is.
fn resumed(args: &TrainArgs, stored: &Settings, data: &Dataset) -> Result<Settings> {
    if let Some(option) = changed(args, stored, data)? {
        bail!("{option} differs from the run's own: with --resume only --epochs, --steps and --device may change");
    }
    Ok(Settings { length: length(&args.running).unwrap_or(stored.length), ..stored.clone() })
}

/// The first option that says something else than the run's settings.
fn changed(args: &TrainArgs, stored: &Settings, data: &Dataset) -> Result<Option<&'static str>> {
    let TrainArgs { out: _, network, rule, data: data_args, no_shuffle, running } = args;
    let RuleArgs { rule, epsilon, lr, loss: LossArgs { loss, mu, slope, preset } } = rule;
    let DataArgs { data: data_text, validation } = data_args;
    let RunningArgs { batch, seed, freeze, init, init_layers, .. } = running;
    let stored_net =
        model::network(&NetworkArgs { net: Some(stored.net.clone()) }, stored.preset, data.shape, data.classes())?;
    let net = match network.net {
        Some(_) => Some(model::network(network, stored.preset, data.shape, data.classes())?),
        None => None,
    };
    let layers = |layers: &Option<Layers>, option| -> Result<Option<Vec<u32>>> {
        layers.as_ref().map(|layers| layers.of(stored_net.layers())).transpose().context(option)
    };
    let (freeze, init_layers) = (layers(freeze, "--freeze")?, layers(init_layers, "--init-layers")?);
    let stored_epsilon = if let Rule::Urfb { epsilon } = stored.rule { Some(epsilon) } else { None };
    let options = [
        ("--net", net.is_some_and(|net| net.items != stored_net.items)),
        ("--rule", rule.is_some_and(|rule| rule.name() != stored.rule.name())),
        ("--epsilon", epsilon.is_some() && *epsilon != stored_epsilon),
        ("--lr", lr.is_some_and(|lr| lr != stored.lr)),
        ("--loss", loss.is_some_and(|loss| loss != stored.loss)),
        ("--mu", mu.is_some_and(|mu| mu != stored.mu)),
        ("--slope", slope.is_some_and(|slope| slope != stored.slope)),
        ("--preset", preset.is_some_and(|preset| preset != stored.preset)),
        ("--data", data_text.as_ref().is_some_and(|data| *data != stored.data)),
        ("--validation", validation.is_some_and(|validation| validation != stored.validation)),
        ("--no-shuffle", *no_shuffle && !stored.no_shuffle),
        ("--batch", batch.is_some_and(|batch| batch != stored.batch)),
        ("--seed", seed.is_some_and(|seed| seed != stored.seed)),
        ("--freeze", freeze.is_some_and(|freeze| freeze != stored.freeze)),
        ("--init", init.as_deref().is_some_and(|init| Some(init) != stored.init.as_ref().map(Path::new))),
        ("--init-layers", init_layers.is_some_and(|layers| layers != stored.init_layers)),
    ];
    Ok(options.into_iter().find(|&(_, differs)| differs).map(|(option, _)| option))
}

fn record(job: &Job, backend: &dyn Backend, variants: Vec<String>) -> Record {
    let network = &job.model.network;
    let (input, classes) = (network.input, network.classes);
    Record { hebb: env!("CARGO_PKG_VERSION").to_owned(), input, classes, device: backend.name(), variants }
}

/// Set by Ctrl-C, or by a request to terminate. The second time ends the program at once: its files are whole always.
fn stop_flag() -> Result<Arc<AtomicBool>> {
    let stop = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stop);
    ctrlc::set_handler(move || {
        if flag.swap(true, Ordering::Relaxed) {
            process::exit(INTERRUPTED);
        }
        output::note("finishing the step, then saving (once more to end at once)");
    })
    .context("cannot listen for Ctrl-C")?;
    Ok(stop)
}

fn how_to_resume(run: &Run, job: &Job) -> String {
    let (done, path) = (run.progress().step, run.path().display());
    format!(
        "stopped after step {done} of {}, all saved: continue with 'hebb train --resume --out {path}'",
        job.total_steps
    )
}

/// The result of a run that is finished. A resume that finds it so has no last row.
fn report(run: &Run, job: &Job, last: Option<&Row>) -> Result<()> {
    let progress = run.progress();
    let mut rows = vec![("epochs", progress.epoch.to_string()), ("steps", progress.step.to_string())];
    if let Some(row) = last {
        rows.push(("training error", format!("{:.4} (loss {:.4})", row.train_error, row.train_loss)));
        if let Some((loss, error)) = row.validation {
            rows.push(("validation error", format!("{error:.4} (loss {loss:.4})")));
        }
    }
    if let Some(best) = progress.best {
        let error = best.wrong as f64 / job.settings.validation as f64;
        rows.push(("lowest validation error", format!("{error:.4} (epoch {})", best.epoch)));
    }
    rows.push(("last weights", run.last().display().to_string()));
    rows.extend(run.best().map(|best| ("best weights", best.display().to_string())));
    rows.push(("metrics", run.metrics().display().to_string()));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let path = run.path().display().to_string();
    output::line(&output::table(&[("run", Align::Left), (&path, Align::Left)], &rows))
}
