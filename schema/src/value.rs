//! FHIR data types as the clinical API shows them, read from JSON.

use async_graphql::{ComplexObject, Context, Enum, ID, SimpleObject, Union};
use chrono::{DateTime as Moment, Utc};
use fhir::Json;
use fhir::interpretation::{Finding, finding};
use fhir::reference::{self, Target};

use crate::error::or_null;
use crate::query::{Node, node, parts};
use crate::scalar::{DateTime, Decimal};
use crate::session::session;

/// A coded idea: words for people, codings for programs.
#[derive(SimpleObject, Clone)]
pub struct Concept {
    /// The text of the record, else the first display, else the first code.
    pub text: String,
    /// The codings of the record.
    pub codings: Vec<Coding>,
}

/// A code of a code system.
#[derive(SimpleObject, Clone)]
pub struct Coding {
    /// Canonical URL of the code system.
    pub system: Option<String>,
    /// The code.
    pub code: Option<String>,
    /// The code's meaning in words.
    pub display: Option<String>,
}

/// A measured amount.
#[derive(SimpleObject, Clone)]
pub struct Quantity {
    /// The number as recorded.
    pub value: Option<Decimal>,
    /// `<`, `<=`, `>=` or `>` when the true value is only bounded.
    pub comparator: Option<String>,
    /// The unit as people write it.
    pub unit: Option<String>,
    /// The system of `code`.
    pub system: Option<String>,
    /// The coded unit.
    pub code: Option<String>,
}

/// Text as a value.
#[derive(SimpleObject, Clone)]
pub struct Text {
    /// The text.
    pub text: String,
}

/// Yes or no as a value.
#[derive(SimpleObject, Clone)]
pub struct BooleanValue {
    /// The value.
    pub boolean: bool,
}

/// A whole number as a value.
#[derive(SimpleObject, Clone)]
pub struct IntegerValue {
    /// The value.
    pub integer: i64,
}

/// An interval of amounts.
#[derive(SimpleObject, Clone)]
pub struct Range {
    /// Lower bound.
    pub low: Option<Quantity>,
    /// Upper bound.
    pub high: Option<Quantity>,
}

/// One amount per another.
#[derive(SimpleObject, Clone)]
pub struct Ratio {
    /// Above the line.
    pub numerator: Option<Quantity>,
    /// Below the line.
    pub denominator: Option<Quantity>,
}

/// A span of time; a missing end is open.
#[derive(SimpleObject, Clone)]
pub struct Period {
    /// When it began.
    pub start: Option<DateTime>,
    /// When it ended.
    pub end: Option<DateTime>,
}

/// A series of values measured at equal intervals, such as a lead of an ECG.
#[derive(SimpleObject, Clone)]
pub struct SampledData {
    /// The value of zero, and the unit of all.
    pub origin: Quantity,
    /// Milliseconds between two values.
    pub period_ms: Decimal,
    /// Each number is multiplied by this before `origin` is added; null is 1.
    pub factor: Option<Decimal>,
    /// The lowest that could be measured.
    pub lower_limit: Option<Decimal>,
    /// The highest that could be measured.
    pub upper_limit: Option<Decimal>,
    /// How many values each point of time has.
    pub dimensions: i32,
    /// The numbers with blanks between; `E` is an error, `U` above and `L` below what could be measured.
    pub data: Option<String>,
}

/// What was observed.
#[derive(Union, Clone)]
pub enum ObservationValue {
    Quantity(Quantity),
    Concept(Concept),
    Text(Text),
    Boolean(BooleanValue),
    Integer(IntegerValue),
    Range(Range),
    Ratio(Ratio),
    Period(Period),
    SampledData(SampledData),
}

/// A reference as it stands in the record.
#[derive(SimpleObject, Clone)]
#[graphql(complex)]
pub struct ResourceRef {
    /// Global id, when it points into this server.
    pub id: Option<ID>,
    /// Words for people.
    pub display: Option<String>,
    /// The reference text.
    pub reference: Option<String>,
    /// The instant that the record it stands in is read as of.
    #[graphql(skip)]
    pub as_of: Option<Moment<Utc>>,
}

#[ComplexObject]
impl ResourceRef {
    /// What it refers to, as it is now or, below `asOf`, as it was then; null when it is not on this server, deleted or not to be seen.
    #[graphql(complexity = "2 + child_complexity")]
    async fn node(&self, ctx: &Context<'_>) -> Option<Node> {
        let (resource_type, id) = self.id.as_ref().and_then(parts)?;
        let found = session(ctx).one_of_many(resource_type, id, self.as_of);
        or_null(ctx, found).await.flatten().map(node)
    }
}

/// A remark.
#[derive(SimpleObject, Clone)]
pub struct Annotation {
    /// The remark.
    pub text: String,
    /// When it was made.
    pub time: Option<DateTime>,
    /// Who made it, in words.
    pub author: Option<String>,
}

