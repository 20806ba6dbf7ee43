//! Images: png, jpeg and bmp, each input one image in two classes' folders, so that their sizes agree, and by itself, scaled.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use flate2::write::ZlibEncoder;
use flate2::{Compression, Crc};
use hebb_data::{load, read_image};
use hebb_spec::Shape;

use super::{Target, bomb, part, write};
use crate::mutate;
use crate::random::Random;

/// Small images of many kinds, and the name that goes with them.
const SEEDS: [(&str, &[u8]); 15] = [
    ("png", include_bytes!("../../seeds/grey.png")),
    ("png", include_bytes!("../../seeds/colour.png")),
    ("png", include_bytes!("../../seeds/alpha.png")),
    ("png", include_bytes!("../../seeds/grey-alpha.png")),
    ("png", include_bytes!("../../seeds/deep.png")),
    ("png", include_bytes!("../../seeds/palette.png")),
    ("png", include_bytes!("../../seeds/interlaced.png")),
    ("png", include_bytes!("../../seeds/bits.png")),
    ("jpg", include_bytes!("../../seeds/grey.jpg")),
    ("jpg", include_bytes!("../../seeds/colour.jpg")),
    ("bmp", include_bytes!("../../seeds/grey.bmp")),
    ("bmp", include_bytes!("../../seeds/colour.bmp")),
    ("bmp", include_bytes!("../../seeds/alpha.bmp")),
    ("bmp", include_bytes!("../../seeds/packed.bmp")),
    ("bmp", include_bytes!("../../seeds/masks.bmp")),
];
const NAMES: [&str; 4] = ["png", "jpg", "bmp", "txt"];
/// Bytes of a png file before its first part.
const SIGNATURE: usize = 8;

/// The target: a byte that chooses the name, then the image.
pub struct Images {
    folder: PathBuf,
    named: String,
    seeds: Vec<Vec<u8>>,
}

impl Images {
    pub fn new(folder: &Path) -> Self {
        for class in ["a", "b"] {
            fs::create_dir(folder.join(class)).expect("the temporary folder takes a folder");
        }
        let seeds = SEEDS.map(|(_, bytes)| bytes.to_vec()).to_vec();
        Self { folder: folder.to_owned(), named: format!("folder:{}", folder.display()), seeds }
    }
}

impl Target for Images {
    fn input(&self, random: &mut Random) -> Vec<u8> {
        let (kind, seed) = *random.pick(&SEEDS);
        let mut image = seed.to_vec();
        if random.one_in(bomb::ONE_IN) {
            return [vec![0], packed_part(*random.pick(&PACKED))].concat();
        }
        match random.below(20) {
            5 | 6 => {
                image = made_up(random);
                if random.one_in(4) {
                    mutate::bytes(random, &mut image, &self.seeds);
                }
            }
            0 => {
                let count = random.below(600);
                let tail = random.bytes(count);
                image.truncate(random.below(32));
                image.extend(tail);
            }
            // The head alone, where sizes and kinds stand.
            1..=4 => {
                let size = image.len().min(64);
                let mut head = image[..size].to_vec();
                mutate::bytes(random, &mut head, &self.seeds);
                image.splice(..size, head);
            }
            _ => mutate::bytes(random, &mut image, &self.seeds),
        }
        if !random.one_in(4) {
            mend(&mut image);
        }
        let name = if random.one_in(8) { random.below(NAMES.len()) } else { 0 };
        let own = NAMES.iter().position(|name| *name == kind).unwrap_or(0);
        [vec![(own + name) as u8], image].concat()
    }

    fn read(&self, input: &[u8]) -> bool {
        let (choice, image) = part(input);
        let name = format!("0.{}", NAMES[choice % NAMES.len()]);
        let paths = ["a", "b"].map(|class| self.folder.join(class).join(&name));
        paths.iter().for_each(|path| write(path, image));
        let read = load(&self.named);
        if let Ok(single) = read_image(&paths[0], Shape::new(3, 8, 8), true) {
            assert_eq!(single.pixels.len(), 3 * 8 * 8);
        }
        paths.iter().for_each(|path| fs::remove_file(path).expect("the temporary folder gives up a file"));
        read.is_ok()
    }
}

