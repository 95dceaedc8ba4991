//! What can be found. An id stays what it is: programs and pages go by it.

use serde::Serialize;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// A person may want to know it; nothing has to be done.
    Note,
    /// Something is late, absent or near its limit; nothing is lost.
    Warning,
    /// Data is being lost or not recorded, or a person has to act before it goes on.
    Fault,
}

impl Severity {
    /// The word used on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Fault => "fault",
        }
    }
}

/// One thing that can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    /// What it is called.
    pub id: &'static str,
    /// Which check finds it; empty where any does.
    pub check: &'static str,
    /// How bad it is, where the check does not say otherwise.
    pub severity: Severity,
}

macro_rules! catalogue {
    ($($name:ident = $id:literal of $check:literal: $severity:ident;)*) => {
        $(
            #[doc = concat!("`", $id, "`.")]
            pub const $name: &Kind = &Kind { id: $id, check: $check, severity: Severity::$severity };
        )*

        /// Everything that can be found.
        pub const CATALOGUE: &[&Kind] = &[$($name),*];
    };
}

catalogue! {
    CHECK_LATE = "check-late" of "": Warning;
    CHECK_BROKEN = "check-broken" of "": Warning;

    SETTINGS_OK = "settings-ok" of "settings": Ok;
    SETTINGS_NOTE = "settings-note" of "settings": Note;

    PROGRAM_OK = "program-ok" of "program": Ok;
    PROGRAM_STOPPED = "program-stopped" of "program": Note;
    PROGRAM_STARTING = "program-starting" of "program": Note;
    PROGRAM_SILENT = "program-silent" of "program": Fault;
    PART_UNWELL = "part-unwell" of "program": Warning;
    PART_RESTARTED = "part-restarted" of "program": Note;
    EVENTS_UNACCOUNTED = "events-unaccounted" of "program": Fault;
    GAPS_LEFT = "gaps-left" of "program": Warning;
    QUARANTINE_WAITING = "quarantine-waiting" of "program": Note;

    PORT_OURS = "port-ours" of "port": Ok;
    PORT_FREE = "port-free" of "port": Ok;
    PORT_TAKEN = "port-taken" of "port": Fault;
    PORT_REFUSED = "port-refused" of "port": Fault;

    HA_UNSET = "ha-unset" of "ha-dns": Fault;
    HA_DNS_OK = "ha-dns-ok" of "ha-dns": Ok;
    HA_DNS_UNKNOWN = "ha-dns-unknown" of "ha-dns": Fault;
    HA_TCP_OK = "ha-tcp-ok" of "ha-tcp": Ok;
    HA_TCP_REFUSED = "ha-tcp-refused" of "ha-tcp": Fault;
    HA_TLS_OK = "ha-tls-ok" of "ha-tls": Ok;
    HA_TLS_NONE = "ha-tls-none" of "ha-tls": Ok;
    HA_TLS_UNCHECKED = "ha-tls-unchecked" of "ha-tls": Warning;
    HA_TLS_FAILED = "ha-tls-failed" of "ha-tls": Fault;
    HA_HTTP_OK = "ha-http-ok" of "ha-http": Ok;
    HA_HTTP_BANNED = "ha-http-banned" of "ha-http": Fault;
    HA_HTTP_AWAY = "ha-http-away" of "ha-http": Fault;
    HA_HTTP_STRANGER = "ha-http-stranger" of "ha-http": Fault;
    HA_WEBSOCKET_OK = "ha-websocket-ok" of "ha-websocket": Ok;
    HA_WEBSOCKET_FAILED = "ha-websocket-failed" of "ha-websocket": Fault;
    HA_WEBSOCKET_BROKE = "ha-websocket-broke" of "ha-websocket": Warning;
    HA_TOKEN_OK = "ha-token-ok" of "ha-token": Ok;
    HA_TOKEN_REFUSED = "ha-token-refused" of "ha-token": Fault;
    HA_RIGHTS_OK = "ha-rights-ok" of "ha-rights": Ok;
    HA_RIGHTS_LIMITED = "ha-rights-limited" of "ha-rights": Warning;
    HA_RIGHTS_SHORT = "ha-rights-short" of "ha-rights": Fault;
    HA_VERSION_OK = "ha-version-ok" of "ha-version": Ok;
    HA_VERSION_OLD = "ha-version-old" of "ha-version": Warning;
    HA_STARTING = "ha-starting" of "ha-version": Note;
    HA_RECORDER_OK = "ha-recorder-ok" of "ha-recorder": Ok;
    HA_RECORDER_SHORT = "ha-recorder-short" of "ha-recorder": Note;
    HA_RECORDER_STANDS = "ha-recorder-stands" of "ha-recorder": Warning;
    HA_RECORDER_ABSENT = "ha-recorder-absent" of "ha-recorder": Warning;
    HA_CLOCK_OK = "ha-clock-ok" of "ha-clock": Ok;
    HA_CLOCK_UNKNOWN = "ha-clock-unknown" of "ha-clock": Note;
    HA_CLOCK_SKEWED = "ha-clock-skewed" of "ha-clock": Warning;
    HA_FRAME_OK = "ha-frame-ok" of "ha-frame": Ok;
    HA_FRAME_LARGE = "ha-frame-large" of "ha-frame": Warning;
    HA_FRAME_UNKNOWN = "ha-frame-unknown" of "ha-frame": Warning;

    DISK_OK = "disk-ok" of "disk": Ok;
    DISK_ABSENT = "disk-absent" of "disk": Note;
    DISK_SLOW = "disk-slow" of "disk": Warning;
    DISK_REFUSES = "disk-refuses" of "disk": Fault;
    SPACE_OK = "space-ok" of "space": Ok;
    SPACE_SHORT = "space-short" of "space": Warning;
    SPACE_NONE = "space-none" of "space": Fault;
    SPACE_UNKNOWN = "space-unknown" of "space": Note;
    FILES_OK = "files-ok" of "files": Ok;
    FILES_FEW = "files-few" of "files": Warning;

    LOG_OK = "log-ok" of "log": Ok;
    LOG_ASIDE = "log-aside" of "log": Note;
    LOG_DAMAGED = "log-damaged" of "log": Fault;
    LOG_UNREADABLE = "log-unreadable" of "log": Fault;
    STORE_OK = "store-ok" of "store": Ok;
    STORE_MISSING = "store-file-missing" of "store": Fault;
    STORE_DAMAGED = "store-file-damaged" of "store": Fault;
    STORE_UNREADABLE = "store-unreadable" of "store": Fault;

    SINKS_NONE = "sinks-none" of "sinks": Ok;
    SINK_OK = "sink-ok" of "sinks": Ok;
    SINK_LEFT = "sink-left" of "sinks": Note;
    SINK_UNREAD = "sink-unread" of "sinks": Note;
    SINK_AWAY = "sink-away" of "sinks": Warning;
    SINK_REFUSES = "sink-refuses" of "sinks": Fault;
    SINK_MISSING = "sink-missing" of "sinks": Fault;
    SINK_DIFFERS = "sink-differs" of "sinks": Fault;
    CONFLICTS_NONE = "conflicts-none" of "conflicts": Ok;
    CONFLICTS_MAPPED = "conflicts-mapped" of "conflicts": Note;
    CONFLICTS_UNMAPPED = "conflicts-unmapped" of "conflicts": Warning;
    CONFLICTS_UNKNOWN = "conflicts-unknown" of "conflicts": Note;

    WEATHER_OFF = "weather-off" of "weather": Ok;
    WEATHER_HOUSE = "weather-house" of "weather": Ok;
    WEATHER_OK = "weather-ok" of "weather": Ok;
    WEATHER_KEYLESS = "weather-keyless" of "weather": Warning;
    WEATHER_SPENT = "weather-spent" of "weather": Warning;
    WEATHER_WAITS = "weather-waits" of "weather": Note;
    WEATHER_REFUSES = "weather-refuses" of "weather": Warning;

    BACKUP_OFF = "backup-off" of "backup": Ok;
    BACKUP_OK = "backup-ok" of "backup": Ok;
    BACKUP_NONE = "backup-none" of "backup": Warning;
    BACKUP_OLD = "backup-old" of "backup": Warning;
    BACKUP_FAILED = "backup-failed" of "backup": Warning;
    BACKUP_DAMAGED = "backup-damaged" of "backup": Warning;
    BACKUP_UNREADABLE = "backup-unreadable" of "backup": Warning;
    NOTIFY_NONE = "notify-none" of "notify": Ok;
    NOTIFY_OK = "notify-ok" of "notify": Ok;
    NOTIFY_AWAY = "notify-away" of "notify": Warning;
    MQTT_NONE = "mqtt-none" of "mqtt": Ok;
    MQTT_OK = "mqtt-ok" of "mqtt": Ok;
    MQTT_AWAY = "mqtt-away" of "mqtt": Warning;
    MQTT_REFUSES = "mqtt-refuses" of "mqtt": Warning;
}

/// What is found where Home Assistant cannot be reached: a person looks elsewhere then.
pub(crate) const UNREACHABLE: [&Kind; 6] =
    [HA_DNS_UNKNOWN, HA_TCP_REFUSED, HA_TLS_FAILED, HA_HTTP_AWAY, HA_HTTP_STRANGER, HA_WEBSOCKET_FAILED];
