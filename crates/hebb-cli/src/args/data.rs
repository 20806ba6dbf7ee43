//! The options of `hebb data`.

use std::path::PathBuf;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use hebb_data::fetch;

use super::TableArgs;

/// `hebb data …`.
#[derive(Debug, Clone, Subcommand)]
pub enum DataCommand {
    /// List the data sets that --data takes
    List(TableArgs),
    /// Show a data set's counts, shape, classes and labels
    Info(InfoArgs),
    /// Download a published data set, resuming what an earlier attempt left, and check it
    Fetch(FetchArgs),
    /// Write a contact sheet of a data set's first images, one row a class
    Preview(PreviewArgs),
}

/// `hebb data info`.
#[derive(Debug, Clone, Args)]
pub struct InfoArgs {
    /// Data set (see `hebb data list`)
    #[arg(value_name = "DATA")]
    pub data: String,
    /// Print JSON
    #[arg(long)]
    pub json: bool,
}

/// `hebb data preview`.
#[derive(Debug, Clone, Args)]
pub struct PreviewArgs {
    /// Data set (see `hebb data list`)
    #[arg(value_name = "DATA")]
    pub data: String,
    /// Image file to write
    #[arg(long, value_name = "FILE.png")]
    pub out: PathBuf,
    /// Replace the file in --out
    #[arg(long)]
    pub overwrite: bool,
}

/// `hebb data fetch`.
#[derive(Debug, Clone, Args)]
pub struct FetchArgs {
    /// Data set
    #[arg(value_name = "NAME", value_parser = PossibleValuesParser::new(fetch::NAMES))]
    pub name: String,
    /// Folder that gets a sub-folder of the set's name [default: the download cache, where a bare name is looked for]
    #[arg(long, value_name = "DIR")]
    pub to: Option<PathBuf>,
    /// Mirror: an address with the set's files right below it [default: the published ones]
    #[arg(long, value_name = "URL")]
    pub from: Option<String>,
}
