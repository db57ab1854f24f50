//! The members of the schema, one a line, and which changes of them break a client that was written before.
//!
//! `schema/CHANGELOG.md` tells what changed; `schema/members.txt` has the members as of its newest entry. Adding is free. What is taken
//! away stood as `@deprecated` in those members before.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use async_graphql::Positioned;
use async_graphql::parser::parse_schema;
use async_graphql::parser::types::{
    BaseType, ConstDirective, FieldDefinition, InputValueDefinition, Type, TypeKind, TypeSystemDefinition,
};

/// What a member is; it decides which changes of its type are harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Type,
    Implements,
    Member,
    Value,
    /// What clients read.
    Field,
    /// What clients send.
    Argument,
    Input,
}

impl Kind {
    const ALL: [(Self, &'static str); 7] = [
        (Self::Type, "type"),
        (Self::Implements, "implements"),
        (Self::Member, "member"),
        (Self::Value, "value"),
        (Self::Field, "field"),
        (Self::Argument, "argument"),
        (Self::Input, "input"),
    ];

    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, word)| word)
    }
}

/// By kind and path, such as `Patient.labs.first`: the type, and what is said beside it (`=` for a default, `deprecated`).
type Members = BTreeMap<(Kind, String), (String, Vec<String>)>;

/// Why a text has no members.
#[derive(Debug, thiserror::Error)]
pub enum Unreadable {
    #[error("the schema is no SDL: {0}")]
    Sdl(String),
    #[error("line {0} is no member")]
    Line(usize),
}

/// The members of a schema, one a line and in order.
pub fn members(sdl: &str) -> Result<String, Unreadable> {
    let mut text = String::new();
    for ((kind, path), (ty, marks)) in read_sdl(sdl)? {
        let mut line = format!("{} {path}", kind.word());
        for part in std::iter::once(ty).chain(marks).filter(|p| !p.is_empty()) {
            line.push(' ');
            line.push_str(&part);
        }
        let _ = writeln!(text, "{line}");
    }
    Ok(text)
}

/// What breaks clients of `before` (as of [`members`]) in the schema of `sdl`, one sentence each.
pub fn breaking(before: &str, sdl: &str) -> Result<Vec<String>, Unreadable> {
    let (before, after) = (read_members(before)?, read_sdl(sdl)?);
    let deprecated = |marks: &[String]| marks.iter().any(|m| m == "deprecated");
    let parent = |path: &str| path.rsplit_once('.').map(|(parent, _)| parent.to_owned());
    let mut found = Vec::new();
    for ((kind, path), (ty, marks)) in &before {
        let named = format!("{} {path}", kind.word());
        match after.get(&(*kind, path.clone())) {
            Some((now, _)) => {
                let harmless = match kind {
                    Kind::Field => narrows(now, ty),
                    Kind::Argument | Kind::Input => narrows(ty, now),
                    Kind::Type | Kind::Implements | Kind::Member | Kind::Value => now == ty,
                };
                if !harmless {
                    found.push(format!("{named} was {ty} and is {now}"));
                }
            }
            None if deprecated(marks) => {}
            None if *kind == Kind::Type => {
                let used = before.iter().find(|((k, _), (ty, marks))| {
                    matches!(k, Kind::Field | Kind::Argument | Kind::Input) && base(ty) == path && !deprecated(marks)
                });
                if let Some(((_, user), _)) = used {
                    found.push(format!("{named} is gone, and {user} had it without being deprecated"));
                }
            }
            None => {
                // The loss of a whole is told once.
                let gone = |kind, path: &str| {
                    before.contains_key(&(kind, path.to_owned())) && !after.contains_key(&(kind, path.to_owned()))
                };
                let whole = parent(path).is_some_and(|p| gone(Kind::Type, &p) || gone(Kind::Field, &p));
                if !whole {
                    found.push(format!("{named} is gone without having been deprecated"));
                }
            }
        }
    }
    for ((kind, path), (ty, marks)) in &after {
        let sent = matches!(kind, Kind::Argument | Kind::Input);
        let required = ty.ends_with('!') && !marks.iter().any(|m| m == "=");
        if !sent || !required || before.contains_key(&(*kind, path.clone())) {
            continue;
        }
        let owner = if *kind == Kind::Input { Kind::Type } else { Kind::Field };
        if parent(path).is_some_and(|p| before.contains_key(&(owner, p))) {
            found.push(format!("{} {path} is new and required", kind.word()));
        }
    }
    Ok(found)
}

