//! Who and what records refer to beside people: organizations, places, roles, specimens, medicines.

use async_graphql::SimpleObject;
use fhir::Json;

use crate::document::resource;
use crate::scalar::{DateTime, Decimal};
use crate::types::patient::{Address, ContactPoint, Identifier, address, contact_point, identifier};
use crate::value::{Annotation, Coding, Concept, Period, Quantity, Ratio, ResourceRef};

/// A place on earth (WGS 84).
#[derive(SimpleObject)]
pub struct GeoPosition {
    /// Degrees, north of the equator positive.
    pub latitude: Decimal,
    /// Degrees, east of Greenwich positive.
    pub longitude: Decimal,
    /// Metres above the ellipsoid.
    pub altitude: Option<Decimal>,
}

resource! {
    /// A hospital, a department, an insurer, a company.
    Organization {
        /// Whether the record is in use; null when it does not say.
        async fn active(&self) -> Option<bool> {
            self.0.at(&["active"]).and_then(Json::as_bool)
        }
        /// Its name.
        async fn name(&self) -> Option<&str> {
            self.0.text(&["name"])
        }
        /// What kind of organization.
        async fn types(&self) -> Vec<Concept> {
            self.0.concepts("type")
        }
        /// Numbers it is known by.
        async fn identifiers(&self) -> Vec<Identifier> {
            self.0.all("identifier").iter().map(identifier).collect()
        }
        /// How to reach it.
        async fn telecom(&self) -> Vec<ContactPoint> {
            self.0.all("telecom").iter().map(contact_point).collect()
        }
        /// Where it is.
        async fn addresses(&self) -> Vec<Address> {
            self.0.all("address").iter().map(address).collect()
        }
        /// What it is a part of.
        async fn part_of(&self) -> Option<ResourceRef> {
            self.0.reference("partOf")
        }
    }
}

resource! {
    /// A building, ward, room or bed.
    Location {
        /// `active`, `suspended` or `inactive`.
        async fn status(&self) -> Option<&str> {
            self.0.text(&["status"])
        }
        /// Whether a bed is free, occupied, being cleaned and the like.
        async fn operational_status(&self) -> Option<Coding> {
            self.0.at(&["operationalStatus"]).map(Coding::read)
        }
        /// Its name.
        async fn name(&self) -> Option<&str> {
            self.0.text(&["name"])
        }
        /// In more words.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// What is done there.
        async fn types(&self) -> Vec<Concept> {
            self.0.concepts("type")
        }
        /// Building, ward, room, bed and the like.
        async fn physical_type(&self) -> Option<Concept> {
            self.0.concept("physicalType")
        }
        /// How to reach it.
        async fn telecom(&self) -> Vec<ContactPoint> {
            self.0.all("telecom").iter().map(contact_point).collect()
        }
        /// Its postal address.
        async fn address(&self) -> Option<Address> {
            self.0.at(&["address"]).map(address)
        }
        /// Where on earth.
        async fn position(&self) -> Option<GeoPosition> {
            let position = self.0.at(&["position"])?;
            let number = |name: &str| position.get(name).and_then(Json::as_number).map(|n| Decimal(n.to_owned()));
            Some(GeoPosition { latitude: number("latitude")?, longitude: number("longitude")?, altitude: number("altitude") })
        }
        /// What it is a part of.
        async fn part_of(&self) -> Option<ResourceRef> {
            self.0.reference("partOf")
        }
        /// Who runs it.
        async fn managing_organization(&self) -> Option<ResourceRef> {
            self.0.reference("managingOrganization")
        }
    }
}

resource! {
    /// What somebody does for an organization, where and when.
    PractitionerRole {
        /// Whether the record is in use; null when it does not say.
        async fn active(&self) -> Option<bool> {
            self.0.at(&["active"]).and_then(Json::as_bool)
        }
        /// While it holds.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// Who.
        async fn practitioner(&self) -> Option<ResourceRef> {
            self.0.reference("practitioner")
        }
        /// For whom.
        async fn organization(&self) -> Option<ResourceRef> {
            self.0.reference("organization")
        }
        /// As what.
        async fn roles(&self) -> Vec<Concept> {
            self.0.concepts("code")
        }
        /// In which field.
        async fn specialties(&self) -> Vec<Concept> {
            self.0.concepts("specialty")
        }
        /// Where.
        async fn locations(&self) -> Vec<ResourceRef> {
            self.0.references("location")
        }
        /// How to reach them in this role.
        async fn telecom(&self) -> Vec<ContactPoint> {
            self.0.all("telecom").iter().map(contact_point).collect()
        }
    }
}

