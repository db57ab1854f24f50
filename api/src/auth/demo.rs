//! Demo mode: log-ins that everybody knows. They exist only there.

use clinical::demo::{Role as DemoRole, staff};
use entity::role::Role;
use entity::store::PersonAccount;
use entity::{Store, StoreError};
use serde::Serialize;

use super::password;
use crate::clock::Clock;

/// A log-in that the sign-in page shows.
#[derive(Serialize)]
pub struct DemoUser {
    pub user: &'static str,
    pub name: &'static str,
    pub role: &'static str,
    pub password: String,
}

fn role(role: DemoRole) -> Role {
    match role {
        DemoRole::Physician => Role::Physician,
        DemoRole::Nurse => Role::Nurse,
        DemoRole::Pharmacist => Role::Pharmacist,
        DemoRole::Registrar => Role::Registrar,
        DemoRole::Analyst => Role::Analyst,
        DemoRole::Admin => Role::Admin,
    }
}

/// The demo hospital's staff with their log-ins.
pub fn users() -> impl Iterator<Item = DemoUser> {
    staff().iter().map(|s| DemoUser {
        user: s.login,
        name: s.name,
        role: role(s.role).name(),
        password: format!("demo-{}", s.login),
    })
}

/// Makes the demo log-ins that are missing.
pub async fn ensure_users(store: &Store, clock: &Clock) -> Result<(), StoreError> {
    for (user, member) in users().zip(staff()) {
        if store.has_account(user.user).await? {
            continue;
        }
        let new = PersonAccount {
            login: user.user.into(),
            name: user.name.into(),
            password_hash: password::hash(user.password).await,
            roles: vec![role(member.role)],
            fhir_user: Some(format!("Practitioner/{}", member.practitioner_id)),
            demo: true,
        };
        store.create_person_account(new, clock.now()).await?;
    }
    Ok(())
}
