//! Who treats whom: kept in the transaction of the record that says so, as one row per practitioner and patient. It opens what is
//! restricted or sensitive in the patient's chart (`store/sql.rs`).
//!
//! Read from Encounter.participant, CareTeam.participant, Appointment.participant and Patient.generalPractitioner, where they name a
//! Practitioner. Roles and organizations name nobody, and open nothing.

use fhir::search::key::Keys;
use fhir::{Json, ResourceType, reference, temporal};
use sea_orm::{ConnectionTrait as _, DatabaseBackend, DatabaseTransaction, Statement};

use crate::StoreError;
use crate::store::sql::i64_array;

const DAY_US: i64 = 86_400_000_000;
/// A stay is followed by results, letters and bills.
const AFTER_ENCOUNTER_US: i64 = 30 * DAY_US;
/// An appointment is prepared and written up around it.
const AROUND_APPOINTMENT_US: i64 = DAY_US;

/// A version as it was just written.
pub(super) struct Written<'r> {
    pub resource_type: ResourceType,
    pub rid: i64,
    pub is_new: bool,
    /// Empty for a deletion.
    pub body: &'r str,
    /// Row keys of the patients it is about.
    pub pats: &'r [i64],
    /// Its primary date in microseconds, `[low, high)`.
    pub when: (i64, i64),
    pub at_us: i64,
}

/// Bare ids of practitioners, and from when until when in microseconds.
type Relations = (Vec<String>, i64, i64);

fn says(resource_type: ResourceType) -> bool {
    use ResourceType as T;
    matches!(resource_type, T::Encounter | T::CareTeam | T::Appointment | T::Patient)
}

/// Whom a document names as treating its patient, `[from, to)`.
fn relations(resource_type: ResourceType, document: &Json<'_>, (low, high): (i64, i64), now_us: i64) -> Relations {
    use ResourceType as T;
    let status = document.str_at("status").unwrap_or_default();
    let (list, member) = match resource_type {
        T::Encounter => ("participant", Some("individual")),
        T::CareTeam => ("participant", Some("member")),
        T::Appointment => ("participant", Some("actor")),
        _ => ("generalPractitioner", None),
    };
    let items = document.get(list).map_or(&[][..], Json::items);
    let named = items.iter().filter_map(|item| member.map_or(Some(item), |name| item.get(name)));
    let people = named.filter_map(|r| match reference::relative(r.str_at("reference")?)? {
        (T::Practitioner, id, None) => Some(id.to_owned()),
        _ => None,
    });
    let people: Vec<String> = people.collect();
    // Without a date the interval is empty at the beginning of time.
    let dated = high > temporal::MIN;
    let (from, until) = if dated { (low, high) } else { (now_us, temporal::MAX) };
    match (resource_type, status) {
        (T::Encounter, "planned" | "arrived" | "triaged" | "in-progress" | "onleave") => (people, from, temporal::MAX),
        (T::Encounter, "finished") => {
            let end = if until == temporal::MAX { now_us } else { until };
            (people, from, end.saturating_add(AFTER_ENCOUNTER_US))
        }
        (T::CareTeam, "active") => (people, from, until),
        (T::Appointment, "booked" | "arrived" | "checked-in" | "fulfilled" | "pending") if dated => {
            (people, from.saturating_sub(AROUND_APPOINTMENT_US), until.saturating_add(AROUND_APPOINTMENT_US))
        }
        (T::Patient, _) => (people, temporal::MIN, temporal::MAX),
        _ => (Vec::new(), 0, 0),
    }
}

/// Writes what these versions say of who treats whom, in the place of what their versions before said.
pub(super) async fn keep<'r>(
    tx: &DatabaseTransaction,
    keys: &Keys,
    written: impl Iterator<Item = Written<'r>>,
) -> Result<(), StoreError> {
    let mut before = Vec::new();
    let mut columns: [Vec<i64>; 6] = Default::default();
    for row in written.filter(|row| says(row.resource_type)) {
        if !row.is_new {
            before.push(row.rid);
        }
        let Some(document) = Some(row.body).filter(|body| !body.is_empty()).and_then(|b| Json::parse(b).ok()) else {
            continue;
        };
        let (people, from, to) = relations(row.resource_type, &document, row.when, row.at_us);
        for id in people {
            let practitioner = keys.resource(ResourceType::Practitioner, &id);
            for pat in row.pats {
                let row = [practitioner, *pat, keys.term_compartment(*pat), from, to, row.rid];
                columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
            }
        }
    }
    if !before.is_empty() {
        let sql = "DELETE FROM app.care_relation WHERE source = ANY($1)";
        let binds = [i64_array(before)];
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    }
    if !columns[0].is_empty() {
        let sql = "INSERT INTO app.care_relation (practitioner, pat, term, from_us, to_us, source)
            SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])";
        let binds = columns.map(i64_array);
        tx.execute_raw(Statement::from_sql_and_values(DatabaseBackend::Postgres, sql, binds)).await?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use ResourceType as T;

    #[test]
    fn who_is_named_treats_as_long_as_it_lasts() {
        let of = |ty, text: &str, when| relations(ty, &Json::parse(text).unwrap(), when, 1_000);
        let one = r#""participant":[{"individual":{"reference":"Practitioner/a"}},{"individual":{"reference":"PractitionerRole/b"}}]"#;
        let encounter = |status, when| of(T::Encounter, &format!(r#"{{"status":"{status}",{one}}}"#), when);
        assert_eq!(encounter("in-progress", (5, 9)), (vec!["a".to_owned()], 5, temporal::MAX));
        assert_eq!(encounter("finished", (5, 9)), (vec!["a".to_owned()], 5, 9 + AFTER_ENCOUNTER_US));
        assert_eq!(encounter("finished", (5, temporal::MAX)).2, 1_000 + AFTER_ENCOUNTER_US);
        assert_eq!(encounter("in-progress", (temporal::MIN, temporal::MIN)).1, 1_000);
        for over in ["cancelled", "entered-in-error", "unknown"] {
            assert!(encounter(over, (5, 9)).0.is_empty(), "{over}");
        }
        let gp = r#"{"generalPractitioner":[{"reference":"Practitioner/g"},{"reference":"Organization/o"}]}"#;
        assert_eq!(of(T::Patient, gp, (0, 1)), (vec!["g".to_owned()], temporal::MIN, temporal::MAX));
        let visit = r#"{"status":"booked","participant":[{"actor":{"reference":"Patient/p"}},{"actor":{"reference":"Practitioner/a"}}]}"#;
        assert_eq!(of(T::Appointment, visit, (DAY_US * 9, DAY_US * 9 + 1)).1, DAY_US * 8);
        assert!(of(T::Appointment, visit, (temporal::MIN, temporal::MIN)).0.is_empty());
        let team = r#"{"status":"active","participant":[{"member":{"reference":"Practitioner/a"}}]}"#;
        assert_eq!(of(T::CareTeam, team, (3, 7)), (vec!["a".to_owned()], 3, 7));
    }
}
