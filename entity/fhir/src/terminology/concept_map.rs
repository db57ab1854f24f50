//! Codes of one system as codes of another, by a ConceptMap: <https://hl7.org/fhir/R4/conceptmap-operation-translate.html>.

use crate::Json;

/// The code that is to be translated, and whither.
#[derive(Debug, Clone, Default)]
pub struct Mapping<'a> {
    pub system: &'a str,
    pub code: &'a str,
    pub target_system: Option<&'a str>,
    /// From targets to sources.
    pub reverse: bool,
}

/// One translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapped {
    /// Of R4's concept-map-equivalence; seen from the code that was asked for.
    pub equivalence: String,
    pub system: Option<String>,
    pub version: Option<String>,
    /// `None` says that there is none: `unmatched`.
    pub code: Option<String>,
    pub display: Option<String>,
    /// A map that is to be asked instead (`unmapped.mode` `other-map`).
    pub other_map: Option<String>,
}

impl Mapped {
    /// Whether it says what the code is, and not that it is nothing there.
    pub fn is_match(&self) -> bool {
        self.code.is_some() && !matches!(&*self.equivalence, "unmatched" | "disjoint")
    }
}

/// What the map says of a code; nothing when it does not know the code.
pub fn translate(map: &Json<'_>, asked: &Mapping<'_>) -> Vec<Mapped> {
    let mut out = Vec::new();
    for group in map.get("group").map_or(&[][..], Json::items) {
        let (from, to) = if asked.reverse { ("target", "source") } else { ("source", "target") };
        let other_system = group.str_at(to);
        if group.str_at(from).is_some_and(|s| s != asked.system)
            || asked.target_system.is_some_and(|t| other_system != Some(t))
        {
            continue;
        }
        let text = |of: &Json<'_>, name: &str| of.str_at(name).map(ToOwned::to_owned);
        let version = text(group, if asked.reverse { "sourceVersion" } else { "targetVersion" });
        let mapped = |of: &Json<'_>, equivalence: &str| Mapped {
            equivalence: equivalence.to_owned(),
            system: other_system.map(ToOwned::to_owned),
            version: version.clone(),
            code: text(of, "code"),
            display: text(of, "display"),
            other_map: None,
        };
        let mut known = false;
        for element in group.get("element").map_or(&[][..], Json::items) {
            let targets = element.get("target").map_or(&[][..], Json::items);
            if asked.reverse {
                let back = targets.iter().filter(|t| t.str_at("code") == Some(asked.code));
                out.extend(back.map(|t| mapped(element, inverse(t.str_at("equivalence").unwrap_or("equivalent")))));
            } else if element.str_at("code") == Some(asked.code) {
                known = true;
                out.extend(targets.iter().map(|t| mapped(t, t.str_at("equivalence").unwrap_or("equivalent"))));
            }
        }
        let Some(unmapped) = group.get("unmapped").filter(|_| !known && !asked.reverse) else { continue };
        match unmapped.str_at("mode") {
            Some("provided") => {
                let same = Mapped { code: Some(asked.code.to_owned()), ..mapped(&Json::Null, "equal") };
                out.push(same);
            }
            Some("fixed") => out.push(mapped(unmapped, "inexact")),
            Some("other-map") => {
                out.push(Mapped { other_map: text(unmapped, "url"), ..mapped(&Json::Null, "unmatched") });
            }
            _ => {}
        }
    }
    out
}

/// The relation as seen from the other side.
fn inverse(equivalence: &str) -> &str {
    match equivalence {
        "wider" => "narrower",
        "narrower" => "wider",
        "subsumes" => "specializes",
        "specializes" => "subsumes",
        other => other,
    }
}
