//! Search parameters that are defined at run time, by SearchParameter resources: what such a resource means, and the set a server has.
//!
//! Served are expressions that [`element_path`] covers; others are refused, and so is a code that R4 has already. A query holds its
//! parameters for as long as the process lives, so each distinct definition is kept once, for good.
//!
//! Source: <https://hl7.org/fhir/R4/searchparameter.html>; types by parameter: <https://hl7.org/fhir/R4/search.html#table>.

use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use crate::outcome::{Issue, IssueType};
use crate::path::{Check, Expression, Type};
use crate::search::element_path::{self, Path, Step};
use crate::search::extract::Plan;
use crate::search::registry::{self, Component, Kind, SearchParameter};
use crate::{Json, ResourceType};

/// Most parameters that may be added to one type: each is looked for in every document of it.
pub const MOST_PER_TYPE: usize = 100;
/// Longest code.
const MAX_CODE: usize = 64;

/// The parameters that a server has beside R4's own.
#[derive(Debug, Default)]
pub struct Added {
    by_type: BTreeMap<ResourceType, OfType>,
}

#[derive(Debug, Default)]
struct OfType {
    /// What writes index, served or not yet.
    written: Vec<&'static SearchParameter>,
    served: Vec<&'static SearchParameter>,
    /// The codes that cannot be used yet, each with its job.
    waiting: Vec<(&'static str, String)>,
}

impl Added {
    /// Adds a parameter. With a job it is written, and can be used when that job is done.
    pub fn add(&mut self, param: &'static SearchParameter, job: Option<&str>) {
        let of_type = self.by_type.entry(param.base).or_default();
        of_type.written.push(param);
        match job {
            None => of_type.served.push(param),
            Some(job) => of_type.waiting.push((param.code, job.to_owned())),
        }
    }

    /// Those that may be searched by.
    pub fn served(&self, resource_type: ResourceType) -> &[&'static SearchParameter] {
        self.by_type.get(&resource_type).map_or(&[], |t| &t.served)
    }

    /// What tells this set of those that may be searched by from others, as long as the process lives.
    pub fn identity(&self) -> Vec<usize> {
        let served = self.by_type.values().flat_map(|t| &t.served);
        let mut each: Vec<usize> = served.map(|p| std::ptr::from_ref(*p).addr()).collect();
        each.sort_unstable();
        each
    }

    /// How many are written.
    pub fn count(&self, resource_type: ResourceType) -> usize {
        self.by_type.get(&resource_type).map_or(0, |t| t.written.len())
    }

    /// Whether one has that code, served or not.
    pub fn has(&self, resource_type: ResourceType, code: &str) -> bool {
        self.by_type.get(&resource_type).is_some_and(|t| t.written.iter().any(|p| p.code == code))
    }
}

/// The set as one reading of a search asks it. It notes whether it was asked for what R4 does not have: then the answer depends on
/// how new the set is.
#[derive(Debug)]
pub struct Reading<'a> {
    added: &'a Added,
    beyond: AtomicBool,
}

impl<'a> Reading<'a> {
    pub fn of(added: &'a Added) -> Self {
        Self { added, beyond: AtomicBool::new(false) }
    }

    /// Whether it was asked for a parameter that R4 does not have.
    pub fn went_beyond(&self) -> bool {
        self.beyond.load(Ordering::Relaxed)
    }

    pub(super) fn parameter(&self, resource_type: ResourceType, code: &str) -> Option<&'static SearchParameter> {
        self.beyond.store(true, Ordering::Relaxed);
        self.added.served(resource_type).iter().find(|p| p.code == code).copied()
    }

    /// Those of a type that may be searched by.
    pub fn served(&self, resource_type: ResourceType) -> &'a [&'static SearchParameter] {
        self.beyond.store(true, Ordering::Relaxed);
        self.added.served(resource_type)
    }

    /// The codes of a type that cannot be used yet.
    pub fn unfinished(&self, resource_type: ResourceType) -> impl Iterator<Item = &'static str> {
        self.beyond.store(true, Ordering::Relaxed);
        let waiting = self.added.by_type.get(&resource_type).map_or(&[][..], |t| &t.waiting);
        waiting.iter().map(|(code, _)| *code)
    }

    pub(super) fn waiting(&self, resource_type: ResourceType, code: &str) -> Option<&str> {
        let of_type = self.added.by_type.get(&resource_type)?;
        of_type.waiting.iter().find(|(c, _)| *c == code).map(|(_, job)| job.as_str())
    }

    pub(super) fn written(&self, resource_type: ResourceType) -> &[&'static SearchParameter] {
        self.added.by_type.get(&resource_type).map_or(&[], |t| &t.written)
    }
}

