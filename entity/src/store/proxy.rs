//! Accounts of proxies: a person who is a RelatedPerson sees the records of the patient whom that RelatedPerson names, as long as a Consent
//! of the patient permits it. Decided on the records as they stand whenever such an actor is made, and never remembered.
//!
//! Source: FHIR R4 RelatedPerson and Consent. What a Consent says beyond "permit this person, from when until when" is not served: one that
//! limits what it permits (to classes, codes, purposes, labels, data, or by rules within the rule) permits nothing.

use chrono::{DateTime, Utc};
use fhir::reference::{self, Target};
use fhir::search::extract::Options;
use fhir::{Json, ResourceType, temporal};

use crate::store::Lookup;
use crate::store::read::text;
use crate::store::sql::Sql;
use crate::{Actor, Store, StoreError};

/// Consents of one patient that name one person; where there are more, none is believed.
const MOST: usize = 100;
/// What a permitting rule may say: all else limits it.
const UNLIMITED: [&str; 6] = ["id", "extension", "type", "period", "actor", "action"];
const SCOPES: &str = "http://terminology.hl7.org/CodeSystem/consentscope";
const ACTIONS: &str = "http://terminology.hl7.org/CodeSystem/consentaction";

/// What a Consent says of a person at an instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    Permit,
    Deny,
    Nothing,
}

/// Where and when a record is read.
#[derive(Clone, Copy)]
struct Reading<'a> {
    options: Options<'a>,
    at_us: i64,
}

impl Reading<'_> {
    fn names(&self, element: Option<&Json<'_>>, wanted: ResourceType, wanted_id: &str) -> bool {
        let text = element.and_then(|reference| reference.str_at("reference"));
        text.is_some_and(|text| match reference::parse(text, self.options.base_url) {
            Target::Local { resource_type, id, .. } => resource_type == wanted && id == wanted_id,
            _ => false,
        })
    }

    /// Whether a `period` holds now; without one it always does. One that cannot be read holds never.
    fn holds(&self, of: &Json<'_>) -> bool {
        of.get("period").is_none_or(|period| {
            let read = temporal::period(period, self.options.zone);
            matches!(read, Ok(Some(interval)) if interval.low <= self.at_us && self.at_us < interval.high)
        })
    }

    /// The bare id of the patient for whom a RelatedPerson may stand now.
    fn ward<'d>(&self, person: &'d Json<'_>) -> Option<&'d str> {
        let active = person.get("active").is_none_or(|active| active.as_bool() == Some(true));
        if !active || !self.holds(person) || is_modified(person) {
            return None;
        }
        match reference::parse(person.get("patient")?.str_at("reference")?, self.options.base_url) {
            Target::Local { resource_type: ResourceType::Patient, id, .. } => Some(id),
            _ => None,
        }
    }

    /// What a Consent of the patient says now of the RelatedPerson.
    fn word(&self, consent: &Json<'_>, ward: &str, person: &str) -> Word {
        let Some(rule) = consent.get("provision") else { return Word::Nothing };
        let actors = rule.get("actor").map_or(&[][..], Json::items);
        let of_person = actors.iter().any(|a| self.names(a.get("reference"), ResourceType::RelatedPerson, person));
        let of_ward = self.names(consent.get("patient"), ResourceType::Patient, ward);
        if consent.str_at("status") != Some("active") || !of_ward || !of_person || !self.holds(rule) {
            return Word::Nothing;
        }
        let unlimited = rule.as_object().is_some_and(|rule| rule.iter().all(|(name, _)| UNLIMITED.contains(&name)));
        let actions = rule.get("action").map(Json::items);
        let accesses = actions.is_none_or(|all| all.iter().any(|action| has_coding(action, ACTIONS, "access")));
        let privacy = consent.get("scope").is_some_and(|scope| has_coding(scope, SCOPES, "patient-privacy"));
        match rule.str_at("type") {
            Some("deny") => Word::Deny,
            Some("permit") if unlimited && accesses && privacy && !is_modified(consent) => Word::Permit,
            _ => Word::Nothing,
        }
    }
}

/// Whether a document says that it is to be read by other rules than FHIR's.
fn is_modified(document: &Json<'_>) -> bool {
    document.get("modifierExtension").is_some() || document.get("implicitRules").is_some()
}

fn has_coding(concept: &Json<'_>, system: &str, code: &str) -> bool {
    let codings = concept.get("coding").map_or(&[][..], Json::items);
    codings.iter().any(|coding| coding.str_at("system") == Some(system) && coding.str_at("code") == Some(code))
}

