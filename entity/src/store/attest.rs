//! The Provenance of an act: who did what to which versions, and why. The store writes it, so that it names every version of the
//! transaction and nobody can leave it out.

use fhir::Json;
use fhir::json::Object;

use crate::store::Attestation;
use crate::{Actor, Request};

/// The code system of [`Attestation::activity`].
const ACTS: &str = "https://wintehr.org/fhir/CodeSystem/act";

/// The document. `targets` are versions, as `Condition/c1/_history/2`.
pub(super) fn document(
    actor: &Actor,
    request: &Request,
    act: &Attestation,
    targets: impl Iterator<Item = String>,
) -> String {
    let who = match &actor.fhir_user {
        Some(reference) => object([("reference", reference.clone().into())]),
        None => object([("display", actor.principal.clone().into())]),
    };
    let activity = object([("system", ACTS.into()), ("code", act.activity.into())]);
    let mut document = Object::new();
    document.push("resourceType", "Provenance".into());
    document.push("target", Json::Array(targets.map(|t| object([("reference", t.into())])).collect()));
    document.push("recorded", request.now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true).into());
    if let Some(reason) = &act.reason {
        document.push("reason", Json::Array(vec![object([("text", reason.clone().into())])]));
    }
    document.push("activity", object([("coding", Json::Array(vec![activity]))]));
    document.push("agent", Json::Array(vec![object([("who", who)])]));
    Json::Object(document).to_text()
}

fn object<'a>(members: impl IntoIterator<Item = (&'static str, Json<'a>)>) -> Json<'a> {
    let mut object = Object::new();
    for (name, value) in members {
        object.push(name, value);
    }
    Json::Object(object)
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::IdSource;

    #[test]
    fn it_names_who_did_what_to_which_versions_and_is_valid() {
        let now = DateTime::from_timestamp(1_790_000_000, 0).unwrap();
        let request = Request { now, ids: IdSource::new(now, [1; 16]), request_id: "r".into(), idempotency_key: None };
        let act = Attestation { activity: "conditionResolve", reason: Some("seen today".into()) };
        let actor = Actor { fhir_user: Some("Practitioner/lee".into()), ..Actor::server() };
        let text = document(&actor, &request, &act, ["Condition/c1/_history/2".to_owned()].into_iter());
        assert_eq!(
            text,
            r#"{"resourceType":"Provenance","target":[{"reference":"Condition/c1/_history/2"}],"recorded":"2026-09-21T14:13:20.000Z","reason":[{"text":"seen today"}],"activity":{"coding":[{"system":"https://wintehr.org/fhir/CodeSystem/act","code":"conditionResolve"}]},"agent":[{"who":{"reference":"Practitioner/lee"}}]}"#
        );
        let issues = fhir::validate::validate(&Json::parse(&text).unwrap());
        assert!(!issues.iter().any(fhir::Issue::blocks), "{issues:?}");
        let nobody = document(&Actor::server(), &request, &act, std::iter::empty());
        assert!(nobody.contains(r#""who":{"display":"server"}"#), "{nobody}");
    }
}
