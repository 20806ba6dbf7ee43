//! `hebb train`: a new run, or the rest of one.

mod progress;

use std::path::Path;
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, Result, anyhow, bail};
use hebb_data::{Dataset, Source, validation_split};
use hebb_engine::Row;
use hebb_engine::job::Job;
use hebb_engine::run::{self, Existing, Run};
use hebb_engine::settings::{Length, Record, Settings};
use hebb_engine::trainer::{Ending, Trainer};
use hebb_spec::Shape;
use hebb_spec::plan::Model;

use crate::args::{DataArgs, DetailArgs, LossArgs, NetworkArgs, RuleArgs, RunningArgs, TrainArgs};
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
    let (mut run, job, data, mut backend) = if running.resume {
        let existing = Existing::open(out)?;
        let data = hebb_data::load(&existing.settings().data)?;
        let settings = resumed(args, existing.settings(), &data)?;
        let job = Job::new(settings, &data)?;
        let device: Choice = job.settings.device.parse().map_err(|error| anyhow!("{error}")).context("device")?;
        let Opened { backend, variants } = Device::find(&device)?.open(job.plan())?;
        let (before, now) = (existing.record().device.clone(), backend.name());
        let run = existing.resume(&job, &record(&job, now.clone(), variants))?;
        if before != now {
            output::note(&format!("the run was on {before}: on {now} its numbers go on, but not to the same bits"));
        }
        (run, job, data, backend)
    } else {
        run::check_new(out, running.overwrite)?;
        let device = Device::find(running.device.as_ref().unwrap_or(&Choice::Auto))?;
        let source: Source = args.data.data.as_deref().unwrap_or(DEFAULT_DATA).parse()?;
        let outline = source.outline()?;
        // What does not fit together is told before the data is read.
        model_of(args, outline.shape, outline.classes)?;
        let data = outline.load()?;
        let job = Job::new(settings(args, &data)?, &data)?;
        let start = job.start()?;
        let Opened { backend, variants } = device.open(job.plan())?;
        let record = record(&job, backend.name(), variants);
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

fn model_of(args: &TrainArgs, input: Shape, classes: u32) -> Result<Model> {
    let running = &args.running;
    model::model(&args.network, &args.rule, running.freeze.as_ref(), &running.detail, input, classes)
}

/// The settings of a new run.
fn settings(args: &TrainArgs, data: &Dataset) -> Result<Settings> {
    let (running, input, classes) = (&args.running, data.shape, data.classes());
    let model = model_of(args, input, classes)?;
    let (written, untied) = model::network(&args.network, model.preset, input, classes)?;
    let layers = |layers: &Layers| layers.of(model.network.layers()).context("--init-layers");
    let init =
        running.init.as_deref().map(|path| path.to_str().context("--init: the path is no valid text, rename it"));
    Ok(Settings {
        net: written.notation(),
        untied,
        untied_start: args.network.untied_start,
        connectivity: model::connectivity(&args.network),
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
        track_r1: model.track_r1,
        statistics: running.detail.statistics.unwrap_or_default(),
        device: device_text(running.device.as_ref().unwrap_or(&Choice::Auto)),
    })
}

/// A choice as it reads.
fn device_text(choice: &Choice) -> String {
    match choice {
        Choice::Auto => "auto",
        Choice::Gpu => "gpu",
        Choice::Reference => "reference",
        Choice::Named(name) => name,
    }
    .to_owned()
}

fn length(running: &RunningArgs) -> Option<Length> {
    running.steps.map(Length::Steps).or(running.epochs.map(Length::Epochs))
}

/// The settings of a run to continue. Options may repeat them, but change only its length and device.
fn resumed(args: &TrainArgs, stored: &Settings, data: &Dataset) -> Result<Settings> {
    if let Some(option) = changed(args, stored, data)? {
        bail!("{option} differs from the run's own: with --resume only --epochs, --steps and --device may change");
    }
    let (length, device) = (length(&args.running), args.running.device.as_ref().map(device_text));
    Ok(Settings {
        length: length.unwrap_or(stored.length),
        device: device.unwrap_or_else(|| stored.device.clone()),
        ..stored.clone()
    })
}

/// The first option that says something else than the run's settings.
fn changed(args: &TrainArgs, stored: &Settings, data: &Dataset) -> Result<Option<&'static str>> {
    let TrainArgs { out: _, network, rule, data: data_args, no_shuffle, running } = args;
    let NetworkArgs { net, untied, untied_start, connectivity } = network;
    let RuleArgs { rule, epsilon, decay, lr, loss: LossArgs { loss, mu, slope, preset } } = rule;
    let DataArgs { data: data_text, validation } = data_args;
    let RunningArgs { batch, seed, freeze, init, init_layers, detail, .. } = running;
    let DetailArgs { track_r1, statistics } = detail;
    let (input, classes) = (data.shape, data.classes());
    let computed = stored.to_model(input, classes)?.network;
    // A given network is compared with the stored layers untied, given layers with the stored network.
    let other_net = net.is_some() && {
        let (net, untied) = (NetworkArgs { net: net.clone(), ..NetworkArgs::default() }, &stored.untied);
        let (written, _) = model::network(&net, stored.preset, input, classes)?;
        !written.untie(untied, stored.preset).is_ok_and(|network| network.items == computed.items)
    };
    let other_untied = untied.is_some() && {
        let net = NetworkArgs { net: Some(stored.net.clone()), untied: untied.clone(), ..NetworkArgs::default() };
        model::untied(&net, stored.preset, input, classes)?.items != computed.items
    };
    let layers = |layers: &Option<Layers>, option| -> Result<Option<Vec<u32>>> {
        layers.as_ref().map(|layers| layers.of(computed.layers())).transpose().context(option)
    };
    let (freeze, init_layers) = (layers(freeze, "--freeze")?, layers(init_layers, "--init-layers")?);
    let stored_start = stored.drawing().untied_start;
    let options = [
        ("--net", other_net),
        ("--untied", other_untied),
        ("--untied-start", untied_start.is_some_and(|start| start != stored_start)),
        ("--connectivity", connectivity.is_some_and(|share| share != stored.connectivity)),
        ("--rule", rule.is_some_and(|rule| rule.name != stored.rule.name)),
        ("--epsilon", epsilon.is_some_and(|epsilon| !stored.rule.takes_epsilon() || epsilon != stored.rule.epsilon)),
        ("--decay", decay.is_some_and(|decay| !stored.rule.takes_decay() || decay != stored.rule.decay)),
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
        ("--track-r1", *track_r1 && !stored.track_r1),
        ("--statistics", statistics.is_some_and(|detail| detail != stored.statistics)),
    ];
    Ok(options.into_iter().find(|&(_, differs)| differs).map(|(option, _)| option))
}

