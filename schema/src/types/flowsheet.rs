//! A flowsheet: measurements of a patient by row and time, each row in one unit. Nothing is left out without saying so.

use async_graphql::{Context, Enum, ID, Object, Result, SimpleObject};
use clinical::flowsheet::{Fluid, Row, Template, named};
use fhir::Json;

use crate::document::Document;
use crate::scalar::{DateTime, Decimal};
use crate::session::invalid;
use crate::types::chart::Observation;
use crate::types::patient::DateRange;
use crate::types::trend::{self, Reading, TrendExclusion};
use crate::value::{Coding, Interpretation};

/// A flowsheet that there is.
pub struct FlowsheetTemplate(pub &'static Template);

/// A flowsheet that there is.
#[Object]
impl FlowsheetTemplate {
    /// By which it is asked for.
    async fn id(&self) -> ID {
        self.0.id.into()
    }
    /// Its title.
    async fn title(&self) -> &str {
        self.0.title
    }
    /// Its rows in order.
    async fn rows(&self) -> Vec<FlowsheetParameter> {
        self.0.rows.iter().copied().map(FlowsheetParameter).collect()
    }
}

/// Which way a fluid went.
#[derive(Enum, Copy, Clone, PartialEq, Eq)]
pub enum FluidDirection {
    /// Into the patient.
    Intake,
    /// Out of the patient.
    Output,
}

/// What stands in a row.
pub struct FlowsheetParameter(Row);

/// What stands in a row.
#[Object]
impl FlowsheetParameter {
    /// What it is called every day.
    async fn name(&self) -> &str {
        self.0.name()
    }
    /// Its code.
    async fn code(&self) -> Coding {
        let code = self.0.code();
        let own = |text: &str| Some(text.to_owned());
        Coding { system: own(code.system), code: own(code.code), display: own(code.display) }
    }
    /// The unit of the row as people write it.
    async fn unit(&self) -> &str {
        self.0.units()[0]
    }
    /// The unit of the row in UCUM.
    async fn unit_code(&self) -> &str {
        self.0.units()[1]
    }
    /// Whether it is computed from others and never told.
    async fn is_computed(&self) -> bool {
        self.0.is_computed()
    }
    /// Least value that is believed.
    async fn least(&self) -> f64 {
        self.0.bounds()[0]
    }
    /// Greatest value that is believed.
    async fn most(&self) -> f64 {
        self.0.bounds()[1]
    }
    /// Which way the fluid went, of a volume of one moment that is added to others; null for all else, totals of a day included.
    async fn fluid(&self) -> Option<FluidDirection> {
        self.0.fluid().map(|fluid| match fluid {
            Fluid::In => FluidDirection::Intake,
            Fluid::Out => FluidDirection::Output,
        })
    }
    /// Where these bounds are from.
    async fn source(&self) -> &str {
        self.0.source()
    }
}

/// A row of a flowsheet.
#[derive(SimpleObject)]
pub struct FlowsheetRow {
    /// What stands in it.
    pub parameter: FlowsheetParameter,
    /// Its values, oldest first; several of one time stand side by side.
    pub cells: Vec<FlowsheetCell>,
}

/// A value of a flowsheet.
#[derive(SimpleObject)]
pub struct FlowsheetCell {
    /// When it was true of the patient, as it is recorded.
    pub at: DateTime,
    /// The number in the row's unit.
    pub value: Decimal,
    /// The number as recorded.
    pub original_value: Decimal,
    /// The unit as recorded.
    pub original_unit: Option<String>,
    /// How it stands against what is expected.
    pub interpretation: Option<Interpretation>,
    /// The observation that has it, itself or in one of its parts.
    pub observation: Observation,
}

/// Measurements by row and time.
#[derive(SimpleObject)]
pub struct Flowsheet {
    /// Which one it is.
    pub template: FlowsheetTemplate,
    /// All times at which there is a value, oldest first.
    pub times: Vec<DateTime>,
    /// All rows of the template, those without values too.
    pub rows: Vec<FlowsheetRow>,
    /// Measurements of these rows that could not be shown, each with its reason.
    pub excluded: Vec<TrendExclusion>,
}

/// All flowsheets there are.
pub(crate) fn all() -> Vec<FlowsheetTemplate> {
    clinical::flowsheet::TEMPLATES.iter().map(FlowsheetTemplate).collect()
}

/// The flowsheet of the patient over a time.
pub(crate) async fn flowsheet(
    ctx: &Context<'_>,
    patient: &Document,
    template: &ID,
    date: &DateRange,
) -> Result<Flowsheet> {
    let unknown = || invalid("template", "there is no such flowsheet; `flowsheetTemplates` names them");
    let template = named(template).ok_or_else(unknown)?;
    let codes: Vec<String> = template.codes().collect();
    let mut pairs = vec![("code".to_owned(), codes.join(","))];
    pairs.extend(date.pairs("date"));
    let mut found = trend::observations(ctx, patient, &pairs).await?;
    found.reverse();
    let mut rows: Vec<FlowsheetRow> = template
        .rows
        .iter()
        .map(|row| FlowsheetRow { parameter: FlowsheetParameter(*row), cells: Vec::new() })
        .collect();
    let (mut times, mut excluded): (Vec<DateTime>, Vec<TrendExclusion>) = (Vec::new(), Vec::new());
    for document in &found {
        for row in &mut rows {
            let (code, [_, ucum]) = (row.parameter.0.code(), row.parameter.0.units());
            let parts = document.all("component").iter().chain([document.json()]);
            for part in parts.filter(|part| is_of(part, code.system, code.code)) {
                match trend::reading(document, part, Some(ucum)) {
                    Ok(Reading { at, value, original_value, original_unit, interpretation }) => {
                        if times.last() != Some(&at) {
                            times.push(at.clone());
                        }
                        let observation = Observation(document.clone());
                        let cell =
                            FlowsheetCell { at, value, original_value, original_unit, interpretation, observation };
                        row.cells.push(cell);
                    }
                    Err(reason) => excluded.push(TrendExclusion::of(document, part, reason)),
                }
            }
        }
    }
    Ok(Flowsheet { template: FlowsheetTemplate(template), times, rows, excluded })
}

/// Whether the observation or the part of one is of that code.
fn is_of(part: &Json<'_>, system: &str, code: &str) -> bool {
    let codings = part.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    codings.iter().any(|c| c.str_at("system") == Some(system) && c.str_at("code") == Some(code))
}
