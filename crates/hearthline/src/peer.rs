//! From the settings to what the connection is given.
