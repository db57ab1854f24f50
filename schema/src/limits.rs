//! Bounds on a parsed document, checked before validation: depth, aliases, root fields, directives, fragments.
//!
//! Fragments are measured once each, so a document that spreads them exponentially costs no more than its text.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use async_graphql::Positioned;
use async_graphql::parser::types::{Directive, ExecutableDocument, OperationType, Selection, SelectionSet};

/// What one document may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Nested fields, counted through fragments.
    pub depth: usize,
    /// The same below `__schema` and `__type`.
    pub introspection_depth: usize,
    /// Different response keys of one field in one selection.
    pub aliases: usize,
    /// Different response keys at the root.
    pub root_fields: usize,
    /// Directives on one field, spread or inline fragment.
    pub directives: usize,
    pub fragments: usize,
}

impl Limits {
    pub const DEFAULT: Self =
        Self { depth: 12, introspection_depth: 32, aliases: 20, root_fields: 40, directives: 10, fragments: 200 };
}

/// Selections, inline fragments and spreads inside each other, whatever their depth in fields: bounds the recursion here and in validation.
const NESTING: usize = 128;

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    #[error("fields nest deeper than {limit}, at '{field}'")]
    Depth { limit: usize, field: String },
    #[error("fragments and selections nest deeper than {NESTING}")]
    Nesting,
    #[error("field '{field}' is selected under more than {limit} names")]
    Aliases { limit: usize, field: String },
    #[error("more than {limit} root fields are selected")]
    RootFields { limit: usize },
    #[error("a mutation has more than one root field; send each in a request of its own")]
    Mutations,
    #[error("a subscription has more than one root field")]
    Subscriptions,
    #[error("more than {limit} directives at one place")]
    Directives { limit: usize },
    #[error("the document has {count} fragments, at most {limit} are accepted")]
    Fragments { count: usize, limit: usize },
    #[error("fragment '{fragment}' contains itself")]
    Cycle { fragment: String },
}

/// Passes a document whose every operation is within the limits. Unknown fragments are left to validation.
pub fn check(document: &ExecutableDocument, limits: &Limits) -> Result<(), LimitError> {
    let count = document.fragments.len();
    if count > limits.fragments {
        return Err(LimitError::Fragments { count, limit: limits.fragments });
    }
    let mut walk = Walk { document, limits, measured: HashMap::new(), open: BTreeSet::new() };
    for (_, operation) in document.operations.iter() {
        walk.directives(&operation.node.directives)?;
        let measure =
            walk.selection(&operation.node.selection_set.node, At { level: 0, nesting: 0, limit: limits.depth })?;
        let roots = measure.keys.values().map(BTreeSet::len).sum::<usize>();
        // Each act is a transaction of its own, with ids and a key of its own.
        if operation.node.ty == OperationType::Mutation && roots > 1 {
            return Err(LimitError::Mutations);
        }
        // GraphQL specification, section 5.2.3.1.
        if operation.node.ty == OperationType::Subscription && roots > 1 {
            return Err(LimitError::Subscriptions);
        }
        if roots > limits.root_fields {
            return Err(LimitError::RootFields { limit: limits.root_fields });
        }
    }
    Ok(())
}

/// Where the walk is: fields above, selections above, and the depth that holds here.
#[derive(Clone, Copy)]
struct At {
    level: usize,
    nesting: usize,
    limit: usize,
}

/// One selection: the fields below it and the response keys of each field in it.
#[derive(Clone, Default)]
struct Measure<'d> {
    depth: usize,
    deepest: &'d str,
    keys: BTreeMap<&'d str, BTreeSet<&'d str>>,
}

impl<'d> Measure<'d> {
    fn deepen(&mut self, depth: usize, field: &'d str) {
        if depth > self.depth {
            (self.depth, self.deepest) = (depth, field);
        }
    }

    fn merge(&mut self, other: &Self) {
        self.deepen(other.depth, other.deepest);
        for (field, keys) in &other.keys {
            self.keys.entry(field).or_default().extend(keys);
        }
    }
}

struct Walk<'d> {
    document: &'d ExecutableDocument,
    limits: &'d Limits,
    measured: HashMap<&'d str, Measure<'d>>,
    open: BTreeSet<&'d str>,
}

impl<'d> Walk<'d> {
    fn directives(&self, directives: &[Positioned<Directive>]) -> Result<(), LimitError> {
        let limit = self.limits.directives;
        if directives.len() > limit { Err(LimitError::Directives { limit }) } else { Ok(()) }
    }

