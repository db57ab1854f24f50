//! A questionnaire filled in: answers judged against its items (known, enabled, required, of their type, among their options, within their
//! limits) and put in the order of the questionnaire. Groups that repeat are answered once for each repetition. Of extensions it knows
//! minValue, maxValue, minLength, maxDecimalPlaces, regex, minOccurs, maxOccurs and units; it computes no answers.

mod condition;
pub mod rule;
pub mod set;

use std::cmp::Ordering;

use fhir::json::Object;
use fhir::{IssueType, Json};

use rule::{count, fits};
use set::Sets;

/// An answer under the name it has in a response, such as `valueCoding`.
pub type Value = (&'static str, Json<'static>);

/// The answers that were given to one item, or to the items of one repetition of a group.
#[derive(Debug, Clone, Default)]
pub struct Given {
    pub link_id: String,
    /// Where it stands in what was told, such as `answers[2]`.
    pub place: String,
    pub values: Vec<Value>,
    /// Of a group that repeats: the answers of this repetition.
    pub items: Vec<Given>,
}

/// What is wrong with the answers to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub link_id: String,
    /// The answers at fault, or the list in which they are missing.
    pub place: String,
    pub code: IssueType,
    pub text: String,
}

/// All items below, each before those within it.
pub fn walk<'j>(parent: &'j Json<'_>) -> Vec<&'j Json<'j>> {
    fn into<'j>(parent: &'j Json<'_>, all: &mut Vec<&'j Json<'j>>) {
        for item in parent.get("item").map_or(&[][..], Json::items) {
            all.push(item);
            into(item, all);
        }
    }
    let mut all = Vec::new();
    into(parent, &mut all);
    all
}

/// What an item is answered with before anybody has said anything.
pub fn initial(item: &Json<'_>) -> Vec<Value> {
    let options = item.get("answerOption").map_or(&[][..], Json::items).iter();
    let selected = options.filter(|o| o.get("initialSelected").and_then(Json::as_bool) == Some(true));
    let of = item.get("initial").map_or(&[][..], Json::items).iter();
    let names = rule::names(item.str_at("type").unwrap_or_default());
    let read = |one: &Json<'_>| names.iter().find_map(|name| Some((*name, one.get(name)?.clone().into_owned())));
    of.chain(selected).filter_map(read).collect()
}

/// The items of the response. When it is not `complete`, what is missing is no fault.
///
/// # Errors
/// All faults at once.
pub fn fill(
    questionnaire: &Json<'_>,
    given: &[Given],
    sets: &Sets,
    complete: bool,
) -> Result<Vec<Json<'static>>, Vec<Fault>> {
    let mut items = Vec::new();
    know(questionnaire, None, &mut items);
    let mut form = Form { sets, complete, items, faults: Vec::new() };
    let scope = Scope { given, group: None, place: "answers".into(), above: None };
    let answered = form.items(questionnaire, true, &scope);
    if form.faults.is_empty() { Ok(answered) } else { Err(form.faults) }
}

/// An item as others refer to it.
struct Known<'q> {
    link_id: &'q str,
    /// The nearest group above it that repeats.
    group: Option<&'q str>,
    /// Whether it is itself a group that repeats.
    repeats: bool,
}

fn know<'q>(parent: &'q Json<'_>, group: Option<&'q str>, all: &mut Vec<Known<'q>>) {
    for item in parent.get("item").map_or(&[][..], Json::items) {
        let link_id = item.str_at("linkId").unwrap_or_default();
        let repeats = repeating_group(item);
        all.push(Known { link_id, group, repeats });
        know(item, if repeats { Some(link_id) } else { group }, all);
    }
}

fn flag(item: &Json<'_>, name: &str) -> bool {
    item.get(name).and_then(Json::as_bool) == Some(true)
}

fn repeating_group(item: &Json<'_>) -> bool {
    item.str_at("type") == Some("group") && flag(item, "repeats")
}

struct Form<'q> {
    sets: &'q Sets,
    complete: bool,
    /// In the order of the form.
    items: Vec<Known<'q>>,
    faults: Vec<Fault>,
}

