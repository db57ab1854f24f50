//! A scan of a GraphQL document before it is parsed: size, number of tokens, bracket depth.
//!
//! The parser recurses on values and type references without a bound, so a few kilobytes of nested literals would exhaust
//! the stack. This scan does not recurse, reads each byte once and knows strings, block strings and comments
//! (GraphQL specification, October 2021, section 2.1).

/// What a document may cost before anything is parsed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    pub bytes: usize,
    /// Lexical tokens; commas, white space and comments do not count.
    pub tokens: usize,
    /// Open `{`, `(` and `[` together.
    pub depth: usize,
}

impl Limits {
    pub const DEFAULT: Self = Self { bytes: 64 * 1024, tokens: 15_000, depth: 64 };
}

/// Why a document is refused unparsed. Lines count from 1.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GuardError {
    #[error("the document has {bytes} bytes, at most {limit} are accepted")]
    TooLarge { bytes: usize, limit: usize },
    #[error("the document has more than {limit} tokens (line {line})")]
    TooManyTokens { limit: usize, line: usize },
    #[error("the document nests brackets deeper than {limit} (line {line})")]
    TooDeep { limit: usize, line: usize },
    #[error("a string is not closed (line {line})")]
    OpenString { line: usize },
    #[error("'{bracket}' does not close anything that is open (line {line})")]
    Unbalanced { bracket: char, line: usize },
    #[error("{open} bracket(s) are not closed at the end of the document")]
    Unclosed { open: usize },
}

impl GuardError {
    /// Whether the text is no GraphQL, rather than too much of it.
    pub fn is_syntax(&self) -> bool {
        match self {
            Self::OpenString { .. } | Self::Unbalanced { .. } | Self::Unclosed { .. } => true,
            Self::TooLarge { .. } | Self::TooManyTokens { .. } | Self::TooDeep { .. } => false,
        }
    }

    /// The HTTP status of the refusal.
    pub fn status(&self) -> http::StatusCode {
        match self {
            Self::TooLarge { .. } => http::StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooManyTokens { .. }
            | Self::TooDeep { .. }
            | Self::OpenString { .. }
            | Self::Unbalanced { .. }
            | Self::Unclosed { .. } => http::StatusCode::BAD_REQUEST,
        }
    }
}

/// Passes a document that is safe to hand to the parser.
pub fn check(document: &str, limits: &Limits) -> Result<(), GuardError> {
    let text = document.as_bytes();
    if text.len() > limits.bytes {
        return Err(GuardError::TooLarge { bytes: text.len(), limit: limits.bytes });
    }
    let mut open: Vec<u8> = Vec::new();
    let mut tokens = 0;
    let mut line = 1;
    let mut at = 0;
    while let Some(&byte) = text.get(at) {
        match byte {
            b'\n' => {
                line += 1;
                at += 1;
                continue;
            }
            // A lone carriage return ends a line as well; the parser takes it so, and so must the end of a comment.
            b'\r' => {
                line += usize::from(text.get(at + 1) != Some(&b'\n'));
                at += 1;
                continue;
            }
            b' ' | b'\t' | b',' | 0xEF | 0xBB | 0xBF => {
                at += 1;
                continue;
            }
            b'#' => {
                while text.get(at).is_some_and(|b| !matches!(b, b'\n' | b'\r')) {
                    at += 1;
                }
                continue;
            }
            _ => {}
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(GuardError::TooManyTokens { limit: limits.tokens, line });
        }
        match byte {
            b'"' => at = string_end(text, at, &mut line)?,
            b'{' | b'(' | b'[' => {
                open.push(byte);
                if open.len() > limits.depth {
                    return Err(GuardError::TooDeep { limit: limits.depth, line });
                }
                at += 1;
            }
            b'}' | b')' | b']' => {
                let opener = match byte {
                    b'}' => b'{',
                    b')' => b'(',
                    _ => b'[',
                };
                if open.pop() != Some(opener) {
                    return Err(GuardError::Unbalanced { bracket: char::from(byte), line });
                }
                at += 1;
            }
            b'.' if text[at..].starts_with(b"...") => at += 3,
            _ if is_word(byte) => {
                while text.get(at).copied().is_some_and(is_word) {
                    at += 1;
                }
            }
            _ => at += 1,
        }
    }
    if open.is_empty() { Ok(()) } else { Err(GuardError::Unclosed { open: open.len() }) }
}

/// Bytes of names and numbers.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+')
}

