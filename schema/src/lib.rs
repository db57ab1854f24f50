//! The clinical GraphQL API over the store. It knows no SQL and no HTTP.

pub mod changes;
pub mod code;
pub mod critical;
pub mod document;
pub mod error;
pub mod fhir_graphql;
pub mod gate;
pub mod limits;
mod mutation;
mod objects;
pub mod query;
pub mod referring;
pub mod scalar;
pub mod session;
pub mod subscription;
pub mod types;
pub mod value;

use std::pin::Pin;

use async_graphql::{PathSegment, Request, Response, Schema, ServerError};
use futures_util::stream::BoxStream;

use crate::mutation::Mutation;
use crate::query::Query;
use crate::session::Session;
use crate::subscription::{Occasion, Subscription};

/// Highest cost of an operation: 1 per field, times the page size on connections.
pub const COMPLEXITY: usize = 5_000;
/// The same for a document of the server's own list: its cost is known before it is served.
pub const TRUSTED_COMPLEXITY: usize = 15_000;
/// The same for analysts.
pub const ANALYST_COMPLEXITY: usize = 50_000;

type Graph = Schema<Query, Mutation, Subscription>;

/// The schema, ready to execute. Cheap to clone.
#[derive(Clone)]
pub struct ClinicalSchema {
    open: Graph,
    analyst: Graph,
    trusted: Graph,
    /// The first two, which suggest names that were perhaps meant.
    exploring: Graph,
    exploring_analyst: Graph,
}

impl Default for ClinicalSchema {
    fn default() -> Self {
        let with = |cost| Schema::build(Query, Mutation, Subscription).limit_complexity(cost);
        Self {
            open: with(COMPLEXITY).disable_suggestions().finish(),
            analyst: with(ANALYST_COMPLEXITY).disable_suggestions().finish(),
            trusted: with(TRUSTED_COMPLEXITY).disable_suggestions().finish(),
            exploring: with(COMPLEXITY).finish(),
            exploring_analyst: with(ANALYST_COMPLEXITY).finish(),
        }
    }
}

impl ClinicalSchema {
    /// Runs one operation. Boxed, so that callers do not instantiate the tree of resolvers.
    pub fn execute(&self, request: Request, session: Session) -> Pin<Box<dyn Future<Output = Response> + Send + '_>> {
        let graph = self.of(&session);
        Box::pin(async move {
            let mut answer = graph.execute(request.data(session)).await;
            in_order(&mut answer.errors);
            answer
        })
    }

    /// Runs a subscription for one occasion; the stream ends with it.
    pub fn subscription(&self, request: Request, session: Session, occasion: Occasion) -> BoxStream<'static, Response> {
        let graph = self.of(&session);
        graph.execute_stream(request.data(session).data(occasion))
    }

    fn of(&self, session: &Session) -> &Graph {
        let analyst = session.actor.roles.contains(&entity::Role::Analyst);
        if session.trusted && !analyst {
            return &self.trusted;
        }
        match (session.explores, analyst) {
            (false, false) => &self.open,
            (false, true) => &self.analyst,
            (true, false) => &self.exploring,
            (true, true) => &self.exploring_analyst,
        }
    }

    /// The schema in SDL, as it is committed.
    pub fn sdl(&self) -> String {
        self.open.sdl()
    }
}

/// Fields are resolved side by side, and their errors come as they end: they stand in the order in which the fields are asked for, then by
/// their place in the answer, so that one question has one answer.
fn in_order(errors: &mut [ServerError]) {
    fn path(error: &ServerError) -> impl Iterator<Item = (usize, &str)> {
        error.path.iter().map(|segment| match segment {
            PathSegment::Index(at) => (*at, ""),
            PathSegment::Field(name) => (0, name.as_str()),
        })
    }
    errors.sort_by(|a, b| a.locations.cmp(&b.locations).then_with(|| path(a).cmp(path(b))));
}

#[cfg(test)]
mod tests {
    use async_graphql::Pos;
    use serde_json::Value;

    use super::*;

    #[test]
    fn errors_stand_in_the_order_of_the_question() {
        let error = |column, place: &[PathSegment]| {
            let mut error = ServerError::new("no", Some(Pos { line: 1, column }));
            error.path = place.to_vec();
            error
        };
        let field = |name: &str| PathSegment::Field(name.to_owned());
        let at = |i, name: &str| [field("nodes"), PathSegment::Index(i), field(name)];
        let ordered =
            vec![error(5, &[field("b")]), error(9, &at(2, "a")), error(9, &at(10, "a")), error(12, &at(0, "z"))];
        let mut errors = [2, 3, 0, 1].map(|i: usize| ordered[i].clone());
        in_order(&mut errors);
        assert_eq!(errors.to_vec(), ordered);
    }

    /// Whoever reads the schema is told what everything in it means.
    #[tokio::test]
    async fn everything_is_described() {
        let question = "{ __schema { types { name description fields(includeDeprecated: true) { name description args { name description } }
            inputFields { name description } enumValues(includeDeprecated: true) { name description } } } }";
        let schema = ClinicalSchema::default();
        let answer = schema.open.execute(question).await;
        let answer = serde_json::to_value(answer.data).expect("plain data");
        let mut silent = Vec::new();
        let mut judge = |place: String, value: &Value| {
            if value["description"].as_str().is_none_or(|d| d.trim().is_empty()) {
                silent.push(place);
            }
        };
        let items = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        let types = items(&answer["__schema"], "types");
        assert!(types.len() > 50);
        for one in types.iter().filter(|t| !t["name"].as_str().is_some_and(|n| n.starts_with("__") || n == "ID")) {
            let name = one["name"].as_str().expect("named");
            judge(name.to_owned(), one);
            for kind in ["fields", "inputFields", "enumValues"] {
                for part in items(one, kind) {
                    let place = format!("{name}.{}", part["name"].as_str().expect("named"));
                    judge(place.clone(), &part);
                    for argument in items(&part, "args") {
                        judge(format!("{place}({})", argument["name"].as_str().expect("named")), &argument);
                    }
                }
            }
        }
        assert!(silent.is_empty(), "not described: {silent:?}");
    }

    /// Only what is answered by place has a place for what is not there.
    #[test]
    fn lists_hold_no_nulls() {
        let sdl = ClinicalSchema::default().sdl();
        assert!(sdl.contains("\tcontacts: [PatientContact!]!\n"));
        let typed = sdl
            .lines()
            .map(|l| l.trim().trim_end_matches(" = []"))
            .filter(|l| !l.contains('"') && (l.ends_with(']') || l.ends_with("]!")));
        let holes: Vec<&str> = typed.filter(|l| !l.trim_end_matches('!').ends_with("!]")).collect();
        assert_eq!(holes, ["results: [Observation]!", "): [Node]!"]);
    }
}
