//! A list of patients as a table that leaves the system. The audit says so before it is answered, with the reason and everybody on it.

use async_graphql::{InputObject, Result, SimpleObject};
use chrono::SecondsFormat;
use entity::StoreError;
use fhir::Json;

use crate::document::{Document, PageArguments};
use crate::error;
use crate::query::{PatientFilter, PatientSort, patients};
use crate::scalar::Instant;
use crate::session::{MAX_PAGE, Session, invalid};
use crate::types::patient::{main_name, record_number};

/// Most patients in one table.
const MOST: usize = 10_000;
/// Longest reason, in characters.
const REASON: usize = 500;
const HEAD: &str = "MRN,Family name,Given names,Birth date,Gender,Deceased,Telephone,General practitioner,Record";

/// Which patients leave the system, and why.
#[derive(InputObject)]
pub struct PatientListExportInput {
    /// Which.
    pub filter: Option<PatientFilter>,
    /// In which order; by family name when nothing is said.
    pub sort: Option<PatientSort>,
    /// Further FHIR search parameters, as of `patients`.
    pub fhir_query: Option<String>,
    /// What for, 1 to 500 characters; it is in the audit.
    pub reason: String,
}

/// A table of patients.
#[derive(SimpleObject)]
pub struct PatientListExport {
    /// CSV as of RFC 4180 in UTF-8: a line of heads, then a line for each patient. What a spreadsheet would take for a formula has an
    /// apostrophe before it.
    pub csv: String,
    /// How many patients.
    pub rows: usize,
    /// When it was read.
    pub at: Instant,
}

/// All matches, at most 10,000; more are refused, never cut.
pub(crate) async fn export(session: &Session, input: PatientListExportInput) -> Result<PatientListExport> {
    let reason = input.reason.trim();
    if !(1..=REASON).contains(&reason.chars().count()) {
        return Err(invalid("input.reason", format!("a reason has 1 to {REASON} characters")));
    }
    let asked = patients(session, input.filter.unwrap_or_default(), input.sort, input.fhir_query.as_deref()).await?;
    let mut csv = format!("{HEAD}\r\n");
    let (mut rows, mut after) = (0, None);
    loop {
        let page = PageArguments { first: Some(MAX_PAGE as i32), after, ..PageArguments::default() };
        let list = asked.page(session, &page.request()?).await?;
        rows += list.documents.len();
        if rows > MOST {
            let text = format!("more than {MOST} patients are on the list; narrow it");
            return Err(error::graphql(&StoreError::TooCostly(text)));
        }
        list.documents.iter().for_each(|patient| line(&mut csv, patient));
        after = list.next();
        if after.is_none() {
            break;
        }
    }
    session.actor.trail.name(format!("export of {rows} patients as a table: {reason}"));
    session.actor.trail.at_once();
    let at = Instant(session.now.to_rfc3339_opts(SecondsFormat::Micros, true));
    Ok(PatientListExport { csv, rows, at })
}

fn line(csv: &mut String, patient: &Document) {
    let name = main_name(patient);
    let telecom = patient.all("telecom");
    let in_use = |t: &&Json<'_>| t.str_at("system") == Some("phone") && t.str_at("use") != Some("old");
    let practitioner = patient.references("generalPractitioner").into_iter().next();
    let deceased = patient.at(&["deceasedDateTime"]).and_then(Json::as_str);
    let deceased =
        deceased.or((patient.at(&["deceasedBoolean"]).and_then(Json::as_bool) == Some(true)).then_some("yes"));
    let replaced = patient.all("link").iter().any(|l| l.str_at("type") == Some("replaced-by"));
    let record = match patient.at(&["active"]).and_then(Json::as_bool) {
        _ if replaced => "merged",
        Some(false) => "not in use",
        _ => "in use",
    };
    let cells = [
        record_number(patient).unwrap_or_default(),
        name.as_ref().and_then(|n| n.family.as_deref()).unwrap_or_default(),
        &name.as_ref().map(|n| n.given.join(" ")).unwrap_or_default(),
        patient.text(&["birthDate"]).unwrap_or_default(),
        patient.text(&["gender"]).unwrap_or_default(),
        deceased.unwrap_or_default(),
        telecom.iter().find(in_use).and_then(|t| t.str_at("value")).unwrap_or_default(),
        practitioner.as_ref().and_then(|p| p.display.as_deref()).unwrap_or_default(),
        record,
    ];
    for (at, text) in cells.into_iter().enumerate() {
        if at > 0 {
            csv.push(',');
        }
        cell(csv, text);
    }
    csv.push_str("\r\n");
}

/// One cell; quoted where it has to be, and never a formula (<https://owasp.org/www-community/attacks/CSV_Injection>).
fn cell(csv: &mut String, text: &str) {
    let number = |text: &str| text.chars().all(|c| c.is_ascii_digit() || " ()./-".contains(c));
    let formula = match text.chars().next() {
        Some('=' | '@' | '\t' | '\r') => true,
        Some('+' | '-') => !number(&text[1..]),
        _ => false,
    };
    let quoted = text.contains([',', '"', '\n', '\r']);
    if quoted {
        csv.push('"');
    }
    if formula {
        csv.push('\'');
    }
    text.chars().for_each(|c| {
        if c == '"' {
            csv.push('"');
        }
        csv.push(c);
    });
    if quoted {
        csv.push('"');
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_is_quoted_and_no_formula() {
        for (text, expected) in [
            ("Ada", "Ada"),
            ("Ada, Countess", "\"Ada, Countess\""),
            ("the \"Great\"", "\"the \"\"Great\"\"\""),
            ("=1+1", "'=1+1"),
            ("@sum", "'@sum"),
            ("+49 30 1234", "+49 30 1234"),
            ("-2+cmd|x", "'-2+cmd|x"),
            ("+Ädel", "'+Ädel"),
            ("", ""),
        ] {
            let mut csv = String::new();
            super::cell(&mut csv, text);
            assert_eq!(csv, expected);
        }
    }
}
