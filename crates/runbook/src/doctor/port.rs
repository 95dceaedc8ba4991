//! The port of the API: ours, free, or another's.

use std::io;
use std::net::TcpListener;

use super::catalogue::{PORT_FREE, PORT_OURS, PORT_REFUSED, PORT_TAKEN};
use super::{Check, Finding, Running, Subject, seconds};

const REMEDY: &str = "set another with `listen` under [api], or HEARTHLINE_API_LISTEN=127.0.0.1:8100";

pub(super) const CHECK: Check = Check {
    name: "port",
    within: seconds(5, 5),
    look: |subject, _| Box::pin(async move { look(&subject).into() }),
};

fn look(subject: &Subject) -> Finding {
    let listen = subject.listen;
    if let Running::Yes { pid, address, .. } | Running::Silent { pid, address, .. } = &subject.running
        && (address.port() == listen.port() || listen.port() == 0)
    {
        return Finding::of(PORT_OURS, format!("{address} is ours, of process {pid}"));
    }
    match TcpListener::bind(listen) {
        Ok(_) => Finding::of(PORT_FREE, format!("{listen} is free")),
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            Finding::of(PORT_TAKEN, format!("another program listens on {listen}"))
                .todo(format!("`ss -ltnp sport = :{}` says which; {REMEDY}", listen.port()))
        }
        Err(error) => {
            Finding::of(PORT_REFUSED, format!("{listen} cannot be listened on: {error}")).todo(REMEDY)
        }
    }
    .word("address", listen.to_string())
}
