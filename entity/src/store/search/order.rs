//! The order of a search, and where a page stands in it.

use std::cmp::Ordering;

use fhir::ResourceType;
use fhir::search::key::Keys;
use fhir::search::query::Sort;
use fhir::search::registry::{self, Kind, SearchParameter};
use sea_orm::QueryResult;
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use super::filter::unsupported;
use crate::StoreError;
use crate::store::sql::Sql;

/// How the matches are put in order. Every order ends with the row key, so it is total.
pub(super) enum Order {
    /// Newest created first: the default.
    Newest,
    /// By the type's primary date, newest first; undated rows last.
    DateDescending,
    /// By the type's primary date, oldest first; undated rows last, as a walk of their own.
    DateAscending,
    /// By values looked up for each candidate.
    Keys(Vec<Key>),
}

pub(super) struct Key {
    value: Looked,
    pub descending: bool,
}

/// Where a sort value comes from; missing values are null and last both ways.
enum Looked {
    Id,
    LastUpdated,
    PrimaryDate,
    Text(i64),
    Date(i64),
    /// The keys of numbers, and of the ends of ranges that count.
    Number([i64; 2]),
    /// The document itself.
    Document(&'static SearchParameter),
}

/// A sort value in a page token.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) enum SortValue {
    Null,
    Int(i64),
    /// The bits of the number.
    Float(u64),
    Text(String),
}

/// Most orders have one value, which a row then has without an allocation of its own.
pub(super) type SortValues = SmallVec<[SortValue; 1]>;

/// A row's place in the order.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    pub values: SortValues,
    pub rid: i64,
    /// The row has no primary date; only for [`Order::DateAscending`].
    pub undated: bool,
}

impl Order {
    pub fn of(ty: ResourceType, sort: &[Sort], keys: &Keys) -> Result<Self, StoreError> {
        let primary = |s: &Sort| registry::primary_date(ty) == Some(s.param.code);
        match sort {
            [] => return Ok(Self::Newest),
            [one] if primary(one) => {
                return Ok(if one.descending { Self::DateDescending } else { Self::DateAscending });
            }
            _ => {}
        }
        let mut found = Vec::new();
        for s in sort {
            let value = match (s.param.code, s.param.kind) {
                ("_id", _) => Looked::Id,
                ("_lastUpdated", _) => Looked::LastUpdated,
                (_, Kind::Date) if primary(s) => Looked::PrimaryDate,
                (code, Kind::Date) => Looked::Date(keys.date(ty, code)),
                (code, Kind::String | Kind::Uri) => Looked::Text(keys.string(ty, code)),
                (code, Kind::Number | Kind::Quantity) => {
                    let key = keys.number(ty, code);
                    Looked::Number([key, if s.descending { keys.high_end(key) } else { keys.low_end(key) }])
                }
                (_, Kind::Token | Kind::Reference) => Looked::Document(s.param),
                (code, Kind::Composite | Kind::Special) => return unsupported(&format!("_sort by {code} of {ty}")),
            };
            found.push(Key { value, descending: s.descending });
        }
        Ok(Self::Keys(found))
    }
}

impl Key {
    /// The lowest value of a repeating element ascending, the highest descending.
    pub fn write(&self, sql: &mut Sql, alias: &str) {
        let pick = if self.descending { "max" } else { "min" };
        let side = |sql: &mut Sql, column: &str, table: &str, keys: &[i64]| {
            sql.push("(SELECT ").push(pick).push("(x.").push(column).push(") FROM fhir.").push(table);
            sql.push(" AS x WHERE x.rid = ").push(alias).push(".rid AND x.key = ANY(");
            sql.bind_i64s(keys.iter().copied()).push("))");
        };
        match self.value {
            Looked::Id => {
                sql.push(alias).push(".id");
            }
            Looked::LastUpdated => {
                sql.push("(extract(epoch FROM ").push(alias).push(".last_updated) * 1000000)::bigint");
            }
            Looked::PrimaryDate => {
                sql.push("CASE WHEN ").push(alias).push(".ts_hi > ").bind(i64::MIN);
                sql.push(" THEN ").push(alias).push(".ts_lo END");
            }
            Looked::Text(key) => side(sql, "n", "ix_str", &[key]),
            // By when it begins, as the primary date.
            Looked::Date(key) => side(sql, "lo", "ix_dat", &[key]),
            Looked::Number(keys) => side(sql, "v", "ix_qty", &keys),
            Looked::Document(_) => {
                sql.push("NULL::text");
            }
        }
    }

