//! A process whose words are kept and which does not outlive its test.

use std::io::Read;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crate::wait::until;

/// A process that was started and may have ended. When its test fails, what it said is shown.
pub(crate) struct Process {
    name: &'static str,
    child: Child,
    said: Said,
    readers: Vec<JoinHandle<()>>,
}

#[derive(Clone, Default)]
struct Said(Arc<Mutex<Vec<u8>>>);

/// A port of the loopback address that nobody has, and that is given out once. It lies below those that the system gives out by
/// itself, so nobody is given it before it is used.
pub(crate) fn free_port() -> u16 {
    const FIRST: u32 = 20_000;
    const PORTS: u32 = 12_000;
    static GIVEN: AtomicU32 = AtomicU32::new(0);
    // Another process begins elsewhere.
    let begin = std::process::id().wrapping_mul(97);
    loop {
        let given = GIVEN.fetch_add(1, Ordering::Relaxed);
        let port = u16::try_from(FIRST + begin.wrapping_add(given) % PORTS).unwrap();
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// A program of a real peer, as `cargo xtask peers` installs them.
pub(crate) fn peer(path: &str) -> Command {
    const PEERS: &str = "HEARTHLINE_TEST_PEERS";
    let peers =
        std::env::var_os(PEERS).unwrap_or_else(|| panic!("{PEERS} is not set: run `cargo xtask test`"));
    Command::new(PathBuf::from(peers).join(path))
}

impl Process {
    pub(crate) fn start(name: &'static str, command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        let said = Said::default();
        let readers =
            vec![said.reader(child.stdout.take().unwrap()), said.reader(child.stderr.take().unwrap())];
        Self { name, child, said, readers }
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Standard output and standard error so far.
    pub(crate) fn said(&self) -> String {
        String::from_utf8_lossy(&self.said.lock()).into_owned()
    }

    /// What it has had of the processors, its own work and the system's for it.
    pub(crate) fn processor_time(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.id())).unwrap();
        let after_name = stat.rsplit_once(") ").unwrap().1;
        let ticks = after_name.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().unwrap());
        Duration::from_millis(ticks.sum::<u64>() * 10) // a tick is 10 ms on every Linux
    }

    /// A line of `/proc/<pid>/status`, such as `VmHWM`, the most memory that it ever had.
    pub(crate) fn memory_kib(&self, line: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.id())).unwrap();
        let rest = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':')).unwrap();
        rest.trim().trim_end_matches(" kB").parse().unwrap()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end; all that it said is read then.
    pub(crate) async fn ended(&mut self, within: Duration) -> ExitStatus {
        let what = format!("{} ends", self.name);
        let status = until(&what, within, async || self.child.try_wait().unwrap()).await;
        for reader in self.readers.drain(..) {
            reader.join().unwrap();
        }
        status
    }

    /// Asks it to end (`SIGTERM`) and waits until it has.
    pub(crate) async fn terminate(&mut self, within: Duration) -> ExitStatus {
        self.signal("TERM");
        self.ended(within).await
    }

    /// Sends it a signal, such as `STOP`.
    pub(crate) fn signal(&self, name: &str) {
        let script = format!("kill -{name} {}", self.id());
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success(), "{script}");
    }

    /// Ends it as a crash does (`SIGKILL`).
    pub(crate) async fn kill(&mut self) {
        self.child.kill().unwrap();
        self.ended(Duration::from_secs(60)).await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("-- what {} said:\n{}", self.name, self.said());
        }
    }
}

impl Said {
    fn lock(&self) -> MutexGuard<'_, Vec<u8>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn reader(&self, mut from: impl Read + Send + 'static) -> JoinHandle<()> {
        let said = self.clone();
        std::thread::spawn(move || {
            let mut piece = [0; 4096];
            while let Ok(length @ 1..) = from.read(&mut piece) {
                said.lock().extend_from_slice(&piece[..length]);
            }
        })
    }
}
