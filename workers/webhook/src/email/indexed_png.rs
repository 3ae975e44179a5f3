//! Encodes an image of four colours as a PNG (W3C, Portable Network Graphics, third edition).
//!
//! This module adds 9 KB to the worker, the `png` crate 37 KB (`cargo xtask build`, gzipped).

use miniz_oxide::deflate::compress_to_vec_zlib;

/// The first bytes of every PNG (section 5.2).
const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n'];
const BITS_PER_PIXEL: u8 = 2;
/// A pixel is an index into the palette (section 11.2.1).
const COLOUR_TYPE_INDEXED: u8 = 3;
/// A row is not a difference to another (section 9.2).
const FILTER_NONE: u8 = 0;
/// The default of zlib, from 0 to 10.
const COMPRESSION_LEVEL: u8 = 6;

/// Returns the file. A row has four pixels per byte, the first in the highest bits. The palette has
/// the red, green and blue of each colour.
pub fn encode(
    width: u32,
    rows: impl ExactSizeIterator<Item = Vec<u8>>,
    palette: &[[u8; 3]; 4],
) -> Vec<u8> {
    let height = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
    // The zeros: the only compression, the only filter method, no interlacing.
    header.extend([BITS_PER_PIXEL, COLOUR_TYPE_INDEXED, 0, 0, 0]);
    let mut pixels = Vec::new();
    for row in rows {
        pixels.push(FILTER_NONE);
        pixels.extend(row);
    }
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", &header);
    chunk(&mut file, *b"PLTE", palette.as_flattened());
    chunk(&mut file, *b"IDAT", &compress_to_vec_zlib(&pixels, COMPRESSION_LEVEL));
    chunk(&mut file, *b"IEND", &[]);
    file
}

/// Appends a chunk: length, type, content and CRC (section 5.3).
fn chunk(file: &mut Vec<u8>, kind: [u8; 4], content: &[u8]) {
    let length = u32::try_from(content.len()).unwrap_or(u32::MAX);
    let checked = [&kind[..], content].concat();
    file.extend(length.to_be_bytes());
    file.extend(&checked);
    file.extend(crc_32(&checked).to_be_bytes());
}

/// Returns the CRC of a chunk (section 5.5, annex D).
fn crc_32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            let next = crc >> 1;
            if crc & 1 == 1 { next ^ 0xedb8_8320 } else { next }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use png::Decoder;
    use std::io::Cursor;

    #[test]
    fn crc_matches_the_standard() {
        // The check value of CRC-32 in every catalogue, and the end of every PNG.
        assert_eq!(crc_32(b"123456789"), 0xcbf4_3926);
        assert_eq!(crc_32(b"IEND"), 0xae42_6082);
    }

    #[test]
    fn png_crate_decodes_the_file() {
        let palette = [[1, 2, 3], [4, 5, 6], [7, 8, 9], [10, 11, 12]];
        let rows = [vec![0b0001_1011, 0b1100_0000], vec![0, 0b0100_0000]];
        let file = encode(5, rows.clone().into_iter(), &palette);
        let mut reader = Decoder::new(Cursor::new(file)).read_info().unwrap();
        let info = reader.info();
        assert_eq!((info.width, info.height), (5, 2));
        assert_eq!(info.palette.as_deref(), Some(palette.as_flattened()));
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        reader.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, rows.concat());
        reader.finish().unwrap();
    }
}