resource! {
    /// What was taken from somebody to be looked at.
    Specimen {
        /// `available`, `unavailable`, `unsatisfactory` or `entered-in-error`.
        async fn status(&self) -> Option<&str> {
            self.0.text(&["status"])
        }
        /// Blood, urine and the like.
        async fn r#type(&self) -> Option<Concept> {
            self.0.concept("type")
        }
        /// Whose or of what.
        async fn subject(&self) -> Option<ResourceRef> {
            self.0.reference("subject")
        }
        /// The number the laboratory gave it.
        async fn accession(&self) -> Option<Identifier> {
            self.0.at(&["accessionIdentifier"]).map(identifier)
        }
        /// When it was taken, where that is one moment.
        async fn collected_at(&self) -> Option<DateTime> {
            self.0.text(&["collection", "collectedDateTime"]).map(|t| DateTime(t.to_owned()))
        }
        /// When it was taken, where that is a span.
        async fn collected_period(&self) -> Option<Period> {
            self.0.at(&["collection", "collectedPeriod"]).map(Period::read)
        }
        /// Who took it.
        async fn collector(&self) -> Option<ResourceRef> {
            self.0.at(&["collection", "collector"]).map(|value| ResourceRef::read(value, self.0.as_of()))
        }
        /// Where on the body.
        async fn body_site(&self) -> Option<Concept> {
            self.0.at(&["collection", "bodySite"]).and_then(Concept::read)
        }
        /// How much.
        async fn quantity(&self) -> Option<Quantity> {
            self.0.at(&["collection", "quantity"]).map(Quantity::read)
        }
        /// When the laboratory received it.
        async fn received_at(&self) -> Option<DateTime> {
            self.0.date_time("receivedTime")
        }
        /// What state it was in.
        async fn conditions(&self) -> Vec<Concept> {
            self.0.concepts("condition")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}

/// What a medicine is made of.
#[derive(SimpleObject)]
pub struct MedicationIngredient {
    /// The substance, where it is coded.
    pub substance: Option<Concept>,
    /// The substance or medicine, where it is a record of its own.
    pub reference: Option<ResourceRef>,
    /// Whether it is what acts; null when the record does not say.
    pub active: Option<bool>,
    /// How much of it per how much.
    pub strength: Option<Ratio>,
}

resource! {
    /// A medicine.
    Medication {
        /// `active`, `inactive` or `entered-in-error`.
        async fn status(&self) -> Option<&str> {
            self.0.text(&["status"])
        }
        /// What it is.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// Tablet, capsule, solution and the like.
        async fn form(&self) -> Option<Concept> {
            self.0.concept("form")
        }
        /// What it is made of.
        async fn ingredients(&self) -> Vec<MedicationIngredient> {
            let read = |i: &Json<'_>| MedicationIngredient {
                substance: i.get("itemCodeableConcept").and_then(Concept::read),
                reference: i.get("itemReference").map(|value| ResourceRef::read(value, self.0.as_of())),
                active: i.get("isActive").and_then(Json::as_bool),
                strength: i.get("strength").map(Ratio::read),
            };
            self.0.all("ingredient").iter().map(read).collect()
        }
        /// The lot.
        async fn lot_number(&self) -> Option<&str> {
            self.0.text(&["batch", "lotNumber"])
        }
        /// Until when it may be used.
        async fn expires_at(&self) -> Option<DateTime> {
            self.0.text(&["batch", "expirationDate"]).map(|t| DateTime(t.to_owned()))
        }
        /// Who makes it.
        async fn manufacturer(&self) -> Option<ResourceRef> {
            self.0.reference("manufacturer")
        }
    }
}
