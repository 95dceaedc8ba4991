//! The last state of each entity: in memory, saved now and then as a file of its own, and after that file from the newer
//! ones.

use std::sync::Arc;

use hashbrown::HashMap;
use hearthline_core::{EntityId, Origin, Seq, StateRow};
use parquet::errors::ParquetError;

use crate::file::Source;
use crate::folder::Folder;
use crate::manifest::{Contents, FileEntry};
use crate::record::states::of_row_before;
use crate::scan::{FileRows, Filter};
use crate::{StoreError, Table};

type Latest = HashMap<EntityId, Arc<StateRow>>;

/// The last states of what is committed. What cannot be read is left out, and is known as damaged from then on.
pub(crate) fn load(folder: &Folder, contents: &Contents) -> Latest {
    let of = |table| contents.files.iter().filter(move |file| file.table == table);
    let mut latest = Latest::new();
    let saved = of(Table::Latest).find(|file| read_saved(folder, file, &mut latest).is_ok());
    let through = saved.map_or(Seq::ZERO, |file| file.through);
    for file in of(Table::States).filter(|file| file.through > through) {
        // The error is told and kept where it arises.
        let _ = read(folder, file, &mut latest);
    }
    latest
}

/// Nothing of a file whose checksum is wrong: it would be shown as the present.
fn read_saved(folder: &Folder, file: &FileEntry, latest: &mut Latest) -> Result<(), StoreError> {
    let checksum = Source::new(&*folder.fs, &file.path(&folder.dir)).and_then(|source| source.checksum());
    match checksum {
        Ok(crc) if crc == file.crc => read(folder, file, latest),
        Ok(_) => Err(folder.damaged_file(file, &ParquetError::General("its checksum is wrong".into()))),
        Err(error) => Err(folder.damaged_file(file, &error.into())),
    }
}

fn read(folder: &Folder, file: &FileEntry, latest: &mut Latest) -> Result<(), StoreError> {
    for row in FileRows::open(folder, file, &Filter::ALL, None)? {
        keep(latest, &row?);
    }
    Ok(())
}

/// A row as it is answered: the number of its record and the state before it are only for who reads rows again.
pub(crate) fn answered(row: Arc<StateRow>) -> StateRow {
    StateRow { seq: Seq::ZERO, old_state: None, ..Arc::unwrap_or_clone(row) }
}

/// Keeps the row if it is later than what is held; of two with one time and tie, the first to come.
pub(crate) fn keep(latest: &mut Latest, row: &Arc<StateRow>) {
    match latest.get_mut(row.entity_id.as_str()) {
        Some(held) if (held.ts, held.tie) >= (row.ts, row.tie) => {}
        Some(held) => *held = Arc::clone(row),
        None => drop(latest.insert(row.entity_id.clone(), Arc::clone(row))),
    }
}

/// Makes a row use the texts of the entity's held one where they are equal: most of a row's memory. Where the state that its
/// event said to be before it is that of the held one, that is noted in its place.
pub(crate) fn share(mut row: StateRow, latest: &Latest) -> Arc<StateRow> {
    if let Some((entity_id, held)) = latest.get_key_value(row.entity_id.as_str()) {
        let same = |text: &mut Option<Arc<str>>, held: &Option<Arc<str>>| {
            if text == held {
                text.clone_from(held);
            }
        };
        row.entity_id = entity_id.clone();
        // Between the states of a comparison there may be some that are fetched later; between live ones there are none.
        let is_next = row.origin == Origin::Live && (held.ts, held.tie) < (row.ts, row.tie);
        if is_next && row.old_state.is_some() && row.old_state == held.state {
            row.old_state = Some(of_row_before());
        }
        for (text, held) in [(&mut row.site, &held.site), (&mut row.entity_key, &held.entity_key)] {
            if text == held {
                *text = Arc::clone(held);
            }
        }
        same(&mut row.state, &held.state);
        same(&mut row.unit, &held.unit);
        same(&mut row.device_class, &held.device_class);
        same(&mut row.attributes, &held.attributes);
        same(&mut row.area, &held.area);
        same(&mut row.device, &held.device);
        if row.weather == held.weather {
            row.weather.clone_from(&held.weather);
        }
    }
    Arc::new(row)
}
