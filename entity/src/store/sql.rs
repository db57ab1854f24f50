//! A statement under construction: text and binds together, and the one way to name a table.
//!
//! [`Sql::heads`] and its sibling with deleted rows are the only places that write `FROM fhir.<type>_ix`; they take the actor and put the
//! actor's predicate into the text. Values are bound, never formatted.

use fhir::ResourceType;
use fhir::search::key::Keys;
use fhir::search::registry;
use sea_orm::sea_query::ArrayType;
use sea_orm::{DatabaseBackend, Statement, Value};

use crate::actor::{Actor, Clearance, Rows, Sight};

/// SQL text with its binds.
#[derive(Debug, Default, Clone)]
pub(crate) struct Sql {
    text: String,
    binds: Vec<Value>,
}

impl Sql {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn push(&mut self, text: &str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends `$n` for a new bind.
    pub fn bind(&mut self, value: impl Into<Value>) -> &mut Self {
        self.binds.push(value.into());
        self.text.push('$');
        self.text.push_str(&self.binds.len().to_string());
        self
    }

    /// Appends `$n` for a `bigint[]`.
    pub fn bind_i64s(&mut self, values: impl IntoIterator<Item = i64>) -> &mut Self {
        self.bind(i64_array(values))
    }

    /// Appends `$n` for a `text[]`.
    pub fn bind_texts(&mut self, values: impl IntoIterator<Item = String>) -> &mut Self {
        self.bind(Value::Array(ArrayType::String, Some(Box::new(values.into_iter().map(Value::from).collect()))))
    }

    /// The head table of a type under an alias: `"fhir"."observation_ix" AS h`. Follow it with `WHERE` and [`Sql::visible`].
    fn head_table(&mut self, resource_type: ResourceType, alias: &str) -> &mut Self {
        self.push("\"fhir\".\"").push(resource_type.table()).push("_ix\" AS ").push(alias)
    }

    /// `"fhir"."observation_ix" AS h WHERE NOT h.deleted AND <what the actor may see>`: the start of every search.
    pub fn heads(&mut self, resource_type: ResourceType, alias: &str, actor: &Actor, keys: &Keys) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE NOT ").push(alias).push(".deleted");
        self.visible(resource_type, alias, &actor.sight(), keys)
    }

    /// `"fhir"."observation_ix" AS h WHERE true AND <what the actor may see>`, deleted ones included: who reads them tells 410 from 404.
    pub fn heads_with_deleted(
        &mut self,
        resource_type: ResourceType,
        alias: &str,
        actor: &Actor,
        keys: &Keys,
    ) -> &mut Self {
        self.heads_in_sight(resource_type, alias, &actor.sight(), keys)
    }

    /// As [`Sql::heads_with_deleted`], for all actors of one sight.
    pub fn heads_in_sight(
        &mut self,
        resource_type: ResourceType,
        alias: &str,
        sight: &Sight,
        keys: &Keys,
    ) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE true");
        self.visible(resource_type, alias, sight, keys)
    }

    /// The labelled heads that a clearance of normal confidentiality or more does not reach, for keys that are counted without their heads:
    /// `"fhir"."observation_ix" AS l WHERE …`. Only to leave them out.
    pub fn hidden_heads(&mut self, resource_type: ResourceType, alias: &str, clearance: Clearance) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE (").push(alias).push(".conf > 3 OR ").push(alias);
        self.push(".sens <> 0) AND NOT (true");
        self.labels(alias, clearance);
        self.push(")")
    }

    /// The versions of a type, each judged by its own labels and patients: `"fhir"."observation" AS v WHERE true AND …`.
    pub fn versions(&mut self, resource_type: ResourceType, alias: &str, actor: &Actor, keys: &Keys) -> &mut Self {
        self.every_version(resource_type, alias).push(" WHERE true");
        let sight = actor.sight();
        self.labels(alias, sight.clearance);
        if let Some(pats) = restricted_to(resource_type, &sight, keys) {
            self.push(" AND (").push(alias).push(".pat = ANY(").bind_i64s(pats.iter().copied()).push(") OR ");
            self.push(alias).push(".pats && ").bind_i64s(pats).push(")");
        }
        self
    }

    /// The versions of a type, nobody's rights asked: `"fhir"."observation" AS n`. Only to compare a row that was judged with its
    /// neighbours; nothing of these rows may reach an answer.
    pub fn every_version(&mut self, resource_type: ResourceType, alias: &str) -> &mut Self {
        self.push("\"fhir\".\"").push(resource_type.table()).push("\" AS ").push(alias)
    }

    /// ` AND …`: labels always; for patient-bound types and a row-restricted actor also the patients.
    fn visible(&mut self, resource_type: ResourceType, alias: &str, sight: &Sight, keys: &Keys) -> &mut Self {
        self.labels(alias, sight.clearance);
        if let Some(pats) = restricted_to(resource_type, sight, keys) {
            self.push(" AND (").push(alias).push(".pat = ANY(").bind_i64s(pats.iter().copied()).push(")");
            if registry::several_patients(resource_type) {
                let terms = pats.iter().map(|p| keys.term_compartment(*p));
                self.push(" OR ").push(alias).push(".terms && ").bind_i64s(terms);
            }
            self.push(")");
        }
        self
    }

    fn labels(&mut self, alias: &str, clearance: Clearance) {
        if clearance != Clearance::FULL {
            self.push(" AND ").push(alias).push(".conf <= ").bind(clearance.level);
            self.push(" AND ").push(alias);
            if clearance.sensitivities == 0 {
                // The planner knows how often a column is zero, and nothing about a masked one.
                self.push(".sens = 0");
            } else {
                self.push(".sens & ").bind(!clearance.sensitivities).push(" = 0");
            }
        }
    }

    pub fn statement(self) -> Statement {
        Statement::from_sql_and_values(DatabaseBackend::Postgres, self.text, self.binds)
    }
}

/// The row keys of the patients a restricted actor may see; `None` when rows of this type are open to the actor.
fn restricted_to(resource_type: ResourceType, sight: &Sight, keys: &Keys) -> Option<Vec<i64>> {
    match &sight.rows {
        Rows::Patients(ids) if registry::in_patient_compartment(resource_type) => {
            Some(ids.iter().map(|id| keys.resource(ResourceType::Patient, id)).collect())
        }
        Rows::All | Rows::Patients(_) => None,
    }
}

/// A `bigint[]` bind.
pub(crate) fn i64_array(values: impl IntoIterator<Item = i64>) -> Value {
    Value::Array(ArrayType::BigInt, Some(Box::new(values.into_iter().map(Value::from).collect())))
}
