//! What people write to one another (FHIR Communication).

use async_graphql::{Context, ID, Result, SimpleObject};
use fhir::{Json, ResourceType};

use crate::code::Priority;
use crate::document::{Document, resource};
use crate::referring::Referring;
use crate::scalar::DateTime;
use crate::session::session;
use crate::value::ResourceRef;

resource! {
    /// What somebody wrote to others.
    Message {
        /// What it is about, in words.
        async fn subject(&self) -> Option<&str> {
            self.0.text(&["topic", "text"])
        }
        /// What it says; parts that are no text are left out, and are in `fhir`.
        async fn text(&self) -> String {
            let parts = self.0.all("payload").iter().filter_map(|p| p.str_at("contentString"));
            parts.collect::<Vec<_>>().join("\n\n")
        }
        /// When it was sent.
        async fn sent(&self) -> Option<DateTime> {
            self.0.date_time("sent")
        }
        /// Who wrote it.
        async fn sender(&self) -> Option<ResourceRef> {
            self.0.reference("sender")
        }
        /// To whom.
        async fn recipients(&self) -> Vec<ResourceRef> {
            self.0.references("recipient")
        }
        /// About whom.
        async fn patient(&self) -> Option<ResourceRef> {
            self.0.reference("subject")
        }
        /// How urgent it is.
        async fn priority(&self) -> Option<Priority> {
            self.0.text(&["priority"]).and_then(Priority::of)
        }
        /// The messages that it answers.
        async fn in_reply_to(&self) -> Vec<ResourceRef> {
            self.0.references("inResponseTo")
        }
        /// What it is about beside the patient.
        async fn about(&self) -> Vec<ResourceRef> {
            self.0.references("about")
        }
    }
}

/// What our messages are about, where it is none of people's words.
pub(crate) const TOPIC: &str = "https://wintehr.org/fhir/CodeSystem/communication-topic";
/// Somebody was told of a critical result and said back what was heard.
pub(crate) const CRITICAL_NOTIFICATION: &str = "critical-result-notified";

/// That somebody was told of a critical result.
#[derive(SimpleObject)]
pub struct CriticalNotification {
    /// Global id of the Communication that says so.
    pub id: ID,
    /// When it was told.
    pub at: Option<DateTime>,
    /// Who told it.
    pub by: Option<ResourceRef>,
    /// Who was told, where they are on record.
    pub practitioner: Option<ResourceRef>,
    /// Who was told and what was said back, one line each.
    pub text: Vec<String>,
    /// The version of the result that was told; null when the record does not say.
    pub version_id: Option<String>,
}

impl CriticalNotification {
    pub(crate) fn of(document: &Document) -> Self {
        let told = document.all("payload").iter().filter_map(|p| p.str_at("contentString"));
        let version = document.text(&["partOf", "reference"]).and_then(|r| r.split_once("/_history/"));
        Self {
            id: format!("{}/{}", document.stored().resource_type, document.stored().id).into(),
            at: document.date_time("sent"),
            by: document.reference("sender"),
            practitioner: document.reference("recipient"),
            text: told.map(ToOwned::to_owned).collect(),
            version_id: version.map(|(_, version)| version.to_owned()),
        }
    }
}

/// Who was told of a result, the last first.
pub(crate) async fn notifications(ctx: &Context<'_>, result: &Document) -> Result<Vec<CriticalNotification>> {
    let patient = result.text(&["subject", "reference"]).and_then(|s| s.strip_prefix("Patient/"));
    let asked = Referring {
        source: ResourceType::Communication,
        parameter: "part-of",
        element: "partOf",
        pairs: Vec::new(),
        target: ResourceType::Observation,
        past: patient.map(ToOwned::to_owned).zip(result.as_of()),
    };
    let found = session(ctx).referring(asked, &result.stored().id).await?;
    let is_one = |d: &&Document| {
        let codings = d.at(&["topic"]).and_then(|t| t.get("coding")).map_or(&[][..], Json::items);
        codings.iter().any(|c| c.str_at("system") == Some(TOPIC) && c.str_at("code") == Some(CRITICAL_NOTIFICATION))
            && d.text(&["status"]) != Some("entered-in-error")
    };
    let mut all: Vec<CriticalNotification> = found.iter().filter(is_one).map(CriticalNotification::of).collect();
    all.sort_by(|a, b| b.at.as_ref().map(|t| &t.0).cmp(&a.at.as_ref().map(|t| &t.0)));
    Ok(all)
}
