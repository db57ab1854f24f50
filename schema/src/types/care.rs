//! What stands around the chart: teams, plans, goals, appointments, tasks, coverage, related persons.

use async_graphql::SimpleObject;
use fhir::Json;

use crate::code::{AppointmentStatus, Gender, GoalStatus, PlanStatus, Priority, TaskStatus};
use crate::document::{Document, connection, resource};
use crate::scalar::{Date, DateTime, Instant};
use crate::types::patient::{Address, ContactPoint, HumanName, address, contact_point, human_name};
use crate::types::title::title;
use crate::value::{Annotation, Concept, Period, Quantity, ResourceRef};

/// Someone in a team that cares for the patient.
#[derive(SimpleObject)]
pub struct CareTeamMember {
    /// The team.
    pub team: ResourceRef,
    /// The team's name.
    pub team_name: Option<String>,
    /// Who it is; null when the record does not say.
    pub member: Option<ResourceRef>,
    /// What they do in the team.
    pub roles: Vec<Concept>,
    /// From when to when.
    pub period: Option<Period>,
}

impl CareTeamMember {
    /// The members of one team, in the order of the record.
    pub fn of_team(team: &Document) -> Vec<Self> {
        let stored = team.stored();
        let name = team.text(&["name"]);
        let id = format!("CareTeam/{}", stored.id);
        let read = |p: &Json<'_>| Self {
            team: ResourceRef {
                id: Some(id.clone().into()),
                display: name.map(ToOwned::to_owned),
                reference: Some(id.clone()),
                as_of: team.as_of(),
            },
            team_name: name.map(ToOwned::to_owned),
            member: p.get("member").map(|member| ResourceRef::read(member, team.as_of())),
            roles: Concept::all(p.get("role").map_or(&[], Json::items)),
            period: p.get("period").map(Period::read),
        };
        team.all("participant").iter().map(read).collect()
    }
}

