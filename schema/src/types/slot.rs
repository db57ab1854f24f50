//! Time that can be booked: whose it is, and the slots it is cut into.

use fhir::Json;

use crate::code::SlotStatus;
use crate::document::resource;
use crate::scalar::Instant;
use crate::value::{Concept, Period, ResourceRef};

resource! {
    /// Time of somebody or something that can be booked, by its slots.
    Schedule {
        /// Whether the record is in use; null when it does not say.
        async fn active(&self) -> Option<bool> {
            self.0.at(&["active"]).and_then(Json::as_bool)
        }
        /// Whose time it is, and where.
        async fn actors(&self) -> Vec<ResourceRef> {
            self.0.references("actor")
        }
        /// What is done.
        async fn service_types(&self) -> Vec<Concept> {
            self.0.concepts("serviceType")
        }
        /// From when to when there are slots.
        async fn planning_horizon(&self) -> Option<Period> {
            self.0.period("planningHorizon")
        }
        /// In words.
        async fn comment(&self) -> Option<&str> {
            self.0.text(&["comment"])
        }
    }
}

resource! {
    /// A time that can be booked once.
    Slot {
        /// Whether it is free.
        async fn status(&self) -> Option<SlotStatus> {
            self.0.text(&["status"]).and_then(SlotStatus::of)
        }
        /// When it begins.
        async fn start(&self) -> Option<Instant> {
            self.0.text(&["start"]).map(|t| Instant(t.to_owned()))
        }
        /// When it ends.
        async fn end(&self) -> Option<Instant> {
            self.0.text(&["end"]).map(|t| Instant(t.to_owned()))
        }
        /// Of whose time it is.
        async fn schedule(&self) -> Option<ResourceRef> {
            self.0.reference("schedule")
        }
        /// What is done.
        async fn service_types(&self) -> Vec<Concept> {
            self.0.concepts("serviceType")
        }
        /// In words.
        async fn comment(&self) -> Option<&str> {
            self.0.text(&["comment"])
        }
    }
}
