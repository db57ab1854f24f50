//! `wintehr app …`: the registry of applications on the command line.

use entity::registration;
use entity::store::{ClientKind, NewClient};

use super::new_signing_key;
use crate::auth;
use crate::clock::Clock;
use crate::config::{App, NewApp};
use crate::server::{ServeError, with_store};

/// `false` when there is no such application.
pub async fn run(settings: &App) -> Result<bool, ServeError> {
    let now = Clock::Machine.now();
    match settings {
        App::Create(new) => create(new).await.map(|()| true),
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
            Ok(true)
        }
        App::Enable { id, database } => {
            with_store(database, async |store| store.set_client_disabled(id, false, now).await).await
        }
        App::Disable { id, database } => {
            with_store(database, async |store| store.set_client_disabled(id, true, now).await).await
        }
        App::RotateKey { database } => {
            with_store(database, async |store| store.add_signing_key(new_signing_key(), now).await).await?;
            Ok(true)
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
    with_store(&new.database, async |store| store.create_client(client, Clock::Machine.now()).await).await?;
    if let Some(secret) = secret {
        println!("{secret}");
    }
    Ok(())
}
