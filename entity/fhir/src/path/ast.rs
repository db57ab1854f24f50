//! The tree of a parsed expression. Left-associative operators of one level are one node, so depth follows nesting, not length.

use super::decimal::Decimal;
use super::temporal::{Kind, Temporal};
use regex::Regex;

/// An expression, or a part of one. `at` everywhere is a byte offset into the text.
#[derive(Debug, Clone)]
pub enum Expr {
    Literal(Literal),
    /// `%name`
    Variable {
        name: Box<str>,
        at: usize,
    },
    This,
    Index,
    Total,
    /// Steps applied to `start`; without one, to `$this` (and then a leading type name may stand for it).
    Chain {
        start: Option<Box<Expr>>,
        steps: Vec<Step>,
    },
    /// `first op expr op expr …`, all of one precedence level, from left to right.
    Operators {
        first: Box<Expr>,
        rest: Vec<(Operator, Expr, usize)>,
    },
    /// `operand is T`, `operand as T`
    Type {
        operand: Box<Expr>,
        operator: TypeOperator,
        name: TypeName,
        at: usize,
    },
    /// `-operand`; a leading `+` leaves a number as it is but must be one.
    Sign {
        negative: bool,
        operand: Box<Expr>,
        at: usize,
    },
}

impl Expr {
    /// Appends the `%names` in it.
    pub fn variables<'e>(&'e self, out: &mut Vec<&'e str>) {
        match self {
            Expr::Variable { name, .. } => out.push(name),
            Expr::Chain { start, steps } => {
                if let Some(start) = start {
                    start.variables(out);
                }
                for step in steps {
                    match step {
                        Step::Child { .. } => {}
                        Step::Item { index, .. } => index.variables(out),
                        Step::Call { arguments, .. } => arguments.iter().for_each(|a| a.variables(out)),
                    }
                }
            }
            Expr::Operators { first, rest } => {
                first.variables(out);
                rest.iter().for_each(|(_, operand, _)| operand.variables(out));
            }
            Expr::Type { operand, .. } | Expr::Sign { operand, .. } => operand.variables(out),
            Expr::Literal(_) | Expr::This | Expr::Index | Expr::Total => {}
        }
    }
}

#[derive(Debug, Clone)]
pub enum Literal {
    /// `{}`
    Empty,
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    String(Box<str>),
    Temporal(Temporal, Kind),
    Quantity {
        value: Decimal,
        unit: Unit,
    },
}

/// A unit as written: `'mg'`, or the calendar word in the singular.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    Ucum(Box<str>),
    Calendar(&'static str),
}

#[derive(Debug, Clone)]
pub enum Step {
    Child {
        name: Name,
        at: usize,
    },
    /// `[index]`
    Item {
        index: Expr,
        at: usize,
    },
    Call {
        function: Function,
        arguments: Vec<Expr>,
        type_name: Option<TypeName>,
        pattern: Option<Regex>,
        at: usize,
    },
}

/// An element name, and the JSON name of its primitive companion (`_birthDate`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name {
    pub text: Box<str>,
    pub companion: Box<str>,
}

/// `Patient`, `FHIR.Patient`, `System.Boolean`
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeName {
    pub namespace: Option<Box<str>>,
    pub name: Box<str>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TypeOperator {
    Is,
    As,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Add,
    Subtract,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// The operator of a symbol or word and its level; a higher level binds tighter (FHIRPath 2.0 section 6.8).
    pub fn named(text: &str) -> Option<(Operator, u8)> {
        Some(match text {
            "*" => (Operator::Multiply, 10),
            "/" => (Operator::Divide, 10),
            "div" => (Operator::Div, 10),
            "mod" => (Operator::Mod, 10),
            "+" => (Operator::Add, 9),
            "-" => (Operator::Subtract, 9),
            "&" => (Operator::Concatenate, 9),
            "|" => (Operator::Union, 7),
            "<" => (Operator::Less, 6),
            "<=" => (Operator::LessOrEqual, 6),
            ">" => (Operator::Greater, 6),
            ">=" => (Operator::GreaterOrEqual, 6),
            "=" => (Operator::Equal, 5),
            "!=" => (Operator::NotEqual, 5),
            "~" => (Operator::Equivalent, 5),
            "!~" => (Operator::NotEquivalent, 5),
            "in" => (Operator::In, 4),
            "contains" => (Operator::Contains, 4),
            "and" => (Operator::And, 3),
            "or" => (Operator::Or, 2),
            "xor" => (Operator::Xor, 2),
            "implies" => (Operator::Implies, 1),
            _ => return None,
        })
    }
}

/// One row per function: variant, name, fewest and most arguments.
macro_rules! functions {
    ($($variant:ident $name:literal $min:literal $max:literal,)*) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Function { $($variant,)* }

        impl Function {
            pub fn named(name: &str) -> Option<Function> {
                match name { $($name => Some(Function::$variant),)* _ => None }
            }

            pub fn name(self) -> &'static str {
                match self { $(Function::$variant => $name,)* }
            }

            /// Fewest and most arguments.
            pub fn arity(self) -> (usize, usize) {
                match self { $(Function::$variant => ($min, $max),)* }
            }
        }
    };
}

