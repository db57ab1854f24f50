//! How much two Patient documents agree: the score of `$match`. It knows no other record and merges nothing.
//!
//! Weights and limits: HL7 Interoperable Digital Identity and Patient Matching 1.0.0-ballot, table of weighted elements and invariants
//! `idi-L1` (6) and `idi-L2` (12): passport or driver's licence number 9, e-mail 7, mobile phone 7, first and last name 5, home address
//! 5, birth date 2, marital status 1, gender 1. There they weigh what a request holds, here what of it agrees. Beyond that table, and
//! ours: an identifier of the same system and value counts as a licence number, a name with one letter amiss or a birth date of the
//! same year counts half.

use crate::Json;
use crate::search::fold::fold;

/// Agreement of a candidate with what was asked. Weights are doubled, so that halves are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Agreement {
    /// Of what agrees.
    agreed: u32,
    /// Of what the request holds.
    asked: u32,
    /// Whether something that tells people apart differs: name, birth date or gender.
    differs: bool,
}

/// R4's match-grade.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Grade {
    CertainlyNot,
    Possible,
    Probable,
    Certain,
}

impl Grade {
    pub fn code(self) -> &'static str {
        match self {
            Self::CertainlyNot => "certainly-not",
            Self::Possible => "possible",
            Self::Probable => "probable",
            Self::Certain => "certain",
        }
    }
}

impl Agreement {
    /// What agrees as a part of what was asked, 0 to 1.
    pub fn score(&self) -> f64 {
        if self.asked == 0 { 0.0 } else { f64::from(self.agreed) / f64::from(self.asked) }
    }

    /// `certain` from 12 on when nothing differs, `probable` from 12 on, `possible` from 6 on.
    pub fn grade(&self) -> Grade {
        match (self.agreed, self.differs) {
            (24.., false) => Grade::Certain,
            (24.., true) => Grade::Probable,
            (12.., _) => Grade::Possible,
            _ => Grade::CertainlyNot,
        }
    }

    /// `part` of 2: 0 nothing, 1 half, 2 all.
    fn count(&mut self, weight: u32, part: u32) {
        self.asked += 2 * weight;
        self.agreed += part * weight;
    }
}

/// How much the candidate agrees with the patient that is looked for.
pub fn agreement(asked: &Json<'_>, candidate: &Json<'_>) -> Agreement {
    let mut out = Agreement::default();
    let identifiers = |of: &Json<'_>| pairs(of, "identifier", &["system", "value"]);
    let (own, other) = (identifiers(asked), identifiers(candidate));
    if !own.is_empty() {
        out.count(9, if own.iter().any(|i| other.contains(i)) { 2 } else { 0 });
    }
    for (system, weight) in [("email", 7), ("phone", 7)] {
        let (own, other) = (telecom(asked, system), telecom(candidate, system));
        if !own.is_empty() {
            out.count(weight, if own.iter().any(|t| other.contains(t)) { 2 } else { 0 });
        }
    }
    let (own, other) = (names(asked), names(candidate));
    if !own.is_empty() {
        let pairs = own.iter().flat_map(|a| other.iter().map(move |b| distance(a, b)));
        let part = pairs.min().map_or(0, |d| 2usize.saturating_sub(d) as u32);
        out.count(5, part);
        out.differs |= !other.is_empty() && part < 2;
    }
    let (own, other) = (addresses(asked), addresses(candidate));
    if !own.is_empty() {
        out.count(5, if own.iter().any(|a| other.contains(a)) { 2 } else { 0 });
    }
    if let Some(own) = asked.str_at("birthDate") {
        let other = candidate.str_at("birthDate").unwrap_or_default();
        let part = match () {
            () if own == other => 2,
            () if own.get(..4).is_some_and(|year| other.starts_with(year)) => 1,
            () => 0,
        };
        out.count(2, part);
        // A date that is less exact contradicts nothing.
        out.differs |= !other.is_empty() && !own.starts_with(other) && !other.starts_with(own);
    }
    let status = |of: &Json<'_>| pairs(of.get("maritalStatus").unwrap_or(&Json::Null), "coding", &["system", "code"]);
    let (own, other) = (status(asked), status(candidate));
    if !own.is_empty() {
        out.count(1, if own.iter().any(|s| other.contains(s)) { 2 } else { 0 });
    }
    if let Some(own) = asked.str_at("gender") {
        let other = candidate.str_at("gender");
        out.count(1, if other == Some(own) { 2 } else { 0 });
        out.differs |= other.is_some_and(|o| o != own && o != "unknown" && own != "unknown");
    }
    out
}

