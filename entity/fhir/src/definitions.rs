//! Reads the lines of `definitions/`. It knows their formats, not what they mean.
//!
//! `types.txt`, columns parted by tabs, trailing empty ones left out:
//! - `I  id  expression  words` an invariant; `id` is its key, with `#2` when the key names another expression elsewhere
//! - `T  name  base  kind  invariants` a type and the ids of the invariants it adds to its base's; the lines up to the next `T` are its own
//! - `.name  min..max  types  flags  value-set  invariants  words` an element; `name[x]` for a choice, `Reference(A,B)` for targets,
//!   flags `M` modifier and `S` summary, a value set when its binding is required
//! - `R  regex` what a primitive's text must match
//!
//! `value-sets.txt`: `V  url  reason`, the reason being there when the codes are not; then `S  system  code  code …`.

use std::sync::LazyLock;

#[derive(Debug)]
pub(crate) struct Invariant {
    pub id: &'static str,
    pub expression: &'static str,
    pub words: &'static str,
}

#[derive(Debug)]
pub(crate) struct TypeRow {
    pub name: &'static str,
    pub base: &'static str,
    /// `primitive`, `complex`, `backbone`, `resource` or `abstract`
    pub kind: &'static str,
    pub invariants: &'static str,
    pub elements: Vec<ElementRow>,
}

#[derive(Debug)]
pub(crate) struct ElementRow {
    pub name: &'static str,
    pub range: &'static str,
    pub types: &'static str,
    pub flags: &'static str,
    pub binding: &'static str,
    pub invariants: &'static str,
}

#[derive(Debug)]
pub(crate) struct ValueSet {
    pub url: &'static str,
    /// Why its codes are not listed.
    pub open: Option<&'static str>,
    pub systems: Vec<(&'static str, Vec<&'static str>)>,
}

pub(crate) static INVARIANTS: LazyLock<Vec<Invariant>> = LazyLock::new(|| {
    let lines = TYPES.lines().filter_map(|line| line.strip_prefix("I\t"));
    let rows = lines.map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        Invariant { id: next(), expression: next(), words: next() }
    });
    rows.collect()
});

/// In the order of the file.
pub(crate) static TYPE_ROWS: LazyLock<Vec<TypeRow>> = LazyLock::new(|| {
    let mut rows: Vec<TypeRow> = Vec::new();
    for line in TYPES.lines() {
        let mut columns = line.split('\t');
        let head = columns.next().unwrap_or_default();
        let mut next = || columns.next().unwrap_or_default();
        if head == "T" {
            rows.push(TypeRow { name: next(), base: next(), kind: next(), invariants: next(), elements: Vec::new() });
        } else if let Some(name) = head.strip_prefix('.') {
            let row = rows.last_mut().expect("elements stand below a type");
            let [range, types, flags, binding, invariants] = std::array::from_fn(|_| next());
            row.elements.push(ElementRow { name, range, types, flags, binding, invariants });
        }
    }
    rows
});

pub(crate) static VALUE_SETS: LazyLock<Vec<ValueSet>> = LazyLock::new(|| {
    let mut sets: Vec<ValueSet> = Vec::new();
    for line in include_str!("../definitions/value-sets.txt").lines() {
        let mut columns = line.split('\t');
        match (columns.next(), columns.next()) {
            (Some("V"), Some(url)) => sets.push(ValueSet { url, open: columns.next(), systems: Vec::new() }),
            (Some("S"), Some(system)) => {
                let set = sets.last_mut().expect("systems stand below a set");
                set.systems.push((system, columns.collect()));
            }
            _ => {}
        }
    }
    sets
});

const TYPES: &str = include_str!("../definitions/types.txt");
