//! What a patient's chart holds: problems, allergies, prescriptions, visits, observations and the like.

use async_graphql::{Context, Result, SimpleObject};
use entity::Interaction;
use fhir::reference::{self, Target};
use fhir::{Json, ResourceType};

use crate::code::{
    AllergyCategory, AllergyClinicalStatus, AllergyCriticality, AllergyVerificationStatus, ConditionClinicalStatus,
    ConditionVerificationStatus, DocumentStatus, EncounterStatus, ImmunizationStatus, MedicationRequestIntent,
    MedicationRequestStatus, NoteStatus, ObservationStatus, ProcedureStatus, ReactionSeverity, ReportStatus,
};
use crate::document::{Document, connection, resource};
use crate::error::{self, or_null};
use crate::scalar::{Date, DateTime, Decimal, Instant};
use crate::session::{Session, session};
use crate::types::acknowledgement::{self, Acknowledgement};
use crate::types::medication::dosage_text;
use crate::types::message::{self, CriticalNotification};
use crate::types::patient::Patient;
use crate::value::{
    Annotation, Coding, Concept, Interpretation, InterpretationSource, ObservationValue, Period, Quantity,
    ReferenceRange, ResourceRef, interpretation, observation_value,
};

impl Document {
    pub(crate) fn concept(&self, name: &str) -> Option<Concept> {
        self.at(&[name]).and_then(Concept::read)
    }

    pub(crate) fn concepts(&self, name: &str) -> Vec<Concept> {
        Concept::all(self.all(name))
    }

    pub(crate) fn date_time(&self, name: &str) -> Option<DateTime> {
        self.text(&[name]).map(|t| DateTime(t.to_owned()))
    }

    pub(crate) fn period(&self, name: &str) -> Option<Period> {
        self.at(&[name]).map(Period::read)
    }

    pub(crate) fn references(&self, name: &str) -> Vec<ResourceRef> {
        ResourceRef::all(self.all(name), self.as_of())
    }

    pub(crate) fn reference(&self, name: &str) -> Option<ResourceRef> {
        self.at(&[name]).map(|value| ResourceRef::read(value, self.as_of()))
    }

    /// The references called `part` in the elements called `name`.
    fn references_in(&self, name: &str, part: &str) -> Vec<ResourceRef> {
        let parts = self.all(name).iter().filter_map(|value| value.get(part));
        parts.map(|value| ResourceRef::read(value, self.as_of())).collect()
    }

    pub(crate) fn notes(&self) -> Vec<Annotation> {
        Annotation::all(self.all("note"))
    }

    /// The code of a CodeableConcept that stands for a status.
    pub(crate) fn status_code(&self, name: &str) -> Option<&str> {
        self.text(&[name, "coding", "code"])
    }
}

