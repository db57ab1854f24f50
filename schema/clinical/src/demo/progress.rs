//! The document that says which plan a store is being filled with, so that an interrupted filling can go on.

use chrono::{DateTime, SecondsFormat, Utc};
use fhir::{Json, ResourceType};

use super::institution::document_id;
use super::table::code;
use super::time::DAY;
use super::writer::{Ref, Writer};
use super::{Document, Plan};

const KIND: &str = "https://wintehr.org/fhir/CodeSystem/basic-kind";
const PLAN: &str = "https://wintehr.org/fhir/demo-plan";
const BEGUN: &str = "demo-plan-begun";
const DONE: &str = "demo-plan-done";

/// How far the filling of a store with a plan has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub plan: Plan,
    pub done: bool,
}

impl Progress {
    /// The document's type and id, the same for every plan.
    pub fn place() -> (ResourceType, String) {
        let target = target();
        (target.kind, target.id.as_str().to_owned())
    }

    pub fn document(&self) -> Document {
        let Plan { seed, patients, years, now } = self.plan;
        let mut w = Writer::new(target());
        let text = format!("{seed} {patients} {years} {}", now.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        w.identifier(PLAN, &text);
        let state = if self.done { code(KIND, DONE, "Filled") } else { code(KIND, BEGUN, "Being filled") };
        w.concept_of("code", &[state], "Plan of the demo hospital");
        w.date("created", now.timestamp().div_euclid(DAY));
        w.finish()
    }

    /// From the text of the document; `None` when it is another one.
    pub fn read(body: &str) -> Option<Self> {
        let json = Json::parse(body).ok()?;
        let done = match json.get("code")?.get("coding")?.items().first()?.str_at("code")? {
            BEGUN => false,
            DONE => true,
            _ => return None,
        };
        let identifier = json.get("identifier")?.items().first()?;
        let mut parts = identifier.str_at("value")?.split(' ');
        let (seed, patients) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let years = parts.next()?.parse().ok()?;
        let now: DateTime<Utc> = parts.next()?.parse().ok()?;
        Some(Self { plan: Plan { seed, patients, years, now }, done })
    }
}

fn target() -> Ref {
    Ref { kind: ResourceType::Basic, id: document_id(0, ResourceType::Basic, u64::MAX, 0, 0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_progress_reads_back() {
        for (now, done) in [("2026-11-25T09:12:00Z", false), ("2026-11-25T09:12:31.123456789Z", true)] {
            let plan = Plan { seed: u64::MAX, patients: 7, years: 3, now: now.parse().unwrap() };
            let progress = Progress { plan, done };
            assert_eq!(Progress::read(&progress.document().body), Some(progress));
        }
        assert_eq!(Progress::read("{\"resourceType\":\"Basic\"}"), None);
    }
}
