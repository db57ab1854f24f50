//! Who treats whom: kept in the transaction of the record that says so, as one row per practitioner and patient. It opens what is
//! restricted or sensitive in the patient's chart, and by [`CarePolicy::CareTeam`] the chart itself (`store/sql.rs`).
//!
//! Read from Encounter.participant, CareTeam.participant, Appointment.participant and Patient.generalPractitioner, where they name a
//! Practitioner. Roles and organizations name nobody, and open nothing.

use chrono::{DateTime, Utc};
use fhir::json::Object;
use fhir::search::extract::{Options, extract};
use fhir::search::key::Keys;
use fhir::search::parse::{Handling, parse};
use fhir::{Issue, IssueType, Json, ResourceType, reference, temporal};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement};

use crate::store::denial;
use crate::store::read::text;
use crate::store::sql::{Sql, i64_array};
use crate::store::{PageRequest, Stored};
use crate::{Actor, Denied, Store, StoreError};

/// Whom people who treat (physicians, nurses, pharmacists) see.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CarePolicy {
    /// All patients.
    #[default]
    Off,
    /// Patients with whom a care relation is on record, and those whose chart is opened to them.
    CareTeam,
}

/// Most cards of one look-up.
const CARDS: u32 = 10;
/// Most spellings of a number.
const SPELLINGS: usize = 4;
/// What a card has of a patient.
const ON_CARD: [&str; 4] = ["id", "name", "birthDate", "identifier"];

/// By what a person is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// Words that begin parts of the name, all of them; three letters at least.
    Name(String),
    /// The whole value of an identifier, or its spellings, with commas between.
    Number(String),
}

/// Resources that are looked through together when relations are filled in.
const FILLED_AT_ONCE: i64 = 500;

const DAY_US: i64 = 86_400_000_000;
/// A stay is followed by results, letters and bills.
const AFTER_ENCOUNTER_US: i64 = 30 * DAY_US;
/// An appointment is prepared and written up around it.
const AROUND_APPOINTMENT_US: i64 = DAY_US;

/// A version as it was just written.
pub(super) struct Written<'r> {
    pub resource_type: ResourceType,
    pub rid: i64,
    pub is_new: bool,
    /// Empty for a deletion.
    pub body: &'r str,
    /// Row keys of the patients it is about.
    pub pats: &'r [i64],
    /// Its primary date in microseconds, `[low, high)`.
    pub when: (i64, i64),
    pub at_us: i64,
}

/// Bare ids of practitioners, and from when until when in microseconds.
type Relations = (Vec<String>, i64, i64);

/// The types that say who treats whom.
const SAYING: [ResourceType; 4] =
    [ResourceType::Encounter, ResourceType::CareTeam, ResourceType::Appointment, ResourceType::Patient];

/// Whom a document names as treating its patient, `[from, to)`.
fn relations(resource_type: ResourceType, document: &Json<'_>, (low, high): (i64, i64), now_us: i64) -> Relations {
    use ResourceType as T;
    let status = document.str_at("status").unwrap_or_default();
    let (list, member) = match resource_type {
        T::Encounter => ("participant", Some("individual")),
        T::CareTeam => ("participant", Some("member")),
        T::Appointment => ("participant", Some("actor")),
        _ => ("generalPractitioner", None),
    };
    let items = document.get(list).map_or(&[][..], Json::items);
    let named = items.iter().filter_map(|item| member.map_or(Some(item), |name| item.get(name)));
    let people = named.filter_map(|r| match reference::relative(r.str_at("reference")?)? {
        (T::Practitioner, id, None) => Some(id.to_owned()),
        _ => None,
    });
    let people: Vec<String> = people.collect();
    // Without a date the interval is empty at the beginning of time.
    let dated = high > temporal::MIN;
    let (from, until) = if dated { (low, high) } else { (now_us, temporal::MAX) };
    match (resource_type, status) {
        (T::Encounter, "planned" | "arrived" | "triaged" | "in-progress" | "onleave") => (people, from, temporal::MAX),
        (T::Encounter, "finished") => {
            let end = if until == temporal::MAX { now_us } else { until };
            (people, from, end.saturating_add(AFTER_ENCOUNTER_US))
        }
        (T::CareTeam, "active") => (people, from, until),
        (T::Appointment, "booked" | "arrived" | "checked-in" | "fulfilled" | "pending") if dated => {
            (people, from.saturating_sub(AROUND_APPOINTMENT_US), until.saturating_add(AROUND_APPOINTMENT_US))
        }
        (T::Patient, _) => (people, temporal::MIN, temporal::MAX),
        _ => (Vec::new(), 0, 0),
    }
}

