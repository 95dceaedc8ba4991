//! Each stage of the way alone, on one thread.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Result, ensure};
use hearthline_core::{Batch, Clock, RealFs, Seq, SystemClock};
use hearthline_log::{Append, Log, LogConfig, LogWriter, Read, RecordBatch};
use hearthline_pipeline::filter::Filter;
use hearthline_pipeline::ingest::{Hello, Ingest};
use hearthline_pipeline::normalise::Normaliser;
use hearthline_pipeline::sinks::Sink as _;
use hearthline_pipeline::sinks::influxdb::attributes::Attributes;
use hearthline_pipeline::sinks::influxdb::point::{Encoded, Encoder, NativeLayout};
use hearthline_pipeline::sinks::influxdb::schema::Schema;
use hearthline_pipeline::sinks::influxdb::{InfluxConfig, InfluxSink, ServerConfig, Start};
use hearthline_pipeline::sources::home_assistant::wire::{self, Message};
use hearthline_store::{Store, StoreConfig};
use serde::{Deserialize, Serialize};

use crate::measure::{Figures, Watch};
use crate::peer::Peer;
use crate::{events, ours, yardstick};

/// One stage.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Stage {
    pub(crate) stage: String,
    pub(crate) figures: Figures,
}

/// Measures every stage with so many events.
pub(crate) fn run(events: u64, dir: &Path) -> Result<Vec<Stage>> {
    let frames = events::frames(events);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let mut stages = Vec::new();
    let mut add = |stage: &str, figures| stages.push(Stage { stage: stage.into(), figures });

    let watch = Watch::start();
    let parsed = frames.iter().try_fold(0, |sum, frame| anyhow::Ok(sum + yardstick::parse(frame)?))?;
    add("parse, as the yardstick does", watch.stop(parsed)?);
    let watch = Watch::start();
    let parsed = frames.iter().map(|frame| parse(frame)).sum();
    add("parse", watch.stop(parsed)?);

    let whole = open(&dir.join("whole"), &clock)?;
    let watch = Watch::start();
    let log = ingest(whole, &clock, &frames)?;
    add("parse, ingest, log", watch.stop(events)?);
    drop(frames);

    let watch = Watch::start();
    let batches = read(&log)?;
    add("read from files", watch.stop(events)?);

    let alone = open(&dir.join("alone"), &clock)?;
    let watch = Watch::start();
    append(alone, &batches)?;
    add("append to the log", watch.stop(events)?);

    let mut normaliser = Normaliser::new("home");
    let watch = Watch::start();
    let rows: Vec<Batch> = batches.iter().map(|batch| normalise(&mut normaliser, batch)).collect();
    add("normalise", watch.stop(events)?);
    drop(batches);
    for (stage, attributes) in
        [("line protocol", Attributes::Default), ("line protocol, all attributes", Attributes::All)]
    {
        let watch = Watch::start();
        let lines = encode(attributes, &rows);
        add(stage, watch.stop(lines)?);
        ensure!(lines == events, "{lines} lines of {events} events");
    }

    let taker = Peer::start(&["taker"])?;
    let watch = Watch::start();
    let delivered = deliver(taker.address, log, &clock, dir, &rows)?;
    add("line protocol, gzip, sent", watch.stop(delivered)?);
    ensure!(delivered == events, "{delivered} of {events} events delivered");
    drop(taker);

    let store = Store::open(Arc::new(RealFs), clock, ours::store_config(dir))?;
    let watch = Watch::start();
    for batch in &rows {
        store.write(batch)?;
        if store.flush_due() {
            store.flush()?;
        }
    }
    store.flush()?;
    add("store, write and flush", watch.stop(events)?);
    let delivered = store.committed_counts().delivered;
    ensure!(delivered == events, "{delivered} of {events} events in the store");
    Ok(stages)
}

fn parse(frame: &str) -> u64 {
    wire::messages(frame).filter(|message| matches!(message, Message::Event(_))).count() as u64
}