functions! {
    Empty "empty" 0 0,
    Exists "exists" 0 1,
    All "all" 1 1,
    AllTrue "allTrue" 0 0,
    AnyTrue "anyTrue" 0 0,
    AllFalse "allFalse" 0 0,
    AnyFalse "anyFalse" 0 0,
    SubsetOf "subsetOf" 1 1,
    SupersetOf "supersetOf" 1 1,
    Count "count" 0 0,
    Distinct "distinct" 0 0,
    IsDistinct "isDistinct" 0 0,
    Where "where" 1 1,
    Select "select" 1 1,
    Repeat "repeat" 1 1,
    OfType "ofType" 1 1,
    Is "is" 1 1,
    As "as" 1 1,
    Single "single" 0 0,
    First "first" 0 0,
    Last "last" 0 0,
    Tail "tail" 0 0,
    Skip "skip" 1 1,
    Take "take" 1 1,
    Intersect "intersect" 1 1,
    Exclude "exclude" 1 1,
    Union "union" 1 1,
    Combine "combine" 1 1,
    Coalesce "coalesce" 1 32,
    Iif "iif" 2 3,
    Aggregate "aggregate" 1 2,
    Sort "sort" 0 32,
    Not "not" 0 0,
    Children "children" 0 0,
    Descendants "descendants" 0 0,
    Trace "trace" 1 2,
    Now "now" 0 0,
    Today "today" 0 0,
    TimeOfDay "timeOfDay" 0 0,
    Type "type" 0 0,
    ToBoolean "toBoolean" 0 0,
    ToInteger "toInteger" 0 0,
    ToDecimal "toDecimal" 0 0,
    ToString "toString" 0 0,
    ToDate "toDate" 0 0,
    ToDateTime "toDateTime" 0 0,
    ToTime "toTime" 0 0,
    ToQuantity "toQuantity" 0 1,
    ConvertsToBoolean "convertsToBoolean" 0 0,
    ConvertsToInteger "convertsToInteger" 0 0,
    ConvertsToDecimal "convertsToDecimal" 0 0,
    ConvertsToString "convertsToString" 0 0,
    ConvertsToDate "convertsToDate" 0 0,
    ConvertsToDateTime "convertsToDateTime" 0 0,
    ConvertsToTime "convertsToTime" 0 0,
    ConvertsToQuantity "convertsToQuantity" 0 1,
    IndexOf "indexOf" 1 1,
    LastIndexOf "lastIndexOf" 1 1,
    Substring "substring" 1 2,
    StartsWith "startsWith" 1 1,
    EndsWith "endsWith" 1 1,
    Contains "contains" 1 1,
    Upper "upper" 0 0,
    Lower "lower" 0 0,
    Replace "replace" 2 2,
    Matches "matches" 1 1,
    MatchesFull "matchesFull" 1 1,
    ReplaceMatches "replaceMatches" 2 2,
    Length "length" 0 0,
    ToChars "toChars" 0 0,
    Trim "trim" 0 0,
    Split "split" 1 1,
    Join "join" 0 1,
    Encode "encode" 1 1,
    Decode "decode" 1 1,
    Escape "escape" 1 1,
    Unescape "unescape" 1 1,
    Abs "abs" 0 0,
    Ceiling "ceiling" 0 0,
    Exp "exp" 0 0,
    Floor "floor" 0 0,
    Ln "ln" 0 0,
    Log "log" 1 1,
    Power "power" 1 1,
    Round "round" 0 1,
    Sqrt "sqrt" 0 0,
    Truncate "truncate" 0 0,
    LowBoundary "lowBoundary" 0 1,
    HighBoundary "highBoundary" 0 1,
    Precision "precision" 0 0,
    Comparable "comparable" 1 1,
    Extension "extension" 1 1,
    HasValue "hasValue" 0 0,
    GetValue "getValue" 0 0,
    Resolve "resolve" 0 0,
    GetResourceKey "getResourceKey" 0 0,
    GetReferenceKey "getReferenceKey" 0 1,
    MemberOf "memberOf" 1 1,
    ConformsTo "conformsTo" 1 1,
    HtmlChecks "htmlChecks" 0 0,
}