resource! {
    /// A problem or diagnosis.
    Condition {
        /// What it is.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// Problem list item, encounter diagnosis and the like.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// Whether it is there now.
        async fn clinical_status(&self) -> Option<ConditionClinicalStatus> {
            self.0.status_code("clinicalStatus").and_then(ConditionClinicalStatus::of)
        }
        /// How sure it is.
        async fn verification_status(&self) -> Option<ConditionVerificationStatus> {
            self.0.status_code("verificationStatus").and_then(ConditionVerificationStatus::of)
        }
        /// How bad it is.
        async fn severity(&self) -> Option<Concept> {
            self.0.concept("severity")
        }
        /// When it began, where a date is recorded.
        async fn onset_at(&self) -> Option<DateTime> {
            self.0.date_time("onsetDateTime")
        }
        /// When it began, in words.
        async fn onset_text(&self) -> Option<&str> {
            self.0.text(&["onsetString"])
        }
        /// When it ended, where a date is recorded.
        async fn abatement_at(&self) -> Option<DateTime> {
            self.0.date_time("abatementDateTime")
        }
        /// When it was first recorded.
        async fn recorded_at(&self) -> Option<DateTime> {
            self.0.date_time("recordedDate")
        }
        /// The visit it was recorded in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// Who recorded it.
        async fn recorder(&self) -> Option<ResourceRef> {
            self.0.reference("recorder")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(ConditionConnection, ConditionEdge, Condition);

/// One reaction to a substance.
#[derive(SimpleObject)]
pub struct AllergyReaction {
    /// What it was to, where that is more specific.
    pub substance: Option<Concept>,
    /// Signs and symptoms.
    pub manifestations: Vec<Concept>,
    /// How bad it was.
    pub severity: Option<ReactionSeverity>,
    /// The reaction in words.
    pub description: Option<String>,
    /// When it showed.
    pub onset: Option<DateTime>,
}

resource! {
    /// An allergy or intolerance, or the statement that there is none.
    AllergyIntolerance {
        /// The substance, or the statement.
        async fn substance(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// Whether the patient is at risk now.
        async fn clinical_status(&self) -> Option<AllergyClinicalStatus> {
            self.0.status_code("clinicalStatus").and_then(AllergyClinicalStatus::of)
        }
        /// How sure it is.
        async fn verification_status(&self) -> Option<AllergyVerificationStatus> {
            self.0.status_code("verificationStatus").and_then(AllergyVerificationStatus::of)
        }
        /// `allergy` or `intolerance`.
        async fn r#type(&self) -> Option<&str> {
            self.0.text(&["type"])
        }
        /// What kind of substance.
        async fn category(&self) -> Vec<AllergyCategory> {
            self.0.all("category").iter().filter_map(Json::as_str).filter_map(AllergyCategory::of).collect()
        }
        /// How bad a future reaction could be.
        async fn criticality(&self) -> Option<AllergyCriticality> {
            self.0.text(&["criticality"]).and_then(AllergyCriticality::of)
        }
        /// When it began, where a date is recorded.
        async fn onset_at(&self) -> Option<DateTime> {
            self.0.date_time("onsetDateTime")
        }
        /// When it was recorded.
        async fn recorded_at(&self) -> Option<DateTime> {
            self.0.date_time("recordedDate")
        }
        /// Reactions on record.
        async fn reactions(&self) -> Vec<AllergyReaction> {
            let read = |r: &Json<'_>| AllergyReaction {
                substance: r.get("substance").and_then(Concept::read),
                manifestations: Concept::all(r.get("manifestation").map_or(&[], Json::items)),
                severity: r.str_at("severity").and_then(ReactionSeverity::of),
                description: r.str_at("description").map(ToOwned::to_owned),
                onset: r.str_at("onset").map(|t| DateTime(t.to_owned())),
            };
            self.0.all("reaction").iter().map(read).collect()
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(AllergyConnection, AllergyEdge, AllergyIntolerance);

/// How a medicine is to be taken.
#[derive(SimpleObject)]
pub struct Dosage {
    /// The instruction in words.
    pub text: Option<String>,
    /// By which way.
    pub route: Option<Concept>,
    /// How much at a time.
    pub dose: Option<Quantity>,
    /// Whether it is taken when needed.
    pub as_needed: Option<bool>,
    /// How often per period.
    pub frequency: Option<i32>,
    /// The length of the period.
    pub period: Option<Decimal>,
    /// The unit of the period, in UCUM: `h`, `d`, `wk`.
    pub period_unit: Option<String>,
}

resource! {
    /// A prescription or a suggestion of one.
    MedicationRequest {
        /// Where it stands.
        async fn status(&self) -> Option<MedicationRequestStatus> {
            self.0.text(&["status"]).and_then(MedicationRequestStatus::of)
        }
        /// How binding it is.
        async fn intent(&self) -> Option<MedicationRequestIntent> {
            self.0.text(&["intent"]).and_then(MedicationRequestIntent::of)
        }
        /// The medicine as the request names it; null when the request only refers to a Medication (see `medicationReference`).
        async fn medication(&self) -> Option<Concept> {
            self.0.concept("medicationCodeableConcept")
        }
        /// The Medication the request refers to, where it does.
        async fn medication_reference(&self) -> Option<ResourceRef> {
            self.0.reference("medicationReference")
        }
        /// When it was written.
        async fn authored_on(&self) -> Option<DateTime> {
            self.0.date_time("authoredOn")
        }
        /// Who asks for it.
        async fn requester(&self) -> Option<ResourceRef> {
            self.0.reference("requester")
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
        /// All dosage instructions in words, where they have words.
        async fn dosage_text(&self) -> Option<String> {
            dosage_text(self.0.all("dosageInstruction"))
        }
        /// Dosage instructions.
        async fn dosages(&self) -> Vec<Dosage> {
            let read = |d: &Json<'_>| {
                let repeat = d.get("timing").and_then(|t| t.get("repeat"));
                let of_repeat = |name: &str| repeat.and_then(|r| r.get(name));
                Dosage {
                    text: d.str_at("text").map(ToOwned::to_owned),
                    route: d.get("route").and_then(Concept::read),
                    dose: d.get("doseAndRate").and_then(|r| r.items().first()?.get("doseQuantity")).map(Quantity::read),
                    as_needed: d.get("asNeededBoolean").and_then(Json::as_bool),
                    frequency: of_repeat("frequency").and_then(Json::as_number).and_then(|n| n.parse().ok()),
                    period: of_repeat("period").and_then(Json::as_number).map(|n| Decimal(n.to_owned())),
                    period_unit: of_repeat("periodUnit").and_then(Json::as_str).map(ToOwned::to_owned),
                }
            };
            self.0.all("dosageInstruction").iter().map(read).collect()
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(MedicationRequestConnection, MedicationRequestEdge, MedicationRequest);

resource! {
    /// A visit or stay.
    Encounter {
        /// Where it stands.
        async fn status(&self) -> Option<EncounterStatus> {
            self.0.text(&["status"]).and_then(EncounterStatus::of)
        }
        /// Outpatient, emergency, inpatient and the like.
        async fn class(&self) -> Option<Coding> {
            self.0.at(&["class"]).map(Coding::read)
        }
        /// What kind of visit.
        async fn types(&self) -> Vec<Concept> {
            self.0.concepts("type")
        }
        /// From when to when.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// What it is about.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// The records that say so: problems, findings and the like.
        async fn reason_references(&self) -> Vec<ResourceRef> {
            self.0.references("reasonReference")
        }
        /// Who took part.
        async fn participants(&self) -> Vec<ResourceRef> {
            self.0.references_in("participant", "individual")
        }
        /// The organization that is responsible.
        async fn service_provider(&self) -> Option<ResourceRef> {
            self.0.reference("serviceProvider")
        }
        /// Where it took place.
        async fn locations(&self) -> Vec<ResourceRef> {
            self.0.references_in("location", "location")
        }
        /// Whose it is; null when the patient may not be seen.
        async fn patient(&self, ctx: &Context<'_>) -> Option<Patient> {
            or_null(ctx, whose(ctx, &self.0)).await.flatten()
        }
        /// Who took part, in what part and when.
        async fn participation(&self) -> Vec<EncounterParticipant> {
            let of = self.0.as_of();
            let read = |p: &Json<'_>| EncounterParticipant {
                individual: p.get("individual").map(|i| ResourceRef::read(i, of)),
                types: Concept::all(p.get("type").map_or(&[][..], Json::items)),
                period: p.get("period").map(Period::read),
            };
            self.0.all("participant").iter().map(read).collect()
        }
        /// The places of the encounter in the order of the record, those that were left included.
        async fn places(&self) -> Vec<EncounterPlace> {
            let of = self.0.as_of();
            let read = |p: &Json<'_>| {
                Some(EncounterPlace {
                    location: ResourceRef::read(p.get("location")?, of),
                    status: p.str_at("status").map(ToOwned::to_owned),
                    period: p.get("period").map(Period::read),
                })
            };
            self.0.all("location").iter().filter_map(read).collect()
        }
        /// What was found or treated in it.
        async fn diagnoses(&self) -> Vec<EncounterDiagnosis> {
            let of = self.0.as_of();
            let read = |d: &Json<'_>| {
                Some(EncounterDiagnosis {
                    condition: ResourceRef::read(d.get("condition")?, of),
                    r#use: d.get("use").and_then(Concept::read),
                    rank: d.get("rank").and_then(Json::as_number).and_then(|n| n.parse().ok()),
                })
            };
            self.0.all("diagnosis").iter().filter_map(read).collect()
        }
        /// Where the patient went afterwards.
        async fn discharge_disposition(&self) -> Option<Concept> {
            self.0.at(&["hospitalization", "dischargeDisposition"]).and_then(Concept::read)
        }
        /// The appointments it came of.
        async fn appointments(&self) -> Vec<ResourceRef> {
            self.0.references("appointment")
        }
    }
}
connection!(EncounterConnection, EncounterEdge, Encounter);

/// Who took part in an encounter.
#[derive(SimpleObject)]
pub struct EncounterParticipant {
    /// Who; null when the record names nobody.
    pub individual: Option<ResourceRef>,
    /// In what part, such as attender or admitter (HL7 v3 ParticipationType).
    pub types: Vec<Concept>,
    /// From when to when, where the record says so.
    pub period: Option<Period>,
}

/// A place of an encounter.
#[derive(SimpleObject)]
pub struct EncounterPlace {
    /// The place.
    pub location: ResourceRef,
    /// `planned`, `reserved`, `active` or `completed`; null when the record does not say.
    pub status: Option<String>,
    /// From when to when, where the record says so.
    pub period: Option<Period>,
}

/// A diagnosis of an encounter.
#[derive(SimpleObject)]
pub struct EncounterDiagnosis {
    /// What it is: a Condition, or a Procedure.
    pub condition: ResourceRef,
    /// What it is to the encounter, such as admission or discharge diagnosis.
    pub r#use: Option<Concept>,
    /// Its rank among those of the same use; 1 is the principal one.
    pub rank: Option<i32>,
}

/// The patient that a record is about, if the asking party may see who it is.
async fn whose(ctx: &Context<'_>, of: &Document) -> Result<Option<Patient>> {
    let session = session(ctx);
    let subject = of.text(&["subject", "reference"]).and_then(reference::relative);
    let Some((ResourceType::Patient, id, _)) = subject else { return Ok(None) };
    if !session.actor.may(Interaction::Read, ResourceType::Patient) {
        return Ok(None);
    }
    Ok(session.one_of_many(ResourceType::Patient, id, of.as_of()).await?.map(Patient))
}

/// One part of an observation, such as the systolic pressure.
#[derive(SimpleObject)]
pub struct ObservationComponent {
    /// What was observed; null when the record does not say.
    pub code: Option<Concept>,
    /// What was found.
    pub value: Option<ObservationValue>,
    /// Why there is no value.
    pub data_absent_reason: Option<Concept>,
    /// How it stands against what is expected.
    pub interpretation: Option<Interpretation>,
    /// Who says so.
    pub interpretation_source: Option<InterpretationSource>,
    /// What it is compared with.
    pub reference_ranges: Vec<ReferenceRange>,
}

resource! {
    /// A measurement, result or finding.
    Observation {
        /// What was observed; null when the record does not say.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// Laboratory, vital signs and the like.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// Where it stands.
        async fn status(&self) -> Option<ObservationStatus> {
            self.0.text(&["status"]).and_then(ObservationStatus::of)
        }
        /// When it was true of the patient, where that is one moment.
        async fn effective_at(&self) -> Option<DateTime> {
            self.0.date_time("effectiveDateTime").or_else(|| self.0.date_time("effectiveInstant"))
        }
        /// When it was true of the patient, where that is a span.
        async fn effective_period(&self) -> Option<Period> {
            self.0.period("effectivePeriod")
        }
        /// When it was made available.
        async fn issued(&self) -> Option<Instant> {
            self.0.text(&["issued"]).map(|t| Instant(t.to_owned()))
        }
        /// What was found.
        async fn value(&self) -> Option<ObservationValue> {
            observation_value(self.0.json())
        }
        /// Why there is no value.
        async fn data_absent_reason(&self) -> Option<Concept> {
            self.0.concept("dataAbsentReason")
        }
        /// Its parts.
        async fn components(&self) -> Vec<ObservationComponent> {
            let read = |c: &Json<'_>| ObservationComponent {
                code: c.get("code").and_then(Concept::read),
                value: observation_value(c),
                data_absent_reason: c.get("dataAbsentReason").and_then(Concept::read),
                interpretation: interpretation(c).map(|i| i.0),
                interpretation_source: interpretation(c).map(|i| i.1),
                reference_ranges: ReferenceRange::all(c.get("referenceRange").map_or(&[], Json::items)),
            };
            self.0.all("component").iter().map(read).collect()
        }
        /// How it stands against what is expected.
        async fn interpretation(&self) -> Option<Interpretation> {
            interpretation(self.0.json()).map(|i| i.0)
        }
        /// Who says so.
        async fn interpretation_source(&self) -> Option<InterpretationSource> {
            interpretation(self.0.json()).map(|i| i.1)
        }
        /// What it is compared with.
        async fn reference_ranges(&self) -> Vec<ReferenceRange> {
            ReferenceRange::all(self.0.all("referenceRange"))
        }
        /// The visit it was made in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// Who made it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references("performer")
        }
        /// Who was the first to acknowledge the version that is shown; null while nobody has.
        #[graphql(complexity = 10)]
        async fn acknowledgement(&self, ctx: &Context<'_>) -> Option<Acknowledgement> {
            or_null(ctx, acknowledgement::acknowledgement(ctx, &self.0)).await.flatten()
        }
        /// Who was told of it as a critical result, the last first.
        #[graphql(complexity = 10)]
        async fn notifications(&self, ctx: &Context<'_>) -> Option<Vec<CriticalNotification>> {
            or_null(ctx, message::notifications(ctx, &self.0)).await
        }
        /// The reports that it is a result of, newest first.
        #[graphql(complexity = 20)]
        async fn reports(&self, ctx: &Context<'_>) -> Option<Vec<DiagnosticReport>> {
            or_null(ctx, acknowledgement::reports(ctx, &self.0)).await
        }
        /// What was looked at.
        async fn specimen(&self) -> Option<ResourceRef> {
            self.0.reference("specimen")
        }
        /// The orders and plans that it answers.
        async fn based_on(&self) -> Vec<ResourceRef> {
            self.0.references("basedOn")
        }
        /// How it was measured.
        async fn method(&self) -> Option<Concept> {
            self.0.concept("method")
        }
        /// Where on the body.
        async fn body_site(&self) -> Option<Concept> {
            self.0.concept("bodySite")
        }
        /// By which device.
        async fn device(&self) -> Option<ResourceRef> {
            self.0.reference("device")
        }
        /// The observations of a panel, and the answered forms that it groups.
        async fn members(&self) -> Vec<ResourceRef> {
            self.0.references("hasMember")
        }
        /// What it was computed or read from.
        async fn derived_from(&self) -> Vec<ResourceRef> {
            self.0.references("derivedFrom")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(ObservationConnection, ObservationEdge, Observation);

resource! {
    /// A vaccine given, or not.
    Immunization {
        /// Whether it was given.
        async fn status(&self) -> Option<ImmunizationStatus> {
            self.0.text(&["status"]).and_then(ImmunizationStatus::of)
        }
        /// Why it was not given.
        async fn status_reason(&self) -> Option<Concept> {
            self.0.concept("statusReason")
        }
        /// The vaccine.
        async fn vaccine(&self) -> Option<Concept> {
            self.0.concept("vaccineCode")
        }
        /// When, where a date is recorded.
        async fn occurred_at(&self) -> Option<DateTime> {
            self.0.date_time("occurrenceDateTime")
        }
        /// When, in words.
        async fn occurrence_text(&self) -> Option<&str> {
            self.0.text(&["occurrenceString"])
        }
        /// Whether who gave it recorded it; false when it was told of. Null when the record does not say.
        async fn primary_source(&self) -> Option<bool> {
            self.0.at(&["primarySource"]).and_then(Json::as_bool)
        }
        /// The lot.
        async fn lot_number(&self) -> Option<&str> {
            self.0.text(&["lotNumber"])
        }
        /// The last day of the lot.
        async fn expiration_date(&self) -> Option<Date> {
            self.0.text(&["expirationDate"]).map(|d| Date(d.to_owned()))
        }
        /// Where on the body.
        async fn site(&self) -> Option<Concept> {
            self.0.concept("site")
        }
        /// By which way.
        async fn route(&self) -> Option<Concept> {
            self.0.concept("route")
        }
        /// How much.
        async fn dose(&self) -> Option<Quantity> {
            self.0.at(&["doseQuantity"]).map(Quantity::read)
        }
        /// Which dose of its series it is: a number, or in words.
        async fn dose_number(&self) -> Option<&str> {
            self.0.all("protocolApplied").iter().find_map(|p| {
                p.get("doseNumberPositiveInt").and_then(Json::as_number).or_else(|| p.str_at("doseNumberString"))
            })
        }
        /// Who gave it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references_in("performer", "actor")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
        /// The visit it was given in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
    }
}
connection!(ImmunizationConnection, ImmunizationEdge, Immunization);

resource! {
    /// Something done to the patient.
    Procedure {
        /// Where it stands.
        async fn status(&self) -> Option<ProcedureStatus> {
            self.0.text(&["status"]).and_then(ProcedureStatus::of)
        }
        /// What was done.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// What kind of procedure.
        async fn category(&self) -> Option<Concept> {
            self.0.concept("category")
        }
        /// When, where it is one moment.
        async fn performed_at(&self) -> Option<DateTime> {
            self.0.date_time("performedDateTime")
        }
        /// When, where it is a span.
        async fn performed_period(&self) -> Option<Period> {
            self.0.period("performedPeriod")
        }
        /// What it was for.
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
        /// How it went.
        async fn outcome(&self) -> Option<Concept> {
            self.0.concept("outcome")
        }
        /// The visit it was done in.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// Who did it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references_in("performer", "actor")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(ProcedureConnection, ProcedureEdge, Procedure);

resource! {
    /// A report on results.
    DiagnosticReport {
        /// Where it stands.
        async fn status(&self) -> Option<ReportStatus> {
            self.0.text(&["status"]).and_then(ReportStatus::of)
        }
        /// What it reports on; null when the record does not say.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// Codes of the conclusion.
        async fn conclusion_codes(&self) -> Vec<Concept> {
            self.0.concepts("conclusionCode")
        }
        /// The report as it was issued, as files.
        async fn presented_forms(&self, ctx: &Context<'_>) -> Vec<Attachment> {
            self.0.all("presentedForm").iter().map(|a| Attachment::read(session(ctx), a)).collect()
        }
        /// What was looked at.
        async fn specimens(&self) -> Vec<ResourceRef> {
            self.0.references("specimen")
        }
        /// The orders that it answers.
        async fn based_on(&self) -> Vec<ResourceRef> {
            self.0.references("basedOn")
        }
        /// Which service made it.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// When it was true of the patient, where that is one moment.
        async fn effective_at(&self) -> Option<DateTime> {
            self.0.date_time("effectiveDateTime")
        }
        /// When it was true of the patient, where that is a span.
        async fn effective_period(&self) -> Option<Period> {
            self.0.period("effectivePeriod")
        }
        /// When it was made available.
        async fn issued(&self) -> Option<Instant> {
            self.0.text(&["issued"]).map(|t| Instant(t.to_owned()))
        }
        /// What it comes to.
        async fn conclusion(&self) -> Option<&str> {
            self.0.text(&["conclusion"])
        }
        /// Its observations in the report's order; null in the place of each that is absent or not to be seen.
        async fn results(&self, ctx: &Context<'_>) -> Result<Vec<Option<Observation>>> {
            let ids: Vec<Option<String>> = self.0.all("result").iter().map(observation_id).collect();
            let wanted: Vec<String> = ids.iter().flatten().cloned().collect();
            if wanted.is_empty() {
                return Ok(ids.iter().map(|_| None).collect());
            }
            let session = session(ctx);
            let (store, actor, at) = (&session.store, &session.actor, self.0.as_of());
            let found = match at {
                Some(at) => store.read_past(actor, ResourceType::Observation, &wanted, at).await,
                None => store.read_many(actor, ResourceType::Observation, &wanted).await,
            };
            let found = found.map_err(|e| error::graphql(&e))?;
            let document = |s| Document::as_of_instant(s, at).map(Observation);
            let of = |id: &String| found.iter().find(|s| s.id == *id).cloned().map(document);
            ids.iter().map(|id| id.as_ref().and_then(of).transpose()).collect()
        }
        /// Who was the first to acknowledge the version that is shown; null while nobody has.
        #[graphql(complexity = 10)]
        async fn acknowledgement(&self, ctx: &Context<'_>) -> Option<Acknowledgement> {
            or_null(ctx, acknowledgement::acknowledgement(ctx, &self.0)).await.flatten()
        }
        /// The visit it belongs to.
        async fn encounter(&self) -> Option<ResourceRef> {
            self.0.reference("encounter")
        }
        /// Who answers for it.
        async fn performers(&self) -> Vec<ResourceRef> {
            self.0.references("performer")
        }
    }
}
connection!(DiagnosticReportConnection, DiagnosticReportEdge, DiagnosticReport);

fn observation_id(reference: &Json<'_>) -> Option<String> {
    match reference::parse(reference.str_at("reference")?, None) {
        Target::Local { resource_type: ResourceType::Observation, id, .. } => Some(id.to_owned()),
        _ => None,
    }
}

/// A file of a document.
#[derive(SimpleObject)]
pub struct Attachment {
    /// Its media type.
    pub content_type: Option<String>,
    /// Where its bytes are, when they are not in the resource.
    pub url: Option<String>,
    /// The path on this server that answers with its bytes, for whoever may read the document; null when they are elsewhere.
    pub link: Option<String>,
    /// The number of its bytes.
    pub size: Option<i64>,
    /// The SHA-1 of its bytes in base64, as FHIR R4 has it.
    pub hash: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// Its bytes in base64, when they are in the record.
    pub data: Option<String>,
    /// When it was made.
    pub creation: Option<DateTime>,
}

resource! {
    /// A document of the record (FHIR DocumentReference).
    ClinicalDocument {
        /// Where it stands.
        async fn status(&self) -> Option<DocumentStatus> {
            self.0.text(&["status"]).and_then(DocumentStatus::of)
        }
        /// Where its content stands, where the record says: what waits for a signature is preliminary.
        async fn doc_status(&self) -> Option<NoteStatus> {
            self.0.text(&["docStatus"]).and_then(NoteStatus::of)
        }
        /// What kind of document.
        async fn r#type(&self) -> Option<Concept> {
            self.0.concept("type")
        }
        /// What group of documents.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// When it was put on record.
        async fn date(&self) -> Option<Instant> {
            self.0.text(&["date"]).map(|t| Instant(t.to_owned()))
        }
        /// What it is about.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// The encounters it belongs to.
        async fn encounters(&self) -> Vec<ResourceRef> {
            ResourceRef::all(self.0.at(&["context"]).and_then(|c| c.get("encounter")).map_or(&[], Json::items), self.0.as_of())
        }
        /// The documents that it replaces.
        async fn replaces(&self) -> Vec<ResourceRef> {
            let replaces = self.0.all("relatesTo").iter().filter(|r| r.str_at("code") == Some("replaces"));
            replaces.filter_map(|r| Some(ResourceRef::read(r.get("target")?, self.0.as_of()))).collect()
        }
        /// The documents that replace it now; null where the record is shown as it was.
        #[graphql(complexity = 50)]
        async fn replaced_by(&self, ctx: &Context<'_>) -> Option<Vec<ClinicalDocument>> {
            if self.0.as_of().is_some() {
                return None;
            }
            or_null(ctx, replacing(ctx, &self.0)).await
        }
        /// Who wrote it.
        async fn authors(&self) -> Vec<ResourceRef> {
            self.0.references("author")
        }
        /// Its files.
        async fn attachments(&self, ctx: &Context<'_>) -> Vec<Attachment> {
            let read = |a: &Json<'_>| Attachment::read(session(ctx), a);
            self.0.all("content").iter().filter_map(|c| c.get("attachment")).map(read).collect()
        }
    }
}
connection!(DocumentConnection, DocumentEdge, ClinicalDocument);

impl Attachment {
    /// An Attachment as the asking party may see it.
    pub(crate) fn read(session: &Session, value: &Json<'_>) -> Self {
        let may = session.actor.may(Interaction::Read, ResourceType::Binary);
        let text = |name: &str| value.str_at(name).map(ToOwned::to_owned);
        Self {
            link: value.str_at("url").filter(|_| may).and_then(content_path),
            size: value.get("size").and_then(Json::as_number).and_then(|n| n.parse().ok()),
            hash: text("hash"),
            content_type: text("contentType"),
            url: text("url"),
            title: text("title"),
            data: text("data"),
            creation: text("creation").map(DateTime),
        }
    }
}

/// Where this server has the bytes that an attachment's url names.
fn content_path(url: &str) -> Option<String> {
    match reference::parse(url, None) {
        Target::Local { resource_type: ResourceType::Binary, id, version: None } => {
            Some(format!("/fhir/R4/Binary/{id}"))
        }
        Target::Local { resource_type: ResourceType::Binary, id, version: Some(version) } => {
            Some(format!("/fhir/R4/Binary/{id}/_history/{version}"))
        }
        _ => None,
    }
}

async fn replacing(ctx: &Context<'_>, document: &Document) -> Result<Vec<ClinicalDocument>> {
    let session = session(ctx);
    let id = &document.stored().id;
    let pairs =
        [("relatesto".to_owned(), format!("DocumentReference/{id}")), ("relation".to_owned(), "replaces".to_owned())];
    let query = crate::session::query(ResourceType::DocumentReference, &pairs, &[], session.now);
    let query = query.map_err(|e| crate::error::graphql(&e))?;
    let page = entity::store::PageRequest { limit: crate::session::MAX_PAGE, ..Default::default() };
    let found = crate::document::List::search(session, query, &page).await?.documents;
    Ok(found.into_iter().map(ClinicalDocument).collect())
}
