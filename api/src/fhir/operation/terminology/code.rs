//! `$validate-code`, `$lookup` and `$subsumes`: <https://hl7.org/fhir/R4/valueset-operation-validate-code.html> and those of CodeSystem.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extract};
use entity::StoreError;
use fhir::search::fold::fold;
use fhir::terminology::{CodeSystem, Hit, Library, Trouble, ValueSet};
use fhir::{IssueType, Json, ResourceType};
use http::{HeaderMap, Uri};

use super::expand::{designation, display, named_set};
use super::{Answer, Asked, refused, stored, valued};
use crate::auth::Caller;
use crate::fhir::{Failure, Response, State};

const OF_SET: [&str; 11] = [
    "url",
    "valueSet",
    "valueSetVersion",
    "code",
    "system",
    "systemVersion",
    "display",
    "coding",
    "codeableConcept",
    "inferSystem",
    "displayLanguage",
];
const OF_SYSTEM: [&str; 7] = ["url", "version", "code", "display", "coding", "codeableConcept", "displayLanguage"];
const LOOKUP: [&str; 6] = ["code", "system", "version", "coding", "displayLanguage", "property"];
const SUBSUMES: [&str; 6] = ["codeA", "codeB", "system", "version", "codingA", "codingB"];

/// A code as the client gives it.
#[derive(Default, Clone)]
struct Code {
    system: Option<String>,
    version: Option<String>,
    code: String,
    display: Option<String>,
}

impl Code {
    fn of_coding(coding: &Json<'_>, name: &str) -> Result<Self, Failure> {
        let text = |member: &str| coding.str_at(member).map(ToOwned::to_owned);
        let code = text("code").ok_or_else(|| refused(IssueType::Required, format!("{name} has no code")))?;
        Ok(Self { system: text("system"), version: text("version"), code, display: text("display") })
    }

    fn canonical(&self) -> Option<String> {
        let system = self.system.as_ref()?;
        Some(self.version.as_ref().map_or_else(|| system.clone(), |version| format!("{system}|{version}")))
    }
}

/// What is to be checked: one code, or any of a CodeableConcept's.
fn codes(asked: &Asked, system: Option<&str>, version: Option<&str>) -> Result<Vec<Code>, Failure> {
    let ways = ["code", "coding", "codeableConcept"];
    if ways.iter().filter(|w| asked.has(w)).count() != 1 {
        return Err(Failure::bad("give one of code, coding and codeableConcept"));
    }
    if let Some(code) = asked.text("code")? {
        let text = |t: Option<&str>| t.map(ToOwned::to_owned);
        return Ok(vec![Code {
            system: text(system),
            version: text(version),
            code: code.to_owned(),
            display: text(asked.text("display")?),
        }]);
    }
    if let Some(given) = asked.one("coding")? {
        return Ok(vec![Code::of_coding(given, "coding")?]);
    }
    let concept = asked.one("codeableConcept")?.and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    concept.iter().map(|c| Code::of_coding(c, "a coding of codeableConcept")).collect()
}

pub(in crate::fhir) async fn validate_in_set(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &OF_SET, None).await?;
    let (set, _) = named_set(&state, &caller, &asked).await?;
    in_set(&state, &caller, &asked, &set).await
}

pub(in crate::fhir) async fn validate_in_stored_set(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &OF_SET[3..], None).await?;
    let document = stored(&state, &caller, ResourceType::ValueSet, &id).await?;
    let set = ValueSet::read(&document).map_err(StoreError::from)?;
    in_set(&state, &caller, &asked, &set).await
}

async fn in_set(state: &State, caller: &Caller, asked: &Asked, set: &ValueSet) -> Result<Response, Failure> {
    let infer = asked.flag("inferSystem")?.unwrap_or(false);
    let given = codes(asked, asked.text("system")?, asked.text("systemVersion")?)?;
    if !infer && given.iter().any(|c| c.system.is_none()) {
        return Err(Failure::bad("a code needs its system, or inferSystem"));
    }
    let library = state.store.library(&caller.actor, &[], &[set]).await?;
    let name = set.url.as_deref().unwrap_or("the value set");
    let mut trouble = None;
    for code in &given {
        match library.member(set, code.system.as_deref(), &code.code) {
            Ok(Some(hit)) => return Ok(verdict(code, &hit, asked.text("displayLanguage")?)),
            Ok(None) => {}
            Err(error) => trouble = trouble.or(Some(error)),
        }
    }
    let said: Vec<String> = given.iter().map(named).collect();
    let text = match trouble {
        // What is not known is neither valid nor invalid.
        Some(trouble) => format!("it cannot be checked: {trouble}"),
        None => format!("{} is not in {name}", said.join(", ")),
    };
    Ok(no(&text, given.first()))
}

fn named(code: &Code) -> String {
    code.system.as_ref().map_or_else(|| code.code.clone(), |system| format!("{system}|{}", code.code))
}

