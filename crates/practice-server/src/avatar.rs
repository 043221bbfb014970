//! Invented portraits: a plain color with a symmetric pattern, as a PNG made by hand.

/// Edge of the picture in pixels.
const EDGE: usize = 96;
/// Edge of one field of the pattern.
const FIELD: usize = 12;

/// A picture that always looks the same for the same seed.
pub(crate) fn png(seed: &str) -> Vec<u8> {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    for byte in seed.bytes() {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash ^= hash >> 29;
    let palette: [[u8; 3]; 8] = [
        [0x2f, 0x6f, 0x8f],
        [0x8a, 0x4f, 0x7d],
        [0x3d, 0x7a, 0x4b],
        [0xa8, 0x5b, 0x32],
        [0x4a, 0x5a, 0xa8],
        [0x9b, 0x3f, 0x4c],
        [0x5b, 0x6b, 0x3a],
        [0x6a, 0x55, 0x9c],
    ];
    let choice = usize::try_from(hash & 7).unwrap_or_default();
    let back = palette.get(choice).copied().unwrap_or([0x55; 3]);
    let front = back.map(|c| c.saturating_add(0x58));
    let mut rows = Vec::with_capacity(EDGE * (EDGE * 3 + 1));
    for y in 0..EDGE {
        rows.push(0); // no filter
        for x in 0..EDGE {
            let mirrored = x.min(EDGE - 1 - x);
            let (column, row) = (mirrored / FIELD, y / FIELD);
            let inside = (1..=6).contains(&row) && column >= 1;
            let bit = (hash >> (8 + row * 4 + column)) & 1;
            rows.extend(if inside && bit == 1 { front } else { back });
        }
    }
    encode(&rows)
}

fn encode(rows: &[u8]) -> Vec<u8> {
    let edge = u32::try_from(EDGE).unwrap_or_default().to_be_bytes();
    let mut header = Vec::new();
    header.extend(edge);
    header.extend(edge);
    header.extend([8, 2, 0, 0, 0]); // eight bits, true color
    let mut out = b"\x89PNG\r\n\x1a\n".to_vec();
    chunk(&mut out, *b"IHDR", &header);
    chunk(&mut out, *b"IDAT", &stored(rows));
    chunk(&mut out, *b"IEND", &[]);
    out
}

fn chunk(out: &mut Vec<u8>, name: [u8; 4], data: &[u8]) {
    out.extend(u32::try_from(data.len()).unwrap_or_default().to_be_bytes());
    let start = out.len();
    out.extend(name);
    out.extend(data);
    let sum = crc32(out.get(start..).unwrap_or_default());
    out.extend(sum.to_be_bytes());
}

/// A zlib stream of stored blocks: no compression, no dependency.
fn stored(data: &[u8]) -> Vec<u8> {
    let mut out = vec![0x78, 0x01];
    let mut blocks = data.chunks(0xffff).peekable();
    while let Some(block) = blocks.next() {
        out.push(u8::from(blocks.peek().is_none()));
        let length = u16::try_from(block.len()).unwrap_or_default();
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(block);
    }
    let (mut a, mut b) = (1_u32, 0_u32);
    for byte in data {
        a = (a + u32::from(*byte)) % 65_521;
        b = (b + a) % 65_521;
    }
    out.extend(((b << 16) | a).to_be_bytes());
    out
}

fn crc32(data: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for byte in data {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 };
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::{crc32, png};

    #[test]
    fn the_checksum_is_the_well_known_one() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn people_look_like_themselves_and_unlike_others() {
        assert_eq!(png("ann"), png("ann"));
        assert_ne!(png("ann"), png("bob"));
        assert!(png("ann").starts_with(b"\x89PNG"));
    }
}
