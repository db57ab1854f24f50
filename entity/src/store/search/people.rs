//! How many patients a question is about, by gender and year of birth, and how many of them were seen in which month. Counts alone leave,
//! so it may be asked by who may not read one of those patients.

use chrono::{DateTime, Utc};
use fhir::ResourceType;
use fhir::search::query::{Clause, Query};
use sea_orm::ConnectionTrait as _;

use super::filter::Filter;
use super::{Order, Planned};
use crate::role::Interaction;
use crate::store::Store;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

/// Patients who have this in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleGroup {
    pub gender: Option<String>,
    pub birth_year: Option<i32>,
    pub people: u64,
}

impl Store {
    /// The patients that the query matches, in groups: one statement, one snapshot.
    ///
    /// # Errors
    /// [`StoreError::Forbidden`] for who may neither search patients nor count them; otherwise as [`Store::search`].
    pub async fn people(&self, actor: &Actor, query: &Query) -> Result<Vec<PeopleGroup>, StoreError> {
        let actor = &self.counting(actor, query)?;
        let query = &*self.prepared(&self.db, actor, query).await?;
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push(
            "SELECT n.resource->>'gender' AS gender, left(n.resource->>'birthDate', 4)::int AS born, count(*) AS people FROM (SELECT h.rid, h.version_id FROM ",
        );
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
        // Judged above; this is the body of the same row.
        sql.push(") AS m JOIN ").every_version(ResourceType::Patient, "n");
        sql.push(" ON n.rid = m.rid AND n.version_id = m.version_id GROUP BY 1, 2 ORDER BY 1, 2");
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let group = |row: &sea_orm::QueryResult| {
            Ok(PeopleGroup {
                gender: row.try_get("", "gender")?,
                birth_year: row.try_get("", "born")?,
                people: row.try_get::<i64>("", "people")? as u64,
            })
        };
        rows.iter().map(group).collect()
    }

    /// How many patients each of the queries matches: one statement, one snapshot. What all of them ask decides who is looked at; each
    /// further condition is decided once for each of those, whichever of the queries ask it.
    ///
    /// # Errors
    /// As [`Store::people`]; [`StoreError::Internal`] for queries of different types.
    pub async fn count_people(&self, actor: &Actor, queries: &[Query]) -> Result<Vec<u64>, StoreError> {
        let Some((first, others)) = queries.split_first() else { return Ok(Vec::new()) };
        if others.iter().any(|query| query.resource_type != first.resource_type) {
            return Err(StoreError::Internal("people of different types".into()));
        }
        let mut counting = actor.counting();
        for query in queries {
            counting = self.counting(actor, query)?;
        }
        let actor = &counting;
        let (all, parts) = parted(queries);
        let common = Query { all, ..Query::new(first.resource_type) };
        let common = &*self.prepared(&self.db, actor, &common).await?;
        let driver = self.driver(common, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, common, &driver);
        sql.push("SELECT ARRAY[");
        for (at, conditions) in parts.of_each.iter().enumerate() {
            sql.push(if at == 0 { "count(*) FILTER (WHERE true" } else { "), count(*) FILTER (WHERE true" });
            for (condition, holds) in conditions {
                sql.push(if *holds { " AND p.c" } else { " AND NOT p.c" }).push(&condition.to_string());
            }
        }
        sql.push(")] AS people FROM (SELECT h.rid");
        let mut filter = Filter::of(actor, &self.keys, common);
        for (at, condition) in parts.conditions.iter().enumerate() {
            let condition = Query { all: vec![(*condition).clone()], ..Query::new(first.resource_type) };
            let condition = Clause::And(self.prepared(&self.db, actor, &condition).await?.into_owned().all);
            sql.push(", ");
            filter.write(&mut sql, "h", first.resource_type, &condition)?;
            sql.push(&format!(" AS c{at}"));
        }
        sql.push(" FROM ");
        self.matching(&mut sql, actor, common, &driver, Planned::Anew)?;
        // The fence keeps a condition from being written out, and so decided, wherever it is named.
        sql.push(" OFFSET 0) AS p");
        let row = self.db.query_one_raw(sql.statement()).await?;
        let row = row.ok_or_else(|| StoreError::Internal("a count without a row".into()))?;
        let people: Vec<i64> = row.try_get("", "people")?;
        Ok(people.into_iter().map(|n| n as u64).collect())
    }