/// Items of a list that have all of these members, folded.
fn pairs(of: &Json<'_>, list: &str, members: &[&str]) -> Vec<Vec<String>> {
    let items = of.get(list).map_or(&[][..], Json::items).iter();
    items.filter_map(|i| members.iter().map(|m| i.str_at(m).map(fold)).collect()).collect()
}

fn telecom(of: &Json<'_>, system: &str) -> Vec<String> {
    let items = of.get("telecom").map_or(&[][..], Json::items).iter();
    let values = items.filter(|t| t.str_at("system") == Some(system)).filter_map(|t| t.str_at("value"));
    // Spaces and signs of a number do not matter.
    let plain = |v: &str| match system {
        "phone" => v.chars().filter(char::is_ascii_digit).collect(),
        _ => fold(v),
    };
    values.map(plain).filter(|v: &String| !v.is_empty()).collect()
}

/// First given and family names; old ones count, too.
fn names(of: &Json<'_>) -> Vec<(String, String)> {
    let items = of.get("name").map_or(&[][..], Json::items).iter();
    let parts =
        items.filter_map(|n| Some((fold(n.get("given")?.items().first()?.as_str()?), fold(n.str_at("family")?))));
    parts.collect()
}

fn addresses(of: &Json<'_>) -> Vec<(String, String)> {
    let items = of.get("address").map_or(&[][..], Json::items).iter();
    items.filter_map(|a| Some((fold(a.get("line")?.items().first()?.as_str()?), fold(a.str_at("city")?)))).collect()
}

/// Letters amiss in both parts together; 2 stands for more.
fn distance(a: &(String, String), b: &(String, String)) -> usize {
    (amiss(&a.0, &b.0) + amiss(&a.1, &b.1)).min(2)
}

/// 0 equal, 1 one letter put in, left out, changed or two neighbours swapped, 2 more.
fn amiss(a: &str, b: &str) -> usize {
    if a == b {
        return 0;
    }
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let (short, long) = if a.len() <= b.len() { (&a, &b) } else { (&b, &a) };
    let start = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[start..], &long[start..]);
    let one = match long.len() - short.len() {
        0 => {
            short[1..] == long[1..]
                || short.len() > 1 && short[0] == long[1] && short[1] == long[0] && short[2..] == long[2..]
        }
        1 => *short == long[1..],
        _ => false,
    };
    if one { 1 } else { 2 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agreement_is_graded() {
        let asked = Json::parse(
            r#"{"name":[{"family":"Berg","given":["Ada","M"]}],"birthDate":"1970-05-01","gender":"female",
                "identifier":[{"system":"urn:mrn","value":"1"}],"telecom":[{"system":"phone","value":"+46 (555) 01"}]}"#,
        )
        .unwrap();
        for (candidate, grade, agreed) in [
            (asked.to_text(), Grade::Certain, 48),
            (r#"{"name":[{"family":"BÉRG","given":["ada"]}],"birthDate":"1970-05-01","gender":"female"}"#.into(), Grade::Possible, 16),
            (r#"{"name":[{"family":"Breg","given":["Ada"]}],"identifier":[{"system":"urn:mrn","value":"1"}],"birthDate":"1970"}"#.into(), Grade::Probable, 25),
            (r#"{"name":[{"family":"Berg","given":["Eve"]}],"telecom":[{"system":"phone","value":"4655501"}]}"#.into(), Grade::Possible, 14),
            (r#"{"name":[{"family":"Berg","given":["Ada"]}]}"#.into(), Grade::CertainlyNot, 10),
            (r#"{"identifier":[{"system":"urn:other","value":"1"}]}"#.into(), Grade::CertainlyNot, 0),
        ] {
            let found = agreement(&asked, &Json::parse(&candidate).unwrap());
            assert_eq!((found.grade(), found.agreed, found.asked), (grade, agreed, 48), "{candidate}");
        }
    }

    #[test]
    fn one_letter_is_told_from_two() {
        for (a, b, letters) in [
            ("berg", "berg", 0),
            ("berg", "breg", 1),
            ("berg", "ber", 1),
            ("berg", "bergh", 1),
            ("berg", "bark", 2),
            ("", "b", 1),
            ("", "be", 2),
            ("abc", "bca", 2),
        ] {
            assert_eq!((amiss(a, b), amiss(b, a)), (letters, letters), "{a} {b}");
        }
    }
}
