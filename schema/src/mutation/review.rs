//! A list of the chart is looked through: who did, when, and what was on it then.

use std::collections::BTreeSet;

use async_graphql::{ID, InputObject, Result, SimpleObject};
use entity::Interaction;
use fhir::{IssueType, Json, ResourceType};

use super::act::{Act, Facts, judged};
use super::input::{Draft, code, object, reference};
use crate::document::Document;
use crate::query::{Node, node};
use crate::session::Session;
use crate::types::merged::in_chart;
use crate::types::review::{LISTS, ListReview, ReviewedList};

/// More records than this are not told of in one answer.
const TOLD: usize = 20;

/// A record as it was seen.
#[derive(InputObject)]
pub struct SeenVersionInput {
    /// Which.
    pub id: ID,
    /// The version that was seen.
    pub version_id: String,
}

/// A list that was looked through.
#[derive(InputObject)]
pub struct ListReviewInput {
    /// Whose.
    pub patient: ID,
    /// Which list.
    pub list: ReviewedList,
    /// All that was seen on it, in any order.
    pub seen: Vec<SeenVersionInput>,
    /// A repeated act under the same key has one effect.
    pub idempotency_key: Option<String>,
}

/// It is on record that the list was looked through.
#[derive(SimpleObject)]
pub struct ListReviewed {
    /// Who, when, and how much was on it.
    pub review: ListReview,
}

/// The list is not what was seen; nothing was written.
#[derive(SimpleObject)]
pub struct ListChanged {
    /// What is on it and was not seen so, at most 20 of them.
    pub unseen: Vec<Node>,
    /// What was seen and is not on it any more.
    pub gone: Vec<ID>,
}

judged! {
    /// What became of saying that a list was looked through.
    ListReviewOutcome, ListReviewPayload, ListReviewed, ListChanged
}

#[expect(clippy::result_large_err, reason = "what the answer says, made once per act")]
pub async fn review(session: &Session, input: ListReviewInput) -> Result<ListReviewPayload> {
    let mut act = Act::new(session, "listReview", &input, input.idempotency_key.as_ref());
    let (list, resource_type) = (input.list, input.list.resource_type());
    act.needs(Interaction::Create, ResourceType::List);
    let mut seen = BTreeSet::new();
    let mut entries = Vec::with_capacity(input.seen.len());
    for (at, one) in input.seen.iter().enumerate() {
        let version = one.version_id.parse::<i32>().ok().filter(|v| *v > 0);
        if version.is_none() {
            act.problems.add(&format!("seen[{at}].versionId"), IssueType::Value, "a version counts from 1");
        }
        let place = format!("seen[{at}].id");
        if act.problems.reference(&place, &one.id, &[resource_type]).is_none() {
            continue;
        }
        if !seen.insert((one.id.to_string(), version.unwrap_or_default())) {
            act.problems.add(&place, IssueType::Value, "it is named twice");
        }
        let item = reference(&format!("{}/_history/{}", one.id.as_str(), one.version_id));
        entries.push(object([("item", item)]));
    }
    let patient = act.existing("patient", &input.patient, &[ResourceType::Patient]).await?;
    let subject = act.patient(&input.patient).await?;
    let (name, title) = list.code();
    let mut draft = Draft::new(ResourceType::List);
    draft.set("status", Json::from("current"));
    draft.set("mode", Json::from("snapshot"));
    draft.set("title", Json::from(title));
    draft.set("code", code(LISTS, name, Some(title)));
    draft.set("subject", subject);
    draft.set("date", act.now());
    draft.set("source", act.author());
    draft.set("entry", (!entries.is_empty()).then_some(Json::Array(entries)));
    act.create(draft);
    let charts = patient.iter().flat_map(in_chart).map(|id| format!("Patient/{id}")).collect::<Vec<_>>();
    charts.iter().for_each(|chart| act.chart(chart));
    let mut pairs: Vec<(&str, String)> = list.pairs().iter().map(|(n, v)| (*n, (*v).to_owned())).collect();
    pairs.push(("patient", if charts.is_empty() { input.patient.to_string() } else { charts.join(",") }));
    act.fact(resource_type, &pairs, Facts::All);
    let acted = act.commit_if::<ListReviewOutcome>(|facts| {
        let as_seen = |d: &Document| (format!("{resource_type}/{}", d.stored().id), d.stored().version_id);
        let there: BTreeSet<_> = facts[0].iter().map(as_seen).collect();
        if there == seen {
            return Ok(Vec::new());
        }
        let unseen = facts[0].iter().filter(|d| !seen.contains(&as_seen(d))).take(TOLD).cloned().map(node);
        let ids: BTreeSet<_> = there.iter().map(|(id, _)| id.as_str()).collect();
        let gone = seen.iter().map(|(id, _)| id.as_str()).filter(|id| !ids.contains(id)).map(ID::from);
        Err(ListChanged { unseen: unseen.collect(), gone: gone.collect() }.into())
    });
    ListReviewPayload::of(acted.await?, |saved| {
        Ok(ListReviewed { review: ListReview::of(list, super::first(saved)?, patient) })
    })
}
