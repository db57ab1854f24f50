//! The `Prefer` header (RFC 7240): `return=…` says what a write answers with, `handling=…` what becomes of parameters nobody knows.

use fhir::search::parse::Handling;
use http::{HeaderMap, HeaderName, HeaderValue};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Return {
    Minimal,
    Representation,
    OperationOutcome,
}

/// What the client prefers; unknown preferences are none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Prefer {
    pub returns: Option<Return>,
    handling: Option<Handling>,
}

impl Prefer {
    pub fn of(headers: &HeaderMap) -> Self {
        let mut prefer = Self::default();
        let values = headers.get_all("prefer").iter().filter_map(|v| v.to_str().ok());
        for preference in values.flat_map(|v| v.split([',', ';'])) {
            let Some((name, value)) = preference.split_once('=') else { continue };
            let value = value.trim().trim_matches('"');
            // The first of a name counts.
            match name.trim().to_ascii_lowercase().as_str() {
                "return" if prefer.returns.is_none() => {
                    prefer.returns = match value {
                        "minimal" => Some(Return::Minimal),
                        "representation" => Some(Return::Representation),
                        "OperationOutcome" => Some(Return::OperationOutcome),
                        _ => None,
                    };
                }
                "handling" if prefer.handling.is_none() => {
                    prefer.handling = match value {
                        "strict" => Some(Handling::Strict),
                        "lenient" => Some(Handling::Lenient),
                        _ => None,
                    };
                }
                _ => {}
            }
        }
        prefer
    }

    pub fn handling(self) -> Handling {
        self.handling.unwrap_or_default()
    }

    /// Says on the answer that `return` was honoured.
    pub fn returned(self, headers: &mut HeaderMap) {
        let applied = match self.returns {
            None => return,
            Some(Return::Minimal) => "return=minimal",
            Some(Return::Representation) => "return=representation",
            Some(Return::OperationOutcome) => "return=OperationOutcome",
        };
        apply(headers, applied);
    }

    /// Says on the answer that `handling` was honoured.
    pub fn handled(self, headers: &mut HeaderMap) {
        match self.handling {
            None => {}
            Some(Handling::Strict) => apply(headers, "handling=strict"),
            Some(Handling::Lenient) => apply(headers, "handling=lenient"),
        }
    }
}

fn apply(headers: &mut HeaderMap, applied: &'static str) {
    headers.append(HeaderName::from_static("preference-applied"), HeaderValue::from_static(applied));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_are_read_in_every_spelling() {
        let of = |values: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append("prefer", HeaderValue::from_static(value));
            }
            let prefer = Prefer::of(&headers);
            (prefer.returns, prefer.handling())
        };
        assert_eq!(of(&[]), (None, Handling::Strict));
        assert_eq!(of(&["return=minimal"]), (Some(Return::Minimal), Handling::Strict));
        assert_eq!(
            of(&["handling=lenient; return=OperationOutcome"]),
            (Some(Return::OperationOutcome), Handling::Lenient)
        );
        assert_eq!(
            of(&["respond-async", "Return=\"representation\""]),
            (Some(Return::Representation), Handling::Strict)
        );
        assert_eq!(of(&["return=everything", "handling=strict, handling=lenient"]), (None, Handling::Strict));
    }
}
