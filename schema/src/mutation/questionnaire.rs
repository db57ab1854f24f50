//! Questionnaires: filled in by whoever asks, at once or bit by bit, judged against the questionnaire, and scored where the sum is published.
//! What is amended or taken back carries its sum with it.

use async_graphql::{ID, InputObject, OneofObject, Result, SimpleObject};
use clinical::questionnaire::{Given, fill, walk};
use clinical::score::instrument::{Instrument, Result as Score};
use entity::Interaction;
use entity::store::Write;
use fhir::json::Object;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{CodingInput, Draft, code, named, object, quantity, reference};
use crate::document::Document;
use crate::scalar::{Date, DateTime, Decimal};
use crate::session::Session;
use crate::types::care::Task;
use crate::types::chart::Observation;
use crate::types::questionnaire::{DISPLAY, QuestionnaireResponse, instrument, sets};
use crate::types::worklist::OPEN_TASK;

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
    #[graphql(default)]
    pub values: Vec<AnswerValueInput>,
    /// Of a group that repeats: the answers of one repetition. The group is told once for each.
    pub items: Option<Vec<ItemAnswersInput>>,
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
    /// When it was filled in; by default now, and when an earlier one is changed, the time that it has.
    pub authored: Option<DateTime>,
    /// The response on record that is gone on with, or amended; absent for a new one.
    pub response: Option<ID>,
    /// The version of that response which was seen.
    pub response_version: Option<String>,
    /// Whether it is done. If not, what is answered so far is kept as in progress: nothing that is missing is told, nothing is scored.
    #[graphql(default = true)]
    pub finished: bool,
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
    pub response: QuestionnaireResponse,
    /// The sum of the answers; null when the questionnaire has none that is published, an item is unanswered, or an amendment left it as it was.
    pub score: Option<Observation>,
    /// What has to be done about an answer at once.
    pub urgent: Option<Task>,
}

judged! {
    /// What became of submitting a questionnaire.
    QuestionnaireSubmitOutcome, QuestionnaireSubmitPayload, QuestionnaireSubmitted
}

fn answers(act: &mut Act<'_>, input: &[ItemAnswersInput], list: &str) -> Vec<Given> {
    let mut all = Vec::new();
    for (at, item) in input.iter().enumerate() {
        let here = format!("{list}[{at}]");
        let mut values = Vec::new();
        for (n, value) in item.values.iter().enumerate() {
            let place = format!("{here}.values[{n}]");
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
        if item.values.is_empty() && item.items.is_none() {
            act.problems.add(&format!("{here}.values"), IssueType::Required, "no answer is told");
        }
        let items = item.items.as_ref().map(|items| answers(act, items, &format!("{here}.items")));
        all.push(Given { link_id: item.link_id.clone(), place: here, values, items: items.unwrap_or_default() });
    }
    all
}

pub async fn submit(session: &Session, input: QuestionnaireSubmitInput) -> Result<QuestionnaireSubmitPayload> {
    let mut act = Act::new(session, "questionnaireSubmit", &input, input.idempotency_key.as_ref());
    let patient = act.patient(&input.patient).await?;
    let encounter = act.encounter(input.encounter.as_ref(), &input.patient).await?;
    act.past("authored", input.authored.as_ref());
    let given = answers(&mut act, &input.answers, "answers");
    let before = before(&mut act, &input).await?;
    let mut form = None;
    let types = [ResourceType::Questionnaire];
    let places = ("questionnaire", "expectedVersion");
    if let Some((found, expected, _)) =
        act.editing_at(places, &input.questionnaire, &input.expected_version, &types).await?
    {
        form = seen(&mut act, found, expected, before.is_some()).await?;
    }
    let mut sums = None;
    if let Some(form) = form.filter(|_| act.problems.0.is_empty()) {
        if before.as_ref().is_some_and(|(before, _)| !is_of(before, &form)) {
            act.problems.add("questionnaire", IssueType::BusinessRule, "the response is of another questionnaire");
        }
        match fill(form.json(), &given, &sets(session, form.json()).await?, input.finished) {
            Ok(items) => {
                let author = author(session).await?;
                sums = draft(&mut act, &input, &form, items, &given, before, [patient, encounter, author]);
            }
            Err(faults) => {
                for fault in faults {
                    act.problems.add(&fault.place, fault.code, format!("{}: {}", fault.link_id, fault.text));
                }
            }
        }
    }
    let acted = act
        .commit_if::<QuestionnaireSubmitOutcome>(|facts| Ok(sums.as_ref().map_or(Vec::new(), |s| s.writes(facts))))
        .await?;
    QuestionnaireSubmitPayload::of(acted, |saved| {
        let (mut score, mut urgent, mut response) = (None, None, None);
        for document in saved {
            match document.stored().resource_type {
                ResourceType::Observation => {
                    score = Some(document).filter(|d| d.text(&["status"]) != Some(IN_ERROR)).map(Observation);
                }
                ResourceType::Task => urgent = Some(Task(document)),
                _ => response = Some(QuestionnaireResponse(document)),
            }
        }
        let response = response.ok_or_else(super::wrote_nothing)?;
        Ok(QuestionnaireSubmitted { response, score, urgent })
    })
}

const IN_ERROR: &str = "entered-in-error";

/// The response that is gone on with or amended, and the version that was seen.
async fn before(act: &mut Act<'_>, input: &QuestionnaireSubmitInput) -> Result<Option<(Document, i32)>> {
    let Some(id) = &input.response else { return Ok(None) };
    let version = input.response_version.as_deref().unwrap_or_default();
    let types = [ResourceType::QuestionnaireResponse];
    let Some((found, expected, _)) = act.editing_at(("response", "responseVersion"), id, version, &types).await? else {
        return Ok(None);
    };
    if found.text(&["subject", "reference"]) != Some(input.patient.as_str()) {
        act.problems.add("response", IssueType::BusinessRule, "the response is of another patient");
    }
    match found.text(&["status"]) {
        Some("in-progress") => {}
        Some("completed" | "amended") if input.finished => {}
        Some("completed" | "amended") => {
            let text = "what is done is amended; it does not go back to being in progress";
            act.problems.add("finished", IssueType::BusinessRule, text);
        }
        _ => act.problems.add("response", IssueType::BusinessRule, "the response was given up or taken back"),
    }
    Ok(Some((found, expected)))
}

/// What a response calls its form.
fn canonical(form: &Document) -> String {
    match (form.text(&["url"]), form.text(&["version"])) {
        (Some(url), Some(version)) => format!("{url}|{version}"),
        (Some(url), None) => url.to_owned(),
        (None, _) => format!("Questionnaire/{}", form.stored().id),
    }
}

/// Whether a response is of that form, in whichever version.
fn is_of(response: &Document, form: &Document) -> bool {
    let bare = |text: &str| text.split('|').next().unwrap_or_default().to_owned();
    response.text(&["questionnaire"]).map(bare) == Some(bare(&canonical(form)))
}

/// The questionnaire at the version that was shown: a version is for ever, so what was answered counts although a newer one came meanwhile.
/// A response that is on record may be finished although its form is no longer given out.
async fn seen(act: &mut Act<'_>, found: Document, expected: i32, begun: bool) -> Result<Option<Document>> {
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
    let status = form.text(&["status"]);
    if status != Some("active") && !(begun && status == Some("retired")) {
        act.problems.add("questionnaire", IssueType::BusinessRule, "the questionnaire is not in use");
    }
    Ok(Some(form))
}

/// Who submits, with their name.
async fn author(session: &Session) -> Result<Option<Json<'static>>> {
    let Some(id) = &session.actor.fhir_user else { return Ok(None) };
    let name = super::note::name_of(session, id).await?;
    Ok(Some(named(id, name.as_deref())))
}