/// What a SearchParameter resource adds: one parameter for each base, in order. Nothing when it is not active, or when it says again what
/// R4 has (its own definition, or one that is `derivedFrom` it).
///
/// # Errors
/// What cannot be served, each with its place.
pub fn read(document: &Json<'_>) -> Result<Vec<&'static SearchParameter>, Vec<Issue>> {
    if document.str_at("status") != Some("active") {
        return Ok(Vec::new());
    }
    let mut reader = Reader { document, issues: Vec::new() };
    let read = reader.definitions();
    if reader.issues.is_empty() {
        let mut kept = Vec::new();
        for definition in read {
            let base = definition.base;
            match keep(definition) {
                Ok(param) => kept.push(param),
                Err(reason) => reader.refuse(IssueType::NotSupported, format!("on {base}: {reason}"), "expression"),
            }
        }
        if reader.issues.is_empty() {
            return Ok(kept);
        }
    }
    Err(reader.issues)
}

/// A parameter as it is defined for one base.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Definition {
    base: ResourceType,
    code: String,
    url: String,
    kind: &'static str,
    expression: String,
    targets: Vec<ResourceType>,
    /// Codes of R4's own parameters of the base, and expressions.
    components: Vec<(&'static str, String)>,
}

/// The one parameter of that definition.
fn keep(definition: Definition) -> Result<&'static SearchParameter, String> {
    static KEPT: LazyLock<Mutex<HashMap<Definition, &'static SearchParameter>>> = LazyLock::new(Mutex::default);
    let mut kept = KEPT.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(param) = kept.get(&definition) {
        return Ok(param);
    }
    let text = |text: &str| -> &'static str { Box::leak(text.to_owned().into_boxed_str()) };
    let components = definition.components.iter().map(|(code, e)| Component { code, expression: text(e) });
    let param: &'static SearchParameter = Box::leak(Box::new(SearchParameter {
        base: definition.base,
        code: text(&definition.code),
        url: text(&definition.url),
        kind: registry::kind(definition.kind).ok_or("an unknown type")?,
        expression: text(&definition.expression),
        targets: Box::leak(definition.targets.clone().into_boxed_slice()),
        components: Box::leak(components.collect::<Vec<_>>().into_boxed_slice()),
        own: OnceLock::new(),
    }));
    let plan = Plan::of(param).map_err(|e| e.to_string())?;
    // Nobody else has it yet.
    let _ = param.own.set(plan);
    kept.insert(definition, param);
    Ok(param)
}

struct Reader<'d> {
    document: &'d Json<'d>,
    issues: Vec<Issue>,
}

