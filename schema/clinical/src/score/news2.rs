//! The National Early Warning Score.
//!
//! Source: Royal College of Physicians, National Early Warning Score (NEWS) 2: Standardising the assessment of acute-illness severity in the
//! NHS, 2017, chart 1 (scores) and chart 2 (thresholds).

pub const SOURCE: &str = "Royal College of Physicians, National Early Warning Score (NEWS) 2, 2017";
/// The score is for those who are this old at least, in years, and not for pregnancy.
pub const LEAST_AGE_YEARS: i32 = 16;

/// One set of observations.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Observed {
    /// Breaths per minute.
    pub respirations: f64,
    /// Saturation in percent, read on scale 1.
    pub saturation: f64,
    /// Whether supplemental oxygen is breathed.
    pub oxygen: bool,
    /// Systolic pressure in mmHg.
    pub systolic: f64,
    /// Beats per minute.
    pub pulse: f64,
    /// Whether the patient is alert; new confusion is not.
    pub alert: bool,
    /// Temperature in °C.
    pub temperature: f64,
}

/// The points of one part, with its name.
pub type Part = (&'static str, u32);

/// The points of each part.
pub fn parts(of: &Observed) -> [Part; 7] {
    const ABOVE: f64 = f64::INFINITY;
    // Up to and including the value, the points; the chart has whole numbers, and tenths of a degree.
    let step = |value: f64, steps: &[(f64, u32)]| {
        steps.iter().find(|(most, _)| value <= *most).map_or(0, |(_, points)| *points)
    };
    [
        ("respirations", step(of.respirations.round(), &[(8.0, 3), (11.0, 1), (20.0, 0), (24.0, 2), (ABOVE, 3)])),
        ("saturation", step(of.saturation.round(), &[(91.0, 3), (93.0, 2), (95.0, 1), (ABOVE, 0)])),
        ("oxygen", if of.oxygen { 2 } else { 0 }),
        ("systolic pressure", step(of.systolic.round(), &[(90.0, 3), (100.0, 2), (110.0, 1), (219.0, 0), (ABOVE, 3)])),
        ("pulse", step(of.pulse.round(), &[(40.0, 3), (50.0, 1), (90.0, 0), (110.0, 1), (130.0, 2), (ABOVE, 3)])),
        ("consciousness", if of.alert { 0 } else { 3 }),
        (
            "temperature",
            step((of.temperature * 10.0).round() / 10.0, &[(35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (ABOVE, 2)]),
        ),
    ]
}

/// The clinical risk of the points.
pub fn risk(parts: &[Part]) -> &'static str {
    match parts.iter().map(|(_, points)| points).sum::<u32>() {
        7.. => "High",
        5.. => "Medium",
        _ if parts.iter().any(|(_, points)| *points == 3) => "Low to medium",
        _ => "Low",
    }
}

/// How often the next set is to be taken at least, in words, and in minutes where that is an interval.
///
/// Source: chart 4, clinical response to the NEWS trigger thresholds; of "4-6 hourly" the longer.
pub fn monitoring(parts: &[Part]) -> (&'static str, Option<i64>) {
    match parts.iter().map(|(_, points)| points).sum::<u32>() {
        7.. => ("Continuous monitoring of vital signs", None),
        5.. => ("At least hourly", Some(60)),
        _ if parts.iter().any(|(_, points)| *points == 3) => ("At least hourly", Some(60)),
        1.. => ("At least every 4 to 6 hours", Some(6 * 60)),
        0 => ("At least every 12 hours", Some(12 * 60)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WELL: Observed = Observed {
        respirations: 16.0,
        saturation: 98.0,
        oxygen: false,
        systolic: 120.0,
        pulse: 70.0,
        alert: true,
        temperature: 37.0,
    };

    fn sum(of: &Observed) -> u32 {
        parts(of).iter().map(|(_, points)| points).sum()
    }

    #[test]
    fn the_chart_is_read_at_its_edges() {
        assert_eq!((sum(&WELL), risk(&parts(&WELL))), (0, "Low"));
        assert_eq!(monitoring(&parts(&WELL)).1, Some(720));
        for (pulse, minutes) in [(95.0, 360), (120.0, 360), (135.0, 60)] {
            assert_eq!(monitoring(&parts(&Observed { pulse, ..WELL })).1, Some(minutes), "{pulse}/min");
        }
        for (respirations, points) in
            [(8.0, 3), (9.0, 1), (11.0, 1), (12.0, 0), (20.0, 0), (21.0, 2), (24.0, 2), (25.0, 3)]
        {
            assert_eq!(sum(&Observed { respirations, ..WELL }), points, "{respirations}/min");
        }
        for (saturation, points) in [(91.0, 3), (92.0, 2), (93.0, 2), (94.0, 1), (95.0, 1), (96.0, 0)] {
            assert_eq!(sum(&Observed { saturation, ..WELL }), points, "{saturation} %");
        }
        for (systolic, points) in
            [(90.0, 3), (91.0, 2), (100.0, 2), (101.0, 1), (110.0, 1), (111.0, 0), (219.0, 0), (220.0, 3)]
        {
            assert_eq!(sum(&Observed { systolic, ..WELL }), points, "{systolic} mmHg");
        }
        for (pulse, points) in [
            (40.0, 3),
            (41.0, 1),
            (50.0, 1),
            (51.0, 0),
            (90.0, 0),
            (91.0, 1),
            (110.0, 1),
            (111.0, 2),
            (130.0, 2),
            (131.0, 3),
        ] {
            assert_eq!(sum(&Observed { pulse, ..WELL }), points, "{pulse}/min");
        }
        for (temperature, points) in
            [(35.0, 3), (35.1, 1), (36.0, 1), (36.1, 0), (38.0, 0), (38.1, 1), (39.0, 1), (39.1, 2)]
        {
            assert_eq!(sum(&Observed { temperature, ..WELL }), points, "{temperature} °C");
        }
        let confused = parts(&Observed { alert: false, ..WELL });
        assert_eq!((confused.iter().map(|p| p.1).sum::<u32>(), risk(&confused)), (3, "Low to medium"));
    }

    #[test]
    fn a_set_of_a_septic_patient() {
        let ill = Observed {
            respirations: 26.0,
            saturation: 92.0,
            oxygen: true,
            systolic: 92.0,
            pulse: 118.0,
            alert: false,
            temperature: 39.2,
        };
        let parts = parts(&ill);
        assert_eq!(parts.map(|(_, points)| points), [3, 2, 2, 2, 2, 3, 2]);
        assert_eq!((risk(&parts), monitoring(&parts).1), ("High", None));
        assert_eq!(
            risk(&super::parts(&Observed { oxygen: true, systolic: 95.0, temperature: 38.5, ..WELL })),
            "Medium"
        );
    }
}
