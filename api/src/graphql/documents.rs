//! Documents that are named by the SHA-256 of their text: trusted ones, known since the start, and those that clients registered
//! (automatic persisted queries, version 1). It runs nothing; what is found here passes the same guard and limits as any text.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use async_graphql::parser::types::ExecutableDocument;
use entity::Role;
use serde::Deserialize;
use sha2::{Digest as _, Sha256};

use super::recent::Recent;
use super::request::Source;

/// Most bytes of registered documents that are kept, and what one counts beside its text.
const KEPT_BYTES: usize = 4 << 20;
const OVERHEAD: usize = 256;
/// The same of operations that were read, and how many times its text one counts.
const COMPILED_BYTES: usize = 8 << 20;
const COMPILED_TIMES: usize = 16;

/// Who sends documents of their own outside demo mode: programs, and the people of the playground.
pub const EXPLORERS: [Role; 3] = [Role::System, Role::Analyst, Role::Admin];

/// SHA-256 of a text, as lower-case hexadecimal digits.
pub fn hash(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().fold(String::with_capacity(64), |mut hex, byte| {
        write!(hex, "{byte:02x}").expect("a String takes all");
        hex
    })
}

/// Why there is no text to run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("PersistedQueryNotFound")]
    NotFound,
    #[error("no trusted document has that id")]
    NotTrusted,
    #[error("the SHA-256 of 'query' is not 'extensions.persistedQuery.sha256Hash'")]
    Mismatch,
    #[error("your roles may run trusted documents only")]
    OwnDocument,
    #[error("this document is not for your roles")]
    Role,
}

impl DocumentError {
    pub fn code(self) -> &'static str {
        match self {
            Self::NotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::NotTrusted => "DOCUMENT_NOT_FOUND",
            Self::Mismatch => "PERSISTED_QUERY_MISMATCH",
            Self::OwnDocument | Self::Role => "NOT_PERMITTED",
        }
    }
}

/// Why a file of trusted documents is not taken.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    #[error("{0}")]
    Io(#[from] std::io::Error),
    #[error("not a JSON object of documents: {0}")]
    Json(#[from] serde_json::Error),
    #[error("'{id}' is not the SHA-256 of its text, which is 'sha256:{hash}'")]
    Id { id: String, hash: String },
    #[error("'{id}' names the role '{role}', which there is not")]
    Role { id: String, role: String },
}

/// All documents of a server.
#[derive(Debug)]
pub struct Documents {
    trusted: HashMap<String, Trusted>,
    registered: Mutex<Recent<String, Arc<str>>>,
    /// Those that may be run, by their text.
    compiled: Mutex<Recent<Arc<str>, Arc<Compiled>>>,
    /// Who may send documents of their own; `None` is everybody.
    own: Option<Vec<Role>>,
}

impl Default for Documents {
    fn default() -> Self {
        Self {
            trusted: HashMap::new(),
            registered: Mutex::new(Recent::new(KEPT_BYTES)),
            compiled: Mutex::new(Recent::new(COMPILED_BYTES)),
            own: None,
        }
    }
}

/// A document that has passed the guard, the parser and the limits.
#[derive(Debug)]
pub struct Compiled {
    pub document: ExecutableDocument,
    /// Whether an operation of it asks for the schema.
    pub introspects: bool,
}

#[derive(Debug)]
struct Trusted {
    text: Arc<str>,
    /// `None` is everybody.
    roles: Option<Vec<Role>>,
}

/// A trusted document in a file: its text, or its text with the roles it is for.
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    For { query: String, roles: Vec<String> },
}

impl Documents {
    /// Lets only those roles send documents of their own; all others run trusted ones.
    #[must_use]
    pub fn own_for(mut self, roles: Vec<Role>) -> Self {
        self.own = Some(roles);
        self
    }

