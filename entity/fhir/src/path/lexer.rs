//! FHIRPath text to tokens. Knows literals, comments and escapes; does not know grammar.

use super::decimal::Decimal;
use super::temporal::{Kind, Temporal};
use super::{ErrorKind, PathError};

#[derive(Debug, Clone, PartialEq)]
pub enum Token {
    /// A bare word, keywords included.
    Word(String),
    /// A name between backticks: never a keyword.
    Quoted(String),
    String(String),
    Integer(i64),
    Decimal(Decimal),
    Temporal(Temporal, Kind),
    /// `%name`, `%'name'` or `` %`name` ``.
    Variable(String),
    /// `$this`, `$index`, `$total`, without the sign.
    Special(String),
    Symbol(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SYMBOLS: [&str; 23] = [
    "!=", "!~", "<=", ">=", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|", "=", "~", "<", ">",
    ";",
];

/// Tokens with the byte where each begins; the last one is [`Token::End`].
pub fn tokens(text: &str) -> Result<Vec<(Token, usize)>, PathError> {
    let mut lexer = Lexer { text, at: 0 };
    let mut out = Vec::new();
    loop {
        lexer.skip_space()?;
        let start = lexer.at;
        let token = lexer.token()?;
        let done = token == Token::End;
        out.push((token, start));
        if done {
            return Ok(out);
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

fn is_word_start(b: u8) -> bool {
    b.is_ascii_alphabetic() || b == b'_'
}

fn is_word(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b == b'_'
}

impl Lexer<'_> {
    fn rest(&self) -> &str {
        &self.text[self.at..]
    }

    fn error(&self, reason: impl Into<String>) -> PathError {
        PathError::new(ErrorKind::Syntax, reason, self.at)
    }

    fn skip_space(&mut self) -> Result<(), PathError> {
        loop {
            let rest = self.rest();
            if rest.starts_with("//") {
                self.at += rest.find('\n').unwrap_or(rest.len());
            } else if let Some(comment) = rest.strip_prefix("/*") {
                match comment.find("*/") {
                    Some(end) => self.at += end + 4,
                    None => return Err(self.error("a comment is not closed")),
                }
            } else {
                let trimmed = rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{a0}']);
                if trimmed.len() == rest.len() {
                    return Ok(());
                }
                self.at = self.text.len() - trimmed.len();
            }
        }
    }

    fn take_while(&mut self, keep: fn(u8) -> bool) -> String {
        let rest = self.rest();
        let end = rest.bytes().position(|b| !keep(b)).unwrap_or(rest.len());
        let word = rest[..end].to_owned();
        self.at += end;
        word
    }

    fn token(&mut self) -> Result<Token, PathError> {
        let bytes = self.rest().as_bytes();
        let Some(&first) = bytes.first() else { return Ok(Token::End) };
        match first {
            b if is_word_start(b) => Ok(Token::Word(self.take_while(is_word))),
            b'0'..=b'9' => self.number(),
            b'\'' => Ok(Token::String(self.quoted('\'')?)),
            b'`' => Ok(Token::Quoted(self.quoted('`')?)),
            b'@' => {
                let Some((value, kind, used)) = Temporal::scan(&self.rest()[1..]) else {
                    return Err(self.error("a date or time was expected after \"@\""));
                };
                self.at += 1 + used;
                Ok(Token::Temporal(value, kind))
            }
            b'$' => {
                self.at += 1;
                let word = self.take_while(is_word);
                if matches!(word.as_str(), "this" | "index" | "total") {
                    Ok(Token::Special(word))
                } else {
                    Err(self.error(format!("\"${word}\" is not known")))
                }
            }
            b'%' => {
                self.at += 1;
                match self.rest().as_bytes().first() {
                    Some(b'`') => Ok(Token::Variable(self.quoted('`')?)),
                    Some(b'\'') => Ok(Token::Variable(self.quoted('\'')?)),
                    Some(b) if is_word_start(*b) => Ok(Token::Variable(self.take_while(is_word))),
                    _ => Err(self.error("a variable name was expected after \"%\"")),
                }
            }
            _ => match SYMBOLS.iter().find(|s| self.rest().starts_with(**s)) {
                Some(symbol) => {
                    self.at += symbol.len();
                    Ok(Token::Symbol(symbol))
                }
                None => Err(self.error("an unexpected character")),
            },
        }
    }

    fn number(&mut self) -> Result<Token, PathError> {
        let bytes = self.rest().as_bytes();
        let whole = bytes.iter().position(|b| !b.is_ascii_digit()).unwrap_or(bytes.len());
        let fraction = match bytes.get(whole) {
            Some(b'.') => bytes[whole + 1..].iter().take_while(|b| b.is_ascii_digit()).count(),
            _ => 0,
        };
        let end = if fraction > 0 { whole + 1 + fraction } else { whole };
        let text = &self.rest()[..end];
        let token = if fraction > 0 {
            Decimal::parse(text).map(Token::Decimal)
        } else {
            text.parse::<i64>().ok().filter(|n| *n <= i64::from(i32::MAX) + 1).map(Token::Integer)
        };
        let token = token.ok_or_else(|| self.error("a number is out of range"))?;
        self.at += end;
        Ok(token)
    }

    fn quoted(&mut self, quote: char) -> Result<String, PathError> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(self.error("a quoted text is not closed"));
            };
            self.at += c.len_utf8();
            if c == quote {
                return Ok(out);
            }
            if c != '\\' {
                out.push(c);
                continue;
            }
            let Some(escaped) = self.rest().chars().next() else { continue };
            self.at += escaped.len_utf8();
            out.push(match escaped {
                'f' => '\u{c}',
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                '\\' | '/' | '"' | '`' | '\'' => escaped,
                'u' => {
                    let digits =
                        self.text.get(self.at..self.at + 4).filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit()));
                    let code = digits.and_then(|d| u32::from_str_radix(d, 16).ok());
                    let Some(c) = code.and_then(char::from_u32) else {
                        return Err(self.error("four hexadecimal digits of a character were expected"));
                    };
                    self.at += 4;
                    c
                }
                other => return Err(self.error(format!("unknown escape \"\\{other}\""))),
            });
        }
    }
}
