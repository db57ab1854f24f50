//! The embedded PostgreSQL cluster: found, made, started, adopted after a crash, stopped. One `wintehr` process owns a data directory.
//!
//! It runs `postgres` itself (not `pg_ctl start`), as another user when we are root, on a Unix socket with peer authentication.
//! It knows nothing of the tables inside.

mod binaries;
mod user;

use std::fs::{self, DirBuilder, File, TryLockError};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use entity::cluster::ClusterConnection;
use sha2::{Digest as _, Sha256};

pub use binaries::Binaries;
pub use user::OsUser;

/// The database user that owns everything in the cluster.
const DATABASE_USER: &str = "wintehr";
/// The role that the store works as.
const SERVING_ROLE: &str = "wintehr_app";
/// Linux `sun_path` minus its final NUL.
const SOCKET_PATH_MAX_BYTES: usize = 107;
const START_LIMIT: Duration = Duration::from_mins(1);
/// How long an unreaped or dying postmaster may keep its lock file.
const LOCK_FILE_LIMIT: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    #[error(
        "no PostgreSQL server of version 15 or later was found (looked in the setting, PATH and /usr/lib/postgresql): install the package `postgresql`, or set WINTEHR_POSTGRES_BIN or DATABASE_URL"
    )]
    NoBinaries,
    #[error("{path}: {message}")]
    BadBinaries { path: PathBuf, message: String },
    #[error(
        "running as root, and PostgreSQL refuses root: user `{0}` does not exist; install the package `postgresql`, or name a user with WINTEHR_POSTGRES_USER"
    )]
    NoUser(String),
    #[error("{dir} is in use by another wintehr (process {pid}); stop it first, or give another --data-dir")]
    InUse { dir: PathBuf, pid: String },
    #[error(
        "{dir} holds a PostgreSQL {found} cluster, and the server found is version {wanted}; install postgresql-{found} or set WINTEHR_POSTGRES_BIN"
    )]
    OtherVersion { dir: PathBuf, found: String, wanted: u32 },
    #[error("user `{user}` may not enter {dir}")]
    NotTraversable { user: String, dir: PathBuf },
    #[error("{step}: {message}")]
    Failed { step: &'static str, message: String },
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: std::io::Error },
    #[error("database: {0}")]
    Database(#[from] entity::cluster::Failure),
}

fn io(path: &Path) -> impl FnOnce(std::io::Error) -> ClusterError + '_ {
    move |source| ClusterError::Io { path: path.to_owned(), source }
}

/// How much the cluster may lose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// The product: fsync, checksums.
    Full,
    /// A test run: nothing survives a crash, and the postmaster goes with the process that started it (`setpriv --pdeathsig`).
    ThrowAway,
}

/// Where and how.
#[derive(Debug, Clone)]
pub struct ClusterSettings {
    /// `.wintehr` or what stands for it; made when absent.
    pub data_dir: PathBuf,
    /// Folder of `postgres` and `initdb`; `None` to look for it.
    pub binaries: Option<PathBuf>,
    /// The user PostgreSQL runs as when we are root.
    pub user_when_root: String,
    /// Folders of `PATH`.
    pub search_path: Vec<PathBuf>,
    pub durability: Durability,
}

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    binaries: Binaries,
    user: OsUser,
    /// PostgreSQL's own data directory.
    pgdata: PathBuf,
    socket_dir: PathBuf,
    /// Our generated configuration.
    conf_dir: PathBuf,
    /// Held while we own the data directory; `None` when another `wintehr` does and we only joined.
    lock: Option<File>,
    adopted: bool,
}

impl Cluster {
    /// Starts the cluster, or adopts the one a killed `wintehr` left running. Refuses a directory another process owns.
    pub async fn own(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let place = Place::prepare(settings)?;
        let lock = place.lock()?;
        place.start(settings, lock).await
    }

    /// Joins the cluster of a running server, or starts it for the life of this value.
    pub async fn join(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let place = Place::prepare(settings)?;
        match place.lock() {
            Ok(lock) => place.start(settings, lock).await,
            Err(ClusterError::InUse { dir, pid }) => {
                let joined = place.running(None);
                joined.answers_as_itself().await.map_err(|_| ClusterError::InUse { dir, pid })?;
                Ok(joined)
            }
            Err(other) => Err(other),
        }
    }

    /// Whether the postmaster was already running when we came.
    pub fn adopted(&self) -> bool {
        self.adopted
    }

    pub fn data_directory(&self) -> &Path {
        &self.pgdata
    }

