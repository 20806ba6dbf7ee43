//! The folder that a figure's files come to.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use hebb_data::disk;
use hebb_engine::write_whole;

use crate::error::LabError;
use crate::figures::{FIGURES, Figure, Made};

/// The folder of kept runs.
const RUNS: &str = "runs";
/// What a figure's files end with.
const ENDINGS: [&str; 4] = ["svg", "png", "csv", PAGE];
/// The last of them: the page.
const PAGE: &str = "md";

/// A folder, taken before any work is done. It goes again where nothing was written into it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Makes the folder, and those above it, or takes an empty one. What holds anything is refused, so that nothing is
    /// written over; but a figure that keeps its runs comes to a folder of such, where it has no files yet.
    pub fn claim(path: &Path, figure: &Figure) -> Result<Self, LabError> {
        let folder = Self::open(path, figure.keeps)?;
        if folder.has_any(figure) { Err(folder.done(figure)) } else { Ok(folder) }
    }

    /// The same for several figures, of which some may be there.
    pub fn claim_for_several(path: &Path) -> Result<Self, LabError> {
        Self::open(path, true)
    }

    fn open(path: &Path, is_shared: bool) -> Result<Self, LabError> {
        let fail = |cause: std::io::Error| LabError::Folder { path: path.display().to_string(), cause };
        if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
            fs::create_dir_all(above).map_err(fail)?;
        }
        let folder = Self { path: path.to_owned() };
        match fs::create_dir(path) {
            Ok(()) => Ok(folder),
            Err(cause) if cause.kind() != ErrorKind::AlreadyExists => Err(fail(cause)),
            Err(_) if is_empty(path) || (is_shared && is_of_figures(path)) => Ok(folder),
            Err(_) => Err(LabError::Taken { path: path.display().to_string() }),
        }
    }

    /// Whether the figure stands there whole, made by the very command; an error where it is another one or a part.
    pub fn has(&self, figure: &Figure, command: &str) -> Result<bool, LabError> {
        if !self.has_any(figure) {
            return Ok(false);
        }
        let is_there = |ending| fs::symlink_metadata(self.file(figure, ending)).is_ok();
        let page = disk::read_text(&self.file(figure, PAGE)).unwrap_or_default();
        match ENDINGS.into_iter().all(is_there) && page.contains(&format!("`{command}`")) {
            true => Ok(true),
            false => Err(self.done(figure)),
        }
    }

    fn has_any(&self, figure: &Figure) -> bool {
        ENDINGS.into_iter().any(|ending| fs::symlink_metadata(self.file(figure, ending)).is_ok())
    }

    fn done(&self, figure: &Figure) -> LabError {
        LabError::Done { path: self.path.display().to_string(), stem: figure.stem() }
    }

    fn file(&self, figure: &Figure, ending: &str) -> PathBuf {
        self.path.join(format!("{}.{ending}", figure.stem()))
    }

    /// Where the runs of a figure have their folders, each by its name.
    pub fn runs(&self) -> PathBuf {
        self.path.join(RUNS)
    }

    /// Writes picture, numbers and page, each whole or not at all; the files, in this order.
    pub fn write(&self, figure: &Figure, made: &Made, command: &str) -> Result<Vec<PathBuf>, LabError> {
        let page = made.report.page((figure.name, figure.title, figure.stem()), command);
        let files =
            [made.picture.svg().into_bytes(), made.picture.png()?, made.table.csv().into_bytes(), page.into_bytes()];
        let mut written = Vec::new();
        for (ending, bytes) in ENDINGS.into_iter().zip(files) {
            let path = self.file(figure, ending);
            write_whole(&path, &bytes)?;
            written.push(path);
        }
        Ok(written)
    }
}

/// Whether a folder, no link to one, is there and holds nothing.
fn is_empty(path: &Path) -> bool {
    let is_folder = fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    is_folder && fs::read_dir(path).is_ok_and(|mut files| files.next().is_none())
}

/// Whether a folder holds runs of figures, or files of figures alone.
fn is_of_figures(path: &Path) -> bool {
    let is_folder = |path: &Path| fs::symlink_metadata(path).is_ok_and(|found| found.is_dir());
    let is_one = |name: &str| {
        let parts = name.rsplit_once('.');
        parts.is_some_and(|(stem, ending)| {
            ENDINGS.contains(&ending) && FIGURES.iter().any(|figure| figure.stem() == stem)
        })
    };
    let is_figure =
        |file: std::io::Result<fs::DirEntry>| file.is_ok_and(|file| file.file_name().to_str().is_some_and(is_one));
    is_folder(path) && (is_folder(&path.join(RUNS)) || fs::read_dir(path).is_ok_and(|mut files| files.all(is_figure)))
}

impl Drop for Folder {
    fn drop(&mut self) {
        // An error here means that there is something in it, or that it has gone.
        fs::remove_dir(&self.path).ok();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_taken_once_and_goes_where_nothing_came_of_it() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("a/b");
        let claim = |path: &Path| Folder::claim(path, Figure::find("amit2019/scalar").unwrap());
        let held = claim(&path).unwrap();
        claim(&path).unwrap();
        assert!(!path.exists());
        drop(held);
        fs::create_dir_all(path.join("inside")).unwrap();
        let error = claim(&path).unwrap_err().to_string();
        assert!(error.ends_with("is there already, and is no empty folder"), "{error}");
        fs::remove_dir_all(&path).unwrap();
        fs::write(&path, "a file").unwrap();
        assert!(claim(&path).is_err());
        assert!(claim(&path.join("below")).unwrap_err().to_string().starts_with("cannot make the folder "));
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    }

    #[test]
    fn a_figure_that_keeps_its_runs_goes_on_with_those_of_a_folder() {
        let above = tempfile::tempdir().unwrap();
        let path = above.path().join("out");
        let claim = |name: &str| Folder::claim(&path, Figure::find(name).unwrap());
        fs::create_dir_all(path.join("runs/s1-1")).unwrap();
        fs::write(path.join("s1.md"), "a page").unwrap();
        assert_eq!(claim("sacramento2018/fig1").unwrap().runs(), path.join("runs"));
        assert!(claim("sacramento2018/s1").is_err() && claim("amit2019/scalar").is_err());
        assert!(path.join("runs/s1-1").exists());
        // Its runs may stand elsewhere.
        fs::remove_dir_all(path.join("runs")).unwrap();
        assert!(claim("amit2019/fig4").is_ok() && claim("sacramento2018/s1").is_err());
        fs::write(path.join("mine.md"), "a page").unwrap();
        assert!(claim("amit2019/fig4").is_err());
    }
}