fn record(job: &Job, device: String, variants: Vec<String>) -> Record {
    let network = &job.model.network;
    let (input, classes) = (network.input, network.classes);
    Record { hebb: env!("CARGO_PKG_VERSION").to_owned(), input, classes, device, variants }
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
    let best = progress.best.map(|best| {
        let error = best.wrong as f64 / job.settings.validation as f64;
        (error, format!("epoch {}", best.epoch))
    });
    // Steps that end within an epoch can be the best, too.
    let end = last.filter(|row| row.epoch > progress.epoch).and_then(|row| row.validation);
    let end = end.map(|(_, error)| (error, format!("step {}", progress.step)));
    if let Some((error, when)) = best.into_iter().chain(end).reduce(|a, b| if b.0 < a.0 { b } else { a }) {
        rows.push(("lowest validation error", format!("{error:.4} ({when})")));
    }
    rows.push(("last weights", run.last().display().to_string()));
    rows.extend(run.best().map(|best| ("best weights", best.display().to_string())));
    rows.push(("metrics", run.metrics().display().to_string()));
    let rows: Vec<Vec<String>> = rows.into_iter().map(|(name, value)| vec![name.to_owned(), value]).collect();
    let path = run.path().display().to_string();
    output::line(&output::table(&[("run", Align::Left), (&path, Align::Left)], &rows))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;
    use hebb_data::Split;
    use hebb_engine::settings::Detail;
    use hebb_spec::Shape;
    use hebb_spec::network::Untied;

    fn args(options: &[&str]) -> TrainArgs {
        let cli = Cli::try_parse_from(["hebb", "train", "--out", "r"].iter().chain(options)).unwrap();
        match cli.command {
            Command::Train(args) => *args,
            _ => unreachable!("it is hebb train"),
        }
    }

    fn data() -> Dataset {
        let split = || Split::new(Shape::new(1, 4, 4), vec![0; 320], vec![0; 20]).unwrap();
        let names = ["a", "b"].map(String::from).to_vec();
        Dataset::new("tiny", Shape::new(1, 4, 4), names, split(), split()).unwrap()
    }

    #[test]
    fn defaults_are_those_of_the_help() {
        let settings = settings(&args(&[]), &data()).unwrap();
        assert_eq!((settings.length, settings.batch, settings.seed), (Length::Epochs(10), 500, 1));
        assert_eq!((settings.data.as_str(), settings.validation, settings.device.as_str()), ("shapes", 2, "auto"));
        assert!(settings.net.starts_with("Conv 32 5x5; Maxpool 3; Drop 0.8"), "{}", settings.net);
        assert!(!settings.no_shuffle && settings.init.is_none());
        assert_eq!((&settings.untied, settings.untied_start, settings.connectivity), (&Untied::AsWritten, None, 1.0));
        assert_eq!((settings.track_r1, settings.statistics), (false, Detail::Basic));
    }

    #[test]
    fn a_resume_may_repeat_options_and_change_length_and_device() {
        let given = ["--net", "Conv 5 3x3; Output", "--rule", "urfb", "--epsilon", ".5", "--lr", ".2", "--mu", ".3"];
        let more = ["--freeze", "1-2", "--batch", "4", "--seed", "7", "--steps", "3", "--device", "reference"];
        let thin = ["--untied", "all", "--connectivity", "0.5"];
        let stored = settings(&args(&[&given[..], &more, &thin].concat()), &data()).unwrap();
        let resumed = |options: &[&str]| resumed(&args(options), &stored, &data()).map_err(|error| error.to_string());
        assert_eq!(resumed(&[]).unwrap(), stored);
        assert_eq!(resumed(&["--net", "conv 5 3X3;OUTPUT", "--freeze", "1,2", "--epsilon", "0.5"]).unwrap(), stored);
        assert_eq!(resumed(&["--untied", "1", "--untied-start", "tied", "--connectivity", ".5"]).unwrap(), stored);
        assert_eq!(resumed(&["--net", "Local 5 3x3; Output"]).unwrap(), stored);
        let changed = resumed(&["--epochs", "9", "--device", "llvm"]).unwrap();
        assert_eq!((changed.length, changed.device.as_str()), (Length::Epochs(9), "llvm"));
        let others = [
            ["--net", "Conv 6 3x3; Output"],
            ["--rule", "frfb"],
            ["--epsilon", "1"],
            ["--lr", ".1"],
            ["--loss", "softmax"],
            ["--mu", ".4"],
            ["--slope", "1"],
            ["--preset", "paper"],
            ["--data", "shapes:2"],
            ["--validation", "3"],
            ["--batch", "5"],
            ["--seed", "8"],
            ["--freeze", "1"],
            ["--init", "x"],
            ["--untied", "none"],
            ["--untied-start", "independent"],
            ["--connectivity", ".25"],
            ["--decay", ".1"],
            ["--statistics", "full"],
        ];
        for option in others {
            let wanted = "differs from the run's own: with --resume only --epochs, --steps and --device may change";
            assert_eq!(resumed(&option), Err(format!("{} {wanted}", option[0])));
        }
        assert!(resumed(&["--no-shuffle"]).is_err() && resumed(&["--track-r1"]).is_err());
    }
}
