//! Questionnaires: the forms with their items as the pages draw them, what was answered, and the instruments that score them.

use std::sync::Arc;

use async_graphql::{Context, Enum, Result, SimpleObject};
use clinical::questionnaire::rule::{count, extension, units};
use clinical::questionnaire::set::{Sets, contained, named};
use clinical::questionnaire::{initial, walk};
use clinical::score::instrument::{INSTRUMENTS, Instrument};
use entity::StoreError;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::terminology::{ValueSet, Wanted};
use fhir::{Json, ResourceType};

use super::background::quantity_words;
use crate::code::{ItemType, QuestionnaireResponseStatus};
use crate::document::{Document, List, PageArguments, connection, resource};
use crate::error;
use crate::query::escaped;
use crate::scalar::{Date, DateTime, Decimal};
use crate::session::{Session, session};
use crate::value::{Coding, Quantity, ResourceRef};

const LOINC: &str = "http://loinc.org";
/// Most options of an item that are told with it.
const OPTIONS: usize = 300;
/// What a canonical is shown as.
pub(crate) const DISPLAY: &str = "http://hl7.org/fhir/StructureDefinition/display";

/// What kind of value an answer is.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum AnswerKind {
    /// Yes or no.
    Boolean,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// Words.
    Text,
    /// A day.
    Date,
    /// A time.
    DateTime,
    /// A time of day.
    Time,
    /// A URL.
    Uri,
    /// A code.
    Coding,
    /// A number with its unit.
    Quantity,
    /// A file, a reference, or what else these pages do not ask for.
    Other,
}

/// A value that an item can be answered with.
#[derive(SimpleObject, Clone)]
pub struct AnswerValue {
    /// Which of the fields below it has; text, day, time and URL are in `text`.
    pub kind: AnswerKind,
    /// In words: the name of a choice, the number with its unit; what is `OTHER` as its FHIR JSON.
    pub text: String,
    /// Yes or no.
    pub boolean: Option<bool>,
    /// The number of an integer or decimal.
    pub number: Option<Decimal>,
    /// The code.
    pub coding: Option<Coding>,
    /// The number with its unit.
    pub quantity: Option<Quantity>,
}

impl AnswerValue {
    /// The value of an element such as `valueCoding`, whatever stands before the type's name.
    fn read(of: &Json<'_>, prefix: &str) -> Option<Self> {
        let typed = |(name, value)| Some((prefix_free(name, prefix)?, value));
        let (kind, value) = of.as_object()?.iter().find_map(typed)?;
        let mut read = Self {
            kind: AnswerKind::Other,
            text: words(value),
            boolean: value.as_bool(),
            number: value.as_number().map(|n| Decimal(n.to_owned())),
            coding: None,
            quantity: None,
        };
        read.kind = match kind {
            "Boolean" => AnswerKind::Boolean,
            "Integer" => AnswerKind::Integer,
            "Decimal" => AnswerKind::Decimal,
            "String" => AnswerKind::Text,
            "Date" => AnswerKind::Date,
            "DateTime" => AnswerKind::DateTime,
            "Time" => AnswerKind::Time,
            "Uri" => AnswerKind::Uri,
            "Coding" => {
                read.coding = Some(Coding::read(value));
                AnswerKind::Coding
            }
            "Quantity" => {
                read.quantity = Some(Quantity::read(value));
                AnswerKind::Quantity
            }
            _ => AnswerKind::Other,
        };
        Some(read)
    }

    fn of(name: &'static str, value: Json<'static>) -> Option<Self> {
        let mut object = fhir::json::Object::new();
        object.push(name, value);
        Self::read(&Json::Object(object), "value")
    }
}

/// The type of an element of several types: `Coding` of `valueCoding`.
fn prefix_free<'n>(name: &'n str, prefix: &str) -> Option<&'n str> {
    name.strip_prefix(prefix).filter(|kind| kind.starts_with(char::is_uppercase))
}

