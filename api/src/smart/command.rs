//! `wintehr app …`: the registry of applications on the command line.

use entity::registration;
use entity::store::{AppChange, ClientKind, NewClient};

use super::new_signing_key;
use crate::auth;
use crate::config::{App, DatabaseArgs, NewApp};
use crate::server::{ServeError, by_command, with_store};

/// Carries it out, as the audit tells; the list alone leaves nothing there.
pub async fn run(settings: &App) -> Result<(), ServeError> {
    let (actor, request) = by_command();
    let disabled = async |id: &str, disabled: bool, database: &DatabaseArgs| {
        let change = AppChange::Disabled(disabled);
        with_store(database, async |store| store.app_change(&actor, &request, id, change).await).await.map(|_| ())
    };
    match settings {
        App::Create(new) => create(new).await,
        App::List { database } => {
            for app in with_store(database, async |store| store.clients().await).await? {
                let kind = match app.kind {
                    ClientKind::Public => "public",
                    ClientKind::Symmetric(_) => "secret",
                    ClientKind::Asymmetric(_) | ClientKind::AsymmetricAt(_) => "signature",
                };
                let state = if app.disabled { "disabled" } else { "enabled" };
                println!("{}\t{}\t{kind}\t{state}\t{}", app.id, app.name, app.scope);
            }
            Ok(())
        }
        App::Enable { id, database } => disabled(id, false, database).await,
        App::Disable { id, database } => disabled(id, true, database).await,
        App::RotateKey { database } => {
            let key = new_signing_key();
            with_store(database, async |store| store.signing_key_rotate(&actor, &request, key).await).await
        }
    }
}

async fn create(new: &NewApp) -> Result<(), ServeError> {
    let mut secret = None;
    let kind = match (&new.jwks, &new.jwks_uri, new.client_secret) {
        (Some(file), _, _) => {
            ClientKind::Asymmetric(registration::keys(&std::fs::read_to_string(file)?).map_err(ServeError::App)?)
        }
        (None, Some(url), _) => ClientKind::AsymmetricAt(url.clone()),
        (None, None, true) => {
            let (text, hash) = auth::new_token();
            secret = Some(text);
            ClientKind::Symmetric(hash)
        }
        (None, None, false) => ClientKind::Public,
    };
    let client = NewClient {
        id: new.id.clone(),
        name: new.name.clone().unwrap_or_else(|| new.id.clone()),
        kind,
        redirect_uris: new.redirect_uris.clone(),
        launch_url: new.launch_url.clone(),
        framed: new.framed,
        scope: new.scope.clone(),
        account: new.account.clone(),
    };
    let (actor, request) = by_command();
    with_store(&new.database, async |store| store.app_register(&actor, &request, client).await).await?;
    if let Some(secret) = secret {
        println!("{secret}");
    }
    Ok(())
}
