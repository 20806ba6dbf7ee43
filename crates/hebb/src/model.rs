//! From options to a model. A config file's values have by now become options ([`crate::config`]); what is absent comes
//! from the preset, else from the default.

use anyhow::{Context, Result, ensure};
use hebb_data::{Outline, Source};
use hebb_engine::init::{Drawing, RStart, UntiedStart, sparse_layers};
use hebb_spec::Shape;
use hebb_spec::network::{NAMED, Network, Untied};
use hebb_spec::plan::Model;
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::args::{DetailArgs, LossArgs, ModelArgs, NetworkArgs, PictureArgs, RuleArgs};
use crate::layers::Layers;

/// The network where none is named.
pub const DEFAULT_NET: &str = "simpnet";
/// The learning rate where none is given.
pub const DEFAULT_LR: f32 = 0.1;
/// The pictures where nothing is said of them: CIFAR's.
pub const DEFAULT_INPUT: Shape = Shape::new(3, 32, 32);
/// The classes where nothing is said of them.
pub const DEFAULT_CLASSES: u32 = 10;

/// The network on pictures of a shape, as the notation has it and with the layers to untie. The preset sets its pools.
pub fn network(args: &NetworkArgs, preset: Preset, input: Shape, classes: u32) -> Result<(Network, Untied)> {
    let written = written(args, preset, input, classes)?;
    let untied = args.untied.as_ref().map(|untied| untied.of(written.layers())).transpose().context("--untied")?;
    Ok((written, untied.unwrap_or_default()))
}

/// The network that is computed: untied where it is asked for.
pub fn untied(args: &NetworkArgs, preset: Preset, input: Shape, classes: u32) -> Result<Network> {
    let (written, untied) = network(args, preset, input, classes)?;
    written.untie(&untied, preset).context("--untied")
}

fn written(args: &NetworkArgs, preset: Preset, input: Shape, classes: u32) -> Result<Network> {
    let text = args.net.as_deref().unwrap_or(DEFAULT_NET);
    Network::new(text, input, classes, preset).or_else(|error| {
        // A single word is a misspelt name rather than a notation of one item.
        let names = NAMED.map(|(name, _)| name);
        let word = !text.trim().is_empty() && text.trim().chars().all(|c| c.is_alphanumeric() || "-_".contains(c));
        ensure!(
            !word || error.problem.starts_with("a network ends"),
            "unknown network '{text}': known are {}; or write a notation, as in \"Conv 32 5x5; Maxpool 3; Output\"",
            names.join(", ")
        );
        Err(error).context("--net")
    })
}

/// The rule with its ε or decay.
pub fn rule(args: &RuleArgs) -> Result<Rule> {
    let rule = args.rule.unwrap_or(Rule::URFB);
    let owners = [
        ("--epsilon", "urfb", args.epsilon.is_none() || rule.takes_epsilon()),
        ("--decay", "kp", args.decay.is_none() || rule.takes_decay()),
    ];
    for (option, owner, fits) in owners {
        ensure!(fits, "{option} belongs to {owner}, but the rule is {}: leave one of them out", rule.name);
    }
    Ok(Rule { epsilon: args.epsilon.unwrap_or(rule.epsilon), decay: args.decay.unwrap_or(rule.decay), ..rule })
}

/// Refuses what needs feedback weights R under a rule that has none.
pub fn check_r(option: &str, is_given: bool, rule: &Rule) -> Result<()> {
    let fits = !is_given || rule.has_r();
    ensure!(fits, "{option} needs feedback weights R, but the rule is {}: leave one of them out", rule.name);
    Ok(())
}

/// How the start of a network is drawn.
pub fn drawing(args: &NetworkArgs, preset: Preset, seed: u64, r_start: RStart) -> Drawing {
    let untied_start = args.untied_start.unwrap_or(UntiedStart::of(preset));
    Drawing { seed, r_start, untied_start, connectivity: connectivity(args) }
}

/// The share of connections that there are.
pub fn connectivity(args: &NetworkArgs) -> f32 {
    args.connectivity.unwrap_or(1.0)
}

/// The preset that was asked for.
pub fn preset(args: &LossArgs) -> Preset {
    args.preset.unwrap_or(Preset::AsRun)
}

/// The whole model on pictures of a shape.
pub fn model(
    net: &NetworkArgs,
    rule_args: &RuleArgs,
    freeze: Option<&Layers>,
    detail: &DetailArgs,
    input: Shape,
    classes: u32,
) -> Result<Model> {
    let loss = &rule_args.loss;
    let preset = preset(loss);
    let network = untied(net, preset, input, classes)?;
    let frozen = freeze.map(|layers| layers.of(network.layers())).transpose().context("--freeze")?;
    let rule = rule(rule_args)?;
    check_r("--track-r1", detail.track_r1, &rule)?;
    let model = Model::new(network, rule, loss.loss.unwrap_or(Loss::Hinge), preset);
    Ok(Model {
        mu: loss.mu.unwrap_or(model.mu),
        slope: loss.slope.unwrap_or(model.slope),
        lr: rule_args.lr.unwrap_or(DEFAULT_LR),
        frozen: frozen.unwrap_or_default(),
        sparse: sparse_layers(&model, connectivity(net)),
        track_r1: detail.track_r1,
        delta_statistics: detail.statistics.unwrap_or_default().compares_deltas(&rule),
        ..model
    })
}

/// The pictures that a command lays a network out for: a data set's, or of a shape alone.
pub struct Pictures {
    /// Shape of a picture.
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
    /// The data set, where one was named. No picture of it has been read.
    pub data: Option<Outline>,
}