    /// A connection URL over the Unix socket, as the owner of everything. No password exists.
    pub fn url(&self, database: &str) -> String {
        self.url_of(DATABASE_USER, database)
    }

    /// As [`Cluster::url`], of the role that a server works as, which owns nothing and cannot become the owner.
    pub fn serving_url(&self, database: &str) -> String {
        self.url_of(SERVING_ROLE, database)
    }

    fn url_of(&self, role: &str, database: &str) -> String {
        let host = percent_encoded(&self.socket_dir.to_string_lossy());
        format!("postgres://{role}@localhost/{database}?host={host}&port=5432")
    }

    pub async fn connection(&self) -> Result<ClusterConnection, ClusterError> {
        Ok(ClusterConnection::connect(&self.url("postgres")).await?)
    }

    /// Stops PostgreSQL (`fast`: SIGINT) and waits, when we own it; does nothing when we only joined.
    pub fn stop(self) -> Result<(), ClusterError> {
        if self.lock.is_none() {
            return Ok(());
        }
        let mut command = self.user.command(&self.binaries.path("pg_ctl"));
        command.arg("-D").arg(&self.pgdata).args(["stop", "-s", "-m", "fast", "-t", "30"]);
        run("pg_ctl stop", &mut command).map(|_| ())
    }

    /// The answering server must be the one of our directory: a pid in a file proves nothing.
    async fn answers_as_itself(&self) -> Result<(), ClusterError> {
        let connection = self.connection().await?;
        let identity = connection.identity().await?;
        connection.close().await?;
        let mut command = self.user.command(&self.binaries.path("pg_controldata"));
        let control = run("pg_controldata", command.arg(&self.pgdata))?;
        let ours = control.lines().find_map(|l| l.strip_prefix("Database system identifier:")).map(str::trim);
        if Path::new(&identity.data_directory) == self.pgdata && ours == Some(identity.system_identifier.as_str()) {
            Ok(())
        } else {
            Err(ClusterError::Failed {
                step: "adoption",
                message: format!("the server on {} serves {}", self.socket_dir.display(), identity.data_directory),
            })
        }
    }
}

/// The directories and binaries of a cluster, before it runs.
struct Place {
    binaries: Binaries,
    user: OsUser,
    base: PathBuf,
    pgdata: PathBuf,
    socket_dir: PathBuf,
    conf_dir: PathBuf,
}

impl Place {
    fn prepare(settings: &ClusterSettings) -> Result<Self, ClusterError> {
        let binaries = Binaries::find(settings.binaries.as_deref(), &settings.search_path)?;
        let user = OsUser::for_postgres(&settings.user_when_root)?;
        let asked = &settings.data_dir;
        make_dir(asked, if user.changes() { 0o711 } else { 0o700 })?;
        let base = fs::canonicalize(asked).map_err(io(asked))?;
        let mut home = base.clone();
        let recorded = base.join("location");
        if let Ok(text) = fs::read_to_string(&recorded) {
            home = PathBuf::from(text.trim_end());
        } else if let Some(closed) = user.first_closed(&base) {
            if settings.durability == Durability::ThrowAway {
                return Err(ClusterError::NotTraversable { user: user.name.clone(), dir: closed });
            }
            home = Path::new("/var/lib/wintehr").join(short_hash(&base));
            tracing::warn!(closed = %closed.display(), place = %home.display(), "the database user may not enter the data directory; the cluster lives elsewhere");
            make_dir(Path::new("/var/lib/wintehr"), 0o711)?;
            make_dir(&home, 0o711)?;
            if let Some(closed) = user.first_closed(&home) {
                return Err(ClusterError::NotTraversable { user: user.name.clone(), dir: closed });
            }
            fs::write(&recorded, format!("{}\n", home.display())).map_err(io(&recorded))?;
        }
        let mut socket_dir = home.join("run");
        if socket_dir.as_os_str().len() + "/.s.PGSQL.5432".len() > SOCKET_PATH_MAX_BYTES {
            socket_dir = PathBuf::from(format!("/tmp/wintehr-{}", short_hash(&base)));
        }
        let conf_dir = home.join("conf");
        for dir in [&home.join("postgres"), &socket_dir, &conf_dir] {
            make_dir(dir, 0o700)?;
            user.give(dir)?;
        }
        Ok(Self { binaries, user, base, pgdata: home.join("postgres"), socket_dir, conf_dir })
    }