    /// Trusts the documents of a JSON object from `sha256:…` to a text, or to `{"query", "roles"}`.
    pub fn trust(mut self, json: &str) -> Result<Self, TrustError> {
        for (id, written) in serde_json::from_str::<BTreeMap<String, Written>>(json)? {
            let (text, roles) = match written {
                Written::Text(text) => (text, None),
                Written::For { query, roles } => (query, Some(roles)),
            };
            let known = |role: String| Role::named(&role).ok_or_else(|| TrustError::Role { id: id.clone(), role });
            let roles = roles.map(|names| names.into_iter().map(known).collect::<Result<Vec<_>, _>>()).transpose()?;
            let hash = hash(&text);
            if bare(&id) != hash {
                return Err(TrustError::Id { id, hash });
            }
            self.trusted.insert(hash, Trusted { text: text.into(), roles });
        }
        Ok(self)
    }

    pub fn trust_file(self, path: &Path) -> Result<Self, TrustError> {
        self.trust(&std::fs::read_to_string(path)?)
    }

    /// The text to run for someone with those roles.
    pub fn text(&self, source: &Source, roles: &[Role]) -> Result<Arc<str>, DocumentError> {
        let own = self.own.as_ref().is_none_or(|those| roles.iter().any(|r| those.contains(r)));
        let hash = match source {
            Source::Text(text) | Source::Registered { text, .. } if own => {
                if let Source::Registered { hash: given, .. } = source
                    && *given != hash(text)
                {
                    return Err(DocumentError::Mismatch);
                }
                return Ok(text.clone());
            }
            // The same text as a trusted document is that document.
            Source::Text(text) | Source::Registered { text, .. } => hash(text),
            Source::Hash(hash) => hash.clone(),
            Source::Trusted(id) => bare(id).to_owned(),
        };
        if let Some(trusted) = self.trusted.get(&hash) {
            let may = trusted.roles.as_ref().is_none_or(|those| roles.iter().any(|r| those.contains(r)));
            return if may { Ok(Arc::clone(&trusted.text)) } else { Err(DocumentError::Role) };
        }
        match source {
            Source::Hash(_) if own => self.registered().get(&hash).ok_or(DocumentError::NotFound),
            Source::Hash(_) | Source::Trusted(_) => Err(DocumentError::NotTrusted),
            Source::Text(_) | Source::Registered { .. } => Err(DocumentError::OwnDocument),
        }
    }

    /// Whether the source names a document that was trusted at the start; of a source that [`Documents::text`] has answered.
    pub fn is_trusted(&self, source: &Source) -> bool {
        match source {
            Source::Hash(hash) | Source::Registered { hash, .. } => self.trusted.contains_key(hash),
            Source::Trusted(id) => self.trusted.contains_key(bare(id)),
            Source::Text(_) => false,
        }
    }

    /// Keeps a document that has passed the guard and the limits under its hash, if the client asked for it.
    pub fn register(&self, source: &Source) {
        if let Source::Registered { text, hash } = source {
            self.registered().keep(hash, Arc::clone(text), text.len() + OVERHEAD);
        }
    }

    /// What the text says, read by `compile` unless it was lately.
    pub fn compiled<E>(
        &self,
        text: &Arc<str>,
        compile: impl FnOnce() -> Result<Compiled, E>,
    ) -> Result<Arc<Compiled>, E> {
        let held = || self.compiled.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(compiled) = held().get(text) {
            return Ok(compiled);
        }
        let compiled = Arc::new(compile()?);
        held().keep(text, Arc::clone(&compiled), text.len() * COMPILED_TIMES + OVERHEAD);
        Ok(compiled)
    }

