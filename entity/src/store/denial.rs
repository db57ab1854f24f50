//! What patients deny: an active Consent about privacy with a rule of type `deny` becomes rows, in the transaction that writes it, and
//! whoever the rows name does not see the chart (`store/sql.rs`). An emergency opens it.
//!
//! Source: FHIR R4 Consent, consent-scope, consent-action, v3 ActReason. Served are rules and rules within them: persons, roles,
//! organizations and care teams named, or nobody named for everybody; periods, classes that are resource types, security labels, purposes;
//! and a permit within a denial that names persons and limits nothing. A denial that is limited otherwise (by codes, data, their period) is
//! taken for a whole one.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use fhir::reference::{self, Target};
use fhir::search::extract::Options;
use fhir::search::key::Keys;
use fhir::search::label;
use fhir::{Json, ResourceType, temporal};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, QueryResult, Statement, Value};

use crate::actor::{Denied, DeniedChart, DeniedLabels, DeniedPart};
use crate::role::Role;
use crate::store::care::Written;
use crate::store::sql::{Sql, i64_array};
use crate::{Actor, Store, StoreError};

const SCOPES: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const ACTIONS: &str = "http://terminology.hl7.org/CodeSystem/consentaction";
const REASONS: &str = "http://terminology.hl7.org/CodeSystem/v3-ActReason";
const TYPES: &str = "http://hl7.org/fhir/resource-types";
/// Purposes that are no treatment.
const BESIDES_TREATMENT: [&str; 5] = ["HMARKT", "HOPERAT", "HPAYMT", "HRESCH", "PUBHLTH"];
const TREATMENT: [&str; 2] = ["TREAT", "ETREAT"];
/// Actions that are not looking at a record.
const NO_ACCESS: [&str; 3] = ["collect", "disclose", "correct"];
/// Rules within rules that are read; what lies deeper is taken for the rule above it.
const DEEPEST: usize = 4;
/// Denials that one person's look-up carries; with more the person is let in nowhere.
const MOST: usize = 50_000;

/// Whom a rule names; each with the key it is compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Named {
    Everybody,
    /// Row key of a Practitioner.
    Person(i64),
    /// Row key of a PractitionerRole.
    Role(i64),
    /// The term by which PractitionerRoles of an Organization are found.
    Organization(i64),
    /// Row key of a CareTeam.
    Team(i64),
}

impl Named {
    fn columns(self) -> (i16, i64) {
        match self {
            Self::Everybody => (0, 0),
            Self::Person(key) => (1, key),
            Self::Role(key) => (2, key),
            Self::Organization(term) => (3, term),
            Self::Team(key) => (4, key),
        }
    }

    fn of(kind: i16, key: i64) -> Option<Self> {
        Some(match kind {
            0 => Self::Everybody,
            1 => Self::Person(key),
            2 => Self::Role(key),
            3 => Self::Organization(key),
            4 => Self::Team(key),
            _ => return None,
        })
    }
}

/// One denial.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Denial {
    named: Named,
    /// Persons to whom a rule within permits it: row keys of Practitioners.
    excepted: Vec<i64>,
    /// Microseconds, `[from, to)`.
    when: (i64, i64),
    part: DeniedPart,
    /// Whether it is meant for those who treat, and for those who do not.
    purposes: (bool, bool),
}

/// Where a Consent is read.
struct Reading<'a> {
    keys: &'a Keys,
    options: Options<'a>,
}

