//! New versions as rows: each set of rows is an array per column, so that a statement's text is the same for one write and for a thousand.

use std::collections::{BTreeMap, HashSet};

use chrono::DateTime;
use fhir::ResourceType;
use fhir::search::extract::Extracted;
use fhir::search::key::Keys;
use sea_orm::sea_query::ArrayType;
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement, Value};

use super::Row;
use crate::StoreError;
use crate::store::body;
use crate::store::sql::i64_array;

/// Extractor generation that writes index rows; it grows whenever the rows of an unchanged document would change.
const GENERATION: i16 = 1;

/// The index rows of a current version, to be written anew.
pub(in crate::store) struct Current {
    pub rid: i64,
    pub version_id: i32,
    pub pats: Vec<i64>,
    pub index: Extracted,
}

/// Writes the index rows of current versions anew, of those that are current still. Labels and patients stay.
pub(in crate::store) async fn rewrite(
    tx: &DatabaseTransaction,
    resource_type: ResourceType,
    all: Vec<Current>,
) -> Result<(), StoreError> {
    if all.is_empty() {
        return Ok(());
    }
    let table = resource_type.table();
    // In the order of every writer.
    let sql = format!(
        r#"SELECT h.rid FROM fhir."{table}_ix" AS h JOIN unnest($1::bigint[], $2::int[]) AS u (rid, version_id)
             ON u.rid = h.rid AND u.version_id = h.version_id ORDER BY h.rkey FOR UPDATE OF h"#
    );
    let versions = array(ArrayType::Int, all.iter().map(|c| c.version_id.into()));
    let binds = [i64_array(all.iter().map(|c| c.rid)), versions];
    let mut current = HashSet::new();
    for row in tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await? {
        current.insert(row.try_get::<i64>("", "rid")?);
    }
    let rows: Vec<Row> = all
        .into_iter()
        .filter(|c| current.contains(&c.rid))
        .map(|Current { rid, version_id, pats, index }| Row {
            at: 0,
            resource_type,
            id: String::new(),
            rid,
            is_new: false,
            version_id,
            last_updated: DateTime::UNIX_EPOCH,
            requested: DateTime::UNIX_EPOCH,
            operation: "U",
            pat_before: pats.first().copied(),
            pats,
            index,
            body: String::new(),
            keep_text: false,
            by: None,
        })
        .collect();
    let sql = format!(
        r#"UPDATE fhir."{table}_ix" AS h
           SET ts_lo = u.ts_lo, ts_hi = u.ts_hi, gen = {GENERATION}, terms = ($1::bigint[])[u.term_lo:u.term_hi]
           FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::int[], $6::int[]) AS u (rid, ts_lo, ts_hi, term_lo, term_hi)
           WHERE h.rid = u.rid"#
    );
    let refs: Vec<&Row> = rows.iter().collect();
    let (terms, term_lo, term_hi) = term_slices(&refs);
    let binds = [
        terms,
        i64_array(rows.iter().map(|r| r.rid)),
        i64_array(rows.iter().map(|r| r.index.ts_lo)),
        i64_array(rows.iter().map(|r| r.index.ts_hi)),
        term_lo,
        term_hi,
    ];
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    write_side_rows(tx, &rows).await
}

