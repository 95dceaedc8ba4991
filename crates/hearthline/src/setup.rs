//! While the settings are not good enough to record with: nothing is recorded, and everybody is told so. The API and the page are
//! there, and recording begins by itself as soon as the settings are good, whoever has put them right: a person in the file, or
//! the steps on the page.

mod try_out;
mod words;
mod write;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use hearthline_api::{Access, ApiToken, Reading, SetupBegun, SetupRequest, SetupStep, Waiting};
use hearthline_core::{Clock, SystemClock};
use hearthline_pipeline::sources::home_assistant::LinkConfig;
use hearthline_runbook::doctor::Report;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::running::{Claim, ClaimError};
use crate::settings::mistake::{Mistake, Mistakes, Place, Problem};
use crate::settings::origin::Origin;
use crate::settings::{Settings, Source, source};
use crate::stop::Signals;
use crate::{api_token, house, peer};

/// Between two looks at the settings.
const EVERY: Duration = Duration::from_secs(1);
/// How long answers that are on their way may take when recording begins.
const LAST_ANSWERS: Duration = Duration::from_secs(2);

/// A socket that is kept from one who serves on it to the next, so that nobody who asks meanwhile is turned away.
pub(crate) struct Listening {
    configured: SocketAddr,
    listener: std::net::TcpListener,
}

/// What can be recorded with.
pub(crate) struct Ready {
    pub(crate) settings: Settings,
    pub(crate) link: LinkConfig,
}

/// Settings that nobody can record with.
#[derive(Clone)]
struct Lacking {
    settings: Settings,
    mistakes: Mistakes,
}

/// What the routes share.
struct Desk {
    source: Source,
    lacking: Mutex<Lacking>,
    /// What was tested last and can be recorded with.
    tested: tokio::sync::Mutex<Option<SetupRequest>>,
    written: Notify,
}

impl Listening {
    /// Where the settings want it, which may be where it is already.
    ///
    /// # Errors
    /// When the address cannot be listened on.
    pub(crate) async fn on(settings: &Settings, before: Option<Self>) -> anyhow::Result<Self> {
        let listen = *settings.api.listen;
        if let Some(before) = before.filter(|before| before.configured == listen) {
            return Ok(before);
        }
        let listener = TcpListener::bind(listen).await.map_err(|error| refused(settings, &error))?;
        Ok(Self { configured: listen, listener: listener.into_std()? })
    }

    /// For one who serves.
    ///
    /// # Errors
    /// As the system says.
    pub(crate) fn listener(&self) -> std::io::Result<TcpListener> {
        TcpListener::from_std(self.listener.try_clone()?)
    }
}

/// Why nobody can listen there. A program that has the data folder usually has the address too, and is the better reason.
fn refused(settings: &Settings, error: &io::Error) -> anyhow::Error {
    if let Some(taken) = ClaimError::of_running(&settings.data_dir) {
        return taken.into();
    }
    let (listen, origin) = (*settings.api.listen, &settings.api.listen.origin);
    let todo = match error.kind() {
        io::ErrorKind::AddrInUse => "stop what listens there (`ss -ltnp` says what), or set another address",
        _ => "set another address",
    };
    anyhow::anyhow!(
        "cannot listen on {listen} ({origin}): {error}; {todo} (listen under [api], HEARTHLINE_API_LISTEN)"
    )
}

/// What can be recorded with now.
fn look(source: &Source) -> Result<Ready, Box<Lacking>> {
    let settings = source.to_record().map_err(|lacking| {
        let (settings, mistakes) = *lacking;
        Lacking { settings, mistakes }
    })?;
    match peer::link(&settings) {
        Ok(link) => Ok(Ready { settings, link }),
        Err(error) => {
            let problem = Problem::new(format!("{error:#}"), "correct it under [home_assistant]");
            let place = match settings.home_assistant.ca_file.as_ref().map(|file| &file.origin) {
                Some(Origin::File(path, line)) => Place::File(Arc::clone(path), *line, 1),
                _ => Place::Missing,
            };
            let mistake = Mistake { place, key: "home_assistant".into(), problem };
            Err(Box::new(Lacking { settings, mistakes: Mistakes(vec![mistake]) }))
        }
    }
}

