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
    /// Each of these has to be on record.
    pub diagnoses: &'static [Event],
    /// Any of these leaves the person out.
    pub exclusions: &'static [Event],
    /// Any of these meets the measure.
    pub numerator: &'static [Event],
    /// Whether who meets it is badly off: what is to be done is to be done for those in the numerator.
    pub lower_is_better: bool,
    /// Where this differs from the published text.
    pub differs: &'static [&'static str],
}

/// Before the number of a measure in its canonical address. It is ours, since what we count differs from the published text.
const CANONICAL: &str = "https://wintehr.org/fhir/Measure/";

impl Measure {
    /// The canonical address, without a version.
    pub fn url(&self) -> String {
        format!("{CANONICAL}{}", self.id)
    }

    /// The number of the version that this follows, such as `0.1.002`.
    pub fn release(&self) -> &'static str {
        let words = self.version.split([' ', ',']);
        words.skip(1).find(|word| !word.is_empty()).expect("a version is a name and a number")
    }

    /// The canonical address with the version, as a report names it.
    pub fn canonical(&self) -> String {
        format!("{}|{}", self.url(), self.release())
    }
}

/// The measure of that canonical address, and the version that is named; `None` for another's.
pub fn of_canonical(canonical: &str) -> Option<(&'static Measure, Option<&str>)> {
    let (url, version) = canonical.split_once('|').map_or((canonical, None), |(url, version)| (url, Some(version)));
    Some((named(url.strip_prefix(CANONICAL)?)?, version))
}

/// Something on record about a person.
#[derive(Debug)]
pub struct Event {
    pub words: &'static str,
    /// FHIR type; it has a search parameter `patient`.
    pub resource_type: &'static str,
    /// The published set, a code of which it has.
    pub set: Option<&'static ValueSet>,
    /// Further single codes that count, published or of our charts, as `system|code`.
    pub own_codes: &'static [&'static str],
    /// Further conditions of a FHIR search, all of which have to hold.
    pub search: &'static [(&'static str, &'static str)],
    /// Whether a result without a value is none.
    pub valued: bool,
    /// When it counts.
    pub when: When,
    /// What the last of them says; `None` when any of them counts.
    pub last: Option<Last>,
    /// Whether it counts that there is none.
    pub absent: bool,
}

/// What the results of the last day (UTC) that has one have to say, as conditions of FHIR searches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Last {
    /// Each of these is true of some result of that day.
    pub each: &'static [Conditions],
    /// None of these is true of any.
    pub none: &'static [Conditions],
}

/// Parameters of a FHIR search with their values, all of which have to hold.
pub type Conditions = &'static [(&'static str, &'static str)];