impl Reader<'_> {
    fn refuse(&mut self, code: IssueType, text: String, member: &str) {
        self.issues.push(Issue::error(code, text).at(format!("SearchParameter.{member}")));
    }

    fn definitions(&mut self) -> Vec<Definition> {
        let document = self.document;
        let (code, url) = (document.str_at("code").unwrap_or_default(), document.str_at("url").unwrap_or_default());
        let (bases, derived) = (self.bases(), document.str_at("derivedFrom"));
        // R4's own, or a profile of it, goes on as it is: it is served whatever the definition says of how.
        let is_own = |own: &SearchParameter| url == own.url || derived == Some(own.url);
        let served = |base: &ResourceType| registry::parameter(*base, code).is_some_and(is_own);
        if self.issues.is_empty() && !bases.is_empty() && bases.iter().all(served) {
            return Vec::new();
        }
        let named = !code.is_empty()
            && code.len() <= MAX_CODE
            && code.starts_with(|c: char| c.is_ascii_alphabetic())
            && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        if !named {
            let text =
                format!("a code that is searched by is a letter and up to {} of A-Z, a-z, 0-9, - and _", MAX_CODE - 1);
            self.refuse(IssueType::Value, text, "code");
        }
        let kind = match document.str_at("type") {
            Some("special") | None => None,
            Some(name) => registry::kind(name).map(|kind| (kind, KINDS.iter().find(|k| **k == name))),
        };
        let Some((kind, Some(kind_name))) = kind else {
            let text = "a parameter of this type is served by code of its own, and none is there for it";
            self.refuse(IssueType::NotSupported, text.into(), "type");
            return Vec::new();
        };
        let Some(expression) = document.str_at("expression").filter(|e| !e.trim().is_empty()) else {
            // R4 lets it be absent (0..1): the definition is right, but nothing here can search by it.
            let text = "without an expression nothing can be found by it; a definition that no server need serve has the status draft";
            self.refuse(IssueType::NotSupported, text.into(), "expression");
            return Vec::new();
        };
        if let Err(error) = Expression::parse_user(expression) {
            self.refuse(error.issue_type(), error.to_string(), "expression");
            return Vec::new();
        }
        let mut found = Vec::new();
        for base in &bases {
            if let Some(own) = registry::parameter(*base, code) {
                if !is_own(own) {
                    let text = format!("{base} has a search parameter \"{code}\" already: {}", own.url);
                    self.refuse(IssueType::Duplicate, text, "code");
                }
                continue;
            }
            let before = self.issues.len();
            let Some(definition) = self.of_base(*base, code, url, (kind, kind_name), expression) else { continue };
            if self.issues.len() == before {
                found.push(definition);
            }
        }
        found
    }

    /// The types that it is defined for; those that cannot be given parameters are refused.
    fn bases(&mut self) -> Vec<ResourceType> {
        let mut bases = Vec::new();
        let document = self.document;
        for (at, name) in document.get("base").map_or(&[][..], Json::items).iter().enumerate() {
            match name.as_str() {
                Some("Resource" | "DomainResource") => bases.extend(ResourceType::all().iter().copied()),
                name => match name.and_then(ResourceType::named) {
                    Some(ResourceType::AuditEvent | ResourceType::Parameters) | None => {
                        let text = format!("{} cannot be given parameters", name.unwrap_or("this"));
                        self.refuse(IssueType::NotSupported, text, &format!("base[{at}]"));
                    }
                    Some(base) => bases.push(base),
                },
            }
        }
        bases.retain(|b| ![ResourceType::AuditEvent, ResourceType::Parameters].contains(b));
        bases.sort_unstable();
        bases.dedup();
        bases
    }

    fn of_base(
        &mut self,
        base: ResourceType,
        code: &str,
        url: &str,
        (kind, kind_name): (Kind, &'static str),
        expression: &str,
    ) -> Option<Definition> {
        let own = alternatives_of(expression, base);
        if own.is_empty() {
            self.refuse(IssueType::Invalid, format!("the expression selects nothing of {base}"), "expression");
            return None;
        }
        let own = own.join(" | ");
        let checked = Expression::parse_user(&own)
            .and_then(|e| e.check(Type::named(base.name()).unwrap_or(Type::UNKNOWN), Check::default()));
        if let Err(error) = checked {
            self.refuse(error.issue_type(), format!("on {base}: {error}"), "expression");
            return None;
        }
        let paths = match element_path::parse(&own, base.name()) {
            Ok(paths) => paths,
            Err(error) => {
                self.refuse(IssueType::NotSupported, format!("on {base}: {error}"), "expression");
                return None;
            }
        };
        if let Some(reason) = paths.iter().find_map(|p| uncovered(p, kind)) {
            self.refuse(IssueType::NotSupported, format!("on {base}: {reason}"), "expression");
            return None;
        }
        if kind == Kind::Composite {
            let components = self.components(base)?;
            return Some(Definition {
                base,
                code: code.to_owned(),
                url: url.to_owned(),
                kind: kind_name,
                expression: own,
                targets: Vec::new(),
                components,
            });
        }
        let (types, targets) = element_path::types_of(&paths, base, kind);
        let wrong: Vec<&str> = types.iter().map(|t| t.name()).filter(|t| !data_types(kind).contains(t)).collect();
        if types.is_empty() || !wrong.is_empty() {
            let what = if types.is_empty() { "nothing that R4 has".to_owned() } else { wrong.join(", ") };
            let text = format!("on {base}: a {kind_name} parameter cannot read {what}, which the expression selects");
            self.refuse(IssueType::Invalid, text, "expression");
            return None;
        }
        let targets = if kind == Kind::Reference { self.targets(base, &targets)? } else { Vec::new() };
        Some(Definition {
            base,
            code: code.to_owned(),
            url: url.to_owned(),
            kind: kind_name,
            expression: own,
            targets,
            components: Vec::new(),
        })
    }

    /// The types a reference may point to: those that are named, else those that the element may have, else all.
    fn targets(&mut self, base: ResourceType, of_element: &[&str]) -> Option<Vec<ResourceType>> {
        let given = self.document.get("target").map_or(&[][..], Json::items);
        let mut targets = Vec::new();
        for (at, name) in given.iter().enumerate() {
            let name = name.as_str().unwrap_or_default();
            let may = of_element.is_empty() || of_element.contains(&name) || of_element.contains(&"Resource");
            if let Some(target) = ResourceType::named(name).filter(|_| may) {
                targets.push(target);
            } else {
                let text = format!("what the expression selects on {base} does not refer to {name}");
                self.refuse(IssueType::Invalid, text, &format!("target[{at}]"));
                return None;
            }
        }
        if targets.is_empty() {
            targets = of_element.iter().filter_map(|name| ResourceType::named(name)).collect();
        }
        if targets.is_empty() {
            targets = ResourceType::all().to_vec();
        }
        targets.sort_unstable();
        targets.dedup();
        Some(targets)
    }

    /// Two parameters of R4, the first a token, each with its expression.
    fn components(&mut self, base: ResourceType) -> Option<Vec<(&'static str, String)>> {
        let given = self.document.get("component").map_or(&[][..], Json::items);
        if given.len() != 2 {
            let text = "a composite is served of two parts, the first of which is a token".to_owned();
            self.refuse(IssueType::NotSupported, text, "component");
            return None;
        }
        let mut components = Vec::new();
        for (at, component) in given.iter().enumerate() {
            let place = format!("component[{at}]");
            let url = component.str_at("definition").unwrap_or_default();
            let of = registry::parameters(base).iter().find(|p| p.url == url);
            let fits = |p: &&SearchParameter| match at {
                0 => p.kind == Kind::Token,
                _ => !matches!(p.kind, Kind::Composite | Kind::Special),
            };
            let Some(own) = of.filter(fits) else {
                let text = format!("\"{url}\" is no parameter of R4 on {base} that can be this part of a composite");
                self.refuse(IssueType::NotSupported, text, &format!("{place}.definition"));
                return None;
            };
            let expression = component.str_at("expression").unwrap_or_default();
            let read = Expression::parse_user(expression).map_err(|e| e.to_string()).and_then(|_| {
                let paths = element_path::parse(expression, base.name()).map_err(|e| e.to_string())?;
                let plain = |p: &Path| !p.flag && p.steps.iter().all(|s| matches!(s, Step::Member { .. }));
                if paths.iter().all(plain) { Ok(()) } else { Err("a part of a composite is a path of members".into()) }
            });
            if let Err(reason) = read {
                self.refuse(IssueType::NotSupported, reason, &format!("{place}.expression"));
                return None;
            }
            components.push((own.code, expression.to_owned()));
        }
        Some(components)
    }
}

