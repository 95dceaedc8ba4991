//! Points that a server had, written to it again.

use super::{Server, Version};
use crate::sinks::influxdb::answer::Meaning;
use crate::sinks::influxdb::line;
use crate::sinks::influxdb::send::Stop;
use crate::sinks::influxdb::stored::StoredPoint;

/// The most that is sent at once, in points and in bytes.
const MOST: usize = 5_000;
const LARGEST: usize = 4 << 20;

/// What became of points.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// The server has them.
    pub points: u64,
    /// They are older than it keeps any.
    pub outside: u64,
}

impl Server {
    /// Writes points with the types that they have.
    ///
    /// # Errors
    /// When the server takes nothing now, or refuses one of them. Those before it were taken; it may be done again.
    pub async fn write_points(
        &mut self,
        version: Version,
        measurement: &str,
        points: &[StoredPoint],
    ) -> Result<Written, Stop> {
        let (mut written, mut lines, mut starts) = (Written::default(), Vec::new(), Vec::new());
        for point in points {
            starts.push(lines.len());
            let fields = point.fields.iter().map(|(name, value)| (name.as_str(), value));
            line::point(&mut lines, measurement, &point.tags, fields, point.time);
            if starts.len() >= MOST || lines.len() >= LARGEST {
                self.write_lines(version, &lines, &starts, &mut written).await?;
                lines.clear();
                starts.clear();
            }
        }
        self.write_lines(version, &lines, &starts, &mut written).await?;
        Ok(written)
    }

    /// Writes lines that begin at `starts`, fewer at once where the server wants that.
    async fn write_lines(
        &mut self,
        version: Version,
        lines: &[u8],
        starts: &[usize],
        written: &mut Written,
    ) -> Result<(), Stop> {
        let mut todo: Vec<_> = std::iter::once(0..starts.len()).collect();
        while let Some(range) = todo.pop() {
            let at = |line: usize| starts.get(line).copied().unwrap_or(lines.len());
            let body = lines.get(at(range.start)..at(range.end)).unwrap_or_default();
            if body.is_empty() {
                continue;
            }
            let count = range.len() as u64;
            match self.write(version, body).await? {
                Meaning::Taken => written.points += count,
                Meaning::Outside(Some(dropped)) => {
                    written.outside += dropped as u64;
                    written.points += count.saturating_sub(dropped as u64);
                }
                Meaning::Outside(None) if range.len() == 1 => written.outside += 1,
                Meaning::TooLarge | Meaning::Outside(None) if range.len() > 1 => {
                    let middle = range.start + range.len() / 2;
                    todo.extend([middle..range.end, range.start..middle]);
                }
                Meaning::Later { after, words } => return Err(Stop::Later { after, words }),
                Meaning::Parked(words) => return Err(Stop::Parked(words)),
                Meaning::Refused { words, .. } => return Err(Stop::Parked(words)),
                Meaning::Conflict(conflicts) => {
                    let first = conflicts.first();
                    let field = first.map(|of| format!("{} is {} at the server", of.field, of.theirs));
                    return Err(Stop::Parked(format!(
                        "{}: somebody has written it since it was looked at; plan again",
                        field.unwrap_or_default()
                    )));
                }
                Meaning::Columns(most) => {
                    return Err(Stop::Parked(format!(
                        "the server takes no more than {most} columns in a measurement"
                    )));
                }
                Meaning::TooLarge | Meaning::Outside(None) => {
                    return Err(Stop::Parked("a point is larger than the server takes".into()));
                }
            }
        }
        Ok(())
    }
}
