//! The paper's trainings: which network learns by which rule, and how.

use hebb_spec::learning::Loss;
use hebb_systems::layered::notation::Item;
use hebb_systems::layered::{ModelSpec, Rule, SpecError, Untied, network};

use crate::plot::{Colour, Dash, Style};

/// Images in a batch, where nothing else is said.
pub const BATCH: u32 = 500;
/// The share of connections that 50 % leaves.
const HALF: f32 = 0.5;

/// A network of the paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Net {
    /// What the paper calls it.
    pub name: &'static str,
    /// Its name or notation.
    pub layers: &'static str,
}

impl Net {
    pub const SIMPNET: Self = Self::named("simpnet");
    pub const DEEPNET: Self = Self::named("deepnet");
    pub const DEEPERNET: Self = Self::named("deepernet");
    pub const DEEPNET_S: Self = Self::named("deepnet_s");

    const fn named(name: &'static str) -> Self {
        Self { name, layers: name }
    }

    /// The layers with places, counted from 1.
    fn convolutions(&self) -> Result<Vec<u32>, SpecError> {
        let items = network::items(self.layers)?;
        let places = items.iter().filter(|item| matches!(item, Item::Conv { .. } | Item::Local { .. }));
        Ok((1..).zip(places).map(|(layer, _)| layer).collect())
    }
}

/// Which places share a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Places {
    /// All of a layer.
    Tied,
    /// None in any layer.
    Untied,
    /// All, for so many epochs: the first stage of two.
    First(u32),
    /// After so many epochs of the first stage: layer 1 stays as these left it, all others start anew, their places apart.
    Second(u32),
}

/// A network, and how it learns.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Training {
    pub net: Net,
    pub rule: Rule,
    pub loss: Loss,
    /// Whether half of the connections are there.
    pub is_half: bool,
    pub batch: u32,
    pub places: Places,
}

impl Training {
    /// By a rule, with the hinge loss.
    pub const fn new(net: Net, rule: Rule) -> Self {
        Self { net, rule, loss: Loss::Hinge, is_half: false, batch: BATCH, places: Places::Tied }
    }

    /// With the softmax loss.
    pub const fn softmax(self) -> Self {
        Self { loss: Loss::Softmax, ..self }
    }

    /// With half of the connections.
    pub const fn half(self) -> Self {
        Self { is_half: true, ..self }
    }

    /// With batches of this size.
    pub const fn batch(self, batch: u32) -> Self {
        Self { batch, ..self }
    }

    /// With these places.
    pub const fn places(self, places: Places) -> Self {
        Self { places, ..self }
    }

    /// Its run's folder.
    pub fn folder(&self, data: &str, seed: u64) -> String {
        let mut name = format!("{}-{}", self.net.name, self.rule.name);
        if self.loss == Loss::Softmax {
            name += "-softmax";
        }
        if self.is_half {
            name += "-half";
        }
        match self.places {
            Places::Tied => {}
            Places::Untied => name += "-untied",
            Places::First(epochs) => name += &format!("-first{epochs}"),
            Places::Second(epochs) => name += &format!("-untied-after{epochs}"),
        }
        if self.batch != BATCH {
            name += &format!("-batch{}", self.batch);
        }
        format!("{name}-{data}-{seed}")
    }

    /// All that sets what it computes and how it learns: what `hebb train` makes of the same options.
    pub fn spec(&self) -> Result<ModelSpec, SpecError> {
        let is_second = matches!(self.places, Places::Second(_));
        let (untied, freeze) = match self.places {
            Places::Tied | Places::First(_) => (Untied::AsWritten, Vec::new()),
            Places::Untied => (Untied::All, Vec::new()),
            Places::Second(_) => (Untied::Layers(self.net.convolutions()?.split_off(1)), vec![1]),
        };
        Ok(ModelSpec {
            net: self.net.layers.to_owned(),
            untied,
            connectivity: if self.is_half { HALF } else { 1.0 },
            rule: self.rule,
            loss: self.loss,
            freeze,
            track_r1: self.rule.has_r() && !is_second,
            ..ModelSpec::default()
        })
    }

