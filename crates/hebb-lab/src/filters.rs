//! A layer's filters as pictures and numbers, and how much alike those of an untied layer are at different places.

use std::fmt;

use hebb_spec::Shape;
use hebb_spec::connection::Connection;
use hebb_spec::param::Weights;
use hebb_systems::layered::statistics::PairSums;
use hebb_systems::layered::{Model, Stage};

use crate::plot::{Figure, Image, Map, Sheet};
use crate::table::{Cell, Table};

/// The most numbers of a picture: more would be grains of sand to the eye, and a file that no viewer likes.
const MOST: usize = 1 << 18;
/// Longest side of a picture's sheet, and the longest of a number in it, in pixels.
const SIDE: (f64, f64) = (900.0, 22.0);

/// Filters that cannot be shown.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// No such layer.
    #[error("there is no layer {layer}: the network has {layers} weighted layers, counted from 1")]
    Layer {
        /// The layer.
        layer: u32,
        /// The network's layers.
        layers: u32,
    },
    /// The weights lack a tensor.
    #[error("layer {layer} has no R, which {rule} does not use there")]
    NoR {
        /// The layer.
        layer: u32,
        /// The network's rule.
        rule: &'static str,
    },
    /// No such output or input channel.
    #[error("{name} has no {what} {at}: they are 0 to {}", count.saturating_sub(1))]
    Absent {
        /// The tensor.
        name: String,
        /// A map or a channel.
        what: &'static str,
        /// Which.
        at: u32,
        /// How many there are.
        count: u32,
    },
    /// More numbers than a picture has room for.
    #[error("{name} has {maps} maps of {shape} weights{places}: too many for a picture")]
    TooMany {
        /// The tensor.
        name: String,
        /// Its output channels.
        maps: u32,
        /// A filter's shape.
        shape: Shape,
        /// At how many places, in words; empty for a tied layer.
        places: String,
    },
}

/// W or R.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Letter {
    /// Forward weights.
    W,
    /// Feedback weights.
    R,
}

impl fmt::Display for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if *self == Letter::W { "W" } else { "R" })
    }
}

/// Which of a layer's filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Choice {
    /// Those of one map (output channel), counted from 0; of an untied layer without it those of map 0.
    pub map: Option<u32>,
    /// One of their channels, counted from 0; of an untied layer whose filters are no colours, without it channel 0.
    pub channel: Option<u32>,
}

/// The filters of a layer: one a map (output channel), and in an untied layer one of each map a place.
#[derive(Debug, Clone)]
pub struct Filters<'a> {
    name: String,
    connection: Connection,
    shape: Shape,
    values: &'a [f32],
    mask: Option<&'a [f32]>,
}

/// What is shown of a filter: all channels as colours, or one of them.
type Part = Option<u32>;

impl<'a> Filters<'a> {
    /// Those of a layer, counted from 1. A full layer's are images where what it looks at is one.
    pub fn of(model: &Model, weights: &'a Weights, layer: u32, letter: Letter) -> Result<Self, FilterError> {
        let stages = &model.network.stages;
        let found = stages.iter().enumerate().find_map(|(at, stage)| match *stage {
            Stage::Weighted { layer: number, connection, .. } if number == layer => Some((at, connection)),
            _ => None,
        });
        let (at, connection) = found.ok_or(FilterError::Layer { layer, layers: model.network.layers() })?;
        let below = at.checked_sub(1).map_or(model.network.input, |below| stages[below].output());
        let shape = match connection.is_full() {
            true => below,
            false => Shape::new(connection.input.channels, connection.kernel_h, connection.kernel_w),
        };
        let name = format!("{letter}{layer}");
        let values = weights.get(&name).ok_or(FilterError::NoR { layer, rule: model.rule.name })?;
        // R may have W's mask.
        let masks = [format!("{name}.mask"), format!("W{layer}.mask")];
        let mask = masks.iter().find_map(|mask| weights.get(mask));
        Ok(Self { name, connection, shape, values, mask })
    }

    /// The tensor's name, such as `W1`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Shape of a filter: channels × rows × columns.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Number of maps.
    pub fn maps(&self) -> u32 {
        self.connection.output.channels
    }

    /// Rows and columns of places that have a filter of their own; none where all share one.
    pub fn grid(&self) -> Option<(u32, u32)> {
        self.connection.untied.then_some((self.connection.output.height, self.connection.output.width))
    }