/// The response; and what follows from it, once it is finished.
fn draft(
    act: &mut Act<'_>,
    input: &QuestionnaireSubmitInput,
    form: &Document,
    items: Vec<Json<'static>>,
    given: &[Given],
    before: Option<(Document, i32)>,
    [patient, encounter, author]: [Option<Json<'static>>; 3],
) -> Option<Sums> {
    let earlier = before.as_ref().and_then(|(before, _)| before.element("authored").cloned());
    let told = input.authored.as_ref().map(|a| Json::from(a.0.clone()));
    let authored = told.or(earlier).unwrap_or_else(|| act.now());
    let done = before.as_ref().is_some_and(|(b, _)| b.text(&["status"]) != Some("in-progress"));
    let mut response = before
        .as_ref()
        .map_or_else(|| Draft::new(ResourceType::QuestionnaireResponse), |(before, _)| Draft::of(before));
    response.set("questionnaire", Json::from(canonical(form)));
    if let Some(title) = form.text(&["title"]).or_else(|| form.text(&["name"])) {
        let shown = object([("url", DISPLAY.into()), ("valueString", title.to_owned().into())]);
        response.set("_questionnaire", object([("extension", Json::Array(vec![shown]))]));
    }
    let status = match (input.finished, done) {
        (false, _) => "in-progress",
        (true, false) => "completed",
        (true, true) => "amended",
    };
    response.set("status", Json::from(status));
    response.set("subject", patient.clone());
    response.set("encounter", encounter.clone());
    response.set("authored", authored.clone());
    response.set("author", author.clone());
    response.set("source", if input.by_patient { patient.clone() } else { author.clone() });
    if items.is_empty() {
        response.document.remove("item");
    } else {
        response.set("item", Json::Array(items));
    }
    let id = match &before {
        Some((before, expected)) => {
            act.update(before, *expected, response);
            before.stored().id.clone()
        }
        None => act.create(response)?,
    };
    let response = format!("QuestionnaireResponse/{id}");
    let (instrument, score) = score(form, given).filter(|_| input.finished)?;
    if done {
        follow(act, &input.patient, &response);
    }
    let basics = [("subject", patient), ("encounter", encounter)];
    let now = act.now();
    Some(Sums { instrument, score, response, basics, authored, now, author, ids: [act.mint(), act.mint()] })
}

/// Looks at what an earlier version of a response led to: its sums, and the tasks that are open.
pub(super) fn follow(act: &mut Act<'_>, patient: &str, response: &str) {
    act.chart(patient);
    act.needs(Interaction::Update, ResourceType::Observation);
    act.needs(Interaction::Update, ResourceType::Task);
    act.fact(ResourceType::Observation, &[("derived-from", response.to_owned())], Facts::Changed);
    let open = [("focus", response.to_owned()), ("status", OPEN_TASK.join(","))];
    act.fact(ResourceType::Task, &open, Facts::Changed);
}

/// A response was taken back: its sums are, and nobody has to do anything about its answers.
pub(super) fn taken_back(facts: &[Vec<Document>], reason: &str, now: &Json<'static>) -> Vec<Write> {
    let [sums, tasks] = facts else { return Vec::new() };
    let stands = |d: &&Document| d.text(&["status"]) != Some(IN_ERROR);
    let mut writes: Vec<Write> = sums.iter().filter(stands).map(in_error).collect();
    for task in tasks {
        let mut called_off = Draft::of(task);
        called_off.set("status", Json::from("cancelled"));
        called_off.set("lastModified", now.clone());
        called_off
            .set("statusReason", object([("text", Json::from(format!("the answers were taken back: {reason}")))]));
        writes.push(called_off.next_of(task));
    }
    writes
}

fn in_error(document: &Document) -> Write {
    let mut draft = Draft::of(document);
    draft.set("status", Json::from(IN_ERROR));
    draft.next_of(document)
}

/// What follows from the answers of a scored form.
struct Sums {
    instrument: &'static Instrument,
    score: Score,
    response: String,
    basics: [(&'static str, Option<Json<'static>>); 2],
    authored: Json<'static>,
    now: Json<'static>,
    author: Option<Json<'static>>,
    /// Of the Observation and the Task, if they are made.
    ids: [String; 2],
}

impl Sums {
    /// `facts` is what [`follow`] looked at, or nothing for a new response.
    fn writes(&self, facts: &[Vec<Document>]) -> Vec<Write> {
        let of = |at: usize| facts.get(at).map_or(&[][..], Vec::as_slice);
        let sum = of(0).iter().find(|d| d.text(&["status"]) != Some(IN_ERROR));
        let mut writes: Vec<Write> = match (self.score.total, sum) {
            (Some((total, says)), before) => self.observation(total, says, before).into_iter().collect(),
            // Of what is no longer answered whole there is no sum.
            (None, Some(before)) => vec![in_error(before)],
            (None, None) => Vec::new(),
        };
        if let Some(why) = self.score.urgent.filter(|_| of(1).is_empty()) {
            writes.push(self.task(why));
        }
        writes
    }

    fn observation(&self, total: u32, says: &'static str, before: Option<&Document>) -> Option<Write> {
        let value = quantity(i64::from(total).into(), "{score}", "{score}");
        let (name, display) = self.instrument.total;
        let mut observation = before.map_or_else(|| Draft::new(ResourceType::Observation), Draft::of);
        observation.set("interpretation", Json::Array(vec![object([("text", says.into())])]));
        observation.set("valueQuantity", value.clone());
        observation.set("effectiveDateTime", self.authored.clone());
        if let Some(before) = before {
            let same = |name: &str, to: &Json<'static>| before.element(name) == Some(to);
            if same("valueQuantity", &value) && same("effectiveDateTime", &self.authored) {
                return None;
            }
            observation.set("status", Json::from("amended"));
            return Some(observation.next_of(before));
        }
        observation.set("status", Json::from("final"));
        observation.add("category", Some(code(CATEGORY, "survey", Some("Survey"))));
        observation.set("code", code(LOINC, name, Some(display)));
        for (name, value) in &self.basics {
            observation.set(name, value.clone());
        }
        observation.add("performer", self.author.clone());
        observation.set("method", object([("text", self.instrument.source.into())]));
        observation.add("derivedFrom", Some(reference(&self.response)));
        Some(observation.new_as(ResourceType::Observation, self.ids[0].clone()))
    }

    fn task(&self, why: &'static str) -> Write {
        let mut task = Draft::new(ResourceType::Task);
        task.set("status", Json::from("requested"));
        task.set("intent", Json::from("order"));
        task.set("priority", Json::from("urgent"));
        task.set("code", object([("text", "Assess the risk of self-harm".into())]));
        task.set("description", Json::from(why));
        task.set("focus", reference(&self.response));
        task.set("for", self.basics[0].1.clone());
        task.set("encounter", self.basics[1].1.clone());
        task.set("authoredOn", self.now.clone());
        task.set("requester", self.author.clone());
        task.new_as(ResourceType::Task, self.ids[1].clone())
    }
}

/// The instrument that the questionnaire is, by its code, and what it says; the items are known by their codes too.
fn score(form: &Document, given: &[Given]) -> Option<(&'static Instrument, Score)> {
    let instrument = instrument(form)?;
    let items = walk(form.json());
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
