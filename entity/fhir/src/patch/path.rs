//! FHIRPath Patch: <https://hl7.org/fhir/R4/fhirpatch.html>. Elements are found by FHIRPath and changed in the JSON, a primitive together
//! with its companion.

use super::Work;
use crate::Json;
use crate::json::Object;
use crate::path::model::{Child, Choice, Type};
use crate::path::{Context, Expression, Node, Value};

#[derive(Debug, Clone)]
pub(super) struct Operation {
    path: Expression,
    act: Act,
}

#[derive(Debug, Clone)]
enum Act {
    Add { name: String, value: Given },
    Insert { index: usize, value: Given },
    Delete,
    Replace { value: Given },
    Move { source: usize, destination: usize },
}

/// A value as Parameters hold it.
#[derive(Debug, Clone)]
enum Given {
    /// `valueQuantity` and `_valueQuantity`; `suffix` is `Quantity`.
    Typed {
        suffix: String,
        json: Option<Json<'static>>,
        companion: Option<Json<'static>>,
    },
    Resource(Json<'static>),
    /// The elements of a backbone element, by name.
    Parts(Vec<(String, Given)>),
}

impl Operation {
    pub fn read(parameter: &Json<'_>) -> Result<Self, String> {
        if parameter.str_at("name") != Some("operation") {
            return Err("a FHIRPath Patch has parameters named operation only".into());
        }
        let parts = parameter.get("part").and_then(Json::as_array).unwrap_or_default();
        let mut known: Vec<&str> = Vec::with_capacity(parts.len());
        for part in parts {
            let name = part.str_at("name").unwrap_or_default();
            if !matches!(name, "type" | "path" | "name" | "value" | "index" | "source" | "destination") {
                return Err("a part is type, path, name, value, index, source or destination".into());
            }
            if known.contains(&name) {
                return Err(format!("{name} is there twice"));
            }
            known.push(name);
        }
        let part = |name: &str| parts.iter().find(|p| p.str_at("name") == Some(name));
        let text = |name: &str| {
            let part = part(name).ok_or_else(|| format!("{name} is missing"))?;
            ["valueString", "valueCode"].iter().find_map(|v| part.str_at(v)).ok_or_else(|| format!("{name} is a text"))
        };
        let number = |name: &str| {
            let part = part(name).ok_or_else(|| format!("{name} is missing"))?;
            let number = ["valueInteger", "valueUnsignedInt", "valuePositiveInt"].iter().find_map(|v| part.get(v));
            let number = number.and_then(Json::as_number).and_then(|n| n.parse::<usize>().ok());
            number.ok_or_else(|| format!("{name} is a whole number from 0"))
        };
        let value = || part("value").ok_or_else(|| "value is missing".to_owned()).and_then(Given::read);
        let act = match text("type")? {
            "add" => Act::Add { name: text("name")?.to_owned(), value: value()? },
            "insert" => Act::Insert { index: number("index")?, value: value()? },
            "delete" => Act::Delete,
            "replace" => Act::Replace { value: value()? },
            "move" => Act::Move { source: number("source")?, destination: number("destination")? },
            _ => return Err("type is add, insert, delete, replace or move".into()),
        };
        let path = Expression::parse_user(text("path")?).map_err(|error| format!("path: {error}"))?;
        Ok(Self { path, act })
    }

