//! From options to a model. A config file's values have by now become options ([`crate::config`]); what is absent comes
//! from the preset, else from the default.

use anyhow::{Context, Result, bail, ensure};
use hebb_data::Source;
use hebb_spec::Shape;
use hebb_spec::network::{NAMED, Network};
use hebb_spec::plan::Model;
use hebb_spec::rule::{Loss, Preset, Rule};

use crate::args::{LossArgs, NetworkArgs, PictureArgs, RuleArgs};
use crate::layers::Layers;

/// The network where none is named.
pub const DEFAULT_NET: &str = "simpnet";
/// The learning rate where none is given.
pub const DEFAULT_LR: f32 = 0.1;
/// The pictures where nothing is said of them: CIFAR's.
pub const DEFAULT_INPUT: Shape = Shape::new(3, 32, 32);
/// The classes where nothing is said of them.
pub const DEFAULT_CLASSES: u32 = 10;

/// The network on pictures of a shape. The preset sets its pools.
pub fn network(args: &NetworkArgs, preset: Preset, input: Shape, classes: u32) -> Result<Network> {
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

/// The rule with its ε.
pub fn rule(args: &RuleArgs) -> Result<Rule> {
    match (args.rule.unwrap_or(Rule::Urfb { epsilon: 1.0 }), args.epsilon) {
        (rule, None) => Ok(rule),
        (Rule::Urfb { .. }, Some(epsilon)) => Ok(Rule::Urfb { epsilon }),
        (rule, Some(_)) => bail!("--epsilon belongs to urfb, but the rule is {}: leave one of them out", rule.name()),
    }
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
    input: Shape,
    classes: u32,
) -> Result<Model> {
    let loss = &rule_args.loss;
    let preset = preset(loss);
    let network = network(net, preset, input, classes)?;
    let frozen = freeze.map(|layers| layers.of(network.layers())).transpose().context("--freeze")?;
    let model = Model::new(network, rule(rule_args)?, loss.loss.unwrap_or(Loss::Hinge), preset);
    Ok(Model {
        mu: loss.mu.unwrap_or(model.mu),
        slope: loss.slope.unwrap_or(model.slope),
        lr: rule_args.lr.unwrap_or(DEFAULT_LR),
        frozen: frozen.unwrap_or_default(),
        ..model
    })
}

/// The pictures that a command lays a network out for: a data set's, or of a shape alone.
pub struct Pictures {
    /// Shape of a picture.
    pub input: Shape,
    /// Number of classes.
    pub classes: u32,
    /// The data set, where one was named. No picture of it has been decoded.
    pub source: Option<Source>,
}

/// Shape and classes as asked for, or those of the data set that is named.
pub fn pictures(args: &PictureArgs) -> Result<Pictures> {
    let source = args.data.as_deref().map(str::parse::<Source>).transpose()?;
    let (input, classes) = match &source {
        Some(source) => source.shape_and_classes()?,
        None => (args.input.unwrap_or(DEFAULT_INPUT), args.classes.unwrap_or(DEFAULT_CLASSES)),
    };
    Ok(Pictures { input, classes, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolve(net: Option<&str>, rule: RuleArgs, freeze: Option<&str>) -> Result<Model, String> {
        let net = NetworkArgs { net: net.map(str::to_owned) };
        let freeze = freeze.map(|text| text.parse::<Layers>().unwrap());
        model(&net, &rule, freeze.as_ref(), DEFAULT_INPUT, 100).map_err(|error| format!("{error:#}"))
    }

    #[test]
    fn defaults_are_urfb_hinge_as_run_on_simpnet() {
        let model = resolve(None, RuleArgs::default(), None).unwrap();
        assert_eq!((model.rule, model.loss, model.preset), (Rule::Urfb { epsilon: 1.0 }, Loss::Hinge, Preset::AsRun));
        assert_eq!((model.slope, model.mu, model.lr), (0.5, 10.0 / 99.0, 0.1));
        assert_eq!(model.network.layers(), 3);
        assert!(model.frozen.is_empty());
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
    fn what_does_not_fit_is_named() {
        let error = |net: &str| resolve(Some(net), RuleArgs::default(), None).unwrap_err();
        assert!(error("simpnot").starts_with("unknown network 'simpnot': known are simpnet, deepnet"));
        assert!(error("Conv 3 3x3; Outptu").starts_with("--net: item 2 'Outptu' (column 13): unknown item"));
        assert!(error("").starts_with("--net: item 1 '' (column 1)"));
        let rule = RuleArgs { rule: Some(Rule::Bp), epsilon: Some(0.5), ..RuleArgs::default() };
        assert_eq!(
            resolve(None, rule, None).unwrap_err(),
            "--epsilon belongs to urfb, but the rule is bp: leave one of them out"
        );
        assert_eq!(
            resolve(None, RuleArgs::default(), Some("4")).unwrap_err(),
            "--freeze: there is no layer 4: the network has 3 weighted layers, counted from 1"
        );
    }
}