resource! {
    /// Those who care for the patient together.
    CareTeam {
        /// Where it stands.
        async fn status(&self) -> Option<PlanStatus> {
            self.0.text(&["status"]).and_then(PlanStatus::of)
        }
        /// Its name.
        async fn name(&self) -> Option<&str> {
            self.0.text(&["name"])
        }
        /// What kind of team.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// From when to when.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// Who is or was in it.
        async fn members(&self) -> Vec<CareTeamMember> {
            CareTeamMember::of_team(&self.0)
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}

connection!(CareTeamConnection, CareTeamEdge, CareTeam);

/// Whom to reach about the patient, as the patient's own record says.
#[derive(SimpleObject)]
pub struct PatientContact {
    /// What they are to the patient.
    pub relationships: Vec<Concept>,
    /// Their name.
    pub name: Option<HumanName>,
    /// How to reach them.
    pub telecom: Vec<ContactPoint>,
    /// Where they live.
    pub address: Option<Address>,
    /// Administrative gender.
    pub gender: Option<Gender>,
    /// While it holds.
    pub period: Option<Period>,
}

impl PatientContact {
    pub fn read(value: &Json<'_>) -> Self {
        Self {
            relationships: Concept::all(value.get("relationship").map_or(&[], Json::items)),
            name: value.get("name").map(human_name),
            telecom: value.get("telecom").map_or(&[][..], Json::items).iter().map(contact_point).collect(),
            address: value.get("address").map(address),
            gender: value.str_at("gender").and_then(Gender::of),
            period: value.get("period").map(Period::read),
        }
    }
}

/// A step of a plan, where it is written in the plan itself.
#[derive(SimpleObject)]
pub struct CarePlanActivity {
    /// What is to be done.
    pub code: Option<Concept>,
    /// Its state as a code of FHIR's CarePlanActivityStatus.
    pub status: Option<String>,
    /// More about it.
    pub description: Option<String>,
    /// The request that stands for it.
    pub reference: Option<ResourceRef>,
}

resource! {
    /// What is planned for the patient.
    CarePlan {
        /// Where it stands.
        async fn status(&self) -> Option<PlanStatus> {
            self.0.text(&["status"]).and_then(PlanStatus::of)
        }
        /// Its title.
        async fn title(&self) -> Option<&str> {
            self.0.text(&["title"])
        }
        /// What it is about.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// What kind of plan.
        async fn category(&self) -> Vec<Concept> {
            self.0.concepts("category")
        }
        /// From when to when.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// The problems it answers.
        async fn addresses(&self) -> Vec<ResourceRef> {
            self.0.references("addresses")
        }
        /// Its goals.
        async fn goals(&self) -> Vec<ResourceRef> {
            self.0.references("goal")
        }
        /// Its steps.
        async fn activities(&self) -> Vec<CarePlanActivity> {
            let read = |a: &Json<'_>| {
                let detail = a.get("detail");
                let text = |name: &str| detail.and_then(|d| d.str_at(name)).map(ToOwned::to_owned);
                CarePlanActivity {
                    code: detail.and_then(|d| d.get("code")).and_then(Concept::read),
                    status: text("status"),
                    description: text("description"),
                    reference: a.get("reference").map(|reference| ResourceRef::read(reference, self.0.as_of())),
                }
            };
            self.0.all("activity").iter().map(read).collect()
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(CarePlanConnection, CarePlanEdge, CarePlan);

/// What shows that a goal is reached.
#[derive(SimpleObject)]
pub struct GoalTarget {
    /// What is measured.
    pub measure: Option<Concept>,
    /// The amount to reach, where it is one amount.
    pub quantity: Option<Quantity>,
    /// Lower bound, where it is a range.
    pub low: Option<Quantity>,
    /// Upper bound, where it is a range.
    pub high: Option<Quantity>,
    /// By when.
    pub due: Option<Date>,
}

resource! {
    /// What the patient and those who care want to reach.
    Goal {
        /// Where it stands in its life.
        async fn status(&self) -> Option<GoalStatus> {
            self.0.text(&["lifecycleStatus"]).and_then(GoalStatus::of)
        }
        /// How far it is reached.
        async fn achievement(&self) -> Option<Concept> {
            self.0.concept("achievementStatus")
        }
        /// The goal.
        async fn description(&self) -> Option<Concept> {
            self.0.concept("description")
        }
        /// When work on it begins.
        async fn start_date(&self) -> Option<Date> {
            self.0.text(&["startDate"]).map(|t| Date(t.to_owned()))
        }
        /// What shows that it is reached.
        async fn targets(&self) -> Vec<GoalTarget> {
            let read = |t: &Json<'_>| {
                let range = |end: &str| t.get("detailRange").and_then(|r| r.get(end)).map(Quantity::read);
                GoalTarget {
                    measure: t.get("measure").and_then(Concept::read),
                    quantity: t.get("detailQuantity").map(Quantity::read),
                    low: range("low"),
                    high: range("high"),
                    due: t.str_at("dueDate").map(|d| Date(d.to_owned())),
                }
            };
            self.0.all("target").iter().map(read).collect()
        }
        /// The problems it answers.
        async fn addresses(&self) -> Vec<ResourceRef> {
            self.0.references("addresses")
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(GoalConnection, GoalEdge, Goal);

/// Who or what an appointment needs.
#[derive(SimpleObject)]
pub struct AppointmentParticipant {
    /// Who or what; null when only a kind is named.
    pub actor: Option<ResourceRef>,
    /// In which part.
    pub types: Vec<Concept>,
    /// `accepted`, `declined`, `tentative` or `needs-action`.
    pub status: Option<String>,
}

resource! {
    /// A planned meeting.
    Appointment {
        /// Where it stands.
        async fn status(&self) -> Option<AppointmentStatus> {
            self.0.text(&["status"]).and_then(AppointmentStatus::of)
        }
        /// When it begins.
        async fn start(&self) -> Option<Instant> {
            self.0.text(&["start"]).map(|t| Instant(t.to_owned()))
        }
        /// When it ends.
        async fn end(&self) -> Option<Instant> {
            self.0.text(&["end"]).map(|t| Instant(t.to_owned()))
        }
        /// What is done.
        async fn service_types(&self) -> Vec<Concept> {
            self.0.concepts("serviceType")
        }
        /// Why.
        async fn reasons(&self) -> Vec<Concept> {
            self.0.concepts("reasonCode")
        }
        /// In words.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// Who and what takes part, the patient included.
        async fn participants(&self) -> Vec<AppointmentParticipant> {
            let read = |p: &Json<'_>| AppointmentParticipant {
                actor: p.get("actor").map(|actor| ResourceRef::read(actor, self.0.as_of())),
                types: Concept::all(p.get("type").map_or(&[], Json::items)),
                status: p.str_at("status").map(ToOwned::to_owned),
            };
            self.0.all("participant").iter().map(read).collect()
        }
    }
}
connection!(AppointmentConnection, AppointmentEdge, Appointment);

resource! {
    /// Something that someone has to do.
    Task {
        /// Where it stands.
        async fn status(&self) -> Option<TaskStatus> {
            self.0.text(&["status"]).and_then(TaskStatus::of)
        }
        /// Where it stands in the words of its work.
        async fn business_status(&self) -> Option<Concept> {
            self.0.concept("businessStatus")
        }
        /// How urgent it is.
        async fn priority(&self) -> Option<Priority> {
            self.0.text(&["priority"]).and_then(Priority::of)
        }
        /// What kind of task.
        async fn code(&self) -> Option<Concept> {
            self.0.concept("code")
        }
        /// In words.
        async fn description(&self) -> Option<&str> {
            self.0.text(&["description"])
        }
        /// What it wants and of what, such as `Prescription to verify: Metformin 500 mg`; null when it does not say.
        async fn title(&self) -> Option<String> {
            title(&self.0)
        }
        /// What it works on.
        async fn focus(&self) -> Option<ResourceRef> {
            self.0.reference("focus")
        }
        /// Whom it is for.
        async fn patient(&self) -> Option<ResourceRef> {
            self.0.reference("for")
        }
        /// Who asked for it.
        async fn requester(&self) -> Option<ResourceRef> {
            self.0.reference("requester")
        }
        /// Who has taken it, or the pool it lies in.
        async fn owner(&self) -> Option<ResourceRef> {
            self.0.reference("owner")
        }
        /// When it was made.
        async fn authored_on(&self) -> Option<DateTime> {
            self.0.date_time("authoredOn")
        }
        /// By when it is to be done.
        async fn due_at(&self) -> Option<DateTime> {
            self.0.text(&["restriction", "period", "end"]).map(|t| DateTime(t.to_owned()))
        }
        /// Remarks.
        async fn notes(&self) -> Vec<Annotation> {
            self.0.notes()
        }
    }
}
connection!(TaskConnection, TaskEdge, Task);

resource! {
    /// Who pays.
    Coverage {
        /// Where it stands.
        async fn status(&self) -> Option<PlanStatus> {
            self.0.text(&["status"]).and_then(PlanStatus::of)
        }
        /// What kind of coverage.
        async fn r#type(&self) -> Option<Concept> {
            self.0.concept("type")
        }
        /// The member's number.
        async fn subscriber_id(&self) -> Option<&str> {
            self.0.text(&["subscriberId"])
        }
        /// Who pays.
        async fn payors(&self) -> Vec<ResourceRef> {
            self.0.references("payor")
        }
        /// What the patient is to the subscriber.
        async fn relationship(&self) -> Option<Concept> {
            self.0.concept("relationship")
        }
        /// From when to when.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
        /// Its place among several: 1 pays first.
        async fn order(&self) -> Option<i32> {
            self.0.at(&["order"]).and_then(Json::as_number).and_then(|n| n.parse().ok())
        }
    }
}
connection!(CoverageConnection, CoverageEdge, Coverage);

resource! {
    /// A person who is something to the patient.
    RelatedPerson {
        /// Whether the record is in use.
        async fn active(&self) -> Option<bool> {
            self.0.at(&["active"]).and_then(Json::as_bool)
        }
        /// Administrative gender.
        async fn gender(&self) -> Option<Gender> {
            self.0.text(&["gender"]).and_then(Gender::of)
        }
        /// When they were born, as precisely as it is known.
        async fn birth_date(&self) -> Option<Date> {
            self.0.text(&["birthDate"]).map(|d| Date(d.to_owned()))
        }
        /// What they are to the patient.
        async fn relationships(&self) -> Vec<Concept> {
            self.0.concepts("relationship")
        }
        /// All names on record.
        async fn names(&self) -> Vec<HumanName> {
            self.0.all("name").iter().map(human_name).collect()
        }
        /// How to reach them.
        async fn telecom(&self) -> Vec<ContactPoint> {
            self.0.all("telecom").iter().map(contact_point).collect()
        }
        /// Where they live.
        async fn addresses(&self) -> Vec<Address> {
            self.0.all("address").iter().map(address).collect()
        }
        /// While it holds.
        async fn period(&self) -> Option<Period> {
            self.0.period("period")
        }
    }
}
connection!(RelatedPersonConnection, RelatedPersonEdge, RelatedPerson);