    fn selection(&mut self, set: &'d SelectionSet, at: At) -> Result<Measure<'d>, LimitError> {
        if at.nesting > NESTING {
            return Err(LimitError::Nesting);
        }
        let inner = At { nesting: at.nesting + 1, ..at };
        let mut measure = Measure::default();
        for item in &set.items {
            match &item.node {
                Selection::Field(field) => {
                    let field = &field.node;
                    let name = field.name.node.as_str();
                    self.directives(&field.directives)?;
                    measure.keys.entry(name).or_default().insert(field.response_key().node.as_str());
                    let introspection = at.level == 0 && matches!(name, "__schema" | "__type");
                    let limit = if introspection { self.limits.introspection_depth } else { at.limit };
                    let level = at.level + 1;
                    if level > limit {
                        return Err(LimitError::Depth { limit, field: name.to_owned() });
                    }
                    let below = self.selection(&field.selection_set.node, At { level, limit, ..inner })?;
                    if !introspection {
                        measure.deepen(below.depth + 1, if below.depth == 0 { name } else { below.deepest });
                    }
                }
                Selection::InlineFragment(fragment) => {
                    self.directives(&fragment.node.directives)?;
                    let below = self.selection(&fragment.node.selection_set.node, inner)?;
                    measure.merge(&below);
                }
                Selection::FragmentSpread(spread) => {
                    self.directives(&spread.node.directives)?;
                    self.spread(spread.node.fragment_name.node.as_str(), inner)?;
                    if let Some(below) = self.measured.get(spread.node.fragment_name.node.as_str()) {
                        measure.merge(below);
                    }
                }
            }
        }
        if at.level + measure.depth > at.limit {
            return Err(LimitError::Depth { limit: at.limit, field: measure.deepest.to_owned() });
        }
        let limit = self.limits.aliases;
        match measure.keys.iter().find(|(_, keys)| keys.len() > limit) {
            Some((field, _)) => Err(LimitError::Aliases { limit, field: (*field).to_owned() }),
            None => Ok(measure),
        }
    }

    /// Measures a fragment unless it is measured already.
    fn spread(&mut self, name: &'d str, at: At) -> Result<(), LimitError> {
        if self.measured.contains_key(name) {
            return Ok(());
        }
        let Some(fragment) = self.document.fragments.get(name) else { return Ok(()) };
        if !self.open.insert(name) {
            return Err(LimitError::Cycle { fragment: name.to_owned() });
        }
        let measure = self.selection(&fragment.node.selection_set.node, at)?;
        self.open.remove(name);
        self.measured.insert(name, measure);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write as _;

    fn measure(document: &str) -> Result<(), LimitError> {
        check(&async_graphql::parser::parse_query(document).expect("parses"), &Limits::DEFAULT)
    }

    fn nested(levels: usize) -> String {
        format!("{}a{}", "a{".repeat(levels - 1), "}".repeat(levels - 1))
    }

    #[test]
    fn depth_is_exact_and_counts_through_fragments() {
        assert_eq!(measure(&format!("{{{}}}", nested(12))), Ok(()));
        let too_deep = Err(LimitError::Depth { limit: 12, field: "a".into() });
        assert_eq!(measure(&format!("{{{}}}", nested(13))), too_deep);
        let with = |fragment: usize| format!("{{b{{...F}} c{{d{{...F}}}}}} fragment F on T{{{}}}", nested(fragment));
        assert_eq!(measure(&with(10)), Ok(()));
        assert_eq!(measure(&with(11)), too_deep);
    }

    #[test]
    fn introspection_may_be_deeper() {
        assert_eq!(measure(&format!("{{__schema{{{}}}}}", nested(14))), Ok(()));
        assert!(matches!(
            measure(&format!("{{__schema{{{}}}}}", nested(40))),
            Err(LimitError::Depth { limit: 32, .. })
        ));
        assert!(matches!(
            measure(&format!("{{x{{__schema{{{}}}}}}}", nested(14))),
            Err(LimitError::Depth { limit: 12, .. })
        ));
    }

    #[test]
    fn aliases_count_names_and_not_repetitions() {
        let fields = |n: usize| {
            (0..n).fold(String::new(), |mut s, i| {
                let _ = write!(s, "k{i}:a ");
                s
            })
        };
        assert_eq!(measure(&format!("{{{}}}", fields(20))), Ok(()));
        assert_eq!(measure(&format!("{{{}}}", fields(21))), Err(LimitError::Aliases { limit: 20, field: "a".into() }));
        assert_eq!(measure(&format!("{{{}}}", "a ".repeat(100))), Ok(()));
        let split = format!("{{{} ...F}} fragment F on T{{z:a}}", fields(20));
        assert!(matches!(measure(&split), Err(LimitError::Aliases { .. })));
    }

    #[test]
    fn root_fields_and_directives_are_bounded() {
        let roots = |n: usize| {
            (0..n).fold(String::new(), |mut s, i| {
                let _ = write!(s, "f{i} ");
                s
            })
        };
        assert_eq!(measure(&format!("{{{}}}", roots(40))), Ok(()));
        assert_eq!(measure(&format!("{{{}}}", roots(41))), Err(LimitError::RootFields { limit: 40 }));
        assert_eq!(measure("mutation{a}"), Ok(()));
        assert_eq!(measure("mutation{a ...F} fragment F on T{b}"), Err(LimitError::Mutations));
        assert_eq!(measure(&format!("{{a{}}}", " @x".repeat(10))), Ok(()));
        assert_eq!(measure(&format!("{{a{}}}", " @x".repeat(11))), Err(LimitError::Directives { limit: 10 }));
    }

    #[test]
    fn fragment_cycles_are_refused() {
        assert_eq!(measure("{...A} fragment A on T{...A}"), Err(LimitError::Cycle { fragment: "A".into() }));
        let two = measure("{...A} fragment A on T{b{...B}} fragment B on T{...A}");
        assert_eq!(two, Err(LimitError::Cycle { fragment: "A".into() }));
    }

    #[test]
    fn exponential_spreads_and_long_chains_end_quickly() {
        let chain = |n: usize, spread: &str| {
            (0..n).fold("{...F0}".to_owned(), |mut s, i| {
                let _ = write!(s, " fragment F{i} on T{{{}}}", spread.replace('#', &(i + 1).to_string()));
                s
            })
        };
        assert_eq!(measure(&(chain(100, "...F# ...F#") + " fragment F100 on T{a}")), Ok(()));
        assert_eq!(measure(&(chain(199, "...F#") + " fragment F199 on T{a}")), Err(LimitError::Nesting));
        assert!(matches!(
            measure(&(chain(300, "...F#") + " fragment F300 on T{a}")),
            Err(LimitError::Fragments { count: 301, .. })
        ));
    }
}
