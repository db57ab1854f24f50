//! A condition as boolean SQL over one alias. What the index cannot answer exactly is an error; no condition is ever left out.

use chrono::{DateTime, Utc};
use fhir::search::extract::{MAX_STRING, folds_case, is_coded};
use fhir::search::fold::fold;
use fhir::search::key::{Keys, ordered};
use fhir::search::query::{
    Clause, DateOperand, Modifier, NumberOperand, Operand, Prefix, QuantityOperand, Query, ReferenceOperand, Token,
    Unit,
};
use fhir::search::registry::{self, SearchParameter};
use fhir::search::sound;
use fhir::ucum;
use fhir::{ResourceType, interpretation};

use crate::role::Interaction;
use crate::store::sql::Sql;
use crate::{Actor, StoreError};

/// A day in microseconds.
const DAY_US: i64 = 86_400_000_000;

/// Writes conditions of one search.
pub(super) struct Filter<'a> {
    actor: &'a Actor,
    keys: &'a Keys,
    /// Sub-selects so far: each gets an alias of its own.
    aliases: u32,
    /// Row keys of the patients that are asked about, where the search names them; `None` is everybody.
    people: Option<Vec<i64>>,
}

impl<'a> Filter<'a> {
    pub fn new(actor: &'a Actor, keys: &'a Keys) -> Self {
        Self { actor, keys, aliases: 0, people: None }
    }

    /// Conditions of a search that asks for all of these: where they name patients, only records of those are looked at.
    pub fn of(actor: &'a Actor, keys: &'a Keys, query: &Query) -> Self {
        let ids = query.all.iter().find_map(|clause| match clause {
            Clause::Param { param, modifier: Modifier::None, any } if param.code == "_id" => {
                any.iter().map(id_of).collect::<Result<Vec<_>, _>>().ok()
            }
            _ => None,
        });
        let people = ids.filter(|_| query.resource_type == ResourceType::Patient);
        let people = people.map(|ids| ids.iter().map(|id| keys.resource(ResourceType::Patient, id)).collect());
        Self { people, ..Self::new(actor, keys) }
    }

    /// Appends a parenthesised condition on `alias`, a head of type `ty`.
    pub fn write(&mut self, sql: &mut Sql, alias: &str, ty: ResourceType, clause: &Clause) -> Result<(), StoreError> {
        sql.push("(");
        match clause {
            // Every resource has them, as columns.
            Clause::Missing { param, missing } if ["_id", "_lastUpdated"].contains(&param.code) => {
                sql.push(if *missing { "false" } else { "true" });
            }
            Clause::Missing { param, missing } => {
                if *missing {
                    sql.push("NOT ");
                }
                sql.bind(self.keys.term_present(param.code)).push(" = ANY(").push(alias).push(".terms)");
            }
            Clause::Param { param, modifier: Modifier::Not, any } => {
                sql.push("NOT ");
                self.any(sql, alias, ty, param, &Modifier::None, any)?;
            }
            Clause::Param { param, modifier, any } => self.any(sql, alias, ty, param, modifier, any)?,
            Clause::Chain { param, target, clause } => self.chain(sql, alias, ty, param, *target, clause)?,
            Clause::Has { source, param, clause } => self.has(sql, alias, ty, *source, param, clause)?,
            Clause::HasLast { source, param, among, clause } => {
                self.has_last(sql, alias, ty, (*source, param), [among, clause])?;
            }
            // Judged on the body of the same row, which the primary key of the versions finds.
            Clause::Abnormal => {
                sql.push("EXISTS (SELECT FROM ").every_version(ty, "own").push(" WHERE own.rid = ").push(alias);
                sql.push(".rid AND own.version_id = ")
                    .push(alias)
                    .push(".version_id AND jsonb_path_exists(own.resource, ");
                sql.bind(interpretation::abnormal_path()).push("::jsonpath))");
            }
            Clause::Compartment { owner, id } => {
                let target = format!("{owner}/{id}");
                if *owner == ty {
                    sql.push("(").push(alias).push(".rkey = ").bind(self.keys.resource(ty, id));
                    sql.push(" AND ").push(alias).push(".id = ").bind(id.as_str()).push(") OR ");
                }
                has_any(sql, alias, compartment_terms(self.keys, *owner, ty, &target));
            }
            Clause::And(all) => self.join(sql, alias, ty, all, " AND ", "true")?,
            Clause::Or(any) => self.join(sql, alias, ty, any, " OR ", "false")?,
            Clause::Not(inner) => {
                sql.push("NOT ");
                self.write(sql, alias, ty, inner)?;
            }
            // Looked up or checked on documents before; see `prepare`.
            Clause::FullText { .. } => return unsupported("_text and _content"),
            Clause::List(_) => return unsupported("_list"),
        }
        sql.push(")");
        Ok(())
    }

