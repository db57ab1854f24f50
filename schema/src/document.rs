//! A resource as resolvers see it, and the lists it comes in.

use std::ops::Range;
use std::sync::{Arc, LazyLock, OnceLock};

use async_graphql::{Context, Result};
use chrono::{DateTime, Utc};
use entity::StoreError;
use entity::store::{Count, Page, PageRequest, Stored};
use fhir::members::{Member, member, members};
use fhir::search::query::Query;
use fhir::search::registry;
use fhir::{Json, ResourceType};

use crate::error;
use crate::session::{self, DEFAULT_PAGE, MAX_PAGE, Session, Shape, invalid, session};
use crate::types::merged::in_chart;

/// A stored version. Of its text only the elements that are asked for are parsed, each once.
#[derive(Clone)]
pub struct Document(Arc<Inner>);

struct Inner {
    stored: Held,
    /// The element that was asked for first: many lists show one, and need not know where the others are.
    first: OnceLock<Element>,
    elements: OnceLock<Vec<Element>>,
    whole: OnceLock<Json<'static>>,
    as_of: Option<DateTime<Utc>>,
}

/// A version of its own, or one of a page that many share.
enum Held {
    Own(Stored),
    Of(Arc<Page>, usize),
}

/// An element of a resource, by places in its text.
struct Element {
    name: Range<usize>,
    value: Range<usize>,
    json: OnceLock<Json<'static>>,
}

impl Element {
    fn of((name, value): Member) -> Self {
        Self { name, value, json: OnceLock::new() }
    }

    fn json(&self, body: &str) -> &Json<'static> {
        self.json.get_or_init(|| parsed(&body[self.value.clone()]))
    }
}

impl Document {
    /// A current version.
    pub fn new(stored: Stored) -> Result<Self> {
        Self::as_of_instant(stored, None)
    }

    /// A version that was current at an instant, for `Some`: what it leads to is read as of then too.
    pub fn as_of_instant(stored: Stored, as_of: Option<DateTime<Utc>>) -> Result<Self> {
        Self::held(Held::Own(stored), as_of)
    }

    /// The current versions of a page.
    fn all_of(page: &Arc<Page>) -> Result<Vec<Self>> {
        (0..page.matches.len()).map(|at| Self::held(Held::Of(Arc::clone(page), at), None)).collect()
    }

    fn held(stored: Held, as_of: Option<DateTime<Utc>>) -> Result<Self> {
        let (first, elements, whole) = (OnceLock::new(), OnceLock::new(), OnceLock::new());
        let document = Self(Arc::new(Inner { stored, first, elements, whole, as_of }));
        if document.stored().body.starts_with('{') {
            return Ok(document);
        }
        Err(error::graphql(&StoreError::Internal("a stored body is no JSON object".into())))
    }

    /// The instant that the record is read as of; `None` is now.
    pub fn as_of(&self) -> Option<DateTime<Utc>> {
        self.0.as_of
    }

    pub fn stored(&self) -> &Stored {
        match &self.0.stored {
            Held::Own(stored) => stored,
            Held::Of(page, at) => &page.matches[*at],
        }
    }

    /// The whole resource.
    pub fn json(&self) -> &Json<'static> {
        self.0.whole.get_or_init(|| parsed(&self.stored().body))
    }

    /// The element of that name.
    pub fn element(&self, name: &str) -> Option<&Json<'static>> {
        let body = &self.stored().body;
        let is_it = |element: &&Element| &body[element.name.clone()] == name;
        if self.0.elements.get().is_none() {
            if let Some(first) = self.0.first.get().filter(is_it) {
                return Some(first.json(body));
            }
            // What is nowhere in the text is not looked for in its structure.
            if !body.contains(name) {
                return None;
            }
            if self.0.first.get().is_none() {
                let found = member(body, name).expect(READ_BEFORE)?;
                if let Some(first) = Some(self.0.first.get_or_init(|| Element::of(found))).filter(is_it) {
                    return Some(first.json(body));
                }
            }
        }
        let all = || members(body).expect(READ_BEFORE).into_iter().map(Element::of).collect();
        Some(self.0.elements.get_or_init(all).iter().find(is_it)?.json(body))
    }

    /// The element at a path of names; the first of a repeating one.
    pub fn at(&self, path: &[&str]) -> Option<&Json<'static>> {
        let Some((first, rest)) = path.split_first() else { return Some(self.json()) };
        let first = self.element(first)?.items().first()?;
        rest.iter().try_fold(first, |value, name| value.get(name).and_then(|v| v.items().first()))
    }

    pub fn text(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Json::as_str)
    }

    /// The elements of a repeating element; none when it is absent.
    pub fn all(&self, name: &str) -> &[Json<'static>] {
        self.element(name).map_or(&[], Json::items)
    }
}

const READ_BEFORE: &str = "what is stored was read as JSON before it was";

fn parsed(text: &str) -> Json<'static> {
    Json::parse(text).expect(READ_BEFORE).into_owned()
}