/// The types that are served for added parameters, by name.
const KINDS: [&str; 8] = ["string", "token", "reference", "date", "number", "quantity", "uri", "composite"];

/// The alternatives of a union that are about the base: those that begin with its name, with that of every resource, or with none.
fn alternatives_of(expression: &str, base: ResourceType) -> Vec<&str> {
    let about = |text: &&str| {
        let first = text.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
        let end = first.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(first.len());
        let name = &first[..end];
        name == base.name() || ["Resource", "DomainResource"].contains(&name) || ResourceType::named(name).is_none()
    };
    element_path::split_union(expression).into_iter().map(str::trim).filter(about).collect()
}

/// What keeps a path from being walked; `None` when nothing does.
fn uncovered(path: &Path, kind: Kind) -> Option<String> {
    let mut before: Option<&Step> = None;
    for (at, step) in path.steps.iter().enumerate() {
        let fits = match (step, before) {
            (Step::Member { .. }, _) => true,
            (Step::Index(_) | Step::Equals { .. }, Some(Step::Member { .. })) => true,
            (Step::Refers(_), Some(_)) => at + 1 == path.steps.len(),
            _ => false,
        };
        if !fits {
            return Some(format!("{step:?} cannot stand here"));
        }
        before = Some(step);
    }
    if path.flag || path.from_resource {
        return Some("tests and variables are not covered".into());
    }
    (path.steps.is_empty() && kind != Kind::Composite).then(|| "the resource itself is no value".to_owned())
}

