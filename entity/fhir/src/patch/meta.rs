//! `$meta-add` and `$meta-delete`: profiles, tags and security labels put into a document's `meta`, or taken out of it.
//!
//! Source: <https://hl7.org/fhir/R4/resource-operation-meta-add.html>. A profile is known by its url, a tag or label by system and code;
//! what is there already is not added, and what is not there is no error to take out.

use crate::Json;
use crate::json::Object;

/// The members of a Meta that clients keep.
const SETS: [&str; 3] = ["profile", "tag", "security"];

#[derive(Debug, Clone)]
pub(super) struct Operation {
    add: bool,
    /// By the member of `meta`.
    sets: Vec<(&'static str, Vec<Json<'static>>)>,
}

impl Operation {
    /// Reads the Meta of the parameter `meta`.
    pub fn read(parameters: &Json<'_>, add: bool) -> Result<Self, String> {
        if parameters.str_at("resourceType") != Some("Parameters") {
            return Err("the body of an operation is Parameters".into());
        }
        let [parameter] = parameters.get("parameter").map_or(&[][..], Json::items) else {
            return Err("Parameters have one parameter here, meta".into());
        };
        if parameter.str_at("name") != Some("meta") {
            return Err(format!(
                "the parameter {} is not supported here",
                parameter.str_at("name").unwrap_or("without a name")
            ));
        }
        let meta = parameter.get("valueMeta").and_then(Json::as_object).ok_or("the parameter meta has no valueMeta")?;
        let mut sets = Vec::new();
        for (name, value) in meta.iter() {
            let name = SETS.into_iter().find(|set| *set == name).ok_or_else(|| {
                format!("meta.{name} is not for these operations: they change profile, tag and security")
            })?;
            let Json::Array(items) = value else { return Err(format!("meta.{name} is a list")) };
            for (n, item) in items.iter().enumerate() {
                let known = if name == "profile" { item.as_str().is_some() } else { item.str_at("code").is_some() };
                if !known {
                    let what = if name == "profile" { "url" } else { "code" };
                    return Err(format!("meta.{name}[{n}] has no {what}"));
                }
            }
            sets.push((name, items.iter().map(|item| item.clone().into_owned()).collect()));
        }
        if sets.iter().all(|(_, items): &(_, Vec<_>)| items.is_empty()) {
            return Err("meta names no profile, tag or security label".into());
        }
        Ok(Self { add, sets })
    }

    /// How many profiles, tags and labels it names.
    pub fn len(&self) -> usize {
        self.sets.iter().map(|(_, items)| items.len()).sum()
    }

    pub fn apply(&self, document: &mut Json<'static>) -> Result<(), String> {
        let document = document.as_object_mut().ok_or("the document is no object")?;
        if document.get("meta").is_none() {
            document.push("meta", Json::Object(Object::new()));
        }
        let meta = document.get_mut("meta").and_then(Json::as_object_mut).ok_or("meta is no object")?;
        for (name, items) in &self.sets {
            let mut all: Vec<Json<'static>> = meta.get(name).map_or(&[][..], Json::items).to_vec();
            // What extends the urls of profiles stands beside them, at the same places.
            let beside = format!("_{name}");
            let mut extended: Option<Vec<Json<'static>>> = meta.get(&beside).map(|list| list.items().to_vec());
            for item in items {
                let at = all.iter().position(|known| same(known, item));
                match (self.add, at) {
                    (true, None) => {
                        all.push(item.clone());
                        if let Some(extended) = &mut extended {
                            extended.push(Json::Null);
                        }
                    }
                    (false, Some(at)) => {
                        all.remove(at);
                        if let Some(extended) = &mut extended {
                            extended.remove(at);
                        }
                    }
                    (true, Some(_)) | (false, None) => {}
                }
            }
            put(meta, name, all);
            if let Some(extended) = extended {
                let is_empty = extended.iter().all(|e| matches!(e, Json::Null));
                put(meta, &beside, if is_empty { Vec::new() } else { extended });
            }
        }
        Ok(())
    }
}

/// FHIR has no empty list.
fn put(meta: &mut Object<'static>, name: &str, all: Vec<Json<'static>>) {
    if all.is_empty() {
        meta.remove(name);
    } else {
        meta.set(name.to_owned(), Json::Array(all));
    }
}

fn same(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a.as_str(), b.as_str()) {
        (Some(a), Some(b)) => a == b,
        (None, None) => ["system", "code"].iter().all(|part| a.str_at(part) == b.str_at(part)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::Operation;
    use crate::Json;

    fn changed(document: &str, add: bool, meta: &str) -> Result<String, String> {
        let parameters =
            format!(r#"{{"resourceType":"Parameters","parameter":[{{"name":"meta","valueMeta":{meta}}}]}}"#);
        let operation = Operation::read(&Json::parse(&parameters).unwrap(), add)?;
        let mut document = Json::parse(document).unwrap().into_owned();
        operation.apply(&mut document)?;
        Ok(document.to_text())
    }

    #[test]
    fn what_is_there_is_not_added_and_what_is_not_is_not_missed() {
        let tagged = r#"{"id":"p","meta":{"versionId":"1","tag":[{"system":"s","code":"a","display":"A"}]}}"#;
        for (document, add, meta, expected) in [
            (r#"{"id":"p"}"#, true, r#"{"profile":["http://a"]}"#, r#"{"id":"p","meta":{"profile":["http://a"]}}"#),
            (tagged, true, r#"{"tag":[{"system":"s","code":"a"}]}"#, tagged),
            (tagged, false, r#"{"tag":[{"code":"a"}]}"#, tagged),
            (tagged, false, r#"{"tag":[{"system":"s","code":"a"}]}"#, r#"{"id":"p","meta":{"versionId":"1"}}"#),
            (
                r#"{"meta":{"profile":["http://a","http://b"],"_profile":[null,{"id":"x"}]}}"#,
                false,
                r#"{"profile":["http://a"]}"#,
                r#"{"meta":{"profile":["http://b"],"_profile":[{"id":"x"}]}}"#,
            ),
        ] {
            assert_eq!(changed(document, add, meta).as_deref(), Ok(expected), "{document} {meta}");
        }
    }

    #[test]
    fn what_only_the_server_sets_is_refused() {
        for meta in
            ["{}", r#"{"tag":[]}"#, r#"{"versionId":"3"}"#, r#"{"tag":[{"system":"s"}]}"#, r#"{"profile":[3]}"#, "3"]
        {
            assert!(changed(r#"{"id":"p"}"#, true, meta).is_err(), "{meta}");
        }
    }
}
