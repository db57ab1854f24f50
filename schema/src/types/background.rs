//! What lies behind a chart: family history, what the patient has agreed to, and warnings.

use async_graphql::{ID, SimpleObject};
use fhir::Json;

use crate::code::{ConsentStatus, FamilyHistoryAbsence, FamilyHistoryStatus, FlagStatus};
use crate::document::{Document, connection, resource};
use crate::scalar::{Date, DateTime};
use crate::value::{Annotation, Concept, Period, ResourceRef};

/// The onset of an illness in an infant, whose age in years is no positive number.
pub(crate) const FIRST_YEAR: &str = "in the first year of life";

/// An illness of a relative.
#[derive(SimpleObject)]
pub struct FamilyCondition {
    /// The illness.
    pub code: Option<Concept>,
    /// What became of it.
    pub outcome: Option<Concept>,
    /// Whether the relative died of it; null when the record does not say.
    pub contributed_to_death: Option<bool>,
    /// When it began, in the words of the record: an age, a range, a span of time or a text.
    pub onset: Option<String>,
    /// The relative's age in years when it began, where the record has it in whole years; 0 for the first year of life, where it was told so.
    pub onset_years: Option<u32>,
}

/// `45 years`.
pub(super) fn quantity_words(value: &Json<'_>) -> Option<String> {
    let number = value.get("value").and_then(Json::as_number)?;
    Some(
        [Some(number), value.str_at("unit").or_else(|| value.str_at("code"))]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join(" "),
    )
}

/// The age at onset in whole years.
fn onset_years(condition: &Json<'_>) -> Option<u32> {
    if condition.str_at("onsetString") == Some(FIRST_YEAR) {
        return Some(0);
    }
    let age = condition.get("onsetAge")?;
    let years = age.str_at("code") == Some("a") && age.get("comparator").is_none();
    age.get("value").and_then(Json::as_number).filter(|_| years)?.parse().ok()
}

/// Whether a relative has died, as a FamilyMemberHistory tells it: by yes or no, or by when.
pub(crate) fn has_died(history: &Document) -> Option<bool> {
    let when = ["deceasedAge", "deceasedRange", "deceasedDate", "deceasedString"];
    let told = history.at(&["deceasedBoolean"]).and_then(Json::as_bool);
    told.or_else(|| when.iter().any(|name| history.at(&[name]).is_some()).then_some(true))
}

fn onset(condition: &Json<'_>) -> Option<String> {
    let range = |of: &Json<'_>, read: fn(&Json<'_>) -> Option<String>, ends: [&str; 2]| {
        let [from, to] = ends.map(|end| of.get(end).and_then(read).unwrap_or_default());
        format!("{from} – {to}")
    };
    let text = |value: &Json<'_>| value.as_str().map(ToOwned::to_owned);
    condition
        .str_at("onsetString")
        .map(ToOwned::to_owned)
        .or_else(|| condition.get("onsetAge").and_then(quantity_words))
        .or_else(|| condition.get("onsetRange").map(|r| range(r, quantity_words, ["low", "high"])))
        .or_else(|| condition.get("onsetPeriod").map(|p| range(p, text, ["start", "end"])))
}

resource! {
    /// What a relative has or had.
    FamilyMemberHistory {
        /// Where the record stands.
        async fn status(&self) -> Option<FamilyHistoryStatus> {
            self.0.text(&["status"]).and_then(FamilyHistoryStatus::of)
        }
        /// What the relative is to the patient.
        async fn relationship(&self) -> Option<Concept> {
            self.0.concept("relationship")
        }
        /// The relative's name.
        async fn name(&self) -> Option<&str> {
            self.0.text(&["name"])
        }
        /// The relative's sex.
        async fn sex(&self) -> Option<Concept> {
            self.0.concept("sex")
        }
        /// When the relative was born, where it is recorded as a date.
        async fn born(&self) -> Option<Date> {
            self.0.text(&["bornDate"]).map(|d| Date(d.to_owned()))
        }
        /// Whether the relative has died; null when the record does not say.
        async fn deceased(&self) -> Option<bool> {
            has_died(&self.0)
        }
        /// When it was told.
        async fn date(&self) -> Option<DateTime> {
            self.0.date_time("date")
        }
        /// Illnesses.
        async fn conditions(&self) -> Vec<FamilyCondition> {
            let read = |c: &Json<'_>| FamilyCondition {
                code: c.get("code").and_then(Concept::read),
                outcome: c.get("outcome").and_then(Concept::read),
                contributed_to_death: c.get("contributedToDeath").and_then(Json::as_bool),
                onset: onset(c),
                onset_years: onset_years(c),
            };
            self.0.all("condition").iter().map(read).collect()
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(FamilyHistoryConnection, FamilyHistoryEdge, FamilyMemberHistory);

/// The list of a family's illnesses as a whole: system, code and name. Source: LOINC 10157-6, by which C-CDA's section of family history goes.
pub(crate) const FAMILY_LIST: (&str, &str, &str) =
    ("http://loinc.org", "10157-6", "History of family member diseases Narrative");
/// Source: FHIR R4, code system of `List.emptyReason`.
pub(crate) const EMPTY_REASON: &str = "http://terminology.hl7.org/CodeSystem/list-empty-reason";

impl FamilyHistoryAbsence {
    /// As the code system has it.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::NilKnown => "Nil Known",
            Self::Unavailable => "Unavailable",
            Self::Withheld => "Information Withheld",
        }
    }
}

