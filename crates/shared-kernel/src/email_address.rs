//! The form of an email address.

/// The longest address (RFC 5321, section 4.5.3.1.3, without the angle brackets).
const ADDRESS_BYTES_MAX: usize = 254;
/// The longest part before the `@` (RFC 5321, section 4.5.3.1.1).
const NAME_BYTES_MAX: usize = 64;
/// The longest label of a domain (RFC 1035, section 2.3.4).
const LABEL_BYTES_MAX: usize = 63;

/// Whether a text is an email address `name@domain.tld` in ASCII: a dot-atom (RFC 5322, section 3.2.3)
/// at a domain of two labels or more (RFC 1035, section 2.3.1). Quoted names and IP addresses are
/// rejected. Whether it receives email is another question.
pub fn is_email_address(text: &str) -> bool {
    let Some((name, domain)) = text.split_once('@') else { return false };
    let mut labels = domain.split('.');
    text.len() <= ADDRESS_BYTES_MAX
        && name.len() <= NAME_BYTES_MAX
        && name.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atom_byte))
        && labels.clone().count() >= 2
        && labels.clone().all(is_label)
        && labels.next_back().is_some_and(|top| top.bytes().any(|byte| byte.is_ascii_alphabetic()))
}

fn is_atom_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&byte)
}

fn is_label(label: &str) -> bool {
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn address_has_a_name_and_a_domain() {
        let long_name = format!("{}@example.com", "a".repeat(64));
        for valid in [
            "a@b.co",
            "ada.lovelace+lift@mail.example.com",
            "o'brien@example.com",
            "ada@xn--bcher-kva.example",
            "1@2.a3",
            &long_name,
        ] {
            assert!(is_email_address(valid), "{valid}");
        }
        let longer_name = format!("{}@example.com", "a".repeat(65));
        let long_domain = format!("a@{}com", "abcdefgh.".repeat(30));
        let long_label = format!("a@{}.com", "a".repeat(64));
        for invalid in [
            "",
            "a",
            "@",
            "a@",
            "@b.co",
            "a@b",
            "a@.",
            "a@b.",
            "a@.co",
            "a@b..c",
            ".a@b.co",
            "a.@b.co",
            "a..b@b.co",
            "a@@b.co",
            "a@b@c.co",
            "a b@b.co",
            "a@b.co\r\nBcc: c@d.co",
            "a@b c.co",
            "a@-b.co",
            "a@b-.co",
            "a@b_c.co",
            "a@127.0.0.1",
            "a@[127.0.0.1]",
            "\"a\"@b.co",
            "<a@b.co>",
            "a,c@b.co",
            "ä@b.co",
            "a@bücher.example",
            &longer_name,
            &long_domain,
            &long_label,
        ] {
            assert!(!is_email_address(invalid), "{invalid:?}");
        }
    }
}
