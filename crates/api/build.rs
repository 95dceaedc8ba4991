//! Builds the page that the program serves, with npm, and makes it a table in the program.
//!
//! What is built lies in `<target>/dashboard`, shared by all profiles and kept by a hash of the page's sources: a
//! second build with the same sources only copies. Nothing is written into the source tree. Without npm, or when npm
//! fails, the program is built without a page and says so; `HEARTHLINE_PAGE=off` asks for that.
#![expect(
    clippy::disallowed_methods,
    reason = "a build script writes to the target folder, and nothing else does"
)]

use std::error::Error;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::hash::{DefaultHasher, Hasher as _};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What the page is made of, in `dashboard/`.
const SOURCES: [&str; 9] = [
    ".npmrc",
    "index.html",
    "package-lock.json",
    "package.json",
    "public",
    "src",
    "svelte.config.js",
    "tsconfig.json",
    "vite.config.ts",
];

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let out = PathBuf::from(std::env::var_os("OUT_DIR").ok_or("cargo gives no OUT_DIR")?);
    let sources = PathBuf::from(std::env::var_os("CARGO_MANIFEST_DIR").ok_or("cargo gives no folder")?)
        .join("../../dashboard");
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-env-changed=HEARTHLINE_PAGE");
    let page = out.join("page");
    remove(&page)?;
    if std::env::var_os("HEARTHLINE_PAGE").as_deref() != Some(OsStr::new("off")) {
        for name in SOURCES {
            println!("cargo:rerun-if-changed={}", sources.join(name).display());
        }
        // <target>/<profile>/build/<package>/out
        let target = out.ancestors().nth(4).ok_or("OUT_DIR is not in a target folder")?;
        if let Err(error) = build(&sources, &target.join("dashboard"), &page) {
            remove(&page)?;
            println!("cargo:warning=the program is built without its page: {error}");
            // A file that is never there: the next build tries again.
            println!("cargo:rerun-if-changed={}", out.join("page-not-built").display());
        }
    }
    fs::write(out.join("page.rs"), table(&page)?)?;
    Ok(())
}

/// Puts the built page into `page`. Other builds with the same target folder wait meanwhile.
fn build(sources: &Path, cache: &Path, page: &Path) -> Result<()> {
    fs::create_dir_all(cache)?;
    let lock = File::create(cache.join("lock"))?;
    lock.lock()?;
    let (built, work) = (cache.join("built"), cache.join("work"));
    let hash = format!("{:016x}", hash(sources)?);
    if fs::read_to_string(&built).ok().as_deref() != Some(&hash) {
        remove(&built)?;
        let is_installed = work.join("node_modules/.package-lock.json").is_file() // npm writes it last
            && fs::read(work.join("package-lock.json")).ok() == fs::read(sources.join("package-lock.json")).ok();
        for name in SOURCES {
            remove(&work.join(name))?;
            copy(&sources.join(name), &work.join(name))?;
        }
        if !is_installed {
            npm(&work, &["ci", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"])?;
        }
        npm(&work, &["run", "build"])?;
        fs::write(&built, &hash)?;
    }
    Ok(copy(&work.join("dist"), page)?)
}

fn npm(folder: &Path, arguments: &[&str]) -> Result<()> {
    let name = if cfg!(windows) { "npm.cmd" } else { "npm" };
    let run = Command::new(name).args(arguments).current_dir(folder).output();
    let output = run.map_err(|error| format!("npm cannot be started: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let words = words.lines().find(|line| !line.trim().is_empty()).unwrap_or("it says nothing");
    Err(format!("npm {} failed: {words}", arguments.first().unwrap_or(&"")).into())
}

/// Of the names and contents of all sources.
fn hash(sources: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for name in SOURCES {
        for file in files(&sources.join(name))? {
            let name = file.strip_prefix(sources).unwrap_or(&file); // two checkouts may share a target folder
            hasher.write(name.to_string_lossy().as_bytes());
            let bytes =
                fs::read(&file).map_err(|error| io::Error::other(format!("{}: {error}", file.display())))?;
            hasher.write_usize(bytes.len());
            hasher.write(&bytes);
        }
    }
    Ok(hasher.finish())
}

/// The file itself or, in a stable order, all files below the folder.
fn files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut entries = fs::read_dir(path)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    entries.sort();
    entries.iter().try_fold(Vec::new(), |mut all, entry| {
        all.extend(files(entry)?);
        Ok(all)
    })
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    for file in files(from)? {
        let target = match file.strip_prefix(from) {
            Ok(rest) if rest != Path::new("") => to.join(rest),
            _ => to.to_owned(), // `from` is the file
        };
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::copy(&file, target)?;
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })
}

/// Rust source: the path below the page's root and the bytes of every file.
fn table(page: &Path) -> Result<String> {
    let mut table = String::from("&[\n");
    for file in if page.is_dir() { files(page)? } else { Vec::new() } {
        let path = file.strip_prefix(page)?.to_str().ok_or("a file of the page has no readable name")?;
        writeln!(table, "    ({:?}, include_bytes!({:?}) as &[u8]),", path.replace('\\', "/"), file)?;
    }
    table.push_str("]\n");
    Ok(table)
}
