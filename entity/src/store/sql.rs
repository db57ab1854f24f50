//! A statement under construction: text and binds together, and the one way to name a table.
//!
//! [`Sql::heads`] and its sibling with deleted rows are the only places that write `FROM fhir.<type>_ix`; they take the actor and put the
//! actor's predicate into the text. Values are bound, never formatted.

use fhir::ResourceType;
use fhir::search::key::Keys;
use fhir::search::{label, registry};
use sea_orm::sea_query::ArrayType;
use sea_orm::{DatabaseBackend, Statement, Value};

use crate::actor::{Actor, Care, Clearance, DeniedLabels, Opened, Rows, Sight};
use crate::role;

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
        self.bind(text_array(values))
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

    /// The labelled heads that a sight of normal confidentiality or more does not reach, for keys that are counted without their heads:
    /// `"fhir"."observation_ix" AS l WHERE …`. Only to leave them out.
    pub fn hidden_heads(&mut self, resource_type: ResourceType, alias: &str, sight: &Sight, keys: &Keys) -> &mut Self {
        self.head_table(resource_type, alias).push(" WHERE (").push(alias).push(".conf > 3 OR ").push(alias);
        self.push(".sens <> 0) AND NOT coalesce(true");
        self.labels(resource_type, alias, Row::Head, sight, keys);
        self.push(", false)")
    }

    /// The versions of a type, each judged by its own labels and patients: `"fhir"."observation" AS v WHERE true AND …`.
    pub fn versions(&mut self, resource_type: ResourceType, alias: &str, actor: &Actor, keys: &Keys) -> &mut Self {
        self.every_version(resource_type, alias).push(" WHERE true");
        let sight = actor.sight();
        self.labels(resource_type, alias, Row::Version, &sight, keys);
        for (at, category) in sight.categories(resource_type).into_iter().enumerate() {
            let coding =
                serde_json::json!({"category": [{"coding": [{"system": category.system, "code": category.code}]}]});
            self.push(if at == 0 { " AND (" } else { " OR " }).push(alias).push(".resource @> ");
            self.bind(coding.to_string()).push("::jsonb");
        }
        if !sight.categories(resource_type).is_empty() {
            self.push(")");
        }
        if let Some(pats) = restricted_to(resource_type, &sight, keys) {
            self.push(" AND (").push(alias).push(".pat = ANY(").bind_i64s(pats.iter().copied()).push(") OR ");
            self.push(alias).push(".pats && ").bind_i64s(pats).push(")");
        }
        self.cared(resource_type, alias, Row::Version, &sight, keys);
        self.denied(resource_type, alias, Row::Version, &sight);
        self
    }

    /// The versions of a type, nobody's rights asked: `"fhir"."observation" AS n`. Only to compare a row that was judged with its
    /// neighbours; nothing of these rows may reach an answer.
    pub fn every_version(&mut self, resource_type: ResourceType, alias: &str) -> &mut Self {
        self.push("\"fhir\".\"").push(resource_type.table()).push("\" AS ").push(alias)
    }

    /// ` AND …`: labels always; the categories of a granular scope; for patient-bound types and a row-restricted actor also the patients.
    fn visible(&mut self, resource_type: ResourceType, alias: &str, sight: &Sight, keys: &Keys) -> &mut Self {
        self.labels(resource_type, alias, Row::Head, sight, keys);
        let categories = sight.categories(resource_type);
        if !categories.is_empty() {
            let terms = categories.iter().map(|c| keys.term_system_code("category", &c.system, &c.code));
            self.push(" AND ").push(alias).push(".terms && ").bind_i64s(terms);
        }
        if let Some(pats) = restricted_to(resource_type, sight, keys) {
            self.push(" AND (").push(alias).push(".pat = ANY(").bind_i64s(pats.iter().copied()).push(")");
            if registry::several_patients(resource_type) {
                let terms = pats.iter().map(|p| keys.term_compartment(*p));
                self.push(" OR ").push(alias).push(".terms && ").bind_i64s(terms);
            }
            self.push(")");
        }
        self.cared(resource_type, alias, Row::Head, sight, keys);
        self.denied(resource_type, alias, Row::Head, sight);
        self
    }

    /// ` AND …`: nothing of the charts that Consents keep from the person.
    fn denied(&mut self, resource_type: ResourceType, alias: &str, row: Row, sight: &Sight) {
        for (labels, charts) in sight.denied.charts(resource_type) {
            self.push(" AND (");
            if let Some(DeniedLabels { confidentialities, sensitivities }) = labels {
                self.push("((1 << ").push(alias).push(".conf) & ").bind(confidentialities).push(" <> 0 OR ");
                self.push(alias).push(".sens & ").bind(sensitivities).push(" <> 0) AND ");
            }
            let pats = charts.iter().map(|chart| chart.pat);
            if resource_type == ResourceType::Binary {
                self.push("EXISTS (SELECT FROM ").every_version(ResourceType::Binary, "theirs");
                self.push(" WHERE theirs.rid = ").push(alias).push(".rid AND theirs.version_id = ").push(alias);
                self.push(".version_id AND EXISTS (SELECT FROM ").head_table(ResourceType::Patient, "who");
                self.push(" WHERE who.rkey = ANY(").bind_i64s(pats).push(") AND ").belongs("theirs", "who").push("))");
            } else {
                self.push("(").push(alias).push(".pat = ANY(").bind_i64s(pats).push(")");
                if registry::several_patients(resource_type) {
                    self.push(" OR ").push(alias);
                    match row {
                        Row::Head => self.push(".terms && ").bind_i64s(charts.iter().map(|chart| chart.term)),
                        Row::Version => self.push(".pats && ").bind_i64s(charts.iter().map(|chart| chart.pat)),
                    };
                }
                self.push(")");
            }
            self.push(") IS NOT TRUE");
        }
    }

    /// Whether a version of a Binary names a patient as whose it is.
    fn belongs(&mut self, binary: &str, patient: &str) -> &mut Self {
        self.push(binary).push(".resource->'securityContext'->>'reference' ~ ('(^|/)Patient/' || replace(");
        self.push(patient).push(".id, '.', '[.]') || '(/_history/.*)?$')")
    }

    /// ` AND …`: of a person who sees only whom they treat, rows about those patients. As a test that no index answers: what leads a
    /// statement stays what its search says.
    fn cared(&mut self, resource_type: ResourceType, alias: &str, row: Row, sight: &Sight, keys: &Keys) {
        let Some(care) = sight.care.as_ref().filter(|care| care.narrows(resource_type)) else { return };
        if resource_type == ResourceType::Binary {
            self.cared_binary(alias, care, sight.opened.as_ref(), keys);
            return;
        }
        self.push(" AND (");
        if role::is_common(resource_type) {
            self.push(alias).push(".pat IS NULL OR ");
        }
        self.push("(").push(alias).push(".pat = ANY(").in_care("pat", care, sight.opened.as_ref(), keys).push(")");
        if registry::several_patients(resource_type) {
            self.push(" OR ").push(alias);
            match row {
                Row::Head => self.push(".terms && ").in_care("term", care, sight.opened.as_ref(), keys),
                Row::Version => self.push(".pats && ").in_care("pat", care, sight.opened.as_ref(), keys),
            };
        }
        self.push(") IS TRUE)");
    }

    /// No index says whose a Binary is: its `securityContext` does. One without belongs to nobody yet.
    fn cared_binary(&mut self, alias: &str, care: &Care, opened: Option<&Opened>, keys: &Keys) {
        self.push(" AND NOT EXISTS (SELECT FROM ").every_version(ResourceType::Binary, "own");
        self.push(" WHERE own.rid = ").push(alias).push(".rid AND own.version_id = ").push(alias).push(".version_id");
        self.push(" AND own.resource->'securityContext'->>'reference' ~ '(^|/)Patient/' AND NOT EXISTS (SELECT FROM ");
        self.head_table(ResourceType::Patient, "whose").push(" WHERE whose.rkey = ANY(");
        self.in_care("pat", care, opened, keys).push(") AND ").belongs("own", "whose").push("))");
    }

    /// `ARRAY(…)` of the patients in a person's care, and of those whose chart is opened to the person.
    fn in_care(&mut self, column: &'static str, care: &Care, opened: Option<&Opened>, keys: &Keys) -> &mut Self {
        if let Some(opened) = opened {
            return self.opened(column, opened, By::Treatment, keys);
        }
        self.push("ARRAY(");
        match &care.practitioner {
            Some(id) => self.relations(column, id, care.at.timestamp_micros(), keys),
            None => self.push("SELECT 0::bigint WHERE false"),
        };
        self.push(")")
    }

    /// The patients in a practitioner's care at that instant.
    fn relations(&mut self, column: &'static str, practitioner: &str, at_us: i64, keys: &Keys) -> &mut Self {
        self.push("SELECT c.").push(column).push(" FROM app.care_relation AS c WHERE c.practitioner = ");
        self.bind(keys.resource(ResourceType::Practitioner, practitioner));
        self.push(" AND c.from_us <= ").bind(at_us).push(" AND c.to_us > ").bind(at_us)
    }

    /// Those of the patients who are not in the actor's care: `SELECT … AS pat`.
    pub fn not_in_care(&mut self, pats: Vec<i64>, care: &Care, opened: Option<&Opened>, keys: &Keys) -> &mut Self {
        self.push("SELECT u.pat FROM unnest(").bind_i64s(pats).push("::bigint[]) AS u (pat) WHERE u.pat <> ALL(");
        self.in_care("pat", care, opened, keys).push(")")
    }

    /// ` AND …`: rows of the clearance, and those of charts that are opened. The arrays of those are read when a row needs them only.
    fn labels(&mut self, resource_type: ResourceType, alias: &str, row: Row, sight: &Sight, keys: &Keys) {
        let clearance = match &sight.rows {
            // A patient's own record is no clearance for what is nobody's.
            Rows::Patients(_)
                if sight.clearance == Clearance::OWN_RECORD && !registry::in_patient_compartment(resource_type) =>
            {
                Clearance::NORMAL
            }
            _ => sight.clearance,
        };
        if clearance == Clearance::FULL {
            return;
        }
        let Some(opened) = &sight.opened else {
            self.push(" AND ").cleared(alias, clearance);
            return;
        };
        self.push(" AND (").cleared(alias, clearance);
        // What is kept from the patient is not kept from those who treat.
        self.push(" OR ").push(alias).push(".conf <= ").bind(clearance.level);
        self.push(" AND ").push(alias).push(".sens = ").bind(label::NOT_FOR_PATIENT);
        // A sensitivity that is not known is opened by name only.
        self.push(" OR ").push(alias).push(".conf <= ").bind(label::RESTRICTED);
        self.push(" AND ").push(alias).push(".sens < ").bind(label::OTHER_SENSITIVITY).push(" AND ");
        self.about(resource_type, alias, row, opened, By::Treatment, keys);
        self.push(" OR ").about(resource_type, alias, row, opened, By::Name, keys);
        self.push(")");
    }

    fn cleared(&mut self, alias: &str, clearance: Clearance) -> &mut Self {
        self.push(alias).push(".conf <= ").bind(clearance.level).push(" AND ").push(alias);
        if clearance.sensitivities == 0 {
            // The planner knows how often a column is zero, and nothing about a masked one.
            self.push(".sens = 0")
        } else {
            self.push(".sens & ").bind(!clearance.sensitivities).push(" = 0")
        }
    }

    /// Whether a row is about a patient whose chart is opened to the actor.
    fn about(
        &mut self,
        resource_type: ResourceType,
        alias: &str,
        row: Row,
        opened: &Opened,
        by: By,
        keys: &Keys,
    ) -> &mut Self {
        self.push("(").push(alias).push(".pat = ANY(").opened("pat", opened, by, keys).push(")");
        if registry::several_patients(resource_type) {
            match row {
                Row::Head => self.push(" OR ").push(alias).push(".terms && ").opened("term", opened, by, keys),
                Row::Version => self.push(" OR ").push(alias).push(".pats && ").opened("pat", opened, by, keys),
            };
        }
        self.push(")")
    }

    /// `ARRAY(…)` of the opened charts: expiry is decided here, in each statement.
    fn opened(&mut self, column: &'static str, opened: &Opened, by: By, keys: &Keys) -> &mut Self {
        self.push("ARRAY(SELECT g.").push(column).push(" FROM app.chart_grant AS g WHERE g.account = ");
        self.bind(opened.account).push(" AND g.ended_at IS NULL AND g.from_at <= ").bind(opened.at);
        self.push(" AND g.until_at > ").bind(opened.at);
        if by == By::Name {
            self.push(" AND g.reason IS NULL");
        } else if let Some(id) = &opened.practitioner {
            self.push(" UNION ALL ").relations(column, id, opened.at.timestamp_micros(), keys);
        }
        self.push(")")
    }

    pub fn statement(self) -> Statement {
        Statement::from_sql_and_values(DatabaseBackend::Postgres, self.text, self.binds)
    }
}

/// Where the patients of a row stand.
#[derive(Clone, Copy)]
enum Row {
    Head,
    Version,
}

/// What opens a chart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum By {
    /// A care relation, an emergency, or a grant.
    Treatment,
    /// A grant of that name only.
    Name,
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

/// A `text[]` bind.
pub(crate) fn text_array(values: impl IntoIterator<Item = String>) -> Value {
    Value::Array(ArrayType::String, Some(Box::new(values.into_iter().map(Value::from).collect())))
}
