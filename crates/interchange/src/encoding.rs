//! Decodes a file: UTF-8, UTF-16, and what office programs write in their place.

use std::borrow::Cow;

/// Spreadsheets write it before UTF-8 and UTF-16.
const BYTE_ORDER_MARK: char = '\u{feff}';
/// The characters of Windows-1252 from 0x80 to 0x9F (WHATWG Encoding); the others are those of Latin-1.
const WINDOWS_1252: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}',
    '\u{90}', '‘', '’', '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Decodes a file, without its byte order mark. Also returns the name of an encoding that was assumed.
pub fn decode(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    let (text, assumed) = match bytes {
        [0xff, 0xfe, ..] | [1..=255, 0, ..] => (Cow::Owned(utf16(bytes, u16::from_le_bytes)), None),
        [0xfe, 0xff, ..] | [0, 1..=255, ..] => (Cow::Owned(utf16(bytes, u16::from_be_bytes)), None),
        _ => match std::str::from_utf8(bytes) {
            Ok(text) => (Cow::Borrowed(text), None),
            Err(_) => other(bytes),
        },
    };
    let begin = if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len_utf8() } else { 0 };
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(begin..).unwrap_or_default()),
        Cow::Owned(mut text) => {
            text.drain(..begin);
            Cow::Owned(text)
        }
    };
    (text, assumed)
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> String {
    let units = bytes.as_chunks::<2>().0.iter().map(|pair| unit(*pair));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

/// Decodes a file that is not UTF-8. One with other characters in UTF-8 has single broken bytes.
fn other(bytes: &[u8]) -> (Cow<'_, str>, Option<&'static str>) {
    let has_utf8 = bytes.utf8_chunks().any(|chunk| !chunk.valid().is_ascii());
    if has_utf8 {
        return (String::from_utf8_lossy(bytes), Some("UTF-8 with broken characters"));
    }
    let to_char = |byte: &u8| match byte {
        0x80..=0x9f => WINDOWS_1252.get(usize::from(byte - 0x80)).copied().unwrap_or_default(),
        byte => char::from(*byte),
    };
    (Cow::Owned(bytes.iter().map(to_char).collect()), Some("Windows-1252"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_decoded_from_each_encoding() {
        let check = |bytes: &[u8], text: &str, assumed: Option<&str>| {
            assert_eq!(decode(bytes), (Cow::Borrowed(text), assumed));
        };
        check(b"", "", None);
        check("a,é".as_bytes(), "a,é", None);
        check("\u{feff}a,é".as_bytes(), "a,é", None);
        let utf16: Vec<u16> = "\u{feff}a,é 😀".encode_utf16().collect();
        let little: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_le_bytes()).collect();
        let big: Vec<u8> = utf16.iter().flat_map(|unit| unit.to_be_bytes()).collect();
        for bytes in [&little[..], &little[2..], &big[..], &big[2..]] {
            check(bytes, "a,é 😀", None);
        }
        check(b"\xff\xfea", "", None);
        check(b"Fr\xfch \x80", "Früh €", Some("Windows-1252"));
        check(b"Fr\xc3\xbch \xff", "Früh \u{fffd}", Some("UTF-8 with broken characters"));
    }
}
