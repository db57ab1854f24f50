//! That somebody looked a list of the chart through: a FHIR List that is a snapshot of what was on it, with each record's version.

use async_graphql::{Context, Enum, ID, Result, SimpleObject};
use chrono::SecondsFormat;
use fhir::ResourceType;

use crate::document::{Document, List, PageArguments};
use crate::scalar::DateTime;
use crate::value::ResourceRef;

/// A list of the chart that is looked through as a whole.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum ReviewedList {
    /// The problems that are there now.
    Problems,
    /// The allergies that hold, or the statement that there are none.
    Allergies,
}

impl ReviewedList {
    /// Code and name. Source: FHIR R4, code system of the example codes of `List.code`.
    pub(crate) fn code(self) -> (&'static str, &'static str) {
        match self {
            Self::Problems => ("problems", "Problem List"),
            Self::Allergies => ("allergies", "Allergies List"),
        }
    }

    pub(crate) fn resource_type(self) -> ResourceType {
        match self {
            Self::Problems => ResourceType::Condition,
            Self::Allergies => ResourceType::AllergyIntolerance,
        }
    }

    /// What is on the list, as search parameters beside the patient.
    pub(crate) fn pairs(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Problems => {
                &[("clinical-status", "active,recurrence,relapse"), ("verification-status:not", "entered-in-error")]
            }
            Self::Allergies => {
                &[("clinical-status:not", "inactive,resolved"), ("verification-status:not", "entered-in-error,refuted")]
            }
        }
    }
}

pub(crate) const LISTS: &str = "http://terminology.hl7.org/CodeSystem/list-example-codes";

/// That a list was looked through.
#[derive(SimpleObject)]
#[graphql(complex)]
pub struct ListReview {
    /// Global id of the FHIR List that says so.
    pub id: ID,
    /// When.
    pub at: Option<DateTime>,
    /// By whom.
    pub by: Option<ResourceRef>,
    /// How many records were on the list.
    pub entry_count: usize,
    #[graphql(skip)]
    list: ReviewedList,
    #[graphql(skip)]
    document: Document,
    #[graphql(skip)]
    patient: Option<Document>,
}

#[async_graphql::ComplexObject]
impl ListReview {
    /// How many records of the kind were written anew or changed since then, whether they are on the list or no longer; null below an act's
    /// outcome.
    async fn changes_since(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        let Some(patient) = &self.patient else { return Ok(None) };
        let at = self.document.stored().last_updated.to_rfc3339_opts(SecondsFormat::Micros, true);
        let pairs = vec![("_lastUpdated".to_owned(), format!("gt{at}"))];
        let page = PageArguments { first: Some(1), ..PageArguments::default() };
        List::of_patient(ctx, patient, self.list.resource_type(), pairs, &page).await?.total(ctx).await
    }
}

impl ListReview {
    pub(crate) fn of(list: ReviewedList, document: Document, patient: Option<Document>) -> Self {
        Self {
            id: format!("{}/{}", document.stored().resource_type, document.stored().id).into(),
            at: document.date_time("date"),
            by: document.reference("source"),
            entry_count: document.all("entry").len(),
            list,
            document,
            patient,
        }
    }
}

/// The last review of a list that holds.
pub(crate) async fn last(ctx: &Context<'_>, patient: &Document, list: ReviewedList) -> Result<Option<ListReview>> {
    let (code, _) = list.code();
    let pairs = vec![("code".to_owned(), format!("{LISTS}|{code}")), ("status".to_owned(), "current".to_owned())];
    let page = PageArguments { first: Some(1), ..PageArguments::default() };
    let found = List::of_patient(ctx, patient, ResourceType::List, pairs, &page).await?;
    let newest = found.documents.into_iter().next();
    Ok(newest.map(|document| ListReview::of(list, document, Some(patient.clone()))))
}