/// Whether every value of type `a` is one of type `b`: the same, or with fewer nulls.
fn narrows(a: &str, b: &str) -> bool {
    match (a.strip_suffix('!'), b.strip_suffix('!')) {
        (Some(a), Some(b)) => narrows(a, b),
        (Some(a), None) => narrows(a, b),
        (None, Some(_)) => false,
        (None, None) => {
            let inner = |t: &str| t.strip_prefix('[').and_then(|t| t.strip_suffix(']')).map(ToOwned::to_owned);
            match (inner(a), inner(b)) {
                (Some(a), Some(b)) => narrows(&a, &b),
                (None, None) => a == b,
                _ => false,
            }
        }
    }
}

fn base(ty: &str) -> &str {
    ty.trim_matches(['[', ']', '!'])
}

fn read_members(text: &str) -> Result<Members, Unreadable> {
    let lines = text.lines().enumerate().map(|(at, line)| {
        let mut parts = line.split(' ');
        let kind = parts.next().and_then(|word| Kind::ALL.iter().find(|(_, w)| *w == word)).map(|(kind, _)| *kind);
        let (Some(kind), Some(path)) = (kind, parts.next()) else { return Err(Unreadable::Line(at + 1)) };
        let typed = !matches!(kind, Kind::Implements | Kind::Member | Kind::Value);
        let ty = if typed { parts.next().ok_or(Unreadable::Line(at + 1))? } else { "" };
        Ok(((kind, path.to_owned()), (ty.to_owned(), parts.map(ToOwned::to_owned).collect())))
    });
    lines.collect()
}

fn read_sdl(sdl: &str) -> Result<Members, Unreadable> {
    let document = parse_schema(sdl).map_err(|e| Unreadable::Sdl(e.to_string()))?;
    let mut all = Members::new();
    for definition in document.definitions {
        let TypeSystemDefinition::Type(Positioned { node: ty, .. }) = definition else { continue };
        let name = ty.name.node.to_string();
        let kind = match ty.kind {
            TypeKind::Scalar => "scalar",
            TypeKind::Object(object) => {
                for one in &object.implements {
                    all.insert((Kind::Implements, format!("{name}.{}", one.node)), (String::new(), Vec::new()));
                }
                fields(&name, &object.fields, &mut all);
                "object"
            }
            TypeKind::Interface(interface) => {
                fields(&name, &interface.fields, &mut all);
                "interface"
            }
            TypeKind::Union(union) => {
                for one in &union.members {
                    all.insert((Kind::Member, format!("{name}.{}", one.node)), (String::new(), Vec::new()));
                }
                "union"
            }
            TypeKind::Enum(values) => {
                for value in &values.values {
                    let marks = marks(&value.node.directives, false);
                    all.insert((Kind::Value, format!("{name}.{}", value.node.value.node)), (String::new(), marks));
                }
                "enum"
            }
            TypeKind::InputObject(input) => {
                input.fields.iter().for_each(|field| sent(Kind::Input, &name, field, &mut all));
                "input"
            }
        };
        all.insert((Kind::Type, name), (kind.to_owned(), Vec::new()));
    }
    Ok(all)
}

fn fields(owner: &str, fields: &[Positioned<FieldDefinition>], all: &mut Members) {
    for Positioned { node: field, .. } in fields {
        let path = format!("{owner}.{}", field.name.node);
        for argument in &field.arguments {
            sent(Kind::Argument, &path, argument, all);
        }
        all.insert((Kind::Field, path), (written(&field.ty.node), marks(&field.directives, false)));
    }
}

fn sent(kind: Kind, owner: &str, value: &Positioned<InputValueDefinition>, all: &mut Members) {
    let value = &value.node;
    let marks = marks(&value.directives, value.default_value.is_some());
    all.insert((kind, format!("{owner}.{}", value.name.node)), (written(&value.ty.node), marks));
}

fn marks(directives: &[Positioned<ConstDirective>], defaulted: bool) -> Vec<String> {
    let deprecated = directives.iter().any(|d| d.node.name.node == "deprecated");
    let marks = [(defaulted, "="), (deprecated, "deprecated")];
    marks.into_iter().filter(|(holds, _)| *holds).map(|(_, mark)| mark.to_owned()).collect()
}

