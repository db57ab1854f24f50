//! Tokens to tree: precedence climbing, with a bound on nesting.

use super::ast::{Expr, Function, Literal, Name, Operator, Step, TypeName, TypeOperator, Unit};
use super::lexer::{Token, tokens};
use super::text::pattern;
use super::{ErrorKind, PathError};
use crate::ResourceType;
use crate::path::decimal::Decimal;

/// Deepest nesting of parentheses, arguments, indexes and right-hand operands.
pub const MAX_NESTING: usize = 64;

const TYPE_LEVEL: u8 = 8;
const SIGN_LEVEL: u8 = 11;

/// Words that can start no expression as a name; they are names after a dot or between backticks.
const RESERVED: [&str; 7] = ["and", "or", "xor", "implies", "div", "mod", "true"];

pub fn parse(text: &str) -> Result<Expr, PathError> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0, depth: 0 };
    let expr = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(expr),
        _ => Err(parser.error("an operator or the end was expected")),
    }
}

struct Parser {
    tokens: Vec<(Token, usize)>,
    at: usize,
    depth: usize,
}

impl Parser {
    fn peek(&self) -> &Token {
        &self.tokens[self.at].0
    }

    fn offset(&self) -> usize {
        self.tokens[self.at].1
    }

    /// The token under the cursor, which moves on; it stays on the end.
    fn next(&mut self) -> Token {
        let token = self.tokens[self.at].0.clone();
        if token != Token::End {
            self.at += 1;
        }
        token
    }

    fn error(&self, reason: impl Into<String>) -> PathError {
        PathError::new(ErrorKind::Syntax, reason, self.offset())
    }

    fn accept(&mut self, symbol: &'static str) -> bool {
        let found = *self.peek() == Token::Symbol(symbol);
        if found {
            self.at += 1;
        }
        found
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), PathError> {
        if self.accept(symbol) { Ok(()) } else { Err(self.error(format!("\"{symbol}\" was expected"))) }
    }

    fn expression(&mut self, least: u8) -> Result<Expr, PathError> {
        self.depth += 1;
        if self.depth > MAX_NESTING {
            return Err(self.error(format!("nested deeper than {MAX_NESTING}")));
        }
        let mut left = self.signed()?;
        // The level of the operator node that `left` is, when this loop built it.
        let mut level_of_left = 0;
        let mut type_tests = 0;
        loop {
            let at = self.offset();
            let word = match self.peek() {
                Token::Word(word) => word.as_str(),
                Token::Symbol(symbol) => symbol,
                _ => break,
            };
            let type_operator = match word {
                "is" => Some(TypeOperator::Is),
                "as" => Some(TypeOperator::As),
                _ => None,
            };
            if let Some(operator) = type_operator {
                if TYPE_LEVEL < least {
                    break;
                }
                self.at += 1;
                type_tests += 1;
                if type_tests > MAX_NESTING {
                    return Err(self.error(format!("nested deeper than {MAX_NESTING}")));
                }
                let name = self.type_name()?;
                left = Expr::Type { operand: Box::new(left), operator, name, at };
                level_of_left = TYPE_LEVEL;
                continue;
            }
            let Some((operator, level)) = Operator::named(word) else { break };
            if level < least {
                break;
            }
            self.at += 1;
            let right = self.expression(level + 1)?;
            left = match left {
                Expr::Operators { first, mut rest } if level_of_left == level => {
                    rest.push((operator, right, at));
                    Expr::Operators { first, rest }
                }
                other => Expr::Operators { first: Box::new(other), rest: vec![(operator, right, at)] },
            };
            level_of_left = level;
        }
        self.depth -= 1;
        Ok(left)
    }

    fn signed(&mut self) -> Result<Expr, PathError> {
        let at = self.offset();
        let negative = match self.peek() {
            Token::Symbol("-") => true,
            Token::Symbol("+") => false,
            _ => return self.chain(),
        };
        self.at += 1;
        let operand = Box::new(self.expression(SIGN_LEVEL)?);
        Ok(Expr::Sign { negative, operand, at })
    }

