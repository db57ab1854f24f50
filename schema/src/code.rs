//! Closed FHIR value sets as enums (<https://hl7.org/fhir/R4/valueset-…>). A code of a record that is none of them reads as null.

use async_graphql::Enum;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$value_doc:meta])* $value:ident = $code:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
            pub enum $name {
                $($(#[$value_doc])* $value,)*
            }

            impl $name {
                /// The value of a FHIR code.
                pub fn of(code: &str) -> Option<Self> {
                    match code {
                        $($code => Some(Self::$value),)*
                        _ => None,
                    }
                }

                /// The FHIR code.
                pub fn code(self) -> &'static str {
                    match self {
                        $(Self::$value => $code,)*
                    }
                }
            }
        )*
    };
}

codes! {
    /// Administrative gender.
    Gender {
        /// Male.
        Male = "male",
        /// Female.
        Female = "female",
        /// Other than male and female.
        Other = "other",
        /// Not known.
        Unknown = "unknown",
    }
    /// What kind of way to reach someone.
    ContactPointSystem {
        /// Telephone.
        Phone = "phone",
        /// Fax.
        Fax = "fax",
        /// E-mail.
        Email = "email",
        /// Pager.
        Pager = "pager",
        /// A page or an account elsewhere.
        Url = "url",
        /// Text messages.
        Sms = "sms",
        /// Something else.
        Other = "other",
    }
    /// What a way to reach someone is used for.
    ContactPointUse {
        /// At home.
        Home = "home",
        /// At work.
        Work = "work",
        /// For a while.
        Temp = "temp",
        /// No longer used.
        Old = "old",
        /// Carried along.
        Mobile = "mobile",
    }
    /// What an address is used for.
    AddressUse {
        /// At home.
        Home = "home",
        /// At work.
        Work = "work",
        /// For a while.
        Temp = "temp",
        /// No longer used.
        Old = "old",
        /// For bills.
        Billing = "billing",
    }
    /// Marital status: HL7 v3 `MaritalStatus`, or unknown.
    MaritalStatus {
        /// The marriage was declared never to have been.
        Annulled = "A",
        /// Divorced.
        Divorced = "D",
        /// A divorce is decreed and not yet final.
        Interlocutory = "I",
        /// Separated by law.
        LegallySeparated = "L",
        /// Married.
        Married = "M",
        /// Married by common law.
        CommonLaw = "C",
        /// More than one spouse.
        Polygamous = "P",
        /// A domestic partnership.
        DomesticPartner = "T",
        /// Not married now, of whichever reason.
        Unmarried = "U",
        /// Never married.
        NeverMarried = "S",
        /// Widowed.
        Widowed = "W",
        /// Not known.
        Unknown = "UNK",
    }
    /// Whether a condition is there now.
    ConditionClinicalStatus {
        /// Present.
        Active = "active",
        /// Present again.
        Recurrence = "recurrence",
        /// Worse again after it was better.
        Relapse = "relapse",
        /// Not present.
        Inactive = "inactive",
        /// Better, and may come back.
        Remission = "remission",
        /// Over.
        Resolved = "resolved",
    }
    /// How sure a condition is.
    ConditionVerificationStatus {
        /// Not confirmed.
        Unconfirmed = "unconfirmed",
        /// Assumed for now.
        Provisional = "provisional",
        /// One of several possibilities.
        Differential = "differential",
        /// Confirmed.
        Confirmed = "confirmed",
        /// Ruled out.
        Refuted = "refuted",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Whether a patient is at risk now.
    AllergyClinicalStatus {
        /// At risk.
        Active = "active",
        /// No longer at risk.
        Inactive = "inactive",
        /// Tested and over.
        Resolved = "resolved",
    }
    /// How sure an allergy is.
    AllergyVerificationStatus {
        /// Not confirmed.
        Unconfirmed = "unconfirmed",
        /// Confirmed.
        Confirmed = "confirmed",
        /// Ruled out.
        Refuted = "refuted",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// What kind of substance.
    AllergyCategory {
        /// Food.
        Food = "food",
        /// A medicine.
        Medication = "medication",
        /// Something in the surroundings.
        Environment = "environment",
        /// Made from living matter.
        Biologic = "biologic",
    }
    /// By what mechanism a substance harms.
    AllergyType {
        /// By an immune reaction.
        Allergy = "allergy",
        /// By another one.
        Intolerance = "intolerance",
    }
    /// How bad a future reaction could be.
    AllergyCriticality {
        /// Unlikely to harm seriously.
        Low = "low",
        /// May endanger life.
        High = "high",
        /// Cannot be judged.
        UnableToAssess = "unable-to-assess",
    }
    /// How bad a reaction was.
    ReactionSeverity {
        /// Mild.
        Mild = "mild",
        /// Moderate.
        Moderate = "moderate",
        /// Severe.
        Severe = "severe",
    }
    /// Where a prescription stands.
    MedicationRequestStatus {
        /// In force.
        Active = "active",
        /// Paused.
        OnHold = "on-hold",
        /// Withdrawn before it began.
        Cancelled = "cancelled",
        /// Carried out.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Ended early.
        Stopped = "stopped",
        /// Not signed.
        Draft = "draft",
        /// Not known.
        Unknown = "unknown",
    }
    /// How binding a request is.
    MedicationRequestIntent {
        /// A suggestion.
        Proposal = "proposal",
        /// Meant to be done, not yet ordered.
        Plan = "plan",
        /// An order.
        Order = "order",
        /// The first of several orders.
        OriginalOrder = "original-order",
        /// Follows from another order.
        ReflexOrder = "reflex-order",
        /// As the one who fills it understands it.
        FillerOrder = "filler-order",
        /// One occasion of an order.
        InstanceOrder = "instance-order",
        /// One of several ways.
        Option = "option",
    }
    /// Where a visit stands.
    EncounterStatus {
        /// Not begun.
        Planned = "planned",
        /// The patient is here.
        Arrived = "arrived",
        /// Judged for urgency.
        Triaged = "triaged",
        /// Going on.
        InProgress = "in-progress",
        /// The patient is away for a while.
        Onleave = "onleave",
        /// Over.
        Finished = "finished",
        /// Did not take place.
        Cancelled = "cancelled",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where an observation stands.
    ObservationStatus {
        /// Known, no result.
        Registered = "registered",
        /// May still change.
        Preliminary = "preliminary",
        /// Complete.
        Final = "final",
        /// Changed after it was complete.
        Amended = "amended",
        /// Changed because it was wrong.
        Corrected = "corrected",
        /// Not done.
        Cancelled = "cancelled",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Whether a vaccine was given.
    ImmunizationStatus {
        /// Given.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not given.
        NotDone = "not-done",
    }
    /// Where a procedure stands.
    ProcedureStatus {
        /// Being prepared.
        Preparation = "preparation",
        /// Going on.
        InProgress = "in-progress",
        /// Not done.
        NotDone = "not-done",
        /// Paused.
        OnHold = "on-hold",
        /// Ended early.
        Stopped = "stopped",
        /// Done.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where a report stands.
    ReportStatus {
        /// Known, no content.
        Registered = "registered",
        /// Some of it is there.
        Partial = "partial",
        /// May still change.
        Preliminary = "preliminary",
        /// Complete.
        Final = "final",
        /// Changed after it was complete.
        Amended = "amended",
        /// Changed because it was wrong.
        Corrected = "corrected",
        /// Added to after it was complete.
        Appended = "appended",
        /// Not done.
        Cancelled = "cancelled",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where a note stands.
    NoteStatus {
        /// Not signed, or signed and waiting for a second signature.
        Preliminary = "preliminary",
        /// Signed; it does not change any more.
        Final = "final",
        /// Changed after it was signed, elsewhere.
        Amended = "amended",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Where a document stands.
    DocumentStatus {
        /// In force.
        Current = "current",
        /// Replaced by another.
        Superseded = "superseded",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Whether a medicine is taken.
    MedicationStatementStatus {
        /// Taken now.
        Active = "active",
        /// No longer taken.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// To be taken later.
        Intended = "intended",
        /// Ended early.
        Stopped = "stopped",
        /// Paused.
        OnHold = "on-hold",
        /// Not known.
        Unknown = "unknown",
        /// Not taken.
        NotTaken = "not-taken",
    }
    /// Where a consent stands.
    ConsentStatus {
        /// Being written.
        Draft = "draft",
        /// Waiting for agreement.
        Proposed = "proposed",
        /// In force.
        Active = "active",
        /// Refused.
        Rejected = "rejected",
        /// No longer in force.
        Inactive = "inactive",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// How complete a family history is.
    FamilyHistoryStatus {
        /// Not all is known.
        Partial = "partial",
        /// All that is relevant is there.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// The relative's health is not known.
        HealthUnknown = "health-unknown",
    }
    /// Why nothing is listed of a family. Source: FHIR R4, list-empty-reason; its other codes say that nobody has asked.
    FamilyHistoryAbsence {
        /// Somebody has asked, and no illness is known.
        NilKnown = "nilknown",
        /// Nobody can tell: the family is not known, say.
        Unavailable = "unavailable",
        /// It is known and not told.
        Withheld = "withheld",
    }
    /// Whether a warning holds.
    FlagStatus {
        /// It holds.
        Active = "active",
        /// It no longer holds.
        Inactive = "inactive",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Where an answered questionnaire stands.
    QuestionnaireResponseStatus {
        /// Not all is answered yet.
        InProgress = "in-progress",
        /// Done.
        Completed = "completed",
        /// Changed after it was done.
        Amended = "amended",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Given up.
        Stopped = "stopped",
    }
    /// What an item of a questionnaire asks for.
    ItemType {
        /// Nothing: items stand in it.
        Group = "group",
        /// Nothing: it is shown.
        Display = "display",
        /// Yes or no.
        Boolean = "boolean",
        /// A number.
        Decimal = "decimal",
        /// A whole number.
        Integer = "integer",
        /// A day.
        Date = "date",
        /// A time.
        DateTime = "dateTime",
        /// A time of day.
        Time = "time",
        /// A few words.
        String = "string",
        /// A text.
        Text = "text",
        /// A URL.
        Url = "url",
        /// One of the options.
        Choice = "choice",
        /// One of the options, or other words.
        OpenChoice = "open-choice",
        /// A file.
        Attachment = "attachment",
        /// A record.
        Reference = "reference",
        /// A number with its unit.
        Quantity = "quantity",
    }
    /// Where a plan, a team or a coverage stands.
    PlanStatus {
        /// Being written.
        Draft = "draft",
        /// To come into force.
        Proposed = "proposed",
        /// In force.
        Active = "active",
        /// Paused.
        OnHold = "on-hold",
        /// Paused (care teams).
        Suspended = "suspended",
        /// No longer in force.
        Inactive = "inactive",
        /// Ended early.
        Revoked = "revoked",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Done.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where a step of a plan stands. Source: FHIR R4, care-plan-activity-status.
    CarePlanStepStatus {
        /// Nobody has begun.
        NotStarted = "not-started",
        /// An appointment is made.
        Scheduled = "scheduled",
        /// Begun.
        InProgress = "in-progress",
        /// Paused.
        OnHold = "on-hold",
        /// Done.
        Completed = "completed",
        /// Called off before it began.
        Cancelled = "cancelled",
        /// Ended early.
        Stopped = "stopped",
        /// Not known.
        Unknown = "unknown",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Where a goal stands.
    GoalStatus {
        /// Suggested.
        Proposed = "proposed",
        /// Intended.
        Planned = "planned",
        /// Agreed.
        Accepted = "accepted",
        /// Worked on.
        Active = "active",
        /// Paused.
        OnHold = "on-hold",
        /// Over.
        Completed = "completed",
        /// Given up.
        Cancelled = "cancelled",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Turned down.
        Rejected = "rejected",
    }
    /// Where an appointment stands.
    AppointmentStatus {
        /// Not agreed yet.
        Proposed = "proposed",
        /// Not all have answered.
        Pending = "pending",
        /// Agreed.
        Booked = "booked",
        /// The patient is there.
        Arrived = "arrived",
        /// Done.
        Fulfilled = "fulfilled",
        /// Cancelled.
        Cancelled = "cancelled",
        /// The patient did not come.
        Noshow = "noshow",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// The patient has registered.
        CheckedIn = "checked-in",
        /// No time yet.
        Waitlist = "waitlist",
    }
    /// Where an order stands.
    RequestStatus {
        /// Being written.
        Draft = "draft",
        /// In force.
        Active = "active",
        /// Paused.
        OnHold = "on-hold",
        /// Taken back.
        Revoked = "revoked",
        /// Done.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where an order of any kind stands. Prescriptions are cancelled or stopped where other orders are revoked.
    OrderStatus {
        /// Being written, not signed.
        Draft = "draft",
        /// In force.
        Active = "active",
        /// Paused.
        OnHold = "on-hold",
        /// Taken back.
        Revoked = "revoked",
        /// Withdrawn before it began.
        Cancelled = "cancelled",
        /// Ended early.
        Stopped = "stopped",
        /// Done.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where an imaging study stands.
    ImagingStatus {
        /// Its images are not there yet.
        Registered = "registered",
        /// Its images can be looked at.
        Available = "available",
        /// Not made.
        Cancelled = "cancelled",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Not known.
        Unknown = "unknown",
    }
    /// Where the giving of a dose stands.
    AdministrationStatus {
        /// Going on.
        InProgress = "in-progress",
        /// Not given.
        NotDone = "not-done",
        /// Paused.
        OnHold = "on-hold",
        /// Given.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
        /// Ended before it was all given.
        Stopped = "stopped",
        /// Not known.
        Unknown = "unknown",
    }
    /// Whether a slot is free.
    SlotStatus {
        /// Taken.
        Busy = "busy",
        /// It can be booked.
        Free = "free",
        /// Not to be booked.
        BusyUnavailable = "busy-unavailable",
        /// Taken, not for sure.
        BusyTentative = "busy-tentative",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// Where a task stands.
    TaskStatus {
        /// Being written.
        Draft = "draft",
        /// To be taken.
        Requested = "requested",
        /// Seen by who is to do it.
        Received = "received",
        /// Agreed.
        Accepted = "accepted",
        /// Turned down.
        Rejected = "rejected",
        /// About to begin.
        Ready = "ready",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Going on.
        InProgress = "in-progress",
        /// Paused.
        OnHold = "on-hold",
        /// Tried and failed.
        Failed = "failed",
        /// Done.
        Completed = "completed",
        /// Recorded by mistake.
        EnteredInError = "entered-in-error",
    }
    /// How urgent something is.
    Priority {
        /// In the usual order.
        Routine = "routine",
        /// Before the usual order.
        Urgent = "urgent",
        /// As soon as possible.
        Asap = "asap",
        /// At once.
        Stat = "stat",
    }
    /// A family of observations.
    ResultCategory {
        /// Laboratory results.
        Laboratory = "laboratory",
        /// Vital signs.
        VitalSigns = "vital-signs",
    }
}

impl MaritalStatus {
    /// The code's words in its code system (<https://terminology.hl7.org/CodeSystem-v3-MaritalStatus.html>).
    pub fn display(self) -> &'static str {
        match self {
            Self::Annulled => "Annulled",
            Self::Divorced => "Divorced",
            Self::Interlocutory => "Interlocutory",
            Self::LegallySeparated => "Legally Separated",
            Self::Married => "Married",
            Self::CommonLaw => "Common Law",
            Self::Polygamous => "Polygamous",
            Self::DomesticPartner => "Domestic partner",
            Self::Unmarried => "unmarried",
            Self::NeverMarried => "Never Married",
            Self::Widowed => "Widowed",
            Self::Unknown => "unknown",
        }
    }
}

/// `a,b` for a search parameter with alternatives.
pub fn alternatives(codes: impl IntoIterator<Item = &'static str>) -> String {
    codes.into_iter().collect::<Vec<_>>().join(",")
}