/// The page arguments of a connection.
#[derive(Debug, Clone, Default)]
pub struct PageArguments {
    pub first: Option<i32>,
    pub after: Option<String>,
    pub last: Option<i32>,
    pub before: Option<String>,
}

impl PageArguments {
    pub fn request(&self) -> Result<PageRequest> {
        if self.first.is_some() && (self.last.is_some() || self.before.is_some())
            || self.last.is_some() && self.after.is_some()
        {
            return Err(invalid("first", "use first with after, or last with before"));
        }
        let backward = self.last.is_some() || self.before.is_some();
        let (name, size) = if backward { ("last", self.last) } else { ("first", self.first) };
        let limit = match size {
            None => DEFAULT_PAGE,
            Some(n) => u32::try_from(n)
                .ok()
                .filter(|n| (1..=MAX_PAGE).contains(n))
                .ok_or_else(|| invalid(name, format!("{name} is from 1 to {MAX_PAGE}")))?,
        };
        Ok(PageRequest {
            limit,
            token: self.before.clone().or_else(|| self.after.clone()),
            backward,
            ..PageRequest::default()
        })
    }
}

/// One page of documents with what counts the whole. What asks the store is boxed: the future of a type's fields is as large as that of
/// its largest field, and is moved about for each of them.
pub struct List {
    pub documents: Vec<Document>,
    page: Arc<Page>,
    /// Made for who counts the list.
    query: LazyLock<Query, Box<dyn FnOnce() -> Query + Send>>,
    /// The number of all matches, where it is known.
    total: Option<u64>,
}

impl List {
    /// A page, and what makes the query that it is of.
    pub fn new(page: Arc<Page>, query: impl FnOnce() -> Query + Send + 'static) -> Result<Self> {
        Ok(Self { documents: Document::all_of(&page)?, page, query: LazyLock::new(Box::new(query)), total: None })
    }

    /// Searches one page.
    pub async fn search(session: &Session, query: Query, request: &PageRequest) -> Result<Self> {
        let found = Box::pin(session.store.search(&session.actor, &query, request));
        let page = found.await.map_err(|e| error::graphql(&e))?;
        Self::new(Arc::new(page), move || query)
    }

    /// One page of a patient's list; first pages are loaded together with those of other patients.
    pub async fn of_patient(
        ctx: &Context<'_>,
        patient: &Document,
        resource_type: ResourceType,
        pairs: Vec<(String, String)>,
        page: &PageArguments,
    ) -> Result<Self> {
        Box::pin(Self::page_or_first(ctx, patient, resource_type, pairs, page, true)).await
    }

    /// As [`List::of_patient`], for a field that is the connection itself: what follows is found out where the selection has `pageInfo`.
    pub async fn connected(
        ctx: &Context<'_>,
        patient: &Document,
        resource_type: ResourceType,
        pairs: Vec<(String, String)>,
        page: &PageArguments,
    ) -> Result<Self> {
        let peek = ctx.look_ahead().field("pageInfo").exists();
        Box::pin(Self::page_or_first(ctx, patient, resource_type, pairs, page, peek)).await
    }

    /// `peek`: whether to find out if anything follows a first page; else it says that nothing does.
    async fn page_or_first(
        ctx: &Context<'_>,
        patient: &Document,
        resource_type: ResourceType,
        pairs: Vec<(String, String)>,
        page: &PageArguments,
        peek: bool,
    ) -> Result<Self> {
        let session = session(ctx);
        let request = page.request()?;
        let chart = in_chart(patient);
        let id = patient.stored().id.as_str();
        // What may be about several patients has no one patient to be loaded by, and a chart of several records has none either.
        let together = patient.as_of().is_none()
            && chart.len() == 1
            && request.token.is_none()
            && !request.backward
            && !registry::several_patients(resource_type);
        if !together {
            let query = session::query(resource_type, &pairs, &chart, session.now).map_err(|e| error::graphql(&e))?;
            return Self::page_of_patient(session, patient, query, &request).await;
        }
        let shape = Shape { resource_type, pairs, limit: request.limit, peek };
        let page = session.first_page(id, shape.clone()).await?;
        let (id, now) = (id.to_owned(), session.now);
        Self::new(page, move || {
            session::query(resource_type, &shape.pairs, &[&id], now).expect("as the page was found by")
        })
    }

    /// One page of a query about a patient, as the record is or, where the patient is read so, as it was.
    pub async fn page_of_patient(
        session: &Session,
        patient: &Document,
        query: Query,
        request: &PageRequest,
    ) -> Result<Self> {
        let Some(at) = patient.as_of() else { return Self::search(session, query, request).await };
        let found = Box::pin(session.store.search_past(&session.actor, &query, &patient.stored().id, at, request));
        let (page, total) = found.await.map_err(|e| error::graphql(&e))?;
        let documents = page.matches.iter().cloned().map(|s| Document::as_of_instant(s, Some(at)));
        let documents = documents.collect::<Result<_>>()?;
        Ok(Self { documents, page: Arc::new(page), query: LazyLock::new(Box::new(move || query)), total: Some(total) })
    }

    pub fn cursor(&self, at: usize) -> String {
        self.page.cursor(at).unwrap_or_default()
    }

