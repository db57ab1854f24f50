//! JSON Patch: RFC 6902, with pointers of RFC 6901.

use super::Work;
use crate::Json;
use crate::path::decimal::Decimal;

#[derive(Debug, Clone)]
pub(super) enum Operation {
    Add { path: Pointer, value: Json<'static> },
    Remove { path: Pointer },
    Replace { path: Pointer, value: Json<'static> },
    Move { from: Pointer, path: Pointer },
    Copy { from: Pointer, path: Pointer },
    Test { path: Pointer, value: Json<'static> },
}

/// Reference tokens, unescaped.
type Pointer = Vec<String>;

fn pointer(text: &str) -> Result<Pointer, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = text.strip_prefix('/') else { return Err("a pointer is empty or begins with /".into()) };
    let unescaped = |token: &str| {
        let mut pieces = token.split('~');
        let mut out = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            match piece.as_bytes().first() {
                Some(b'0') => out.push('~'),
                Some(b'1') => out.push('/'),
                _ => return Err("~ in a pointer is followed by 0 or 1".to_owned()),
            }
            out.push_str(&piece[1..]);
        }
        Ok(out)
    };
    rest.split('/').map(unescaped).collect()
}

impl Operation {
    pub fn read(item: &Json<'_>) -> Result<Self, String> {
        if item.as_object().is_none() {
            return Err("an operation is a JSON object".into());
        }
        let place = |name: &str| match item.str_at(name) {
            Some(text) => pointer(text),
            None => Err(format!("{name} is missing")),
        };
        let value = || item.get("value").cloned().map(Json::into_owned).ok_or_else(|| "value is missing".to_owned());
        let path = place("path")?;
        Ok(match item.str_at("op") {
            Some("add") => Self::Add { path, value: value()? },
            Some("remove") => Self::Remove { path },
            Some("replace") => Self::Replace { path, value: value()? },
            Some("move") => {
                let from = place("from")?;
                if path.len() > from.len() && path.starts_with(&from) {
                    return Err("a value cannot move into itself".into());
                }
                Self::Move { from, path }
            }
            Some("copy") => Self::Copy { from: place("from")?, path },
            Some("test") => Self::Test { path, value: value()? },
            Some(_) => return Err("op is add, remove, replace, move, copy or test".into()),
            None => return Err("op is missing".into()),
        })
    }

    pub fn apply(&self, work: &mut Work) -> Result<(), String> {
        match self {
            Self::Add { path, value } => {
                work.charge(value, path.len())?;
                add(&mut work.document, path, value.clone())
            }
            Self::Remove { path } => remove(&mut work.document, path).map(drop),
            Self::Replace { path, value } => {
                work.charge(value, path.len())?;
                let place = get_mut(&mut work.document, path).ok_or_else(absent)?;
                *place = value.clone();
                Ok(())
            }
            Self::Move { from, path } => {
                let value = remove(&mut work.document, from)?;
                work.charge(&value, path.len())?;
                add(&mut work.document, path, value)
            }
            Self::Copy { from, path } => {
                let value = get(&work.document, from).ok_or_else(absent)?.clone();
                work.charge(&value, path.len())?;
                add(&mut work.document, path, value)
            }
            Self::Test { path, value } => match get(&work.document, path) {
                Some(found) if equal(found, value) => Ok(()),
                Some(_) => Err("the test failed: another value is there".into()),
                None => Err(absent()),
            },
        }
    }

    /// FHIR has no empty arrays: one that lost its last item goes.
    pub fn tidy(&self, document: &mut Json<'static>) {
        let (Self::Remove { path: emptied } | Self::Move { from: emptied, .. }) = self else { return };
        let Some((_, array)) = emptied.split_last() else { return };
        if !array.is_empty() && matches!(get(document, array), Some(Json::Array(items)) if items.is_empty()) {
            let _ = remove(document, array);
        }
    }
}

fn absent() -> String {
    "there is nothing at its path".into()
}

/// An index without sign or leading zeros.
fn index(token: &str) -> Option<usize> {
    let is_plain =
        !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit()) && (token == "0" || !token.starts_with('0'));
    token.parse().ok().filter(|_| is_plain)
}

fn get<'j, 'd>(document: &'j Json<'d>, path: &[String]) -> Option<&'j Json<'d>> {
    path.iter().try_fold(document, |at, token| match at {
        Json::Object(object) => object.get(token),
        Json::Array(items) => items.get(index(token)?),
        _ => None,
    })
}

fn get_mut<'j>(document: &'j mut Json<'static>, path: &[String]) -> Option<&'j mut Json<'static>> {
    path.iter().try_fold(document, |at, token| match at {
        Json::Object(object) => object.get_mut(token),
        Json::Array(items) => items.get_mut(index(token)?),
        _ => None,
    })
}

fn add(document: &mut Json<'static>, path: &[String], value: Json<'static>) -> Result<(), String> {
    let Some((last, parent)) = path.split_last() else {
        *document = value;
        return Ok(());
    };
    match get_mut(document, parent) {
        Some(Json::Object(object)) => object.set(last.clone(), value),
        Some(Json::Array(items)) if last == "-" => items.push(value),
        Some(Json::Array(items)) => match index(last).filter(|i| *i <= items.len()) {
            Some(i) => items.insert(i, value),
            None => return Err("the index is no place in the array".into()),
        },
        Some(_) | None => return Err("there is no object or array to add to".into()),
    }
    Ok(())
}

