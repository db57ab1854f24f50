//! Quality measures as data: who is looked at, who is left out, who meets the measure, each as things on record with the time they have
//! to have happened in. What of the published text is not followed is said, not guessed.

pub mod value_set;

use value_set::ValueSet;

/// A proportion: of those in the population and not excluded, those in the numerator. The period is a calendar year.
#[derive(Debug)]
pub struct Measure {
    /// Its CMS number, without its version.
    pub id: &'static str,
    pub title: &'static str,
    /// The published version that this follows.
    pub version: &'static str,
    /// Where that version is published.
    pub source: &'static str,
    pub formula: &'static str,
    /// FHIR code of the gender the measure is about; `None` for everybody.
    pub gender: Option<&'static str>,
    /// Ages in whole years on 31 December of the period, both ends included: the year of birth decides.
    pub ages: (i32, i32),
    /// One of these has to have happened.
    pub visits: &'static [Event],
    /// Any of these leaves the person out.
    pub exclusions: &'static [Event],
    /// Any of these meets the measure.
    pub numerator: &'static [Event],
    /// Where this differs from the published text.
    pub differs: &'static [&'static str],
}

/// Something on record about a person.
#[derive(Debug)]
pub struct Event {
    pub words: &'static str,
    /// FHIR type; it has a search parameter `patient`.
    pub resource_type: &'static str,
    /// The published set, a code of which it has.
    pub set: Option<&'static ValueSet>,
    /// Further codes that our charts have for it, as `system|code`.
    pub own_codes: &'static [&'static str],
    /// Further conditions of a FHIR search, all of which have to hold.
    pub search: &'static [(&'static str, &'static str)],
    /// Whether a result without a value is none.
    pub valued: bool,
    /// When it counts.
    pub when: When,
}

/// The days an event counts on; it has begun when the period ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// By this date parameter: before the end of the period.
    Before(&'static str),
    /// As `Before`, and what has no such date counts too.
    BeforeOrUndated(&'static str),
    /// By this date parameter: from the first day of that month, so many years before the year of the period.
    Since { date: &'static str, years_before: i32, month: u32 },
}

impl When {
    /// The first day that counts, as FHIR writes it, for a period that is this calendar year; `None` is always.
    pub fn first_day(self, year: i32) -> Option<String> {
        match self {
            Self::Before(_) | Self::BeforeOrUndated(_) => None,
            Self::Since { years_before, month, .. } => Some(format!("{:04}-{month:02}-01", year - years_before)),
        }
    }

    /// The date parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Before(date) | Self::BeforeOrUndated(date) | Self::Since { date, .. } => date,
        }
    }
}

/// From the first day of the year so many years before the period; 0 is the period itself.
const fn since(years_before: i32) -> When {
    When::Since { date: "date", years_before, month: 1 }
}

impl Event {
    /// The conditions of a FHIR search that find it, without its dates.
    pub fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = self.search.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let own = self.own_codes.iter().map(|code| (*code).to_owned());
        let codes: Vec<String> = self.set.into_iter().flat_map(ValueSet::tokens).chain(own).collect();
        if !codes.is_empty() {
            pairs.push(("code".to_owned(), codes.join(",")));
        }
        pairs
    }
}

const VISITS: &[Event] = &[Event {
    words: "An ambulatory, home or virtual encounter that has ended",
    resource_type: "Encounter",
    set: None,
    own_codes: &[],
    search: &[
        ("status", "finished"),
        (
            "class",
            "http://terminology.hl7.org/CodeSystem/v3-ActCode|AMB,http://terminology.hl7.org/CodeSystem/v3-ActCode|HH,\
             http://terminology.hl7.org/CodeSystem/v3-ActCode|VR",
        ),
    ],
    valued: false,
    when: since(0),
}];