    fn join(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        clauses: &[Clause],
        with: &str,
        empty: &str,
    ) -> Result<(), StoreError> {
        for (i, clause) in clauses.iter().enumerate() {
            if i > 0 {
                sql.push(with);
            }
            self.write(sql, alias, ty, clause)?;
        }
        if clauses.is_empty() {
            sql.push(empty);
        }
        Ok(())
    }

    /// Alternatives of one parameter; those that are terms are asked together.
    fn any(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        param: &'static SearchParameter,
        modifier: &Modifier,
        any: &[Operand],
    ) -> Result<(), StoreError> {
        sql.push("(");
        if param.code == "_id" {
            let ids = any.iter().map(id_of).collect::<Result<Vec<_>, _>>()?;
            let keys: Vec<i64> = ids.iter().map(|id| self.keys.resource(ty, id)).collect();
            sql.push(alias).push(".rkey = ANY(").bind_i64s(keys);
            sql.push(") AND ").push(alias).push(".id = ANY(").bind_texts(ids).push("))");
            return Ok(());
        }
        let (mut terms, mut first) = (Vec::new(), true);
        for operand in any {
            if let Some(mut of_operand) = terms_of(self.keys, param, modifier, operand)? {
                terms.append(&mut of_operand);
                continue;
            }
            if !std::mem::take(&mut first) {
                sql.push(" OR ");
            }
            self.rows(sql, alias, ty, param, modifier, operand)?;
        }
        if !terms.is_empty() {
            if !first {
                sql.push(" OR ");
            }
            has_any(sql, alias, terms);
        } else if first {
            sql.push("false");
        }
        sql.push(")");
        Ok(())
    }

    /// An operand that is answered by the head's own columns or by a side table.
    fn rows(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        param: &'static SearchParameter,
        modifier: &Modifier,
        operand: &Operand,
    ) -> Result<(), StoreError> {
        match (operand, modifier) {
            (Operand::Date(date), Modifier::None) if param.code == "_lastUpdated" => {
                last_updated(sql, alias, *date);
            }
            (Operand::Date(date), Modifier::None) if registry::primary_date(ty) == Some(param.code) => {
                sql.push(alias).push(".ts_hi > ").bind(i64::MIN).push(" AND ");
                dates(sql, &format!("{alias}.ts_lo"), &format!("{alias}.ts_hi"), *date);
            }
            _ => {
                let Some(side) = Side::of(self.keys, ty, param, modifier, operand)? else {
                    return unsupported(&format!("this form of {} on {ty}", param.code));
                };
                sql.push("EXISTS (SELECT 1 FROM ");
                side.write(sql);
                sql.push(" AND x.rid = ").push(alias).push(".rid)");
            }
        }
        Ok(())
    }

    fn chain(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        param: &'static SearchParameter,
        target: ResourceType,
        clause: &Clause,
    ) -> Result<(), StoreError> {
        if target != ResourceType::Patient || !is_patient_of(ty, param) {
            return unsupported(&format!("a chain through {} of {ty} to {target}", param.code));
        }
        if !self.actor.may(Interaction::Search, target) {
            sql.push("false");
            return Ok(());
        }
        let inner = self.alias();
        sql.push(alias).push(".pat = ANY(ARRAY(SELECT ").push(&inner).push(".rkey FROM ");
        sql.heads(target, &inner, self.actor, self.keys).push(" AND ");
        let people = self.people.take();
        self.write(sql, &inner, target, clause)?;
        self.people = people;
        sql.push("))");
        Ok(())
    }