fn remove(document: &mut Json<'static>, path: &[String]) -> Result<Json<'static>, String> {
    let Some((last, parent)) = path.split_last() else { return Err("the whole document cannot be removed".into()) };
    match get_mut(document, parent) {
        Some(Json::Object(object)) => object.remove(last).ok_or_else(absent),
        Some(Json::Array(items)) => match index(last).filter(|i| *i < items.len()) {
            Some(i) => Ok(items.remove(i)),
            None => Err(absent()),
        },
        Some(_) | None => Err(absent()),
    }
}

/// Equality of RFC 6902 section 4.6: numbers by value, objects without regard to order.
fn equal(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => {
            a == b || matches!((Decimal::parse(a), Decimal::parse(b)), (Some(a), Some(b)) if a == b)
        }
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::super::Patch;
    use crate::Json;

    fn patched(document: &str, patch: &str) -> Result<String, String> {
        let patch = Patch::json(patch).map_err(|i| i.diagnostics)?;
        patch.apply(&Json::parse(document).unwrap()).map(|d| d.to_text()).map_err(|i| i.diagnostics)
    }

    /// The cases of RFC 6902 appendix A, and FHIR's own.
    #[test]
    fn operations() {
        let table = [
            (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux"}]"#, r#"{"foo":"bar","baz":"qux"}"#),
            (
                r#"{"foo":["bar","baz"]}"#,
                r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                r#"{"foo":["bar","qux","baz"]}"#,
            ),
            (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
            (r#"{"foo":["bar","qux","baz"]}"#, r#"[{"op":"remove","path":"/foo/1"}]"#, r#"{"foo":["bar","baz"]}"#),
            (r#"{"baz":"qux"}"#, r#"[{"op":"replace","path":"/baz","value":"boo"}]"#, r#"{"baz":"boo"}"#),
            (
                r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
            ),
            (
                r#"{"foo":["all","grass","cows","eat"]}"#,
                r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                r#"{"foo":["all","cows","eat","grass"]}"#,
            ),
            (
                r#"{"baz":"qux","foo":["a",2,"c"]}"#,
                r#"[{"op":"test","path":"/baz","value":"qux"},{"op":"test","path":"/foo/1","value":2.0}]"#,
                r#"{"baz":"qux","foo":["a",2,"c"]}"#,
            ),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                r#"{"foo":"bar","child":{"grandchild":{}}}"#,
            ),
            (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
            (
                r#"{"foo":["bar"]}"#,
                r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                r#"{"foo":["bar",["abc","def"]]}"#,
            ),
            (r#"{"foo":1.50}"#, r#"[{"op":"copy","from":"/foo","path":"/bar"}]"#, r#"{"foo":1.50,"bar":1.50}"#),
            (
                r#"{"a":{"b":1,"c":2}}"#,
                r#"[{"op":"test","path":"/a","value":{"c":2,"b":1}}]"#,
                r#"{"a":{"b":1,"c":2}}"#,
            ),
            // an array that lost its last item goes, one that was filled again stays
            (r#"{"name":[{"text":"x"}]}"#, r#"[{"op":"remove","path":"/name/0"}]"#, "{}"),
            (
                r#"{"name":[1]}"#,
                r#"[{"op":"remove","path":"/name/0"},{"op":"add","path":"/name/-","value":2}]"#,
                r#"{"name":[2]}"#,
            ),
        ];
        for (document, patch, expected) in table {
            assert_eq!(patched(document, patch).as_deref(), Ok(expected), "{patch}");
        }
    }

    #[test]
    fn refusals() {
        let table = [
            (r#"{"foo":"bar"}"#, r#"[{"op":"test","path":"/foo","value":"baz"}]"#, "operation 0: the test failed"),
            (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz/bat","value":"qux"}]"#, "no object or array"),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"test","path":"/foo","value":"bar"},{"op":"remove","path":"/x"}]"#,
                "operation 1: there is nothing",
            ),
            (r#"{"foo":[1]}"#, r#"[{"op":"add","path":"/foo/2","value":1}]"#, "no place in the array"),
            (r#"{"foo":[1]}"#, r#"[{"op":"replace","path":"/foo/00","value":1}]"#, "there is nothing"),
            (r#"{"foo":1}"#, r#"[{"op":"remove","path":""}]"#, "whole document"),
            (r#"{"foo":{}}"#, r#"[{"op":"move","from":"/foo","path":"/foo/a"}]"#, "into itself"),
            ("{}", r#"{"op":"add"}"#, "array of operations"),
            ("{}", r#"[{"op":"add","path":"a","value":1}]"#, "begins with /"),
            ("{}", r#"[{"op":"add","path":"/a~2","value":1}]"#, "followed by 0 or 1"),
            ("{}", r#"[{"op":"add","path":"/a"}]"#, "value is missing"),
            ("{}", r#"[{"op":"merge","path":"/a"}]"#, "op is add"),
            ("{}", "[", "ends too early"),
            (r#"{"id":"a"}"#, r#"[{"op":"replace","path":"/id","value":"b"}]"#, "id is set by the server"),
            (r#"{"meta":{"versionId":"1"}}"#, r#"[{"op":"remove","path":"/meta"}]"#, "meta.versionId is set"),
        ];
        for (document, patch, reason) in table {
            let error = patched(document, patch).unwrap_err();
            assert!(error.contains(reason), "{patch}: {error}");
        }
    }

    #[test]
    fn growth_is_bounded() {
        let double = r#"{"op":"copy","from":"/a","path":"/a/-"}"#;
        let patch = format!("[{}]", vec![double; 60].join(","));
        let error = patched(r#"{"a":["xxxxxxxxxxxxxxxx"]}"#, &patch).unwrap_err();
        assert!(error.contains("too much") || error.contains("deeper"), "{error}");
        let many = format!("[{}]", vec![double; 1001].join(","));
        assert!(patched("{}", &many).unwrap_err().contains("at most 1000"));
    }
}
