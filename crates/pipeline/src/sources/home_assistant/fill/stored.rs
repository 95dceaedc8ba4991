//! What is recorded already.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::BoxFuture;
use hashbrown::HashSet;
use hearthline_core::{EntityId, Seq, Timestamp};
use hearthline_store::{StatesQuery, Store};

use crate::deliver::SinkView;

/// How often it is looked whether the store has what the log has.
const LOOK: Duration = Duration::from_millis(20);

/// Says which states of some entities, from an instant on and before another, are recorded in the log through a number.
pub type Stored = Arc<
    dyn Fn(
            Vec<EntityId>,
            (Timestamp, Timestamp),
            Seq,
        ) -> BoxFuture<'static, Result<HashSet<(EntityId, Timestamp)>, String>>
        + Send
        + Sync,
>;

/// Asks the store, once it has been given the log so far.
pub fn in_store(store: Arc<Store>, delivery: Arc<SinkView>) -> Stored {
    Arc::new(move |entities, (from, to), through| {
        let (store, delivery) = (Arc::clone(&store), Arc::clone(&delivery));
        Box::pin(async move {
            while delivery.given() < through {
                tokio::time::sleep(LOOK).await;
            }
            let query = StatesQuery { entities: Some(entities), renamed: false, from, to };
            let asked = tokio::task::spawn_blocking(move || store.identities(&query)).await;
            asked.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
        })
    })
}