    /// Takes the directory for this process; the kernel gives it back however we end.
    fn lock(&self) -> Result<File, ClusterError> {
        let path = self.base.join("lock");
        let mut file =
            File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(io(&path))?;
        match file.try_lock() {
            Ok(()) => {
                file.set_len(0).and_then(|()| file.rewind()).map_err(io(&path))?;
                write!(file, "{}", std::process::id()).map_err(io(&path))?;
                Ok(file)
            }
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                file.read_to_string(&mut pid).map_err(io(&path))?;
                Err(ClusterError::InUse { dir: self.base.clone(), pid })
            }
            Err(TryLockError::Error(source)) => Err(ClusterError::Io { path, source }),
        }
    }

    fn running(self, lock: Option<File>) -> Cluster {
        Cluster {
            binaries: self.binaries,
            user: self.user,
            pgdata: self.pgdata,
            socket_dir: self.socket_dir,
            conf_dir: self.conf_dir,
            adopted: lock.is_none(),
            lock,
        }
    }

    async fn start(self, settings: &ClusterSettings, lock: File) -> Result<Cluster, ClusterError> {
        self.init(settings.durability)?;
        self.configure(settings.durability)?;
        let was_running = self.user.readable_pid_file(&self.pgdata);
        let mut cluster = self.running(Some(lock));
        if was_running && cluster.answers_as_itself().await.is_ok() {
            cluster.adopted = true;
            return Ok(cluster);
        }
        let began = Instant::now();
        loop {
            match cluster.spawn_and_wait(settings.durability).await {
                Ok(()) => return Ok(cluster),
                // A dead postmaster nobody has reaped still counts as alive for PostgreSQL.
                Err(ClusterError::Failed { message, .. })
                    if message.contains("lock file") && began.elapsed() < LOCK_FILE_LIMIT =>
                {
                    if cluster.answers_as_itself().await.is_ok() {
                        cluster.adopted = true;
                        return Ok(cluster);
                    }
                    tokio::time::sleep(Duration::from_millis(250)).await;
                }
                Err(other) => return Err(other),
            }
        }
    }

    fn init(&self, durability: Durability) -> Result<(), ClusterError> {
        let mut command = self.user.command(Path::new("cat"));
        if let Ok(version) = run("PG_VERSION", command.arg(self.pgdata.join("PG_VERSION"))) {
            let found = version.trim().to_owned();
            let wanted = self.binaries.major;
            return if found == wanted.to_string() {
                Ok(())
            } else {
                Err(ClusterError::OtherVersion { dir: self.pgdata.clone(), found, wanted })
            };
        }
        let mut command = self.user.command(&self.binaries.path("initdb"));
        command.arg("-D").arg(&self.pgdata);
        command.args(["--encoding=UTF8", "--locale=C.UTF-8", "--auth=reject", "--username", DATABASE_USER]);
        command.arg(match durability {
            Durability::Full => "--data-checksums",
            Durability::ThrowAway => "--no-sync",
        });
        run("initdb", &mut command).map(|_| ())
    }

    /// Writes our settings to files of our own at each start; `postgresql.conf` only includes them.
    fn configure(&self, durability: Durability) -> Result<(), ClusterError> {
        let ours = self.conf_dir.join("wintehr.conf");
        let hba = self.conf_dir.join("pg_hba.conf");
        let ident = self.conf_dir.join("pg_ident.conf");
        let mut map = String::new();
        for role in [DATABASE_USER, SERVING_ROLE] {
            map.push_str(&format!("own {} {role}\n", self.user.name));
            if self.user.changes() {
                map.push_str(&format!("own root {role}\n"));
            }
        }
        let mut conf = format!(
            "include '{}'\nlisten_addresses = ''\nport = 5432\nunix_socket_directories = '{}'\nhba_file = '{}'\nident_file = '{}'\n",
            quoted(&self.pgdata.join("postgresql.conf")),
            quoted(&self.socket_dir),
            quoted(&hba),
            quoted(&ident),
        );
        // PostgreSQL puts values into its own log unless told otherwise.
        conf.push_str(
            "log_parameter_max_length = 0\nlog_parameter_max_length_on_error = 0\nlog_error_verbosity = terse\nlog_min_error_statement = panic\n",
        );
        match durability {
            Durability::Full => conf.push_str(&format!(
                "fsync = on\nfull_page_writes = on\nshared_buffers = {}MB\nmax_wal_size = 4GB\ncheckpoint_timeout = 15min\n\
                 idle_in_transaction_session_timeout = 10s\nlock_timeout = 2s\nclient_connection_check_interval = 1s\n\
                 logging_collector = on\nlog_directory = 'log'\nlog_rotation_size = 10MB\n",
                shared_buffers_mb()
            )),
            Durability::ThrowAway => conf.push_str(
                "fsync = off\nfull_page_writes = off\nsynchronous_commit = off\nwal_level = minimal\nmax_wal_senders = 0\n\
                 shared_buffers = 128MB\nmax_connections = 200\nshared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.max = 50000\n",
            ),
        }
        for (path, text) in [(&ours, conf), (&hba, "local all all peer map=own\n".to_owned()), (&ident, map)] {
            fs::write(path, text).map_err(io(path))?;
            self.user.give(path)?;
        }
        Ok(())
    }
}