    fn has(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        source: ResourceType,
        param: &'static SearchParameter,
        clause: &Clause,
    ) -> Result<(), StoreError> {
        if ty != ResourceType::Patient || !is_patient_of(source, param) {
            return unsupported(&format!("_has:{source}:{} on {ty}", param.code));
        }
        if !self.actor.may(Interaction::Search, source) {
            sql.push("false");
            return Ok(());
        }
        let inner = self.alias();
        sql.push(alias).push(".rkey IN (SELECT ").push(&inner).push(".pat FROM ");
        self.records(sql, &inner, source, clause)?;
        sql.push(")");
        Ok(())
    }

    /// A row of the last day on which any of them began. What goes before the judgement of a row is done once for all of a patient.
    fn has_last(
        &mut self,
        sql: &mut Sql,
        alias: &str,
        ty: ResourceType,
        (source, param): (ResourceType, &'static SearchParameter),
        [among, clause]: [&Clause; 2],
    ) -> Result<(), StoreError> {
        if ty != ResourceType::Patient || !is_patient_of(source, param) {
            return unsupported(&format!("the last {source} by {} on {ty}", param.code));
        }
        if !self.actor.may(Interaction::Search, source) {
            sql.push("false");
            return Ok(());
        }
        let [one, any, day] = std::array::from_fn(|_| self.alias());
        sql.push(alias).push(".rkey IN (SELECT ").push(&one).push(".pat FROM ");
        sql.heads(source, &one, self.actor, self.keys).push(" AND ").push(&one).push(".rid IN (SELECT ");
        sql.push(&day).push(".rid FROM (SELECT ").push(&any).push(".rid, ").push(&any).push(".ts_lo, max(");
        sql.push(&any).push(".ts_lo) OVER (PARTITION BY ").push(&any).push(".pat) AS last FROM ");
        self.records(sql, &any, source, among)?;
        sql.push(" AND ").push(&any).push(".ts_hi > ").bind(i64::MIN).push(") AS ").push(&day).push(" WHERE ");
        sql.push(&day).push(".ts_lo >= floor(").push(&day).push(".last / ").bind(DAY_US).push("::numeric) * ");
        sql.bind(DAY_US).push(") AND ");
        let people = self.people.take();
        self.write(sql, &one, source, clause)?;
        self.people = people;
        sql.push(")");
        Ok(())
    }

    /// `<heads> WHERE …`: the records of patients that meet the condition, of all patients or of those that are asked about. Of all, codes
    /// that it asks for lead, by an index.
    fn records(&mut self, sql: &mut Sql, inner: &str, source: ResourceType, clause: &Clause) -> Result<(), StoreError> {
        sql.heads(source, inner, self.actor, self.keys);
        // A row of nobody would make "not in" unknown for everybody.
        sql.push(" AND ").push(inner).push(".pat IS NOT NULL");
        let mut all = Vec::new();
        conjuncts(clause, &mut all);
        let people = self.people.take();
        if let Some(people) = &people {
            sql.push(" AND ").push(inner).push(".pat = ANY(").bind_i64s(people.iter().copied()).push(")");
        }
        for clause in all {
            sql.push(" AND ");
            if people.is_some() || !leads(sql, inner, self.keys, clause)? {
                self.write(sql, inner, source, clause)?;
            }
        }
        self.people = people;
        Ok(())
    }

    fn alias(&mut self) -> String {
        self.aliases += 1;
        format!("c{}", self.aliases)
    }
}

pub(in crate::store) fn unsupported<T>(what: &str) -> Result<T, StoreError> {
    Err(StoreError::NotSupported(format!("{what} is not supported yet")))
}

/// Whether the parameter's Patient reference is the head's `pat`: it says whom the record is about, and that is one patient.
pub(super) fn is_patient_of(ty: ResourceType, param: &SearchParameter) -> bool {
    !registry::several_patients(ty)
        && !param.is_added()
        && registry::patient_parameters(ty).iter().any(|code| {
            let about = registry::parameter(ty, code);
            *code == param.code || about.is_some_and(|a| first_element(a.expression) == first_element(param.expression))
        })
}

fn first_element(expression: &str) -> Option<&str> {
    expression.split('.').nth(1)
}

/// The terms that put a resource of the type into the compartment of `target`.
pub(super) fn compartment_terms(keys: &Keys, owner: ResourceType, ty: ResourceType, target: &str) -> Vec<i64> {
    registry::compartment_parameters(owner, ty).iter().map(|code| keys.term_reference(code, target)).collect()
}

fn id_of(operand: &Operand) -> Result<String, StoreError> {
    match operand {
        Operand::Token(Token::Code(id) | Token::NoSystemCode(id)) | Operand::String(id) => Ok(id.clone()),
        _ => unsupported("this form of _id"),
    }
}

/// Whether the head alone decides the condition, as [`Filter`] writes it.
pub(super) fn is_of_the_head(keys: &Keys, ty: ResourceType, clause: &Clause) -> bool {
    match clause {
        Clause::Param { param, modifier, any } => {
            let modifier = if *modifier == Modifier::Not { &Modifier::None } else { modifier };
            let of_head = |operand: &Operand| match operand {
                Operand::Date(_) => registry::primary_date(ty) == Some(param.code),
                operand => matches!(terms_of(keys, param, modifier, operand), Ok(Some(_))),
            };
            ["_id", "_lastUpdated"].contains(&param.code) || any.iter().all(of_head)
        }
        Clause::And(all) | Clause::Or(all) => all.iter().all(|c| is_of_the_head(keys, ty, c)),
        Clause::Not(inner) => is_of_the_head(keys, ty, inner),
        Clause::Missing { .. } | Clause::Compartment { .. } => true,
        Clause::Chain { .. }
        | Clause::Has { .. }
        | Clause::HasLast { .. }
        | Clause::Abnormal
        | Clause::FullText { .. }
        | Clause::List(_) => false,
    }
}

/// The conditions that have to hold together.
fn conjuncts<'c>(clause: &'c Clause, all: &mut Vec<&'c Clause>) {
    match clause {
        Clause::And(some) => some.iter().for_each(|one| conjuncts(one, all)),
        one => all.push(one),
    }
}