/// Answers that stand beside each other: those of the whole form, or of one repetition of a group.
struct Scope<'g> {
    given: &'g [Given],
    group: Option<&'g str>,
    place: String,
    above: Option<&'g Scope<'g>>,
}

impl Scope<'_> {
    fn all(&self, link_id: &str) -> impl Iterator<Item = &Given> {
        self.given.iter().filter(move |g| g.link_id == link_id)
    }
}

impl Form<'_> {
    fn fault(&mut self, link_id: &str, place: &str, code: IssueType, text: impl Into<String>) {
        self.faults.push(Fault { link_id: link_id.into(), place: place.into(), code, text: text.into() });
    }

    /// The items below; those that are not enabled are left out, and have to be without answers.
    fn items(&mut self, parent: &Json<'_>, enabled: bool, scope: &Scope<'_>) -> Vec<Json<'static>> {
        // Once for the whole scope, not again for the groups within it.
        if parent.str_at("linkId") == scope.group {
            self.known(scope);
        }
        let below = parent.get("item").map_or(&[][..], Json::items);
        below.iter().flat_map(|item| self.item(item, enabled, scope)).collect()
    }

    fn known(&mut self, scope: &Scope<'_>) {
        for (at, one) in scope.given.iter().enumerate() {
            let mut named = self.items.iter().filter(|known| known.link_id == one.link_id);
            let again = scope.given[..at].iter().any(|g| g.link_id == one.link_id);
            let (code, text) = match (named.next(), named.next()) {
                (None, _) => (IssueType::NotFound, "the questionnaire has no such item"),
                (_, Some(_)) => (IssueType::Invalid, "the questionnaire has several items of this name"),
                (Some(item), _) if item.group != scope.group => {
                    (IssueType::Invalid, "the item stands in a group that repeats, or in another one")
                }
                (Some(item), _) if again && !item.repeats => (IssueType::Invalid, "the item is answered twice"),
                _ => continue,
            };
            self.fault(&one.link_id, &one.place, code, text);
        }
    }

    fn item(&mut self, item: &Json<'_>, parent_enabled: bool, scope: &Scope<'_>) -> Vec<Json<'static>> {
        let enabled = parent_enabled && self.enabled(item, scope);
        if repeating_group(item) {
            return self.repetitions(item, enabled, scope);
        }
        self.answered(item, enabled, scope).into_iter().collect()
    }

    /// A group that repeats: one item of the response for each repetition in which something is answered.
    fn repetitions(&mut self, item: &Json<'_>, enabled: bool, scope: &Scope<'_>) -> Vec<Json<'static>> {
        let link_id = item.str_at("linkId").unwrap_or_default();
        let mut all = Vec::new();
        for one in scope.all(link_id) {
            if !enabled {
                self.fault(link_id, &one.place, IssueType::BusinessRule, NOT_ASKED);
                continue;
            }
            if !one.values.is_empty() {
                self.fault(link_id, &one.place, IssueType::Invalid, "a group has no answer");
            }
            let place = format!("{}.items", one.place);
            let inner = Scope { given: &one.items, group: Some(link_id), place, above: Some(scope) };
            let below = self.items(item, true, &inner);
            if !below.is_empty() {
                all.push(labelled(item, "item", below));
            }
        }
        if enabled {
            self.number(item, all.len(), &scope.place);
        }
        all
    }

    /// Whether there are as many answers, or repetitions, as there have to be.
    fn number(&mut self, item: &Json<'_>, number: usize, place: &str) {
        let link_id = item.str_at("linkId").unwrap_or_default();
        if self.complete && number == 0 && flag(item, "required") {
            self.fault(link_id, place, IssueType::Required, "the item has to be answered");
        } else if let Some(least) = count(item, "questionnaire-minOccurs")
            && self.complete
            && (1..least).contains(&number)
        {
            self.fault(link_id, place, IssueType::Required, format!("the item has to be answered {least} times"));
        }
        if let Some(most) = count(item, "questionnaire-maxOccurs").filter(|most| number > *most) {
            self.fault(link_id, place, IssueType::Invalid, format!("the item is answered more than {most} times"));
        }
    }

    fn answered(&mut self, item: &Json<'_>, enabled: bool, scope: &Scope<'_>) -> Option<Json<'static>> {
        let link_id = item.str_at("linkId").unwrap_or_default();
        let kind = item.str_at("type").unwrap_or_default();
        let given = scope.all(link_id).next();
        let place = given.map_or(&*scope.place, |g| &*g.place);
        let mut values = given.map(|g| g.values.clone()).unwrap_or_default();
        if given.is_some_and(|g| !g.items.is_empty()) {
            self.fault(link_id, place, IssueType::Invalid, "only a group that repeats has answers of its own");
        }
        if !enabled && !values.is_empty() {
            self.fault(link_id, place, IssueType::BusinessRule, NOT_ASKED);
        }
        let below = self.items(item, enabled, scope);
        if !enabled {
            return None;
        }
        if flag(item, "readOnly") && kind != "group" {
            let fixed = initial(item);
            if !values.is_empty() && !alike(&values, &fixed) {
                self.fault(link_id, place, IssueType::BusinessRule, "the item is not to be changed");
            }
            values = fixed;
        }
        if !matches!(kind, "group" | "display") && !flag(item, "readOnly") {
            self.number(item, values.len(), place);
        } else if self.complete && kind == "group" && flag(item, "required") && below.is_empty() {
            self.fault(link_id, place, IssueType::Required, "the item has to be answered");
        }
        if self.complete && values.is_empty() && !below.is_empty() && kind != "group" {
            self.fault(link_id, place, IssueType::Required, "what is asked below it is answered, and it is not");
        }
        if values.len() > 1 && !flag(item, "repeats") {
            self.fault(link_id, place, IssueType::Invalid, "the item has one answer");
        }
        for value in &values {
            if let Err((code, text)) = fits(item, kind, value, self.sets) {
                self.fault(link_id, place, code, text);
            }
        }
        if values.is_empty() {
            return (!below.is_empty()).then(|| labelled(item, "item", below));
        }
        let last = values.len() - 1;
        let mut below = Some(below);
        let answers = values.into_iter().enumerate().map(|(at, (name, value))| {
            let mut answer = Object::new();
            answer.push(name, value);
            // Items below a question belong to an answer; with several answers, to the last one.
            if let Some(below) = below.take_if(|b| at == last && !b.is_empty()) {
                answer.push("item", Json::Array(below));
            }
            Json::Object(answer)
        });
        let answers = answers.collect();
        Some(labelled(item, "answer", answers))
    }
}