/// A procedure that was done.
const fn done(words: &'static str, set: Option<&'static ValueSet>, when: When) -> Event {
    Event {
        words,
        resource_type: "Procedure",
        set,
        own_codes: &[],
        search: &[("status", "completed")],
        valued: false,
        when,
    }
}

/// A diagnosis on record that was not ruled out.
const fn diagnosis(words: &'static str, set: Option<&'static ValueSet>) -> Event {
    Event {
        words,
        resource_type: "Condition",
        set,
        own_codes: &[],
        search: &[("verification-status:not", "refuted"), ("verification-status:not", "entered-in-error")],
        valued: false,
        when: When::BeforeOrUndated("onset-date"),
    }
}

/// A study or a test that is final.
const fn observed(words: &'static str, set: Option<&'static ValueSet>, valued: bool, when: When) -> Event {
    let search = &[("status", "final,amended,corrected")];
    Event { words, resource_type: "Observation", set, own_codes: &[], search, valued, when }
}

const HOSPICE: Event = Event {
    search: &[("status", "in-progress,completed")],
    ..done("Hospice care", Some(&value_set::HOSPICE_CARE_AMBULATORY), since(0))
};

/// The first of October two years before the period.
const MAMMOGRAMS: When = When::Since { date: "date", years_before: 2, month: 10 };

const FORMULA: &str = "numerator ÷ (initial population − exclusions)";
const VISITS_DIFFER: &str = "A visit is known by the class of the encounter, not by the codes of a billed service.";
const HOSPICE_DIFFERS: &str =
    "Hospice care is known by its procedures only, not by orders, encounters, dispositions or diagnoses.";
const FRAILTY_DIFFERS: &str = "People of 66 and older in a nursing home, or frail with an advanced illness, and people in palliative care are not left out.";
const CODES_DIFFER: &str = "The value sets are those of 2021 without CPT, HCPCS, ICD-9-CM and ICD-10-PCS.";
const YEARS_DIFFER: &str = "The ages are those of performance period 2025, whatever year is asked for.";

/// All measures, in the order of their numbers.
///
/// Population, exclusions and numerator: <https://github.com/cqframework/ecqm-content-qicore-2024>, commit
/// 07333f4f981cfbed4763cf0faee103567b3a9792, `input/cql/BreastCancerScreeningFHIR.cql` (0.0.001) and
/// `input/cql/ColonCancerScreeningFHIR.cql` (0.1.000), both for performance period 2025; hospice: `input/cql/Hospice.cql` (6.7.000).
pub const MEASURES: &[Measure] = &[
    Measure {
        id: "CMS125",
        title: "Breast Cancer Screening",
        version: "BreastCancerScreeningFHIR 0.0.001, performance period 2025",
        source: "https://github.com/cqframework/ecqm-content-qicore-2024/blob/07333f4f981cfbed4763cf0faee103567b3a9792/input/cql/BreastCancerScreeningFHIR.cql",
        formula: FORMULA,
        gender: Some("female"),
        ages: (52, 74),
        visits: VISITS,
        exclusions: &[
            HOSPICE,
            done("Both breasts removed", Some(&value_set::BILATERAL_MASTECTOMY), When::Before("date")),
            diagnosis("History of both breasts removed", Some(&value_set::HISTORY_OF_BILATERAL_MASTECTOMY)),
        ],
        numerator: &[
            observed("Mammography as a study", Some(&value_set::MAMMOGRAPHY), false, MAMMOGRAMS),
            Event {
                resource_type: "DiagnosticReport",
                ..observed("A report of a mammography", Some(&value_set::MAMMOGRAPHY), false, MAMMOGRAMS)
            },
            Event {
                own_codes: &["http://snomed.info/sct|71651007"],
                ..done("Mammography as a procedure", None, MAMMOGRAMS)
            },
        ],
        differs: &[
            YEARS_DIFFER,
            VISITS_DIFFER,
            CODES_DIFFER,
            HOSPICE_DIFFERS,
            FRAILTY_DIFFERS,
            "Two breasts that were removed at different times are not put together.",
            "A report with such a code counts, and so does a procedure with SNOMED CT 71651007, as our charts have it.",
        ],
    },
    Measure {
        id: "CMS130",
        title: "Colorectal Cancer Screening",
        version: "ColonCancerScreeningFHIR 0.1.000, performance period 2025",
        source: "https://github.com/cqframework/ecqm-content-qicore-2024/blob/07333f4f981cfbed4763cf0faee103567b3a9792/input/cql/ColonCancerScreeningFHIR.cql",
        formula: FORMULA,
        gender: None,
        ages: (46, 75),
        visits: VISITS,
        exclusions: &[
            HOSPICE,
            diagnosis("Cancer of the colon or rectum", Some(&value_set::MALIGNANT_NEOPLASM_OF_COLON)),
            done("Colon removed", Some(&value_set::TOTAL_COLECTOMY), When::Before("date")),
        ],
        numerator: &[
            observed("Test for blood in the stool", Some(&value_set::FECAL_OCCULT_BLOOD_TEST), true, since(0)),
            observed("Test for DNA and blood in the stool", Some(&value_set::FIT_DNA), true, since(2)),
            done("Flexible sigmoidoscopy", Some(&value_set::FLEXIBLE_SIGMOIDOSCOPY), since(4)),
            observed("CT colonography", Some(&value_set::CT_COLONOGRAPHY), false, since(4)),
            done("Colonoscopy", Some(&value_set::COLONOSCOPY), since(9)),
        ],
        differs: &[YEARS_DIFFER, VISITS_DIFFER, CODES_DIFFER, HOSPICE_DIFFERS, FRAILTY_DIFFERS],
    },
];

