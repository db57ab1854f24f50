//! The operating-system user PostgreSQL runs as: ourselves, or a named one when we are root (PostgreSQL refuses root).

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{ClusterError, io, run};

#[derive(Debug, Clone)]
pub struct OsUser {
    pub name: String,
    /// Numbers to change to; `None` when PostgreSQL runs as ourselves.
    change: Option<(u32, u32)>,
}

impl OsUser {
    pub fn for_postgres(when_root: &str) -> Result<Self, ClusterError> {
        let me = Path::new("/proc/self");
        if fs::metadata(me).map_err(io(me))?.uid() != 0 {
            let name = run("id", Command::new("id").arg("-un"))?.trim().to_owned();
            return Ok(Self { name, change: None });
        }
        let number = |flag| {
            let text = run("id", Command::new("id").args([flag, when_root])).ok()?;
            text.trim().parse::<u32>().ok().filter(|n| *n != 0)
        };
        match (number("-u"), number("-g")) {
            (Some(uid), Some(gid)) => Ok(Self { name: when_root.to_owned(), change: Some((uid, gid)) }),
            _ => Err(ClusterError::NoUser(when_root.to_owned())),
        }
    }

    /// Whether this is another user than the one we run as.
    pub fn changes(&self) -> bool {
        self.change.is_some()
    }

    /// A command run as this user, in `/`, with a clean environment.
    pub fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.env_clear().envs([("LC_ALL", "C"), ("PATH", "/usr/bin:/bin")]).current_dir("/");
        if let Some((uid, gid)) = self.change {
            command.uid(uid).gid(gid);
        }
        command
    }

    /// The first directory on the way to `path`, itself included, that this user may not enter.
    pub fn first_closed(&self, path: &Path) -> Option<PathBuf> {
        self.change?;
        let mut way: Vec<&Path> = path.ancestors().collect();
        way.reverse();
        let closed =
            way.into_iter().find(|dir| run("test", self.command(Path::new("test")).arg("-x").arg(dir)).is_err());
        closed.map(Path::to_owned)
    }

    /// Makes this user the owner.
    pub fn give(&self, path: &Path) -> Result<(), ClusterError> {
        match self.change {
            Some((uid, gid)) => std::os::unix::fs::chown(path, Some(uid), Some(gid)).map_err(io(path)),
            None => Ok(()),
        }
    }

    /// Whether a postmaster has left its pid file here.
    pub fn readable_pid_file(&self, pgdata: &Path) -> bool {
        run("test", self.command(Path::new("test")).arg("-f").arg(pgdata.join("postmaster.pid"))).is_ok()
    }
}
