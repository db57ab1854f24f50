//! Command line and environment. The only reader of the environment; what is secret is never printed.

use std::net::SocketAddr;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand, ValueEnum};

use entity::Role;
use entity::store::CarePolicy;

use crate::auth::pace::Limit;
use crate::graphql::Introspection;
use crate::postgres::{ClusterSettings, Durability};

/// An electronic medical record over FHIR R4.
#[derive(Debug, Parser)]
#[command(name = "wintehr", version)]
pub struct Cli {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Run the server.
    Serve(Serve),
    /// Load bundles and NDJSON files; each file is stored whole or not at all.
    Import(Import),
    /// Look into DICOM files.
    #[command(subcommand)]
    Dicom(Dicom),
    /// Fill the database with an invented hospital; only once.
    Demo(Demo),
    /// Look after the audit.
    #[command(subcommand)]
    Audit(Audit),
    /// Print the GraphQL schema, or compare it with a file.
    Schema {
        /// A file that must hold exactly this schema.
        #[arg(long)]
        check: Option<PathBuf>,
        /// Print its members instead, one a line, as `schema/members.txt` keeps them.
        #[arg(long, conflicts_with = "check")]
        members: bool,
    },
    /// Keep the accounts of people, who can sign in.
    #[command(subcommand)]
    User(User),
    /// Make an account for a program; it holds tokens and cannot sign in.
    Account(Account),
    /// Make or revoke bearer tokens.
    #[command(subcommand)]
    Token(Token),
    /// Replace the server's key.
    #[command(subcommand)]
    Secret(Secret),
    /// Register SMART applications.
    #[command(subcommand)]
    App(App),
}