impl Reading<'_> {
    fn denials(&self, consent: &Json<'_>) -> Vec<Denial> {
        let privacy = consent.get("scope").is_some_and(|s| codes(s, SCOPES).any(|code| code == "patient-privacy"));
        let mut found = Vec::new();
        if let Some(rule) = consent.get("provision").filter(|_| privacy && consent.str_at("status") == Some("active")) {
            self.rule(rule, (temporal::MIN, temporal::MAX), 0, &mut found);
        }
        found
    }

    fn rule(&self, rule: &Json<'_>, within: (i64, i64), depth: usize, found: &mut Vec<Denial>) {
        let when = match rule.get("period") {
            None => within,
            Some(period) => match temporal::period(period, self.options.zone) {
                Ok(Some(read)) => (read.low.max(within.0), read.high.min(within.1)),
                // A denial whose time cannot be read holds always.
                _ => within,
            },
        };
        let inner = rule.get("provision").map_or(&[][..], Json::items);
        if rule.str_at("type") == Some("deny") && denies_access(rule) {
            let excepted: Vec<i64> = inner.iter().flat_map(|one| self.excepted(one)).collect();
            let (part, purposes) = (part(rule), purposes(rule));
            for named in self.named(rule) {
                found.push(Denial { named, excepted: excepted.clone(), when, part: part.clone(), purposes });
            }
        }
        if depth < DEEPEST {
            inner.iter().for_each(|one| self.rule(one, when, depth + 1, found));
        }
    }

    fn named(&self, rule: &Json<'_>) -> Vec<Named> {
        let Some(actors) = rule.get("actor").map(Json::items).filter(|all| !all.is_empty()) else {
            return vec![Named::Everybody];
        };
        let named = |actor: &Json<'_>| self.who(actor);
        actors.iter().filter_map(named).collect()
    }

    fn who(&self, actor: &Json<'_>) -> Option<Named> {
        use ResourceType as T;
        let text = actor.get("reference")?.str_at("reference")?;
        let Target::Local { resource_type, id, .. } = reference::parse(text, self.options.base_url) else {
            return None;
        };
        let key = self.keys.resource(resource_type, id);
        match resource_type {
            T::Practitioner => Some(Named::Person(key)),
            T::PractitionerRole => Some(Named::Role(key)),
            T::CareTeam => Some(Named::Team(key)),
            T::Organization => {
                Some(Named::Organization(self.keys.term_reference("organization", &format!("Organization/{id}"))))
            }
            _ => None,
        }
    }

    /// The persons whom a rule within permits without any limit.
    fn excepted(&self, rule: &Json<'_>) -> Vec<i64> {
        let unlimited = rule
            .as_object()
            .is_some_and(|rule| rule.iter().all(|(name, _)| ["id", "extension", "type", "actor"].contains(&name)));
        if rule.str_at("type") != Some("permit") || !unlimited {
            return Vec::new();
        }
        let person = |named| match named {
            Named::Person(key) => Some(key),
            _ => None,
        };
        self.named(rule).into_iter().filter_map(person).collect()
    }
}

/// Without actions all are meant; one that is not known may be access.
fn denies_access(rule: &Json<'_>) -> bool {
    let Some(actions) = rule.get("action") else { return true };
    actions.items().iter().any(|action| {
        let known: Vec<&str> = codes(action, ACTIONS).collect();
        known.is_empty() || known.iter().any(|code| !NO_ACCESS.contains(code))
    })
}

fn codes<'d>(concept: &'d Json<'_>, system: &'d str) -> impl Iterator<Item = &'d str> {
    let codings = concept.get("coding").map_or(&[][..], Json::items).iter();
    codings.filter(move |coding| coding.str_at("system") == Some(system)).filter_map(|coding| coding.str_at("code"))
}

/// What of a chart a rule is about.
fn part(rule: &Json<'_>) -> DeniedPart {
    let coding = |system: &str, coding: &Json<'_>| {
        (coding.str_at("system") == Some(system)).then(|| coding.str_at("code").map(ToOwned::to_owned)).flatten()
    };
    let all = |name: &str| rule.get(name).map(Json::items).filter(|all| !all.is_empty());
    // One that is not known may be anything.
    let types = all("class").and_then(|classes| {
        let known = classes.iter().map(|class| ResourceType::named(&coding(TYPES, class)?));
        known.collect::<Option<Vec<_>>>()
    });
    let labels = all("securityLabel").and_then(|labels| {
        let mut read = DeniedLabels::default();
        for one in labels {
            if let Some(code) = coding(label::CONFIDENTIALITY_SYSTEM, one) {
                read.confidentialities |= 1 << label::confidentiality(&code)?;
            } else {
                read.sensitivities |= label::sensitivity_bit(&coding(label::ACT_CODE_SYSTEM, one)?);
            }
        }
        Some(read)
    });
    DeniedPart { types, labels }
}