    pub fn apply(&self, work: &mut Work) -> Result<(), String> {
        match &self.act {
            Act::Add { name, value } => {
                let place = one(Self::find(&work.document, &self.path)?)?;
                let child = place.ty.child(name).ok_or_else(|| format!("{} has no element {name}", place.ty.name()))?;
                let (choice, json, companion) = value.of(child)?;
                for given in [&json, &companion].into_iter().flatten() {
                    work.charge(given, place.depth() + 2)?;
                }
                let holder = place.holder(&mut work.document)?;
                let is_there =
                    child.choices.iter().any(|c| holder.get(c.json).is_some() || holder.get(&c.companion).is_some());
                if is_there && !child.many {
                    return Err(format!("{name} is there already, and it does not repeat"));
                }
                put(holder, child, choice, json, companion, None);
                Ok(())
            }
            Act::Insert { index, value } => {
                let list = self.list(&work.document)?;
                if *index > list.length {
                    return Err(format!("the list has {} elements, there is no place {index}", list.length));
                }
                let (choice, json, companion) = value.of(list.child)?;
                for given in [&json, &companion].into_iter().flatten() {
                    work.charge(given, list.parent.len() + 2)?;
                }
                let holder = object_at(&mut work.document, &list.parent)?;
                put(holder, list.child, choice, json, companion, Some(*index));
                Ok(())
            }
            Act::Delete => {
                let found = Self::find(&work.document, &self.path)?;
                if found.is_empty() {
                    return Ok(());
                }
                let place = one(found)?;
                let Some(at) = place.at else { return Err("the resource itself cannot be deleted".into()) };
                let holder = object_at(&mut work.document, &at.parent)?;
                for name in [at.name.clone(), format!("_{}", at.name)] {
                    take(holder, &name, at.index);
                }
                Ok(())
            }
            Act::Replace { value } => {
                let place = one(Self::find(&work.document, &self.path)?)?;
                let Some(at) = place.at else { return Err("the resource itself cannot be replaced".into()) };
                let parent = at.parent_type.ok_or_else(|| "the element is of no known type".to_owned())?;
                let (child, _) =
                    parent.by_json(&at.name).ok_or_else(|| "the element is of no known type".to_owned())?;
                let (choice, json, companion) = value.of(child)?;
                for given in [&json, &companion].into_iter().flatten() {
                    work.charge(given, at.parent.len() + 2)?;
                }
                let holder = object_at(&mut work.document, &at.parent)?;
                if let Some(i) = at.index {
                    for name in [at.name.clone(), format!("_{}", at.name)] {
                        if let Some(Json::Array(items)) = holder.get_mut(&name)
                            && i < items.len()
                        {
                            items[i] = Json::Null;
                        }
                    }
                    set_item(holder, choice, json, companion, i);
                } else {
                    holder.remove(&at.name);
                    holder.remove(&format!("_{}", at.name));
                    put(holder, child, choice, json, companion, None);
                }
                Ok(())
            }
            Act::Move { source, destination } => {
                let list = self.list(&work.document)?;
                if *source >= list.length || *destination >= list.length {
                    return Err(format!("the list has {} elements", list.length));
                }
                let choice = &list.child.choices[0];
                let holder = object_at(&mut work.document, &list.parent)?;
                for name in [choice.json, choice.companion.as_str()] {
                    if let Some(Json::Array(items)) = holder.get_mut(name) {
                        items.resize(list.length, Json::Null);
                        let item = items.remove(*source);
                        items.insert(*destination, item);
                        trim(holder, name);
                    }
                }
                Ok(())
            }
        }
    }

    /// The elements that a path names.
    fn find(document: &Json<'static>, path: &Expression) -> Result<Vec<Place>, String> {
        let context = Context::new(document);
        let found = path.evaluate(&context).map_err(|error| format!("path: {error}"))?;
        let places = found.iter().map(|value| match value {
            Value::Node(node) => place(document, node).ok_or_else(|| "path leads out of the resource".to_owned()),
            _ => Err("path yields a value, not an element".to_owned()),
        });
        places.collect()
    }