fn words(value: &Json<'_>) -> String {
    match value {
        Json::String(text) | Json::Number(text) => text.to_string(),
        Json::Bool(holds) => if *holds { "yes" } else { "no" }.to_owned(),
        other => {
            let named = other.str_at("display").or_else(|| other.str_at("code")).map(ToOwned::to_owned);
            quantity_words(other).or(named).unwrap_or_else(|| other.to_text())
        }
    }
}

/// A condition on the answer to another item.
#[derive(SimpleObject)]
pub struct ItemCondition {
    /// The `linkId` of the other item.
    pub question: String,
    /// `exists`, `=`, `!=`, `>`, `<`, `>=` or `<=`.
    pub operator: String,
    /// What the answer is compared with; for `exists`, whether there has to be one.
    pub answer: Option<AnswerValue>,
}

/// An item of a form: a question, a text that is shown, or a group of items.
#[derive(SimpleObject)]
pub struct QuestionnaireItem {
    /// Its id in the form.
    pub link_id: String,
    /// The item that it stands in; null at the top.
    pub parent: Option<String>,
    /// What it is called beside its text, such as `1a`.
    pub prefix: Option<String>,
    /// What is asked, or shown.
    pub text: Option<String>,
    /// What kind of answer it asks for; null for a type that R4 does not have.
    pub r#type: Option<ItemType>,
    /// Its codes.
    pub codes: Vec<Coding>,
    /// Whether it has to be answered where it is asked.
    pub required: bool,
    /// Whether it may have several answers; of a group, several repetitions.
    pub repeats: bool,
    /// Whether it is shown with its initial answer, which nobody changes.
    pub read_only: bool,
    /// Whether it is not shown.
    pub hidden: bool,
    /// Conditions under which it is asked; none when it always is.
    pub enable_when: Vec<ItemCondition>,
    /// Whether one condition is enough; else all have to hold.
    pub enable_any: bool,
    /// What can be chosen from.
    pub options: Vec<AnswerValue>,
    /// The value set of the options, for `valueSet`, where more can be chosen from than `options` tells.
    pub value_set: Option<String>,
    /// What it is answered with at the beginning.
    pub initial: Vec<AnswerValue>,
    /// Most characters.
    pub max_length: Option<usize>,
    /// Least value.
    pub min_value: Option<String>,
    /// Largest value.
    pub max_value: Option<String>,
    /// Least number of answers or repetitions, where there is any.
    pub min_occurs: Option<usize>,
    /// Largest number of answers or repetitions.
    pub max_occurs: Option<usize>,
    /// The units that can be chosen from; none when any UCUM unit may be written.
    pub units: Vec<Coding>,
    /// Why it cannot be answered here; null when it can.
    pub cannot: Option<String>,
}