/// The range a result is compared with.
#[derive(SimpleObject, Clone)]
pub struct ReferenceRange {
    /// Lowest value within.
    pub low: Option<Quantity>,
    /// Highest value within.
    pub high: Option<Quantity>,
    /// The range in words.
    pub text: Option<String>,
    /// Whom it applies to, in the record's words.
    pub applies_to: Vec<Concept>,
    /// The ages it applies to.
    pub age: Option<Range>,
    /// What kind of range it is, where it is not the usual one.
    pub r#type: Option<Concept>,
}

/// How a result stands against what is expected.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum Interpretation {
    /// Below the range.
    Low,
    /// Above the range.
    High,
    /// Dangerously low.
    CriticalLow,
    /// Dangerously high.
    CriticalHigh,
    /// Not as expected.
    Abnormal,
    /// Dangerous.
    CriticalAbnormal,
    /// As expected.
    Normal,
    /// Found.
    Positive,
    /// Not found.
    Negative,
    /// Neither.
    Indeterminate,
    /// Stated in the record in a code that is none of the others.
    Other,
}

/// Who says so.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum InterpretationSource {
    /// The record states it.
    Reported,
    /// Computed from the record's own reference range.
    Derived,
}

fn own(value: Option<&str>) -> Option<String> {
    value.map(ToOwned::to_owned)
}

fn date_time(value: &Json<'_>, name: &str) -> Option<DateTime> {
    own(value.str_at(name)).map(DateTime)
}

impl Coding {
    pub fn read(value: &Json<'_>) -> Self {
        Self {
            system: own(value.str_at("system")),
            code: own(value.str_at("code")),
            display: own(value.str_at("display")),
        }
    }
}

impl Concept {
    /// A CodeableConcept; `None` when it says nothing.
    pub fn read(value: &Json<'_>) -> Option<Self> {
        let codings: Vec<Coding> = value.get("coding").map_or(&[][..], Json::items).iter().map(Coding::read).collect();
        let text = own(value.str_at("text"))
            .or_else(|| codings.iter().find_map(|c| c.display.clone()))
            .or_else(|| codings.iter().find_map(|c| c.code.clone()))?;
        Some(Self { text, codings })
    }

    pub fn all(values: &[Json<'_>]) -> Vec<Self> {
        values.iter().filter_map(Self::read).collect()
    }
}

impl Quantity {
    pub fn read(value: &Json<'_>) -> Self {
        Self {
            value: value.get("value").and_then(Json::as_number).map(|n| Decimal(n.to_owned())),
            comparator: own(value.str_at("comparator")),
            unit: own(value.str_at("unit")),
            system: own(value.str_at("system")),
            code: own(value.str_at("code")),
        }
    }

    /// What tells one unit from another: the code with its system, else the words.
    pub fn unit_key(&self) -> (Option<&str>, Option<&str>) {
        match &self.code {
            Some(code) => (self.system.as_deref(), Some(code)),
            None => (None, self.unit.as_deref()),
        }
    }

    pub fn number(&self) -> Option<f64> {
        self.value.as_ref()?.0.parse().ok()
    }
}

impl Range {
    pub fn read(value: &Json<'_>) -> Self {
        Self { low: value.get("low").map(Quantity::read), high: value.get("high").map(Quantity::read) }
    }
}

impl Ratio {
    pub fn read(value: &Json<'_>) -> Self {
        let part = |name: &str| value.get(name).map(Quantity::read);
        Self { numerator: part("numerator"), denominator: part("denominator") }
    }
}

impl Period {
    pub fn read(value: &Json<'_>) -> Self {
        Self { start: date_time(value, "start"), end: date_time(value, "end") }
    }
}

impl ResourceRef {
    /// A Reference of a record that is read as of that instant; `None` is now.
    pub fn read(value: &Json<'_>, as_of: Option<Moment<Utc>>) -> Self {
        let text = value.str_at("reference");
        let id = text.and_then(|t| match reference::parse(t, None) {
            Target::Local { resource_type, id, .. } => Some(format!("{resource_type}/{id}").into()),
            _ => None,
        });
        Self { id, display: own(value.str_at("display")), reference: own(text), as_of }
    }

