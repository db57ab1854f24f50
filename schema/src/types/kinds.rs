//! What lists over several types have in common: which of their kinds are asked for, and a page of the store's as a connection.

use async_graphql::Result;
use chrono::{DateTime, Utc};
use entity::Actor;
use entity::role::Interaction;
use entity::store::TimelinePage;
use fhir::ResourceType;

use crate::document::{Document, PageInfo};

/// The types that are asked for, and the kinds that are left out because the actor may not read them: only where none is named, since one
/// that is named and may not be read is refused.
pub(crate) fn chosen<K: Copy + PartialEq>(
    table: &[(K, ResourceType)],
    named: Option<&[K]>,
    actor: &Actor,
) -> (Vec<ResourceType>, Vec<K>) {
    let (mut types, mut omitted) = (Vec::new(), Vec::new());
    for (kind, ty) in table {
        match named {
            Some(named) if !named.contains(kind) => {}
            None if !actor.may(Interaction::Search, *ty) => omitted.push(*kind),
            _ => types.push(*ty),
        }
    }
    (types, omitted)
}

pub(crate) fn kind_of<K: Copy>(table: &[(K, ResourceType)], ty: ResourceType) -> K {
    table.iter().find(|(_, of)| *of == ty).expect("only types of the table are asked for").0
}

pub(crate) fn documents(page: &TimelinePage, as_of: Option<DateTime<Utc>>) -> Result<Vec<Document>> {
    page.entries.iter().map(|e| Document::as_of_instant(e.stored.clone(), as_of)).collect()
}

pub(crate) fn page_info(page: &TimelinePage) -> PageInfo {
    PageInfo {
        has_next_page: page.has_next,
        has_previous_page: page.has_previous,
        start_cursor: page.entries.first().map(|e| e.cursor.clone()),
        end_cursor: page.entries.last().map(|e| e.cursor.clone()),
    }
}