/// The offset after the string or block string that begins at `start`.
fn string_end(text: &[u8], start: usize, line: &mut usize) -> Result<usize, GuardError> {
    let opened_at = *line;
    let block = text[start..].starts_with(b"\"\"\"");
    let mut at = start + if block { 3 } else { 1 };
    while let Some(&byte) = text.get(at) {
        if block {
            if text[at..].starts_with(b"\\\"\"\"") {
                at += 4;
            } else if text[at..].starts_with(b"\"\"\"") {
                return Ok(at + 3);
            } else {
                *line += usize::from(byte == b'\n');
                at += 1;
            }
        } else {
            match byte {
                b'"' => return Ok(at + 1),
                b'\n' | b'\r' => break,
                b'\\' if matches!(text.get(at + 1), Some(b'\n' | b'\r')) => break,
                b'\\' => at += 2,
                _ => at += 1,
            }
        }
    }
    Err(GuardError::OpenString { line: opened_at })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(document: &str) -> Result<(), GuardError> {
        check(document, &Limits::DEFAULT)
    }

    #[test]
    fn ordinary_documents_pass() {
        for document in [
            "{ me { principal } }",
            "query Q($id: ID!, $n: Int = -1) { patient(id: $id) { labs(codes: [\"a\"], first: 3) { nodes { ...F } } } } fragment F on Observation { id }",
            "{ a(x: \"\"\"block \" with { ( [ and \\\"\"\" inside\"\"\") }",
            "\u{feff}{ a }",
            "",
        ] {
            assert_eq!(scan(document), Ok(()), "{document}");
        }
    }

    #[test]
    fn nested_literal_bombs_are_refused() {
        for (open, close) in [("[", "]"), ("{a:", "}")] {
            let bomb = format!("{{a(x:{}1{})}}", open.repeat(2_500), close.repeat(2_500));
            assert_eq!(scan(&bomb), Err(GuardError::TooDeep { limit: 64, line: 1 }));
        }
        let types = format!("query($x:{}Int{}){{a}}", "[".repeat(5_000), "]".repeat(5_000));
        assert!(matches!(scan(&types), Err(GuardError::TooDeep { .. })));
        let selections = format!("{}a{}", "{a".repeat(5_000), "}".repeat(5_000));
        assert!(matches!(scan(&selections), Err(GuardError::TooDeep { .. })));
        let unclosed = "[".repeat(60_000);
        assert!(matches!(scan(&unclosed), Err(GuardError::TooDeep { .. })));
    }

    #[test]
    fn depth_limit_is_exact() {
        let nested = |n: usize| format!("{}{}", "[".repeat(n), "]".repeat(n));
        assert_eq!(scan(&nested(64)), Ok(()));
        assert_eq!(scan(&nested(65)), Err(GuardError::TooDeep { limit: 64, line: 1 }));
    }

    #[test]
    fn brackets_in_strings_and_comments_do_not_count() {
        let many = "[".repeat(1_000);
        assert_eq!(scan(&format!("{{ a(x: \"{many}\") }}")), Ok(()));
        assert_eq!(scan(&format!("{{ a(x: \"\"\"{many}\n{many}\"\"\") }}")), Ok(()));
        assert_eq!(scan(&format!("{{ a # {many}\n }}")), Ok(()));
    }

    #[test]
    fn a_comment_or_string_cannot_hide_a_bomb() {
        let bomb = "[".repeat(1_000);
        for prefix in [
            "# \" \n",
            "# \"\"\" \n",
            "# \r",
            "{ a(x: \"#\") ",
            "{ a(x: \"\\\\\") ",
            "{ a(x: \"\\\"\") ",
            "{ a(x: \"\") ",
            "{ a(x: \"\"\"\"\"\") ",
            "{ a(x: \"\"\" \\\"\"\" \"\"\") ",
        ] {
            let document = format!("{prefix}{bomb}");
            assert!(matches!(scan(&document), Err(GuardError::TooDeep { .. })), "{prefix}");
        }
    }

    #[test]
    fn open_strings_are_refused_with_their_line() {
        assert_eq!(scan("{\n a(x: \"abc\n\") }"), Err(GuardError::OpenString { line: 2 }));
        assert_eq!(scan("{ a(x: \"\"\"abc\n\n"), Err(GuardError::OpenString { line: 1 }));
        assert_eq!(scan("\"abc\\"), Err(GuardError::OpenString { line: 1 }));
        assert_eq!(scan("\"abc\\\n\""), Err(GuardError::OpenString { line: 1 }));
    }

    #[test]
    fn brackets_must_match() {
        assert_eq!(scan("{ a(x: 1} )"), Err(GuardError::Unbalanced { bracket: '}', line: 1 }));
        assert_eq!(scan("{ a"), Err(GuardError::Unclosed { open: 1 }));
        assert_eq!(scan("}"), Err(GuardError::Unbalanced { bracket: '}', line: 1 }));
    }

    #[test]
    fn tokens_and_bytes_are_bounded() {
        assert_eq!(scan(&"a ".repeat(15_000)), Ok(()));
        assert_eq!(scan(&"a ".repeat(15_001)), Err(GuardError::TooManyTokens { limit: 15_000, line: 1 }));
        assert_eq!(scan(&"@".repeat(15_001)), Err(GuardError::TooManyTokens { limit: 15_000, line: 1 }));
        assert_eq!(scan(&",".repeat(64 * 1024)), Ok(()));
        let large = scan(&",".repeat(64 * 1024 + 1));
        assert_eq!(large, Err(GuardError::TooLarge { bytes: 65_537, limit: 65_536 }));
        assert_eq!(large.map_err(|e| e.status()), Err(http::StatusCode::PAYLOAD_TOO_LARGE));
    }
}
