//! Page tokens: where the next page starts, bound to the filter that asked for it.

use crc::{CRC_32_ISO_HDLC, Crc};
use prost::Message;
use proto::monitor::ListAlertsRequest;

const CHECK: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);

/// 16 hexadecimal digits of the alert before which the page starts, and 8 of a check over it and the filter.
const LENGTH: usize = 24;

/// The token of the page that starts below alert `before`.
pub fn write(before: i64, request: &ListAlertsRequest) -> String {
    format!("{before:016x}{:08x}", check(before, request))
}

/// Where the request's page starts; `None` = the token is none of ours, or was made for another filter.
pub fn read(request: &ListAlertsRequest) -> Option<i64> {
    let token = &request.page_token;
    if token.len() != LENGTH || !token.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let before = i64::from_str_radix(&token[..16], 16).ok()?;
    let found = u32::from_str_radix(&token[16..], 16).ok()?;
    (found == check(before, request)).then_some(before)
}

/// Against slips, not against forgery: a forged token shows nothing that a filter could not.
fn check(before: i64, request: &ListAlertsRequest) -> u32 {
    let filter = ListAlertsRequest { page_token: String::new(), page_size: 0, ..request.clone() };
    let mut digest = CHECK.digest();
    digest.update(&before.to_be_bytes());
    digest.update(&filter.encode_to_vec());
    digest.finalize()
}

#[cfg(test)]
mod tests {
    use super::{ListAlertsRequest, read, write};

    fn request(wearer: &str, page_size: u32) -> ListAlertsRequest {
        ListAlertsRequest { wearer: wearer.to_owned(), page_size, ..ListAlertsRequest::default() }
    }

    #[test]
    fn a_token_leads_back_with_the_same_filter_and_any_page_size() {
        let page_token = write(4711, &request("1404/12", 10));
        assert_eq!(read(&ListAlertsRequest { page_token, ..request("1404/12", 500) }), Some(4711));
    }

    #[test]
    fn a_token_of_another_filter_or_a_changed_one_is_refused() {
        let token = write(4711, &request("1404/12", 10));
        assert_eq!(read(&ListAlertsRequest { page_token: token.clone(), ..request("1404/13", 10) }), None);
        let changed = token.replace("1267", "1268");
        let long = format!("{token}0");
        for page_token in [changed.as_str(), long.as_str(), "", "x", "+00000000000126700000000", "شششششششششششش"] {
            let request = ListAlertsRequest { page_token: page_token.to_owned(), ..request("1404/12", 10) };
            assert_eq!(read(&request), None, "{page_token}");
        }
    }
}
