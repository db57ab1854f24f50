//! The lines of a run, as they are printed and as they stand in `BENCHMARKS.md`.

use std::fmt;
use std::path::Path;
use std::process::Command;

use api::clock::Clock;

use crate::load::Run;
use crate::twin::Bare;

/// One measurement beside its twin.
pub struct Line {
    pub name: String,
    pub clients: usize,
    pub ours_per_second: f64,
    /// Median and 99th percentile.
    pub ours_ms: Option<(f64, f64)>,
    /// `None` where there is no twin.
    pub bare_per_second: Option<f64>,
    /// Mean.
    pub bare_ms: Option<f64>,
    /// Of the same SQL behind a minimal HTTP server.
    pub thin_per_second: Option<f64>,
    /// What it is held to; empty when to nothing.
    pub bar: &'static str,
}

impl Line {
    pub fn twins(name: &str, clients: usize, ours: &Run, bare: &Bare, bar: &'static str) -> Self {
        Self {
            name: name.into(),
            clients,
            ours_per_second: ours.per_second,
            ours_ms: Some((ours.percentile_ms(0.5), ours.percentile_ms(0.99))),
            bare_per_second: Some(bare.per_second),
            bare_ms: Some(bare.mean_ms),
            thin_per_second: None,
            bar,
        }
    }

    /// A line without a twin.
    pub fn alone(name: &str, clients: usize, ours: &Run, bar: &'static str) -> Self {
        Self {
            name: name.into(),
            clients,
            ours_per_second: ours.per_second,
            ours_ms: Some((ours.percentile_ms(0.5), ours.percentile_ms(0.99))),
            bare_per_second: None,
            bare_ms: None,
            thin_per_second: None,
            bar,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.2}"));
        let bare = self.bare_per_second.map_or(String::new(), |bare| format!("{bare:.0}"));
        // Throughput of ours as a share of the twin's.
        let share =
            |twin: Option<f64>| twin.map_or(String::new(), |t| format!("{:.0} %", 100.0 * self.ours_per_second / t));
        let thin = self.thin_per_second.map_or(String::new(), |thin| format!("{thin:.0}"));
        write!(
            f,
            "| {} | {} | {:.0} | {} | {} | {bare} | {} | {} | {} | {thin} | {} |",
            self.name,
            self.clients,
            self.ours_per_second,
            ms(self.ours_ms.map(|m| m.0)),
            ms(self.ours_ms.map(|m| m.1)),
            ms(self.bare_ms),
            share(self.bare_per_second),
            self.bar,
            share(self.thin_per_second)
        )
    }
}

/// What auditing takes of the throughput of a read.
pub struct Cost {
    pub name: String,
    pub clients: usize,
    /// Answers a second, of each turn; not empty.
    pub audited: Vec<f64>,
    /// The same without the audit.
    pub unaudited: Vec<f64>,
    /// Microseconds for each event, after each turn, until all were rows and sealed; not empty.
    pub after_us: Vec<f64>,
    /// Percent.
    pub bar: f64,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (audited, unaudited) = (median(&self.audited), median(&self.unaudited));
        write!(
            f,
            "Auditing takes {:.1} % of the throughput of \"{}\" (bar {:.0} %): {audited:.0} /s with it, {unaudited:.0} /s without it, {} clients, medians of {} turns each. What the turn left in the journal is unrolled and sealed afterwards, in {:.1} µs an event.",
            100.0 * (1.0 - audited / unaudited),
            self.name,
            self.bar,
            self.clients,
            self.audited.len(),
            median(&self.after_us)
        )
    }
}

/// The upper one of two in the middle.
fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

/// A whole run.
#[derive(Default)]
pub struct Report {
    pub lines: Vec<Line>,
    pub costs: Vec<Cost>,
    pub notes: Vec<String>,
    pub patients: u64,
    pub peak_memory_mb: f64,
    /// The same, before anything was written.
    pub read_memory_mb: f64,
}

const HEAD: &str = "| What | Clients | Ours /s | p50 ms | p99 ms | Bare SQL /s | mean ms | Ours ÷ bare | Bar | Thin HTTP /s | Ours ÷ thin |\n|---|---|---|---|---|---|---|---|---|---|---|";

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        for line in &self.lines {
            writeln!(f, "{line}")?;
        }
        writeln!(f)?;
        for cost in &self.costs {
            writeln!(f, "- {cost}")?;
        }
        for note in &self.notes {
            writeln!(f, "- {note}")?;
        }
        writeln!(
            f,
            "- Server memory at its peak: {:.0} MB (bar 150 MB), {:.0} MB of them by the reads.",
            self.peak_memory_mb, self.read_memory_mb
        )
    }
}

impl Report {
    /// Replaces the file.
    pub fn write(&self, file: &Path) -> std::io::Result<()> {
        let text = format!(
            "# Benchmarks\n\n\
             Written by `make bench`. Each line is measured through the server over HTTP and right after by pgbench with hand-written SQL that fetches the\n\
             same rows. Load generator, server and PostgreSQL share the cores, so only the ratio travels to another machine.\n\
             One client also asks a thin twin, which is that SQL behind the least HTTP server (`twins/thin.rs`): no rights, no audit, no FHIR. What it\n\
             is slower than pgbench is what an answer over HTTP costs on this machine; the bar stands at pgbench all the same.\n\
             The data: the demo hospital of {} patients, and the imported files when there are any.\n\n\
             {}, commit {}, {}\n\n{self}",
            self.patients,
            Clock::Machine.now().format("%Y-%m-%d"),
            first_line("git", &["rev-parse", "--short", "HEAD"]),
            machine(),
        );
        std::fs::write(file, text)
    }
}

fn first_line(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("unknown").to_owned()
}

fn machine() -> String {
    let read = |file| std::fs::read_to_string(file).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|l| l.strip_prefix("model name"))
        .and_then(|l| l.split(':').nth(1))
        .unwrap_or(" unknown CPU");
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let memory = read("/proc/meminfo");
    let kb: u64 = memory
        .lines()
        .find_map(|l| l.strip_prefix("MemTotal:"))
        .and_then(|l| l.trim().trim_end_matches(" kB").trim().parse().ok())
        .unwrap_or(0);
    let load = read("/proc/loadavg");
    format!(
        "{cores} cores of {}, {} GiB, load at the end {}",
        model.trim(),
        kb >> 20,
        load.split(' ').next().unwrap_or("unknown")
    )
}