/// What is said of a code that was found: another name of it is a mistake, and told.
fn verdict(given: &Code, hit: &Hit<'_>, language: Option<&str>) -> Response {
    let own = display(hit, language);
    let names = hit.display.iter().copied().chain(own);
    let names = names.chain(hit.designations.iter().map(|d| d.value.as_str()));
    let mut names = names.chain(
        hit.concept
            .iter()
            .flat_map(|c| c.display.as_deref().into_iter().chain(c.designations.iter().map(|d| d.value.as_str()))),
    );
    let wrong = given.display.as_deref().filter(|d| !names.any(|n| fold(n) == fold(d)));
    let mut answer = Answer::default();
    answer.push("result", "valueBoolean", Json::from(wrong.is_none()));
    if let Some(wrong) = wrong {
        let text = format!("\"{wrong}\" is no name of {}, which is \"{}\"", hit.code, own.unwrap_or(hit.code));
        answer.text("message", "valueString", Some(&text));
    }
    answer.text("display", "valueString", own);
    answer.text("code", "valueCode", Some(hit.code));
    answer.text("system", "valueUri", hit.system);
    answer.text("version", "valueString", hit.version);
    answer.response()
}

fn no(text: &str, given: Option<&Code>) -> Response {
    let mut answer = Answer::default();
    answer.push("result", "valueBoolean", Json::from(false));
    answer.text("message", "valueString", Some(text));
    answer.text("code", "valueCode", given.map(|c| c.code.as_str()));
    answer.text("system", "valueUri", given.and_then(|c| c.system.as_deref()));
    answer.response()
}

pub(in crate::fhir) async fn validate_in_system(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &OF_SYSTEM, None).await?;
    let given = codes(&asked, asked.text("url")?, asked.text("version")?)?;
    if given.iter().any(|c| c.system.is_none()) {
        return Err(refused(IssueType::Required, "the code system is not given (url)".into()));
    }
    let mut message = String::new();
    for code in &given {
        let name = code.canonical().unwrap_or_default();
        let library = state.store.library(&caller.actor, &[&name], &[]).await?;
        match library.code_system(&name) {
            None => message = format!("it cannot be checked: the code system {name} is not known here"),
            Some(system) => match in_system(system, code) {
                Ok(hit) => return Ok(verdict(code, &hit, asked.text("displayLanguage")?)),
                Err(text) => message = text,
            },
        }
    }
    Ok(no(&message, given.first()))
}

pub(in crate::fhir) async fn validate_in_stored_system(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &OF_SYSTEM[2..], None).await?;
    let document = stored(&state, &caller, ResourceType::CodeSystem, &id).await?;
    let system = CodeSystem::read(&document).map_err(StoreError::from)?;
    let given = codes(&asked, Some(&system.url), None)?;
    let mut message = String::new();
    for code in &given {
        if code.system.as_ref().is_some_and(|s| *s != system.url) {
            message = format!("{} is of another code system", named(code));
            continue;
        }
        match in_system(&system, code) {
            Ok(hit) => return Ok(verdict(code, &hit, asked.text("displayLanguage")?)),
            Err(text) => message = text,
        }
    }
    Ok(no(&message, given.first()))
}

fn in_system<'s>(system: &'s CodeSystem, code: &Code) -> Result<Hit<'s>, String> {
    match system.find(&code.code) {
        Some(number) => {
            let concept = system.concept(number);
            Ok(Hit {
                system: Some(&system.url),
                version: system.version.as_deref(),
                code: &concept.code,
                display: concept.display.as_deref(),
                designations: &[],
                concept: Some(concept),
            })
        }
        None if system.complete => Err(format!("{} has no code \"{}\"", system.url, code.code)),
        None => Err(format!("it cannot be checked: the codes of {} are not all known here", system.url)),
    }
}

