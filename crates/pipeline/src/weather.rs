//! The weather: who observes it, when they are asked, and what becomes of the answer.
//!
//! - [`home_assistant`]: the house's own weather entity. It comes with the events and asks nobody.
//! - [`open_meteo`], [`openweathermap`]: providers outside, one file each, all of one shape; [`provider`] dispatches.
//! - [`feed`]: decides when a provider outside is asked (cache, budget, `Retry-After`, backoff) and how the part is; a
//!   plain struct. [`ask`] carries the question over the network and drives it.
//! - [`units`]: whatever unit something came in, it is stored in °C, %, hPa, m/s, mm.
//!
//! An observation is a record of the log. Nothing here is in the way of an event: the feed has a thread of its own and
//! hands over what it has as an order.
//!
//! # Another provider
//!
//! `met_no`, say, is a file `met_no.rs` with what the others have: [`Facts`](provider::Facts) (name, attribution, address,
//! budget), `request` (the question as a URL, asking for the units that are stored) and `read` (the answer's bytes to a
//! [`Reading`](provider::Reading), converting by the units that the answer names), with tests on an answer as documented.
//! Then a variant of [`Provider`](provider::Provider) and its arm in three matches; settings, counters, the page and the
//! commands follow from these.

pub mod ask;
pub mod feed;
pub mod home_assistant;
pub mod open_meteo;
pub mod openweathermap;
pub mod provider;
pub mod quota;
pub mod units;
pub mod view;

pub use ask::{Fetch, http};
pub use feed::{Feed, FeedConfig};
pub use home_assistant::House;
pub use provider::{Choice, Place, Provider};
pub use view::{WeatherView, WeatherViewOf};
