//! The lines of a run, as they are printed and as they stand in `BENCHMARKS.md`.

use std::fmt;
use std::path::Path;
use std::process::Command;

use api::clock::Clock;

use crate::load::Run;

/// One measurement beside its twins.
pub struct Line {
    pub name: String,
    pub clients: usize,
    pub ours_per_second: f64,
    /// Median and 99th percentile.
    pub ours_ms: Option<(f64, f64)>,
    /// The bare SQL as psql sends it.
    pub bare: Option<Beside>,
    /// The same, prepared with its values in it.
    pub prepared: Option<Beside>,
    /// The same SQL, prepared, behind a minimal HTTP server.
    pub thin: Option<Beside>,
    /// What it is held to, a share of the bare SQL or a rate; empty when to nothing.
    pub bar: &'static str,
}

/// A twin: what it does a second, and ours as a share of it.
#[derive(Debug, Clone, Copy)]
pub struct Beside {
    pub per_second: f64,
    pub share: f64,
}

impl Beside {
    /// Medians of turns, each ours and the twin's; not empty.
    pub fn of(turns: &[(f64, f64)]) -> Self {
        let twins: Vec<f64> = turns.iter().map(|(_, twin)| *twin).collect();
        let shares: Vec<f64> = turns.iter().map(|(ours, twin)| ours / twin).collect();
        Self { per_second: median(&twins), share: median(&shares) }
    }
}

/// Ours, and right after it the twins.
pub struct Turn {
    pub ours: Run,
    pub bare: f64,
    pub prepared: f64,
    pub thin: Option<f64>,
}

impl Line {
    /// Of turns; not empty.
    pub fn of_turns(name: &str, clients: usize, turns: Vec<Turn>, bar: &'static str) -> Self {
        let beside = |twin: fn(&Turn) -> Option<f64>| {
            let turns: Vec<_> = turns.iter().filter_map(|t| twin(t).map(|twin| (t.ours.per_second, twin))).collect();
            (!turns.is_empty()).then(|| Beside::of(&turns))
        };
        let (bare, prepared, thin) = (beside(|t| Some(t.bare)), beside(|t| Some(t.prepared)), beside(|t| t.thin));
        let per_second = median(&turns.iter().map(|t| t.ours.per_second).collect::<Vec<_>>());
        let mut times: Vec<_> = turns.into_iter().flat_map(|t| t.ours.times).collect();
        times.sort_unstable();
        Self { bare, prepared, thin, ..Self::alone(name, clients, &Run { per_second, times }, bar) }
    }

    /// A line without twins.
    pub fn alone(name: &str, clients: usize, ours: &Run, bar: &'static str) -> Self {
        Self {
            name: name.into(),
            clients,
            ours_per_second: ours.per_second,
            ours_ms: Some((ours.percentile_ms(0.5), ours.percentile_ms(0.99))),
            bare: None,
            prepared: None,
            thin: None,
            bar,
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = |v: Option<f64>| v.map_or(String::new(), |v| format!("{v:.2}"));
        write!(
            f,
            "| {} | {} | {:.0} | {} | {} |",
            self.name,
            self.clients,
            self.ours_per_second,
            ms(self.ours_ms.map(|m| m.0)),
            ms(self.ours_ms.map(|m| m.1)),
        )?;
        // Throughput of a twin, and ours as a share of it.
        let twin = |twin: Option<Beside>| match twin {
            Some(Beside { per_second, share }) => format!(" {per_second:.0} | {:.0} % |", 100.0 * share),
            None => "  |  |".into(),
        };
        write!(f, "{} {} |{}{}", twin(self.bare), self.bar, twin(self.prepared), twin(self.thin))
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

const HEAD: &str = "| What | Clients | Ours /s | p50 ms | p99 ms | SQL /s | Ours ÷ SQL | Bar | SQL prepared /s | Ours ÷ it | Thin HTTP /s | Ours ÷ it |\n|---|---|---|---|---|---|---|---|---|---|---|---|";

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
             same rows, in five turns, of which the medians are told, of the shares as well: what else the machine does falls on both. Load generator,\n\
             server and PostgreSQL share the cores, so only the ratio travels to another machine.\n\
             SQL is what psql would do: the simple query protocol, which reads and plans a statement each time. The bars of shares stand at it.\n\
             SQL prepared is the least the database can do: each statement is prepared beforehand with its values written into it, a hundred patients a\n\
             hundred statements. One client also asks a thin twin, which is the prepared SQL behind the least HTTP server (`twins/thin.rs`): no rights, no\n\
             audit, no FHIR. What it is slower than prepared SQL is what an answer over HTTP costs on this machine.\n\
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