impl QuestionnaireItem {
    fn read(item: &Json<'_>, parent: Option<&str>, sets: &Sets) -> Self {
        let own = |name: &str| item.str_at(name).map(ToOwned::to_owned);
        let holds = |value: Option<&Json<'_>>| value.and_then(Json::as_bool) == Some(true);
        let all = |name: &str| item.get(name).map_or(&[][..], Json::items).iter();
        let limit = |name: &str| extension(item, name).map(|limit| words(limit.get("value").unwrap_or(limit)));
        let kind = item.str_at("type").unwrap_or_default();
        let mut options: Vec<AnswerValue> = all("answerOption").filter_map(|o| AnswerValue::read(o, "value")).collect();
        let (mut value_set, mut cannot) = (None, None);
        if let Some(name) = item.str_at("answerValueSet").filter(|_| options.is_empty()) {
            match expanded(name, sets) {
                Ok((listed, true)) => options = listed,
                Ok((listed, false)) if name.starts_with('#') => {
                    options = listed;
                    cannot = Some(format!("it has more than {OPTIONS} options"));
                }
                Ok((listed, false)) => (options, value_set) = (listed, Some(name.to_owned())),
                Err(why) => cannot = Some(why),
            }
        }
        if matches!(kind, "attachment" | "reference") {
            cannot = Some(format!("an item of type {kind} cannot be answered here"));
        }
        Self {
            link_id: own("linkId").unwrap_or_default(),
            parent: parent.map(ToOwned::to_owned),
            prefix: own("prefix"),
            text: own("text"),
            r#type: ItemType::of(kind),
            codes: all("code").map(Coding::read).collect(),
            required: holds(item.get("required")),
            repeats: holds(item.get("repeats")),
            read_only: holds(item.get("readOnly")),
            hidden: holds(extension(item, "questionnaire-hidden")),
            enable_when: all("enableWhen")
                .map(|c| ItemCondition {
                    question: c.str_at("question").unwrap_or_default().to_owned(),
                    operator: c.str_at("operator").unwrap_or_default().to_owned(),
                    answer: AnswerValue::read(c, "answer"),
                })
                .collect(),
            enable_any: item.str_at("enableBehavior") == Some("any"),
            options,
            value_set,
            initial: initial(item).into_iter().filter_map(|(name, value)| AnswerValue::of(name, value)).collect(),
            max_length: item.get("maxLength").and_then(Json::as_number).and_then(|n| n.parse().ok()),
            min_value: limit("minValue"),
            max_value: limit("maxValue"),
            min_occurs: count(item, "questionnaire-minOccurs"),
            max_occurs: count(item, "questionnaire-maxOccurs"),
            units: units(item).into_iter().map(Coding::read).collect(),
            cannot,
        }
    }
}

/// The first options of a value set, and whether they are all; or why they are not known.
fn expanded(name: &str, sets: &Sets) -> std::result::Result<(Vec<AnswerValue>, bool), String> {
    let Some((set, library)) = sets.get(name) else {
        return Err(format!("the value set {name} of its options is not known here"));
    };
    let wanted = Wanted { active_only: true, count: Some(OPTIONS), ..Wanted::default() };
    let expansion = library.expand(set, &wanted).map_err(|trouble| trouble.to_string())?;
    let own = |text: Option<&str>| text.map(ToOwned::to_owned);
    let option = |hit: &fhir::terminology::Hit<'_>| AnswerValue {
        kind: AnswerKind::Coding,
        text: hit.display.unwrap_or(hit.code).to_owned(),
        boolean: None,
        number: None,
        coding: Some(Coding { system: own(hit.system), code: Some(hit.code.to_owned()), display: own(hit.display) }),
        quantity: None,
    };
    let told = expansion.hits.iter().filter(|h| !h.concept.is_some_and(|c| c.is_abstract)).map(option).collect();
    Ok((told, expansion.total <= expansion.hits.len()))
}

/// The value sets that a form takes options from, as far as they are known.
pub(crate) async fn sets(session: &Session, form: &Json<'_>) -> Result<Sets> {
    let mut sets = Sets::default();
    for name in named(form) {
        let set = match contained(form, name) {
            Some(contained) => ValueSet::read(contained).ok().map(Arc::new),
            None if name.starts_with('#') => None,
            None => session.store.value_set(&session.actor, name).await.map_err(|e| error::graphql(&e))?,
        };
        let Some(set) = set else { continue };
        let library = session.store.library(&session.actor, &[], &[&set]).await.map_err(|e| error::graphql(&e))?;
        sets.add(name.to_owned(), set, library);
    }
    Ok(sets)
}

/// Items in the order of the form, each with the one it stands in.
fn items(form: &Json<'_>, sets: &Sets) -> Vec<QuestionnaireItem> {
    fn below(of: &Json<'_>, parent: Option<&str>, sets: &Sets, all: &mut Vec<QuestionnaireItem>) {
        for item in of.get("item").map_or(&[][..], Json::items) {
            all.push(QuestionnaireItem::read(item, parent, sets));
            below(item, item.str_at("linkId"), sets, all);
        }
    }
    let mut all = Vec::with_capacity(walk(form).len());
    below(form, None, sets, &mut all);
    all
}