/// Writes what these versions say of who treats whom, in the place of what their versions before said.
pub(super) async fn keep<'r>(
    tx: &DatabaseTransaction,
    keys: &Keys,
    written: impl Iterator<Item = Written<'r>>,
) -> Result<(), StoreError> {
    let mut before = Vec::new();
    let mut columns: [Vec<i64>; 6] = Default::default();
    for row in written.filter(|row| SAYING.contains(&row.resource_type)) {
        if !row.is_new {
            before.push(row.rid);
        }
        let Some(document) = Some(row.body).filter(|body| !body.is_empty()).and_then(|b| Json::parse(b).ok()) else {
            continue;
        };
        let (people, from, to) = relations(row.resource_type, &document, row.when, row.at_us);
        for id in people {
            let practitioner = keys.resource(ResourceType::Practitioner, &id);
            for pat in row.pats {
                let row = [practitioner, *pat, keys.term_compartment(*pat), from, to, row.rid];
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
    }
    if !before.is_empty() {
        let sql = "DELETE FROM app.care_relation WHERE source = ANY($1)";
        let binds = [i64_array(before)];
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    }
    if !columns[0].is_empty() {
        let sql = "INSERT INTO app.care_relation (practitioner, pat, term, from_us, to_us, source)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])";
        let binds = columns.map(i64_array);
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    }
    Ok(())
}

impl Store {
    /// Looks people up whom the actor does not see because nothing says that they are in the actor's care: to find whom an emergency is
    /// about. Of each only id, name, birth date and identifiers are told, of ten at most. Nobody where the policy hides nobody.
    ///
    /// # Errors
    /// [`StoreError::NotPermitted`] for who does not open charts in an emergency; [`StoreError::Invalid`] for fewer than three letters of a
    /// name, or no number.
    pub async fn look_up(&self, actor: &Actor, sought: &Sought, now: DateTime<Utc>) -> Result<Vec<Stored>, StoreError> {
        if !actor.may_break_glass() {
            return Err(StoreError::NotPermitted("only people who treat patients look up whom they do not see"));
        }
        let invalid = |at: &str, text: &str| StoreError::Invalid(vec![Issue::error(IssueType::Invalid, text).at(at)]);
        let mut pairs = match sought {
            Sought::Name(text) if text.chars().filter(|c| c.is_alphanumeric()).count() < 3 => {
                return Err(invalid("name", "a name has three letters at least"));
            }
            Sought::Name(text) => text.split_whitespace().map(|word| ("name".to_owned(), escaped(word))).collect(),
            // A system alone would find everybody who has a number of it.
            Sought::Number(text) if text.contains('|') || text.split(',').any(|one| one.trim().is_empty()) => {
                return Err(invalid("number", "a number is one or more values, without their systems"));
            }
            Sought::Number(text) if text.split(',').count() > SPELLINGS => {
                return Err(invalid("number", "a number has four spellings at most"));
            }
            Sought::Number(text) => vec![("identifier".to_owned(), text.clone())],
        };
        if !actor.sees_only_treated() {
            return Ok(Vec::new());
        }
        pairs.push(("_sort".into(), "family".into()));
        let parsed = parse(ResourceType::Patient, &pairs, Handling::Strict, now, &Options::default());
        let query = parsed.map_err(StoreError::Invalid)?.query;
        // Labels hide here as everywhere. Those whom the actor treats come first in nothing, so a page has to be wide enough for them too.
        let anybody = Actor { care: None, opened: None, denied: Denied::default(), ..actor.clone() };
        let page = PageRequest { limit: 2 * CARDS, ..PageRequest::default() };
        let found = self.search(&anybody, &query, &page).await?.matches;
        let ids: Vec<String> = found.iter().map(|patient| patient.id.clone()).collect();
        let treated = self.read_many(actor, ResourceType::Patient, &ids).await?;
        let strangers = found.into_iter().filter(|patient| treated.iter().all(|t| t.id != patient.id));
        strangers.take(CARDS as usize).map(card).collect()
    }

    /// Fills in what the records say of who treats whom that were written before relations were kept: once in the life of a database,
    /// page by page, each under the locks of its records. Broken off it begins anew, which does no harm. How many records were looked at;
    /// `None` when it was done before.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn fill_care(&self, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        let done = "SELECT 1 AS done FROM app.instance WHERE care_filled_at IS NOT NULL";
        if self.db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, done)).await?.is_some() {
            return Ok(None);
        }
        let mut filled = 0;
        for resource_type in SAYING {
            let mut after = 0;
            while let Some((last, records)) = self.fill_page(resource_type, after).await? {
                (after, filled) = (last, filled + records);
            }
        }
        let sql = "UPDATE app.instance SET care_filled_at = $1";
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [now.into()])).await?;
        Ok(Some(filled))
    }

    /// As [`Store::fill_care`], for what Consents deny.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub async fn fill_denials(&self, now: DateTime<Utc>) -> Result<Option<u64>, StoreError> {
        let done = "SELECT 1 AS done FROM app.instance WHERE denials_filled_at IS NOT NULL";
        if self.db.query_one_raw(Statement::from_string(DatabaseBackend::Postgres, done)).await?.is_some() {
            return Ok(None);
        }
        let (mut filled, mut after) = (0, 0);
        while let Some((last, records)) = self.fill_page(ResourceType::Consent, after).await? {
            (after, filled) = (last, filled + records);
        }
        let sql = "UPDATE app.instance SET denials_filled_at = $1";
        self.db.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, [now.into()])).await?;
        self.forget_people();
        Ok(Some(filled))
    }

    /// The row key of the last record of the page after that one, and how many it had; `None` at the end.
    async fn fill_page(&self, resource_type: ResourceType, after: i64) -> Result<Option<(i64, u64)>, StoreError> {
        let tx = self.begin().await?;
        let actor = Actor::server();
        let mut sql = Sql::new();
        // The page by its key, then its locks in the order of every writer.
        sql.push("SELECT h.rid, h.ts_lo, h.ts_hi, h.last_updated, h.raw FROM ");
        sql.heads(resource_type, "h", &actor, &self.keys).push(" AND h.rid IN (SELECT p.rid FROM ");
        sql.heads(resource_type, "p", &actor, &self.keys).push(" AND p.rid > ").bind(after);
        sql.push(" ORDER BY p.rid LIMIT ").bind(FILLED_AT_ONCE).push(") ORDER BY h.rkey FOR SHARE OF h");
        let rows = tx.query_all_raw(sql.statement()).await?;
        let mut records = Vec::with_capacity(rows.len());
        for row in &rows {
            let body = text(&row.try_get::<Vec<u8>>("", "raw")?)?;
            let document = Json::parse(&body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
            let about = extract(&document, resource_type, &self.keys, &self.options()).patients;
            let pats: Vec<i64> = about.iter().map(|id| self.keys.resource(ResourceType::Patient, id)).collect();
            let when: (i64, i64) = (row.try_get("", "ts_lo")?, row.try_get("", "ts_hi")?);
            let at: DateTime<Utc> = row.try_get("", "last_updated")?;
            records.push((row.try_get::<i64>("", "rid")?, body, pats, when, at.timestamp_micros()));
        }
        let written = records.iter().map(|(rid, body, pats, when, at_us)| Written {
            resource_type,
            rid: *rid,
            is_new: false,
            body,
            pats,
            when: *when,
            at_us: *at_us,
        });
        if resource_type == ResourceType::Consent {
            denial::keep(&tx, (&self.keys, self.options()), written).await?;
        } else {
            keep(&tx, &self.keys, written).await?;
        }
        tx.commit().await?;
        Ok(records.iter().map(|record| record.0).max().map(|last| (last, records.len() as u64)))
    }
}