#[derive(Debug, Subcommand)]
pub enum App {
    /// Register an application; a secret is printed once.
    Create(NewApp),
    /// Show all applications.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Open an application again.
    Enable {
        id: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Close an application; what was granted to it ends at once.
    Disable {
        id: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Sign with a new key from now on; the one before it stays published.
    RotateKey {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
pub struct NewApp {
    /// The client_id.
    pub id: String,
    /// What people read.
    #[arg(long)]
    pub name: Option<String>,
    /// Where people are sent back to, exactly; may be given several times.
    #[arg(long = "redirect-uri")]
    pub redirect_uris: Vec<String>,
    /// Where a launch from a chart begins.
    #[arg(long)]
    pub launch_url: Option<String>,
    /// It is shown within the chart that launches it, in a frame; without it in a tab of its own.
    #[arg(long, requires = "launch_url")]
    pub framed: bool,
    /// What it may ask for at most, such as `launch openid fhirUser patient/*.rs`.
    #[arg(long)]
    pub scope: String,
    /// It keeps a secret: one is made up and printed.
    #[arg(long, conflicts_with = "keys")]
    pub client_secret: bool,
    /// It signs with a key of its own: the file of its public keys (a JWK set).
    #[arg(long, group = "keys")]
    pub jwks: Option<PathBuf>,
    /// As `--jwks`, but the keys are fetched from this URL, as long as the server may reach it.
    #[arg(long, group = "keys")]
    pub jwks_uri: Option<String>,
    /// The program's account it acts for by itself (`system/` scopes).
    #[arg(long, requires = "keys")]
    pub account: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub struct Serve {
    /// Address and port to listen on.
    #[arg(long, env = "WINTEHR_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
    /// Demo mode: fills an empty database with the demo hospital, and makes log-ins that everybody knows. Not for real patients.
    #[arg(long, env = "WINTEHR_DEMO")]
    pub demo: bool,
    /// The URL clients reach the server by; links and locations are made from it. Default: http and the listening address.
    #[arg(long, env = "WINTEHR_PUBLIC_URL")]
    pub public_url: Option<String>,
    /// How many proxies of ours stand in front: the address a request comes from is then read from X-Forwarded-For, that many from its end.
    #[arg(long, env = "WINTEHR_PROXY_HOPS", default_value_t = 0)]
    pub proxy_hops: usize,
    /// The roles whose people have to have a second factor, or `none`; all others may. Default: admin; in demo mode none.
    #[arg(long, env = "WINTEHR_SECOND_FACTOR", value_delimiter = ',', value_parser = role_or_none)]
    pub second_factor: Option<Vec<Option<Role>>>,
    /// Whom physicians, nurses and pharmacists see: all patients, or those with whom a care relation is on record, others in an emergency
    /// only. Default: off in demo mode, else care_team.
    #[arg(long, env = "WINTEHR_CARE_POLICY", value_enum)]
    pub care_policy: Option<WhomStaffSee>,
    /// Takes resources that do not conform to a loaded profile they claim; without it they are refused.
    #[arg(long, env = "WINTEHR_IGNORE_PROFILE_CLAIMS")]
    pub ignore_profile_claims: bool,
    /// When the audit has what only reads: a tenth of a second after the answer at most, or before it.
    #[arg(long, env = "WINTEHR_AUDIT_READS", value_enum, default_value_t = AuditReads::Queued)]
    pub audit_reads: AuditReads,
    /// Who is shown the GraphQL schema and names that were perhaps meant.
    #[arg(long, env = "WINTEHR_GRAPHQL_INTROSPECTION", value_enum, default_value_t)]
    pub graphql_introspection: Introspection,
    /// GraphQL documents that may be run by their SHA-256, beside those of the pages: a JSON file `{"sha256:…": "query …"}`, or with roles `{"query": …, "roles": [ … ]}`.
    #[arg(long, env = "WINTEHR_GRAPHQL_TRUSTED_DOCUMENTS")]
    pub graphql_trusted_documents: Option<PathBuf>,
    /// The roles that may send GraphQL documents of their own; all others run trusted ones only. Default: programs, analysts and administrators;
    /// in demo mode everybody.
    #[arg(long, env = "WINTEHR_GRAPHQL_OWN_DOCUMENTS", value_delimiter = ',', value_parser = any_role)]
    pub graphql_own_documents: Vec<Role>,
    /// Lets Subscription resources name endpoints in private networks and on this machine, any port, and plain http.
    #[arg(long, env = "WINTEHR_PRIVATE_ENDPOINTS")]
    pub private_endpoints: bool,
    #[command(flatten)]
    pub pace: PaceArgs,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

/// How many requests of one account the clinical doors take.
#[derive(Debug, Clone, Default, Args)]
pub struct PaceArgs {
    /// Requests a second that one account may make in the long run, 0 for any number; a program's account ten times that. By default 20 of
    /// a person and any number of a program, in demo mode any number of both.
    #[arg(long, env = "WINTEHR_REQUESTS_PER_SECOND")]
    pub requests_per_second: Option<u32>,
    /// Requests that one account may make at once; a program's account ten times that. By default 120.
    #[arg(long, env = "WINTEHR_REQUEST_BURST")]
    pub request_burst: Option<u32>,
}

impl PaceArgs {
    pub fn limit(&self, demo: bool) -> Limit {
        let usual = if demo { 0 } else { 20 };
        Limit {
            per_second: self.requests_per_second.unwrap_or(usual),
            burst: self.request_burst.unwrap_or(120),
            programs: if self.requests_per_second.is_some() { 10 } else { 0 },
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum WhomStaffSee {
    Off,
    CareTeam,
}

impl Serve {
    /// The roles that have to have a second factor; without a word about it those who keep accounts, unless everybody knows the passwords.
    pub fn second_factor(&self) -> Vec<Role> {
        match &self.second_factor {
            Some(roles) => roles.iter().copied().flatten().collect(),
            None if self.demo => Vec::new(),
            None => vec![Role::Admin],
        }
    }

    /// Whom people who treat see; without a word about it the safer one, unless the patients are invented.
    pub fn care(&self) -> CarePolicy {
        match self.care_policy {
            Some(WhomStaffSee::Off) => CarePolicy::Off,
            Some(WhomStaffSee::CareTeam) => CarePolicy::CareTeam,
            None if self.demo => CarePolicy::Off,
            None => CarePolicy::CareTeam,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum AuditReads {
    Queued,
    Sync,
}

#[derive(Debug, Subcommand)]
pub enum Audit {
    /// Compute the hash of every row and every seal again, and name the first that is not what it was.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Debug, Args)]
pub struct Import {
    /// Files or folders: `.json` bundles (transaction or collection), `.ndjson` resources, either also with `.gz`.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub struct Demo {
    /// How many patients.
    #[arg(long, default_value_t = 200)]
    pub patients: u32,
    /// The same seed, years and instant give the same patients.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// Years of history.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..=50))]
    pub years: u16,
    /// The instant the hospital lives at, such as `2026-11-25T09:00:00Z`. Default: the present.
    #[arg(long)]
    pub now: Option<DateTime<Utc>>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
pub enum User {
    /// Make an account; without `--password-stdin` its password is made up and printed once.
    Create(NewUser),
    /// Show all accounts.
    List {
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Close an account; its sessions and tokens end.
    Disable(OneUser),
    /// Open an account again.
    Enable(OneUser),
    /// Give an account other roles; its sessions end.
    Roles {
        #[command(flatten)]
        user: OneUser,
        #[arg(long = "role", required = true, value_parser = person_role)]
        roles: Vec<Role>,
    },
    /// Make up a password for one sign-in, which has to bring a new one, and print it once; sessions end.
    ResetPassword(OneUser),
    /// Take an account's second factor away, for who has lost it; its sessions end.
    RemoveSecondFactor(OneUser),
    /// End an account's sessions and tokens.
    LogOut(OneUser),
}

#[derive(Debug, Args)]
pub struct OneUser {
    /// Log-in name.
    pub login: String,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Args)]
pub struct NewUser {
    /// Log-in name.
    pub login: String,
    /// physician, nurse, pharmacist, registrar, analyst, admin or patient; may be given several times.
    #[arg(long = "role", required = true, value_parser = person_role)]
    pub roles: Vec<Role>,
    /// What people read.
    #[arg(long)]
    pub name: Option<String>,
    /// Who this is in the record: `Practitioner/…`, `Patient/…` or `RelatedPerson/…`; the last, with the role patient, sees the records of its
    /// patient while a Consent permits it.
    #[arg(long)]
    pub fhir_user: Option<String>,
    /// Read the password from standard input instead of making one up.
    #[arg(long)]
    pub password_stdin: bool,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

fn any_role(name: &str) -> Result<Role, String> {
    Role::named(name).ok_or_else(|| "no role".into())
}

fn role_or_none(name: &str) -> Result<Option<Role>, String> {
    if name == "none" { Ok(None) } else { person_role(name).map(Some) }
}

fn person_role(name: &str) -> Result<Role, String> {
    Role::named(name).filter(|r| *r != Role::System).ok_or_else(|| "no role of a person".into())
}

#[derive(Debug, Args)]
pub struct Account {
    /// Log-in name.
    pub login: String,
    /// What people read.
    #[arg(long)]
    pub name: Option<String>,
    #[command(flatten)]
    pub database: DatabaseArgs,
}

#[derive(Debug, Subcommand)]
pub enum Dicom {
    /// Print the attributes of a Part 10 file as DICOM JSON, up to its pixels.
    Inspect { file: PathBuf },
}

#[derive(Debug, Subcommand)]
pub enum Token {
    /// Print a new token once; only its hash is kept.
    Create {
        /// The account that will hold it.
        #[arg(long)]
        user: String,
        /// What it permits, such as `system/*.cruds` or `system/Patient.rs system/Observation.rs`.
        #[arg(long)]
        scope: String,
        /// How long it is good for, in minutes.
        #[arg(long, default_value_t = 60)]
        ttl_minutes: u32,
        #[command(flatten)]
        database: DatabaseArgs,
    },
    /// Revoke every token of an account.
    Revoke {
        #[arg(long)]
        user: String,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

#[derive(Subcommand)]
pub enum Secret {
    /// Encrypt everything that is kept under the server's key with another one, while no server runs. With the embedded database the key is
    /// made and takes the place of the one before; with an external one `WINTEHR_SECRET` has to be the new one from then on.
    Rotate {
        /// The new key, as `--secret` takes it. An external database needs it.
        #[arg(long, env = "WINTEHR_NEW_SECRET", hide_env_values = true)]
        new_secret: Option<String>,
        #[command(flatten)]
        database: DatabaseArgs,
    },
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self::Rotate { database, .. } = self;
        f.debug_struct("Rotate").field("database", database).finish_non_exhaustive()
    }
}

/// Which database: a given one, or the embedded cluster of a directory.
#[derive(Args)]
pub struct DatabaseArgs {
    /// An external PostgreSQL; without it the embedded one is used.
    #[arg(long, env = "DATABASE_URL", hide_env_values = true)]
    pub database_url: Option<String>,
    /// The same PostgreSQL by the role `wintehr_app`, which owns nothing: the server works by it, and `--database-url`, of the owner, migrates
    /// only. Without it the owner takes that role on, and could lay it down again.
    #[arg(long, env = "WINTEHR_SERVING_DATABASE_URL", hide_env_values = true, requires = "database_url")]
    pub serving_database_url: Option<String>,
    /// The server's key: 32 random bytes in hexadecimal or base64. With the embedded database it is made at the first start and kept in the
    /// data directory; an external database needs it.
    #[arg(long, env = "WINTEHR_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
    /// Where the embedded cluster lives.
    #[arg(long, env = "WINTEHR_DATA_DIR", default_value = ".wintehr")]
    pub data_dir: PathBuf,
    /// Folder of the PostgreSQL server programs.
    #[arg(long, env = "WINTEHR_POSTGRES_BIN")]
    pub postgres_bin: Option<PathBuf>,
    /// The user PostgreSQL runs as when wintehr runs as root.
    #[arg(long, env = "WINTEHR_POSTGRES_USER", default_value = "postgres")]
    pub postgres_user: String,
}

impl std::fmt::Debug for DatabaseArgs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DatabaseArgs").field("data_dir", &self.data_dir).finish_non_exhaustive()
    }
}

impl DatabaseArgs {
    pub fn cluster_settings(&self) -> ClusterSettings {
        ClusterSettings {
            data_dir: self.data_dir.clone(),
            binaries: self.postgres_bin.clone(),
            user_when_root: self.postgres_user.clone(),
            search_path: std::env::var_os("PATH").map(|p| std::env::split_paths(&p).collect()).unwrap_or_default(),
            durability: Durability::Full,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// In a release build nothing else says that two options of a command have one name.
    #[test]
    fn every_command_can_be_read() {
        <Cli as clap::CommandFactory>::command().debug_assert();
    }

    #[test]
    fn who_keeps_accounts_has_a_second_factor_unless_everybody_knows_the_passwords() {
        let roles = |arguments: &[&str]| match Cli::try_parse_from([&["wintehr", "serve"], arguments].concat())
            .map(|c| c.command)
        {
            Ok(Command::Serve(serve)) => serve.second_factor(),
            other => panic!("{other:?}"),
        };
        assert_eq!(roles(&[]), [Role::Admin]);
        assert!(roles(&["--demo"]).is_empty());
        assert!(roles(&["--second-factor", "none"]).is_empty());
        assert_eq!(roles(&["--demo", "--second-factor", "admin,physician"]), [Role::Admin, Role::Physician]);
        assert!(Cli::try_parse_from(["wintehr", "serve", "--second-factor", "system"]).is_err());
    }

    #[test]
    fn staff_see_whom_they_treat_unless_the_patients_are_invented() {
        let care = |arguments: &[&str]| match Cli::try_parse_from([&["wintehr", "serve"], arguments].concat())
            .map(|c| c.command)
        {
            Ok(Command::Serve(serve)) => serve.care(),
            other => panic!("{other:?}"),
        };
        assert_eq!(care(&[]), CarePolicy::CareTeam);
        assert_eq!(care(&["--demo"]), CarePolicy::Off);
        assert_eq!(care(&["--care-policy", "off"]), CarePolicy::Off);
        assert_eq!(care(&["--demo", "--care-policy", "care_team"]), CarePolicy::CareTeam);
    }

    #[test]
    fn a_database_password_is_never_printed() {
        let cli =
            Cli::try_parse_from(["wintehr", "serve", "--database-url", "postgres://u:hunter2@h/d"]).expect("parses");
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