impl Store {
    /// The bare id of the patient whose records the RelatedPerson of that id may see at that instant: one that says so itself, and whom a
    /// Consent of the patient permits it, and none denies.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the database is away.
    pub(super) async fn ward_of(&self, person: &str, at: DateTime<Utc>) -> Result<Option<String>, StoreError> {
        let server = Actor::server();
        let reading = Reading { options: self.options(), at_us: at.timestamp_micros() };
        let Lookup::Found(stored) = self.read(&server, ResourceType::RelatedPerson, person).await? else {
            return Ok(None);
        };
        let broken = |_| StoreError::Internal("a stored body is no JSON".into());
        let document = Json::parse(&stored.body).map_err(broken)?;
        let Some(ward) = reading.ward(&document) else { return Ok(None) };
        // The index on `terms` leads: few Consents name one person.
        let mut sql = Sql::new();
        sql.push("SELECT h.raw FROM ").heads(ResourceType::Consent, "h", &server, &self.keys);
        sql.push(" AND h.pat = ").bind(self.keys.resource(ResourceType::Patient, ward)).push(" AND h.terms && ");
        sql.bind_i64s([self.keys.term_reference("actor", &format!("RelatedPerson/{person}"))]);
        sql.push(" LIMIT ").bind(MOST as i64 + 1);
        let rows = self.once.query_all(sql.statement()).await?;
        if rows.len() > MOST {
            return Ok(None);
        }
        let mut permitted = false;
        for row in &rows {
            let body = text(&row.try_get_by::<Vec<u8>, _>(0)?)?;
            match reading.word(&Json::parse(&body).map_err(broken)?, ward, person) {
                Word::Deny => return Ok(None),
                Word::Permit => permitted = true,
                Word::Nothing => {}
            }
        }
        Ok(permitted.then(|| ward.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-06-15T00:00:00Z.
    const AT_US: i64 = 1_781_481_600_000_000;

    fn reading() -> Reading<'static> {
        Reading { options: Options { base_url: Some("https://ehr.test/fhir"), ..Options::default() }, at_us: AT_US }
    }

    fn consent(edit: impl FnOnce(&mut serde_json::Value)) -> Word {
        let mut consent = serde_json::json!({
            "resourceType": "Consent", "status": "active", "patient": {"reference": "Patient/ada"},
            "scope": {"coding": [{"system": SCOPES, "code": "patient-privacy"}]},
            "provision": {"type": "permit", "period": {"start": "2026-01-01", "end": "2026-06-15"},
                "actor": [{"role": {"text": "mother"}, "reference": {"reference": "RelatedPerson/may"}}]},
        });
        edit(&mut consent);
        reading().word(&Json::parse(&consent.to_string()).unwrap(), "ada", "may")
    }

    #[test]
    fn a_consent_permits_only_what_it_says_without_limits() {
        assert_eq!(consent(|_| {}), Word::Permit);
        let access = serde_json::json!([{"coding": [{"system": ACTIONS, "code": "access"}]}]);
        assert_eq!(consent(|c| c["provision"]["action"] = access), Word::Permit);
        let absolute = "https://ehr.test/fhir/RelatedPerson/may";
        assert_eq!(consent(|c| c["provision"]["actor"][0]["reference"]["reference"] = absolute.into()), Word::Permit);
        for (path, value) in [
            ("/status", serde_json::json!("inactive")),
            ("/status", serde_json::json!("proposed")),
            ("/patient/reference", serde_json::json!("Patient/bo")),
            ("/scope/coding/0/code", serde_json::json!("research")),
            ("/scope/coding/0/system", serde_json::json!("https://elsewhere.test")),
            ("/provision/type", serde_json::json!(null)),
            ("/provision/period/end", serde_json::json!("2026-06-14")),
            ("/provision/period/start", serde_json::json!("2026-06-16")),
            ("/provision/period", serde_json::json!({})),
            ("/provision/actor/0/reference/reference", serde_json::json!("RelatedPerson/june")),
            ("/provision/actor/0/reference/reference", serde_json::json!("https://other.test/fhir/RelatedPerson/may")),
        ] {
            assert_eq!(consent(|c| *c.pointer_mut(path).unwrap() = value), Word::Nothing, "{path}");
        }
        for limit in
            ["class", "code", "securityLabel", "purpose", "data", "dataPeriod", "provision", "modifierExtension"]
        {
            assert_eq!(consent(|c| c["provision"][limit] = serde_json::json!([{}])), Word::Nothing, "{limit}");
        }
        let collect = serde_json::json!([{"coding": [{"system": ACTIONS, "code": "collect"}]}]);
        assert_eq!(consent(|c| c["provision"]["action"] = collect), Word::Nothing);
        assert_eq!(consent(|c| c["modifierExtension"] = serde_json::json!([{"url": "u"}])), Word::Nothing);
        // A limited denial is taken for a whole one.
        let deny = |c: &mut serde_json::Value| {
            c["provision"]["type"] = "deny".into();
            c["provision"]["class"] = serde_json::json!([{}]);
        };
        assert_eq!(consent(deny), Word::Deny);
    }

    #[test]
    fn a_related_person_stands_for_a_patient_while_active_and_in_its_period() {
        let ward = |more: &str| {
            let text = format!(r#"{{"resourceType":"RelatedPerson","patient":{{"reference":"Patient/ada"}}{more}}}"#);
            reading().ward(&Json::parse(&text).unwrap()).map(ToOwned::to_owned)
        };
        for more in ["", r#","active":true"#, r#","period":{"start":"2026-06-15"}"#, r#","period":{"end":"2026-06"}"#] {
            assert_eq!(ward(more).as_deref(), Some("ada"), "{more}");
        }
        for more in [
            r#","active":false"#,
            r#","active":"true""#,
            r#","period":{"end":"2026-06-14"}"#,
            r#","period":{"start":"2026-06-16"}"#,
            r#","period":{"start":"2026-07","end":"2026-05"}"#,
            r#","period":{}"#,
            r#","modifierExtension":[{"url":"u"}]"#,
        ] {
            assert_eq!(ward(more), None, "{more}");
        }
    }
}