/// Appends a condition on codes in a form that an index answers, and whether it is one. Many codes are looked up in `ix_ord`: the planner
/// may take any number of rows for a match of `&&`, and as a test of each row that compares each term with each code.
fn leads(sql: &mut Sql, alias: &str, keys: &Keys, clause: &Clause) -> Result<bool, StoreError> {
    let Clause::Param { param, modifier: Modifier::None, any } = clause else { return Ok(false) };
    let Some(ordered) = any.iter().map(|operand| ord_key(keys, param, operand)).collect::<Option<Vec<_>>>() else {
        return Ok(false);
    };
    if ordered.len() >= MANY_TERMS {
        sql.push(alias).push(".rid IN (SELECT k.rid FROM fhir.ix_ord AS k WHERE k.key = ANY(");
        sql.bind_i64s(ordered).push("))");
        return Ok(true);
    }
    let terms = any.iter().map(|operand| terms_of(keys, param, &Modifier::None, operand));
    let Some(terms) = terms.collect::<Result<Option<Vec<_>>, _>>()?.filter(|terms| !terms.is_empty()) else {
        return Ok(false);
    };
    sql.push(alias).push(".terms && ").bind_i64s(terms.concat());
    Ok(true)
}

/// From so many alternatives on they are looked up by their hashes: `&&` compares each term with each of them.
const MANY_TERMS: usize = 32;

/// One of these terms. `IS TRUE` keeps the planner off the GIN index: where that is wanted, the statement says so itself.
fn has_any(sql: &mut Sql, alias: &str, terms: Vec<i64>) {
    match terms[..] {
        [] => sql.push("false"),
        [term] => sql.bind(term).push(" = ANY(").push(alias).push(".terms)"),
        [..] if terms.len() >= MANY_TERMS => {
            sql.push("EXISTS (SELECT FROM unnest(").push(alias).push(".terms) AS t (term) WHERE t.term = ANY(");
            sql.bind_i64s(terms).push("))")
        }
        _ => sql.push("(").push(alias).push(".terms && ").bind_i64s(terms).push(") IS TRUE"),
    };
}