/// A band of sums, and what it says.
#[derive(SimpleObject)]
pub struct ScoreBand {
    /// The least sum of the band.
    pub least: u32,
    /// What it says.
    pub says: &'static str,
}

/// A published way to score a form.
pub struct ScoreInstrument(&'static Instrument);

/// A published way to score a form.
#[async_graphql::Object]
impl ScoreInstrument {
    /// What it is called, such as `PHQ-9`.
    async fn name(&self) -> &'static str {
        self.0.name
    }
    /// The LOINC code of a form that it scores.
    async fn panel(&self) -> &'static str {
        self.0.panel
    }
    /// The LOINC code of the sum.
    async fn total(&self) -> &'static str {
        self.0.total.0
    }
    /// The LOINC codes of the items that count; unless all are answered there is no sum.
    async fn items(&self) -> &'static [&'static str] {
        self.0.items
    }
    /// The largest sum.
    async fn largest(&self) -> u32 {
        self.0.largest()
    }
    /// What sums say, by rising sum.
    async fn bands(&self) -> Vec<ScoreBand> {
        self.0.bands.iter().map(|(least, says)| ScoreBand { least: *least, says }).collect()
    }
    /// The LOINC code of the item of which any answer but the lowest is urgent, whatever the sum.
    async fn urgent_item(&self) -> Option<&'static str> {
        self.0.urgent.map(|(item, _)| item)
    }
    /// The LOINC code of the lowest answer.
    async fn lowest_answer(&self) -> &'static str {
        self.0.answers.iter().find(|(_, worth)| *worth == 0).map_or("", |(code, _)| code)
    }
    /// The publication of the sum and its bands.
    async fn source(&self) -> &'static str {
        self.0.source
    }
}

/// The instruments that forms are scored by.
pub(crate) fn instruments() -> Vec<ScoreInstrument> {
    INSTRUMENTS.iter().map(ScoreInstrument).collect()
}

/// The instrument that a form is, by its code.
pub(crate) fn instrument(form: &Document) -> Option<&'static Instrument> {
    let loinc = |c: &Json<'_>| c.str_at("code").filter(|_| c.str_at("system") == Some(LOINC)).map(ToOwned::to_owned);
    form.all("code").iter().filter_map(loinc).find_map(|code| Instrument::of_panel(&code))
}

/// The search for the sums of all instruments.
pub(crate) fn sums() -> Vec<(String, String)> {
    let codes: Vec<String> = INSTRUMENTS.iter().map(|i| format!("{LOINC}|{}", i.total.0)).collect();
    vec![("code".into(), codes.join(","))]
}

/// An item of a filled-in form: a question with its answers, or a group.
#[derive(SimpleObject)]
pub struct AnsweredItem {
    /// The place in this list of the item that it stands in; null at the top.
    pub parent: Option<usize>,
    /// Its id in the form.
    pub link_id: Option<String>,
    /// What was asked, as it was shown.
    pub text: Option<String>,
    /// The answers; none of a group.
    pub values: Vec<AnswerValue>,
}

fn answered(of: &[Json<'_>], parent: Option<usize>, all: &mut Vec<AnsweredItem>) {
    for item in of {
        let given = item.get("answer").map_or(&[][..], Json::items);
        let here = all.len();
        all.push(AnsweredItem {
            parent,
            link_id: item.str_at("linkId").map(ToOwned::to_owned),
            text: item.str_at("text").map(ToOwned::to_owned),
            values: given.iter().filter_map(|a| AnswerValue::read(a, "value")).collect(),
        });
        let below = |of: &Json<'_>, all: &mut Vec<AnsweredItem>| {
            answered(of.get("item").map_or(&[], Json::items), Some(here), all);
        };
        below(item, all);
        given.iter().for_each(|answer| below(answer, all));
    }
}