    /// A filter's numbers by channel, row, column. Panics past the last one, as a slice does.
    pub fn filter(&self, map: u32, place: u32) -> &'a [f32] {
        self.slice(self.values, map, place)
    }

    fn slice(&self, of: &'a [f32], map: u32, place: u32) -> &'a [f32] {
        let taps = self.connection.taps() as usize;
        &of[(place as usize * self.maps() as usize + map as usize) * taps..][..taps]
    }

    /// The places of an untied layer whose filters lie wholly within the image, row by row.
    pub fn whole(&self) -> Vec<u32> {
        let c = &self.connection;
        let within = |at: u32, before: u32, kernel: u32, size: u32| at >= before && at - before + kernel <= size;
        let is_whole = |place: &u32| {
            within(place / c.output.width, c.pad_top(), c.kernel_h, c.input.height)
                && within(place % c.output.width, c.pad_left(), c.kernel_w, c.input.width)
        };
        (0..c.filters()).filter(is_whole).collect()
    }

    /// How much alike a map's filters at some places are: Pearson's correlation, its mean over all pairs of these. Places
    /// count whose filters vary; none where fewer than two do. Where masks leave weights out, a pair's correlation is over
    /// those that both have.
    pub fn similarity(&self, map: u32, places: &[u32]) -> Option<f64> {
        match self.mask {
            Some(mask) => self.masked_similarity(mask, map, places),
            None => self.plain_similarity(map, places),
        }
    }

    /// Of unit vectors zᵢ the mean of zᵢ·zⱼ over pairs is (|Σz|² − n) / (n² − n): no pair has to be looked at.
    fn plain_similarity(&self, map: u32, places: &[u32]) -> Option<f64> {
        let (mut sum, mut count) = (vec![0.0; self.connection.taps() as usize], 0.0);
        for &place in places {
            let filter: Vec<f64> = self.filter(map, place).iter().copied().map(f64::from).collect();
            let mean = filter.iter().sum::<f64>() / filter.len() as f64;
            let norm = filter.iter().map(|w| (w - mean).powi(2)).sum::<f64>().sqrt();
            if norm > 0.0 && norm.is_finite() {
                sum.iter_mut().zip(&filter).for_each(|(sum, w)| *sum += (w - mean) / norm);
                count += 1.0;
            }
        }
        let square: f64 = sum.iter().map(|sum| sum * sum).sum();
        (count > 1.0).then(|| ((square - count) / (count * count - count)).clamp(-1.0, 1.0))
    }

    fn masked_similarity(&self, mask: &'a [f32], map: u32, places: &[u32]) -> Option<f64> {
        let both = places.iter().enumerate().flat_map(|(at, &a)| places[at + 1..].iter().map(move |&b| (a, b)));
        let correlations = both.filter_map(|(a, b)| {
            let masks = [a, b].map(|place| self.slice(mask, map, place));
            PairSums::of_connections(None, &masks, self.filter(map, a), self.filter(map, b)).correlation()
        });
        let (sum, count) = correlations.fold((0.0, 0.0), |(sum, count), r| (sum + r, count + 1.0));
        (count > 0.0).then(|| sum / count)
    }

    /// The mean over all maps of how much alike the filters at the places wholly within the image are; none of a tied
    /// layer.
    pub fn mean_similarity(&self) -> Option<f64> {
        self.grid()?;
        let whole = self.whole();
        let all: Vec<f64> = (0..self.maps()).filter_map(|map| self.similarity(map, &whole)).collect();
        (!all.is_empty()).then(|| all.iter().sum::<f64>() / all.len() as f64)
    }

    /// A filter as an image: all channels where they are one or red, green and blue, else the one asked for.
    pub fn image(&self, map: u32, place: u32, part: Part) -> Image {
        let size = (self.shape.height as usize, self.shape.width as usize);
        let filter = self.filter(map, place);
        let values = match part {
            Some(channel) => &filter[channel as usize * size.0 * size.1..][..size.0 * size.1],
            None => filter,
        };
        Image { size, values: values.iter().copied().map(f64::from).collect() }
    }

    fn is_colour(&self) -> bool {
        self.shape.channels == 3 && self.shape.places() > 1
    }

    /// Whether there are the map and the channel chosen.
    pub fn check(&self, choice: Choice) -> Result<(), FilterError> {
        for (what, at, count) in [("map", choice.map, self.maps()), ("channel", choice.channel, self.shape.channels)] {
            if let Some(at) = at.filter(|&at| at >= count) {
                return Err(FilterError::Absent { name: self.name.clone(), what, at, count });
            }
        }
        Ok(())
    }

    /// What is shown, in order: map, place and part.
    fn chosen(&self, choice: Choice) -> Result<Vec<(u32, u32, Part)>, FilterError> {
        self.check(choice)?;
        let (maps, channels) = (self.maps(), self.shape.channels);
        let is_untied = self.connection.untied;
        let one_or_all = |one: Option<u32>, count: u32| one.map_or(0..count, |one| one..one + 1);
        let maps = one_or_all(choice.map.or(is_untied.then_some(0)), maps);
        let parts: Vec<Part> = match choice.channel {
            None if self.is_colour() => vec![None],
            channel => one_or_all(channel.or(is_untied.then_some(0)), channels).map(Some).collect(),
        };
        let places = self.connection.filters();
        let each = self.shape.places() as usize * if parts == [None] { channels as usize } else { 1 };
        let numbers = [maps.len(), places as usize, parts.len()].iter().fold(each, |all, n| all.saturating_mul(*n));
        if numbers > MOST {
            let places = self.grid().map_or(String::new(), |(rows, columns)| format!(" at {rows}x{columns} places"));
            return Err(FilterError::TooMany { name: self.name.clone(), maps: self.maps(), shape: self.shape, places });
        }
        let parts = &parts;
        let of_map = |map: u32| (0..places).flat_map(move |place| parts.iter().map(move |&part| (map, place, part)));
        Ok(maps.flat_map(of_map).collect())
    }

    /// The filters in rows: an untied layer's as its places lie; of a tied one with neither colours nor a choice a row a
    /// map. What has neither rows nor columns is one image of all weights, a row a map.
    pub fn sheet(&self, choice: Choice) -> Result<Sheet, FilterError> {
        let chosen = self.chosen(choice)?;
        let title = self.title(choice, chosen.len());
        if self.shape.places() == 1 && !self.connection.untied {
            let values: Vec<f64> =
                chosen.iter().flat_map(|&(map, place, part)| self.image(map, place, part).values).collect();
            let rows = if choice.map.is_some() { 1 } else { self.maps() as usize };
            let size = (rows, values.len() / rows.max(1));
            let map = Map::Diverging(most(&values));
            return Ok(Sheet { title, images: vec![Image { size, values }], columns: 1, map });
        }
        let images: Vec<Image> = chosen.iter().map(|&(map, place, part)| self.image(map, place, part)).collect();
        let is_coloured = self.is_colour() && choice.channel.is_none();
        let map = match is_coloured {
            true => Map::Own,
            false => Map::Diverging(images.iter().map(|image| most(&image.values)).fold(0.0, f64::max)),
        };
        let is_row_a_map = !is_coloured && choice == Choice::default() && self.shape.channels > 1;
        let columns = match self.grid() {
            Some((_, columns)) => columns as usize,
            None if is_row_a_map => self.shape.channels as usize,
            // About twice as wide as high.
            None => (2.0 * images.len() as f64).sqrt().round() as usize,
        };
        Ok(Sheet { title, images, columns, map })
    }

    fn title(&self, choice: Choice, count: usize) -> String {
        let shape = self.shape;
        let part = match (choice.channel.or((self.connection.untied && !self.is_colour()).then_some(0)), shape.channels)
        {
            (Some(channel), 2..) => format!(", channel {channel}"),
            _ => String::new(),
        };
        let of = match (self.grid(), choice.map) {
            (Some((rows, columns)), map) => format!("map {} at {rows}x{columns} places", map.unwrap_or(0)),
            (None, Some(map)) => format!("map {map}"),
            (None, None) => format!("{} maps", self.maps()),
        };
        let scale = match self.is_colour() && choice.channel.is_none() {
            true => "each over its own range, grey is 0",
            false => "one range for all",
        };
        let count = if count == 1 { String::new() } else { format!(", {count} images") };
        format!("{}: {of}, filters of {shape}{part}{count}, {scale}", self.name)
    }

    /// The picture: the filters chosen, and for an untied layer how much alike those of its map are.
    pub fn figure(&self, choice: Choice) -> Result<Figure, FilterError> {
        let sheet = Sheet { title: String::new(), ..self.sheet(choice)? };
        let alike = self.grid().and_then(|_| self.similarity(choice.map.unwrap_or(0), &self.whole()));
        let alike = alike.map_or(String::new(), |r| format!("; mean correlation between places {r:.3}"));
        let title = format!("{}{alike}", self.title(choice, sheet.images.len()));
        let panel = sheet.size(SIDE);
        Ok(Figure { title, key: Vec::new(), rows: vec![vec![sheet.into()]], panel })
    }

    /// The numbers of the same filters: all but those outside the image or left out by a mask, which are no weights. All is
    /// counted from 0, as in the file's tensor.
    pub fn table(&self, choice: Choice) -> Result<Table, FilterError> {
        let mut table = Table::new(["map", "row", "column", "channel", "tap_row", "tap_column", "weight"]);
        let mut is_weight = vec![true; self.values.len()];
        self.connection.each_outside(|at| is_weight[at] = false);
        for (there, mask) in is_weight.iter_mut().zip(self.mask.unwrap_or_default()) {
            *there &= *mask != 0.0;
        }
        let (taps, across) = (self.connection.taps(), self.connection.output.width);
        let of_channel = self.shape.places();
        for (map, place, part) in self.chosen(choice)? {
            let at_place = |number: u32| if self.connection.untied { Cell::from(number) } else { Cell::Empty };
            let channels = part.map_or(0..taps, |channel| channel * of_channel..(channel + 1) * of_channel);
            let first = (place as usize * self.maps() as usize + map as usize) * taps as usize;
            for tap in channels.filter(|&tap| is_weight[first + tap as usize]) {
                let (channel, within) = (tap / of_channel, tap % of_channel);
                let (row, column) = (within / self.shape.width, within % self.shape.width);
                let weight = f64::from(self.values[first + tap as usize]);
                let numbers = [channel, row, column].map(Cell::from);
                let place = [Cell::from(map), at_place(place / across), at_place(place % across)];
                table.push(place.into_iter().chain(numbers).chain([Cell::from(weight)]));
            }
        }
        Ok(table)
    }
}

/// The largest size of a number; 1 where there is none.
fn most(values: &[f64]) -> f64 {
    let most = values.iter().map(|value| value.abs()).fold(0.0, f64::max);
    if most > 0.0 { most } else { 1.0 }
}

#[cfg(test)]
mod tests;