/// A part of a png file; its checksum is for [`mend`].
fn part_of_png(name: &[u8; 4], bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_be_bytes(), &name[..], bytes, &[0; 4]].concat()
}

/// A png file of any size, kind and depth, its pixels well packed.
fn made_up(random: &mut Random) -> Vec<u8> {
    let [width, height] = [0; 2].map(|_| 1 + random.below(20) as u32);
    let (depth, kind) = (*random.pick(&[1, 2, 4, 8, 16]), *random.pick(&[0, 2, 3, 4, 6]));
    let interlaced = u8::from(random.one_in(3));
    let head = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[depth, kind, 0, 0, interlaced]].concat();
    let mut parts = vec![part_of_png(b"IHDR", &head)];
    for name in [b"PLTE", b"tRNS", b"gAMA", b"sBIT", b"acTL", b"fcTL"] {
        let is_needed = name == b"PLTE" && kind == 3;
        if is_needed || random.one_in(4) {
            let count = if random.one_in(8) { random.below(800) } else { 3 * (1 + random.below(16)) };
            parts.push(part_of_png(name, &random.bytes(count)));
        }
    }
    if random.one_in(8) {
        let (one, other) = (random.below(parts.len()), random.below(parts.len()));
        parts.swap(one, other);
    }
    let most = usize::from(depth) * 4 * (width as usize + 8) * (height as usize + 8) / 8;
    let count = if random.one_in(4) { random.below(most) } else { most };
    let mut pixels = random.bytes(count);
    // Any of the five filters where a row may begin, or few rows would be read.
    pixels.iter_mut().for_each(|byte| *byte %= 5);
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let packed = packed.write_all(&pixels).and_then(|()| packed.finish()).expect("memory takes what is packed");
    parts.push(part_of_png(b"IDAT", &packed));
    parts.push(part_of_png(b"IEND", &[]));
    let mut image = [&SEEDS[0].1[..SIGNATURE], &parts.concat()].concat();
    mend(&mut image);
    image
}

/// Parts of a png file that are packed, each with what stands before the packed bytes.
const PACKED: [(&[u8; 4], &[u8]); 4] =
    [(b"iCCP", b"a\0\0"), (b"zTXt", b"a\0\0"), (b"iTXt", b"a\0\x01\0\0\0"), (b"IDAT", b"")];

/// A png file with a part that unpacks to more than the memory holds.
fn packed_part((name, head): (&[u8; 4], &[u8])) -> Vec<u8> {
    let part = part_of_png(name, &[head, bomb::zlib()].concat());
    // Right behind the first part, which tells size and kind.
    let (first, rest) = SEEDS[0].1.split_at(SIGNATURE + 25);
    let mut image = [first, &part, rest].concat();
    mend(&mut image);
    image
}

/// Makes the checksums of a png file's parts true again, or its reader would look no further.
fn mend(image: &mut [u8]) {
    if !image.starts_with(b"\x89PNG") {
        return;
    }
    let mut at = SIGNATURE;
    while let Some(&length) = image.get(at..).and_then(|part| part.first_chunk::<4>()) {
        let end = at.saturating_add(8).saturating_add(u32::from_be_bytes(length) as usize);
        let Some(sum) = image.get(at + 4..end).map(|part| {
            let mut crc = Crc::new();
            crc.update(part);
            crc.sum()
        }) else {
            return;
        };
        let Some(place) = image.get_mut(end..end + 4) else { return };
        place.copy_from_slice(&sum.to_be_bytes());
        at = end + 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory;

    #[test]
    fn a_part_that_unpacks_to_more_than_the_memory_is_not_unpacked() {
        let folder = tempfile::tempdir().unwrap();
        let images = Images::new(folder.path());
        for part in PACKED {
            let input = [vec![0], packed_part(part)].concat();
            // Who does not ask ends the test.
            memory::begin();
            images.read(&input);
            memory::end();
        }
    }
}