    fn registered(&self) -> std::sync::MutexGuard<'_, Recent<String, Arc<str>>> {
        self.registered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn bare(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(text: &str) -> Source {
        Source::Registered { text: text.into(), hash: hash(text) }
    }

    #[test]
    fn a_document_is_found_by_its_hash_after_it_was_registered() {
        let documents = Documents::default();
        let asked = Source::Hash(hash("{a}"));
        assert_eq!(documents.text(&asked, &[]), Err(DocumentError::NotFound));
        assert_eq!(documents.text(&registered("{a}"), &[]).as_deref(), Ok("{a}"));
        assert_eq!(documents.text(&asked, &[]), Err(DocumentError::NotFound), "only what was admitted is kept");
        documents.register(&registered("{a}"));
        assert_eq!(documents.text(&asked, &[]).as_deref(), Ok("{a}"));
    }

    #[test]
    fn a_text_under_the_hash_of_another_is_refused() {
        let poison = Source::Registered { text: "{b}".into(), hash: hash("{a}") };
        assert_eq!(Documents::default().text(&poison, &[]), Err(DocumentError::Mismatch));
    }

    #[test]
    fn the_documents_used_last_are_kept() {
        let documents = Documents::default();
        let large = |n: usize| format!("{{a{n}}}{}", "#".repeat(60_000));
        documents.register(&registered(&large(0)));
        for n in 1..100 {
            documents.register(&registered(&large(n)));
            assert!(documents.text(&Source::Hash(hash(&large(0))), &[]).is_ok(), "used each time");
        }
        assert_eq!(documents.text(&Source::Hash(hash(&large(1))), &[]), Err(DocumentError::NotFound));
    }

    #[test]
    fn a_text_is_compiled_once_and_what_is_refused_is_not_kept() {
        let documents = Documents::default();
        let text: Arc<str> = "{a}".into();
        let read = || {
            let document = async_graphql::parser::parse_query(&*text).expect("well written");
            Ok::<_, ()>(Compiled { document, introspects: false })
        };
        assert!(documents.compiled(&text, || Err(())).is_err());
        let first = documents.compiled(&text, read).expect("compiled");
        // By its content, not by where it lies.
        let again = documents.compiled(&Arc::from("{a}"), || Err(())).expect("held");
        assert!(Arc::ptr_eq(&first, &again));
        assert!(documents.compiled(&Arc::from("{ a}"), || Err(())).is_err());
    }

    #[test]
    fn roles_without_documents_of_their_own_run_trusted_ones() {
        let trusted = format!(
            r#"{{"sha256:{}": "{{all}}", "{}": {{"query": "{{drugs}}", "roles": ["pharmacist"]}}}}"#,
            hash("{all}"),
            hash("{drugs}")
        );
        let documents = Documents::default().own_for(vec![Role::Analyst]).trust(&trusted).expect("well written");
        let ask = |text: &str, role| {
            let sources = [
                Source::Text(text.into()),
                Source::Hash(hash(text)),
                Source::Trusted(format!("sha256:{}", hash(text))),
            ];
            sources.map(|source| documents.text(&source, &[role]).map(|t| t.to_string()))
        };
        assert_eq!(ask("{all}", Role::Nurse), [const {}; 3].map(|()| Ok("{all}".to_owned())));
        assert_eq!(ask("{drugs}", Role::Pharmacist), [const {}; 3].map(|()| Ok("{drugs}".to_owned())));
        assert_eq!(ask("{drugs}", Role::Nurse), [const {}; 3].map(|()| Err(DocumentError::Role)));
        let unknown = [Err(DocumentError::OwnDocument), Err(DocumentError::NotTrusted), Err(DocumentError::NotTrusted)];
        assert_eq!(ask("{mine}", Role::Nurse), unknown);
        documents.register(&registered("{mine}"));
        assert_eq!(
            ask("{mine}", Role::Nurse)[1],
            Err(DocumentError::NotTrusted),
            "what others registered is not trusted"
        );
        assert_eq!(ask("{mine}", Role::Analyst)[0].as_deref(), Ok("{mine}"));
    }

    #[test]
    fn a_file_that_is_not_what_it_says_is_refused() {
        for json in ["[]", r#"{"sha256:00": "{a}"}"#, "{"] {
            assert!(Documents::default().trust(json).is_err(), "{json}");
        }
        let role = format!(r#"{{"{}": {{"query": "{{a}}", "roles": ["king"]}}}}"#, hash("{a}"));
        assert!(matches!(Documents::default().trust(&role), Err(TrustError::Role { .. })));
    }
}
