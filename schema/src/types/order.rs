//! A patient's orders of all kinds as one list.

use async_graphql::{Context, Enum, InputObject, Object, Result, SimpleObject};
use entity::store::TimelinePage;
use fhir::search::registry;
use fhir::{Json, ResourceType};
use std::sync::Arc;

use crate::code::{MedicationRequestIntent, OrderStatus, Priority, alternatives};
use crate::document::{Document, PageArguments, PageInfo};
use crate::error;
use crate::query::{Node, node};
use crate::scalar::DateTime;
use crate::session::{OrdersShape, session};
use crate::types::kinds;
use crate::types::merged::in_chart;
use crate::types::patient::DateRange;
use crate::types::title::title;
use crate::value::ResourceRef;

/// What is ordered.
#[derive(Enum, Copy, Clone, PartialEq, Eq, Debug)]
pub enum OrderKind {
    /// Medicines: prescriptions.
    Medication,
    /// Tests, images, procedures, referrals.
    Service,
    /// Diets and nutrition.
    Nutrition,
    /// Devices and aids.
    Device,
}

const KINDS: [(OrderKind, ResourceType); 4] = [
    (OrderKind::Medication, ResourceType::MedicationRequest),
    (OrderKind::Service, ResourceType::ServiceRequest),
    (OrderKind::Nutrition, ResourceType::NutritionOrder),
    (OrderKind::Device, ResourceType::DeviceRequest),
];

/// Which orders.
#[derive(InputObject, Default)]
pub struct OrderFilter {
    /// Any of these; by default all that the asking party may read.
    pub kinds: Option<Vec<OrderKind>>,
    /// Any of these.
    pub status: Option<Vec<OrderStatus>>,
    /// When it was written.
    pub authored_on: Option<DateRange>,
}

/// An order of any kind; `node` has all of it.
pub struct Order {
    kind: OrderKind,
    document: Document,
}

/// An order of any kind; `node` has all of it.
#[Object]
impl Order {
    /// What is ordered.
    async fn kind(&self) -> OrderKind {
        self.kind
    }
    /// Where it stands.
    async fn status(&self) -> Option<OrderStatus> {
        self.document.text(&["status"]).and_then(OrderStatus::of)
    }
    /// How binding it is.
    async fn intent(&self) -> Option<MedicationRequestIntent> {
        self.document.text(&["intent"]).and_then(MedicationRequestIntent::of)
    }
    /// How urgent it is; null where the record does not say, and for diets.
    async fn priority(&self) -> Option<Priority> {
        self.document.text(&["priority"]).and_then(Priority::of)
    }
    /// Whether it says that this is not to be done.
    async fn do_not_perform(&self) -> bool {
        self.document.at(&["doNotPerform"]).and_then(Json::as_bool) == Some(true)
    }
    /// What is ordered, in words as the record has them; null when it has none.
    async fn title(&self) -> Option<String> {
        title(&self.document)
    }
    /// When it was written.
    async fn authored_on(&self) -> Option<DateTime> {
        let diet = self.kind == OrderKind::Nutrition;
        self.document.date_time(if diet { "dateTime" } else { "authoredOn" })
    }
    /// Who ordered it.
    async fn requester(&self) -> Option<ResourceRef> {
        let diet = self.kind == OrderKind::Nutrition;
        self.document.reference(if diet { "orderer" } else { "requester" })
    }
    /// The visit it was written in.
    async fn encounter(&self) -> Option<ResourceRef> {
        self.document.reference("encounter")
    }
    /// The resource.
    async fn node(&self) -> Node {
        node(self.document.clone())
    }
}

/// One page of orders. Cursors resume it, also while others write.
pub struct OrderConnection {
    page: Arc<TimelinePage>,
    documents: Vec<Document>,
    omitted: Vec<OrderKind>,
}

/// One page of orders. Cursors resume it, also while others write.
#[Object]
impl OrderConnection {
    /// The page's items with their cursors.
    async fn edges(&self) -> Vec<OrderEdge> {
        let cursors = self.page.entries.iter().map(|e| e.cursor.clone());
        cursors.zip(self.items()).map(|(cursor, node)| OrderEdge { cursor, node }).collect()
    }
    /// The page's items.
    async fn nodes(&self) -> Vec<Order> {
        self.items().collect()
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        kinds::page_info(&self.page)
    }
    /// Kinds that were not asked for by name and are left out, because the asking party may not read them.
    async fn omitted(&self) -> &[OrderKind] {
        &self.omitted
    }
}

/// An item of a list of orders and its place.
#[derive(SimpleObject)]
pub struct OrderEdge {
    /// The item's place, for `after` and `before`.
    pub cursor: String,
    /// The item.
    pub node: Order,
}

impl OrderConnection {
    fn items(&self) -> impl Iterator<Item = Order> {
        let documents = self.documents.iter().cloned();
        documents.map(|document| Order { kind: kinds::kind_of(&KINDS, document.stored().resource_type), document })
    }
}

/// One page of a patient's orders; first pages are loaded together with those of other patients.
pub(crate) async fn orders(
    ctx: &Context<'_>,
    patient: &Document,
    filter: OrderFilter,
    page: &PageArguments,
) -> Result<OrderConnection> {
    let session = session(ctx);
    let request = page.request()?;
    let (types, omitted) = kinds::chosen(&KINDS, filter.kinds.as_deref(), &session.actor);
    let mut lists = Vec::new();
    for ty in types {
        let date = registry::primary_date(ty).expect("an order has the date it was written on");
        let mut pairs = filter.authored_on.as_ref().map(|range| range.pairs(date)).unwrap_or_default();
        let status = filter.status.as_ref().map(|all| alternatives(all.iter().map(|status| status.code())));
        pairs.extend(status.map(|status| ("status".to_owned(), status)));
        lists.push((ty, pairs));
    }
    let chart = in_chart(patient);
    let page = if let Some(at) = patient.as_of() {
        let queries = lists.iter().map(|(ty, pairs)| crate::session::query(*ty, pairs, &chart, session.now));
        let queries = queries.collect::<std::result::Result<Vec<_>, _>>().map_err(|e| error::graphql(&e))?;
        let id = patient.stored().id.as_str();
        let page = session.store.timeline(&session.actor, &queries, id, Some(at), &request).await;
        Arc::new(page.map_err(|e| error::graphql(&e))?)
    } else {
        session.orders(&chart, OrdersShape { lists, limit: request.limit }, &request).await?
    };
    Ok(OrderConnection { documents: kinds::documents(&page, patient.as_of())?, page, omitted })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_one_patients_and_has_a_date() {
        for (kind, ty) in KINDS {
            assert!(registry::primary_date(ty).is_some() && !registry::several_patients(ty), "{kind:?}");
        }
    }
}