pub(super) async fn insert_versions(
    tx: &DatabaseTransaction,
    resource_type: ResourceType,
    rows: &[&Row],
) -> Result<(), StoreError> {
    let table = resource_type.table();
    let sql = format!(
        r#"INSERT INTO fhir."{table}" (rid, version_id, id, last_updated, op, pat, pats, conf, sens, resource, raw)
           SELECT u.rid, u.version_id, u.id, 'epoch'::timestamptz + u.at * interval '1 microsecond', u.op::"char", NULLIF(u.pat, 0),
                  CASE WHEN u.pat_hi > u.pat_lo THEN ($10::bigint[])[u.pat_lo:u.pat_hi] END, u.conf, u.sens,
                  NULLIF(u.body, '')::jsonb, NULLIF(u.raw, '')
           FROM unnest($1::bigint[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::smallint[], $7::int[], $8::text[], $9::bytea[],
                       $11::bigint[], $12::int[], $13::int[])
             AS u (rid, version_id, id, at, op, conf, sens, body, raw, pat, pat_lo, pat_hi)"#
    );
    let (pats, pat_lo, pat_hi) = slices(rows, |r| &r.pats);
    let binds = [
        i64_array(rows.iter().map(|r| r.rid)),
        ints(rows, |r| r.version_id),
        texts(rows, |r| r.id.clone()),
        i64_array(rows.iter().map(|r| r.last_updated.timestamp_micros())),
        texts(rows, |r| r.operation.to_owned()),
        smallints(rows, |r| r.index.conf),
        ints(rows, |r| r.index.sens),
        texts(rows, |r| r.body.clone()),
        bytes(rows, |r| if r.keep_text { body::encode(&r.body) } else { Vec::new() }),
        pats,
        i64_array(rows.iter().map(|r| r.pats.first().copied().unwrap_or(0))),
        pat_lo,
        pat_hi,
    ];
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    Ok(())
}

pub(super) async fn update_heads(
    tx: &DatabaseTransaction,
    resource_type: ResourceType,
    rows: &[&Row],
) -> Result<(), StoreError> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|r| !r.is_new).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let table = resource_type.table();
    let sql = format!(
        r#"UPDATE fhir."{table}_ix" AS h
           SET version_id = u.version_id, last_updated = 'epoch'::timestamptz + u.at * interval '1 microsecond', deleted = u.op = 'D',
               pat = NULLIF(u.pat, 0), ts_lo = u.ts_lo, ts_hi = u.ts_hi, conf = u.conf, sens = u.sens, gen = {GENERATION},
               terms = ($1::bigint[])[u.term_lo:u.term_hi], raw = NULLIF(u.raw, '')
           FROM unnest($2::bigint[], $3::int[], $4::bigint[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[], $9::smallint[],
                       $10::int[], $11::int[], $12::int[], $13::bytea[])
             AS u (rid, version_id, at, op, pat, ts_lo, ts_hi, conf, sens, term_lo, term_hi, raw)
           WHERE h.rid = u.rid AND h.version_id = u.version_id - 1"#
    );
    let (terms, term_lo, term_hi) = term_slices(&rows);
    let binds = [
        terms,
        i64_array(rows.iter().map(|r| r.rid)),
        ints(&rows, |r| r.version_id),
        i64_array(rows.iter().map(|r| r.last_updated.timestamp_micros())),
        texts(&rows, |r| r.operation.to_owned()),
        i64_array(rows.iter().map(|r| r.pats.first().copied().unwrap_or(0))),
        i64_array(rows.iter().map(|r| r.index.ts_lo)),
        i64_array(rows.iter().map(|r| r.index.ts_hi)),
        smallints(&rows, |r| r.index.conf),
        ints(&rows, |r| r.index.sens),
        term_lo,
        term_hi,
        bytes(&rows, |r| if r.body.is_empty() { Vec::new() } else { body::encode(&r.body) }),
    ];
    let done = tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    if done.rows_affected() == rows.len() as u64 {
        Ok(())
    } else {
        Err(StoreError::Internal("a locked head changed".into()))
    }
}

