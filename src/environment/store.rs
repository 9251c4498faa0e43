//! The folder of saved environments, one file each.
//!
//! An environment's name is the one inside its file. A new file is called
//! `NAME.toml`; a file with another name, copied there by hand, is loaded and
//! saved just as well. A file that cannot be loaded is reported and left alone.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use directories::ProjectDirs;

use super::field::{Field, FieldError};
use super::file::{self, FileError, FileFault};
use super::private::{self, Existing};
use super::rules;
use crate::runbook::profile::Profile;

/// The variable whose folder holds everything that Failback saves, instead of the system's usual one.
pub const HOME_VARIABLE: &str = "FAILBACK_HOME";

/// The folder of saved environments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    dir: PathBuf,
}

/// An environment and the file it comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    /// The profile's name.
    pub name: String,
    /// Its file.
    pub path: PathBuf,
    /// What the file says.
    pub profile: Profile,
}

/// Something in the folder that could not be loaded. It was not touched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The file, or the folder itself.
    pub path: PathBuf,
    /// What is wrong and in which line, without the path.
    pub message: String,
    /// What to do: a sentence.
    pub remedy: String,
}

/// What is saved.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Listing {
    /// Sorted by name.
    pub environments: Vec<Saved>,
    /// Sorted by path.
    pub problems: Vec<Problem>,
}

/// Why the store could not do it, where, and what to do. As text it says all three.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system names no folder for a user's settings.
    #[error("There is no home directory to save environments in. Set {HOME_VARIABLE} to a folder.")]
    NoHome,
    /// No saved environment has this name.
    #[error("No environment is named “{name}” in {}. {}", .dir.display(), saved_names(.saved))]
    Unknown {
        /// The name that was asked for.
        name: String,
        /// The folder that was looked into.
        dir: PathBuf,
        /// The names that are saved there, sorted.
        saved: Vec<String>,
    },
    /// Another environment, or a file that could not be loaded, is in the way.
    #[error("The name “{name}” is taken by {}. Choose another name.", .path.display())]
    Taken {
        /// The name.
        name: String,
        /// The file in the way.
        path: PathBuf,
    },
    /// The folder could not be made.
    #[error("The folder {} cannot be made: {cause}. Check that you may write there, or set {HOME_VARIABLE} \
             to another folder.", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// A file could not be removed. After a change of name, the new file is in place.
    #[error("{} cannot be removed: {cause}. Remove it by hand.", .path.display())]
    Remove {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        cause: io::Error,
    },
    /// A file could not be read or written.
    #[error(transparent)]
    File(#[from] FileError),
}

fn saved_names(names: &[String]) -> String {
    if names.is_empty() {
        "Nothing is saved there.".to_owned()
    } else {
        format!("Saved: {}.", names.join(", "))
    }
}

impl Store {
    /// The user's store: `$FAILBACK_HOME/environments`, else `environments` in
    /// the system's folder for this program's settings. Nothing is made yet.
    pub fn open_default() -> Result<Self, StoreError> {
        let config = ProjectDirs::from("io.github", "failback", "Failback");
        let config = config.as_ref().map(ProjectDirs::config_dir);
        default_dir(std::env::var_os(HOME_VARIABLE), config).map(Self::at).ok_or(StoreError::NoHome)
    }

    /// The store in this folder, which is made when something is saved.
    pub fn at(dir: impl Into<PathBuf>) -> Self {
        Self { dir: dir.into() }
    }

    /// The folder.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Everything that is saved, and what could not be loaded. A folder that is missing is empty.
    pub fn list(&self) -> Listing {
        let mut listing = Listing::default();
        let files = match self.files() {
            Ok(files) => files,
            Err(cause) => {
                listing.problems.push(FileError::new(&self.dir, FileFault::Read { cause }).into());
                return listing;
            }
        };
        for path in files {
            match read_saved(&path) {
                Ok(profile) => {
                    listing.environments.push(Saved { name: profile.name.clone(), path, profile });
                }
                Err(error) => listing.problems.push(error.into()),
            }
        }
        listing.keep_one_of_each_name();
        listing.problems.sort_by(|a, b| a.path.cmp(&b.path));
        listing
    }