/// The measure of that number.
pub fn named(id: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Source: the CQL named at [`MEASURES`]: from 1 October two years before; the year itself, and 2, 4, 4 and 9 years before it.
    #[test]
    fn events_begin_on_the_published_days() {
        let days = |id: &str| -> Vec<Option<String>> {
            named(id).unwrap().numerator.iter().map(|event| event.when.first_day(2025)).collect()
        };
        let day = |text: &str| Some(text.to_owned());
        assert_eq!(days("CMS125"), [day("2023-10-01"), day("2023-10-01"), day("2023-10-01")]);
        let expected = [day("2025-01-01"), day("2023-01-01"), day("2021-01-01"), day("2021-01-01"), day("2016-01-01")];
        assert_eq!(days("CMS130"), expected);
        assert_eq!(When::Before("date").first_day(2025), None);
        assert!(named("CMS999").is_none());
    }

    #[test]
    fn every_event_is_of_a_type_with_a_patient_and_its_parameters() {
        for event in MEASURES.iter().flat_map(|m| m.visits.iter().chain(m.exclusions).chain(m.numerator)) {
            let resource_type = fhir::ResourceType::named(event.resource_type).unwrap();
            let pairs = event.pairs();
            let names = pairs.iter().map(|(name, _)| name.as_str()).chain([event.when.parameter(), "patient"]);
            for name in names {
                let code = name.split(':').next().unwrap();
                assert!(fhir::search::registry::parameter(resource_type, code).is_some(), "{}: {name}", event.words);
            }
        }
    }

    #[test]
    fn a_set_names_each_code_once() {
        let all = MEASURES.iter().flat_map(|m| m.visits.iter().chain(m.exclusions).chain(m.numerator));
        for set in all.filter_map(|event| event.set) {
            let mut tokens: Vec<String> = set.tokens().collect();
            let told = tokens.len();
            tokens.sort_unstable();
            tokens.dedup();
            assert!(told > 0 && tokens.len() == told, "{}", set.name);
        }
        assert_eq!(value_set::MAMMOGRAPHY.tokens().count(), 91);
        assert_eq!(value_set::MALIGNANT_NEOPLASM_OF_COLON.tokens().count(), 68);
    }
}
