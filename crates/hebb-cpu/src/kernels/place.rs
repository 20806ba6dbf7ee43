//! Full and untied layers, whose places each have a filter of their own: where its taps lie, and outputs shared out.

use std::ops::Range;

use hebb_spec::connection::Connection;

use crate::form::Form;
use crate::line::Line;
use crate::memory::{Block, Group};

/// Taps of a filter whose weights stand side by side, and whose lines stand equally far apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    /// First weight.
    pub weight: usize,
    /// First line.
    pub line: usize,
    /// Lines from one to the next.
    pub step: usize,
    /// How many.
    pub len: usize,
}

/// The connection's places, and how what it reads lies.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Places {
    /// The connection.
    pub c: Connection,
    /// How x lies.
    pub x: Form,
}

impl Places {
    /// Number of places.
    pub fn count(&self) -> usize {
        self.c.filters() as usize
    }

    /// The taps of a place's filter that lie within the image.
    pub fn runs(&self, place: usize) -> Vec<Run> {
        if self.c.is_full() {
            return self.x.runs().map(|(weight, line, len)| Run { weight, line, step: 1, len }).collect();
        }
        let (width, from) = (self.c.input.width as usize, self.x.channel(self.c.input.places() as usize));
        let (kh, kw) = (self.c.kernel_h as usize, self.c.kernel_w as usize);
        if kh * kw == 1 {
            return vec![Run { weight: 0, line: place, step: from, len: self.c.input.channels as usize }];
        }
        let (top, left) = (self.c.pad_top() as usize, self.c.pad_left() as usize);
        let (row, column) = (place / width, place % width);
        let columns = left.saturating_sub(column)..kw.min(width + left - column);
        let rows = top.saturating_sub(row)..kh.min(self.c.input.height as usize + top - row);
        let run = |channel: usize, ky: usize| {
            let line = channel * from + (row + ky - top) * width + column + columns.start - left;
            Run { weight: (channel * kh + ky) * kw + columns.start, line, step: 1, len: columns.len() }
        };
        (0..self.c.input.channels as usize)
            .flat_map(|channel| rows.clone().map(move |ky| (channel, ky)))
            .map(|(channel, ky)| run(channel, ky))
            .collect()
    }
}

/// The lines of a class, taken out of each block to be written.
pub(crate) fn take(groups: &mut [Group], slot: usize) -> Vec<Vec<Line>> {
    let blocks = groups.iter_mut().flat_map(|group| &mut group.blocks);
    blocks.map(|block| std::mem::take(&mut block.slots[slot])).collect()
}

/// Gives them back.
pub(crate) fn put(groups: &mut [Group], slot: usize, lines: Vec<Vec<Line>>) {
    let blocks = groups.iter_mut().flat_map(|group| &mut group.blocks);
    blocks.zip(lines).for_each(|(block, lines)| block.slots[slot] = lines);
}

/// All blocks in order.
pub(crate) fn blocks(groups: &[Group]) -> impl Iterator<Item = &Block> {
    groups.iter().flat_map(|group| &group.blocks)
}

/// The lines of each block cut at the same ends, part by part: of each part its lines in every block.
pub(crate) fn parts(
    blocks: &mut [Vec<Line>],
    ends: impl Iterator<Item = usize>,
) -> impl Iterator<Item = Vec<&mut [Line]>> {
    let mut rest: Vec<&mut [Line]> = blocks.iter_mut().map(|lines| &mut lines[..]).collect();
    let mut start = 0;
    ends.map(move |end| {
        let len = end - std::mem::replace(&mut start, end);
        rest.iter_mut().filter_map(|lines| lines.split_off_mut(..len)).collect()
    })
}

/// Cuts a number of things into ranges of at most `most`.
pub(crate) fn ranges(count: usize, most: usize) -> impl Iterator<Item = Range<usize>> + Clone {
    (0..count).step_by(most.max(1)).map(move |first| first..(first + most).min(count))
}
