//! Who works here, and what a value set holds.

use async_graphql::{Context, InputObject, Object, Result, SimpleObject};
use entity::StoreError;
use fhir::search::extract::Options;
use fhir::search::parse::{Handling, parse};
use fhir::terminology::{Hit, Wanted};
use fhir::{Json, ResourceType};

use crate::code::Gender;
use crate::document::{List, PageArguments, PageInfo, connection, resource};
use crate::error;
use crate::query::escaped;
use crate::session::{invalid, session};
use crate::types::patient::{
    Address, ContactPoint, HumanName, Identifier, address, contact_point, human_name, identifier,
};
use crate::value::{Concept, Period};

/// A degree or licence.
#[derive(SimpleObject)]
pub struct Qualification {
    /// What it is.
    pub code: Option<Concept>,
    /// While it holds.
    pub period: Option<Period>,
}

resource! {
    /// Somebody who works in health care.
    Practitioner {
        /// Whether the record is in use; null when it does not say.
        async fn active(&self) -> Option<bool> {
            self.0.at(&["active"]).and_then(Json::as_bool)
        }
        /// All names on record.
        async fn names(&self) -> Vec<HumanName> {
            self.0.all("name").iter().map(human_name).collect()
        }
        /// Identifiers, such as a licence number.
        async fn identifiers(&self) -> Vec<Identifier> {
            self.0.all("identifier").iter().map(identifier).collect()
        }
        /// How to reach them.
        async fn telecom(&self) -> Vec<ContactPoint> {
            self.0.all("telecom").iter().map(contact_point).collect()
        }
        /// Addresses.
        async fn addresses(&self) -> Vec<Address> {
            self.0.all("address").iter().map(address).collect()
        }
        /// Administrative gender.
        async fn gender(&self) -> Option<Gender> {
            self.0.text(&["gender"]).and_then(Gender::of)
        }
        /// Degrees and licences.
        async fn qualifications(&self) -> Vec<Qualification> {
            let read = |q: &Json<'_>| Qualification {
                code: q.get("code").and_then(Concept::read),
                period: q.get("period").map(Period::read),
            };
            self.0.all("qualification").iter().map(read).collect()
        }
    }
}
connection!(PractitionerConnection, PractitionerEdge, Practitioner);

/// A place on earth (WGS 84) and how far around it.
#[derive(InputObject)]
pub struct NearInput {
    /// Degrees, north of the equator positive.
    pub latitude: f64,
    /// Degrees, east of Greenwich positive.
    pub longitude: f64,
    /// Kilometres as the crow flies; above 0.
    pub within_km: f64,
}

impl NearInput {
    /// As the value of R4's search parameter `near` of Location.
    fn operand(&self) -> Result<String> {
        let (latitude, longitude, within) = (self.latitude, self.longitude, self.within_km);
        for (name, value, most) in [("latitude", latitude, 90.0), ("longitude", longitude, 180.0)] {
            if !(-most..=most).contains(&value) {
                return Err(invalid(&format!("near.{name}"), format!("{name} is from -{most} to {most} degrees")));
            }
        }
        // Half the way round the earth.
        if !(within > 0.0 && within <= 20_038.0) {
            return Err(invalid("near.withinKm", "withinKm is above 0 and at most 20038"));
        }
        Ok(format!("{latitude}|{longitude}|{within}|km"))
    }
}

/// Practitioners by family name.
pub(crate) async fn practitioners(
    ctx: &Context<'_>,
    search: Option<&str>,
    specialty: Option<String>,
    near: Option<&NearInput>,
    page: &PageArguments,
) -> Result<PractitionerConnection> {
    let session = session(ctx);
    let mut pairs = vec![("_sort".to_owned(), "family".to_owned())];
    pairs.extend(search.into_iter().flat_map(str::split_whitespace).map(|word| ("name".to_owned(), escaped(word))));
    pairs.extend(specialty.map(|code| ("_has:PractitionerRole:practitioner:specialty".to_owned(), code)));
    if let Some(near) = near {
        pairs.push(("_has:PractitionerRole:practitioner:location.near".to_owned(), near.operand()?));
    }
    let parsed = parse(ResourceType::Practitioner, &pairs, Handling::Strict, session.now, &Options::default());
    let query = parsed.map_err(|issues| error::graphql(&StoreError::Invalid(issues)))?.query;
    List::search(session, query, &page.request()?).await.map(PractitionerConnection)
}

