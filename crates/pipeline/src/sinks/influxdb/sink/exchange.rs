//! What is said to the server, and what follows from its answers.

use hearthline_core::ErrorKind;

use super::InfluxSink;
use crate::sinks::SinkError;
use crate::sinks::influxdb::answer::Meaning;
use crate::sinks::influxdb::point::Layout;
use crate::sinks::influxdb::schema::{FieldType, Schema};
use crate::sinks::influxdb::send::{Done, Sending, Stop};
use crate::sinks::influxdb::server::Version;

impl InfluxSink {
    /// Sends all that was taken; where there is nothing to send, sees whether the server is there.
    pub(super) async fn settle(&mut self) -> Result<(), SinkError> {
        let settled = self.exchange().await;
        self.heard(&settled);
        settled
    }

    /// How the last exchange ended.
    pub(super) fn heard<T>(&mut self, ended: &Result<T, SinkError>) {
        self.unwell = ended.is_err();
        if ended.is_ok() {
            self.heard = self.clock.monotonic();
        }
        self.tell();
    }

    async fn exchange(&mut self) -> Result<(), SinkError> {
        let version = self.opened().await?;
        if !self.has_unsent() {
            return self.server.ping().await.map_err(|stop| self.failed(stop));
        }
        while self.has_unsent() {
            let mut sending = match self.sending.take() {
                Some(sending) => sending,
                None => {
                    self.rows_since = None;
                    let mut rows = std::mem::take(&mut self.rows);
                    self.taken.committed.filtered += self.young_enough(&mut rows);
                    Sending::new(rows, self.most, &mut self.encoder)
                }
            };
            match self.send(&mut sending, version).await {
                Ok(()) => self.finish(sending)?,
                Err(stop) => {
                    self.sending = Some(sending);
                    return Err(self.failed(stop));
                }
            }
        }
        Ok(())
    }

    /// Sends until each row has its fate, or nothing more is to be sent now.
    pub(super) async fn send(&mut self, sending: &mut Sending, version: Version) -> Result<(), Stop> {
        let sent = self.send_all(sending, version).await;
        if let Some(too_many) = sending.too_many() {
            self.most = self.most.min(too_many.div_ceil(2));
        }
        sent
    }

    async fn send_all(&mut self, sending: &mut Sending, version: Version) -> Result<(), Stop> {
        while let Some(body) = sending.body(&mut self.encoder) {
            let meaning = self.server.write(version, body).await?;
            if matches!(meaning, Meaning::Columns(_))
                && let Ok(fields) = self.server.fields(version, &self.config.layout.measurements()).await?
            {
                self.adopt(&fields);
            }
            let learns = matches!(meaning, Meaning::Conflict(_));
            sending.answered(meaning, &mut self.encoder, self.clock.now())?;
            if learns && let Err(error) = self.state.save_schema(self.encoder.schema()) {
                tracing::warn!(sink = self.config.name, %error, "what was learned of the server's fields is not on disk yet");
            }
        }
        Ok(())
    }

    /// Counts what became of rows of the log.
    fn finish(&mut self, sending: Sending) -> Result<(), SinkError> {
        let done = match sending.done(&mut self.encoder) {
            Ok(done) => done,
            Err((mut rows, stop)) => {
                rows.append(&mut self.rows);
                self.rows = rows;
                self.rows_since.get_or_insert(self.clock.monotonic());
                return Err(self.failed(stop));
            }
        };
        self.write_down(&done);
        let counts = &mut self.taken.committed;
        counts.delivered += done.delivered;
        counts.filtered += done.filtered;
        counts.quarantined += done.quarantined;
        Ok(())
    }

    /// Writes down the rows that were set aside.
    pub(super) fn write_down(&self, done: &Done) {
        self.view.change(|view| view.refused_for_type += done.for_type);
        let Some(first) = done.refused.first() else { return };
        let (rows, words) = (done.refused.len(), &first.words);
        tracing::error!(sink = self.config.name, rows, %words, "rows were refused and set aside");
        if let Err(error) = self.state.refuse(&done.refused, self.clock.now()) {
            tracing::error!(sink = self.config.name, %error, "rows that were refused could not be written down");
        }
    }

    /// The server's version, once it is known that it can be written to.
    pub(super) async fn opened(&mut self) -> Result<Version, SinkError> {
        if let Some(opened) = &self.opened {
            return Ok(opened.version);
        }
        let measurements = self.config.layout.measurements();
        // One that had rows and is gone was dropped: made again in silence, it would be without its past.
        let make = self.taken.committed.delivered == 0;
        let opened = self.server.open(&measurements, make).await.map_err(|stop| self.failed(stop))?;
        self.adopt(&opened.fields);
        self.encoder.writes_for(opened.version, opened.reads_lines);
        if let Some(sending) = &mut self.sending {
            sending.encode(&mut self.encoder);
        }
        tracing::info!(
            sink = self.config.name, url = %self.config.server.url, version = opened.says,
            fields = opened.fields.len(), made = opened.made, "{} can be written to", self.server.what(opened.version)
        );
        let version = opened.version;
        self.view.change(|view| {
            view.version = Some(opened.says.clone()).filter(|says| !says.is_empty());
            view.speaks = Some(version);
            view.reads_lines = opened.reads_lines;
            view.fields_unknown.clone_from(&opened.fields_unknown);
        });
        self.opened = Some(opened);
        Ok(version)
    }

    /// The server has these fields.
    fn adopt(&mut self, fields: &[(String, String, FieldType)]) {
        let now = self.clock.now();
        self.encoder.change_schema(|schema| {
            for (measurement, field, has) in fields {
                schema.adopt(measurement, field, [*has], now);
            }
        });
    }

    /// Writes to another measurement, or forgets what is known of the server's fields, if that is wanted.
    pub(super) fn obey_reset(&mut self) {
        if let Some(measurement) = self.view.wants() {
            self.write_to(measurement);
        }
        if !self.view.take_reset() {
            return;
        }
        tracing::info!(
            sink = self.config.name,
            "what is known of the server's fields is forgotten and read again"
        );
        self.encoder.change_schema(Schema::forget);
        self.opened = None;
        self.unwell = true;
        if let Err(error) = self.state.save_schema(self.encoder.schema()) {
            tracing::warn!(sink = self.config.name, %error, "the schema on disk could not be replaced");
        }
        self.tell();
    }

    /// Rows that are on their way are encoded again: who has them already has them in the measurement before.
    fn write_to(&mut self, measurement: String) {
        tracing::info!(sink = self.config.name, measurement, "rows go to another measurement from now on");
        self.encoder.write_to(&measurement);
        self.view.reset();
        self.view.writes_to(&measurement);
        if let Layout::Native(layout) = &mut self.config.layout {
            layout.measurement = measurement;
        }
    }

    pub(super) fn failed(&mut self, stop: Stop) -> SinkError {
        match stop {
            Stop::Later { after, words } => {
                SinkError { kind: ErrorKind::Transient, message: words, retry_after: after }
            }
            Stop::Parked(words) => {
                self.opened = None; // a person may have mended anything
                SinkError { kind: ErrorKind::Config, message: words, retry_after: None }
            }
        }
    }
}
