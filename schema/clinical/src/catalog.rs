//! Pick lists: what can be chosen by name when a chart is written, each with its codes. They are the terms of our own tables, not a
//! terminology; what is not in them is recorded in words.

use std::collections::BTreeMap;

use crate::demo::table::{Code, drug, problem, vaccine};

/// Which list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Conditions,
    Allergens,
    Reactions,
    Vaccines,
    Procedures,
    Medicines,
}

/// A term to choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    pub text: &'static str,
    pub codes: Vec<Code>,
    /// R4 allergy-intolerance-category of an allergen.
    pub category: Option<&'static str>,
}

/// All terms of a list, by name.
pub fn all(kind: Kind) -> Vec<Entry> {
    let of = |code: Code| Entry { text: code.display, codes: vec![code], category: None };
    let entries: Vec<Entry> = match kind {
        Kind::Conditions => {
            let entry = |p: &&problem::Problem| Entry { text: p.text, codes: vec![p.snomed, p.icd10], category: None };
            problem::PROBLEMS.iter().map(entry).collect()
        }
        Kind::Allergens => {
            let entry = |(a, _): &(&problem::Allergy, f64)| Entry {
                text: a.text,
                codes: vec![a.code],
                category: Some(a.category),
            };
            problem::ALLERGIES.iter().map(entry).collect()
        }
        Kind::Reactions => problem::ALLERGIES.iter().map(|(a, _)| of(a.reaction)).collect(),
        Kind::Vaccines => vaccine::all().map(of).collect(),
        Kind::Procedures => problem::PROCEDURES.iter().copied().map(of).collect(),
        Kind::Medicines => {
            let entry = |d: &&drug::Drug| Entry { text: d.text, codes: vec![d.code], category: None };
            drug::DRUGS.iter().map(entry).collect()
        }
    };
    let by_name: BTreeMap<String, Entry> = entries.into_iter().map(|e| (e.text.to_lowercase(), e)).collect();
    by_name.into_values().collect()
}

/// The terms in which every word of `text` begins a word or is a code; those that begin with the text first, then by name.
pub fn search(kind: Kind, text: &str) -> Vec<Entry> {
    let text = text.trim().to_lowercase();
    let asked: Vec<&str> = text.split_whitespace().collect();
    let mut found = all(kind);
    found.retain(|entry| {
        let words = words(entry);
        asked.iter().all(|a| words.iter().any(|w| w.starts_with(a)))
    });
    found.sort_by_key(|entry| !entry.text.to_lowercase().starts_with(&text));
    found
}

/// Abbreviations and everyday words by which a problem is looked for, by its SNOMED CT code. They only find it: what is recorded is the
/// term.
const ALSO_CALLED: &[(&str, &str)] = &[
    ("44054006", "T2DM DM2 NIDDM adult-onset diabetes sugar"),
    ("59621000", "HTN high blood pressure raised BP hypertonia"),
    ("431856006", "CKD2 kidney failure renal insufficiency"),
    ("700378005", "CKD3a kidney failure renal insufficiency"),
    ("700379002", "CKD3b kidney failure renal insufficiency"),
    ("431857002", "CKD4 kidney failure renal insufficiency"),
    ("55822004", "HLD high cholesterol hypercholesterolemia dyslipidemia hyperlipidaemia lipids"),
    ("195967001", "bronchial wheeze RAD reactive airway"),
    ("13645005", "COPD emphysema chronic bronchitis COLD"),
    ("195951007", "AECOPD COPD flare exacerbation"),
    ("42343007", "CHF HF HFrEF cardiac insufficiency"),
    ("88805009", "CHF HF HFrEF cardiac insufficiency"),
    ("49436004", "AF AFib a-fib irregular heartbeat"),
    ("53741008", "CAD CHD IHD ischemic heart ischaemic atherosclerosis"),
    ("35489007", "MDD depressed low mood"),
    ("21897009", "GAD anxious worry"),
    ("40930008", "underactive thyroid myxedema"),
    ("239873007", "OA gonarthrosis arthrosis degenerative joint"),
    ("279039007", "LBP lumbago backache"),
    ("414916001", "overweight adiposity"),
    ("385093006", "CAP lung infection chest infection"),
    ("10509002", "chest cold"),
    ("195662009", "sore throat pharyngitis"),
    ("444814009", "sinus infection rhinosinusitis"),
    ("65363002", "AOM ear infection earache"),
    ("43878008", "strep throat tonsillitis"),
    ("44465007", "twisted ankle"),
    ("65966004", "broken arm radius ulna"),
    ("62106007", "mTBI mild head injury commotio"),
    ("72892002", "pregnant gravid"),
    ("14140009", "high potassium hyperkalaemia"),
    ("89627008", "low sodium hyponatraemia"),
    ("80394007", "high blood sugar glucose hyperglycaemia"),
    ("271737000", "low hemoglobin haemoglobin anaemia"),
];

fn words(entry: &Entry) -> Vec<String> {
    let displays = entry.codes.iter().flat_map(|c| [c.display, c.code]);
    let also = ALSO_CALLED.iter().filter(|(code, _)| entry.codes.iter().any(|c| c.code == *code));
    displays
        .chain([entry.text])
        .chain(also.map(|(_, words)| *words))
        .flat_map(|t| t.split(|c: char| !c.is_alphanumeric() && c != '.'))
        .filter(|w| !w.is_empty())
        .map(str::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_are_found_by_beginnings_of_words_and_by_code() {
        let texts = |kind, text| search(kind, text).into_iter().map(|e| e.text).collect::<Vec<_>>();
        assert_eq!(texts(Kind::Conditions, "diab type 2")[0], "Type 2 diabetes mellitus");
        assert_eq!(texts(Kind::Conditions, "I10"), ["Essential hypertension"]);
        assert_eq!(texts(Kind::Conditions, "195967001"), ["Asthma"]);
        assert_eq!(texts(Kind::Conditions, "sthma"), Vec::<&str>::new());
        assert_eq!(texts(Kind::Conditions, "high blood pres"), ["Essential hypertension"]);
        assert!(texts(Kind::Conditions, "afib").contains(&"Atrial fibrillation"));
        let known = |code: &str| problem::PROBLEMS.iter().any(|p| p.snomed.code == code);
        assert!(ALSO_CALLED.iter().all(|(code, _)| known(code)), "each synonym is of a term");
        assert!(!texts(Kind::Vaccines, "influenza").is_empty());
        assert!(!texts(Kind::Allergens, "peni").is_empty());
    }

    #[test]
    fn every_term_has_a_code_and_its_own_name() {
        for kind in
            [Kind::Conditions, Kind::Allergens, Kind::Reactions, Kind::Vaccines, Kind::Procedures, Kind::Medicines]
        {
            let all = all(kind);
            assert!(all.len() >= 4, "{kind:?}");
            assert!(all.iter().all(|e| !e.text.is_empty() && !e.codes.is_empty()));
        }
    }
}
