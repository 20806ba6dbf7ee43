//! LAYERS: weighted layers counted from 1, as in `1`, `2,3` or `2-5`.

use std::fmt;
use std::str::FromStr;

use hebb_spec::network::Untied;

/// A list of layers as written: runs from first to last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layers(Vec<(u32, u32)>);

/// A text that is no list of layers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is no list of layers: count them from 1, as in 1 or 2,3 or 2-5")]
pub struct LayersError(String);

/// A text that `--untied` does not take.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is neither all nor none nor a list of layers: count them from 1, as in 1 or 2,3 or 2-5")]
pub struct UntyingError(String);

/// A layer that the network does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no layer {layer}: the network has {layers} weighted layers, counted from 1")]
pub struct NoLayer {
    layer: u32,
    layers: u32,
}

impl Layers {
    /// The layers, sorted, each once, if a network of `layers` weighted layers has them all.
    pub fn of(&self, layers: u32) -> Result<Vec<u32>, NoLayer> {
        if let Some(&(_, layer)) = self.0.iter().find(|&&(_, last)| last > layers) {
            return Err(NoLayer { layer, layers });
        }
        let mut all: Vec<u32> = self.0.iter().flat_map(|&(first, last)| first..=last).collect();
        all.sort_unstable();
        all.dedup();
        Ok(all)
    }
}

impl FromStr for Layers {
    type Err = LayersError;

    fn from_str(text: &str) -> Result<Self, LayersError> {
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|&layer| layer > 0);
        let run = |part: &str| {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            (first <= last).then_some((first, last))
        };
        let runs: Option<Vec<_>> = text.split(',').map(run).collect();
        runs.map(Self).ok_or_else(|| LayersError(text.to_owned()))
    }
}

/// `--untied`: all convolutions, none, or a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untying {
    /// `all`.
    All,
    /// `none`: those that the notation writes as `Local` stay so.
    None,
    /// LAYERS.
    Layers(Layers),
}

impl Untying {
    /// The layers of a network of `layers` weighted layers.
    pub fn of(&self, layers: u32) -> Result<Untied, NoLayer> {
        Ok(match self {
            Untying::All => Untied::All,
            Untying::None => Untied::AsWritten,
            Untying::Layers(list) => Untied::Layers(list.of(layers)?),
        })
    }
}

impl FromStr for Untying {
    type Err = UntyingError;

    fn from_str(text: &str) -> Result<Self, UntyingError> {
        match text {
            "all" => Ok(Untying::All),
            "none" => Ok(Untying::None),
            _ => text.parse().map(Untying::Layers).map_err(|LayersError(text)| UntyingError(text)),
        }
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            match first == last {
                true => write!(f, "{comma}{first}")?,
                false => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, layers: u32) -> Result<Vec<u32>, String> {
        text.parse::<Layers>().unwrap().of(layers).map_err(|error| error.to_string())
    }

    #[test]
    fn single_layers_lists_and_runs_read() {
        assert_eq!(of("1", 3), Ok(vec![1]));
        assert_eq!(of("2,3", 3), Ok(vec![2, 3]));
        assert_eq!(of("2-5", 5), Ok(vec![2, 3, 4, 5]));
        assert_eq!(of("4, 1-2,2", 4), Ok(vec![1, 2, 4]), "sorted, each once");
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for text in ["", "0", "x", "1,", ",1", "3-2", "1-", "-2", "1-2-3", "1.5", "0-2", "99999999999"] {
            let error = text.parse::<Layers>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("'{text}' is no list of layers")), "{error}");
        }
    }

    #[test]
    fn layers_past_the_networks_are_named() {
        assert_eq!(
            of("2-4000000000", 3),
            Err("there is no layer 4000000000: the network has 3 weighted layers, counted from 1".to_owned())
        );
    }

    #[test]
    fn untied_layers_read_as_a_word_or_a_list() {
        let of = |text: &str| text.parse::<Untying>().unwrap().of(6).unwrap();
        assert_eq!((of("all"), of("none")), (Untied::All, Untied::AsWritten));
        assert_eq!(of("2-4"), Untied::Layers(vec![2, 3, 4]));
        assert!("some".parse::<Untying>().is_err() && "7".parse::<Untying>().unwrap().of(6).is_err());
    }

    #[test]
    fn lists_print_as_they_read() {
        for text in ["1", "2,3", "2-5,7"] {
            assert_eq!(text.parse::<Layers>().unwrap().to_string(), text);
        }
    }
}
