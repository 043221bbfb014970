//! Ids as Mattermost writes them, from a seed, so that a run can be repeated.

/// Makes ids of 26 characters and the few random decisions that the server takes.
#[derive(Clone, Debug)]
pub(crate) struct Ids(u64);

const LETTERS: &[u8; 32] = b"ybndrfg8ejkmcpqxot1uwisza345h769";

impl Ids {
    /// A generator; the same seed gives the same ids.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A fresh id.
    pub(crate) fn id(&mut self) -> String {
        let mut out = String::with_capacity(26);
        let mut bits = 0_u64;
        for place in 0..26_usize {
            if place % 12 == 0 {
                bits = self.next();
            }
            let index = usize::try_from(bits & 31).unwrap_or_default();
            out.push(LETTERS.get(index).copied().map_or('y', char::from));
            bits >>= 5;
        }
        out
    }

    /// True about once in `times`.
    pub(crate) fn one_in(&mut self, times: u64) -> bool {
        times > 0 && self.next().is_multiple_of(times)
    }
}

/// Whether a string has the shape of an id.
pub(crate) fn is_id(text: &str) -> bool {
    text.len() == 26 && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
}
