//! The part of FHIRPath that search parameters are written in, taken apart once so that a document can be walked without an engine.
//!
//! Covered: unions of `Type.a.b`, `[0]`, `as`, `.as()`, `.ofType()`, `.where(name='literal')`, `.where(resolve() is Type)`,
//! `%resource.a` and the one test `x.exists() and x != false`. Anything else is an error that names the expression.

use crate::path::model::Type;
use crate::search::registry::{Kind, SearchParameter};
use crate::{Json, ResourceType, reference};

/// One alternative of the union.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    /// Starts at the resource even when the expression is a composite's component.
    pub from_resource: bool,
    pub steps: Vec<Step>,
    /// The value is whether the element exists and is not `false`.
    pub flag: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    /// A member. `cast` is the data type that was asked for, with an upper-case first letter, as it stands in JSON names.
    Member {
        name: String,
        cast: Option<String>,
    },
    Index(usize),
    /// `where(name = 'value')`.
    Equals {
        name: String,
        value: String,
    },
    /// `where(resolve() is Type)`; answered from the reference itself.
    Refers(ResourceType),
}

/// An expression outside the covered part.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("\"{expression}\" is not a path that search can walk: {reason}")]
pub struct PathError {
    pub expression: String,
    pub reason: String,
}

/// Reads an expression. `root` is the name that may stand first (`Resource` and `DomainResource` always may).
pub(crate) fn parse(expression: &str, root: &str) -> Result<Vec<Path>, PathError> {
    split_union(expression)
        .into_iter()
        .map(|part| alternative(part.trim(), root))
        .collect::<Result<_, _>>()
        .map_err(|reason| PathError { expression: expression.to_owned(), reason })
}