fn written(ty: &Type) -> String {
    let base = match &ty.base {
        BaseType::Named(name) => name.to_string(),
        BaseType::List(inner) => format!("[{}]", written(inner)),
    };
    if ty.nullable { base } else { format!("{base}!") }
}

#[cfg(test)]
mod tests {
    use sha2::{Digest as _, Sha256};

    use super::*;

    const BEFORE: &str = r#"
        type Query { a(x: Int!, y: Int = 1): A! old: String @deprecated(reason: "use a") b: B older: Old @deprecated(reason: "gone") }
        type A implements N { id: ID! list: [String] n: Int } interface N { id: ID! } type B { id: ID } type Old { id: ID }
        union U = A | B enum E { X Y Z @deprecated(reason: "no") } input I { a: Int b: Int! c: Int @deprecated }"#;

    fn found(after: &str) -> Vec<String> {
        breaking(&members(BEFORE).expect("SDL"), after).expect("SDL")
    }

    #[test]
    fn what_breaks_clients_is_told() {
        for (from, to, told) in [
            (" n: Int }", " }", "field A.n is gone without having been deprecated"),
            (" n: Int }", " n: String }", "field A.n was Int and is String"),
            ("list: [String]", "list: String", "field A.list was [String] and is String"),
            ("a(x: Int!, y: Int = 1): A!", "a(x: Int!, y: Int = 1): A", "field Query.a was A! and is A"),
            ("(x: Int!, y: Int = 1)", "(x: Int!)", "argument Query.a.y is gone without having been deprecated"),
            ("y: Int = 1", "y: Int! = 1", "argument Query.a.y was Int and is Int!"),
            ("y: Int = 1", "y: Int = 1, z: Int!", "argument Query.a.z is new and required"),
            ("A | B", "A", "member U.B is gone without having been deprecated"),
            ("X Y", "X", "value E.Y is gone without having been deprecated"),
            ("input I { a: Int", "input I {", "input I.a is gone without having been deprecated"),
            ("input I { a: Int", "input I { a: Int d: Int!", "input I.d is new and required"),
            ("A implements N", "A", "implements A.N is gone without having been deprecated"),
            ("type B {", "input B {", "type B was object and is input"),
        ] {
            let after = BEFORE.replace(from, to);
            assert_ne!(after, BEFORE, "{from}");
            assert!(found(&after).contains(&told.to_owned()), "{told}: {:?}", found(&after));
        }
        let gone = BEFORE.replace("type B { id: ID }", "").replace("A | B", "A").replace(" b: B", "");
        assert!(found(&gone).iter().any(|t| t.starts_with("type B is gone")), "{:?}", found(&gone));
    }

    #[test]
    fn what_breaks_nobody_is_free() {
        for (from, to) in [
            (" old: String @deprecated(reason: \"use a\")", ""),
            (" Z @deprecated(reason: \"no\")", ""),
            (" c: Int @deprecated", ""),
            ("list: [String]", "list: [String!]! fresh(x: Int!): Int"),
            ("x: Int!", "x: Int"),
            ("b: Int!", "b: Int d: Int e: Int! = 1"),
            ("X Y", "X Y W"),
            ("A | B", "A | B | Old"),
        ] {
            let after = BEFORE.replace(from, to);
            assert_ne!(after, BEFORE, "{from}");
            assert_eq!(found(&after), Vec::<String>::new(), "{from}");
        }
        let gone = BEFORE.replace(" older: Old @deprecated(reason: \"gone\")", "").replace("type Old { id: ID }", "");
        assert_eq!(found(&gone), Vec::<String>::new());
    }

    /// Nothing is taken away that was not deprecated at the newest entry of the changelog.
    #[test]
    fn the_schema_breaks_nobody() {
        let before = include_str!("../members.txt");
        let told = breaking(before, include_str!("../schema.graphql")).expect("both are committed");
        assert_eq!(told, Vec::<String>::new(), "deprecate first; see schema/CHANGELOG.md");
    }

    /// The members are those of the newest entry, which names their hash; who writes them anew writes an entry.
    #[test]
    fn the_newest_entry_names_the_members() {
        let hash = Sha256::digest(include_str!("../members.txt").as_bytes());
        let hash = hash.iter().take(6).fold(String::new(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        });
        let newest = include_str!("../CHANGELOG.md").lines().find(|l| l.starts_with("## ")).expect("an entry");
        assert!(newest.ends_with(&format!("(members {hash})")), "the members hash to {hash}: {newest}");
    }
}
