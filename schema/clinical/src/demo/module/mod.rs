//! What happens to a patient, module by module.
//!
//! Each module draws from its own stream and numbers its own documents, so a new module never changes the bytes of another.

mod acute;
mod background;
mod chronic;
mod flowsheet;
mod inpatient;
mod pregnancy;
mod primary;
mod registration;
mod today;

use super::chart::Chart;

/// Writes every module of one patient; the Patient document is the first.
pub fn write_all(chart: &mut Chart<'_>) {
    chart.in_bed_since = inpatient::since(chart);
    registration::write(chart);
    background::write(chart);
    primary::write(chart);
    chronic::write(chart);
    acute::write(chart);
    pregnancy::write(chart);
    inpatient::write(chart);
    today::write(chart);
}
