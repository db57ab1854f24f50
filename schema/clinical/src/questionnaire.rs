//! A questionnaire filled in: answers judged against its items (known, enabled, required, of their type, among their options) and put in
//! the order of the questionnaire. It does not look into value sets that are not listed in the questionnaire itself, and of extensions
//! (smallest and largest values, regular expressions) it knows nothing.

use std::cmp::Ordering;

use fhir::json::Object;
use fhir::{IssueType, Json};

/// The answers that were given to one item.
#[derive(Debug, Clone)]
pub struct Given {
    pub link_id: String,
    /// Each under the name it has in a response, such as `valueCoding`.
    pub values: Vec<(&'static str, Json<'static>)>,
}

/// What is wrong with the answers to an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    pub link_id: String,
    pub code: IssueType,
    pub text: String,
}

/// The items of the response.
///
/// # Errors
/// All faults at once.
pub fn fill(questionnaire: &Json<'_>, given: &[Given]) -> Result<Vec<Json<'static>>, Vec<Fault>> {
    let mut form = Form { questionnaire, given, faults: Vec::new(), known: Vec::new() };
    let items = form.items(questionnaire, true);
    for one in given {
        match form.known.iter().filter(|known| **known == one.link_id).count() {
            0 => form.fault(&one.link_id, IssueType::NotFound, "the questionnaire has no such item"),
            1 if given.iter().filter(|g| g.link_id == one.link_id).count() > 1 => {
                form.fault(&one.link_id, IssueType::Invalid, "the item is answered twice");
            }
            1 => {}
            _ => form.fault(&one.link_id, IssueType::Invalid, "the questionnaire has several items of this name"),
        }
    }
    if form.faults.is_empty() { Ok(items) } else { Err(form.faults) }
}

struct Form<'q> {
    questionnaire: &'q Json<'q>,
    given: &'q [Given],
    faults: Vec<Fault>,
    known: Vec<String>,
}

