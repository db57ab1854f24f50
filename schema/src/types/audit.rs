//! The audit as people ask it: who has seen or changed a record, what someone did, what happened.

use async_graphql::{Context, Enum, ID, InputObject, Object, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::store::{AuditEntry, AuditFilter as Wanted, AuditPage};
use fhir::ResourceType;

use crate::document::{PageArguments, PageInfo};
use crate::error;
use crate::query::parts;
use crate::scalar::Instant;
use crate::session::{Session, invalid, session};
use crate::types::past::moment;
use crate::types::patient::{HumanName, name_if_seen};

/// What kind of thing happened.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AuditKind {
    /// A resource, a version or a history was read.
    Read,
    /// Something was searched.
    Search,
    /// Something was recorded, changed or deleted.
    Write,
    /// A GraphQL operation, a FHIR operation or a bundle; what it wrote is told by events of its own.
    Operation,
    /// Signing in and out, right or wrong, and changes of one's own password.
    SignIn,
    /// What an application was granted or given, and what became of its registration.
    Application,
    /// Events of the audit were taken out as a file.
    Export,
    /// An account was made or changed.
    Account,
    /// A chart was opened in an emergency or by a grant of that name, or that ended or was reviewed.
    Emergency,
}

/// The interactions of each kind.
const KINDS: [(AuditKind, &[&str]); 9] = [
    (AuditKind::Read, &["read", "vread", "history-instance", "history-type", "history-system"]),
    (AuditKind::Search, &["search-type", "search-system"]),
    (AuditKind::Write, &["create", "update", "patch", "delete"]),
    (AuditKind::Operation, &["graphql", "operation", "batch"]),
    (AuditKind::SignIn, &["login", "logout", "password", "second-factor"]),
    (
        AuditKind::Application,
        &[
            "authorize",
            "token",
            "revoke",
            "app-register",
            "app-update",
            "app-enable",
            "app-disable",
            "app-secret",
            "signing-key",
            "subscription-secret",
        ],
    ),
    (AuditKind::Export, &["export"]),
    (
        AuditKind::Account,
        &[
            "key-replace",
            "program-create",
            "token-create",
            "tokens-revoke",
            "user-create",
            "user-disable",
            "user-enable",
            "user-log-out",
            "user-password-reset",
            "user-roles",
            "user-second-factor",
        ],
    ),
    (AuditKind::Emergency, &["glass-open", "glass-close", "glass-review", "grant-give", "grant-end"]),
];

/// How it ended.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AuditOutcome {
    /// It was done.
    Done,
    /// It was refused, or nothing was there.
    Refused,
    /// It failed.
    Failed,
}

impl AuditOutcome {
    fn codes(self) -> &'static [i16] {
        match self {
            Self::Done => &[0],
            Self::Refused => &[4],
            Self::Failed => &[8, 12],
        }
    }
}

/// Which events.
#[derive(InputObject, Default)]
pub struct AuditFilter {
    /// Global id of the patient whose record was touched.
    pub patient: Option<ID>,
    /// Log-in name of who did it, exactly.
    pub user: Option<String>,
    /// Any of these kinds.
    pub kinds: Option<Vec<AuditKind>>,
    /// Any of these ends.
    pub outcomes: Option<Vec<AuditOutcome>>,
    /// Global id of a resource that was touched.
    pub resource: Option<ID>,
    /// The first instant that counts.
    pub since: Option<Instant>,
    /// The first instant that no longer counts.
    pub until: Option<Instant>,
}

impl AuditFilter {
    /// As the store is asked.
    ///
    /// # Errors
    /// Names the argument that is no id or no instant.
    pub fn wanted(self) -> Result<Wanted> {
        let id = |argument: &str, id: &ID| {
            let parts = parts(id).map(|(ty, id)| (ty, id.to_owned()));
            parts.ok_or_else(|| invalid(argument, format!("{argument} is a global id such as Patient/p1")))
        };
        let patient = match &self.patient {
            Some(given) => match id("patient", given)? {
                (ResourceType::Patient, id) => Some(id),
                _ => return Err(invalid("patient", "patient is the global id of a patient")),
            },
            None => None,
        };
        let subtypes = self.kinds.unwrap_or_default().into_iter().flat_map(|kind| {
            let of = KINDS.iter().find(|(k, _)| *k == kind);
            of.map_or(&[][..], |(_, names)| names).iter().map(|n| (*n).to_owned())
        });
        Ok(Wanted {
            patient,
            principal: self.user,
            subtypes: subtypes.collect(),
            outcomes: self.outcomes.unwrap_or_default().into_iter().flat_map(|o| o.codes().iter().copied()).collect(),
            resource: self.resource.as_ref().map(|given| id("resource", given)).transpose()?,
            since: self.since.as_ref().map(|at| moment("since", at)).transpose()?,
            until: self.until.as_ref().map(|at| moment("until", at)).transpose()?,
            ..Wanted::default()
        })
    }
}