/// A search value that is taken as it is.
fn escaped(text: &str) -> String {
    text.chars().flat_map(|c| matches!(c, ',' | '|' | '$' | '\\').then_some('\\').into_iter().chain([c])).collect()
}

/// The patient with nothing but what is told of a stranger.
fn card(patient: Stored) -> Result<Stored, StoreError> {
    let document = Json::parse(&patient.body).map_err(|_| StoreError::Internal("a stored body is no JSON".into()))?;
    let mut told = Object::new();
    told.push("resourceType", Json::from("Patient"));
    for name in ON_CARD {
        if let Some(value) = document.get(name) {
            told.push(name, value.clone());
        }
    }
    let body = Json::Object(told).to_text();
    Ok(Stored { body, ..patient })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceType as T;

    #[test]
    fn who_is_named_treats_as_long_as_it_lasts() {
        let of = |ty, text: &str, when| relations(ty, &Json::parse(text).unwrap(), when, 1_000);
        let one = r#""participant":[{"individual":{"reference":"Practitioner/a"}},{"individual":{"reference":"PractitionerRole/b"}}]"#;
        let encounter = |status, when| of(T::Encounter, &format!(r#"{{"status":"{status}",{one}}}"#), when);
        assert_eq!(encounter("in-progress", (5, 9)), (vec!["a".to_owned()], 5, temporal::MAX));
        assert_eq!(encounter("finished", (5, 9)), (vec!["a".to_owned()], 5, 9 + AFTER_ENCOUNTER_US));
        assert_eq!(encounter("finished", (5, temporal::MAX)).2, 1_000 + AFTER_ENCOUNTER_US);
        assert_eq!(encounter("in-progress", (temporal::MIN, temporal::MIN)).1, 1_000);
        for over in ["cancelled", "entered-in-error", "unknown"] {
            assert!(encounter(over, (5, 9)).0.is_empty(), "{over}");
        }
        let gp = r#"{"generalPractitioner":[{"reference":"Practitioner/g"},{"reference":"Organization/o"}]}"#;
        assert_eq!(of(T::Patient, gp, (0, 1)), (vec!["g".to_owned()], temporal::MIN, temporal::MAX));
        let visit = r#"{"status":"booked","participant":[{"actor":{"reference":"Patient/p"}},{"actor":{"reference":"Practitioner/a"}}]}"#;
        assert_eq!(of(T::Appointment, visit, (DAY_US * 9, DAY_US * 9 + 1)).1, DAY_US * 8);
        assert!(of(T::Appointment, visit, (temporal::MIN, temporal::MIN)).0.is_empty());
        let team = r#"{"status":"active","participant":[{"member":{"reference":"Practitioner/a"}}]}"#;
        assert_eq!(of(T::CareTeam, team, (3, 7)), (vec!["a".to_owned()], 3, 7));
    }
}