    /// The rule in the paper's letters.
    pub fn letters(&self) -> &'static str {
        match self.rule {
            Rule::BP => "BP",
            Rule::URFB => "URFB",
            _ => "FRFB",
        }
    }

    /// What figures 5 and 6 call it: there BP is with the softmax loss, and BP-H with the hinge loss.
    pub fn bar(&self) -> String {
        let hinge = if self.rule == Rule::BP && self.loss == Loss::Hinge { "-H" } else { "" };
        let share = if self.is_half { " 50 %" } else { "" };
        format!("{}{hinge}{share}", self.letters())
    }

    /// What it is, for people.
    pub fn what(&self) -> String {
        let mut what = format!("{} {}", self.net.name, self.letters());
        if self.loss == Loss::Softmax {
            what += " with softmax";
        }
        if self.is_half {
            what += ", 50 % of the connections";
        }
        match self.places {
            Places::Tied => {}
            Places::Untied => what += ", untied",
            Places::First(_) => what += ", first stage",
            Places::Second(epochs) => {
                what += &format!(", untied after {epochs} tied epoch{}", if epochs == 1 { "" } else { "s" })
            }
        }
        what
    }

    /// Its rule's colour: the paper's green, blue and red, as the colour-blind can tell them apart.
    pub fn colour(&self) -> Colour {
        match self.rule {
            Rule::BP => Colour::nth(2),
            Rule::URFB => Colour::nth(0),
            _ => Colour::nth(1),
        }
    }

    /// Its rule's line: solid, or dashed.
    pub fn style(&self, is_solid: bool) -> Style {
        let (dash, width) = if is_solid { (Dash::Solid, 1.8) } else { (Dash::Short, 2.0) };
        Style { colour: self.colour(), dash, width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_tells_what_runs_in_it() {
        let urfb = Training::new(Net::SIMPNET, Rule::URFB);
        assert_eq!(urfb.folder("cifar10", 1), "simpnet-urfb-cifar10-1");
        assert_eq!(urfb.half().folder("cifar100", 2), "simpnet-urfb-half-cifar100-2");
        let bp = Training::new(Net::DEEPERNET, Rule::BP).softmax();
        assert_eq!((bp.folder("cifar10", 1), bp.bar()), ("deepernet-bp-softmax-cifar10-1".to_owned(), "BP".to_owned()));
        let small = Training::new(Net::DEEPNET_S, Rule::FRFB).batch(50);
        assert_eq!(
            small.places(Places::Second(2)).folder("cifar10", 1),
            "deepnet_s-frfb-untied-after2-batch50-cifar10-1"
        );
        assert_eq!(small.places(Places::First(2)).folder("cifar10", 1), "deepnet_s-frfb-first2-batch50-cifar10-1");
        assert_eq!(urfb.batch(100).places(Places::Untied).folder("x", 1), "simpnet-urfb-untied-batch100-x-1");
    }

    #[test]
    fn the_second_stage_keeps_the_first_layer_and_unties_the_others() {
        let second = Training::new(Net::DEEPNET_S, Rule::URFB).places(Places::Second(2)).spec().unwrap();
        assert_eq!((second.untied, second.freeze), (Untied::Layers(vec![2, 3, 4, 5, 6]), vec![1]));
        assert!(!second.track_r1, "it does not learn");
        let spec = |training: Training| training.spec().unwrap();
        assert!(spec(Training::new(Net::SIMPNET, Rule::FRFB)).track_r1);
        assert!(!spec(Training::new(Net::SIMPNET, Rule::BP)).track_r1);
        assert_eq!(spec(Training::new(Net::SIMPNET, Rule::BP).half()).connectivity, 0.5);
    }
}