/// The rows of the global index tables. What an earlier version had there goes first.
pub(super) async fn write_side_rows(tx: &DatabaseTransaction, rows: &[Row]) -> Result<(), StoreError> {
    let before: Vec<i64> = rows.iter().filter(|r| !r.is_new).map(|r| r.rid).collect();
    let run = async |sql: &str, binds: Vec<Value>| {
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await.map(|_| ())
    };
    if !before.is_empty() {
        for table in ["ix_ord", "ix_qty", "ix_str", "ix_dat"] {
            let sql = format!("DELETE FROM fhir.{table} WHERE rid = ANY($1)");
            run(&sql, vec![i64_array(before.iter().copied())]).await?;
        }
    }
    let ord = || rows.iter().flat_map(|r| r.index.ord.iter().map(move |key| (r, *key)));
    if ord().next().is_some() {
        let sql = "INSERT INTO fhir.ix_ord (key, ts, rid, pat) SELECT u.key, u.ts, u.rid, NULLIF(u.pat, 0)
                   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS u (key, ts, rid, pat)";
        let binds = vec![
            i64_array(ord().map(|(_, key)| key)),
            i64_array(ord().map(|(r, _)| r.index.ts_lo)),
            i64_array(ord().map(|(r, _)| r.rid)),
            i64_array(ord().map(|(r, _)| r.pats.first().copied().unwrap_or(0))),
        ];
        run(sql, binds).await?;
    }
    let qty = || rows.iter().flat_map(|r| r.index.quantities.iter().map(move |q| (r, *q)));
    if qty().next().is_some() {
        let sql = "INSERT INTO fhir.ix_qty (key, v, ts, rid) SELECT u.key, u.v, u.ts, u.rid
                   FROM unnest($1::bigint[], $2::float8[], $3::bigint[], $4::bigint[]) AS u (key, v, ts, rid)";
        let binds = vec![
            i64_array(qty().map(|(_, (key, _))| key)),
            array(ArrayType::Double, qty().map(|(_, (_, v))| v.into())),
            i64_array(qty().map(|(r, _)| r.index.ts_lo)),
            i64_array(qty().map(|(r, _)| r.rid)),
        ];
        run(sql, binds).await?;
    }
    let strings = || rows.iter().flat_map(|r| r.index.strings.iter().map(move |s| (r, s)));
    if strings().next().is_some() {
        let sql = "INSERT INTO fhir.ix_str (key, n, rid) SELECT u.key, u.n, u.rid
                   FROM unnest($1::bigint[], $2::text[], $3::bigint[]) AS u (key, n, rid)";
        let binds = vec![
            i64_array(strings().map(|(_, (key, _))| *key)),
            array(ArrayType::String, strings().map(|(_, (_, n))| n.clone().into())),
            i64_array(strings().map(|(r, _)| r.rid)),
        ];
        run(sql, binds).await?;
    }
    let dates = || rows.iter().flat_map(|r| r.index.dates.iter().map(move |d| (r, *d)));
    if dates().next().is_some() {
        let sql = "INSERT INTO fhir.ix_dat (key, lo, hi, rid) SELECT u.key, u.lo, u.hi, u.rid
                   FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[]) AS u (key, lo, hi, rid)";
        let binds = vec![
            i64_array(dates().map(|(_, (key, ..))| key)),
            i64_array(dates().map(|(_, (_, lo, _))| lo)),
            i64_array(dates().map(|(_, (.., hi))| hi)),
            i64_array(dates().map(|(r, _)| r.rid)),
        ];
        run(sql, binds).await?;
    }
    Ok(())
}

/// A record that went over to another patient leaves a trace, so that the past of both charts can be told.
pub(super) async fn write_moves(tx: &DatabaseTransaction, rows: &[Row]) -> Result<(), StoreError> {
    let moved: Vec<&Row> = rows.iter().filter(|r| !r.is_new && r.pats.first().copied() != r.pat_before).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO fhir.compartment_move (rid, type, from_pat, to_pat, at)
               SELECT u.rid, u.type, NULLIF(u.from_pat, 0), NULLIF(u.to_pat, 0), 'epoch'::timestamptz + u.at * interval '1 microsecond'
               FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) AS u (rid, type, from_pat, to_pat, at)";
    let binds = [
        i64_array(moved.iter().map(|r| r.rid)),
        texts(&moved, |r| r.resource_type.name().to_owned()),
        i64_array(moved.iter().map(|r| r.pat_before.unwrap_or(0))),
        i64_array(moved.iter().map(|r| r.pats.first().copied().unwrap_or(0))),
        i64_array(moved.iter().map(|r| r.requested.timestamp_micros())),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    Ok(())
}

/// The outbox, in the transaction of the write. Gives the generations of the types' search parameters, where they were ever changed.
pub(super) async fn write_outbox(
    tx: &DatabaseTransaction,
    rows: &[Row],
) -> Result<BTreeMap<ResourceType, i64>, StoreError> {
    let rows: Vec<&Row> = rows.iter().collect();
    // The generations are read when all rows are written: whoever changes them from now on waits for this transaction to end.
    let outbox = r#"WITH o AS (INSERT INTO app.outbox (type, id, version_id, pats, kind, at)
        SELECT u.type, u.id, u.version_id, ($6::bigint[])[u.pat_lo:u.pat_hi], u.kind::"char", 'epoch'::timestamptz + u.at * interval '1 microsecond'
        FROM unnest($2::text[], $3::text[], $4::int[], $5::text[], $7::int[], $8::int[], $1::bigint[])
          AS u (type, id, version_id, kind, pat_lo, pat_hi, at))
        SELECT g.type, g.gen FROM app.index_generation AS g WHERE g.type = ANY($2::text[])"#;
    // Who looks at the chart that a record left has to hear of it too.
    let told: Vec<Vec<i64>> = rows
        .iter()
        .map(|r| r.pats.iter().copied().chain(r.pat_before.filter(|before| !r.pats.contains(before))).collect())
        .collect();
    let (told, told_lo, told_hi) = slices_of(told.iter());
    let binds = [
        i64_array(rows.iter().map(|r| r.requested.timestamp_micros())),
        texts(&rows, |r| r.resource_type.name().to_owned()),
        texts(&rows, |r| r.id.clone()),
        ints(&rows, |r| r.version_id),
        texts(&rows, |r| r.operation.to_owned()),
        told,
        told_lo,
        told_hi,
    ];
    let mut generations = BTreeMap::new();
    for row in tx.query_all_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, outbox, binds)).await? {
        if let Some(resource_type) = ResourceType::named(&row.try_get::<String>("", "type")?) {
            generations.insert(resource_type, row.try_get("", "gen")?);
        }
    }
    Ok(generations)
}