    /// The list that the path names, with all of its elements; it may have none yet.
    fn list(&self, document: &Json<'static>) -> Result<List, String> {
        let found = Self::find(document, &self.path)?;
        let length = found.len();
        let (parent, ty, name) = match found.into_iter().next() {
            Some(Place { at: Some(At { parent, parent_type: Some(ty), name, index: Some(_) }), .. }) => {
                (parent, ty, name)
            }
            Some(_) => return Err("the element at the path does not repeat".into()),
            None => {
                let (before, name) = self.path.text().rsplit_once('.').ok_or("there is nothing at the path")?;
                let before = Expression::parse_user(before).map_err(|_| "there is nothing at the path".to_owned())?;
                let place = one(Self::find(document, &before)?)?;
                (place.steps(), place.ty, name.to_owned())
            }
        };
        let child = ty.by_json(&name).map(|(child, _)| child).filter(|child| child.many);
        let child = child.ok_or_else(|| "the path does not name a list".to_owned())?;
        let there = length_at(document, &parent, child);
        if there != length {
            return Err("the path names a part of a list, or parts of several".into());
        }
        Ok(List { parent, child, length })
    }
}

struct List {
    parent: Vec<Step>,
    child: &'static Child,
    length: usize,
}

fn length_at(document: &Json<'static>, parent: &[Step], child: &Child) -> usize {
    let holder = parent.iter().try_fold(document, |at, step| match (at, step) {
        (Json::Object(object), Step::Name(name)) => object.get(name),
        (Json::Array(items), Step::Index(i)) => items.get(*i),
        _ => None,
    });
    let choice = &child.choices[0];
    let length = |name: &str| holder.and_then(|h| h.get(name)).and_then(Json::as_array).map_or(0, <[_]>::len);
    length(choice.json).max(length(&choice.companion))
}

impl Given {
    fn read(part: &Json<'_>) -> Result<Self, String> {
        if let Some(parts) = part.get("part").and_then(Json::as_array) {
            let parts = parts.iter().map(|part| {
                let name = part.str_at("name").ok_or_else(|| "a part of the value has no name".to_owned())?;
                Ok((name.to_owned(), Given::read(part)?))
            });
            return Ok(Self::Parts(parts.collect::<Result<_, String>>()?));
        }
        if let Some(resource) = part.get("resource") {
            return Ok(Self::Resource(resource.clone().into_owned()));
        }
        let members = part.as_object().ok_or_else(|| "a value is a parameter".to_owned())?;
        let suffixes =
            members.iter().filter_map(|(name, _)| name.strip_prefix('_').unwrap_or(name).strip_prefix("value"));
        let mut suffixes: Vec<&str> = suffixes.collect();
        suffixes.dedup();
        let [suffix] = suffixes[..] else { return Err("a value has one value[x], a resource, or parts".into()) };
        let own = |name: String| members.get(&name).cloned().map(Json::into_owned);
        Ok(Self::Typed {
            suffix: suffix.into(),
            json: own(format!("value{suffix}")),
            companion: own(format!("_value{suffix}")),
        })
    }

