//! Whether an item is asked: its conditions on other answers. A question means its nearest answer: that of the same repetition of a group,
//! else the last one before the item, else the first one after it.
//!
//! Source: FHIR R4, Questionnaire.item.enableWhen and the value set questionnaire-enable-operator; without `enableBehavior` all conditions
//! have to hold. A question without an answer meets `exists = false` only.

use std::cmp::Ordering;

use fhir::Json;

use super::{Form, Given, Scope, Value, order, same};

impl Form<'_> {
    pub(super) fn enabled(&self, item: &Json<'_>, scope: &Scope<'_>) -> bool {
        let conditions = item.get("enableWhen").map_or(&[][..], Json::items);
        let at = self.place(item.str_at("linkId").unwrap_or_default());
        let mut met = conditions.iter().map(|condition| self.met(condition, at, scope));
        match item.str_at("enableBehavior") {
            Some("any") if !conditions.is_empty() => met.any(|m| m),
            _ => met.all(|m| m),
        }
    }

    /// Where an item stands in the order of the form.
    fn place(&self, link_id: &str) -> usize {
        self.items.iter().position(|known| known.link_id == link_id).unwrap_or_default()
    }

    fn nearest<'g>(&self, question: &str, at: usize, scope: &Scope<'g>) -> &'g [Value] {
        let Some(known) = self.items.iter().find(|known| known.link_id == question) else { return &[] };
        let mut here = Some(scope);
        while let Some(scope) = here {
            if scope.group == known.group {
                return scope.given.iter().find(|g| g.link_id == question).map_or(&[], |g| &g.values);
            }
            here = scope.above;
        }
        let before = self.place(question) < at;
        let mut here = Some(scope);
        while let Some(scope) = here {
            let mut found = Vec::new();
            within(scope.given, question, &mut found);
            if let Some(nearest) = if before { found.last() } else { found.first() } {
                return &nearest.values;
            }
            here = scope.above;
        }
        &[]
    }

    fn met(&self, condition: &Json<'_>, at: usize, scope: &Scope<'_>) -> bool {
        let values = self.nearest(condition.str_at("question").unwrap_or_default(), at, scope);
        let wanted = condition
            .as_object()
            .and_then(|c| c.iter().find_map(|(name, value)| Some((name.strip_prefix("answer")?, value))));
        let Some((kind, wanted)) = wanted else { return false };
        let name = format!("value{kind}");
        let of_kind = || values.iter().filter(|(n, _)| *n == name).map(|(_, v)| v);
        match condition.str_at("operator") {
            Some("exists") => wanted.as_bool() == Some(!values.is_empty()),
            Some("=") => of_kind().any(|v| same(&name, wanted, v)),
            Some("!=") => !values.is_empty() && !of_kind().any(|v| same(&name, wanted, v)),
            Some(operator) => of_kind().filter_map(|v| order(&name, v, wanted)).any(|o| match operator {
                ">" => o == Ordering::Greater,
                "<" => o == Ordering::Less,
                ">=" => o != Ordering::Less,
                "<=" => o != Ordering::Greater,
                _ => false,
            }),
            None => false,
        }
    }
}

fn within<'g>(given: &'g [Given], question: &str, found: &mut Vec<&'g Given>) {
    for one in given {
        found.extend((one.link_id == question).then_some(one));
        within(&one.items, question, found);
    }
}
