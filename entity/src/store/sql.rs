//! A statement under construction: text and binds together, and the one way to name a table.
//!
//! [`Sql::heads`] is the only place that writes `FROM fhir.<type>_ix`; it takes the actor and puts the actor's predicate into the text. Values are bound, never formatted.

use fhir::ResourceType;
use fhir::search::key::Keys;
use fhir::search::registry;
use sea_orm::sea_query::ArrayType;
use sea_orm::{DatabaseBackend, Statement, Value};

use crate::actor::{Actor, Rows};

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
    pub fn bind_texts<S: Into<String>>(&mut self, values: impl IntoIterator<Item = S>) -> &mut Self {
        self.bind(text_array(values))
    }

    /// The head table of a type under an alias: `"fhir"."observation_ix" AS h`. Follow it with `WHERE` and [`Sql::visible`].
    fn head_table(&mut self, resource_type: ResourceType, alias: &str) -> &mut Self {
        self.push("\"fhir\".\"").push(resource_type.table()).push("_ix\" AS ").push(alias)
    }

    /// `"fhir"."observation_ix" AS h WHERE NOT h.deleted AND <what the actor may see>`: the start of every read of heads.
    pub fn heads(&mut self, resource_type: ResourceType, alias: &str, actor: &Actor, keys: &Keys) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE NOT ").push(alias).push(".deleted");
        self.visible(resource_type, alias, actor, keys)
    }

    /// As [`Sql::heads`], deleted ones too: reads that must tell 410 from 404, and history.
    pub fn heads_with_deleted(
        &mut self,
        resource_type: ResourceType,
        alias: &str,
        actor: &Actor,
        keys: &Keys,
    ) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE true");
        self.visible(resource_type, alias, actor, keys)
    }

    /// ` AND …`: labels always; for patient-bound types and a row-restricted actor also the patients.
    fn visible(&mut self, resource_type: ResourceType, alias: &str, actor: &Actor, keys: &Keys) -> &mut Self {
        if actor.clearance != crate::actor::Clearance::FULL {
            self.push(" AND ").push(alias).push(".conf <= ").bind(actor.clearance.level);
            self.push(" AND ").push(alias).push(".sens & ").bind(!actor.clearance.sensitivities).push(" = 0");
        }
        if let Rows::Patients(ids) = &actor.rows
            && registry::in_patient_compartment(resource_type)
        {
            let pats: Vec<i64> = ids.iter().map(|id| keys.resource(ResourceType::Patient, id)).collect();
            self.push(" AND (").push(alias).push(".pat = ANY(").bind_i64s(pats.iter().copied()).push(")");
            if registry::several_patients(resource_type) {
                let terms = pats.iter().map(|p| keys.term_compartment(*p));
                self.push(" OR ").push(alias).push(".terms && ").bind_i64s(terms);
            }
            self.push(")");
        }
        self
    }

    pub fn statement(self) -> Statement {
        Statement::from_sql_and_values(DatabaseBackend::Postgres, self.text, self.binds)
    }
}

/// A `bigint[]` bind.
pub(crate) fn i64_array(values: impl IntoIterator<Item = i64>) -> Value {
    Value::Array(ArrayType::BigInt, Some(Box::new(values.into_iter().map(Value::from).collect())))
}

/// A `text[]` bind.
pub(crate) fn text_array<S: Into<String>>(values: impl IntoIterator<Item = S>) -> Value {
    Value::Array(ArrayType::String, Some(Box::new(values.into_iter().map(|s| Value::from(s.into())).collect())))
}
