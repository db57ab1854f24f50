//! Runs of quality measures that were kept, as FHIR MeasureReports.

use async_graphql::{Context, Result};
use clinical::measure::{Measure as Definition, of_canonical};
use fhir::{Json, ResourceType};

use crate::document::{List, PageArguments, connection, resource};
use crate::error;
use crate::scalar::DateTime;
use crate::session::{self, session};
use crate::types::cohort::PeopleCount;
use crate::types::measure::{Measure, percent};
use crate::value::{Period, ResourceRef};

/// The codes of a report's populations.
pub(crate) const POPULATIONS: &str = "http://terminology.hl7.org/CodeSystem/measure-population";

resource! {
    /// A run of a quality measure that was kept: figures of all patients, as they stood when it was evaluated. Who may only count patients
    /// is told no figures of it, since those may be small.
    MeasureReport {
        /// What was measured; null when it is none of `measures`.
        async fn measure(&self) -> Option<Measure> {
            self.named().map(|(definition, _)| Measure(definition))
        }
        /// The canonical address of the measure, with its version where it is named.
        async fn canonical(&self) -> Option<&str> {
            self.0.text(&["measure"])
        }
        /// The version of the measure at that time; null when the report does not say.
        async fn measure_version(&self) -> Option<&str> {
            self.0.text(&["measure"])?.split_once('|').map(|(_, version)| version)
        }
        /// The days it is of, both included.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// When it was evaluated.
        async fn evaluated_at(&self) -> Option<DateTime> {
            self.0.date_time("date")
        }
        /// Who kept it.
        async fn reporter(&self) -> Option<ResourceRef> {
            self.0.reference("reporter")
        }
        /// Who is looked at.
        async fn initial_population(&self) -> PeopleCount {
            PeopleCount { value: self.count("initial-population") }
        }
        /// Who is left out.
        async fn exclusions(&self) -> PeopleCount {
            PeopleCount { value: self.count("denominator-exclusion") }
        }
        /// Who is not left out.
        async fn denominator(&self) -> PeopleCount {
            PeopleCount { value: self.left() }
        }
        /// Who meets the measure.
        async fn numerator(&self) -> PeopleCount {
            PeopleCount { value: self.count("numerator") }
        }
        /// The score in percent with two decimals; null when nobody is in the denominator, or when its parts are not told.
        async fn score_percent(&self) -> Option<f64> {
            percent(self.count("numerator")?, self.left()?)
        }
    }
}
connection!(MeasureReportConnection, MeasureReportEdge, MeasureReport);

impl MeasureReport {
    fn named(&self) -> Option<(&'static Definition, Option<&str>)> {
        of_canonical(self.0.text(&["measure"])?)
    }

    /// The size of a population of the report's first group.
    fn count(&self, population: &str) -> Option<u64> {
        let is_it = |one: &&Json<'_>| {
            let codings = one.get("code").and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
            codings.iter().any(|c| c.str_at("system") == Some(POPULATIONS) && c.str_at("code") == Some(population))
        };
        let all = self.0.at(&["group"])?.get("population").map_or(&[][..], Json::items);
        all.iter().find(is_it)?.get("count").and_then(Json::as_number)?.parse().ok()
    }

    /// In the denominator and not left out.
    fn left(&self) -> Option<u64> {
        self.count("denominator")?.checked_sub(self.count("denominator-exclusion").unwrap_or(0))
    }
}

/// One page of the runs of a measure that were kept.
pub(crate) async fn reports(
    ctx: &Context<'_>,
    definition: &Definition,
    year: Option<i32>,
    page: &PageArguments,
) -> Result<MeasureReportConnection> {
    let session = session(ctx);
    let mut pairs = vec![("measure".to_owned(), definition.url()), ("status".to_owned(), "complete".to_owned())];
    pairs.extend(year.map(|year| ("period".to_owned(), format!("{year:04}"))));
    let query =
        session::query(ResourceType::MeasureReport, &pairs, &[], session.now).map_err(|e| error::graphql(&e))?;
    List::search(session, query, &page.request()?).await.map(MeasureReportConnection)
}
