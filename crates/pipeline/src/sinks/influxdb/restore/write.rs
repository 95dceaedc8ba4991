//! Writing points back.

use super::{RestoreError, Restored, Typing};
use crate::sinks::influxdb::answer::Meaning;
use crate::sinks::influxdb::export::ExportError;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::schema::FieldType;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::stored::StoredPoint;
use crate::sinks::influxdb::{Server, Version};

/// The most points that are sent at once, and the most bytes about.
const MOST: usize = 5_000;
const LARGE: usize = 2 << 20;

/// A point on its way.
struct Going {
    point: StoredPoint,
    /// Names that were refused, with the type that they were refused for.
    avoided: Vec<(String, FieldType)>,
    line: Vec<u8>,
    /// Values in it that go under another name than they had.
    moved: u64,
}

/// Writes points back. The same again changes nothing. `progress` hears how many are written.
///
/// # Errors
/// When the server takes nothing, or refuses a point; what was written stays.
pub async fn write(
    server: &mut Server,
    version: Version,
    typing: &Typing,
    points: impl Iterator<Item = Result<StoredPoint, ExportError>> + Send,
    mut progress: impl FnMut(u64) + Send,
) -> Result<Restored, RestoreError> {
    let mut restored = Restored::default();
    let (mut going, mut bytes) = (Vec::new(), 0);
    for point in points {
        let one = Going::new(typing, point?)?;
        bytes += one.line.len();
        going.push(one);
        if going.len() >= MOST || bytes >= LARGE {
            send(server, version, typing, std::mem::take(&mut going), &mut restored).await?;
            bytes = 0;
            progress(restored.points);
        }
    }
    send(server, version, typing, going, &mut restored).await?;
    progress(restored.points);
    Ok(restored)
}

impl Going {
    fn new(typing: &Typing, point: StoredPoint) -> Result<Self, RestoreError> {
        let mut going = Self { point, avoided: Vec::new(), line: Vec::new(), moved: 0 };
        going.encode(typing)?;
        Ok(going)
    }

    fn encode(&mut self, typing: &Typing) -> Result<(), RestoreError> {
        let placed = typing.place(&self.point, &self.avoided).ok_or_else(|| {
            let refused: Vec<_> =
                self.avoided.iter().map(|(field, kind)| format!("{field} ({kind})")).collect();
            RestoreError::Differs(format!(
                "no field is left for a value of {} at {}: the server refuses {}",
                typing.measurement,
                self.point.time,
                refused.join(", ")
            ))
        })?;
        let names = self.point.fields.iter().zip(&placed.fields);
        self.moved = names.filter(|((was, _), (is, _))| was != is).count() as u64;
        self.line.clear();
        let fields = placed.fields.iter().map(|(name, value)| (name.as_str(), value));
        line::point(&mut self.line, &typing.measurement, &placed.tags, fields, placed.time);
        Ok(())
    }

    fn count(&self, restored: &mut Restored) {
        restored.points += 1;
        restored.moved += self.moved;
        for (_, value) in &self.point.fields {
            *restored.values.entry(value.kind()).or_default() += 1;
        }
    }
}

/// Sends until the server has each, halving what it refuses.
async fn send(
    server: &mut Server,
    version: Version,
    typing: &Typing,
    all: Vec<Going>,
    restored: &mut Restored,
) -> Result<(), RestoreError> {
    let mut parts = vec![all];
    while let Some(mut part) = parts.pop() {
        if part.is_empty() {
            continue;
        }
        let body: Vec<u8> = part.iter().flat_map(|going| going.line.iter().copied()).collect();
        match server.write(version, &body).await? {
            Meaning::Taken => part.iter().for_each(|going| going.count(restored)),
            Meaning::Later { after, words } => {
                return Err(Stop::Later { after, words }.into());
            }
            Meaning::Parked(words) => return Err(Stop::Parked(words).into()),
            _ if part.len() > 1 => {
                let rest = part.split_off(part.len() / 2);
                parts.extend([rest, part]);
            }
            meaning => {
                let Some(mut one) = part.pop() else { continue };
                if one.learn(meaning, typing, restored)? {
                    parts.push(vec![one]);
                }
            }
        }
    }
    Ok(())
}

impl Going {
    /// What the refusal of it alone means; whether it is to be sent again.
    fn learn(
        &mut self,
        meaning: Meaning,
        typing: &Typing,
        restored: &mut Restored,
    ) -> Result<bool, RestoreError> {
        let words = match meaning {
            Meaning::Conflict(conflicts) => {
                let before = self.avoided.len();
                self.avoided.extend(conflicts.into_iter().map(|conflict| (conflict.field, conflict.ours)));
                self.avoided.sort_unstable();
                self.avoided.dedup();
                if self.avoided.len() > before {
                    self.encode(typing)?;
                    return Ok(true);
                }
                "the server refuses a type that it was not sent".to_owned()
            }
            Meaning::Outside(_) => {
                restored.outside += 1;
                return Ok(false);
            }
            Meaning::Refused { words, .. } => words,
            Meaning::Columns(most) => format!("the server takes no more than {most} columns"),
            Meaning::TooLarge => "larger than the server takes, alone".to_owned(),
            Meaning::Taken | Meaning::Later { .. } | Meaning::Parked(_) => return Ok(false),
        };
        let line = String::from_utf8_lossy(&self.line);
        let line: String = line.trim_end().chars().take(200).collect();
        Err(RestoreError::Differs(format!("the server does not take a point back ({words}): {line}")))
    }
}
