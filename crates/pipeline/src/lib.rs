//! The way of an event: from Home Assistant's socket to the log, and from the log to every sink.
//!
//! - [`sources`]: where events come from.
//! - [`ingest`]: filters, recognises duplicates, finds missed predecessors, appends to the log. The one producer.
//! - [`record`]: the shapes of a log record.
//! - [`registries`]: what Home Assistant lists, and what follows from it for each entity.
//! - [`context`]: where entities belong and how the weather was, as the log says it.
//! - [`gaps`]: the ledger of periods in which events were or may have been missed.
//! - [`normalise`]: turns a log record into a row.
//! - [`described`]: the unit and the class of a state.
//! - [`deliver`]: folds the log into a sink, with a cursor.
//! - [`sinks`]: what it is delivered to.
//! - [`live`]: what was just written, for those who watch.
//! - [`orders`], [`quarantine`]: what a person asks of the producer, and what can be done with records that were set aside.
//! - [`weather`]: who observes the weather, and when they are asked.
//! - [`silence`]: sensors that have fallen silent.
//! - [`health`], [`metrics`]: the state of the parts, rates over a window.
//! - [`watch`], [`inlet`]: a thread's work as others watch it, and asking a part that may be started anew.
//! - [`http`]: questions to one peer over a connection that is kept.
//! - [`webhook`], [`mqtt`]: how people, and Home Assistant, are told.

pub mod context;
pub mod counters;
pub mod deliver;
pub mod described;
pub mod filter;
pub mod gaps;
pub mod health;
pub mod http;
pub mod ingest;
pub mod inlet;
pub mod left_out;
pub mod live;
pub mod mask;
pub mod metrics;
pub mod mqtt;
pub mod normalise;
pub mod orders;
pub mod portion;
pub mod quarantine;
pub mod record;
pub mod registries;
pub mod replay;
pub mod silence;
pub mod sinks;
pub mod sources;
pub mod watch;
pub mod weather;
pub mod webhook;
