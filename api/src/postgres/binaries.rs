//! Where the PostgreSQL server programs are.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ClusterError, run};

/// A folder with `postgres`, `initdb`, `pg_ctl` and `pg_controldata` of one version.
#[derive(Debug, Clone)]
pub struct Binaries {
    dir: PathBuf,
    pub major: u32,
}

const OLDEST_MAJOR: u32 = 15;

impl Binaries {
    /// Looks in the setting, then `PATH`, then the highest `/usr/lib/postgresql/*/bin` (Debian puts only client wrappers in `PATH`).
    pub fn find(setting: Option<&Path>, search_path: &[PathBuf]) -> Result<Self, ClusterError> {
        if let Some(dir) = setting {
            return Self::at(dir);
        }
        let mut installed: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|e| Some((e.file_name().to_str()?.parse().ok()?, e.path().join("bin"))))
            .collect();
        installed.sort_by_key(|(major, _)| std::cmp::Reverse(*major));
        let candidates = search_path.iter().cloned().chain(installed.into_iter().map(|(_, dir)| dir));
        for dir in candidates.filter(|d| d.join("postgres").is_file()) {
            // A link in PATH may point at one program only: its real folder holds them all.
            let real = std::fs::canonicalize(dir.join("postgres")).ok().and_then(|p| Some(p.parent()?.to_owned()));
            if let Ok(found) = Self::at(&real.unwrap_or(dir)) {
                return Ok(found);
            }
        }
        Err(ClusterError::NoBinaries)
    }

    fn at(dir: &Path) -> Result<Self, ClusterError> {
        let bad = |message: String| ClusterError::BadBinaries { path: dir.to_owned(), message };
        for program in ["postgres", "initdb", "pg_ctl", "pg_controldata"] {
            if !dir.join(program).is_file() {
                return Err(bad(format!("holds no `{program}`")));
            }
        }
        let text = run("postgres --version", Command::new(dir.join("postgres")).arg("--version"))?;
        let major = major_of(&text).ok_or_else(|| bad(format!("unreadable version {:?}", text.trim())))?;
        if major < OLDEST_MAJOR {
            return Err(bad(format!("is PostgreSQL {major}; {OLDEST_MAJOR} or later is needed")));
        }
        Ok(Self { dir: dir.to_owned(), major })
    }

    pub fn path(&self, program: &str) -> PathBuf {
        self.dir.join(program)
    }
}

/// `postgres (PostgreSQL) 15.18 (Debian …)` → 15.
fn major_of(version: &str) -> Option<u32> {
    let number = version.split(' ').nth(2)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_major_version_is_read() {
        assert_eq!(super::major_of("postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n"), Some(15));
        assert_eq!(super::major_of("postgres (PostgreSQL) 18beta1\n"), Some(18));
        assert_eq!(super::major_of("nothing"), None);
    }
}