/// What somebody has said of the family as a whole: a FHIR List that is empty for a reason.
#[derive(SimpleObject)]
pub struct FamilyHistoryStatement {
    /// Global id of the List.
    pub id: ID,
    /// Its version, counting from 1.
    pub version_id: String,
    /// Why nothing is listed.
    pub reason: FamilyHistoryAbsence,
    /// When it was said.
    pub stated_at: Option<DateTime>,
    /// Who wrote it down.
    pub stated_by: Option<ResourceRef>,
    /// Remarks.
    pub notes: Vec<Annotation>,
}

impl FamilyHistoryStatement {
    /// None when the list says nothing, or only that nobody has asked.
    pub(crate) fn of(list: &Document) -> Option<Self> {
        let codings = list.at(&["emptyReason"])?.get("coding").map_or(&[][..], Json::items);
        let reason = codings.iter().filter(|c| c.str_at("system") == Some(EMPTY_REASON));
        let stored = list.stored();
        Some(Self {
            id: ID(format!("{}/{}", stored.resource_type, stored.id)),
            version_id: stored.version_id.to_string(),
            reason: reason.filter_map(|c| c.str_at("code")).find_map(FamilyHistoryAbsence::of)?,
            stated_at: list.date_time("date"),
            stated_by: list.reference("source"),
            notes: list.notes(),
        })
    }
}

resource! {
    /// What the patient has agreed to, or refused.
    Consent {
        /// Where it stands.
        async fn status(&self) -> Option<ConsentStatus> {
            self.0.text(&["status"]).and_then(ConsentStatus::of)
        }
        /// The area it is about: privacy, treatment, research or advance directive.
        async fn scope(&self) -> Option<Concept> {
            self.0.concept("scope")
        }
        /// What kind of consent.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// When it was given.
        async fn date_time(&self) -> Option<DateTime> {
            self.0.date_time("dateTime")
        }
        /// Who gave it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references("performer")
        }
        /// Who keeps to it.
        async fn organizations(&self) -> Vec<ResourceRef> {
            self.0.references("organization")
        }
        /// `permit` or `deny`: what the rule is as a whole; null when the record does not say.
        async fn rule(&self) -> Option<&str> {
            self.0.text(&["provision", "type"])
        }
        /// Whom the rule is about: who may or may not see or use what it covers; nobody when it is about all.
        async fn recipients(&self) -> Vec<ResourceRef> {
            let actors = self.0.at(&["provision"]).and_then(|p| p.get("actor")).map_or(&[][..], Json::items);
            actors.iter().filter_map(|a| a.get("reference")).map(|who| ResourceRef::read(who, self.0.as_of())).collect()
        }
        /// Whether the rule has limits beyond time and persons: labels, purposes, actions, classes, codes, data, or rules within it.
        async fn limited(&self) -> bool {
            let rule = self.0.at(&["provision"]).and_then(Json::as_object);
            let plain = ["id", "extension", "type", "period", "actor"];
            rule.is_some_and(|r| r.iter().any(|(name, _)| !plain.contains(&name)))
        }
        /// The signed paper.
        async fn document(&self) -> Option<ResourceRef> {
            self.0.at(&["sourceReference"]).map(|paper| ResourceRef::read(paper, self.0.as_of()))
        }
        /// While the rule holds.
        async fn period(&self) -> Option<Period> {
            self.0.at(&["provision", "period"]).map(Period::read)
        }
    }
}
connection!(ConsentConnection, ConsentEdge, Consent);

resource! {
    /// A warning about the patient.
    Flag {
        /// Where it stands.
        async fn status(&self) -> Option<FlagStatus> {
            self.0.text(&["status"]).and_then(FlagStatus::of)
        }
        /// What kind of warning.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// The warning.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// From when to when.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// Who wrote it.
        async fn author(&self) -> Option<ResourceRef> {
            self.0.reference("author")
        }
    }
}
connection!(FlagConnection, FlagEdge, Flag);