const NOT_ASKED: &str = "the item is not asked after these answers";

/// An item of the response, which says what was asked.
fn labelled(item: &Json<'_>, name: &'static str, content: Vec<Json<'static>>) -> Json<'static> {
    let mut answered = Object::new();
    answered.push("linkId", item.str_at("linkId").unwrap_or_default().to_owned().into());
    if let Some(text) = item.str_at("text") {
        answered.push("text", text.to_owned().into());
    }
    answered.push(name, Json::Array(content));
    Json::Object(answered)
}

fn alike(a: &[Value], b: &[Value]) -> bool {
    a.len() == b.len() && a.iter().zip(b).all(|((m, a), (n, b))| m == n && same(m, a, b))
}

/// Codings are the same by system and code, numbers by value.
fn same(name: &str, a: &Json<'_>, b: &Json<'_>) -> bool {
    match name {
        "valueCoding" => ["system", "code"].iter().all(|part| a.str_at(part) == b.str_at(part)),
        _ => order(name, a, b) == Some(Ordering::Equal),
    }
}

fn order(name: &str, a: &Json<'_>, b: &Json<'_>) -> Option<Ordering> {
    match name {
        "valueBoolean" => Some(a.as_bool()?.cmp(&b.as_bool()?)),
        "valueInteger" | "valueDecimal" => number(a)?.partial_cmp(&number(b)?),
        "valueQuantity" => {
            let unit = |q: &Json<'_>| [q.str_at("code"), q.str_at("unit")].map(|t| t.map(ToOwned::to_owned));
            (unit(a) == unit(b)).then_some(())?;
            number(a.get("value")?)?.partial_cmp(&number(b.get("value")?)?)
        }
        // Dates and times of one precision are in order as text.
        "valueDate" | "valueDateTime" | "valueTime" => {
            let (a, b) = (a.as_str()?, b.as_str()?);
            (a.len() == b.len()).then(|| a.cmp(b))
        }
        _ => Some(a.as_str()?.cmp(b.as_str()?)),
    }
}

fn number(value: &Json<'_>) -> Option<f64> {
    value.as_number()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use fhir::terminology::{Library, ValueSet};

    use super::*;

    const FORM: &str = r##"{"resourceType":"Questionnaire","contained":[{"resourceType":"ValueSet","id":"v","compose":{"include":[{"system":"s","concept":[{"code":"x"}]}]}}],
        "item":[
        {"linkId":"1","type":"boolean","required":true,"text":"Smokes?"},
        {"linkId":"2","type":"group","enableWhen":[{"question":"1","operator":"=","answerBoolean":true}],
         "item":[{"linkId":"2.1","type":"integer","required":true},{"linkId":"2.2","type":"string","maxLength":3}]},
        {"linkId":"3","type":"choice","repeats":true,"answerOption":[{"valueCoding":{"system":"s","code":"a"}},{"valueCoding":{"system":"s","code":"b"}}]},
        {"linkId":"4","type":"open-choice","answerValueSet":"#v"},
        {"linkId":"5","type":"decimal","enableBehavior":"any","enableWhen":[{"question":"2.1","operator":">=","answerInteger":20},{"question":"3","operator":"exists","answerBoolean":true}]},
        {"linkId":"6","type":"choice","answerValueSet":"http://elsewhere"},
        {"linkId":"7","type":"display","text":"Thanks"}]}"##;

    fn given(link_id: &str, name: &'static str, values: &[&str]) -> Given {
        let values = values.iter().map(|v| (name, Json::parse(v).unwrap().into_owned())).collect();
        Given { link_id: link_id.into(), place: format!("at {link_id}"), values, items: Vec::new() }
    }

    fn sets(form: &Json<'_>) -> Sets {
        let mut sets = Sets::default();
        for name in set::named(form) {
            if let Some(set) = set::contained(form, name) {
                sets.add(name.to_owned(), Arc::new(ValueSet::read(set).unwrap()), Library::default());
            }
        }
        sets
    }

    fn faults(given: &[Given]) -> Vec<(String, IssueType)> {
        told(FORM, given, true)
    }

    fn told(form: &str, given: &[Given], complete: bool) -> Vec<(String, IssueType)> {
        let form = Json::parse(form).unwrap();
        fill(&form, given, &sets(&form), complete)
            .err()
            .unwrap_or_default()
            .into_iter()
            .map(|f| (f.link_id, f.code))
            .collect()
    }

    #[test]
    fn answers_are_put_in_the_order_of_the_form() {
        let form = Json::parse(FORM).unwrap();
        let items = fill(
            &form,
            &[
                given("5", "valueDecimal", &["1.50"]),
                given("2.1", "valueInteger", &["20"]),
                given("1", "valueBoolean", &["true"]),
                given("4", "valueString", &["\"else\""]),
            ],
            &sets(&form),
            true,
        );
        assert_eq!(
            Json::Array(items.unwrap()).to_text(),
            r#"[{"linkId":"1","text":"Smokes?","answer":[{"valueBoolean":true}]},{"linkId":"2","item":[{"linkId":"2.1","answer":[{"valueInteger":20}]}]},{"linkId":"4","answer":[{"valueString":"else"}]},{"linkId":"5","answer":[{"valueDecimal":1.50}]}]"#
        );
    }

    #[test]
    fn what_is_wrong_is_told_by_its_item() {
        let yes = || given("1", "valueBoolean", &["true"]);
        let no = || given("1", "valueBoolean", &["false"]);
        let ten = || given("2.1", "valueInteger", &["10"]);
        let coding = |code: &str| format!(r#"{{"system":"s","code":"{code}"}}"#);
        for (given, link_id, code) in [
            (vec![], "1", IssueType::Required),
            (vec![yes()], "2.1", IssueType::Required),
            (vec![no(), ten()], "2.1", IssueType::BusinessRule),
            (vec![no(), given("9", "valueString", &["\"x\""])], "9", IssueType::NotFound),
            (vec![no(), no()], "1", IssueType::Invalid),
            (vec![given("1", "valueBoolean", &["true", "false"]), ten()], "1", IssueType::Invalid),
            (vec![given("1", "valueString", &["\"yes\""])], "1", IssueType::Value),
            (vec![yes(), ten(), given("2.2", "valueString", &["\"abcd\""])], "2.2", IssueType::TooLong),
            (vec![no(), given("3", "valueCoding", &[&coding("c")])], "3", IssueType::CodeInvalid),
            (vec![no(), given("4", "valueCoding", &[&coding("y")])], "4", IssueType::CodeInvalid),
            (vec![yes(), ten(), given("5", "valueDecimal", &["1"])], "5", IssueType::BusinessRule),
            (vec![no(), given("6", "valueCoding", &[&coding("x")])], "6", IssueType::NotSupported),
            (vec![no(), given("7", "valueString", &["\"x\""])], "7", IssueType::Invalid),
        ] {
            let told = faults(&given);
            assert!(told.contains(&(link_id.to_owned(), code)), "{link_id} {code:?}: {told:?}");
        }
        assert_eq!(faults(&[no()]), []);
        let both =
            [given("3", "valueCoding", &[&coding("a"), &coding("b")]), given("4", "valueCoding", &[&coding("x")])];
        assert_eq!(faults(&[vec![no(), given("5", "valueDecimal", &["1"])], both.to_vec()].concat()), []);
    }

    const RULES: &str = r#"{"resourceType":"Questionnaire","item":[
        {"linkId":"age","type":"integer","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":0},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":130}]},
        {"linkId":"dose","type":"quantity","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-unit","valueCoding":{"code":"mg"}},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueDecimal":40}]},
        {"linkId":"born","type":"date","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueDate":"1900-01-01"}]},
        {"linkId":"part","type":"decimal","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces","valueInteger":1}]},
        {"linkId":"zip","type":"string","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"[0-9]{5}"},{"url":"http://hl7.org/fhir/StructureDefinition/minLength","valueInteger":2}]},
        {"linkId":"odd","type":"string","extension":[{"url":"http://hl7.org/fhir/StructureDefinition/regex","valueString":"(?=a)"}]},
        {"linkId":"days","type":"string","repeats":true,"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-minOccurs","valueInteger":2},{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-maxOccurs","valueInteger":3}]},
        {"linkId":"site","type":"string","readOnly":true,"initial":[{"valueString":"Main"}]}]}"#;

    #[test]
    fn limits_of_an_item_are_kept() {
        let dose = |value: &str, unit: &str| {
            given("dose", "valueQuantity", &[&format!(r#"{{"value":{value},"code":"{unit}"}}"#)])
        };
        let texts = |link_id: &str, all: &[&str]| {
            let quoted: Vec<String> = all.iter().map(|t| format!("\"{t}\"")).collect();
            given(link_id, "valueString", &quoted.iter().map(String::as_str).collect::<Vec<_>>())
        };
        for (given, code) in [
            (given("age", "valueInteger", &["-1"]), IssueType::Value),
            (given("age", "valueInteger", &["131"]), IssueType::Value),
            (dose("40.1", "mg"), IssueType::Value),
            (dose("1", "g"), IssueType::Value),
            (given("born", "valueDate", &["\"1899-12-31\""]), IssueType::Value),
            (given("part", "valueDecimal", &["1.25"]), IssueType::Value),
            (texts("zip", &["1234a"]), IssueType::Value),
            (texts("zip", &["1"]), IssueType::Value),
            (texts("odd", &["a"]), IssueType::NotSupported),
            (texts("days", &["a"]), IssueType::Required),
            (texts("days", &["a", "b", "c", "d"]), IssueType::Invalid),
            (texts("site", &["Other"]), IssueType::BusinessRule),
        ] {
            let link_id = given.link_id.clone();
            assert_eq!(told(RULES, &[given], true), [(link_id, code)]);
        }
        let well = [
            given("age", "valueInteger", &["130"]),
            dose("40.0", "mg"),
            given("born", "valueDate", &["\"1900-01-01\""]),
            given("part", "valueDecimal", &["1.5"]),
            texts("zip", &["12345"]),
            texts("days", &["a", "b"]),
        ];
        assert_eq!(told(RULES, &well, true), []);
        let form = Json::parse(RULES).unwrap();
        let items = Json::Array(fill(&form, &[], &Sets::default(), true).unwrap()).to_text();
        assert_eq!(items, r#"[{"linkId":"site","answer":[{"valueString":"Main"}]}]"#);
    }

    const REPEATING: &str = r#"{"resourceType":"Questionnaire","item":[
        {"linkId":"g","type":"group","repeats":true,"required":true,"text":"Medicines","item":[
            {"linkId":"name","type":"string","required":true},
            {"linkId":"stopped","type":"boolean"},
            {"linkId":"why","type":"string","required":true,"enableWhen":[{"question":"stopped","operator":"=","answerBoolean":true}]},
            {"linkId":"s","type":"group","repeats":true,"item":[{"linkId":"effect","type":"string"},
                {"linkId":"grave","type":"boolean","enableWhen":[{"question":"name","operator":"!=","answerString":"water"}]}]}]},
        {"linkId":"after","type":"string","enableWhen":[{"question":"stopped","operator":"exists","answerBoolean":true}]}]}"#;

    fn repetition(link_id: &str, items: Vec<Given>) -> Given {
        Given { items, ..given(link_id, "valueString", &[]) }
    }

    #[test]
    fn groups_that_repeat_are_answered_one_by_one() {
        let name = |name: &str| given("name", "valueString", &[&format!("\"{name}\"")]);
        let stopped = |yes: &str| given("stopped", "valueBoolean", &[yes]);
        let why = || given("why", "valueString", &["\"rash\""]);
        let effect = || {
            repetition(
                "s",
                vec![given("effect", "valueString", &["\"dry\""]), given("grave", "valueBoolean", &["false"])],
            )
        };
        let all = [
            repetition("g", vec![name("a"), stopped("true"), why(), effect(), effect()]),
            repetition("g", vec![name("b")]),
        ];
        let form = Json::parse(REPEATING).unwrap();
        let items = fill(&form, &all, &Sets::default(), true).unwrap();
        let text = Json::Array(items).to_text();
        assert_eq!(text.matches(r#""linkId":"g","text":"Medicines""#).count(), 2, "{text}");
        assert_eq!(text.matches(r#""linkId":"grave""#).count(), 2, "{text}");
        // The nearest answer is that of the same repetition; outside the group it is the last one before.
        let other = [repetition("g", vec![name("a"), stopped("true"), why()]), repetition("g", vec![name("b"), why()])];
        assert_eq!(told(REPEATING, &other, true), [("why".into(), IssueType::BusinessRule)]);
        let last = [all[0].clone(), given("after", "valueString", &["\"x\""])];
        assert_eq!(told(REPEATING, &last, true), []);
        for (given, complete, faults) in [
            (vec![], true, vec![("g", IssueType::Required)]),
            (vec![], false, vec![]),
            (
                vec![repetition("g", vec![stopped("true")])],
                true,
                vec![("name", IssueType::Required), ("why", IssueType::Required)],
            ),
            (vec![repetition("g", vec![stopped("true")])], false, vec![]),
            (vec![repetition("g", vec![name("a")]), name("b")], true, vec![("name", IssueType::Invalid)]),
            (vec![repetition("g", vec![name("water"), effect()])], true, vec![("grave", IssueType::BusinessRule)]),
            (
                vec![repetition("g", vec![name("a"), given("nope", "valueString", &["\"x\""])])],
                true,
                vec![("nope", IssueType::NotFound)],
            ),
        ] {
            let faults: Vec<_> = faults.into_iter().map(|(id, code)| (id.to_owned(), code)).collect();
            assert_eq!(told(REPEATING, &given, complete), faults);
        }
    }
}