/// The terms that stand for an operand, any of which is enough; `None` when the operand is not a matter of terms.
pub(super) fn terms_of(
    keys: &Keys,
    param: &'static SearchParameter,
    modifier: &Modifier,
    operand: &Operand,
) -> Result<Option<Vec<i64>>, StoreError> {
    let refuse = || unsupported(&format!("{}:{modifier:?}", param.code));
    Ok(Some(match (operand, modifier) {
        (Operand::Token(token), Modifier::None | Modifier::OfType) => vec![token_term(keys, param, token)],
        (Operand::String(text), Modifier::Exact) => vec![keys.term_exact(param.code, text)],
        (Operand::Uri(uri), Modifier::None) => vec![keys.term_uri(param.code, uri)],
        (Operand::Uri(uri), Modifier::Above) => {
            let parents = uri.match_indices('/').flat_map(|(at, _)| [&uri[..at], &uri[..=at]]);
            parents.chain([uri.as_str()]).map(|u| keys.term_uri(param.code, u)).collect()
        }
        (Operand::Reference(reference), Modifier::None | Modifier::Identifier) => match reference {
            ReferenceOperand::Local { types, id, version } => {
                let version = version.as_ref().map(|v| format!("/_history/{v}")).unwrap_or_default();
                types.iter().map(|t| keys.term_reference(param.code, &format!("{t}/{id}{version}"))).collect()
            }
            ReferenceOperand::Absolute(url) | ReferenceOperand::Canonical { url, version: None } => {
                vec![keys.term_reference(param.code, url)]
            }
            ReferenceOperand::Canonical { url, version: Some(version) } => {
                vec![keys.term_reference(param.code, &format!("{url}|{version}"))]
            }
            ReferenceOperand::Identifier(Token::SystemCode { system, code }) => {
                vec![keys.term_reference_identifier(param.code, system, &code.to_lowercase())]
            }
            ReferenceOperand::Identifier(_) => return refuse(),
        },
        (Operand::Composite(parts), Modifier::None) => match (&parts[..], components(param)?) {
            (
                [Operand::Token(code), other @ (Operand::Token(_) | Operand::Reference(_) | Operand::Uri(_))],
                [first, second],
            ) => {
                let code = part_code(keys, first, code)?;
                let others = match other {
                    Operand::Token(token) => vec![part_code(keys, second, token)?],
                    other => match terms_of(keys, second, &Modifier::None, other)? {
                        Some(terms) => terms,
                        None => return refuse(),
                    },
                };
                others.into_iter().map(|other| keys.term_composite(param.code, &[code, other])).collect()
            }
            _ => return Ok(None),
        },
        (Operand::Uri(_), Modifier::Below)
        | (Operand::String(_), Modifier::None | Modifier::Contains | Modifier::Equal)
        | (Operand::Date(_) | Operand::Number(_) | Operand::Quantity(_), Modifier::None) => return Ok(None),
        _ => return refuse(),
    }))
}

/// The parameters of a composite of two.
fn components(param: &'static SearchParameter) -> Result<[&'static SearchParameter; 2], StoreError> {
    let of = |i: usize| param.components.get(i).and_then(|c| registry::parameter(param.base, c.code));
    match (of(0), of(1), param.components.len()) {
        (Some(a), Some(b), 2) => Ok([a, b]),
        _ => unsupported(&format!("{} on {}", param.code, param.base)),
    }
}

fn token_term(keys: &Keys, param: &SearchParameter, token: &Token) -> i64 {
    let value = |v: &str| if folds_case(param) { v.to_lowercase() } else { v.to_owned() };
    match token {
        Token::Code(code) => keys.term_code(param.code, &value(code)),
        Token::SystemCode { system, code } => keys.term_system_code(param.code, system, &value(code)),
        Token::NoSystemCode(code) => keys.term_system_code(param.code, "", &value(code)),
        Token::System(system) => keys.term_system(param.code, system),
        Token::OfType { system, code, value: v } => keys.term_of_type(param.code, system, code, &value(v)),
    }
}

/// The code of a composite: only a code, with its system or whatever its system, is indexed with its partner.
fn part_code(keys: &Keys, param: &'static SearchParameter, token: &Token) -> Result<i64, StoreError> {
    match token {
        Token::Code(_) | Token::SystemCode { .. } | Token::NoSystemCode(_) => Ok(token_term(keys, param, token)),
        Token::System(_) | Token::OfType { .. } => {
            unsupported(&format!("a system without code in a composite ({})", param.code))
        }
    }
}

