//! What a ward charts beside vital signs in a stay that is going on: fluids of the 24 hours before and by their source, and how awake the
//! patient is.

use crate::demo::chart::Chart;
use crate::demo::rng::Stream;
use crate::demo::time::{DAY, HOUR, MINUTE};
use crate::demo::writer::Ref;
use crate::flowsheet::{FLUID_INTAKE, GCS_PARTS, GCS_TOTAL, ORAL_INTAKE, OTHER_INTAKE, URINE, URINE_OUTPUT};

/// What drinks and drips add up to in a day on a ward, and the urine of a day, in mL: ours, within what adults have.
const INTAKE_ML: f64 = 2_100.0;
const URINE_ML: f64 = 1_600.0;

/// Fluids of six hours, in mL.
struct Portion {
    drunk: f64,
    dripped: f64,
    urine: f64,
}

impl Portion {
    fn drawn(rng: &mut Stream) -> Self {
        let drunk = (INTAKE_ML / 6.0 + rng.normal() * 60.0) / 50.0;
        let dripped = (INTAKE_ML / 12.0 + rng.normal() * 30.0) / 50.0;
        let urine = (URINE_ML / 4.0 + rng.normal() * 70.0) / 25.0;
        Self {
            drunk: drunk.round().max(1.0) * 50.0,
            dripped: dripped.round().max(1.0) * 50.0,
            urine: urine.round().max(2.0) * 25.0,
        }
    }
}

/// The mornings of a stay since `admitted`, by the nurses of the ward.
pub fn write(chart: &mut Chart<'_>, admitted: i64, encounter: Ref, nurse: usize) {
    chart.enter("flowsheet");
    let last = chart.now - 95 * MINUTE;
    // What went in and came out in the last two days, every six hours; the newest first here.
    let portions: Vec<Portion> =
        (0..((last - admitted) / (6 * HOUR)).min(8)).map(|_| Portion::drawn(&mut chart.rng)).collect();
    for i in (0..(last - admitted) / DAY).rev() {
        let (at, who) = (last - i * DAY, crate::demo::institution::nurse(nurse + i as usize));
        // A total is what its four portions say, where they are on record.
        let (intake, urine) = if let Some(day) = portions.chunks_exact(4).nth(i as usize) {
            (day.iter().map(|p| p.drunk + p.dripped).sum(), day.iter().map(|p| p.urine).sum())
        } else {
            let intake = (INTAKE_ML + chart.rng.normal() * 260.0) / 50.0;
            let urine = (URINE_ML + chart.rng.normal() * 300.0) / 25.0;
            (intake.round().max(10.0) * 50.0, urine.round().max(8.0) * 25.0)
        };
        chart.charted(&FLUID_INTAKE, intake, at, encounter, who, &[]);
        chart.charted(&URINE_OUTPUT, urine, at, encounter, who, &[]);
    }
    for (i, portion) in portions.iter().enumerate().rev() {
        let (at, who) = (last - i as i64 * 6 * HOUR, crate::demo::institution::nurse(nurse + i));
        chart.charted(&ORAL_INTAKE, portion.drunk, at, encounter, who, &[]);
        chart.charted(&OTHER_INTAKE, portion.dripped, at, encounter, who, &[]);
        chart.charted(&URINE, portion.urine, at, encounter, who, &[]);
    }
    for i in (0..(last - admitted) / (12 * HOUR)).rev() {
        let (at, who) = (last - i * 12 * HOUR, crate::demo::institution::nurse(nurse + i as usize));
        // Awake and oriented but for a night here and there.
        let spoken = if chart.rng.chance(0.12) { 1.0 } else { 0.0 };
        let worth = GCS_PARTS.map(|part| part.most - if std::ptr::eq(part, GCS_PARTS[1]) { spoken } else { 0.0 });
        let parts: Vec<Ref> = GCS_PARTS
            .iter()
            .zip(worth)
            .map(|(part, value)| chart.charted(part, value, at, encounter, who, &[]))
            .collect();
        chart.charted(&GCS_TOTAL, worth.iter().sum(), at, encounter, who, &parts);
    }
}