/// A log that keeps nothing in memory for its readers.
fn open(dir: &Path, clock: &Arc<dyn Clock>) -> Result<LogWriter> {
    let config = LogConfig { ring_bytes: 0, ..ours::log_config(dir) };
    std::fs::create_dir_all(&config.dir)?;
    Ok(LogWriter::open(Arc::new(RealFs), Arc::clone(clock), config, Seq(1))?.0)
}

fn ingest(mut writer: LogWriter, clock: &Arc<dyn Clock>, frames: &[String]) -> Result<Log> {
    let log = writer.log();
    let mut ingest = Ingest::open(log.clone(), Arc::clone(clock), Arc::default())?;
    ingest.connected(&Hello { ha_version: "2026.11.0".into(), states_only: true })?;
    ingest.running();
    for some in frames.chunks(64) {
        for frame in some {
            let received = clock.now();
            for message in wire::messages(frame) {
                if let Message::Event(event) = message {
                    ingest.accept(&event, received)?;
                }
            }
            ingest.end_frame()?;
        }
        writer.step()?;
    }
    writer.close()?;
    Ok(log)
}

fn append(mut writer: LogWriter, batches: &[RecordBatch]) -> Result<()> {
    let log = writer.log();
    for batch in batches {
        let mut append = Append::new();
        batch.records().for_each(|(_, is_event, record)| append.push(record, is_event));
        log.append(append)?;
        writer.step()?;
    }
    Ok(writer.close()?)
}

fn read(log: &Log) -> Result<Vec<RecordBatch>> {
    let mut reader = log.reader(Seq::ZERO);
    let mut batches = Vec::new();
    while let Some(read) = reader.read()? {
        match read {
            Read::Batch(batch) => batches.push(batch),
            Read::Damage(damage) => anyhow::bail!("{damage}"),
        }
    }
    Ok(batches)
}

/// Lines as a delivery makes them: the bytes of a batch, then those of the next in their place.
fn encode(attributes: Attributes, batches: &[Batch]) -> u64 {
    let layout = NativeLayout::new("home_assistant_events", attributes);
    let mut encoder = Encoder::new(layout.into(), Schema::default());
    let mut bytes = Vec::new();
    let mut lines = 0;
    for batch in batches {
        bytes.clear();
        let written = batch.rows.iter().filter(|row| encoder.encode(row, &mut bytes) == Encoded::Line);
        lines += written.count() as u64;
        encoder.keep();
    }
    lines
}

/// Hands everything to an InfluxDB sink, as its delivery does, until the server has it and the position is on disk. How many
/// events it has delivered.
fn deliver(
    address: SocketAddr,
    log: Log,
    clock: &Arc<dyn Clock>,
    dir: &Path,
    batches: &[Batch],
) -> Result<u64> {
    let config = InfluxConfig {
        name: "influxdb".into(),
        dir: dir.join("sinks/influxdb"),
        server: ServerConfig::new(format!("http://{address}/").parse()?, "house"),
        layout: NativeLayout::new("home_assistant_events", Attributes::Default).into(),
        filter: Filter::default(),
        batch_size: 5000,
        batch_interval: Duration::from_secs(1),
        start: Start::Log,
    };
    let store = StoreConfig::new(dir.join("store"));
    let store = Arc::new(Store::open(Arc::new(RealFs), Arc::clone(clock), store)?);
    let mut sink = InfluxSink::open(config, log, store, Arc::new(RealFs), Arc::clone(clock))?;
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
        for batch in batches {
            sink.write(batch).await?;
        }
        Ok(sink.commit().await?.delivered)
    })
}

fn normalise(normaliser: &mut Normaliser, batch: &RecordBatch) -> Batch {
    let rows = batch.records().filter_map(|(seq, _, record)| normaliser.row(seq, record)).collect();
    Batch { first: batch.first(), last: batch.last(), rows }
}