/// The key of a code in `ix_ord`, where the parameter is in it.
pub(super) fn ord_key(keys: &Keys, param: &SearchParameter, operand: &Operand) -> Option<i64> {
    let Operand::Token(token) = operand else { return None };
    let (system, code) = match token {
        Token::Code(code) => (None, code),
        Token::SystemCode { system, code } => (Some(system.as_str()), code),
        Token::NoSystemCode(code) => (Some(""), code),
        Token::System(_) | Token::OfType { .. } => return None,
    };
    is_coded(param).then(|| keys.ord(param.base, param.code, system, code))
}

/// A look into a side table: `fhir.ix_… AS x WHERE …`.
pub(super) enum Side {
    Text { key: i64, test: TextTest },
    Values(Vec<(i64, NumberOperand)>, Keys),
    Dates { key: i64, date: DateOperand },
}

pub(super) enum TextTest {
    StartsWith(String),
    Contains(String),
    Equal(String),
    /// Equal, or below at a segment.
    Below(String),
}

impl Side {
    pub fn of(
        keys: &Keys,
        ty: ResourceType,
        param: &'static SearchParameter,
        modifier: &Modifier,
        operand: &Operand,
    ) -> Result<Option<Self>, StoreError> {
        let text = |test| Self::Text { key: keys.string(ty, param.code), test };
        Ok(Some(match (operand, modifier) {
            (Operand::String(s), Modifier::None) if sound::is_by(param) => text(TextTest::Equal(sound::sound(s))),
            (Operand::String(s), Modifier::None) => text(TextTest::StartsWith(fold(s))),
            (Operand::String(s), Modifier::Contains) => text(TextTest::Contains(fold(s))),
            // A longer one is not kept whole.
            (Operand::String(s), Modifier::Equal) if fold(s).len() < MAX_STRING => text(TextTest::Equal(fold(s))),
            (Operand::Uri(uri), Modifier::Below) => text(TextTest::Below(uri.clone())),
            (Operand::Number(n), Modifier::None) => Self::Values(vec![(keys.number(ty, param.code), *n)], *keys),
            (Operand::Quantity(q), Modifier::None) => Self::Values(quantity_keys(keys, ty, param, q), *keys),
            (Operand::Date(date), Modifier::None) if param.code != "_lastUpdated" => {
                Self::Dates { key: keys.date(ty, param.code), date: *date }
            }
            (Operand::Composite(parts), Modifier::None) => match (&parts[..], components(param)?) {
                ([Operand::Token(code), Operand::Quantity(q)], [first, second]) => {
                    let code = part_code(keys, first, code)?;
                    let values = quantity_keys(keys, ty, second, q).into_iter();
                    let values = values.map(|(key, n)| (keys.composite(ty, param.code, code, key), n));
                    Self::Values(values.collect(), *keys)
                }
                ([Operand::Token(code), Operand::Date(date)], [first, second]) => {
                    let code = part_code(keys, first, code)?;
                    let key = keys.composite(ty, param.code, code, keys.date(ty, second.code));
                    Self::Dates { key, date: *date }
                }
                ([Operand::Token(code), Operand::String(s)], [first, second]) => {
                    let code = part_code(keys, first, code)?;
                    let key = keys.composite(ty, param.code, code, keys.string(ty, second.code));
                    Self::Text { key, test: TextTest::StartsWith(fold(s)) }
                }
                _ => return Ok(None),
            },
            _ => return Ok(None),
        }))
    }

    /// Whether one stretch of an index is what it looks at, wherever it begins and ends.
    pub fn is_one_range(&self) -> bool {
        match self {
            Self::Text { test, .. } => matches!(test, TextTest::StartsWith(_) | TextTest::Equal(_)),
            Self::Values(tests, _) => matches!(
                &tests[..],
                [(_, n)] if !matches!(n.prefix, Prefix::Eq | Prefix::Ne | Prefix::Ap)
            ),
            Self::Dates { .. } => true,
        }
    }

