//! What became of the night, for people: on standard output, and as Markdown below the target folder.

use std::fmt::Write as _;
use std::path::Path;

use super::naive::Naive;

/// One thing that went wrong.
#[derive(Default)]
pub(super) struct Scene {
    pub(super) what: &'static str,
    /// What mended itself.
    pub(super) itself: String,
    /// What a repair did, with its command.
    pub(super) repair: String,
    /// What a person had to do.
    pub(super) person: String,
    /// What the house changed meanwhile.
    pub(super) changes: usize,
    /// Of these, in neither the store nor InfluxDB.
    pub(super) lost: [usize; 2],
    /// Seconds without a connection, or without a server that takes anything.
    pub(super) down: f64,
}

#[derive(Default)]
pub(super) struct Table(Vec<Scene>);

impl Table {
    /// Nothing of it may be lost.
    pub(super) fn add(&mut self, scene: Scene) {
        println!("{}", line(&scene).trim_end());
        assert_eq!(scene.lost, [0, 0], "{}: lost in store and InfluxDB", scene.what);
        assert!(scene.changes > 0, "{}: the house lived", scene.what);
        self.0.push(scene);
    }

    pub(super) fn close(&self, naive: &Naive, changes: usize) {
        let mut page = format!(
            "# The worst night\n\n{naive}\n\n| What went wrong | Mended itself | A repair | A person | Changes | Lost in store \
             | Lost in InfluxDB | Down, s |\n| --- | --- | --- | --- | ---: | ---: | ---: | ---: |\n"
        );
        self.0.iter().for_each(|scene| page += &line(scene));
        let lost: usize = self.0.iter().flat_map(|scene| scene.lost).sum();
        writeln!(
            page,
            "\nOf {changes} changes of the night, store and InfluxDB have each once; {lost} are lost."
        )
        .unwrap();
        println!("\n{page}");
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("worst-night.md");
        std::fs::write(&path, page).unwrap();
        println!("written to {}", path.display());
    }
}

fn line(scene: &Scene) -> String {
    let or_nothing = |text: &str| if text.is_empty() { "–".to_owned() } else { text.replace('|', "\\|") };
    format!(
        "| {} | {} | {} | {} | {} | {} | {} | {:.1} |\n",
        scene.what,
        or_nothing(&scene.itself),
        or_nothing(&scene.repair),
        or_nothing(&scene.person),
        scene.changes,
        scene.lost[0],
        scene.lost[1],
        scene.down
    )
}
