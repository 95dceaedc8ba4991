//! `hearthline check`: validates the settings, then asks Home Assistant once.
/// x
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Do not ask Home Assistant
    #[arg(long)]
    offline: bool,
}
