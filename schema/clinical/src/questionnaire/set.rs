//! The value sets that the options of a form are taken from, as they were known when it was filled in.

use std::sync::Arc;

use fhir::Json;
use fhir::terminology::{Library, Trouble, ValueSet};

/// Value sets by the name that a form has for them: `#id` for one that it contains, else a canonical URL.
#[derive(Debug, Default)]
pub struct Sets(Vec<(String, Arc<ValueSet>, Library)>);

impl Sets {
    pub fn add(&mut self, name: String, set: Arc<ValueSet>, library: Library) {
        self.0.push((name, set, library));
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, ..)| known == name)
    }

    pub fn get(&self, name: &str) -> Option<(&ValueSet, &Library)> {
        self.0.iter().find(|(known, ..)| known == name).map(|(_, set, library)| (&**set, library))
    }

    /// Whether a Coding is of the set; `None` when the set is not known.
    ///
    /// # Errors
    /// What cannot be answered about the set.
    pub(super) fn holds(&self, name: &str, coding: &Json<'_>) -> Option<Result<bool, Trouble>> {
        let (set, library) = self.get(name)?;
        let code = coding.str_at("code").unwrap_or_default();
        let member = library.member(set, coding.str_at("system"), code);
        Some(member.map(|hit| hit.is_some_and(|h| !h.concept.is_some_and(|c| c.is_abstract))))
    }
}

/// The sets that the items of a form name, each once, in their order.
pub fn named<'q>(questionnaire: &'q Json<'_>) -> Vec<&'q str> {
    let mut names = Vec::new();
    for item in super::walk(questionnaire) {
        names.extend(item.str_at("answerValueSet").filter(|name| !names.contains(name)));
    }
    names
}

/// The value set that a form contains under `#id`.
pub fn contained<'q>(questionnaire: &'q Json<'q>, name: &str) -> Option<&'q Json<'q>> {
    let id = name.strip_prefix('#')?;
    let all = questionnaire.get("contained").map_or(&[][..], Json::items);
    all.iter().find(|r| r.str_at("id") == Some(id) && r.str_at("resourceType") == Some("ValueSet"))
}
