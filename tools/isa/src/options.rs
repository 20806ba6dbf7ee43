//! The command line, and the list of default variants.

use std::fs;
use std::path::{Path, PathBuf};

use hebb_shaders::{SHADERS, Shader};

use crate::driver::Family;
use crate::error::Error;
use crate::row::{FEWEST_WAVES, LEAST_SHARE};
use crate::translate::form;

/// What `--help` says.
pub const HELP: &str = "\
tools/isa/run [WORD …] [OPTIONS]: what RADV's compiler makes of hebb's kernels, without a card

  WORD             only rows whose 'family chip kernel form variant' has every word in it; 'a,b' means a or b
  --asm            after the table, each row's hot loop: its operations counted, then its assembly
  --markdown       a table in markdown
  --check          only default GPU variants; fails where one spills, uses scratch, has fewer than 8 waves a SIMD
                   or less than 70 % multiply-adds in its hot loop
  --must           fails where the driver cannot be had, instead of saying SKIPPED
  --translate DIR  only writes SPIR-V, MSL and HLSL of the kernels into DIR, and asks spirv-val where it is installed
  --defaults FILE  lines 'kernel variant' for --check instead of tools/isa/defaults.txt
  --driver         only says whether the driver can be used
";

/// What is asked for.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Alternatives, of which each must be met.
    pub words: Vec<Vec<String>>,
    /// Prints hot loops.
    pub asm: bool,
    /// Prints markdown.
    pub markdown: bool,
    /// Looks for faults.
    pub check: bool,
    /// Only opens the driver.
    pub driver: bool,
    /// Only prints the help.
    pub help: bool,
    /// Only translates, into this folder.
    pub translate: Option<PathBuf>,
    /// The list of default variants.
    pub defaults: Option<PathBuf>,
}

impl Options {
    /// Reads the arguments after the program's name.
    pub fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self::default();
        while let Some(argument) = arguments.next() {
            let mut folder = || {
                let next = arguments.next().filter(|next| !next.starts_with("--"));
                next.map(PathBuf::from).ok_or_else(|| Error::Usage(format!("{argument} needs a path")))
            };
            match argument.as_str() {
                "--asm" => options.asm = true,
                "--markdown" => options.markdown = true,
                "--check" => options.check = true,
                "--driver" => options.driver = true,
                "--help" | "-h" => options.help = true,
                "--translate" => options.translate = Some(folder()?),
                "--defaults" => options.defaults = Some(folder()?),
                word if word.starts_with('-') => return Err(Error::Usage(format!("no option '{word}': see --help"))),
                word => options.words.push(word.split(',').map(str::to_lowercase).collect()),
            }
        }
        Ok(options)
    }

    /// Whether a kernel on a family is meant; without a family, whether its name is.
    pub fn mean(&self, shader: &Shader, family: Option<Family>) -> bool {
        let family = family.map(|family| format!("{} {}", family.name, family.chip)).unwrap_or_default();
        let name = format!("{family} {} {} {}", shader.stem, form(shader), shader.variant).to_lowercase();
        self.words.iter().all(|any| any.iter().any(|word| name.contains(word.as_str())))
    }
}

/// A default GPU variant and what it must have.
#[derive(Debug, Clone, PartialEq)]
pub struct Default {
    /// The kernel.
    pub stem: String,
    /// The variant.
    pub variant: String,
    /// The fewest waves a SIMD.
    pub waves: u32,
    /// The least share of multiply-adds in the hot loop.
    pub share: f64,
}

/// Kernels and their default GPU variants: lines `kernel variant [WAVES PERCENT]`, with `#` before remarks. Each must be
/// there.
pub fn defaults(path: &Path) -> Result<Vec<Default>, Error> {
    let text = fs::read_to_string(path).map_err(|cause| Error::Io { path: path.to_owned(), cause })?;
    let mut found = Vec::new();
    for (at, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default();
        let words: Vec<&str> = line.split_whitespace().collect();
        let wrong = |what: &str| Error::Usage(format!("{}:{}: {what}", path.display(), at + 1));
        let (stem, variant, waves, share) = match words[..] {
            [] => continue,
            [stem, variant] => (stem, variant, FEWEST_WAVES, LEAST_SHARE),
            [stem, variant, waves, percent] => match (waves.parse(), percent.parse::<f64>()) {
                (Ok(waves), Ok(percent)) => (stem, variant, waves, percent / 100.0),
                _ => return Err(wrong("waves and per cent are no numbers")),
            },
            _ => return Err(wrong("not 'kernel variant' or 'kernel variant WAVES PERCENT'")),
        };
        if !SHADERS.iter().any(|shader| shader.stem == stem && shader.variant == variant) {
            return Err(wrong(&format!("there is no kernel '{stem}' with a variant '{variant}'")));
        }
        found.push(Default { stem: stem.to_owned(), variant: variant.to_owned(), waves, share });
    }
    Ok(found)
}
