//! The codes that quality measures count, each set under the name and OID it is published with.
//!
//! Those of expansion 20210506 are taken from the expansions of the NLM's Value Set Authority Center in
//! <https://github.com/cqframework/ecqm-content-r4-2021>, `input/vocabulary/valueset/external/valueset-{oid}.json`, read 2026-11-28; those of
//! the eCQM update 2025-05-08 (in `ecqm_2025`) from `canvas_sdk/value_set/v2026` of the Python package `canvas` 0.261.0 (MIT), which has the
//! center's value sets as data, read 2026-11-29. The sets here are reduced: codes of CPT, HCPCS, ICD-9-CM and ICD-10-PCS are left out,
//! which our charts do not use.

mod ecqm_2025;

pub use ecqm_2025::*;

/// A published set of codes.
#[derive(Debug)]
pub struct ValueSet {
    pub name: &'static str,
    pub oid: &'static str,
    /// The version of the definition, as it was published.
    pub version: &'static str,
    /// The expansion that the codes are of.
    pub expansion: &'static str,
    /// Systems with their codes, a blank between two.
    pub codes: &'static [(&'static str, &'static str)],
}

impl ValueSet {
    /// The canonical address.
    pub fn url(&self) -> String {
        format!("http://cts.nlm.nih.gov/fhir/ValueSet/{}", self.oid)
    }

    /// `system|code` of each code.
    pub fn tokens(&self) -> impl Iterator<Item = String> {
        let of = |(system, codes): &'static (&'static str, &'static str)| {
            codes.split_whitespace().map(move |code| format!("{system}|{code}"))
        };
        self.codes.iter().flat_map(of)
    }
}

const SNOMED: &str = "http://snomed.info/sct";
const LOINC: &str = "http://loinc.org";
const ICD10CM: &str = "http://hl7.org/fhir/sid/icd-10-cm";

pub static MAMMOGRAPHY: ValueSet = ValueSet {
    name: "Mammography",
    oid: "2.16.840.1.113883.3.464.1003.108.12.1018",
    version: "20210304",
    expansion: "20210506",
    codes: &[(
        LOINC,
        "24604-1 24605-8 24606-6 24610-8 26175-0 26176-8 26177-6 26287-3 26289-9 26291-5 26346-7 26347-5 26348-3 26349-1 \
             26350-9 26351-7 36319-2 36625-2 36626-0 36627-8 36642-7 36962-9 37005-6 37006-4 37016-3 37017-1 37028-8 37029-6 \
             37030-4 37037-9 37038-7 37052-8 37053-6 37539-4 37542-8 37543-6 37551-9 37552-7 37553-5 37554-3 37768-9 37769-7 \
             37770-5 37771-3 37772-1 37773-9 37774-7 37775-4 38070-9 38071-7 38072-5 38090-7 38091-5 38807-4 38820-7 38854-6 \
             38855-3 39150-8 39152-4 39153-2 39154-0 42168-5 42169-3 42174-3 42415-0 42416-8 46335-6 46336-4 46337-2 46338-0 \
             46339-8 46342-2 46350-5 46351-3 46354-7 46355-4 46356-2 46380-2 48475-8 48492-3 69150-1 69251-7 69259-0 72137-3 \
             72138-1 72139-9 72140-7 72141-5 72142-3 86462-9 86463-7",
    )],
};

pub static BILATERAL_MASTECTOMY: ValueSet = ValueSet {
    name: "Bilateral Mastectomy",
    oid: "2.16.840.1.113883.3.464.1003.198.12.1005",
    version: "20190315",
    expansion: "20210506",
    codes: &[(
        SNOMED,
        "14693006 14714006 17086001 22418005 27865001 456903003 52314009 60633004 726636007 76468001 836436008 870629001",
    )],
};

pub static HISTORY_OF_BILATERAL_MASTECTOMY: ValueSet = ValueSet {
    name: "History of bilateral mastectomy",
    oid: "2.16.840.1.113883.3.464.1003.198.12.1068",
    version: "20171219",
    expansion: "20210506",
    codes: &[(ICD10CM, "Z90.13"), (SNOMED, "136071000119101 428529004")],
};