/// Shape and classes as asked for, or those of the data set that is named.
pub fn pictures(args: &PictureArgs) -> Result<Pictures> {
    let data = args.data.as_deref().map(|text| text.parse::<Source>()?.outline()).transpose()?;
    let (input, classes) = match &data {
        Some(data) => (data.shape, data.classes),
        None => (args.input.unwrap_or(DEFAULT_INPUT), args.classes.unwrap_or(DEFAULT_CLASSES)),
    };
    Ok(Pictures { input, classes, data })
}

/// A model on the pictures that it is for, and their data set where one was named.
pub fn laid_out(args: &ModelArgs) -> Result<(Model, Option<Outline>)> {
    let Pictures { input, classes, data } = pictures(&args.pictures)?;
    Ok((model(&args.network, &args.rule, None, &args.detail, input, classes)?, data))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hebb_engine::settings::Detail;

    fn resolve(net: Option<&str>, rule: RuleArgs, freeze: Option<&str>) -> Result<Model, String> {
        let net = NetworkArgs { net: net.map(str::to_owned), ..NetworkArgs::default() };
        let freeze = freeze.map(|text| text.parse::<Layers>().unwrap());
        let detail = DetailArgs::default();
        model(&net, &rule, freeze.as_ref(), &detail, DEFAULT_INPUT, 100).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn defaults_are_urfb_hinge_as_run_on_simpnet() {
        let model = resolve(None, RuleArgs::default(), None).unwrap();
        assert_eq!((model.rule, model.loss, model.preset), (Rule::URFB, Loss::Hinge, Preset::AsRun));
        assert_eq!((model.slope, model.mu, model.lr), (0.5, 10.0 / 99.0, 0.1));
        assert_eq!(model.network.layers(), 3);
        assert!(model.frozen.is_empty() && model.sparse.is_empty() && !model.track_r1 && !model.delta_statistics);
    }

    #[test]
    fn an_option_wins_over_the_preset() {
        let loss = LossArgs { preset: Some(Preset::Paper), ..LossArgs::default() };
        let paper = resolve(None, RuleArgs { loss: loss.clone(), ..RuleArgs::default() }, None).unwrap();
        assert_eq!((paper.slope, paper.mu), (1.0, 1.0 / 99.0));
        let loss = LossArgs { slope: Some(0.25), mu: Some(0.0), ..loss };
        let both = resolve(None, RuleArgs { loss, lr: Some(0.5), ..RuleArgs::default() }, Some("2-3")).unwrap();
        assert_eq!((both.slope, both.mu, both.lr), (0.25, 0.0, 0.5));
        assert_eq!(both.frozen, [2, 3]);
    }

    #[test]
    fn untied_and_sparse_layers_follow_option_and_preset() {
        let args = |untied: &str| NetworkArgs {
            untied: Some(untied.parse().unwrap()),
            connectivity: Some(0.5),
            ..NetworkArgs::default()
        };
        let detail = DetailArgs { track_r1: true, statistics: Some(Detail::Full) };
        let resolve = |untied: &str, preset| {
            let rule = RuleArgs { loss: LossArgs { preset, ..LossArgs::default() }, ..RuleArgs::default() };
            model(&args(untied), &rule, None, &detail, DEFAULT_INPUT, 10).map_err(|error| format!("{error:#}"))
        };
        let as_run = resolve("all", None).unwrap();
        assert_eq!((as_run.network.untied_layers(), &as_run.sparse), (vec![1], &vec![1, 2]));
        assert!(as_run.track_r1 && as_run.delta_statistics);
        assert_eq!(resolve("none", Some(Preset::Paper)).unwrap().sparse, [1, 2, 3]);
        let start = |preset| drawing(&args("1"), preset, 1, RStart::Equal).untied_start;
        assert_eq!((start(Preset::AsRun), start(Preset::Paper)), (UntiedStart::Tied, UntiedStart::Independent));
        assert_eq!(
            resolve("1-2", None).unwrap_err(),
            "--untied: layer 2 is 'Full 500', which has no places to untie: name convolutions only, or 'all'"
        );
        assert_eq!(
            resolve("1,4", None).unwrap_err(),
            "--untied: there is no layer 4: the network has 3 weighted layers, counted from 1"
        );
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let error = |net: &str| resolve(Some(net), RuleArgs::default(), None).unwrap_err();
        assert!(error("simpnot").starts_with("unknown network 'simpnot': known are simpnet, deepnet"));
        assert!(error("Conv 3 3x3; Outptu").starts_with("--net: item 2 'Outptu' (column 13): unknown item"));
        assert!(error("").starts_with("--net: item 1 '' (column 1)"));
        let rule = RuleArgs { rule: Some(Rule::BP), epsilon: Some(0.5), ..RuleArgs::default() };
        assert_eq!(
            resolve(None, rule, None).unwrap_err(),
            "--epsilon belongs to urfb, but the rule is bp: leave one of them out"
        );
        let rule = RuleArgs { decay: Some(0.5), ..RuleArgs::default() };
        assert_eq!(
            resolve(None, rule, None).unwrap_err(),
            "--decay belongs to kp, but the rule is urfb: leave one of them out"
        );
        let rule = RuleArgs { rule: Some(Rule::KP), decay: Some(0.5), ..RuleArgs::default() };
        assert_eq!(resolve(None, rule, None).unwrap().rule, Rule::kp(0.5));
        assert_eq!(
            resolve(None, RuleArgs::default(), Some("4")).unwrap_err(),
            "--freeze: there is no layer 4: the network has 3 weighted layers, counted from 1"
        );
    }
}