/// A code of a value set.
#[derive(SimpleObject)]
pub struct ValueSetCode {
    /// Canonical URL of its code system.
    pub system: Option<String>,
    /// The version of the code system that was read.
    pub version: Option<String>,
    /// The code.
    pub code: String,
    /// Its meaning in words.
    pub display: Option<String>,
    /// Whether it is kept for old records only.
    pub inactive: bool,
    /// Whether it groups other codes and is not to be chosen.
    pub is_abstract: bool,
}

impl ValueSetCode {
    fn of(hit: &Hit<'_>) -> Self {
        let own = |text: Option<&str>| text.map(ToOwned::to_owned);
        Self {
            system: own(hit.system),
            version: own(hit.version),
            code: hit.code.to_owned(),
            display: own(hit.display),
            inactive: hit.concept.is_some_and(|c| c.inactive),
            is_abstract: hit.concept.is_some_and(|c| c.is_abstract),
        }
    }
}

/// One page of the codes of a value set, in the order of its rules.
pub struct ConceptConnection {
    codes: Vec<ValueSetCode>,
    offset: usize,
    total: usize,
}

/// One page of the codes of a value set, in the order of its rules.
#[Object]
impl ConceptConnection {
    /// The page's codes with their cursors.
    async fn edges(&self) -> Vec<ConceptEdge<'_>> {
        let items = self.codes.iter().enumerate();
        items.map(|(at, node)| ConceptEdge { cursor: self.cursor(at), node }).collect()
    }
    /// The page's codes.
    async fn nodes(&self) -> &[ValueSetCode] {
        &self.codes
    }
    /// Where the page stands.
    async fn page_info(&self) -> PageInfo {
        PageInfo {
            has_next_page: self.offset + self.codes.len() < self.total,
            has_previous_page: self.offset > 0,
            start_cursor: (!self.codes.is_empty()).then(|| self.cursor(0)),
            end_cursor: self.codes.len().checked_sub(1).map(|at| self.cursor(at)),
        }
    }
    /// How many codes the search finds in the set.
    async fn total_count(&self) -> usize {
        self.total
    }
}

/// A code and its place.
#[derive(SimpleObject)]
pub struct ConceptEdge<'c> {
    /// The code's place in the set as it is now, counting from 1, for `after`.
    pub cursor: String,
    /// The code.
    pub node: &'c ValueSetCode,
}

impl ConceptConnection {
    fn cursor(&self, at: usize) -> String {
        (self.offset + at + 1).to_string()
    }
}

/// A page of a value set's codes: the expansion of `ValueSet/$expand`.
pub(crate) async fn value_set(
    ctx: &Context<'_>,
    url: &str,
    search: Option<String>,
    first: Option<i32>,
    after: Option<String>,
) -> Result<ConceptConnection> {
    let session = session(ctx);
    let request = PageArguments { first, ..PageArguments::default() }.request()?;
    let place = after.map(|cursor| cursor.parse().map_err(|_| error::graphql(&StoreError::BadToken))).transpose()?;
    let set = session.store.value_set(&session.actor, url).await.map_err(|e| error::graphql(&e))?;
    let set = set.ok_or_else(|| invalid("url", format!("the value set {url} is not known here")))?;
    let library = session.store.library(&session.actor, &[], &[&set]).await.map_err(|e| error::graphql(&e))?;
    let offset = place.unwrap_or(0);
    let filter = search.filter(|words| !words.trim().is_empty());
    let wanted = Wanted { filter, active_only: false, offset, count: Some(request.limit as usize) };
    let expansion = library.expand(&set, &wanted).map_err(|e| error::graphql(&StoreError::from(e)))?;
    let codes = expansion.hits.iter().map(ValueSetCode::of).collect();
    Ok(ConceptConnection { codes, offset, total: expansion.total })
}