    pub fn write(&self, sql: &mut Sql) {
        match self {
            Self::Text { key, test } => {
                sql.push("fhir.ix_str AS x WHERE x.key = ").bind(*key);
                match test {
                    // Written out, for a plan that does not know the text would not look for its range.
                    TextTest::StartsWith(text) => {
                        sql.push(" AND x.n >= ").bind(text.as_str());
                        match behind(text) {
                            Some(end) => sql.push(" AND x.n < ").bind(end),
                            None => sql,
                        }
                    }
                    TextTest::Equal(text) => sql.push(" AND x.n = ").bind(text.as_str()),
                    TextTest::Contains(text) => sql.push(" AND x.n LIKE ").bind(format!("%{}%", like_literal(text))),
                    TextTest::Below(uri) => {
                        let parent = format!("{}/", uri.trim_end_matches('/'));
                        sql.push(" AND (x.n = ").bind(uri.as_str()).push(" OR x.n ^@ ").bind(parent).push(")")
                    }
                };
            }
            Self::Values(tests, keys) => {
                sql.push("fhir.ix_qty AS x WHERE (");
                for (i, (key, n)) in tests.iter().enumerate() {
                    if i > 0 {
                        sql.push(" OR ");
                    }
                    values(sql, keys, *key, n);
                }
                sql.push(")");
            }
            Self::Dates { key, date } => {
                sql.push("fhir.ix_dat AS x WHERE x.key = ").bind(*key).push(" AND ");
                dates(sql, "x.lo", "x.hi", *date);
            }
        }
    }
}

/// The first text behind all that start with this one, in the order of code points, which is that of the column.
fn behind(text: &str) -> Option<String> {
    let mut characters: Vec<char> = text.chars().collect();
    while let Some(last) = characters.pop() {
        // Beyond the surrogates, which are no characters.
        let next = if last == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(last as u32 + 1) };
        if let Some(next) = next {
            characters.push(next);
            return Some(characters.into_iter().collect());
        }
    }
    None
}

fn like_literal(text: &str) -> String {
    text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_")
}

fn quantity_keys(
    keys: &Keys,
    ty: ResourceType,
    param: &SearchParameter,
    q: &QuantityOperand,
) -> Vec<(i64, NumberOperand)> {
    let n = q.number;
    match &q.unit {
        Unit::Any => vec![(keys.number(ty, param.code), n)],
        Unit::Coded { system, code } => vec![(keys.quantity(ty, param.code, system, code), n)],
        Unit::Text(text) => {
            let mut found = vec![(keys.quantity(ty, param.code, "", text), n)];
            if let Some(unit) = ucum::canonical(text) {
                let base = |v| unit.to_base(v);
                let n = NumberOperand { value: base(n.value), low: base(n.low), high: base(n.high), ..n };
                found.push((keys.quantity(ty, param.code, ucum::SYSTEM, &unit.base), n));
            }
            found
        }
    }
}

/// A range or a value with a comparator is stored as its two ends under keys of their own, and as both in one row of `ix_dat`; each
/// prefix says which it reads.
/// Source: the prefix table of R4 search.
fn values(sql: &mut Sql, keys: &Keys, key: i64, n: &NumberOperand) {
    let (low, high) = (keys.low_end(key), keys.high_end(key));
    let compare = |sql: &mut Sql, keys: &[i64], operator: &str| {
        sql.push("(x.key = ANY(").bind_i64s(keys.iter().copied()).push(") AND x.v ").push(operator).push(" ");
        sql.bind(n.value).push(")");
    };
    let within = |sql: &mut Sql| {
        if n.low >= n.high {
            sql.push("x.v = ").bind(n.value);
        } else {
            sql.push("x.v >= ").bind(n.low).push(" AND x.v < ").bind(n.high);
        }
    };
    let range = |sql: &mut Sql| {
        sql.push(" AND EXISTS (SELECT FROM fhir.ix_dat AS y WHERE y.rid = x.rid AND y.key = ").bind(keys.range(key));
    };
    match n.prefix {
        Prefix::Eq => {
            sql.push("(x.key = ").bind(key).push(" AND ");
            within(sql);
            sql.push(")");
            if n.low < n.high {
                sql.push(" OR (x.key = ").bind(low).push(" AND ");
                within(sql);
                range(sql);
                sql.push(" AND y.lo >= ").bind(ordered(n.low)).push(" AND y.hi < ").bind(ordered(n.high)).push("))");
            }
        }
        Prefix::Ne => {
            sql.push("(x.key = ANY(").bind_i64s([key, low, high]).push(") AND NOT (");
            within(sql);
            sql.push("))");
        }
        Prefix::Ap => {
            sql.push("(x.key = ")
                .bind(key)
                .push(" AND x.v >= ")
                .bind(n.low)
                .push(" AND x.v <= ")
                .bind(n.high)
                .push(")");
            sql.push(" OR (x.key = ").bind(low).push(" AND x.v <= ").bind(n.high);
            range(sql);
            sql.push(" AND y.lo <= ").bind(ordered(n.high)).push(" AND y.hi >= ").bind(ordered(n.low)).push("))");
        }
        Prefix::Gt => compare(sql, &[key, high], ">"),
        Prefix::Ge => compare(sql, &[key, high], ">="),
        Prefix::Lt => compare(sql, &[key, low], "<"),
        Prefix::Le => compare(sql, &[key, low], "<="),
        Prefix::Sa => compare(sql, &[key, low], ">"),
        Prefix::Eb => compare(sql, &[key, high], "<"),
    }
}