/// Something that happened, to one patient's record or to none: what touches several records is an event for each.
pub struct AuditEvent(AuditEntry);

/// Something that happened, to one patient's record or to none: what touches several records is an event for each.
#[Object]
impl AuditEvent {
    /// Global id, such as `AuditEvent/12-1`.
    async fn id(&self) -> ID {
        format!("AuditEvent/{}", self.0.id).into()
    }
    /// When it was asked for.
    async fn at(&self) -> Instant {
        Instant(self.0.recorded.to_rfc3339_opts(SecondsFormat::Micros, true))
    }
    /// Log-in name of who did it; `unknown` for who did not say.
    async fn user(&self) -> &str {
        &self.0.principal
    }
    /// The name of that account as it is now; null when it was none.
    async fn user_name(&self) -> Option<&str> {
        self.0.name.as_deref().filter(|n| !n.is_empty())
    }
    /// The roles held at that time.
    async fn roles(&self) -> &[String] {
        &self.0.roles
    }
    /// What kind of thing it was; null for what is none of them.
    async fn kind(&self) -> Option<AuditKind> {
        KINDS.iter().find(|(_, names)| names.contains(&self.0.subtype.as_str())).map(|(kind, _)| *kind)
    }
    /// The interaction, such as `read`, `search-type`, `graphql` or `login`.
    async fn interaction(&self) -> &str {
        &self.0.subtype
    }
    /// How it ended.
    async fn outcome(&self) -> AuditOutcome {
        match self.0.outcome {
            0 => AuditOutcome::Done,
            4 => AuditOutcome::Refused,
            _ => AuditOutcome::Failed,
        }
    }
    /// Global id of the patient whose record was touched; null when it was nobody's, or there is no such patient.
    async fn patient(&self) -> Option<ID> {
        self.0.patient.as_ref().map(|id| format!("Patient/{id}").into())
    }
    /// The name of that patient as it is now; null for who may not see them. To read it is an access to that record, and is in the audit.
    #[graphql(complexity = "2 + child_complexity")]
    async fn patient_name(&self, ctx: &Context<'_>) -> Result<Option<HumanName>> {
        match &self.0.patient {
            Some(id) => name_if_seen(session(ctx), ResourceType::Patient, id).await,
            None => Ok(None),
        }
    }
    /// What was touched of that record, as references with versions where they are known.
    async fn resources(&self) -> &[String] {
        &self.0.resources
    }
    /// What was searched for; empty for those who may not know what was asked about others.
    async fn queries(&self) -> &[String] {
        &self.0.queries
    }
    /// What a GraphQL operation calls itself, with its root fields.
    async fn operation(&self) -> Option<&str> {
        self.0.operation.as_deref().filter(|n| !n.is_empty())
    }
    /// The id of the request: events of one request share it.
    async fn request_id(&self) -> &str {
        &self.0.request_id
    }
}

/// One page of the audit, newest first.
pub struct AuditEventConnection {
    page: AuditPage,
    wanted: Wanted,
    resumed: bool,
}

/// One page of the audit, newest first.
#[Object]
impl AuditEventConnection {
    /// The page's events with their cursors.
    async fn edges(&self) -> Vec<AuditEventEdge> {
        let edge = |(entry, cursor): &(AuditEntry, String)| AuditEventEdge {
            cursor: cursor.clone(),
            node: AuditEvent(entry.clone()),
        };
        self.page.events.iter().map(edge).collect()
    }
    /// The page's events.
    async fn nodes(&self) -> Vec<AuditEvent> {
        self.page.events.iter().map(|(entry, _)| AuditEvent(entry.clone())).collect()
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.page.more,
            has_previous_page: self.resumed,
            start_cursor: self.page.events.first().map(|(_, cursor)| cursor.clone()),
            end_cursor: self.page.events.last().map(|(_, cursor)| cursor.clone()),
        }
    }
    /// The exact number of events, counted only when it is asked for.
    async fn total_count(&self, ctx: &Context<'_>) -> Result<u64> {
        let session = session(ctx);
        let counted = session.store.audit_events_count(&session.actor, &self.wanted).await;
        counted.map_err(|e| error::graphql(&e))
    }
}

/// An event and its place.
#[derive(SimpleObject)]
pub struct AuditEventEdge {
    /// The event's place, for `after`.
    pub cursor: String,
    /// The event.
    pub node: AuditEvent,
}

pub(crate) async fn events(
    session: &Session,
    filter: AuditFilter,
    first: Option<i32>,
    after: Option<String>,
) -> Result<AuditEventConnection> {
    let resumed = after.is_some();
    let request = PageArguments { first, after, ..PageArguments::default() }.request()?;
    let wanted = filter.wanted()?;
    let page = session.store.audit_events(&session.actor, &wanted, &request).await;
    Ok(AuditEventConnection { page: page.map_err(|e| error::graphql(&e))?, wanted, resumed })
}