    /// How many of the patients that the query matches had an encounter that began in each month (UTC) of `[from, to)`, months with none
    /// left out.
    ///
    /// # Errors
    /// As [`Store::people`].
    pub async fn people_seen(
        &self,
        actor: &Actor,
        query: &Query,
        [from, to]: [DateTime<Utc>; 2],
    ) -> Result<Vec<(i32, u32, u64)>, StoreError> {
        let actor = &self.counting(actor, query)?;
        actor.require(Interaction::Search, ResourceType::Encounter)?;
        let query = &*self.prepared(&self.db, actor, query).await?;
        let driver = self.driver(query, &Order::Newest)?;
        let mut sql = Sql::new();
        self.fence(&mut sql, actor, query, &driver);
        sql.push(
            "SELECT extract(year FROM e.at)::int AS year, extract(month FROM e.at)::int AS month, count(DISTINCT e.pat) AS people FROM (SELECT ('epoch'::timestamptz + g.ts_lo * interval '1 microsecond') AT TIME ZONE 'UTC' AS at, g.pat FROM ",
        );
        sql.heads(ResourceType::Encounter, "g", actor, &self.keys);
        sql.push(" AND g.ts_lo >= ").bind(from.timestamp_micros()).push(" AND g.ts_lo < ").bind(to.timestamp_micros());
        sql.push(" AND g.pat IN (SELECT h.rkey FROM ");
        self.matching(&mut sql, actor, query, &driver, Planned::Anew)?;
        sql.push(")) AS e GROUP BY 1, 2 ORDER BY 1, 2");
        let rows = self.db.query_all_raw(sql.statement()).await?;
        let month = |row: &sea_orm::QueryResult| {
            let (year, month): (i32, i32) = (row.try_get("", "year")?, row.try_get("", "month")?);
            Ok((year, month as u32, row.try_get::<i64>("", "people")? as u64))
        };
        rows.iter().map(month).collect()
    }

    /// The actor as who counts patients.
    fn counting(&self, actor: &Actor, query: &Query) -> Result<Actor, StoreError> {
        let counting = actor.counting();
        may_decide(&counting, query)?;
        self.asked(actor, query);
        Ok(counting)
    }
}

/// What tells queries apart that have a part in common.
struct Parts<'q> {
    /// Conditions, each once.
    conditions: Vec<&'q Clause>,
    /// Of each query the conditions that it asks for, and whether they have to hold.
    of_each: Vec<Vec<(usize, bool)>>,
}

/// The conditions of all the queries, and what is left of each.
fn parted(queries: &[Query]) -> (Vec<Clause>, Parts<'_>) {
    let in_all = |clause: &Clause| queries.iter().all(|query| query.all.contains(clause));
    let mut parts = Parts { conditions: Vec::new(), of_each: Vec::new() };
    for query in queries {
        let mut of_this = Vec::new();
        for clause in query.all.iter().filter(|clause| !in_all(clause)) {
            let (condition, holds) = match clause {
                Clause::Not(inner) => (&**inner, false),
                clause => (clause, true),
            };
            let known = parts.conditions.iter().position(|one| *one == condition);
            let at = known.unwrap_or_else(|| {
                parts.conditions.push(condition);
                parts.conditions.len() - 1
            });
            of_this.push((at, holds));
        }
        parts.of_each.push(of_this);
    }
    let common = queries.first().map_or(&[][..], |query| &query.all);
    (common.iter().filter(|clause| in_all(clause)).cloned().collect(), parts)
}

/// Refuses who may not search all that decides about the query: of what they may not search there would be nothing, and what has none of
/// it would be found.
///
/// # Errors
/// [`StoreError::Forbidden`] names the type.
pub fn may_decide(actor: &Actor, query: &Query) -> Result<(), StoreError> {
    actor.require(Interaction::Search, query.resource_type)?;
    query.all.iter().try_for_each(|clause| searchable(actor, clause))
}

fn searchable(actor: &Actor, clause: &Clause) -> Result<(), StoreError> {
    match clause {
        Clause::Has { source, clause, .. } => {
            actor.require(Interaction::Search, *source)?;
            searchable(actor, clause)
        }
        Clause::HasLast { source, among, clause, .. } => {
            actor.require(Interaction::Search, *source)?;
            searchable(actor, among)?;
            searchable(actor, clause)
        }
        Clause::Chain { target, clause, .. } => {
            actor.require(Interaction::Search, *target)?;
            searchable(actor, clause)
        }
        Clause::And(all) | Clause::Or(all) => all.iter().try_for_each(|one| searchable(actor, one)),
        Clause::Not(one) => searchable(actor, one),
        Clause::Param { .. }
        | Clause::Missing { .. }
        | Clause::Abnormal
        | Clause::Compartment { .. }
        | Clause::FullText { .. }
        | Clause::List(_) => Ok(()),
    }
}
