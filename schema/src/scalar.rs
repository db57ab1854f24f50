//! Scalars that keep the text of a record: decimals with their digits, dates with their precision, whole resources as they stand.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};

/// Declares a scalar that is a string on the wire.
macro_rules! text_scalar {
    ($(#[$doc:meta])* $name:ident, $accepts:expr, $form:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name(pub String);

        $(#[$doc])*
        #[Scalar]
        impl ScalarType for $name {
            fn parse(value: Value) -> InputValueResult<Self> {
                let accepts: fn(&str) -> bool = $accepts;
                match value {
                    Value::String(text) if accepts(&text) => Ok(Self(text)),
                    Value::String(_) => Err(InputValueError::custom(concat!("must have the form ", $form))),
                    other => Err(InputValueError::expected_type(other)),
                }
            }

            fn to_value(&self) -> Value {
                Value::String(self.0.clone())
            }
        }
    };
}

text_scalar!(
    /// A FHIR decimal as its digits were stored: `7.10` stays `7.10`.
    Decimal, |s| s.parse::<f64>().is_ok_and(f64::is_finite), "7.10"
);
text_scalar!(
    /// A FHIR date, possibly partial: `2019`, `2019-05` or `2019-05-17`.
    Date, is_date_time, "2019-05-17"
);
text_scalar!(
    /// A FHIR dateTime, possibly partial, with the zone it was recorded in: `2019-05`, `2019-05-17T08:00:00+02:00`.
    DateTime, is_date_time, "2019-05-17T08:00:00+02:00, or a part of it"
);
text_scalar!(
    /// An instant in UTC with microseconds.
    Instant, is_date_time, "2019-05-17T08:00:00Z"
);

fn is_date_time(text: &str) -> bool {
    fhir::temporal::parse(text, fhir::temporal::Zone::UTC).is_ok()
}

/// A whole FHIR resource as JSON, as it stands in the record.
#[derive(Debug, Clone)]
pub struct FhirJson(pub String);

/// A whole FHIR resource as JSON, as it stands in the record.
#[Scalar]
impl ScalarType for FhirJson {
    fn parse(value: Value) -> InputValueResult<Self> {
        Err(InputValueError::expected_type(value))
    }

    fn to_value(&self) -> Value {
        serde_json::value::RawValue::from_string(self.0.clone())
            .ok()
            .and_then(|raw| async_graphql::to_value(&raw).ok())
            .unwrap_or(Value::Null)
    }
}
