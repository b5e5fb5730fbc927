//! The profiles: built into the program, overridden by a local `phases/` folder.

use std::fs;
use std::path::{Path, PathBuf};

use super::ProfileFile;
use crate::error::{Error, Result};
use crate::words::input as words;

/// Which profile a command uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ProfileName {
    /// The environment, no login.
    Phase0,
    /// Laravel.
    Phase1,
    /// NestJS.
    Phase2,
    /// Both over one topic.
    Phase3,
    /// Partitions, groups, dead letters.
    Phase4,
    /// The super user.
    Admin,
}

impl ProfileName {
    /// Every profile: name, path below `phases/`, text built in.
    pub const ALL: [(Self, &'static str, &'static str, &'static str); 6] = [
        (Self::Phase0, "phase0", "phase0/profile.toml", include_str!("../../phases/phase0/profile.toml")),
        (Self::Phase1, "phase1", "phase1/profile.toml", include_str!("../../phases/phase1/profile.toml")),
        (Self::Phase2, "phase2", "phase2/profile.toml", include_str!("../../phases/phase2/profile.toml")),
        (Self::Phase3, "phase3", "phase3/profile.toml", include_str!("../../phases/phase3/profile.toml")),
        (Self::Phase4, "phase4", "phase4/profile.toml", include_str!("../../phases/phase4/profile.toml")),
        (Self::Admin, "admin", "admin.toml", include_str!("../../phases/admin.toml")),
    ];

    /// `phase1`, `admin`, ….
    pub fn name(self) -> &'static str {
        self.row().1
    }

    fn row(self) -> &'static (Self, &'static str, &'static str, &'static str) {
        &Self::ALL[self as usize]
    }
}

/// Where profiles are read from.
#[derive(Debug, Clone, Default)]
pub struct Library {
    folder: Option<PathBuf>,
    profile: Option<PathBuf>,
}

impl Library {
    /// The profiles of `--phases DIR`, else of a `phases/` folder between `here` and the root of its repository,
    /// else those built in. `profile` (`--profile PATH`) replaces the profile of the phase.
    pub fn find(phases: Option<PathBuf>, profile: Option<PathBuf>, here: &Path) -> Result<Self> {
        if let Some(folder) = &phases
            && !has_profiles(folder)
        {
            return Err(Error::usage(words::NO_PHASES_FOLDER.with(&[("path", &folder.display())])));
        }
        Ok(Self { folder: phases.or_else(|| local_folder(here, "phases", has_profiles)), profile })
    }

    /// The folder of phases, if it is not the one built in.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    /// Reads a profile. `--profile` replaces the profile of every phase, never the administrator's.
    pub fn load(&self, name: ProfileName) -> Result<ProfileFile> {
        read_or_built_in(name, self.file(name))
    }

    /// Reads the profile of a phase that the command is not about: `--profile` is not meant for it.
    pub fn load_own(&self, name: ProfileName) -> Result<ProfileFile> {
        read_or_built_in(name, self.own_file(name))
    }

    /// The file that a profile is read from; `None` for the one built in.
    pub fn file(&self, name: ProfileName) -> Option<PathBuf> {
        if name != ProfileName::Admin && self.profile.is_some() {
            return self.profile.clone();
        }
        self.own_file(name)
    }

    /// A profile that the local folder lacks is the one built in.
    fn own_file(&self, name: ProfileName) -> Option<PathBuf> {
        let (_, _, below, _) = *name.row();
        self.folder.as_ref().map(|folder| folder.join(below)).filter(|path| path.exists())
    }
}

fn read_or_built_in(name: ProfileName, path: Option<PathBuf>) -> Result<ProfileFile> {
    let (_, _, below, built_in) = *name.row();
    match path {
        Some(path) => read(&path),
        None => ProfileFile::parse(&format!("phases/{below}"), built_in),
    }
}

fn read(path: &Path) -> Result<ProfileFile> {
    let shown = path.display().to_string();
    let text = fs::read_to_string(path).map_err(|problem| {
        Error::usage(words::UNREADABLE_FILE.with(&[("path", &shown), ("problem", &problem)]))
    })?;
    ProfileFile::parse(&shown, &text)
}

fn has_profiles(folder: &Path) -> bool {
    folder.join("phase0/profile.toml").is_file()
}

/// The folder `name` that `belongs` accepts, between `here` and the root of its repository, and no further.
pub(crate) fn local_folder(here: &Path, name: &str, belongs: impl Fn(&Path) -> bool) -> Option<PathBuf> {
    for folder in here.ancestors() {
        let found = folder.join(name);
        if belongs(&found) {
            let relative = folder == here;
            return Some(if relative { PathBuf::from(name) } else { found });
        }
        if folder.join(".git").exists() {
            return None;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_built_in_profile_is_valid_and_in_its_place() {
        for (name, ..) in ProfileName::ALL {
            assert_eq!(name.row().0, name);
            Library::default().load(name).unwrap();
        }
    }

    #[test]
    fn a_local_folder_overrides_and_the_repository_root_ends_the_search() {
        let root = tempfile::tempdir().unwrap();
        let inner = root.path().join("repository/app");
        fs::create_dir_all(&inner).unwrap();
        fs::create_dir_all(root.path().join("phases/phase0")).unwrap();
        fs::write(root.path().join("phases/phase0/profile.toml"), "[topic]\nname = 'mine'\n").unwrap();

        let found = Library::find(None, None, &inner).unwrap().load(ProfileName::Phase0).unwrap();
        assert_eq!(found.topic.unwrap().value, "mine");

        fs::create_dir_all(root.path().join("repository/.git")).unwrap();
        let found = Library::find(None, None, &inner).unwrap().load(ProfileName::Phase0).unwrap();
        assert_eq!(found.topic.unwrap().value, "phase0-hello");
    }
}