/// The days an event counts on; it has begun when the period ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// By this date parameter: before the end of the period.
    Before(&'static str),
    /// As `Before`, and what has no such date counts too.
    BeforeOrUndated(&'static str),
    /// By these date parameters of a Condition: it began before the first so many months of the period were over, or does not say when,
    /// and was not over when the period began. One that is over and does not say since when does not count.
    Overlaps { onset: &'static str, abatement: &'static str, months: u32 },
    /// By this date parameter: from the first day of that month, so many years before the year of the period.
    Since { date: &'static str, years_before: i32, month: u32 },
}

impl When {
    /// The first day that counts, as FHIR writes it, for a period that is this calendar year; `None` is always.
    pub fn first_day(self, year: i32) -> Option<String> {
        match self {
            Self::Before(_) | Self::BeforeOrUndated(_) | Self::Overlaps { .. } => None,
            Self::Since { years_before, month, .. } => Some(format!("{:04}-{month:02}-01", year - years_before)),
        }
    }

    /// The date parameter.
    pub fn parameter(self) -> &'static str {
        match self {
            Self::Before(date) | Self::BeforeOrUndated(date) | Self::Since { date, .. } => date,
            Self::Overlaps { onset, .. } => onset,
        }
    }

    /// The first day on which it may no longer begin, as FHIR writes it.
    pub fn end(self, year: i32) -> String {
        match self {
            Self::Overlaps { months, .. } if months < 12 => format!("{year:04}-{:02}-01", months + 1),
            _ => format!("{:04}-01-01", year + 1),
        }
    }
}

/// From the first day of the year so many years before the period; 0 is the period itself.
const fn since(years_before: i32) -> When {
    When::Since { date: "date", years_before, month: 1 }
}

impl Event {
    /// The conditions of a FHIR search that find it, without its dates and codes.
    pub fn pairs(&self) -> Vec<(String, String)> {
        self.search.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    /// Its codes, one of which it has, as `system|code`; none where any will do.
    pub fn codes(&self) -> Vec<String> {
        let own = self.own_codes.iter().map(|code| (*code).to_owned());
        self.set.into_iter().flat_map(ValueSet::tokens).chain(own).collect()
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
    last: None,
    absent: false,
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
        last: None,
        absent: false,
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
        last: None,
        absent: false,
    }
}

/// A diagnosis on record that was not ruled out and held in the first so many months of the period.
const fn present(words: &'static str, set: &'static ValueSet, months: u32) -> Event {
    Event {
        when: When::Overlaps { onset: "onset-date", abatement: "abatement-date", months },
        ..diagnosis(words, Some(set))
    }
}

/// A study or a test that is final.
const fn observed(words: &'static str, set: Option<&'static ValueSet>, valued: bool, when: When) -> Event {
    let search = &[("status", "final,amended,corrected")];
    Event { words, resource_type: "Observation", set, own_codes: &[], search, valued, when, last: None, absent: false }
}

const HOSPICE: Event = Event {
    search: &[("status", "in-progress,completed")],
    ..done("Hospice care", Some(&value_set::HOSPICE_CARE_AMBULATORY), since(0))
};

/// An HbA1c, or a glucose management indicator.
const fn glycemic(words: &'static str, last: Option<Last>) -> Event {
    Event {
        own_codes: &["http://loinc.org|97506-0"],
        last,
        ..observed(words, Some(&value_set::HBA1C_LABORATORY_TEST), false, since(0))
    }
}

/// The first of October two years before the period.
const MAMMOGRAMS: When = When::Since { date: "date", years_before: 2, month: 10 };

const FORMULA: &str = "numerator ÷ (initial population − exclusions)";
const VISITS_DIFFER: &str = "A visit is known by the class of the encounter, not by the codes of a billed service.";
const HOSPICE_DIFFERS: &str =
    "Hospice care is known by its procedures only, not by orders, encounters, dispositions or diagnoses.";
const FRAILTY_DIFFERS: &str = "People of 66 and older in a nursing home, or frail with an advanced illness, and people in palliative care are not left out.";
const CODES_DIFFER: &str = "The value sets are those of 2021 without CPT, HCPCS, ICD-9-CM and ICD-10-PCS.";
const UPDATE_DIFFERS: &str = "The value sets are those of the eCQM update 2025-05-08 without CPT, HCPCS and ICD-10-PCS; that of hospice care is of 2021.";
const DAYS_DIFFER: &str = "The day of a result is that of UTC, and of a result over a span the day it began.";
const UNDATED_DIFFERS: &str =
    "A diagnosis without a date of onset is taken to have been there; one that is over without a date is not counted.";
const YEARS_DIFFER: &str = "The ages are those of performance period 2025, whatever year is asked for.";

/// All measures, in the order of their numbers.
///
/// Population, exclusions and numerator: <https://github.com/cqframework/ecqm-content-qicore-2024>, commit
/// 07333f4f981cfbed4763cf0faee103567b3a9792, `input/cql/BreastCancerScreeningFHIR.cql` (0.0.001), `input/cql/ColonCancerScreeningFHIR.cql`
/// (0.1.000) and `input/cql/DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR.cql` (0.1.002), and commit
/// 4661e38512dd28c94a064d1825cdfd8ad1593919, `input/cql/ControllingHighBloodPressureFHIR.cql` (0.1.000), all for performance period 2025;
/// hospice: `input/cql/Hospice.cql` (6.7.000).
pub const MEASURES: &[Measure] = &[
    Measure {
        id: "CMS122",
        title: "Diabetes: Glycemic Status Assessment Greater Than 9%",
        version: "DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR 0.1.002, performance period 2025",
        source: "https://github.com/cqframework/ecqm-content-qicore-2024/blob/07333f4f981cfbed4763cf0faee103567b3a9792/input/cql/DiabetesGlycemicStatusAssessmentGreaterThan9PercentFHIR.cql",
        formula: FORMULA,
        gender: None,
        ages: (18, 75),
        visits: VISITS,
        diagnoses: &[present("Diabetes", &value_set::DIABETES, 12)],
        exclusions: &[HOSPICE],
        numerator: &[
            Event { absent: true, ..glycemic("No HbA1c or glucose management indicator", None) },
            glycemic(
                "The last has no result",
                Some(Last {
                    each: &[&[
                        ("value-quantity:missing", "true"),
                        ("value-concept:missing", "true"),
                        ("value-string:missing", "true"),
                        ("value-date:missing", "true"),
                    ]],
                    none: &[],
                }),
            ),
            glycemic(
                "The last, the lowest of its day, is above 9 %",
                Some(Last {
                    each: &[&[("value-quantity", "gt9|http://unitsofmeasure.org|%")]],
                    none: &[&[("value-quantity", "le9|http://unitsofmeasure.org|%")]],
                }),
            ),
        ],
        lower_is_better: true,
        differs: &[
            YEARS_DIFFER,
            VISITS_DIFFER,
            UPDATE_DIFFERS,
            UNDATED_DIFFERS,
            HOSPICE_DIFFERS,
            FRAILTY_DIFFERS,
            DAYS_DIFFER,
        ],
    },
    Measure {
        id: "CMS125",
        title: "Breast Cancer Screening",
        version: "BreastCancerScreeningFHIR 0.0.001, performance period 2025",
        source: "https://github.com/cqframework/ecqm-content-qicore-2024/blob/07333f4f981cfbed4763cf0faee103567b3a9792/input/cql/BreastCancerScreeningFHIR.cql",
        formula: FORMULA,
        gender: Some("female"),
        ages: (52, 74),
        visits: VISITS,
        diagnoses: &[],
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
        lower_is_better: false,
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
        diagnoses: &[],
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
        lower_is_better: false,
        differs: &[YEARS_DIFFER, VISITS_DIFFER, CODES_DIFFER, HOSPICE_DIFFERS, FRAILTY_DIFFERS],
    },
    Measure {
        id: "CMS165",
        title: "Controlling High Blood Pressure",
        version: "ControllingHighBloodPressureFHIR 0.1.000, performance period 2025",
        source: "https://github.com/cqframework/ecqm-content-qicore-2024/blob/4661e38512dd28c94a064d1825cdfd8ad1593919/input/cql/ControllingHighBloodPressureFHIR.cql",
        formula: FORMULA,
        gender: None,
        ages: (18, 85),
        visits: VISITS,
        diagnoses: &[present("Essential hypertension", &value_set::ESSENTIAL_HYPERTENSION, 6)],
        exclusions: &[
            HOSPICE,
            Event {
                own_codes: &["http://snomed.info/sct|72892002"],
                ..present("Pregnancy", &value_set::PREGNANCY, 12)
            },
            present("End stage renal disease", &value_set::END_STAGE_RENAL_DISEASE, 12),
            present("Kidney transplant recipient", &value_set::KIDNEY_TRANSPLANT_RECIPIENT, 12),
            present("Chronic kidney disease, stage 5", &value_set::CHRONIC_KIDNEY_DISEASE_STAGE_5, 12),
            done("Kidney transplant", Some(&value_set::KIDNEY_TRANSPLANT), When::Before("date")),
            done("Dialysis", Some(&value_set::DIALYSIS_SERVICES), When::Before("date")),
        ],
        numerator: &[Event {
            own_codes: &["http://loinc.org|85354-9"],
            last: Some(Last {
                each: &[
                    &[(
                        "component-code-value-quantity",
                        "http://loinc.org|8480-6$lt140|http://unitsofmeasure.org|mm[Hg]",
                    )],
                    &[(
                        "component-code-value-quantity",
                        "http://loinc.org|8462-4$lt90|http://unitsofmeasure.org|mm[Hg]",
                    )],
                ],
                none: &[],
            }),
            ..observed(
                "On the last day with a blood pressure, the lowest is below 140 and the lowest below 90 mmHg",
                None,
                false,
                since(0),
            )
        }],
        lower_is_better: false,
        differs: &[
            YEARS_DIFFER,
            VISITS_DIFFER,
            UPDATE_DIFFERS,
            UNDATED_DIFFERS,
            HOSPICE_DIFFERS,
            FRAILTY_DIFFERS,
            DAYS_DIFFER,
            "Readings in an emergency or in a stay in hospital are not left out.",
            "Monthly outpatient services for end stage renal disease are not known.",
            "SNOMED CT 72892002, as our charts have it, is a pregnancy too.",
        ],
    },
];

/// The measure of that number.
pub fn named(id: &str) -> Option<&'static Measure> {
    MEASURES.iter().find(|measure| measure.id == id)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn events() -> impl Iterator<Item = &'static Event> {
        MEASURES.iter().flat_map(|m| m.visits.iter().chain(m.diagnoses).chain(m.exclusions).chain(m.numerator))
    }

    #[test]
    fn a_measure_is_named_by_address_and_version() {
        for measure in MEASURES {
            let canonical = measure.canonical();
            assert!(!canonical.contains(' '), "{canonical}");
            let (found, version) = of_canonical(&canonical).unwrap();
            assert_eq!((found.id, version), (measure.id, Some(measure.release())));
        }
        assert_eq!(named("CMS122").unwrap().canonical(), "https://wintehr.org/fhir/Measure/CMS122|0.1.002");
        assert!(of_canonical("https://wintehr.org/fhir/Measure/CMS125").unwrap().1.is_none());
        assert!(of_canonical("http://elsewhere/Measure/CMS125|1").is_none());
    }

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
        assert_eq!(When::Before("date").end(2025), "2026-01-01");
        let half = When::Overlaps { onset: "onset-date", abatement: "abatement-date", months: 6 };
        assert_eq!((half.first_day(2025), half.end(2025)), (None, "2025-07-01".to_owned()));
        assert!(named("CMS999").is_none());
    }

    #[test]
    fn every_event_is_of_a_type_with_a_patient_and_its_parameters() {
        for event in events() {
            let resource_type = fhir::ResourceType::named(event.resource_type).unwrap();
            let pairs = event.pairs();
            let last =
                event.last.into_iter().flat_map(|last| last.each.iter().chain(last.none)).flat_map(|all| all.iter());
            let names = pairs.iter().map(|(name, _)| name.as_str()).chain(last.map(|(name, _)| *name));
            let code = (!event.codes().is_empty()).then_some("code");
            let names = names.chain([event.when.parameter(), "patient"]).chain(code);
            for name in names {
                let code = name.split(':').next().unwrap();
                assert!(fhir::search::registry::parameter(resource_type, code).is_some(), "{}: {name}", event.words);
            }
        }
    }

    #[test]
    fn a_set_names_each_code_once() {
        for set in events().filter_map(|event| event.set) {
            let mut tokens: Vec<String> = set.tokens().collect();
            let told = tokens.len();
            tokens.sort_unstable();
            tokens.dedup();
            assert!(told > 0 && tokens.len() == told, "{}", set.name);
        }
        assert_eq!(value_set::MAMMOGRAPHY.tokens().count(), 91);
        assert_eq!(value_set::MALIGNANT_NEOPLASM_OF_COLON.tokens().count(), 68);
        // As published: 281 and 493, 1,923 and 64 codes of ICD-10-CM and SNOMED CT.
        assert_eq!((value_set::DIABETES.tokens().count(), value_set::PREGNANCY.tokens().count()), (774, 1_987));
    }
}
