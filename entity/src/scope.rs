//! Scopes of tokens: `system/*.cruds`, `system/Patient.rs`, separated by spaces.
//!
//! Source: SMART App Launch 2.2, "Scopes for requesting FHIR Resources". What a person grants is read in [`crate::launch`]; granular `?…`
//! parts are refused.

use fhir::ResourceType;

use crate::role::Interaction;

/// What a scope text permits: type (`None` for every type) and interaction.
pub type Scope = Vec<(Option<ResourceType>, Interaction)>;

/// A scope that cannot be honoured, by its text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("scope \"{0}\" is not of the form system/Type.cruds or system/*.cruds")]
pub struct BadScope(pub String);

/// The scope as a text that [`parse`] reads.
pub fn text(scope: &Scope) -> String {
    let one = |(ty, i): &(Option<ResourceType>, Interaction)| {
        format!("system/{}.{}", ty.map_or("*", ResourceType::name), i.letter())
    };
    scope.iter().map(one).collect::<Vec<_>>().join(" ")
}

/// What both permit.
pub fn meet(one: &Scope, other: &Scope) -> Scope {
    let both = |(ty, of): &(Option<ResourceType>, Interaction), (also, by): &(Option<ResourceType>, Interaction)| {
        let met = ty.is_none() || also.is_none() || ty == also;
        (met && of == by).then_some((ty.or(*also), *of))
    };
    let mut met = Scope::new();
    for permission in one.iter().flat_map(|a| other.iter().filter_map(move |b| both(a, b))) {
        if !met.contains(&permission) {
            met.push(permission);
        }
    }
    met
}

/// Reads scopes; the letters of one must be in the order `cruds`.
///
/// # Errors
/// The first scope that is not of the form above; an empty text is one.
pub fn parse(text: &str) -> Result<Scope, BadScope> {
    let mut scope = Vec::new();
    for part in text.split_whitespace() {
        let bad = || BadScope(part.to_owned());
        let (name, letters) = part.strip_prefix("system/").and_then(|p| p.split_once('.')).ok_or_else(bad)?;
        let resource_type = match name {
            "*" => None,
            name => Some(ResourceType::named(name).ok_or_else(bad)?),
        };
        let mut rest = "cruds";
        for letter in letters.chars() {
            let (_, after) = rest.split_once(letter).ok_or_else(bad)?;
            rest = after;
            scope.push((resource_type, interaction(letter)));
        }
        if letters.is_empty() {
            return Err(bad());
        }
    }
    if scope.is_empty() { Err(BadScope(text.to_owned())) } else { Ok(scope) }
}

pub(crate) fn interaction(letter: char) -> Interaction {
    match letter {
        'c' => Interaction::Create,
        'r' => Interaction::Read,
        'u' => Interaction::Update,
        'd' => Interaction::Delete,
        's' => Interaction::Search,
        other => unreachable!("{other} is not a letter of cruds"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_two_scopes_permit_is_what_both_do() {
        for (one, other, both) in [
            ("system/*.cruds", "system/Patient.rs", "system/Patient.rs"),
            ("system/Patient.crs", "system/*.r system/Patient.c", "system/Patient.cr"),
            ("system/Patient.rs", "system/Group.rs", ""),
            ("system/*.c", "system/*.r", ""),
            ("system/*.rs", "system/*.s", "system/*.s"),
        ] {
            let sorted = |scope: &Scope| {
                let mut all: Vec<String> = scope.iter().map(|one| text(&vec![*one])).collect();
                all.sort();
                all
            };
            let expected = if both.is_empty() { Scope::new() } else { parse(both).unwrap() };
            let (one, other) = (parse(one).unwrap(), parse(other).unwrap());
            assert_eq!(sorted(&meet(&one, &other)), sorted(&expected));
            assert_eq!(sorted(&meet(&other, &one)), sorted(&expected));
        }
    }

    #[test]
    fn scopes_are_read_or_refused() {
        assert_eq!(parse("system/*.cruds").unwrap().len(), 5);
        assert_eq!(parse("system/Patient.rs").unwrap()[0], (Some(ResourceType::Patient), Interaction::Read));
        assert_eq!(parse("system/Patient.r system/Group.d").unwrap().len(), 2);
        for bad in [
            "",
            "system/*.dus",
            "system/*.",
            "user/*.r",
            "system/Nothing.r",
            "system/*.rr",
            "system/Patient.r?a=b",
            "x",
        ] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