    pub fn all(values: &[Json<'_>], as_of: Option<Moment<Utc>>) -> Vec<Self> {
        values.iter().map(|value| Self::read(value, as_of)).collect()
    }
}

impl SampledData {
    fn read(value: &Json<'_>) -> Option<Self> {
        let number = |name: &str| value.get(name).and_then(Json::as_number).map(|n| Decimal(n.to_owned()));
        Some(Self {
            origin: value.get("origin").map(Quantity::read)?,
            period_ms: number("period")?,
            factor: number("factor"),
            lower_limit: number("lowerLimit"),
            upper_limit: number("upperLimit"),
            dimensions: value.get("dimensions").and_then(Json::as_number)?.parse().ok()?,
            data: own(value.str_at("data")),
        })
    }
}

impl Annotation {
    pub fn all(values: &[Json<'_>]) -> Vec<Self> {
        let read = |v: &Json<'_>| {
            Some(Self {
                text: own(v.str_at("text"))?,
                time: date_time(v, "time"),
                author: own(v.str_at("authorString"))
                    .or_else(|| v.get("authorReference").and_then(|r| own(r.str_at("display")))),
            })
        };
        values.iter().filter_map(read).collect()
    }
}

impl ReferenceRange {
    pub fn all(values: &[Json<'_>]) -> Vec<Self> {
        let read = |v: &Json<'_>| Self {
            low: v.get("low").map(Quantity::read),
            high: v.get("high").map(Quantity::read),
            text: own(v.str_at("text")),
            applies_to: Concept::all(v.get("appliesTo").map_or(&[], Json::items)),
            age: v.get("age").map(Range::read),
            r#type: v.get("type").and_then(Concept::read),
        };
        values.iter().map(read).collect()
    }
}

/// The value of an Observation or of one of its components.
pub fn observation_value(value: &Json<'_>) -> Option<ObservationValue> {
    let text = |text: &str| ObservationValue::Text(Text { text: text.to_owned() });
    value.as_object()?.iter().find_map(|(name, v)| {
        Some(match name {
            "valueQuantity" => ObservationValue::Quantity(Quantity::read(v)),
            "valueCodeableConcept" => ObservationValue::Concept(Concept::read(v)?),
            "valueString" | "valueDateTime" | "valueTime" => text(v.as_str()?),
            "valueBoolean" => ObservationValue::Boolean(BooleanValue { boolean: v.as_bool()? }),
            "valueInteger" => ObservationValue::Integer(IntegerValue { integer: v.as_number()?.parse().ok()? }),
            "valueRange" => ObservationValue::Range(Range::read(v)),
            "valueRatio" => ObservationValue::Ratio(Ratio::read(v)),
            "valuePeriod" => ObservationValue::Period(Period::read(v)),
            "valueSampledData" => ObservationValue::SampledData(SampledData::read(v)?),
            _ => return None,
        })
    })
}

/// What the record states, else what its only reference range says about its value in the same unit.
///
/// Source of the codes: HL7 v3 ObservationInterpretation.
pub fn interpretation(value: &Json<'_>) -> Option<(Interpretation, InterpretationSource)> {
    let code = match finding(value)? {
        Finding::Below => return Some((Interpretation::Low, InterpretationSource::Derived)),
        Finding::Above => return Some((Interpretation::High, InterpretationSource::Derived)),
        Finding::Within => return Some((Interpretation::Normal, InterpretationSource::Derived)),
        Finding::Stated(code) => code,
    };
    let interpretation = match code {
        "L" => Interpretation::Low,
        "H" => Interpretation::High,
        "LL" => Interpretation::CriticalLow,
        "HH" => Interpretation::CriticalHigh,
        "A" => Interpretation::Abnormal,
        "AA" => Interpretation::CriticalAbnormal,
        "N" => Interpretation::Normal,
        "POS" => Interpretation::Positive,
        "NEG" => Interpretation::Negative,
        "IND" => Interpretation::Indeterminate,
        _ => Interpretation::Other,
    };
    Some((interpretation, InterpretationSource::Reported))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> Option<(Interpretation, InterpretationSource)> {
        interpretation(&Json::parse(text).unwrap())
    }

    #[test]
    fn interpretation_is_stated_or_derived_in_one_unit() {
        let coded = r#"{"interpretation":[{"coding":[{"code":"HH"}]}]}"#;
        assert_eq!(of(coded), Some((Interpretation::CriticalHigh, InterpretationSource::Reported)));
        let value = |v: &str, unit: &str| {
            format!(
                r#"{{"valueQuantity":{{"value":{v},"unit":"g"}},"referenceRange":[{{"low":{{"value":2,"unit":"{unit}"}},"high":{{"value":5,"unit":"g"}}}}]}}"#
            )
        };
        for (v, expected) in
            [("1.9", Interpretation::Low), ("2", Interpretation::Normal), ("5.1", Interpretation::High)]
        {
            assert_eq!(of(&value(v, "g")), Some((expected, InterpretationSource::Derived)), "{v}");
        }
        assert_eq!(of(&value("1", "mg")), None);
        assert_eq!(of(r#"{"valueQuantity":{"value":1}}"#), None);
    }

    #[test]
    fn a_concept_has_words_or_is_none() {
        let read = |t: &str| Concept::read(&Json::parse(t).unwrap()).map(|c| c.text);
        assert_eq!(read(r#"{"text":"x","coding":[{"display":"y"}]}"#).as_deref(), Some("x"));
        assert_eq!(read(r#"{"coding":[{"code":"c"},{"display":"y"}]}"#).as_deref(), Some("y"));
        assert_eq!(read(r#"{"coding":[{"code":"c"}]}"#).as_deref(), Some("c"));
        assert_eq!(read("{}"), None);
    }
}