/// Whether a rule's purposes have treatment among them, and something else.
fn purposes(rule: &Json<'_>) -> (bool, bool) {
    let Some(all) = rule.get("purpose").map(Json::items).filter(|all| !all.is_empty()) else { return (true, true) };
    let known = |coding: &Json<'_>, codes: &[&str]| {
        coding.str_at("system") == Some(REASONS) && coding.str_at("code").is_some_and(|code| codes.contains(&code))
    };
    (all.iter().any(|p| !known(p, &BESIDES_TREATMENT)), all.iter().any(|p| !known(p, &TREATMENT)))
}

/// Writes what these versions deny, in the place of what their versions before denied.
pub(super) async fn keep<'r>(
    tx: &DatabaseTransaction,
    (keys, options): (&Keys, Options<'_>),
    written: impl Iterator<Item = Written<'r>>,
) -> Result<(), StoreError> {
    let written: Vec<Written<'_>> = written.filter(|row| row.resource_type == ResourceType::Consent).collect();
    let before: Vec<i64> = written.iter().filter(|row| !row.is_new).map(|row| row.rid).collect();
    if !before.is_empty() {
        let sql = "DELETE FROM app.consent_denial WHERE source = ANY($1)";
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [i64_array(before)])).await?;
    }
    let reading = Reading { keys, options };
    for row in written.iter().filter(|row| !row.body.is_empty()) {
        let Ok(document) = Json::parse(row.body) else { continue };
        for denial in reading.denials(&document) {
            for pat in row.pats {
                let sql = "INSERT INTO app.consent_denial
                    (source, pat, term, kind, actor, excepted, types, confidentialities, sensitivities, treating, other, from_us, to_us)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
                let (kind, actor) = denial.named.columns();
                let types = denial
                    .part
                    .types
                    .as_ref()
                    .map(|types| types.iter().map(|ty| ty.name()).collect::<Vec<_>>().join(" "));
                let labels = denial.part.labels;
                let binds: [Value; 13] = [
                    row.rid.into(),
                    (*pat).into(),
                    keys.term_compartment(*pat).into(),
                    kind.into(),
                    actor.into(),
                    i64_array(denial.excepted.iter().copied()),
                    types.into(),
                    labels.map(|l| l.confidentialities).into(),
                    labels.map(|l| l.sensitivities).into(),
                    denial.purposes.0.into(),
                    denial.purposes.1.into(),
                    denial.when.0.into(),
                    denial.when.1.into(),
                ];
                tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
            }
        }
    }
    Ok(())
}

/// A row of the table.
struct Kept {
    named: Named,
    excepted: Vec<i64>,
    chart: DeniedChart,
}

impl Kept {
    fn read(row: &QueryResult) -> Result<Self, StoreError> {
        let broken = || StoreError::Internal("a denial cannot be read".into());
        let types: Option<String> = row.try_get("", "types")?;
        let types = types.map(|all| all.split(' ').map(ResourceType::named).collect::<Option<Vec<_>>>());
        let labels = match (row.try_get("", "confidentialities")?, row.try_get("", "sensitivities")?) {
            (Some(confidentialities), Some(sensitivities)) => Some(DeniedLabels { confidentialities, sensitivities }),
            _ => None,
        };
        Ok(Self {
            named: Named::of(row.try_get("", "kind")?, row.try_get("", "actor")?).ok_or_else(broken)?,
            excepted: row.try_get("", "excepted")?,
            chart: DeniedChart {
                pat: row.try_get("", "pat")?,
                term: row.try_get("", "term")?,
                // A type that is no more is taken for the whole.
                part: DeniedPart { types: types.flatten(), labels },
            },
        })
    }
}