    /// The token of the following page.
    pub fn next(&self) -> Option<String> {
        self.page.next()
    }

    pub fn has_next(&self) -> bool {
        self.page.has_next()
    }

    pub fn has_previous(&self) -> bool {
        self.page.has_previous()
    }

    pub async fn total(&self, ctx: &Context<'_>) -> Result<Option<u64>> {
        if self.total.is_some() {
            return Ok(self.total);
        }
        let session = session(ctx);
        let counted = Box::pin(session.store.count(&session.actor, &self.query, Count::Exact));
        counted.await.map_err(|e| error::graphql(&e))
    }
}

/// Where a page stands in its list.
#[derive(async_graphql::SimpleObject)]
pub struct PageInfo {
    /// Whether more follows in the list's order.
    pub has_next_page: bool,
    /// Whether something comes before in the list's order.
    pub has_previous_page: bool,
    /// Cursor of the first edge; null on an empty page.
    pub start_cursor: Option<String>,
    /// Cursor of the last edge; null on an empty page.
    pub end_cursor: Option<String>,
}

impl List {
    pub fn info(&self) -> PageInfo {
        let cursor = |at: Option<usize>| at.map(|at| self.cursor(at));
        PageInfo {
            has_next_page: self.has_next(),
            has_previous_page: self.has_previous(),
            start_cursor: cursor((!self.documents.is_empty()).then_some(0)),
            end_cursor: cursor(self.documents.len().checked_sub(1)),
        }
    }
}

/// Declares a resource type of the API: what every resource has, and its own fields.
macro_rules! resource {
    ($(#[$doc:meta])* $name:ident { $($fields:tt)* }) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(pub $crate::document::Document);

        $(#[$doc])*
        #[async_graphql::Object]
        impl $name {
            /// Global id: the FHIR reference, such as `Patient/p1`.
            pub(crate) async fn id(&self) -> async_graphql::ID {
                format!("{}/{}", self.0.stored().resource_type, self.0.stored().id).into()
            }

            /// The id within its type.
            pub(crate) async fn fhir_id(&self) -> String {
                self.0.stored().id.clone()
            }

            /// The version that is shown, counting from 1.
            pub(crate) async fn version_id(&self) -> String {
                self.0.stored().version_id.to_string()
            }

            /// When this version was stored.
            pub(crate) async fn last_updated(&self) -> $crate::scalar::Instant {
                let at = self.0.stored().last_updated;
                $crate::scalar::Instant(at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true))
            }

            /// The whole resource as FHIR JSON.
            pub(crate) async fn fhir(&self) -> $crate::scalar::FhirJson {
                $crate::scalar::FhirJson(self.0.stored().body.clone())
            }

            /// Its versions, newest first.
            #[graphql(complexity = 50)]
            pub(crate) async fn history(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "How many, the newest first")] first: Option<i32>,
                #[graphql(desc = "Only after this cursor")] after: Option<String>,
            ) -> Option<$crate::types::versions::VersionConnection> {
                $crate::error::or_null(ctx, $crate::types::versions::history(ctx, &self.0, first, after)).await
            }

            /// Who answers for its versions, the newest act first.
            #[graphql(complexity = 50)]
            pub(crate) async fn provenance(
                &self,
                ctx: &async_graphql::Context<'_>,
                #[graphql(desc = "How many, the newest first")] first: Option<i32>,
                #[graphql(desc = "Only after this cursor")] after: Option<String>,
            ) -> Option<$crate::types::versions::ProvenanceConnection> {
                $crate::error::or_null(ctx, $crate::types::versions::provenance(ctx, &self.0, first, after)).await
            }

            $($fields)*
        }
    };
}

/// Declares the connection and edge of a resource type.
macro_rules! connection {
    ($connection:ident, $edge:ident, $node:ident) => {
        /// One page of a list. Cursors resume it, also while others write.
        pub struct $connection(pub $crate::document::List);

        /// One page of a list. Cursors resume it, also while others write.
        #[async_graphql::Object]
        impl $connection {
            /// The page's items with their cursors.
            async fn edges(&self) -> Vec<$edge> {
                let items = self.0.documents.iter().enumerate();
                items.map(|(at, d)| $edge { cursor: self.0.cursor(at), node: $node(d.clone()) }).collect()
            }

            /// The page's items.
            async fn nodes(&self) -> $crate::objects::Nodes<$node> {
                $crate::objects::Nodes(self.0.documents.iter().cloned().map($node).collect())
            }

            /// Where the page stands.
            async fn page_info(&self) -> $crate::document::PageInfo {
                self.0.info()
            }

            /// The exact number of items in the whole list, counted only when it is asked for.
            async fn total_count(&self, ctx: &async_graphql::Context<'_>) -> async_graphql::Result<Option<u64>> {
                self.0.total(ctx).await
            }
        }

        /// An item of a list and its place.
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// The item's place, for `after` and `before`.
            pub cursor: String,
            /// The item.
            pub node: $node,
        }
    };
}

pub(crate) use {connection, resource};
