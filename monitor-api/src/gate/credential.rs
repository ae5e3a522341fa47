//! What a call brings along to say who makes it.

use access::Token;
use http::HeaderMap;
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN};

/// The name of the cookie: with this prefix browsers take it only over TLS, for the whole host and for no other (RFC 6265bis, 4.1.3.2).
pub(crate) const COOKIE_NAME: &str = "__Host-paband";

/// What a call brings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Credential {
    /// A session's token.
    Session(Token),
    /// Something that is no token.
    Unreadable,
    /// A cookie, sent along by a page that is not this server's.
    OtherOrigin,
    /// Nothing.
    None,
}

impl Credential {
    /// Reads the headers; `authority` is the host that the call was made to.
    pub(crate) fn of(headers: &HeaderMap, authority: Option<&str>) -> Self {
        let mut bearers = headers.get_all(AUTHORIZATION).into_iter();
        if let Some(bearer) = bearers.next() {
            // Of two, whoever stands in between may have looked at the other one.
            if bearers.next().is_some() {
                return Self::Unreadable;
            }
            let token = bearer.to_str().ok().and_then(|text| text.strip_prefix("Bearer ")).and_then(Token::read);
            return token.map_or(Self::Unreadable, Self::Session);
        }
        let Some(cookie) = cookie(headers) else { return Self::None };
        if !is_same_origin(headers, authority) {
            return Self::OtherOrigin;
        }
        Token::read(cookie).map_or(Self::Unreadable, Self::Session)
    }
}

fn cookie(headers: &HeaderMap) -> Option<&str> {
    let texts = headers.get_all(COOKIE).into_iter().filter_map(|header| header.to_str().ok());
    let mut pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE_NAME).map(|(_, value)| value)
}

/// A browser sends cookies along whoever asks it to, and says who asked. A caller that says nothing is no browser and has no business with cookies.
fn is_same_origin(headers: &HeaderMap, authority: Option<&str>) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    if let Some(site) = text("sec-fetch-site") {
        return site == "same-origin";
    }
    let host = authority.or_else(|| text(HOST.as_str()));
    match (text(ORIGIN.as_str()), host) {
        (Some(origin), Some(host)) => origin.strip_prefix("https://").is_some_and(|origin| origin.eq_ignore_ascii_case(host)),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{Credential, HeaderMap, Token};

    fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
        pairs.iter().map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap())).collect()
    }

    #[test]
    fn of_two_tokens_none_counts() {
        let mut twice = headers(&[("authorization", &format!("Bearer {}", Token::new([7; 32]).written()))]);
        twice.append("authorization", format!("Bearer {}", Token::new([8; 32]).written()).parse().unwrap());
        assert_eq!(Credential::of(&twice, None), Credential::Unreadable);
    }

    #[test]
    fn a_token_comes_as_bearer_or_as_a_cookie_of_this_host() {
        let token = Token::new([7; 32]);
        let bearer = format!("Bearer {}", token.written());
        let cookie = format!("a=b; __Host-paband={}; c=d", token.written());
        let ours = Credential::Session(token);
        let check = |pairs: &[(&'static str, &str)], expected: &Credential| {
            assert_eq!(&Credential::of(&headers(pairs), Some("paband.example:7743")), expected, "{pairs:?}");
        };
        check(&[], &Credential::None);
        check(&[("authorization", &bearer)], &ours);
        check(&[("authorization", "Bearer abc")], &Credential::Unreadable);
        check(&[("authorization", "Basic abc")], &Credential::Unreadable);
        check(&[("authorization", &bearer), ("cookie", &cookie)], &ours);
        check(&[("cookie", &cookie), ("sec-fetch-site", "same-origin")], &ours);
        check(&[("cookie", &cookie), ("origin", "https://paband.example:7743")], &ours);
        check(&[("cookie", "x=y")], &Credential::None);
        for foreign in [
            ("sec-fetch-site", "cross-site"),
            ("sec-fetch-site", "same-site"),
            ("origin", "https://evil.example"),
            ("origin", "null"),
            ("x", "y"),
        ] {
            check(&[("cookie", &cookie), foreign], &Credential::OtherOrigin);
        }
        check(&[("cookie", &cookie), ("origin", "http://paband.example:7743")], &Credential::OtherOrigin);
    }
}
