//! What is never shown: the secrets of the settings, whatever they look like, and what looks like one.

use std::borrow::Cow;
use std::sync::Arc;

use hearthline_pipeline::mask;
use parking_lot::RwLock;

/// In the place of a secret.
pub(super) const STARS: &str = "***";
/// A shorter text would be found in words that are none.
const SHORTEST: usize = 4;
/// Behind these, up to the next sign that no secret has.
const BEFORE: [&str; 8] =
    ["token=", "authSig=", "password=", "passwd=", "api_key=", "appid=", "apikey=", "Bearer "];

/// Knows what is never shown. Clones are the same.
#[derive(Clone, Default)]
pub struct Mask(Arc<RwLock<Vec<String>>>);

impl Mask {
    /// These texts, and what looks like a secret.
    #[must_use]
    pub fn new<'s>(secrets: impl IntoIterator<Item = &'s str>) -> Self {
        let mask = Self::default();
        secrets.into_iter().for_each(|secret| mask.hide(secret));
        mask
    }

    /// One more.
    pub(super) fn hide(&self, secret: &str) {
        if secret.len() < SHORTEST {
            return;
        }
        let mut known = self.0.write();
        for form in [secret.to_owned(), in_address(secret)] {
            if !known.contains(&form) {
                known.push(form);
            }
        }
        known.sort_by_key(|form| std::cmp::Reverse(form.len())); // one may be a piece of another
    }

    /// Whether the value of this name is a secret, whatever it is.
    pub(super) fn is_secret(name: &str) -> bool {
        mask::is_secret(name)
    }

    /// The text without secrets. Borrowed when there is none, as nearly always.
    #[must_use]
    pub fn apply<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let mut text = Cow::Borrowed(text);
        for secret in self.0.read().iter() {
            if text.contains(secret.as_str()) {
                text = Cow::Owned(text.replace(secret.as_str(), STARS));
            }
        }
        if let Cow::Owned(masked) = mask::mask(&text) {
            text = Cow::Owned(masked);
        }
        for name in BEFORE {
            if text.contains(name) {
                text = Cow::Owned(mask::values_behind(&text, name));
            }
        }
        if let Some(masked) = without_user(&text) {
            text = Cow::Owned(masked);
        }
        text
    }
}

/// As it stands in an address.
fn in_address(secret: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte);
    secret
        .bytes()
        .map(|byte| if plain(&byte) { char::from(byte).into() } else { format!("%{byte:02X}") })
        .collect()
}

/// Without `user:password` in addresses; none where none has it.
fn without_user(text: &str) -> Option<String> {
    let mut masked = text.to_owned();
    let mut from = 0;
    while let Some(at) = masked.get(from..)?.find("://") {
        from += at + 3;
        let rest = masked.get(from..)?;
        let host = rest.get(..rest.find(['/', '?', '#', ' ', '"', '\'', ')', ',']).unwrap_or(rest.len()))?;
        if let Some((user, _)) = host.rsplit_once('@') {
            masked.replace_range(from..from + user.len(), STARS);
        }
    }
    (masked != text).then_some(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_shown_nowhere() {
        let mask = Mask::new(["s3cret/pass word", "abc", "eyJhbGciOi.longer", "eyJhbGciOi"]);
        for (text, masked) in [
            ("401 for s3cret/pass word at 8", "401 for *** at 8"),
            ("p=s3cret%2Fpass%20word&q=1", "p=***&q=1"),
            (
                "abc stays: it is too short to be told from words",
                "abc stays: it is too short to be told from words",
            ),
            ("eyJhbGciOi.longer and eyJhbGciOi", "*** and ***"),
            (r#"sent {"access_token":"x","a":1}"#, r#"sent {"access_token":"***","a":1}"#),
            ("GET /x?authSig=ey.J&b=2", "GET /x?authSig=***&b=2"),
            ("Authorization: Bearer a.b-c_d; next", "Authorization: Bearer ***; next"),
            ("http://me:pw@host:8086/x", "http://***@host:8086/x"),
            ("mail a@b at http://host/a@b", "mail a@b at http://host/a@b"),
        ] {
            assert_eq!(mask.apply(text), masked);
        }
    }

    #[test]
    fn a_text_without_a_secret_is_not_copied() {
        let mask = Mask::new(["secret-token"]);
        assert!(matches!(mask.apply("nothing of the kind"), Cow::Borrowed(_)));
    }
}