pub(crate) fn split_union(expression: &str) -> Vec<&str> {
    let (mut parts, mut from, mut depth, mut quoted) = (Vec::new(), 0, 0i32, false);
    for (i, b) in expression.bytes().enumerate() {
        match b {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' => depth -= 1,
            b'|' if depth == 0 => {
                parts.push(&expression[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    parts.push(&expression[from..]);
    parts
}

fn alternative(text: &str, root: &str) -> Result<Path, String> {
    // x.exists() and x != false
    if let Some((tested, compared)) = text.split_once(".exists() and ") {
        return if compared.strip_suffix("!= false").map(str::trim) == Some(tested) {
            Ok(Path { flag: true, ..alternative(tested, root)? })
        } else {
            Err(format!("the test \"{text}\" is not known"))
        };
    }
    // (a.b as T)rest
    if let Some(inner) = text.strip_prefix('(') {
        let close = closing(inner).ok_or("a parenthesis is not closed")?;
        let (inner, rest) = (&inner[..close], &inner[close + 1..]);
        let mut path = match inner.split_once(" as ") {
            Some((path, cast)) => {
                let mut path = alternative(path.trim(), root)?;
                set_cast(&mut path.steps, cast.trim())?;
                path
            }
            None => alternative(inner.trim(), root)?,
        };
        if !rest.is_empty() {
            steps(rest.strip_prefix('.').ok_or("a dot is missing after a parenthesis")?, &mut path.steps)?;
        }
        return Ok(path);
    }
    let (from_resource, text) = match text.strip_prefix("%resource") {
        Some(rest) => (true, rest.strip_prefix('.').unwrap_or(rest)),
        None => (false, text),
    };
    let first = text.split(['.', '[']).next().unwrap_or_default();
    let text = if [root, "Resource", "DomainResource"].contains(&first) {
        let rest = &text[first.len()..];
        rest.strip_prefix('.').unwrap_or(rest)
    } else {
        text
    };
    let mut path = Path { from_resource, steps: Vec::new(), flag: false };
    if !text.is_empty() {
        steps(text, &mut path.steps)?;
    }
    Ok(path)
}

fn steps(mut text: &str, out: &mut Vec<Step>) -> Result<(), String> {
    loop {
        let end = text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_')).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err(format!("a name was expected at \"{text}\""));
        }
        text = rest;
        if let Some(rest) = text.strip_prefix('(') {
            let close = closing(rest).ok_or("a parenthesis is not closed")?;
            let argument = rest[..close].trim();
            text = &rest[close + 1..];
            match name {
                "as" | "ofType" => set_cast(out, argument)?,
                "where" => out.push(condition(argument)?),
                // what `extension.where(url = '…')` says
                "extension" => {
                    out.push(Step::Member { name: name.to_owned(), cast: None });
                    out.push(condition(&format!("url = {argument}"))?);
                }
                _ => return Err(format!("the function {name}() is not covered")),
            }
        } else if name.starts_with(|c: char| c.is_ascii_lowercase()) {
            out.push(Step::Member { name: name.to_owned(), cast: None });
        } else {
            return Err(format!("\"{name}\" is another type"));
        }
        if let Some(rest) = text.strip_prefix('[') {
            let (index, rest) = rest.split_once(']').ok_or("a bracket is not closed")?;
            out.push(Step::Index(index.trim().parse().map_err(|_| format!("\"{index}\" is no index"))?));
            text = rest;
        }
        if text.is_empty() {
            return Ok(());
        }
        text = text.strip_prefix('.').ok_or_else(|| format!("\"{text}\" is not covered"))?;
    }
}

fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quoted) = (0, false);
    for (i, b) in text.bytes().enumerate() {
        match b {
            b'\'' => quoted = !quoted,
            _ if quoted => {}
            b'(' => depth += 1,
            b')' if depth == 0 => return Some(i),
            b')' => depth -= 1,
            _ => {}
        }
    }
    None
}

fn set_cast(steps: &mut [Step], name: &str) -> Result<(), String> {
    let mut letters = name.chars();
    let first = letters.next().filter(char::is_ascii_alphabetic).ok_or("a type was expected")?;
    match steps.last_mut() {
        Some(Step::Member { cast: cast @ None, .. }) => {
            *cast = Some(first.to_ascii_uppercase().to_string() + letters.as_str());
            Ok(())
        }
        _ => Err(format!("nothing that could be taken as {name}")),
    }
}

fn condition(text: &str) -> Result<Step, String> {
    if let Some(name) = text.strip_prefix("resolve() is ") {
        let name = name.trim();
        return ResourceType::named(name).map(Step::Refers).ok_or_else(|| format!("{name} is no resource type"));
    }
    let (name, value) = text.split_once('=').ok_or_else(|| format!("the condition \"{text}\" is not covered"))?;
    let (name, value) = (name.trim(), value.trim());
    let literal = value.strip_prefix('\'').and_then(|v| v.strip_suffix('\'')).filter(|v| !v.contains(['\'', '\\']));
    match literal {
        Some(value) if name.bytes().all(|b| b.is_ascii_alphanumeric()) => {
            Ok(Step::Equals { name: name.to_owned(), value: value.to_owned() })
        }
        _ => Err(format!("the condition \"{text}\" is not covered")),
    }
}

/// The data types a parameter of this kind reads: the endings under which JSON holds a choice element that was not cast.
pub(crate) fn endings(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Token => {
            &["", "CodeableConcept", "Coding", "Code", "Boolean", "Identifier", "ContactPoint", "String", "Uri", "Id"]
        }
        Kind::Date => &["", "DateTime", "Date", "Instant", "Period", "Timing"],
        Kind::String => &["", "String", "Markdown", "HumanName", "Address"],
        Kind::Reference => &["", "Reference", "Canonical", "Uri"],
        Kind::Quantity => {
            &["", "Quantity", "Range", "Money", "Age", "Duration", "SampledData", "Count", "Distance", "Ratio"]
        }
        Kind::Number => &["", "Decimal", "Integer", "PositiveInt", "UnsignedInt", "Range"],
        Kind::Uri => &["", "Uri", "Url", "Canonical", "Oid", "Uuid"],
        Kind::Composite | Kind::Special => &[""],
    }
}

/// The data types of the elements a parameter's expression selects, as the definitions have them; of a choice that is not cast,
/// those its kind reads. Empty for an expression that cannot be read.
pub(crate) fn value_types(param: &SearchParameter) -> Vec<Type> {
    types_of(&parse(param.expression, param.base.name()).unwrap_or_default(), param.base, param.kind).0
}

/// As [`value_types`], of paths; and what references among them may point to, empty for anything.
pub(crate) fn types_of(paths: &[Path], base: ResourceType, kind: Kind) -> (Vec<Type>, Vec<&'static str>) {
    let Some(root) = Type::named(base.name()) else { return Default::default() };
    let (mut out, mut targets) = (Vec::new(), Vec::new());
    for path in paths {
        let last = path.steps.iter().rposition(|s| matches!(s, Step::Member { .. }));
        let mut at = vec![root];
        for (i, step) in path.steps.iter().enumerate() {
            let Step::Member { name, cast } = step else { continue };
            let choices = at.iter().filter_map(|t| t.child(name)).flat_map(|c| &c.choices);
            let wanted = |json: &str| match (json.strip_prefix(name.as_str()), cast) {
                (Some(end), Some(cast)) => end == cast,
                (Some(end), None) => Some(i) != last || endings(kind).contains(&end),
                (None, _) => false,
            };
            let chosen: Vec<_> = choices.filter(|c| wanted(c.json)).collect();
            if Some(i) == last {
                targets.extend(chosen.iter().flat_map(|c| c.targets.iter().copied()));
            }
            at = chosen.iter().map(|c| c.ty).collect();
        }
        out.extend(at);
    }
    (out, targets)
}

/// The type a reference element points to, as far as the element itself tells.
pub(crate) fn referred_type(element: &Json<'_>, base_url: Option<&str>) -> Option<ResourceType> {
    let from_text = |text: &str| match reference::parse(text, base_url) {
        reference::Target::Local { resource_type, .. } | reference::Target::Conditional { resource_type, .. } => {
            Some(resource_type)
        }
        reference::Target::Absolute { resource_type, .. } => resource_type,
        _ => None,
    };
    match element {
        Json::Object(o) => o
            .get("reference")
            .and_then(Json::as_str)
            .and_then(from_text)
            .or_else(|| o.get("type").and_then(Json::as_str).and_then(ResourceType::named)),
        Json::String(s) => from_text(s),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str, cast: Option<&str>) -> Step {
        Step::Member { name: name.into(), cast: cast.map(Into::into) }
    }

    fn one(expression: &str, root: &str) -> Path {
        let mut paths = parse(expression, root).unwrap();
        assert_eq!(paths.len(), 1);
        paths.remove(0)
    }

    #[test]
    fn every_shape_of_the_definitions_is_read() {
        let table = [
            ("Patient.name", "Patient", vec![member("name", None)]),
            ("Resource.id", "Patient", vec![member("id", None)]),
            ("name", "InsurancePlan", vec![member("name", None)]),
            ("(Observation.value as Quantity)", "Observation", vec![member("value", Some("Quantity"))]),
            ("(RiskAssessment.occurrence as dateTime)", "RiskAssessment", vec![member("occurrence", Some("DateTime"))]),
            ("Condition.onset.as(Age)", "Condition", vec![member("onset", Some("Age"))]),
            (
                "(Observation.value as CodeableConcept).text",
                "Observation",
                vec![member("value", Some("CodeableConcept")), member("text", None)],
            ),
            (
                "Account.subject.where(resolve() is Patient)",
                "Account",
                vec![member("subject", None), Step::Refers(ResourceType::Patient)],
            ),
            (
                "Library.relatedArtifact.where(type='composed-of').resource",
                "Library",
                vec![
                    member("relatedArtifact", None),
                    Step::Equals { name: "type".into(), value: "composed-of".into() },
                    member("resource", None),
                ],
            ),
            (
                "Bundle.entry[0].resource",
                "Bundle",
                vec![member("entry", None), Step::Index(0), member("resource", None)],
            ),
            ("Observation", "Observation", vec![]),
        ];
        for (expression, root, steps) in table {
            assert_eq!(one(expression, root).steps, steps, "{expression}");
        }
        assert!(one("%resource.referenceSeq.chromosome", "MolecularSequence").from_resource);
        let flag = one("Patient.deceased.exists() and Patient.deceased != false", "Patient");
        assert!(flag.flag);
        assert_eq!(flag.steps, [member("deceased", None)]);
        assert_eq!(parse("Observation | Observation.component", "Observation").unwrap().len(), 2);
        assert_eq!(parse("value.as(Quantity) | value.as(Range)", "Observation").unwrap().len(), 2);
    }

    #[test]
    fn other_expressions_are_refused_by_name() {
        for expression in [
            "",
            "Patient.name.first()",
            "Patient.name.where(use = 'a' or use = 'b').given",
            "Practitioner.name",
            "Patient.name + 1",
            "Patient.name[",
            "(Patient.name",
            "Patient.a.where(resolve() is Nothing)",
        ] {
            let error = parse(expression, "Patient");
            assert!(
                matches!(&error, Err(e) if e.expression == expression)
                    || error.as_ref().is_ok_and(|p| p[0].steps.is_empty()),
                "{expression}: {error:?}"
            );
        }
    }
}
