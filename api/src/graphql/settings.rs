//! What an installation decides about its GraphQL doors.

use std::time::Duration;

use clap::ValueEnum;
use entity::Role;

use super::documents::Documents;

/// Who is shown the schema, and names that were perhaps meant when one is not in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Introspection {
    /// Everybody in demo mode, else analysts and administrators.
    #[default]
    ByMode,
    Everybody,
    /// Analysts and administrators.
    Explorers,
    Nobody,
}

/// Of one server.
#[derive(Debug)]
pub struct Settings {
    pub introspection: Introspection,
    pub documents: Documents,
    /// How long an operation may take.
    pub time_limit: Duration,
    /// The same for analysts.
    pub analyst_time_limit: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            introspection: Introspection::default(),
            documents: Documents::default(),
            time_limit: Duration::from_secs(5),
            analyst_time_limit: Duration::from_secs(30),
        }
    }
}

impl Settings {
    /// Whether the schema is shown to someone with those roles.
    pub fn shows_schema(&self, demo: bool, roles: &[Role]) -> bool {
        let explorer = roles.iter().any(|r| matches!(r, Role::Analyst | Role::Admin));
        match self.introspection {
            Introspection::ByMode => demo || explorer,
            Introspection::Everybody => true,
            Introspection::Explorers => explorer,
            Introspection::Nobody => false,
        }
    }

    /// How long an operation of someone with those roles may take.
    pub fn time_limit(&self, roles: &[Role]) -> Duration {
        if roles.contains(&Role::Analyst) { self.analyst_time_limit } else { self.time_limit }
    }
}
