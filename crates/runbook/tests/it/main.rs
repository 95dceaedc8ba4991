//! What is concluded from a whole recorder: a simulated house, the way from its socket to the store, and the weather feed, on
//! one runtime with paused time.

#[cfg(test)]
mod recorder;
#[cfg(test)]
mod weather_day;
