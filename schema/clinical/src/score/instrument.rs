//! Questionnaires that add up to a score: which items count, what each answer is worth, and what the sum says. Items and answers are
//! known by their LOINC codes, never by their words or order.

/// A sum of answers, with its published bands.
#[derive(Debug)]
pub struct Instrument {
    pub name: &'static str,
    /// LOINC code of the panel, which a Questionnaire has as its code.
    pub panel: &'static str,
    /// LOINC code and name of the sum.
    pub total: (&'static str, &'static str),
    /// LOINC codes of the items that count, all of them.
    pub items: &'static [&'static str],
    /// LOINC answer codes and what each is worth.
    pub answers: &'static [(&'static str, u32)],
    /// The least sum of each band, and what it says.
    pub bands: &'static [(u32, &'static str)],
    /// The item of which any answer but the lowest is urgent, and why.
    pub urgent: Option<(&'static str, &'static str)>,
    pub source: &'static str,
}

/// LOINC answer list LL358-3.
const FREQUENCY: &[(&str, u32)] = &[("LA6568-5", 0), ("LA6569-3", 1), ("LA6570-1", 2), ("LA6571-9", 3)];

pub const INSTRUMENTS: &[Instrument] = &[
    Instrument {
        name: "PHQ-9",
        panel: "44249-1",
        total: ("44261-6", "Patient Health Questionnaire 9 item (PHQ-9) total score [Reported]"),
        items: &["44250-9", "44255-8", "44259-0", "44254-1", "44251-7", "44258-2", "44252-5", "44253-3", "44260-8"],
        answers: FREQUENCY,
        bands: &[
            (0, "minimal depression"),
            (5, "mild depression"),
            (10, "moderate depression"),
            (15, "moderately severe depression"),
            (20, "severe depression"),
        ],
        urgent: Some(("44260-8", "Thoughts of being better off dead or of self-harm were told in the PHQ-9")),
        source: "Kroenke K, Spitzer RL, Williams JB. The PHQ-9. J Gen Intern Med 2001;16:606-613",
    },
    Instrument {
        name: "GAD-7",
        panel: "69737-5",
        total: ("70274-6", "Generalized anxiety disorder 7 item (GAD-7) total score [Reported.PHQ]"),
        items: &["69725-0", "68509-9", "69733-4", "69734-2", "69735-9", "69689-8", "69736-7"],
        answers: FREQUENCY,
        bands: &[(0, "minimal anxiety"), (5, "mild anxiety"), (10, "moderate anxiety"), (15, "severe anxiety")],
        urgent: None,
        source: "Spitzer RL, Kroenke K, Williams JB, Löwe B. The GAD-7. Arch Intern Med 2006;166:1092-1097",
    },
];

/// What an instrument says of some answers.
#[derive(Debug, PartialEq, Eq)]
pub struct Result {
    /// The sum and its band; `None` while an item is unanswered, since no sum is published for that.
    pub total: Option<(u32, &'static str)>,
    pub urgent: Option<&'static str>,
}

impl Instrument {
    pub fn of_panel(code: &str) -> Option<&'static Self> {
        INSTRUMENTS.iter().find(|i| i.panel == code)
    }

    /// `answer` gives the LOINC answer code of an item.
    pub fn score<'a>(&self, answer: impl Fn(&str) -> Option<&'a str>) -> Result {
        let worth = |item: &str| {
            let code = answer(item)?;
            self.answers.iter().find(|(known, _)| *known == code).map(|(_, worth)| *worth)
        };
        let sum = self.items.iter().map(|item| worth(item)).sum::<Option<u32>>();
        let urgent = self.urgent.filter(|(item, _)| worth(item).is_some_and(|w| w > 0)).map(|(_, why)| why);
        Result { total: sum.map(|sum| (sum, self.band(sum))), urgent }
    }

    /// The largest sum.
    pub fn largest(&self) -> u32 {
        self.items.len() as u32 * self.answers.iter().map(|(_, worth)| *worth).max().unwrap_or_default()
    }

    /// What a sum says.
    pub fn band(&self, sum: u32) -> &'static str {
        self.bands.iter().rev().find(|(least, _)| sum >= *least).map_or("", |(_, says)| *says)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sum is `total`: as many items as possible have the highest answer.
    fn answered(instrument: &Instrument, total: u32) -> Result {
        let worth = |at: u32| total.saturating_sub(at * 3).min(3);
        let code = |item: &str| {
            let at = instrument.items.iter().position(|i| *i == item)? as u32;
            FREQUENCY.iter().find(|(_, w)| *w == worth(at)).map(|(c, _)| *c)
        };
        instrument.score(code)
    }

    #[test]
    fn sums_fall_into_the_published_bands() {
        let [phq, gad] = INSTRUMENTS else { panic!("two") };
        for (instrument, total, says) in [
            (phq, 0, "minimal depression"),
            (phq, 4, "minimal depression"),
            (phq, 5, "mild depression"),
            (phq, 9, "mild depression"),
            (phq, 10, "moderate depression"),
            (phq, 14, "moderate depression"),
            (phq, 15, "moderately severe depression"),
            (phq, 19, "moderately severe depression"),
            (phq, 20, "severe depression"),
            (phq, 27, "severe depression"),
            (gad, 4, "minimal anxiety"),
            (gad, 5, "mild anxiety"),
            (gad, 9, "mild anxiety"),
            (gad, 10, "moderate anxiety"),
            (gad, 14, "moderate anxiety"),
            (gad, 15, "severe anxiety"),
            (gad, 21, "severe anxiety"),
        ] {
            assert_eq!(answered(instrument, total).total, Some((total, says)), "{} {total}", instrument.name);
        }
        assert!(answered(phq, 24).urgent.is_none() && answered(phq, 25).urgent.is_some());
    }

    #[test]
    fn an_unanswered_item_leaves_no_sum_and_is_urgent_all_the_same() {
        let phq = Instrument::of_panel("44249-1").unwrap();
        let result = phq.score(|item| (item == "44260-8").then_some("LA6569-3"));
        assert_eq!(result.total, None);
        assert!(result.urgent.is_some());
        assert!(phq.score(|item| (item == "44260-8").then_some("LA6568-5")).urgent.is_none());
        assert!(Instrument::of_panel("1-8").is_none());
        assert_eq!(INSTRUMENTS.iter().map(Instrument::largest).collect::<Vec<_>>(), [27, 21]);
        assert!(INSTRUMENTS.iter().all(|i| !i.source.is_empty()));
    }
}
