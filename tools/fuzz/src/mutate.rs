//! What spoils an input: flips, cuts, splices, numbers past all bounds.

use crate::random::Random;

/// The longest input.
pub const LONGEST: usize = 64 << 10;
/// Whole numbers at which something begins or ends.
const EDGES: [u64; 18] = [
    0,
    1,
    2,
    0x7f,
    0x80,
    0xff,
    0x7fff,
    0x8000,
    0xffff,
    0x10_0000,
    0x10_0001,
    0x3fff_ffff,
    0x7fff_ffff,
    0x8000_0000,
    0xffff_ffff,
    1 << 53,
    i64::MAX as u64,
    u64::MAX,
];
/// The same and others as texts.
const NUMBERS: [&str; 30] = [
    "0",
    "1",
    "2",
    "3",
    "-1",
    "-0",
    "+1",
    "00",
    ".5",
    "1.",
    "0.999999999",
    "1e-45",
    "1e39",
    "-1e39",
    "1e999",
    "NaN",
    "inf",
    "-inf",
    "255",
    "256",
    "65535",
    "65536",
    "1048576",
    "1048577",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
];
/// Signs that mean something to a reader, or that are more than a byte.
const SIGNS: [&str; 30] = [
    "\"",
    "'",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "=",
    ":",
    ";",
    ",",
    ".",
    "-",
    "_",
    "#",
    "/",
    "x",
    " ",
    "\t",
    "\n",
    "\r",
    "\0",
    "\u{1b}",
    "é",
    "σ",
    "٣",
    "\u{2028}",
    "\u{10ffff}",
];

/// How many changes an input gets: mostly few.
fn changes(random: &mut Random) -> usize {
    let mut count = 1;
    while count < 32 && !random.one_in(3) {
        count += 1;
    }
    count
}

/// Spoils bytes; `others` are what pieces may come from.
pub fn bytes(random: &mut Random, input: &mut Vec<u8>, others: &[Vec<u8>]) {
    for _ in 0..changes(random) {
        let at = random.below(input.len());
        let end = (at + 1 + random.below(16)).min(input.len());
        match random.below(12) {
            0..=2 if !input.is_empty() => input[at] ^= 1 << random.below(8),
            3 if !input.is_empty() => input[at] = random.next() as u8,
            4 | 5 => {
                let width = *random.pick(&[1, 2, 4, 8]);
                let number = random.pick(&EDGES).wrapping_add(random.below(3) as u64).wrapping_sub(1);
                let is_big = random.one_in(2);
                for (byte, place) in input.iter_mut().skip(at).take(width).zip(0..) {
                    *byte = (number >> (8 * if is_big { width - 1 - place } else { place })) as u8;
                }
            }
            6 if at < end => drop(input.drain(at..end)),
            7 => input.truncate(at),
            8 if at < end => {
                let piece = input[at..end].to_vec();
                input.splice(at..at, piece);
            }
            9 => {
                let count = random.below(16);
                let piece = random.bytes(count);
                input.splice(at..at, piece);
            }
            10 if !others.is_empty() => {
                let other = random.pick(others);
                let from = random.below(other.len());
                let to = (from + random.below(64)).min(other.len());
                let stop = if random.one_in(2) { at } else { input.len().min(at + to - from) };
                input.splice(at..stop, other[from..to].iter().copied());
            }
            11 if random.one_in(100) => lengthen(random, input, at..end),
            _ => {}
        }
    }
    input.truncate(LONGEST);
}

/// Repeats a piece until the input is as long as may be, or not quite.
fn lengthen(random: &mut Random, input: &mut Vec<u8>, piece: std::ops::Range<usize>) {
    let (start, piece) = (piece.start, input[piece].to_vec());
    let room = LONGEST.saturating_sub(input.len()) / piece.len().max(1);
    let times = 1 + random.below(room);
    input.splice(start..start, piece.repeat(times));
}

/// A spoilt one of some texts: mostly its words, now and then its bytes.
pub fn file(random: &mut Random, seeds: &[&str], words: &[&str]) -> Vec<u8> {
    let seed = *random.pick(seeds);
    if !random.one_in(10) {
        return text(random, seed, words).into_bytes();
    }
    let mut input = seed.as_bytes().to_vec();
    let others: Vec<Vec<u8>> = seeds.iter().map(|seed| seed.as_bytes().to_vec()).collect();
    bytes(random, &mut input, &others);
    input
}

/// Spoils a text as its grammar would have it: by words and numbers, or as bytes.
pub fn text(random: &mut Random, text: &str, words: &[&str]) -> String {
    let mut tokens: Vec<String> = tokens(text);
    for _ in 0..changes(random) {
        let at = random.below(tokens.len());
        let other = random.below(tokens.len());
        match random.below(12) {
            0..=3 => {
                let numbers = |token: &String| token.starts_with(|sign: char| sign.is_ascii_digit());
                let places: Vec<usize> = (0..tokens.len()).filter(|&at| numbers(&tokens[at])).collect();
                if !places.is_empty() {
                    tokens[*random.pick(&places)] = number(random);
                }
            }
            4 if at < tokens.len() => drop(tokens.remove(at)),
            5 if at < tokens.len() => tokens.insert(at, tokens[other].clone()),
            6 if at < tokens.len() => tokens.swap(at, other),
            7 | 8 => tokens.insert(at, (*random.pick(words)).to_owned()),
            9 => tokens.insert(at, (*random.pick(&SIGNS)).to_owned()),
            10 if at < tokens.len() => {
                let end = (at + 1 + random.below(24)).min(tokens.len());
                let length: usize = tokens.iter().map(String::len).sum();
                let piece: Vec<String> = tokens[at..end].to_vec();
                let room = LONGEST.saturating_sub(length) / piece.iter().map(String::len).sum::<usize>().max(1);
                let times = if random.one_in(200) { random.below(room) } else { random.below(room.min(8)) };
                tokens.splice(at..at, piece.iter().cycle().take(piece.len() * times).cloned());
            }
            11 => tokens.truncate(at),
            _ => {}
        }
    }
    let mut text = tokens.concat();
    if random.one_in(8) {
        let mut spoilt = text.into_bytes();
        bytes(random, &mut spoilt, &[]);
        text = String::from_utf8_lossy(&spoilt).into_owned();
    }
    if let Some(end) = text.char_indices().map(|(at, _)| at).find(|&at| at >= LONGEST) {
        text.truncate(end);
    }
    text
}

/// A number that a reader may not expect, or an ordinary one.
pub fn number(random: &mut Random) -> String {
    if random.one_in(3) { random.below(40).to_string() } else { (*random.pick(&NUMBERS)).to_owned() }
}

/// Words, numbers and single signs.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut before = None;
    for sign in text.chars() {
        let kind = if sign.is_ascii_digit() || sign == '.' {
            Some(0)
        } else if sign.is_alphabetic() {
            Some(1)
        } else {
            None
        };
        match tokens.last_mut() {
            Some(last) if kind.is_some() && kind == before => last.push(sign),
            _ => tokens.push(sign.to_string()),
        }
        before = kind;
    }
    tokens
}
