//! The members of a document as slices of its text: who wants two elements of a resource need not read the others.
//!
//! It finds the ends of members and looks at nothing else; that the text is JSON is known from elsewhere.

use std::ops::Range;

/// Name and value of each member of an object as ranges of its text, in order; names without their quotes. `None` for what is no object,
/// and where a name is escaped, so that it cannot be compared as it stands.
pub fn members(text: &str) -> Option<Vec<Member>> {
    let mut walk = Walk::over(text)?;
    let mut found = Vec::with_capacity(16);
    while let Some(member) = walk.next()? {
        found.push(member);
    }
    Some(found)
}

/// The first member of that name, read no further than to its end; `Some(None)` when there is none. `None` as in [`members`], as far as it
/// was read.
pub fn member(text: &str, name: &str) -> Option<Option<Member>> {
    let mut walk = Walk::over(text)?;
    while let Some(member) = walk.next()? {
        if text[member.0.clone()] == *name {
            return Some(Some(member));
        }
    }
    Some(None)
}

/// Name and value.
pub type Member = (Range<usize>, Range<usize>);

/// The members from one place on.
struct Walk<'t> {
    bytes: &'t [u8],
    /// Where the next name begins; behind the object's end there is none.
    at: Option<usize>,
}

impl<'t> Walk<'t> {
    fn over(text: &'t str) -> Option<Self> {
        let bytes = text.as_bytes();
        let at = space(bytes, 0);
        if bytes.get(at) != Some(&b'{') {
            return None;
        }
        let at = space(bytes, at + 1);
        Some(Self { bytes, at: (bytes.get(at) != Some(&b'}')).then_some(at) })
    }

    fn next(&mut self) -> Option<Option<Member>> {
        let bytes = self.bytes;
        let Some(at) = self.at else { return Some(None) };
        let end = string(bytes, at)?;
        let name = at + 1..end - 1;
        if bytes[name.clone()].contains(&b'\\') {
            return None;
        }
        let at = space(bytes, end);
        if bytes.get(at) != Some(&b':') {
            return None;
        }
        let start = space(bytes, at + 1);
        let end = value(bytes, start)?;
        let at = space(bytes, end);
        self.at = match bytes.get(at)? {
            b',' => Some(space(bytes, at + 1)),
            b'}' => None,
            _ => return None,
        };
        Some(Some((name, start..end)))
    }
}

fn space(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    from + rest.iter().take_while(|b| matches!(b, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// The end of the string that begins here, behind its quote.
fn string(bytes: &[u8], from: usize) -> Option<usize> {
    if bytes.get(from) != Some(&b'"') {
        return None;
    }
    let mut at = from + 1;
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        match bytes[at] {
            b'"' => return Some(at + 1),
            _ => at += 2,
        }
    }
}

/// The end of the value that begins here.
fn value(bytes: &[u8], from: usize) -> Option<usize> {
    match bytes.get(from)? {
        b'"' => string(bytes, from),
        b'{' | b'[' => {
            let (mut depth, mut at) = (0_usize, from);
            loop {
                at += bytes.get(at..)?.iter().position(|b| matches!(b, b'"' | b'{' | b'[' | b'}' | b']'))?;
                match bytes[at] {
                    b'"' => {
                        at = string(bytes, at)?;
                        continue;
                    }
                    b'{' | b'[' => depth += 1,
                    _ => depth -= 1,
                }
                at += 1;
                if depth == 0 {
                    return Some(at);
                }
            }
        }
        _ => {
            let length = bytes[from..].iter().position(|b| matches!(b, b',' | b'}' | b' ' | b'\t' | b'\n' | b'\r'))?;
            (length > 0).then_some(from + length)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Json;

    fn texts(text: &str) -> Option<Vec<(&str, &str)>> {
        Some(members(text)?.into_iter().map(|(name, value)| (&text[name], &text[value])).collect())
    }

    #[test]
    fn members_end_where_their_values_do() {
        let text = r#" { "a" : "x\"}" ,"b":[{"c":"]"},[]], "n": -1.50e2 ,"t":true} "#;
        let expected = [("a", r#""x\"}""#), ("b", r#"[{"c":"]"},[]]"#), ("n", "-1.50e2"), ("t", "true")];
        assert_eq!(texts(text).unwrap(), expected);
        assert_eq!(texts("{ }").unwrap(), []);
        for other in [
            "",
            "[]",
            "{",
            r#"{"a""#,
            r#"{"a":"#,
            r#"{"a":1"#,
            r#"{"a":"x}"#,
            r#"{"a":[1}"#,
            r#"{"\u0061":1}"#,
            r#"{"a":}"#,
        ] {
            assert_eq!(texts(other), None, "{other}");
        }
    }

    fn json() -> impl Strategy<Value = String> {
        let leaf = prop_oneof![
            Just("null".to_owned()),
            Just("-0.10".to_owned()),
            "[a-z\"\\\\{}:, é\n]{0,6}".prop_map(|s| Json::from(s).to_text()),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            let object = prop::collection::btree_map("[a-z]{1,4}", inner.clone(), 0..4);
            prop_oneof![
                prop::collection::vec(inner, 0..4).prop_map(|items| format!("[{}]", items.join(" ,"))),
                object.prop_map(|o| {
                    let members: Vec<String> = o.iter().map(|(name, value)| format!("\"{name}\" : {value}")).collect();
                    format!("{{{}}}", members.join(","))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn members_are_those_of_the_tree(text in json()) {
            let tree = Json::parse(&text).unwrap();
            let found = texts(&text);
            prop_assert_eq!(found.is_some(), tree.as_object().is_some());
            if let (Some(found), Some(object)) = (found, tree.as_object()) {
                let found: Vec<_> = found.iter().map(|(name, value)| (*name, Json::parse(value).unwrap())).collect();
                let expected: Vec<_> = object.iter().map(|(name, value)| (name, value.clone())).collect();
                prop_assert_eq!(found, expected);
            }
        }

        #[test]
        fn a_member_is_the_first_of_its_name(text in json(), name in "[a-z]{1,2}") {
            let all = members(&text).map(|all| all.into_iter().find(|(at, _)| text[at.clone()] == name));
            prop_assert_eq!(member(&text, &name), all);
        }

        #[test]
        fn any_text_is_survived(text in "[{}\\[\\]\",:\\\\ a1]{0,24}") {
            members(&text);
            member(&text, "a");
        }
    }
}