/// `CodeSystem/$lookup`: <https://hl7.org/fhir/R4/codesystem-operation-lookup.html>
pub(in crate::fhir) async fn lookup(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &LOOKUP, None).await?;
    let code = match asked.one("coding")? {
        Some(_) if asked.has("code") || asked.has("system") => {
            return Err(Failure::bad("give either coding, or code and system"));
        }
        Some(given) => Code::of_coding(given, "coding")?,
        None => Code {
            system: Some(asked.needed("system")?.to_owned()),
            version: asked.text("version")?.map(ToOwned::to_owned),
            code: asked.needed("code")?.to_owned(),
            display: None,
        },
    };
    let name = code.canonical().ok_or_else(|| refused(IssueType::Required, "coding has no system".into()))?;
    let library = state.store.library(&caller.actor, &[&name], &[]).await?;
    let system = system_of(&library, &name)?;
    let unknown = || refused(IssueType::NotFound, format!("{} has no code \"{}\" here", system.url, code.code));
    let number = system.find(&code.code).ok_or_else(unknown)?;
    let concept = system.concept(number);
    let hit = in_system(system, &code).map_err(|_| unknown())?;
    let language = asked.text("displayLanguage")?;
    let wanted: Vec<&str> = asked.all("property").filter_map(Json::as_str).collect();
    let is_wanted = |name: &str| wanted.is_empty() || wanted.contains(&name) || wanted.contains(&"*");

    let mut answer = Answer::default();
    let name = system.name.as_deref().or(system.title.as_deref()).unwrap_or(&system.url);
    answer.text("name", "valueString", Some(name));
    answer.text("version", "valueString", system.version.as_deref());
    answer.text("display", "valueString", Some(display(&hit, language).unwrap_or(&concept.code)));
    if let Some(definition) = concept.definition.as_deref().filter(|_| is_wanted("definition")) {
        // R4 has no output of that name; it is a property.
        answer.parts("property", property("definition", "valueString", Json::from(definition.to_owned())));
    }
    for one in concept.designations.iter().filter(|_| is_wanted("designation")) {
        let mut parts = Vec::new();
        if let Json::Object(members) = designation(one) {
            for (member, value) in members {
                parts.push(match &*member {
                    "language" => valued("language", "valueCode", value),
                    "use" => valued("use", "valueCoding", value),
                    _ => valued("value", "valueString", value),
                });
            }
        }
        answer.parts("designation", parts);
    }
    for parent in system.parents(number).filter(|_| is_wanted("parent")) {
        answer.parts("property", property("parent", "valueCode", Json::from(parent.code.clone())));
    }
    for child in system.children(number).filter(|_| is_wanted("child")) {
        answer.parts("property", property("child", "valueCode", Json::from(child.code.clone())));
    }
    if is_wanted("inactive") {
        answer.parts("property", property("inactive", "valueBoolean", Json::from(concept.inactive)));
    }
    for (name, member, value) in concept.properties.iter().filter(|p| p.0 != "inactive" && is_wanted(&p.0)) {
        answer.parts("property", property(name, member, value.clone()));
    }
    Ok(answer.response())
}

fn property(code: &str, member: &str, value: Json<'static>) -> Vec<Json<'static>> {
    vec![valued("code", "valueCode", Json::from(code.to_owned())), valued("value", member.to_owned(), value)]
}

fn system_of<'l>(library: &'l Library, name: &str) -> Result<&'l CodeSystem, Failure> {
    let unknown = || refused(IssueType::NotFound, format!("the code system {name} is not known here"));
    library.code_system(name).ok_or_else(unknown)
}

/// `CodeSystem/$subsumes`: <https://hl7.org/fhir/R4/codesystem-operation-subsumes.html>
pub(in crate::fhir) async fn subsumes(
    Extract(state): Extract<State>,
    caller: Caller,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let asked = Asked::read(&uri, &headers, content, &SUBSUMES, None).await?;
    let (a, b) = pair(&asked)?;
    let system = match (&a.system, &b.system, asked.text("system")?) {
        (Some(a), Some(b), None) if a == b => a.clone(),
        (Some(_), Some(_), None) => return Err(Failure::bad("the two codings are of different systems")),
        (None, None, Some(system)) => system.to_owned(),
        _ => return Err(Failure::bad("the system is given once: by system, or in both codings")),
    };
    let version = asked.text("version")?.map(ToOwned::to_owned).or(a.version);
    let name = Code { system: Some(system), version, ..Code::default() }.canonical().unwrap_or_default();
    let library = state.store.library(&caller.actor, &[&name], &[]).await?;
    related(system_of(&library, &name)?, &a.code, &b.code)
}

pub(in crate::fhir) async fn subsumes_in_stored(
    Extract(state): Extract<State>,
    caller: Caller,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    content: Body,
) -> Result<Response, Failure> {
    let known = ["codeA", "codeB", "codingA", "codingB"];
    let asked = Asked::read(&uri, &headers, content, &known, None).await?;
    let document = stored(&state, &caller, ResourceType::CodeSystem, &id).await?;
    let system = Arc::new(CodeSystem::read(&document).map_err(StoreError::from)?);
    let (a, b) = pair(&asked)?;
    if [&a, &b].iter().any(|c| c.system.as_ref().is_some_and(|s| *s != system.url)) {
        return Err(Failure::bad("the codings are of another code system"));
    }
    related(&system, &a.code, &b.code)
}

fn pair(asked: &Asked) -> Result<(Code, Code), Failure> {
    let one = |plain: &str, coded: &str| match (asked.text(plain)?, asked.one(coded)?) {
        (Some(code), None) => Ok(Code { code: code.to_owned(), ..Code::default() }),
        (None, Some(given)) => Code::of_coding(given, coded),
        _ => Err(Failure::bad(&format!("give either {plain} or {coded}"))),
    };
    Ok((one("codeA", "codingA")?, one("codeB", "codingB")?))
}

fn related(system: &CodeSystem, a: &str, b: &str) -> Result<Response, Failure> {
    let number = |code: &str| {
        let unknown = || Trouble::NotFound(format!("{} has no code \"{code}\" here", system.url));
        system.find(code).ok_or_else(|| Failure::from(StoreError::from(unknown())))
    };
    let outcome = system.subsumption(number(a)?, number(b)?);
    let mut answer = Answer::default();
    answer.text("outcome", "valueCode", Some(outcome.code()));
    Ok(answer.response())
}
