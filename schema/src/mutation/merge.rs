//! Two records of one person, merged and parted again. One person proposes it, another one does it. What was recorded stays with the
//! record it was recorded under; the chart of the one that is used from then on shows both.

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use entity::store::Lookup;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged, outcome};
use super::input::{Draft, named, object, reference};
use crate::code::Gender;
use crate::document::Document;
use crate::error;
use crate::query::parts;
use crate::session::Session;
use crate::types::care::Task;
use crate::types::merged::linked;
use crate::types::patient::Patient;

/// The code system of what such a task asks for; its codes are names of acts.
pub(super) const ACTS: &str = "https://wintehr.org/fhir/CodeSystem/act";
/// Identifies an account of this server, where it proposes.
const ACCOUNT: &str = "https://wintehr.org/fhir/account";
pub(super) const MERGE: &str = "patientMerge";
pub(super) const UNMERGE: &str = "patientUnmerge";
const BEFORE: &str = "before";

/// Two records that are of one person.
#[derive(InputObject)]
pub struct PatientMergeProposeInput {
    /// The record that is to be used.
    pub survivor: ID,
    /// The record that is to be replaced by it.
    pub duplicate: ID,
    /// How it is known that they are one person.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A merge that was a mistake.
#[derive(InputObject)]
pub struct PatientUnmergeProposeInput {
    /// The task that was completed by the merge.
    pub merge: ID,
    /// How it is known that they are two persons.
    pub reason: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// What was proposed, to be done by a second person.
#[derive(InputObject)]
pub struct PatientMergeInput {
    /// The task that proposes it.
    pub task: ID,
    /// The version of the task that was seen.
    pub expected_version: String,
    /// The version that was seen of the record that is to be used.
    pub survivor_version: String,
    /// The version that was seen of the record that is to be replaced.
    pub duplicate_version: String,
    /// Why they are one person although the records disagree on the gender.
    pub confirm_different_gender: Option<String>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// A proposal to part two records again, to be done by a second person.
#[derive(InputObject)]
pub struct PatientUnmergeInput {
    /// The task that proposes it.
    pub task: ID,
    /// The version of the task that was seen.
    pub expected_version: String,
    /// The version that was seen of the record that replaced the other one.
    pub survivor_version: String,
    /// The version that was seen of the record that was replaced.
    pub duplicate_version: String,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// It is proposed; a second person has to do it.
#[derive(SimpleObject)]
pub struct PatientMergeProposed {
    /// The proposal.
    pub task: Task,
}

/// They are one.
#[derive(SimpleObject)]
pub struct PatientsMerged {
    /// The record that is used. Its chart shows both.
    pub survivor: Patient,
    /// The record that is replaced.
    pub duplicate: Patient,
    /// The task, which an unmerge names.
    pub task: Task,
}

/// They are two again, each as it was before.
#[derive(SimpleObject)]
pub struct PatientsUnmerged {
    /// The record that had replaced the other one.
    pub survivor: Patient,
    /// The record that is used again.
    pub duplicate: Patient,
}

/// Who proposed it may not do it too; nothing was written.
#[derive(SimpleObject)]
pub struct SecondPersonRequired {
    /// In words.
    pub message: String,
}

/// Both are on a ward now, so they are two persons, or one stay has to be cancelled first; nothing was written.
#[derive(SimpleObject)]
pub struct BothInpatient {
    /// In words.
    pub message: String,
}

/// The records disagree on the gender; nothing was written. Confirm with a reason that they are one person.
#[derive(SimpleObject)]
pub struct DifferentGenderReview {
    /// Of the record that is to be used.
    pub survivor: Option<Gender>,
    /// Of the record that is to be replaced.
    pub duplicate: Option<Gender>,
}

outcome! {
    /// What became of proposing a merge, or its undoing.
    PatientMergeProposeOutcome, PatientMergeProposePayload, PatientMergeProposed
}
judged! {
    /// What became of merging two records.
    PatientMergeOutcome, PatientMergePayload, PatientsMerged, SecondPersonRequired, BothInpatient, DifferentGenderReview
}
judged! {
    /// What became of parting two records.
    PatientUnmergeOutcome, PatientUnmergePayload, PatientsUnmerged, SecondPersonRequired
}

/// A proposal as a task.
fn proposal(
    act: &Act<'_>,
    code: &'static str,
    duplicate: &str,
    survivor: &str,
    reason: Option<Json<'static>>,
) -> Draft {
    let mut task = Draft::new(ResourceType::Task);
    task.set("status", Json::from("requested"));
    task.set("intent", Json::from("proposal"));
    task.set("code", super::input::code(ACTS, code, None));
    task.set("description", reason);
    task.set("focus", reference(duplicate));
    task.set("for", reference(survivor));
    task.set("authoredOn", act.now());
    // Who proposes is known by the account: not everybody who has one is a practitioner of the record.
    let account = object([("system", ACCOUNT.into()), ("value", act.session().actor.principal.clone().into())]);
    let mut requester = act.author().and_then(|a| a.as_object().cloned()).unwrap_or_default();
    requester.push("identifier", account);
    task.set("requester", Json::Object(requester));
    task
}

pub async fn propose(session: &Session, input: PatientMergeProposeInput) -> Result<PatientMergeProposePayload> {
    let mut act = Act::new(session, "patientMergePropose", &input, input.idempotency_key.as_ref());
    let reason = act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if input.survivor == input.duplicate {
        act.problems.add("duplicate", IssueType::Invalid, "a record is not merged with itself");
    }
    for (place, id) in [("survivor", &input.survivor), ("duplicate", &input.duplicate)] {
        if let Some(found) = act.existing(place, id, &[ResourceType::Patient]).await? {
            in_use(&mut act, place, &found);
        }
    }
    let task = proposal(&act, MERGE, &input.duplicate, &input.survivor, reason);
    act.create(task);
    proposed(act).await
}

pub async fn propose_undoing(
    session: &Session,
    input: PatientUnmergeProposeInput,
) -> Result<PatientMergeProposePayload> {
    let mut act = Act::new(session, "patientUnmergePropose", &input, input.idempotency_key.as_ref());
    let reason = act.problems.words("reason", Some(&input.reason));
    act.reason = Some(input.reason.trim().to_owned());
    if let Some(merge) = act.existing("merge", &input.merge, &[ResourceType::Task]).await? {
        match pair(&merge, MERGE).filter(|_| merge.text(&["status"]) == Some("completed")) {
            Some((survivor, duplicate)) => {
                let mut task = proposal(&act, UNMERGE, duplicate, survivor, reason);
                task.add("basedOn", Some(reference(&input.merge)));
                act.create(task);
            }
            None => act.problems.add("merge", IssueType::BusinessRule, "this is no merge that was carried out"),
        }
    }
    proposed(act).await
}

async fn proposed(act: Act<'_>) -> Result<PatientMergeProposePayload> {
    Ok(match act.commit().await? {
        Ok(saved) => {
            PatientMergeProposePayload { outcome: PatientMergeProposed { task: Task(super::first(saved)?) }.into() }
        }
        Err(refused) => PatientMergeProposeOutcome::refused(refused, |_| unreachable!("an act without conditions")),
    })
}

/// A record that was replaced by another one is not merged any more.
fn in_use(act: &mut Act<'_>, place: &str, patient: &Document) {
    if let Some(by) = linked(patient, "replaced-by").next() {
        let text = format!("the record was merged into Patient/{by}");
        act.problems.add(place, IssueType::BusinessRule, text);
    }
}

/// The survivor and the duplicate that a task of this code is about.
fn pair<'t>(task: &'t Document, code: &str) -> Option<(&'t str, &'t str)> {
    let codings = task.at(&["code"]).and_then(|c| c.get("coding")).map_or(&[][..], Json::items);
    let is_it = |c: &Json<'_>| c.str_at("system") == Some(ACTS) && c.str_at("code") == Some(code);
    let survivor = task.text(&["for", "reference"]).filter(|r| r.starts_with("Patient/"))?;
    let duplicate = task.text(&["focus", "reference"]).filter(|r| r.starts_with("Patient/"))?;
    codings.iter().any(is_it).then_some((survivor, duplicate))
}

/// A proposal that a second person is about to carry out, and the two records at the versions that were seen.
struct Proposed {
    task: (Document, i32, Draft),
    survivor: (Document, i32, Draft),
    duplicate: (Document, i32, Draft),
    by_caller: bool,
}

async fn proposal_of(
    act: &mut Act<'_>,
    code: &str,
    (task, task_version): (&ID, &str),
    [survivor_version, duplicate_version]: [&str; 2],
) -> Result<Option<Proposed>> {
    act.needs(Interaction::Update, ResourceType::Patient);
    act.needs(Interaction::Update, ResourceType::Task);
    let Some(task) = act.editing_at(("task", "expectedVersion"), task, task_version, &[ResourceType::Task]).await?
    else {
        return Ok(None);
    };
    let Some((survivor, duplicate)) = pair(&task.0, code) else {
        act.problems.add("task", IssueType::BusinessRule, format!("the task does not ask for {code}"));
        return Ok(None);
    };
    let status = task.0.text(&["status"]).unwrap_or_default();
    if task.0.stored().version_id == task.1 && !matches!(status, "requested" | "received" | "accepted" | "in-progress")
    {
        act.problems.add("task", IssueType::BusinessRule, format!("the task is {status}"));
    }
    let of = [ResourceType::Patient];
    let (survivor_id, duplicate_id) = (ID::from(survivor), ID::from(duplicate));
    let survivor = act.editing_at(("task", "survivorVersion"), &survivor_id, survivor_version, &of).await?;
    let duplicate = act.editing_at(("task", "duplicateVersion"), &duplicate_id, duplicate_version, &of).await?;
    let (Some(survivor), Some(duplicate)) = (survivor, duplicate) else { return Ok(None) };
    act.chart(&survivor_id);
    act.chart(&duplicate_id);
    let proposer = task.0.text(&["requester", "identifier", "value"]);
    let by_caller = proposer.is_none_or(|p| p == act.session().actor.principal);
    Ok(Some(Proposed { task, survivor, duplicate, by_caller }))
}

/// The task, done: by whom, and which versions stood before.
fn done(act: &mut Act<'_>, (found, expected, mut task): (Document, i32, Draft), before: &[(&'static str, &Document)]) {
    task.set("status", Json::from("completed"));
    task.set("owner", act.author());
    task.set("lastModified", act.now());
    task.set("executionPeriod", object([("end", act.now())]));
    for (role, document) in before {
        let stored = document.stored();
        let version = format!("Patient/{}/_history/{}", stored.id, stored.version_id);
        let output = [
            ("type", object([("text", format!("{role} {BEFORE}").into())])),
            ("valueReference", named(&version, None)),
        ];
        task.add("output", Some(object(output)));
    }
    act.update(&found, expected, task);
}

/// Links of a record in one direction are added; what is there is not added again.
fn link(draft: &mut Draft, other: &str, kind: &'static str) {
    let there =
        draft.document.get("link").map_or(&[][..], Json::items).iter().any(|l| {
            l.str_at("type") == Some(kind) && l.get("other").and_then(|o| o.str_at("reference")) == Some(other)
        });
    if !there {
        let link = [("other", reference(other)), ("type", kind.into())];
        draft.add("link", Some(object(link)));
    }
}

pub async fn merge(session: &Session, input: PatientMergeInput) -> Result<PatientMergePayload> {
    let mut act = Act::new(session, MERGE, &input, input.idempotency_key.as_ref());
    if act.problems.words("confirmDifferentGender", input.confirm_different_gender.as_ref()).is_some() {
        act.reason = input.confirm_different_gender.clone();
    }
    let versions = [input.survivor_version.as_str(), input.duplicate_version.as_str()];
    let found = proposal_of(&mut act, MERGE, (&input.task, &input.expected_version), versions).await?;
    let (mut by_caller, mut genders) = (false, [None, None]);
    if let Some(Proposed { task, survivor, duplicate, by_caller: own }) = found {
        by_caller = own;
        for (place, (document, expected, _)) in [("survivorVersion", &survivor), ("duplicateVersion", &duplicate)] {
            // A version that nobody saw is answered as stale first.
            if document.stored().version_id == *expected && task.0.stored().version_id == task.1 {
                in_use(&mut act, place, document);
            }
        }
        genders = [&survivor.0, &duplicate.0].map(|d| d.text(&["gender"]).and_then(Gender::of));
        let ids = [&survivor.0, &duplicate.0].map(|d| format!("Patient/{}", d.stored().id));
        for id in &ids {
            let inpatient = [
                ("patient", id.clone()),
                ("class", "http://terminology.hl7.org/CodeSystem/v3-ActCode|IMP".to_owned()),
                ("status", "arrived,triaged,in-progress,onleave".to_owned()),
            ];
            act.fact(ResourceType::Encounter, &inpatient, Facts::Unseen);
        }
        done(&mut act, task, &[("survivor", &survivor.0), ("duplicate", &duplicate.0)]);
        let (kept, expected, mut draft) = survivor;
        link(&mut draft, &ids[1], "replaces");
        for earlier in linked(&duplicate.0, "replaces") {
            link(&mut draft, &format!("Patient/{earlier}"), "replaces");
        }
        act.update(&kept, expected, draft);
        let (replaced, expected, mut draft) = duplicate;
        link(&mut draft, &ids[0], "replaced-by");
        draft.set("active", Json::Bool(false));
        act.update(&replaced, expected, draft);
    }
    let differ = matches!(genders, [Some(a), Some(b)] if a != b && [a, b].iter().all(|g| matches!(g, Gender::Male | Gender::Female)));
    let acted = act
        .commit_if::<PatientMergeOutcome>(|facts| {
            if by_caller {
                return Err(second_person().into());
            }
            if facts.iter().all(|f| !f.is_empty()) {
                let message = "both have a stay that has not ended".into();
                return Err(BothInpatient { message }.into());
            }
            if differ && input.confirm_different_gender.is_none() {
                let [survivor, duplicate] = genders;
                return Err(DifferentGenderReview { survivor, duplicate }.into());
            }
            Ok(Vec::new())
        })
        .await?;
    PatientMergePayload::of(acted, |saved| {
        let [task, survivor, duplicate] = three(saved)?;
        Ok(PatientsMerged { survivor: Patient(survivor), duplicate: Patient(duplicate), task: Task(task) })
    })
}

fn second_person() -> SecondPersonRequired {
    SecondPersonRequired { message: "who proposed it may not carry it out; a second person has to".into() }
}

fn three(saved: Vec<Document>) -> Result<[Document; 3]> {
    saved.try_into().map_err(|_| super::wrote_nothing())
}

pub async fn unmerge(session: &Session, input: PatientUnmergeInput) -> Result<PatientUnmergePayload> {
    let mut act = Act::new(session, UNMERGE, &input, input.idempotency_key.as_ref());
    let versions = [input.survivor_version.as_str(), input.duplicate_version.as_str()];
    let found = proposal_of(&mut act, UNMERGE, (&input.task, &input.expected_version), versions).await?;
    let mut by_caller = false;
    if let Some(Proposed { task, survivor, duplicate, by_caller: own }) = found {
        by_caller = own;
        let ids = [&survivor.0, &duplicate.0].map(|d| d.stored().id.clone());
        let seen = |(document, expected, _): &(Document, i32, Draft)| document.stored().version_id == *expected;
        if seen(&task) && seen(&survivor) && seen(&duplicate) {
            in_use(&mut act, "survivorVersion", &survivor.0);
            let linked_so = linked(&duplicate.0, "replaced-by").next() == Some(&ids[0])
                && linked(&survivor.0, "replaces").any(|id| id == ids[1]);
            if !linked_so {
                act.problems.add("task", IssueType::BusinessRule, "the records are not merged in this way");
            }
        }
        let merge = task.0.all("basedOn").first().and_then(|r| r.str_at("reference")).map(ID::from);
        let merge = match &merge {
            Some(merge) => act.existing("task", merge, &[ResourceType::Task]).await?,
            None => None,
        };
        let before = match &merge {
            Some(merge) => [before(session, merge, "survivor").await?, before(session, merge, "duplicate").await?],
            None => [None, None],
        };
        if let [Some(survivor_before), Some(duplicate_before)] = before {
            done(&mut act, task, &[]);
            let (kept, expected, draft) = survivor;
            let gone: Vec<String> = std::iter::once(ids[1].clone())
                .chain(linked(&duplicate.0, "replaces").map(ToOwned::to_owned))
                .filter(|id| !linked(&survivor_before, "replaces").any(|had| had == id))
                .collect();
            let draft = restored(&kept, draft, &survivor_before, &gone, "replaces");
            act.update(&kept, expected, draft);
            let (replaced, expected, draft) = duplicate;
            let mut draft = restored(&replaced, draft, &duplicate_before, &ids[..1], "replaced-by");
            match duplicate_before.at(&["active"]) {
                Some(active) => draft.set("active", active.clone()),
                None => drop(draft.document.remove("active")),
            }
            act.update(&replaced, expected, draft);
        } else if act.problems.0.is_empty() {
            act.problems.add("task", IssueType::NotFound, "what the records were before the merge cannot be read");
        }
    }
    let acted = act
        .commit_if::<PatientUnmergeOutcome>(|_| if by_caller { Err(second_person().into()) } else { Ok(Vec::new()) })
        .await?;
    PatientUnmergePayload::of(acted, |saved| {
        let [_, survivor, duplicate] = three(saved)?;
        Ok(PatientsUnmerged { survivor: Patient(survivor), duplicate: Patient(duplicate) })
    })
}

/// The version of a record that stood before the merge.
async fn before(session: &Session, merge: &Document, role: &str) -> Result<Option<Document>> {
    let kind = format!("{role} {BEFORE}");
    let output = merge.all("output").iter().find(|o| o.get("type").and_then(|t| t.str_at("text")) == Some(&kind));
    let version = output.and_then(|o| o.get("valueReference")).and_then(|r| r.str_at("reference"));
    let Some((id, version)) = version.and_then(|v| v.split_once("/_history/")) else { return Ok(None) };
    let (Some((resource_type, bare)), Ok(version)) =
        (parts(&ID::from(id)).map(|(t, b)| (t, b.to_owned())), version.parse())
    else {
        return Ok(None);
    };
    let found = session.store.vread(&session.actor, resource_type, &bare, version).await;
    match found.map_err(|e| error::graphql(&e))? {
        Lookup::Found(stored) => Document::new(stored).map(Some),
        Lookup::Deleted { .. } | Lookup::Absent => Ok(None),
    }
}

/// The record as it was, when nobody changed it since the merge; else as it is, without the links that the merge made.
fn restored(now: &Document, mut draft: Draft, before: &Document, gone: &[String], kind: &str) -> Draft {
    if now.stored().version_id == before.stored().version_id + 1 {
        return Draft::of(before);
    }
    let is_gone = |l: &Json<'_>| {
        let other = l.get("other").and_then(|o| o.str_at("reference")).and_then(|r| r.strip_prefix("Patient/"));
        l.str_at("type") == Some(kind) && other.is_some_and(|id| gone.iter().any(|g| g == id))
    };
    let links: Vec<Json<'static>> =
        draft.document.get("link").map_or(&[][..], Json::items).iter().filter(|l| !is_gone(l)).cloned().collect();
    draft.document.remove("link");
    for link in links {
        draft.add("link", Some(link));
    }
    draft
}
