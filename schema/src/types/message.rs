//! What people write to one another (FHIR Communication).

use crate::code::Priority;
use crate::document::resource;
use crate::scalar::DateTime;
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
