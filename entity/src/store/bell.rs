//! Tells the readers of the outbox in all processes that something was committed.
//!
//! Not in the transaction: PostgreSQL lets those that notify commit one after the other, each with a flush of its own. A bell that a dying
//! process did not ring costs its listeners a second, for they look by themselves.

use sea_orm::{ConnectionTrait as _, DatabaseConnection};
use tokio::sync::mpsc;

/// The task that rings ends with the last of these.
#[derive(Clone)]
pub(crate) struct Bell(mpsc::Sender<()>);

impl Bell {
    pub fn start(db: DatabaseConnection) -> Self {
        let (sender, mut asked) = mpsc::channel(1);
        tokio::spawn(async move {
            while asked.recv().await.is_some() {
                // When the database is away there is nothing to be told.
                let _ = db.execute_unprepared("NOTIFY wintehr").await;
            }
        });
        Self(sender)
    }

    /// To be called after a commit. One ringing is for all that was committed before it.
    pub fn ring(&self) {
        let _ = self.0.try_send(());
    }
}