impl Form<'_> {
    fn fault(&mut self, link_id: &str, code: IssueType, text: impl Into<String>) {
        self.faults.push(Fault { link_id: link_id.to_owned(), code, text: text.into() });
    }

    fn values(&self, link_id: &str) -> &[(&'static str, Json<'static>)] {
        self.given.iter().find(|g| g.link_id == link_id).map_or(&[], |g| &g.values)
    }

    /// The items below; those that are not enabled are left out, and have to be without answers.
    fn items(&mut self, parent: &Json<'_>, enabled: bool) -> Vec<Json<'static>> {
        let below = parent.get("item").map_or(&[][..], Json::items);
        below.iter().filter_map(|item| self.item(item, enabled)).collect()
    }

    fn item(&mut self, item: &Json<'_>, parent_enabled: bool) -> Option<Json<'static>> {
        let link_id = item.str_at("linkId").unwrap_or_default().to_owned();
        let kind = item.str_at("type").unwrap_or_default();
        self.known.push(link_id.clone());
        let enabled = parent_enabled && self.enabled(item);
        let values = self.values(&link_id).to_vec();
        let required = item.get("required").and_then(Json::as_bool) == Some(true);
        let repeats = item.get("repeats").and_then(Json::as_bool) == Some(true);
        if !enabled && !values.is_empty() {
            self.fault(&link_id, IssueType::BusinessRule, "the item is not asked after these answers");
        }
        let below = self.items(item, enabled);
        if !enabled {
            return None;
        }
        if repeats && kind == "group" {
            self.fault(&link_id, IssueType::NotSupported, "a group that repeats cannot be answered here");
        }
        if required && values.is_empty() && below.is_empty() && kind != "display" {
            self.fault(&link_id, IssueType::Required, "the item has to be answered");
        }
        if values.is_empty() && !below.is_empty() && kind != "group" {
            self.fault(&link_id, IssueType::Required, "what is asked below it is answered, and it is not");
        }
        if values.len() > 1 && !repeats {
            self.fault(&link_id, IssueType::Invalid, "the item has one answer");
        }
        for (name, value) in &values {
            if let Err((code, text)) = self.fits(item, kind, name, value) {
                self.fault(&link_id, code, text);
            }
        }
        if values.is_empty() && below.is_empty() {
            return None;
        }
        let mut answered = Object::new();
        answered.push("linkId", link_id.into());
        if let Some(text) = item.str_at("text") {
            answered.push("text", text.to_owned().into());
        }
        if values.is_empty() {
            answered.push("item", Json::Array(below));
        } else {
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
            answered.push("answer", Json::Array(answers));
        }
        Some(Json::Object(answered))
    }

    fn fits(&self, item: &Json<'_>, kind: &str, name: &str, value: &Json<'_>) -> Result<(), (IssueType, String)> {
        let names: &[&str] = match kind {
            "boolean" => &["valueBoolean"],
            "decimal" => &["valueDecimal"],
            "integer" => &["valueInteger"],
            "date" => &["valueDate"],
            "dateTime" => &["valueDateTime"],
            "time" => &["valueTime"],
            "string" | "text" => &["valueString"],
            "url" => &["valueUri"],
            "quantity" => &["valueQuantity"],
            // Options may be of other types than codes.
            "choice" => &["valueCoding", "valueString", "valueInteger", "valueDate", "valueTime"],
            "open-choice" => &["valueCoding", "valueString", "valueInteger", "valueDate", "valueTime"],
            "group" | "display" => return Err((IssueType::Invalid, format!("a {kind} has no answer"))),
            other => return Err((IssueType::NotSupported, format!("an item of type {other} cannot be answered here"))),
        };
        if !names.contains(&name) {
            let told = name.strip_prefix("value").unwrap_or(name);
            return Err((IssueType::Value, format!("the answer is a {told}, the item asks for {kind}")));
        }
        if let (Some(most), Some(text)) = (item.get("maxLength").and_then(Json::as_number), value.as_str())
            && most.parse::<usize>().is_ok_and(|most| text.chars().count() > most)
        {
            return Err((IssueType::TooLong, format!("the answer has more than {most} characters")));
        }
        if !matches!(kind, "choice" | "open-choice") || kind == "open-choice" && name == "valueString" {
            return Ok(());
        }
        if let Some(options) = item.get("answerOption") {
            let among = options.items().iter().any(|o| o.get(name).is_some_and(|option| same(name, option, value)));
            return if among {
                Ok(())
            } else {
                Err((IssueType::CodeInvalid, "the answer is none of the options".into()))
            };
        }
        match item.str_at("answerValueSet") {
            Some(url) => self.in_value_set(url, name, value),
            None => Err((IssueType::NotSupported, "the item has no options".into())),
        }
    }

    /// Only value sets that the questionnaire contains, and that list their codes, are looked into.
    fn in_value_set(&self, url: &str, name: &str, value: &Json<'_>) -> Result<(), (IssueType, String)> {
        let own = |set: &&Json<'_>| url.strip_prefix('#').is_some_and(|id| set.str_at("id") == Some(id));
        let contained = self.questionnaire.get("contained").map_or(&[][..], Json::items);
        let includes = contained.iter().find(own).and_then(|s| s.get("compose")).and_then(|c| c.get("include"));
        let Some(includes) = includes.filter(|_| name == "valueCoding") else {
            return Err((IssueType::NotSupported, format!("the options of value set {url} are not known here")));
        };
        let among = includes.items().iter().any(|include| {
            let concepts = include.get("concept").map_or(&[][..], Json::items);
            include.str_at("system") == value.str_at("system")
                && concepts.iter().any(|c| c.str_at("code") == value.str_at("code"))
        });
        if among { Ok(()) } else { Err((IssueType::CodeInvalid, "the answer is none of the options".into())) }
    }

    /// Source: FHIR R4, Questionnaire.item.enableWhen; without `enableBehavior` one condition decides alone.
    fn enabled(&self, item: &Json<'_>) -> bool {
        let conditions = item.get("enableWhen").map_or(&[][..], Json::items);
        let mut met = conditions.iter().map(|c| self.met(c));
        match item.str_at("enableBehavior") {
            Some("any") => met.any(|m| m),
            _ => met.all(|m| m),
        }
    }

    fn met(&self, condition: &Json<'_>) -> bool {
        let values = self.values(condition.str_at("question").unwrap_or_default());
        let wanted = condition
            .as_object()
            .and_then(|c| c.iter().find_map(|(name, value)| Some((name.strip_prefix("answer")?, value))));
        let Some((kind, wanted)) = wanted else { return false };
        let name = format!("value{kind}");
        let of_kind = || values.iter().filter(|(n, _)| *n == name).map(|(_, v)| v);
        match condition.str_at("operator") {
            Some("exists") => wanted.as_bool() == Some(!values.is_empty()),
            Some("=") => of_kind().any(|v| same(&name, wanted, v)),
            Some("!=") => !values.is_empty() && !of_kind().any(|v| same(&name, wanted, v)),
            Some(operator) => of_kind().filter_map(|v| order(&name, v, wanted)).any(|o| match operator {
                ">" => o == Ordering::Greater,
                "<" => o == Ordering::Less,
                ">=" => o != Ordering::Less,
                "<=" => o != Ordering::Greater,
                _ => false,
            }),
            None => false,
        }
    }
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
        Given { link_id: link_id.into(), values }
    }

    fn faults(given: &[Given]) -> Vec<(String, IssueType)> {
        let form = Json::parse(FORM).unwrap();
        fill(&form, given).err().unwrap_or_default().into_iter().map(|f| (f.link_id, f.code)).collect()
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
}