    /// As the value of an element: which choice it is, its JSON and its companion.
    fn of(
        &self,
        child: &'static Child,
    ) -> Result<(&'static Choice, Option<Json<'static>>, Option<Json<'static>>), String> {
        let name = child.name;
        match self {
            Self::Typed { suffix, json, companion } => {
                let choice = if child.is_choice {
                    let json = format!("{name}{suffix}");
                    child.choices.iter().find(|c| c.json == json)
                } else {
                    // One primitive may stand for another, such as a string for a code; the validator judges the result.
                    let ty = &child.choices[0].ty;
                    let same = ty.name().eq_ignore_ascii_case(suffix);
                    let is_primitive = json.as_ref().is_none_or(|json| json.as_object().is_none());
                    Some(&child.choices[0]).filter(|_| same || (ty.primitive().is_some() && is_primitive))
                };
                let choice = choice.ok_or_else(|| format!("value{suffix} is no value of {name}"))?;
                let companion = companion.clone().filter(|_| choice.ty.primitive().is_some());
                Ok((choice, json.clone(), companion))
            }
            Self::Resource(resource) => match &child.choices[..] {
                [choice] if choice.ty.is_resource() => Ok((choice, Some(resource.clone()), None)),
                _ => Err(format!("a resource is no value of {name}")),
            },
            Self::Parts(parts) => {
                let choice = &child.choices[0];
                if child.is_choice || choice.ty.primitive().is_some() || choice.ty.is_resource() {
                    return Err(format!("{name} has no parts"));
                }
                let mut object = Object::new();
                for (part, value) in parts {
                    let inner =
                        choice.ty.child(part).ok_or_else(|| format!("{} has no element {part}", choice.ty.name()))?;
                    let (choice, json, companion) = value.of(inner)?;
                    let is_there = inner
                        .choices
                        .iter()
                        .any(|c| object.get(c.json).is_some() || object.get(&c.companion).is_some());
                    if is_there && !inner.many {
                        return Err(format!("{part} is there twice"));
                    }
                    put(&mut object, inner, choice, json, companion, None);
                }
                Ok((choice, Some(Json::Object(object)), None))
            }
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Name(String),
    Index(usize),
}

/// Where an element stands: in the member `name` of the object at `parent`, at `index` when it repeats.
#[derive(Debug)]
struct At {
    parent: Vec<Step>,
    parent_type: Option<Type>,
    name: String,
    index: Option<usize>,
}

#[derive(Debug)]
struct Place {
    ty: Type,
    /// `None` for the resource itself.
    at: Option<At>,
}

impl Place {
    fn steps(&self) -> Vec<Step> {
        let Some(at) = &self.at else { return Vec::new() };
        let mut steps = at.parent.clone();
        steps.push(Step::Name(if self.ty.primitive().is_some() { format!("_{}", at.name) } else { at.name.clone() }));
        steps.extend(at.index.map(Step::Index));
        steps
    }

    fn depth(&self) -> usize {
        self.steps().len()
    }

    /// The object that holds the element's children; for a primitive its companion, made when it is absent.
    fn holder<'j>(&self, document: &'j mut Json<'static>) -> Result<&'j mut Object<'static>, String> {
        if let Some(at) = &self.at
            && self.ty.primitive().is_some()
        {
            let parent = object_at(document, &at.parent)?;
            let name = format!("_{}", at.name);
            match at.index {
                None if parent.get(&name).is_none() => parent.push(name, Json::Object(Object::new())),
                None => {}
                Some(i) => {
                    if parent.get(&name).is_none() {
                        parent.push(name.clone(), Json::Array(Vec::new()));
                    }
                    if let Some(Json::Array(items)) = parent.get_mut(&name) {
                        if items.len() <= i {
                            items.resize(i + 1, Json::Null);
                        }
                        if items[i] == Json::Null {
                            items[i] = Json::Object(Object::new());
                        }
                    }
                }
            }
        }
        object_at(document, &self.steps())
    }
}

fn one(mut found: Vec<Place>) -> Result<Place, String> {
    match (found.pop(), found.len()) {
        (Some(place), 0) => Ok(place),
        (None, _) => Err("there is nothing at the path".into()),
        (Some(_), more) => Err(format!("the path names {} elements, one was expected", more + 1)),
    }
}

/// Finds the node again, by identity.
fn place(document: &Json<'static>, node: &Node<'_>) -> Option<Place> {
    let target: *const () = match (node.json, node.companion) {
        (Some(json), _) | (None, Some(json)) => std::ptr::from_ref(json).cast(),
        (None, None) => return None,
    };
    if std::ptr::from_ref(document).cast::<()>() == target {
        return Some(Place { ty: node.ty, at: None });
    }
    let ty = document.str_at("resourceType").and_then(Type::named);
    let mut parent = Vec::new();
    let at = locate(document, ty, target, &mut parent)?;
    Some(Place { ty: node.ty, at: Some(at) })
}

/// Depth is bounded by the JSON reader and by [`Work::charge`].
fn locate(json: &Json<'static>, ty: Option<Type>, target: *const (), parent: &mut Vec<Step>) -> Option<At> {
    let Json::Object(object) = json else { return None };
    for (key, value) in object.iter() {
        let name = key.strip_prefix('_').unwrap_or(key);
        let inner = ty.and_then(|ty| ty.by_json(name)).map(|(_, choice)| choice.ty);
        let items: &[Json<'static>] = value.items();
        let repeats = matches!(value, Json::Array(_));
        for (i, item) in items.iter().enumerate() {
            let index = repeats.then_some(i);
            if std::ptr::from_ref(item).cast::<()>() == target {
                return Some(At { parent: parent.clone(), parent_type: ty, name: name.to_owned(), index });
            }
            parent.push(Step::Name(key.to_owned()));
            parent.extend(index.map(Step::Index));
            let inner = match inner {
                Some(inner) if inner.is_abstract() => item.str_at("resourceType").and_then(Type::named),
                other => other,
            };
            if let Some(found) = locate(item, inner, target, parent) {
                return Some(found);
            }
            parent.truncate(parent.len() - 1 - usize::from(repeats));
        }
    }
    None
}

fn object_at<'j>(document: &'j mut Json<'static>, steps: &[Step]) -> Result<&'j mut Object<'static>, String> {
    let found = steps.iter().try_fold(document, |at, step| match (at, step) {
        (Json::Object(object), Step::Name(name)) => object.get_mut(name),
        (Json::Array(items), Step::Index(i)) => items.get_mut(*i),
        _ => None,
    });
    found.and_then(Json::as_object_mut).ok_or_else(|| "the element has no children".into())
}

/// Puts a value into a member: at the end of a list, or at `index` of it.
fn put(
    holder: &mut Object<'static>,
    child: &Child,
    choice: &Choice,
    json: Option<Json<'static>>,
    companion: Option<Json<'static>>,
    index: Option<usize>,
) {
    if !child.many {
        if let Some(json) = json {
            holder.set(choice.json, json);
        }
        if let Some(companion) = companion {
            holder.set(choice.companion.clone(), companion);
        }
        return;
    }
    let length = |name: &str| holder.get(name).and_then(Json::as_array).map_or(0, <[_]>::len);
    let length = length(choice.json).max(length(&choice.companion));
    let index = index.unwrap_or(length);
    for (name, value) in [(choice.json, json), (choice.companion.as_str(), companion)] {
        if holder.get(name).is_none() {
            if value.is_none() {
                continue;
            }
            holder.push(name.to_owned(), Json::Array(Vec::new()));
        }
        if let Some(Json::Array(items)) = holder.get_mut(name) {
            items.resize(length, Json::Null);
            items.insert(index, value.unwrap_or(Json::Null));
        }
        trim(holder, name);
    }
}

/// Puts a value where a list has a place for it already.
fn set_item(
    holder: &mut Object<'static>,
    choice: &Choice,
    json: Option<Json<'static>>,
    companion: Option<Json<'static>>,
    i: usize,
) {
    for (name, value) in [(choice.json, json), (choice.companion.as_str(), companion)] {
        if let Some(value) = value {
            if holder.get(name).is_none() {
                holder.push(name.to_owned(), Json::Array(Vec::new()));
            }
            if let Some(Json::Array(items)) = holder.get_mut(name) {
                if items.len() <= i {
                    items.resize(i + 1, Json::Null);
                }
                items[i] = value;
            }
        }
        trim(holder, name);
    }
}

/// Takes a member out, or one item of it.
fn take(holder: &mut Object<'static>, name: &str, index: Option<usize>) {
    match (holder.get_mut(name), index) {
        (Some(Json::Array(items)), Some(i)) if i < items.len() => {
            items.remove(i);
            trim(holder, name);
        }
        (Some(_), None) => {
            holder.remove(name);
        }
        _ => {}
    }
}

/// An array that holds nothing is no array of FHIR, and its last places hold something.
fn trim(holder: &mut Object<'static>, name: &str) {
    let Some(Json::Array(items)) = holder.get_mut(name) else { return };
    while items.last() == Some(&Json::Null) {
        items.pop();
    }
    if items.is_empty() {
        holder.remove(name);
    }
}

#[cfg(test)]
mod tests {
    use super::super::Patch;
    use crate::Json;
    use crate::validate::validate;