pub static HOSPICE_CARE_AMBULATORY: ValueSet = ValueSet {
    name: "Hospice Care Ambulatory",
    oid: "2.16.840.1.113883.3.526.3.1584",
    version: "20200307",
    expansion: "20210506",
    codes: &[(SNOMED, "385763009 385765002")],
};

pub static TOTAL_COLECTOMY: ValueSet = ValueSet {
    name: "Total Colectomy",
    oid: "2.16.840.1.113883.3.464.1003.198.12.1019",
    version: "20190315",
    expansion: "20210506",
    codes: &[(
        SNOMED,
        "119771000119101 26390003 303401008 307666008 307667004 307669001 31130001 36192008 44751009 456004 713165008 \
             787108001 787109009 787874000 787875004 787876003 80294005 858579005",
    )],
};

pub static MALIGNANT_NEOPLASM_OF_COLON: ValueSet = ValueSet {
    name: "Malignant Neoplasm of Colon",
    oid: "2.16.840.1.113883.3.464.1003.108.12.1001",
    version: "20171222",
    expansion: "20210506",
    codes: &[
        (ICD10CM, "C18.0 C18.1 C18.2 C18.3 C18.4 C18.5 C18.6 C18.7 C18.8 C18.9 C19 C20 C21.2 C21.8 C78.5"),
        (
            SNOMED,
            "716654007 109838007 130381000119103 133751000119102 1701000119104 184881000119106 187757001 269533000 269544008 \
             285312008 285611007 301756000 312111009 312112002 312113007 312114001 312115000 314965007 315058005 363406005 \
             363407001 363408006 363409003 363410008 363412000 363413005 363414004 363510005 425178004 449218003 \
             681601000119101 721695008 721696009 721699002 737058005 766981007 93761005 93771007 93826009 93980002 94006002 \
             94072004 94105000 94179005 94260004 94271003 94328005 94509004 94538001 94604000 94643001 96281000119107 \
             96981000119102",
        ),
    ],
};

pub static FECAL_OCCULT_BLOOD_TEST: ValueSet = ValueSet {
    name: "Fecal Occult Blood Test (FOBT)",
    oid: "2.16.840.1.113883.3.464.1003.198.12.1011",
    version: "20171219",
    expansion: "20210506",
    codes: &[(
        LOINC,
        "12503-9 12504-7 14563-1 14564-9 14565-6 2335-8 27396-1 27401-9 27925-7 27926-5 29771-3 56490-6 56491-4 57905-2 \
             58453-2 80372-6",
    )],
};

pub static FIT_DNA: ValueSet = ValueSet {
    name: "FIT DNA",
    oid: "2.16.840.1.113883.3.464.1003.108.12.1039",
    version: "20171219",
    expansion: "20210506",
    codes: &[(LOINC, "77353-1 77354-9")],
};

pub static FLEXIBLE_SIGMOIDOSCOPY: ValueSet = ValueSet {
    name: "Flexible Sigmoidoscopy",
    oid: "2.16.840.1.113883.3.464.1003.198.12.1010",
    version: "20171219",
    expansion: "20210506",
    codes: &[(SNOMED, "396226005 425634007 44441009 841000119107")],
};

pub static CT_COLONOGRAPHY: ValueSet = ValueSet {
    name: "CT Colonography",
    oid: "2.16.840.1.113883.3.464.1003.108.12.1038",
    version: "20190315",
    expansion: "20210506",
    codes: &[(LOINC, "60515-4 72531-7 79069-1 79071-7 79101-2 82688-3")],
};

pub static COLONOSCOPY: ValueSet = ValueSet {
    name: "Colonoscopy",
    oid: "2.16.840.1.113883.3.464.1003.108.12.1020",
    version: "20171219",
    expansion: "20210506",
    codes: &[(
        SNOMED,
        "12350003 174158000 235150006 235151005 25732003 310634005 34264006 367535003 425672002 425937002 427459009 \
             443998000 444783004 446521004 446745002 447021001 709421007 710293001 711307001 713154003 73761001 8180007 \
             851000119109",
    )],
};