impl Cluster {
    /// Runs `postgres` from a thread of its own, which waits for it: `pdeathsig` fires when the spawning *thread* ends.
    async fn spawn_and_wait(&self, durability: Durability) -> Result<(), ClusterError> {
        let postgres = self.binaries.path("postgres");
        let mut command = match durability {
            Durability::Full => self.user.command(&postgres),
            Durability::ThrowAway => {
                let mut c = self.user.command(Path::new("setpriv"));
                c.args(["--pdeathsig", "INT", "--"]).arg(&postgres);
                c
            }
        };
        command.arg("-D").arg(&self.pgdata);
        command.arg("-c").arg(format!("config_file={}", self.conf_dir.join("wintehr.conf").display()));
        let log = self.conf_dir.join("start.log");
        let output = File::create(&log).map_err(io(&log))?;
        command.stdin(Stdio::null()).stdout(output.try_clone().map_err(io(&log))?).stderr(output).process_group(0);
        let (started, ended) = {
            let (send_started, started) = mpsc::channel();
            let (send_ended, ended) = mpsc::channel();
            thread::Builder::new()
                .name("postgres".into())
                .spawn(move || match command.spawn() {
                    Ok(mut child) => {
                        let _ = send_started.send(Ok(()));
                        let status = child.wait();
                        let _ = send_ended.send(status.map_or_else(|e| e.to_string(), |s| s.to_string()));
                    }
                    Err(error) => {
                        let _ = send_started.send(Err(error));
                    }
                })
                .map_err(io(&log))?;
            (started, ended)
        };
        started.recv().expect("the thread answers once").map_err(io(&postgres))?;
        let began = Instant::now();
        loop {
            if self.answers_as_itself().await.is_ok() {
                return Ok(());
            }
            let said = || fs::read_to_string(&log).unwrap_or_default();
            if let Ok(status) = ended.try_recv() {
                return Err(ClusterError::Failed { step: "postgres", message: format!("{status}\n{}", said()) });
            }
            if began.elapsed() > START_LIMIT {
                return Err(ClusterError::Failed {
                    step: "postgres",
                    message: format!("not ready in time\n{}", said()),
                });
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// Makes a directory with this mode; one that exists must be a real directory.
fn make_dir(path: &Path, mode: u32) -> Result<(), ClusterError> {
    match DirBuilder::new().mode(mode).create(path) {
        Ok(()) => fs::set_permissions(path, fs::Permissions::from_mode(mode)).map_err(io(path)),
        Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {
            let found = fs::symlink_metadata(path).map_err(io(path))?;
            if path.starts_with("/tmp") && (!found.is_dir() || found.mode() & 0o022 != 0) {
                return Err(ClusterError::Io { path: path.to_owned(), source: e });
            }
            Ok(())
        }
        Err(source) => Err(ClusterError::Io { path: path.to_owned(), source }),
    }
}

/// Runs to the end; standard output, or the error's text.
fn run(step: &'static str, command: &mut Command) -> Result<String, ClusterError> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|e| ClusterError::Failed { step, message: format!("{}: {e}", command.get_program().display()) })?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let message = format!("{}\n{}", output.status, String::from_utf8_lossy(&output.stderr).trim_end());
    Err(ClusterError::Failed { step, message })
}

fn short_hash(path: &Path) -> String {
    let hash = Sha256::digest(path.as_os_str().as_encoded_bytes());
    hash[..6].iter().map(|b| format!("{b:02x}")).collect()
}

/// Inside a quoted setting a single quote is doubled.
fn quoted(path: &Path) -> String {
    path.to_string_lossy().replace('\'', "''")
}

fn percent_encoded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => (b as char).to_string(),
            other => format!("%{other:02X}"),
        })
        .collect()
}

/// A quarter of memory, 128 MB to 2 GB (`/proc/meminfo`, kB).
fn shared_buffers_mb() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let kb = text
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .and_then(|l| l.trim().split(' ').next()?.parse::<u64>().ok());
    kb.map_or(128, |kb| (kb / 4096).clamp(128, 2048))
}
