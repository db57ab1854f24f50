//! Forms that come with the program: PHQ-9, GAD-7, and an intake form of our own. The words of the scales are those of their authors, who
//! let everybody use them; how they are scored stands in [`crate::score::instrument`].

use fhir::Json;
use fhir::json::Object;

/// Canonical base of our own forms.
pub const BASE: &str = "https://wintehr.org/fhir/Questionnaire";

/// Answers of LOINC list LL358-3, by what they are worth.
pub const FREQUENCY: [(&str, &str); 4] = [
    ("LA6568-5", "Not at all"),
    ("LA6569-3", "Several days"),
    ("LA6570-1", "More than half the days"),
    ("LA6571-9", "Nearly every day"),
];
/// Answers of LOINC list LL359-1.
const DIFFICULTY: [(&str, &str); 4] = [
    ("LA6572-7", "Not difficult at all"),
    ("LA6573-5", "Somewhat difficult"),
    ("LA6574-3", "Very difficult"),
    ("LA6575-0", "Extremely difficult"),
];

/// A scale whose items are answered by how often.
pub struct Scale {
    /// Its id, and the end of its URL.
    pub id: &'static str,
    pub title: &'static str,
    /// LOINC code and name of the panel.
    pub panel: (&'static str, &'static str),
    /// LOINC codes and words of the items. Item `n` has the link id `n + 1`.
    pub items: &'static [(&'static str, &'static str)],
    copyright: &'static str,
}

const TERMS: &str = "Developed by Drs. Robert L. Spitzer, Janet B.W. Williams, Kurt Kroenke and colleagues, with an educational grant from Pfizer Inc. No permission required to reproduce, translate, display or distribute.";
const ASKED: &str = "Over the last 2 weeks, how often have you been bothered by any of the following problems?";

pub static PHQ9: Scale = Scale {
    id: "phq-9",
    title: "PHQ-9: depression",
    panel: ("44249-1", "PHQ-9 quick depression assessment panel [Reported.PHQ]"),
    items: &[
        ("44250-9", "Little interest or pleasure in doing things"),
        ("44255-8", "Feeling down, depressed, or hopeless"),
        ("44259-0", "Trouble falling or staying asleep, or sleeping too much"),
        ("44254-1", "Feeling tired or having little energy"),
        ("44251-7", "Poor appetite or overeating"),
        ("44258-2", "Feeling bad about yourself, or that you are a failure or have let yourself or your family down"),
        ("44252-5", "Trouble concentrating on things, such as reading the newspaper or watching television"),
        (
            "44253-3",
            "Moving or speaking so slowly that other people could have noticed, or the opposite: being so fidgety or restless that you have been moving around a lot more than usual",
        ),
        ("44260-8", "Thoughts that you would be better off dead, or of hurting yourself in some way"),
    ],
    copyright: TERMS,
};

pub static GAD7: Scale = Scale {
    id: "gad-7",
    title: "GAD-7: anxiety",
    panel: ("69737-5", "Generalized anxiety disorder 7 item (GAD-7)"),
    items: &[
        ("69725-0", "Feeling nervous, anxious, or on edge"),
        ("68509-9", "Not being able to stop or control worrying"),
        ("69733-4", "Worrying too much about different things"),
        ("69734-2", "Trouble relaxing"),
        ("69735-9", "Being so restless that it is hard to sit still"),
        ("69689-8", "Becoming easily annoyed or irritable"),
        ("69736-7", "Feeling afraid, as if something awful might happen"),
    ],
    copyright: TERMS,
};

const INTAKE: &str = include_str!("intake.json");

fn object<'a>(members: impl IntoIterator<Item = (&'static str, Json<'a>)>) -> Json<'a> {
    let mut object = Object::new();
    members.into_iter().for_each(|(name, value)| object.push(name, value));
    Json::Object(object)
}

fn coding((code, display): (&'static str, &'static str)) -> Json<'static> {
    object([("system", "http://loinc.org".into()), ("code", code.into()), ("display", display.into())])
}

fn options(answers: [(&'static str, &'static str); 4]) -> Json<'static> {
    Json::Array(answers.into_iter().map(|a| object([("valueCoding", coding(a))])).collect())
}

impl Scale {
    pub fn url(&self) -> String {
        format!("{BASE}/{}", self.id)
    }

    fn resource(&self) -> Json<'static> {
        let asked = object([("linkId", "asked".into()), ("text", ASKED.into()), ("type", "display".into())]);
        let mut items = vec![asked];
        for (n, (code, text)) in self.items.iter().enumerate() {
            items.push(object([
                ("linkId", (n + 1).to_string().into()),
                ("code", Json::Array(vec![coding((code, text))])),
                ("prefix", format!("{}.", n + 1).into()),
                ("text", (*text).into()),
                ("type", "choice".into()),
                ("required", Json::Bool(true)),
                ("answerOption", options(FREQUENCY)),
            ]));
        }
        let bothered = (1..=self.items.len()).map(|n| {
            let least = coding(FREQUENCY[0]);
            object([("question", n.to_string().into()), ("operator", "!=".into()), ("answerCoding", least)])
        });
        items.push(object([
            ("linkId", "difficulty".into()),
            ("code", Json::Array(vec![coding(("69722-7", "How difficult these problems have made it"))])),
            ("text", "How difficult have these problems made it for you to do your work, take care of things at home, or get along with other people?".into()),
            ("type", "choice".into()),
            ("enableWhen", Json::Array(bothered.collect())),
            ("enableBehavior", "any".into()),
            ("answerOption", options(DIFFICULTY)),
        ]));
        object([
            ("resourceType", "Questionnaire".into()),
            ("id", self.id.into()),
            ("url", self.url().into()),
            ("version", "1".into()),
            ("name", self.id.replace('-', "").to_uppercase().into()),
            ("title", self.title.into()),
            ("status", "active".into()),
            ("subjectType", Json::Array(vec!["Patient".into()])),
            ("copyright", self.copyright.into()),
            ("code", Json::Array(vec![coding(self.panel)])),
            ("item", Json::Array(items)),
        ])
    }
}

/// Ids and bodies of the Questionnaire resources.
pub fn documents() -> Vec<(&'static str, String)> {
    vec![(PHQ9.id, PHQ9.resource().to_text()), (GAD7.id, GAD7.resource().to_text()), ("intake", INTAKE.to_owned())]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::score::instrument::Instrument;

    #[test]
    fn forms_are_valid_and_the_scales_are_what_is_scored() {
        for (id, body) in documents() {
            let form = Json::parse(&body).unwrap();
            assert_eq!(form.str_at("id"), Some(id));
            let issues = fhir::validate::validate(&form);
            assert!(issues.is_empty(), "{id}: {issues:#?}");
        }
        for scale in [&PHQ9, &GAD7] {
            let instrument = Instrument::of_panel(scale.panel.0).unwrap();
            assert_eq!(scale.items.iter().map(|(code, _)| *code).collect::<Vec<_>>(), instrument.items);
            let worth: Vec<(&str, u32)> = FREQUENCY.iter().zip(0..).map(|((code, _), n)| (*code, n)).collect();
            assert_eq!(worth, instrument.answers);
        }
    }
}