pub(super) async fn insert_heads(
    keys: &Keys,
    tx: &DatabaseTransaction,
    resource_type: ResourceType,
    rows: &[&Row],
) -> Result<(), StoreError> {
    let rows: Vec<&Row> = rows.iter().copied().filter(|r| r.is_new).collect();
    if rows.is_empty() {
        return Ok(());
    }
    let table = resource_type.table();
    let sql = format!(
        r#"INSERT INTO fhir."{table}_ix"
             (rid, rkey, pat, ts_lo, ts_hi, conf, sens, gen, last_updated, version_id, id, terms, raw)
           SELECT u.rid, u.rkey, NULLIF(u.pat, 0), u.ts_lo, u.ts_hi, u.conf, u.sens, {GENERATION},
                  'epoch'::timestamptz + u.at * interval '1 microsecond', u.version_id, u.id,
                  ($1::bigint[])[u.term_lo:u.term_hi], u.raw
           FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::smallint[], $8::int[],
                       $9::bigint[], $10::int[], $11::text[], $12::int[], $13::int[], $14::bytea[])
             AS u (rid, rkey, pat, ts_lo, ts_hi, conf, sens, at, version_id, id, term_lo, term_hi, raw)"#
    );
    let (terms, term_lo, term_hi) = term_slices(&rows);
    let binds = [
        terms,
        i64_array(rows.iter().map(|r| r.rid)),
        i64_array(rows.iter().map(|r| keys.resource(resource_type, &r.id))),
        i64_array(rows.iter().map(|r| r.pats.first().copied().unwrap_or(0))),
        i64_array(rows.iter().map(|r| r.index.ts_lo)),
        i64_array(rows.iter().map(|r| r.index.ts_hi)),
        smallints(&rows, |r| r.index.conf),
        ints(&rows, |r| r.index.sens),
        i64_array(rows.iter().map(|r| r.last_updated.timestamp_micros())),
        ints(&rows, |r| r.version_id),
        texts(&rows, |r| r.id.clone()),
        term_lo,
        term_hi,
        bytes(&rows, |r| body::encode(&r.body)),
    ];
    tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    Ok(())
}

/// All terms in one flat array, and each row's slice of it (first and last position from 1): an array of arrays cannot be unnested
/// by row.
fn term_slices(rows: &[&Row]) -> (Value, Value, Value) {
    slices(rows, |r| &r.index.terms)
}

fn slices<'r>(rows: &[&'r Row], of: impl Fn(&'r Row) -> &'r Vec<i64>) -> (Value, Value, Value) {
    slices_of(rows.iter().map(|r| of(r)))
}

fn slices_of<'r>(lists: impl Iterator<Item = &'r Vec<i64>> + Clone) -> (Value, Value, Value) {
    let mut ends = Vec::new();
    let mut end = 0;
    for list in lists.clone() {
        let start = end + 1;
        end += list.len() as i32;
        ends.push((start, end));
    }
    (
        i64_array(lists.flatten().copied()),
        array(ArrayType::Int, ends.iter().map(|(lo, _)| (*lo).into())),
        array(ArrayType::Int, ends.iter().map(|(_, hi)| (*hi).into())),
    )
}

fn array(ty: ArrayType, values: impl Iterator<Item = Value>) -> Value {
    Value::Array(ty, Some(Box::new(values.collect())))
}

fn ints(rows: &[&Row], of: impl Fn(&Row) -> i32) -> Value {
    array(ArrayType::Int, rows.iter().map(|r| of(r).into()))
}

fn smallints(rows: &[&Row], of: impl Fn(&Row) -> i16) -> Value {
    array(ArrayType::SmallInt, rows.iter().map(|r| of(r).into()))
}

fn texts(rows: &[&Row], of: impl Fn(&Row) -> String) -> Value {
    array(ArrayType::String, rows.iter().map(|r| of(r).into()))
}

fn bytes(rows: &[&Row], of: impl Fn(&Row) -> Vec<u8>) -> Value {
    array(ArrayType::Bytes, rows.iter().map(|r| of(r).into()))
}
