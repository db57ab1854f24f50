//! Many searches of one write: those that terms alone decide, as `identifier=…` is, share a statement per type, so that the statements
//! of a bundle do not grow with its criteria.

use std::collections::BTreeMap;

use fhir::ResourceType;
use fhir::search::extract::folds_case;
use fhir::search::key::Keys;
use fhir::search::query::{Clause, Modifier, Query};
use fhir::search::registry::Kind;
use sea_orm::ConnectionTrait;
use sea_orm::sea_query::{ArrayType, Value};

use super::filter::terms_of;
use crate::store::Store;
use crate::store::condition::{Criterion, Match};
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

impl Store {
    /// The matches of each criterion, newest created first, at most [`Criterion::limit`] of each.
    pub(in crate::store) async fn matching_each(
        &self,
        db: &impl ConnectionTrait,
        actor: &Actor,
        criteria: &[Criterion],
    ) -> Result<Vec<Vec<Match>>, StoreError> {
        let mut found = vec![Vec::new(); criteria.len()];
        let mut together: BTreeMap<ResourceType, Vec<(usize, Vec<i64>)>> = BTreeMap::new();
        for (at, criterion) in criteria.iter().enumerate() {
            match named_terms(&self.keys, &criterion.query) {
                Some(terms) => together.entry(criterion.query.resource_type).or_default().push((at, terms)),
                None => found[at] = self.matching_ids(db, actor, &criterion.query, criterion.limit).await?,
            }
        }
        for (resource_type, asked) in together {
            let mut end = 0;
            let (mut places, mut from, mut to, mut limits) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
            for (at, terms) in &asked {
                places.push(*at as i32);
                from.push(end + 1);
                end += terms.len() as i32;
                to.push(end);
                limits.push(criteria[*at].limit as i32);
            }
            let mut sql = Sql::new();
            sql.push("SELECT u.at, m.id, m.version_id FROM unnest(").bind(ints(places)).push(", ").bind(ints(from));
            sql.push(", ").bind(ints(to)).push(", ").bind(ints(limits)).push(") AS u (at, lo, hi, most)");
            // The fence keeps the planner at the index of terms: it would walk the table for the order.
            sql.push(
                " CROSS JOIN LATERAL (SELECT h.id, h.version_id, h.rid FROM (SELECT h.id, h.version_id, h.rid FROM ",
            );
            sql.heads(resource_type, "h", actor, &self.keys).push(" AND h.terms && (");
            sql.bind_i64s(asked.iter().flat_map(|(_, terms)| terms.iter().copied()));
            sql.push(")[u.lo:u.hi] OFFSET 0) AS h ORDER BY h.rid DESC LIMIT u.most) AS m ORDER BY u.at, m.rid DESC");
            for row in db.query_all_raw(sql.statement()).await? {
                let at: i32 = row.try_get("", "at")?;
                found[at as usize]
                    .push(Match { id: row.try_get("", "id")?, version_id: row.try_get("", "version_id")? });
            }
        }
        Ok(found)
    }
}

/// The terms any of which is all that the query asks for, when they name few rows.
fn named_terms(keys: &Keys, query: &Query) -> Option<Vec<i64>> {
    let [Clause::Param { param, modifier: Modifier::None, any }] = &query.all[..] else { return None };
    if param.code == "_id" || !(folds_case(param) || matches!(param.kind, Kind::Reference | Kind::Uri)) {
        return None;
    }
    let terms = any.iter().map(|operand| terms_of(keys, param, &Modifier::None, operand).ok().flatten());
    Some(terms.collect::<Option<Vec<_>>>()?.concat())
}

fn ints(values: Vec<i32>) -> Value {
    Value::Array(ArrayType::Int, Some(Box::new(values.into_iter().map(Value::from).collect())))
}