    fn patched(document: &str, operations: &[&str]) -> Result<String, String> {
        let operations: Vec<String> =
            operations.iter().map(|parts| format!(r#"{{"name":"operation","part":[{parts}]}}"#)).collect();
        let text = format!(r#"{{"resourceType":"Parameters","parameter":[{}]}}"#, operations.join(","));
        let patch = Patch::fhirpath(&Json::parse(&text).unwrap()).map_err(|i| i.diagnostics)?;
        patch.apply(&Json::parse(document).unwrap()).map(|d| d.to_text()).map_err(|i| i.diagnostics)
    }

    fn op(kind: &str, path: &str, rest: &str) -> String {
        let comma = if rest.is_empty() { "" } else { "," };
        format!(r#"{{"name":"type","valueCode":"{kind}"}},{{"name":"path","valueString":"{path}"}}{comma}{rest}"#)
    }

    fn patient(rest: &str) -> String {
        format!(r#"{{"resourceType":"Patient"{rest}}}"#)
    }

    #[test]
    fn operations() {
        let name = |n: &str| format!(r#"{{"name":"name","valueString":"{n}"}}"#);
        let value = |v: &str| format!(r#"{{"name":"value",{v}}}"#);
        let number = |n: &str, i: usize| format!(r#"{{"name":"{n}","valueInteger":{i}}}"#);
        let both = |a: String, b: String| format!("{a},{b}");
        let names = r#","name":[{"family":"A"},{"family":"B"},{"family":"C"}]"#;
        let given = r#","name":[{"given":["a",null,"c"],"_given":[null,{"id":"x","extension":[{"url":"u","valueCode":"c"}]}]}]"#;
        let table = [
            (patient(""), op("add", "Patient", &both(name("birthDate"), value(r#""valueDate":"1930-01-01""#))), patient(r#","birthDate":"1930-01-01""#)),
            (patient(r#","birthDate":"1930""#), op("replace", "Patient.birthDate", &value(r#""valueDate":"1931""#)), patient(r#","birthDate":"1931""#)),
            (patient(r#","birthDate":"1930""#), op("delete", "Patient.birthDate", ""), patient("")),
            (patient(""), op("delete", "Patient.birthDate", ""), patient("")),
            (patient(""), op("add", "Patient", &both(name("name"), value(r#""valueHumanName":{"text":"x"}"#))), patient(r#","name":[{"text":"x"}]"#)),
            (patient(names), op("add", "Patient.name[1]", &both(name("given"), value(r#""valueString":"b""#))), patient(&names.replace(r#""B""#, r#""B","given":["b"]"#))),
            (patient(names), op("insert", "Patient.name", &both(number("index", 1), value(r#""valueHumanName":{"family":"X"}"#))), patient(&names.replace(r#"{"family":"B"}"#, r#"{"family":"X"},{"family":"B"}"#))),
            (patient(""), op("insert", "Patient.name", &both(number("index", 0), value(r#""valueHumanName":{"family":"X"}"#))), patient(r#","name":[{"family":"X"}]"#)),
            (patient(names), op("delete", "Patient.name.where(family = 'B')", ""), patient(r#","name":[{"family":"A"},{"family":"C"}]"#)),
            (patient(names), op("move", "Patient.name", &both(number("source", 2), number("destination", 0))), patient(r#","name":[{"family":"C"},{"family":"A"},{"family":"B"}]"#)),
            (patient(names), op("replace", "Patient.name[0].family", &value(r#""valueString":"Z""#)), patient(&names.replace(r#""A""#, r#""Z""#))),
            // a choice may change its type
            (patient(r#","deceasedBoolean":true,"_deceasedBoolean":{"id":"i"}"#), op("replace", "Patient.deceased", &value(r#""valueDateTime":"2020""#)), patient(r#","deceasedDateTime":"2020""#)),
            (patient(""), op("add", "Patient", &both(name("deceased"), value(r#""valueBoolean":true"#))), patient(r#","deceasedBoolean":true"#)),
            // a backbone element by its parts
            (
                patient(""),
                op("add", "Patient", &both(name("contact"), r#"{"name":"value","part":[{"name":"name","valueHumanName":{"text":"x"}},{"name":"gender","valueCode":"male"},{"name":"telecom","valueContactPoint":{"value":"1","system":"phone"}}]}"#.into())),
                patient(r#","contact":[{"name":{"text":"x"},"gender":"male","telecom":[{"value":"1","system":"phone"}]}]"#),
            ),
            // values and companions stay in step
            (patient(given), op("delete", "Patient.name.given[0]", ""), patient(r#","name":[{"given":[null,"c"],"_given":[{"id":"x","extension":[{"url":"u","valueCode":"c"}]}]}]"#)),
            (patient(given), op("move", "Patient.name.given", &both(number("source", 0), number("destination", 2))), patient(r#","name":[{"given":[null,"c","a"],"_given":[{"id":"x","extension":[{"url":"u","valueCode":"c"}]}]}]"#)),
            (patient(given), op("replace", "Patient.name.given[1]", &value(r#""valueString":"b""#)), patient(r#","name":[{"given":["a","b","c"]}]"#)),
            (
                patient(r#","birthDate":"1930""#),
                op("add", "Patient.birthDate", &both(name("extension"), value(r#""valueExtension":{"url":"u","valueCode":"c"}"#))),
                patient(r#","birthDate":"1930","_birthDate":{"extension":[{"url":"u","valueCode":"c"}]}"#),
            ),
            (
                patient(r#","managingOrganization":{"reference":"Organization/o"}"#),
                op("add", "Patient", &both(name("contained"), r#"{"name":"value","resource":{"resourceType":"Group"}}"#.into())),
                patient(r#","managingOrganization":{"reference":"Organization/o"},"contained":[{"resourceType":"Group"}]"#),
            ),
        ];
        for (document, operation, expected) in table {
            assert_eq!(patched(&document, &[&operation]).as_deref(), Ok(expected.as_str()), "{operation}");
        }
        let two = [op("delete", "Patient.name[0]", ""), op("delete", "Patient.name[0]", "")];
        assert_eq!(patched(&patient(names), &[&two[0], &two[1]]).unwrap(), patient(r#","name":[{"family":"C"}]"#));
        let left = patched(&patient(names), &[&op("delete", "name[2]", "")]).unwrap();
        assert!(validate(&Json::parse(&left).unwrap()).is_empty());
    }

    #[test]
    fn refusals() {
        let document = patient(
            r#","id":"a","birthDate":"1930","name":[{"family":"A","given":["x"]},{"family":"B","given":["y"]}]"#,
        );
        let date = r#"{"name":"value","valueDate":"1930"}"#;
        let table = [
            (op("add", "Patient", &format!(r#"{{"name":"name","valueString":"birthDate"}},{date}"#)), "there already"),
            (op("add", "Patient", &format!(r#"{{"name":"name","valueString":"colour"}},{date}"#)), "no element colour"),
            (
                op("add", "Patient", &format!(r#"{{"name":"name","valueString":"deceased"}},{date}"#)),
                "no value of deceased",
            ),
            (op("add", "Patient", &format!(r#"{{"name":"name","valueString":"name"}},{date}"#)), "no value of name"),
            (
                op("add", "Patient.contact", &format!(r#"{{"name":"name","valueString":"gender"}},{date}"#)),
                "nothing at the path",
            ),
            (op("replace", "Patient.name", date), "names 2 elements"),
            (op("replace", "Patient.maritalStatus", date), "nothing at the path"),
            (op("replace", "Patient", date), "resource itself"),
            (op("delete", "Patient.name", ""), "names 2 elements"),
            (op("delete", "Patient", ""), "resource itself"),
            (op("delete", "Patient.name.count()", ""), "not an element"),
            (op("insert", "Patient.name", &format!(r#"{{"name":"index","valueInteger":3}},{date}"#)), "no place 3"),
            (
                op("insert", "Patient.birthDate", &format!(r#"{{"name":"index","valueInteger":0}},{date}"#)),
                "does not repeat",
            ),
            (
                op(
                    "move",
                    "Patient.name.given",
                    r#"{"name":"source","valueInteger":0},{"name":"destination","valueInteger":1}"#,
                ),
                "parts of several",
            ),
            (
                op(
                    "move",
                    "Patient.name",
                    r#"{"name":"source","valueInteger":0},{"name":"destination","valueInteger":2}"#,
                ),
                "has 2 elements",
            ),
            (op("replace", "Patient.id", r#"{"name":"value","valueId":"b"}"#), "id is set by the server"),
            (op("replace", "Patient..name", date), "path:"),
            (op("merge", "Patient.name", date), "type is add"),
            (op("replace", "Patient.name", ""), "value is missing"),
            (op("replace", "Patient.name", r#"{"name":"value"}"#), "one value[x]"),
            (op("replace", "Patient.name", r#"{"name":"other"}"#), "a part is type"),
        ];
        for (operation, reason) in table {
            let error = patched(&document, &[&operation]).unwrap_err();
            assert!(error.contains(reason), "{operation}: {error}");
        }
    }
}