impl Store {
    /// What Consents keep now from a person with these roles, who is that Practitioner (bare id). A denial of everybody is for those who
    /// treat and for analysts: who registers keeps the Consents. `account`: what is opened to it in an emergency is not kept from it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away; [`StoreError::Internal`] when more is denied than a statement carries.
    pub(super) async fn denied_to(
        &self,
        (roles, practitioner): (&[Role], Option<&str>),
        account: Option<i64>,
        at: DateTime<Utc>,
    ) -> Result<Denied, StoreError> {
        let treats = roles.iter().copied().any(Role::treats);
        if roles.contains(&Role::Patient) || roles == [Role::System] {
            return Ok(Denied::default());
        }
        let everybody = treats || roles.contains(&Role::Analyst);
        let me = practitioner.map(|id| self.keys.resource(ResourceType::Practitioner, id));
        let at_us = at.timestamp_micros();
        let mut sql = Sql::new();
        sql.push("SELECT d.kind, d.actor, d.excepted, d.pat, d.term, d.types, d.confidentialities, d.sensitivities");
        sql.push(" FROM app.consent_denial AS d WHERE d.from_us <= ").bind(at_us).push(" AND d.to_us > ").bind(at_us);
        sql.push(if treats { " AND d.treating" } else { " AND d.other" });
        sql.push(" AND (d.kind > 1 OR d.kind = 1 AND d.actor = ").bind(me.unwrap_or_default());
        sql.push(if everybody { " OR d.kind = 0)" } else { ")" });
        if let Some(account) = account {
            sql.push(" AND NOT EXISTS (SELECT FROM app.chart_grant AS g WHERE g.pat = d.pat AND g.account = ")
                .bind(account);
            sql.push(" AND g.ended_at IS NULL AND g.from_at <= ")
                .bind(at)
                .push(" AND g.until_at > ")
                .bind(at)
                .push(")");
        }
        sql.push(" LIMIT ").bind(MOST as i64 + 1);
        let rows = self.once.query_all(sql.statement()).await?;
        if rows.len() > MOST {
            return Err(StoreError::Internal("more is denied than one statement carries".into()));
        }
        let mut kept = rows.iter().map(Kept::read).collect::<Result<Vec<_>, _>>()?;
        let grouped = |kept: &Kept| !matches!(kept.named, Named::Everybody | Named::Person(_));
        if kept.iter().any(grouped) {
            let mine = match practitioner {
                Some(id) => self.groups_of(id, &kept).await?,
                None => HashSet::new(),
            };
            kept.retain(|kept| !grouped(kept) || mine.contains(&kept.named));
        }
        kept.retain(|kept| me.is_none_or(|me| !kept.excepted.contains(&me)));
        Ok(Denied::of(kept.into_iter().map(|kept| kept.chart).collect()))
    }

    /// Which of the roles, organizations and teams named there a practitioner belongs to.
    async fn groups_of(&self, practitioner: &str, kept: &[Kept]) -> Result<HashSet<Named>, StoreError> {
        let server = Actor::server();
        let me = format!("Practitioner/{practitioner}");
        let teams = kept.iter().filter_map(|kept| match kept.named {
            Named::Team(key) => Some(key),
            _ => None,
        });
        let mut sql = Sql::new();
        // The index on `terms` leads: few roles are of one person.
        sql.push("SELECT 2::int2 AS kind, r.rkey AS key, r.terms FROM ");
        sql.heads(ResourceType::PractitionerRole, "r", &server, &self.keys).push(" AND r.terms && ");
        sql.bind_i64s([self.keys.term_reference("practitioner", &me)]);
        sql.push(" AND NOT r.terms && ").bind_i64s([self.keys.term_code("active", "false")]);
        sql.push(" UNION ALL SELECT 4::int2, t.rkey, t.terms FROM ");
        sql.heads(ResourceType::CareTeam, "t", &server, &self.keys).push(" AND t.rkey = ANY(").bind_i64s(teams);
        sql.push(") AND t.terms && ").bind_i64s([self.keys.term_reference("participant", &me)]);
        let mut mine = HashSet::new();
        for row in self.once.query_all(sql.statement()).await? {
            let key: i64 = row.try_get_by("key")?;
            match row.try_get_by::<i16, _>("kind")? {
                2 => {
                    mine.insert(Named::Role(key));
                    let terms: Vec<i64> = row.try_get_by("terms")?;
                    mine.extend(terms.into_iter().map(Named::Organization));
                }
                _ => {
                    mine.insert(Named::Team(key));
                }
            }
        }
        Ok(mine)
    }

    /// Whom a session, a token or a grant belongs to is looked up anew from now on: after a Consent was written, and after a chart was
    /// opened or closed.
    pub(super) fn forget_people(&self) {
        self.sessions.forget();
        self.glances.forget();
        self.grants.forget();
    }
}
