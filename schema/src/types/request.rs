//! What is asked for, looked at and given beside the lists of the chart: orders of services, imaging studies, doses that were given.

use async_graphql::SimpleObject;
use fhir::Json;

use crate::code::{AdministrationStatus, ImagingStatus, MedicationRequestIntent, Priority, RequestStatus};
use crate::document::{connection, resource};
use crate::scalar::DateTime;
use crate::value::{Annotation, Coding, Concept, Period, Quantity, Ratio, ResourceRef};

resource! {
    /// An order, or the draft of one, of something to be done: a test, an image, a procedure, a referral.
    ServiceRequest {
        /// Where it stands.
        async fn status(&self) -> Option<RequestStatus> {
            self.0.text(&["status"]).and_then(RequestStatus::of)
        }
        /// How binding it is.
        async fn intent(&self) -> Option<MedicationRequestIntent> {
            self.0.text(&["intent"]).and_then(MedicationRequestIntent::of)
        }
        /// How urgent it is.
        async fn priority(&self) -> Option<Priority> {
            self.0.text(&["priority"]).and_then(Priority::of)
        }
        /// Whether it says that this is not to be done.
        async fn do_not_perform(&self) -> bool {
            self.0.at(&["doNotPerform"]).and_then(Json::as_bool) == Some(true)
        }
        /// Laboratory, imaging, referral and the like.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// What is asked for; null when the record does not say.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// When it was written.
        async fn authored_on(&self) -> Option<DateTime> {
            self.0.date_time("authoredOn")
        }
        /// When it is to be done, where that is one moment.
        async fn occurs_at(&self) -> Option<DateTime> {
            self.0.date_time("occurrenceDateTime")
        }
        /// When it is to be done, where that is a span.
        async fn occurrence_period(&self) -> Option<Period> {
            self.0.period("occurrencePeriod")
        }
        /// Who asks for it.
        async fn requester(&self) -> Option<ResourceRef> {
            self.0.reference("requester")
        }
        /// Who is to do it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references("performer")
        }
        /// The visit it was written in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// What it is for.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// The records that say so: problems, findings and the like.
        async fn reason_references(&self) -> Vec<ResourceRef> {
            self.0.references("reasonReference")
        }
        /// Where on the body.
        async fn body_sites(&self) -> Vec<Concept> {
            self.0.concepts("bodySite")
        }
        /// What was taken to be looked at.
        async fn specimens(&self) -> Vec<ResourceRef> {
            self.0.references("specimen")
        }
        /// What it replaces.
        async fn replaces(&self) -> Vec<ResourceRef> {
            self.0.references("replaces")
        }
        /// What the patient is told.
        async fn patient_instruction(&self) -> Option<&str> {
            self.0.text(&["patientInstruction"])
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(ServiceRequestConnection, ServiceRequestEdge, ServiceRequest);

/// A series of an imaging study.
#[derive(SimpleObject)]
pub struct ImagingSeries {
    /// DICOM series instance UID.
    pub uid: String,
    /// Its number in the study.
    pub number: Option<i32>,
    /// How it was made.
    pub modality: Option<Coding>,
    /// In words.
    pub description: Option<String>,
    /// The number of its images.
    pub instance_count: Option<i32>,
    /// What of the body is seen.
    pub body_site: Option<Coding>,
    /// When it began.
    pub started: Option<DateTime>,
}

resource! {
    /// A study of images.
    ImagingStudy {
        /// Where it stands.
        async fn status(&self) -> Option<ImagingStatus> {
            self.0.text(&["status"]).and_then(ImagingStatus::of)
        }
        /// How its images were made, each kind once.
        async fn modalities(&self) -> Vec<Coding> {
            self.0.all("modality").iter().map(Coding::read).collect()
        }
        /// When it began.
        async fn started(&self) -> Option<DateTime> {
            self.0.date_time("started")
        }
        /// In words.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// DICOM study instance UID; null when the record does not say.
        async fn study_uid(&self) -> Option<&str> {
            let dicom = |i: &&Json<'_>| i.str_at("system") == Some("urn:dicom:uid");
            let value = self.0.all("identifier").iter().find(dicom)?.str_at("value")?;
            Some(value.strip_prefix("urn:oid:").unwrap_or(value))
        }
        /// The number of its series, as the record says.
        async fn series_count(&self) -> Option<i32> {
            self.0.at(&["numberOfSeries"]).and_then(Json::as_number)?.parse().ok()
        }
        /// The number of its images, as the record says.
        async fn instance_count(&self) -> Option<i32> {
            self.0.at(&["numberOfInstances"]).and_then(Json::as_number)?.parse().ok()
        }
        /// Its series, in the record's order.
        async fn series(&self) -> Vec<ImagingSeries> {
            let number = |s: &Json<'_>, name: &str| s.get(name).and_then(Json::as_number).and_then(|n| n.parse().ok());
            let text = |s: &Json<'_>, name: &str| s.str_at(name).map(ToOwned::to_owned);
            let read = |s: &Json<'_>| ImagingSeries {
                uid: text(s, "uid").unwrap_or_default(),
                number: number(s, "number"),
                modality: s.get("modality").map(Coding::read),
                description: text(s, "description"),
                instance_count: number(s, "numberOfInstances"),
                body_site: s.get("bodySite").map(Coding::read),
                started: text(s, "started").map(DateTime),
            };
            self.0.all("series").iter().map(read).collect()
        }
        /// The orders that it answers.
        async fn based_on(&self) -> Vec<ResourceRef> {
            self.0.references("basedOn")
        }
        /// Who asked for it.
        async fn referrer(&self) -> Option<ResourceRef> {
            self.0.reference("referrer")
        }
        /// The visit it was made in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// What it was for.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// The records that say so: problems, findings and the like.
        async fn reason_references(&self) -> Vec<ResourceRef> {
            self.0.references("reasonReference")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(ImagingStudyConnection, ImagingStudyEdge, ImagingStudy);

/// How a dose was given.
#[derive(SimpleObject)]
pub struct AdministeredDose {
    /// In words.
    pub text: Option<String>,
    /// How much.
    pub dose: Option<Quantity>,
    /// How fast, where it is a ratio such as mL per hour.
    pub rate: Option<Ratio>,
    /// How fast, where it is an amount in a unit of speed.
    pub rate_quantity: Option<Quantity>,
    /// By which way.
    pub route: Option<Concept>,
    /// Where on the body.
    pub site: Option<Concept>,
}

resource! {
    /// A dose that was given, or not.
    MedicationAdministration {
        /// Where it stands.
        async fn status(&self) -> Option<AdministrationStatus> {
            self.0.text(&["status"]).and_then(AdministrationStatus::of)
        }
        /// Why it was not given, or was stopped.
        async fn status_reasons(&self) -> Vec<Concept> {
            self.0.concepts("statusReason")
        }
        /// The medicine as the record names it; null when it only refers to a Medication (see `medicationReference`).
        async fn medication(&self) -> Option<Concept> {
            self.0.concept("medicationCodeableConcept")
        }
        /// The Medication the record refers to, where it does.
        async fn medication_reference(&self) -> Option<ResourceRef> {
            self.0.reference("medicationReference")
        }
        /// When, where it is one moment.
        async fn given_at(&self) -> Option<DateTime> {
            self.0.date_time("effectiveDateTime")
        }
        /// When, where it is a span.
        async fn given_period(&self) -> Option<Period> {
            self.0.period("effectivePeriod")
        }
        /// How it was given.
        async fn dose(&self) -> Option<AdministeredDose> {
            let dosage = self.0.at(&["dosage"])?;
            Some(AdministeredDose {
                text: dosage.str_at("text").map(ToOwned::to_owned),
                dose: dosage.get("dose").map(Quantity::read),
                rate: dosage.get("rateRatio").map(Ratio::read),
                rate_quantity: dosage.get("rateQuantity").map(Quantity::read),
                route: dosage.get("route").and_then(Concept::read),
                site: dosage.get("site").and_then(Concept::read),
            })
        }
        /// The prescription it answers.
        async fn request(&self) -> Option<ResourceRef> {
            self.0.reference("request")
        }
        /// Who gave it.
        async fn performers(&self) -> Vec<ResourceRef> {
            let actors = self.0.all("performer").iter().filter_map(|p| p.get("actor"));
            actors.map(|actor| ResourceRef::read(actor, self.0.as_of())).collect()
        }
        /// The visit or stay it was given in.
        async fn context(&self) -> Option<ResourceRef> {
            self.0.reference("context")
        }
        /// What it was for.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// The records that say so: problems, findings and the like.
        async fn reason_references(&self) -> Vec<ResourceRef> {
            self.0.references("reasonReference")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(MedicationAdministrationConnection, MedicationAdministrationEdge, MedicationAdministration);
