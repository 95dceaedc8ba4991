//! The log, told as stories.

#[cfg(test)]
mod clock;
#[cfg(test)]
mod damage;
#[cfg(test)]
mod failure;
#[cfg(test)]
mod format;
#[cfg(test)]
mod reading;
#[cfg(test)]
mod recovery;
#[cfg(test)]
mod reserve;
#[cfg(test)]
mod rig;
#[cfg(test)]
mod space;
#[cfg(test)]
mod threads;
#[cfg(test)]
mod verify;