/// What was answered to one question.
#[derive(SimpleObject)]
pub struct QuestionnaireAnswer {
    /// The question's id in its questionnaire.
    pub link_id: Option<String>,
    /// The question, as it was shown.
    pub text: Option<String>,
    /// The answers in words: the name of a choice, the text, the number with its unit; anything else as its FHIR JSON.
    pub answers: Vec<String>,
}

/// The questions of a form in its order, those of groups and below answers included.
fn answers(items: &[Json<'_>], out: &mut Vec<QuestionnaireAnswer>) {
    for item in items {
        let given = item.get("answer").map_or(&[][..], Json::items);
        if !given.is_empty() {
            out.push(QuestionnaireAnswer {
                link_id: item.str_at("linkId").map(ToOwned::to_owned),
                text: item.str_at("text").map(ToOwned::to_owned),
                answers: given.iter().filter_map(answer_words).collect(),
            });
        }
        answers(item.get("item").map_or(&[], Json::items), out);
        for answer in given {
            answers(answer.get("item").map_or(&[], Json::items), out);
        }
    }
}

fn answer_words(answer: &Json<'_>) -> Option<String> {
    AnswerValue::read(answer, "value").map(|value| value.text)
}

resource! {
    /// A questionnaire that was filled in.
    QuestionnaireResponse {
        /// Where it stands.
        async fn status(&self) -> Option<QuestionnaireResponseStatus> {
            self.0.text(&["status"]).and_then(QuestionnaireResponseStatus::of)
        }
        /// The canonical address of the questionnaire.
        async fn questionnaire(&self) -> Option<&str> {
            self.0.text(&["questionnaire"])
        }
        /// When it was answered.
        async fn authored(&self) -> Option<DateTime> {
            self.0.date_time("authored")
        }
        /// Who wrote the answers down.
        async fn author(&self) -> Option<ResourceRef> {
            self.0.reference("author")
        }
        /// Who answered.
        async fn source(&self) -> Option<ResourceRef> {
            self.0.reference("source")
        }
        /// The visit it belongs to.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// What the form was called when it was filled in; null when the record does not say.
        async fn title(&self) -> Option<&str> {
            let named = self.0.element("_questionnaire")?.get("extension").map_or(&[][..], Json::items);
            named.iter().find(|e| e.str_at("url") == Some(DISPLAY)).and_then(|e| e.str_at("valueString"))
        }
        /// All items in their order, groups included.
        async fn items(&self) -> Vec<AnsweredItem> {
            let mut all = Vec::new();
            answered(self.0.all("item"), None, &mut all);
            all
        }
        /// The questions that have an answer, in the order of the form.
        async fn answers(&self) -> Vec<QuestionnaireAnswer> {
            let mut out = Vec::new();
            answers(self.0.all("item"), &mut out);
            out
        }
    }
}
connection!(QuestionnaireResponseConnection, QuestionnaireResponseEdge, QuestionnaireResponse);

resource! {
    /// A form of questions.
    Questionnaire {
        /// Its canonical address.
        async fn url(&self) -> Option<&str> {
            self.0.text(&["url"])
        }
        /// Its version in words.
        async fn version(&self) -> Option<&str> {
            self.0.text(&["version"])
        }
        /// Its title.
        async fn title(&self) -> Option<&str> {
            self.0.text(&["title"]).or_else(|| self.0.text(&["name"]))
        }
        /// Where it stands: `draft`, `active`, `retired` or `unknown`.
        async fn status(&self) -> Option<&str> {
            self.0.text(&["status"])
        }
        /// What it is about.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// Who may use it, and on what terms.
        async fn copyright(&self) -> Option<&str> {
            self.0.text(&["copyright"])
        }
        /// Its items in their order, with what can be chosen from.
        #[graphql(complexity = 300)]
        async fn items(&self, ctx: &Context<'_>) -> Option<Vec<QuestionnaireItem>> {
            error::or_null(ctx, async {
                let sets = sets(session(ctx), self.0.json()).await?;
                Ok(items(self.0.json(), &sets))
            })
            .await
        }
        /// How its answers are scored; null when nothing is published for it.
        async fn instrument(&self) -> Option<ScoreInstrument> {
            instrument(&self.0).map(ScoreInstrument)
        }
        /// Its codes.
        async fn codes(&self) -> Vec<Coding> {
            self.0.all("code").iter().map(Coding::read).collect()
        }
        /// When it was last changed, by its own account.
        async fn date(&self) -> Option<Date> {
            self.0.text(&["date"]).map(|t| Date(t.to_owned()))
        }
    }
}
connection!(QuestionnaireConnection, QuestionnaireEdge, Questionnaire);

/// What a response calls its form: a canonical URL with or without `|version`, or `Questionnaire/id`. Of several the one in use, else the
/// newest.
pub(crate) async fn by_canonical(session: &Session, canonical: &str) -> Result<Option<Document>> {
    let mut pairs = match (canonical.strip_prefix("Questionnaire/"), canonical.split_once('|')) {
        (Some(id), _) => vec![("_id".to_owned(), escaped(id))],
        (None, Some((url, version))) => {
            vec![("url".to_owned(), escaped(url)), ("version".to_owned(), escaped(version))]
        }
        (None, None) => vec![("url".to_owned(), escaped(canonical))],
    };
    pairs.push(("_sort".into(), "-_lastUpdated".into()));
    let parsed = parse(ResourceType::Questionnaire, &pairs, Handling::Strict, session.now, &Options::default());
    let query = parsed.map_err(|issues| error::graphql(&StoreError::Invalid(issues)))?.query;
    let found = List::search(session, query, &PageArguments::default().request()?).await?.documents;
    let active = found.iter().find(|d| d.text(&["status"]) == Some("active")).cloned();
    Ok(active.or_else(|| found.into_iter().next()))
}

/// Questionnaires in use, by title.
pub(crate) async fn questionnaires(
    ctx: &Context<'_>,
    search: Option<&str>,
    page: &PageArguments,
) -> Result<QuestionnaireConnection> {
    let session = session(ctx);
    let mut pairs = vec![("status".to_owned(), "active".to_owned()), ("_sort".into(), "title".into())];
    pairs.extend(search.map(|words| ("title".to_owned(), escaped(words))));
    let parsed = parse(ResourceType::Questionnaire, &pairs, Handling::Strict, session.now, &Options::default());
    let query = parsed.map_err(|issues| error::graphql(&StoreError::Invalid(issues)))?.query;
    List::search(session, query, &page.request()?).await.map(QuestionnaireConnection)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_told_in_words_in_the_order_of_the_form() {
        let form = Json::parse(
            r#"{"item":[{"linkId":"g","text":"Group","item":[
                {"linkId":"a","text":"Smoker?","answer":[{"valueBoolean":false}]},
                {"linkId":"b","answer":[{"valueCoding":{"code":"x","display":"Often"},"item":[{"linkId":"b1","answer":[{"valueQuantity":{"value":7.10,"unit":"mg"}}]}]}]}]},
                {"linkId":"c","answer":[{"valueString":"none"},{"valueAttachment":{"title":"t"}}]},{"linkId":"empty"}]}"#,
        )
        .unwrap();
        let mut out = Vec::new();
        answers(form.get("item").unwrap().items(), &mut out);
        let told: Vec<_> = out.iter().map(|a| (a.link_id.as_deref().unwrap(), a.answers.join(";"))).collect();
        let expected = [("a", "no"), ("b", "Often"), ("b1", "7.10 mg"), ("c", "none;{\"title\":\"t\"}")];
        assert_eq!(told, expected.map(|(id, text)| (id, text.to_owned())));
    }
}
