//! The query tree: what a FHIR search, a GraphQL filter or a compartment read asks for, before any SQL.
//!
//! It can hold all of R4 search. Whoever meets a node it cannot carry out answers `not-supported`; no node is ever skipped.

use crate::ResourceType;
use crate::search::registry::SearchParameter;

/// One search over one resource type. `all` is a conjunction; an empty one matches every resource of the type.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub resource_type: ResourceType,
    pub all: Vec<Clause>,
    /// Keys in order of weight; empty means newest created first.
    pub sort: Vec<Sort>,
    /// Page size asked for; `None` is the server's default, 0 asks for the count alone.
    pub count: Option<u32>,
    pub total: Total,
    pub include: Vec<Include>,
    pub revinclude: Vec<Include>,
    pub summary: Summary,
    /// `_elements` as given; empty means all.
    pub elements: Vec<String>,
    /// The parameters that were applied, normalised, in order: the self link and the hash a page token is bound to.
    pub applied: Vec<(String, String)>,
}

impl Query {
    pub fn new(resource_type: ResourceType) -> Self {
        Self {
            resource_type,
            all: Vec::new(),
            sort: Vec::new(),
            count: None,
            total: Total::Default,
            include: Vec::new(),
            revinclude: Vec::new(),
            summary: Summary::False,
            elements: Vec::new(),
            applied: Vec::new(),
        }
    }
}

/// One condition on the resource.
#[derive(Debug, Clone, PartialEq)]
pub enum Clause {
    /// `param[:modifier]=a,b`: any of the operands. `_id` and `_lastUpdated` are ordinary parameters here.
    Param {
        param: &'static SearchParameter,
        modifier: Modifier,
        any: Vec<Operand>,
    },
    /// `param:missing=true|false`.
    Missing {
        param: &'static SearchParameter,
        missing: bool,
    },
    /// `subject:Patient.name=x`: the reference `param` points to a resource of `target` that matches `clause`.
    Chain {
        param: &'static SearchParameter,
        target: ResourceType,
        clause: Box<Clause>,
    },
    /// `_has:Observation:patient:code=x`: some `source` whose reference `param` points here matches `clause`.
    Has {
        source: ResourceType,
        param: &'static SearchParameter,
        clause: Box<Clause>,
    },
    /// Of what the `source`s whose reference `param` points here and that match `among` say, the last: one of those that began on the
    /// latest day (UTC) any of them began on matches `clause`. What has no date is not among them. No search parameter says this.
    HasLast {
        source: ResourceType,
        param: &'static SearchParameter,
        among: Box<Clause>,
        clause: Box<Clause>,
    },
    /// An Observation that is not as expected, as [`crate::interpretation::is_abnormal`] has it. No search parameter says this.
    Abnormal,
    /// In the compartment of `owner` (`Patient/p1/Condition`).
    Compartment {
        owner: ResourceType,
        id: String,
    },
    And(Vec<Clause>),
    Or(Vec<Clause>),
    Not(Box<Clause>),
    /// `_text`, `_content`: full text, as given.
    FullText {
        narrative_only: bool,
        expression: String,
    },
    /// `_list=id`.
    List(String),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Modifier {
    None,
    Exact,
    Contains,
    Text,
    Not,
    In,
    NotIn,
    Above,
    Below,
    OfType,
    Identifier,
    /// `eq`, `ew` and `ne` of `_filter`: equal without regard to case and accents, ending so, some value being another one.
    Equal,
    EndsWith,
    Unequal,
}

/// One value of a parameter, already read by the parameter's type.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// string parameters, and `:text`; as given, not folded.
    String(String),
    Token(Token),
    Reference(ReferenceOperand),
    Date(DateOperand),
    Number(NumberOperand),
    Quantity(QuantityOperand),
    Uri(String),
    /// One operand per component.
    Composite(Vec<Operand>),
    Near {
        latitude: f64,
        longitude: f64,
        distance_km: f64,
    },
}

/// `code`, `system|code`, `|code`, `system|`; with `:of-type` the three parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Token {
    Code(String),
    SystemCode { system: String, code: String },
    NoSystemCode(String),
    System(String),
    OfType { system: String, code: String, value: String },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReferenceOperand {
    /// `id`, `Type/id`, `Type/id/_history/v`. `types` lists the types it may be: one when given, else all targets of the parameter.
    Local { types: Vec<ResourceType>, id: String, version: Option<String> },
    /// An absolute url that is not ours.
    Absolute(String),
    /// `url` or `url|version` of a canonical element.
    Canonical { url: String, version: Option<String> },
    /// `:identifier=system|value`.
    Identifier(Token),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefix {
    Eq,
    Ne,
    Gt,
    Lt,
    Ge,
    Le,
    Sa,
    Eb,
    Ap,
}

/// The range of the search value, `[low, high)` in microseconds since the epoch, UTC. For `ap` it is already widened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateOperand {
    pub prefix: Prefix,
    pub low: i64,
    pub high: i64,
}

/// `low` and `high` are the implicit range of the value's last digit (for `ap` widened by 10 %); `value` is the number itself.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NumberOperand {
    pub prefix: Prefix,
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// A number with its unit. With a convertible UCUM unit, `number` is in canonical units and `unit` names those.
#[derive(Debug, Clone, PartialEq)]
pub struct QuantityOperand {
    pub number: NumberOperand,
    pub unit: Unit,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// `5.4`: whatever the unit.
    Any,
    /// `5.4|system|code`; canonical when it is UCUM.
    Coded { system: String, code: String },
    /// `5.4||mg`: code or unit text.
    Text(String),
}

#[derive(Debug, Clone, PartialEq)]
pub struct Sort {
    pub param: &'static SearchParameter,
    pub descending: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Total {
    Default,
    None,
    Estimate,
    Accurate,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Summary {
    False,
    True,
    Text,
    Data,
    Count,
}

/// `Type:param[:Target]`, `Type:*` (`param` `None`), `*` (`source` `None`).
#[derive(Debug, Clone, PartialEq)]
pub struct Include {
    pub source: Option<ResourceType>,
    pub param: Option<&'static SearchParameter>,
    pub target: Option<ResourceType>,
    pub iterate: bool,
}