/// The data types that a parameter of this kind reads.
fn data_types(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Token => &[
            "CodeableConcept",
            "Coding",
            "code",
            "boolean",
            "Identifier",
            "ContactPoint",
            "string",
            "uri",
            "id",
            "oid",
            "uuid",
        ],
        Kind::String => &["string", "markdown", "HumanName", "Address", "code", "id"],
        Kind::Date => &["date", "dateTime", "instant", "Period", "Timing"],
        Kind::Number => &["integer", "decimal", "positiveInt", "unsignedInt"],
        Kind::Quantity => {
            &["Quantity", "Money", "Age", "Duration", "Count", "Distance", "Range", "SampledData", "SimpleQuantity"]
        }
        Kind::Uri => &["uri", "url", "canonical", "oid", "uuid"],
        Kind::Reference => &["Reference", "canonical", "uri", "url"],
        Kind::Composite | Kind::Special => &[],
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::search::extract::{Options, extract};
    use crate::search::key::Keys;

    fn document(more: &str) -> String {
        format!(
            r#"{{"resourceType":"SearchParameter","status":"active","url":"urn:example:p","name":"P","description":"p",{more}}}"#
        )
    }

    fn refused(more: &str) -> Vec<(IssueType, String)> {
        let text = document(more);
        let issues = read(&Json::parse(&text).unwrap()).expect_err(more);
        issues.into_iter().map(|i| (i.code, i.expression.concat())).collect()
    }

    #[test]
    fn what_is_added_is_found_in_documents() {
        let text = document(
            r#""code":"eye-colour","type":"token","base":["Patient"],"expression":"Patient.extension('urn:example:eyes').value.as(Coding) | Practitioner.x""#,
        );
        let added = read(&Json::parse(&text).unwrap()).unwrap();
        let [param] = added[..] else { panic!("{added:?}") };
        assert!(param.is_added() && crate::search::extract::is_coded(param));
        assert_eq!(param.expression, "Patient.extension('urn:example:eyes').value.as(Coding)");
        let again = read(&Json::parse(&text).unwrap()).unwrap();
        assert!(std::ptr::eq(param, again[0]), "one definition is kept once");
        let patient = r#"{"resourceType":"Patient","extension":[{"url":"urn:example:hair","valueCoding":{"code":"red"}},{"url":"urn:example:eyes","valueCoding":{"code":"blue"}}]}"#;
        let patient = Json::parse(patient).unwrap();
        let keys = Keys::new([1; 16]);
        let mut set = Added::default();
        set.add(param, Some("job"));
        let lookup = Reading::of(&set);
        let options = Options { added: Some(&lookup), ..Options::default() };
        let index = extract(&patient, ResourceType::Patient, &keys, &options);
        assert!(index.terms.contains(&keys.term_code("eye-colour", "blue")));
        assert!(!index.terms.contains(&keys.term_code("eye-colour", "red")));
        assert!(index.ord.contains(&keys.ord(ResourceType::Patient, "eye-colour", None, "blue")));
        assert_eq!(options.parameter(ResourceType::Patient, "eye-colour"), None, "it waits");
        assert_eq!(options.waiting(ResourceType::Patient, "eye-colour"), Some("job"));
        assert!(lookup.went_beyond());
    }

    #[test]
    fn what_cannot_be_served_is_refused_at_its_place() {
        let table = [
            (r#""code":"_x","type":"token","base":["Patient"],"expression":"Patient.gender""#, "code"),
            (r#""code":"a.b","type":"token","base":["Patient"],"expression":"Patient.gender""#, "code"),
            (r#""code":"gender","type":"token","base":["Patient"],"expression":"Patient.gender""#, "code"),
            (r#""code":"x","type":"special","base":["Patient"],"expression":"Patient.gender""#, "type"),
            (r#""code":"x","type":"token","base":["Patient"]"#, "expression"),
            (r#""code":"gender","type":"token","base":["Patient"]"#, "expression"),
            (r#""code":"near","type":"special","base":["Location","Patient"]"#, "type"),
            (r#""code":"x","type":"token","base":["Patient"],"expression":"Patient.gender(""#, "expression"),
            (r#""code":"x","type":"token","base":["Patient"],"expression":"Patient.nothing""#, "expression"),
            (r#""code":"x","type":"token","base":["Patient"],"expression":"Observation.code""#, "expression"),
            (r#""code":"x","type":"date","base":["Patient"],"expression":"Patient.gender""#, "expression"),
            (
                r#""code":"x","type":"string","base":["Patient"],"expression":"Patient.name.family.substring(1)""#,
                "expression",
            ),
            (r#""code":"x","type":"token","base":["Patient"],"expression":"Patient""#, "expression"),
            (r#""code":"x","type":"token","base":["AuditEvent"],"expression":"AuditEvent.type""#, "base[0]"),
            (
                r#""code":"x","type":"reference","base":["Patient"],"target":["Device"],"expression":"Patient.managingOrganization""#,
                "target[0]",
            ),
            (r#""code":"x","type":"composite","base":["Patient"],"expression":"Patient","component":[]"#, "component"),
        ];
        for (more, place) in table {
            let issues = refused(more);
            assert!(issues.iter().any(|(_, at)| *at == format!("SearchParameter.{place}")), "{more}: {issues:?}");
        }
        let long = format!("Patient.gender{}", " ".repeat(3000));
        let issues = refused(&format!(r#""code":"x","type":"token","base":["Patient"],"expression":"{long}""#));
        assert_eq!(issues[0].0, IssueType::TooCostly);
    }

    #[test]
    fn what_r4_has_goes_on_as_it_is() {
        let own = r#""code":"gender","type":"token","base":["Patient"],"expression":"Patient.gender","derivedFrom":"http://hl7.org/fhir/SearchParameter/individual-gender""#;
        let text = document(own);
        assert_eq!(read(&Json::parse(&text).unwrap()).unwrap(), Vec::<&SearchParameter>::new());
        // What is served anyway needs no expression, and may be of a type that nobody else can define.
        for own in [
            r#""code":"gender","type":"token","base":["Patient"],"derivedFrom":"http://hl7.org/fhir/SearchParameter/individual-gender""#,
            r#""code":"near","type":"special","base":["Location"],"derivedFrom":"http://hl7.org/fhir/SearchParameter/Location-near""#,
        ] {
            assert_eq!(read(&Json::parse(&document(own)).unwrap()).unwrap(), Vec::<&SearchParameter>::new(), "{own}");
        }
        assert_eq!(refused(r#""code":"x","type":"token","base":["Patient"]"#)[0].0, IssueType::NotSupported);
        let draft = text.replace("active", "draft").replace("gender", "gander");
        assert_eq!(read(&Json::parse(&draft).unwrap()).unwrap(), Vec::<&SearchParameter>::new());
    }
}
