//! What RADV's compiler makes of hebb's kernels, without a card: registers, spills, waves, and the hot loop.
#![warn(clippy::undocumented_unsafe_blocks)]

mod assembly;
#[expect(unsafe_code, reason = "Vulkan's own calls")]
mod driver;
mod error;
mod hot;
mod options;
mod row;
mod table;
#[cfg(test)]
mod tests;
mod translate;

use std::io::{ErrorKind, Write};
use std::process::ExitCode;

use hebb_shaders::{SHADERS, Shader, Text};

use crate::driver::{Driver, FAMILIES};
use crate::error::Error;
use crate::options::{Default, HELP, Options};
use crate::row::Row;

/// A fault was found.
const FAULT: u8 = 1;
/// The command line or a file is wrong.
const USAGE: u8 = 2;
/// There is no driver to ask.
const NO_DRIVER: u8 = 3;

fn main() -> ExitCode {
    let done = Options::read(std::env::args().skip(1)).and_then(|options| run(&options));
    ExitCode::from(match done {
        Ok(code) => code,
        Err(error) => {
            eprintln!("isa: {error}");
            match error {
                Error::NoDriver { .. } => NO_DRIVER,
                Error::Usage(_) | Error::Io { .. } => USAGE,
                _ => FAULT,
            }
        }
    })
}

fn run(options: &Options) -> Result<u8, Error> {
    if options.help {
        print(HELP)?;
        return Ok(0);
    }
    if options.driver {
        FAMILIES.iter().try_for_each(|family| Driver::open(*family).map(drop))?;
        return Ok(0);
    }
    if let Some(folder) = &options.translate {
        let shaders: Vec<&Shader> = SHADERS.iter().filter(|shader| options.mean(shader, None)).collect();
        let validated = translate::translate_all(&shaders, folder)?;
        let validated = if validated { "valid by spirv-val" } else { "spirv-val SKIPPED: it is not installed" };
        println!("{} kernels in SPIR-V ({validated}), MSL and HLSL in {}", shaders.len(), folder.display());
        return Ok(0);
    }
    let defaults = options.defaults.as_deref().map(options::defaults).transpose()?.unwrap_or_default();
    let rows = rows(options, &defaults)?;
    let mut text = table::table(&rows, options.markdown);
    if options.asm {
        text.extend(rows.iter().map(hot_loop));
    }
    print(&text)?;
    if !options.check {
        return Ok(0);
    }
    let of = |row: &Row| {
        let limits = defaults.iter().find(|one| row.stem == one.stem && row.variant == one.variant);
        limits.map_or(Vec::new(), |one| row.faults(one.waves, one.share))
    };
    let faults: Vec<String> = rows.iter().flat_map(of).collect();
    faults.iter().for_each(|fault| eprintln!("isa: {fault}"));
    Ok(if faults.is_empty() { 0 } else { FAULT })
}

fn rows(options: &Options, defaults: &[Default]) -> Result<Vec<Row>, Error> {
    let chosen = |shader: &Shader| {
        if !options.check {
            // No card has subgroups of eight.
            return shader.text != Text::Lanes;
        }
        defaults.iter().any(|one| shader.stem == one.stem && shader.variant == one.variant)
    };
    let mut rows = Vec::new();
    for family in FAMILIES {
        let meant: Vec<_> = SHADERS.iter().filter(|one| chosen(one) && options.mean(one, Some(family))).collect();
        if meant.is_empty() {
            continue;
        }
        let driver = Driver::open(family)?;
        for shader in meant {
            rows.push(Row::new(family, shader, &driver.compile(shader)?)?);
        }
    }
    if rows.is_empty() {
        return Err(Error::Usage("no kernel on any family is meant by these words".to_owned()));
    }
    Ok(rows)
}

/// Writes to the output, whose reader may go whenever he likes.
fn print(text: &str) -> Result<(), Error> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(cause) if cause.kind() != ErrorKind::BrokenPipe => Err(Error::Io { path: "the output".into(), cause }),
        _ => Ok(()),
    }
}

/// A row's hot loop: its operations counted, then its assembly.
fn hot_loop(row: &Row) -> String {
    let Some(hot) = &row.hot else { return format!("\n== {}\nno loop multiplies and adds\n", row.name()) };
    let counts: Vec<String> = hot.histogram().iter().map(|(count, name)| format!("{count} {name}")).collect();
    let lines: String = hot.instructions.iter().map(|instruction| format!("\t{}\n", instruction.text)).collect();
    format!("\n== {}\n{}\n{lines}", row.name(), counts.join(", "))
}