/// The stored interval `[lo, hi)` against the search interval. `ge` and `le` begin with a half an index can walk.
/// Source: the prefix table of R4 search.
fn dates(sql: &mut Sql, lo: &str, hi: &str, date: DateOperand) {
    let (slo, shi) = (date.low, date.high);
    let compare = |sql: &mut Sql, column: &str, operator: &str, bound: i64| {
        sql.push(column).push(operator).bind(bound);
    };
    let within = |sql: &mut Sql| {
        compare(sql, lo, " >= ", slo);
        sql.push(" AND ");
        compare(sql, hi, " <= ", shi);
    };
    sql.push("(");
    match date.prefix {
        Prefix::Eq => within(sql),
        Prefix::Ne => {
            sql.push("NOT (");
            within(sql);
            sql.push(")");
        }
        Prefix::Gt => compare(sql, hi, " > ", shi),
        Prefix::Lt => compare(sql, lo, " < ", slo),
        Prefix::Ge => {
            compare(sql, hi, " > ", slo);
            sql.push(" AND (");
            compare(sql, hi, " > ", shi);
            sql.push(" OR (");
            within(sql);
            sql.push("))");
        }
        Prefix::Le => {
            compare(sql, lo, " < ", shi);
            sql.push(" AND (");
            compare(sql, lo, " < ", slo);
            sql.push(" OR (");
            within(sql);
            sql.push("))");
        }
        Prefix::Sa => compare(sql, lo, " >= ", shi),
        Prefix::Eb => compare(sql, hi, " <= ", slo),
        Prefix::Ap => {
            compare(sql, lo, " < ", shi);
            sql.push(" AND ");
            compare(sql, hi, " > ", slo);
        }
    }
    sql.push(")");
}

/// `last_updated` is an instant of one microsecond.
fn last_updated(sql: &mut Sql, alias: &str, date: DateOperand) {
    let instant = |micros: i64| DateTime::from_timestamp_micros(micros).unwrap_or(DateTime::<Utc>::MAX_UTC);
    let (slo, shi) = (instant(date.low), instant(date.high));
    let column = format!("{alias}.last_updated");
    sql.push("(");
    match date.prefix {
        Prefix::Eq | Prefix::Ap => {
            sql.push(&column).push(" >= ").bind(slo).push(" AND ").push(&column).push(" < ").bind(shi)
        }
        Prefix::Ne => sql.push(&column).push(" < ").bind(slo).push(" OR ").push(&column).push(" >= ").bind(shi),
        Prefix::Gt | Prefix::Sa => sql.push(&column).push(" >= ").bind(shi),
        Prefix::Ge => sql.push(&column).push(" >= ").bind(slo),
        Prefix::Lt | Prefix::Eb => sql.push(&column).push(" < ").bind(slo),
        Prefix::Le => sql.push(&column).push(" < ").bind(shi),
    };
    sql.push(")");
}

#[cfg(test)]
mod tests {
    use super::behind;

    #[test]
    fn what_starts_with_a_text_is_before_what_is_behind_it() {
        for (text, end) in [
            ("a", Some("b")),
            ("mü", Some("mý")),
            ("\u{d7ff}", Some("\u{e000}")),
            ("a\u{10ffff}", Some("b")),
            ("\u{10ffff}", None),
            ("", None),
        ] {
            assert_eq!(behind(text).as_deref(), end, "{text:?}");
        }
        for text in ["a", "ab", "zz", "é", "\u{d7ff}"] {
            let end = behind(text).unwrap();
            for tail in ["", "a", "\u{10ffff}\u{10ffff}"] {
                assert!(format!("{text}{tail}") < end);
            }
        }
    }
}