    /// The environment of this name; or the one in this file, where it has a
    /// path separator or ends in `.toml`.
    pub fn load(&self, name_or_path: &str) -> Result<Saved, StoreError> {
        if name_or_path.contains(std::path::is_separator) || rules::ends_in_toml(name_or_path) {
            let path = PathBuf::from(name_or_path);
            let profile = file::read(&path)?;
            return Ok(Saved { name: profile.name.clone(), path, profile });
        }
        let listing = self.list();
        if let Some(saved) = listing.environments.iter().find(|saved| saved.name == name_or_path) {
            return Ok(saved.clone());
        }
        // Its file may be there and be damaged: then that is the answer.
        if let Ok(path) = self.path_of(name_or_path)
            && listing.problems.iter().any(|problem| problem.path == path)
        {
            read_saved(&path)?;
        }
        Err(self.unknown(name_or_path, &listing))
    }

    /// Saves an environment, in place of the one named `replacing` if that is
    /// given (and still there). Gives the path of its file.
    ///
    /// Another environment's file is never overwritten, nor one that could not be loaded.
    pub fn save(&self, profile: &Profile, replacing: Option<&str>) -> Result<PathBuf, StoreError> {
        let path = self.path_of(&profile.name)?;
        let listing = self.list();
        let old = replacing.and_then(|name| listing.environments.iter().find(|saved| saved.name == name));
        // Not told apart by case, because file names are not on every system.
        let taken = listing.environments.iter().find(|saved| {
            saved.name.eq_ignore_ascii_case(&profile.name) && old.is_none_or(|old| old.path != saved.path)
        });
        if let Some(taken) = taken {
            return Err(StoreError::Taken { name: profile.name.clone(), path: taken.path.clone() });
        }
        private::create_folder(&self.dir)
            .map_err(|cause| StoreError::Folder { path: self.dir.clone(), cause })?;
        match old {
            Some(old) if old.name.eq_ignore_ascii_case(&profile.name) => {
                file::write_to(&old.path, profile, Existing::Replace)?;
                Ok(old.path.clone())
            }
            _ => {
                file::write_to(&path, profile, Existing::Keep)
                    .map_err(|error| taken_or(error, &profile.name))?;
                old.map_or(Ok(()), |old| remove(&old.path))?;
                Ok(path)
            }
        }
    }

    /// A copy of the named environment under a name that is free (`acme copy`,
    /// `acme copy 2`, …), not saved yet.
    pub fn duplicate(&self, name: &str) -> Result<Profile, StoreError> {
        let mut profile = self.load_saved(name)?.profile;
        let listing = self.list();
        profile.name = (1..=u32::MAX)
            .map(|number| copy_name(name, number))
            .find(|copy| self.is_free(copy, &listing))
            .unwrap_or_default();
        Ok(profile)
    }

    /// Removes the named environment's file. Whoever calls has asked before.
    pub fn delete(&self, name: &str) -> Result<(), StoreError> {
        remove(&self.load_saved(name)?.path)
    }

    /// Removes what a killed save left.
    pub fn sweep(&self) {
        private::sweep(&self.dir);
    }

    /// By name alone, even if the name looks like a path.
    fn load_saved(&self, name: &str) -> Result<Saved, StoreError> {
        let listing = self.list();
        let saved = listing.environments.iter().find(|saved| saved.name == name).cloned();
        saved.ok_or_else(|| self.unknown(name, &listing))
    }

    fn unknown(&self, name: &str, listing: &Listing) -> StoreError {
        let saved = listing.environments.iter().map(|saved| saved.name.clone()).collect();
        StoreError::Unknown { name: name.to_owned(), dir: self.dir.clone(), saved }
    }

    fn is_free(&self, name: &str, listing: &Listing) -> bool {
        let file_free = self.path_of(name).is_ok_and(|path| path.symlink_metadata().is_err());
        file_free && !listing.environments.iter().any(|saved| saved.name.eq_ignore_ascii_case(name))
    }

