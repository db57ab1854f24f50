//! Questionnaires: filled in by whoever asks, judged against the questionnaire, and scored where the sum is published.

use async_graphql::{ID, InputObject, OneofObject, Result, SimpleObject};
use clinical::questionnaire::{Given, fill};
use clinical::score::instrument::{Instrument, Result as Score};
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, outcome};
use super::input::{CodingInput, Draft, code, object, quantity, reference};
use crate::document::Document;
use crate::query::OtherResource;
use crate::scalar::{Date, DateTime, Decimal};
use crate::session::Session;
use crate::types::care::Task;
use crate::types::chart::Observation;

const LOINC: &str = "http://loinc.org";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";

/// A number with its unit.
#[derive(InputObject)]
pub struct AnswerQuantityInput {
    /// The number.
    pub value: Decimal,
    /// The unit, in UCUM.
    pub unit: String,
}

/// One answer, of the type that the item asks for.
#[derive(OneofObject)]
pub enum AnswerValueInput {
    /// Yes or no.
    Boolean(bool),
    /// A whole number.
    Integer(i32),
    /// A number.
    Decimal(Decimal),
    /// Words.
    Text(String),
    /// A day, possibly partial.
    Date(Date),
    /// A time, possibly partial.
    DateTime(DateTime),
    /// A time of day, as `14:30:00`.
    Time(String),
    /// A URL.
    Uri(String),
    /// One of the options.
    Coding(CodingInput),
    /// A number with its unit.
    Quantity(AnswerQuantityInput),
}

/// The answers to one item.
#[derive(InputObject)]
pub struct ItemAnswersInput {
    /// The item's `linkId`.
    pub link_id: String,
    /// The answers; more than one where the item may be repeated.
    pub values: Vec<AnswerValueInput>,
}