/// Waits until the settings are good enough, serving the API meanwhile where they are not. None when told to stop before.
///
/// # Errors
/// When the API's address cannot be listened on, or the data folder cannot be had.
pub(crate) async fn ready(
    source: &Source,
    listening: &mut Option<Listening>,
    claim: &mut Option<Claim>,
    signals: &mut Signals,
) -> anyhow::Result<Option<Ready>> {
    let lacking = match look(source) {
        Ok(ready) => return Ok(Some(ready)),
        Err(lacking) => *lacking,
    };
    let settings = lacking.settings.clone();
    let serving = Listening::on(&settings, listening.take()).await?;
    let serving = listening.insert(serving);
    let address = serving.listener.local_addr()?;
    let knows_folder = source::knows_data_dir(&settings, &lacking.mistakes);
    let mut token = None;
    if knows_folder {
        let taken = Claim::of(&settings.data_dir, claim.take())?;
        claim.insert(taken).announce(address).context("run.json cannot be written")?;
        token = Some(api_token::load_or_make(&settings.data_dir).context("the API's token cannot be made")?);
    }
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let token = ApiToken::new(token.as_ref().map_or("", |token| token.expose()));
    let desk = Arc::new(Desk {
        source: source.clone(),
        lacking: Mutex::new(lacking),
        tested: tokio::sync::Mutex::default(),
        written: Notify::new(),
    });
    let waiting = Waiting {
        look: {
            let desk = Arc::clone(&desk);
            Arc::new(move || desk.setup())
        },
        test: desk.test(),
        begin: desk.begin(),
        recorded: knows_folder.then(|| recorded(&settings, &clock)).flatten(),
        access: Access::new(token, clock, settings.home_assistant.supervised),
    };
    desk.say(address);
    let stop = CancellationToken::new();
    let router = hearthline_api::waiting(waiting);
    let mut api =
        tokio::spawn(hearthline_api::serve(serving.listener()?, router, stop.clone().cancelled_owned()));
    let ready = tokio::select! {
        _ = signals.told() => None,
        ready = desk.until_ready(address) => Some(ready),
        served = &mut api => anyhow::bail!("the API has ended by itself: {served:?}"),
    };
    stop.cancel();
    if timeout(LAST_ANSWERS, &mut api).await.is_err() {
        api.abort();
    }
    if ready.is_some() {
        tracing::info!("the settings are good; recording begins");
    }
    Ok(ready)
}

/// Ready when the mistakes are corrected without which recording went on.
pub(crate) async fn corrected(source: &Source, settings: &Settings) {
    if settings.off.is_none() {
        return std::future::pending().await;
    }
    loop {
        tokio::time::sleep(EVERY).await;
        // Others that keep from recording are no reason to stop it.
        if look(source).is_ok_and(|ready| ready.settings.off != settings.off) {
            return;
        }
    }
}

/// What the data folder has, where it has something that can be read.
fn recorded(settings: &Settings, clock: &Arc<dyn Clock>) -> Option<Reading> {
    let recorded = house::recorded(settings, clock);
    recorded.inspect_err(|error| tracing::error!(%error, "the store cannot be read")).ok().flatten()
}

impl Desk {
    async fn until_ready(&self, address: SocketAddr) -> Ready {
        loop {
            tokio::select! {
                () = self.written.notified() => {}
                () = tokio::time::sleep(EVERY) => {}
            }
            match look(&self.source) {
                Ok(ready) => return ready,
                Err(lacking) => {
                    let mut before = self.lacking.lock();
                    let differs = before.mistakes != lacking.mistakes;
                    *before = *lacking;
                    drop(before);
                    if differs {
                        self.say(address);
                    }
                }
            }
        }
    }

    fn test(self: &Arc<Self>) -> SetupStep<Report> {
        let desk = Arc::clone(self);
        Arc::new(move |request| {
            let desk = Arc::clone(&desk);
            Box::pin(async move {
                let mut tested = desk.tested.lock().await;
                *tested = None;
                let candidate = desk.candidate(&request)?;
                let report = try_out::look(&candidate).await?;
                *tested = (report.counts.fault == 0).then_some(request);
                Ok(report)
            })
        })
    }

    fn begin(self: &Arc<Self>) -> SetupStep<SetupBegun> {
        let desk = Arc::clone(self);
        Arc::new(move |request| {
            let desk = Arc::clone(&desk);
            Box::pin(async move {
                let tested = desk.tested.lock().await;
                let candidate = desk.candidate(&request)?;
                if *tested != Some(request) {
                    return Err(words::not_tested());
                }
                let lacking = desk.lacking.lock().clone();
                let begun = write::settings(&desk.source, &lacking.settings, &candidate)?;
                tracing::info!("the page has written {}", begun.file);
                desk.written.notify_one();
                Ok(begun)
            })
        })
    }
}