    /// The parameter of a value that only the document has.
    pub fn document(&self) -> Option<&'static SearchParameter> {
        match self.value {
            Looked::Document(param) => Some(param),
            _ => None,
        }
    }

    /// Whether every type has this value in the same way.
    pub fn is_common(&self) -> bool {
        matches!(self.value, Looked::Id | Looked::LastUpdated)
    }

    pub fn read(&self, row: &QueryResult, column: &str) -> Result<SortValue, StoreError> {
        Ok(match self.value {
            Looked::Id | Looked::Text(_) | Looked::Document(_) => {
                row.try_get::<Option<String>>("", column)?.map_or(SortValue::Null, SortValue::Text)
            }
            Looked::LastUpdated | Looked::PrimaryDate | Looked::Date(_) => {
                row.try_get::<Option<i64>>("", column)?.map_or(SortValue::Null, SortValue::Int)
            }
            Looked::Number(_) => {
                row.try_get::<Option<f64>>("", column)?.map_or(SortValue::Null, |v| SortValue::Float(v.to_bits()))
            }
        })
    }
}

/// As [`order_by`] forward: which of two places comes first.
pub(super) fn compare(keys: &[Key], a: &Place, b: &Place) -> Ordering {
    for (key, (a, b)) in keys.iter().zip(a.values.iter().zip(&b.values)) {
        let order = match (a, b) {
            (SortValue::Null, SortValue::Null) => Ordering::Equal,
            (SortValue::Null, _) => Ordering::Greater,
            (_, SortValue::Null) => Ordering::Less,
            (a, b) if key.descending => b.cmp_value(a),
            (a, b) => a.cmp_value(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    b.rid.cmp(&a.rid)
}

impl SortValue {
    fn cmp_value(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Int(a), Self::Int(b)) => a.cmp(b),
            (Self::Float(a), Self::Float(b)) => f64::from_bits(*a).total_cmp(&f64::from_bits(*b)),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            // A column has values of one kind.
            _ => Ordering::Equal,
        }
    }
}

/// `ORDER BY s0 …, rid`, missing values last (first when the walk goes backward).
pub(super) fn order_by(sql: &mut Sql, keys: &[Key], alias: &str, backward: bool) {
    sql.push(" ORDER BY ");
    for (i, key) in keys.iter().enumerate() {
        let down = key.descending != backward;
        sql.push(&format!("{alias}.s{i} {} NULLS {}, ", direction(down), if backward { "FIRST" } else { "LAST" }));
    }
    sql.push(alias).push(".rid ").push(direction(!backward));
}

pub(super) fn direction(descending: bool) -> &'static str {
    if descending { "DESC" } else { "ASC" }
}

/// `(s0 after v0) OR (s0 = v0 AND s1 after v1) OR … OR (all equal AND rid after)`: what comes after a place in the walk.
pub(super) fn beyond(sql: &mut Sql, keys: &[Key], alias: &str, place: &Place, backward: bool) {
    sql.push("(");
    for at in 0..=keys.len() {
        if at > 0 {
            sql.push(" OR ");
        }
        sql.push("(");
        for (i, value) in place.values.iter().enumerate().take(at) {
            let column = format!("{alias}.s{i}");
            match value {
                SortValue::Null => sql.push(&column).push(" IS NULL"),
                value => {
                    sql.push(&column).push(" = ");
                    bind(sql, value)
                }
            };
            sql.push(" AND ");
        }
        if let Some(key) = keys.get(at) {
            let column = format!("{alias}.s{at}");
            match (&place.values[at], backward) {
                // Nothing comes after a missing value; before it comes every other.
                (SortValue::Null, false) => {
                    sql.push("false");
                }
                (SortValue::Null, true) => {
                    sql.push(&column).push(" IS NOT NULL");
                }
                (value, _) => {
                    sql.push("(").push(&column).push(if key.descending == backward { " > " } else { " < " });
                    bind(sql, value);
                    if !backward {
                        sql.push(" OR ").push(&column).push(" IS NULL");
                    }
                    sql.push(")");
                }
            }
        } else {
            sql.push(alias).push(if backward { ".rid > " } else { ".rid < " }).bind(place.rid);
        }
        sql.push(")");
    }
    sql.push(")");
}

fn bind<'s>(sql: &'s mut Sql, value: &SortValue) -> &'s mut Sql {
    match value {
        SortValue::Null => sql.push("NULL"),
        SortValue::Int(v) => sql.bind(*v),
        SortValue::Float(bits) => sql.bind(f64::from_bits(*bits)),
        SortValue::Text(v) => sql.bind(v.as_str()),
    }
}