/// A questionnaire that was filled in.
#[derive(InputObject)]
pub struct QuestionnaireSubmitInput {
    /// Whose answers they are.
    pub patient: ID,
    /// Which Questionnaire.
    pub questionnaire: ID,
    /// The version of the Questionnaire that was shown.
    pub expected_version: String,
    /// The answers, in any order.
    pub answers: Vec<ItemAnswersInput>,
    /// The encounter it belongs to.
    pub encounter: Option<ID>,
    /// When it was filled in; by default now.
    pub authored: Option<DateTime>,
    /// Whether the patient answered; else who submits it answered for them.
    #[graphql(default = true)]
    pub by_patient: bool,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// The answers as on record.
#[derive(SimpleObject)]
pub struct QuestionnaireSubmitted {
    /// The response.
    pub response: OtherResource,
    /// The sum of the answers; null when the questionnaire has none that is published, or an item is unanswered.
    pub score: Option<Observation>,
    /// What has to be done about an answer at once.
    pub urgent: Option<Task>,
}

outcome! {
    /// What became of submitting a questionnaire.
    QuestionnaireSubmitOutcome, QuestionnaireSubmitPayload, QuestionnaireSubmitted
}

fn answers(act: &mut Act<'_>, input: &[ItemAnswersInput]) -> Vec<Given> {
    let mut all = Vec::new();
    for (at, item) in input.iter().enumerate() {
        let mut values = Vec::new();
        for (n, value) in item.values.iter().enumerate() {
            let place = format!("answers[{at}].values[{n}]");
            let text = |act: &mut Act<'_>, text: &String| act.problems.words(&place, Some(text));
            let (name, value) = match value {
                AnswerValueInput::Boolean(value) => ("valueBoolean", Some(Json::Bool(*value))),
                AnswerValueInput::Integer(value) => ("valueInteger", Some(i64::from(*value).into())),
                AnswerValueInput::Decimal(value) => ("valueDecimal", act.problems.decimal(&place, value)),
                AnswerValueInput::Text(value) => ("valueString", text(act, value)),
                AnswerValueInput::Date(value) => ("valueDate", Some(value.0.clone().into())),
                AnswerValueInput::DateTime(value) => ("valueDateTime", Some(value.0.clone().into())),
                AnswerValueInput::Time(value) => ("valueTime", text(act, value)),
                AnswerValueInput::Uri(value) => ("valueUri", text(act, value)),
                AnswerValueInput::Coding(value) => {
                    let mut coding = Object::new();
                    for (name, part) in [
                        ("system", Some(&value.system)),
                        ("code", Some(&value.code)),
                        ("display", value.display.as_ref()),
                    ] {
                        if let Some(part) = act.problems.words(&format!("{place}.{name}"), part) {
                            coding.push(name, part);
                        }
                    }
                    ("valueCoding", Some(Json::Object(coding)))
                }
                AnswerValueInput::Quantity(value) => {
                    let number = act.problems.decimal(&place, &value.value);
                    let unit = text(act, &value.unit);
                    let quantity = number.zip(unit).map(|(number, unit)| {
                        let system = "http://unitsofmeasure.org".into();
                        object([("value", number), ("unit", unit.clone()), ("system", system), ("code", unit)])
                    });
                    ("valueQuantity", quantity)
                }
            };
            values.extend(value.map(|v| (name, v)));
        }
        if item.values.is_empty() {
            act.problems.add(&format!("answers[{at}].values"), IssueType::Required, "no answer is told");
        }
        all.push(Given { link_id: item.link_id.clone(), values });
    }
    all
}

pub async fn submit(session: &Session, input: QuestionnaireSubmitInput) -> Result<QuestionnaireSubmitPayload> {
    let mut act = Act::new(session, "questionnaireSubmit", &input, input.idempotency_key.as_ref());
    let patient = act.patient(&input.patient).await?;
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    act.past("authored", input.authored.as_ref());
    let given = answers(&mut act, &input.answers);
    let mut form = None;
    let types = [ResourceType::Questionnaire];
    let places = ("questionnaire", "expectedVersion");
    if let Some((found, expected, _)) =
        act.editing_at(places, &input.questionnaire, &input.expected_version, &types).await?
    {
        form = seen(&mut act, found, expected).await?;
    }
    if let Some(form) = form.filter(|_| act.problems.0.is_empty()) {
        match fill(form.json(), &given) {
            Ok(items) => draft(&mut act, &input, &form, items, &given, [patient, encounter]),
            Err(faults) => {
                for fault in faults {
                    let at = input.answers.iter().position(|a| a.link_id == fault.link_id);
                    let place = at.map_or_else(|| "answers".to_owned(), |at| format!("answers[{at}]"));
                    act.problems.add(&place, fault.code, format!("{}: {}", fault.link_id, fault.text));
                }
            }
        }
    }
    Ok(match act.commit().await? {
        Ok(saved) => {
            let (mut score, mut urgent, mut response) = (None, None, None);
            for document in saved {
                match document.stored().resource_type {
                    ResourceType::Observation => score = Some(Observation(document)),
                    ResourceType::Task => urgent = Some(Task(document)),
                    _ => response = Some(OtherResource(document)),
                }
            }
            let response = response.ok_or_else(super::wrote_nothing)?;
            QuestionnaireSubmitPayload { outcome: QuestionnaireSubmitted { response, score, urgent }.into() }
        }
        Err(refused) => QuestionnaireSubmitOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

/// The questionnaire at the version that was shown: a version is for ever, so what was answered counts although a newer one came meanwhile.
async fn seen(act: &mut Act<'_>, found: Document, expected: i32) -> Result<Option<Document>> {
    let stored = found.stored();
    let form = if stored.version_id == expected {
        found
    } else {
        let read = act.session().store.vread(&act.session().actor, stored.resource_type, &stored.id, expected).await;
        if let entity::store::Lookup::Found(stored) = read.map_err(|e| crate::error::graphql(&e))? {
            Document::new(stored)?
        } else {
            act.problems.add("expectedVersion", IssueType::NotFound, "there is no such version");
            return Ok(None);
        }
    };
    if form.text(&["status"]) != Some("active") {
        act.problems.add("questionnaire", IssueType::BusinessRule, "the questionnaire is not in use");
    }
    Ok(Some(form))
}

/// The response, its sum, and what has to be done at once.
fn draft(
    act: &mut Act<'_>,
    input: &QuestionnaireSubmitInput,
    form: &Document,
    items: Vec<Json<'static>>,
    given: &[Given],
    [patient, encounter]: [Option<Json<'static>>; 2],
) {
    let authored = input.authored.as_ref().map_or_else(|| act.now(), |a| Json::from(a.0.clone()));
    let url = form.text(&["url"]).map(|url| match form.text(&["version"]) {
        Some(version) => format!("{url}|{version}"),
        None => url.to_owned(),
    });
    let mut response = Draft::new(ResourceType::QuestionnaireResponse);
    response.set("questionnaire", Json::from(url.unwrap_or_else(|| input.questionnaire.to_string())));
    response.set("status", Json::from("completed"));
    response.set("subject", patient.clone());
    response.set("encounter", encounter.clone());
    response.set("authored", authored.clone());
    response.set("author", act.author());
    response.set("source", if input.by_patient { patient.clone() } else { act.author() });
    if !items.is_empty() {
        response.set("item", Json::Array(items));
    }
    let Some(id) = act.create(response) else { return };
    let response = format!("QuestionnaireResponse/{id}");
    let Some((instrument, Score { total, urgent })) = score(form, given) else { return };
    if let Some((sum, says)) = total {
        let (total, display) = instrument.total;
        let mut observation = Draft::new(ResourceType::Observation);
        observation.set("status", Json::from("final"));
        observation.add("category", Some(code(CATEGORY, "survey", Some("Survey"))));
        observation.set("code", code(LOINC, total, Some(display)));
        observation.set("subject", patient.clone());
        observation.set("encounter", encounter.clone());
        observation.set("effectiveDateTime", authored);
        observation.add("performer", act.author());
        observation.set("valueQuantity", quantity(i64::from(sum).into(), "{score}", "{score}"));
        observation.add("interpretation", Some(object([("text", says.into())])));
        observation.set("method", object([("text", instrument.source.into())]));
        observation.add("derivedFrom", Some(reference(&response)));
        act.create(observation);
    }
    if let Some(why) = urgent {
        let mut task = Draft::new(ResourceType::Task);
        task.set("status", Json::from("requested"));
        task.set("intent", Json::from("order"));
        task.set("priority", Json::from("urgent"));
        task.set("code", object([("text", "Assess the risk of self-harm".into())]));
        task.set("description", Json::from(why));
        task.set("focus", reference(&response));
        task.set("for", patient);
        task.set("encounter", encounter);
        task.set("authoredOn", act.now());
        task.set("requester", act.author());
        act.create(task);
    }
}

/// The instrument that the questionnaire is, by its code, and what it says; the items are known by their codes too.
fn score(form: &Document, given: &[Given]) -> Option<(&'static Instrument, Score)> {
    let instrument = form
        .all("code")
        .iter()
        .find_map(|c| Instrument::of_panel(c.str_at("code").filter(|_| c.str_at("system") == Some(LOINC))?))?;
    let mut items = Vec::new();
    collect(form.json(), &mut items);
    let answer = |code: &str| {
        let coded = |item: &&Json<'_>| {
            let codes = item.get("code").map_or(&[][..], Json::items);
            codes.iter().any(|c| c.str_at("system") == Some(LOINC) && c.str_at("code") == Some(code))
        };
        let link_id = items.iter().copied().find(coded)?.str_at("linkId")?;
        let (name, value) = given.iter().find(|g| g.link_id == link_id)?.values.first()?;
        (*name == "valueCoding" && value.str_at("system") == Some(LOINC)).then(|| value.str_at("code"))?
    };
    let result = instrument.score(answer);
    Some((instrument, result))
}

fn collect<'d>(parent: &'d Json<'static>, into: &mut Vec<&'d Json<'static>>) {
    for item in parent.get("item").map_or(&[][..], Json::items) {
        into.push(item);
        collect(item, into);
    }
}