    /// The file that an environment of this name gets; refuses a name that cannot be a file's.
    fn path_of(&self, name: &str) -> Result<PathBuf, StoreError> {
        rules::name(name).map(|name| self.dir.join(format!("{name}.toml"))).map_err(|message| {
            let error = FieldError { field: Field::Name, message };
            FileError::new(&self.dir, FileFault::Invalid(vec![file::Misfit { at: None, error }])).into()
        })
    }

    /// The folder's environment files, sorted; hidden ones are editors' and our own temporary files.
    fn files(&self) -> io::Result<Vec<PathBuf>> {
        let entries = match std::fs::read_dir(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
            let ending = path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"));
            if ending && !hidden {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

impl Listing {
    /// Of several files with the same name inside, the one that is called so
    /// stays, else the first: a copy made by hand must not take its original's place.
    fn keep_one_of_each_name(&mut self) {
        let called_so =
            |saved: &Saved| saved.path.file_stem().is_some_and(|stem| stem == saved.name.as_str());
        self.environments.sort_by(|a, b| {
            let folded = a.name.to_lowercase().cmp(&b.name.to_lowercase()).then_with(|| a.name.cmp(&b.name));
            folded.then_with(|| called_so(b).cmp(&called_so(a))).then_with(|| a.path.cmp(&b.path))
        });
        let mut kept: Vec<Saved> = Vec::with_capacity(self.environments.len());
        for saved in self.environments.drain(..) {
            match kept.last().filter(|last| last.name == saved.name) {
                Some(last) => {
                    let fault = FileFault::SameName { name: saved.name, first: last.path.clone() };
                    self.problems.push(FileError::new(&saved.path, fault).into());
                }
                None => kept.push(saved),
            }
        }
        self.environments = kept;
    }
}

impl From<FileError> for Problem {
    fn from(error: FileError) -> Self {
        Self { message: error.fault.to_string(), remedy: error.fault.remedy().to_owned(), path: error.path }
    }
}

fn default_dir(home: Option<OsString>, config: Option<&Path>) -> Option<PathBuf> {
    let root = home.filter(|home| !home.is_empty()).map(PathBuf::from);
    root.or_else(|| config.map(Path::to_owned)).map(|root| root.join("environments"))
}

/// A file of the folder itself, not what a link leads to.
fn read_saved(path: &Path) -> Result<Profile, FileError> {
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
        return Err(FileError::new(path, FileFault::Link));
    }
    file::read(path)
}

fn remove(path: &Path) -> Result<(), StoreError> {
    std::fs::remove_file(path).map_err(|cause| StoreError::Remove { path: path.to_owned(), cause })
}

fn taken_or(error: FileError, name: &str) -> StoreError {
    match error.fault {
        FileFault::Write { cause } if cause.kind() == io::ErrorKind::AlreadyExists => {
            StoreError::Taken { name: name.to_owned(), path: error.path }
        }
        _ => error.into(),
    }
}

/// `NAME copy`, `NAME copy 2`, …, the name cut so that the whole is no longer than allowed.
fn copy_name(name: &str, number: u32) -> String {
    let ending = if number == 1 { " copy".to_owned() } else { format!(" copy {number}") };
    let mut stem = name.to_owned();
    loop {
        let copy = format!("{}{ending}", stem.trim_end());
        if rules::name(&copy).is_ok() || stem.pop().is_none() {
            return copy;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_comes_before_the_system_s_folder() {
        let config = Path::new("config");
        let dir = |home: Option<&str>, config| default_dir(home.map(OsString::from), config);
        assert_eq!(dir(Some("mine"), Some(config)), Some(Path::new("mine").join("environments")));
        assert_eq!(dir(Some(""), Some(config)), Some(config.join("environments")));
        assert_eq!(dir(None, Some(config)), Some(config.join("environments")));
        assert_eq!(dir(None, None), None);
    }

    #[test]
    fn a_copy_s_name_fits() {
        assert_eq!(copy_name("acme-prod", 1), "acme-prod copy");
        assert_eq!(copy_name("acme-prod", 12), "acme-prod copy 12");
        let longest = copy_name(&"x".repeat(64), 2);
        assert_eq!(longest, format!("{} copy 2", "x".repeat(57)));
    }
}