    /// A term and the steps that follow it.
    fn chain(&mut self) -> Result<Expr, PathError> {
        let at = self.offset();
        let mut steps = Vec::new();
        let start = match self.next() {
            Token::Symbol("(") => {
                let inner = self.expression(0)?;
                self.expect(")")?;
                Some(inner)
            }
            Token::Symbol("{") => {
                self.expect("}")?;
                Some(Expr::Literal(Literal::Empty))
            }
            Token::String(s) => Some(Expr::Literal(Literal::String(s.into()))),
            Token::Integer(n) => Some(match self.unit() {
                Some(unit) => Expr::Literal(Literal::Quantity { value: Decimal::from(n), unit }),
                None => Expr::Literal(Literal::Integer(n)),
            }),
            Token::Decimal(value) => Some(match self.unit() {
                Some(unit) => Expr::Literal(Literal::Quantity { value, unit }),
                None => Expr::Literal(Literal::Decimal(value)),
            }),
            Token::Temporal(value, kind) => Some(Expr::Literal(Literal::Temporal(value, kind))),
            Token::Variable(name) => Some(Expr::Variable { name: name.into(), at }),
            Token::Special(word) => Some(match word.as_str() {
                "index" => Expr::Index,
                "total" => Expr::Total,
                _ => Expr::This,
            }),
            Token::Word(word) if word == "true" || word == "false" => {
                Some(Expr::Literal(Literal::Boolean(word == "true")))
            }
            Token::Word(word) if RESERVED.contains(&word.as_str()) => {
                self.at -= 1;
                return Err(self.error("a value or a name was expected"));
            }
            Token::Word(name) | Token::Quoted(name) => {
                steps.push(self.child_or_call(name, at)?);
                None
            }
            _ => {
                self.at = self.tokens.iter().position(|(_, offset)| *offset == at).unwrap_or(self.at);
                return Err(self.error("a value or a name was expected"));
            }
        };
        loop {
            let at = self.offset();
            if self.accept(".") {
                let at = self.offset();
                match self.next() {
                    Token::Word(name) | Token::Quoted(name) => steps.push(self.child_or_call(name, at)?),
                    _ => return Err(PathError::new(ErrorKind::Syntax, "a name was expected", at)),
                }
            } else if self.accept("[") {
                let index = self.expression(0)?;
                self.expect("]")?;
                steps.push(Step::Item { index, at });
            } else {
                break;
            }
        }
        match start {
            Some(start) if steps.is_empty() => Ok(start),
            start => Ok(Expr::Chain { start: start.map(Box::new), steps }),
        }
    }

    fn child_or_call(&mut self, name: String, at: usize) -> Result<Step, PathError> {
        if !self.accept("(") {
            let companion = format!("_{name}").into();
            return Ok(Step::Child { name: Name { text: name.into(), companion }, at });
        }
        let Some(function) = Function::named(&name) else {
            return Err(PathError::new(ErrorKind::Semantic, format!("the function {name}() is not known"), at));
        };
        let mut arguments = Vec::new();
        let mut type_name = None;
        let of_type = match function {
            Function::Is | Function::As | Function::OfType => true,
            Function::GetReferenceKey => !matches!(self.peek(), Token::Symbol(")")),
            _ => false,
        };
        if of_type {
            let written = self.type_name()?;
            if function == Function::GetReferenceKey && ResourceType::named(&written.name).is_none() {
                let reason = format!("{} is no resource type", written.name);
                return Err(PathError::new(ErrorKind::Semantic, reason, at));
            }
            type_name = Some(written);
            self.expect(")")?;
        } else if !self.accept(")") {
            loop {
                arguments.push(self.expression(0)?);
                if !self.accept(",") {
                    break;
                }
            }
            self.expect(")")?;
        }
        let (least, most) = function.arity();
        let count = arguments.len() + usize::from(type_name.is_some());
        if count < least || count > most {
            let reason = format!("{name}() takes {least} to {most} arguments, not {count}");
            return Err(PathError::new(ErrorKind::Semantic, reason, at));
        }
        let pattern = match (function, arguments.first()) {
            (
                Function::Matches | Function::MatchesFull | Function::ReplaceMatches,
                Some(Expr::Literal(Literal::String(source))),
            ) => Some(pattern(source, function == Function::MatchesFull, at)?),
            _ => None,
        };
        Ok(Step::Call { function, arguments, type_name, pattern, at })
    }

    fn type_name(&mut self) -> Result<TypeName, PathError> {
        let first = self.name()?;
        if self.accept(".") {
            let name = self.name()?;
            return Ok(TypeName { namespace: Some(first), name });
        }
        Ok(TypeName { namespace: None, name: first })
    }

    fn name(&mut self) -> Result<Box<str>, PathError> {
        let at = self.offset();
        match self.next() {
            Token::Word(name) | Token::Quoted(name) => Ok(name.into()),
            _ => Err(PathError::new(ErrorKind::Syntax, "a type name was expected", at)),
        }
    }

    /// The unit after a number, if one follows.
    fn unit(&mut self) -> Option<Unit> {
        let unit = match self.peek() {
            Token::String(s) => Unit::of_text(s),
            Token::Word(word) => Unit::Calendar(calendar_word(word)?),
            _ => return None,
        };
        self.at += 1;
        Some(unit)
    }
}

impl Unit {
    /// The code, or the calendar word.
    pub fn text(&self) -> &str {
        match self {
            Unit::Ucum(code) => code,
            Unit::Calendar(word) => word,
        }
    }

    /// A unit between quotes. `'month'` and its like are calendar words there too.
    pub fn of_text(text: &str) -> Unit {
        match calendar_word(text) {
            Some(word) => Unit::Calendar(word),
            None => Unit::Ucum(text.into()),
        }
    }
}

/// The singular of a calendar word; `None` for other words.
pub fn calendar_word(word: &str) -> Option<&'static str> {
    Some(match word {
        "year" | "years" => "year",
        "month" | "months" => "month",
        "week" | "weeks" => "week",
        "day" | "days" => "day",
        "hour" | "hours" => "hour",
        "minute" | "minutes" => "minute",
        "second" | "seconds" => "second",
        "millisecond" | "milliseconds" => "millisecond",
        _ => return None,
    })
}
